package summary

import (
	"encoding"
	"fmt"

	"github.com/klauspost/compress/zstd"

	"github.com/hindcast/hindcast/groundtruth"
)

const (
	profileMagic = "HCPF"
	// maxProfileBytes bounds what an encoded profile may unpack to.
	maxProfileBytes = 1 << 30
)

var (
	_ encoding.BinaryMarshaler   = (*Profile)(nil)
	_ encoding.BinaryUnmarshaler = (*Profile)(nil)
)

// The sections of a profile, in their order. Where there are strata the whole is what they come
// to together, so that it is not written, and they share the layout.
const (
	referenceSection = "reference" // where the rows came from
	summarySection   = "summary"   // of all rows, with the layout; not there with strata
	strataSection    = "strata"    // the layout, then each stratum's Summary
	daysSection      = "days"      // not there where days are not known

	moreOfDaysSection = "more sums of days" // not there where nothing is known of them
)

// MarshalBinary returns the profile's canonical encoding: a header, then compressed,
// with a checksum, the sections. It fails where Read does.
func (p *Profile) MarshalBinary() ([]byte, error) {
	packed, err := p.encode()
	if err != nil {
		return nil, fmt.Errorf("encode profile: %w", err)
	}
	return packed, nil
}

func (p *Profile) encode() ([]byte, error) {
	parts := []*part{p.whole}
	if len(p.Strata) > 0 {
		parts = nil
		for _, s := range p.Strata {
			parts = append(parts, s.part)
		}
	}
	var summaries []*Summary
	for _, part := range parts {
		s, err := part.summary()
		if err != nil {
			return nil, err
		}
		summaries = append(summaries, s)
	}
	// A profile has few megabytes; the usual window would take sixteen for each.
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, err
	}
	var body encoder
	body.section(referenceSection, func() {
		body.string(p.Fingerprint)
		body.int(p.Rows)
	})
	if len(summaries) == 1 {
		summary, err := summaries[0].MarshalBinary()
		if err != nil {
			return nil, err
		}
		body.section(summarySection, func() { body.b = append(body.b, summary...) })
	} else {
		body.section(strataSection, func() { body.strata(summaries, w) })
	}
	if p.Days != nil {
		body.section(daysSection, func() { body.days(p) })
		if p.Days.hasMore() {
			body.section(moreOfDaysSection, func() { body.clustersMore(p.Days) })
		}
	}
	if p.Entities != nil {
		body.section(entitiesSection, func() { body.entities(p.Entities) })
		if p.Entities.hasMore() {
			body.section(moreOfEntitiesSection, func() { body.clustersMore(p.Entities) })
		}
	}
	e := encoder{b: []byte(profileMagic)}
	e.uint(ProfileSchema)
	e.string(string(summaries[0].task))
	return w.EncodeAll(body.b, e.b), nil
}

// UnmarshalBinary replaces p. It refuses newer schema versions, other tasks, sections
// that it does not know and damaged bytes; p is then unchanged.
func (p *Profile) UnmarshalBinary(b []byte) error {
	var q Profile
	if err := q.decode(b); err != nil {
		return fmt.Errorf("decode profile: %w", err)
	}
	*p = q
	return nil
}

// decode fills an empty profile.
func (p *Profile) decode(b []byte) error {
	d := decoder{b: b}
	schema := d.header("profile", profileMagic, ProfileSchema)
	task := groundtruth.Regression
	if d.err == nil && schema > 1 {
		task = d.task("profile")
	}
	if d.err != nil {
		return d.err
	}
	unpack, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxProfileBytes))
	if err != nil {
		return err
	}
	body := decoder{}
	if body.b, err = unpack.DecodeAll(d.b, nil); err != nil {
		return err
	}
	reference := func(d *decoder) { p.Fingerprint, p.Rows = d.string(), d.int() }
	r := read{task: task, unpack: unpack}
	whole := func(d *decoder) {
		s := new(Summary)
		d.err = s.UnmarshalBinary(d.b)
		d.b = nil
		d.check(d.err != nil || s.task == task)
		if d.err == nil && s.layout != nil {
			r.layout, r.totals, r.parts = s.layout, s.totals(), []*part{newPart(s)}
		}
	}
	var days *Clusters
	if schema == 1 {
		// The same without names.
		reference(&body)
		whole(&body)
	} else {
		body.sections("profile",
			sectionReader{referenceSection, false, reference},
			sectionReader{summarySection, true, whole},
			sectionReader{strataSection, true, func(d *decoder) { d.strata(&r) }},
			sectionReader{daysSection, true, func(d *decoder) {
				d.check(r.layout != nil)
				p.partition, days = d.days(r.layout, r.totals)
			}},
			sectionReader{moreOfDaysSection, true, func(d *decoder) { d.clustersMore(days) }},
			sectionReader{entitiesSection, true, func(d *decoder) {
				d.check(r.layout != nil)
				p.Entities = d.entities(r.task, r.layout.Classifier, r.layout, r.totals)
			}},
			sectionReader{moreOfEntitiesSection, true, func(d *decoder) { d.clustersMore(p.Entities) }})
	}
	switch {
	case body.err != nil:
		return body.err
	case r.layout == nil:
		return fmt.Errorf("%w: it has no layout", errCorrupt)
	case len(r.parts) > 1 && (days == nil || len(r.parts) != p.partition.kind.count()):
		return fmt.Errorf("%w: its strata are of no kind", errCorrupt)
	}
	p.Layout = r.layout
	p.setStrata(r.parts, days)
	return nil
}

// read is what was read of the rows of a reference.
type read struct {
	task   groundtruth.Task
	layout *Layout
	totals totals        // of all rows
	parts  []*part       // of the strata, or the whole alone
	unpack *zstd.Decoder // of what strata read later; it starts no goroutine
}
