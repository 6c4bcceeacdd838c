package format

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"testing"

	"github.com/hindcast/hindcast/groundtruth/internal/readtest"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// readObject reads all parts of an object, one after the other.
func readObject(ctx context.Context, obj source.Object, format string, wants []table.Want, opt table.ReadOptions, emit func(*table.Chunk) error) (stats table.ReadStats, err error) {
	scan := Scan{Objects: []source.Object{obj}, Format: format, formats: formats()}
	o, err := scan.openObjectAt(ctx, 0)
	if err != nil {
		return stats, err
	}
	defer func() { err = errors.Join(err, o.close()) }()
	stats.Add(o.stats)
	var r Reader
	for i := range o.parts {
		s, err := r.Read(ctx, &Part{Object: o, index: i, reached: func(float64) {}}, wants, opt, emit)
		stats.Add(s)
		if err != nil {
			return stats, err
		}
	}
	return stats, nil
}

// readAll reads an object and checks what holds for every chunk.
func readAll(t testing.TB, obj source.Object, format string, wants []table.Want, opt table.ReadOptions) (readtest.Table, error) {
	t.Helper()
	return readtest.Collect(t, wants, opt, func(opt table.ReadOptions, emit func(*table.Chunk) error) (table.ReadStats, error) {
		return readObject(context.Background(), obj, format, wants, opt, emit)
	})
}

// TestScanGivesTheFirstError has a late failure that is met before an early one.
// Objects after it are held until they are told to stop, so that what is begun then
// does not depend on how goroutines are scheduled.
func TestScanGivesTheFirstError(t *testing.T) {
	var objects []source.Object
	for i := range 10 {
		o := readtest.Object(t, fmt.Sprintf("%d.csv", i), []byte("id\n1\n"))
		objects = append(objects, o)
	}
	late := make(chan struct{})
	scan := Scan{Objects: objects, Workers: 4, Read: func(_ context.Context, _ int, p *Part) (table.ReadStats, error) {
		switch ord := p.Object.Ord; {
		case ord == 1:
			<-late
			return table.ReadStats{}, errors.New("object 1")
		case ord == 3:
			defer close(late)
			return table.ReadStats{}, errors.New("object 3")
		case ord > 5:
			t.Errorf("object %d was begun after a failure", ord)
		case ord > 3:
			for !p.Stop() {
				runtime.Gosched()
			}
			return table.ReadStats{}, ErrStopped
		}
		return table.ReadStats{}, nil
	}}
	if _, err := scan.Run(context.Background()); err == nil || err.Error() != "object 1" {
		t.Errorf("error %v, want that of object 1", err)
	}
}
