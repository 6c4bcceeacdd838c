package config

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/trigger"
)

func TestParseDuration(t *testing.T) {
	const day = 24 * time.Hour
	good := map[string]time.Duration{
		"0": 0, "0s": 0, "0h": 0, "30m": 30 * time.Minute, "24h": day, "7d": 7 * day, "2w": 14 * day, "1h30m": 90 * time.Minute,
		"250ms": 250 * time.Millisecond, "1w2d3h4m5s6ms": 9*day + 3*time.Hour + 4*time.Minute + 5*time.Second + 6*time.Millisecond,
		"007d": 7 * day,
	}
	for s, want := range good {
		if got, err := ParseDuration(s); err != nil || got != want {
			t.Errorf("%q = %v, %v", s, got, err)
		}
	}
	for hint, bad := range map[string][]string{
		"want a duration such as": {""},
		"is no duration: want a duration such as": {
			" ", "d", "7", "-", "+1h", "1h1h", "1y", "1y2d", "1µs", "1us", "x1mo", "1mon", "0 days", "1 d x", "99999999999999999999 days",
		},
		`(did you mean "7d"?)`:                 {"7 d", "7D", "7 days", "7days", "7.0d", " 7d ", "P7D", "7 Day"},
		`(did you mean "1h30m"?)`:              {"1.5h", "1 hour and 30 minutes", "30m1h", "1 hr, 30 min", "PT1H30M", "90.0m 0s"},
		`(did you mean "2w"?)`:                 {"2 weeks"},
		"is negative: want a duration such as": {"-1h", "-1"},
		"counts months":                        {"1mo", "1h2mo", "1mo1h"},
		"is too long":                          {"99999999999999999999s", "9999999999999w", "106752d", "106751d999h"},
	} {
		for _, s := range bad {
			if got, err := ParseDuration(s); err == nil || !strings.Contains(err.Error(), hint) {
				t.Errorf("%q = %v, %v, want an error with %q", s, got, err, hint)
			}
		}
	}
}

func TestDurationRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(106751*24*time.Hour/time.Millisecond)).Draw(t, "ms")) * time.Millisecond
		s := FormatDuration(d)
		if got, err := ParseDuration(s); err != nil || got != d {
			t.Fatalf("%v prints as %q, which reads as %v, %v", d, s, got, err)
		}
	})
}

func TestCheckLocation(t *testing.T) {
	tests := []struct {
		raw  string
		use  locationUse
		want string // part of the error; "" for none
	}{
		{"file://./state", folder, ""},
		{"file:///var/lib/hindcast", folder, ""},
		{"state", folder, ""},
		{"/state/of {things", folder, "{ without }"},
		{"mem://", folder, ""},
		{"mem://name/prefix", folder, ""},
		{"s3://bucket", folder, ""},
		{"s3://bucket/p?region=eu-north-1&endpoint=http://localhost:9000", folder, ""},
		{"gs://bucket/p", folder, ""},
		{"azblob://container/p", folder, ""},
		{"file://", folder, "names no folder"},
		{"s3://", folder, "names no bucket"},
		{"s3:///key", folder, "names no bucket"},
		{"s3:/bucket/key", folder, "two slashes"},
		{"S3://bucket/key", folder, `did you mean "s3"`},
		{"gcs://bucket/key", folder, `did you mean "gs"`},
		{"s3://b/k?a=%zz", folder, "after ?"},
		{"s3://{date}/k", dated, "the bucket cannot hold"},
		{"s3://b*/k", dated, "the bucket cannot hold"},
		{"s3://b/*", folder, "one place"},
		{"s3://b/dt={date}/**/*.parquet", dated, ""},
		{"s3://b/y={year}/m={month}/d={day}/h={hour}/*", dated, ""},
		{"s3://b/{date}/{hour}/x", dated, ""},
		{"s3://b/{year}/x", dated, ""},
		{"s3://b/{year}/{month}/x", dated, ""},
		{"s3://b/{month}/x", dated, "{month} needs {year}"},
		{"s3://b/{year}/{day}/x", dated, "{day} needs {year} and {month}"},
		{"s3://b/{year}/{month}/{hour}/x", dated, "{hour} needs the date"},
		{"s3://b/{foo}/x", dated, "unknown placeholder {foo}"},
		{"s3://b/{yyyy}/{mm}/x", dated, `"{yyyy}/{mm}" would be taken as it stands: write "{year}/{month}"`},
		{"s3://b/{Date}/x", dated, `"{Date}" would be taken as it stands: write "{date}"`},
		{"s3://b/m/dt=%Y-%m-%d/*.csv", dated, `"dt=%Y-%m-%d" would be taken as it stands: write "dt={date}"`},
		{"s3://b/m/%Y/%m/%d/%H/*.csv", dated, `"%Y/%m/%d/%H" would be taken as it stands: write "{year}/{month}/{day}/{hour}"`},
		{"./dt=%F/*.csv", dated, `write "dt={date}"`},
		{"./%Y%m%d.csv", dated, `write "{year}{month}{day}.csv"`},
		{"./dt=2026%20x/%dA/%FF/a%d0/*.csv", dated, ""}, // escapes
		{"file://./dt=YYYY-MM-DD/*.csv", dated, `"dt=YYYY-MM-DD" would be taken as it stands: write "dt={date}"`},
		{"file://./yyyy/MM/dd/x/*.csv", dated, `"yyyy/MM/dd" would be taken as it stands: write "{year}/{month}/{day}"`},
		{"file://./year=yyyy/month=mm/*.csv", dated, `write "year={year}/month={month}"`},
		{"file://./yyyymmdd.csv", dated, `write "{year}{month}{day}.csv"`},
		{"file://./mm/dd/HH/x.csv", dated, ""},
		{"file://./myyyyear/x.csv", dated, ""},
		{"file://./dt={{date}}/*.csv", dated, `"dt={{date}}" would be taken as it stands: write "dt={date}"`},
		{"file://./dt={{ ds }}/*.csv", dated, `write "dt={date}"`},
		{"file://./{{ds_nodash}}.csv", dated, `write "{year}{month}{day}.csv"`},
		{"file://./dt=$date/*.csv", dated, `"dt=$date" would be taken as it stands: write "dt={date}"`},
		{"file://./$year/$month.csv", dated, `write "{year}/{month}.csv"`},
		{"file://./$dates/x.csv", dated, ""},
		{"file://./%Y-%m-%d", folder, ""},
		{"s3://b/{}/x", dated, "unknown placeholder {}"},
		{"s3://b/{date/x", dated, "{ without }"},
		{"s3://b/{a/b}", dated, "{ without }"},
		{"s3://b/{{x}}", dated, "{ without }"},
		{"s3://b/date}/x", dated, "} without {"},
		{"s3://b/a**/x", dated, "alone between slashes"},
		{"s3://b/***/x", dated, "alone between slashes"},
		{"s3://b/*/x", wildcards, ""},
		{"s3://b/{date}/x", wildcards, "no window"},
		{"s3://b/dt=%Y-%m-%d/x", wildcards, `"dt=%Y-%m-%d" would be taken as it stands, and there is no window here to take a date from; use *`},
	}
	for _, c := range tests {
		t.Run(c.raw, func(t *testing.T) {
			err := checkLocation(c.raw, c.use)
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("error = %v, want %q", err, c.want)
			}
		})
	}
}

func TestNearest(t *testing.T) {
	words := []string{"window", "when", "for", "predictions", "ground_truth", "min_samples"}
	for word, want := range map[string]string{
		"windwo": "window", "Window": "window", "fro": "for", "prediction": "predictions", "groundtruth": "ground_truth",
		"min_sample": "min_samples", "minSamples": "min_samples", "xyz": "", "": "", "whatever": "",
	} {
		if got := nearest(word, words); got != want {
			t.Errorf("nearest(%q) = %q, want %q", word, got, want)
		}
	}
}

// What the check takes, trigger renders, with any window and none.
func TestTemplatesAsTriggerRendersThem(t *testing.T) {
	for _, text := range []string{
		"{{ .Model }}", "a {{ .Window.Start }} b {{ .Window.End }}", "{{ .Rule }}{{ .Reason }}{{ .Key }}{{ .AsOf }}", "{{ $.Key }}",
		`{{ if gt .Attempt 1 }}again{{ else }}first{{ end }}`, `{{ printf "%03d" .Attempt }}`, `{{ .Model | printf "%q" }}`, "{{/* nothing */}}x",
		`{{ $m := .Model }}{{ $m }}`, `{{ if and .Rule (eq .Model "m") }}x{{ end }}`,
	} {
		base := readTestdata(t, "full.yaml")
		text := edit(t, base, `"{{ .Window.End }}"`, "'"+text+"'")
		k := mustParse(t, text, noEnv).Models[0].Retrain.Kubeflow
		for _, data := range []trigger.TemplateData{{}, {Model: "m", Rule: "r", Attempt: 2}} {
			if _, err := trigger.RenderParameters(k.Parameters, data); err != nil {
				t.Errorf("%s: %v", text, err)
			}
		}
	}
}

func TestParameterTypes(t *testing.T) {
	text := edit(t, readTestdata(t, "full.yaml"), `{model_name: "{{ .Model }}", data_until: "{{ .Window.End }}", learning_rate: 0.1}`, `
          int: 3
          negative: -3
          float: 1e-3
          whole: 2.0
          bool: true
          none: null
          text: "3"
          word: off
          list: [1, a, {b: [true]}]
          mapping: {x: {y: "{{ .Model }}"}, empty: {}, none: []}
          date: 2026-01-02
          json: "[[1, 2], [3]]"`)
	got := mustParse(t, text, noEnv).Models[0].Retrain.Kubeflow.Parameters
	want := map[string]any{
		"int": int64(3), "negative": int64(-3), "float": 0.001, "whole": 2.0, "bool": true, "none": nil, "text": "3", "word": "off",
		"list":    []any{int64(1), "a", map[string]any{"b": []any{true}}},
		"mapping": map[string]any{"x": map[string]any{"y": "{{ .Model }}"}, "empty": map[string]any{}, "none": []any{}},
		"date":    "2026-01-02", "json": "[[1, 2], [3]]",
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %#v\nwant %#v", got, want)
	}
}
