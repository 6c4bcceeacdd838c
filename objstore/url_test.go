package objstore

import (
	"context"
	"errors"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// cloudlike returns an opener that knows schemes beside its own, which open nothing.
func cloudlike(baseDir string) *Opener {
	nothing := func(context.Context, string, url.Values) (Bucket, func() error, error) {
		return nil, nil, errors.New("nothing is there")
	}
	return NewOpener(baseDir,
		Scheme{Name: "s3", Params: []string{"endpoint", "region"}, Credentials: "set the KEY", Open: nothing},
		Scheme{Name: "gs", Params: []string{"anonymous"}, Open: nothing},
		Scheme{Name: "azblob", Params: []string{"storage_account"}, Open: nothing},
	)
}

func TestParse(t *testing.T) {
	t.Parallel()
	wd, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ in, url, root string }{
		{"s3://b", "s3://b", ""},
		{"s3://b/", "s3://b", ""},
		{"s3://b/p/q/", "s3://b/p/q", "p/q/"},
		{"s3://b/a b/dt=%2F{date}?region=eu-west-1&endpoint=http://h:1", "s3://b/a b/dt=%2F{date}", "a b/dt=%2F{date}/"},
		{"gs://b_1.example/p?anonymous=true", "gs://b_1.example/p", "p/"},
		{"azblob://c/p?storage_account=x", "azblob://c/p", "p/"},
		{"mem://n/p", "mem://n/p", "p/"},
		{"mem://", "mem://", ""},
		{"mem://n/user@example", "mem://n/user@example", "user@example/"},
		{"file:///abs/a b%20", "file:///abs/a b%20", ""},
		{"file://localhost/abs", "file:///abs", ""},
		{"file:///", "file:///", ""},
		{"file://./rel", "file:///base/rel", ""},
		{"file://../up", "file:///up", ""},
		{"file://rel/x", "file:///base/rel/x", ""},
		{"rel/x", "file:///base/rel/x", ""},
		{"./rel?x", "file:///base/rel?x", ""},
		{"/abs/y/", "file:///abs/y", ""},
		{"odd/x://y", "file:///base/odd/x:/y", ""},
		{".", "file:///base", ""},
	} {
		loc, err := cloudlike("/base").parse(c.in)
		if err != nil {
			t.Errorf("%s: %v", c.in, err)
			continue
		}
		if loc.String() != c.url {
			t.Errorf("%s has the URL %s, want %s", c.in, loc, c.url)
		}
		if loc.scheme.Name != schemeFile && loc.root() != c.root {
			t.Errorf("%s has the root %q, want %q", c.in, loc.root(), c.root)
		}
	}
	if loc, err := cloudlike("").parse("x"); err != nil || loc.path != filepath.Join(wd, "x") {
		t.Errorf("without a base: %v, %v", loc, err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ in, want string }{
		{"", "empty"},
		{"ftp://x/y", "use s3, gs, azblob, file, mem or a path"},
		{"http://x/y", "unknown scheme"},
		{"s3:///p", "names no bucket: write s3://BUCKET/PREFIX"},
		{"gs://", "names no bucket"},
		{"file://", "names no folder"},
		{"s3://b/../c", "not allowed"},
		{"s3://b/p?regoin=x", `unknown URL parameter "regoin": s3 URLs know endpoint, region; credentials don't belong in a URL, set the KEY`},
		{"s3://b/p?secret_key=hush", "set the KEY"},
		{"s3://b/p?region=a&region=b", "given twice"},
		{"s3://b/p?region=", `"region" is empty`},
		{"s3://b/p?region=%zz", "not well formed"},
		{"s3://key:hush@b/p", "holds credentials: take them out; set the KEY"},
		{"s3://key:hush@b?region=x", "holds credentials"},
		{"mem://key:hush@n", "take them out; it needs none"},
		{"mem://n?x=hush", "mem URLs have none"},
		{"file:///x?y=hush", "file URLs have none"},
		{"/x\x00y", "NUL"},
	} {
		stores := cloudlike("")
		_, err := stores.Open(t.Context(), c.in)
		switch {
		case err == nil:
			t.Errorf("%q is accepted", c.in)
		case !strings.Contains(err.Error(), c.want):
			t.Errorf("%q gives %q, want %q in it", c.in, err, c.want)
		case strings.Contains(err.Error(), "hush"):
			t.Errorf("%q tells the secret: %v", c.in, err)
		}
		if stores.CheckURL(c.in) == nil {
			t.Errorf("%q passes CheckURL", c.in)
		}
	}
}

// An opener without further schemes says what it opens.
func TestParseWithoutClouds(t *testing.T) {
	t.Parallel()
	err := NewOpener("").CheckURL("s3://b/p")
	if want := `unknown scheme "s3": use file, mem or a path`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		"s3://b/p?region=x", "file://./x", "mem://a/b", "gs://b", "azblob://c/%", "a/b", "s3://k:s@b/p", "file://localhost/x", "s3://b/a//b/../c", "x://?&=;%",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, in string) {
		loc, err := cloudlike("/base").parse(in)
		if err != nil {
			return
		}
		if loc.scheme.Name == schemeFile {
			if !filepath.IsAbs(loc.path) || strings.ContainsRune(loc.path, 0) {
				t.Errorf("%q gives the path %q", in, loc.path)
			}
			return
		}
		if strings.ContainsAny(loc.bucket, "@/?") || loc.bucket == "" && loc.scheme.Name != schemeMem {
			t.Errorf("%q gives the bucket %q", in, loc.bucket)
		}
		if root := loc.root(); checkPrefix(root) != nil || root != "" && !strings.HasSuffix(root, "/") {
			t.Errorf("%q gives the root %q", in, root)
		}
		// The address without parameters means the same place.
		again, err := cloudlike("/base").parse(loc.String())
		if err != nil || again.bucket != loc.bucket || again.path != loc.path || again.scheme.Name != loc.scheme.Name {
			t.Errorf("%q gives %v, which gives %v, %v", in, loc, again, err)
		}
	})
}

func TestRedact(t *testing.T) {
	t.Parallel()
	in := `Get "https://a.blob/c?sv=1&sig=hush%3D&x=1": and ?X-Amz-Signature=hush sig=hush`
	if got := redact(in); strings.Contains(got, "hush") || !strings.Contains(got, "sv=1") || !strings.Contains(got, "&x=1") {
		t.Errorf("got %s", got)
	}
}
