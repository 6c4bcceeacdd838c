package join

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/zeebo/xxh3"

	"github.com/hindcast/hindcast/groundtruth"
)

// BenchmarkPartition deals records of predictions to as many partitions as there are at
// the most.
func BenchmarkPartition(b *testing.B) {
	const rows = 1 << 22
	hashes := make([]xxh3.Uint128, 1<<16)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range hashes {
		hashes[i] = xxh3.Uint128{Hi: r.Uint64(), Lo: r.Uint64()}
	}
	window := groundtruth.Window{Start: time.Unix(0, 0), End: time.Unix(86_400, 0)}
	layout := newRecordLayout(layoutOptions{window: window, hasTime: true, objects: 10, segmentCount: 1})
	segments := []uint32{1}
	b.SetBytes(int64(rows * layout.size[predictionRecords]))
	for b.Loop() {
		mem := newMemory(1<<30, 1)
		arena := newArena(mem, maxBlock)
		p := newPartitions(maxRadix, layout, arena, nil, maxBlock)
		for i := range rows {
			h := hashes[i%len(hashes)]
			h.Hi ^= uint64(i>>16) << (64 - maxRadix)
			layout.putPrediction(p.room(predictionRecords, p.partOf(h)), h, prediction{value: 1, time: int64(i)}, segments, 0)
		}
		p.settle()
		arena.close()
	}
	b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/rows, "ns/row")
}
