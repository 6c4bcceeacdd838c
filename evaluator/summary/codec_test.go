package summary

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
)

func TestSummaryRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		layout := drawLayout(t)
		rows := tableRows.Draw(t, "rows")
		opts := BuilderOptions{MaxSegments: rapid.IntRange(1, 8).Draw(t, "max segments")}
		s := buildRows(layout, rows, opts)
		b := summaryBytes(t, s)
		var got Summary
		if err := got.UnmarshalBinary(b); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(summaryBytes(t, &got), b) {
			t.Fatal("other bytes after a round trip")
		}
		if layout != nil && fmt.Sprintf("%+v", *got.Layout()) != fmt.Sprintf("%+v", *layout) {
			t.Fatalf("layout %+v, want %+v", *got.Layout(), *layout)
		}
		// What was read goes on as what was written would.
		more := tableRows.Draw(t, "more")
		if err := got.Merge(buildRows(layout, more, opts)); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(summaryBytes(t, &got), summaryBytes(t, buildRows(layout, append(rows, more...), opts))) {
			t.Fatal("merging after a round trip gives other bytes")
		}
		cut := rapid.IntRange(0, len(b)-1).Draw(t, "cut")
		if new(Summary).UnmarshalBinary(b[:cut]) == nil {
			t.Fatalf("cut off at %d of %d, and no error", cut, len(b))
		}
		if new(Summary).UnmarshalBinary(append(b, 0)) == nil {
			t.Fatal("bytes left over, and no error")
		}
	})
}

func TestUvarintsAreThoseOfTheStandardLibrary(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.Uint64().Draw(t, "v") >> rapid.IntRange(0, 63).Draw(t, "shift")
		b := binary.AppendUvarint(nil, v)
		size := len(b)
		b = append(b, rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "rest")...)
		if got, n := uvarint(b); got != v || n != size {
			t.Fatalf("%x is %d in %d bytes, want %d in %d", b, got, n, v, size)
		}
		if _, n := uvarint(b[:size-1]); n != 0 {
			t.Fatalf("%x is a number of %d bytes", b[:size-1], n)
		}
		if size == binary.MaxVarintLen64 {
			return
		}
		b[size-1] |= 0x80
		long := append(slices.Clone(b[:size]), 0)
		if _, n := uvarint(append(long, b[size:]...)); n != 0 {
			t.Fatalf("%x ends in a byte of 0 and is a number of %d bytes", long, n)
		}
	})
}

func TestAnotherSchemaIsRefusedByNumber(t *testing.T) {
	for what, b := range map[string][]byte{"summary": []byte(summaryMagic + "\x07"), "profile": []byte(profileMagic + "\x07")} {
		var err error
		if what == "summary" {
			err = new(Summary).UnmarshalBinary(b)
		} else {
			err = new(Profile).UnmarshalBinary(b)
		}
		if err == nil || !strings.Contains(err.Error(), what+" has schema version 7") {
			t.Errorf("%s: error %v", what, err)
		}
	}
}

func TestRefusedBytesLeaveTheSummary(t *testing.T) {
	rows := []tableRow{{label: new(1.0), size: new(2.0)}}
	s := buildRows(nil, rows, BuilderOptions{})
	want := summaryBytes(t, s)
	if s.UnmarshalBinary(want[:len(want)-1]) == nil {
		t.Fatal("no error")
	}
	if !bytes.Equal(summaryBytes(t, s), want) {
		t.Error("a refused input changed the summary")
	}
}

// seedSummaries are Summaries of every shape.
func seedSummaries() []*Summary {
	r := rand.New(rand.NewPCG(7, 8))
	var rows []tableRow
	for i := range 60 {
		row := tableRow{
			hash: r.Uint64(), time: tableWindow.Start.UnixNano() + r.Int64N(1e13),
			prediction: r.NormFloat64(), size: new(float64(r.IntN(9))), color: new(fmt.Sprint(r.IntN(4))),
			city: new(fmt.Sprint(r.IntN(5))), version: new("v1"),
		}
		if i%3 > 0 {
			row.label = new(r.NormFloat64())
		}
		rows = append(rows, row)
	}
	exact := profileRows(rows, ProfilerOptions{})
	coarse := profileRows(rows, ProfilerOptions{ExactValues: 3, TableBytes: 1})
	return []*Summary{
		buildRows(nil, nil, BuilderOptions{}),
		buildRows(nil, rows, BuilderOptions{MaxSegments: 2}),
		buildRows(exact, rows, BuilderOptions{}),
		buildRows(coarse, rows, BuilderOptions{MaxSegments: 2}),
		NewBuilder(nil, groundtruth.Window{}, nil, BuilderOptions{}).Summary(),
	}
}

func FuzzUnmarshalSummary(f *testing.F) {
	for _, s := range seedSummaries() {
		b, err := s.MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var s Summary
		if err := s.UnmarshalBinary(b); err != nil {
			return
		}
		again := summaryBytes(t, &s)
		var u Summary
		if err := u.UnmarshalBinary(again); err != nil {
			t.Fatalf("what was written is refused: %v", err)
		}
		if !bytes.Equal(summaryBytes(t, &u), again) {
			t.Fatal("round trip differs")
		}
		if l := s.Layout(); l != nil {
			sealed := *l
			if sealed.seal(); sealed.identity != l.identity {
				t.Fatal("the layout is not identified by what it is written as")
			}
		}
		// Nothing that reads it may panic.
		for _, c := range append(s.Features(), s.Prediction(), s.Label()) {
			_, _, _ = c.interior.exact()
			for i := range c.opens {
				_ = openSum(c, i)
			}
			_, _ = c.Mean(), c.Variance()
		}
		if s.Errors().N() > 0 {
			_, _ = s.Errors().abs.quantile(0.5)
		}
		if err := s.Merge(&u); err != nil {
			t.Fatalf("merging with itself: %v", err)
		}
		_ = s.Bytes()
	})
}

func FuzzUnmarshalProfile(f *testing.F) {
	for _, s := range seedSummaries() {
		b, err := (&Profile{Summary: s, Fingerprint: "f"}).MarshalBinary()
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		var p Profile
		if p.UnmarshalBinary(b) == nil && (p.Layout == nil || p.Summary == nil) {
			t.Fatal("a profile without parts")
		}
	})
}
