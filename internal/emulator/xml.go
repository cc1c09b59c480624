package emulator

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"regexp"
	"strings"
)

const xmlDeclaration = `<?xml version="1.0" encoding="UTF-8"?>`

// notInXMLNames are the characters that the name of an element can't have anywhere.
var notInXMLNames = regexp.MustCompile(`[^\pL\pN_.-]`)

func (o output) writeXML(b *bytes.Buffer, items []object) {
	b.WriteString(xmlDeclaration + "\n")
	root := xmlName(o.root)
	b.WriteString("<" + root + ">")
	o.writeRows(b, items)
	b.WriteString("</" + root + ">")
}

func (o output) writeRSS(b *bytes.Buffer, page itemPage, items []object) {
	title, description := o.title, o.description
	if title == "" {
		title = "Dataset " + page.label
	}
	if description == "" {
		description = fmt.Sprintf("Items in dataset with id %q.", page.id)
	}
	b.WriteString(xmlDeclaration + "\n" + `<rss version="2.0"><channel><title>`)
	escapeXML(b, title)
	b.WriteString("</title><description>")
	escapeXML(b, description)
	b.WriteString("</description>")
	o.row = "item"
	o.writeRows(b, items)
	b.WriteString("</channel></rss>")
}

func (o output) writeRows(b *bytes.Buffer, items []object) {
	for _, item := range items {
		writeElement(b, o.row, item)
	}
}

// writeElement writes an object as an element: the properties of its property "@" are attributes, its
// other ones child elements, and without any of those the property "#" is the text.
func writeElement(b *bytes.Buffer, name string, o object) {
	name = xmlName(name)
	b.WriteString("<" + name)
	if at := o.index("@"); at >= 0 {
		for _, attribute := range parseObject(o[at].value) {
			b.WriteString(" " + xmlName(attribute.name) + `="`)
			escapeXML(b, text(attribute.value))
			b.WriteString(`"`)
		}
	}
	children := o.without(func(m member) bool { return m.name == "@" || m.name == "#" })
	content := ""
	if at := o.index("#"); at >= 0 && len(children) == 0 {
		content = text(o[at].value)
	}
	if len(children) == 0 && content == "" {
		b.WriteString("/>")
		return
	}
	b.WriteString(">")
	escapeXML(b, content)
	for _, child := range children {
		writeValue(b, child)
	}
	b.WriteString("</" + name + ">")
}

// writeValue writes a property: an array as one element for each of its own.
func writeValue(b *bytes.Buffer, m member) {
	if elements := indexed(m.value); elements != nil {
		for _, element := range elements {
			writeValue(b, member{m.name, element.value})
		}
		return
	}
	o := parseObject(m.value)
	if o == nil {
		o = object{{"#", m.value}}
	}
	writeElement(b, m.name, o)
}

func escapeXML(b *bytes.Buffer, content string) {
	// Writing to a buffer never fails.
	_ = xml.EscapeText(b, []byte(content))
}

// xmlName makes any text the name of an element.
func xmlName(text string) string {
	name := notInXMLNames.ReplaceAllString(text, "_")
	if name == "" || strings.ContainsAny(name[:1], "0123456789.-") {
		return "_" + name
	}
	return name
}
