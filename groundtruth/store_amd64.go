package groundtruth

// storeLines copies lines past the cache. The destination is aligned to a line.
//
//go:noescape
func storeLines(dst, src *byte, lines int)

// storeFence makes what storeLines copied visible to other goroutines that are told of
// it afterwards.
func storeFence()
