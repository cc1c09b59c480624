package emulator

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"
)

// The limits of tables, from the description of the items endpoint in Apify's OpenAPI document.
const (
	maxColumns      = 2000
	maxColumnLength = 200
)

// table has items as rows. A cell is empty if the item's property is null or absent.
type table struct {
	columns []string
	rows    [][]string
}

// tabulate flattens items, so that the values within objects and arrays have columns of their own,
// such as "outer/inner" and "list/0". The columns of the fields come first, even empty ones.
func tabulate(items []object, fields []string) table {
	flat := make([]object, len(items))
	var names []string
	for i, item := range items {
		flat[i] = item.flatten("/", true)
		for _, m := range flat[i] {
			if !slices.Contains(names, m.name) {
				names = append(names, m.name)
			}
		}
	}
	var t table
	for _, field := range fields {
		before := len(t.columns)
		for _, name := range names {
			if name == field || strings.HasPrefix(name, field+"/") {
				t.columns = append(t.columns, name)
			}
		}
		if len(t.columns) == before {
			t.columns = append(t.columns, field)
		}
	}
	for _, name := range names {
		if !slices.Contains(t.columns, name) {
			t.columns = append(t.columns, name)
		}
	}
	t.columns = t.columns[:min(len(t.columns), maxColumns)]
	for _, item := range flat {
		row := make([]string, len(t.columns))
		for i, column := range t.columns {
			if at := item.index(column); at >= 0 {
				row[i] = cellText(item[at].value)
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

// cellText returns a string without quotes, an empty text for null, and the JSON of other values.
func cellText(value json.RawMessage) string {
	var s *string
	if json.Unmarshal(value, &s) != nil {
		return string(value)
	}
	if s == nil {
		return ""
	}
	return *s
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
		if err := w.Write(row); err != nil {
			return err
		}
	}
	w.Flush()
	return w.Error()
}
