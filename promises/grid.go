package main

import (
	"context"
	"fmt"
	"hash/fnv"
	"io"
	"math/rand/v2"
	"sync"
	"sync/atomic"
)

// chunkTrials is how many trials of a cell are drawn from one seed, one after the other. The
// chunks of all cells are what threads share out.
const chunkTrials = 20

// cell is one kind of data, and what is counted of it.
type cell struct {
	name   string
	at     map[string]string // what the table says of the cell, by the head of its column
	trials int
	// trial draws data once, has it judged and counts what came of it.
	trial    func(r *rand.Rand, number int, counts counts)
	promises []promise
}

// counts holds what is counted of a cell, by the name of the figure.
type counts map[string]count

// count counts answers to one question, such as "does the interval cover the truth?".
type count struct {
	yes, no int
	said    int // no answer, and the product says why
	silent  int // no answer, and no reason
	noted   int // of the answers, those of which the product says that they may not hold
}

func (c counts) yesOrNo(figure string, yes bool) {
	n := c[figure]
	if yes {
		n.yes++
	} else {
		n.no++
	}
	c[figure] = n
}

// note marks an answer as one of which the product says that it may not hold.
func (c counts) note(figure string) {
	n := c[figure]
	n.noted++
	c[figure] = n
}

func (c counts) unanswered(figure, reason string) {
	n := c[figure]
	if reason != "" {
		n.said++
	} else {
		n.silent++
	}
	c[figure] = n
}

func (c counts) add(o counts) {
	for figure, n := range o {
		sum := c[figure]
		sum.yes, sum.no, sum.said, sum.silent = sum.yes+n.yes, sum.no+n.no, sum.said+n.said, sum.silent+n.silent
		sum.noted += n.noted
		c[figure] = sum
	}
}

// simulate returns the counts of each cell. They depend on the cells alone: a chunk's seed is
// of its cell's name and its number, and counts add up in any order.
func simulate(ctx context.Context, cells []cell, threads int, log io.Writer) ([]counts, error) {
	type chunk struct{ cell, first int }
	var chunks []chunk
	left := make([]atomic.Int64, len(cells))
	for i, c := range cells {
		for first := 0; first < c.trials; first += chunkTrials {
			chunks = append(chunks, chunk{cell: i, first: first})
			left[i].Add(1)
		}
	}
	results := make([]counts, len(cells))
	for i := range results {
		results[i] = counts{}
	}
	var next atomic.Int64
	var adding sync.Mutex
	var workers sync.WaitGroup
	for range threads {
		workers.Go(func() {
			for ctx.Err() == nil {
				i := int(next.Add(1)) - 1
				if i >= len(chunks) {
					return
				}
				at := chunks[i]
				c := &cells[at.cell]
				r := rand.New(rand.NewPCG(seed(c.name), uint64(at.first)))
				found := counts{}
				for number := at.first; number < min(at.first+chunkTrials, c.trials); number++ {
					c.trial(r, number, found)
				}
				adding.Lock()
				results[at.cell].add(found)
				if left[at.cell].Add(-1) == 0 {
					fmt.Fprintf(log, "promises: %s: %s\n", c.name, c.line(results[at.cell]))
				}
				adding.Unlock()
			}
		})
	}
	workers.Wait()
	return results, ctx.Err()
}

func seed(name string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(name))
	return h.Sum64()
}

// smokeOf returns the cells of these names, each with that share of its trials. It panics where
// there is none of a name.
func smokeOf(cells []cell, names []string, share float64) []cell {
	var out []cell
	for _, name := range names {
		found := false
		for _, c := range cells {
			if c.name == name {
				c.trials = int(float64(c.trials) * share)
				out, found = append(out, c), true
			}
		}
		if !found {
			panic("promises: no cell is named " + name)
		}
	}
	return out
}
