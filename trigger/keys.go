package trigger

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
)

// The folders of the ledger.
const (
	evaluationsDir = "evaluations/" // evaluations/MODEL/START_END/r000001.json: records of windows on a grid; START_END@GRID where the interval alone does not tell it
	adhocDir       = "adhoc/"       // the same for windows off the grid
	matureDir      = "mature/"      // mature/MODEL/START_END: an index of the windows recorded as mature; START_END@GRID likewise
	gridsDir       = "grids/"       // grids/MODEL/GRID: the window that the model's windows on a grid begin with
	claimsDir      = "claims/"      // claims/KEY/n: who may start the run of KEY
	launchesDir    = "launches/"    // launches/KEY: the run of KEY
	runsDir        = "runs/"        // runs/KEY/STATE: what was seen of it
	toldDir        = "told/"        // told/MODEL/WINDOW/RULE/STATE: what people were told; START_END@GRID likewise
	outagesDir     = "outages/"     // outages/MODEL/WHAT/n/m: what failed again and again
	suggestionsDir = "suggestions/" // suggestions/KEY: what mode suggest would have started
	answersDir     = "answers/"     // answers/MODEL/WINDOW/NAME-HASH: what a query of a monitoring system gave
)

const (
	maxPart    = 80 // longest name kept as it is in an object key
	hashDigits = 16
	runPrefix  = "hindcast-"
)

// KeyTime is the layout of times in the keys of the state; in UTC it ends in Z.
const KeyTime = "20060102T150405.999999999Z0700"

// Key returns the key of a run that a policy starts: model-HASH, where HASH is
// the first 16 hex digits of SHA-256 over model, the start of the episode's
// first window and the attempt. Nothing that changes with a re-run is in it.
func Key(model string, episode time.Time, attempt int) string {
	return hashedKey(model, "episode", fmt.Sprint(episode.Unix()), fmt.Sprint(attempt))
}

// ManualKey returns the key of a run started by hand under the name k. Two
// calls with one k are one run.
func ManualKey(model, k string) string {
	return hashedKey(model, "manual", k)
}

// RandomKey returns a key for a run started by hand that nothing repeats.
func RandomKey(model string) string {
	return hashedKey(model, "random", rand.Text())
}

// RunName returns the display name of the run of key.
func RunName(key string) string { return runPrefix + key }

func hashedKey(model string, parts ...string) string {
	return part(model) + "-" + digest(append([]string{model}, parts...)...)
}

// digest hashes strings so that no two lists of them run into each other.
func digest(parts ...string) string {
	h := sha256.New()
	for _, p := range parts {
		fmt.Fprintf(h, "%d:%s", len(p), p)
	}
	return hex.EncodeToString(h.Sum(nil))[:hashDigits]
}

// keyOf reports whether key is one of the model's: a longer model name may have
// this one as its prefix.
func keyOf(model, key string) bool {
	rest, ok := strings.CutPrefix(key, part(model)+"-")
	if !ok || len(rest) != hashDigits {
		return false
	}
	return strings.Trim(rest, "0123456789abcdef") == ""
}

// part makes a name fit for one part of an object key. A name of at most maxPart
// letters, digits, dots, dashes and underscores stays as it is; of any other the
// fitting characters stay, followed by ~ and a hash of the whole, which no fitting
// name contains.
func part(name string) string {
	fits := name != "" && len(name) <= maxPart && strings.Trim(name, ".") != ""
	slug := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '-', r == '_', r == '.':
			return r
		}
		fits = false
		return '-'
	}, name)
	if fits {
		return name
	}
	const keep = maxPart - hashDigits - 1
	return slug[:min(len(slug), keep)] + "~" + digest(name)
}

// windowPart writes a window as a part of a key.
func windowPart(w groundtruth.Window) string {
	return w.Format(groundtruth.Zone{}, KeyTime, "_")
}

// parseWindowPart reads what windowPart wrote.
func parseWindowPart(s string) (groundtruth.Window, error) {
	from, to, ok := strings.Cut(s, "_")
	if !ok {
		return groundtruth.Window{}, fmt.Errorf("parse window %q: no underscore", s)
	}
	var w groundtruth.Window
	var err error
	if w.Start, err = time.Parse(KeyTime, from); err != nil {
		return w, fmt.Errorf("parse window %q: %w", s, err)
	}
	if w.End, err = time.Parse(KeyTime, to); err != nil {
		return w, fmt.Errorf("parse window %q: %w", s, err)
	}
	w.Start, w.End = w.Start.UTC(), w.End.UTC()
	if !w.End.After(w.Start) {
		return w, fmt.Errorf("parse window %q: it does not end after its start", s)
	}
	return w, nil
}

// evaluationDir holds a model's evaluations, those off the grid apart.
func evaluationDir(model string, onGrid bool) string {
	if onGrid {
		return evaluationsDir + part(model) + "/"
	}
	return adhocDir + part(model) + "/"
}

func evaluationKey(model string, at place, onGrid bool, revision int) string {
	return fmt.Sprintf("%s%s/r%06d.json", evaluationDir(model, onGrid), at, revision)
}

// parseEvaluationKey reads the window with its grid and the revision from an
// evaluation's key below dir.
func parseEvaluationKey(dir, key string) (place, int, error) {
	rest := strings.TrimPrefix(key, dir)
	window, file, ok := strings.Cut(rest, "/")
	if !ok {
		return place{}, 0, fmt.Errorf("ledger record %s: not an evaluation's key", key)
	}
	at, err := parsePlace(window)
	if err != nil {
		return at, 0, fmt.Errorf("ledger record %s: %w", key, err)
	}
	var revision int
	if _, err := fmt.Sscanf(file, "r%d.json", &revision); err != nil || fmt.Sprintf("r%06d.json", revision) != file || revision < 1 {
		return at, 0, fmt.Errorf("ledger record %s: not a revision", key)
	}
	return at, revision, nil
}
