package chart

import "testing"

func TestTableHTML(t *testing.T) {
	table := Table{Caption: "a < b", Columns: []string{"window", "RMSE"}, Rows: [][]string{{`<b>"x"`, "1.4"}}}
	want := `<table class="chart-table"><caption>a &lt; b</caption><thead><tr><th scope="col">window</th><th scope="col">RMSE</th></tr></thead>` +
		`<tbody><tr><th scope="row">&lt;b&gt;&#34;x&#34;</th><td>1.4</td></tr></tbody></table>`
	if got := table.HTML(); got != want {
		t.Errorf("HTML:\n%s\nwant:\n%s", got, want)
	}
}
