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
	schemeS3    = "s3"
	schemeGCS   = "gs"
	schemeAzure = "azblob"
	schemeFile  = "file"
	schemeMem   = "mem"
)

// location is a parsed URL.
type location struct {
	scheme string
	bucket string // empty for file
	path   string // for file an absolute path; else the root prefix, without slashes at its ends
	params url.Values
}

// CheckURL tells whether Open can make sense of a URL: scheme, bucket and the names of
// the parameters. It looks at nothing but the text.
func CheckURL(rawURL string) error {
	_, err := parse(rawURL, "")
	return err
}

// parse takes a URL apart by hand: the path is the key's prefix as it stands, never
// decoded, because a pattern with '%', '{' or a space is one too, and aws, gsutil
// and the data frames' readers take it that way.
func parse(rawURL, baseDir string) (location, error) {
	scheme, rest, found := strings.Cut(rawURL, "://")
	if !found || strings.ContainsAny(scheme, "/.\\") {
		if rawURL == "" {
			return location{}, errors.New("the URL is empty")
		}
		path, err := absolute(rawURL, baseDir)
		return location{scheme: schemeFile, path: path}, err
	}
	loc := location{scheme: scheme}
	known, ok := knownParams(scheme)
	if !ok {
		return location{}, fmt.Errorf("unknown scheme %q: use s3, gs, azblob, file, mem or a path", scheme)
	}
	rest, query, _ := strings.Cut(rest, "?")
	var err error
	if loc.params, err = parseParams(scheme, query, known); err != nil {
		return location{}, err
	}
	if scheme == schemeFile {
		// file:///a is absolute, file://localhost/a too; file://./a, file://../a and
		// file://a/b are relative.
		if after, local := strings.CutPrefix(rest, "localhost/"); local {
			rest = "/" + after
		}
		if rest == "" {
			return location{}, errors.New("the file URL names no folder")
		}
		loc.path, err = absolute(rest, baseDir)
		return loc, err
	}
	if at := strings.LastIndexByte(before(rest, "/"), '@'); at >= 0 {
		return location{}, fmt.Errorf("the %s URL holds credentials: take them out; %s", scheme, credentialsHint(scheme))
	}
	loc.bucket, loc.path, _ = strings.Cut(rest, "/")
	loc.path = strings.Trim(loc.path, "/")
	if loc.bucket == "" && scheme != schemeMem {
		return location{}, fmt.Errorf("the %s URL names no bucket: write %s://BUCKET/PREFIX", scheme, scheme)
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

// knownParams gives the parameters of a scheme and whether there is such a scheme.
func knownParams(scheme string) ([]string, bool) {
	switch scheme {
	case schemeS3:
		return []string{
			"accelerate", "anonymous", "disable_https", "dualstack", "endpoint", "fips",
			"hostname_immutable", "kmskeyid", "profile", "rate_limiter_capacity", "region",
			"request_checksum_calculation", "response_checksum_validation", "role",
			"s3ForcePathStyle", "ssetype", "use_path_style",
		}, true
	case schemeGCS:
		return []string{"anonymous", "endpoint"}, true
	case schemeAzure:
		return []string{"anonymous", "cdn", "domain", "localemu", "protocol", "storage_account"}, true
	case schemeFile, schemeMem:
		return nil, true
	}
	return nil, false
}

// credentialsHint says where a scheme's credentials come from.
func credentialsHint(scheme string) string {
	switch scheme {
	case schemeS3:
		return "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, a profile, or the pod's role"
	case schemeGCS:
		return "set GOOGLE_APPLICATION_CREDENTIALS, or use workload identity"
	case schemeAzure:
		return "set AZURE_STORAGE_ACCOUNT with AZURE_STORAGE_KEY or AZURE_STORAGE_SAS_TOKEN, or use workload identity"
	}
	return "it needs none"
}

// parseParams never quotes a value: it may be a secret that was put there by mistake.
func parseParams(scheme, query string, known []string) (url.Values, error) {
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
		case !slices.Contains(known, name) && len(known) == 0:
			return nil, fmt.Errorf("unknown URL parameter %q: %s URLs have none", name, scheme)
		case !slices.Contains(known, name):
			return nil, fmt.Errorf("unknown URL parameter %q: %s URLs know %s; credentials don't belong in a URL, %s",
				name, scheme, strings.Join(known, ", "), credentialsHint(scheme))
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
	if l.scheme == schemeFile {
		return "file://" + filepath.ToSlash(l.path)
	}
	if l.path == "" {
		return l.scheme + "://" + l.bucket
	}
	return l.scheme + "://" + l.bucket + "/" + l.path
}
