package config

import (
	"errors"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"text/template"
	"text/template/parse"

	"github.com/goccy/go-yaml/ast"

	"github.com/hindcast/hindcast/internal/fill"
	"github.com/hindcast/hindcast/trigger"
)

// kfpMacro matches what recurring runs of Kubeflow Pipelines would replace, and a
// run started by Hindcast would take literally.
var kfpMacro = regexp.MustCompile(`\[\[\s*[A-Za-z][A-Za-z0-9_]*(\.[^\]]*)?\s*\]\]`)

// templates checks templates that may name the fields.
type templates struct{ fields []string }

// check parses a template and refuses what nobody needs: loops and nested templates could
// run forever, and with changes what a dot means.
func (t templates) check(s string) error {
	tmpl, err := template.New("parameter").Parse(s)
	if err != nil {
		return templateError(err)
	}
	if tmpl.Tree == nil || tmpl.Root == nil {
		return errors.New("the template is empty")
	}
	if len(tmpl.Templates()) > 1 {
		return errors.New("the template defines another; only fields, functions and if are allowed")
	}
	return t.node(tmpl.Root)
}

// templateError drops the package's prefixes: "template: parameter:1:3: executing ...".
func templateError(err error) error {
	msg := err.Error()
	if i := strings.LastIndex(msg, ": "); i >= 0 {
		msg = msg[i+2:]
	}
	return fmt.Errorf("bad template: %s", clip(msg))
}

// node walks a template for fields that do not exist.
func (t templates) node(n parse.Node) error {
	switch n := n.(type) {
	case *parse.ListNode:
		if n == nil {
			return nil
		}
		for _, c := range n.Nodes {
			if err := t.node(c); err != nil {
				return err
			}
		}
	case *parse.ActionNode:
		return t.node(n.Pipe)
	case *parse.IfNode:
		return errors.Join(t.node(n.Pipe), t.node(n.List), t.node(n.ElseList))
	case *parse.PipeNode:
		if n == nil {
			return nil
		}
		for _, c := range n.Cmds {
			for _, a := range c.Args {
				if err := t.node(a); err != nil {
					return err
				}
			}
		}
	case *parse.ChainNode:
		return t.node(n.Node)
	case *parse.FieldNode:
		return t.field(n.Ident)
	case *parse.VariableNode:
		if n.Ident[0] == "$" && len(n.Ident) > 1 {
			return t.field(n.Ident[1:])
		}
	case *parse.DotNode:
		return errors.New("a template needs a field after the dot; known: " + t.known())
	case *parse.RangeNode, *parse.WithNode, *parse.TemplateNode, *parse.BreakNode, *parse.ContinueNode:
		return errors.New("only fields, functions and if are allowed in a template")
	}
	return nil
}

// field checks the names of a field chain; the trial run at load checks what follows a
// known one.
func (t templates) field(names []string) error {
	field := names[0]
	if below := t.below(field); len(below) > 0 {
		if len(names) == 1 {
			return fmt.Errorf("a template needs .%s; known: %s", strings.Join(below, " or ."), t.known())
		}
		field += "." + names[1]
	}
	if slices.Contains(t.fields, field) {
		return nil
	}
	return fmt.Errorf("unknown field .%s; known: %s", clip(strings.Join(names, ".")), t.known())
}

// below lists the fields of a field that is no value itself.
func (t templates) below(name string) []string {
	var out []string
	for _, f := range t.fields {
		if strings.HasPrefix(f, name+".") {
			out = append(out, f)
		}
	}
	return out
}

// known lists the fields for messages.
func (t templates) known() string { return "." + strings.Join(t.fields, ", .") }

// parameters reads parameters of any type.
func (d *decoder) parameters(v value) map[string]any {
	members, ok := d.members(v)
	if !ok {
		return nil
	}
	return d.anyMap(v, members, d.checkParameter)
}

// anyMap reads members of any type; check, if there is one, is asked about texts.
func (d *decoder) anyMap(v value, members []member, check func(value, scalar)) map[string]any {
	out := make(map[string]any, len(members))
	for _, mem := range members {
		mv, ok := d.resolve(mem.node, join(v.path, mem.key), v.deep)
		if !ok {
			continue
		}
		out[mem.key] = d.anyValue(mv, check)
	}
	return out
}

// anyValue reads a value as JSON has them.
func (d *decoder) anyValue(v value, check func(value, scalar)) any {
	switch t := v.node.(type) {
	case *ast.MappingNode, *ast.MappingValueNode:
		members, ok := d.members(v)
		if !ok {
			return nil
		}
		return d.anyMap(v, members, check)
	case *ast.SequenceNode:
		out := make([]any, 0, len(t.Values))
		for i, n := range t.Values {
			item, ok := d.resolve(n, fmt.Sprintf("%s[%d]", v.path, i), v.deep)
			if !ok {
				continue
			}
			out = append(out, d.anyValue(item, check))
		}
		return out
	case *ast.NullNode:
		return nil
	}
	s, ok := d.scalar(v, "a value")
	if !ok {
		return nil
	}
	switch s.kind {
	case nullScalar:
		if s.replaced {
			return s.text // an empty variable is empty text
		}
		return nil
	case boolScalar:
		return strings.EqualFold(s.text, "true")
	case intScalar:
		n, err := strconv.ParseInt(s.text, 10, 64)
		if err != nil {
			d.fail(v, "the number %s is too large; put it in quotes if it is text", s.raw)
		}
		return n
	case floatScalar:
		f, err := strconv.ParseFloat(s.text, 64)
		if err != nil || math.IsInf(f, 0) {
			d.fail(v, "the number %s is too large; put it in quotes if it is text", s.raw)
		}
		return f
	case oddNumber:
		if s.replaced {
			return s.text
		}
		d.fail(v, "%s is read as different numbers by different programs: write it in decimal digits, or in quotes if it is text", s.raw)
		return nil
	default:
		if check != nil {
			check(v, s)
		}
		return s.text
	}
}

// checkParameter checks a text parameter: its template by a trial run.
func (d *decoder) checkParameter(v value, s scalar) {
	if m := kfpMacro.FindString(s.text); m != "" {
		if s.replaced {
			m = s.shown() + " holds [[...]], which"
		}
		d.fail(v, "%s is a placeholder of recurring runs, which this run would take literally; use a template such as {{ .Window.End }}", m)
		return
	}
	const at = "2026-01-02T03:04:05Z"
	d.template(v, s.text, trigger.TemplateData{
		Model: "model", Window: trigger.TemplateWindow{Start: at, End: at}, Rule: "rule", Reason: "reason", Key: "key", Attempt: 1, AsOf: at,
	})
}

// template checks the templates in a text by a trial run with example, which finds what
// the fields' types do not have, and reports whether they are fit.
func (d *decoder) template(v value, text string, example any) bool {
	if !strings.Contains(text, "{{") {
		return true
	}
	if err := (templates{fill.Fields(example)}).check(text); err != nil {
		d.fail(v, "%v", err)
		return false
	}
	if _, err := fill.Text(text, example); err != nil {
		d.fail(v, "%v", templateError(err))
		return false
	}
	return true
}
