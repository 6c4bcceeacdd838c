package objstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrNotExist says that the object, or its bucket or folder, is not there.
	ErrNotExist = errors.New("does not exist")
	// ErrExists says that Create found an object of that key.
	ErrExists = errors.New("exists already")
	// ErrDenied says that the credentials or the file's mode do not allow it.
	ErrDenied = errors.New("access denied")
)

// fault is an error that a person can act on: text says what is wrong and what to
// do, kind is one of the sentinels or nil, and cause is what the store said, where
// that adds to the text.
type fault struct {
	kind  error
	text  string
	cause error
}

func (f *fault) Error() string {
	if f.cause == nil {
		return f.text
	}
	return f.text + ": " + redact(f.cause.Error())
}

// Unwrap gives the sentinel, and the cause for those who know the store.
func (f *fault) Unwrap() []error {
	var errs []error
	if f.kind != nil {
		errs = append(errs, f.kind)
	}
	if f.cause != nil {
		errs = append(errs, f.cause)
	}
	return errs
}

func errNoObject() error { return &fault{kind: ErrNotExist, text: "no such object"} }
func errIsPresent() error {
	return &fault{kind: ErrExists, text: "an object of that key exists already"}
}

// wrap adds what was done and where. When the context has ended it is the context's
// error, whatever the back end made of that.
func (s *Store) wrap(ctx context.Context, op, key string, err error) error {
	if err == nil {
		return nil
	}
	if c := ctx.Err(); c != nil && !errors.Is(err, c) {
		err = fmt.Errorf("%w: %w", c, err)
	}
	if text := err.Error(); text != redact(text) {
		err = &briefError{redact(text), err}
	}
	return fmt.Errorf("%s %s: %w", op, s.ObjectURL(key), err)
}

// briefError has a text of its own for an error.
type briefError struct {
	text string
	err  error
}

func (e *briefError) Error() string { return e.text }
func (e *briefError) Unwrap() error { return e.err }

// redact blanks the signatures in text that may quote a request's URL.
func redact(text string) string {
	for _, name := range []string{"sig=", "X-Amz-Signature=", "X-Amz-Security-Token=", "X-Goog-Signature="} {
		from := 0
		for {
			i := strings.Index(text[from:], name)
			if i < 0 {
				break
			}
			start := from + i + len(name)
			end := start
			for end < len(text) && !strings.ContainsRune("&\"' \t\n", rune(text[end])) {
				end++
			}
			text = text[:start] + "REDACTED" + text[end:]
			from = start + len("REDACTED")
		}
	}
	return text
}
