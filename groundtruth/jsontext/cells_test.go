package jsontext

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/valyala/fastjson"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/table"
)

// cellWants are of one column: elements by keys and by places, as numbers and as other things.
func cellWants() []table.Want {
	return []table.Want{
		{Name: "p", As: table.AsNumber, Element: groundtruth.Element{Key: "cat"}},
		{Name: "p", As: table.AsText, Element: groundtruth.Element{Key: "dog"}},
		{Name: "p", As: table.AsNumber, Element: groundtruth.Element{Key: "1"}},
		{Name: "p", As: table.AsNumber, Element: groundtruth.Element{Place: 1}},
		{Name: "p", As: table.AsText, Element: groundtruth.Element{Place: 2}},
		{Name: "p", As: table.AsTime, Element: groundtruth.Element{Place: 2}},
		{Name: "p", As: table.AsNumber, Element: groundtruth.Element{Key: "cat"}},
	}
}

// newBuilders makes the columns of wants.
func newBuilders(wants []table.Want) []*table.Builder {
	var out []*table.Builder
	for _, w := range wants {
		out = append(out, table.NewBuilder(w))
		out[len(out)-1].Start()
	}
	return out
}

// shown shows the last cell of each column: - is missing, ! stands before what is invalid.
func shown(columns []*table.Builder) string {
	var out []string
	for _, b := range columns {
		b.Finish()
		i := len(b.Col.Valid) - 1
		text, bad := b.Col.InvalidText(i)
		switch {
		case bad:
			out = append(out, "!"+text)
		case !b.Col.Valid[i]:
			out = append(out, "-")
		case b.Col.Kind == table.Number:
			out = append(out, strconv.FormatFloat(b.Col.Floats[i], 'g', -1, 64))
		case b.Col.Kind == table.Time:
			out = append(out, fmt.Sprint(b.Col.Times[i]))
		default:
			out = append(out, strconv.Quote(b.Col.Text(i)))
		}
	}
	return strings.Join(out, " ")
}

func TestCells(t *testing.T) {
	t.Parallel()
	keys, places := cellWants()[:3], cellWants()[3:6]
	both := []table.Want{
		{Name: "p", As: table.AsNumber, Element: groundtruth.Element{Key: "cat", Place: 1}},
		{Name: "p", As: table.AsNumber, Element: groundtruth.Element{Key: "dog", Place: 2}},
	}
	two := slices.Clone(both)
	for i := range two {
		two[i].Element.Of = 2
	}
	for _, c := range []struct {
		wants []table.Want
		text  string
		want  string
	}{
		{keys, `{"cat":0.5,"dog":0.25,"1":1e-3}`, `0.5 "0.25" 0.001`},
		{keys, ` { "dog" : "x" , "cow":[1,{"cat":2}] } `, `- "x" -`},
		{keys, `{}`, `- - -`},
		{keys, ``, `- - -`},
		{keys, `null`, `- - -`},
		{keys, `NaN`, `- - -`},
		{keys, `{"cat":null,"dog":true,"1":"7"}`, `- "true" 7`},
		{keys, `{"cat":{"x":1},"dog":[2]}`, `!{"x":1} ![2] -`},
		{keys, `{"cat":1,"cat":2,"\u0064og":"\u00e9"}`, `2 "é" -`},
		{keys, `{"cat":"x"}`, `!x - -`},
		{keys, `[0.5]`, `![0.5] ![0.5] ![0.5]`},
		{keys, `0.5`, `!0.5 !0.5 !0.5`},
		{keys, `cat`, `!cat !cat !cat`},
		{keys, `"{}"`, `!{} !{} !{}`},
		{keys, `{"cat":1`, `!{"cat":1 !{"cat":1 !{"cat":1`},
		{keys, `{'cat': 0.5, "dog": 'x', 1: 0.25}`, `0.5 "x" 0.25`},
		{keys, `{'cat': nan, 'dog': None, '1': True}`, `- - 1`},
		{keys, `{'cat': 1, 'cat': 2, 'dog': False}`, `2 "false" -`},
		{keys, `{'cat': 1, 'dog': {'x': 1}}`, `!{'cat': 1, 'dog': {'x': 1}} !{'cat': 1, 'dog': {'x': 1}} !{'cat': 1, 'dog': {'x': 1}}`},
		{keys, `{'c\'at': 1}`, `!{'c\'at': 1} !{'c\'at': 1} !{'c\'at': 1}`},
		{keys, `{'cat' 1}`, `!{'cat' 1} !{'cat' 1} !{'cat' 1}`},
		{keys, `{'cat': np.float64(0.5)}`, `!{'cat': np.float64(0.5)} !{'cat': np.float64(0.5)} !{'cat': np.float64(0.5)}`},
		{keys, `{'cat', 'dog'}`, `!{'cat', 'dog'} !{'cat', 'dog'} !{'cat', 'dog'}`},
		{places, `[0.5,0.25]`, `0.5 "0.25" 250000000`},
		{places, `[0.5]`, `0.5 - -`},
		{places, `[]`, `- - -`},
		{places, `[null,null]`, `- - -`},
		{places, `[[1],{"a":2}]`, `![1] !{"a":2} !{"a":2}`},
		{places, `{"cat":1}`, `!{"cat":1} !{"cat":1} !{"cat":1}`},
		{places, `[0.1 0.9]`, `0.1 "0.9" 900000000`},
		{places, "[ 1.  0.\n 2.]", `1 "0" 0`},
		{places, `[1. nan]`, `1 - -`},
		{places, `[None, nan]`, `- - -`},
		{places, `['1' '2']`, `1 "2" 2000000000`},
		{places, `[0.1 0.2 ... 0.9]`, `![0.1 0.2 ... 0.9] ![0.1 0.2 ... 0.9] ![0.1 0.2 ... 0.9]`},
		{places, `[0.1, 0.2 0.9]`, `![0.1, 0.2 0.9] ![0.1, 0.2 0.9] ![0.1, 0.2 0.9]`},
		{places, `[[0.1 0.9]]`, `![[0.1 0.9]] ![[0.1 0.9]] ![[0.1 0.9]]`},
		{places, `(0.1, 0.9)`, `!(0.1, 0.9) !(0.1, 0.9) !(0.1, 0.9)`},
		{both, `{"dog":0.5}`, `- 0.5`},
		{both, `{"dog":0.5,"cat":1,"cat":2}`, `2 0.5`},
		{both, `[0.25,0.5]`, `0.25 0.5`},
		{both, `[nan,0.5]`, `- 0.5`},
		{both, `[0.25]`, `0.25 -`},
		{both, `{'dog': 1}`, `- 1`},
		{both, `[0.25,0.5,0.25]`, `0.25 0.5`},
		{two, `[0.25,0.5]`, `0.25 0.5`},
		{two, `[0.25]`, `0.25 -`},
		{two, `[0.25,0.5,0.25]`, `![0.25,0.5,0.25] ![0.25,0.5,0.25]`},
		{two, `[0.25, 0.5, None]`, `![0.25, 0.5, None] ![0.25, 0.5, None]`},
		{two, `[0.25 0.5 0.25]`, `![0.25 0.5 0.25] ![0.25 0.5 0.25]`},
		{two, `{"dog":0.5,"cat":1,"cow":2}`, `1 0.5`},
		{two, `{'dog': 0.5, 'cat': 1, 'cow': 2}`, `1 0.5`},
		{both, `[1 2]`, `1 2`},
		{both, `"cat"`, `!cat !cat`},
		{places, `{'a': 1}`, `!{'a': 1} !{'a': 1} !{'a': 1}`},
	} {
		cells, columns := CellsOf(c.wants, 0), newBuilders(c.wants)
		if len(cells) != 1 {
			t.Fatalf("%d readers of one column", len(cells))
		}
		for range 2 { // what was read before changes nothing
			if err := cells[0].AddText([]byte(c.text), columns); err != nil {
				t.Fatal(err)
			}
			if got := shown(columns); got != c.want {
				t.Errorf("%q: got %s, want %s", c.text, got, c.want)
			}
		}
	}
}

// Each column of which elements are wanted has a reader.
func TestCellsOf(t *testing.T) {
	t.Parallel()
	e := groundtruth.Element{Place: 1}
	cells := CellsOf([]table.Want{{Name: "a", Element: e}, {Name: "b"}, {Name: "c", Element: e}, {Name: "a", Element: groundtruth.Element{Place: 2}}}, 0)
	if len(cells) != 2 || !slices.Equal(cells[0].Wants, []int{0, 3}) || !slices.Equal(cells[1].Wants, []int{2}) {
		t.Errorf("got %+v", cells)
	}
}

// The tree of a cell is bounded by the memory that there is.
func TestCellsMemory(t *testing.T) {
	t.Parallel()
	wants := cellWants()[:1]
	text := []byte(`{"cat":1,"cat":[` + strings.Repeat("0,", 10_000) + `0]}`)
	if err := CellsOf(wants, 1<<20)[0].AddText(text, newBuilders(wants)); err == nil || !strings.Contains(err.Error(), "raise --memory") {
		t.Errorf("got %v", err)
	}
	if err := CellsOf(wants, 8<<20)[0].AddText(text, newBuilders(wants)); err != nil {
		t.Error(err)
	}
}

// FuzzCells reads elements by the scanner, by fastjson's tree and by the standard library,
// which agree on what all of them take.
func FuzzCells(f *testing.F) {
	for _, s := range []string{
		`{"cat":0.5,"dog":"x","1":null}`, `[0.5,"2026-01-02"]`, `{"cat":1,"cat":{}}`, `{"c\u0061t":1}`, `[[1],2]`, `{'cat': 1}`, `[1 2]`, `""`, `{"cat":[{"cat":1}]}`, ` [ ] `, `[1,2`, `{"":1}`,
	} {
		f.Add(s)
	}
	wants := cellWants()
	f.Fuzz(func(t *testing.T, text string) {
		all, columns := CellsOf(wants, 16<<20)[0], newBuilders(wants)
		if err := all.AddText([]byte(text), columns); err != nil {
			return
		}
		got := shown(columns)
		// The same once more, after another cell.
		if err := all.AddText([]byte(`{"dog":[1],"cat":2}`), columns); err != nil {
			t.Fatal(err)
		}
		if err := all.AddText([]byte(text), columns); err != nil || shown(columns) != got {
			t.Fatalf("%q: %s and then %s (%v)", text, got, shown(columns), err)
		}
		v, err := fastjson.Parse(strings.TrimSpace(text))
		if err != nil {
			return
		}
		slow := newBuilders(wants)
		tree := CellsOf(wants, 0)[0]
		if err := tree.AddTree(v, slow); err != nil {
			t.Fatal(err)
		}
		if v.Type() == fastjson.TypeObject || v.Type() == fastjson.TypeArray {
			for i := range columns {
				fast, slow := columns[i].Col, slow[i].Col
				_, bad := fast.InvalidText(len(fast.Valid) - 1)
				_, slowBad := slow.InvalidText(0)
				if fast.Valid[len(fast.Valid)-1] != slow.Valid[0] || bad != slowBad {
					t.Fatalf("%q, want %d: %s by the scanner", text, i, got)
				}
			}
		}
		var list []any
		if json.Unmarshal([]byte(text), &list) == nil && len(list) > 0 {
			x, ok := list[0].(float64)
			if b := columns[3].Col; ok && (!b.Valid[2] || b.Floats[2] != x && math.Abs(b.Floats[2]-x) > 1e-15*math.Abs(x)) {
				t.Fatalf("%q: the first is %s, want %g", text, got, x)
			}
		}
		var object map[string]any
		if json.Unmarshal([]byte(text), &object) == nil {
			if s, ok := object["dog"].(string); ok && !strings.Contains(text, `\`) && !strings.Contains(s, "\ufffd") {
				if b := &columns[1].Col; !b.Valid[2] || b.Text(2) != s {
					t.Fatalf("%q: dog is %s, want %q", text, got, s)
				}
			}
		}
	})
}
