package config

import (
	"github.com/goccy/go-yaml/ast"

	"github.com/hindcast/hindcast/groundtruth"
)

// idColumns reads the column of an id, or a list of those that make it, into dst.
func (o *object) idColumns(key string, dst *groundtruth.IDColumns) (value, bool) {
	v, ok := o.get(key)
	if !ok {
		return v, false
	}
	if _, isList := v.node.(*ast.SequenceNode); !isList {
		name, ok := o.d.text(v)
		if ok {
			*dst = groundtruth.IDColumns{name}
		}
		return v, ok
	}
	names, ok := o.d.texts(v, "columns")
	if ok && len(names) == 0 {
		o.d.fail(v, "the list is empty: give it columns")
	}
	*dst = names
	return v, ok && len(names) > 0
}

// idColumnsOrNone reads what idColumns does, or "" for no column.
func (o *object) idColumnsOrNone(key string, dst *groundtruth.IDColumns) (value, bool) {
	if v, ok := o.get(key); ok && isEmptyText(v) {
		*dst = nil
		return v, true
	}
	return o.idColumns(key, dst)
}

// isEmptyText reports whether a value is "", which stands for none where that may be.
func isEmptyText(v value) bool {
	s, isText := v.node.(*ast.StringNode)
	return isText && s.Value == ""
}

// textOrNone reads text into dst that may be empty, as "" is where it stands for none.
func (o *object) textOrNone(key string, dst *string) (value, bool) {
	v, ok := o.get(key)
	if !ok {
		return v, false
	}
	if isEmptyText(v) {
		*dst = ""
		return v, true
	}
	s, ok := o.d.text(v)
	if ok {
		*dst = s
	}
	return v, ok
}
