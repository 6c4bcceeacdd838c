//go:build linux || darwin || netbsd || openbsd

package main

import "syscall"

// openFilesLimit returns how many files, connections included, the process may have open
// at once, 0 where that is not known.
func openFilesLimit() uint64 {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return 0
	}
	return limit.Cur
}
