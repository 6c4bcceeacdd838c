package chart

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"
)

// TestLook writes all charts as a page and as PNG into the directory CHART_LOOK, for a person to look
// at.
func TestLook(t *testing.T) {
	dir := os.Getenv("CHART_LOOK")
	if dir == "" {
		t.Skip("CHART_LOOK is not set")
	}
	page := `<!doctype html><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>charts</title><style>` + CSS() +
		"body{background:var(--bg);color:var(--ink);margin:16px;font-family:" + Fonts + "}section{background:var(--surface);border:1px solid var(--line);border-radius:10px;padding:16px;margin:0 auto 16px;max-width:800px;overflow:hidden}@media(max-width:640px){section{padding:6px}body{margin:8px}}</style>"
	charts := sampleCharts()
	for _, name := range slices.Sorted(maps.Keys(charts)) {
		size := Size{}
		if name == "spark" || name == "gauge" {
			size.Width = 160
			page += "<section>" + SVG(charts[name], size) + "</section>"
		} else {
			page += "<section>" + Responsive(charts[name], size) + "</section>"
		}
		picture, err := PNG(charts[name], size)
		if err != nil {
			t.Fatal(err)
		}
		t.Logf("%s: %d bytes of SVG, %d of PNG", name, len(SVG(charts[name], size)), len(picture))
		if err := os.WriteFile(filepath.Join(dir, name+".png"), picture, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "page.html"), []byte(page), 0o644); err != nil {
		t.Fatal(err)
	}
}
