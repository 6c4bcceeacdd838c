package datacheck

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// repeating returns a healthy model whose predictions have columns of this header and rows
// of these values instead of x, with the row's number among all.
func repeating(header string, row func(i int) string) *setup {
	s := healthy()
	for day := range testDays {
		key := "p/" + time.Date(2026, 1, 1+day, 0, 0, 0, 0, time.UTC).Format(time.DateOnly) + "/a.csv"
		lines := strings.Split(strings.TrimSpace(s.objects[key]), "\n")
		for i, line := range lines {
			fields := strings.Split(line, ",")
			fields[2] = header
			if i > 0 {
				fields[2] = row(day*testRows + i - 1)
			}
			lines[i] = strings.Join(fields, ",")
		}
		s.objects[key] = strings.Join(lines, "\n") + "\n"
	}
	return s
}

// TestCheckRepeats finds features that repeat within entities, and the column that tells
// them apart, and nothing where chance repeats rows.
func TestCheckRepeats(t *testing.T) {
	t.Parallel()
	// Of the 1,440 rows an entity has ten or so, at random times.
	entity := func(i int) int { return rand.New(rand.NewPCG(1, uint64(i))).IntN(testDays * testRows / 10) }
	of := func(seed uint64, i int) float64 { return rand.New(rand.NewPCG(seed, uint64(i))).Float64() }
	for _, c := range []struct {
		name      string
		header    string
		row       func(i int) string
		config    string
		found, do string // empty: nothing is wrong
	}{
		{
			name: "text tells entities", header: "customer,a,b,c",
			row: func(i int) string {
				e := entity(i)
				return fmt.Sprintf("c%d,%g,%g,%g", e, of(2, e), of(3, e), of(4, e))
			},
			found: "of 720 records share the values of all 4 features with another record, where chance would have", do: "set `predictions.columns.entity: customer` if that is what the records are about",
		},
		{
			name: "a number tells entities", header: "customer_id,a,b,c",
			row:   func(i int) string { e := entity(i); return fmt.Sprintf("%d,%g,%g,%g", e, of(2, e), of(3, e), of(4, e)) },
			found: "share the values of all 4 features", do: "set `predictions.columns.entity: customer_id`",
		},
		{
			name: "a column that is no feature tells entities", header: "who,a,b", config: "features: [a, b]",
			row:   func(i int) string { e := entity(i); return fmt.Sprintf("%d,%g,%g", e, of(2, e), of(3, e)) },
			found: "share the values of all 2 features", do: "set `predictions.columns.entity: who`",
		},
		{
			name: "no column tells entities", header: "a,b,city",
			row:   func(i int) string { e := entity(i); return fmt.Sprintf("%g,%g,Oslo%d", of(2, e), of(3, e), e%5) },
			found: "share the values of all 3 features", do: "name the column of what the records are about in `predictions.columns.entity`",
		},
		{
			name: "the entity is mapped", header: "customer,a,b",
			row:    func(i int) string { e := entity(i); return fmt.Sprintf("c%d,%g,%g", e, of(2, e), of(3, e)) },
			config: "entity",
		},
		{
			name: "categories", header: "city,kind,size,sex",
			row: func(i int) string {
				return fmt.Sprintf("c%d,k%d,%d,s%d", int(12*of(2, i)), int(4*of(3, i)), int(5*of(4, i)), int(2*of(5, i)))
			},
		},
		{
			name: "one column of many values among categories", header: "city,age,sex",
			row: func(i int) string {
				return fmt.Sprintf("c%d,%d,s%d", int(12*of(2, i)), int(80*of(3, i)), int(2*of(5, i)))
			},
		},
		{
			name: "whole numbers that meet by chance", header: "age,income",
			row: func(i int) string { return fmt.Sprintf("%d,%d", int(60*of(2, i)), int(40*of(3, i))) },
		},
		{
			name: "numbers of each row", header: "customer,a,b",
			row: func(i int) string { return fmt.Sprintf("c%d,%g,%g", entity(i), of(2, i), of(3, entity(i))) },
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			s := repeating(c.header, c.row)
			if c.config == "entity" {
				s.columns = "{id: id, timestamp: at, prediction: pred, entity: customer}"
			} else {
				s.config = c.config
			}
			problems := s.check(t).Problems
			switch {
			case c.found == "" && len(problems) > 0, c.found != "" && len(problems) != 1:
				t.Errorf("problems %+v", problems)
			case c.found != "" && (!strings.Contains(problems[0].Found, c.found) || !strings.Contains(problems[0].Do, c.do)):
				t.Errorf("problem %+v, want %s and %s", problems[0], c.found, c.do)
			}
		})
	}
}
