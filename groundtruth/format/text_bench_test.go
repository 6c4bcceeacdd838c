//go:build unix

package format

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth/internal/readtest"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// benchRows is how many records an object of the benchmarks has.
const benchRows = 50_000

// benchWants returns all columns of benchRecords.
func benchWants() []table.Want {
	wants := []table.Want{{Name: "prediction_id", As: table.AsID}, {Name: "predicted_at", As: table.AsTime}, {Name: "score", As: table.AsNumber}, {Name: "model_version"}}
	for i := range 10 {
		wants = append(wants, table.Want{Name: fmt.Sprintf("f%d", i), As: table.AsNumber})
	}
	return append(wants, table.Want{Name: "country"}, table.Want{Name: "device"})
}

// benchRecords makes predictions as a service logs them: an id of 36 characters, a
// time, a prediction, a version, ten numbers of which some are whole, some rounded
// and some have all their digits, and two categories.
func benchRecords() [][]string {
	r := rand.New(rand.NewPCG(1, 2))
	float := func(x float64, precision int) string { return strconv.FormatFloat(x, 'f', precision, 64) }
	at := time.Date(2026, 3, 1, 0, 0, 0, 0, time.UTC)
	var out [][]string
	for i := range benchRows {
		at = at.Add(time.Duration(r.IntN(1000)) * time.Millisecond)
		a, b := r.Uint64(), r.Uint64()
		id := fmt.Sprintf("%08x-%04x-4%03x-a%03x-%012x", a>>32, a>>16&0xffff, a&0xfff, b>>48&0xfff, b&0xffffffffffff)
		out = append(out, []string{
			id, at.Format("2006-01-02T15:04:05.000Z"), float(r.Float64(), -1), fmt.Sprintf("v%d", i*4/benchRows),
			float(r.NormFloat64(), -1), float(r.ExpFloat64()*100, 2), strconv.Itoa(18 + r.IntN(70)), float(r.NormFloat64()*1e3, 3),
			float(r.Float64(), 6), strconv.Itoa(r.IntN(100_000)), float(r.NormFloat64(), 4), float(r.ExpFloat64(), -1),
			strconv.FormatFloat(r.ExpFloat64()*1e-6, 'g', 6, 64), strconv.Itoa(r.IntN(2)),
			[]string{"DE", "FR", "NO", "SE", "US", "JP", "BR", "IN"}[r.IntN(8)], []string{"desktop", "mobile", "tablet"}[r.IntN(3)],
		})
	}
	return out
}

// benchCSV has the records with their cells between quotes, or none.
func benchCSV(quote string) []byte {
	var out bytes.Buffer
	write := func(record []string, quote string) {
		for i, s := range record {
			if i > 0 {
				out.WriteByte(',')
			}
			out.WriteString(quote + s + quote)
		}
		out.WriteByte('\n')
	}
	var names []string
	for _, w := range benchWants() {
		names = append(names, w.Name)
	}
	write(names, "")
	for _, record := range benchRecords() {
		write(record, quote)
	}
	return out.Bytes()
}

// benchJSONL has the numbers as numbers; colon and comma part keys and values.
func benchJSONL(colon, comma string) []byte {
	var out bytes.Buffer
	wants := benchWants()
	for _, record := range benchRecords() {
		out.WriteByte('{')
		for i, s := range record {
			if i > 0 {
				out.WriteString(comma)
			}
			if wants[i].As != table.AsNumber {
				s = strconv.Quote(s)
			}
			out.WriteString(strconv.Quote(wants[i].Name) + colon + s)
		}
		out.WriteString("}\n")
	}
	return out.Bytes()
}

// benchRead reads an object again and again. Its rate is that of the text, not of
// what it is compressed to; MB/cpu-s counts the time on all processors and none of
// waiting for one.
func benchRead(b *testing.B, format, ending string, text []byte, wants []table.Want) {
	obj := readtest.Object(b, "a."+format+ending, compress(b, text, ending))
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	start := cpuTime(b)
	for b.Loop() {
		rows := 0
		_, err := readObject(context.Background(), obj, format, wants, table.ReadOptions{}, func(c *table.Chunk) error {
			rows += c.Len
			return nil
		})
		if err != nil || rows != benchRows {
			b.Fatalf("%d rows (%v)", rows, err)
		}
	}
	b.ReportMetric(float64(len(text))*float64(b.N)/1e6/(cpuTime(b)-start).Seconds(), "MB/cpu-s")
}

// cpuTime returns what the process took of all processors.
func cpuTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkReadCSV(b *testing.B) {
	plain := benchCSV("")
	texts := benchWants()
	texts[0].As = table.AsText
	for _, c := range []struct {
		name, ending string
		text         []byte
		wants        []table.Want
	}{
		{"plain", "", plain, benchWants()},
		{"ids as text", "", plain, texts},
		{"four columns", "", plain, benchWants()[:4]},
		{"quoted", "", benchCSV(`"`), benchWants()},
		{"gz", ".gz", plain, benchWants()},
		{"zst", ".zst", plain, benchWants()},
	} {
		b.Run(c.name, func(b *testing.B) { benchRead(b, "csv", c.ending, c.text, c.wants) })
	}
}

func BenchmarkReadJSONL(b *testing.B) {
	plain := benchJSONL(":", ",")
	texts := benchWants()
	texts[0].As = table.AsText
	for _, c := range []struct {
		name, ending string
		text         []byte
		wants        []table.Want
	}{
		{"plain", "", plain, benchWants()},
		{"ids as text", "", plain, texts},
		{"four columns", "", plain, benchWants()[:4]},
		{"blanks", "", benchJSONL(": ", ", "), benchWants()},
		{"gz", ".gz", plain, benchWants()},
		{"zst", ".zst", plain, benchWants()},
	} {
		b.Run(c.name, func(b *testing.B) { benchRead(b, "jsonl", c.ending, c.text, c.wants) })
	}
}
