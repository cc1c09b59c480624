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

// The plot's size; GitHub shows README pictures some 830 pixels wide.
const (
	plotWidth  = 25 * vg.Centimeter
	plotHeight = 11 * vg.Centimeter
	headHeight = 1.5 * vg.Centimeter // for the legend and the panels' titles
	margin     = vg.Centimeter / 2
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
	plot.DefaultFont = font.Font{Typeface: "Liberation", Variant: "Sans"}
	operations := r.operations()
	var panels []*plot.Plot
	for _, o := range operations {
		panel, err := r.panel(o)
		if err != nil {
			return err
		}
		panels = append(panels, panel)
	}
	panels[0].Y.Label.Text = "seconds"
	shareYAxis(panels)

	canvas := vgsvg.New(plotWidth, plotHeight)
	whole := draw.New(canvas)
	whole.SetColor(color.White)
	whole.Fill(whole.Path())
	r.drawLegend(draw.Crop(whole, margin, -margin, 0, -margin/2))

	tiles := draw.Tiles{Rows: 1, Cols: len(panels), PadX: margin, PadTop: headHeight, PadRight: margin}
	for i, c := range plot.Align([][]*plot.Plot{panels}, tiles, whole)[0] {
		panels[i].Draw(c)
		// The panels' own titles do not come out on one line.
		area := panels[i].DataCanvas(c)
		c.FillText(panels[i].Title.TextStyle, vg.Point{X: area.Center().X, Y: area.Max.Y + headHeight/4}, operations[i].description())
	}
	file, err := os.Create(name) //nolint:gosec // told on the command line
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	_, err = canvas.WriteTo(file)
	return err
}

// panel has the subjects' times for one operation.
func (r *report) panel(o operation) (*plot.Plot, error) {
	p := plot.New()
	p.X.Label.Text = "resources"
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
		line, dots, err := styled(name, points)
		if err != nil {
			return nil, err
		}
		p.Add(line, dots)
	}
	return p, nil
}

func styled(subject string, points plotter.XYs) (*plotter.Line, *plotter.Scatter, error) {
	line, dots, err := plotter.NewLinePoints(points)
	if err != nil {
		return nil, nil, err
	}
	style := styles[subject]
	line.Color, line.Width, line.Dashes = style.color, 1.5, style.dashes
	dots.Color, dots.Shape, dots.Radius = style.color, style.shape, 3
	return line, dots, nil
}

// drawLegend names the subjects in one row.
func (r *report) drawLegend(c draw.Canvas) {
	for _, name := range r.subjects() {
		line, dots, err := styled(name, plotter.XYs{{}})
		if err != nil {
			continue // one point can always be plotted
		}
		legend := plot.NewLegend()
		legend.Left, legend.Top = true, true
		legend.Add(name, line, dots)
		legend.Draw(c)
		c.Min.X += legend.ThumbnailWidth + legend.TextStyle.Width(name) + 2*margin
	}
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
