package job

import (
	"time"

	"github.com/hindcast/hindcast/evaluator/summary"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

// Story is what the state holds of a model up to a window. Reports and the pictures in
// messages are drawn from it, and from nothing else: the same state gives the same Story.
type Story struct {
	Model    string
	Task     groundtruth.Task
	TimeZone groundtruth.Zone // of the model's windows
	Grid     string           // the grid's name, such as 1d
	AsOf     time.Time        // of the newest record among Windows and Newer; never the clock

	// Windows are those of the grid up to the one that the story is about, which is the last:
	// one each, oldest first. A window without a record is left out. The last one may lie off
	// the grid, or be unrecorded, where somebody had it judged.
	Windows []Told
	// Newer are the windows after the last of Windows, oldest first, where none of them has its
	// labels so far: their drift and their estimates are news.
	Newer []Told

	Runs        []trigger.LaunchStatus // the started runs, by time of launch
	Suggestions []trigger.Suggestion   // the runs that mode suggest would have started, by time

	Summary   *summary.Summary // of the last of Windows; nil where none is kept
	NoSummary string           // why Summary is nil
	Profile   *summary.Profile // the one on whose layout the last of Windows was counted; nil where there is none
	NoProfile string           // why Profile is nil

	Policy []string // the rules and what they lead to, as the configuration has them: a line each

	minRows int64 // see Compared
}

// Told is a window as the ledger holds it: its newest revision, or the newest mature one where
// the newest judged it as closed only.
type Told struct {
	Outcome
	RecordedAt time.Time // zero where it is not recorded
	PolicyHash string
	Inputs     []groundtruth.Input
	Revisions  int // how many the window has; 0 where it is not recorded

	layout   string    // ID of the layout that it was counted on; empty without a reference
	readAsOf time.Time // as of when it was read
}

// Last returns the window that the story is about.
func (s *Story) Last() *Told { return &s.Windows[len(s.Windows)-1] }

// Compared returns what the last window was compared with: the profile's rows of its kind of
// time, or all of them. It is false without a Profile.
func (s *Story) Compared() (summary.Stratum, bool) {
	if s.Profile == nil {
		return summary.Stratum{}, false
	}
	return s.Profile.For(s.Last().Window, s.minRows), true
}
