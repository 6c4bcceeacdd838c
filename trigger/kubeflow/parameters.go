package kubeflow

import (
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/kubeflow/pipelines/backend/api/v2beta1/go_http_client/pipeline_model"

	"github.com/hindcast/hindcast/trigger"
)

// The parameter types of a pipeline's spec (IR).
const (
	typeString  = "STRING"
	typeInteger = "NUMBER_INTEGER"
	typeDouble  = "NUMBER_DOUBLE"
	typeBoolean = "BOOLEAN"
	typeList    = "LIST"
	typeStruct  = "STRUCT"
)

// maxExact is the largest integer up to which a float64, which is what the server
// keeps, holds every one: 2^53.
const maxExact = 1 << 53

// parameterSpec says what one input parameter of a pipeline has to be.
type parameterSpec struct {
	ParameterType string          `json:"parameterType"`
	Type          string          `json:"type"` // the older name of the field, with INT and DOUBLE
	DefaultValue  json.RawMessage `json:"defaultValue"`
	IsOptional    bool            `json:"isOptional"`
}

// kind returns the parameter's type by its newer name.
func (p parameterSpec) kind() string {
	if p.ParameterType != "" {
		return p.ParameterType
	}
	switch p.Type {
	case "INT":
		return typeInteger
	case "DOUBLE":
		return typeDouble
	}
	return p.Type
}

// pipelineSpec holds as much of a version's spec as checkParameters needs.
type pipelineSpec struct {
	Root *struct {
		InputDefinitions struct {
			Parameters map[string]parameterSpec `json:"parameters"`
		} `json:"inputDefinitions"`
	} `json:"root"`
}

// specOf reads a version's spec. A spec with a platform part lies one level deeper.
func specOf(v *pipeline_model.V2beta1PipelineVersion) (pipelineSpec, error) {
	var spec struct {
		pipelineSpec
		Nested *pipelineSpec `json:"pipeline_spec"`
	}
	raw, err := json.Marshal(v.PipelineSpec)
	if err != nil {
		return pipelineSpec{}, fmt.Errorf("read the spec of pipeline version %s: %w", v.DisplayName, err)
	}
	if err := json.Unmarshal(raw, &spec); err != nil {
		return pipelineSpec{}, fmt.Errorf("read the spec of pipeline version %s: %w", v.DisplayName, err)
	}
	if spec.Root == nil && spec.Nested != nil {
		spec.pipelineSpec = *spec.Nested
	}
	if spec.Root == nil {
		return pipelineSpec{}, fmt.Errorf("pipeline version %s is not in the format of KFP 2 (its spec has no root): compile it with a KFP SDK of version 2: %w",
			v.DisplayName, trigger.ErrRejected)
	}
	return spec.pipelineSpec, nil
}

// checkParameters returns the parameters in the types that the pipeline wants. The
// error names each one that is missing, extra or mistyped.
func checkParameters(spec pipelineSpec, given map[string]any) (map[string]any, error) {
	wanted := spec.Root.InputDefinitions.Parameters
	out := make(map[string]any, len(given))
	var wrong []string
	for _, name := range slices.Sorted(maps.Keys(given)) {
		p, ok := wanted[name]
		if !ok {
			known := "it has none"
			if len(wanted) > 0 {
				known = "it has " + strings.Join(slices.Sorted(maps.Keys(wanted)), ", ")
			}
			wrong = append(wrong, fmt.Sprintf("parameter %s is not one of the pipeline's (%s)", name, known))
			continue
		}
		v, err := convert(p.kind(), given[name])
		if err != nil {
			wrong = append(wrong, fmt.Sprintf("parameter %s %s", name, err))
			continue
		}
		out[name] = v
	}
	for _, name := range slices.Sorted(maps.Keys(wanted)) {
		p := wanted[name]
		if _, ok := given[name]; !ok && !p.IsOptional && len(p.DefaultValue) == 0 {
			wrong = append(wrong, fmt.Sprintf("parameter %s (%s) is missing and has no default", name, p.kind()))
		}
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("%s: %w", strings.Join(wrong, "; "), trigger.ErrRejected)
	}
	return out, nil
}

// mistyped says what was wanted and what was given, and how a value can look.
func mistyped(kind string, v any) error {
	shown, err := json.Marshal(v)
	if err != nil {
		shown = fmt.Append(nil, v)
	}
	if r := []rune(string(shown)); len(r) > 40 {
		shown = []byte(string(r[:40]) + "...")
	}
	return fmt.Errorf("wants %s, given %s %s", kind, typeName(v), shown)
}

// typeName says what a given value is, for mistyped.
func typeName(v any) string {
	switch v.(type) {
	case nil:
		return "null"
	case trigger.Rendered:
		return "the rendered template"
	}
	switch reflect.ValueOf(v).Kind() {
	case reflect.String:
		return "the string"
	case reflect.Bool:
		return "the truth value"
	case reflect.Slice, reflect.Array:
		return "the list"
	case reflect.Map, reflect.Struct:
		return "the map"
	}
	return "the number"
}

// convert returns v as the server wants it for a parameter of that kind.
func convert(kind string, v any) (any, error) {
	if r, ok := v.(trigger.Rendered); ok {
		return convertRendered(kind, string(r))
	}
	rv := reflect.ValueOf(v)
	switch kind {
	case typeString:
		if rv.Kind() == reflect.String {
			return rv.String(), nil
		}
	case typeInteger:
		if f, ok := number(rv); ok && f == math.Trunc(f) && math.Abs(f) <= maxExact {
			return int64(f), nil
		}
	case typeDouble:
		if f, ok := number(rv); ok {
			return f, nil
		}
	case typeBoolean:
		if rv.Kind() == reflect.Bool {
			return rv.Bool(), nil
		}
	case typeList:
		if k := rv.Kind(); k == reflect.Slice || k == reflect.Array {
			return v, nil
		}
	case typeStruct:
		if rv.Kind() == reflect.Map {
			return v, nil
		}
	default:
		// A type that this code doesn't know is the server's to check.
		return v, nil
	}
	return nil, mistyped(kind, v)
}

// convertRendered reads what a template gave as a value of that kind.
func convertRendered(kind, s string) (any, error) {
	text := strings.TrimSpace(s)
	switch kind {
	case typeInteger:
		if n, err := strconv.ParseInt(text, 10, 64); err == nil && n >= -maxExact && n <= maxExact {
			return n, nil
		}
	case typeDouble:
		if f, err := strconv.ParseFloat(text, 64); err == nil && !math.IsNaN(f) && !math.IsInf(f, 0) {
			return f, nil
		}
	case typeBoolean:
		if text == "true" || text == "false" {
			return text == "true", nil
		}
	case typeList:
		var l []any
		if json.Unmarshal([]byte(text), &l) == nil && l != nil {
			return l, nil
		}
	case typeStruct:
		var m map[string]any
		if json.Unmarshal([]byte(text), &m) == nil && m != nil {
			return m, nil
		}
	default:
		return s, nil
	}
	return nil, mistyped(kind, trigger.Rendered(s))
}

// number returns v as a number, and whether it is a finite one that a float64 holds.
func number(v reflect.Value) (float64, bool) {
	switch {
	case !v.IsValid():
		return 0, false
	case v.CanInt():
		return float64(v.Int()), v.Int() >= -maxExact && v.Int() <= maxExact
	case v.CanUint():
		return float64(v.Uint()), v.Uint() <= maxExact
	case v.CanFloat():
		f := v.Float()
		return f, !math.IsNaN(f) && !math.IsInf(f, 0)
	}
	return 0, false
}
