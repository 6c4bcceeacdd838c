// Package parquet reads the wanted columns of Parquet objects as chunks of a table. Package
// format calls it; nothing else knows how a Parquet file looks.
//
// A file is cut into row groups, which are read each by itself: they are the parts that
// goroutines share. In a row group the values of one column lie together in a column chunk
// (not to be taken for a table.Chunk), one page after the other; a page may refer to the
// dictionary that the first page holds. A leaf is a column of the schema that holds
// values, as opposed to a group of columns. A Range is where bytes of the object lie, and
// a Group what was fetched of a row group ahead of its reading.
//
// Begin with Open, which reads a file's footer (file.go), and Reader.RowGroup, which reads
// a row group column by column (reader.go). A columnReader goes from page to page
// (column.go); a pageReader reads their headers and bytes (page.go); leafType says what
// the values mean (types.go, values.go). Most columns are read with their chunk (fill.go);
// a lazy column's values are sent on their own, when they are asked for (lazy.go). The
// library parquet-go reads footers and the rare encodings.
package parquet
