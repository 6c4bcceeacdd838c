package demo_test

import (
	"errors"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/demo"
	"github.com/hindcast/hindcast/objstore"
)

// keys lists what a store holds.
func keys(t *testing.T, s *objstore.Store) map[string]string {
	t.Helper()
	out := map[string]string{}
	for o, err := range s.List(t.Context(), "") {
		if err != nil {
			t.Fatal(err)
		}
		data, err := s.Read(t.Context(), o.Key)
		if err != nil {
			t.Fatal(err)
		}
		out[o.Key] = string(data)
	}
	return out
}

func TestUpload(t *testing.T) {
	store, err := objstore.NewOpener("").Open(t.Context(), "mem://"+t.Name()+"/demo")
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := demo.Houses().Write(dir); err != nil {
		t.Fatal(err)
	}
	// At the demo's own beginning it is the demo's own log.
	if err := demo.Houses().Upload(t.Context(), store, demo.Start()); err != nil {
		t.Fatal(err)
	}
	want := files(t, dir)
	got := keys(t, store)
	same := 0
	for name, data := range want {
		if strings.HasPrefix(name, ".") || name == "hindcast.yaml" {
			continue
		}
		same++
		if got[name] != data {
			t.Errorf("%s differs from the demo's", name)
		}
	}
	if len(got) != same+1 { // and the marker
		t.Errorf("the store holds %q", slices.Sorted(maps.Keys(got)))
	}
	// Another beginning takes the place of the first.
	start := demo.Start().AddDate(0, 0, 5)
	if err := demo.Houses().Upload(t.Context(), store, start); err != nil {
		t.Fatal(err)
	}
	later := keys(t, store)
	for _, day := range []int{0, demo.Days - 1} {
		if name := "predictions/dt=" + start.AddDate(0, 0, day).Format(time.DateOnly) + "/part-0.parquet"; later[name] == "" {
			t.Errorf("no %s", name)
		}
	}
	if name := "predictions/dt=" + demo.Start().Format(time.DateOnly) + "/part-0.parquet"; later[name] != "" {
		t.Errorf("%s is still there", name)
	}
}

func TestUploadLeavesOthersAlone(t *testing.T) {
	store, err := objstore.NewOpener("").Open(t.Context(), "mem://"+t.Name())
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Write(t.Context(), "thesis.txt", []byte("years of work")); err != nil {
		t.Fatal(err)
	}
	if err := demo.Houses().Upload(t.Context(), store, demo.Start()); !errors.Is(err, demo.ErrOccupied) || !strings.Contains(err.Error(), "thesis.txt") {
		t.Errorf("error %v", err)
	}
	if got := keys(t, store); len(got) != 1 {
		t.Errorf("the store holds %q", slices.Sorted(maps.Keys(got)))
	}
}
