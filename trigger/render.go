package trigger

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/internal/fill"
)

// Rendered is a parameter that a template gave. A literal string must fit the
// pipeline's type as it is; a rendered one is read as a number, a truth value, a
// list or a struct where the pipeline wants one, for a template can't say otherwise.
type Rendered string

// TemplateData is what parameter templates may name.
type TemplateData struct {
	Model   string
	Window  TemplateWindow
	Rule    string
	Reason  string
	Key     string
	Attempt int
	AsOf    string // RFC 3339
}

// TemplateWindow holds a window's bounds in RFC 3339; empty without a window.
type TemplateWindow struct {
	Start, End string
}

// NewTemplateData fills in what a launch says.
func NewTemplateData(l Launch, asOf time.Time) TemplateData {
	d := TemplateData{Model: l.Model, Rule: l.Rule, Reason: l.Reason, Key: l.Key, Attempt: l.Attempt, AsOf: stamp(asOf)}
	if l.Window != nil {
		d.Window = window(*l.Window)
	}
	return d
}

func window(w groundtruth.Window) TemplateWindow {
	return TemplateWindow{Start: stamp(w.Start), End: stamp(w.End)}
}

// RenderParameters returns params with every string that holds a template
// rendered, also inside lists and maps. The error names each
// parameter at fault. With the
// zero TemplateData it is a check of the templates' fields.
func RenderParameters(params map[string]any, data TemplateData) (map[string]any, error) {
	out := make(map[string]any, len(params))
	var errs []error
	for _, name := range slices.Sorted(maps.Keys(params)) {
		r, err := render(params[name], data)
		if err != nil {
			errs = append(errs, fmt.Errorf("render parameter %s: %w", name, err))
		}
		out[name] = r
	}
	if len(errs) > 0 {
		return nil, errors.Join(errs...)
	}
	return out, nil
}

// render replaces the templates in the texts of a value, however deep they stand. Only a
// text that is no member of another value may become a number: a pipeline gives no types
// inside of lists and maps.
func render(v any, data TemplateData) (any, error) {
	text, ok := v.(string)
	if !ok || !strings.Contains(text, "{{") {
		return fill.Value(v, data)
	}
	out, err := fill.Text(text, data)
	return Rendered(out), err
}
