package grafanastand

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/e2e/internal/promquery"
)

func TestFormat(t *testing.T) {
	two := 2
	for name, tc := range map[string]struct {
		unit     string
		value    float64
		decimals *int
		want     string
	}{
		"none":       {"none", 0.12345, nil, "0.123"},
		"thousands":  {"short", 45_310, nil, "45.3 K"},
		"milliards":  {"short", -2.5e9, nil, "-2.5 Bil"},
		"share":      {"percentunit", 0.9621, nil, "96.2%"},
		"fixed":      {"percentunit", 0.001, &two, "0.10%"},
		"seconds":    {"s", 7200, nil, "2 hours"},
		"subsecond":  {"s", 0.052, nil, "52 ms"},
		"rate":       {"reqps", 4.2, nil, "4.2 req/s"},
		"bytes":      {"bytes", 400 << 20, nil, "400 MiB"},
		"money":      {"currencyUSD", 0.00042, nil, "$0.00042"},
		"time":       {"dateTimeAsIso", 1767225600000, nil, "2026-01-01 00:00:00"},
		"nothing":    {"short", 0, nil, "0"},
		"small step": {"short", 0.00004, nil, "0.00004"},
	} {
		if got, err := format(tc.unit, tc.value, tc.decimals); err != nil || got != tc.want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, tc.want)
		}
	}
	if _, err := format("furlongs", 1, nil); err == nil {
		t.Error("an unknown unit is shown")
	}
}

func TestTicks(t *testing.T) {
	for name, tc := range map[string]struct {
		low, high float64
		unit      string
		want      []float64
	}{
		"round":  {29, 56, "short", []float64{30, 40, 50}},
		"share":  {0, 1, "percentunit", []float64{0, 0.25, 0.5, 0.75, 1}},
		"binary": {0, 500 << 20, "bytes", []float64{0, 200 << 20, 400 << 20}},
	} {
		got := ticks(tc.low, tc.high, 4, tc.unit)
		if len(got) != len(tc.want) {
			t.Errorf("%s: %v, want %v", name, got, tc.want)
			continue
		}
		for i := range got {
			if d := got[i] - tc.want[i]; d > 1e-6 || d < -1e-6 {
				t.Errorf("%s: %v, want %v", name, got, tc.want)
			}
		}
	}
}

// server answers as Prometheus does: two values of a label, and one series that isn't a
// number for a while.
func server(t *testing.T, asked *[]string) *promquery.Client {
	t.Helper()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		q := r.URL.Query()
		*asked = append(*asked, r.URL.Path+" "+q.Get("query")+q.Get("match[]"))
		switch {
		case strings.HasSuffix(r.URL.Path, "/values"):
			_, _ = w.Write([]byte(`{"status":"success","data":["a.b","c"]}`))
		case strings.HasSuffix(r.URL.Path, "/query"):
			_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"vector","result":[{"metric":{"rule":"rmse"},"value":[100,"1"]}]}}`))
		case strings.Contains(q.Get("query"), "bad("):
			w.WriteHeader(http.StatusBadRequest)
			_, _ = w.Write([]byte(`{"status":"error","error":"parse error"}`))
		default:
			_, _ = w.Write([]byte(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"rule":"rmse"},"values":[[0,"0.5"],[60,"NaN"],[120,"1.5"]]}]}}`))
		}
	}))
	t.Cleanup(s.Close)
	return promquery.New(s.URL)
}

func variableOf(name, kind, query string) Variable {
	text, err := json.Marshal(query)
	if err != nil {
		panic(err)
	}
	return Variable{Name: name, Label: name, Type: kind, Query: text}
}

func TestReplace(t *testing.T) {
	var asked []string
	namespace := variableOf("namespace", "query", "label_values(up, namespace)")
	namespace.IncludeAll, namespace.AllValue, namespace.Current.Value = true, ".*", "$__all"
	chosen := namespace
	chosen.Name = "chosen"
	every := variableOf("every", "query", `label_values(up{namespace=~"$namespace"}, every)`)
	every.IncludeAll, every.Current.Value = true, "$__all"
	model := variableOf("model", "query", `label_values(up{namespace=~"$chosen"}, model)`)
	metric := variableOf("metric", "custom", "mae,rmse")
	d := new(Dashboard)
	d.Templating.List = []Variable{namespace, chosen, every, model, metric}
	from := time.Unix(0, 0).UTC()
	s, err := Open(t.Context(), d, server(t, &asked), from, from.Add(time.Hour), 15*time.Second, map[string]string{"chosen": "a.b", "metric": "rmse"})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		`x{n=~"$namespace"}`:          `x{n=~".*"}`,
		`x{n=~"$chosen"}`:             `x{n=~"a\\.b"}`, // a pattern in a PromQL string
		`x{m="$model"}`:               `x{m="a.b"}`,    // no pattern
		`h_${metric}{}`:               `h_rmse{}`,
		`rate(x[$__rate_interval])`:   `rate(x[60s])`,
		`x{m="$model"} > $__interval`: `x{m="a.b"} > 15s`,
	} {
		if got, err := s.Replace(text); err != nil || got != want {
			t.Errorf("%s: %s, %v, want %s", text, got, err, want)
		}
	}
	if _, err := s.Replace("$nobody"); err == nil {
		t.Error("a variable that isn't there is replaced")
	}
	if got := s.title("$metric of $namespace"); got != "rmse of All" {
		t.Errorf("title %q", got)
	}
	if want := `/api/v1/label/model/values up{namespace=~"a\\.b"}`; asked[len(asked)-1] != want {
		t.Errorf("asked %q, want last %q", asked, want)
	}
}

func TestAsk(t *testing.T) {
	var asked []string
	from := time.Unix(0, 0).UTC()
	s, err := Open(t.Context(), new(Dashboard), server(t, &asked), from, from.Add(2*time.Minute), time.Minute, nil)
	if err != nil {
		t.Fatal(err)
	}
	target := Target{Expr: "x", Legend: "rule {{rule}}", Ref: "A"}
	for range 2 {
		lines, err := s.Ask(t.Context(), target)
		if err != nil || len(lines) != 1 || lines[0].Name != "rule rmse" || len(lines[0].Points) != 2 {
			t.Fatalf("%+v, %v", lines, err)
		}
	}
	if len(asked) != 1 {
		t.Errorf("asked %q", asked)
	}
	if _, err := s.Ask(t.Context(), Target{Expr: "bad("}); err == nil || !strings.Contains(err.Error(), "parse error") {
		t.Errorf("error %v", err)
	}
	marks, err := s.Marks(t.Context(), Annotation{Expr: "60000 * x", UseValueForTime: true})
	if err != nil || len(marks) != 2 {
		t.Errorf("marks %v, %v", marks, err)
	}
}

// TestDraw draws what the stand-in knows and refuses what it doesn't: a picture that
// leaves out what it was asked for would lie.
func TestDraw(t *testing.T) {
	draw := func(panel string) (string, error) {
		var asked []string
		var p Panel
		if err := json.Unmarshal([]byte(panel), &p); err != nil {
			t.Fatal(err)
		}
		from := time.Unix(0, 0).UTC()
		s, err := Open(t.Context(), &Dashboard{Title: "A < B", Panels: []Panel{p}}, server(t, &asked), from, from.Add(2*time.Minute), time.Minute, nil)
		if err != nil {
			t.Fatal(err)
		}
		var buf bytes.Buffer
		_, err = s.Draw(t.Context(), &buf)
		return buf.String(), err
	}
	const rest = `"title":"T","gridPos":{"w":12,"h":8},"targets":[{"expr":"x","legendFormat":"{{rule}}","refId":"A"}]`
	for name, tc := range map[string]struct{ panel, want string }{
		"lines":   {`{"type":"timeseries",` + rest + `,"fieldConfig":{"defaults":{"unit":"short","color":{"mode":"palette-classic"},"custom":{"lineWidth":2}}}}`, `stroke="#73BF69"`},
		"stat":    {`{"type":"stat",` + rest + `,"fieldConfig":{"defaults":{"unit":"none","thresholds":{"steps":[{"color":"#111"},{"value":1,"color":"#222"}]}}}}`, `color:#222">1.5<`},
		"states":  {`{"type":"state-timeline",` + rest + `,"fieldConfig":{"defaults":{"mappings":[{"type":"value","options":{"0.5":{"text":"half","color":"#333"},"1.5":{"text":"more","color":"#444"}}}]}}}`, `fill="#444"`},
		"escaped": {`{"type":"row","title":"<b>"}`, `A &lt; B`},
	} {
		if got, err := draw(tc.panel); err != nil || !strings.Contains(got, tc.want) {
			t.Errorf("%s: no %s in %s, %v", name, tc.want, got, err)
		}
	}
	for name, panel := range map[string]string{
		"kind":     `{"type":"piechart",` + rest + `}`,
		"unit":     `{"type":"timeseries",` + rest + `,"fieldConfig":{"defaults":{"unit":"furlongs"}}}`,
		"property": `{"type":"timeseries",` + rest + `,"fieldConfig":{"defaults":{"unit":"none"},"overrides":[{"matcher":{"id":"byName","options":"rmse"},"properties":[{"id":"custom.drawStyle","value":"bars"}]}]}}`,
		"matcher":  `{"type":"timeseries",` + rest + `,"fieldConfig":{"defaults":{"unit":"none"},"overrides":[{"matcher":{"id":"byType","options":"number"}}]}}`,
		"query":    `{"type":"timeseries","title":"T","gridPos":{"w":12,"h":8},"targets":[{"expr":"bad("}]}`,
		"variable": `{"type":"timeseries","title":"T","gridPos":{"w":12,"h":8},"targets":[{"expr":"x{m=\"$model\"}"}]}`,
	} {
		if _, err := draw(panel); err == nil {
			t.Errorf("%s that isn't known is drawn", name)
		}
	}
}
