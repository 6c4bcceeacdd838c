package format

import "github.com/hindcast/hindcast/groundtruth/table"

// chunkBuilder gathers records of a text format.
type chunkBuilder struct {
	out     table.Chunk
	columns []*table.Builder
	rows    []int64
	size    int // bytes of the records so far
}

func newChunkBuilder(wants []table.Want) *chunkBuilder {
	b := &chunkBuilder{}
	for _, w := range wants {
		b.columns = append(b.columns, table.NewBuilder(w))
	}
	b.out.Cols = make([]table.Column, len(wants))
	b.start()
	return b
}

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

func (b *chunkBuilder) full() bool {
	const cellBytes = 10
	return len(b.rows) >= table.ChunkRows || b.size >= table.MaxChunkBytes || cellBytes*len(b.rows)*len(b.columns) >= table.MaxChunkBytes
}

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
