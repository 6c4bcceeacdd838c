package job

import (
	"fmt"
	"strconv"
)

// ByteSize is a number of bytes in a log: 1.5 MiB to a person, a number in JSON.
type ByteSize int64

// String implements fmt.Stringer.
func (b ByteSize) String() string {
	const units = "KMGTPE"
	if b < 1<<10 {
		return strconv.FormatInt(int64(b), 10) + " B"
	}
	f, unit := float64(float64(b)/(1<<10)), 0
	for f >= 1023.95 && unit < len(units)-1 { // it would be shown as 1024.0
		f, unit = float64(f/(1<<10)), unit+1
	}
	return fmt.Sprintf("%.1f %ciB", f, units[unit])
}

// MarshalJSON implements json.Marshaler.
func (b ByteSize) MarshalJSON() ([]byte, error) { return strconv.AppendInt(nil, int64(b), 10), nil }
