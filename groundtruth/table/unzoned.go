package table

// Unzoned reports whether a text is a date and a time of day without a zone, which is read as
// UTC.
func Unzoned(text string) bool {
	const date = len("2026-01-31")
	s := TrimSpace([]byte(text))
	if len(s) <= date || s[4] != '-' || s[7] != '-' {
		return false // an epoch number, or a date alone
	}
	for _, c := range s[date+1:] {
		switch c {
		case 'Z', 'z', '+', '-', 'U', 'u':
			return false
		}
	}
	return true
}
