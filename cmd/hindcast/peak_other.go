//go:build !linux

package main

// peakMemory returns the most memory that the process has had resident, 0 where that
// is not known, as it is not here.
func peakMemory() int64 { return 0 }
