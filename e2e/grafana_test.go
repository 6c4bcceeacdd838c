//go:build e2e

package e2e

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/e2e/internal/grafanastand"
	metrics "github.com/hindcast/hindcast/evaluator/metric"
	"github.com/hindcast/hindcast/groundtruth"
)

var (
	thresholdOf = regexp.MustCompile(`^hindcast_rule_threshold\{.*metric="([a-z0-9_.]+)"`)
	metricOf    = regexp.MustCompile(`^(?:max by \(namespace, model\) \()?hindcast_(?:reference_)?([a-z0-9_]+?)(?:_low|_high)?\{`)
	classesOf   = regexp.MustCompile(`^(hindcast_(estimated_|class_|prediction_ratio\{)|\{__name__=)`)
)

// noData says why a query may have no answer; it then must have none.
func noData(panel, expr string) string {
	if m := thresholdOf.FindStringSubmatch(expr); m != nil && !slices.Contains([]string{"rmse", "mae", "drift.share", "coverage"}, m[1]) {
		return "no rule of the history is on this metric"
	}
	if strings.Contains(panel, " or ") {
		return ""
	}
	if m := metricOf.FindStringSubmatch(expr); m != nil {
		spec, found := metrics.Find(m[1])
		ofRegressions := slices.ContainsFunc(metrics.Specs(groundtruth.Regression), func(s metrics.Spec) bool { return s.Name == m[1] })
		if found && (!ofRegressions || spec.Needs == metrics.PredictedQuantiles) {
			return "the history is of a regression without quantiles"
		}
	}
	if classesOf.MatchString(expr) {
		return "the history is of a regression"
	}
	return ""
}

// TestDashboards opens the dashboards on a month of history, asks every query of every
// panel, variable and annotation, and draws what comes of those with a picture: with
// HINDCAST_E2E_PICTURES=1 as the pictures of docs/img, which takes chromium.
func TestDashboards(t *testing.T) {
	t.Parallel()
	p, from, to := newHistory(t)
	for _, tc := range []struct {
		file, picture string
		from          time.Time
		scrape        time.Duration
	}{
		{"hindcast-fleet.json", "", from, scrapeEvaluation}, // a table, which the stand-in can't draw
		{"hindcast-evaluation.json", "evaluation.png", from, scrapeEvaluation},
		{"hindcast-model-service.json", "model-service.png", to.AddDate(0, 0, -1), scrapeService},
	} {
		t.Run(tc.file, func(t *testing.T) {
			d, err := grafanastand.Load(filepath.Join("..", "deploy", "grafana", tc.file))
			if err != nil {
				t.Fatal(err)
			}
			open := func(from time.Time, namespace string) *grafanastand.Session {
				s, err := grafanastand.Open(t.Context(), d, p, from, to, tc.scrape, map[string]string{"namespace": namespace})
				if err != nil {
					t.Fatal(err)
				}
				return s
			}
			answered(t, open(tc.from, "$__all")) // two models of one name: none may spoil the other's
			s := open(tc.from, historyNamespace)
			answered(t, s)
			month := open(from, historyNamespace)
			for _, a := range d.Annotations.List {
				if marks, err := month.Marks(t.Context(), a); err != nil || len(marks) != 1 {
					t.Errorf("annotation %s: %d marks, want one of the one run: %v", a.Name, len(marks), err)
				}
			}
			if tc.picture == "" {
				return
			}
			page := filepath.Join(t.TempDir(), "page.html")
			f, err := os.Create(page)
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			height, err := s.Draw(t.Context(), f)
			if err != nil {
				t.Fatal(err)
			}
			if os.Getenv("HINDCAST_E2E_PICTURES") != "" {
				shoot(t, page, filepath.Join("..", "docs", "img", tc.picture), height)
			}
		})
	}
}

// answered asks all queries of a dashboard.
func answered(t *testing.T, s *grafanastand.Session) {
	t.Helper()
	for _, panel := range s.Dashboard.All() {
		for _, q := range panel.Targets {
			lines, err := s.Ask(t.Context(), q)
			why := noData(panel.Title, q.Expr)
			switch {
			case err != nil:
				t.Errorf("panel %s, query %s: %v", panel.Title, q.Ref, err)
			case len(lines) == 0 && why == "":
				t.Errorf("panel %s, query %s has no data: %s", panel.Title, q.Ref, q.Expr)
			case len(lines) > 0 && why != "":
				t.Errorf("panel %s, query %s has data, although %s", panel.Title, q.Ref, why)
			}
		}
	}
}

// TestDashboardConfigMaps applies the ConfigMaps as the documentation says, and finds
// them as the sidecar does.
func TestDashboardConfigMaps(t *testing.T) {
	t.Parallel()
	e := setup(t)
	kubectl := func(args ...string) []byte {
		t.Helper()
		cmd := exec.CommandContext(t.Context(), e.Kubectl, append([]string{"--kubeconfig", e.Kubeconfig}, args...)...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatalf("kubectl %v: %v\n%s", args, err, stderr.String())
		}
		return out
	}
	namespace := unique(t, "grafana")
	kubectl("create", "namespace", namespace)
	t.Cleanup(func() { // the test's own context has ended
		_ = exec.Command(e.Kubectl, "--kubeconfig", e.Kubeconfig, "delete", "namespace", namespace, "--wait=false").Run()
	})
	folder := filepath.Join("..", "deploy", "grafana")
	for range 2 { // the second time changes what the first one made
		kubectl("apply", "-n", namespace, "-k", folder)
	}
	var list struct {
		Items []struct {
			Metadata struct {
				Annotations map[string]string `json:"annotations"`
			} `json:"metadata"`
			Data map[string]string `json:"data"`
		} `json:"items"`
	}
	decode(t, kubectl("get", "configmaps", "-n", namespace, "-l", "grafana_dashboard=1", "-o", "json"), &list)
	found := map[string]string{}
	for _, m := range list.Items {
		maps.Copy(found, m.Data)
		if got := m.Metadata.Annotations["grafana_folder"]; got != "Hindcast" {
			t.Errorf("folder %q", got)
		}
	}
	files, err := filepath.Glob(filepath.Join(folder, "*.json"))
	if err != nil || len(files) == 0 || len(found) != len(files) {
		t.Fatalf("%d dashboards in ConfigMaps, %d files, %v", len(found), len(files), err)
	}
	for _, f := range files {
		if data, err := os.ReadFile(f); err != nil || found[filepath.Base(f)] != string(data) {
			t.Errorf("%s is not what the ConfigMap holds: %v", f, err)
		}
	}
}

// shoot makes a picture of a page.
func shoot(t *testing.T, page, picture string, height int) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	path, err := filepath.Abs(picture)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(ctx, "chromium", "--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--force-device-scale-factor=1.5",
		fmt.Sprintf("--window-size=%d,%d", grafanastand.PageWidth, height), "--user-data-dir="+t.TempDir(), "--screenshot="+path, "file://"+page)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("chromium: %v\n%s", err, strings.TrimSpace(string(out)))
	}
	shrink(t, path)
}

// shrink gives a picture a palette of its 256 commonest colours: a third of the bytes,
// and no difference that is seen where most is flat.
func shrink(t *testing.T, path string) {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	img, err := png.Decode(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	pixels := image.NewRGBA(img.Bounds())
	draw.Draw(pixels, pixels.Rect, img, pixels.Rect.Min, draw.Src)
	counts := map[color.RGBA]int{}
	for y := pixels.Rect.Min.Y; y < pixels.Rect.Max.Y; y++ {
		for x := pixels.Rect.Min.X; x < pixels.Rect.Max.X; x++ {
			counts[pixels.RGBAAt(x, y)]++
		}
	}
	common := slices.SortedFunc(maps.Keys(counts), func(a, b color.RGBA) int {
		return cmp.Or(counts[b]-counts[a], cmp.Compare(a.R, b.R), cmp.Compare(a.G, b.G), cmp.Compare(a.B, b.B))
	})
	var palette color.Palette
	for _, c := range common[:min(len(common), 256)] {
		palette = append(palette, c)
	}
	nearest := map[color.RGBA]uint8{}
	for _, c := range common {
		nearest[c] = uint8(palette.Index(c))
	}
	out := image.NewPaletted(pixels.Rect, palette)
	for y := pixels.Rect.Min.Y; y < pixels.Rect.Max.Y; y++ {
		for x := pixels.Rect.Min.X; x < pixels.Rect.Max.X; x++ {
			out.SetColorIndex(x, y, nearest[pixels.RGBAAt(x, y)])
		}
	}
	var buf bytes.Buffer
	if err := (&png.Encoder{CompressionLevel: png.BestCompression}).Encode(&buf, out); err != nil {
		t.Fatal(err)
	}
	if buf.Len() > 500_000 {
		t.Errorf("%s has %d bytes", path, buf.Len())
	}
	if err := os.WriteFile(path, buf.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
}
