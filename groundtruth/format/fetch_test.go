package format

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth/parquet"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// TestFetchedGroupsKeepToTheirMemory plans and releases groups of any sizes.
func TestFetchedGroupsKeepToTheirMemory(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := newFetcher(nil, table.ReadOptions{})
		f.budget = 1 << 20
		defer f.close()
		var groups []*parquet.Group
		for range rapid.IntRange(1, 60).Draw(t, "steps") {
			if len(groups) > 0 && rapid.Bool().Draw(t, "release") {
				f.release(groups[0])
				groups = groups[1:]
				continue
			}
			var ranges []parquet.Range
			for range rapid.IntRange(1, 3).Draw(t, "ranges") {
				ranges = append(ranges, parquet.Range{Off: 0, End: rapid.Int64Range(1, 200_000).Draw(t, "bytes")})
			}
			if g := f.group(ranges); g != nil {
				groups = append(groups, g)
			}
			// A group is let in by its bytes and may take a quarter more.
			if all := f.held + f.spare; all > f.budget+f.budget/4 {
				t.Fatalf("%d bytes are mapped, of %d", all, f.budget)
			}
		}
	})
}
