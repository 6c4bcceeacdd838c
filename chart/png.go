package chart

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"image/png"
	"math"
	"strings"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/goregular"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

const (
	// Pixels is how many pixels of a PNG a unit has: messages are read on screens of twice the
	// density, and shown smaller elsewhere.
	Pixels = 2
	// margin is the white around a PNG's chart, in units.
	margin = 16
	// mostPixels is how many pixels a PNG may have along a side.
	mostPixels = 8192
)

// PNG draws a chart as a picture with light colours, two pixels a unit, for messages.
func PNG(c Chart, size Size) ([]byte, error) {
	w, h := size.of(c)
	across, down := math.Ceil(Pixels*(w+2*margin)), math.Ceil(Pixels*(h+2*margin))
	if across > mostPixels || down > mostPixels {
		return nil, fmt.Errorf("a picture of %.0f by %.0f pixels is larger than %d along a side: draw fewer rows, or a smaller size", across, down, mostPixels)
	}
	canvas, err := newPNG(int(across), int(down))
	if err != nil {
		return nil, err
	}
	c.draw(canvas, w, h)
	var b bytes.Buffer
	if err := png.Encode(&b, canvas.picture); err != nil {
		return nil, fmt.Errorf("encode picture: %w", err)
	}
	return b.Bytes(), nil
}

// pngCanvas fills paths into a picture.
type pngCanvas struct {
	picture *image.RGBA
	raster  *vector.Rasterizer
	areas   [][][2]float64 // what fill is to paint, in pixels
	colours map[string]color.RGBA
	styles  map[string]style
	regular *opentype.Font
	bold    *opentype.Font
	faces   map[string]font.Face // by class
}

func newPNG(w, h int) (*pngCanvas, error) {
	c := &pngCanvas{
		picture: image.NewRGBA(image.Rect(0, 0, w, h)), raster: vector.NewRasterizer(0, 0),
		colours: map[string]color.RGBA{}, styles: map[string]style{}, faces: map[string]font.Face{},
	}
	for _, h := range palette() {
		c.colours[h.name] = rgba(h.light)
	}
	for _, s := range styles() {
		c.styles[s.class] = s
	}
	var err error
	if c.regular, err = opentype.Parse(goregular.TTF); err != nil {
		return nil, fmt.Errorf("read font: %w", err)
	}
	if c.bold, err = opentype.Parse(gobold.TTF); err != nil {
		return nil, fmt.Errorf("read font: %w", err)
	}
	draw.Draw(c.picture, c.picture.Bounds(), image.NewUniform(c.colours["surface"]), image.Point{}, draw.Src)
	return c, nil
}

func (c *pngCanvas) begin(data) {}
func (c *pngCanvas) end()       {}

// look is the style of a class; of "c-good c-pale" that of the first, pale.
func (c *pngCanvas) look(class string) (s style, faint bool) {
	first, more, _ := strings.Cut(class, " ")
	return c.styles[first], more == "c-pale"
}

func (c *pngCanvas) shape(class string, p *path) {
	s, faint := c.look(class)
	if s.fill != "" && s.opacity >= 0 {
		for _, l := range p.lines() {
			c.area(l)
		}
		c.fill(s.fill, s.opacity, faint)
	}
	if s.stroke != "" {
		for _, l := range p.lines() {
			for _, piece := range dashes(l, s.dash) {
				c.stroke(piece, s.width)
			}
		}
		c.fill(s.stroke, 0, faint)
	}
}

// fill paints the areas that were gathered, and forgets them.
func (c *pngCanvas) fill(name string, opacity float64, faint bool) {
	colour := c.colours[name]
	if opacity == 0 {
		opacity = 1
	}
	if faint {
		opacity *= pale
	}
	part := func(v uint8) uint8 { return uint8(math.Round(float64(float64(v) * opacity))) }
	colour = color.RGBA{part(colour.R), part(colour.G), part(colour.B), part(255)}
	// The rasterizer works on the part of the picture that the areas are in.
	bounds := image.Rectangle{}
	for i, area := range c.areas {
		for k, p := range area {
			at := image.Rect(int(math.Floor(p[0])), int(math.Floor(p[1])), int(math.Ceil(p[0]))+1, int(math.Ceil(p[1]))+1)
			if i == 0 && k == 0 {
				bounds = at
			}
			bounds = bounds.Union(at)
		}
	}
	bounds = bounds.Intersect(c.picture.Bounds())
	c.raster.Reset(bounds.Dx(), bounds.Dy())
	for _, area := range c.areas {
		for k, p := range area {
			x, y := float32(p[0]-float64(bounds.Min.X)), float32(p[1]-float64(bounds.Min.Y))
			if k == 0 {
				c.raster.MoveTo(x, y)
			} else {
				c.raster.LineTo(x, y)
			}
		}
		c.raster.ClosePath()
	}
	c.raster.Draw(c.picture, bounds, image.NewUniform(colour), image.Point{})
	c.areas = c.areas[:0]
}

// px is a length as pixels.
func px(f float64) float64 { return float64(Pixels * (f + margin)) }

// area gathers a polygon.
func (c *pngCanvas) area(points [][2]float64) {
	area := make([][2]float64, len(points))
	for i, p := range points {
		area[i] = [2]float64{px(p[0]), px(p[1])}
	}
	c.areas = append(c.areas, area)
}

// stroke gathers a line as areas: a box for each piece and a disc where two meet, all in the same
// direction, so that where they overlap they don't cancel out.
func (c *pngCanvas) stroke(points [][2]float64, width float64) {
	half := width / 2
	for i := 1; i < len(points); i++ {
		a, b := points[i-1], points[i]
		dx, dy := b[0]-a[0], b[1]-a[1]
		length := math.Hypot(dx, dy)
		if length == 0 {
			continue
		}
		nx, ny := float64(-dy/length*half), float64(dx/length*half)
		c.area([][2]float64{{a[0] - nx, a[1] - ny}, {b[0] - nx, b[1] - ny}, {b[0] + nx, b[1] + ny}, {a[0] + nx, a[1] + ny}})
		if i > 1 && width > 1 {
			c.area(ring(a[0], a[1], half))
		}
	}
}

// ring is a circle as a polygon.
func ring(x, y, r float64) [][2]float64 {
	const corners = 32
	points := make([][2]float64, corners)
	for i := range points {
		sin, cos := math.Sincos(2 * math.Pi * float64(i) / corners)
		points[i] = [2]float64{x + float64(r*cos), y + float64(r*sin)}
	}
	return points
}

// lines are the lines of a path, a circle and a closed one back to their beginning.
func (p *path) lines() [][][2]float64 {
	var lines [][][2]float64
	for _, s := range p.steps {
		last := len(lines) - 1
		switch s.kind {
		case 'M':
			lines = append(lines, [][2]float64{{s.x, s.y}})
		case 'L':
			lines[last] = append(lines[last], [2]float64{s.x, s.y})
		case 'Z':
			lines[last] = append(lines[last], lines[last][0])
		case 'O':
			points := ring(s.x, s.y, s.r)
			lines = append(lines, append(points, points[0]))
		}
	}
	return lines
}

// dashes cuts a line into the dashes of a pattern: drawn, left out, drawn and so on.
func dashes(line [][2]float64, pattern []float64) [][][2]float64 {
	if len(pattern) == 0 {
		return [][][2]float64{line}
	}
	var pieces [][][2]float64
	at, left := 0, pattern[0]
	piece := [][2]float64{line[0]}
	for i := 1; i < len(line); i++ {
		a, b := line[i-1], line[i]
		length := math.Hypot(b[0]-a[0], b[1]-a[1])
		done := 0.0
		for length-done > left {
			done += left
			cut := [2]float64{a[0] + float64((b[0]-a[0])*done/length), a[1] + float64((b[1]-a[1])*done/length)}
			if at%2 == 0 {
				pieces = append(pieces, append(piece, cut))
			}
			piece = [][2]float64{cut}
			at++
			left = pattern[at%len(pattern)]
		}
		left -= length - done
		piece = append(piece, b)
	}
	if at%2 == 0 {
		pieces = append(pieces, piece)
	}
	return pieces
}

// label writes a text with the Go fonts, which have Latin, Greek and Cyrillic letters; what they
// have not is a box.
func (c *pngCanvas) label(class string, x, y float64, at anchor, s string) {
	look, _ := c.look(class)
	face, ok := c.faces[class]
	if !ok {
		of := c.regular
		if look.bold {
			of = c.bold
		}
		var err error
		if face, err = opentype.NewFace(of, &opentype.FaceOptions{Size: look.size * Pixels, DPI: 72, Hinting: font.HintingNone}); err != nil {
			return
		}
		c.faces[class] = face
	}
	s = strings.Map(func(r rune) rune {
		switch {
		case zeroWidth(r):
			return -1
		case r == '\u202f' || r == '\u00a0':
			return ' '
		}
		return r
	}, s)
	d := font.Drawer{Dst: c.picture, Src: image.NewUniform(c.colours[look.fill]), Face: face}
	start := fixed.I(int(math.Round(px(x))))
	switch width := d.MeasureString(s); at {
	case atMiddle:
		start -= width / 2
	case atEnd:
		start -= width
	}
	d.Dot = fixed.Point26_6{X: start, Y: fixed.I(int(math.Round(px(y))))}
	d.DrawString(s)
}
