package evaluator

import (
	"cmp"
	"math"
	"slices"

	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
)

// Distribution is how the values of a column lie in a reference and in a window, on bins few
// enough to be looked at. Every count is exact: a bin ends where both columns know how many of
// their values lie on either side. Reports draw it.
type Distribution struct {
	Kind DistributionKind
	Bins []DistributionBin
	// Log says that the bins of Ranges are of one width on a logarithmic axis.
	Log bool
	// Unit is how far neighbours are apart where Ranges are of numbers that are rounded: bins end
	// halfway between two of these. It is 0 elsewhere.
	Unit float64

	Reference, Window DistributionRows
	Shift             Shift

	most int // bins, one or two more aside
}

// Shift says of numbers how far the window's have moved: which share of them is beyond what nearly
// all of the reference's are within.
type Shift struct {
	// Low and High are the reference's 5 % and 95 % points: less than 5 % of its values are below
	// the one, and at most 5 % above the other. Below and Above are the window's shares.
	Low, High, Below, Above float64
	// The medians, of values that are known to be in an interval its middle; NaN without values.
	ReferenceMedian, WindowMedian float64
}

// DistributionKind says what the bins of a Distribution are.
type DistributionKind int

// The kinds of distributions.
const (
	Ranges     DistributionKind = iota // of numbers
	Values                             // of numbers: one each
	Categories                         // of texts: one each, and what is left
)

// DistributionBin counts the values of one bin.
type DistributionBin struct {
	// Of Ranges: the values from Low on and below High, and those equal to it too where no
	// bin follows. An outer end is infinite where the bin has all that lies beyond the others. Of
	// Values both are the value.
	Low, High float64
	Name      string // of Categories
	// Reference and Window are how many values are there.
	Reference, Window int64
}

// Outside reports whether the bin has all values beyond the others.
func (b *DistributionBin) Outside() bool { return math.IsInf(b.Low, -1) || math.IsInf(b.High, 1) }

// DistributionRows counts the rows of one side, those without a value too.
type DistributionRows struct {
	N, Missing int64
	// Unseen are the values of texts that the reference has none of, Rest those of categories that
	// have no bin.
	Unseen, Rest int64
}

// Share returns a number of values as a share of those that there are; NaN without any.
func (r DistributionRows) Share(n int64) float64 { return float64(n) / float64(r.N) }

// MissingShare returns the share of rows without a value; NaN without rows.
func (r DistributionRows) MissingShare() float64 {
	return float64(r.Missing) / float64(r.N+r.Missing)
}

const (
	// mostBins bounds the bins of a distribution, leastBins is how many there are of few rows.
	mostBins  = 40
	leastBins = 10
	// mostValues is up to how many distinct numbers have a bin each.
	mostValues = 12
	// mostCategories is how many categories have a bin.
	mostCategories = 12
)

// DistributionOf returns how the values of a column lie in a reference and in a window, which
// was counted on the reference's layout, on about so many bins at most; 0 is for as many as the
// rows are enough for.
func DistributionOf(ref, cur *summary.Column, most int) Distribution {
	d := Distribution{
		most:      cmp.Or(most, mostBins),
		Reference: DistributionRows{N: ref.N(), Missing: ref.Missing()},
		Window:    DistributionRows{N: cur.N(), Missing: cur.Missing()},
	}
	if ref.Kind() != groundtruth.Number {
		d.Kind = Categories
		d.categories(ref, cur)
		return d
	}
	pieces := piecesOf(ref, cur)
	d.Shift = shiftOf(pieces, d.Reference.N, d.Window.N)
	if len(pieces) <= min(mostValues, d.most) && !slices.ContainsFunc(pieces, piece.open) {
		d.Kind = Values
		for _, p := range pieces {
			d.Bins = append(d.Bins, DistributionBin{Low: p.low, High: p.high, Reference: p.reference, Window: p.window})
		}
		return d
	}
	d.ranges(pieces)
	return d
}

// piece is values of a reference and of a window that no bin may take apart: equal ones, or all
// in an interval of which no more is known. Beyond the reference's values that ends with the
// farthest value, or is infinite where that is too far away.
type piece struct {
	low, high         float64 // equal of equal values
	reference, window int64
}

// open reports whether it is an open interval.
func (p piece) open() bool { return p.low < p.high }

// piecesOf returns the values of two columns on one layout, in ascending order.
func piecesOf(ref, cur *summary.Column) []piece {
	edges := ref.Edges()
	out := make([]piece, 0, 2*len(edges)+1)
	r, c := ref.InteriorEntries(), cur.InteriorEntries()
	outerLow, outerHigh := outerEnds(edges, cur)
	for i := range len(edges) + 1 {
		end, low, high := uint64(math.MaxUint64), outerLow, outerHigh
		if i > 0 {
			low = edges[i-1]
		}
		if i < len(edges) {
			end, high = summary.OrderKey(edges[i]), edges[i]
		}
		insideR, insideC := entriesBefore(&r, end), entriesBefore(&c, end)
		switch nr, nc := ref.Open(i), cur.Open(i); {
		case nr+nc == 0:
		case nr > 0 && !ref.InteriorKnown() || nc > 0 && !cur.InteriorKnown():
			out = append(out, piece{low, high, nr, nc})
		default:
			out = appendEntries(out, insideR, insideC)
		}
		if i < len(edges) && ref.Point(i)+cur.Point(i) > 0 {
			out = append(out, piece{high, high, ref.Point(i), cur.Point(i)})
		}
	}
	return out
}

// outerEnds returns where the values of a window end that are beyond the edges: infinitely far
// where it is farther from these than they are from one another, as an outlier is.
func outerEnds(edges []float64, cur *summary.Column) (low, high float64) {
	low, high = math.Inf(-1), math.Inf(1)
	if len(edges) == 0 || cur.N() == 0 {
		return low, high
	}
	first, last := edges[0], edges[len(edges)-1]
	if m := cur.Min(); m < first && first-m <= last-first {
		low = math.Nextafter(m, low) // the interval is open
	}
	if m := cur.Max(); m > last && m-last <= last-first {
		high = math.Nextafter(m, high)
	}
	return low, high
}

// entriesBefore takes the entries of lesser keys from the front of a list.
func entriesBefore(list *[]summary.Entry, key uint64) []summary.Entry {
	n, _ := slices.BinarySearchFunc(*list, key, func(e summary.Entry, key uint64) int { return cmp.Compare(e.Key, key) })
	taken := (*list)[:n]
	*list = (*list)[n:]
	return taken
}

// appendEntries appends the values of two lists in ascending order, equal ones once.
func appendEntries(out []piece, r, c []summary.Entry) []piece {
	for len(r) > 0 || len(c) > 0 {
		var p piece
		key := uint64(math.MaxUint64)
		if len(r) > 0 {
			key = r[0].Key
		}
		if len(c) > 0 {
			key = min(key, c[0].Key)
		}
		if len(r) > 0 && r[0].Key == key {
			p.reference, r = r[0].Count, r[1:]
		}
		if len(c) > 0 && c[0].Key == key {
			p.window, c = c[0].Count, c[1:]
		}
		p.low = summary.OrderValue(key)
		p.high = p.low
		out = append(out, p)
	}
	return out
}

// categories counts texts: those with the greatest share of either side have bins, the greatest
// first.
func (d *Distribution) categories(ref, cur *summary.Column) {
	all := make([]DistributionBin, 0, len(ref.Categories()))
	for i, name := range ref.Categories() {
		all = append(all, DistributionBin{Name: name, Reference: ref.Category(i), Window: cur.Category(i)})
	}
	share := func(b *DistributionBin) float64 {
		return max(float64(b.Reference)/float64(max(d.Reference.N, 1)), float64(b.Window)/float64(max(d.Window.N, 1)))
	}
	slices.SortFunc(all, func(a, b DistributionBin) int {
		return cmp.Or(cmp.Compare(share(&b), share(&a)), cmp.Compare(a.Name, b.Name))
	})
	for i := range all {
		b := &all[i]
		if i < min(mostCategories, d.most/2) {
			d.Bins = append(d.Bins, *b)
			continue
		}
		d.Reference.Rest += b.Reference
		d.Window.Rest += b.Window
	}
	d.Window.Unseen = cur.Unseen()
	d.Reference.Unseen = ref.Unseen()
}
