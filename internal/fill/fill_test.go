package fill

import (
	"net/url"
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func subject() Subject {
	start := time.Date(2026, 1, 2, 3, 4, 5, 0, time.FixedZone("", 3600))
	return Subject{Event: "breach", Model: "a&b <prices>/1", Rule: "rmse", RunID: "7", Start: start, End: start.Add(time.Hour)}
}

func TestURL(t *testing.T) {
	for text, want := range map[string]string{
		"https://h/static?a={b}#c": "https://h/static?a={b}#c",
		"https://h/{{ .Model }}/x": "https://h/a%26b%20%3Cprices%3E%2F1/x",
		"https://h/?m={{ .Model }}&from={{ .Window.StartMillis }}&to={{ .Window.EndMillis }}": "https://h/?m=a%26b%20%3Cprices%3E%2F1&from=1767319445000&to=1767323045000",
		"https://h/{{ .Window.Start }}_{{ .Window.End }}":                                     "https://h/2026-01-02T02%3A04%3A05Z_2026-01-02T03%3A04%3A05Z",
		`https://h/{{ if eq .Model "a&b <prices>/1" }}prices{{ else }}other{{ end }}`:         "https://h/prices",
		`{{ if eq .Model "other" }}https://h/{{ end }}`:                                       "",
		"https://h/{{ .Run }}": "", // there is no name of a run
		"https://h/{{ if .Run }}{{ .Run }}{{ else }}none{{ end }}": "https://h/none",
		`https://h/{{ printf "%s-%s" .Rule .RunID }}`:              "https://h/rmse-7",
	} {
		if got, err := URL(text, NewLink(subject())); got != want || err != nil {
			t.Errorf("%s is %q, want %q, %v", text, got, want, err)
		}
	}
	if _, err := URL("https://h/{{ slice .Model 5 99 }}", NewLink(subject())); err == nil {
		t.Error("a template that fails is taken")
	}
}

// Whatever a value holds, it comes out of the address as it was, and nothing else does.
func TestValuesStayInTheirPlace(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := subject()
		s.Model = rapid.StringN(1, 40, -1).Draw(t, "model")
		got, err := URL("https://h/a/{{ .Model }}/b?m={{ .Model }}&x=1#{{ .Model }}", NewLink(s))
		if err != nil {
			t.Fatal(err)
		}
		u, err := url.Parse(got)
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(u.EscapedPath(), "/")
		if len(parts) != 4 || parts[3] != "b" || u.Query().Get("m") != s.Model || u.Query().Get("x") != "1" || u.Fragment != s.Model {
			t.Fatalf("%q became %s", s.Model, got)
		}
		if p, err := url.PathUnescape(parts[2]); err != nil || p != s.Model {
			t.Fatalf("%q became %q in the path", s.Model, p)
		}
	})
}

func TestValue(t *testing.T) {
	given := map[string]any{"a": "{{ .Title }}", "list": []any{int64(1), "x{{ .Rule }}", nil, true}, "deep": map[string]any{"{{ .Rule }}": "{{ if .Resolved }}over{{ else }}on{{ end }}"}}
	got, err := Value(given, Body{Title: `"quoted" {{ .Rule }}`, Rule: "r"})
	if err != nil {
		t.Fatal(err)
	}
	want := map[string]any{"a": `"quoted" {{ .Rule }}`, "list": []any{int64(1), "xr", nil, true}, "deep": map[string]any{"{{ .Rule }}": "on"}}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if given["a"] != "{{ .Title }}" {
		t.Error("what it was given has changed")
	}
	for _, bad := range []any{"{{ .Nothing }}", []any{"{{"}, map[string]any{"a": "{{ .Title.X }}"}} {
		if got, err := Value(bad, Body{}); err == nil {
			t.Errorf("%v is taken as %v", bad, got)
		}
	}
}

func TestFields(t *testing.T) {
	if got := strings.Join(Fields(Link{}), " "); got != "Event Model Rule Run RunID Window.Start Window.End Window.StartMillis Window.EndMillis Window.File" {
		t.Error(got)
	}
}
