package format_test

import (
	"context"
	"fmt"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/format"
	"github.com/hindcast/hindcast/objstore"
)

// The kinds of a CSV file's columns are those that all their values read as.
func ExampleColumns() {
	ctx := context.Background()
	stores := objstore.NewOpener("")
	store, err := stores.Open(ctx, "mem://columns-example")
	if err != nil {
		fmt.Println(err)
		return
	}
	text := "id,at,amount,postcode\na,2026-01-01T10:00:00Z,12.5,01234\nb,2026-01-01T10:00:07Z,,99999\n"
	if err := store.Write(ctx, "a.csv", []byte(text)); err != nil {
		fmt.Println(err)
		return
	}
	all := time.Time{}
	columns, err := format.Columns(ctx, stores, groundtruth.Source{URL: "mem://columns-example/*.csv"}, all, all, format.ColumnOptions{})
	for _, c := range columns {
		fmt.Println(c.Name, c.Kind == groundtruth.Number)
	}
	fmt.Println(err)
	// Output:
	// id false
	// at false
	// amount true
	// postcode false
	// <nil>
}
