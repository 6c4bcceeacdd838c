package format

import (
	"github.com/hindcast/hindcast/groundtruth/jsontext"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// csvCells reads for readCSV the elements of the columns whose fields are maps or lists.
type csvCells struct {
	cells []*jsontext.Cells
	where []int // the field of each
}

// newCSVCells makes the reader of the wants of elements, whose fields it takes out of where, by
// which whole fields are read; nil where there are none.
func newCSVCells(wants []table.Want, where []int, memory int64) *csvCells {
	var out csvCells
	for _, c := range jsontext.CellsOf(wants, memory) {
		at := where[c.Wants[0]]
		if at < 0 {
			continue
		}
		out.cells, out.where = append(out.cells, c), append(out.where, at)
		for _, i := range c.Wants {
			where[i] = -1
		}
	}
	if out.cells == nil {
		return nil
	}
	return &out
}

// add adds the elements of a record to the columns, which are those of all wants.
func (c *csvCells) add(fields [][]byte, columns []*table.Builder) error {
	for k, cells := range c.cells {
		if err := cells.AddText(fields[c.where[k]], columns); err != nil {
			return err
		}
	}
	return nil
}
