package series_test

import (
	"fmt"

	"github.com/hindcast/hindcast/series"
)

func ExampleFind() {
	m, ok := series.Find("drift_score")
	fmt.Println(ok, m.FullName(), m.Type, m.Labels)
	fmt.Println(m.Help)
	// Output:
	// true hindcast_drift_score gauge [column method]
	// Distance of a column from the reference, by measure.
}

func ExampleAliasFault() {
	fmt.Printf("%q\n", series.AliasFault("model_mae"))
	fmt.Printf("%q\n", series.AliasFault("hindcast_error"))
	// Output:
	// ""
	// "names that begin with hindcast_ are Hindcast's own"
}
