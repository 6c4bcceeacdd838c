package diagnose

import (
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// Mismatch says how ids that belong together are written differently in two sources.
type Mismatch struct {
	Kind string // the name of the form in which they meet, such as "case"
	// Prediction and Label are two ids that meet in that form, of those found the first by
	// the text of the prediction's.
	Prediction, Label string
	Met               int  // how many ids meet in that form
	Loose             bool // ids of other predictions and labels may well meet in that form too
	// Differ says what differs, and Remedy what to do: a clause each.
	Differ, Remedy string
}

// Words says what differs and what to do, without an example.
func (m Mismatch) Words() string { return m.Differ + ": " + m.Remedy }

const (
	// enoughMet ids have to meet in a form before it is taken for the cause, or half of the
	// ids of the source that has fewer: one or two may meet by chance. In a loose form both
	// have to.
	enoughMet = 3
	// nearBest is the share of the ids that meet in the best form from which on an earlier
	// form, which changes ids less, is the likelier cause.
	nearBest = 0.9
)

// IDs finds the likeliest way in which the ids of predictions and labels are written
// differently, given samples of both, and false where it knows none. Ids that meet as they
// are don't count. The order of a sample makes no difference, nor does an id that comes more
// than once.
func IDs(predictions, labels []string) (Mismatch, bool) {
	predictions, labels = unmet(predictions, labels)
	if len(predictions) == 0 || len(labels) == 0 {
		return Mismatch{}, false
	}
	half := (min(len(predictions), len(labels)) + 1) / 2
	var found []Mismatch
	best := 0
	for _, f := range forms() {
		enough := max(enoughMet, half)
		if !f.loose {
			enough = min(enoughMet, half)
		}
		for _, a := range f.attempts(predictions, labels) {
			if m := a.try(predictions, labels); m.Met >= enough {
				m.Kind, m.Remedy, m.Loose = f.name, f.remedy, f.loose
				found = append(found, m)
				best = max(best, m.Met)
			}
		}
	}
	for _, m := range found {
		if float64(m.Met) >= nearBest*float64(best) {
			return m, true
		}
	}
	return Mismatch{}, false
}

// Overlap counts the distinct ids of predictions that are among those of labels as they
// are, and all distinct ids of predictions.
func Overlap(predictions, labels []string) (met, of int) {
	alone, _ := unmet(predictions, labels)
	of = len(distinct(predictions))
	return of - len(alone), of
}

// Alike reports whether ids of both sides are written in the same way, so that those which don't
// meet are probably ids of other rows: half of the ids of each side or more are the same but
// for their numbers, or all are UUIDs or hexadecimal digits of one length.
func Alike(predictions, labels []string) bool {
	p, l := shapes(predictions), shapes(labels)
	for shape, n := range p {
		if m := l[shape]; m > 0 && 2*n >= len(predictions) && 2*m >= len(labels) {
			return true
		}
	}
	return false
}

// shapes counts the ways in which ids are written.
func shapes(ids []string) map[string]int {
	n := map[string]int{}
	for _, id := range ids {
		n[shape(id)]++
	}
	return n
}

// shape returns what an id has in common with others that are written in the same way.
func shape(id string) string {
	const hash = 16 // hexadecimal digits, and more
	switch {
	case uuidDigits(id) != "" && len(id) > hash:
		return fmt.Sprintf("a UUID of %d bytes", len(id))
	case len(id) >= hash && strings.Trim(id, "0123456789abcdefABCDEF") == "":
		return fmt.Sprintf("%d hexadecimal digits", len(id))
	}
	var b strings.Builder
	digits := false
	for _, r := range id {
		isDigit := r >= '0' && r <= '9'
		switch {
		case !isDigit:
			b.WriteRune(r)
		case !digits:
			b.WriteByte('0')
		}
		digits = isDigit
	}
	return b.String()
}

// unmet returns the distinct ids of each side that are not on the other, in order.
func unmet(predictions, labels []string) (onlyPredictions, onlyLabels []string) {
	p, l := distinct(predictions), distinct(labels)
	without := func(ids, others []string) []string {
		return slices.DeleteFunc(slices.Clone(ids), func(id string) bool {
			_, found := slices.BinarySearch(others, id)
			return found
		})
	}
	return without(p, l), without(l, p)
}

// distinct returns the distinct ids in order.
func distinct(ids []string) []string {
	ids = slices.Clone(ids)
	slices.Sort(ids)
	return slices.Compact(ids)
}

// attempt is one way to write the ids of both sides so that they might meet. An id of which a
// side makes the empty text has no such form.
type attempt struct {
	prediction, label func(id string) string
	differ            func(where side) string // says what differs, of the sides whose ids change
}

// try counts the forms in which ids meet; both sides are distinct and in order.
func (a attempt) try(predictions, labels []string) Mismatch {
	byForm := map[string]string{}
	for _, id := range slices.Backward(labels) { // of ids of one form the first stays
		if folded := a.label(id); folded != "" {
			byForm[folded] = id
		}
	}
	var m Mismatch
	var changedPredictions, changedLabels int
	for _, id := range predictions {
		folded := a.prediction(id)
		label, ok := byForm[folded]
		if !ok {
			continue
		}
		delete(byForm, folded) // a form counts once, however many ids have it
		if m.Met++; m.Met == 1 {
			m.Prediction, m.Label = id, label
		}
		if folded != id {
			changedPredictions++
		}
		if folded != label {
			changedLabels++
		}
	}
	if m.Met == 0 {
		return m
	}
	var where side
	if 2*changedPredictions > m.Met {
		where |= onPredictions
	}
	if 2*changedLabels > m.Met {
		where |= onLabels
	}
	m.Differ = a.differ(where)
	return m
}

// side tells whose ids are written in the way that a sentence speaks of.
type side uint8

const (
	onPredictions side = 1 << iota
	onLabels
)

// those names the ids of a side.
func (s side) those() string {
	switch s {
	case onPredictions:
		return "those of the predictions"
	case onLabels:
		return "those of the labels"
	}
	return "some of both"
}

// QuoteID quotes an id for a message, in short: as text, or what is none as its bytes in
// hexadecimal digits.
func QuoteID(id string) string {
	if utf8.ValidString(id) {
		return table.Quote(id)
	}
	const most = 16
	more := ""
	if len(id) > most {
		more = "..."
	}
	return fmt.Sprintf("0x%s%s (%d bytes that are no text)", hex.EncodeToString([]byte(id[:min(len(id), most)])), more, len(id))
}

// Examples quotes the first n of some ids by their order as texts.
func Examples(ids []string, n int) []string {
	ids = distinct(ids)
	quoted := make([]string, 0, n)
	for _, id := range ids[:min(n, len(ids))] {
		quoted = append(quoted, QuoteID(id))
	}
	return quoted
}
