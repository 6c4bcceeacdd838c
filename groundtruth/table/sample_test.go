package table

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"testing"

	"github.com/hindcast/hindcast/groundtruth"
)

// TestSampledIDsAreHashedAsElsewhere compares with another implementation of XXH64: SQL
// engines choose the same ids.
func TestSampledIDsAreHashedAsElsewhere(t *testing.T) {
	data, err := os.ReadFile("testdata/xxh64.json")
	if err != nil {
		t.Fatal(err)
	}
	var golden struct{ Hashes map[string]string }
	if err := json.Unmarshal(data, &golden); err != nil {
		t.Fatal(err)
	}
	if len(golden.Hashes) < 80 {
		t.Fatalf("%d hashes", len(golden.Hashes))
	}
	for id, want := range golden.Hashes {
		if got := fmt.Sprintf("%016x", SampleHash([]byte(id))); got != want {
			t.Errorf("id %q has hash %s, want %s", id, got, want)
		}
	}
}

func TestIDsAboveTheBarAreNotSampled(t *testing.T) {
	ids := []string{"a", "", "b", "c", "b"}
	bar := NewBar()
	b := NewBuilder(Want{As: AsID, Bar: bar})
	sampled := func(b *Builder) []groundtruth.SampledRow {
		b.Start()
		for _, id := range ids {
			b.AddText([]byte(id))
		}
		b.Finish()
		return b.Col.Sampled
	}
	hash := func(id string) uint64 { return SampleHash([]byte(id)) }
	all := []groundtruth.SampledRow{{Row: 0, Hash: hash("a")}, {Row: 2, Hash: hash("b")}, {Row: 3, Hash: hash("c")}, {Row: 4, Hash: hash("b")}}
	if got := sampled(b); !slices.Equal(got, all) {
		t.Errorf("sampled %v, want all: %v", got, all)
	}
	bar.Lower(hash("b"))
	bar.Lower(hash("b") + 1) // it never rises
	want := slices.DeleteFunc(slices.Clone(all), func(r groundtruth.SampledRow) bool { return r.Hash > hash("b") })
	if got := sampled(b); !slices.Equal(got, want) || len(want) == len(all) {
		t.Errorf("sampled %v, want %v", got, want)
	}
	if got := sampled(NewBuilder(Want{As: AsID})); len(got) > 0 {
		t.Errorf("sampled %v without a bar", got)
	}
}
