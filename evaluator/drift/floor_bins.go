package drift

import "math"

// binNulls draws the distances of these measures between binned samples under no change, with
// their quantiles at the level that levelOf gives by what was drawn. Where bins are not ranges
// of numbers, the last one counts the values of categories that the reference doesn't have, and
// is empty there by construction. These are taken as one category each, as far as there may be
// so many without change, and a category of which a split leaves none to the reference counts
// there.
//
// Every other bin's values are dealt to the samples with n : m; the distances divide
// by what was dealt.
//
// Rows that are alike count as fewer, and each draw is of an ordinary day.
func (mem *Scratch) binNulls(again *redeal, of []Spec, levelOf func([]null) float64) []null {
	count := min(max(binBudget/max(again.used, 1), binDrawsMany), binDraws)
	// What each draw is about. Most are far below the quantile and need not be known better.
	room := mem.drawsOf((3*len(of) + 1) * count)
	all := len(of) * count
	lows, nears, highs, known := room[:all], room[all:2*all], room[2*all:3*all], room[3*all:]
	starts := make([]normals, count)
	rng := new(normals)
	for d := range starts {
		starts[d] = *rng
		again.draw(rng)
		for i := range of {
			lows[i*count+d], nears[i*count+d], highs[i*count+d] = again.around(of[i].bins)
		}
	}
	out := make([]null, len(of))
	for i := range of {
		out[i].drawn(nears[i*count:(i+1)*count], of[i].squared)
	}
	level := levelOf(out)
	for i := range of {
		low, high := lows[i*count:(i+1)*count], highs[i*count:(i+1)*count]
		rank := quantileRank(count, level)
		// As many draws as the rank says are at most least; those that are less whatever
		// they are come before it in the order.
		least := nth(low, rank)
		rest := known[:0]
		for d := range starts {
			if high[d] < least {
				rank--
				continue
			}
			rng := starts[d]
			again.draw(&rng)
			rest = append(rest, again.distance(of[i].bins))
		}
		out[i].floor = nth(rest, rank)
	}
	return out
}

// redeal deals the values of two binned samples to them anew, as chance does where nothing
// has changed. binNulls asks it for one draw after the other.
type redeal struct {
	n, m   float64 // values of the samples
	ranged bool
	rare   []bool // categories that share one bin, nil where none do
	deal   []binomial
	used   int        // bins with rows
	a, b   bins       // the samples of the last draw
	days   *DayColumn // nil where days do not differ
}

func newRedeal(ref, cur bins, ranged bool, alike Likeness) *redeal {
	r := &redeal{ranged: ranged, deal: make([]binomial, len(ref))}
	r.n, r.m = alike.rows(ref.total(), cur.total())
	if alike.Days.binsVary() {
		r.days = alike.Days
	}
	for i := range ref {
		n, m := alike.rows(ref[i], cur[i])
		r.deal[i] = newBinomial(math.Round(n+m), r.n/(r.n+r.m))
		if ref[i]+cur[i] > 0 {
			r.used++
		}
	}
	if special := len(ref) - 1; !ranged {
		r.rare = rareBins(ref, cur)
		_, there := alike.rows(0, cur[special])
		unseen := math.Min(there, mostUnseen(ref[:special], r.n, r.m))
		r.deal[special] = newBinomial(math.Floor(unseen), r.n/(r.n+r.m))
	}
	return r
}

// draw deals once, into a and b.
func (r *redeal) draw(rng *normals) {
	special := len(r.deal)
	if !r.ranged {
		special--
	}
	a, b := r.a[:0], r.b[:0]
	var unseen, rareA, rareB float64
	var day dayDraw
	if r.days != nil {
		day = r.days.draw(rng)
	}
	for i := range r.deal[:special] {
		trials := r.deal[i].trials
		if trials == 0 {
			continue
		}
		x := r.deal[i].draw(rng)
		y := trials - x
		if r.days != nil {
			y = float64(y * day.factor(i))
		}
		switch {
		case x == 0 && !r.ranged:
			unseen += trials
		case r.rare != nil && r.rare[i]:
			rareA += x
			rareB += y
		default:
			a, b = append(a, x), append(b, y)
		}
	}
	if !r.ranged {
		// Each of these was a category of its own, and so a rare one.
		if deal := &r.deal[special]; deal.trials > 0 {
			x := deal.draw(rng)
			unseen += deal.trials - x
			rareA += x
		}
		a, b = append(a, rareA, 0), append(b, rareB, unseen)
	}
	r.a, r.b = a, b
}

// distance returns that of the last draw's samples, which is infinite where one got no rows.
func (r *redeal) distance(d *distance) float64 {
	if r.a.total() > 0 && r.b.total() > 0 {
		return d.of(r.a, r.b)
	}
	return math.Inf(1)
}

// around returns what that distance is at least, nearly and at most.
func (r *redeal) around(d *distance) (low, near, high float64) {
	if d.around != nil && r.a.total() > 0 && r.b.total() > 0 {
		return d.around(r.a, r.b)
	}
	v := r.distance(d)
	return v, v, v
}

// mostUnseen returns how many of m values may be of categories that a reference of n rows
// doesn't have, without any change. Those categories' share is about f1/n with a
// standard error of sqrt(f1 + 2 f2)/n, where f1 and f2 are the numbers of categories
// that the reference has once and twice (Good, Biometrika 40, 1953; Robbins, Annals
// of Mathematical Statistics 39, 1968); two of these errors, two of the binomial
// distribution's, and a little for f1 = 0, where the share is below 3/n at 95 %.
func mostUnseen(ref bins, n, m float64) float64 {
	var f1, f2 float64
	for _, c := range ref {
		switch c {
		case 1:
			f1++
		case 2:
			f2++
		}
	}
	mean := float64(m * math.Min(1, (f1+float64(2*math.Sqrt(f1+float64(2*f2)))+3)/n))
	return mean + float64(2*math.Sqrt(mean)) + 1
}
