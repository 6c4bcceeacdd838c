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

// The sections of a profile, in their order.
const (
	referenceSection = "reference" // where the rows came from
	summarySection   = "summary"
)

// MarshalBinary returns the profile's canonical encoding: a header, then compressed,
// with a checksum, the sections. The Summary holds the layout.
func (p *Profile) MarshalBinary() ([]byte, error) {
	summary, err := p.Summary.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("encode profile: %w", err)
	}
	var body encoder
	body.section(referenceSection, func() {
		body.string(p.Fingerprint)
		body.int(p.Rows)
	})
	body.section(summarySection, func() { body.b = append(body.b, summary...) })
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
	var summary []byte
	rest := func(d *decoder) { summary, d.b = d.b, nil }
	if schema == 1 {
		// The same without names.
		reference(&body)
		rest(&body)
	} else {
		body.sections("profile", sectionReader{referenceSection, false, reference}, sectionReader{summarySection, false, rest})
	}
	if body.err != nil {
		return body.err
	}
	p.Summary = new(Summary)
	if err := p.Summary.UnmarshalBinary(summary); err != nil {
		return err
	}
	if p.Layout = p.Summary.Layout(); p.Layout == nil {
		return fmt.Errorf("%w: it has no layout", errCorrupt)
	}
	return nil
}
