package join

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/parquet-go/parquet-go"

	"github.com/hindcast/hindcast/objstore"
)

// This file holds tables in memory and what writes them as objects.

// tableCell is a value of a test table: nil is missing, the rest is string, float64,
// int64 (an integer id), bool or time.Time.
type tableCell any

// tableRow is a record by column name. A malformed record has the column "!".
type tableRow map[string]tableCell

// tableObject is an object of a test table.
type tableObject struct {
	rel  string // its ending tells the format
	rows []tableRow
}

func wordOf(c tableCell) string {
	switch v := c.(type) {
	case nil:
		return ""
	case string:
		return v
	case float64:
		return strconv.FormatFloat(v, 'g', -1, 64)
	case int64:
		return strconv.FormatInt(v, 10)
	case bool:
		return strconv.FormatBool(v)
	case jsonCell:
		return string(v)
	case time.Time:
		return v.UTC().Format(time.RFC3339Nano)
	}
	panic(fmt.Sprintf("cell %T", c))
}

// encode writes an object in the format of its ending.
func (o tableObject) encode(t testing.TB, columns []string) []byte {
	t.Helper()
	var buf bytes.Buffer
	switch {
	case strings.HasSuffix(o.rel, ".csv"):
		w := csv.NewWriter(&buf)
		must(t, w.Write(columns))
		for _, r := range o.rows {
			if _, bad := r["!"]; bad {
				must(t, w.Write([]string{"short"}))
				continue
			}
			var rec []string
			for _, c := range columns {
				rec = append(rec, wordOf(r[c]))
			}
			must(t, w.Write(rec))
		}
		w.Flush()
		must(t, w.Error())
	case strings.HasSuffix(o.rel, ".jsonl"):
		for _, r := range o.rows {
			if _, bad := r["!"]; bad {
				buf.WriteString("{\"id\": \n")
				continue
			}
			m := map[string]any{}
			for _, c := range columns {
				switch v := r[c].(type) {
				case nil:
				case time.Time:
					m[c] = wordOf(v)
				case float64:
					if math.IsNaN(v) || math.IsInf(v, 0) {
						m[c] = wordOf(v)
					} else {
						m[c] = v
					}
				default:
					m[c] = v
				}
			}
			b, err := json.Marshal(m)
			must(t, err)
			buf.Write(append(b, '\n'))
		}
	case strings.HasSuffix(o.rel, ".parquet"):
		encodeParquet(t, &buf, o.rows, columns)
	default:
		t.Fatalf("object %s: no format", o.rel)
	}
	return buf.Bytes()
}

// encodeParquet gives each column the type that its cells share, text if they differ.
func encodeParquet(t testing.TB, buf *bytes.Buffer, rows []tableRow, columns []string) {
	t.Helper()
	group := parquet.Group{}
	kinds := map[string]string{}
	for _, c := range columns {
		for _, r := range rows {
			if r[c] == nil {
				continue
			}
			k := fmt.Sprintf("%T", r[c])
			if kinds[c] != "" && kinds[c] != k {
				k = "string"
			}
			kinds[c] = k
		}
		switch kinds[c] {
		case "float64":
			group[c] = parquet.Optional(parquet.Leaf(parquet.DoubleType))
		case "int64":
			group[c] = parquet.Optional(parquet.Int(64))
		case "bool":
			group[c] = parquet.Optional(parquet.Leaf(parquet.BooleanType))
		case "time.Time":
			group[c] = parquet.Optional(parquet.Timestamp(parquet.Nanosecond))
		default:
			group[c] = parquet.Optional(parquet.String())
		}
	}
	w := parquet.NewWriter(buf, parquet.NewSchema("rows", group))
	sorted := slices.Sorted(slices.Values(columns)) // A Group's columns are in order.
	for _, r := range rows {
		var rec parquet.Row
		for i, c := range sorted {
			v := parquet.NullValue().Level(0, 0, i)
			if r[c] != nil {
				v = parquetValue(r[c], kinds[c]).Level(0, 1, i)
			}
			rec = append(rec, v)
		}
		_, err := w.WriteRows([]parquet.Row{rec})
		must(t, err)
	}
	must(t, w.Close())
}

// parquetValue returns a cell of a column whose type is known, which is the cell's own
// or text.
func parquetValue(c tableCell, kind string) parquet.Value {
	if kind == "string" {
		return parquet.ByteArrayValue([]byte(wordOf(c)))
	}
	switch v := c.(type) {
	case float64:
		return parquet.DoubleValue(v)
	case int64:
		return parquet.Int64Value(v)
	case bool:
		return parquet.BooleanValue(v)
	case time.Time:
		return parquet.Int64Value(v.UnixNano())
	}
	return parquet.ByteArrayValue([]byte(wordOf(c)))
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// storeTables writes objects below a URL.
func storeTables(t testing.TB, url string, objects []tableObject, columns []string) {
	t.Helper()
	if folder, ok := strings.CutPrefix(url, "file://"); ok {
		// Written past objstore, which waits for the disk at each file.
		for _, o := range objects {
			path := filepath.Join(folder, filepath.FromSlash(o.rel))
			must(t, os.MkdirAll(filepath.Dir(path), 0o700))
			must(t, os.WriteFile(path, o.encode(t, columns), 0o600))
		}
		return
	}
	s, err := objstore.NewOpener("").Open(context.Background(), url)
	must(t, err)
	for _, o := range objects {
		must(t, s.Write(context.Background(), o.rel, o.encode(t, columns)))
	}
}

// memNames makes the names of mem stores unique.
type memNames struct{ n atomic.Int64 }

func (m *memNames) next(t testing.TB) string {
	return fmt.Sprintf("mem://%s-%d", strings.ToLower(strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' {
			return r
		}
		return '-'
	}, t.Name())), m.n.Add(1))
}
