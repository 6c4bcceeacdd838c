package report

import (
	"encoding/xml"
	"errors"
	"html"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// textOf is what a page says: its text without style, script, pictures and the numbers behind
// these, a line for each part of it. Titles of pictures are among it.
func textOf(t *testing.T, page []byte) string {
	t.Helper()
	text := string(page)
	for _, cut := range []string{`(?s)<style>.*?</style>`, `(?s)<script>.*?</script>`, `(?s)<desc.*?</desc>.*?</svg>`, `(?s)<details class="numbers">.*?</details>`} {
		text = regexp.MustCompile(cut).ReplaceAllString(text, "")
	}
	text = regexp.MustCompile(`</t[dh]><t[dh][^>]*>`).ReplaceAllString(text, " | ")
	text = regexp.MustCompile(`<(?:p|h\d|div|li|dt|tr|caption|summary|figure|svg|figcaption|section|title)[^>]*>`).ReplaceAllString(text, "\n")
	text = regexp.MustCompile(`<dd[^>]*>`).ReplaceAllString(text, ": ")
	text = html.UnescapeString(regexp.MustCompile(`<[^>]*>`).ReplaceAllString(text, ""))
	var lines []string
	for line := range strings.Lines(text) {
		if line = strings.Join(strings.Fields(line), " "); line != "" {
			lines = append(lines, line)
		}
	}
	return strings.Join(lines, "\n") + "\n"
}

// sameText compares a text with a file of testdata, which -update writes anew.
func sameText(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil || got != string(want) {
		t.Errorf("the page is not as %s (%v), which -update writes anew:\n%s", file, err, got)
	}
}

// checkPage fails where a page isn't whole, loads something, or has a text that became markup.
func checkPage(t *testing.T, page []byte) {
	t.Helper()
	text := string(page)
	for _, bad := range []string{"@import", "<link", "url(", "ZgotmplZ", ">NaN<", "<nil>", "%!"} {
		if i := strings.Index(text, bad); i >= 0 {
			t.Errorf("the page has %q: %s", bad, text[max(0, i-100):min(len(text), i+100)])
		}
	}
	if !strings.Contains(text, `http-equiv="Content-Security-Policy" content="default-src 'none';`) {
		t.Error("the page has no content security policy")
	}
	if n := strings.Count(text, "<script"); n != 1 {
		t.Errorf("the page has %d scripts", n)
	}
	ids := map[string]bool{}
	for _, m := range regexp.MustCompile(` id="([^"]*)"`).FindAllStringSubmatch(text, -1) {
		if ids[m[1]] {
			t.Errorf("two elements have the id %q", m[1])
		}
		ids[m[1]] = true
	}
	for _, m := range regexp.MustCompile(` (?:href="#|aria-labelledby=")([^"]*)"`).FindAllStringSubmatch(text, -1) {
		for id := range strings.FieldsSeq(m[1]) {
			if !ids[id] {
				t.Errorf("nothing has the id %q that is referred to", id)
			}
		}
	}
	wellFormed(t, text)
}

// wellFormed fails where elements of the body don't close as they open.
func wellFormed(t *testing.T, text string) {
	t.Helper()
	body := text[strings.Index(text, "<body>") : strings.Index(text, "</body>")+len("</body>")]
	body = regexp.MustCompile(`(?s)<script>.*?</script>`).ReplaceAllString(body, "")
	d := xml.NewDecoder(strings.NewReader(body))
	d.Strict = false
	d.AutoClose = []string{"input"}
	d.Entity = xml.HTMLEntity
	var open []string
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("the page is not well formed: %v", err)
		}
		switch e := token.(type) {
		case xml.StartElement:
			for _, a := range e.Attr {
				name, value := a.Name.Local, strings.ToLower(strings.TrimSpace(a.Value))
				if name == "src" || name == "srcset" || name == "action" || strings.HasPrefix(name, "on") || name == "href" && strings.HasPrefix(value, "javascript") {
					t.Errorf("<%s> has %s=%q", e.Name.Local, name, a.Value)
				}
			}
			if e.Name.Local != "input" {
				open = append(open, e.Name.Local)
			}
		case xml.EndElement:
			if len(open) == 0 || open[len(open)-1] != e.Name.Local {
				t.Fatalf("</%s> closes %q, at %s", e.Name.Local, open[max(0, len(open)-3):], body[max(0, int(d.InputOffset())-200):d.InputOffset()])
			}
			open = open[:len(open)-1]
		}
	}
	if len(open) > 0 {
		t.Errorf("%q are not closed", open)
	}
}
