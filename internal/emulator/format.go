package emulator

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"html"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Limits of tables, from the description of the API's item formats.
const (
	maxColumns      = 2000
	maxColumnLength = 200
)

const byteOrderMark = "\ufeff"

// contentTypes are those of the formats that items can be read in.
var contentTypes = map[string]string{
	"json":  jsonContentType,
	"jsonl": "application/jsonl; charset=utf-8",
	"csv":   "text/csv; charset=utf-8",
	"html":  "text/html; charset=utf-8",
	"xml":   "application/xml; charset=utf-8",
	"rss":   "application/rss+xml; charset=utf-8",
	"xlsx":  "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}

// output is the form in which a reader wants items.
type output struct {
	format          string
	attachment, bom bool
	// delimiter and skipHeaderRow are of CSV.
	delimiter     rune
	skipHeaderRow bool
	// root and row are the elements of XML.
	root, row string
	// title and description are of RSS; empty means the default.
	title, description string
}

func parseOutput(q *query) output {
	o := output{
		format:        q.choice("format", "json", "json", "jsonl", "csv", "html", "xlsx", "xml", "rss"),
		attachment:    q.boolean("attachment", false),
		delimiter:     ',',
		skipHeaderRow: q.boolean("skipHeaderRow", false),
		root:          "items",
		row:           "item",
		title:         q.Get("feedTitle"),
		description:   q.Get("feedDescription"),
	}
	o.bom = q.boolean("bom", o.format == "csv")
	if delimiter := q.Get("delimiter"); delimiter != "" {
		var size int
		o.delimiter, size = utf8.DecodeRuneInString(delimiter)
		if size != len(delimiter) || o.delimiter == utf8.RuneError || strings.ContainsRune("\"\r\n", o.delimiter) {
			q.invalid("delimiter", "one character")
		}
	}
	for name, element := range map[string]*string{"xmlRoot": &o.root, "xmlRow": &o.row} {
		if value := q.Get(name); value != "" {
			*element = value
		}
	}
	return o
}

func (o output) contentType() string { return contentTypes[o.format] }

// encode writes the items. Columns are what a table has in any case.
func (o output) encode(page itemPage, items []object, columns []string) ([]byte, error) {
	var b bytes.Buffer
	if o.bom && o.format != "xlsx" {
		b.WriteString(byteOrderMark)
	}
	var err error
	switch o.format {
	case "json":
		writeArray(&b, items)
	case "jsonl":
		writeLines(&b, items)
	case "csv":
		err = o.writeCSV(&b, tabulate(items, columns))
	case "html":
		writeHTML(&b, tabulate(items, columns))
	case "xlsx":
		err = writeXLSX(&b, tabulate(items, columns))
	case "xml":
		o.writeXML(&b, items)
	case "rss":
		o.writeRSS(&b, page, items)
	}
	return b.Bytes(), err
}

func writeArray(b *bytes.Buffer, items []object) {
	b.WriteByte('[')
	for i, item := range items {
		if i > 0 {
			b.WriteByte(',')
		}
		item.write(b)
	}
	b.WriteByte(']')
}

func writeLines(b *bytes.Buffer, items []object) {
	for _, item := range items {
		item.write(b)
		b.WriteByte('\n')
	}
}

// table is items as rows of texts; what is null or missing is empty.
type table struct {
	columns []string
	rows    [][]json.RawMessage
}

// tabulate flattens the items, so that what is within objects and arrays has columns of its own, such
// as "outer/inner" and "list/0". The columns of the named fields come first, even empty ones.
func tabulate(items []object, fields []string) table {
	var t table
	flat := make([]object, len(items))
	var found object
	for i, item := range items {
		flat[i] = flatten(item, "/", true)
		for _, m := range flat[i] {
			found = found.with(m.name, nil)
		}
	}
	for _, field := range fields {
		before := len(t.columns)
		for _, m := range found {
			if m.name == field || strings.HasPrefix(m.name, field+"/") {
				t.columns = append(t.columns, m.name)
			}
		}
		if len(t.columns) == before {
			t.columns = append(t.columns, field)
		}
	}
	for _, m := range found {
		if !slices.Contains(t.columns, m.name) {
			t.columns = append(t.columns, m.name)
		}
	}
	t.columns = t.columns[:min(len(t.columns), maxColumns)]
	for _, item := range flat {
		row := make([]json.RawMessage, len(t.columns))
		for i, column := range t.columns {
			if at := item.index(column); at >= 0 {
				row[i] = item[at].value
			}
		}
		t.rows = append(t.rows, row)
	}
	for i, column := range t.columns {
		if utf8.RuneCountInString(column) > maxColumnLength {
			t.columns[i] = string([]rune(column)[:maxColumnLength])
		}
	}
	return t
}

// indexed reads an array as an object with the names 0, 1 and so on; of anything else it is nil.
func indexed(value json.RawMessage) object {
	var elements []json.RawMessage
	if json.Unmarshal(value, &elements) != nil {
		return nil
	}
	var o object
	for i, element := range elements {
		o = append(o, member{strconv.Itoa(i), element})
	}
	return o
}

// text is a value as a person would write it: a string without quotes, null as nothing.
func text(value json.RawMessage) string {
	var s *string
	if json.Unmarshal(value, &s) != nil {
		return string(value)
	}
	if s == nil {
		return ""
	}
	return *s
}

func texts(row []json.RawMessage) []string {
	all := make([]string, len(row))
	for i, value := range row {
		if value != nil {
			all[i] = text(value)
		}
	}
	return all
}

func (o output) writeCSV(b *bytes.Buffer, t table) error {
	w := csv.NewWriter(b)
	w.Comma = o.delimiter
	if !o.skipHeaderRow && len(t.columns) > 0 {
		if err := w.Write(t.columns); err != nil {
			return err
		}
	}
	for _, row := range t.rows {
		if err := w.Write(texts(row)); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}

func writeHTML(b *bytes.Buffer, t table) {
	b.WriteString("<table>")
	writeCells(b, "th", t.columns)
	for _, row := range t.rows {
		writeCells(b, "td", texts(row))
	}
	b.WriteString("</table>")
}

func writeCells(b *bytes.Buffer, element string, cells []string) {
	b.WriteString("<tr>")
	for _, cell := range cells {
		b.WriteString("<" + element + ">" + html.EscapeString(cell) + "</" + element + ">")
	}
	b.WriteString("</tr>")
}
