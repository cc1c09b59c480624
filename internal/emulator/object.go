package emulator

import (
	"bytes"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
)

// member is a property of an item.
type member struct {
	name  string
	value json.RawMessage
}

// hidden reports whether clean items lack the property.
func (m member) hidden() bool {
	return strings.HasPrefix(m.name, "#")
}

// object is an item with its properties in their order, which the API keeps.
type object []member

// parseObject returns nil if data is not a JSON object.
func parseObject(data json.RawMessage) object {
	decoder := json.NewDecoder(bytes.NewReader(data))
	if token, err := decoder.Token(); err != nil || token != json.Delim('{') {
		return nil
	}
	result := object{}
	for decoder.More() {
		token, err := decoder.Token()
		name, ok := token.(string)
		if err != nil || !ok {
			return nil
		}
		var value json.RawMessage
		if decoder.Decode(&value) != nil {
			return nil
		}
		result = result.with(name, value)
	}
	return result
}

// parseArray returns an array as an object with the names 0, 1 and so on, or nil if value is not a
// JSON array.
func parseArray(value json.RawMessage) object {
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

// index returns the index of a property, or -1.
func (o object) index(name string) int {
	return slices.IndexFunc(o, func(m member) bool { return m.name == name })
}

// with sets a property. It keeps the position of a property that exists.
func (o object) with(name string, value json.RawMessage) object {
	if i := o.index(name); i >= 0 {
		o[i].value = value
		return o
	}
	return append(o, member{name, value})
}

// without returns a copy without some of the properties.
func (o object) without(remove func(member) bool) object {
	return slices.DeleteFunc(slices.Clone(o), remove)
}

// writeJSON writes the properties in their order.
func (o object) writeJSON(b *bytes.Buffer) {
	b.WriteByte('{')
	for i, m := range o {
		if i > 0 {
			b.WriteByte(',')
		}
		// A string can always be encoded.
		name, _ := encodeJSON(m.name)
		b.Write(name)
		b.WriteByte(':')
		b.Write(m.value)
	}
	b.WriteByte('}')
}

// flatten replaces all objects within an object, and if arrays is true all arrays, with their
// members, whose names are joined with the separator. It keeps empty ones.
func (o object) flatten(separator string, arrays bool) object {
	var flat object
	for _, m := range o {
		inner := parseObject(m.value)
		if arrays {
			inner = append(inner, parseArray(m.value)...)
		}
		if len(inner) == 0 {
			flat = flat.with(m.name, m.value)
			continue
		}
		for _, n := range inner.flatten(separator, arrays) {
			flat = flat.with(m.name+separator+n.name, n.value)
		}
	}
	return flat
}

// omit returns a copy without a property, which can be a property of an inner object:
// "outer.inner".
func (o object) omit(path string) object {
	if o.index(path) >= 0 {
		return o.without(func(m member) bool { return m.name == path })
	}
	outer, inner, nested := strings.Cut(path, ".")
	at := o.index(outer)
	if !nested || at < 0 {
		return o
	}
	within := parseObject(o[at].value)
	if within == nil {
		return o
	}
	var value bytes.Buffer
	within.omit(inner).writeJSON(&value)
	return slices.Clone(o).with(outer, value.Bytes())
}
