package parquet

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/parquet-go/parquet-go"

	"github.com/hindcast/hindcast/groundtruth/internal/readtest"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// benchRow has scores as columns, as a list and as a map.
type benchRow struct {
	ID   string             `parquet:"id"`
	At   int64              `parquet:"at,timestamp(microsecond)"`
	City string             `parquet:"city,dict"`
	A    float64            `parquet:"a"`
	B    *float64           `parquet:"b,optional"`
	C    float64            `parquet:"c"`
	List []float64          `parquet:"list,list"`
	Map  map[string]float64 `parquet:"map"`
}

// benchParquet reads the wanted columns of an object again and again.
func benchParquet(b *testing.B, data []byte, rows int, wants []table.Want) {
	obj := readtest.Object(b, "a.parquet", data)
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		if _, err := readGroups(obj, wants, table.ReadOptions{}, func(c *table.Chunk) error {
			n += c.Len
			return nil
		}); err != nil || n != rows {
			b.Fatalf("%d rows (%v)", n, err)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(rows), "ns/row")
}

func BenchmarkReadParquet(b *testing.B) {
	r := rand.New(rand.NewPCG(1, 2))
	rows := make([]benchRow, 200_000)
	for i := range rows {
		x, y := r.Float64(), r.Float64()
		rows[i] = benchRow{ID: fmt.Sprintf("%032x", r.Uint64()), At: int64(i) * 1e6, City: fmt.Sprint("city ", i%7), A: x, C: 1 - x, List: []float64{x, y, 1 - x}, Map: map[string]float64{"a": x, "b": y, "c": 1 - x}}
		if i%5 > 0 {
			rows[i].B = &y
		}
	}
	data := readtest.Parquet(b, rows, parquet.Compression(&parquet.Snappy))
	columns := []table.Want{{Name: "id", As: table.AsID}, {Name: "at", As: table.AsTime}, {Name: "city"}}
	number := func(name string) table.Want { return table.Want{Name: name, As: table.AsNumber} }
	for _, c := range []struct {
		name  string
		wants []table.Want
	}{
		{"columns", append(columns[:3:3], number("a"), number("b"), number("c"))},
		{"a list", append(columns[:3:3], place("list", 1, table.AsNumber), place("list", 2, table.AsNumber), place("list", 3, table.AsNumber))},
		{"a map", append(columns[:3:3], key("map", "a", table.AsNumber), key("map", "b", table.AsNumber), key("map", "c", table.AsNumber))},
	} {
		b.Run(c.name, func(b *testing.B) { benchParquet(b, data, len(rows), c.wants) })
	}
}
