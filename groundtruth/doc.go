// Package groundtruth holds what the rest of Hindcast says about predictions and their later
// labels: values alone, which read nothing and import the standard library only.
//
// A Window is an interval of prediction time, and a Grid cuts time into windows, by the clocks
// of a Zone. A Source
// says where objects lie, and a Spec what to read of them for one model. A Sink takes what
// a scan finds: a Batch of unique predictions with the Values of their features, and
// Matches, which are predictions with their labels. Coverage, Skipped and Result count
// what was found and what was not used.
//
// Begin with Window (window.go) and Spec (spec.go), and with Sink (batch.go) for what comes
// out. The work is done in the packages below: source finds objects, format reads them (Parquet
// by parquet) as chunks of a table, and join joins predictions with labels; offheap gives large
// memory.
package groundtruth
