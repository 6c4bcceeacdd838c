package chart

import (
	"math"
	"strings"
	"time"
)

// wave is a number between -1 and 1 that is different for each i and always the same.
func wave(i int) float64 { return math.Sin(float64(i)*12.9898) * math.Cos(float64(i)*4.1414) }

func sampleTrend(n int) Trend {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		panic(err)
	}
	t := Trend{
		Title: "RMSE rose from 1.4 to 1.9; limit 1.68", Desc: "With 95 % certainty it is above its limit since 26 March 2026.",
		Axis: Axis{Title: "RMSE in minutes"}, Location: berlin, Worse: Above, ValueName: "RMSE",
	}
	for i := range n {
		start := time.Date(2026, 3, 1+i, 0, 0, 0, 0, berlin)
		p := Blank(start, start.AddDate(0, 0, 1))
		p.Value = 1.41 + 0.06*wave(i) + 0.5/(1+math.Exp(-(float64(i)-float64(n)*0.8)/2))
		width := 0.11 + 0.03*wave(i+7)
		p.Low, p.High = p.Value-width, p.Value+width*1.1
		p.Reference, p.Threshold = 1.4, 1.68
		p.Coverage, p.N = 0.9+0.05*wave(i), int64(2000+400*wave(i+3))
		p.Estimated = p.Value - 0.08 + 0.05*wave(i+99)
		p.State = Good
		switch {
		case p.Low > 1.68:
			p.State = Bad
		case p.High > 1.68:
			p.State = Unsure
		}
		if i == n-1 {
			p.Coverage, p.Provisional = 0.4, true
		}
		if i == 9 {
			p = Blank(p.Start, p.End)
		}
		t.Points = append(t.Points, p)
	}
	if n > 20 {
		t.Marks = []Mark{{At: t.Points[n-4].Start.Add(26 * time.Hour), Text: "retraining run-42 succeeded"}}
	}
	return t
}

func sampleHeatMap(rows, windows int) HeatMap {
	m := HeatMap{Title: "3 of 12 columns drifted in the last window, trip_distance most (PSI 0.61; limit 0.2)", Desc: "Each row is a column, each cell a window.", ValueName: "PSI"}
	for w := range windows {
		m.Windows = append(m.Windows, time.Date(2026, 3, 1+w, 0, 0, 0, 0, time.UTC))
	}
	names := []string{"trip_distance", "pickup_zone", "fare", "passengers", "hour", "weekday", "weather_temperature", "surge", "vehicle_class", "payment", "tip", "driver_rating"}
	for r := range rows {
		row := HeatRow{Name: names[r%len(names)]}
		for w := range windows {
			v := math.Abs(0.05+0.02*wave(r*400+w)) * (1 + 6/(1+math.Exp(-(float64(w)-float64(windows)*0.8)))/float64(r+1))
			cell := HeatCell{Value: v, Threshold: 0.2}
			if v > 0.2 {
				cell.State = Bad
			}
			if r == 4 && w == 5 {
				cell.Value = math.NaN()
			}
			row.Cells = append(row.Cells, cell)
		}
		m.Rows = append(m.Rows, row)
	}
	return m
}

func sampleCharts() map[string]Chart {
	nan := math.NaN()
	charts := map[string]Chart{"trend": sampleTrend(31), "trend365": sampleTrend(365), "heatmap": sampleHeatMap(12, 31), "heatmap365": sampleHeatMap(50, 365)}
	spark := Spark{Title: "RMSE over 31 windows", Threshold: 1.68}
	for _, p := range sampleTrend(31).Points {
		spark.Values, spark.States = append(spark.Values, p.Value), append(spark.States, p.State)
	}
	charts["spark"] = spark
	charts["gauge"] = Gauge{Title: "RMSE 1.9 (1.79 to 2.02); limit 1.68", Value: 1.9, Low: 1.79, High: 2.02, Threshold: 1.68, Reference: 1.4, Worse: Above, State: Bad}

	numbers := Overlay{Title: "trip_distance moved up: half lies below 4.1, once 2.6", Desc: "PSI 0.61.", X: Axis{Title: "trip_distance in km"}}
	for i := range 24 {
		x := float64(i) / 2
		numbers.Bins = append(numbers.Bins, Bin{Low: x, High: x + 0.5, Reference: 0.19 * math.Exp(-(x-2.6)*(x-2.6)/4), Current: 0.16 * math.Exp(-(x-4.1)*(x-4.1)/6)})
	}
	numbers.Bins = append(numbers.Bins, Bin{Low: 12, High: math.Inf(1), Reference: 0.002, Current: 0.01}, Bin{Name: "missing", Low: nan, High: nan, Reference: 0.01, Current: 0.06})
	charts["overlay"] = numbers
	charts["overlay-log"] = Overlay{Title: "latency grew tenfold in the tail", X: Axis{Title: "latency in ms", Log: true}, Bins: []Bin{
		{Low: 0, High: 1, Reference: 0.1, Current: 0.05}, {Low: 1, High: 10, Reference: 0.5, Current: 0.3}, {Low: 10, High: 100, Reference: 0.3, Current: 0.35}, {Low: 100, High: 1e4, Reference: 0.1, Current: 0.3},
	}}
	charts["categories"] = Overlay{Title: "payment: cash fell from 41 % to 12 %", Bins: []Bin{
		{Name: "card", Low: nan, High: nan, Reference: 0.55, Current: 0.83}, {Name: "cash", Low: nan, High: nan, Reference: 0.41, Current: 0.12},
		{Name: "voucher of a very long name that no one would ever write out", Low: nan, High: nan, Reference: 0.04, Current: 0.05},
	}}
	charts["density"] = sampleDensity()
	charts["bars"] = sampleBars()
	charts["dots"] = sampleDots()
	charts["curves"] = sampleROC()
	calibration := Curve{Name: "this window", Markers: true}
	for i := range 10 {
		x := (float64(i) + 0.5) / 10
		calibration.Points = append(calibration.Points, XY{X: x, Y: x * x, Low: x*x - 0.05, High: x*x + 0.06, N: 100})
	}
	charts["calibration"] = Curves{Title: "Scores are too high: of 0.65 42 % come true", X: Axis{Title: "score", Min: 0, Max: 1}, Y: Axis{Title: "share that came true", Format: Percent, Min: 0, Max: 1}, Curves: []Curve{calibration}, Diagonal: true, Square: true}
	charts["matrix"] = Matrix{Title: "cat is taken for dog in 22 % of cases", Classes: []string{"cat", "dog", "guinea pig"}, Counts: [][]int64{{770, 220, 10}, {31, 960, 9}, {2, 1, 47}}}
	many := Matrix{Title: "20 classes"}
	places := Bars{Title: "Places of long names", NameTitle: "place", Line: nan}
	hours := sampleTrend(49)
	for i := range 20 {
		many.Classes = append(many.Classes, "a class of a long name "+strings.Repeat("x", i))
		many.Counts = append(many.Counts, make([]int64, 20))
		many.Counts[i][i], many.Counts[i][(i*7)%20] = 123456789, int64(i)
		if i < 7 {
			places.Bars = append(places.Bars, Bar{Name: many.Classes[i], Value: -1000000 - float64(i), Low: nan, High: nan})
		}
	}
	for i := range hours.Points {
		start := time.Date(2026, 3, 28, i, 0, 0, 0, hours.Location)
		hours.Points[i].Start, hours.Points[i].End = start, start.Add(time.Hour)
	}
	charts["matrix-many"], charts["places"], charts["hours"] = many, places, hours
	charts["one"] = sampleTrend(1)
	hostile := strings.Repeat("<script>alert('x')</script>\u202e שלום 🦊 ", 10)
	charts["hostile"] = Dots{Title: hostile, Axis: Axis{Title: hostile}, NameTitle: hostile, Line: nan, Dots: []Dot{{Name: hostile, Value: 1, Low: 0.5, High: 1.5, Reference: nan, Note: hostile}, {Name: "שלום עולם", Value: 2, Low: nan, High: nan, Reference: nan}, {Name: "価格 🦊", Value: 2, Low: nan, High: nan, Reference: nan}}}
	return charts
}

func sampleDensity() Density {
	density := Density{Title: "Predictions fall short of long trips", X: Axis{Title: "actual in minutes"}, Y: Axis{Title: "predicted in minutes"}, Diagonal: true}
	for i := range 30 {
		for j := range 30 {
			n := int64(800 * math.Exp(-math.Pow(float64(j)-0.82*float64(i)-1, 2)/6) * math.Exp(-float64(i)/7))
			if n > 0 {
				density.Cells = append(density.Cells, Cell{X0: float64(i), X1: float64(i + 1), Y0: float64(j), Y1: float64(j + 1), N: n})
			}
		}
	}
	return density
}

func sampleBars() Bars {
	hours := Bars{Title: "Errors are largest from 7 to 9 and at 17 o'clock", Axis: Axis{Title: "MAE in minutes"}, NameTitle: "hour of the day", Line: 1.1, LineName: "all hours"}
	for h := range 24 {
		v := 1 + 0.8*math.Exp(-math.Pow(float64(h)-8, 2)/3) + 0.6*math.Exp(-math.Pow(float64(h)-17, 2)/3)
		bar := Bar{Name: time.Date(2026, 1, 1, h, 0, 0, 0, time.UTC).Format("15"), Value: v, Low: v - 0.15, High: v + 0.15, N: int64(200 + 600*math.Exp(-math.Pow(float64(h)-13, 2)/40))}
		if v > 1.6 {
			bar.State = Bad
		}
		hours.Bars = append(hours.Bars, bar)
	}
	return hours
}

func sampleDots() Dots {
	nan := math.NaN()
	return Dots{Title: "Segment airport is worst: RMSE 2.4; all 1.9", Axis: Axis{Title: "RMSE in minutes"}, NameTitle: "segment", Line: 1.68, LineName: "limit", Worse: Above, Dots: []Dot{
		{Name: "zone = airport", Value: 2.4, Low: 2.1, High: 2.7, Reference: 1.5, N: 812, State: Bad},
		{Name: "zone = Größenwahn-Straße am östlichen Rand der Stadt", Value: 1.9, Low: 1.6, High: 2.2, Reference: 1.4, N: 5120, State: Unsure},
		{Name: "zone = centre", Value: 1.4, Low: 1.35, High: 1.45, Reference: 1.38, N: 51200, State: Good},
		{Name: "zone = harbour", Value: nan, Low: nan, High: nan, Reference: nan, N: 3},
	}}
}

func sampleROC() Curves {
	nan := math.NaN()
	roc := Curve{Name: "this window, AUC 0.81"}
	before := Curve{Name: "reference, AUC 0.9"}
	for i := range 41 {
		x := float64(i) / 40
		roc.Points = append(roc.Points, XY{X: x, Y: math.Pow(x, 0.25), Low: nan, High: nan})
		before.Points = append(before.Points, XY{X: x, Y: math.Pow(x, 0.12), Low: nan, High: nan})
	}
	return Curves{Title: "ROC: AUC fell from 0.9 to 0.81", X: Axis{Title: "false positive rate", Min: 0, Max: 1}, Y: Axis{Title: "true positive rate", Min: 0, Max: 1}, Curves: []Curve{roc, before}, Diagonal: true, Square: true}
}
