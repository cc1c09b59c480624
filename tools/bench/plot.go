package main

import (
	"errors"
	"image/color"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The plot's size; GitHub shows README pictures some 830 pixels wide.
const (
	plotWidth  = 25 * vg.Centimeter
	plotHeight = 10 * vg.Centimeter
)

// styles tell the subjects apart, by colour (of Okabe and Ito's palette, made for
// all kinds of colour vision) and by shape.
var styles = map[string]struct {
	color  color.Color
	dashes []vg.Length
	shape  draw.GlyphDrawer
}{
	nameTerraformData:  {color.RGBA{R: 0x88, G: 0x88, B: 0x88, A: 0xff}, []vg.Length{2, 2}, draw.CrossGlyph{}},
	nameTimeStatic:     {color.RGBA{R: 0xd5, G: 0x5e, A: 0xff}, nil, draw.TriangleGlyph{}},
	nameDataset:        {color.RGBA{G: 0x72, B: 0xb2, A: 0xff}, nil, draw.CircleGlyph{}},
	nameDatasetNoDelay: {color.RGBA{R: 0x56, G: 0xb4, B: 0xe9, A: 0xff}, []vg.Length{5, 3}, draw.RingGlyph{}},
}

// plot draws the wall times as an SVG file, a panel for each operation.
func (r *report) plot(name string) (err error) {
	var panels []*plot.Plot
	for _, o := range []operation{opPlan, opApply, opDestroy} {
		panel, err := r.panel(o)
		if err != nil {
			return err
		}
		panels = append(panels, panel)
	}
	panels[0].Y.Label.Text = "seconds"
	shareYAxis(panels)

	canvas := vgsvg.New(plotWidth, plotHeight)
	tiles := draw.Tiles{Rows: 1, Cols: len(panels), PadX: vg.Centimeter / 2, PadTop: 2, PadBottom: 2, PadLeft: 2, PadRight: 8}
	whole := draw.New(canvas)
	whole.SetColor(color.White)
	whole.Fill(whole.Rectangle.Path())
	for i, c := range plot.Align([][]*plot.Plot{panels}, tiles, whole)[0] {
		panels[i].Draw(c)
	}
	file, err := os.Create(name) //nolint:gosec // told on the command line
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	_, err = canvas.WriteTo(file)
	return err
}

func (r *report) panel(o operation) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = o.description()
	p.Title.Padding = 6
	p.X.Label.Text = "resources"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.LogTicks{Prec: -1}, plot.LogTicks{Prec: -1}
	p.Legend.Top, p.Legend.Left = true, true
	p.Legend.Padding = 2
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = color.Gray{Y: 0xe0}, color.Gray{Y: 0xe0}
	p.Add(grid)
	for _, name := range r.subjects() {
		var points plotter.XYs
		for _, size := range r.sizes {
			if s := r.find(o, size, name); s != nil {
				points = append(points, plotter.XY{X: float64(size), Y: s.wall().Seconds()})
			}
		}
		line, dots, err := plotter.NewLinePoints(points)
		if err != nil {
			return nil, err
		}
		style := styles[name]
		line.Color, line.Width, line.Dashes = style.color, 1.5, style.dashes
		dots.Color, dots.Shape, dots.Radius = style.color, style.shape, 3
		p.Add(line, dots)
		if o == opPlan { // once for all panels
			p.Legend.Add(name, line, dots)
		}
	}
	return p, nil
}

// shareYAxis makes the panels comparable.
func shareYAxis(panels []*plot.Plot) {
	least, most := panels[0].Y.Min, panels[0].Y.Max
	for _, p := range panels {
		least, most = min(least, p.Y.Min), max(most, p.Y.Max)
	}
	for _, p := range panels {
		p.Y.Min, p.Y.Max = least, most
	}
}
