package report

import (
	"fmt"
	"net/url"

	"github.com/hindcast/hindcast/job"
)

// mostInputs is how many objects are listed.
const mostInputs = 20

// inputsSection lists the objects that the window was read from.
func inputsSection(s *job.Story) section {
	inputs := s.Last().Inputs
	if len(inputs) == 0 {
		return section{}
	}
	size := int64(0)
	t := table{
		Caption: "Objects",
		Columns: []column{{Name: "Object"}, {Name: "Size", Numbers: true}, {Name: "Written"}, {Name: "ETag", Help: "which version of the object it was"}},
	}
	for i, in := range inputs {
		size += in.Size
		if i >= mostInputs {
			continue
		}
		t.Rows = append(t.Rows, []cell{
			{Text: plainURL(in.URL)}, {Text: sizeText(in.Size), Value: fmt.Sprint(in.Size)}, {Text: in.ModTime.UTC().Format("2006-01-02 15:04 UTC")}, {Text: in.ETag},
		})
	}
	if left := len(inputs) - len(t.Rows); left > 0 {
		t.About = fmt.Sprintf("And %s more; the window's record has all of them.", counted(left, "object"))
	}
	return section{
		ID: "inputs", Title: "Inputs", Lead: fmt.Sprintf("%s, %s, as they were when the window was read.", counted(len(inputs), "object"), sizeText(size)),
		Tables: []table{t},
	}
}

// plainURL is an address without what may be a secret: who asks, and by which signature.
func plainURL(address string) string {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "" {
		return address
	}
	if u.User == nil && u.RawQuery == "" && u.Fragment == "" {
		return address
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.String()
}

// sizeText writes a number of bytes.
func sizeText(bytes int64) string {
	size := float64(bytes)
	for _, unit := range []string{"bytes", "kB", "MB", "GB"} {
		if size < 1000 || unit == "GB" {
			return fmt.Sprintf("%.4g %s", size, unit)
		}
		size /= 1000
	}
	return ""
}

// configurationSection says by what the window was judged, and what the report is made of.
func configurationSection(s *job.Story) section {
	last := s.Last()
	out := section{
		ID: "configuration", Title: "Configuration", Lead: "What the window was judged by, and what this report is made of.",
		Notes: s.Policy,
	}
	add := func(name, text, help string) {
		if text != "" {
			out.Facts = append(out.Facts, fact{Name: name, Text: text, Help: help})
		}
	}
	add("Model", s.Model, "")
	add("Task", string(s.Task), "")
	add("Window", last.Window.Text(s.TimeZone, " to "), "The interval of prediction time that is judged. Its end does not belong to it.")
	add("As of", timeText(last.AsOf, s.TimeZone), "The moment that the window was looked at from: what came later is hidden.")
	add("Recorded", recordedText(last, s), "")
	add("Policy hash", last.PolicyHash, "A hash of all that decides on verdicts and runs: where the configuration changed, it differs.")
	if r := last.Reference; r != nil {
		text := counted(r.Rows, "row")
		if r.Stratum != "" {
			text += " of " + r.Stratum
		}
		if r.Days > 0 {
			text += ", " + counted(r.Days, "day")
		}
		add("Reference", text, "What the window is compared with.")
	} else {
		add("Reference", "none", "")
	}
	add("Distributions", keptText(s), "Counts of rows, kept beside the records: distributions are drawn from them.")
	return out
}

// recordedText says when the window was recorded, and how often.
func recordedText(t *job.Told, s *job.Story) string {
	if t.RecordedAt.IsZero() {
		return "not recorded"
	}
	text := timeText(t.RecordedAt, s.TimeZone) + fmt.Sprintf(", revision %d", t.Revision)
	if t.Revisions > t.Revision {
		text += fmt.Sprintf(" of %d", t.Revisions)
	}
	return text
}

// keptText says whether distributions could be drawn, and why not.
func keptText(s *job.Story) string {
	switch {
	case s.Summary == nil && s.NoSummary != "":
		return "none: " + s.NoSummary
	case s.Summary == nil:
		return "none"
	case s.Profile == nil && s.NoProfile != "":
		return "of the window alone: " + s.NoProfile
	case s.Profile == nil:
		return "of the window alone"
	}
	return "of the window and of the reference"
}
