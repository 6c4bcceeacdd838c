package main

import (
	"bytes"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/hindcast/hindcast/datacheck"
	"github.com/hindcast/hindcast/evaluator/stat"
)

// TestReportFitsThePage writes a report of long names and values: no line is wider than a
// page but where a word is, and no control character comes through.
func TestReportFitsThePage(t *testing.T) {
	t.Parallel()
	few, many := stat.Number(0.0001), stat.Number(0.99999)
	long := strings.Repeat("a very long text ", 20)
	r := &datacheck.Report{
		Model:    "m",
		Problems: []datacheck.Problem{{Severity: datacheck.Error, Source: "predictions", Found: long + "\x1b[31m", Do: long}},
		Sources: []*datacheck.Source{{
			Name: "predictions", URL: "s3://bucket/a", Objects: 3, More: true, Rows: 3, First: "2026-01-01", Last: "2026-01-03",
			Read:    []datacheck.Object{{Key: "a"}, {Key: "b", Error: "x"}, {Key: "c", Whole: true, Format: "CSV"}, {Key: "d"}},
			Columns: []datacheck.Column{{Name: long, Use: long, There: true, Kind: "number", Missing: &few, Bad: &many, Example: long}, {Name: "b\x1b", Use: "feature"}},
			Notes:   []string{long},
		}},
		IDs: &datacheck.IDs{}, Delay: &datacheck.Delay{Median: -5}, Reference: "there is none",
		Windows: &datacheck.Windows{Size: "1d", Needs: []datacheck.Need{{What: "rule a", Rows: 5}}}, Drift: &datacheck.Drift{NeedsRows: 7},
	}
	var out bytes.Buffer
	writeReport(&out, r)
	if strings.ContainsRune(out.String(), '\x1b') {
		t.Errorf("a control character comes through:\n%q", out.String())
	}
	for line := range strings.Lines(out.String()) {
		if n := utf8.RuneCountInString(strings.TrimRight(line, " \n")); n > pageWidth {
			t.Errorf("a line of %d characters:\n%s", n, line)
		}
	}
	for _, want := range []string{"model m: 1 error 1. error: predictions: a very", "3 objects and more, from 2026-01-01 to 2026-01-03", "b (not readable)", "1 more", "NOT THERE", "<0.1 %", ">99.9 %", "within 0s", "need about 7 rows"} {
		if !strings.Contains(strings.Join(strings.Fields(out.String()), " "), want) {
			t.Errorf("%q is not in\n%s", want, out.String())
		}
	}
}

// TestWhyAColumnIsLeftOutIsWhole has columns of short names, which leave room for the reason.
func TestWhyAColumnIsLeftOutIsWhole(t *testing.T) {
	t.Parallel()
	const why = "left out: constant in the reference"
	var out bytes.Buffer
	columnsTable(&out, []datacheck.Column{{Name: "plan", Use: why, There: true, Kind: "number", Example: strings.Repeat("7", 40)}})
	if !strings.Contains(out.String(), why) {
		t.Errorf("%q is not in\n%s", why, out.String())
	}
}
