package summary

import (
	"bytes"
	"slices"
	"testing"
)

// TestGroupsCountTheirRowsByTimeBlock holds the counts to the rows, and that what is not known
// of a part is not known of the whole.
func TestGroupsCountTheirRowsByTimeBlock(t *testing.T) {
	layout, _ := schema1Layouts()
	rows := schema1Rows(0, 400)
	whole := buildRows(layout, rows, BuilderOptions{})
	blocks := make([]int64, NumBlocks)
	for _, g := range whole.Versions() {
		counts := g.RowsByBlock()
		if counts == nil {
			t.Fatal("the rows of a version by time block are not known")
		}
		for i, n := range counts {
			blocks[i] += n
		}
	}
	for i, n := range blocks {
		if want := whole.Errors().BlockN(i); n != want {
			t.Errorf("block %d: versions have %d rows, all have %d", i, n, want)
		}
	}

	first, second := buildRows(layout, rows[:150], BuilderOptions{}), buildRows(layout, rows[150:], BuilderOptions{})
	if err := first.Merge(second); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(summaryBytes(t, first), summaryBytes(t, whole)) {
		t.Error("merged parts differ from the whole")
	}
	for _, known := range []*Summary{whole, buildRows(layout, nil, BuilderOptions{})} {
		for _, order := range [][]*Summary{{known, withoutWhatCameLater(t, second)}, {withoutWhatCameLater(t, second), known}, {withoutWhatCameLater(t, second), known, whole}} {
			var merged Summary
			if err := merged.UnmarshalBinary(summaryBytes(t, order[0])); err != nil {
				t.Fatal(err)
			}
			for _, s := range order[1:] {
				if err := merged.Merge(s); err != nil {
					t.Fatal(err)
				}
			}
			for name := range second.Versions() {
				if merged.Versions()[name].RowsByBlock() != nil {
					t.Errorf("rows of version %s by time block are known of a part, and told of the whole", name)
				}
			}
		}
	}
}

// TestRowsWithoutTimeHaveNoBlock holds that a group some of whose rows have no time tells of
// none where they are.
func TestRowsWithoutTimeHaveNoBlock(t *testing.T) {
	g := newGroupSums(nil, 0, true)
	g.n = 3
	g.byBlock[5] = 2
	if got := g.RowsByBlock(); got != nil {
		t.Errorf("three rows, two of them with time: %v", slices.Compact(got))
	}
}
