package trigger

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// OutageEvaluation is the outage of a model's passes; that of a run that cannot be
// started goes by the run's key.
const OutageEvaluation = "evaluation"

// remindEvery is how often people are reminded of an outage that goes on.
const remindEvery = 24 * time.Hour

// remindSlack is how much earlier a reminder may come: passes of every day are not a
// day apart to the second.
const remindSlack = time.Hour

// Outage is a stretch of attempts that all failed: from the first until one worked.
type Outage struct {
	Number   int                // 1, 2, ... among the outages of one model and kind
	Since    time.Time          // when the first attempt failed
	Window   groundtruth.Window // that was to be judged when the first attempt failed
	Failures int                // attempts that failed
}

// outageRecord is the form in which the ledger keeps an attempt that failed, or the one
// that ended the outage.
type outageRecord struct {
	Schema int                `json:"schema"`
	Model  string             `json:"model"`
	What   string             `json:"what"`
	Window groundtruth.Window `json:"window"`
	At     time.Time          `json:"at"`
}

// outageState is what the keys say of the newest outage. Failed and Worked go by it.
type outageState struct {
	number   int // Outage.Number; 0 before the first
	failures int // attempts that failed
	over     bool
}

// Failed counts a failed attempt and reports whether people are to be told of it: of
// the first one, and once a day of those after it. Of any number of processes one is
// told to tell.
func (l *Ledger) Failed(ctx context.Context, model, what string, w groundtruth.Window, at time.Time) (o Outage, tell bool, err error) {
	for {
		s, err := l.outage(ctx, model, what)
		if err != nil {
			return Outage{}, false, err
		}
		if s.number == 0 || s.over {
			s = outageState{number: s.number + 1}
		}
		s.failures++
		created, err := l.createOnce(ctx, failureKey(model, what, s.number, s.failures), outageRecord{SchemaVersion, model, what, w, at.UTC()})
		if err != nil {
			return Outage{}, false, err
		}
		if !created {
			continue // somebody else's attempt failed at the same time: this is the next one
		}
		o, err := l.readOutage(ctx, model, what, s)
		if err != nil {
			return Outage{}, false, err
		}
		if s.failures == 1 {
			return o, true, nil
		}
		days := int((at.Sub(o.Since) + remindSlack) / remindEvery)
		if days < 1 {
			return o, false, nil
		}
		tell, err := l.createOnce(ctx, fmt.Sprintf("%sreminder-%04d", outageDir(model, what, s.number), days), outageRecord{SchemaVersion, model, what, w, at.UTC()})
		return o, tell, err
	}
}

// Worked ends an outage and reports whether there was one that this call ended.
func (l *Ledger) Worked(ctx context.Context, model, what string, w groundtruth.Window, at time.Time) (Outage, bool, error) {
	s, err := l.outage(ctx, model, what)
	if err != nil || s.number == 0 || s.over {
		return Outage{}, false, err
	}
	o, err := l.readOutage(ctx, model, what, s)
	if err != nil {
		return Outage{}, false, err
	}
	ended, err := l.createOnce(ctx, outageDir(model, what, s.number)+overName, outageRecord{SchemaVersion, model, what, w, at.UTC()})
	return o, ended, err
}

const overName = "over"

func outageDir(model, what string, n int) string {
	return fmt.Sprintf("%s%s/%s/%06d/", outagesDir, part(model), part(what), n)
}

func failureKey(model, what string, n, failure int) string {
	return fmt.Sprintf("%s%06d", outageDir(model, what, n), failure)
}

// outage reads the newest outage off the keys.
func (l *Ledger) outage(ctx context.Context, model, what string) (outageState, error) {
	prefix := outagesDir + part(model) + "/" + part(what) + "/"
	keys, err := l.keys(ctx, prefix)
	if err != nil {
		return outageState{}, err
	}
	var s outageState
	for _, k := range keys {
		number, name, ok := strings.Cut(strings.TrimPrefix(k, prefix), "/")
		n, err := strconv.Atoi(number)
		if !ok || err != nil || n < 1 {
			return outageState{}, fmt.Errorf("ledger record %s: not an outage's key", k)
		}
		if n > s.number {
			s = outageState{number: n}
		}
		if n < s.number {
			continue
		}
		if name == overName {
			s.over = true
		} else if failure, err := strconv.Atoi(name); err == nil {
			s.failures = max(s.failures, failure)
		}
	}
	return s, nil
}

func (l *Ledger) readOutage(ctx context.Context, model, what string, s outageState) (Outage, error) {
	var first outageRecord
	if err := l.read(ctx, failureKey(model, what, s.number, 1), &first); err != nil {
		return Outage{}, err
	}
	return Outage{Number: s.number, Since: first.At, Window: first.Window, Failures: s.failures}, nil
}
