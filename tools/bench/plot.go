package main

import (
	"image/color"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
)

// plot writes an SVG file with the time of a plan by the number of datasets.
func (r *report) plot(name string) error {
	plot.DefaultFont = font.Font{Typeface: "Liberation", Variant: "Sans"}
	p := plot.New()
	p.BackgroundColor = color.White
	p.Title.Text = "Plan without changes"
	p.X.Label.Text, p.Y.Label.Text = "datasets", "seconds"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.LogTicks{Prec: -1}, plot.LogTicks{Prec: -1}
	p.Legend.Top, p.Legend.Left = true, true
	p.Add(plotter.NewGrid())
	// The colors are from the palette of Okabe and Ito, which people with any kind of color vision can
	// distinguish.
	for _, line := range []struct {
		name    string
		samples func(*result) []sample
		color   color.Color
		shape   draw.GlyphDrawer
	}{
		{"apify_dataset", func(r *result) []sample { return r.apify }, color.RGBA{G: 0x72, B: 0xb2, A: 0xff}, draw.CircleGlyph{}},
		{"echo_dataset", func(r *result) []sample { return r.echo }, color.RGBA{G: 0x9e, B: 0x73, A: 0xff}, draw.SquareGlyph{}},
	} {
		var points plotter.XYs
		for _, one := range r.results {
			if one.operation == "plan" {
				points = append(points, plotter.XY{X: float64(one.size), Y: wall(line.samples(one)).Seconds()})
			}
		}
		lines, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return err
		}
		lines.Color, lines.Width = line.color, 1.5
		dots.Color, dots.Shape, dots.Radius = line.color, line.shape, 3
		p.Add(lines, dots)
		p.Legend.Add(line.name, lines, dots)
	}
	// A single size would give axes of length zero.
	p.X.Min, p.X.Max, p.Y.Min, p.Y.Max = p.X.Min/1.5, p.X.Max*1.5, p.Y.Min/1.5, p.Y.Max*1.5
	return p.Save(16*vg.Centimeter, 10*vg.Centimeter, name)
}
