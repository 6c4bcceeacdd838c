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

// MarshalBinary returns the profile's canonical encoding: a magic number and the
// schema version, then compressed, with a checksum, the fingerprint, the rows and
// the Summary, which holds the layout.
func (p *Profile) MarshalBinary() ([]byte, error) {
	var body encoder
	body.string(p.Fingerprint)
	body.int(p.Rows)
	summary, err := p.Summary.MarshalBinary()
	if err != nil {
		return nil, fmt.Errorf("encode profile: %w", err)
	}
	body.b = append(body.b, summary...)
	// A profile has few megabytes; the usual window would take sixteen for each.
	w, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderCRC(true), zstd.WithWindowSize(1<<20))
	if err != nil {
		return nil, fmt.Errorf("encode profile: %w", err)
	}
	e := encoder{b: []byte(profileMagic)}
	e.uint(ProfileSchema)
	return w.EncodeAll(body.b, e.b), nil
}

// UnmarshalBinary replaces p. It refuses other schema versions and damaged bytes; p
// is then unchanged.
func (p *Profile) UnmarshalBinary(b []byte) error {
	d := decoder{b: b}
	d.header("profile", profileMagic, ProfileSchema)
	if d.err != nil {
		return fmt.Errorf("decode profile: %w", d.err)
	}
	r, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxProfileBytes))
	if err != nil {
		return fmt.Errorf("decode profile: %w", err)
	}
	defer r.Close()
	raw, err := r.DecodeAll(d.b, nil)
	if err != nil {
		return fmt.Errorf("decode profile: %w", err)
	}
	body := decoder{b: raw}
	q := Profile{Fingerprint: body.string(), Rows: body.int(), Summary: new(Summary)}
	if body.err != nil {
		return fmt.Errorf("decode profile: %w", body.err)
	}
	if err := q.Summary.UnmarshalBinary(body.b); err != nil {
		return fmt.Errorf("decode profile: %w", err)
	}
	if q.Layout = q.Summary.Layout(); q.Layout == nil {
		return fmt.Errorf("decode profile: %w: it has no layout", errCorrupt)
	}
	*p = q
	return nil
}
