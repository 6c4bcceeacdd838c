package main

import (
	"fmt"
	"math/rand/v2"
	"strconv"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// customersCommand does `customers DAY DAYS` of a script: it writes the logs of so many days from
// that one on, and a reference of ten days before. Each day 48 customers have ten rows at random
// times; x is the customer's alone, and so is a part of the errors.
func customersCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: customers DAY DAYS")
	}
	first, err := strconv.Atoi(args[0])
	ts.Check(err)
	days, err := strconv.Atoi(args[1])
	ts.Check(err)
	reference := "id,ts,customer,x,pred,y\n"
	for day := first - 10; day < first+days; day++ {
		predictions, labels := "id,ts,customer,x,pred,version\n", "id,y,sold,loaded\n"
		for _, c := range customers(day) {
			if day < first {
				reference += fmt.Sprintf("%s,%s,%s,%v,%v,%v\n", c.ID, c.TS, c.customer, c.X, c.Pred, c.y)
				continue
			}
			predictions += fmt.Sprintf("%s,%s,%s,%v,%v,v1\n", c.ID, c.TS, c.customer, c.X, c.Pred)
			labels += fmt.Sprintf("%s,%v,%sT23:59:59Z,%sT12:00:00Z\n", c.ID, c.y, dateOf(day), dateOf(day+1))
		}
		if day >= first {
			write(ts, fmt.Sprintf("predictions/dt=%s/part.csv", dateOf(day)), predictions)
			write(ts, fmt.Sprintf("labels/dt=%s/part.csv", dateOf(day+1)), labels)
		}
	}
	write(ts, referenceFile, reference)
}

// customerRow is a row of customers.
type customerRow struct {
	house

	customer string
}

// customers draws a day's rows, in the order of their times.
func customers(day int) []customerRow {
	const number, rowsEach = 48, 10
	rng := rand.New(rand.NewPCG(uint64(day), 36))
	out := make([]customerRow, number*rowsEach)
	start := time.Date(2026, 1, day, 0, 0, 0, 0, time.UTC)
	effect, x := 0.0, 0.0
	for i, place := range rng.Perm(len(out)) {
		if i%rowsEach == 0 {
			effect, x = 0.8*rng.NormFloat64(), rng.NormFloat64()
		}
		c := &out[place]
		c.customer = fmt.Sprintf("c%d-%d", day, i/rowsEach)
		c.ID, c.TS = fmt.Sprintf("r%d-%03d", day, place), start.Add(time.Duration(place)*24*time.Hour/time.Duration(len(out))).Format(time.RFC3339)
		c.X, c.Pred = x, 10+x
		c.y = c.Pred + effect + rng.NormFloat64()
	}
	return out
}
