package chart

import (
	"html"
	"strings"
	"testing"
)

func TestTableHTML(t *testing.T) {
	table := Table{Caption: "a < b", Columns: []string{"window", "RMSE"}, Rows: [][]string{{`<b>"x"`, "1.4"}}}
	want := `<table class="chart-table"><caption>a &lt; b</caption><thead><tr><th scope="col">window</th><th scope="col">RMSE</th></tr></thead>` +
		`<tbody><tr><th scope="row">&lt;b&gt;&#34;x&#34;</th><td>1.4</td></tr></tbody></table>`
	if got := table.HTML(); got != want {
		t.Errorf("HTML:\n%s\nwant:\n%s", got, want)
	}
}

func TestLongNamesUnfold(t *testing.T) {
	long := strings.Repeat("<é>", 100)
	if got := Name(long[:20]); got != html.EscapeString(long[:20]) {
		t.Errorf("%q", got)
	}
	got := Name(long)
	if !strings.HasPrefix(got, "<details") || !strings.Contains(got, "</summary>"+html.EscapeString(long)+"</details>") {
		t.Errorf("the whole name is not there: %s", got)
	}
}
