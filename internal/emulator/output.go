package emulator

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"
)

const byteOrderMark = "\ufeff"

// The formats of items. The emulator renders the formats that Apify's own clients read.
const (
	formatJSON  = "json"
	formatJSONL = "jsonl"
	formatCSV   = "csv"
)

var (
	renderedFormats = []string{formatJSON, formatJSONL, formatCSV}
	otherFormats    = []string{"html", "xlsx", "xml", "rss"}
)

// output has the parameters for the format of items.
type output struct {
	format          string
	attachment, bom bool
	// delimiter and skipHeaderRow apply to CSV.
	delimiter     rune
	skipHeaderRow bool
}

func parseOutput(q *query) output {
	o := output{
		format:        q.choice("format", formatJSON, slices.Concat(renderedFormats, otherFormats)...),
		attachment:    q.boolean("attachment", false),
		delimiter:     ',',
		skipHeaderRow: q.boolean("skipHeaderRow", false),
	}
	o.bom = q.boolean("bom", o.format == formatCSV)
	if delimiter := q.Get("delimiter"); delimiter != "" {
		var size int
		o.delimiter, size = utf8.DecodeRuneInString(delimiter)
		if size != len(delimiter) || o.delimiter == utf8.RuneError || strings.ContainsRune("\"\r\n", o.delimiter) {
			q.invalid("delimiter", "one character")
		}
	}
	return o
}

func (o output) rendered() bool { return slices.Contains(renderedFormats, o.format) }

func (o output) contentType() string {
	switch o.format {
	case formatJSONL:
		return "application/jsonl; charset=utf-8"
	case formatCSV:
		return "text/csv; charset=utf-8"
	}
	return jsonContentType
}

// encode renders items. The table of a CSV file has the columns even if no item has the property.
func (o output) encode(items []object, columns []string) ([]byte, error) {
	var b bytes.Buffer
	if o.bom {
		b.WriteString(byteOrderMark)
	}
	switch o.format {
	case formatJSONL:
		for _, item := range items {
			item.writeJSON(&b)
			b.WriteByte('\n')
		}
	case formatCSV:
		if err := o.writeCSV(&b, tabulate(items, columns)); err != nil {
			return nil, err
		}
	default:
		b.WriteByte('[')
		for i, item := range items {
			if i > 0 {
				b.WriteByte(',')
			}
			item.writeJSON(&b)
		}
		b.WriteByte(']')
	}
	return b.Bytes(), nil
}
