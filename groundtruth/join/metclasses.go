package join

import (
	"fmt"
	"slices"
	"strings"

	"github.com/hindcast/hindcast/groundtruth/table"
)

// metClasses counts which classes a binary model's rows have, for notes. It is one goroutine's.
type metClasses struct {
	positive, other int64
	others          leastTexts // what the other class is called, where classes are texts

	gen  uint64 // of the column's dictionary that the next is of
	told []bool // by entry of a column's dictionary: it is among the others
}

// reset forgets the dictionary of the object before.
func (m *metClasses) reset() { m.gen, m.told = 0, m.told[:0] }

// add counts a row that has a class, of a chunk that k has read.
func (m *metClasses) add(k *classColumn, col *table.Column, i int) {
	if k.codes[i] == positiveClass {
		m.positive++
		return
	}
	m.other++
	if k.byNumber {
		return
	}
	if m.gen != col.DictGen {
		m.gen, m.told = col.DictGen, m.told[:0]
	}
	for len(m.told) < len(col.Dict) {
		m.told = append(m.told, false)
	}
	if entry := col.Codes[i]; !m.told[entry] {
		m.told[entry] = true
		m.others.add(table.Sample(table.BinaryText(col.Dict[entry])))
	}
}

// merge adds what another goroutine counted.
func (m *metClasses) merge(o *metClasses) {
	m.positive += o.positive
	m.other += o.other
	m.others.more = m.others.more || o.others.more
	for _, text := range o.others.texts {
		m.others.add(text)
	}
}

// mostOthers is up to how many texts of the other class are told apart.
const mostOthers = 100

// leastTexts holds the first texts in order of those that it was given, so that they are the
// same however rows are dealt.
type leastTexts struct {
	texts []string
	more  bool // there were more than it holds
}

// add takes a text.
func (l *leastTexts) add(text string) {
	at, found := slices.BinarySearch(l.texts, text)
	if found || at == mostOthers {
		l.more = l.more || !found
		return
	}
	l.texts = slices.Insert(l.texts, at, strings.Clone(text))
	if len(l.texts) > mostOthers {
		l.texts, l.more = l.texts[:mostOthers], true
	}
}

// labelNotes says what is odd about the labels of a binary model: none is of the positive class, or
// those of the other are called by several names.
func (m *metClasses) labelNotes(column string, k *classes) []string {
	if m.positive == 0 && m.other > 0 {
		seen := table.QuoteNames(m.others.texts) + table.DidYouMean(k.positive, m.others.texts)
		switch {
		case k.byNumber && k.positive == "1":
			seen = "0"
		case k.byNumber:
			seen = "1"
		}
		return []string{fmt.Sprintf("none of the %d labels read is positive_label %s: %s is %s; with labels of one class alone most metrics are not defined: set positive_label to the label that is meant, or wait for labels of that class",
			m.other, table.Quote(k.positive), table.Quote(column), seen)}
	}
	return m.severalNotes(fromLabels, column, k)
}

// severalNotes says that the other class of a column is called by several names.
func (m *metClasses) severalNotes(source, column string, k *classes) []string {
	if len(m.others.texts) < 2 {
		return nil
	}
	how := fmt.Sprint(len(m.others.texts))
	if m.others.more {
		how = "more than " + how
	}
	if m.positive == 0 && source == fromPredictions && table.Shares(m.others.texts) {
		return []string{fmt.Sprintf("column %s of %s has %s values from 0 to 1 and not positive_label %s: if they are probabilities, map it as predictions.columns.score in place of prediction",
			table.Quote(column), source, how, table.Quote(k.positive))}
	}
	return []string{fmt.Sprintf("column %s of %s has %s values beside positive_label %s, and all of them are the other class: %s; with task: multiclass each is a class",
		table.Quote(column), source, how, table.Quote(k.positive), table.QuoteNames(m.others.texts))}
}
