package summary

import "github.com/hindcast/hindcast/groundtruth"

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
