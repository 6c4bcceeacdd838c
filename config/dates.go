package config

import (
	"fmt"
	"regexp"
	"strings"
)

// dateNotation is a notation of dates that another tool has, and the placeholder that is meant.
type dateNotation struct {
	notation *regexp.Regexp
	with     string
}

// otherDates returns notations in the order in which they are tried, on one segment of a path
// after the other.
func otherDates() []dateNotation {
	return []dateNotation{
		// Templates, as of Airflow, and variables of a shell.
		{regexp.MustCompile(`\{\{\s*(?:ds|execution_date|logical_date)\s*\}\}`), "{date}"},
		{regexp.MustCompile(`\{\{\s*ds_nodash\s*\}\}`), "{year}{month}{day}"},
		{regexp.MustCompile(`\{\{\s*(date|year|month|day|hour)\s*\}\}`), "{${1}}"},
		{regexp.MustCompile(`\$(date|year|month|day|hour)\b`), "{${1}}"},
		{regexp.MustCompile(`\$(?:DATE|ds)\b`), "{date}"},
		// strftime. A % before two hexadecimal digits is an escape in many keys, and is left alone.
		{regexp.MustCompile(`%Y-%m-%d`), "{date}"},
		{regexp.MustCompile(`%F($|[^0-9A-Fa-f])`), "{date}${1}"},
		{regexp.MustCompile(`%Y`), "{year}"},
		{regexp.MustCompile(`%m`), "{month}"},
		{regexp.MustCompile(`%H`), "{hour}"},
		{regexp.MustCompile(`%d($|[^0-9A-Fa-f])`), "{day}${1}"},
		// Letters, in braces and without.
		{regexp.MustCompile(`\{(?:yyyy-mm-dd|yyyy-MM-dd|YYYY-MM-DD|ds|Date|DATE)\}`), "{date}"},
		{regexp.MustCompile(`\{(?:yyyy|YYYY|Year|YEAR)\}`), "{year}"},
		{regexp.MustCompile(`\{(?:mm|MM|Month|MONTH)\}`), "{month}"},
		{regexp.MustCompile(`\{(?:dd|DD|Day|DAY)\}`), "{day}"},
		{regexp.MustCompile(`\{(?:hh|HH|Hour|HOUR)\}`), "{hour}"},
		{regexp.MustCompile(`\b(?:yyyy-mm-dd|yyyy-MM-dd|YYYY-MM-DD)\b`), "{date}"},
		{regexp.MustCompile(`\b(?:yyyymmdd|yyyyMMdd|YYYYMMDD)\b`), "{year}{month}{day}"},
		{regexp.MustCompile(`\b(?:yyyy|YYYY)\b`), "{year}"},
	}
}

// lettersBelow returns the letters that stand for a month, a day or an hour in a path in which
// others stand for the year. By themselves they may be a folder's name.
func lettersBelow() []dateNotation {
	return []dateNotation{
		{regexp.MustCompile(`\b(?:mm|MM)\b`), "{month}"},
		{regexp.MustCompile(`\b(?:dd|DD)\b`), "{day}"},
		{regexp.MustCompile(`\b(?:hh|HH)\b`), "{hour}"},
	}
}

// checkDates refuses a path with a date in the notation of another tool, which would be taken
// as it stands and match nothing. A folder may be called anything.
func checkDates(path string, use locationUse) error {
	if use == folder {
		return nil
	}
	segments := strings.Split(path, "/")
	found, meant := "", ""
	year := false
	dates, letters := otherDates(), lettersBelow()
	for i, segment := range segments {
		for _, d := range dates {
			segments[i] = d.notation.ReplaceAllString(segments[i], d.with)
		}
		if year || strings.Contains(segments[i], "{year}") {
			for _, d := range letters {
				segments[i] = d.notation.ReplaceAllString(segments[i], d.with)
			}
		}
		if segments[i] == segment {
			continue
		}
		year = year || strings.Contains(segments[i], "{year}")
		if found != "" {
			found, meant = found+"/", meant+"/"
		}
		found, meant = found+segment, meant+segments[i]
	}
	switch {
	case found == "":
		return nil
	case use == wildcards:
		return fmt.Errorf("%q would be taken as it stands, and there is no window here to take a date from; use *", clip(found))
	}
	return fmt.Errorf("%q would be taken as it stands: write %q", clip(found), meant)
}
