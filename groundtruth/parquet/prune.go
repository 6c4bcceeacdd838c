package parquet

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// timePruner tells a Reader which row groups hold no time of a range, by their statistics, so
// that they need not be read.
type timePruner struct {
	column   int // number of the time column
	typ      leafType
	kind     parquet.Kind
	from, to time.Time // zero is open
}

// newTimePruner returns nil where the column's statistics say nothing about times:
// text, whose order is not that of time, INT96, whose statistics many writers got
// wrong, and floating-point numbers.
func newTimePruner(leaf *leaf, from, to time.Time) (*timePruner, error) {
	typ, err := leafTypeOf(leaf.Column, leaf.element)
	if err != nil {
		return nil, fmt.Errorf("column %s: %w", table.Quote(leaf.name), err)
	}
	p := &timePruner{column: leaf.Index(), typ: typ, from: from, to: to}
	switch leaf.Type().Kind() {
	case parquet.Int32:
		p.kind = parquet.Int32
	case parquet.Int64:
		p.kind = parquet.Int64
	default:
		return nil, nil
	}
	switch typ.form {
	case formTimestamp, formDate, formNumber:
		return p, nil
	}
	return nil, nil
}

// outside reports whether no value of the row group lies in [from, to). A row group
// with rows that have no time is read in any case: they count as bad records,
// however rows are dealt over row groups.
func (p *timePruner) outside(group *format.RowGroup) bool {
	stats := &group.Columns[p.column].MetaData.Statistics
	if stats.NullCount > 0 {
		return false
	}
	low, okLow := p.integer(stats.MinValue)
	high, okHigh := p.integer(stats.MaxValue)
	if !okLow || !okHigh || low > high {
		return false
	}
	if p.typ.form == formNumber {
		// Numbers of different units are not in the order of time, and between a
		// negative number and a positive one there are all the smaller units.
		unit := table.EpochUnit(low)
		if unit != table.EpochUnit(high) || (unit > 0 && low < 0 && high > 0) {
			return false
		}
	}
	first, okFirst := p.nanos(low)
	last, okLast := p.nanos(high)
	if !okFirst || !okLast {
		return false
	}
	return !p.to.IsZero() && !time.Unix(0, first).Before(p.to) || !p.from.IsZero() && time.Unix(0, last).Before(p.from)
}

// integer reads a bound of the statistics.
func (p *timePruner) integer(plain []byte) (int64, bool) {
	switch {
	case p.kind == parquet.Int32 && len(plain) == 4:
		return int64(int32(binary.LittleEndian.Uint32(plain))), true
	case p.kind == parquet.Int64 && len(plain) == 8:
		return int64(binary.LittleEndian.Uint64(plain)), true
	}
	return 0, false
}

// nanos returns the time that a bound stands for, in Unix nanoseconds.
func (p *timePruner) nanos(x int64) (int64, bool) {
	v := pageValues{n: 1, kind: parquet.Int64, raw: binary.LittleEndian.AppendUint64(nil, uint64(x))}
	nanos, state := p.typ.time(&v, 0)
	return nanos, state == table.NumberOK
}

// pruner returns what tells row groups without a row of the time asked for, nil when
// nothing does.
func (f *File) pruner(opt table.ReadOptions) (*timePruner, error) {
	if opt.TimeColumn == "" || opt.From.IsZero() && opt.To.IsZero() {
		return nil, nil
	}
	leaf, err := f.find(opt.TimeColumn)
	if err != nil || leaf == nil { // the reader of that column says so
		return nil, err
	}
	return newTimePruner(leaf, opt.From, opt.To)
}
