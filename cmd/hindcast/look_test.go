package main

import (
	"math"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestLookFor(t *testing.T) {
	for name, tc := range map[string]struct {
		columns int
		env     string
		want    look
	}{
		"a terminal":                      {80, "TERM=xterm LANG=en_US.UTF-8", look{80, true, true}},
		"lower case":                      {80, "TERM=xterm LC_CTYPE=de_DE.utf8", look{80, true, true}},
		"the C locale":                    {80, "TERM=xterm LANG=C", look{80, true, false}},
		"LC_ALL goes before LANG":         {80, "TERM=xterm LC_ALL=POSIX LANG=en_US.UTF-8", look{80, true, false}},
		"an empty one does not":           {80, "TERM=xterm LC_ALL= LANG=en_US.UTF-8", look{80, true, true}},
		"no locale":                       {80, "TERM=xterm", look{80, true, false}},
		"NO_COLOR":                        {80, "TERM=xterm NO_COLOR=0 LANG=C.UTF-8", look{80, false, true}},
		"an empty NO_COLOR":               {80, "TERM=xterm NO_COLOR= LANG=C.UTF-8", look{80, true, true}},
		"NO_COLOR goes before force":      {80, "TERM=xterm NO_COLOR=1 CLICOLOR_FORCE=1", look{80, false, false}},
		"a dumb terminal":                 {80, "TERM=dumb LANG=C.UTF-8", look{80, false, true}},
		"a terminal of no kind":           {80, "LANG=C.UTF-8", look{80, false, true}},
		"Windows Terminal":                {80, "WT_SESSION=b2f3", look{80, true, true}},
		"an old console of Windows":       {80, "OS=Windows_NT", look{80, false, false}},
		"a pipe":                          {0, "TERM=xterm LANG=en_US.UTF-8", look{0, false, false}},
		"a pipe with forced colours":      {0, "TERM=xterm FORCE_COLOR=1", look{0, true, false}},
		"another name of that":            {0, "CLICOLOR_FORCE=1", look{0, true, false}},
		"forced to have none, which 0 is": {0, "FORCE_COLOR=0", look{0, false, false}},
	} {
		got := lookFor(tc.columns, func(name string) (string, bool) {
			for _, pair := range strings.Fields(tc.env) {
				if key, value, _ := strings.Cut(pair, "="); key == name {
					return value, true
				}
			}
			return "", false
		})
		if got != tc.want {
			t.Errorf("%s: %+v, want %+v", name, got, tc.want)
		}
	}
}

// A text in lines has all that it had but blanks, in its styles, and no line is too wide.
func TestWrappedLosesNothing(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		word := rapid.SampledFrom([]string{"a", "word", "住宅", "👩‍👩‍👧‍👦", "e\u0301", "مبيعات", " ", "  ", strings.Repeat("x", 30)})
		var text painted
		for range rapid.IntRange(0, 4).Draw(t, "pieces") {
			text = append(text, span{strings.Join(rapid.SliceOfN(word, 1, 12).Draw(t, "words"), rapid.SampledFrom([]string{"", " "}).Draw(t, "between")), rapid.SampledFrom([]style{plainStyle, badStyle}).Draw(t, "style")})
		}
		columns := rapid.IntRange(2, 40).Draw(t, "columns")
		var all painted
		for _, line := range wrapped(text, columns) {
			if line.width() > columns || strings.HasSuffix(line.String(), " ") {
				t.Fatalf("%q is %d wide, in %d columns", line, line.width(), columns)
			}
			all = all.and(line)
		}
		if got, want := withoutSpace(all), withoutSpace(text); !slices.Equal(got, want) {
			t.Fatalf("%q became %q", want, got)
		}
	})
}

// withoutSpace lists the characters that are no blanks, with their styles.
func withoutSpace(p painted) []string {
	var out []string
	for _, s := range p {
		for _, r := range s.text {
			if r != ' ' {
				out = append(out, string(r)+string(s.style))
			}
		}
	}
	return out
}

// A bar is as wide as it is to be, and shows value, reference and limit in their order.
func TestBarsKeepTheOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.Float64Range(-1e6, 1e6)
		g := gauge{value: number.Draw(t, "value"), reference: math.NaN(), mark: healthyMark(), limits: []float64{number.Draw(t, "limit")}}
		g.low, g.high = g.value-rapid.Float64Range(0, 1e3).Draw(t, "below"), g.value+rapid.Float64Range(0, 1e3).Draw(t, "above")
		low, high, ok := extent(g)
		if !ok {
			return
		}
		l := look{columns: 80, unicode: true}
		columns := rapid.IntRange(leastBar, mostBar).Draw(t, "columns")
		bar := g.draw(l, columns, low, high)
		text := []rune(bar.String())
		value, limit := slices.Index(text, '●'), slices.Index(text, '┃')
		if len(text) > columns || value < 0 {
			t.Fatalf("%q in %d columns", string(text), columns)
		}
		if limit >= 0 && (value < limit) != (g.value < g.limits[0]) {
			t.Fatalf("%q of a value %v and a limit %v", string(text), g.value, g.limits[0])
		}
	})
}
