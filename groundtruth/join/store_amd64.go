package join

// storeLines copies lines past the cache. The destination is aligned to a line.
//
//go:noescape
func storeLines(dst, src *byte, lines int)

// storeFence makes what storeLines copied on this processor visible to all that are told
// of it afterwards. The end of a goroutine that another waits for does so as well, as do
// all locked instructions.
func storeFence()
