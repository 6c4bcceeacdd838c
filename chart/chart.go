package chart

import (
	"math"
	"time"
)

// Chart is one picture. The types of this package that have a Table are Charts.
type Chart interface {
	// Table is the data of the chart as text.
	Table() Table
	// about says what the picture is, in words.
	about() about
	// height is the height that suits a width, where the caller gives none.
	height(width float64) float64
	// draw draws the chart onto a canvas of that size.
	draw(c canvas, w, h float64)
}

// about is what is said of a picture to those who don't see it.
type about struct{ kind, title, desc string }

// Size is how large a chart is drawn. Text has 12 units, so that a chart is to be shown at about
// the width that it is drawn for: Wide for a whole page, Narrow for a telephone and for small
// multiples. Responsive has both.
type Size struct {
	Width  float64
	Height float64 // 0: what suits the chart
	// ID is what the ids of an SVG begin with, where a page has several charts that are alike.
	// Empty, it is made from the chart itself.
	ID string
}

const (
	// Wide is the width of a chart that has the page for itself.
	Wide = 760
	// Narrow is the width of a chart on a telephone, and of one among several in a row.
	Narrow = 344
)

// State is what was judged of a datum. It shows by colour and by the shape of its mark.
type State uint8

// The states.
const (
	None   State = iota // nothing was judged: "·"
	Good                // "●"
	Bad                 // "▲"
	Unsure              // "○"
)

// Glyph is the shape of a state in text.
func (s State) Glyph() string { return [...]string{"·", "●", "▲", "○"}[s] }

// String is the state as attributes and classes have it.
func (s State) String() string { return [...]string{"none", "good", "bad", "unsure"}[s] }

// Side is which side of a threshold is the bad one.
type Side int8

// The sides.
const (
	Neither Side = iota
	Above        // more is worse, as of errors
	Below        // less is worse, as of accuracy
)

// Axis says what the numbers along an axis are and how they are written.
type Axis struct {
	Title  string               // "RMSE in minutes"; may be empty
	Format func(float64) string // nil: four significant digits
	Log    bool                 // a logarithmic axis; numbers up to 0 are left out
	// Min and Max are within the axis, whatever the data are; NaN or both 0 where the data decide.
	Min, Max float64
}

// Percent writes a share with up to four significant digits as percent: 0.125 is "12.5 %".
func Percent(share float64) string { return Number(float64(share*100)) + " %" }

// Trend is a figure over windows of time: a line with its interval, what it is compared with
// and the limit of each window.
type Trend struct {
	Title, Desc string
	Axis        Axis
	Location    *time.Location // of the time axis; nil is UTC
	Points      []Point        // oldest first
	Marks       []Mark         // what happened: runs of retraining
	Worse       Side
	// Names of the lines, for the legend. Empty: "value", "reference", "rolling reference",
	// "estimated" and "limit"; of the band "interval", of the marks "retraining".
	ValueName, ReferenceName, RollingName, EstimatedName, ThresholdName, BandName, MarksName string
}

// Point is one window of a Trend. It stands at its Start, so that the window of 12 January is above
// "12 Jan". Begin with Blank, for a zero is a number.
type Point struct {
	Start, End time.Time
	Value      float64
	Low, High  float64 // the interval of Value
	// Reference and Rolling are what the value is compared with, Threshold is the limit that held
	// in this window: rules change.
	Reference, Rolling, Threshold          float64
	Estimated, EstimatedLow, EstimatedHigh float64
	Coverage                               float64 // from 0 to 1, a strip below the time axis
	N                                      int64   // rows; 0 is not told
	State                                  State
	Provisional                            bool   // more data may come: the mark is pale
	Label                                  string // of the window; empty: made from Start and End
	Note                                   string // more for the tooltip
}

// Blank is the point of a window of which there is no number.
func Blank(start, end time.Time) Point {
	nan := math.NaN()
	return Point{
		Start: start, End: end, Value: nan, Low: nan, High: nan, Reference: nan, Rolling: nan, Threshold: nan,
		Estimated: nan, EstimatedLow: nan, EstimatedHigh: nan, Coverage: nan,
	}
}

// Mark is something that happened at a time: "◆" and a line from top to bottom.
type Mark struct {
	At   time.Time
	Text string // "retraining run-42 succeeded"
}

// Spark is a tiny Trend for a line of text or a cell of a table: no axes, the last point marked.
type Spark struct {
	Title, Desc string
	Format      func(float64) string
	Values      []float64 // oldest first; NaN is a gap
	States      []State   // as many as Values, or none
	Threshold   float64   // NaN: none
}

// HeatMap shows many columns over windows: a row a column, a cell a window.
type HeatMap struct {
	Title, Desc string
	Format      func(float64) string
	Location    *time.Location
	Windows     []time.Time // starts, oldest first: one a cell
	Rows        []HeatRow   // ranked by the caller, first on top
	ValueName   string      // "PSI"; empty: "value"
}

// HeatRow is one row of a HeatMap.
type HeatRow struct {
	Name  string
	Cells []HeatCell // as many as the HeatMap has Windows
}

// HeatCell is one value, shaded by its share of its threshold.
type HeatCell struct {
	Value     float64 // NaN: an empty cell
	Threshold float64 // NaN: none, so that State alone decides
	State     State   // Bad has another hue and, where there is room, "▲"
}

// Overlay shows two distributions over each other: the bins of numbers as areas, categories as
// pairs of bars.
type Overlay struct {
	Title, Desc                string
	X                          Axis
	Bins                       []Bin
	ReferenceName, CurrentName string // empty: "reference" and "this window"
}

// Bin is one bin of an Overlay. Low and High are its edges where it is of numbers; an outer one may
// reach to an infinity. Where both are NaN it is a category or "missing", and Name is shown.
type Bin struct {
	Name               string
	Low, High          float64
	Reference, Current float64 // shares from 0 to 1; NaN: not known
}

// Density shows how often pairs of numbers are: predicted against actual, say.
type Density struct {
	Title, Desc string
	X, Y        Axis
	Cells       []Cell
	Diagonal    bool // the line x = y, with the same range on both axes
}

// Cell is one cell of a Density.
type Cell struct {
	X0, X1, Y0, Y1 float64
	N              int64
}

// Bars shows a value for each of a few places in an order: hours, weekdays, ages, sizes.
type Bars struct {
	Title, Desc string
	Axis        Axis   // of the values
	NameTitle   string // what the places are: "hour of the day"
	Bars        []Bar
	Line        float64 // what the values are compared with, as a line; NaN: none
	LineName    string
}

// Bar is one bar.
type Bar struct {
	Name      string
	Value     float64
	Low, High float64 // NaN: no interval
	N         int64   // rows, shown as a strip below; 0 is no row
	State     State
	Note      string
}

// Dots shows ranked values with their intervals against a line: segments, versions, classes.
type Dots struct {
	Title, Desc string
	Axis        Axis
	NameTitle   string // what the dots are: "segment"
	Dots        []Dot
	Line        float64 // NaN: none
	LineName    string
	Worse       Side
}

// Dot is one row of Dots.
type Dot struct {
	Name      string
	Value     float64
	Low, High float64
	Reference float64 // what this one is compared with, a small bar; NaN: none
	N         int64
	State     State
	Note      string
}

// Curves shows y over x: ROC, precision over recall, calibration, arrival of labels.
type Curves struct {
	Title, Desc string
	X, Y        Axis
	Curves      []Curve
	Diagonal    bool // the line from the lower left to the upper right
	Square      bool // as high as wide
}

// Curve is one line of Curves. The first of a chart is the one that it is about.
type Curve struct {
	Name    string
	Points  []XY
	Markers bool // a mark at each point
	Steps   bool // the value holds until the next point
}

// XY is one point of a Curve. Low and High are the interval of Y; NaN: none.
type XY struct {
	X, Y      float64
	Low, High float64
	N         int64 // 0 is not told
}

// Matrix is a confusion matrix: a row an actual class, a column a predicted one. Shades are shares of
// a row.
type Matrix struct {
	Title, Desc            string
	Classes                []string
	Counts                 [][]int64 // [actual][predicted]
	RowTitle, ColumnsTitle string    // empty: "actual" and "predicted"
}

// Gauge shows on one line where a value's interval lies against its threshold.
type Gauge struct {
	Title, Desc string
	Axis        Axis // Min and Max give several gauges one scale
	Value       float64
	Low, High   float64
	Threshold   float64
	Reference   float64
	Worse       Side
	State       State
}
