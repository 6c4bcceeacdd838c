package groundtruth

import (
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"strconv"
	"testing"
	"time"
)

// benchRows is how many records an object of the benchmarks has.
const benchRows = 50_000

// benchWants are all columns of benchRecords.
func benchWants() []want {
	wants := []want{{name: "prediction_id", kind: wantID}, {name: "predicted_at", kind: wantTime}, {name: "score", kind: wantNumber}, {name: "model_version"}}
	for i := range 10 {
		wants = append(wants, want{name: fmt.Sprintf("f%d", i), kind: wantNumber})
	}
	return append(wants, want{name: "country"}, want{name: "device"})
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
		names = append(names, w.name)
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
			if wants[i].kind != wantNumber {
				s = strconv.Quote(s)
			}
			out.WriteString(strconv.Quote(wants[i].name) + colon + s)
		}
		out.WriteString("}\n")
	}
	return out.Bytes()
}

// benchRead reads an object again and again; b.SetBytes counts its text, not what it
// is compressed to.
func benchRead(b *testing.B, key string, data []byte, wants []want) {
	obj := storeObject(b, key, compress(b, data, key[len("a.jsonl"):]))
	b.SetBytes(int64(len(data)))
	b.ReportAllocs()
	for b.Loop() {
		rows := 0
		_, err := readObject(context.Background(), obj, "auto", wants, readOptions{}, func(c *chunk) error {
			rows += c.n
			return nil
		})
		if err != nil || rows != benchRows {
			b.Fatalf("%d rows (%v)", rows, err)
		}
	}
}

func BenchmarkReadCSV(b *testing.B) {
	plain := benchCSV("")
	texts := benchWants()
	texts[0].kind = wantText
	for _, c := range []struct {
		name, key string
		data      []byte
		wants     []want
	}{
		{"plain", "abc.csv", plain, benchWants()},
		{"ids as text", "abc.csv", plain, texts},
		{"four columns", "abc.csv", plain, benchWants()[:4]},
		{"quoted", "abc.csv", benchCSV(`"`), benchWants()},
		{"gz", "abc.csv.gz", plain, benchWants()},
		{"zst", "abc.csv.zst", plain, benchWants()},
	} {
		b.Run(c.name, func(b *testing.B) { benchRead(b, c.key, c.data, c.wants) })
	}
}

func BenchmarkReadJSONL(b *testing.B) {
	plain := benchJSONL(":", ",")
	texts := benchWants()
	texts[0].kind = wantText
	for _, c := range []struct {
		name, key string
		data      []byte
		wants     []want
	}{
		{"plain", "a.jsonl", plain, benchWants()},
		{"ids as text", "a.jsonl", plain, texts},
		{"four columns", "a.jsonl", plain, benchWants()[:4]},
		{"blanks", "a.jsonl", benchJSONL(": ", ", "), benchWants()},
		{"gz", "a.jsonl.gz", plain, benchWants()},
		{"zst", "a.jsonl.zst", plain, benchWants()},
	} {
		b.Run(c.name, func(b *testing.B) { benchRead(b, c.key, c.data, c.wants) })
	}
}
