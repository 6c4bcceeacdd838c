package objstore

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
)

const (
	schemeFile = "file"
	schemeMem  = "mem"
)

// location holds the parts of a URL, by which an Opener opens the store.
type location struct {
	scheme Scheme
	bucket string // empty for file
	path   string // for file an absolute path; else the root prefix, without slashes at its ends
	params url.Values
}

// parse takes a URL apart by hand: the path is the key's prefix as it stands, never
// decoded, because a pattern with '%', '{' or a space is one too, and aws, gsutil
// and the data frames' readers take it that way.
func (o *Opener) parse(rawURL string) (location, error) {
	name, rest, found := strings.Cut(rawURL, "://")
	if !found || strings.ContainsAny(name, "/.\\") {
		if rawURL == "" {
			return location{}, errors.New("the URL is empty")
		}
		path, err := absolute(rawURL, o.baseDir)
		return location{scheme: Scheme{Name: schemeFile}, path: path}, err
	}
	var names []string
	for _, s := range o.schemes {
		names = append(names, s.Name)
	}
	i := slices.Index(names, name)
	if i < 0 {
		return location{}, fmt.Errorf("unknown scheme %q: use %s or a path", name, strings.Join(names, ", "))
	}
	scheme := o.schemes[i]
	loc := location{scheme: scheme}
	rest, query, _ := strings.Cut(rest, "?")
	var err error
	if loc.params, err = parseParams(scheme, query); err != nil {
		return location{}, err
	}
	if name == schemeFile {
		// file:///a is absolute, file://localhost/a too; file://./a, file://../a and
		// file://a/b are relative.
		if after, local := strings.CutPrefix(rest, "localhost/"); local {
			rest = "/" + after
		}
		if rest == "" {
			return location{}, errors.New("the file URL names no folder")
		}
		loc.path, err = absolute(rest, o.baseDir)
		return loc, err
	}
	if at := strings.LastIndexByte(before(rest, "/"), '@'); at >= 0 {
		return location{}, fmt.Errorf("the %s URL holds credentials: take them out; %s", name, scheme.Credentials)
	}
	loc.bucket, loc.path, _ = strings.Cut(rest, "/")
	loc.path = strings.Trim(loc.path, "/")
	if loc.bucket == "" && name != schemeMem {
		return location{}, fmt.Errorf("the %s URL names no bucket: write %s://BUCKET/PREFIX", name, name)
	}
	if err := checkPrefix(loc.path); err != nil {
		return location{}, err
	}
	return loc, nil
}

func before(s, sep string) string {
	s, _, _ = strings.Cut(s, sep)
	return s
}

func absolute(path, baseDir string) (string, error) {
	if strings.ContainsRune(path, 0) {
		return "", errors.New("the path holds a NUL")
	}
	if !filepath.IsAbs(path) {
		path = filepath.Join(baseDir, path)
	}
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", fmt.Errorf("find folder: %w", err)
	}
	return abs, nil
}

// parseParams never quotes a value: it may be a secret that was put there by mistake.
func parseParams(scheme Scheme, query string) (url.Values, error) {
	params, err := url.ParseQuery(query)
	if err != nil {
		return nil, errors.New("the URL's parameters are not well formed: write ?name=value&name=value")
	}
	names := make([]string, 0, len(params))
	for name := range params {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		switch {
		case !slices.Contains(scheme.Params, name) && len(scheme.Params) == 0:
			return nil, fmt.Errorf("unknown URL parameter %q: %s URLs have none", name, scheme.Name)
		case !slices.Contains(scheme.Params, name):
			return nil, fmt.Errorf("unknown URL parameter %q: %s URLs know %s; credentials don't belong in a URL, %s",
				name, scheme.Name, strings.Join(scheme.Params, ", "), scheme.Credentials)
		case len(params[name]) > 1:
			return nil, fmt.Errorf("URL parameter %q is given twice", name)
		case params[name][0] == "":
			return nil, fmt.Errorf("URL parameter %q is empty", name)
		}
	}
	return params, nil
}

// root is what goes before each key.
func (l location) root() string {
	if l.path == "" {
		return ""
	}
	return l.path + "/"
}

// String gives the address without parameters.
func (l location) String() string {
	if l.scheme.Name == schemeFile {
		return "file://" + filepath.ToSlash(l.path)
	}
	if l.path == "" {
		return l.scheme.Name + "://" + l.bucket
	}
	return l.scheme.Name + "://" + l.bucket + "/" + l.path
}
