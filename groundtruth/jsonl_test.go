package groundtruth

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
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
				got, err := readAll(t, storeObject(t, "a.jsonl"+ending, compress(t, []byte(c.data), ending)), "auto", []want{{name: "a.b"}}, readOptions{})
				if err != nil || !slices.Equal(texts(got.cells["a.b"]), c.want) {
					t.Errorf("got %q (%v), want %q", texts(got.cells["a.b"]), err, c.want)
				}
				var bad []int64
				for _, b := range got.bad {
					bad = append(bad, b.Row)
				}
				if !slices.Equal(bad, c.bad) || got.stats.rows != int64(len(c.want)+len(c.bad)) {
					t.Errorf("malformed %v of %d, want %v", bad, got.stats.rows, c.bad)
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
	obj := storeObject(t, "a.ndjson", []byte(strings.Join(lines, "\n")))
	day := scanTime(t, "2026-01-02").UnixNano()
	number, err := readAll(t, obj, "auto", []want{{name: "v", kind: wantNumber}}, readOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := number.cells["v"][:9], []cell{
		{valid: true, x: 1.5}, {valid: true, x: 2.5}, {valid: true, x: 1}, {}, {bad: "abc"}, {bad: "[1]"}, {valid: true, x: 1767312000}, {bad: "2026-01-02"}, {},
	}; !slices.Equal(got, want) {
		t.Errorf("numbers: %+v, want %+v", got, want)
	}
	if c := number.cells["v"][9]; c.valid || c.bad != "1e999" {
		t.Errorf("a number beyond float64 reads as %+v", c)
	}
	times, err := readAll(t, obj, "auto", []want{{name: "v", kind: wantTime}}, readOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := times.cells["v"], []cell{
		{valid: true, t: 1_500_000_000}, {valid: true, t: 2_500_000_000}, {bad: "true"}, {}, {bad: "abc"}, {bad: "[1]"}, {valid: true, t: day}, {valid: true, t: day}, {}, {bad: "1e999"},
	}; !slices.Equal(got, want) {
		t.Errorf("times: %+v, want %+v", got, want)
	}
}

// What the standard library reads as an object is a record with the same values.
func FuzzJSONL(f *testing.F) {
	f.Add([]byte(`{"a":1,"b":{"c":"x"}}`))
	f.Add([]byte(`{"a":"\u00e9","b":{"c":null}}` + "\n{"))
	f.Add([]byte(`{"a":-1.5e3,"b.c":[1]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		wants := []want{{name: "a"}, {name: "b.c", kind: wantNumber}}
		got, err := readAll(t, storeObject(t, "a.jsonl", data), "jsonl", wants, readOptions{})
		if err != nil {
			return
		}
		if got.stats.rows != int64(len(got.rows))+got.stats.bad || len(got.cells["a"]) != len(got.rows) {
			t.Fatalf("%q: %d rows, %d emitted, %d malformed", data, got.stats.rows, len(got.rows), got.stats.bad)
		}
		var record map[string]json.RawMessage
		if strings.ContainsAny(string(data), "\n\r") || json.Unmarshal(data, &record) != nil || record == nil || strings.Count(string(data), `a"`) > 1 {
			return
		}
		if len(got.rows) != 1 {
			t.Fatalf("%q is a record but was not read", data)
		}
		var text string
		if raw, ok := record["a"]; ok && json.Unmarshal(raw, &text) == nil && raw[0] == '"' && !strings.ContainsAny(string(raw), "\\") && !strings.Contains(text, "�") {
			if c := got.cells["a"][0]; !c.valid || c.text != text {
				t.Fatalf("%q: a is %+v, want %q", data, c, text)
			}
		}
	})
}
