package redact

import (
	"bytes"
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// maxRounds bounds how many layers of escapes read undoes.
const maxRounds = 4

// reading is a text as it reads once every way of writing a character otherwise is
// undone: \u0022, \x22, \042, \n, %22, &quot;, a backslash before a character, and
// UTF-8 that was taken for Latin-1 and encoded once more. Backslashes themselves are
// gone, for they can't be told from those that escape. Two texts that are the same
// secret, escaped or not, read the same.
type reading struct {
	text     []byte
	from, to []int // the part of the text read that each byte comes from
}

// read undoes all layers of a text.
func read(text string) reading {
	r := reading{text: []byte(text), from: make([]int, len(text)), to: make([]int, len(text))}
	for i := range len(text) {
		r.from[i], r.to[i] = i, i+1
	}
	for range maxRounds {
		next, changed := r.undo()
		if !changed {
			break
		}
		r = next
	}
	return r
}

// undo undoes one layer of escapes, and says whether there was one.
func (r reading) undo() (next reading, changed bool) {
	for i := 0; i < len(r.text); {
		plain, n := unit(r.text[i:])
		if n == 1 && len(plain) == 1 && plain[0] == r.text[i] {
			next.text, next.from, next.to = append(next.text, plain[0]), append(next.from, r.from[i]), append(next.to, r.to[i])
			i++
			continue
		}
		changed = true
		for _, c := range plain {
			next.text, next.from, next.to = append(next.text, c), append(next.from, r.from[i]), append(next.to, r.to[i+n-1])
		}
		i += n
	}
	return next, changed
}

// span is the part of the original text that bytes of the reading come from.
func (r reading) span(from, to int) span { return span{r.from[from], r.to[to-1]} }

// folded is the reading with one kind of space, which stands for + too, as queries write
// it.
func (r reading) folded() []byte {
	out := slices.Clone(r.text)
	for i, c := range out {
		if strings.IndexByte("+\t\r\n", c) >= 0 {
			out[i] = ' '
		}
	}
	return out
}

// run is a part of a reading that may be base64. Secrets.Text looks into each.
type run struct {
	from, to int
	text     string // in the standard alphabet, without padding
}

// minRun is how many characters of base64 the shortest secret takes.
const minRun = (minSecret*8 + 5) / 6

// base64 finds the runs of a reading, of either alphabet.
func (r reading) base64() []run {
	var out []run
	for i := 0; i < len(r.text); i++ {
		from := i
		for i < len(r.text) && isBase64(r.text[i]) {
			i++
		}
		if i-from < minRun {
			continue
		}
		text := strings.NewReplacer("-", "+", "_", "/").Replace(string(r.text[from:i]))
		for i < len(r.text) && r.text[i] == '=' {
			i++
		}
		out = append(out, run{from, i, text})
	}
	return out
}

// isBase64 reports whether a byte belongs to one of the alphabets.
func isBase64(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.IndexByte("+/-_", c) >= 0
}

// unit reads what stands at the beginning of a text and says how many bytes that takes.
func unit(text []byte) (plain []byte, n int) {
	switch c := text[0]; {
	case c == '\\':
		return backslash(text)
	case c == '%':
		if v, ok := number(text, 1, 2, 16); ok {
			return []byte{byte(v)}, 3
		}
	case c == '&':
		if end := bytes.IndexByte(text[:min(len(text), 12)], ';'); end > 0 {
			entity := string(text[:end+1])
			if s := html.UnescapeString(entity); s != entity {
				return []byte(s), end + 1
			}
		}
	case c >= utf8.RuneSelf:
		return latin1(text)
	}
	return text[:1], 1
}

// backslash reads what begins with one backslash or with several.
func backslash(text []byte) (plain []byte, n int) {
	for n < len(text) && text[n] == '\\' {
		n++
	}
	if n == len(text) {
		return nil, n
	}
	switch c := text[n]; c {
	case 'n', 'r', 't':
		return []byte{' '}, n + 1
	case 'x':
		if v, ok := number(text, n+1, 2, 16); ok {
			return []byte{byte(v)}, n + 3
		}
	case 'u':
		if v, ok := number(text, n+1, 4, 16); ok {
			first, end := rune(v), n+5
			if utf16.IsSurrogate(first) {
				second := end
				for second < len(text) && text[second] == '\\' {
					second++
				}
				if low, ok := number(text, second+1, 4, 16); ok && second > end && text[second] == 'u' {
					return utf8.AppendRune(nil, utf16.DecodeRune(first, rune(low))), second + 5
				}
			}
			return utf8.AppendRune(nil, first), end
		}
	case 'U':
		if v, ok := number(text, n+1, 8, 16); ok {
			return utf8.AppendRune(nil, rune(v)), n + 9
		}
	case '0', '1', '2', '3':
		if v, ok := number(text, n, 3, 8); ok {
			return []byte{byte(v)}, n + 3
		}
	}
	return nil, n
}

// latin1 reads a character of UTF-8 each byte of which was taken for one of Latin-1 and
// encoded once more.
func latin1(text []byte) (plain []byte, n int) {
	for n < len(text) && len(plain) < utf8.UTFMax {
		r, size := utf8.DecodeRune(text[n:])
		if r < utf8.RuneSelf || r > 0xff {
			break
		}
		plain, n = append(plain, byte(r)), n+size
		if len(plain) > 1 && utf8.Valid(plain) {
			return plain, n
		}
	}
	return text[:1], 1
}

// number reads so many digits of an escape, in the base given.
func number(text []byte, from, digits, base int) (v uint64, ok bool) {
	if from+digits > len(text) {
		return 0, false
	}
	v, err := strconv.ParseUint(string(text[from:from+digits]), base, 32)
	return v, err == nil
}
