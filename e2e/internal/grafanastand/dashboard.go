// Package grafanastand stands in for Grafana: it reads a dashboard, replaces variables,
// asks a Prometheus server what each panel asks, and draws the answers where the
// dashboard puts them. Begin with Load, Open and Session.Draw.
package grafanastand

import (
	"encoding/json"
	"fmt"
	"os"
)

// Dashboard holds what the stand-in reads of a dashboard's JSON.
type Dashboard struct {
	UID         string   `json:"uid"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Tags        []string `json:"tags"`
	Time        struct {
		From string `json:"from"`
		To   string `json:"to"`
	} `json:"time"`
	Panels     []Panel `json:"panels"`
	Templating struct {
		List []Variable `json:"list"`
	} `json:"templating"`
	Annotations struct {
		List []Annotation `json:"list"`
	} `json:"annotations"`
	Links []struct {
		Title string `json:"title"`
	} `json:"links"`
}

// Panel is a panel of a dashboard, or a row with the panels that it folds away.
type Panel struct {
	ID          int                      `json:"id"`
	Type        string                   `json:"type"`
	Title       string                   `json:"title"`
	Description string                   `json:"description"`
	Targets     []Target                 `json:"targets"`
	Grid        struct{ X, Y, W, H int } `json:"gridPos"`
	Collapsed   bool                     `json:"collapsed"`
	Panels      []Panel                  `json:"panels"`
	Options     struct {
		Orientation string `json:"orientation"`
		TextMode    string `json:"textMode"`
	} `json:"options"`
	FieldConfig struct {
		Defaults  Field `json:"defaults"`
		Overrides []struct {
			Matcher struct {
				ID      string `json:"id"`
				Options string `json:"options"`
			} `json:"matcher"`
			Properties []struct {
				ID    string          `json:"id"`
				Value json.RawMessage `json:"value"`
			} `json:"properties"`
		} `json:"overrides"`
	} `json:"fieldConfig"`
}

// Target is a query of a panel.
type Target struct {
	Expr    string `json:"expr"`
	Legend  string `json:"legendFormat"`
	Ref     string `json:"refId"`
	Instant bool   `json:"instant"`
}

// Field says how values are shown.
type Field struct {
	Unit     string   `json:"unit"`
	Decimals *int     `json:"decimals"`
	Min      *float64 `json:"min"`
	Max      *float64 `json:"max"`
	NoValue  string   `json:"noValue"`
	Mappings []struct {
		Type    string `json:"type"`
		Options map[string]struct {
			Text  string `json:"text"`
			Color string `json:"color"`
			Index int    `json:"index"`
		} `json:"options"`
	} `json:"mappings"`
	Thresholds struct {
		Steps []struct {
			Value *float64 `json:"value"`
			Color string   `json:"color"`
		} `json:"steps"`
	} `json:"thresholds"`
	Color struct {
		Mode  string `json:"mode"`
		Fixed string `json:"fixedColor"`
	} `json:"color"`
	Custom Custom `json:"custom"`
}

// Custom says how a line is drawn.
type Custom struct {
	LineWidth         float64 `json:"lineWidth"`
	LineInterpolation string  `json:"lineInterpolation"`
	FillOpacity       float64 `json:"fillOpacity"`
	FillBelowTo       string  `json:"fillBelowTo"`
	LineStyle         struct {
		Fill string `json:"fill"`
		Dash []int  `json:"dash"`
	} `json:"lineStyle"`
	HideFrom struct {
		Legend bool `json:"legend"`
	} `json:"hideFrom"`
	AxisSoftMin *float64 `json:"axisSoftMin"`
	AxisSoftMax *float64 `json:"axisSoftMax"`
}

// Variable is a variable of a dashboard, whose value a person chooses.
type Variable struct {
	Type       string          `json:"type"`
	Name       string          `json:"name"`
	Label      string          `json:"label"`
	Query      json.RawMessage `json:"query"`
	Multi      bool            `json:"multi"`
	IncludeAll bool            `json:"includeAll"`
	AllValue   string          `json:"allValue"`
	Current    struct {
		Value string `json:"value"`
	} `json:"current"`
}

// Annotation is a query whose answers are marks on the time axis.
type Annotation struct {
	Name            string `json:"name"`
	Expr            string `json:"expr"`
	IconColor       string `json:"iconColor"`
	UseValueForTime bool   `json:"useValueForTime"`
}

// Load reads a dashboard from its file.
func Load(path string) (*Dashboard, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read dashboard: %w", err)
	}
	d := new(Dashboard)
	if err := json.Unmarshal(data, d); err != nil {
		return nil, fmt.Errorf("read dashboard %s: %w", path, err)
	}
	return d, nil
}

// text returns a variable's query, which is a string or an object with one.
func (v Variable) text() (string, error) {
	var s string
	if json.Unmarshal(v.Query, &s) == nil {
		return s, nil
	}
	var o struct {
		Query string `json:"query"`
	}
	if err := json.Unmarshal(v.Query, &o); err != nil {
		return "", fmt.Errorf("variable %s: %w", v.Name, err)
	}
	return o.Query, nil
}
