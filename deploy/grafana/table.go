package grafana

import (
	"errors"
	"strconv"

	"github.com/grafana/grafana-foundation-sdk/go/cog"
	"github.com/grafana/grafana-foundation-sdk/go/common"
	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
	"github.com/grafana/grafana-foundation-sdk/go/prometheus"
	tables "github.com/grafana/grafana-foundation-sdk/go/table"
)

// column is a column of a table: a query with one value for each model, whose legend is the
// column's name.
type column struct {
	query

	unit   string
	states []state // what its numbers mean
	below  string  // the colour below all limits; none: that of text
	limits []limit // where it takes another colour
}

// table has a row for each model, with its name and namespace before the columns; those with the
// highest value in the first of these come first.
func table(title, description string, columns ...column) panel {
	var queries []query
	names := map[string]string{"namespace": "Namespace", "model": "Model"}
	order := map[string]int{"model": 0, "namespace": 1}
	for i, c := range columns {
		queries = append(queries, c.query)
		field := "Value #" + ref(i)
		names[field], order[field] = c.legend, i+2
	}
	noFooter := common.NewTableFooterOptionsBuilder().Show(false).Reducer([]string{})
	worst := common.NewTableSortByFieldStateBuilder().DisplayName(columns[0].legend).Desc(true)
	b := tables.NewPanelBuilder().CellHeight(common.TableCellHeightSm).Filterable(true).Footer(noFooter).SortBy([]cog.Builder[common.TableSortByFieldState]{worst})
	p := newPanel(b, true, title, "none", description, queries...)
	for i, target := range p.Targets {
		q, ok := target.(prometheus.Dataquery)
		if !ok {
			p.err = errors.New("a table asks Prometheus")
			return p
		}
		q.Format = ptr(prometheus.PromQueryFormatTable)
		p.Targets[i] = q
	}
	p.Transformations = []dashboard.DataTransformerConfig{
		{Id: "merge", Options: map[string]any{}},
		{Id: "organize", Options: map[string]any{"excludeByName": map[string]bool{"Time": true}, "indexByName": order, "renameByName": names}},
	}
	p.FieldConfig.Defaults.NoValue = ptr("")
	for _, c := range columns {
		p = p.named(c.legend, c.properties()...)
	}
	return p.named("Model", property("links", []map[string]any{evaluationLink("${__data.fields.namespace:percentencode}", "${__data.fields.model:percentencode}")}),
		property("custom.minWidth", 160))
}

// properties show a column's values.
func (c column) properties() []dashboard.DynamicConfigValue {
	out := []dashboard.DynamicConfigValue{property("unit", c.unit)}
	if len(c.states) > 0 {
		p := panel{Panel: dashboard.Panel{FieldConfig: dashboard.NewFieldConfigSource()}}.states(c.states...)
		out = append(out, property("mappings", p.FieldConfig.Defaults.Mappings))
	}
	if len(c.limits) > 0 {
		p := panel{Panel: dashboard.Panel{FieldConfig: dashboard.NewFieldConfigSource()}}.limits(orText(c.below), c.limits...)
		out = append(out, property("thresholds", p.FieldConfig.Defaults.Thresholds))
	}
	if len(c.states)+len(c.limits) > 0 {
		out = append(out, property("custom.cellOptions", map[string]any{"type": "color-text"}))
	}
	return out
}

// orText is a colour, or that of text.
func orText(color string) string {
	if color == "" {
		return "text"
	}
	return color
}

// leads lets a click on a series of a model open its evaluation.
func (p panel) leads() panel {
	return p.with(property("links", []map[string]any{evaluationLink("${__field.labels.namespace:percentencode}", "${__field.labels.model:percentencode}")}))
}

// evaluationLink leads to the evaluation of a model, of the same data source and time.
func evaluationLink(namespace, model string) map[string]any {
	return map[string]any{
		"title": "Evaluation of the model", "targetBlank": false,
		"url": "/d/" + evaluationUID + "?var-datasource=${datasource}&var-namespace=" + namespace + "&var-model=" + model + "&${__url_time_range}",
	}
}

func property(id string, value any) dashboard.DynamicConfigValue {
	return dashboard.DynamicConfigValue{Id: id, Value: value}
}

// ref is what Grafana calls the i-th query of a panel.
func ref(i int) string { return string(rune('A' + i)) }

// short writes a number for a query.
func short(v float64) string { return strconv.FormatFloat(v, 'f', -1, 64) }
