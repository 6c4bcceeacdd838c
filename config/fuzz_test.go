package config

import (
	"errors"
	"strings"
	"testing"
	"time"
)

// FuzzParse checks that any bytes give either a configuration that its methods
// work on, or Errors that stand in the file.
func FuzzParse(f *testing.F) {
	f.Add([]byte(readTestdata(f, "full.yaml")))
	f.Add([]byte(readTestdata(f, "small.yaml")))
	f.Add([]byte(httpText(f, "oauth2: {client_id: c, token_url: http://x}\nproxy_url: http://u:p@x\nhttp_headers: {X: {files: [f]}}\ntls_config: {ca_file: c}")))
	f.Add([]byte(kindText("binary", ", score: s, weight: w", "  positive_label: true\n  threshold: 0.3\n  business_value: {tp: 1}\n  cost_per_prediction: 1\n  metrics: {f_beta: {beta: 1}}\n  reference: {url: r, columns: {score: ''}}\n")))
	f.Add([]byte(kindText("multiclass", ", scores: {column: p, classes: [a, 1.0]}", "  business_value: [{actual: a, predicted: 1, value: 2}]\n  estimated: {method: cbpe}\n  label_bias: {action: warn}\n")))
	f.Add([]byte(kindText("regression", ", prediction: p, quantiles: [{q: 0.1, column: a}, {q: 0.9, column: b}]", "  reference: {url: r, columns: {quantiles: ''}}\n")))
	for _, s := range []string{
		"", "a", "- - -", "a: &a [*a]", "<<: 1", "? [a]\n: b", "version: ${A}", "a: |\n  ${", "a: !!x y", "%YAML 1.2\n---\na: 1",
		"version: 1\nversion: 2", "a: \"\\x00\"", "{", "\ufeff", "a:\n\t- b", "...\n", "--- a\n--- b", "a: *b\n", "&a a: *a",
	} {
		f.Add([]byte(s))
	}
	env := envOf(map[string]string{"A": "1", "B": "x y"})
	f.Fuzz(func(t *testing.T, data []byte) {
		c, err := Parse("f.yaml", data, "/dir", env)
		if err == nil {
			_ = c.Warnings()
			for _, m := range c.Models {
				_ = m.GroundtruthSpec()
				_ = m.RuleSpecs()
				_ = m.PolicyHash()
				_, _, _ = m.ReadHash(), m.RulesHash(), m.MetricOptions()
				_ = m.Grid().String()
				if m.Rules() == nil {
					t.Error("no compiled rules")
				}
				if m.Cron() != nil && m.Cron().Next(time.Unix(0, 0)).IsZero() {
					t.Error("a schedule that never fires")
				}
			}
			return
		}
		var list Errors
		if c != nil || !errors.As(err, &list) || len(list) == 0 {
			t.Fatalf("config %v, error %T", c, err)
		}
		for _, e := range list {
			if e.Line < 0 || e.Line > 0 && e.Column < 1 || e.Message == "" {
				t.Errorf("error without a place or words: %+v", e)
			}
		}
	})
}

// FuzzSyntax checks that any text, wherever a parser stops in it, is explained and quoted.
func FuzzSyntax(f *testing.F) {
	f.Add(readTestdata(f, "full.yaml"), 43, 15, "',' or '}' must be specified")
	for _, s := range []string{"", "\t", "a: [", "- a: b\n   c: d", "a: {b}/*", "-a\n", "\"\n'", "a:\n  b:\n c", "\r", "é: ü: x"} {
		f.Add(s, 1, 1, "value is not allowed in this context")
		f.Add(s, 2, 3, "mapping value is not allowed in this context")
	}
	keys := newKeyNames()
	f.Fuzz(func(t *testing.T, text string, line, column int, says string) {
		if line < 1 || column < 1 {
			return // of tokenPosition
		}
		s := syntax{lines: strings.Split(text, "\n"), at: position{line, column}, says: says, keys: keys}
		p, _ := s.explain()
		if p.line < 1 || p.column < 1 || p.line > max(line, len(s.lines)) {
			t.Errorf("explained at %v, of %d lines", p, len(s.lines))
		}
		_ = s.excerpt(p)
	})
}

// FuzzSchedule checks that no text makes the cron parser panic, and that what it
// takes fires later than asked.
func FuzzSchedule(f *testing.F) {
	for _, s := range []string{"0 3 * * *", "@every 1h", "TZ=0", "CRON_TZ=UTC", "*/5 1-3 1,2 * 0", "@daily", "0 0 30 2 *", "? ? ? ? ?"} {
		f.Add(s)
	}
	at := time.Date(2026, time.January, 1, 0, 0, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, spec string) {
		s, err := ParseSchedule(spec, time.UTC)
		if err != nil {
			return
		}
		if next := s.Next(at); !next.After(at) {
			t.Errorf("%q: next is %s", spec, next)
		}
	})
}

// FuzzDuration checks that what is read prints as something that reads the same.
func FuzzDuration(f *testing.F) {
	for _, s := range []string{"0", "1h30m", "7d", "2w", "1mo", "99999999999999999999d", "5ms"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		d, err := ParseDuration(s)
		if err != nil {
			return
		}
		if again, err := ParseDuration(FormatDuration(d)); d < 0 || err != nil || again != d {
			t.Errorf("%q = %d, prints as %q", s, d, FormatDuration(d))
		}
	})
}
