package main

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/hindcast/hindcast/config"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/report"
	"github.com/hindcast/hindcast/trigger"
)

// formatHTML is the form of output that is a page.
const formatHTML = "html"

// reportCommand makes the report of a model from what the state holds.
func (a *App) reportCommand() *cobra.Command {
	var (
		path, name, window, out string
		last                    int
		open                    bool
	)
	cmd := &cobra.Command{
		Use:   "report",
		Short: "Write the report of a model as one HTML file",
		Long: "Report draws what the state holds of a model: the newest window that has its labels, or\n" +
			"the one that --window names, and the windows before it. It judges nothing and reads no\n" +
			"logs. The file loads nothing from anywhere.",
		Example: "  hindcast report -c hindcast.yaml --open\n" +
			"  hindcast report -c hindcast.yaml --model house-price --last 60 --out monday.html\n" +
			"  hindcast report -c hindcast.yaml --window 2026-01-01/2026-01-02 --out - > page.html",
		RunE: func(cmd *cobra.Command, _ []string) error {
			switch {
			case open && out == toStdout:
				return usagef("--open opens the file that is written; give --out a name")
			case last < 1 || last > trigger.Farthest:
				return usagef("--last %d: a report goes back 1 to %d windows", last, trigger.Farthest)
			}
			c, err := a.open(cmd.Context(), path, engineFlags{}, only(name))
			if err != nil {
				return err
			}
			defer func() { _ = c.Close() }()
			m := c.models[0]
			var of *groundtruth.Window
			if window != "" {
				w, err := groundtruth.ParseWindowIn(window, m.Grid().Zone())
				if err != nil {
					return usagef("--window: %w", err)
				}
				of = &w
			}
			story, err := c.Story(cmd.Context(), m, of, last)
			if err != nil {
				return err
			}
			page, err := report.HTML(story, report.Options{})
			if err != nil {
				return err
			}
			if out == "" {
				out = m.Name + ".html"
			}
			return a.writeReport(cmd.Context(), out, page, &story, open)
		},
	}
	configFlag(cmd, &path)
	f := cmd.Flags()
	f.StringVar(&name, "model", "", "the model (may be left out when there is one)")
	f.StringVar(&window, "window", "", "the window that the report is about: START/END, RFC 3339 or dates, half-open (default the newest one with labels)")
	f.IntVar(&last, "last", job.DefaultStory, "how many windows the report goes back")
	f.StringVar(&out, "out", "", "file to write, - for standard output (default MODEL.html in this folder)")
	f.BoolVar(&open, "open", false, "open the file in the browser")
	return cmd
}

// folder returns the folder of reports that the configuration names. It is opened when it is
// needed: a pass goes on where that fails.
func (c *connected) folder(cfg *config.Config) *report.Folder {
	models := make([]report.Model, len(cfg.Models))
	for i, m := range cfg.Models {
		models[i] = report.Model{Name: m.Name, Zone: m.Grid().Zone()}
	}
	open := func(ctx context.Context) (report.Files, error) { return c.Stores.Open(ctx, cfg.Report.URL) }
	lines := func(ctx context.Context, model string, n int) ([]trigger.Record, error) {
		return c.Lines(ctx, cfg.Model(model), n)
	}
	return report.NewFolder(models, cfg.Report.When == config.ReportBreached, c.Clock, open, lines)
}

// toStdout is the name of no file: standard output.
const toStdout = "-"

// writeReport writes a page to a file, or to standard output, and says so.
func (a *App) writeReport(ctx context.Context, out string, page []byte, story *job.Story, open bool) error {
	if out == toStdout {
		_, err := a.rawOut.Write(page)
		return err
	}
	if err := a.writePage(out, page); err != nil {
		return err
	}
	last := story.Last()
	fmt.Fprintf(a.Stdout, "%s  %s %s, %s, %s\n", out, story.Model, last.Window.Days(story.TimeZone), last.Verdict, job.ByteSize(len(page)))
	if open {
		a.openFile(ctx, out)
	}
	return nil
}

// writePage writes a page to a file; none where the name is empty.
func (*App) writePage(name string, page []byte) error {
	if name == "" {
		return nil
	}
	if err := os.WriteFile(name, page, 0o644); err != nil { //nolint:gosec // a page to be shown around
		return fmt.Errorf("write report: %w", err)
	}
	return nil
}

// openFile opens a file in the browser, or says why it is not: the file is there all the same.
func (a *App) openFile(ctx context.Context, name string) {
	whole, err := filepath.Abs(name)
	if err != nil {
		whole = name
	}
	opener := openerOf(runtime.GOOS)
	program, err := exec.LookPath(opener[0])
	if err != nil {
		fmt.Fprintf(a.Stderr, "hindcast: there is no %s here to open it with; open %s in a browser\n", opener[0], whole)
		return
	}
	browser := exec.CommandContext(context.WithoutCancel(ctx), program, append(opener[1:], whole)...)
	if err := browser.Run(); err != nil {
		fmt.Fprintf(a.Stderr, "hindcast: %s could not open it (%v); open %s in a browser\n", opener[0], err, whole)
	}
}

// openerOf returns the program, with its first arguments, that opens a file as its user would on
// a system.
func openerOf(system string) []string {
	switch system {
	case "darwin":
		return []string{"open"}
	case "windows":
		return []string{"rundll32", "url.dll,FileProtocolHandler"}
	default:
		return []string{"xdg-open"}
	}
}

// mostDrawn is how many models of a page are drawn from more than the window that was judged:
// the first ones. What Stories hold of the others would take much memory.
const mostDrawn = 20

// reportBackfill writes the page of a backfill: of each model's newest window in it, or of the
// newest one with labels where that has none yet.
func (a *App) reportBackfill(ctx context.Context, c *connected, name string, newest []job.Outcome) error {
	page := report.Page{At: a.Clock(), Title: titleOf(c.models)}
	for _, o := range newest {
		of := &o.Window
		if o.Stage != trigger.StageMature {
			of = nil
		}
		story, err := c.Story(ctx, c.cfg.Model(o.Model), of, job.DefaultStory)
		if err != nil {
			return err
		}
		page.Stories = append(page.Stories, story)
	}
	html, err := page.HTML()
	if err != nil {
		return err
	}
	return a.writePage(name, html)
}

// titleOf names what a page on models is about.
func titleOf(models []*config.Model) string {
	if len(models) > 3 {
		return fmt.Sprintf("Hindcast: %d models", len(models))
	}
	var names []string
	for _, m := range models {
		names = append(names, m.Name)
	}
	return "Hindcast: " + strings.Join(names, ", ")
}

// pageMaker gathers Stories for one page on what passes judged: of each model that of the window
// that comes first in its output.
type pageMaker struct {
	models []*config.Model

	mu      sync.Mutex
	stories map[string]job.Story
}

func newPageMaker(models []*config.Model) *pageMaker {
	return &pageMaker{models: models, stories: map[string]job.Story{}}
}

// Report implements job.Reporter.
func (p *pageMaker) Report(ctx context.Context, j *job.Judged) error {
	s, err := j.Story(ctx, 0)
	if err != nil {
		return err
	}
	if slices.IndexFunc(p.models, func(m *config.Model) bool { return m.Name == j.Model }) >= mostDrawn {
		s.Windows, s.Newer = slices.Clone(s.Windows[len(s.Windows)-1:]), nil
		s.Summary, s.Profile = nil, nil
		s.NoSummary = fmt.Sprintf("a page on more than %d models draws it of the first ones; hindcast report --model %s shows this one", mostDrawn, s.Model)
		s.NoProfile = s.NoSummary
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.stories[j.Model] = s
	return nil
}

// page returns the page, with the models in the order of the configuration.
func (p *pageMaker) page(now time.Time, outcomes []job.Outcome, failures []report.Failure) report.Page {
	p.mu.Lock()
	defer p.mu.Unlock()
	page := report.Page{Title: titleOf(p.models), At: now, Outcomes: outcomes, Failures: failures}
	for _, m := range p.models {
		if s, ok := p.stories[m.Name]; ok {
			page.Stories = append(page.Stories, s)
		}
	}
	return page
}
