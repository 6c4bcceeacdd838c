package format

import (
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/hindcast/hindcast/groundtruth/source"
)

// maxZstdWindow bounds the memory that a Zstandard frame may ask for; --ultra and
// --long=27 stay within it.
const maxZstdWindow = 128 << 20

// decompress returns what a stream is when it is decompressed, as codec.compression says,
// and what gives back the memory for it.
func decompress(r io.Reader, compression string) (io.Reader, func(), error) {
	switch compression {
	case "gz":
		z, err := gzip.NewReader(r)
		if err != nil {
			return nil, nil, fmt.Errorf("decompress gzip: %w", source.UnexpectedEOF(err))
		}
		return &namedReader{"gzip", z}, func() {}, nil
	case "zst":
		z, err := zstd.NewReader(r, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(maxZstdWindow), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, nil, fmt.Errorf("decompress zstd: %w", err)
		}
		return &namedReader{"zstd", z}, z.Close, nil
	}
	return r, func() {}, nil
}

// namedReader reads for decompress and names the compression in errors.
type namedReader struct {
	name string
	r    io.Reader
}

// Read implements io.Reader.
func (n *namedReader) Read(p []byte) (int, error) {
	k, err := n.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("decompress %s: %w", n.name, err)
	}
	return k, err
}

// countingReader counts for ReadStats.Bytes what is read of an object.
type countingReader struct {
	r io.Reader
	n *int64

	counted func(n int64) // is told of how much there is by now; nil for nobody
}

// Read implements io.Reader.
func (c *countingReader) Read(p []byte) (int, error) {
	k, err := c.r.Read(p)
	*c.n += int64(k)
	if c.counted != nil {
		c.counted(*c.n)
	}
	return k, err
}
