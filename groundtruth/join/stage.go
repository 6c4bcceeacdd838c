package join

// lineBytes is the size of a line of a processor's cache.
const lineBytes = 64

// stage gathers the records of one kind for each partition, in a core's own cache,
// until they fill lines of memory. Lines go to the partition's block whole and past the
// cache: a processor that writes to thousands of places record by record reads each
// line from memory first, which takes three times as long.
type stage struct {
	kind   recordKind
	size   int      // of a record
	stride int      // bytes for each partition
	of     []staged // by partition
	lines  []byte
}

// staged counts what of a partition waits in the stage, and what its block still takes.
type staged struct {
	fill uint32 // bytes, less than a line and a record
	left uint32 // records that its block has room for beyond those
}

// reset makes an empty stage for records of that size.
func (s *stage) reset(kind recordKind, size, parts int) {
	*s = stage{kind: kind, size: size, of: make([]staged, parts), lines: s.lines}
	s.stride = (lineBytes - 1 + size + recordSlack + lineBytes - 1) &^ (lineBytes - 1)
	if n := parts * s.stride; len(s.lines) < n {
		s.lines = make([]byte, n)
	}
}

// next returns where the next record goes, which has room.
func (s *stage) next(part int) []byte {
	t := &s.of[part]
	at := part*s.stride + int(t.fill)
	t.fill += uint32(s.size)
	t.left--
	return s.lines[at : at+s.size+recordSlack]
}

// store appends the whole lines of a partition to its block, which ended on a line.
func (s *stage) store(part int, block []byte) []byte {
	t := &s.of[part]
	whole := int(t.fill) &^ (lineBytes - 1)
	if whole == 0 {
		return block
	}
	lines := s.lines[part*s.stride:][:s.stride]
	at := len(block)
	block = block[:at+whole]
	storeLines(&block[at], &lines[0], whole/lineBytes)
	copy(lines, lines[whole:t.fill])
	t.fill -= uint32(whole)
	return block
}

// empty appends what is less than a line. Nothing may be stored in the block after it.
func (s *stage) empty(part int, block []byte) []byte {
	t := &s.of[part]
	block = append(block, s.lines[part*s.stride:][:t.fill]...)
	t.fill = 0
	return block
}
