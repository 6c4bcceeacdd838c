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

// namedReader says which decompression failed.
type namedReader struct {
	name string
	r    io.Reader
}

func (n *namedReader) Read(p []byte) (int, error) {
	k, err := n.r.Read(p)
	if err != nil && !errors.Is(err, io.EOF) {
		err = fmt.Errorf("decompress %s: %w", n.name, err)
	}
	return k, err
}

type countingReader struct {
	r io.Reader
	n *int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	k, err := c.r.Read(p)
	*c.n += int64(k)
	return k, err
}
