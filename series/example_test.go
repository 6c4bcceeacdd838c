package series

import "fmt"

func ExampleFind() {
	m, ok := Find("drift_score")
	fmt.Println(ok, m.FullName(), m.Type, m.Labels)
	fmt.Println(m.Help)
	// Output:
	// true hindcast_drift_score gauge [column method]
	// Distance of a column from the reference, by measure.
}

func ExampleAliasFault() {
	fmt.Printf("%q\n", AliasFault("model_mae"))
	fmt.Printf("%q\n", AliasFault("hindcast_error"))
	// Output:
	// ""
	// "names that begin with hindcast_ are Hindcast's own"
}
