package docs_test

import (
	"os/exec"
	"regexp"
	"strings"
	"testing"
)

// TestWalkthroughBlocks holds kubernetes.md to what it says of itself: every block of
// commands is one that the end-to-end tests run, but for few that call themselves
// alternatives; and every variable that a block uses is one that an earlier one set.
func TestWalkthroughBlocks(t *testing.T) {
	text := read(t, "kubernetes.md").text
	alternatives, run := 0, []string{}
	for i, part := range strings.Split(text, "```") {
		if i%2 == 0 {
			continue
		}
		language, block, _ := strings.Cut(part, "\n")
		switch {
		case language != "sh":
			t.Errorf("a block of %q: the end-to-end tests run blocks of sh alone", language)
		case strings.HasPrefix(block, "# Alternative"):
			alternatives++
		default:
			run = append(run, block)
		}
	}
	if alternatives > 2 || len(run) < 10 {
		t.Errorf("%d blocks that are run, %d alternatives", len(run), alternatives)
	}
	known := map[string]bool{"PWD": true, "PATH": true, "AWS_ACCESS_KEY_ID": true, "AWS_SECRET_ACCESS_KEY": true}
	set := regexp.MustCompile(`(?m)^(?:export )?([A-Z_]+)=`)
	use := regexp.MustCompile(`\$\{?([A-Z_]+)`)
	for _, block := range run {
		for _, m := range set.FindAllStringSubmatch(block, -1) {
			known[m[1]] = true
		}
		for _, m := range use.FindAllStringSubmatch(block, -1) {
			if !known[m[1]] {
				t.Errorf("$%s is used before it is set:\n%s", m[1], block)
			}
		}
	}
	bash, err := exec.LookPath("bash")
	if err != nil {
		t.Skip("no bash to read the commands with")
	}
	cmd := exec.CommandContext(t.Context(), bash, "-n")
	cmd.Stdin = strings.NewReader(strings.Join(run, "\n"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
