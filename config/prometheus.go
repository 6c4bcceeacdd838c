package config

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/prometheus/common/model"

	"github.com/hindcast/hindcast/groundtruth"
)

// mostQueries bounds a model's queries: each is asked for every window.
const mostQueries = 100

// queryNamePattern is what a query may be called: prometheus.NAME is a variable of rules.
var queryNamePattern = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_]*$`)

// windowVariable stands for the window's length in a query.
const windowVariable = "$window"

// prometheus reads the server that queries are asked of.
func (d *decoder) prometheus(v value, c *Config) {
	o := d.object(v)
	p := &Prometheus{Timeout: defaultTimeout}
	o.server("url", &p.URL)
	o.positive("timeout", &p.Timeout)
	o.httpConfig("http_config", c.Dir, &p.HTTP)
	o.need("url")
	o.done()
	c.Prometheus = p
}

// queries reads the queries of a model.
func (d *decoder) queries(v value, m *Model) {
	members, ok := d.members(v)
	if !ok {
		return
	}
	if len(members) == 0 {
		d.fail(v, "is empty: give it NAME: QUERY or leave the key out")
		return
	}
	if len(members) > mostQueries {
		d.fail(v, "there are %d queries, which are asked for every window; at most %d", len(members), mostQueries)
		return
	}
	m.Prometheus = map[string]string{}
	for _, mem := range members {
		// The name is known to rules also where its query is faulty, so that no rule is
		// called faulty for it.
		m.Prometheus[mem.key] = ""
	}
	eachNamed(d, v, members, queryNameFault, d.textScalar, func(name string, qv value, s scalar) {
		if _, err := resolveQuery(s.text, "1d"); err != nil {
			d.fail(qv, "%v", err)
			return
		}
		m.Prometheus[name] = s.text
	})
}

// queryNameFault says what is wrong with the name of a query; "" when nothing is.
func queryNameFault(name string) string {
	if queryNamePattern.MatchString(name) {
		return ""
	}
	return "a query's name has letters, digits and _ and does not begin with a digit: rules write it as prometheus.NAME"
}

// Queries returns the model's queries by name as they are asked for a window, with
// $window replaced by its length.
func (m *Model) Queries(w groundtruth.Window) map[string]string {
	length := model.Duration(w.End.Sub(w.Start)).String()
	out := make(map[string]string, len(m.Prometheus))
	for name, query := range m.Prometheus {
		resolved, err := resolveQuery(query, length)
		if err != nil {
			panic("config: a query that was checked at load: " + err.Error())
		}
		out[name] = resolved
	}
	return out
}

// queryNames lists the names of the model's queries, in order.
func (m *Model) queryNames() []string { return slices.Sorted(maps.Keys(m.Prometheus)) }

// resolveQuery replaces $window in a query, outside of its strings and comments. It
// refuses what is no PromQL by its quotes, brackets and dollars alone; the rest only
// a Prometheus can tell.
func resolveQuery(query, window string) (string, error) {
	var out strings.Builder
	var open []byte
	closes := map[byte]byte{')': '(', ']': '[', '}': '{'}
	for i := 0; i < len(query); {
		switch c := query[i]; c {
		case '"', '\'', '`':
			end := stringEnd(query[i:])
			if end < 0 {
				return "", fmt.Errorf("the query has a %c without its other", c)
			}
			out.WriteString(query[i : i+end])
			i += end
			continue
		case '#':
			end := strings.IndexByte(query[i:], '\n')
			if end < 0 {
				end = len(query) - i
			}
			out.WriteString(query[i : i+end])
			i += end
			continue
		case '$':
			name := dollarPattern.FindString(query[i:])
			if name != windowVariable {
				return "", unknownDollar(name)
			}
			out.WriteString(window)
			i += len(name)
			continue
		case '(', '[', '{':
			open = append(open, c)
		case ')', ']', '}':
			if len(open) == 0 || open[len(open)-1] != closes[c] {
				return "", fmt.Errorf("the query has a %c that closes nothing", c)
			}
			open = open[:len(open)-1]
		}
		out.WriteByte(query[i])
		i++
	}
	if len(open) > 0 {
		return "", fmt.Errorf("the query has a %c that is not closed", open[len(open)-1])
	}
	return out.String(), nil
}

// dollarPattern matches a variable at the beginning of what is left of a query.
var dollarPattern = regexp.MustCompile(`^\$[A-Za-z0-9_]*`)

// unknownDollar refuses a variable of Grafana or of Prometheus's templates.
func unknownDollar(name string) error {
	if name == "$" {
		return errors.New("the query has a $ that no variable follows; $window stands for the window's length")
	}
	return fmt.Errorf("the query names %s, which is not replaced here: the one variable is $window, the window's length", clip(name))
}

// stringEnd is the length of the string that s begins with, its quotes included, or -1.
func stringEnd(s string) int {
	for i := 1; i < len(s); i++ {
		switch {
		case s[i] == s[0]:
			return i + 1
		case s[0] == '`':
		case s[i] == '\\':
			i++
		case s[i] == '\n':
			return -1
		}
	}
	return -1
}
