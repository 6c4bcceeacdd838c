package job

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/evaluator/stat"
	"github.com/hindcast/hindcast/groundtruth"
)

// askers bounds how many queries are asked at once.
const askers = 4

// ask gets the model's queries answered for a window, each at most once: what the
// ledger keeps of the window is not asked again, and a number that is given is kept.
// What cannot be answered is an answer too, which says why; where nobody could be
// asked that is among the failures. An error is about the ledger.
func (p *pass) ask(ctx context.Context, w groundtruth.Window) (answers map[string]rule.Answer, failures []error, err error) {
	queries := p.model.Queries(w)
	names := slices.Sorted(maps.Keys(queries))
	if len(names) == 0 {
		return nil, nil, nil
	}
	found, failed := make([]rule.Answer, len(names)), make([]error, len(names))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(askers)
	for i, name := range names {
		g.Go(func() (err error) {
			found[i], failed[i], err = p.answer(ctx, w, name, queries[name])
			return err
		})
	}
	if err := g.Wait(); err != nil {
		return nil, nil, fmt.Errorf("ask about window %s: %w", w, err)
	}
	answers = make(map[string]rule.Answer, len(names))
	for i, name := range names {
		answers[name] = found[i]
		if err := failed[i]; err != nil {
			p.Log.Warn("query not answered", "model", p.model.Name, "window_start", w.Start, "window_end", w.End, "query", name, "err", err)
			failures = append(failures, fmt.Errorf("query %s about window %s: %w", name, w, err))
		}
	}
	return answers, failures, nil
}

// hang holds what became of a query that a monitoring system did not answer in time.
// Each further query would wait for it as long, so that answer asks none in the pass.
type hang struct {
	mu     sync.Mutex
	err    error  // of the query; nil while there was none
	reason string // why there is no answer
}

// seen returns what became of the query that was not answered in time, and nil where
// there was none.
func (h *hang) seen() (reason string, err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.reason, h.err
}

// note keeps a query's failure if it is that there was no answer in time.
func (h *hang) note(reason string, err error) {
	if !errors.Is(err, context.DeadlineExceeded) {
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.reason, h.err = reason, err
}

// answer gets one query answered.
func (p *pass) answer(ctx context.Context, w groundtruth.Window, name, query string) (answer rule.Answer, failed, err error) {
	kept, ok, err := p.Ledger.Answer(ctx, p.model.Name, w, name, query)
	if err != nil || ok {
		return kept, nil, err
	}
	none := rule.Answer{Value: stat.Number(math.NaN()), Query: query, Time: w.End}
	switch {
	case w.End.After(p.asOf):
		none.Reason = "it is asked about the window's end, which has not come"
		return none, nil, nil
	case p.Querier == nil:
		none.Reason = "there is no Prometheus to ask"
		return none, nil, nil
	}
	if none.Reason, failed = p.hungQuery.seen(); failed != nil {
		return none, failed, nil
	}
	answer, failed = p.Querier.Query(ctx, query, w.End)
	if err := ctx.Err(); err != nil {
		return answer, nil, err // told to stop: nothing is said of the server
	}
	p.hungQuery.note(answer.Reason, failed)
	if failed != nil || answer.Missing() || !p.effects.write {
		return answer, failed, nil
	}
	answer, err = p.Ledger.KeepAnswer(ctx, p.model.Name, w, name, answer)
	return answer, nil, err
}
