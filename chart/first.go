package chart

func (v Trend) about() about { return about{"trend", v.Title, v.Desc} }

func (v Trend) height(width float64) float64 { return 260 }

func (v Trend) draw(c canvas, w, h float64) { c.text("c-title", 0, 18, v.Title) }

// Table implements Chart.
func (v Trend) Table() Table { return Table{Caption: v.Title} }

func (v Spark) about() about { return about{"spark", v.Title, v.Desc} }

func (v Spark) height(width float64) float64 { return 24 }

func (v Spark) draw(c canvas, w, h float64) { c.text("c-title", 0, 18, v.Title) }

// Table implements Chart.
func (v Spark) Table() Table { return Table{Caption: v.Title} }

func (v HeatMap) about() about { return about{"heatmap", v.Title, v.Desc} }

func (v HeatMap) height(width float64) float64 { return float64(18*len(v.Rows)) + 60 }

func (v HeatMap) draw(c canvas, w, h float64) { c.text("c-title", 0, 18, v.Title) }

// Table implements Chart.
func (v HeatMap) Table() Table { return Table{Caption: v.Title} }

func (v Overlay) about() about { return about{"overlay", v.Title, v.Desc} }

func (v Overlay) height(width float64) float64 { return 240 }

func (v Overlay) draw(c canvas, w, h float64) { c.text("c-title", 0, 18, v.Title) }

// Table implements Chart.
func (v Overlay) Table() Table { return Table{Caption: v.Title} }

func (v Density) about() about { return about{"density", v.Title, v.Desc} }

func (v Density) height(width float64) float64 { return min(width, 420) }

func (v Density) draw(c canvas, w, h float64) { c.text("c-title", 0, 18, v.Title) }

// Table implements Chart.
func (v Density) Table() Table { return Table{Caption: v.Title} }

func (v Bars) about() about { return about{"bars", v.Title, v.Desc} }

func (v Bars) height(width float64) float64 { return 240 }

func (v Bars) draw(c canvas, w, h float64) { c.text("c-title", 0, 18, v.Title) }

// Table implements Chart.
func (v Bars) Table() Table { return Table{Caption: v.Title} }

func (v Dots) about() about { return about{"dots", v.Title, v.Desc} }

func (v Dots) height(width float64) float64 { return float64(24*len(v.Dots)) + 60 }

func (v Dots) draw(c canvas, w, h float64) { c.text("c-title", 0, 18, v.Title) }

// Table implements Chart.
func (v Dots) Table() Table { return Table{Caption: v.Title} }

func (v Curves) about() about { return about{"curves", v.Title, v.Desc} }

func (v Curves) height(width float64) float64 { return 300 }

func (v Curves) draw(c canvas, w, h float64) { c.text("c-title", 0, 18, v.Title) }

// Table implements Chart.
func (v Curves) Table() Table { return Table{Caption: v.Title} }

func (v Matrix) about() about { return about{"matrix", v.Title, v.Desc} }

func (v Matrix) height(width float64) float64 { return min(width, 420) }

func (v Matrix) draw(c canvas, w, h float64) { c.text("c-title", 0, 18, v.Title) }

// Table implements Chart.
func (v Matrix) Table() Table { return Table{Caption: v.Title} }

func (v Gauge) about() about { return about{"gauge", v.Title, v.Desc} }

func (v Gauge) height(width float64) float64 { return 24 }

func (v Gauge) draw(c canvas, w, h float64) { c.text("c-title", 0, 18, v.Title) }

// Table implements Chart.
func (v Gauge) Table() Table { return Table{Caption: v.Title} }
