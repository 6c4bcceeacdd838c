//go:build unix && !solaris && !illumos && !aix

package join

import (
	"os"
	"syscall"
)

// lockFile locks a file for this open handle, or fails at once.
func lockFile(f *os.File) error {
	return syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
}
