package config

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strings"
)

// locationUse is what the URL of objects is for.
type locationUse uint8

const (
	folder    locationUse = iota // a place: no wildcards, no placeholders
	wildcards                    // wildcards alone
	dated                        // wildcards and placeholders of time
)

// checkLocation checks the URL of objects as far as that goes without opening it.
// No error quotes what could be a password.
func checkLocation(raw string, use locationUse) error {
	scheme, rest, isURL := strings.Cut(raw, "://")
	if !isURL {
		for _, s := range schemes() {
			if strings.HasPrefix(raw, s+":") {
				return fmt.Errorf("a URL needs two slashes: %s://...", s)
			}
		}
		return checkPattern(raw, use)
	}
	switch scheme {
	case "file", "mem":
		if rest == "" && scheme == "file" {
			return errors.New("the URL names no folder: file:///absolute/path, or file://./relative/path")
		}
	case "s3", "gs", "azblob":
		bucket, _, _ := strings.Cut(rest, "/")
		bucket, _, _ = strings.Cut(bucket, "?")
		switch {
		case bucket == "":
			return fmt.Errorf("the URL names no bucket: %s://BUCKET/path", scheme)
		case strings.Contains(bucket, "@"):
			return errors.New("the URL holds credentials; they come from the environment, never from the URL")
		case strings.ContainsAny(bucket, "{}*"):
			return errors.New("the bucket cannot hold a placeholder or a wildcard")
		}
		var query string
		rest, query, _ = strings.Cut(rest, "?")
		if _, err := url.ParseQuery(query); err != nil {
			return errors.New("the part of the URL after ? cannot be read")
		}
	default:
		return unknownScheme(scheme)
	}
	return checkPattern(rest, use)
}

// unknownScheme says what stands for a scheme that there isn't, in the words of objstore, and
// which was meant where other tools call it so.
func unknownScheme(scheme string) error {
	known := schemes()
	near := nearest(scheme, known)
	for _, s := range known {
		if slices.Contains(alsoCalled(s), strings.ToLower(scheme)) {
			near = s
		}
	}
	meant := ""
	if near != "" {
		meant = fmt.Sprintf(" (did you mean %q?)", near)
	}
	return fmt.Errorf("unknown scheme %q%s: use %s or a path", clip(scheme), meant, strings.Join(known, ", "))
}

// alsoCalled lists what other tools call a scheme.
func alsoCalled(scheme string) []string {
	switch scheme {
	case "s3":
		return []string{"s3a", "s3n", "minio"}
	case "gs":
		return []string{"gcs", "gfs"}
	case "azblob":
		return []string{"az", "azure", "abfs", "abfss", "wasb", "wasbs", "adl"}
	}
	return nil
}

// checkPattern checks the wildcards and the placeholders of a key pattern.
func checkPattern(p string, use locationUse) error {
	if err := checkDates(p, use); err != nil {
		return err
	}
	names, err := placeholderNames(p)
	if err != nil {
		return err
	}
	if use == folder && (len(names) > 0 || strings.Contains(p, "*")) {
		return errors.New("must name one place: no wildcard or placeholder")
	}
	if use == wildcards && len(names) > 0 {
		return fmt.Errorf("{%s} has no window to take its value from here; use *", names[0])
	}
	for segment := range strings.SplitSeq(p, "/") {
		if strings.Contains(segment, "**") && segment != "**" {
			return errors.New("** stands for any folders and must be alone between slashes")
		}
	}
	has := func(name string) bool { return slices.Contains(names, name) }
	date := has("date")
	switch {
	case has("hour") && !date && !(has("year") && has("month") && has("day")):
		return errors.New("{hour} needs the date too: {date}, or {year}, {month} and {day}")
	case has("day") && !date && !(has("year") && has("month")):
		return errors.New("{day} needs {year} and {month} too")
	case has("month") && !date && !has("year"):
		return errors.New("{month} needs {year} too")
	}
	return nil
}

// placeholderNames lists what stands in braces.
func placeholderNames(p string) ([]string, error) {
	var names []string
	for {
		i := strings.IndexAny(p, "{}")
		if i < 0 {
			return names, nil
		}
		if p[i] == '}' {
			return nil, errors.New("} without {")
		}
		end := strings.IndexAny(p[i+1:], "{}/")
		if end < 0 || p[i+1+end] != '}' {
			return nil, errors.New("{ without }")
		}
		name := p[i+1 : i+1+end]
		if strings.Contains(name, ",") {
			return nil, fmt.Errorf("{%s} chooses between names, which a URL cannot: write * there", clip(name))
		}
		if !slices.Contains(placeholders(), name) {
			return nil, fmt.Errorf("unknown placeholder {%s}; known: {%s}", clip(name), strings.Join(placeholders(), "}, {"))
		}
		names = append(names, name)
		p = p[i+end+2:]
	}
}

// checkHTTP checks the URL of a server. No error quotes what could be a password.
func checkHTTP(raw string) error {
	u, err := url.Parse(raw)
	switch {
	case err != nil:
		return errors.New("the URL cannot be read; want http://HOST:PORT or https://HOST")
	case u.Scheme != "http" && u.Scheme != "https":
		return errors.New("the URL must begin with http:// or https://")
	case u.Hostname() == "":
		return errors.New("the URL names no host")
	case u.User != nil:
		return errors.New("the URL holds credentials; use the keys for them and their *_file twins")
	case u.RawQuery != "" || u.Fragment != "":
		return errors.New("the URL must end before any ? or #")
	}
	return nil
}

// location reads the URL of objects into dst.
func (o *object) location(key string, use locationUse, dst *string) {
	var s string
	v, ok := o.text(key, &s)
	if !ok {
		return
	}
	if err := checkLocation(s, use); err != nil {
		o.d.fail(v, "%v", err)
		return
	}
	*dst = s
}

// server reads the URL of a server into dst, less a slash at its end.
func (o *object) server(key string, dst *string) {
	var s string
	v, ok := o.text(key, &s)
	if !ok {
		return
	}
	if err := checkHTTP(s); err != nil {
		o.d.fail(v, "%v", err)
		return
	}
	*dst = strings.TrimRight(s, "/")
}
