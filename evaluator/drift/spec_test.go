package drift

import (
	"math"
	"regexp"
	"slices"
	"testing"
)

// TestRowsAreWhole finds rows of the table that lack something.
func TestRowsAreWhole(t *testing.T) {
	name := regexp.MustCompile(`^[a-z][a-z0-9_]*$`) // also an identifier of CEL
	judged := shape(0)
	for i, s := range Specs() {
		judged |= s.auto
		if !name.MatchString(s.Name) || slices.Contains(Names()[:i], s.Name) || slices.Contains(Later(), s.Name) {
			t.Errorf("row %d: name %q", i, s.Name)
		}
		kinds := 0
		for _, is := range []bool{s.bins != nil, s.values != nil, s.shares != nil} {
			if is {
				kinds++
			}
		}
		if kinds != 1 || s.bins == nil && s.alwaysBins || s.shares == nil && s.onRange {
			t.Errorf("%s is to be of bins, of values or of shares", s.Name)
		}
		if other, ok := Find(s.Instead); math.IsNaN(s.Threshold) != ok || math.IsNaN(other.Threshold) {
			t.Errorf("%s has the threshold %g, and instead of it there is %q", s.Name, s.Threshold, s.Instead)
		}
		if s.JudgesAuto() && math.IsNaN(s.Threshold) {
			t.Errorf("%s has no threshold to judge by", s.Name)
		}
	}
	for _, of := range []shape{twoValues, ranges, categories} {
		if judged&of == 0 {
			t.Errorf("nothing judges columns of shape %d", of)
		}
	}
	if _, ok := Find("kl"); ok {
		t.Error("a measure that is not computed is found")
	}
}
