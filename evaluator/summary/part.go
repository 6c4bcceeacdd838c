package summary

import (
	"fmt"
	"sync"

	"github.com/hindcast/hindcast/groundtruth"
)

// part is the rows of a reference that a Stratum is of. Of a profile that was read most are
// never asked for: a window is compared with one stratum, which is a fraction of the columns of
// all. So what is counted of a part is read when it is first asked for.
//
// The checksum of a profile is of all its bytes, and looked at before anything else: bytes that
// were damaged are refused when the profile is read, in parts too that nobody needs. What is
// left for later is what a faulty program would have written with the right checksum.
// Profile.Read tells of that before the part is used, and without it the part panics.
type part struct {
	rows    int64 // known before anything is read
	summary func() (*Summary, error)
	errors  func() (*ErrorSums, error) // the Summary's, and of these those of no version or segment
}

// newPart returns the part whose Summary is there.
func newPart(s *Summary) *part {
	return &part{
		rows:    s.predictions,
		summary: func() (*Summary, error) { return s, nil },
		errors:  func() (*ErrorSums, error) { return s.errors, nil },
	}
}

// laterPart returns a part that is read when it is asked for.
func laterPart(rows int64, summary func() (*Summary, error), errors func() (*ErrorSums, error)) *part {
	return &part{rows: rows, summary: sync.OnceValues(summary), errors: sync.OnceValues(errors)}
}

// together returns the part that some parts of one reference, more than one, come to.
func together(parts []*part) *part {
	var rows int64
	for _, p := range parts {
		rows += p.rows
	}
	return laterPart(rows, func() (*Summary, error) {
		var all []*Summary
		for _, p := range parts {
			s, err := p.summary()
			if err != nil {
				return nil, err
			}
			all = append(all, s)
		}
		return mergedStrata(all), nil
	}, func() (*ErrorSums, error) {
		var out *ErrorSums
		for _, p := range parts {
			e, err := p.errors()
			if err != nil {
				return nil, err
			}
			if out == nil {
				out = newSumsOf(e.classes.fresh(), e.center, wholeBuckets, e.blocks != nil)
				out.span = e.span
			}
			out.mergeFrom(e)
			out.addLabels(e.label)
		}
		out.settle()
		return out, nil
	})
}

// must returns what was read, for those who asked Profile.Read before.
func must[T any](read func() (T, error)) T {
	v, err := read()
	if err != nil {
		panic("summary: a part of a profile is used that Profile.Read refuses: " + err.Error())
	}
	return v
}

// Summary returns the Summary of the stratum's rows.
func (s Stratum) Summary() *Summary { return must(s.part.summary) }

// Errors returns Summary().Errors(), and reads no more of the stratum than that.
func (s Stratum) Errors() *ErrorSums { return must(s.part.errors) }

// Rows returns the number of the stratum's rows.
func (s Stratum) Rows() int64 { return s.part.rows }

// Whole returns the whole reference.
func (p *Profile) Whole() Stratum { return Stratum{Days: p.Days, part: p.whole} }

// Summary returns the Summary of all rows.
func (p *Profile) Summary() *Summary { return p.Whole().Summary() }

// Read reads what a comparison of a window with the profile needs: what For returns, and the
// errors of all strata. It fails where that is not what a profile has. Those who use a profile
// that was read ask it first: what it refuses panics when it is used.
func (p *Profile) Read(w groundtruth.Window, minRows int64) error {
	s, err := p.For(w, minRows).part.summary()
	if err == nil && (s.prediction.valid == 0 || s.label.valid == 0) {
		// Whether the reference has none of these either, only all of it tells.
		_, err = p.whole.summary()
	}
	for i := range p.Strata {
		if err == nil {
			_, err = p.Strata[i].part.errors()
		}
	}
	if err != nil {
		return fmt.Errorf("read the reference profile's rows that a window is compared with: %w; make the profile again", err)
	}
	return nil
}
