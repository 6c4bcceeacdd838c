package table

import "testing"

func TestDidYouMean(t *testing.T) {
	for _, c := range []struct {
		name  string
		there []string
		want  string
	}{
		{"id", []string{"ts", "Id"}, "Id"},
		{"request_id", []string{"ts", "requestId", "id"}, "requestId"},
		{"label", []string{"id", "lable"}, "lable"},
		{"y", []string{"op", "after.id", "after.y"}, "after.y"},
		{"after.y", []string{"id", "y"}, "y"},
		{"pred", []string{"id", "prediction", "ts"}, "prediction"},
		{"price", []string{"id", "sold_price", "ts"}, "sold_price"},
		{"price", []string{"sold_price", "asked_price"}, ""}, // either may be meant
		{"loaded_at", []string{"id", "y", "loaded"}, "loaded"},
		{"y", []string{"id", "target"}, ""},
		{"x", []string{"y"}, "y"},                                              // one edit, of names as short as these
		{"meta.id", []string{"meta.request_id", "meta.ts"}, "meta.request_id"}, // the only one with both words
		{"id", []string{"user_id", "request_id"}, ""},
		{"id", nil, ""},
		{"", []string{"a.", "b"}, "a."},
	} {
		if got := NearestName(c.name, c.there); got != c.want {
			t.Errorf("%q among %q: %q, want %q", c.name, c.there, got, c.want)
		}
	}
	if got, want := DidYouMean("id", []string{"ID"}), ` (did you mean "ID"?)`; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}
