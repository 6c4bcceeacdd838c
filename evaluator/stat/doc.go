// Package stat holds the statistics that metrics and rules share: from the sums of a
// series to its moments, from these to an estimate with an interval, and from estimates to
// a one-sided test. It is pure arithmetic, the same to the last bit on every processor.
// Begin with EstimateMean, which the metrics call, and with OneSided, which rules are
// judged by.
//
// Its terms:
//   - A series u has a value for each matched row, such as its squared error. It is known
//     by its sums only, of all rows and of each block.
//   - A block is a stretch of time that holds some of a window's rows.
//   - The long-run variance is that of the mean of rows which vary together as time goes
//     by. The blocks tell how far it is above what independent rows would have.
//   - An Estimate is the value of a metric with its standard error and what a test needs
//     beyond that.
package stat
