//go:build !amd64

package join

import "unsafe"

// storeLines copies lines.
func storeLines(dst, src *byte, lines int) {
	copy(unsafe.Slice(dst, lines*lineBytes), unsafe.Slice(src, lines*lineBytes))
}

func storeFence() {}
