// Package jsontext finds the wanted values in texts of JSON: those of records, and the elements
// of the maps and lists that cells hold, also as text, and puts them into the columns of a table.
//
// A record is an object whose keys are columns. A cell is the value that a column has in a
// record, of whatever format. An element is a value inside of a cell which is a map or a list.
//
// Begin with Scanner (scanner.go), which finds values in one pass and leaves what is unusual to
// the tree that fastjson makes (tree.go), and Cells (cells.go), which reads the elements of one
// column. Texts of maps and lists as Python writes them are read in python.go.
package jsontext
