package summary

import (
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// hourCounts counts predictions by the hour of the day, by the clocks of a zone.
type hourCounts struct {
	zone   groundtruth.Zone
	counts [allHours]int64
}

// Hours returns the number of predictions by the hour of the day that the clocks of the model's
// grid show; of a reference, that of its rows. The result, which the caller must not change, is
// nil where it is not known: of rows without time, of windows shorter than a day, and of what
// earlier versions kept.
func (s *Summary) Hours() []int64 {
	if s.hours == nil {
		return nil
	}
	return s.hours.counts[:]
}

// addHours counts the hours of a batch's predictions.
func (b *Builder) addHours(batch *groundtruth.Batch) {
	h := b.s.hours
	switch {
	case h == nil:
	case !batch.HasTime:
		b.s.hours = nil
	default:
		b.calendar.CountHours(batch.Times[:batch.Len], &h.counts)
	}
}

// mergeHours adds the hours of o.
func (s *Summary) mergeHours(o *Summary) {
	if s.hours == nil || o.hours == nil || s.hours.zone != o.hours.zone {
		s.hours = nil
		return
	}
	for h, n := range o.hours.counts {
		s.hours.counts[h] += n
	}
}

// HourShare returns which share of the rows of a day of the reference falls into a window shorter
// than a day, by how those of a stratum are spread over the hours. It reports false where that is
// not known.
func (p *Profile) HourShare(w groundtruth.Window, s Stratum) (float64, bool) {
	hours := p.Hours(s)
	if hours == nil || p.partition == nil {
		return 0, false
	}
	var total int64
	for _, n := range hours {
		total += n
	}
	if s.Name != "" && p.partition.kind == HourOfDayStrata {
		total = p.Rows // the hours are the stratum's, and the days have all of theirs
	}
	if total == 0 {
		return 0, false
	}
	const step = 15 * time.Minute // clocks are set by no less
	share := 0.0
	for t := w.Start; t.Before(w.End); t = t.Add(step) {
		part := min(step, w.End.Sub(t)).Hours()
		share += float64(part * float64(hours[p.partition.calendar.Hour(t.UnixNano())]) / float64(total))
	}
	return share, true
}
