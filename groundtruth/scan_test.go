package groundtruth

import (
	"context"
	"errors"
	"testing"
)

// readObject reads all parts of an object, one after the other.
func readObject(ctx context.Context, obj object, format string, wants []want, opt readOptions, emit func(*chunk) error) (stats readStats, err error) {
	o, err := openObjectAt(ctx, []object{obj}, 0, format)
	if err != nil {
		return stats, err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	stats.add(o.stats)
	var r objectReader
	for i := range o.parts {
		s, err := r.read(ctx, &part{object: o, index: i}, wants, opt, emit)
		stats.add(s)
		if err != nil {
			return stats, err
		}
	}
	return stats, nil
}

// readAll reads an object and checks what holds for every chunk.
func readAll(t testing.TB, obj object, format string, wants []want, opt readOptions) (readTable, error) {
	t.Helper()
	return collectChunks(t, wants, opt, func(opt readOptions, emit func(*chunk) error) (readStats, error) {
		return readObject(context.Background(), obj, format, wants, opt, emit)
	})
}
