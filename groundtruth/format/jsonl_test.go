package format

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/internal/readtest"
	"github.com/hindcast/hindcast/groundtruth/jsontext"
	"github.com/hindcast/hindcast/groundtruth/table"
)

func TestReadJSONL(t *testing.T) {
	for _, c := range []struct {
		name, data string
		want       []string // column a.b as text
		bad        []int64
	}{
		{"nested", `{"a":{"b":"x"}}`, []string{"x"}, nil},
		{"a literal key wins", `{"a":{"b":"x"},"a.b":"y"}`, []string{"y"}, nil},
		{"absent, null, other nesting", "{}\n{\"a\":null}\n{\"a\":{\"b\":null}}\n{\"a\":5}\n{\"a\":[{\"b\":1}]}", []string{"-", "-", "-", "-", "-"}, nil},
		{"numbers", "{\"a.b\":1}\n{\"a.b\":1.0}\n{\"a.b\":1e2}\n{\"a.b\":0.5}\n{\"a.b\":12345678901234567890}", []string{"1", "1", "100", "0.5", "12345678901234567890"}, nil},
		{"booleans", "{\"a.b\":true}\n{\"a.b\":false}", []string{"true", "false"}, nil},
		{"empty text is text", `{"a.b":""}`, []string{""}, nil},
		{"escapes", `{"a.b":"é\n\"\\"}`, []string{"é\n\"\\"}, nil},
		{"lists and objects are invalid", "{\"a.b\":[1,2]}\n{\"a.b\":{\"c\":1}}", []string{"![1,2]", `!{"c":1}`}, nil},
		{"blank lines, blanks and CRLF", "\n  {\"a.b\":1}  \r\n\r\n{\"a.b\":2}\n\n", []string{"1", "2"}, nil},
		{"byte order mark", "\xef\xbb\xbf{\"a.b\":1}", []string{"1"}, nil},
		{"malformed", "{\"a.b\":1}\n{\"a.b\":\n[1]\n\"x\"\n7\n{\"a.b\":2}}\n{\"a.b\":3}", []string{"1", "3"}, []int64{1, 2, 3, 4, 5}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, ending := range []string{"", ".gz", ".zst"} {
				got, err := readAll(t, readtest.Object(t, "a.jsonl"+ending, compress(t, []byte(c.data), ending)), "auto", []table.Want{{Name: "a.b"}}, table.ReadOptions{})
				if err != nil || !slices.Equal(readtest.Texts(got.Cells["a.b"]), c.want) {
					t.Errorf("got %q (%v), want %q", readtest.Texts(got.Cells["a.b"]), err, c.want)
				}
				var bad []int64
				for _, b := range got.Bad {
					bad = append(bad, b.Row)
				}
				if !slices.Equal(bad, c.bad) || got.Stats.Rows != int64(len(c.want)+len(c.bad)) {
					t.Errorf("malformed %v of %d, want %v", bad, got.Stats.Rows, c.bad)
				}
			}
		})
	}
}

func TestReadJSONLKinds(t *testing.T) {
	var lines []string
	for _, v := range []string{`1.5`, `"2.5"`, `true`, `null`, `"abc"`, `[1]`, `1767312000`, `"2026-01-02"`, `""`, `1e999`} {
		lines = append(lines, fmt.Sprintf(`{"v":%s}`, v))
	}
	obj := readtest.Object(t, "a.ndjson", []byte(strings.Join(lines, "\n")))
	day := readtest.Time(t, "2026-01-02").UnixNano()
	number, err := readAll(t, obj, "auto", []table.Want{{Name: "v", As: table.AsNumber}}, table.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := number.Cells["v"][:9], []readtest.Cell{
		{Valid: true, X: 1.5}, {Valid: true, X: 2.5}, {Valid: true, X: 1}, {}, {Bad: "abc"}, {Bad: "[1]"}, {Valid: true, X: 1767312000}, {Bad: "2026-01-02"}, {},
	}; !slices.Equal(got, want) {
		t.Errorf("numbers: %+v, want %+v", got, want)
	}
	if c := number.Cells["v"][9]; c.Valid || c.Bad != "1e999" {
		t.Errorf("a number beyond float64 reads as %+v", c)
	}
	times, err := readAll(t, obj, "auto", []table.Want{{Name: "v", As: table.AsTime}}, table.ReadOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := times.Cells["v"], []readtest.Cell{
		{Valid: true, T: 1_500_000_000}, {Valid: true, T: 2_500_000_000}, {Bad: "true"}, {}, {Bad: "abc"}, {Bad: "[1]"}, {Valid: true, T: day}, {Valid: true, T: day}, {}, {Bad: "1e999"},
	}; !slices.Equal(got, want) {
		t.Errorf("times: %+v, want %+v", got, want)
	}
}

// What the standard library reads as an object is a record with the same values.
func FuzzJSONL(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":{"c":"x"}}`))
	f.Add([]byte(`{"a":"\u00e9","b":{"c":null}}` + "\n{"))
	f.Add([]byte(`{"a":-1.5e3,"b.c":[1]}`))
	f.Add([]byte(`{"a":"x","\u0061":"y"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		wants := []table.Want{{Name: "a"}, {Name: "b.c", As: table.AsNumber}}
		got, err := readAll(t, readtest.Object(t, "a.jsonl", data), "jsonl", wants, table.ReadOptions{})
		if err != nil {
			return
		}
		if got.Stats.Rows != int64(len(got.Rows))+got.Stats.Bad || len(got.Cells["a"]) != len(got.Rows) {
			t.Fatalf("%q: %d rows, %d emitted, %d malformed", data, got.Stats.Rows, len(got.Rows), got.Stats.Bad)
		}
		var record map[string]json.RawMessage
		if strings.ContainsAny(string(data), "\n\r") || json.Unmarshal(data, &record) != nil || record == nil {
			return
		}
		if len(got.Rows) != 1 {
			t.Fatalf("%q is a record but was not read", data)
		}
		var text string
		if raw, ok := record["a"]; ok && json.Unmarshal(raw, &text) == nil && raw[0] == '"' && !strings.ContainsAny(string(raw), "\\") && !strings.Contains(text, "�") {
			if c := got.Cells["a"][0]; !c.Valid || c.Text != text {
				t.Fatalf("%q: a is %+v, want %q", data, c, text)
			}
		}
	})
}

// scanCases returns lines that the scanner takes and lines that it leaves to fastjson.
func scanCases() (taken, left []string) {
	return []string{
			`{}`, `{ }`, `{"a":1}`, ` {"a" : 1 , "b.c":"x" } `, `{"a":-0.5e3,"b":{"c":7}}`, `{"b":{"c":1},"b.c":2}`, `{"b.c":null,"b":{"c":1}}`, `{"q":1,"q":[2]}`, `{"b":{"q":1,"q":2}}`,
			`{"b":[{"c":1}]}`, `{"b":null}`, `{"a":"x\u00e9\"\/\ud83d\ude00\ud83d","x":"\\\\"}`,
			`{"a":"","n":""}`, `{"a":true,"n":true,"t":true}`, `{"a":false,"n":false,"t":false}`, `{"n":"12","t":"2026-01-02"}`, `{"n":1e999,"t":1e999,"a":1e999}`, `{"a":1-2,"n":1-2,"t":1-2}`,
			`{"n":1.5.2}`, `{"n":1e}`, `{"n":00012,"a":00012}`, `{"n":-0,"a":-0}`, `{"n":12345678901234567890123,"a":12345678901234567890123}`, `{"n":9007199254740993}`, `{"t":1767312000.123456789}`,
			`{"x":[1,"]",{"y":[]},[[]]],"a":3}`, `{"x":{"y":"}"},"a":3}`, `{"Ø":1,"a":"日本"}`, "{\"a\":\"tab\tin it\"}", "{\"a\":\"\xff\"}", `{"":1,"a":2}`, `{"a":"ends in a slash\\"}`, `{"x":"\"","a":1}`, `{"n":" 5 "}`, `{"n":"nan"}`,
			`{"p":{"cat":0.5,"d.g":"x"}}`, `{"p":{}}`, `{"p":{"cow":{"cat":1}}}`, `{"p":null,"l":null}`, `{"p":5,"l":true}`, `{"p":"x","l":"y"}`, `{"l":[1.5,-2e-3]}`, `{"l":[]}`, `{"l":[1]}`, `{"l":[null,"7",[1]]}`,
			`{"p":"{\"cat\":0.5}","l":"[1,2]"}`, `{"p":"{'cat': 1}","l":"[1 2]"}`, `{"p":"{\"cat\":\"\\u00e9\",\"d.g\":\"\\n\"}"}`, `{"r":{"cat":0.5}}`, `{"r":[1,2]}`, `{"r":{}}`, `{"r":[]}`, `{"r":"[1,2]"}`, `{"o.p":{"cat":1}}`, `{"o":{"p":{"cat":1}}}`, `{"o":{"p":{"cat":1,"x":2},"q":1},"m":"x"}`, `{"o.p":{},"o":{"p":{"cat":1}}}`, `{"l":"[[1],[2]]","p":"[1]"}`,
		}, []string{
			`{"b":{"c":1,"c":2},"b":{"c":3}}`, `{"b":5,"b":{"c":1}}`, `{"b":{"x":1},"b":{"c":1}}`, `{"a":1,"a":2}`, `{"a":null,"a":2}`, `{"a":1,"\u0061":2}`, `{"b":{"c":1},"b":{"d":2}}`,
			``, `x`, `[1]`, `"a"`, `7`, `null`, `{"a":1}}`, `{"a":1}x`, `{"a":1,}`, `{,}`, `{"a"}`, `{"a":}`, `{"a" 1}`, `{"a":1 "b":2}`, `{"a":1`, `{"a":"1`, `{"a`, `{a:1}`, `{"a":tru}`, `{"a":nul}`, `{"a":"x\"`, `{"a":"x\`,
			`{"n":nan}`, `{"n":NaN,"a":NaN}`, `{"n":-inf,"a":inf}`, `{"n":-}`, `{"n":+1}`, `{"n":.5}`, `{"n":-NaN}`, `{"\u0061":1}`, `{"\u0061":1,"a":2}`, `{"x\"a":1,"a":2}`, `{"a":[1]}`, `{"a":{"x":1}}`, `{"b":{"c":[1]}}`, `{"b":{"c":{},"d":{"c":1}},"x":1}`, `{"x":[1,]}`, `{"x":[1 2]}`, `{"x":[}`, `{"b":{"c":1}`,
			`{"p":[1],"l":[1,2]}`, `{"l":{"cat":1}}`, `{"l":[1,[2]]}`, `{"p":{"cat":{}}}`, `{"p":{"cat":1,"cat":2}}`, `{"p":{"cat":1},"p":{}}`, `{"p":{"c\u0061t":1}}`, `{"p":{"q\"":1}}`, `{"l":[1,2}`, `{"p":{"cat":1]}`, `{"m":{"cat":1}}`, `{"m":[1]}`, `{"r":{"cat":[]}}`, `{"r":[1,[2]]}`,
			`{"a":truex}`, `{"x":[nan],"a":1}`, `{"x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + `}`, `{"x":` + strings.Repeat("[", 400) + strings.Repeat("]", 400) + `}`,
		}
}

// scanWants returns the columns that the scanner is to find in them.
func scanWants() []table.Want {
	return []table.Want{
		{Name: "a"}, {Name: "n", As: table.AsNumber}, {Name: "t", As: table.AsTime}, {Name: "b.c", As: table.AsNumber}, {Name: "a", As: table.AsID}, {Name: "b.c"},
		{Name: "n"}, {Name: "n", As: table.AsID}, {Name: "x.y.z"}, {Name: "", As: table.AsStored}, {Name: `x"a`}, {Name: "b."},
		{Name: "p", Element: groundtruth.Element{Key: "cat"}, As: table.AsNumber}, {Name: "p", Element: groundtruth.Element{Key: "d.g"}}, {Name: "p", Element: groundtruth.Element{Key: `q"`}},
		{Name: "l", Element: groundtruth.Element{Place: 2}, As: table.AsNumber}, {Name: "l", Element: groundtruth.Element{Place: 1}, As: table.AsTime}, {Name: "l", Element: groundtruth.Element{Place: 2}},
		{Name: "o.p", Element: groundtruth.Element{Key: "cat"}, As: table.AsNumber}, {Name: "o.p.cat"},
		{Name: "m", Element: groundtruth.Element{Key: "cat"}}, {Name: "m", Element: groundtruth.Element{Place: 1}}, {Name: "r", Element: groundtruth.Element{Key: "cat", Place: 2}, As: table.AsNumber},
	}
}

// checkScanned reads lines both ways and returns how many the scanner took.
func checkScanned(t *testing.T, lines []string) int {
	t.Helper()
	fast, slow := newJSONReader(scanWants(), 0), newJSONReader(scanWants(), 0)
	taken := 0
	for i, text := range lines {
		line := bytes.TrimSpace([]byte(text))
		read, err := fast.scanned(int64(i), line)
		if read {
			taken++
		} else {
			_, err = fast.parsed(int64(i), line)
		}
		if _, slowErr := slow.parsed(int64(i), line); slowErr != nil || err != nil {
			t.Fatalf("%q: %v, %v", text, err, slowErr)
		}
		if len(fast.out.rows) != len(slow.out.rows) {
			t.Fatalf("%q: %d records after it, want %d", text, len(fast.out.rows), len(slow.out.rows))
		}
	}
	for i, b := range fast.out.columns {
		want := slow.out.columns[i]
		b.Finish()
		want.Finish()
		if got, want := fmt.Sprint(b.Col), fmt.Sprint(want.Col); got != want {
			t.Fatalf("%q: column %d is\n%s, want\n%s", lines, i, got, want)
		}
	}
	return taken
}

// What the scanner reads is what fastjson reads, whatever came before.
func TestScannedJSON(t *testing.T) {
	taken, left := scanCases()
	for _, line := range taken {
		if checkScanned(t, []string{line}) != 1 {
			t.Errorf("%q is left to fastjson", line)
		}
	}
	for _, line := range left {
		if checkScanned(t, []string{line}) != 0 {
			t.Errorf("%q is not left to fastjson", line)
		}
	}
	all := slices.Concat(taken, left)
	r := rand.New(rand.NewPCG(5, 6))
	for range 200 {
		r.Shuffle(len(all), func(i, k int) { all[i], all[k] = all[k], all[i] })
		if n := checkScanned(t, all); n != len(taken) {
			t.Fatalf("%d lines were taken, want %d", n, len(taken))
		}
	}
}

// The last of equal keys counts, as it does for encoding/json, Python and JavaScript,
// however each is written and wherever it stands.
func TestTheLastOfEqualJSONKeysCounts(t *testing.T) {
	for line, expected := range map[string][2]string{
		`{"a":"x","a":"y"}`:                       {"y", "-"},
		`{"a":"x","a":null}`:                      {"-", "-"},
		`{"a":"x","q":{"a":"z"},"\u0061":"y"}`:    {"y", "-"},
		`{"\u0061":"x","a":"y"}`:                  {"y", "-"},
		`{"b":{"c":1,"c":2},"b":{"c":3,"c":4}}`:   {"-", "4"},
		`{"b":{"c":1,"\u0063":2}}`:                {"-", "2"},
		`{"b":{"c":1},"b":{"d":2}}`:               {"-", "-"},
		`{"b":{"c":1},"b":5}`:                     {"-", "-"},
		`{"b.c":1,"b":{"c":7},"b.c":2}`:           {"-", "2"},
		`{"b.c":1,"b":{"c":7},"b\u002ec":"3"}`:    {"-", "3"},
		`{"b":[],"\u0062":{"c":1,"x":{"c":9}}}`:   {"-", "1"},
		`{"b":{"c":1},"b":{"c":2},"a":"y","a":1}`: {"1", "2"},
	} {
		got, err := readAll(t, readtest.Object(t, "a.jsonl", []byte(line)), "jsonl", []table.Want{{Name: "a"}, {Name: "b.c", As: table.AsNumber}}, table.ReadOptions{})
		if err != nil {
			t.Fatal(err)
		}
		shown := [2]string{"-", "-"}
		if c := got.Cells["a"][0]; c.Valid {
			shown[0] = c.Text
		}
		if c := got.Cells["b.c"][0]; c.Valid {
			shown[1] = strconv.FormatFloat(c.X, 'g', -1, 64)
		}
		if shown != expected {
			t.Errorf("%s: %v, want %v", line, shown, expected)
		}
	}
}

func FuzzScannedJSON(f *testing.F) {
	taken, left := scanCases()
	for _, line := range slices.Concat(taken, left) {
		f.Add(line)
	}
	f.Fuzz(func(t *testing.T, data string) {
		checkScanned(t, append(strings.Split(data, "\n"), taken[2], data))
	})
}

// More keys than are remembered, and longer ones, are read the same.
func TestScannedJSONManyKeys(t *testing.T) {
	var lines []string
	for i := range 3 * jsontext.MaxKeys {
		lines = append(lines, fmt.Sprintf(`{"k%d":%d,"%s%d":[{"n":5}],"n":%d}`, i, i, strings.Repeat("k", jsontext.MaxKeyBytes), i, i))
	}
	if n := checkScanned(t, lines); n != len(lines) {
		t.Errorf("%d of %d lines were taken", n, len(lines))
	}
	s := jsontext.NewScanner(nil)
	for _, line := range lines {
		s.Scan([]byte(line))
	}
	if n := len(s.Keys()); n != jsontext.MaxKeys {
		t.Errorf("%d keys are remembered", n)
	}
}
