// Package diagnose finds the likely cause where figures of a window are odd, and has the words
// for it: why no label meets a prediction, why rows lie outside of the window, and how late
// labels come. It is given small samples and ranges, reads nothing, and knows neither files nor
// the configuration but the names of its keys.
//
// A Mismatch says how the ids of two sources differ (ids.go); the ways in which ids are
// written differently are the table forms (forms.go). Times says how the timestamps of a
// source lie to a window (times.go). Delays counts how old labels were when they came
// (delays.go). Package join gathers what they are given. Begin with IDs and Times.Outside.
package diagnose
