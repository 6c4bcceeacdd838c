package groundtruth

import (
	"context"
)

// readObject reads all parts of an object, one after the other.
func readObject(ctx context.Context, obj object, format string, wants []want, opt readOptions, emit func(*chunk) error) (readStats, error) {
	var r objectReader
	scan := objectScan{objects: []object{obj}, format: format, workers: 1, wants: wants, opt: opt}
	scan.read = func(ctx context.Context, _ int, p *part) (readStats, error) {
		return r.read(ctx, p, wants, opt, emit)
	}
	return scan.run(ctx)
}
