package drift

import (
	"fmt"
	"slices"

	"github.com/hindcast/hindcast/evaluator/stat"
)

// DefaultCountRate is the false discovery rate that drifted features are counted at for a rule
// that names their number, where no rate is configured.
const DefaultCountRate = 0.05

// chanceOf returns the probability that chance alone takes any of so many measures, those that
// it can make flag a column, as far as those that have flagged it: Bonferroni's, the least of
// theirs times their number. It is 1 where none has.
func (c *Column) chanceOf(measures int) float64 {
	least := 1.0
	for _, ms := range c.Measures {
		if ms.Drifted != nil && *ms.Drifted {
			least = min(least, float64(ms.chance*float64(measures)))
		}
	}
	return least
}

// chances returns the probabilities of the features that have drifted, the least first. A
// feature that hasn't, or that is inconclusive, has none and counts as 1.
func chances(features []Column) []float64 {
	var out []float64
	for i := range features {
		if is := features[i].Drifted; is != nil && *is {
			out = append(out, features[i].chance)
		}
	}
	slices.Sort(out)
	return out
}

// tested counts the features that chance can make drift: those that are applicable.
func tested(features []Column) int {
	n := 0
	for i := range features {
		if !features[i].NotApplicable {
			n++
		}
	}
	return n
}

// discovered returns how many of the sorted probabilities stand among so many at a false
// discovery rate, by the rule of Benjamini and Hochberg (JRSS B 57, 1995): the k least of them,
// for the greatest k of which the k-th is at most k/of times the rate. Then of all that are
// found, the share that chance brought is the rate at most.
func discovered(sorted []float64, of int, rate float64) int {
	for k := len(sorted); k > 0; k-- {
		if sorted[k-1] <= float64(rate*float64(k))/float64(of) {
			return k
		}
	}
	return 0
}

// keepDiscoveries takes back the drift of the features that a false discovery rate does not
// leave standing, and says so.
func keepDiscoveries(features []Column, rate float64) {
	found := chances(features)
	of := tested(features)
	stand := discovered(found, of, rate)
	for i := range features {
		c := &features[i]
		if c.Drifted == nil || !*c.Drifted || stand > 0 && c.chance <= found[stand-1] {
			continue
		}
		c.Drifted = new(bool)
		c.Reason = fmt.Sprintf("above threshold and noise floor, but among %d features chance brings that too: p %s, false_discovery_rate %s",
			of, stat.Figure(c.chance), stat.Figure(rate))
	}
}

// Of counts the features that drifted, at the false discovery rate that is asked for.
func (o Options) Of(features []Column) Drift {
	if o.FalseDiscoveryRate != nil {
		keepDiscoveries(features, *o.FalseDiscoveryRate)
	}
	d := Of(features)
	if o.FalseDiscoveryRate != nil {
		d.FalseDiscoveryRate = o.FalseDiscoveryRate
	} else if rate := o.CountRate; rate > 0 {
		d.FalseDiscoveryRate = &rate
		d.Count = discovered(chances(features), tested(features), rate)
	}
	return d
}

// Flagged returns how many features drifted, each judged by itself or at the rate that is
// configured: the share goes by these. It is Count but where a rate is for the count alone.
func (d *Drift) Flagged() int {
	if d.FalseDiscoveryRate == nil {
		return d.Count
	}
	return len(chances(d.features()))
}

// CountWith returns what Count would be if so many of the inconclusive features had drifted
// beyond any doubt.
func (d *Drift) CountWith(drifted int) int {
	if d.FalseDiscoveryRate == nil {
		return d.Count + drifted
	}
	found := append(make([]float64, drifted), chances(d.features())...)
	return discovered(found, tested(d.features()), *d.FalseDiscoveryRate)
}

// features returns the columns that are features.
func (d *Drift) features() []Column {
	var out []Column
	for name, c := range d.Columns {
		if !Reserved(name) {
			out = append(out, c)
		}
	}
	return out
}
