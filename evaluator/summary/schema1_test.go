package summary

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// The files of schema 1 were written by the last version that had it: testdata/schema1
// tells how.
const schema1Profile = "profile.hcpf"

// schema1Rows are rows from to before another of the table that the files are made of.
func schema1Rows(from, to int) []tableRow {
	var rows []tableRow
	text := func(i, missing int, format string, arg int) *string {
		if i%missing == 0 {
			return nil
		}
		return new(fmt.Sprintf(format, arg))
	}
	for i := from; i < to; i++ {
		r := tableRow{
			hash:       uint64(i) * 0x9e3779b97f4a7c15,
			time:       tableWindow.Start.UnixNano() + int64(i)*86_400_000_000_000/700,
			prediction: float64(float64(i%29)*1.5) - 3,
			color:      text(i, 11, "c%d", i*i%7),
			version:    text(i, 17, "v%d", i/250),
			city:       text(i, 19, "city %d", i*5%9),
			invalid:    i%26 == 0,
		}
		if i%13 != 0 {
			r.size = new(float64(i*37%1009)/4 - 5)
		}
		if i%4 != 0 {
			r.label = new(r.prediction + float64(i*7%15-7)/3)
		}
		rows = append(rows, r)
	}
	return rows
}

func schema1Layouts() (exact, coarse *Layout) {
	rows := schema1Rows(0, 300)
	return profileRows(rows, ProfilerOptions{}), profileRows(rows, ProfilerOptions{ExactValues: 5, MaxSegments: 3, TableBytes: 1})
}

// schema1Built makes the Summaries of the files now.
func schema1Built() map[string]*Summary {
	exact, coarse := schema1Layouts()
	rows := schema1Rows(300, 700)
	return map[string]*Summary{
		"exact.hcsm":     buildRows(exact, rows, BuilderOptions{}),
		"coarse.hcsm":    buildRows(coarse, rows, BuilderOptions{}),
		"no-layout.hcsm": buildRows(nil, rows, BuilderOptions{}),
		"empty.hcsm":     buildRows(coarse, nil, BuilderOptions{}),
	}
}

func schema1Summaries() []string { return slices.Sorted(maps.Keys(schema1Built())) }

func schema1File(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", "schema1", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// withoutWhatCameLater returns s less the rows of versions and segments by time block, which
// earlier versions did not count.
func withoutWhatCameLater(t testing.TB, s *Summary) *Summary {
	t.Helper()
	var u Summary
	if err := u.UnmarshalBinary(summaryBytes(t, s)); err != nil {
		t.Fatal(err)
	}
	for _, g := range u.allSums() {
		g.byBlock, g.logs = nil, nil
		for i := range g.blocks {
			g.blocks[i].logs = nil
		}
	}
	u.errors.labels = nil
	return &u
}

// ofSchema1 returns the encoding of what schema 1 has of s too.
func ofSchema1(t testing.TB, s *Summary) []byte {
	t.Helper()
	u := withoutWhatCameLater(t, s)
	u.sample = nil
	return summaryBytes(t, u)
}

func TestSummariesOfSchema1AreRead(t *testing.T) {
	for name, want := range schema1Built() {
		t.Run(name, func(t *testing.T) {
			data := schema1File(t, name)
			var got Summary
			if err := got.UnmarshalBinary(data); err != nil {
				t.Fatal(err)
			}
			if _, known := got.Sample(); known {
				t.Error("the sample of other rows was not dropped")
			}
			if !bytes.Equal(summaryBytes(t, &got), ofSchema1(t, want)) {
				t.Errorf("figures differ:\n got %+v\nwant %+v", got, want)
			}
			if err := want.Merge(&got); err != nil {
				t.Errorf("it cannot be merged with one of today: %v", err)
			}
			for cut := range data {
				if new(Summary).UnmarshalBinary(data[:cut]) == nil {
					t.Fatalf("cut off at %d of %d, and no error", cut, len(data))
				}
			}
			if new(Summary).UnmarshalBinary(append(data, 0)) == nil {
				t.Error("bytes left over, and no error")
			}
		})
	}
}

// TestAProfileOfSchema2IsRead reads what the last version before strata and days wrote.
func TestAProfileOfSchema2IsRead(t *testing.T) {
	data, err := os.ReadFile(filepath.Join("testdata", "schema2", schema1Profile))
	if err != nil {
		t.Fatal(err)
	}
	var got Profile
	if err := got.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	layout, _ := schema1Layouts()
	if got.Fingerprint != "of schema 2" || got.Rows != 300 || got.Layout.ID() != layout.ID() {
		t.Errorf("profile %q of %d rows", got.Fingerprint, got.Rows)
	}
	if want := buildRows(layout, schema1Rows(0, 300), BuilderOptions{}); !bytes.Equal(summaryBytes(t, got.Summary()), summaryBytes(t, withoutWhatCameLater(t, want))) {
		t.Errorf("figures differ:\n got %+v\nwant %+v", got.Summary(), want)
	}
	// All of it serves every window.
	if s := got.For(tableWindow, 0); s.Name != "" || s.Summary() != got.Summary() || s.Days != nil || got.Strata != nil {
		t.Errorf("a window is compared with %+v", s)
	}
}

func TestProfilesOfSchema1AreRead(t *testing.T) {
	var got Profile
	if err := got.UnmarshalBinary(schema1File(t, schema1Profile)); err != nil {
		t.Fatal(err)
	}
	layout, _ := schema1Layouts()
	if got.Fingerprint != "of schema 1" || got.Rows != 300 || got.Layout.ID() != layout.ID() {
		t.Errorf("profile %q of %d rows", got.Fingerprint, got.Rows)
	}
	if want := buildRows(layout, schema1Rows(0, 300), BuilderOptions{}); !bytes.Equal(summaryBytes(t, got.Summary()), ofSchema1(t, want)) {
		t.Errorf("figures differ:\n got %+v\nwant %+v", got.Summary(), want)
	}
	b, err := got.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var again Profile
	if err := again.UnmarshalBinary(b); err != nil {
		t.Fatal(err)
	}
	if again.Fingerprint != got.Fingerprint || again.Rows != got.Rows || !bytes.Equal(summaryBytes(t, again.Summary()), summaryBytes(t, got.Summary())) {
		t.Error("it is another one when it was written as one of today")
	}
}
