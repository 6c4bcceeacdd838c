//go:build !(linux || darwin || netbsd || openbsd)

package main

// openFilesLimit returns how many files, connections included, the process may have open
// at once, 0 where that is not known, as it is not here.
func openFilesLimit() uint64 { return 0 }
