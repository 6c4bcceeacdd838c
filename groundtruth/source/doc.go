// Package source finds the objects that a groundtruth.Source names: it takes the source's URL
// apart and lists no more of a bucket or folder than a range of time needs.
//
// An object is a file of a folder or a key of a bucket. A pattern is the part of the URL
// from the first path segment on that has a wildcard or a placeholder, such as
// dt={date}/*.parquet. A partition is what the placeholders of a key say: the year, month,
// day or hour that the object's rows lie in, which is its span. A Set is what was found,
// in the order of the keys.
//
// Where a pattern matches nothing, a note says what is there instead (instead.go).
//
// Begin with Discover, which package join calls, or Inputs, which tells what there is
// without reading it (discover.go). A pattern is parsed and keys are matched in
// pattern.go; walk.go goes down the folders; partition.go knows the times.
package source
