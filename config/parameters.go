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

	"github.com/hindcast/hindcast/trigger"
)

// kfpMacro matches what recurring runs of Kubeflow Pipelines would replace, and a
// run started by Hindcast would take literally.
var kfpMacro = regexp.MustCompile(`\[\[\s*[A-Za-z][A-Za-z0-9_]*(\.[^\]]*)?\s*\]\]`)

// checkTemplateText parses a template and refuses what a parameter does not need:
// loops and nested templates could run forever, and with changes what a dot means.
func checkTemplateText(s string) error {
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
	return checkTemplate(tmpl.Root)
}

// templateError drops the package's prefixes: "template: parameter:1:3: executing ...".
func templateError(err error) error {
	msg := err.Error()
	if i := strings.LastIndex(msg, ": "); i >= 0 {
		msg = msg[i+2:]
	}
	return fmt.Errorf("bad template: %s", clip(msg))
}

// checkTemplate walks a template for fields that do not exist.
func checkTemplate(n parse.Node) error {
	switch t := n.(type) {
	case *parse.ListNode:
		if t == nil {
			return nil
		}
		for _, c := range t.Nodes {
			if err := checkTemplate(c); err != nil {
				return err
			}
		}
	case *parse.ActionNode:
		return checkTemplate(t.Pipe)
	case *parse.IfNode:
		return errors.Join(checkTemplate(t.Pipe), checkTemplate(t.List), checkTemplate(t.ElseList))
	case *parse.PipeNode:
		if t == nil {
			return nil
		}
		for _, c := range t.Cmds {
			for _, a := range c.Args {
				if err := checkTemplate(a); err != nil {
					return err
				}
			}
		}
	case *parse.ChainNode:
		return checkTemplate(t.Node)
	case *parse.FieldNode:
		return checkField(t.Ident)
	case *parse.VariableNode:
		if t.Ident[0] == "$" && len(t.Ident) > 1 {
			return checkField(t.Ident[1:])
		}
	case *parse.DotNode:
		return errors.New("a template needs a field after the dot; known: " + knownFields())
	case *parse.RangeNode, *parse.WithNode, *parse.TemplateNode, *parse.BreakNode, *parse.ContinueNode:
		return errors.New("only fields, functions and if are allowed in a template")
	}
	return nil
}

// checkField checks the names of a field chain; the trial run at load checks what
// follows a known one.
func checkField(names []string) error {
	field := names[0]
	if field == "Window" {
		if len(names) == 1 {
			return errors.New("a template needs .Window.Start or .Window.End; known: " + knownFields())
		}
		field += "." + names[1]
	}
	if slices.Contains(templateFields(), field) {
		return nil
	}
	return fmt.Errorf("unknown field .%s; known: %s", clip(strings.Join(names, ".")), knownFields())
}

// knownFields lists the fields of templates for messages.
func knownFields() string { return "." + strings.Join(templateFields(), ", .") }

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
	if !strings.Contains(s.text, "{{") {
		return
	}
	if err := checkTemplateText(s.text); err != nil {
		d.fail(v, "%v", err)
		return
	}
	// A trial run finds what the fields' types do not have.
	const at = "2026-01-02T03:04:05Z"
	_, err := trigger.RenderParameters(map[string]any{"value": s.text}, trigger.TemplateData{
		Model: "model", Window: trigger.TemplateWindow{Start: at, End: at}, Rule: "rule", Reason: "reason", Key: "key", Attempt: 1, AsOf: at,
	})
	if err != nil {
		d.fail(v, "%v", templateError(err))
	}
}
