// Package evaluator computes what is to be known of a model in a window of time: its
// performance, how its data drifted from the reference, and the quality of the data. Begin
// with Evaluate, which makes an Evaluation, and with evaluator/rule, which judges it.
//
// It is pure: nothing here or in the packages below reads a clock, a file or the
// environment, and the same inputs give the same bytes on every processor and any number
// of threads.
//
// Its terms:
//   - A window is a stretch of time whose predictions are evaluated together. Those that
//     have a label are its matched rows.
//   - The reference is the data that a window is compared with, usually what the model was
//     trained on.
//   - A Summary holds what is kept of a window's rows, and a Profile what is kept of the
//     reference's: counts and sums, whatever the number of rows. What is computed here is
//     computed from these two alone. They are in evaluator/summary, with what makes them.
//   - A metric is a figure of performance, such as the RMSE; evaluator/metric has the table
//     of all. A measure is a figure of one column's drift, such as PSI, whose table is in
//     evaluator/drift.
//   - A group is a part of the matched rows whose metrics are told apart: a model version,
//     or a segment, which is a value of a segment column.
//
// Below them are evaluator/stat, the statistics that metrics and rules share,
// evaluator/exact, sums that no order of rows changes, and evaluator/portable, functions
// that no processor changes.
package evaluator
