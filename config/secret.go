package config

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"

	"github.com/hindcast/hindcast/redact"
)

// redacted is what a secret shows as.
const redacted = redact.Mark

// maxSecretBytes bounds what is read of a secret's file, which could be anything.
const maxSecretBytes = 1 << 20

// Secret is a secret value or the file that holds it. It never prints itself,
// whatever the verb or the encoder. The zero value is an unset secret.
type Secret struct {
	inline *string // a pointer, so that not even reflection-based printing shows it
	file   string
	given  bool // the inline value comes from a variable of the environment
}

// InlineSecret returns a secret that holds value itself.
func InlineSecret(value string) Secret { return Secret{inline: &value} }

// FileSecret returns a secret that is read from the file whenever it is used.
func FileSecret(path string) Secret { return Secret{file: path} }

// IsSet reports whether the configuration names the secret.
func (s Secret) IsSet() bool { return s.inline != nil || s.file != "" }

// File returns the path of the secret's file, or "" when it is inline or unset.
func (s Secret) File() string { return s.file }

// Value returns the secret, less the space around it. A file is read every time,
// so that a rotated secret is used without a restart. An unset secret is "".
func (s Secret) Value() (string, error) {
	if s.inline != nil {
		return strings.TrimSpace(*s.inline), nil
	}
	if s.file == "" {
		return "", nil
	}
	f, err := os.Open(s.file)
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	defer func() { _ = f.Close() }() // nothing was written
	b, err := io.ReadAll(io.LimitReader(f, maxSecretBytes+1))
	if err != nil {
		return "", fmt.Errorf("read secret: %w", err)
	}
	if len(b) > maxSecretBytes {
		return "", fmt.Errorf("read secret %s: %w", s.file, errors.New("file is larger than 1 MiB"))
	}
	v := strings.TrimSpace(string(b))
	if v == "" {
		return "", fmt.Errorf("read secret %s: %w", s.file, errors.New("file is empty"))
	}
	return v, nil
}

// String hides the secret.
func (s Secret) String() string {
	switch {
	case s.file != "":
		return redacted + " (file " + s.file + ")"
	case s.inline != nil:
		return redacted
	default:
		return ""
	}
}

// GoString hides the secret.
func (s Secret) GoString() string { return fmt.Sprintf("config.Secret(%q)", s.String()) }

// Format hides the secret for every verb.
func (s Secret) Format(f fmt.State, verb rune) {
	if verb == 'v' && f.Flag('#') {
		_, _ = io.WriteString(f, s.GoString())
		return
	}
	_, _ = io.WriteString(f, s.String())
}

// MarshalText hides the secret, in JSON and YAML too.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue hides the secret in logs.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
