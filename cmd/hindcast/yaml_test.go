package main

import (
	"bytes"
	"encoding/json"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	"pgregory.net/rapid"
)

// nasty draws texts that writers of YAML get wrong.
func nasty() *rapid.Generator[string] {
	return rapid.OneOf(
		rapid.String(),
		rapid.SampledFrom([]string{
			"", " ", "~", "null", "no", "Yes", "y", "on", "1", "1e3", "0x10", "0o7", "1_000", ".inf", ".NaN", "2026-01-01", "2026-01-01T00:00:00Z", "1:30",
			"- a", "? a", "a: b", "a #b", "#", "&a", "*a", "!a", "|", ">", "%", "@", "`", "'", "\"", "[", "{", "}", ",", "---", "...", "<<", "=", "\\", "\\u001b",
			"\n", "a\n", "\na", "a\n\n", " a\n b", "a\r\nb", "\ta", "a\t", "a ", " a", "\x00", "\x1b[31mred\x1b[0m", "\x7f", "\u0085", "\u009b2J", "\u00a0", "\u2028", "\u2029", "\ufeff", "a\ufeffb", "\ufffd", "\ufffe", "\uffff",
			"\U0001f600", "\U000e0001", "\u202e", "\xff\xfe", "\xed\xa0\x80", strings.Repeat("long ", 100),
		}),
		rapid.StringOfN(rapid.SampledFrom([]rune("a \n\t\r:#-'\"\\\x1b\x7f\u0085\u009b\u2028\ufeff\U0001f600")), 0, 20, -1),
	)
}

// What -o yaml writes is read as the value that -o json writes, whatever texts are in it.
func TestYAMLSaysWhatJSONSays(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		value := map[string]any{
			"text": nasty().Draw(t, "text"), "list": []any{nasty().Draw(t, "element"), nil, true, []any{}, map[string]any{}},
			"number": rapid.Float64Range(-1e300, 1e300).Draw(t, "number"), "small": 1e-7, "large": 1e21,
			nasty().Draw(t, "key"): map[string]any{nasty().Draw(t, "inner"): nasty().Draw(t, "value")},
		}
		var asJSON, asYAML bytes.Buffer
		for format, w := range map[string]io.Writer{"json": visibleWriter{&asJSON}, "yaml": visibleWriter{&asYAML}} {
			if err := writeValue(w, format, value); err != nil {
				t.Fatal(err)
			}
		}
		var want, got any
		if err := json.Unmarshal(asJSON.Bytes(), &want); err != nil {
			t.Fatalf("%v:\n%s", err, asJSON.String())
		}
		if err := yaml.Unmarshal(asYAML.Bytes(), &got); err != nil {
			t.Fatalf("%v:\n%s", err, asYAML.String())
		}
		if !reflect.DeepEqual(floats(got), want) {
			t.Fatalf("YAML says\n%#v\nJSON\n%#v\n%s", got, want, asYAML.String())
		}
		for _, text := range []string{asJSON.String(), asYAML.String()} {
			if !utf8.ValidString(text) || strings.ContainsFunc(text, func(r rune) bool { return r != '\n' && !unicode.IsGraphic(r) }) {
				t.Fatalf("characters that are not shown in %q", text)
			}
		}
	})
}

// floats turns the whole numbers of YAML into those of JSON.
func floats(v any) any {
	switch v := v.(type) {
	case int:
		return float64(v)
	case uint64:
		return float64(v)
	case []any:
		for i := range v {
			v[i] = floats(v[i])
		}
	case map[string]any:
		for k := range v {
			v[k] = floats(v[k])
		}
	}
	return v
}

// Control characters and broken UTF-8 are seen, not acted on.
func TestControlCharactersAreShown(t *testing.T) {
	for text, want := range map[string]string{
		"plain ü 😀":                        "plain ü 😀",
		"\x1b[31mred":                      `\u001b[31mred`,
		"\u009b2J\x7f\r":                   `\u009b2J\u007f\u000d`,
		"a\nhouse  healthy\t":              `a\u000ahouse  healthy\u0009`,
		"\u202eback\u2028\ufeff":           `\u202eback\u2028\ufeff`,
		"\x9b2J\xed\xa0\x80":               `\x9b2J\xed\xa0\x80`,
		"\U000e0001":                       `\udb40\udc01`,
		string(rune(0xfffd)) + " is valid": "\ufffd is valid",
	} {
		if got := visible(text); got != want {
			t.Errorf("%q is shown as %s, want %s", text, got, want)
		}
	}
	var out bytes.Buffer
	if n, err := (visibleWriter{&out}).Write([]byte("a\tb\x1b\n")); n != 5 || err != nil || out.String() != "a\tb\\u001b\n" {
		t.Errorf("wrote %d, %v: %q", n, err, out.String())
	}
}
