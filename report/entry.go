package report

import (
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/trigger"
)

// Entry is one line of a list of reports, which IndexOfWindows and IndexOfModels make: a window,
// or a model by its newest windows.
type Entry struct {
	Model string
	Zone  groundtruth.Zone // of the model's windows
	// Href is the address of what the entry leads to, as seen from the list; empty where there
	// is nothing to lead to.
	Href string
	// Windows are records without inputs and outputs, with the Figures of a line, oldest first.
	// The last one is what the entry tells of, and those before it are what it is seen against: in
	// a list of windows none, in a list of models as many as a small picture shows. It is empty of
	// a model of which nothing is recorded yet.
	Windows []trigger.Record
	Why     string // why there are no windows, or why they could not be read
}
