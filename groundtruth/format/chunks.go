package format

import "github.com/hindcast/hindcast/groundtruth/table"

// chunkBuilder gathers the records of a stream into chunks, for readCSV and readJSONL: they add
// a cell to each column of a row that they begin, and flush when it is full.
type chunkBuilder struct {
	out     table.Chunk
	columns []*table.Builder
	rows    []int64 // numbers of the records so far
	size    int     // bytes of the records so far
}

// newChunkBuilder makes a builder with a column for each want.
func newChunkBuilder(wants []table.Want) *chunkBuilder {
	b := &chunkBuilder{}
	for _, w := range wants {
		b.columns = append(b.columns, table.NewBuilder(w))
	}
	b.out.Cols = make([]table.Column, len(wants))
	b.start()
	return b
}

// start begins the next chunk.
func (b *chunkBuilder) start() {
	b.rows, b.size = b.rows[:0], 0
	for _, c := range b.columns {
		c.Start()
	}
}

// row begins a record of the given number and length.
func (b *chunkBuilder) row(number int64, length int) {
	b.rows = append(b.rows, number)
	b.size += length
}

// full reports whether the chunk has as many records, or takes as much memory, as may be.
func (b *chunkBuilder) full() bool {
	const cellBytes = 10
	return len(b.rows) >= table.ChunkRows || b.size >= table.MaxChunkBytes || cellBytes*len(b.rows)*len(b.columns) >= table.MaxChunkBytes
}

// flush emits what was gathered, if anything was, and begins the next chunk.
func (b *chunkBuilder) flush(emit func(*table.Chunk) error) error {
	n := len(b.rows)
	if n == 0 {
		return nil
	}
	b.out.Len, b.out.Row0, b.out.Rows = n, b.rows[0], nil
	if b.rows[n-1]-b.rows[0] != int64(n-1) {
		b.out.Rows = b.rows
	}
	for i, c := range b.columns {
		c.Finish()
		b.out.Cols[i] = c.Col
	}
	if err := emit(&b.out); err != nil {
		return err
	}
	// A column keeps its texts for the next chunk, but not all of many columns do.
	held := int64(0)
	for _, c := range b.columns {
		if held += c.Text.Bytes(); held > table.MaxChunkBytes {
			c.Text.Drop()
		}
	}
	b.start()
	return nil
}
