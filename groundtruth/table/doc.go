// Package table holds rows in memory as the readers of all formats make them and as join takes
// them, and knows what a text of a file means as a number, a time or an id.
//
// A Want is a column to read, and what to read it as. A Chunk is a run of records of one
// object; a Column of it holds one kind of value, a cell a row. A cell is valid, missing
// (a null, an empty text, NaN), or invalid: present and not of the wanted kind. The texts
// of a column stand in a dictionary, to which the cells have codes. A lazy column is one
// whose values are asked for when they are needed, or never.
//
// Begin with Want and ReadOptions (want.go), which go into a reader, and Chunk (chunk.go),
// which comes out. A reader fills columns with a Builder (builder.go); a ValueSender sends
// what a sink takes of them (values.go). ParseNumber and ParseTime say which texts are
// numbers and times. What a message quotes of a file goes through Quote (quote.go).
package table
