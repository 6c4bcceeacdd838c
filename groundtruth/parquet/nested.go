package parquet

import (
	"fmt"
	"strings"

	"github.com/parquet-go/parquet-go"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// nested says how a column of which elements are wanted is made. It is a list, a map or a group
// of columns, or a text, which may be JSON. Writers make lists and maps in several ways
// (https://github.com/apache/parquet-format/blob/master/LogicalTypes.md, Lists and Maps).
type nested struct {
	values *leaf           // of a list or a map, or the text
	keys   *leaf           // of a map
	group  *parquet.Column // of columns, one of which each element is
	text   bool
}

// nested returns how a column is made of which elements are wanted; nil is none.
func (f *File) nested(name string) (*nested, error) {
	column := f.Root().Column(name)
	if column == nil {
		column = f.Root()
		for part := range strings.SplitSeq(name, ".") {
			if column = column.Column(part); column == nil {
				return nil, nil
			}
		}
	}
	refused := func(why string) error {
		return fmt.Errorf("column %s, of which elements are wanted, %s", table.Quote(name), why)
	}
	// What is repeated is the column itself, or the one column in it.
	repeated := column
	if inside := column.Columns(); !column.Repeated() && len(inside) == 1 && inside[0].Repeated() {
		repeated = inside[0]
	}
	depth := column.MaxRepetitionLevel()
	if repeated.Repeated() {
		depth = repeated.MaxRepetitionLevel() - 1
	}
	switch {
	case depth > 0:
		return nil, refused("lies in a list or a map itself")
	case !repeated.Repeated() && !column.Leaf():
		return &nested{group: column}, nil
	case !repeated.Repeated():
		leaf := &f.leaves[column.Index()]
		typ, err := leafTypeOf(leaf.Column, leaf.element)
		if err == nil && typ.form != formText && typ.form != formNull {
			err = refused("has one value a row, which is no map and no list")
		}
		return &nested{values: leaf, text: true}, err
	}
	inside := []*parquet.Column{repeated}
	if !repeated.Leaf() {
		inside = repeated.Columns()
	}
	for _, c := range inside {
		if !c.Leaf() || c.MaxRepetitionLevel() > 1 {
			return nil, refused("holds lists, maps or groups of columns and no values")
		}
	}
	switch {
	case len(inside) == 1:
		return &nested{values: &f.leaves[inside[0].Index()]}, nil
	case len(inside) == 2 && inside[0].Name() == "key" && inside[1].Name() == "value":
		return &nested{keys: &f.leaves[inside[0].Index()], values: &f.leaves[inside[1].Index()]}, nil
	}
	return nil, refused("is a list of groups of columns, which has no one value at a place")
}

// leaves returns the leaves that are read for a wanted element; none is one that no row has.
func (n *nested) leaves(f *File, w table.Want) ([]*leaf, error) {
	e := w.Element
	switch {
	case n.text:
		return []*leaf{n.values}, nil
	case n.keys != nil && e.Key == "":
		return nil, fmt.Errorf("column %s is a map, which has keys, and the element at place %d is wanted of it: name a key", table.Quote(w.Name), e.Place)
	case n.keys != nil:
		return []*leaf{n.keys, n.values}, nil
	case n.group == nil && e.Place == 0:
		return nil, fmt.Errorf("column %s is a list, which has places, and the element of the key %s is wanted of it: say which place each has", table.Quote(w.Name), table.Quote(e.Key))
	case n.group == nil:
		return []*leaf{n.values}, nil
	case e.Key == "":
		return nil, fmt.Errorf("column %s is a group of columns, which has names, and the element at place %d is wanted of it: name a column in it", table.Quote(w.Name), e.Place)
	}
	field := n.group.Column(e.Key)
	switch {
	case field == nil:
		return nil, nil
	case !field.Leaf() || field.MaxRepetitionLevel() > 0:
		return nil, fmt.Errorf("column %s has in it %s, which is no value", table.Quote(w.Name), table.Quote(e.Key))
	}
	return []*leaf{&f.leaves[field.Index()]}, nil
}
