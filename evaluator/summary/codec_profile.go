package summary

import (
	"encoding"
	"fmt"

	"github.com/klauspost/compress/zstd"
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
)

// MarshalBinary returns the profile's canonical encoding: a header, then compressed,
// with a checksum, the sections. The error is always nil.
func (p *Profile) MarshalBinary() ([]byte, error) {
	var body encoder
	body.section(referenceSection, func() {
		body.string(p.Fingerprint)
		body.int(p.Rows)
	})
	if len(p.Strata) == 0 {
		summary, err := p.Summary.MarshalBinary()
		if err != nil {
			return nil, fmt.Errorf("encode profile: %w", err)
		}
		body.section(summarySection, func() { body.b = append(body.b, summary...) })
	} else {
		body.section(strataSection, func() { body.strata(p) })
	}
	if p.Days != nil {
		body.section(daysSection, func() { body.days(p) })
	}
	if p.Entities != nil {
		body.section(entitiesSection, func() { body.entities(p.Entities) })
	}
	// A profile has few megabytes; the usual window would take sixteen for each.
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, fmt.Errorf("encode profile: %w", err)
	}
	e := encoder{b: []byte(profileMagic)}
	e.uint(ProfileSchema)
	e.string(regression)
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
	if d.err == nil && schema > 1 {
		d.task("profile")
	}
	if d.err != nil {
		return d.err
	}
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxProfileBytes))
	if err != nil {
		return err
	}
	defer r.Close()
	body := decoder{}
	if body.b, err = r.DecodeAll(d.b, nil); err != nil {
		return err
	}
	reference := func(d *decoder) { p.Fingerprint, p.Rows = d.string(), d.int() }
	var strata []*Summary // or the whole alone
	whole := func(d *decoder) {
		s := new(Summary)
		d.err = s.UnmarshalBinary(d.b)
		strata, d.b = []*Summary{s}, nil
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
			sectionReader{strataSection, true, func(d *decoder) { strata = d.strata(strata) }},
			sectionReader{daysSection, true, func(d *decoder) { p.partition, days = d.days(strata) }},
			sectionReader{entitiesSection, true, func(d *decoder) { p.Entities = d.entities(strata...) }})
	}
	switch {
	case body.err != nil:
		return body.err
	case len(strata) == 0 || strata[0].layout == nil:
		return fmt.Errorf("%w: it has no layout", errCorrupt)
	case len(strata) > 1 && (days == nil || len(strata) != p.partition.kind.count()):
		return fmt.Errorf("%w: its strata are of no kind", errCorrupt)
	}
	p.Layout = strata[0].layout
	p.setStrata(strata, days)
	return nil
}
