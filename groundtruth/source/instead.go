package source

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// lookedAround is how many keys are listed to say what is there, where a pattern matches
// nothing: as many as one request of an object store gives.
const lookedAround = 1000

// around is what lies below the fixed part of a URL whose pattern matches nothing.
type around struct {
	keys  []string         // the first ones, less hidden names
	more  bool             // there are others
	dated bool             // the pattern may have placeholders: there is a time to fill in, or will be
	zone  groundtruth.Zone // of the placeholders
}

// lookAround lists what lies there. It only serves a message, so that a failure is no error.
func (w *walker) lookAround(ctx context.Context) (a around, ok bool) {
	a.zone = w.zone
	a.dated = w.surveys || !w.from.IsZero() || !w.to.IsZero()
	listed := 0
	for o, err := range w.lister.List(ctx, "") {
		if err != nil {
			return a, false
		}
		if listed == lookedAround {
			a.more = true
			break
		}
		listed++
		if !slices.ContainsFunc(strings.Split(o.Key, "/"), isHidden) {
			a.keys = append(a.keys, o.Key)
		}
	}
	return a, true
}

// instead says what there is instead of what a pattern asks for, for its note: objects of
// other times, a folder where the pattern names a file, another name, or the pattern that
// would match most objects. It is empty where nothing can be said.
func (w *walker) instead(ctx context.Context, p pattern) string {
	a, ok := w.lookAround(ctx)
	if !ok {
		return ""
	}
	if len(a.keys) == 0 {
		return ": there is no object at all; correct the URL, or see whether whoever writes there does"
	}
	for _, say := range []func(pattern, around) string{otherTimes, folderForFile, otherName, otherPattern} {
		if text := say(p, a); text != "" {
			return ": " + text
		}
	}
	return ": there are " + table.QuoteNames(a.keys)
}

// of tells so many of the objects that were looked at.
func (a around) of(n int) string {
	first := ""
	if a.more {
		first = "the first "
	}
	return fmt.Sprintf("%d of %s%d objects there", n, first, len(a.keys))
}

// placeholders are what a pattern without times has a * for.
var placeholders = regexp.MustCompile(`(?:\{[a-z]+\}|\*)+`)

// pattern returns a shape as the URL of the source may have it.
func (a around) pattern(shape string) string {
	if a.dated {
		return shape
	}
	return placeholders.ReplaceAllString(shape, "*")
}

// otherTimes says that the pattern matches objects whose times lie outside of the range.
func otherTimes(p pattern, a around) string {
	var all groundtruth.Window
	n := 0
	for _, key := range a.keys {
		at, ok, _ := matchKey(p.segments, strings.Split(key, "/"), noPartition())
		span, has := at.span(a.zone)
		if !ok || !has {
			continue
		}
		if n == 0 || span.Start.Before(all.Start) {
			all.Start = span.Start
		}
		if n == 0 || span.End.After(all.End) {
			all.End = span.End
		}
		n++
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("it matches %s, whose times are %s", a.of(n), all.Days(a.zone))
}

// folderForFile says that what the pattern's last segment names is a folder with files in it.
func folderForFile(p pattern, a around) string {
	last := p.segments[len(p.segments)-1]
	if last.text == "*" || slices.ContainsFunc(p.segments, func(s segment) bool { return s.deep }) {
		return ""
	}
	var inside []string
	for _, key := range a.keys {
		names := strings.Split(key, "/")
		if len(names) <= len(p.segments) {
			continue
		}
		if _, ok, _ := matchKey(p.segments, names[:len(p.segments)], noPartition()); ok {
			inside = append(inside, strings.Join(names[len(p.segments):], "/"))
		}
	}
	shape, n := commonShape(inside)
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("%s is a folder there: %s/%s would match %d of %d objects in it", last.text, p.text, a.pattern(shape), n, len(inside))
}

// otherName says that an object beside the one that is named was probably meant.
func otherName(p pattern, a around) string {
	if len(p.segments) > 1 || !p.segments[0].literal {
		return ""
	}
	beside := slices.DeleteFunc(slices.Clone(a.keys), func(key string) bool { return strings.Contains(key, "/") })
	if len(beside) == 0 {
		return ""
	}
	return "beside it are " + table.QuoteNames(beside) + table.DidYouMean(p.text, beside)
}

// otherPattern says which pattern would match most objects.
func otherPattern(_ pattern, a around) string {
	shape, n := commonShape(a.keys)
	if n == 0 {
		return ""
	}
	i := slices.IndexFunc(a.keys, func(key string) bool { return shapeOf(key) == shape })
	return fmt.Sprintf("%s would match %s, first %s", a.pattern(shape), a.of(n), table.Quote(a.keys[i]))
}

// commonShape returns the shape that most keys have, and how many do.
func commonShape(keys []string) (shape string, n int) {
	counts := map[string]int{}
	for _, key := range keys {
		if s := shapeOf(key); s != "" {
			counts[s]++
		}
	}
	return mostOf(counts)
}

// mostOf returns what is counted most, of equals the first by name.
func mostOf(counts map[string]int) (what string, n int) {
	if len(counts) == 0 {
		return "", 0
	}
	what = slices.MinFunc(slices.Collect(maps.Keys(counts)), func(a, b string) int {
		return cmp.Or(cmp.Compare(counts[b], counts[a]), cmp.Compare(a, b))
	})
	return what, counts[what]
}

// The forms in which keys tell times; timeForms has what stands for each in a pattern.
var (
	dateHour = regexp.MustCompile(`(^|[^0-9])(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]T[0-2][0-9]($|[^0-9])`)
	lined    = regexp.MustCompile(`(^|[^0-9])(?:19|20)[0-9]{2}-[01][0-9]-[0-3][0-9]($|[^0-9])`)
	parted   = regexp.MustCompile(`(^|[^0-9])(?:19|20)[0-9]{2}([-_.])[01]?[0-9]([-_.])[0-3]?[0-9]($|[^0-9])`)
	hourly   = regexp.MustCompile(`(^|[^0-9])(?:19|20)[0-9]{2}[01][0-9][0-3][0-9]([T_-]?)[0-2][0-9]($|[^0-9])`)
	joined   = regexp.MustCompile(`(^|[^0-9])(?:19|20)[0-9]{2}[01][0-9][0-3][0-9]($|[^0-9])`)
	monthly  = regexp.MustCompile(`(^|[^0-9])(?:19|20)[0-9]{2}([-_.])[01]?[0-9]$`)
	yearOnly = regexp.MustCompile(`^((?i:year|yyyy|yr|y)=)?(?:19|20)[0-9]{2}$`)
	monthIs  = regexp.MustCompile(`^((?i:month|mm|mon|m)=)[01]?[0-9]$`)
	dayIs    = regexp.MustCompile(`^((?i:day|dd|d)=)[0-3]?[0-9]$`)
	hourIs   = regexp.MustCompile(`^((?i:hour|hh|hr|h)=)[0-2]?[0-9]$`)
)

// timeForm is a form in which names tell times, and what stands for it in a pattern.
type timeForm struct {
	form *regexp.Regexp
	with string
}

// timeForms returns the forms in the order in which they are tried.
func timeForms() []timeForm {
	return []timeForm{
		{dateHour, "${1}{date}T{hour}${2}"},
		{lined, "${1}{date}${2}"},
		{parted, "${1}{year}${2}{month}${3}{day}${4}"},
		{hourly, "${1}{year}{month}{day}${2}{hour}${3}"},
		{joined, "${1}{year}{month}{day}${2}"},
		{monthly, "${1}{year}${2}{month}"},
		{yearOnly, "${1}{year}"},
		{monthIs, "${1}{month}"},
		{dayIs, "${1}{day}"},
		{hourIs, "${1}{hour}"},
	}
}

// plainNumber is a name that may be the month, the day or the hour of the folder above it.
var plainNumber = regexp.MustCompile(`^[0-9]{1,2}$`)

// numbered is a part of a name that has a number in it, and manyNumbers what became of several.
var (
	numbered    = regexp.MustCompile(`[0-9A-Za-z]*[0-9][0-9A-Za-z]*`)
	manyNumbers = regexp.MustCompile(`\*(?:[-_.]\*)+`)
)

// shapeOf returns a pattern that fits a key and others that differ in their time, their
// partitions and what their files are called; empty where there is none.
func shapeOf(key string) string {
	const most = 200 // of what is shown in a message
	if len(key) > most || strings.ContainsFunc(key, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return ""
	}
	names := strings.Split(key, "/")
	seen := ""
	for i, name := range names {
		last := i == len(names)-1
		ending := ""
		if last {
			ending = endingOf(name)
			name = strings.TrimSuffix(name, ending)
		}
		shaped := shapeOfName(name, seen)
		switch {
		case last && !strings.Contains(shaped, "{"):
			shaped = "*"
		case last:
			shaped = manyNumbers.ReplaceAllString(numbered.ReplaceAllString(shaped, "*"), "*")
		case strings.Contains(shaped, "{"):
		case strings.Contains(name, "="):
			shaped = name[:strings.Index(name, "=")+1] + "*"
		case strings.ContainsAny(name, "0123456789"):
			shaped = "*"
		}
		seen += shaped
		names[i] = shaped + ending
	}
	shape := strings.Join(names, "/")
	p, err := parsePattern("mem://shape/*/" + shape)
	if err != nil {
		return ""
	}
	if _, ok, _ := matchKey(p.segments[1:], strings.Split(key, "/"), noPartition()); !ok {
		return ""
	}
	return shape
}

// shapeOfName returns a name with placeholders for the times that it tells; seen is what those
// above it have told.
func shapeOfName(name, seen string) string {
	if plainNumber.MatchString(name) {
		has := func(f field) bool { return strings.Contains(seen, f.placeholder().name) }
		for _, next := range []struct{ above, field field }{{fieldDay, fieldHour}, {fieldDate, fieldHour}, {fieldMonth, fieldDay}, {fieldYear, fieldMonth}} {
			if has(next.above) && !has(next.field) {
				return next.field.placeholder().name
			}
		}
	}
	for _, t := range timeForms() {
		if shaped := t.form.ReplaceAllString(name, t.with); shaped != name {
			return shaped
		}
	}
	return name
}

// endingOf returns the ending of a file's name with its point, and with that of its
// compression.
func endingOf(name string) string {
	ending := ""
	for range 2 {
		i := strings.LastIndexByte(name, '.')
		if i <= 0 || strings.ContainsAny(name[i:], "0123456789") && ending != "" {
			break
		}
		ending, name = name[i:]+ending, name[:i]
		if ending != ".gz" && ending != ".zst" {
			break
		}
	}
	return ending
}
