package objstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"
)

var (
	// ErrNotExist says that the object, or its bucket or folder, is not there.
	ErrNotExist = errors.New("does not exist")
	// ErrExists says that Create found an object of that key.
	ErrExists = errors.New("exists already")
	// ErrDenied says that the credentials or the file's mode do not allow it.
	ErrDenied = errors.New("access denied")
)

// Fault is an error that a person can act on. The buckets return it.
type Fault struct {
	Kind  error  // ErrNotExist, ErrExists, ErrDenied or another error that the text is about; may be nil
	Text  string // what is wrong and what to do
	Cause error  // what the store said, where that adds to the text
}

func (f *Fault) Error() string {
	if f.Cause == nil {
		return f.Text
	}
	return f.Text + ": " + redact(f.Cause.Error())
}

// Unwrap gives the kind, and the cause for those who know the store.
func (f *Fault) Unwrap() []error {
	var errs []error
	if f.Kind != nil {
		errs = append(errs, f.Kind)
	}
	if f.Cause != nil {
		errs = append(errs, f.Cause)
	}
	return errs
}

var (
	// ErrNoObject is the ErrNotExist of an object.
	ErrNoObject error = &Fault{Kind: ErrNotExist, Text: "no such object"}
	// ErrIsPresent is the ErrExists of an object.
	ErrIsPresent error = &Fault{Kind: ErrExists, Text: "an object of that key exists already"}
)

// Overwritten returns the error of a reader whose object was one thing and is another.
func Overwritten(was, is Info) error {
	return &Fault{Text: fmt.Sprintf(
		"the object was overwritten while it was read (%d bytes of %s, now %d bytes of %s): run again, and have writers make new objects instead",
		was.Size, was.ModTime.UTC().Format(time.RFC3339Nano), is.Size, is.ModTime.UTC().Format(time.RFC3339Nano))}
}

// wrap adds what was done and where. When the context has ended it is the context's
// error, whatever the bucket made of that.
func (s *Store) wrap(ctx context.Context, op, key string, err error) error {
	if err == nil {
		return nil
	}
	if c := ctx.Err(); c != nil && !errors.Is(err, c) {
		err = fmt.Errorf("%w: %w", c, err)
	}
	if text := err.Error(); text != redact(text) {
		err = &Fault{Kind: err, Text: redact(text)}
	}
	return fmt.Errorf("%s %s: %w", op, s.ObjectURL(key), err)
}

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
