package summary

import (
	"bytes"
	"math"
	"math/big"
	"math/rand/v2"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// scoredRows are rows of a score table's tests.
type scoredRows struct {
	scores  []float64
	classes []uint8
	weights []float64 // nil without weights
}

func (r scoredRows) only(wanted func(i int) bool) (out scoredRows) {
	for i := range r.scores {
		if !wanted(i) {
			continue
		}
		out.scores, out.classes = append(out.scores, r.scores[i]), append(out.classes, r.classes[i])
		if r.weights != nil {
			out.weights = append(out.weights, r.weights[i])
		}
	}
	return out
}

func (t *scoreTable) addRows(r scoredRows) *scoreTable {
	p := scorePiece{classes: r.classes, weights: r.weights}
	p.load(r.scores)
	rows := make([]int32, len(r.scores))
	for i := range rows {
		rows[i] = int32(i)
	}
	t.add(&p, rows)
	t.settle()
	return t
}

func tableBytes(t *scoreTable) []byte {
	var e encoder
	e.scoreTable(t)
	return e.b
}

// drawScores draws rows of the kinds of scores that tables meet.
func drawScores(r *rand.Rand, n int, kind string, weighted bool) (out scoredRows) {
	for range n {
		s := r.Float64()
		switch kind {
		case "skewed":
			s = math.Pow(s, 9)
		case "near 1":
			s = 1 - math.Pow(s, 9)
		case "tied":
			s = math.Round(s*50) / 50
		case "float32":
			s = float64(float32(s))
		}
		class := uint8(0)
		if r.Float64() < s {
			class = 2
		}
		if s >= 0.3 {
			class++
		}
		out.scores, out.classes = append(out.scores, s), append(out.classes, class)
		if weighted {
			out.weights = append(out.weights, math.Exp(3*r.NormFloat64()))
		}
	}
	return out
}

// TestScoreTablesOfPartsMergeToTheWhole merges parts in any order, exact and on bins, and reads
// what was written of them.
func TestScoreTablesOfPartsMergeToTheWhole(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		limit, drop := rapid.IntRange(1, 40).Draw(t, "limit"), rapid.SampledFrom([]uint{0, groupDrop}).Draw(t, "drop")
		fresh := func() *scoreTable { return &scoreTable{limit: limit, drop: drop} }
		var rows scoredRows
		rows.scores = rapid.SliceOfN(classScore, 0, 60).Draw(t, "scores")
		weighted := rapid.Bool().Draw(t, "weighted")
		for range rows.scores {
			rows.classes = append(rows.classes, rapid.Uint8Range(0, 3).Draw(t, "class"))
			if weighted {
				rows.weights = append(rows.weights, rapid.SampledFrom([]float64{0, 1, 0.1, 1e9, 1e-9, 1.0 / 3}).Draw(t, "weight"))
			}
		}
		want := tableBytes(fresh().addRows(rows))
		parts := make([]int, len(rows.scores))
		for i := range parts {
			parts[i] = rapid.IntRange(0, 3).Draw(t, "part")
		}
		got := fresh()
		for _, part := range rapid.Permutation([]int{0, 1, 2, 3}).Draw(t, "order") {
			table := fresh().addRows(rows.only(func(i int) bool { return parts[i] == part }))
			stored := fresh()
			d := decoder{b: tableBytes(table)}
			d.scoreTable(stored)
			if err := d.close("table"); err != nil {
				t.Fatal(err)
			}
			if !slices.Equal(stored.cells(), table.cells()) {
				t.Fatalf("%v is read as %v", table.cells(), stored.cells())
			}
			got.mergeFrom(stored)
		}
		if !bytes.Equal(tableBytes(got), want) {
			t.Fatalf("parts come to %v, the whole is %v", got.cells(), fresh().addRows(rows).cells())
		}
	})
}

// TestBinsOfScores compares each bin with the rows that lie in it: their classes, and the mean of
// their scores in exact arithmetic.
func TestBinsOfScores(t *testing.T) {
	for _, kind := range []string{"uniform", "skewed", "near 1", "float32"} {
		for _, drop := range []uint{0, groupDrop} {
			r := rand.New(rand.NewPCG(1, uint64(drop)))
			rows := drawScores(r, 100_000, kind, false)
			rows.scores = append(rows.scores, 0, 1, 0.5, 0x1p-60, 0x1p-53, 1-0x1p-53, 1-0x1p-51)
			rows.classes = append(rows.classes, 0, 1, 2, 3, 0, 1, 2)
			cells := (&scoreTable{limit: 10, drop: drop}).addRows(rows).cells()
			order := make([]int, len(rows.scores))
			for i := range order {
				order[i] = i
			}
			slices.SortFunc(order, func(a, b int) int { return compareScores(rows.scores[a], rows.scores[b]) })
			for _, c := range cells {
				width := math.Ldexp(1, -fineBits+int(drop))
				if near := min(c.Low, 1-c.High); c.High-c.Low > near*width+0x1p-52 && near > 0 {
					t.Fatalf("%s: the bin from %g to %g is wider than %g of its distance", kind, c.Low, c.High, width)
				}
				var n [2][2]int64
				sum, rowsIn := new(big.Float).SetPrec(300), 0
				for rowsIn < len(order) {
					s := rows.scores[order[rowsIn]]
					upper := c.Low >= 0.5 && c.High > 0.5 && c.High < 1
					if s > c.High || s == c.High && c.Low < c.High && !upper {
						break
					}
					if s < c.Low || s == c.Low && upper && c.Low < c.High && c.Low < 1-0x1p-40 {
						t.Fatalf("%s: the score %g is in no bin before %g", kind, s, c.Low)
					}
					class := rows.classes[order[rowsIn]]
					n[class>>1][class&1]++
					sum.Add(sum, big.NewFloat(s))
					rowsIn++
				}
				order = order[rowsIn:]
				mean, _ := sum.Quo(sum, big.NewFloat(float64(max(rowsIn, 1)))).Float64()
				for a := range n {
					for p := range n[a] {
						if c.Mass[a][p].N != n[a][p] {
							t.Fatalf("%s: %d rows from %g to %g of %d and %d, want %d", kind, c.Mass[a][p].N, c.Low, c.High, a, p, n[a][p])
						}
					}
				}
				if math.Abs(c.Score-mean) > 1e-12*min(mean, 1-mean)+0x1p-53+0x1p-90 || c.Score < c.Low || c.Score > c.High {
					t.Fatalf("%s: the mean score from %g to %g is %.17g, want %.17g", kind, c.Low, c.High, c.Score, mean)
				}
			}
			if len(order) != 0 {
				t.Fatalf("%s: %d rows are in no bin", kind, len(order))
			}
		}
	}
}

func compareScores(a, b float64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// areaOf returns the area under the ROC curve of cells, equal scores counting half, and half of
// the share of pairs that have equal cells, which bounds what bins can be off by.
func areaOf(cells []ScoreCell) (area, bound float64) {
	var negatives, positives, below, ties float64
	for _, c := range cells {
		n, p := float64(c.Mass[0][0].N+c.Mass[0][1].N), float64(c.Mass[1][0].N+c.Mass[1][1].N)
		below += p*negatives + p*n/2
		ties += p * n
		negatives, positives = negatives+n, positives+p
	}
	return below / negatives / positives, ties / 2 / negatives / positives
}

// TestAreaFromBinsIsWithinItsBound has a million scores, most of them near 0.
func TestAreaFromBinsIsWithinItsBound(t *testing.T) {
	rows := drawScores(rand.New(rand.NewPCG(1, 2)), 1_000_000, "skewed", false)
	exact, _ := areaOf((&scoreTable{limit: len(rows.scores)}).addRows(rows).cells())
	for _, whole := range []bool{true, false} {
		binned, bound := areaOf(newScoreTable(whole).addRows(rows).cells())
		if off := math.Abs(binned - exact); off > bound || bound > 0.004 {
			t.Errorf("whole %v: the area of bins is %g, %g off, and may be %g off", whole, binned, off, bound)
		}
	}
}

// TestWide compares sums of weights with sums of big numbers.
func TestWide(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var sum wide
		want := new(big.Float).SetPrec(400)
		unit := new(big.Float).SetMantExp(big.NewFloat(1), -wideBits)
		for _, x := range rapid.SliceOf(rapid.OneOf(rapid.Float64Range(0, 1e18), rapid.Float64Range(0, 1e-20), rapid.Float64Range(0, 1))).Draw(t, "numbers") {
			sum.add(wideOf(x))
			units, _ := new(big.Float).SetPrec(400).Quo(big.NewFloat(x), unit).Int(nil)
			want.Add(want, new(big.Float).SetPrec(400).SetInt(units))
		}
		rounded, _ := new(big.Float).SetPrec(400).Mul(want, unit).Float64()
		if got := sum.float64(); got != rounded {
			t.Fatalf("sum %v, want %v", got, rounded)
		}
		if n := rapid.Int64Range(0, math.MaxInt64).Draw(t, "rows"); wideCount(n).float64() != float64(n) {
			t.Fatalf("%d rows are %v", n, wideCount(n).float64())
		}
	})
}
