// Package probe looks at the first records of the objects of a source, for one who wants to
// know what is there before anything is computed from it: `hindcast check --data`.
//
// A [Source] is what was listed. Of its objects some are picked ([Source.Spread],
// [Source.After]), and a [Head] is what their first records show: columns with their
// kinds, and of each [Field], which is a column that someone means to use, a [Column] that
// says whether it is there, how many of its values are missing or bad, and what they look
// like. [Rows] are the ids and times of the records. Nothing is judged here; package
// datacheck does that.
//
// All of it is bounded: objects that are listed, objects that are read, records of each.
//
// Begin at [Find] and [Source.Read].
package probe
