//go:build !unix || solaris || illumos || aix

package join

import (
	"errors"
	"os"
)

// lockFile reports that files cannot be locked here: spill folders that killed
// processes left are then never removed by others.
func lockFile(*os.File) error {
	return errors.ErrUnsupported
}
