// Package fill fills in the templates that the configuration holds. A template is a text
// with names between braces, such as "https://reports/{{ .Model }}"; what it may name are
// the fields of a struct, its data. [Link] is that of the links in messages, and [Body]
// that of a webhook's body; the data of a pipeline's parameters is the room trigger's.
//
// Begin with [Text].
package fill

import (
	"reflect"
	"strings"
	"text/template"
)

// Text fills in the templates in a text. A text without any comes back as it is.
func Text(text string, data any) (string, error) {
	if !strings.Contains(text, "{{") {
		return text, nil
	}
	t, err := template.New("value").Option("missingkey=error").Parse(text)
	if err != nil {
		return "", err
	}
	var b strings.Builder
	if err := t.Execute(&b, data); err != nil {
		return "", err
	}
	return b.String(), nil
}

// Value fills in the templates in the texts of a value as JSON has them, however deep they
// stand. What it returns shares nothing that changes with what it was given.
func Value(v, data any) (any, error) {
	switch v := v.(type) {
	case string:
		return Text(v, data)
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			var err error
			if out[i], err = Value(e, data); err != nil {
				return nil, err
			}
		}
		return out, nil
	case map[string]any:
		out := make(map[string]any, len(v))
		for k, e := range v {
			var err error
			if out[k], err = Value(e, data); err != nil {
				return nil, err
			}
		}
		return out, nil
	}
	return v, nil
}

// Fields lists what templates may name of data, such as Model and Window.Start.
func Fields(data any) []string {
	var out []string
	for _, f := range reflect.VisibleFields(reflect.TypeOf(data)) {
		if f.Type.Kind() != reflect.Struct {
			out = append(out, f.Name)
			continue
		}
		for _, inner := range reflect.VisibleFields(f.Type) {
			out = append(out, f.Name+"."+inner.Name)
		}
	}
	return out
}
