package grafana

import (
	"strings"

	"github.com/grafana/grafana-foundation-sdk/go/dashboard"
)

// datasourceVariable lets the user choose among the Prometheus data sources.
func datasourceVariable() dashboard.VariableModel {
	return dashboard.VariableModel{
		Type: "datasource", Name: "datasource", Label: ptr("Data source"),
		Description: ptr("The Prometheus that scrapes the Pushgateway, the text file or serve."),
		Query:       text("prometheus"), Refresh: ptr(dashboard.VariableRefreshOnDashboardLoad),
		Multi: ptr(false), IncludeAll: ptr(false), Regex: ptr(""), Options: []dashboard.VariableOption{},
		Current: option("default", "default"),
	}
}

// choice is a variable whose values are those of a label.
type choice struct {
	name, label, description string
	metric                   string // selector of the series that have the label
	of                       string // the label
	all                      bool   // "All" is offered, and is the default
	multi                    bool
	first                    string // chosen first where it is there
}

func (c choice) variable() dashboard.VariableModel {
	query := "label_values(" + c.metric + ", " + c.of + ")"
	v := dashboard.VariableModel{
		Type: "query", Name: c.name, Label: &c.label, Description: &c.description, Datasource: datasource(),
		Query:      &dashboard.StringOrMap{Map: map[string]any{"qryType": 1, "query": query, "refId": "PrometheusVariableQueryEditor-VariableQuery"}},
		Definition: &query,
		// A model that ended last month is there when the time is set to last month.
		Refresh: ptr(dashboard.VariableRefreshOnTimeRangeChanged), Sort: ptr(dashboard.VariableSortNaturalAsc),
		Multi: &c.multi, IncludeAll: &c.all, Regex: ptr(""), Options: []dashboard.VariableOption{},
	}
	if c.all {
		// Series without the label belong to all of them, too.
		v.AllValue = ptr(".*")
		v.Current = option("All", "$__all")
	}
	if c.first != "" {
		v.Current = option(c.first, c.first)
	}
	return v
}

// fixed is a variable with values of our own, the first of which is chosen.
func fixed(name, label, description string, values ...string) dashboard.VariableModel {
	v := dashboard.VariableModel{
		Type: "custom", Name: name, Label: &label, Description: &description, Query: text(strings.Join(values, ",")),
		Multi: ptr(false), IncludeAll: ptr(false), Current: option(values[0], values[0]), Options: []dashboard.VariableOption{},
	}
	for i, value := range values {
		o := option(value, value)
		o.Selected = ptr(i == 0)
		v.Options = append(v.Options, *o)
	}
	return v
}

func text(s string) *dashboard.StringOrMap { return &dashboard.StringOrMap{String: &s} }

func option(name, value string) *dashboard.VariableOption {
	return &dashboard.VariableOption{
		Text: dashboard.StringOrArrayOfString{String: &name}, Value: dashboard.StringOrArrayOfString{String: &value},
	}
}
