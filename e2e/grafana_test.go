//go:build e2e

package e2e

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/e2e/internal/grafanastand"
)

// noData says which queries may have no answer, and why, by panel and query.
func noData(panel, ref string) string {
	if ref == "C" && panel != "MAE" && panel != "RMSE" {
		return "no rule of the history is on this metric"
	}
	return ""
}

// TestDashboards opens the dashboards on a month of history, asks every query of every
// panel, variable and annotation, and draws what comes: with HINDCAST_E2E_PICTURES=1
// as the pictures of docs/img, which takes chromium.
func TestDashboards(t *testing.T) {
	t.Parallel()
	p, from, to := newHistory(t)
	for _, tc := range []struct {
		file, picture string
		from          time.Time
		scrape        time.Duration
		want          map[string]string
	}{
		{"hindcast-evaluation.json", "evaluation.png", from, scrapeEvaluation, map[string]string{"namespace": historyNamespace}},
		{"hindcast-model-service.json", "model-service.png", to.AddDate(0, 0, -1), scrapeService, map[string]string{"namespace": historyNamespace}},
	} {
		t.Run(tc.file, func(t *testing.T) {
			d, err := grafanastand.Load(filepath.Join("..", "deploy", "grafana", tc.file))
			if err != nil {
				t.Fatal(err)
			}
			for _, namespace := range []string{historyNamespace, "$__all"} { // All: two models of one name
				s, err := grafanastand.Open(t.Context(), d, p, tc.from, to, tc.scrape, map[string]string{"namespace": namespace})
				if err != nil {
					t.Fatal(err)
				}
				answered(t, s)
			}
			s, err := grafanastand.Open(t.Context(), d, p, tc.from, to, tc.scrape, tc.want)
			if err != nil {
				t.Fatal(err)
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
			why := noData(panel.Title, q.Ref)
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
	for _, a := range s.Dashboard.Annotations.List {
		if marks, err := s.Marks(t.Context(), a); err != nil || len(marks) == 0 {
			t.Errorf("annotation %s: %d marks, %v", a.Name, len(marks), err)
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
}
