package source_test

import (
	"context"
	"fmt"
	"path"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/source"
	"github.com/hindcast/hindcast/objstore"
)

// Of a folder for each day, those are listed that the range needs, and for late rows those that
// lie as near as the slack.
func ExampleInputs() {
	ctx := context.Background()
	stores := objstore.NewOpener("") // relative paths start in the working directory
	store, err := stores.Open(ctx, "mem://example")
	if err != nil {
		fmt.Println(err)
		return
	}
	for day := range 5 {
		if err := store.Write(ctx, fmt.Sprintf("log/dt=2026-01-%02d/part-0.csv", day+1), []byte("id\n1\n")); err != nil {
			fmt.Println(err)
			return
		}
	}
	from := time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC)
	src := groundtruth.Source{URL: "mem://example/log/dt={date}/*.csv", Slack: time.Hour}
	inputs, notes, err := source.Inputs(ctx, stores, src, from, from.AddDate(0, 0, 1))
	for _, in := range inputs {
		fmt.Println(path.Base(path.Dir(in.URL)), in.Size)
	}
	fmt.Println(notes, err)
	// Output:
	// dt=2026-01-02 5
	// dt=2026-01-03 5
	// dt=2026-01-04 5
	// [] <nil>
}
