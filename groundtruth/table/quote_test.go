package table

import (
	"fmt"
	"strings"
	"testing"
)

func TestSampleText(t *testing.T) {
	for _, n := range []int{MaxSample - 1, MaxSample, MaxSample + 1} {
		got := Sample([]byte(strings.Repeat("é", n)))
		if len(got) > MaxSample || strings.Trim(got, "é") != "" {
			t.Errorf("%d letters: %d bytes, %q", n, len(got), got)
		}
	}
	if got := Sample([]byte("a\xffb")); got != "a�b" {
		t.Errorf("got %q", got)
	}
}

// What messages quote of a file is short, whatever the file holds.
func TestQuotesOfFilesAreShort(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("\x1b[31mé", 1000)
	names := make([]string, 1000)
	for i := range names {
		names[i] = fmt.Sprintf("%d%s", i, long)
	}
	for _, text := range []string{
		(&MissingColumnError{Object: "o", Column: "id", Columns: names}).Error(),
		Quote(long), QuoteNames(names), Sample(long),
	} {
		if len(text) > 1000 {
			t.Errorf("a text of %d bytes: %.200s...", len(text), text)
		}
	}
	if got := Quote(long); strings.ContainsRune(got, '\x1b') || !strings.HasSuffix(got, "...") {
		t.Errorf("quoted is %s", got)
	}
	if got := Quote("plain"); got != `"plain"` {
		t.Errorf("quoted is %s", got)
	}
}
