// Package format reads the objects of a source as chunks of a table, whatever format they are
// in: Parquet by package parquet, CSV and JSON Lines itself. Package join calls it for all that
// it reads, and job for the columns that a source has.
//
// The table of formats in formats.go has a row for each format; that is where another one goes.
// An object is read in parts: the row groups of a Parquet object, all of another. A Scan deals
// the parts of all objects out to goroutines, and each of them has a Reader, which makes chunks
// of a part. A stream is an object of a format without parts, from its beginning to its end and
// decompressed. A record is a row as a file has it; a malformed one is counted and passed over.
//
// Begin with Scan.Run (scan.go) for the way of an object, and with readCSV (csv.go) or
// readJSONL (jsonl.go) for that of a record. Columns (columns.go) tells what columns there
// are, and of what kind.
package format
