package groundtruth

import (
	"encoding/binary"
	"math"

	"github.com/zeebo/xxh3"
)

// prediction is a decoded prediction record, less its segments.
type prediction struct {
	time    int64
	value   float64
	row     int64
	object  uint32
	version uint32 // code plus one
}

// labelVersion is a decoded label record, less its hash.
type labelVersion struct {
	value  float64
	ingest int64
	event  int64
	row    int64
	object uint32
	flags  uint32
}

func putHash(rec []byte, h xxh3.Uint128) {
	binary.LittleEndian.PutUint64(rec, h.Hi)
	binary.LittleEndian.PutUint64(rec[8:], h.Lo)
}

func getHash(rec []byte) xxh3.Uint128 {
	return xxh3.Uint128{Hi: binary.LittleEndian.Uint64(rec), Lo: binary.LittleEndian.Uint64(rec[8:])}
}

func putInt(b []byte, v int64) { binary.LittleEndian.PutUint64(b, uint64(v)) }

func getInt(b []byte) int64 { return int64(binary.LittleEndian.Uint64(b)) }

// put encodes p behind the hash of rec.
func (p prediction) put(rec []byte) {
	putInt(rec[16:], p.time)
	binary.LittleEndian.PutUint64(rec[24:], math.Float64bits(p.value))
	putInt(rec[32:], p.row)
	binary.LittleEndian.PutUint32(rec[40:], p.object)
	binary.LittleEndian.PutUint32(rec[44:], p.version)
}

// getPrediction decodes a prediction record.
func getPrediction(rec []byte) prediction {
	return prediction{
		time:    getInt(rec[16:]),
		value:   math.Float64frombits(binary.LittleEndian.Uint64(rec[24:])),
		row:     getInt(rec[32:]),
		object:  binary.LittleEndian.Uint32(rec[40:]),
		version: binary.LittleEndian.Uint32(rec[44:]),
	}
}

// putSegment and getSegment hold the code plus one of the k-th segment column.
func putSegment(rec []byte, k int, code uint32) {
	binary.LittleEndian.PutUint32(rec[predictionBytes+segmentBytes*k:], code)
}

func getSegment(rec []byte, k int) uint32 {
	return binary.LittleEndian.Uint32(rec[predictionBytes+segmentBytes*k:])
}

// put encodes l behind the hash of rec.
func (l labelVersion) put(rec []byte) {
	binary.LittleEndian.PutUint64(rec[16:], math.Float64bits(l.value))
	putInt(rec[24:], l.ingest)
	putInt(rec[32:], l.event)
	putInt(rec[40:], l.row)
	binary.LittleEndian.PutUint32(rec[48:], l.object)
	binary.LittleEndian.PutUint32(rec[52:], l.flags)
}

// getLabel decodes a label record.
func getLabel(rec []byte) labelVersion {
	return labelVersion{
		value:  math.Float64frombits(binary.LittleEndian.Uint64(rec[16:])),
		ingest: getInt(rec[24:]),
		event:  getInt(rec[32:]),
		row:    getInt(rec[40:]),
		object: binary.LittleEndian.Uint32(rec[48:]),
		flags:  binary.LittleEndian.Uint32(rec[52:]),
	}
}

// newer reports whether p comes after q by semantics.md 2: timestamp, then object
// key, then row.
func (p prediction) newer(q prediction) bool {
	if p.time != q.time {
		return p.time > q.time
	}
	return laterPlace(p.object, p.row, q.object, q.row)
}

// newer reports whether l comes after m by semantics.md 2: ingest time, then object
// key, then row.
func (l labelVersion) newer(m labelVersion) bool {
	if l.ingest != m.ingest {
		return l.ingest > m.ingest
	}
	return laterPlace(l.object, l.row, m.object, m.row)
}

func laterPlace(obj uint32, row int64, obj2 uint32, row2 int64) bool {
	if obj != obj2 {
		return obj > obj2
	}
	return row > row2
}
