package diagnose

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math"
	"strconv"
	"strings"
	"unicode"
)

// form is a respect in which ids are written differently, and what to do about it.
type form struct {
	name string
	// attempts makes what is to be tried, of the ids of both sides.
	attempts func(predictions, labels []string) []attempt
	// loose says that different ids may well have one form, so that more have to meet.
	loose  bool
	remedy string
}

// forms are all that IDs tries. Those that change an id less come first.
func forms() []form {
	return []form{
		{name: "spaces", attempts: both(trimSpace, "%s have spaces around them"), remedy: "have the job that writes them trim them"},
		{name: "quotes", attempts: both(trimQuotes, "%s have quotes around them that belong to the text"), remedy: "have the job that writes them leave the quotes out"},
		{name: "case", attempts: both(strings.ToLower, "%s have upper-case letters where the others have lower-case ones"), remedy: "have the jobs write them in one case"},
		{name: "decimals", attempts: both(withoutDecimals, `%s are whole numbers that end in ".0"`),
			remedy: "the job that writes them made floating-point numbers of them, as pandas does with a column that has a missing value; have it write integers or text"},
		{name: "zeros", attempts: both(withoutZeros, "%s begin with zeros that the others lack"), remedy: "the job that writes the others took them for numbers; have it keep them as text"},
		{name: "separators", attempts: both(withoutSeparators, "%s have separators between their digits"), remedy: "have the job that writes them leave the separators out"},
		{name: "exponent", attempts: both(withoutExponent, "%s are written with an exponent"),
			remedy: "the job that writes them made floating-point numbers of them; have it write integers or text"},
		{name: "uuid", attempts: both(uuidDigits, "%s are UUIDs in another notation (raw bytes, dashes, braces, a prefix or upper case)"),
			remedy: "have the jobs write them in one notation, as text with dashes in lower case or as Parquet's UUID"},
		{name: "rounded", attempts: rounded, remedy: "the job that writes them took them for floating-point numbers, which hold 15 digits; have it read and write them as 64-bit integers or as text"},
		{name: "hexadecimal", attempts: oneSided(fromHexadecimal, self, "%s are hexadecimal numbers and the others decimal ones"), remedy: "have the jobs write them in one notation"},
		{name: "base64", attempts: oneSided(fromBase64, uuidOrSelf, "%s are encoded in base64"), remedy: "have the job that writes them leave the encoding out"},
		{name: "prefix", attempts: prefixes, remedy: "have the job that writes them leave that out, or the other one add it"},
		{name: "suffix", attempts: suffixes, remedy: "have the job that writes them leave that out, or the other one add it"},
		{name: "punctuation", attempts: both(lettersAndDigits, "they differ in what is neither letter nor digit, or in case"), loose: true, remedy: "have the jobs write them in one way"},
		{name: "cut", attempts: cuts, loose: true, remedy: "the column that they went through is too narrow; make it wider"},
		{name: "last part", attempts: both(lastPart, "they agree in what stands after a word that differs"), loose: true, remedy: "have the jobs write the same word, or none"},
		{name: "first part", attempts: both(firstPart, "they agree in their first part alone"), loose: true, remedy: "have the jobs write the same parts"},
		{name: "several", attempts: both(bare, "they differ in several respects at once, among them spaces, case, zeros and punctuation"), loose: true, remedy: "have the jobs write them in one way"},
	}
}

// both tries one form on both sides. What differs is said of the side where it changes ids;
// text without %s says it of both.
func both(fold func(string) string, text string) func(_, _ []string) []attempt {
	return func(_, _ []string) []attempt { return []attempt{{fold, fold, say(text)}} }
}

// oneSided tries a form on one side and then on the other, beside what the other side's ids
// are written as.
func oneSided(fold, other func(string) string, text string) func(_, _ []string) []attempt {
	return func(_, _ []string) []attempt {
		return []attempt{
			{fold, other, func(side) string { return fmt.Sprintf(text, onPredictions.those()) }},
			{other, fold, func(side) string { return fmt.Sprintf(text, onLabels.those()) }},
		}
	}
}

// say makes the words of an attempt of a text with %s for the ids that it is said of.
func say(text string) func(side) string {
	return func(where side) string {
		if !strings.Contains(text, "%s") {
			return text
		}
		return fmt.Sprintf(text, where.those())
	}
}

func self(id string) string { return id }

func trimSpace(id string) string {
	return strings.TrimFunc(id, func(r rune) bool { return unicode.IsSpace(r) || r == '\ufeff' || r == '\u200b' || r == 0 })
}

func trimQuotes(id string) string {
	id = trimSpace(id)
	if n := len(id); n > 2 && id[0] == id[n-1] && strings.IndexByte("\"'`", id[0]) >= 0 {
		return id[1 : n-1]
	}
	return id
}

// areDigits reports whether a text is one or more decimal digits.
func areDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// unsigned returns a text without its minus, and that.
func unsigned(s string) (sign, rest string) {
	if rest, ok := strings.CutPrefix(s, "-"); ok {
		return "-", rest
	}
	return "", s
}

// withoutDecimals makes 17 of 17.0.
func withoutDecimals(id string) string {
	_, digits := unsigned(id)
	whole, decimals, ok := strings.Cut(digits, ".")
	if ok && areDigits(whole) && strings.Trim(decimals, "0") == "" {
		return id[:len(id)-len(decimals)-1]
	}
	return id
}

// withoutZeros makes 17 of 0017.
func withoutZeros(id string) string {
	if !areDigits(id) {
		return id
	}
	if id = strings.TrimLeft(id, "0"); id == "" {
		return "0"
	}
	return id
}

// withoutSeparators makes 1234567 of 1,234,567 and its like.
func withoutSeparators(id string) string {
	for _, separator := range []string{",", ".", " ", "\u00a0", "\u202f", "'", "_"} {
		groups := strings.Split(id, separator)
		if len(groups) == 1 || len(groups[0]) > 3 || !areDigits(strings.Join(groups, "")) {
			continue
		}
		whole := len(groups[0]) > 0
		for _, g := range groups[1:] {
			whole = whole && len(g) == 3
		}
		if whole {
			return strings.Join(groups, "")
		}
	}
	return id
}

// withoutExponent makes 1000000 of 1e+06.
func withoutExponent(id string) string {
	const most = 1 << 63
	if !strings.ContainsAny(id, "eE") || strings.Trim(id, "0123456789.+-eE") != "" {
		return id
	}
	x, err := strconv.ParseFloat(id, 64)
	if err != nil || x != math.Trunc(x) || math.Abs(x) >= most {
		return id
	}
	return strconv.FormatInt(int64(x), 10)
}

// uuidDigits returns the 32 hexadecimal digits of a UUID, in lower case; what is none has no
// such form.
func uuidDigits(id string) string {
	const bytes, digits = 16, 32
	if len(id) == bytes {
		return hex.EncodeToString([]byte(id))
	}
	id = strings.ToLower(trimSpace(id))
	id = strings.TrimPrefix(strings.TrimPrefix(id, "urn:uuid:"), "0x")
	id = strings.ReplaceAll(strings.Trim(id, "{}()"), "-", "")
	if len(id) != digits || strings.Trim(id, "0123456789abcdef") != "" {
		return ""
	}
	return id
}

// uuidOrSelf returns the digits of a UUID, and another id as it is.
func uuidOrSelf(id string) string {
	if digits := uuidDigits(id); digits != "" {
		return digits
	}
	return id
}

// fromHexadecimal makes 31 of 0x1f or 1f. One that has digits alone has no such form, for it
// may be decimal.
func fromHexadecimal(id string) string {
	digits, prefixed := strings.CutPrefix(strings.ToLower(id), "0x")
	n, err := strconv.ParseUint(digits, 16, 64)
	if err != nil || !prefixed && areDigits(digits) {
		return ""
	}
	return strconv.FormatUint(n, 10)
}

// fromBase64 decodes base64 of either alphabet, of 16 bytes as a UUID; what is none has no
// such form.
func fromBase64(id string) string {
	text := strings.TrimRight(id, "=")
	for _, encoding := range []*base64.Encoding{base64.RawStdEncoding, base64.RawURLEncoding} {
		if raw, err := encoding.DecodeString(text); err == nil {
			return uuidOrSelf(string(raw))
		}
	}
	return ""
}

// rounded tries whether ids of one side are those of the other after they were floating-point
// numbers. Numbers of that size have few neighbours that round alike, so it asks that nearly all
// of a side are round.
func rounded(predictions, labels []string) []attempt {
	const nearlyAll = 0.9
	round := func(ids []string) bool {
		n := 0
		for _, id := range ids {
			x, digits, ok := largeNumber(id)
			if ok && (digits != id || strconv.FormatInt(int64(x), 10) == id || strconv.FormatFloat(x, 'f', -1, 64) == id) {
				n++
			}
		}
		return float64(n) >= nearlyAll*float64(len(ids))
	}
	onP, onL := round(predictions), round(labels)
	if onP == onL {
		return nil
	}
	where := onLabels
	if onP {
		where = onPredictions
	}
	fold := func(id string) string {
		x, _, ok := largeNumber(id)
		if !ok {
			return ""
		}
		return strconv.FormatFloat(x, 'e', -1, 64)
	}
	return []attempt{{fold, fold, func(side) string { return where.those() + " have lost their last digits" }}}
}

// largeNumber reads a whole number of 16 or more digits, and returns those before an exponent
// or a point too.
func largeNumber(id string) (x float64, digits string, ok bool) {
	const least, most = 1e15, 1 << 63
	if strings.Trim(id, "0123456789.+eE") != "" {
		return 0, "", false
	}
	x, err := strconv.ParseFloat(id, 64)
	if err != nil || x < least || x >= most {
		return 0, "", false
	}
	end := strings.IndexAny(id, ".eE")
	if end < 0 {
		end = len(id)
	}
	return x, id[:end], true
}

// prefixes tries to leave out what all ids of one side begin with, up to where a number or a
// word ends.
func prefixes(predictions, labels []string) []attempt {
	var tries []attempt
	for _, s := range []struct {
		where side
		ids   []string
	}{{onPredictions, predictions}, {onLabels, labels}} {
		common := commonPrefix(s.ids)
		for n := 1; n <= len(common); n++ {
			if !ends(s.ids[0], n) {
				continue
			}
			prefix := common[:n]
			fold := func(id string) string { return strings.TrimPrefix(id, prefix) }
			text := "begin with " + QuoteID(prefix) + ", which the others lack"
			tries = append(tries, s.where.alone(fold, self, text),
				s.where.alone(func(id string) string { return withoutZeros(fold(id)) }, withoutZeros, text+", and differ in zeros"))
		}
	}
	return tries
}

// suffixes does at the end what prefixes does at the beginning.
func suffixes(predictions, labels []string) []attempt {
	var tries []attempt
	for _, s := range []struct {
		where side
		ids   []string
	}{{onPredictions, predictions}, {onLabels, labels}} {
		common := commonSuffix(s.ids)
		for n := 1; n <= len(common); n++ {
			if !ends(s.ids[0], len(s.ids[0])-n) {
				continue
			}
			suffix := common[len(common)-n:]
			fold := func(id string) string { return strings.TrimSuffix(id, suffix) }
			tries = append(tries, s.where.alone(fold, self, "end in "+QuoteID(suffix)+", which the others lack"))
		}
	}
	return tries
}

// alone is the attempt to fold the ids of one side, and those of the other in their own way.
func (s side) alone(fold, other func(string) string, text string) attempt {
	a := attempt{other, other, func(side) string { return s.those() + " " + text }}
	if s == onPredictions {
		a.prediction = fold
	} else {
		a.label = fold
	}
	return a
}

// mostCommon bounds what is looked at of an id's beginning or end.
const mostCommon = 64

// commonPrefix returns what all ids begin with. They are in order, so that the first and the
// last tell.
func commonPrefix(ids []string) string {
	a, b := ids[0], ids[len(ids)-1]
	n := 0
	for n < min(len(a), len(b), mostCommon) && a[n] == b[n] {
		n++
	}
	return a[:n]
}

// commonSuffix returns what all ids end in.
func commonSuffix(ids []string) string {
	n := min(len(ids[0]), mostCommon)
	for _, id := range ids[1:] {
		same := 0
		for same < min(n, len(id)) && id[len(id)-1-same] == ids[0][len(ids[0])-1-same] {
			same++
		}
		n = same
	}
	return ids[0][len(ids[0])-n:]
}

// ends reports whether a number or a word ends before byte n of an id: a part of a number may
// meet another by chance.
func ends(id string, n int) bool {
	if n <= 0 || n >= len(id) {
		return false
	}
	return kindOf(id[n-1]) != kindOf(id[n]) || kindOf(id[n]) == other
}

// byteKind tells letters and digits from other bytes.
type byteKind uint8

const (
	other byteKind = iota
	letter
	digit
)

func kindOf(c byte) byteKind {
	switch {
	case c >= '0' && c <= '9':
		return digit
	case c|0x20 >= 'a' && c|0x20 <= 'z', c >= 0x80:
		return letter
	}
	return other
}

// cuts tries whether the ids of one side are those of the other cut to a length.
func cuts(predictions, labels []string) []attempt {
	const least = 8 // bytes: less may be alike by chance
	var tries []attempt
	for _, s := range []struct {
		where       side
		short, long []string
	}{{onPredictions, predictions, labels}, {onLabels, labels, predictions}} {
		n := 0
		for _, id := range s.short {
			n = max(n, len(id))
		}
		full := 0
		for _, id := range s.short {
			if len(id) == n {
				full++
			}
		}
		if n < least || 2*full < len(s.short) {
			continue
		}
		fold := func(id string) string { return id[:min(len(id), n)] }
		text := fmt.Sprintf("%s are cut after %d bytes", s.where.those(), n)
		a := attempt{self, fold, func(side) string { return text }}
		if s.where == onLabels {
			a.prediction, a.label = fold, self
		}
		tries = append(tries, a)
	}
	return tries
}

// partEnds separate the parts of an id.
const partEnds = "-_:/|.#"

// lastPart returns what stands behind a word at the beginning. What begins with a date or a
// number has no such form: the rest may meet that of another day.
func lastPart(id string) string {
	end := strings.LastIndexAny(id, partEnds)
	if end <= 0 || strings.ContainsAny(id[:end], "0123456789") {
		return ""
	}
	return id[end+1:]
}

func firstPart(id string) string {
	if i := strings.IndexAny(id, partEnds); i >= 0 {
		return id[:i]
	}
	return id
}

func lettersAndDigits(id string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsLetter(r) || unicode.IsDigit(r) {
			return unicode.ToLower(r)
		}
		return -1
	}, id)
}

// bare takes all off that the forms of single respects take off.
func bare(id string) string {
	id = withoutDecimals(withoutExponent(strings.ToLower(trimQuotes(id))))
	return withoutZeros(lettersAndDigits(withoutSeparators(id)))
}
