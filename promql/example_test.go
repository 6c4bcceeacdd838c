package promql_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/hindcast/hindcast/promql"
)

func ExampleClient_Query() {
	// The server stands for a Prometheus, which has two series of the one metric and one
	// of the other.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		series := `{"metric":{"pod":"a"},"value":[1767312000,"0.31"]}`
		if r.FormValue("query") == "cost" {
			series += `,{"metric":{"pod":"b"},"value":[1767312000,"0.35"]}`
		}
		fmt.Fprintf(w, `{"status":"success","data":{"resultType":"vector","result":[%s]}}`, series)
	}))
	defer server.Close()

	client, err := promql.New(server.URL, &http.Client{Transport: &http.Transport{}}, promql.Options{Timeout: 5 * time.Second})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer client.Close()
	for _, query := range []string{"latency", "cost"} {
		answer, err := client.Query(context.Background(), query, time.Date(2026, 1, 2, 0, 0, 0, 0, time.UTC))
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Printf("%s: %v, reason %q\n", query, answer.Value, answer.Reason)
	}
	// Output:
	// latency: 0.31, reason ""
	// cost: NaN, reason "the query gave 2 series, want one: {pod=\"a\"}, {pod=\"b\"}"
}
