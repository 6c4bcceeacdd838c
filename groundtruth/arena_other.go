//go:build !linux

package groundtruth

func newChunk(n int) []byte { return make([]byte, n) }

func freeChunk([]byte) {}
