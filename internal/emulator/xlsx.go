package emulator

import (
	"archive/zip"
	"bytes"
	"encoding/json"
)

// xlsxParts are the files of the smallest workbook with one sheet, but for the sheet.
var xlsxParts = []struct{ name, content string }{
	{"[Content_Types].xml", xmlDeclaration +
		`<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">` +
		`<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>` +
		`<Default Extension="xml" ContentType="application/xml"/>` +
		`<Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>` +
		`<Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/>` +
		`</Types>`},
	{"_rels/.rels", xmlDeclaration +
		`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/officeDocument" Target="xl/workbook.xml"/>` +
		`</Relationships>`},
	{"xl/workbook.xml", xmlDeclaration +
		`<workbook xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" xmlns:r="http://schemas.openxmlformats.org/officeDocument/2006/relationships">` +
		`<sheets><sheet name="Data" sheetId="1" r:id="rId1"/></sheets></workbook>`},
	{"xl/_rels/workbook.xml.rels", xmlDeclaration +
		`<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">` +
		`<Relationship Id="rId1" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/worksheet" Target="worksheets/sheet1.xml"/>` +
		`</Relationships>`},
}

func writeXLSX(b *bytes.Buffer, t table) error {
	archive := zip.NewWriter(b)
	for _, part := range xlsxParts {
		if err := addFile(archive, part.name, []byte(part.content)); err != nil {
			return err
		}
	}
	var sheet bytes.Buffer
	sheet.WriteString(xmlDeclaration + `<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>`)
	if len(t.columns) > 0 {
		sheet.WriteString("<row>")
		for _, column := range t.columns {
			writeTextCell(&sheet, column)
		}
		sheet.WriteString("</row>")
	}
	for _, row := range t.rows {
		sheet.WriteString("<row>")
		for _, value := range row {
			writeCell(&sheet, value)
		}
		sheet.WriteString("</row>")
	}
	sheet.WriteString("</sheetData></worksheet>")
	if err := addFile(archive, "xl/worksheets/sheet1.xml", sheet.Bytes()); err != nil {
		return err
	}
	return archive.Close()
}

func addFile(archive *zip.Writer, name string, content []byte) error {
	w, err := archive.Create(name)
	if err != nil {
		return err
	}
	_, err = w.Write(content)
	return err
}

// writeCell writes numbers as such, and everything else as text.
func writeCell(b *bytes.Buffer, value json.RawMessage) {
	var number *json.Number
	switch {
	case value == nil || string(value) == "null":
		b.WriteString("<c/>")
	case value[0] != '"' && json.Unmarshal(value, &number) == nil:
		b.WriteString("<c><v>" + number.String() + "</v></c>")
	default:
		writeTextCell(b, text(value))
	}
}

func writeTextCell(b *bytes.Buffer, content string) {
	b.WriteString(`<c t="inlineStr"><is><t xml:space="preserve">`)
	escapeXML(b, content)
	b.WriteString("</t></is></c>")
}
