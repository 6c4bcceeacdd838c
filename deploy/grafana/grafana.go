// Package grafana makes the dashboards: what the JSON files of this folder are, as Go,
// so that a colour, a selector or a layout is decided in one place. Its test writes
// the files with -update.
package grafana

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// docsURL is where panels and links send those who want to know more.
const docsURL = "https://github.com/hindcast/hindcast/blob/main/docs/"

// Files returns the dashboards by the name of their file.
func Files() (map[string][]byte, error) {
	out := map[string][]byte{}
	for _, b := range []*builder{evaluation(), fleet(), modelService()} {
		data, err := b.json()
		if err != nil {
			return nil, fmt.Errorf("make dashboard %s: %w", b.uid, err)
		}
		out[b.uid+".json"] = data
	}
	return out, nil
}

// builder lays panels on Grafana's grid of 24 columns, row by row from the left, and
// numbers them.
type builder struct {
	uid  string
	dash dashboard.Dashboard //nolint:staticcheck // the second schema is Grafana 12's; provisioning and imports of older ones take this
	err  error

	x, y, height uint32 // where the next panel goes; height is that of the line
	next         uint32 // id
	row          *dashboard.RowPanel
	below        uint32 // of a collapsed row: where the next row goes
}

// newBuilder begins a dashboard that shows the time from from to now.
func newBuilder(uid, title, description, from string, variables []dashboard.VariableModel, annotations []dashboard.AnnotationQuery) *builder {
	b := &builder{uid: uid, next: 1}
	d := dashboard.NewDashboard()
	d.Uid, d.Title, d.Description = &uid, &title, &description
	d.Tags = []string{"hindcast", "machine-learning"}
	d.Timezone = ptr("utc") // windows are
	d.Time = &dashboard.DashboardDashboardTime{From: from, To: "now"}
	d.Refresh = ptr("5m")
	d.GraphTooltip = ptr(dashboard.DashboardCursorSyncCrosshair)
	d.Templating.List = variables
	d.Annotations.List = annotations
	d.Links = []dashboard.DashboardLink{
		{
			Title: "Hindcast", Type: dashboard.DashboardLinkTypeDashboards, Icon: "dashboard", Tags: []string{"hindcast"},
			Tooltip: "The other dashboards, of the same model and time", IncludeVars: true, KeepTime: true,
		},
		{
			Title: "Documentation", Type: dashboard.DashboardLinkTypeLink, Icon: "doc", Tags: []string{},
			Tooltip: "What each panel shows", Url: ptr(docsURL + "grafana.md"), TargetBlank: true,
		},
	}
	if uid == fleetUID { // the others show one model, and can't show what is chosen here
		d.Links[0].IncludeVars, d.Links[0].Tooltip = false, "The other dashboards, of the same time"
	} else {
		d.Links = append(d.Links, dashboard.DashboardLink{
			Title: "All models", Type: dashboard.DashboardLinkTypeLink, Icon: "apps", Tags: []string{},
			Tooltip: "Every model, a row for each", Url: ptr("/d/" + fleetUID), KeepTime: true,
		})
	}
	b.dash = *d
	return b
}

// open begins a row whose panels are seen at once.
func (b *builder) open(title string) { b.startRow(title, false) }

// folded begins a row that is opened on demand. Grafana asks for its panels only then.
func (b *builder) folded(title string) { b.startRow(title, true) }

func (b *builder) startRow(title string, collapsed bool) {
	b.endRow()
	row := dashboard.NewRowPanel()
	row.Title, row.Collapsed, row.Id, row.Panels = &title, collapsed, b.id(), []dashboard.Panel{}
	row.GridPos = &dashboard.GridPos{X: 0, Y: b.y, W: 24, H: 1}
	b.y++
	b.row, b.below = row, b.y
}

// endRow ends the line and the row. The panels of a collapsed row take no room.
func (b *builder) endRow() {
	b.endLine()
	if b.row == nil {
		return
	}
	row := *b.row
	inner := row.Panels
	if !row.Collapsed {
		row.Panels = []dashboard.Panel{}
	} else {
		b.y = b.below
	}
	b.dash.Panels = append(b.dash.Panels, dashboard.PanelOrRowPanel{RowPanel: &row})
	if !row.Collapsed {
		for i := range inner {
			b.dash.Panels = append(b.dash.Panels, dashboard.PanelOrRowPanel{Panel: &inner[i]})
		}
	}
	b.row = nil
}

func (b *builder) endLine() {
	b.y += b.height
	b.x, b.height = 0, 0
}

func (b *builder) id() uint32 {
	id := b.next
	b.next++
	return id
}

// add puts a panel beside the last one, or below where it doesn't fit.
func (b *builder) add(w, h uint32, p panel) {
	if p.err != nil {
		b.err = errors.Join(b.err, fmt.Errorf("panel %s: %w", p.title(), p.err))
		return
	}
	if b.x+w > 24 {
		b.endLine()
	}
	p.GridPos = &dashboard.GridPos{X: b.x, Y: b.y, W: w, H: h}
	p.Id = ptr(b.id())
	b.x += w
	b.height = max(b.height, h)
	if b.row != nil {
		b.row.Panels = append(b.row.Panels, p.Panel)
	} else {
		b.dash.Panels = append(b.dash.Panels, dashboard.PanelOrRowPanel{Panel: &p.Panel})
	}
}

// json is the file: a space for each level, for a ConfigMap has little room, and no HTML escapes in
// queries.
func (b *builder) json() ([]byte, error) {
	b.endRow()
	if b.err != nil {
		return nil, b.err
	}
	if err := b.dash.Validate(); err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	e := json.NewEncoder(&buf)
	e.SetEscapeHTML(false)
	e.SetIndent("", " ")
	if err := e.Encode(b.dash); err != nil {
		return nil, err
	}
	return unescape(buf.Bytes()), nil
}

// unescape takes back the HTML escapes that the SDK's own encoders leave in, whatever
// the outer one is told. They are escapes of the same JSON string.
func unescape(data []byte) []byte {
	for from, to := range map[string]string{`\u003c`: "<", `\u003e`: ">", `\u0026`: "&"} {
		data = bytes.ReplaceAll(data, []byte(from), []byte(to))
	}
	return data
}

// datasource is the one that the variable names.
func datasource() *common.DataSourceRef {
	return &common.DataSourceRef{Type: ptr("prometheus"), Uid: ptr("${datasource}")}
}

func ptr[T any](v T) *T { return &v }
