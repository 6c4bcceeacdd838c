package notify_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"time"

	"github.com/hindcast/hindcast/evaluator/rule"
	"github.com/hindcast/hindcast/job"
	"github.com/hindcast/hindcast/notify"
)

// A receiver is made once, and told of each event.
func ExampleWebhook() {
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var body struct {
			Status string
			Alerts []struct{ Labels, Annotations map[string]string }
		}
		if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
			fmt.Println(err)
		}
		for _, a := range body.Alerts {
			fmt.Printf("%s: %s of rule %s\n", body.Status, a.Labels["alertname"], a.Labels["rule"])
			fmt.Println(a.Annotations["summary"])
			fmt.Println(a.Annotations["description"])
		}
	}))
	defer server.Close()

	url := func() (string, error) { return server.URL, nil } // read for each event, as from a file
	receiver := notify.NewWebhook(url, notify.WebhookOptions{Labels: map[string]string{"namespace": "prices"}})
	err := receiver.Notify(context.Background(), job.Event{
		Kind:  job.EventBreach,
		Model: "house-price",
		Time:  time.Date(2026, 1, 3, 0, 0, 0, 0, time.UTC),
		Rules: []rule.Result{{Name: "rmse", Verdict: rule.Breached, Reason: "rmse 1.9 > 1.2 * reference 1.4 = 1.68"}},
	})
	fmt.Println(err)
	// Output:
	// firing: HindcastEventBreach of rule rmse
	// house-price: rmse breached
	// rmse breached: rmse 1.9 > 1.2 * reference 1.4 = 1.68
	// <nil>
}
