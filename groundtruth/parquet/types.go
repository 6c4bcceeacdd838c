package parquet

import (
	"fmt"

	"github.com/parquet-go/parquet-go"
	"github.com/parquet-go/parquet-go/format"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// leafType says how the values of a leaf are to be understood, whatever Parquet stores them as.
// columnReader asks it for numbers, times and texts (values.go).
type leafType struct {
	form  leafForm
	unit  int64 // formTimestamp, formClock: nanoseconds per step
	scale int   // formDecimal
}

// leafForm tells the kinds of values that schemas have.
type leafForm uint8

const (
	formText leafForm = iota // byte arrays, strings, enums, JSON: bytes as they are
	formNumber
	formUnsigned // INT32 and INT64 without sign
	formBool
	formFloat16
	formDecimal
	formUUID
	formTimestamp
	formDate
	formInt96 // Impala's timestamps: nanoseconds of the day, Julian day
	formClock // a time of day
	formNull
)

// kind returns the kind that the values have where none is asked for (table.AsStored).
func (t leafType) kind() table.Kind {
	switch t.form {
	case formText, formUUID, formNull:
		return table.Text
	case formTimestamp, formDate, formInt96:
		return table.Time
	default:
		return table.Number
	}
}

// maxDecimalScale is far beyond what any writer makes; more is a corrupt schema.
const maxDecimalScale = 1000

// leafTypeOf returns the type of a leaf, or why it cannot be read. It takes the leaf's element
// of the file's schema too, because the library's types don't tell all logical types.
func leafTypeOf(leaf *parquet.Column, element *format.SchemaElement) (leafType, error) {
	t := leaf.Type()
	logical := &element.LogicalType
	if logical.Value == nil {
		logical = t.LogicalType() // made from a legacy converted type
	}
	if logical != nil {
		switch l := logical.Value.(type) {
		case *format.NullType:
			return leafType{form: formNull}, nil
		case *format.UUIDType:
			return leafType{form: formUUID}, nil
		case *format.Float16Type:
			return leafType{form: formFloat16}, nil
		case *format.DateType:
			return leafType{form: formDate}, nil
		case *format.TimestampType:
			if l.Unit.Value == nil {
				return leafType{}, fmt.Errorf("its timestamps have no unit")
			}
			return leafType{form: formTimestamp, unit: int64(l.Unit.Value.Duration())}, nil
		case *format.TimeType:
			if l.Unit.Value == nil {
				return leafType{}, fmt.Errorf("its times have no unit")
			}
			return leafType{form: formClock, unit: int64(l.Unit.Value.Duration())}, nil
		case *format.DecimalType:
			if l.Scale < -maxDecimalScale || l.Scale > maxDecimalScale {
				return leafType{}, fmt.Errorf("its decimals have scale %d", l.Scale)
			}
			return leafType{form: formDecimal, scale: int(l.Scale)}, nil
		case *format.IntType:
			if !l.IsSigned {
				return leafType{form: formUnsigned}, nil
			}
		}
	}
	switch kind := t.Kind(); kind {
	case parquet.Boolean:
		return leafType{form: formBool}, nil
	case parquet.Int96:
		return leafType{form: formInt96}, nil
	case parquet.Int32, parquet.Int64, parquet.Float, parquet.Double:
		return leafType{form: formNumber}, nil
	case parquet.ByteArray, parquet.FixedLenByteArray:
		return leafType{form: formText}, nil
	default:
		return leafType{}, fmt.Errorf("its type %s cannot be read", t)
	}
}

// IsLocal reports whether a column's type says that its timestamps are those of clocks
// somewhere, of no known zone. They are read as UTC.
func (f *File) IsLocal(name string) bool {
	at, ok := f.byName[name]
	if !ok {
		return false
	}
	logical := f.leaves[at].element.LogicalType.Value
	timestamp, ok := logical.(*format.TimestampType)
	return ok && !timestamp.IsAdjustedToUTC
}
