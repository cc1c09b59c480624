package main

import (
	"errors"
	"image/color"
	"os"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// The size of the picture. GitHub displays pictures in a README about 830 pixels wide.
const (
	plotWidth   = 28 * vg.Centimeter
	plotHeight  = 10 * vg.Centimeter
	legendWidth = 6 * vg.Centimeter
	margin      = vg.Centimeter / 2
)

// styles distinguishes the subjects by color and by shape. The colors are from the palette of Okabe
// and Ito, which people with any kind of color vision can distinguish.
var styles = map[string]struct {
	color  color.Color
	dashes []vg.Length
	shape  draw.GlyphDrawer
}{
	nameTerraformData:    {color.RGBA{R: 0x88, G: 0x88, B: 0x88, A: 0xff}, []vg.Length{2, 2}, draw.CrossGlyph{}},
	nameEcho:             {color.RGBA{G: 0x9e, B: 0x73, A: 0xff}, nil, draw.SquareGlyph{}},
	nameTimeStatic:       {color.RGBA{R: 0xd5, G: 0x5e, A: 0xff}, nil, draw.TriangleGlyph{}},
	nameDataset:          {color.RGBA{G: 0x72, B: 0xb2, A: 0xff}, nil, draw.CircleGlyph{}},
	nameDatasetNoLatency: {color.RGBA{R: 0x56, G: 0xb4, B: 0xe9, A: 0xff}, []vg.Length{5, 3}, draw.RingGlyph{}},
}

// plot writes an SVG file with the wall times, in one panel for each operation.
func (r *report) plot(name string) (err error) {
	plot.DefaultFont = font.Font{Typeface: "Liberation", Variant: "Sans"}
	var panels []*plot.Plot
	for _, o := range r.operations() {
		panel, err := r.panel(o)
		if err != nil {
			return err
		}
		panels = append(panels, panel)
	}
	shareYAxis(panels)
	// The legends of all panels are the same, so one next to the panels is enough.
	legend := panels[0].Legend
	legend.Left, legend.Top, legend.Padding = true, true, 4
	for _, p := range panels {
		p.Legend = plot.NewLegend()
	}

	canvas := vgsvg.New(plotWidth, plotHeight)
	whole := draw.New(canvas)
	whole.SetColor(color.White)
	whole.Fill(whole.Path())
	legend.Draw(draw.Crop(whole, plotWidth-legendWidth, 0, 0, -3*margin))
	area := draw.Crop(whole, margin, -legendWidth-margin, margin, -margin)
	tiles := draw.Tiles{Rows: 1, Cols: len(panels), PadX: margin}
	for i, c := range plot.Align([][]*plot.Plot{panels}, tiles, area)[0] {
		panels[i].Draw(c)
	}
	file, err := os.Create(name) //nolint:gosec // a command-line option of the benchmark
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	_, err = canvas.WriteTo(file)
	return err
}

// shareYAxis makes the panels comparable. No point is at an end of the axis: a panel would need
// more room for it than the others, and their titles would not be on one line.
func shareYAxis(panels []*plot.Plot) {
	least, most := panels[0].Y.Min, panels[0].Y.Max
	for _, p := range panels {
		least, most = min(least, p.Y.Min), max(most, p.Y.Max)
	}
	for _, p := range panels {
		p.Y.Min, p.Y.Max = least/1.5, most*1.5
	}
}

// panel returns the plot of the subjects' wall times for one operation.
func (r *report) panel(o operation) (*plot.Plot, error) {
	p := plot.New()
	p.Title.Text = o.description()
	p.X.Label.Text, p.Y.Label.Text = "resources", "seconds"
	p.X.Scale, p.Y.Scale = plot.LogScale{}, plot.LogScale{}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.LogTicks{Prec: -1}, plot.LogTicks{Prec: -1}
	grid := plotter.NewGrid()
	grid.Vertical.Color, grid.Horizontal.Color = color.Gray{Y: 0xd8}, color.Gray{Y: 0xd8}
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
		p.Legend.Add(name, line, dots)
	}
	return p, nil
}
