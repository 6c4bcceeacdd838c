package main

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"
	"github.com/parquet-go/parquet-go/format"
)

// hostileMemory is the --memory of the runs over hostile input.
const hostileMemory = 512 << 20

// hostileInput is a log that takes more than its size lets expect.
type hostileInput struct {
	name string
	file string // of predictions; its ending tells the format
	make func(t *testing.T) []byte
	// reference has the file be the reference too.
	reference bool
	// says is what the run must say on stderr, where it cannot read the input.
	says string
}

// textColumn returns a column of texts.
func textColumn(rows int, pages ...hostilePage) hostileColumn {
	return hostileColumn{name: "text", typ: format.ByteArray, rows: rows, pages: pages}
}

// dictionaryOf makes a page of values a dictionary.
func dictionaryOf(p hostilePage) hostilePage {
	p.dictionary = true
	return p
}

// inColumn gives a column another name.
func inColumn(name string, c hostileColumn) hostileColumn {
	c.name = name
	return c
}

// pagesOf returns so many pages of one text each, all different.
func pagesOf(n, size int) (pages []hostilePage) {
	for i := range n {
		pages = append(pages, texts(1, size, i))
	}
	return pages
}

// text returns what makes a hostile input of a text format, compressed as its name says.
func text(file string, write func(w io.Writer)) func(t *testing.T) []byte {
	return func(t *testing.T) []byte {
		var out bytes.Buffer
		var z io.WriteCloser
		switch filepath.Ext(file) {
		case ".gz":
			z = gzip.NewWriter(&out)
		case ".zst":
			var err error
			if z, err = zstd.NewWriter(&out, zstd.WithEncoderConcurrency(1)); err != nil {
				t.Fatal(err)
			}
		default:
			write(&out)
			return out.Bytes()
		}
		write(z)
		if err := z.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Bytes()
	}
}

// csvColumns writes records with n columns beside the log's.
func csvColumns(w io.Writer, n, rows int) {
	_, _ = io.WriteString(w, "id,ts,pred,version")
	for i := range n {
		_, _ = fmt.Fprintf(w, ",c%d", i)
	}
	for r := range rows {
		_, _ = fmt.Fprintf(w, "\n%d,2026-01-04T00:00:00Z,1,v1", r)
		for i := range n {
			_, _ = fmt.Fprintf(w, ",%d", i+r)
		}
	}
	_, _ = io.WriteString(w, "\n")
}

// jsonColumns writes a record with n keys beside the log's.
func jsonColumns(w io.Writer, from, n, row int) {
	_, _ = fmt.Fprintf(w, `{"id":"%d","ts":"2026-01-04T00:00:00Z","pred":1,"version":"v1"`, row)
	for i := range n {
		_, _ = fmt.Fprintf(w, `,"%x":1`, from+i)
	}
	_, _ = io.WriteString(w, "}\n")
}

// repeat writes a text n times.
func repeat(w io.Writer, s string, n int) {
	block := strings.Repeat(s, max(1, (64<<10)/len(s)))
	for n *= len(s); n > 0; n -= min(n, len(block)) {
		_, _ = io.WriteString(w, block[:min(n, len(block))])
	}
}

// hostileInputs returns inputs that are all far below what --memory has, as files.
func hostileInputs() []hostileInput {
	const gigabyte, megabyte = 1 << 30, 1 << 20
	parquet := func(groups, rows int, columns ...hostileColumn) func(t *testing.T) []byte {
		return func(t *testing.T) []byte { return hostileParquet(t, groups, logColumns(rows, columns...)) }
	}
	manyColumns := func(n int) func(t *testing.T) []byte {
		return func(t *testing.T) []byte {
			columns := make([]hostileColumn, n)
			for i := range columns {
				columns[i] = hostileColumn{name: fmt.Sprintf("c%d", i), typ: format.Double, rows: 2, pages: []hostilePage{doubles(2, 0)}}
			}
			return hostileParquet(t, 1, logColumns(2, columns...))
		}
	}
	return []hostileInput{
		{name: "values of 1 GB", file: "a.parquet", make: parquet(4, 1, textColumn(1, texts(1, gigabyte-4, 0))), says: `column "text": a page of`},
		{name: "dictionary of 1 GB", file: "a.parquet", make: parquet(4, 1, textColumn(1, dictionaryOf(texts(1, gigabyte-4, 0)), indexes(1))), says: `column "text": a page of`},
		{name: "values of 512 MB", file: "a.parquet", make: parquet(1, 1, textColumn(1, texts(1, 512*megabyte, 0))), says: `column "text": a page of`},
		{name: "an id of 1 GB", file: "a.parquet", make: parquet(4, 1, inColumn("id", textColumn(1, texts(1, gigabyte-4, 0)))), says: `column "id": a page of`},
		{name: "1500 values of 1 MB", file: "a.parquet", make: parquet(1, 1500, textColumn(1500, pagesOf(1500, megabyte)...))},
		{name: "1500 versions of 1 MB", file: "a.parquet", make: parquet(1, 1500, inColumn("version", textColumn(1500, pagesOf(1500, megabyte)...))), says: `column "version"`},
		{name: "40 dictionaries of 16 MB", file: "a.parquet", make: func(t *testing.T) []byte {
			var columns []hostileColumn
			for i := range 40 {
				columns = append(columns, inColumn(fmt.Sprintf("t%d", i), textColumn(2, dictionaryOf(texts(16, megabyte, 0)), indexes(2))))
			}
			return hostileParquet(t, 2, logColumns(2, columns...))
		}},
		{name: "a page of 100 million indexes", file: "a.parquet", make: func(t *testing.T) []byte {
			const n = 100_000_000
			pages := []hostilePage{dictionaryOf(texts(1, 4, 0)), indexes(n)}
			var columns []hostileColumn
			for _, name := range []string{"id", "ts", "pred", "version"} {
				columns = append(columns, hostileColumn{name: name, typ: format.ByteArray, rows: n, pages: pages})
			}
			return hostileParquet(t, 2, columns)
		}, says: "a page of"},
		{name: "a page that is more than it says", file: "a.parquet", make: func(t *testing.T) []byte {
			p := texts(1, gigabyte-4, 0)
			p.says = 1000
			return hostileParquet(t, 2, logColumns(1, textColumn(1, p)))
		}, says: "the file is corrupt"},
		{name: "40,000 columns", file: "a.parquet", make: manyColumns(40_000)},
		{name: "65,000 columns", file: "a.parquet", make: manyColumns(65_000)},
		{name: "100,000 columns", file: "a.parquet", make: manyColumns(100_000), says: "more than 65534 columns"},
		{name: "CSV of 40,000 columns", file: "a.csv", make: text("", func(w io.Writer) { csvColumns(w, 40_000, 3) })},
		{name: "CSV of 100,000 columns", file: "a.csv", make: text("", func(w io.Writer) { csvColumns(w, 100_000, 3) })},
		{name: "a CSV header of 15 MB", file: "a.csv", make: text("", func(w io.Writer) {
			repeat(w, "a,", 7_500_000)
			_, _ = io.WriteString(w, "b\n")
		}), says: "more than the"},
		{name: "a CSV record of 1 GB", file: "a.csv.gz", make: text(".gz", func(w io.Writer) {
			_, _ = io.WriteString(w, "id,ts,pred,version\n1,2026-01-04T00:00:00Z,1,\"")
			zeros(w, gigabyte)
		}), says: "longer than"},
		{name: "a JSON line of a million keys", file: "a.jsonl", make: text("", func(w io.Writer) { jsonColumns(w, 0, 1_000_000, 0) }), says: "it has about 1000005 values"},
		{name: "JSON lines of a million keys", file: "a.jsonl", make: text("", func(w io.Writer) {
			for i := range 1000 {
				jsonColumns(w, 1000*i, 1000, i)
			}
		}), says: "columns"},
		{name: "a JSON line of 100,000 keys", file: "a.jsonl", make: text("", func(w io.Writer) { jsonColumns(w, 0, 100_000, 0) })},
		{name: "a JSON line of lists", file: "a.jsonl", make: text("", func(w io.Writer) {
			_, _ = io.WriteString(w, `{"id":"1","ts":"2026-01-04T00:00:00Z","pred":[`)
			repeat(w, "[],", 5_000_000)
			_, _ = io.WriteString(w, "[]]}\n")
		}), says: "values, and"},
		{name: "a JSON line of 1 GB", file: "a.jsonl.zst", make: text(".zst", func(w io.Writer) {
			_, _ = io.WriteString(w, `{"id":"`)
			repeat(w, "a", gigabyte)
		}), says: "longer than"},
		{name: "1 GB of JSON lines of 8 MB", file: "a.jsonl.gz", make: text(".gz", func(w io.Writer) {
			for i := range 128 {
				_, _ = fmt.Fprintf(w, `{"id":"%d","ts":"2026-01-04T00:00:00Z","pred":1,"version":"v1","text":"%d`, i, i)
				repeat(w, "a", 8*megabyte)
				_, _ = io.WriteString(w, "\"}\n")
			}
		})},
		{name: "a reference of 1500 values of 1 MB", file: "a.parquet", reference: true, make: parquet(1, 1500, textColumn(1500, pagesOf(1500, megabyte)...))},
		{name: "a reference of 40,000 columns", file: "a.parquet", reference: true, make: manyColumns(40_000), says: "too many columns"},
		{name: "a reference of 20,000 columns", file: "a.parquet", reference: true, make: manyColumns(20_000)},
	}
}

// hostileRun runs hindcast over a hostile input and returns the most memory that it
// had, what it said and how long it took.
func hostileRun(t *testing.T, in hostileInput, memory int) (peak int64, size int, said string, took time.Duration) {
	t.Helper()
	dir := t.TempDir()
	write := func(name string, data []byte) {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	data := in.make(t)
	write("predictions/"+in.file, data)
	write("labels/a.csv", []byte("id,y\n1,1\n"))
	reference := ""
	if in.reference {
		reference = "\n    reference: {url: \"./predictions/*\"}"
	}
	write("hindcast.yaml", []byte(`version: 1
state: {url: ./state}
models:
  - name: house
    task: regression
    predictions:
      url: ./predictions/*
      columns: {id: id, timestamp: ts, prediction: pred, model_version: version}
    ground_truth:
      url: ./labels/*
      columns: {id: id, label: `+map[bool]string{true: "pred", false: "y"}[in.reference]+`}`+reference+"\n"))
	if in.reference {
		write("labels/a.csv", []byte("id,pred\n1,1\n"))
	}
	var stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), "hindcast", "run", "--memory", strconv.Itoa(memory), "--workers", "2",
		"--window", "2026-01-04/2026-01-05", "--dry-run", "-o", "json")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), nowVariable+"=2026-01-07T03:00:00Z", "TMPDIR="+dir)
	cmd.Stderr = &stderr
	began := time.Now()
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop := time.AfterFunc(2*time.Minute, func() { _ = cmd.Process.Kill() })
	err := cmd.Wait()
	took = time.Since(began)
	if !stop.Stop() {
		t.Errorf("it did not end: %v", err)
	}
	m := regexp.MustCompile(`peak_memory_bytes="([0-9.]+) ([KMG])iB"`).FindAllStringSubmatch(stderr.String(), -1)
	if m != nil {
		last := m[len(m)-1]
		x, err := strconv.ParseFloat(last[1], 64)
		if err != nil {
			t.Fatal(err)
		}
		peak = int64(x * float64(map[string]int{"K": 1 << 10, "M": 1 << 20, "G": 1 << 30}[last[2]]))
	}
	return peak, len(data), strings.ReplaceAll(stderr.String(), `\"`, `"`), took
}

// Whatever a file holds, reading it takes no more than a tenth above --memory.
func TestHostileInputsStayWithinMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("it takes its time")
	}
	if peakMemory() == 0 {
		t.Skip("the peak of memory is not known here")
	}
	for _, in := range hostileInputs() {
		t.Run(in.name, func(t *testing.T) {
			peak, size, said, took := hostileRun(t, in, hostileMemory)
			t.Logf("%s: %d bytes, %d MiB, %.1f s", in.name, size, peak>>20, took.Seconds())
			switch {
			case peak == 0:
				t.Errorf("it said nothing of its peak: %.2000s", said)
			case peak > hostileMemory*11/10:
				t.Errorf("it took %d MiB", peak>>20)
			}
			if len(said) > 20_000 {
				t.Errorf("it said %d bytes: %.2000s", len(said), said)
			}
			if failed := strings.Contains(said, "level=ERROR"); failed != (in.says != "") || !strings.Contains(said, in.says) {
				t.Errorf("it does not say %q: %.2000s", in.says, said)
			}
		})
	}
}
