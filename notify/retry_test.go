package notify

import (
	"context"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/redact"
)

// What a try says of its failure decides whether there is another, and when.
func TestRetry(t *testing.T) {
	asked := func(seconds int) error { return &retryError{io.ErrUnexpectedEOF, time.Duration(seconds) * time.Second} }
	failed, final := &retryError{err: io.ErrUnexpectedEOF}, io.EOF
	for name, tc := range map[string]struct {
		tries []error
		waits []time.Duration
		want  string // the error; empty for none
	}{
		"taken":                      {[]error{nil}, nil, ""},
		"final":                      {[]error{final}, nil, "EOF"},
		"failed once":                {[]error{failed, nil}, []time.Duration{time.Second}, ""},
		"failed twice":               {[]error{failed, failed}, []time.Duration{time.Second}, "unexpected EOF"},
		"failed, then final":         {[]error{failed, final}, []time.Duration{time.Second}, "EOF"},
		"asked, failed, asked":       {[]error{asked(2), failed, asked(3), nil}, []time.Duration{2 * time.Second, time.Second, 3 * time.Second}, ""},
		"failed on the last try":     {[]error{asked(1), asked(1), asked(1), failed}, []time.Duration{time.Second, time.Second, time.Second}, "given up after 4 tries: unexpected EOF"},
		"asked for all of the waits": {[]error{asked(30), nil}, []time.Duration{30 * time.Second}, ""},
		"asked for more":             {[]error{asked(20), asked(11)}, []time.Duration{20 * time.Second}, "given up after 2 tries: unexpected EOF"},
		"asked for ever":             {[]error{asked(1), asked(1), asked(1), asked(1)}, []time.Duration{time.Second, time.Second, time.Second}, "given up after 4 tries: unexpected EOF"},
	} {
		t.Run(name, func(t *testing.T) {
			var slept waits
			var logged []time.Duration
			tries := tc.tries
			err := Options{Sleep: slept.sleep}.withDefaults().retry(t.Context(), func() error {
				next := tries[0]
				tries = tries[1:]
				return next
			}, func(wait time.Duration, _ error) { logged = append(logged, wait) })
			got := ""
			if err != nil {
				got = err.Error()
			}
			if got != tc.want || len(tries) > 0 || !slices.Equal(slept, tc.waits) || !slices.Equal(logged, tc.waits) {
				t.Errorf("%q after waits %v (logged %v), %d tries left; want %q after %v", got, slept, logged, len(tries), tc.want, tc.waits)
			}
		})
	}
}

// What is logged and what comes out are without secrets, whatever wraps the error.
func TestRetryHidesSecrets(t *testing.T) {
	o := Options{Secrets: &redact.Secrets{}, Sleep: new(waits).sleep}.withDefaults()
	o.Secrets.Add("hunter2")
	var logged error
	err := o.retry(t.Context(), func() error { return &retryError{err: errors.New("bad token hunter2")} }, func(_ time.Duration, err error) { logged = err })
	for _, shown := range []error{logged, err} {
		if shown == nil || !strings.HasPrefix(shown.Error(), "bad token") || strings.Contains(shown.Error(), "hunter2") {
			t.Errorf("error %v", shown)
		}
	}
}

// A pass that ends doesn't wait.
func TestRetryEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	err := Options{}.withDefaults().retry(ctx, func() error { return &retryError{io.EOF, maxWait} }, func(time.Duration, error) { cancel() })
	if !errors.Is(err, context.Canceled) || err.Error() != "wait for the next try: context canceled" {
		t.Errorf("error %v", err)
	}
}
