package objstore_test

import (
	"errors"
	"testing"

	"github.com/hindcast/hindcast/objstore"
	"github.com/hindcast/hindcast/objstore/objstoretest"
)

func open(t *testing.T, url, baseDir string) *objstore.Store {
	t.Helper()
	stores := objstore.NewOpener(baseDir)
	s, err := stores.Open(t.Context(), url)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := stores.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestMem(t *testing.T) {
	t.Run("bucket", func(t *testing.T) {
		objstoretest.Run(t, func(t *testing.T) *objstore.Store { return open(t, "mem://"+t.Name()[len("TestMem/bucket/"):], "") })
	})
	t.Run("prefix", func(t *testing.T) {
		objstoretest.Run(t, func(t *testing.T) *objstore.Store {
			s := open(t, "mem://shared/of/"+t.Name(), "")
			// Neighbours must stay unseen.
			for _, k := range []string{"of/" + t.Name() + "x/neighbour", "of/a"} {
				if err := open(t, "mem://shared", "").Write(t.Context(), k, nil); err != nil {
					t.Fatal(err)
				}
			}
			return s
		})
	})
}

func TestMemIsSharedByName(t *testing.T) {
	t.Parallel()
	stores := objstore.NewOpener("")
	a, err := stores.Open(t.Context(), "mem://by-name/x")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Create(t.Context(), "k", []byte("v")); err != nil {
		t.Fatal(err)
	}
	if err := stores.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := open(t, "mem://by-name", "").Read(t.Context(), "x/k"); err != nil || string(got) != "v" {
		t.Errorf("the same name gives %q, %v", got, err)
	}
	if _, err := open(t, "mem://other-name", "").Read(t.Context(), "x/k"); !errors.Is(err, objstore.ErrNotExist) {
		t.Errorf("another name gives %v", err)
	}
	if err := open(t, "mem://other-name", "").Check(t.Context()); err != nil {
		t.Errorf("an empty one is not in order: %v", err)
	}
}
