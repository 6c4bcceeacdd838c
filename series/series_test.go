package series

import (
	"slices"
	"strings"
	"testing"
)

func TestAll(t *testing.T) {
	seen := map[string]bool{}
	for _, m := range All() {
		if seen[m.Name] {
			t.Errorf("%s is listed twice", m.Name)
		}
		seen[m.Name] = true
		if found, ok := Find(m.Name); !ok || found.Help != m.Help {
			t.Errorf("%s is not found: %+v", m.Name, found)
		}
		if !strings.HasSuffix(m.Help, ".") || m.Section == "" || m.FullName() != "hindcast_"+m.Name {
			t.Errorf("%+v", m)
		}
		if (m.Type == Counter) != strings.HasSuffix(m.Name, "_total") {
			t.Errorf("%s is a %s", m.Name, m.Type)
		}
		if slices.Contains(Aliasable(), m.Name) != (m.Type != Counter && m.Name != "build_info") {
			t.Errorf("%s may have an alias, or not", m.Name)
		}
	}
	if _, ok := Find("mae "); ok {
		t.Error("a name that there is not is found")
	}
}

func TestAliasFault(t *testing.T) {
	for name, want := range map[string]string{
		"model_mae": "", "ml:mae": "", "MAE": "", "_": "", "updates": "", "goals": "",
		"": "no metric can be called that", "1st": "no metric can be called that", "a-b": "no metric can be called that", "ä": "no metric can be called that",
		"hindcast_mae": "Hindcast's own", "up": "Prometheus sets", "go_x": "by others", "push_time_seconds": "by others", "ALERTS": "by others", "scrape_x": "by others",
	} {
		if got := AliasFault(name); !strings.Contains(got, want) || (got == "") != (want == "") {
			t.Errorf("%q: %q, want %q", name, got, want)
		}
	}
}
