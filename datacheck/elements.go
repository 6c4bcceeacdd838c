package datacheck

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// What stands here is of columns whose values are maps or lists, of which scores are elements.

// holds reports whether a column lies in one whose elements are scores, as those of an object do.
func (r *reading) holds(name string) bool {
	return slices.ContainsFunc(r.roles, func(o role) bool {
		return o.element != (groundtruth.Element{}) && strings.HasPrefix(name, o.column+".")
	})
}

// empty says of values that they are not there, and which of a map or a list they are.
func (r *reading) empty(role role) string {
	switch e := role.element; {
	case e.Key != "" && r.keysOf(role.column) != nil:
		keys := r.keysOf(role.column)
		return fmt.Sprintf("they have no key %s; there are %s%s", table.Quote(e.Key), table.QuoteNames(keys), table.DidYouMean(e.Key, keys))
	case e.Key != "" && e.Place > 0:
		return fmt.Sprintf("they have no key %s and, where they are lists, fewer than %d elements", table.Quote(e.Key), e.Place)
	case e.Key != "":
		return fmt.Sprintf("they have no key %s", table.Quote(e.Key))
	case e.Place > 0:
		return fmt.Sprintf("they have fewer than %d elements", e.Place)
	}
	return "they are empty"
}

// keysOf returns the names of the columns inside a column, as those of an object are, nil where
// there are none.
func (r *reading) keysOf(column string) []string {
	var keys []string
	for _, info := range r.head.Columns {
		if key, ok := strings.CutPrefix(info.Name, column+"."); ok {
			keys = append(keys, key)
		}
	}
	return keys
}
