// Package rule compiles the rules that people write and judges windows by them. Begin with
// Compile, which makes a Set of a model's rules, and with Set.Judge, which gives each its
// Verdict on the Facts of a window.
//
// Its terms:
//   - A rule is a condition with guards, a level of significance and an action. It is
//     breached where the condition holds, healthy where it doesn't, and inconclusive where
//     nothing can be said.
//   - A condition is an expression in CEL that is true or false, such as
//     rmse > 1.2 * reference.rmse. cel-go checks it (cel.go), and a tree of clauses, which
//     may be unknown too, is made of it (clause.go, threevalued.go).
//   - A comparison is a clause with a number on either side (numeric.go). Where a metric
//     with an interval is compared, it holds only where it does so significantly
//     (significance.go).
//   - A variable is a value of the window that a condition names. names.go says which there
//     are, and variables.go where their values come from: a new one has a place in both,
//     and words for reasons in words.go.
//   - The guards min_samples and min_coverage say how much data a rule asks for.
//   - Whether a rule acts after as many windows as its For says, and what follows, is
//     decided in package trigger.
package rule
