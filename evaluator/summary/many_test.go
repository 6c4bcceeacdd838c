package summary

import (
	"bytes"
	"cmp"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
)

// manyTestRow is a row of a classifier of several classes.
type manyTestRow struct {
	actual, predicted string
	labelled          bool
	scores            []float64 // of manyScored
	weight            float64
	time              int64
	city              string
	group             int64
}

// manyScored are the classes that rows of tests have probabilities of.
var manyScored = []string{"dog", "cat", "ø"}

var manyOptions = BuilderOptions{Task: groundtruth.Multiclass, Classifier: ClassifierOptions{Classes: manyScored}}

var anyManyRow = rapid.Custom(func(t *rapid.T) manyTestRow {
	name := rapid.SampledFrom([]string{"cat", "dog", "ø", "other", "(other)", "a", "b", "c"})
	r := manyTestRow{
		actual: name.Draw(t, "actual"), predicted: name.Draw(t, "predicted"),
		labelled: rapid.IntRange(0, 3).Draw(t, "labelled") > 0,
		weight:   rapid.SampledFrom([]float64{0, 1, 0.5, 1e9, 1e-7, 0.1}).Draw(t, "weight"),
		time:     rapid.Int64Range(tableWindow.Start.UnixNano(), tableWindow.End.UnixNano()-1).Draw(t, "time"),
		city:     rapid.SampledFrom([]string{"Oslo", "Rome", "Lima", "Bern"}).Draw(t, "city"),
		group:    rapid.Int64Range(0, 5).Draw(t, "group"),
	}
	for range manyScored {
		r.scores = append(r.scores, classScore.Draw(t, "score"))
	}
	return r
})

func manyColumn(rows []manyTestRow, get func(manyTestRow) string) groundtruth.Column {
	of := make([]tableRow, len(rows))
	for i, r := range rows {
		of[i].color = new(get(r))
	}
	return textColumn("c", of, colorOf).Rows()
}

// feedMany sends rows in batches of a size, with probabilities and weights where that is said.
func feedMany(to groundtruth.Sink, rows []manyTestRow, size int, scored, weighted bool) {
	for chunk := range slices.Chunk(rows, size) {
		feedManyPredictions(to, chunk, scored)
		var matched []manyTestRow
		for _, r := range chunk {
			if r.labelled {
				matched = append(matched, r)
			}
		}
		m := groundtruth.Matches{
			Len: len(matched), HasTime: true, Segments: []groundtruth.Column{manyColumn(matched, func(r manyTestRow) string { return r.city })},
			LabelClass: manyColumn(matched, func(r manyTestRow) string { return r.actual }),
		}
		m.Class = manyColumn(matched, func(r manyTestRow) string { return r.predicted })
		for i, r := range matched {
			m.Times = append(m.Times, r.time)
			if weighted {
				m.Weights = append(m.Weights, r.weight)
			}
			m.Scores = addScores(m.Scores, i, r, scored)
		}
		to.AddMatches(&m)
	}
}

func feedManyPredictions(to groundtruth.Sink, rows []manyTestRow, scored bool) {
	b := groundtruth.Batch{Len: len(rows), HasTime: true}
	b.Class = manyColumn(rows, func(r manyTestRow) string { return r.predicted })
	for i, r := range rows {
		b.Times = append(b.Times, r.time)
		b.Scores = addScores(b.Scores, i, r, scored)
	}
	to.AddPredictions(&b)
}

func addScores(to [][]float64, row int, r manyTestRow, scored bool) [][]float64 {
	if !scored {
		return nil
	}
	if row == 0 {
		to = make([][]float64, len(r.scores))
	}
	for k, s := range r.scores {
		to[k] = append(to[k], s)
	}
	return to
}

func manySpec(scored bool) BuilderOptions {
	o := manyOptions
	if !scored {
		o.Classifier.Classes = nil
	}
	o.Entities = true
	return o
}

// TestManyClassesAreCounted compares what is told of classes with what rows come to one by one,
// however they are dealt to builders.
func TestManyClassesAreCounted(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(anyManyRow, 0, 50).Draw(t, "rows")
		scored, weighted := rapid.Bool().Draw(t, "scored"), rapid.Bool().Draw(t, "weighted")
		build := func(rows []manyTestRow) *Summary {
			b, size := NewBuilder(nil, tableWindow, tableSegments, manySpec(scored)), rapid.SampledFrom([]int{100, 3, 7}).Draw(t, "size")
			if rapid.Bool().Draw(t, "sent twice") {
				feedManyPredictions(b, rows, scored)
				b.ResetPredictions()
			}
			for g := range int64(6) {
				of := slices.DeleteFunc(slices.Clone(rows), func(r manyTestRow) bool { return r.group != g })
				feedMany(grouped{b, g}, of, size, scored, weighted)
			}
			return b.Summary()
		}
		checkMany(t, mergedAndRead(t, rows, build), rows, scored, weighted)
	})
}

// naive is what rows come to one by one.
type naive struct {
	n          int64
	w, w2, sum float64
}

func (m *naive) add(r manyTestRow, weighted bool, loss float64) {
	w := 1.0
	if weighted {
		w = r.weight
	}
	m.n++
	m.w += w
	m.w2 += w * w
	m.sum += w * loss
}

func (m naive) differs(got Mass) bool {
	return m.n != got.N || math.Abs(m.w-got.W) > 1e-9*m.w || math.Abs(m.w2-got.W2) > 1e-9*m.w2
}

func (m naive) lossDiffers(got float64) bool { return math.Abs(got-m.sum) > 1e-9*(1+m.sum) }

// naiveMany is what a table of several classes comes to row by row.
type naiveMany struct {
	scored, weighted              bool
	predicted                     map[string]int64
	whole                         naive
	cells, blocks, cities, groups map[string]*naive // by what fmt.Sprint makes of their keys
	ranks                         []naive
}

func naiveManyOf(rows []manyTestRow, scored, weighted bool) *naiveMany {
	m := &naiveMany{
		scored: scored, weighted: weighted, predicted: map[string]int64{},
		cells: map[string]*naive{}, blocks: map[string]*naive{}, cities: map[string]*naive{}, groups: map[string]*naive{},
		ranks: make([]naive, len(manyScored)+1),
	}
	blockOf := newBlocks(tableWindow.Start.UnixNano(), tableWindow.End.UnixNano())
	for _, r := range rows {
		m.predicted[r.predicted]++
		if r.labelled {
			m.match(r, blockOf.find(r.time))
		}
	}
	return m
}

// match adds a row with a label in a time block.
func (m *naiveMany) match(r manyTestRow, block int) {
	loss := 0.0
	if m.scored {
		var rank int
		rank, loss = naiveRank(r)
		m.ranks[rank].add(r, m.weighted, loss)
	}
	m.whole.add(r, m.weighted, loss)
	add := func(to map[string]*naive, loss float64, key ...any) {
		at := fmt.Sprint(key...)
		if to[at] == nil {
			to[at] = new(naive)
		}
		to[at].add(r, m.weighted, loss)
	}
	add(m.cells, 0, r.actual, "|", r.predicted)
	add(m.blocks, loss, "total", block)
	add(m.blocks, 0, "actual", block, r.actual)
	add(m.blocks, 0, "predicted", block, r.predicted)
	add(m.groups, loss, r.group)
	if r.actual == r.predicted {
		add(m.blocks, 0, "correct", block, r.actual)
		add(m.cities, 0, r.city)
	}
}

// checkMany compares a Summary with what its rows come to one by one.
func checkMany(t *rapid.T, s *Summary, rows []manyTestRow, scored, weighted bool) {
	want := naiveManyOf(rows, scored, weighted)
	if got := s.PredictedClasses(); !maps.Equal(got, want.predicted) && len(got)+len(want.predicted) > 0 {
		// A class of the rest's name is counted with it.
		t.Fatalf("predicted classes %v, want %v", got, want.predicted)
	}
	c := s.Errors().Classes()
	if want.whole.differs(c.Total()) || c.N() != want.whole.n || c.Weighted() != (weighted && want.whole.n > 0) || c.Pooled() {
		t.Fatalf("%+v in all, want %+v", c.Total(), want.whole)
	}
	want.checkBlocks(t, c)
	for i, a := range c.Names() {
		for k, p := range c.Names() {
			if cell := valueAt(want.cells, a, "|", p); cell.differs(c.Mass(i, k)) {
				t.Fatalf("%s taken for %s: %+v, want %+v", a, p, c.Mass(i, k), cell)
			}
		}
	}
	for city, e := range s.Segments()["city"] {
		var got int64
		for k := range e.Classes().Names() {
			got += e.Classes().Correct(k).N
		}
		if right := valueAt(want.cities, city).n; got != right {
			t.Fatalf("%d right in %s, want %d", got, city, right)
		}
	}
	entities := s.Entities().Errors()
	for b := range entities.Blocks() {
		group := valueAt(want.groups, s.Entities().Key(b))
		if group.differs(entities.Classes().BlockTotal(b)) || group.lossDiffers(entities.Classes().BlockLoss(b, LogLoss)) {
			t.Fatalf("group %d has %+v, want %+v", b, entities.Classes().BlockTotal(b), group)
		}
	}
	if !scored {
		return
	}
	for i, got := range c.Ranks() {
		if want.ranks[i].differs(got) {
			t.Fatalf("rank %d has %+v, want %+v", i, got, want.ranks[i])
		}
	}
	if got := c.Loss(LogLoss).W; want.whole.lossDiffers(got) {
		t.Fatalf("log loss %g, want %g", got, want.whole.sum)
	}
	for k, class := range manyScored {
		checkOneVsRest(t, c.OneVsRest(k), s.ScoredClass(k), rows, k, class)
	}
}

// checkBlocks compares time blocks.
func (m *naiveMany) checkBlocks(t *rapid.T, c *Classes) {
	for b := range NumBlocks {
		total := valueAt(m.blocks, "total", b)
		if total.differs(c.BlockTotal(b)) {
			t.Fatalf("block %d has %+v", b, c.BlockTotal(b))
		}
		for k, name := range c.Names() {
			of := func(what string) naive { return valueAt(m.blocks, what, b, name) }
			if of("actual").differs(c.BlockActual(b, k)) || of("predicted").differs(c.BlockPredicted(b, k)) || of("correct").differs(c.BlockCorrect(b, k)) {
				t.Fatalf("block %d has other rows of %s", b, name)
			}
		}
		if m.scored && total.lossDiffers(c.BlockLoss(b, LogLoss)) {
			t.Fatalf("block %d has the log loss %g, want %g", b, c.BlockLoss(b, LogLoss), total.sum)
		}
	}
}

func valueAt(m map[string]*naive, key ...any) naive {
	if at := m[fmt.Sprint(key...)]; at != nil {
		return *at
	}
	return naive{}
}

// naiveRank returns the rank of the actual class and the log loss.
func naiveRank(r manyTestRow) (rank int, loss float64) {
	at := slices.Index(manyScored, r.actual)
	if at < 0 {
		return 0, -math.Log(1e-15)
	}
	byScore := []int{0, 1, 2}
	slices.SortFunc(byScore, func(a, b int) int {
		return cmp.Or(cmp.Compare(r.scores[b], r.scores[a]), cmp.Compare(manyScored[b], manyScored[a]))
	})
	return 1 + slices.Index(byScore, at), -math.Log(min(max(r.scores[at], 1e-15), 1-1e-15))
}

func checkOneVsRest(t *rapid.T, matched, all []ScoreCell, rows []manyTestRow, k int, class string) {
	var right, of, predicted int64
	for _, r := range rows {
		if r.predicted == class {
			predicted++
		}
		if r.labelled && r.actual == class {
			of++
			if r.predicted == class {
				right++
			}
		}
	}
	var gotRight, gotOf, gotPredicted, rest int64
	for _, c := range matched {
		gotRight += c.Mass[1][1].N
		gotOf += c.Mass[1][1].N + c.Mass[1][0].N
		i := slices.IndexFunc(rows, func(r manyTestRow) bool { return r.labelled && r.scores[k] == c.Score })
		if i < 0 {
			t.Fatalf("no row has the score %g", c.Score)
		}
	}
	for _, c := range all {
		gotPredicted += c.Mass[0][1].N
		rest += c.Mass[0][0].N
	}
	if gotRight != right || gotOf != of || gotPredicted != predicted || rest+gotPredicted != int64(len(rows)) {
		t.Fatalf("%s: %d of %d right and %d predicted, want %d of %d and %d", class, gotRight, gotOf, gotPredicted, right, of, predicted)
	}
}

// TestManyClassesAreFoldedInAnyOrder keeps few classes of many: what is left is a matter of the
// rows alone, and those that are kept have all of their rows.
func TestManyClassesAreFoldedInAnyOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		rows := rapid.SliceOfN(anyManyRow, 1, 50).Draw(t, "rows")
		rank := map[string]int{"ø": 0, "b": 1}
		limit, weighted := rapid.IntRange(1, 6).Draw(t, "limit"), rapid.Bool().Draw(t, "weighted")
		count := func(rows []manyTestRow, size int) *manyClasses {
			c := newManyClasses(rank, 5, 2, nil)
			c.limit = limit
			k := newManyKernel(nil)
			for chunk := range slices.Chunk(rows, size) {
				actual, predicted := manyColumn(chunk, func(r manyTestRow) string { return r.actual }), manyColumn(chunk, func(r manyTestRow) string { return r.predicted })
				var weights []float64
				blockOf := make([]int32, len(chunk))
				for i, r := range chunk {
					if weighted {
						weights = append(weights, r.weight)
					}
					blockOf[i] = int32(r.group % 2)
				}
				k.load(&predicted, &actual, nil, weights, 0, len(chunk))
				k.add(c, k.all[:len(chunk)], blockOf)
			}
			return c
		}
		whole := count(rows, 100)
		order := rapid.Permutation(rows).Draw(t, "order")
		cut := rapid.IntRange(0, len(rows)).Draw(t, "cut")
		parts := count(order[cut:], 1)
		parts.mergeFrom(count(order[:cut], 2))
		var want, got encoder
		want.manyClasses(whole)
		got.manyClasses(parts)
		if !bytes.Equal(got.b, want.b) {
			t.Fatalf("counts depend on the order: %v and %v", parts.names, whole.names)
		}
		whole.settle()
		all := map[string]bool{}
		for _, r := range rows {
			all[r.actual], all[r.predicted] = true, true
		}
		kept := slices.SortedFunc(maps.Keys(all), func(a, b string) int { return compareRanked(rank, a, b) })
		kept = kept[:min(limit, len(kept))]
		names := whole.classNames()
		if whole.pooled() != (len(all) > limit) || !slices.Equal(names[:len(kept)], kept) {
			t.Fatalf("kept %q of %q, want %q", names, slices.Sorted(maps.Keys(all)), kept)
		}
		for k, name := range kept {
			var n [classMargins]int64
			for _, r := range rows {
				n[actualRows] += int64(one(r.actual == name))
				n[predictedRows] += int64(one(r.predicted == name))
				n[correctRows] += int64(one(r.actual == name && r.predicted == name))
			}
			for margin, want := range n {
				if got := whole.margin(0, k, margin).N; got != want {
					t.Fatalf("%s has %d rows of margin %d, want %d", name, got, margin, want)
				}
			}
		}
	})
}

// seedMany returns Summaries of several classes for the fuzz target.
func seedMany() []*Summary {
	r := rand.New(rand.NewPCG(3, 4))
	var rows []manyTestRow
	for range 60 {
		row := manyTestRow{
			actual: []string{"cat", "dog", "new"}[r.IntN(3)], predicted: []string{"cat", "dog"}[r.IntN(2)], labelled: r.IntN(3) > 0,
			weight: r.Float64(), time: tableWindow.Start.UnixNano() + r.Int64N(int64(24*time.Hour)), city: fmt.Sprint(r.IntN(4)), group: r.Int64N(4),
		}
		for range manyScored {
			row.scores = append(row.scores, float64(r.IntN(9))/8)
		}
		rows = append(rows, row)
	}
	var out []*Summary
	for _, scored := range []bool{false, true} {
		for _, weighted := range []bool{false, true} {
			b := NewBuilder(nil, tableWindow, tableSegments, manySpec(scored))
			feedMany(b, rows, 20, scored, weighted)
			out = append(out, b.Summary())
		}
	}
	return out
}

// TestAThousandClassesStayWithinMemory has probabilities of a thousand classes, in rows more than
// are kept exactly.
func TestAThousandClassesStayWithinMemory(t *testing.T) {
	t.Parallel()
	const classes, rows = MaxClasses, 4000
	r := rand.New(rand.NewPCG(5, 9))
	var names []string
	for k := range classes {
		names = append(names, fmt.Sprintf("class %d", k))
	}
	b := NewBuilder(nil, tableWindow, nil, BuilderOptions{Task: groundtruth.Multiclass, Classifier: ClassifierOptions{Classes: names}})
	for range rows / 100 {
		var of []manyTestRow
		for range 100 {
			row := manyTestRow{actual: names[r.IntN(classes)], predicted: names[r.IntN(classes)], labelled: true, time: tableWindow.Start.UnixNano() + r.Int64N(int64(24*time.Hour))}
			for range classes {
				row.scores = append(row.scores, math.Exp(-12*r.Float64()))
			}
			of = append(of, row)
		}
		feedMany(b, of, 100, true, false)
	}
	s := b.Summary()
	if mib := float64(s.Bytes()) / (1 << 20); mib > 32 {
		t.Errorf("the Summary takes %.1f MiB", mib)
	} else {
		t.Logf("%.1f MiB, %d bytes encoded", mib, len(summaryBytes(t, s)))
	}
	cells := s.Errors().Classes().OneVsRest(7)
	if len(cells) < 10 || len(cells) > 200 || cells[0].Low == cells[0].High && cells[1].Low == cells[1].High {
		t.Errorf("%d cells of scores", len(cells))
	}
}
