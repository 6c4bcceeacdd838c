package chart

import (
	"fmt"
	"math"
	"strings"
	"testing"
)

// contrast of two colours by WCAG 2.2, "contrast ratio".
func contrast(a, b string) float64 {
	luminance := func(hex string) float64 {
		c := rgba(hex)
		l := 0.0
		for i, v := range []uint8{c.R, c.G, c.B} {
			s := float64(v) / 255
			if s <= 0.04045 {
				s /= 12.92
			} else {
				s = math.Pow((s+0.055)/1.055, 2.4)
			}
			l += []float64{0.2126, 0.7152, 0.0722}[i] * s
		}
		return l
	}
	x, y := luminance(a), luminance(b)
	return (max(x, y) + 0.05) / (min(x, y) + 0.05)
}

func TestContrast(t *testing.T) {
	light, dark := map[string]string{}, map[string]string{}
	for _, h := range palette() {
		light[h.name], dark[h.name] = h.light, h.dark
	}
	for _, c := range []struct {
		colours, grounds string
		least            float64
	}{
		// Text.
		{"ink muted accent reference threshold good bad unsure", "bg surface plot", 4.5},
		{"ink threshold bad", "bad-soft", 4.5},
		{"ink", "heat-1 heat-2 heat-3 heat-4", 4.5},
		{"on-heat", "heat-5", 4.5},
		// Lines and marks.
		{"accent reference threshold edge good bad unsure ink", "surface plot bad-soft accent-soft", 3},
		{"on-hot", "hot-1 hot-2 hot-3", 3},
		{"hot-1 hot-2 hot-3 heat-5", "surface", 3},
	} {
		for _, colour := range strings.Fields(c.colours) {
			for _, ground := range strings.Fields(c.grounds) {
				for theme, hues := range map[string]map[string]string{"light": light, "dark": dark} {
					if colour == "edge" && ground == "accent-soft" {
						continue // axes don't cross bands
					}
					if got := contrast(hues[colour], hues[ground]); got < c.least {
						t.Errorf("%s: %s on %s has a contrast of %.2f, want %v", theme, colour, ground, got, c.least)
					}
				}
			}
		}
	}
	// Areas that let their ground through: against it, and what is drawn on them.
	for theme, hues := range map[string]map[string]string{"light": light, "dark": dark} {
		for _, s := range styles() {
			if s.opacity <= 0 || s.class == "c-interval" || s.stroke != "" {
				continue // an interval lies about the mark that tells, and a border is seen by itself
			}
			c, ground := rgba(hues[s.fill]), rgba(hues["surface"])
			mix := func(a, b uint8) uint8 { return uint8(float64(a)*s.opacity + float64(b)*(1-s.opacity)) }
			fill := fmt.Sprintf("#%02x%02x%02x", mix(c.R, ground.R), mix(c.G, ground.G), mix(c.B, ground.B))
			if got := contrast(fill, hues["surface"]); got < 3 {
				t.Errorf("%s: %s has a contrast of %.2f", theme, s.class, got)
			}
			if got := contrast(fill, hues["ink"]); got < 3 && strings.HasPrefix(s.class, "c-bar") {
				t.Errorf("%s: an interval on %s has a contrast of %.2f", theme, s.class, got)
			}
		}
	}
	if got := contrast("#ffffff", "#000000"); math.Abs(got-21) > 1e-9 {
		t.Errorf("white on black is %v, want 21", got)
	}
}

// Every class that is drawn has a style, and every style's colours are in the palette.
func TestClassesHaveStyles(t *testing.T) {
	known, colours := map[string]bool{}, map[string]bool{"": true}
	for _, h := range palette() {
		colours[h.name] = true
	}
	for _, s := range styles() {
		known[s.class] = true
		if !colours[s.fill] || !colours[s.stroke] {
			t.Errorf("%s has a colour that is none: %s, %s", s.class, s.fill, s.stroke)
		}
	}
	for name, c := range sampleCharts() {
		w, h := sized(c, Narrow)
		r := &recorder{}
		c.draw(r, w, h)
		for _, s := range r.shapes {
			if class, _, _ := strings.Cut(s.class, " "); !known[class] {
				t.Errorf("%s: no style for %s", name, class)
			}
		}
		for _, l := range r.labels {
			if !known[l.class] {
				t.Errorf("%s: no style for %s", name, l.class)
			}
		}
	}
	css := CSS()
	for _, want := range []string{"--accent:#2459c4", "--accent:#8ab0ff", "@media screen and (prefers-color-scheme:dark)", ".c-value{fill:none;stroke:var(--accent);stroke-width:2}"} {
		if !strings.Contains(css, want) {
			t.Errorf("the style sheet has no %q", want)
		}
	}
}
