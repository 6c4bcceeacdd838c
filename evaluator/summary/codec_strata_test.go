package summary

import (
	"bytes"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
)

// seedReference has rows of three weeks.
func seedReference() []tableRow {
	r := rand.New(rand.NewPCG(9, 10))
	var rows []tableRow
	for range 300 {
		row := tableRow{
			hash: r.Uint64(), time: tableWindow.Start.UnixNano() + r.Int64N(21*24)*int64(time.Hour), prediction: r.NormFloat64(),
			color: new([]string{"red", "blue"}[r.IntN(2)]), size: new(float64(r.IntN(40))),
		}
		if r.IntN(4) > 0 {
			row.label = new(row.prediction + r.NormFloat64())
		}
		rows = append(rows, row)
	}
	return rows
}

// profileOf returns the profile of rows, which a scan with one worker sends.
func profileOf(kind StrataKind, rows []tableRow) *Profile {
	layout, partition := partitionOf(kind, rows)
	return builderOf(layout, partition, rows).Profile()
}

func partitionOf(kind StrataKind, rows []tableRow) (*Layout, *Partition) {
	profiler := NewProfiler(tableFeatures, tableSegments, ProfilerOptions{ExactValues: 20, Strata: kind})
	feed(profiler, rows, 100)
	return profiler.Layout(), profiler.Partition()
}

// builderOf sends rows to a builder, those of each group by themselves.
func builderOf(layout *Layout, partition *Partition, rows []tableRow) *ProfileBuilder {
	b := NewProfileBuilder(layout, partition, tableSegments, nil)
	groups := map[int64][]tableRow{}
	for _, r := range rows {
		g := partition.Group(r.time)
		groups[g] = append(groups[g], r)
	}
	for g, of := range groups {
		feed(groupSink{b, g}, of, 7)
	}
	return b
}

// groupSink sends what it is sent as rows of one group.
type groupSink struct {
	*ProfileBuilder
	group int64
}

func (s groupSink) AddPredictions(b *groundtruth.Batch) {
	b.Group = s.group
	s.ProfileBuilder.AddPredictions(b)
}

func (s groupSink) AddMatches(m *groundtruth.Matches) {
	m.Group = s.group
	s.ProfileBuilder.AddMatches(m)
}

// profileBytes returns what a profile is written as.
func profileBytes(t interface{ Fatal(...any) }, p *Profile) []byte {
	b, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// TestProfileOfPartsInAnyOrderHasTheSameBytes deals the rows of a reference to workers, in any
// order, and compares the whole with what a builder makes that knows no strata.
func TestProfileOfPartsInAnyOrderHasTheSameBytes(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		kind := rapid.SampledFrom(StrataKinds()).Draw(t, "kind")
		rows := rapid.SliceOfN(anyTableRow, 1, 60).Draw(t, "rows")
		spread := rapid.SampledFrom([]time.Duration{time.Hour, 24 * time.Hour, 100 * 24 * time.Hour}).Draw(t, "spread")
		for i := range rows {
			rows[i].time += int64(rapid.IntRange(0, 30).Draw(t, "at")) * int64(spread) / 30 * 5
		}
		layout, partition := partitionOf(kind, rows)
		p := builderOf(layout, partition, rows).Profile()
		want := profileBytes(t, p)

		order := rapid.Permutation(rows).Draw(t, "order")
		workers := rapid.IntRange(1, 4).Draw(t, "workers")
		var builders []*ProfileBuilder
		for w := range workers {
			var mine []tableRow
			for i := w; i < len(order); i += workers {
				mine = append(mine, order[i])
			}
			builders = append(builders, builderOf(layout, partition, mine))
		}
		if got := profileBytes(t, builders[0].Profile(builders[1:]...)); !bytes.Equal(got, want) {
			t.Fatal("the profile depends on how rows are dealt")
		}
		whole := NewBuilder(layout, layout.Span(), tableSegments, BuilderOptions{Calendar: partition.calendar})
		feed(whole, rows, 100)
		if !bytes.Equal(summaryBytes(t, p.Summary()), summaryBytes(t, whole.Summary())) {
			t.Fatal("the strata together are not the whole")
		}
		var q Profile
		if err := q.UnmarshalBinary(want); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(summaryBytes(t, p.Summary()), summaryBytes(t, q.Summary())) || q.Rows != int64(len(rows)) || len(q.Strata) != len(p.Strata) || q.Days.Len() != p.Days.Len() {
			t.Fatal("another profile is read than was written")
		}
		if !bytes.Equal(profileBytes(t, &q), want) {
			t.Fatal("what was read is written otherwise")
		}
	})
}

// TestThinnedDaysDoNotDependOnTheOrder has more days than are kept.
func TestThinnedDaysDoNotDependOnTheOrder(t *testing.T) {
	var rows []tableRow
	for day := range 600 {
		if day%5 > 0 {
			rows = append(rows, tableRow{time: tableWindow.Start.UnixNano() + int64(day)*int64(24*time.Hour), label: new(float64(day))})
		}
	}
	layout, partition := partitionOf(WeekendStrata, rows)
	want := profileBytes(t, builderOf(layout, partition, rows).Profile())
	backward := slices.Clone(rows)
	slices.Reverse(backward)
	first, last := builderOf(layout, partition, backward[:30]), builderOf(layout, partition, backward[30:])
	if got := profileBytes(t, first.Profile(last)); !bytes.Equal(got, want) {
		t.Error("which days are kept depends on the order")
	}
}

// TestDamagedStrataAndDaysAreRefused cuts and damages what is compressed at many places.
func TestDamagedStrataAndDaysAreRefused(t *testing.T) {
	for _, kind := range StrataKinds() {
		body := unpackedProfile(t, profileBytes(t, profileOf(kind, seedReference()[:40])))
		for cut := 1; cut < len(body); cut += 1 + len(body)/50 {
			// Days come last and need not be there, where there are no strata.
			var p Profile
			if p.UnmarshalBinary(packedProfile(t, body[:cut])) == nil && (p.Days != nil || kind != NoStrata) {
				t.Fatalf("%s: cut off at %d of %d, and no error", kind, cut, len(body))
			}
		}
		for i := 0; i < len(body); i += 1 + len(body)/50 {
			damaged := slices.Clone(body)
			damaged[i] ^= 0x11
			checkProfileBytes(t, packedProfile(t, damaged))
		}
	}
}

// TestPartsOfDaysAreKept reads a profile again and compares the errors of its days' parts.
func TestPartsOfDaysAreKept(t *testing.T) {
	p := profileOf(WeekendStrata, seedReference())
	data, err := p.MarshalBinary()
	if err != nil {
		t.Fatal(err)
	}
	var q Profile
	if err := q.UnmarshalBinary(data); err != nil {
		t.Fatal(err)
	}
	want, got := p.Strata[1].Days.DayParts(), q.Strata[1].Days.DayParts()
	if got.Blocks() != want.Blocks() || got.Blocks() != DayParts*q.Strata[1].Days.Len() {
		t.Fatalf("%d parts of %d days, want %d", got.Blocks(), q.Strata[1].Days.Len(), want.Blocks())
	}
	for i := range want.Blocks() {
		if got.BlockN(i) != want.BlockN(i) || got.BlockNonZero(i) != want.BlockNonZero(i) || got.BlockSum(i, SumAbsE) != want.BlockSum(i, SumAbsE) {
			t.Errorf("part %d has %d rows with the sum %g, want %d with %g", i, got.BlockN(i), got.BlockSum(i, SumAbsE), want.BlockN(i), want.BlockSum(i, SumAbsE))
		}
	}
}

// TestStrataAreReadWhenTheyServe writes a stratum wrongly, with the right checksums around it. The
// others serve as before, and it is refused where it serves. Bytes that are merely damaged are
// refused with the whole profile, by its checksum, whether anybody needs them or not.
func TestStrataAreReadWhenTheyServe(t *testing.T) {
	p := profileOf(DayOfWeekStrata, daysOfRows(70))
	data := profileBytes(t, p)
	damaged := slices.Clone(data)
	damaged[len(damaged)/2] ^= 1
	if err := new(Profile).UnmarshalBinary(damaged); err == nil {
		t.Error("damaged bytes are read")
	}

	// A compressed section of predictions, of the first stratum, becomes one of zeros.
	body := unpackedProfile(t, data)
	at := bytes.Index(body, []byte(predictionsSection)) + len(predictionsSection)
	clear(body[at+8 : at+40])
	var q Profile
	if err := q.UnmarshalBinary(packedProfile(t, body)); err != nil {
		t.Fatal(err)
	}
	monday := time.Date(2026, 1, 5, 0, 0, 0, 0, time.UTC)
	for day, name := range DayOfWeekStrata.names() {
		w := groundtruth.Window{Start: monday.AddDate(0, 0, day), End: monday.AddDate(0, 0, day+1)}
		if s := q.For(w, 0); s.Name != name {
			t.Fatalf("%s is compared with %q", name, s.Name)
		}
		err := q.Read(w, 0)
		switch {
		case day == 0 && (err == nil || !strings.Contains(err.Error(), "make the profile again")):
			t.Errorf("the stratum that is wrong is read: %v", err)
		case day > 0 && err != nil:
			t.Errorf("%s: %v", name, err)
		case day > 0 && !bytes.Equal(summaryBytes(t, q.For(w, 0).Summary()), summaryBytes(t, p.For(w, 0).Summary())):
			t.Errorf("%s has other rows than were written", name)
		}
		if !reflect.DeepEqual(q.Strata[day].Errors().figures, p.Strata[day].Summary().Errors().figures) || q.Strata[day].Errors().N() != p.Strata[day].Summary().Errors().N() {
			t.Errorf("%s has other errors than its Summary", name)
		}
	}
	if _, err := q.MarshalBinary(); err == nil {
		t.Error("a profile with a stratum that is wrong is written")
	}
}

// daysOfRows has a few rows on each of so many days.
func daysOfRows(days int) []tableRow {
	var rows []tableRow
	for i := range 5 * days {
		rows = append(rows, tableRow{time: tableWindow.Start.UnixNano() + int64(i)*int64(24*time.Hour)/5, label: new(float64(i % 7)), size: new(float64(i % 11))})
	}
	return rows
}
