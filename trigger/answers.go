package trigger

import (
	"context"
	"errors"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/objstore"
)

// keptAnswer is the form in which the ledger keeps a query's answer.
type keptAnswer struct {
	Schema int                `json:"schema"`
	Model  string             `json:"model"`
	Window groundtruth.Window `json:"window"`
	Name   string             `json:"name"`
	Answer rule.Answer        `json:"answer"`
}

// Answer returns what was kept of a query of a model about a window, and false where
// nothing was. Another text under the same name is another query.
func (l *Ledger) Answer(ctx context.Context, model string, w groundtruth.Window, name, query string) (rule.Answer, bool, error) {
	var kept keptAnswer
	switch err := l.read(ctx, answerKey(model, w, name, query), &kept); {
	case errors.Is(err, objstore.ErrNotExist):
		return rule.Answer{}, false, nil
	case err != nil:
		return rule.Answer{}, false, err
	}
	return kept.Answer, true, nil
}

// KeepAnswer keeps the number that a query gave about a window, so that every later
// judgement of the window rests on the same, whatever the server has forgotten or
// added meanwhile. Where an answer is kept already, that one is returned.
func (l *Ledger) KeepAnswer(ctx context.Context, model string, w groundtruth.Window, name string, a rule.Answer) (rule.Answer, error) {
	err := l.create(ctx, answerKey(model, w, name, a.Query), keptAnswer{SchemaVersion, model, w, name, a})
	if !errors.Is(err, objstore.ErrExists) {
		return a, err
	}
	var kept keptAnswer
	err = l.read(ctx, answerKey(model, w, name, a.Query), &kept)
	return kept.Answer, err
}

func answerKey(model string, w groundtruth.Window, name, query string) string {
	return answersDir + part(model) + "/" + windowPart(w) + "/" + part(name) + "-" + digest(query)
}
