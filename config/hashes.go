package config

import (
	"crypto/sha256"
	"encoding"
	"encoding/hex"
	"encoding/json"
	"reflect"

	"github.com/hindcast/hindcast/groundtruth"
)

// ReadHash identifies all that the reading of a window depends on beside its objects: a
// window that was read under another one is read again. The reference is in RulesHash,
// for it is no part of what is read of a window.
func (m *Model) ReadHash() string {
	spec := m.GroundtruthSpec()
	spec.Reference, spec.ReferenceColumns = groundtruth.Source{}, nil
	spec.MaxBadShare = 0 // decides whether a window is judged, and changes none that is
	return hashOf(struct {
		Spec        groundtruth.Spec
		Features    Features
		MaxSegments int
		Bounds      *Bounds
	}{spec, m.Predictions.Features, m.MaxSegments, m.Predictions.Bounds})
}

// RulesHash identifies all that verdicts depend on beside what was read: a window that
// was judged under another one is judged again. What concerns actions alone is left out:
// a rule's action and for, mode, cooldown and budget.
func (m *Model) RulesHash() string {
	type judging struct {
		Name, When   string
		MinSamples   int64
		MinCoverage  float64
		Significance *float64
	}
	rules := make([]judging, len(m.RuleList))
	for i, r := range m.RuleList {
		rules[i] = judging{r.Name, r.When, r.MinSamples, r.MinCoverage, r.Significance}
	}
	return hashOf(struct {
		Task       groundtruth.Task
		Rules      []judging
		Drift      Drift
		Prometheus map[string]string
		Reference  *Reference
		Kind       kindHash
	}{m.Task, rules, m.Drift, m.Prometheus, m.Reference, m.kindHash()})
}

// kindHash holds what verdicts depend on of the keys that kinds.go reads, beside what is read of
// a window. It is the zero value of a regression that has none of them.
type kindHash struct {
	BusinessValue     *BusinessValue
	CostPerPrediction float64
	Metrics           MetricParameters
	Estimated         Estimated
	LabelBias         *LabelBias // nil where it is as by default
}

func (m *Model) kindHash() kindHash {
	k := kindHash{m.BusinessValue, m.CostPerPrediction, m.Metrics, m.Estimated, nil}
	if m.LabelBias != (LabelBias{Method: auto, Action: defaultLabelBias}) {
		k.LabelBias = &m.LabelBias
	}
	return k
}

// hashOf returns the first 32 hexadecimal digits of the SHA-256 of v's JSON without the
// fields that are zero. So a key that a later version of Hindcast adds leaves the hash of
// a configuration without it as it was. A pointer to zero is no zero.
func hashOf(v any) string {
	data, err := json.Marshal(withoutZeros(reflect.ValueOf(v)))
	if err != nil {
		panic("config: a hash's values do not marshal: " + err.Error()) // finite numbers and text: it cannot happen
	}
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:16])
}

// withoutZeros returns what JSON is made of: structs as maps of their fields that are not
// zero, and all else as it is, with whatever has a form in JSON of its own.
func withoutZeros(v reflect.Value) any {
	switch v.Interface().(type) {
	case json.Marshaler, encoding.TextMarshaler:
		return v.Interface()
	}
	switch v.Kind() {
	case reflect.Struct:
		fields := map[string]any{}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() && !v.Field(i).IsZero() {
				fields[v.Type().Field(i).Name] = withoutZeros(v.Field(i))
			}
		}
		return fields
	case reflect.Pointer:
		if v.IsNil() {
			return nil
		}
		return withoutZeros(v.Elem())
	case reflect.Slice:
		elements := make([]any, v.Len())
		for i := range elements {
			elements[i] = withoutZeros(v.Index(i))
		}
		return elements
	default:
		return v.Interface()
	}
}
