//go:build e2e

package web

import (
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// hindcast runs the program in a folder, and returns what it writes.
func hindcast(t *testing.T, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command(os.Getenv("HINDCAST_WEB_BINARY"), args...) // #nosec G204 -- the run script builds it
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("hindcast %s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// demoPages plays the demo of a task, and returns its pages: the report that its last line names,
// the list of the model's windows, and that of models.
func demoPages(t *testing.T, task string) []string {
	t.Helper()
	dir := t.TempDir()
	lines := strings.Split(strings.TrimSpace(hindcast(t, dir, "demo", "--task", task)), "\n")
	last := filepath.Join(dir, lines[len(lines)-1])
	if _, err := os.Stat(last); err != nil {
		t.Fatalf("the demo's last line is no page: %v", err)
	}
	model := filepath.Dir(last)
	return []string{last, filepath.Join(model, "index.html"), filepath.Join(filepath.Dir(model), "index.html")}
}

func axeSource(t *testing.T) string {
	t.Helper()
	source, err := os.ReadFile(os.Getenv("HINDCAST_WEB_AXE"))
	if err != nil {
		t.Fatalf("make e2e-web runs these tests: %v", err)
	}
	return string(source)
}

// TestReports opens the report of every demo as people have their screens. The browser has nothing
// to complain of, nothing leaves the page, axe-core finds nothing, and no page is to be scrolled
// sideways.
func TestReports(t *testing.T) {
	browser, axe := newBrowser(t), axeSource(t)
	looks := []look{{width: 1440, height: 900}, {width: 1440, height: 900, dark: true}, {width: 390, height: 844}, {width: 390, height: 844, dark: true}}
	tasks := []string{"regression", "binary", "multiclass"}
	if testing.Short() { // one of each is a minute's smoke
		tasks, looks = tasks[1:2], []look{looks[0], looks[3]}
	}
	for _, task := range tasks {
		for i, file := range demoPages(t, task) {
			task := task + []string{"", "/windows", "/models"}[i]
			for _, l := range looks {
				t.Run(task+"/"+l.String(), func(t *testing.T) {
					p := open(t, browser, file, l)
					p.checkFits(t)
					p.checkAccessible(t, axe)
					p.checkFits(t) // with all unfolded
					p.checkQuiet(t)
				})
			}
			t.Run(task+"/prints", func(t *testing.T) {
				p := open(t, browser, file, looks[0])
				pdf := run(t, p, chromedp.PrintToPDF(chromedp.PDFPrintBackground()))
				if len(pdf) < 10_000 {
					t.Errorf("the print has %d bytes", len(pdf))
				}
				p.checkQuiet(t)
			})
			t.Run(task+"/without JavaScript", func(t *testing.T) { checkWithoutScript(t, browser, file, []int{100, 10, 3}[i]) })
		}
	}
}

// checkWithoutScript holds a page to tell the same with JavaScript off, in so many texts at least.
func checkWithoutScript(t *testing.T, browser context.Context, file string, least int) {
	t.Helper()
	l := look{width: 1440, height: 900}
	with := open(t, browser, file, l)
	l.noScript = true
	without := open(t, browser, file, l)
	a, b := with.text(t), without.text(t)
	if len(b) < least {
		t.Errorf("the page has %d texts with JavaScript off", len(b))
	}
	for i, text := range a {
		if !slices.Contains(b, text) {
			t.Errorf("text %d of the page is not there with JavaScript off: %q", i, text)
		}
	}
	without.checkQuiet(t)
}

// TestScreenshots takes the pictures of the documentation, where make screenshots asks for them.
func TestScreenshots(t *testing.T) {
	dir := os.Getenv("HINDCAST_SCREENSHOTS")
	if dir == "" {
		t.Skip("make screenshots takes them")
	}
	browser := newBrowser(t)
	pages := map[string]string{}
	for _, task := range []string{"regression", "binary"} {
		pages[task] = demoPages(t, task)[0]
	}
	readme := look{width: 960, height: 640, scale: 1.5}
	for _, picture := range []struct {
		name, task, part string // part is a selector, empty for the window
		look             look
	}{
		{"report", "regression", "", readme},
		{"report-drift", "regression", "#distributions figure:nth-of-type(2)", readme},
		{"report-classifier", "binary", "#calibration figure", readme},
		{"report-1440-light", "regression", "", look{width: 1440, height: 900}},
		{"report-1440-dark", "regression", "", look{width: 1440, height: 900, dark: true}},
		{"report-390-light", "regression", "", look{width: 390, height: 844}},
		{"report-390-dark", "regression", "", look{width: 390, height: 844, dark: true}},
	} {
		open(t, browser, pages[picture.task], picture.look).screenshot(t, filepath.Join(dir, picture.name+".webp"), picture.part)
	}
}

// TestHostileNames opens the report of a model whose columns and categories are markup, written
// from right to left, long and emoji.
func TestHostileNames(t *testing.T) {
	browser, axe := newBrowser(t), axeSource(t)
	dir := t.TempDir()
	writeHostile(t, dir)
	hindcast(t, dir, "run", "-q", "-c", "hindcast.yaml", "--window", "2026-01-01/2026-01-02", "--report", "report.html", "--as-of", "2026-01-05")
	for _, l := range []look{{width: 1440, height: 900}, {width: 390, height: 844, dark: true}} {
		t.Run(l.String(), func(t *testing.T) {
			p := open(t, browser, filepath.Join(dir, "report.html"), l)
			p.checkFits(t)
			if n := evaluate[int](t, p, `document.querySelectorAll("img, iframe, marquee, object, embed, link, base, script[src]").length`); n != 0 {
				t.Errorf("%d elements come of names", n)
			}
			text := strings.Join(p.text(t), "\n")
			for _, name := range []string{`<img src=x onerror=alert(1)>`, `"><script>alert(2)</script>`} {
				if !strings.Contains(text, name) {
					t.Errorf("the page does not show the name %s", name)
				}
			}
			p.checkAccessible(t, axe)
			p.checkFits(t)
			p.checkQuiet(t)
		})
	}
}

// writeHostile writes a log and a configuration with such names to a folder.
func writeHostile(t *testing.T, dir string) {
	t.Helper()
	columns := []string{`<img src=x onerror=alert(1)>`, "\u05e9\u05dc\u05d5\u05dd \u202e\u05e2\u05d5\u05dc\u05dd", strings.Repeat("long_", 60), "\U0001f469\u200d\U0001f469\u200d\U0001f467\U0001f3e0", "a,b;'c\"d&e"}
	values := []string{`"><script>alert(2)</script>`, "\u202egnirts", strings.Repeat("w", 300), "\U0001f4a5", "&amp;", ""}
	header := append([]string{"id", "time", "prediction", "label"}, columns...)
	write := func(name string, shift int) {
		file, err := os.Create(filepath.Join(dir, name)) // #nosec G304 -- of the test
		if err != nil {
			t.Fatal(err)
		}
		w := csv.NewWriter(file)
		_ = w.Write(header)
		for i := range 600 {
			x := float64((i*7919)%1000) / 10
			row := []string{fmt.Sprint("r", i), fmt.Sprintf("2026-01-01T%02d:%02d:00Z", i/60, i%60), fmt.Sprint(x), fmt.Sprint(x + float64(i%13) - 6)}
			for c := range columns {
				if c%2 == 0 {
					row = append(row, values[(i*(c+1)+i/7*shift)%len(values)])
				} else {
					row = append(row, fmt.Sprint(i*(c+3)%97+40*shift))
				}
			}
			_ = w.Write(row)
		}
		w.Flush()
		if err := errors.Join(w.Error(), file.Close()); err != nil {
			t.Fatal(err)
		}
	}
	write("reference.csv", 0)
	write("log.csv", 1)
	config := `version: 1
state: {url: file://./state}
models:
  - name: hostile
    task: regression
    predictions:
      url: file://./log.csv
      columns: {id: id, timestamp: time, prediction: prediction}
      features: auto
    ground_truth: {url: file://./log.csv, columns: {id: id, label: label}, delay: 1d}
    reference: {url: file://./reference.csv}
    segments: [` + strconv.Quote(columns[0]) + `]
    rules:
      - {name: drift, when: "drift.share >= 0.3", action: alert}
      - {name: mae, when: "mae > 1.2 * reference.mae", action: alert}
`
	if err := os.WriteFile(filepath.Join(dir, "hindcast.yaml"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}
