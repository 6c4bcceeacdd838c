package chart

import (
	"bytes"
	"image"
	"image/draw"
	"image/png"
)

// PNG draws a chart as a picture with light colours, at two pixels a unit, for messages.
func PNG(c Chart, size Size) ([]byte, error) {
	w, h := size.of(c)
	picture := image.NewRGBA(image.Rect(0, 0, int(2*w), int(2*h)))
	for _, p := range palette() {
		if p.name == "surface" {
			draw.Draw(picture, picture.Bounds(), image.NewUniform(rgba(p.light)), image.Point{}, draw.Src)
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, picture); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}
