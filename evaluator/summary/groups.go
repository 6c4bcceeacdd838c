package summary

import (
	"maps"
	"slices"
	"strings"
)

// cell is what groups need of what they hold: the part V of a Summary, by pointer.
type cell[V any] interface {
	*V
	mergeFrom(*V)
	empty() bool
}

// groups holds a cell for each of the first limit values that occur, in a fixed
// order of all values: those of the layout's list first, in its order, then the
// others by name. The rest is folded into one cell. A value among the first limit of
// all rows is among the first limit of any part of them, so it is never folded, and
// all cells are exact: they depend on the multiset of rows alone.
type groups[V any, P cell[V]] struct {
	limit int
	rank  map[string]int // of the layout's values; read-only
	fresh func() P
	kept  map[string]P
	last  string // the last of kept in the order, "" when not known
	rest  P      // nil until something is folded
}

func newGroups[V any, P cell[V]](limit int, rank map[string]int, fresh func() P) *groups[V, P] {
	return &groups[V, P]{limit: limit, rank: rank, fresh: fresh, kept: map[string]P{}}
}

// compare orders two values.
func (g *groups[V, P]) compare(a, b string) int { return compareRanked(g.rank, a, b) }

// compareRanked orders two names: those with a rank come first, by it, then others by name.
func compareRanked(rank map[string]int, a, b string) int {
	i, listedA := rank[a]
	j, listedB := rank[b]
	switch {
	case listedA && listedB:
		return i - j
	case listedA:
		return -1
	case listedB:
		return 1
	}
	return strings.Compare(a, b)
}

// get returns the cell of a value, which it adds if it belongs to the kept ones.
// Cells got before may then have been folded.
func (g *groups[V, P]) get(name string) P {
	if c, ok := g.kept[name]; ok {
		return c
	}
	if name == OtherGroup || g.limit == 0 {
		return g.other()
	}
	if len(g.kept) < g.limit {
		return g.insert(name)
	}
	if g.last == "" {
		g.last = slices.MaxFunc(slices.Collect(maps.Keys(g.kept)), g.compare)
	}
	if g.compare(name, g.last) > 0 {
		return g.other()
	}
	if folded := g.kept[g.last]; !folded.empty() {
		g.other().mergeFrom(folded)
	}
	delete(g.kept, g.last)
	return g.insert(name)
}

func (g *groups[V, P]) insert(name string) P {
	c := g.fresh()
	g.kept[strings.Clone(name)] = c
	g.last = ""
	return c
}

func (g *groups[V, P]) other() P {
	if g.rest == nil {
		g.rest = g.fresh()
	}
	return g.rest
}

func (g *groups[V, P]) mergeFrom(o *groups[V, P]) {
	for name, c := range o.kept {
		g.get(name).mergeFrom(c)
	}
	if o.rest != nil {
		g.other().mergeFrom(o.rest)
	}
}

// all returns the cells that hold something by value.
func (g *groups[V, P]) all() map[string]P {
	out := make(map[string]P, len(g.kept)+1)
	for name, c := range g.kept {
		if !c.empty() {
			out[name] = c
		}
	}
	if g.rest != nil && !g.rest.empty() {
		out[OtherGroup] = g.rest
	}
	return out
}
