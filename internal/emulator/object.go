package emulator

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
)

// member is one property of an item.
type member struct {
	name  string
	value json.RawMessage
}

// hidden tells whether the API leaves the property out of clean items.
func (m member) hidden() bool {
	return strings.HasPrefix(m.name, "#")
}

// object is an item with its properties in their order, which the API keeps.
type object []member

// parseObject reads a JSON object; of anything else it returns nil.
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

// index tells where the property is, or -1.
func (o object) index(name string) int {
	return slices.IndexFunc(o, func(m member) bool { return m.name == name })
}

// with sets a property, in its place if it is there already.
func (o object) with(name string, value json.RawMessage) object {
	if i := o.index(name); i >= 0 {
		o[i].value = value
		return o
	}
	return append(o, member{name, value})
}

// without leaves out the properties for which drop says so.
func (o object) without(drop func(member) bool) object {
	return slices.DeleteFunc(slices.Clone(o), drop)
}

// write writes the object as JSON, with the properties in their order.
func (o object) write(b *bytes.Buffer) {
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
