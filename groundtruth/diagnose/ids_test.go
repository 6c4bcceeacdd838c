package diagnose_test

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/hindcast/hindcast/groundtruth/diagnose"
)

// written returns n ids in the way that f writes each number.
func written(n int, f func(i int) string) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = f(i)
	}
	return ids
}

func decimal(i int) string { return strconv.Itoa(i) }

func house(i int) string { return fmt.Sprintf("house-%d", 100+i) }

// uuidBytes makes 16 bytes that differ from number to number.
func uuidBytes(i int) []byte {
	raw := make([]byte, 16)
	for k := range raw {
		raw[k] = byte(37*i + 101*k + i*k)
	}
	return raw
}

func uuid(i int) string {
	h := hex.EncodeToString(uuidBytes(i))
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// snowflake is a number that float64 cannot hold.
func snowflake(i int) int64 { return 1234567890123456789 + int64(i)*1_000_003 }

// TestIDs writes ids of one set in two ways, and asks for the way to be named.
func TestIDs(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                string
		predictions, labels func(i int) string
		kind                string
		says                string // within the words
	}{
		{"a trailing space", house, func(i int) string { return house(i) + " " }, "spaces", "those of the labels have spaces"},
		{"a byte order mark", func(i int) string { return "\ufeff" + house(i) }, house, "spaces", "those of the predictions have spaces"},
		{"quotes", func(i int) string { return `"` + decimal(i) + `"` }, decimal, "quotes", "those of the predictions have quotes"},
		{"upper case", house, func(i int) string { return strings.ToUpper(house(i)) }, "case", "those of the labels have upper-case"},
		{"upper-case UUIDs", func(i int) string { return strings.ToUpper(uuid(i)) }, uuid, "case", "those of the predictions have upper-case"},
		{"floats", decimal, func(i int) string { return decimal(i) + ".0" }, "decimals", `those of the labels are whole numbers that end in ".0"`},
		{"negative floats", func(i int) string { return fmt.Sprintf("-%d.00", i+1) }, func(i int) string { return decimal(-i - 1) }, "decimals", "those of the predictions"},
		{"leading zeros", func(i int) string { return fmt.Sprintf("%05d", i) }, decimal, "zeros", "those of the predictions begin with zeros"},
		{"thousands", func(i int) string { return fmt.Sprintf("%d,%03d", 1+i, i) }, func(i int) string { return fmt.Sprintf("%d%03d", 1+i, i) }, "separators", "those of the predictions have separators"},
		{"an exponent", func(i int) string { return decimal((i + 1) * 1_000_000) }, func(i int) string { return fmt.Sprintf("%de+06", i+1) }, "exponent", "those of the labels are written with an exponent"},
		{"UUID bytes", uuid, func(i int) string { return string(uuidBytes(i)) }, "uuid", "notation"},
		{"UUIDs without dashes", uuid, func(i int) string { return hex.EncodeToString(uuidBytes(i)) }, "uuid", "those of the predictions are UUIDs"},
		{"UUIDs in braces", func(i int) string { return "{" + strings.ToUpper(uuid(i)) + "}" }, uuid, "uuid", "notation"},
		{"UUIDs as URNs", uuid, func(i int) string { return "urn:uuid:" + uuid(i) }, "uuid", "notation"},
		{"rounded to float64", func(i int) string { return strconv.FormatInt(snowflake(i), 10) }, func(i int) string { return strconv.FormatInt(int64(float64(snowflake(i))), 10) }, "rounded", "those of the labels have lost their last digits"},
		{"float64 as text", func(i int) string { return strconv.FormatFloat(float64(snowflake(i)), 'g', -1, 64) }, func(i int) string { return strconv.FormatInt(snowflake(i), 10) }, "rounded", "those of the predictions have lost"},
		{"hexadecimal", func(i int) string { return decimal(40_000 + 13*i) }, func(i int) string { return fmt.Sprintf("0x%x", 40_000+13*i) }, "hexadecimal", "those of the labels are hexadecimal"},
		{"base64", func(i int) string { return base64.StdEncoding.EncodeToString([]byte(house(i))) }, house, "base64", "those of the predictions are encoded"},
		{"UUIDs in base64", uuid, func(i int) string { return base64.RawURLEncoding.EncodeToString(uuidBytes(i)) }, "base64", "those of the labels are encoded"},
		{"a prefix", house, func(i int) string { return decimal(100 + i) }, "prefix", `those of the predictions begin with "house-"`},
		{"a prefix of letters", func(i int) string { return decimal(100 + i) }, func(i int) string { return "H" + decimal(100+i) }, "prefix", `those of the labels begin with "H"`},
		{"a prefix and zeros", func(i int) string { return fmt.Sprintf("CUST%06d", i) }, decimal, "prefix", `those of the predictions begin with "CUST", which the others lack, and differ in zeros`},
		{"a suffix", func(i int) string { return house(i) + "@example.org" }, house, "suffix", `those of the predictions end in "@example.org"`},
		{"punctuation", func(i int) string { return fmt.Sprintf("AB-%03d/x", i) }, func(i int) string { return fmt.Sprintf("AB%03d-x", i) }, "punctuation", "neither letter nor digit"},
		{"cut", func(i int) string { return fmt.Sprintf("customer-%04d-north", i) }, func(i int) string { return fmt.Sprintf("customer-%04d-north", i)[:15] }, "cut", "those of the labels are cut after 15 bytes"},
		{"two prefixes", func(i int) string { return "user_" + decimal(i) }, func(i int) string { return "customer_" + decimal(i) }, "last part", "after a word that differs"},
		{"another ending", func(i int) string { return house(i)[6:] + ":a" + decimal(i) }, func(i int) string { return house(i)[6:] + ":b" + decimal(i) }, "first part", "first part"},
		{"several", func(i int) string { return fmt.Sprintf(" H%03d", i) }, func(i int) string { return fmt.Sprintf("h-%03d", i) }, "punctuation", "neither letter nor digit"},
		{"all at once", func(i int) string { return fmt.Sprintf("%d.0", 1000+i) }, func(i int) string { return fmt.Sprintf("'0%d'", 1000+i) }, "several", "several"},
		{"nothing alike", func(i int) string { return decimal(i) }, func(i int) string { return decimal(1_000_000 + 7919*i) }, "", ""},
		{"numbers of another day", func(i int) string { return fmt.Sprintf("20260101-%04d", i) }, func(i int) string { return fmt.Sprintf("20251231-%04d", i) }, "", ""},
		{"other houses", house, func(i int) string { return house(5000 + i) }, "", ""},
		{"other UUIDs", uuid, func(i int) string { return uuid(1000 + i) }, "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			const n = 50
			// Of each side some ids are not on the other.
			p, l := written(n, c.predictions), written(n+20, c.labels)[10:]
			m, ok := diagnose.IDs(p, l)
			if m.Kind != c.kind || ok != (c.kind != "") {
				t.Fatalf("got %q (%v), want %q", m.Kind, m, c.kind)
			}
			if !ok {
				return
			}
			if !strings.Contains(m.Words(), c.says) {
				t.Errorf("got %q, want %q in it", m.Words(), c.says)
			}
			if m.Met < 30 || m.Met > 40 {
				t.Errorf("%d meet, want nearly all of 40", m.Met)
			}
			if !slices.Contains(p, m.Prediction) || !slices.Contains(l, m.Label) {
				t.Errorf("the example %q and %q is not among the ids", m.Prediction, m.Label)
			}
		})
	}
}

// TestIDsThatMeetDontCount mends a part that is written differently, beside ids that meet.
func TestIDsThatMeetDontCount(t *testing.T) {
	t.Parallel()
	p := written(100, house)
	l := written(100, func(i int) string {
		if i < 30 {
			return house(i)
		}
		return strings.ToUpper(house(i))
	})
	if m, ok := diagnose.IDs(p, l); !ok || m.Kind != "case" || m.Met != 70 {
		t.Errorf("got %v, %v, want 70 that differ in case", m, ok)
	}
	if met, of := diagnose.Overlap(p, l); met != 30 || of != 100 {
		t.Errorf("%d of %d meet, want 30 of 100", met, of)
	}
	if m, ok := diagnose.IDs(p, p); ok {
		t.Errorf("ids that are the same differ: %v", m)
	}
	if m, ok := diagnose.IDs(nil, p); ok {
		t.Errorf("no ids differ: %v", m)
	}
}

// TestAlike tells ids of other rows from ids of other things.
func TestAlike(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name                string
		predictions, labels func(i int) string
		want                bool
	}{
		{"numbers", decimal, func(i int) string { return decimal(95 + i) }, true},
		{"houses", house, func(i int) string { return house(1000 + i) }, true},
		{"UUIDs", uuid, func(i int) string { return uuid(1000 + i) }, true},
		{"hashes", func(i int) string { return hex.EncodeToString(uuidBytes(i)) }, func(i int) string { return hex.EncodeToString(uuidBytes(1000 + i)) }, true},
		{"houses and cars", house, func(i int) string { return "car-" + decimal(i) }, false},
		{"houses and numbers", house, decimal, false},
		{"UUIDs with and without dashes", uuid, func(i int) string { return hex.EncodeToString(uuidBytes(1000 + i)) }, false},
	} {
		if got := diagnose.Alike(written(50, c.predictions), written(50, c.labels)); got != c.want {
			t.Errorf("%s: %v", c.name, got)
		}
	}
	if diagnose.Alike(nil, written(5, house)) || diagnose.Alike(written(5, house), nil) {
		t.Error("no ids are like some")
	}
}

// TestIDsOfFewRows finds the cause with a row or two.
func TestIDsOfFewRows(t *testing.T) {
	t.Parallel()
	if m, ok := diagnose.IDs([]string{"a1"}, []string{"A1"}); !ok || m.Kind != "case" {
		t.Errorf("got %v, %v", m, ok)
	}
	if m, ok := diagnose.IDs([]string{"a1", "a2"}, []string{"A1", "b"}); !ok || m.Kind != "case" {
		t.Errorf("got %v, %v", m, ok)
	}
}

// TestIDsWhateverTheOrder gives the same answer for ids in any order, some of them twice.
func TestIDsWhateverTheOrder(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.StringMatching(`[aA0]{0,1}[-. ]{0,1}[bB12]{1,3}(\.0)?`)
		p, l := rapid.SliceOf(text).Draw(t, "predictions"), rapid.SliceOf(text).Draw(t, "labels")
		want, _ := diagnose.IDs(p, l)
		r := rand.New(rand.NewPCG(1, 2))
		shuffled := func(ids []string) []string {
			ids = append(slices.Clone(ids), ids[:len(ids)/2]...)
			r.Shuffle(len(ids), func(i, j int) { ids[i], ids[j] = ids[j], ids[i] })
			return ids
		}
		if got, _ := diagnose.IDs(shuffled(p), shuffled(l)); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	})
}

// FuzzIDs gives it ids of any bytes.
func FuzzIDs(f *testing.F) {
	f.Add("17,18", "17.0,18.0")
	f.Add("{A-b}", "\xff\x00")
	f.Fuzz(func(t *testing.T, p, l string) {
		m, ok := diagnose.IDs(strings.Split(p, ","), strings.Split(l, ","))
		if ok && (m.Words() == "" || m.Met == 0) {
			t.Errorf("no words: %v", m)
		}
		diagnose.QuoteID(p)
	})
}

func TestExamples(t *testing.T) {
	t.Parallel()
	got := strings.Join(diagnose.Examples([]string{"b", "a\n", "b", string([]byte{0xff, 1}), strings.Repeat("x", 50), "c"}, 4), ", ")
	if want := `"a\n", "b", "c", "` + strings.Repeat("x", 40) + `"...`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := diagnose.QuoteID(string([]byte{0xff, 1})); got != "0xff01 (2 bytes that are no text)" {
		t.Error(got)
	}
}
