package join

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"testing"
	"time"

	"github.com/zeebo/xxh3"
	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// entityRecorder is a Sink that remembers the groups of rows by their predictions, of which no
// two are the same, and by their feature x, which is the prediction too.
type entityRecorder struct {
	preds, features, matches map[float64]int64
	sampled                  map[float64]uint64 // hashes, of predictions
	sampledMatches           map[float64]uint64
}

func newEntityRecorder() *entityRecorder {
	r := &entityRecorder{matches: map[float64]int64{}, sampledMatches: map[float64]uint64{}}
	r.ResetPredictions()
	return r
}

func (r *entityRecorder) AddPredictions(b *groundtruth.Batch) {
	for _, x := range b.Predictions[:b.Len] {
		r.preds[x] = b.Group
	}
	for _, f := range b.Features {
		for _, x := range f.Floats {
			r.features[x] = b.Group
		}
	}
	for _, s := range b.Sampled {
		r.sampled[b.Predictions[s.Row]] = s.Hash
	}
}

func (r *entityRecorder) AddMatches(m *groundtruth.Matches) {
	for i, x := range m.Predictions[:m.Len] {
		r.matches[x] = m.Group
		if m.Labels[i] != -x {
			panic("a match has another label than its prediction's")
		}
	}
	for _, s := range m.Sampled {
		r.sampledMatches[m.Predictions[s.Row]] = s.Hash
	}
}

func (r *entityRecorder) ResetPredictions() {
	r.preds, r.features, r.sampled = map[float64]int64{}, map[float64]int64{}, map[float64]uint64{}
}

// TestRowsOfAnEntityAreOfOneGroup sends rows with and without entities, in every format and
// with duplicates: a row is of the group of its entity's text, in all that is sent of it, and
// of that of its id where it has no entity.
func TestRowsOfAnEntityAreOfOneGroup(t *testing.T) {
	var names memNames
	seen := map[int64]bool{}
	rapid.Check(t, func(rt *rapid.T) {
		preds := make([]tableObject, rapid.IntRange(1, 3).Draw(rt, "objects"))
		for i := range preds {
			preds[i].rel = fmt.Sprintf("%d%s", i, rapid.SampledFrom([]string{".csv", ".jsonl", ".parquet"}).Draw(rt, "format"))
		}
		labels := tableObject{rel: "l.csv"}
		groupOf, idOf := map[float64]int64{}, map[float64]string{}
		newest := map[string]float64{} // the prediction that counts of an id
		first := rapid.Uint32().Draw(rt, "first")
		for i := range rapid.IntRange(1, 60).Draw(rt, "rows") {
			x, id := float64(i+1), fmt.Sprintf("p%d", int(first)+i)
			if i > 0 && rapid.IntRange(0, 9).Draw(rt, "again") == 0 {
				id = idOf[float64(i)]
			}
			entity := rapid.SampledFrom([]tableCell{nil, nil, nil, "", "", "", "anna", "bo", int64(7), "7", "8", int64(9)}).Draw(rt, "entity")
			groupOf[x] = entityGroup(xxh3.HashString128(cmp.Or(wordOf(entity), id)))
			idOf[x], newest[id] = id, x
			row := pred(id, 1, x, "x", x, "city", entity)
			row["at"] = hours(1).Add(time.Duration(i) * time.Second)
			o := &preds[rapid.IntRange(0, len(preds)-1).Draw(rt, "object")]
			o.rows = append(o.rows, row)
		}
		for id, x := range newest {
			labels.rows = append(labels.rows, label(id, -x, 30))
		}
		base := names.next(t)
		tab := joinTable{spec: testSpec(base+"/preds/**", base+"/labels/**"), preds: preds, labels: []tableObject{labels}}
		tab.spec.PredictionColumns.Entity, tab.spec.Segments = "city", nil
		tab.write(t, base)
		opt := Options{ReadLabels: true, Limits: groundtruth.Limits{Workers: rapid.IntRange(1, 3).Draw(rt, "workers"), SpillDir: t.TempDir()}}
		opt.hooks.memory = rapid.SampledFrom([]int64{0, 1 << 10}).Draw(rt, "memory")
		_, sinks, err := Join(context.Background(), objstore.NewOpener(""), tab.spec, groundtruth.Window{Start: day0(), End: hours(24)}, hours(48), opt, newEntityRecorder)
		if err != nil {
			rt.Fatal(err)
		}
		all := newEntityRecorder()
		for _, r := range sinks {
			maps.Copy(all.preds, r.preds)
			maps.Copy(all.features, r.features)
			maps.Copy(all.matches, r.matches)
			maps.Copy(all.sampled, r.sampled)
			maps.Copy(all.sampledMatches, r.sampledMatches)
		}
		wantGroups, wantSampled := map[float64]int64{}, map[float64]uint64{}
		for id, x := range newest {
			wantGroups[x], wantSampled[x] = groupOf[x], idHash64(id)
			seen[groupOf[x]] = true
		}
		for what, got := range map[string]map[float64]int64{"predictions": all.preds, "features": all.features, "matches": all.matches} {
			if !maps.Equal(got, wantGroups) {
				rt.Fatalf("groups of %s are %v, want %v", what, got, wantGroups)
			}
		}
		for what, got := range map[string]map[float64]uint64{"predictions": all.sampled, "matches": all.sampledMatches} {
			if !maps.Equal(got, wantSampled) {
				rt.Fatalf("sampled %s are %v, want %v", what, got, wantSampled)
			}
		}
	})
	if len(seen) < groundtruth.EntityGroups/2 {
		t.Errorf("rows are of %d groups only", len(seen))
	}
}
