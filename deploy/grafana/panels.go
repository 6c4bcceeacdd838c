package grafana

import (
	"errors"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/cog/variants"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	"github.com/grafana/grafana-foundation-sdk/go/stat"
	"github.com/grafana/grafana-foundation-sdk/go/statetimeline"
	"github.com/grafana/grafana-foundation-sdk/go/timeseries"
)

// The colours are those that Okabe and Ito chose to be told apart by all (Color
// Universal Design, 2008). No panel says by colour alone what it says: a verdict has
// its word, and lines of one panel differ in dashes too where they mean different things.
const (
	blue      = "#56B4E9" // what is measured
	deepBlue  = "#0072B2"
	green     = "#009E73" // in order
	yellow    = "#F0E442"
	orange    = "#E69F00" // undecided
	vermilion = "#D55E00" // out of order
	purple    = "#CC79A7"
	grey      = "#9E9E9E" // what it is compared with
)

// query is what a panel asks, and what its series are called.
type query struct {
	expr, legend string
}

// panel is a panel in the making.
type panel struct {
	dashboard.Panel

	err error
}

func (p panel) title() string { return *p.Title }

// newPanel finishes what the SDK's builder of a kind of panel began.
func newPanel(kind cog.Builder[dashboard.Panel], instant bool, title, unit, description string, queries ...query) panel {
	p, err := kind.Build()
	p.Title, p.Description, p.Datasource = &title, &description, datasource()
	for i, q := range queries {
		var t variants.Dataquery
		d := prometheus.NewDataqueryBuilder().Expr(q.expr).LegendFormat(q.legend).RefId(ref(i)).Datasource(*datasource()).EditorMode(prometheus.QueryEditorModeCode)
		if instant {
			d.Instant()
		} else {
			d.Range()
		}
		if t, err = d.Build(); err == nil {
			p.Targets = append(p.Targets, t)
		}
	}
	if p.FieldConfig == nil {
		p.FieldConfig = dashboard.NewFieldConfigSource()
	}
	p.FieldConfig.Defaults.Unit = &unit
	p.FieldConfig.Overrides = []dashboard.DashboardFieldConfigSourceOverrides{}
	return panel{p, err}
}

// legend is a list below the panel.
func legend() cog.Builder[common.VizLegendOptions] {
	return common.NewVizLegendOptionsBuilder().ShowLegend(true).DisplayMode(common.LegendDisplayModeList).Placement(common.LegendPlacementBottom)
}

// tooltip shows all series at the cursor's time.
func tooltip() cog.Builder[common.VizTooltipOptions] {
	return common.NewVizTooltipOptionsBuilder().Mode(common.TooltipDisplayModeMulti).Sort(common.SortOrderDescending)
}

// steps draws figures that hold until the next pass: a slope between two of them
// would show values that nobody measured.
func steps(title, unit, description string, queries ...query) panel {
	return newPanel(lines().LineInterpolation(common.LineInterpolationStepAfter), false, title, unit, description, queries...)
}

// curves draws what changes all the time.
func curves(title, unit, description string, queries ...query) panel {
	return newPanel(lines(), false, title, unit, description, queries...)
}

func lines() *timeseries.PanelBuilder {
	return timeseries.NewPanelBuilder().DrawStyle(common.GraphDrawStyleLine).LineWidth(2).FillOpacity(0).
		ShowPoints(common.VisibilityModeNever).SpanNulls(common.BoolOrFloat64{Bool: ptr(false)}).
		ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdPaletteClassic)).
		Legend(legend()).Tooltip(tooltip())
}

// figure shows the newest value of each series, large.
func figure(title, unit, description string, queries ...query) panel {
	b := stat.NewPanelBuilder().
		ReduceOptions(common.NewReduceDataOptionsBuilder().Calcs([]string{"lastNotNull"}).Values(false).Fields("")).
		ColorMode(common.BigValueColorModeValue).GraphMode(common.BigValueGraphModeNone).
		TextMode(common.BigValueTextModeAuto).Orientation(common.VizOrientationAuto).
		ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdThresholds))
	p := newPanel(b, true, title, unit, description, queries...)
	p.FieldConfig.Defaults.NoValue = ptr("none yet")
	return p.limits(blue)
}

// sideBySide puts a figure's values beside each other with their names.
func (p panel) sideBySide() panel { return p.arranged(common.VizOrientationVertical) }

// stacked puts a figure's values below each other with their names.
func (p panel) stacked() panel { return p.arranged(common.VizOrientationHorizontal) }

func (p panel) arranged(o common.VizOrientation) panel {
	options, ok := p.Options.(*stat.Options)
	if !ok {
		p.err = errors.New("only a figure's values are arranged")
		return p
	}
	options.Orientation, options.TextMode = o, common.BigValueTextModeValueAndName
	return p
}

// timeline shows which state each series was in, over time.
func timeline(title, description string, states []state, queries ...query) panel {
	b := statetimeline.NewPanelBuilder().MergeValues(true).ShowValue(common.VisibilityModeAuto).
		RowHeight(0.85).FillOpacity(85).LineWidth(0).AlignValue(common.TimelineValueAlignmentLeft).
		ColorScheme(dashboard.NewFieldColorBuilder().Mode(dashboard.FieldColorModeIdThresholds)).
		Legend(legend()).Tooltip(tooltip())
	return newPanel(b, false, title, "none", description, queries...).limits(grey).states(states...)
}

// state is what a number means.
type state struct {
	value, name, color string
}

// states says what numbers mean.
func (p panel) states(all ...state) panel {
	m := dashboard.NewValueMap()
	for i, s := range all {
		m.Options[s.value] = dashboard.ValueMappingResult{Text: &s.name, Color: &s.color, Index: ptr(int32(i))}
	}
	p.FieldConfig.Defaults.Mappings = append(p.FieldConfig.Defaults.Mappings, dashboard.ValueMapping{ValueMap: m})
	return p
}

// limit is where a figure takes another colour.
type limit struct {
	from  float64
	color string
}

// limits gives a figure colours by its size.
func (p panel) limits(color string, more ...limit) panel {
	steps := []dashboard.Threshold{{Value: nil, Color: color}}
	for _, l := range more {
		steps = append(steps, dashboard.Threshold{Value: &l.from, Color: l.color})
	}
	p.FieldConfig.Defaults.Thresholds = &dashboard.ThresholdsConfig{Mode: dashboard.ThresholdsModeAbsolute, Steps: steps}
	return p
}

// limitLines draws the limits as lines.
func (p panel) limitLines() panel {
	custom, ok := p.FieldConfig.Defaults.Custom.(*timeseries.FieldConfig)
	if !ok {
		p.err = errors.New("only a panel of lines has lines at its limits")
		return p
	}
	custom.ThresholdsStyle = &common.GraphThresholdsStyleConfig{Mode: common.GraphThresholdsStyleModeDashed}
	return p
}

// between bounds the axis, softly: values beyond are shown all the same.
func (p panel) between(low, high float64) panel {
	return p.with(
		dashboard.DynamicConfigValue{Id: "custom.axisSoftMin", Value: low},
		dashboard.DynamicConfigValue{Id: "custom.axisSoftMax", Value: high},
	)
}

// fromZero lets the axis begin there.
func (p panel) fromZero() panel {
	p.FieldConfig.Defaults.Min = ptr(0.0)
	return p
}

// decimals fixes the digits after the point.
func (p panel) decimals(n float64) panel {
	p.FieldConfig.Defaults.Decimals = &n
	return p
}

// none is what the panel says where there are no data.
func (p panel) none(text string) panel {
	p.FieldConfig.Defaults.NoValue = &text
	return p
}

// with sets properties of all series.
func (p panel) with(properties ...dashboard.DynamicConfigValue) panel {
	return p.override("byRegexp", "/.*/", properties...)
}

// named sets properties of the series of a name.
func (p panel) named(name string, properties ...dashboard.DynamicConfigValue) panel {
	return p.override("byName", name, properties...)
}

// asked sets properties of the series of a query.
func (p panel) asked(ref string, properties ...dashboard.DynamicConfigValue) panel {
	return p.override("byFrameRefID", ref, properties...)
}

func (p panel) override(matcher string, options any, properties ...dashboard.DynamicConfigValue) panel {
	p.FieldConfig.Overrides = append(p.FieldConfig.Overrides, dashboard.DashboardFieldConfigSourceOverrides{
		Matcher: dashboard.MatcherConfig{Id: matcher, Options: options}, Properties: properties,
	})
	return p
}

// The properties of series.

func color(c string) dashboard.DynamicConfigValue {
	return dashboard.DynamicConfigValue{Id: "color", Value: map[string]any{"mode": "fixed", "fixedColor": c}}
}

func dashed(pattern ...int) dashboard.DynamicConfigValue {
	return dashboard.DynamicConfigValue{Id: "custom.lineStyle", Value: map[string]any{"fill": "dash", "dash": pattern}}
}

func width(w float64) dashboard.DynamicConfigValue {
	return dashboard.DynamicConfigValue{Id: "custom.lineWidth", Value: w}
}

func fill(opacity float64) dashboard.DynamicConfigValue {
	return dashboard.DynamicConfigValue{Id: "custom.fillOpacity", Value: opacity}
}

func fillTo(name string) dashboard.DynamicConfigValue {
	return dashboard.DynamicConfigValue{Id: "custom.fillBelowTo", Value: name}
}

func noLegend() dashboard.DynamicConfigValue {
	return dashboard.DynamicConfigValue{Id: "custom.hideFrom", Value: map[string]any{"legend": true, "tooltip": false, "viz": false}}
}
