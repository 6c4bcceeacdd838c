package config

import (
	_ "embed" // the names of zones
	"regexp"
	"strings"

	"github.com/hindcast/hindcast/groundtruth"
)

// zoneNames lists the IANA database's zones, a line each, one at least for each country's
// time. It serves to say what was meant; which names are known the database itself says.
//
//go:embed zones.txt
var zoneNames string

// offsetPattern matches what people write for a distance from UTC.
var offsetPattern = regexp.MustCompile(`^(?i:[a-z]{1,5})?[+-][0-9]{1,2}(:?[0-9]{2})?$`)

// zone reads a time zone's name into dst, and returns the zone: UTC where there is none,
// and where it is at fault.
func (d *decoder) zone(o *object, key string, dst *string) groundtruth.Zone {
	v, ok := o.text(key, dst)
	if !ok {
		return groundtruth.Zone{}
	}
	z, err := groundtruth.ParseZone(*dst)
	switch {
	case err == nil:
	case *dst == "Local":
		d.fail(v, "the time zone must be named, such as UTC or Europe/Oslo: Local differs from machine to machine")
	case offsetPattern.MatchString(*dst):
		d.fail(v, "%q is an offset from UTC: name a place whose clocks count, such as Europe/Oslo, or Etc/GMT-1, which is UTC+01:00 all year", clip(*dst))
	default:
		meant := ""
		if n := nearestZone(*dst); n != "" {
			meant = " (did you mean \"" + n + "\"?)"
		}
		d.fail(v, "unknown time zone %q%s; want a name of the IANA database, such as UTC or Europe/Oslo", clip(*dst), meant)
	}
	return z
}

// partitionZone reads the time zone of the placeholders of a URL.
func (d *decoder) partitionZone(o *object, url string, dst *string) groundtruth.Zone {
	z := d.zone(o, "partition_time_zone", dst)
	if names, err := placeholderNames(url); err == nil && len(names) == 0 && url != "" && o.has("partition_time_zone") {
		d.failAt(o.keyPos("partition_time_zone"), join(o.v.path, "partition_time_zone"), "partition_time_zone is of {date}, {hour} and the like in url, which has none")
	}
	return z
}

// nearestZone returns the zone that a person most likely meant, whatever the case, also by
// its place alone; or "".
func nearestZone(word string) string {
	word = strings.ReplaceAll(word, " ", "_")
	names := strings.Fields(zoneNames)
	lower := make([]string, len(names))
	for i, name := range names {
		lower[i] = strings.ToLower(name)
		if _, place, ok := strings.Cut(name, "/"); ok && strings.EqualFold(place, word) {
			return name
		}
	}
	meant := nearest(word, lower)
	for i, name := range lower {
		if name == meant {
			return names[i]
		}
	}
	return ""
}
