package report

import (
	"bytes"
	"image/png"

	"github.com/hindcast/hindcast/chart"
	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/job"
)

const (
	// pictureWindows is how many windows the picture of a message shows.
	pictureWindows = 30
	// pictureWidth and pictureHeight are how large it is drawn: wide enough for names beside the
	// lines, and with the margin around it as wide as the text of a mail.
	pictureWidth  = 384
	pictureHeight = 272
)

// Illustrator finds the sentence and the picture that messages open with: a job.Illustrator.
type Illustrator struct {
	Pictures bool // there is a receiver that shows pictures
}

// Sentence implements job.Illustrator.
func (Illustrator) Sentence(o job.Outcome, previous *job.Outcome) string {
	return Sentence(o, previous)
}

// Windows implements job.Illustrator.
func (i Illustrator) Windows() int {
	if i.Pictures {
		return pictureWindows
	}
	return 2 // a sentence says what a figure was in the window before
}

// Picture implements job.Illustrator. It draws what the report draws of the figure.
func (i Illustrator) Picture(t job.Trend, zone groundtruth.Zone) (*job.Picture, error) {
	if !i.Pictures {
		return nil, nil
	}
	c := trendChart(&job.Story{TimeZone: zone}, &t, pictureWindows, false)
	for _, p := range t.Points {
		for _, run := range p.Runs {
			c.Marks = append(c.Marks, chart.Mark{At: p.Window.End, Text: "retraining " + run})
		}
	}
	data, err := chart.PNG(c, chart.Size{Width: pictureWidth, Height: pictureHeight})
	if err != nil {
		return nil, err
	}
	size, err := png.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, err
	}
	return &job.Picture{PNG: data, Width: size.Width / chart.Pixels, Height: size.Height / chart.Pixels, Title: c.Title, Alt: c.Title + ". " + c.Desc}, nil
}
