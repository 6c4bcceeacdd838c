package summary

import (
	"encoding/binary"
	"slices"

	"github.com/hindcast/hindcast/groundtruth"
)

// From schema 2 on, what is encoded is a header, which ends with the task, and then
// sections: each is its name, the number of its bytes and these. Their order is fixed
// and none comes twice, so that equal things have equal bytes. What a later version adds
// is a section of its own. A reader that doesn't know it refuses the whole, since it
// cannot merge what it cannot read.

// maxSectionName bounds the names that an error shows.
const maxSectionName = 64

// section appends a section with what write appends.
func (e *encoder) section(name string, write func()) {
	e.string(name)
	at := len(e.b)
	e.fixed(0)
	write()
	binary.LittleEndian.PutUint64(e.b[at:], uint64(len(e.b)-at-8))
}

// sectionReader reads one kind of section.
type sectionReader struct {
	name     string
	optional bool
	read     func(*decoder)
}

// task reads the task of the header.
func (d *decoder) task(what string) groundtruth.Task {
	task := groundtruth.Task(d.string())
	switch {
	case d.err != nil || slices.Contains(groundtruth.Tasks(), task):
	case len(task) > maxSectionName:
		d.fail()
	default:
		d.refuse("%s is of the task %q, which this program does not know: a newer version wrote it, or make it again", what, task)
	}
	return task
}

// sections reads all that is left as the sections of these readers, in their order.
func (d *decoder) sections(what string, readers ...sectionReader) {
	name := d.sectionName()
	for _, r := range readers {
		if d.err != nil {
			return
		}
		if name != r.name {
			if !r.optional {
				d.missed(what, name, readers)
			}
			continue
		}
		if d.part(r.read); d.err != nil {
			return
		}
		name = d.sectionName()
	}
	if d.err == nil && name != "" {
		d.missed(what, name, readers)
	}
}

// part has read take all bytes of a section, whose name was read.
func (d *decoder) part(read func(*decoder)) {
	n := d.fixed()
	d.check(n <= uint64(len(d.b)))
	if d.err != nil {
		return
	}
	part := decoder{b: d.b[:n]}
	read(&part)
	part.check(len(part.b) == 0)
	if part.err != nil {
		d.err, d.b = part.err, nil
		return
	}
	d.b = d.b[n:]
}

// sectionName reads the name of the next section; it is empty where there is none.
func (d *decoder) sectionName() string {
	if len(d.b) == 0 {
		return ""
	}
	name := d.string()
	d.check(name != "" && len(name) <= maxSectionName)
	return name
}

// missed fails for a section that comes where none of its name belongs: one that this
// program doesn't know is refused by its name.
func (d *decoder) missed(what, name string, readers []sectionReader) {
	for _, r := range readers {
		if name == r.name {
			name = ""
		}
	}
	if name == "" {
		d.fail()
		return
	}
	d.refuse("%s has a section %q, which this program does not know: a newer version wrote it, or make it again", what, name)
}
