// Package redact takes secrets out of text, however the text writes them.
//
// [Secrets] are what no output may show: whoever reads a token or a password adds it,
// and what goes out as a log, an error or a message passes through them. To find a
// secret that was escaped, text and secret are both brought to a reading, in which every
// way of writing a character otherwise is undone. A run of base64 is decoded and looked
// into.
//
// Begin at [Secrets.Text].
package redact

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"net/url"
	"slices"
	"strings"
	"sync"
)

// Mark is what stands in a text where a secret was.
const Mark = "[redacted]"

const (
	// minSecret is how many bytes a secret has at least that is looked for. A shorter one
	// stands in any text by chance, and is soon guessed whether it is shown or not.
	minSecret = 4
	// minPart is the same for the parts of a URL, of which many are plain words.
	minPart = 7
)

// Secrets are what no output may show. They are added as they are read, and never
// forgotten: a server may quote a token that has been rotated since. A nil *Secrets
// knows none. It is safe for concurrent use.
type Secrets struct {
	mu     sync.RWMutex
	known  map[string]bool
	direct [][]byte // as they read once everything is undone: see reading
}

// Add adds secrets. One of less than four bytes is left out.
func (s *Secrets) Add(secrets ...string) {
	if s == nil {
		return
	}
	for _, secret := range secrets {
		if secret = strings.TrimSpace(secret); len(secret) >= minSecret {
			s.add(secret)
		}
	}
}

// AddURL adds a URL that is a secret, such as a webhook's, and what a server quotes of
// it: its password, its path, its query and the values in that. Parts of less than
// seven bytes are left out.
func (s *Secrets) AddURL(secret string) {
	s.Add(secret)
	u, err := url.Parse(secret)
	if err != nil || u.Host == "" {
		return
	}
	password, _ := u.User.Password() // empty where there is none
	s.Add(password)
	parts := []string{strings.Trim(u.Path, "/"), strings.TrimPrefix(u.RequestURI(), "/"), u.RawQuery}
	for name, values := range u.Query() {
		if parts = append(parts, values...); slices.Equal(values, []string{""}) {
			parts = append(parts, name) // a value without a name is taken for a name
		}
	}
	for _, part := range parts {
		if len(part) >= minPart {
			s.Add(part)
		}
	}
}

// add notes one secret, as it stands and as it reads.
func (s *Secrets) add(secret string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known[secret] {
		return
	}
	if s.known == nil {
		s.known = map[string]bool{}
	}
	s.known[secret] = true
	if direct := read(secret).folded(); len(direct) >= minSecret {
		s.direct = append(s.direct, direct)
	}
}

// Text returns the text with a mark in place of each secret. It finds a secret as it
// stands, as JSON, Go, C, HTML or a URL writes it, all of it or single characters, any
// number of times over, and in base64 of either alphabet, alone or with what was
// encoded together with it, which goes too.
func (s *Secrets) Text(text string) string {
	if s == nil || text == "" {
		return text
	}
	s.mu.RLock()
	defer s.mu.RUnlock()
	if len(s.known) == 0 {
		return text
	}
	var found []span
	for secret := range s.known {
		for from := range places([]byte(text), []byte(secret)) {
			found = append(found, span{from, from + len(secret)})
		}
	}
	r := read(text)
	folded := r.folded()
	for _, secret := range s.direct {
		for from := range places(folded, secret) {
			found = append(found, r.span(from, from+len(secret)))
		}
	}
	for _, run := range r.base64() {
		if s.encodedIn(run.text) {
			found = append(found, r.span(run.from, run.to))
		}
	}
	return marked(text, found)
}

// encodedIn reports whether what a run of base64 stands for holds a secret. Of a run
// that follows other characters of the alphabet nobody knows where it begins.
func (s *Secrets) encodedIn(run string) bool {
	for begin := range 4 {
		part := run[begin:]
		if len(part)%4 == 1 {
			part = part[:len(part)-1] // no whole byte
		}
		text, err := base64.RawStdEncoding.DecodeString(part)
		if err == nil && s.stands(text) {
			return true
		}
	}
	return false
}

// stands reports whether a secret stands in a text, escaped or not.
func (s *Secrets) stands(text []byte) bool {
	for secret := range s.known {
		if bytes.Contains(text, []byte(secret)) {
			return true
		}
	}
	folded := read(string(text)).folded()
	return slices.ContainsFunc(s.direct, func(secret []byte) bool { return bytes.Contains(folded, secret) })
}

// Error returns the error with a text without secrets; one whose text has none is
// returned as it is. errors.Is and errors.As go on working.
func (s *Secrets) Error(err error) error {
	if err == nil {
		return nil
	}
	text := err.Error()
	if shown := s.Text(text); shown != text {
		return &redactedError{shown, err}
	}
	return err
}

// redactedError shows another text for an error, which Secrets.Error has taken secrets
// out of.
type redactedError struct {
	text string
	err  error
}

// Error implements error.
func (e *redactedError) Error() string { return e.text }

// Unwrap returns the error as it was.
func (e *redactedError) Unwrap() error { return e.err }

// span is a part of a text, from one byte to before another.
type span struct{ from, to int }

// places yields each place where part begins in text, without overlaps.
func places(text, part []byte) func(func(int) bool) {
	return func(yield func(int) bool) {
		for from := 0; ; from += len(part) {
			i := bytes.Index(text[from:], part)
			if i < 0 {
				return
			}
			from += i
			if !yield(from) {
				return
			}
		}
	}
}

// marked writes a mark in place of each span, and one for spans that touch.
func marked(text string, found []span) string {
	if len(found) == 0 {
		return text
	}
	slices.SortFunc(found, func(a, b span) int { return cmp.Or(cmp.Compare(a.from, b.from), cmp.Compare(a.to, b.to)) })
	var out strings.Builder
	end := 0
	for i, f := range found {
		if i == 0 || f.from > end {
			out.WriteString(text[end:f.from])
			out.WriteString(Mark)
		}
		end = max(end, f.to)
	}
	out.WriteString(text[end:])
	return out.String()
}
