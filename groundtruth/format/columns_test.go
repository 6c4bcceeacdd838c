package format

import (
	"context"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hindcast/hindcast/groundtruth"
	"github.com/hindcast/hindcast/groundtruth/internal/readtest"
	"github.com/hindcast/hindcast/objstore"
)

func TestSemantics2_ColumnsAndTheirKinds(t *testing.T) {
	csv := "id,n,day,zip,mixed,empty,flag,epoch\n" +
		"a1,1.5,2026-01-02,00123,1,,true,1767312000\n" +
		"a2,,2026-01-02 10:00:00,01234,x,NA,false,1767312001\n" +
		"short\n" +
		"a3,NaN,,99999,3,,true,1767312002\n"
	jsonl := `{"id":"a1","n":1.5,"f":{"x":true,"y":{"z":"Oslo"}},"day":"2026-01-02","list":[1]}` + "\n" +
		"nonsense\n" + `{"id":"7","n":null,"late":"12","f":{"x":1}}`
	parquet := readtest.Parquet(t, readtest.SampleEveryType())
	for _, c := range []struct {
		name    string
		objects map[string][]byte
		want    string
	}{
		{"csv", map[string][]byte{"a.csv": []byte(csv)}, "id:text n:number day:time zip:text mixed:text empty:text flag:number epoch:number"},
		{"compressed", map[string][]byte{"a.csv.gz": compress(t, []byte(csv), ".gz")}, "id:text n:number day:time zip:text mixed:text empty:text flag:number epoch:number"},
		{"jsonl", map[string][]byte{"a.jsonl": []byte(jsonl)}, "id:text n:number f.x:number f.y.z:text day:time late:text"},
		{"parquet", map[string][]byte{"a.parquet": parquet}, "bool:number i32:number i64:number u32:number u64:number f32:number f64:number text:text enum:text bytes:text fixed:text uuid:text " +
			"dec32:number dec64:number dec16:number day:time millis:time micros:time nanos:time int96:time nested.leaf:number opt:number"},
		{"kinds that differ over objects", map[string][]byte{"a.csv": []byte("x,y\n1,\n"), "b.csv": []byte("y,x,z\n2,q,3\n")}, "x:text y:number z:number"},
		{"empty objects are passed over", map[string][]byte{"a.csv": nil, "b.csv": nil, "c.csv": nil, "d.csv": []byte("x\n1\n")}, "x:number"},
		{"three objects are looked at", map[string][]byte{"a.csv": []byte("a\n1\n"), "b.csv": []byte("b\n1\n"), "c.csv": []byte("c\n1\n"), "d.csv": []byte("d\n1\n")}, "a:number b:number c:number"},
		{"no object", nil, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			url := "mem://" + t.Name()
			store, err := objstore.NewOpener("").Open(context.Background(), url)
			if err != nil {
				t.Fatal(err)
			}
			for key, data := range c.objects {
				if err := store.Write(context.Background(), "log/"+key, data); err != nil {
					t.Fatal(err)
				}
			}
			infos, err := Columns(context.Background(), objstore.NewOpener(""), groundtruth.Source{URL: url + "/log/*"}, time.Time{}, time.Time{}, ColumnOptions{})
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, i := range infos {
				got = append(got, i.Name+":"+map[groundtruth.Kind]string{groundtruth.Number: "number", groundtruth.Text: "text", groundtruth.Time: "time", groundtruth.Absent: "absent"}[i.Kind])
			}
			if want := strings.Fields(c.want); !slices.Equal(got, want) {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

// TestColumnsSaysWhatIsNested asks for columns by name that are lists or objects.
func TestColumnsSaysWhatIsNested(t *testing.T) {
	type row struct {
		ID    string    `parquet:"id"`
		Emb   []float64 `parquet:"emb,list"`
		Place struct {
			City string    `parquet:"city"`
			At   []float64 `parquet:"at"`
		} `parquet:"place"`
		Items []struct {
			N int64 `parquet:"n"`
		} `parquet:"items"`
	}
	const list, object = "it is a list, which has no one value a row: log its parts as columns of their own", `it is an object: name a column in it: "place.city"`
	for key, data := range map[string][]byte{
		"a.parquet": readtest.Parquet(t, []row{{ID: "a"}}),
		"a.jsonl":   []byte(`{"id":"a","emb":[1,2],"place":{"city":"Oslo","at":[1]},"items":[{"n":1}]}` + "\n" + `{"id":[1],"place":null}` + "\n"),
	} {
		obj := readtest.Object(t, key, data)
		k := newColumnKinds(ColumnOptions{Only: []string{"id", "emb", "place", "items", "place.at", "there"}})
		if err := k.lookAt(t.Context(), obj, "auto"); err != nil {
			t.Fatal(err)
		}
		got := map[string]string{}
		for i, name := range k.names {
			got[name] = k.kinds[i].nested()
		}
		if want := map[string]string{"id": "", "emb": list, "items": list, "place.at": list, "place": object}; !maps.Equal(got, want) {
			t.Errorf("%s: %q, want %q", key, got, want)
		}
	}
}

func TestColumnsNamesTheObject(t *testing.T) {
	store, err := objstore.NewOpener("").Open(t.Context(), "mem://columns-bad")
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Write(t.Context(), "log/a.parquet", []byte("x\n")); err != nil {
		t.Fatal(err)
	}
	_, err = Columns(context.Background(), objstore.NewOpener(""), groundtruth.Source{URL: "mem://columns-bad/log/*"}, time.Time{}, time.Time{}, ColumnOptions{})
	if err == nil || !strings.Contains(err.Error(), "mem://columns-bad/log/a.parquet") {
		t.Errorf("got %v", err)
	}
}
