package table

import (
	"cmp"
	"strconv"
	"strings"
)

// PositiveLabel returns the canonical text of a binary model's positive label, which is 1 where
// nothing else is said, and whether it is 1 or 0: all classes of the model are then 1 or 0.
func PositiveLabel(s string) (text string, isNumber bool) {
	text = BinaryText(cmp.Or(s, "1"))
	return text, text == "1" || text == "0"
}

// ClassText returns the canonical text of a class, so that classes that are written alike in
// different formats are one: of a text that is a number, with blanks around it or not, the
// number's, as AsText reads it of a column of numbers. Every other text is itself.
func ClassText(s string) string {
	trimmed := strings.TrimSpace(s)
	// Words, of which some stand for numbers elsewhere, are none here.
	if trimmed == "" || !strings.ContainsRune("0123456789+-.", rune(trimmed[0])) {
		return s
	}
	number, ok := AppendNumberText(nil, []byte(trimmed))
	if !ok {
		return s
	}
	return string(number)
}

// BinaryText is ClassText of a model that tells two classes apart: true is 1, and false is 0.
func BinaryText(s string) string {
	switch trimmed := []byte(strings.TrimSpace(s)); {
	case EqualFold(trimmed, "true"):
		return "1"
	case EqualFold(trimmed, "false"):
		return "0"
	}
	return ClassText(s)
}

// Shares reports whether texts of classes look like probabilities, which somebody took for
// classes: all are numbers from 0 to 1, and some lie between.
func Shares(texts []string) bool {
	between := false
	for _, text := range texts {
		v, err := strconv.ParseFloat(text, 64)
		if err != nil || !(v >= 0 && v <= 1) {
			return false
		}
		between = between || v > 0 && v < 1
	}
	return between
}
