// Package spelling compares names, so that a message about an unknown one can suggest
// the name that was meant. Begin at Distance; which distance is near enough, the callers
// decide, for their names differ: config's are keys and words of a file, evaluator/rule's are
// variables of rules.
package spelling

// Distance counts the insertions, deletions, substitutions and swaps of
// neighbours between a and b (optimal string alignment; Boytsov, ACM JEA 16,
// 2011, section 2). It may return limit for anything that is at least limit.
func Distance(a, b string, limit int) int {
	x, y := []rune(a), []rune(b)
	if len(x)-len(y) >= limit || len(y)-len(x) >= limit {
		return limit
	}
	before, above, row := make([]int, len(y)+1), make([]int, len(y)+1), make([]int, len(y)+1)
	for j := range above {
		above[j] = j
	}
	for i := 1; i <= len(x); i++ {
		row[0] = i
		for j := 1; j <= len(y); j++ {
			substitution := above[j-1]
			if x[i-1] != y[j-1] {
				substitution++
			}
			row[j] = min(above[j]+1, row[j-1]+1, substitution)
			if i > 1 && j > 1 && x[i-1] == y[j-2] && x[i-2] == y[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, above, row = above, row, before
	}
	return above[len(y)]
}
