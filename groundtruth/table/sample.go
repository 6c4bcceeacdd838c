package table

import (
	"math"
	"sync/atomic"

	"github.com/cespare/xxhash/v2"
)

// Bar bounds the hashes of ids that may belong to a sample. Readers pass over ids above
// it, which are nearly all; who takes the rows lowers it. It is shared by goroutines.
type Bar struct{ hash atomic.Uint64 }

// NewBar returns a Bar that no hash is above.
func NewBar() *Bar {
	b := &Bar{}
	b.hash.Store(math.MaxUint64)
	return b
}

// Lower lowers the bar to a hash, unless it is lower already.
func (b *Bar) Lower(to uint64) {
	for {
		now := b.hash.Load()
		if to >= now || b.hash.CompareAndSwap(now, to) {
			return
		}
	}
}

// Hash returns the greatest hash that is not above the bar.
func (b *Bar) Hash() uint64 { return b.hash.Load() }

// SampleHash is the hash of an id that the sample goes by.
func SampleHash(id []byte) uint64 { return xxhash.Sum64(id) }
