package redact

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"html"
	"io"
	"net/url"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// forms are the ways that a server or a library writes what it quotes.
var forms = map[string]func(string) string{
	"as it stands": func(s string) string { return s },
	"JSON": func(s string) string {
		b, _ := json.Marshal(s)
		return string(b)
	},
	"JSON, all of it": func(s string) string {
		var out strings.Builder
		for _, r := range s {
			if r > 0xffff {
				out.WriteRune(r)
				continue
			}
			fmt.Fprintf(&out, `\u%04X`, r)
		}
		return out.String()
	},
	"JSON with slashes": func(s string) string {
		b, _ := json.Marshal(s)
		return strings.ReplaceAll(string(b), "/", `\/`)
	},
	"Go":        func(s string) string { return fmt.Sprintf("%q", s) },
	"Go, ASCII": func(s string) string { return fmt.Sprintf("%+q", s) },
	"query":     url.QueryEscape,
	"path":      url.PathEscape,
	"HTML":      html.EscapeString,
	"octets": func(s string) string {
		out := ""
		for _, c := range []byte(s) {
			out += fmt.Sprintf(`\x%02x`, c)
		}
		return out
	},
	"Latin-1": func(s string) string {
		out := ""
		for _, c := range []byte(s) {
			out += string(rune(c))
		}
		return out
	},
	"base64":         func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) },
	"base64 of URLs": func(s string) string { return base64.URLEncoding.EncodeToString([]byte(s)) },
	"AUTH PLAIN":     func(s string) string { return base64.StdEncoding.EncodeToString([]byte("\x00user\x00" + s)) },
	"basic auth":     func(s string) string { return base64.StdEncoding.EncodeToString([]byte("user:" + s)) },
	"oauth2's basic auth": func(s string) string {
		return base64.StdEncoding.EncodeToString([]byte("my+id:" + url.QueryEscape(s)))
	},
}

func TestTextHidesEveryForm(t *testing.T) {
	for _, secret := range []string{`ca"na\ry-é/1`, `pass word+x%41`, `back\nslash\\two\u0041`, "hunter2!", "密码密码", "abcd", `<&">'`, "token.with-dots_and=pad=="} {
		s := &Secrets{}
		s.Add(secret)
		for name, write := range forms {
			for again, rewrite := range forms {
				if encodes(name) && encodes(again) {
					continue // twice in base64 is nobody's quote
				}
				for _, pair := range [][2]string{{"said: ", " indeed"}, {"", ""}, {`{"error":"`, `"}`}} {
					quoted := rewrite(write(secret))
					if got := s.Text(pair[0] + quoted + pair[1]); strings.Contains(got, secret) || !strings.Contains(got, Mark) || len(got) > len(pair[0])+len(pair[1])+len(Mark)+30 {
						t.Errorf("%s, then %s: %q in %q shows as %q", name, again, secret, pair[0]+quoted+pair[1], got)
					}
				}
			}
		}
	}
}

func encodes(form string) bool {
	return strings.HasPrefix(form, "base64") || strings.HasSuffix(form, "auth") || form == "AUTH PLAIN"
}

func TestTextLeavesTheRest(t *testing.T) {
	s := &Secrets{}
	s.Add("abc", "", "  ", "hunter2")
	s.AddURL("https://hooks.example/hook?token=0123456789abcdef")
	for text, want := range map[string]string{
		"abc is too short to hide":             "abc is too short to hide",
		"said hunter2, hunter2hunter2":         "said [redacted], [redacted]",
		"the webhook said 0123456789abcdef":    "the webhook said [redacted]",
		`C:\new 100%25 &amp; "so" 密 \u0041 ÷`:  `C:\new 100%25 &amp; "so" 密 \u0041 ÷`,
		"POST https://hooks.example/hook":      "POST https://hooks.example/hook",
		"GET /hook?token=0123456789abcdef&a=b": "GET /[redacted]&a=b",
	} {
		if got := s.Text(text); got != want {
			t.Errorf("%q shows as %q, want %q", text, got, want)
		}
	}
	if got := (*Secrets)(nil).Text("x"); got != "x" {
		t.Errorf("nil: %q", got)
	}
}

func TestErrorKeepsWhatItIs(t *testing.T) {
	s := &Secrets{}
	s.Add("hunter2")
	err := s.Error(fmt.Errorf("said %q: %w", "hunter2", io.ErrUnexpectedEOF))
	if err.Error() != `said "[redacted]": unexpected EOF` || !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v", err)
	}
	if s.Error(io.EOF) != io.EOF || s.Error(nil) != nil { //nolint:errorlint // the error itself
		t.Error("an error without a secret is not returned as it is")
	}
}

// Whatever the secret and the text around it, the secret is gone.
func TestTextHidesAnything(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		secret := strings.TrimSpace(rapid.StringN(4, 40, -1).Draw(t, "secret"))
		before, after := rapid.String().Draw(t, "before"), rapid.String().Draw(t, "after")
		s := &Secrets{}
		s.Add(secret)
		if len(secret) < minSecret || strings.Contains(Mark, secret) {
			return
		}
		if got := s.Text(before + secret + after); strings.Contains(strings.ReplaceAll(got, Mark, ""), secret) && !strings.Contains(before+after, secret) {
			t.Fatalf("%q shows as %q", before+secret+after, got)
		}
	})
}

func FuzzText(f *testing.F) {
	f.Add(`ca"na\ry`, `{"error":"ca\"na\\ry \ud83d\udE00 \u00e9 %22 &#34; Ã©"}`)
	f.Add("abcd", `\`)
	f.Fuzz(func(t *testing.T, secret, text string) {
		s := &Secrets{}
		s.Add(secret)
		if got := s.Text(text); len(strings.TrimSpace(secret)) >= minSecret && strings.Contains(text, strings.TrimSpace(secret)) && !strings.Contains(got, Mark) {
			t.Errorf("%q in %q shows as %q", secret, text, got)
		}
	})
}
