package main

import (
	"fmt"
	"math"
)

// promise is what the count of one figure is held to: the share of yes among its answers lies
// between two limits, in percent. NaN is no limit.
type promise struct {
	figure    string
	low, high float64
	// alarm says that the upper limit is for the share among all windows, those without an
	// answer too: a false alarm is one of all windows, however few of them are judged.
	alarm bool
}

// allowedErrors is how many of the simulation's own standard errors a share may lie beyond a
// limit: those of a share that lies at the limit, by the binomial distribution.
const allowedErrors = 2

// answered returns the share of yes among the answers, in percent; NaN where there is none.
func (n count) answered() float64 { return 100 * float64(n.yes) / float64(n.yes+n.no) }

// ofAll returns the share of yes among all, in percent.
func (n count) ofAll() float64 { return 100 * float64(n.yes) / float64(n.all()) }

func (n count) all() int { return n.yes + n.no + n.said + n.silent }

// doubted returns the share of the answers that are noted, in percent.
func (n count) doubted() float64 { return 100 * float64(n.noted) / float64(n.yes+n.no) }

// refused returns the share without an answer, in percent.
func (n count) refused() float64 { return 100 * float64(n.said+n.silent) / float64(n.all()) }

// allowance returns how far a share of so many may lie beyond a limit, in percent.
func allowance(limit float64, of int) float64 {
	return allowedErrors * math.Sqrt(limit*(100-limit)/float64(of))
}

// broken says how a count breaks the promise; empty where it holds.
func (p promise) broken(n count) string {
	answers := n.yes + n.no
	share, high, of := n.answered(), n.answered(), answers
	if p.alarm {
		high, of = n.ofAll(), n.all()
	}
	switch {
	case n.all() == 0:
		return "was not counted"
	case n.silent > 0:
		return fmt.Sprintf("%d of %d have no answer and no reason", n.silent, n.all())
	case answers == 0:
		return ""
	case high > p.high+allowance(p.high, of):
		return fmt.Sprintf("%.1f %% of %d, want at most %g (%.1f allowed)", high, of, p.high, allowance(p.high, of))
	case 2*n.noted > answers:
		return "" // too narrow, as the product says of most of them
	case share < p.low-allowance(p.low, answers):
		return fmt.Sprintf("%.1f %% of %d, want at least %g (%.1f allowed)", share, answers, p.low, allowance(p.low, answers))
	}
	return ""
}

// broken lists the promises of a cell that its counts break.
func (c *cell) broken(n counts) []string {
	var out []string
	for _, p := range c.promises {
		if why := p.broken(n[p.figure]); why != "" {
			out = append(out, fmt.Sprintf("%s: %s: %s", c.name, p.figure, why))
		}
	}
	return out
}

// breaks reports whether the promise of a figure of the cell, if there is one, is broken.
func (c *cell) breaks(figure string, n counts) bool {
	for _, p := range c.promises {
		if p.figure == figure && p.broken(n[figure]) != "" {
			return true
		}
	}
	return false
}
