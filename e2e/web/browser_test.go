//go:build e2e

package web

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// newBrowser starts a browser without a window, which ends with the test.
func newBrowser(t *testing.T) context.Context {
	t.Helper()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox, // which root has not
		chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("font-render-hinting", "none"))
	allocator, stop := chromedp.NewExecAllocator(context.Background(), options...)
	t.Cleanup(stop)
	ctx, stop := chromedp.NewContext(allocator)
	t.Cleanup(stop)
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start the browser: %v", err)
	}
	return ctx
}

// look is how a page is looked at.
type look struct {
	width, height int64
	scale         float64 // pixels of a picture by those of the page; 0 for 1
	dark          bool
	noScript      bool // as where JavaScript is off
}

func (l look) String() string {
	name := fmt.Sprintf("%d-light", l.width)
	if l.dark {
		name = fmt.Sprintf("%d-dark", l.width)
	}
	if l.noScript {
		name += "-without-javascript"
	}
	return name
}

// tab is a page that was opened.
type tab struct {
	ctx context.Context

	mu       sync.Mutex
	faults   []string // what the browser's console says, and dialogs that opened
	requests []string // of what the page asked for beside itself
}

// open opens a file as a person would, and writes down what the page asks for and complains of.
func open(t *testing.T, browser context.Context, file string, l look) *tab {
	t.Helper()
	ctx, stop := chromedp.NewContext(browser)
	t.Cleanup(stop)
	ctx, stop = context.WithTimeout(ctx, time.Minute) // a dialog holds the page up
	t.Cleanup(stop)
	p := &tab{ctx: ctx}
	address := (&url.URL{Scheme: "file", Path: file}).String()
	err := chromedp.Listen(ctx, func(event any) {
		p.mu.Lock()
		defer p.mu.Unlock()
		switch e := event.(type) {
		case *network.EventRequestWillBeSent:
			if asked := e.Request.URL; asked != address && !strings.HasPrefix(asked, "data:") {
				p.requests = append(p.requests, asked)
			}
		case *runtime.EventExceptionThrown:
			p.faults = append(p.faults, e.ExceptionDetails.Text)
		case *runtime.EventConsoleAPICalled:
			p.faults = append(p.faults, fmt.Sprintf("console.%s", e.Type))
		case *log.EventEntryAdded:
			p.faults = append(p.faults, fmt.Sprintf("%s: %s", e.Entry.Level, e.Entry.Text))
		case *page.EventJavascriptDialogOpening:
			p.faults = append(p.faults, "a dialog opened: "+e.Message)
		}
	})
	scheme := "light"
	if l.dark {
		scheme = "dark"
	}
	_, err1 := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	_, err2 := chromedp.Call(ctx, log.Enable, cdp.Empty{})
	_, err3 := chromedp.Call(ctx, emulation.SetDeviceMetricsOverride, emulation.SetDeviceMetricsOverrideParams{Width: l.width, Height: l.height, DeviceScaleFactor: max(l.scale, 1), Mobile: l.width < 500})
	_, err4 := chromedp.Call(ctx, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{{Name: "prefers-color-scheme", Value: scheme}}})
	_, err5 := chromedp.Call(ctx, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: l.noScript})
	if err := errors.Join(err, err1, err2, err3, err4, err5); err != nil {
		t.Fatal(err)
	}
	if err := chromedp.Do(ctx, chromedp.Navigate(address)); err != nil {
		t.Fatalf("open %s: %v", address, err)
	}
	return p
}

// run returns the value of an action on the page.
func run[T any](t *testing.T, p *tab, action chromedp.Action[T]) T {
	t.Helper()
	out, err := chromedp.Run(p.ctx, action)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// evaluate returns the value of an expression, which may be a promise.
func evaluate[T any](t *testing.T, p *tab, expression string) T {
	t.Helper()
	return run(t, p, chromedp.Evaluate[T](expression, chromedp.EvalAwaitPromise))
}

// checkQuiet fails where the page asked for anything, or the browser complained of it.
func (p *tab) checkQuiet(t *testing.T) {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, asked := range p.requests {
		t.Errorf("the page asks for %s", asked)
	}
	for _, fault := range p.faults {
		t.Errorf("the browser says: %s", fault)
	}
}

// checkFits fails where the page is wider than the window: it would have to be scrolled sideways.
func (p *tab) checkFits(t *testing.T) {
	t.Helper()
	if wide := evaluate[[]int](t, p, `[document.documentElement.scrollWidth, document.documentElement.clientWidth]`); wide[0] > wide[1] {
		t.Errorf("the page is %d pixels wide, and the window %d", wide[0], wide[1])
	}
}

// checkAccessible fails for everything that axe-core finds on the page, with all of it unfolded.
func (p *tab) checkAccessible(t *testing.T, axe string) {
	t.Helper()
	type violation struct {
		ID    string `json:"id"`
		Help  string `json:"help"`
		Nodes []struct {
			HTML    string `json:"html"`
			Summary string `json:"failureSummary"`
		} `json:"nodes"`
	}
	evaluate[bool](t, p, `document.querySelectorAll("details").forEach(d => d.open = true), true`)
	evaluate[bool](t, p, axe+";true")
	found := evaluate[struct {
		Violations []violation `json:"violations"`
		Passes     []struct{}  `json:"passes"`
	}](t, p, `axe.run(document, {resultTypes: ["violations", "passes"]}).then(r => ({violations: r.violations, passes: r.passes.map(p => ({}))}))`)
	if len(found.Passes) < 10 {
		t.Errorf("axe-core looked at %d rules only", len(found.Passes))
	}
	for _, v := range found.Violations {
		t.Errorf("%s: %s, %d times, as in %.300s: %s", v.ID, v.Help, len(v.Nodes), v.Nodes[0].HTML, v.Nodes[0].Summary)
	}
}

// text returns all that the page tells, folded or not, a line for each text that stands by itself.
func (p *tab) text(t *testing.T) []string {
	t.Helper()
	return evaluate[[]string](t, p, `(() => {
		const out = [];
		const walk = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
		while (walk.nextNode()) {
			const text = walk.currentNode.nodeValue.replace(/\s+/g, " ").trim();
			if (text && !walk.currentNode.parentElement.closest("script, style, [data-script]")) out.push(text);
		}
		return out;
	})()`)
}

// screenshot writes a picture of what the window shows, or of the element that a selector finds.
func (p *tab) screenshot(t *testing.T, file, selector string) {
	t.Helper()
	options := page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatWebp, Quality: new(int64(85))}
	if selector != "" {
		box := evaluate[[]float64](t, p, `(r => [r.x + scrollX, r.y + scrollY, r.width, r.height])(document.querySelector("`+selector+`").getBoundingClientRect())`)
		const margin = 16
		options.Clip = &page.Viewport{X: box[0] - margin, Y: box[1] - margin, Width: box[2] + 2*margin, Height: box[3] + 2*margin, Scale: 1}
		options.CaptureBeyondViewport = new(true)
	}
	picture, err := chromedp.Call(p.ctx, page.CaptureScreenshot, options)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, picture.Data, 0o644); err != nil {
		t.Fatal(err)
	}
}
