package join

import (
	"bytes"
	"encoding/binary"
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth"
)

// TestPartitionsHoldWhatWasPut puts numbered records of both kinds, one after the other,
// and finds each partition's in their order.
func TestPartitionsHoldWhatWasPut(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		window := groundtruth.Window{Start: time.Unix(0, 0), End: time.Unix(86_400, 0)}
		layout := newRecordLayout(layoutOptions{window: window, hasTime: true, objects: 3, segmentCount: rapid.SampledFrom([]int{0, 1, 4, 30, 200}).Draw(t, "segments")})
		const bits = 3
		block := rapid.SampledFrom([]int{minBlock, 4096, maxBlock}).Draw(t, "block")
		arena := newArena(newMemory(1<<30, 1), block)
		defer arena.close()
		p := newPartitions(bits, layout, arena, nil, block)
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		var want [recordKinds][1 << bits][]byte
		for kind := range recordKind(recordKinds) {
			size := layout.size[kind]
			for i := range rapid.IntRange(0, 3000).Draw(t, "records") {
				rec := make([]byte, size)
				binary.LittleEndian.PutUint64(rec, uint64(i))
				rec[size-1] = byte(i)
				part := r.IntN(1 << bits)
				copy(p.room(kind, part)[:size], rec)
				want[kind][part] = append(want[kind][part], rec...)
			}
		}
		p.finish()
		all := &stored{of: []*partitions{p}, bits: bits}
		for kind := range want {
			for part, want := range want[kind] {
				got, err := all.load(recordKind(kind), part, make([]byte, 0, len(want)+recordSlack))
				if err != nil || !bytes.Equal(got, want) {
					t.Fatalf("kind %d, partition %d: %d bytes, %v; want %d", kind, part, len(got), err, len(want))
				}
			}
		}
	})
}

// TestSlotsFindWhatWasSet compares what slots find with all numbers of a hash's tag.
func TestSlotsFindWhatWasSet(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 1))
		n := rapid.IntRange(0, 2000).Draw(t, "records")
		homes := rapid.SampledFrom([]uint64{3, 1 << 6, 1 << 62}).Draw(t, "homes") // few homes make long runs
		hash := func() uint64 { return r.Uint64N(homes) - 1 | r.Uint64()<<32 }
		var s slots
		s.reset(n)
		hashes := make([]uint64, n)
		for i := range hashes {
			hashes[i] = hash()
			at := hashes[i] & s.mask
			for s.slots[at] != 0 {
				at = (at + 1) & s.mask
			}
			s.set(at, s.tag(hashes[i]), uint32(i+1))
		}
		s.close()
		for _, h := range append(hashes, hash(), hash(), hash()) {
			found := s.find(h)
			at, first, looked := h&s.mask, uint32(0), 0
			for ; s.slots[at] != 0 && first == 0; at = (at + 1) & s.mask {
				first = s.number(at, s.tag(h))
				looked++
			}
			if first == 0 {
				looked++ // the free slot
			}
			if looked > nearSlots {
				first = s.unsure()
			}
			if found != first {
				t.Fatalf("found %d, want %d after %d slots", found, first, looked)
			}
		}
	})
}
