package emulator

import (
	"bytes"
	"encoding/json"
	"maps"
	"slices"
	"strings"
)

// transformation is what a reader of items can have done to them, from the query or from a view of
// the dataset's schema.
type transformation struct {
	offset, limit int // limit 0 is none
	desc          bool

	unwind, flatten      []string
	fields, outputFields []string
	omit                 []string
	skipHidden           bool
	skipEmpty            bool
	skipFailedPages      bool

	// view names where to take from what the query does not set.
	view string
	// set tells which parameters the query sets.
	set func(name string) bool
}

func parseTransformation(q *query) transformation {
	clean := q.boolean("clean", false)
	t := transformation{
		offset:          q.number("offset"),
		limit:           q.number("limit"),
		desc:            q.boolean("desc", false),
		unwind:          q.list("unwind"),
		flatten:         q.list("flatten"),
		fields:          q.list("fields"),
		outputFields:    q.list("outputFields"),
		omit:            q.list("omit"),
		skipHidden:      q.boolean("skipHidden", false) || clean,
		skipEmpty:       q.boolean("skipEmpty", false) || clean,
		skipFailedPages: q.boolean("skipFailedPages", false),
		view:            q.Get("view"),
		set:             q.Has,
	}
	if len(t.outputFields) > 0 && len(t.outputFields) != len(t.fields) {
		q.invalid("outputFields", "as many names as fields")
	}
	if q.boolean("simplified", false) {
		t.fields = []string{"url", "pageFunctionResult", "errorInfo"}
		t.unwind = []string{"pageFunctionResult"}
	}
	return t
}

// adopt takes what the query does not set from the view that it names.
func (t *transformation) adopt(schema json.RawMessage) error {
	if t.view == "" {
		return nil
	}
	if schema == nil {
		return errInvalid("dataset-does-not-have-schema", "The dataset has no schema, and so no views.")
	}
	var parsed struct {
		Views map[string]struct {
			Transformation struct {
				Unwind, Flatten, Fields, Omit []string
				Limit                         uint32
				Desc                          bool
			}
		}
	}
	if err := json.Unmarshal(schema, &parsed); err != nil {
		return errInvalid("dataset-schema-invalid", "The views of the dataset's schema can't be read.")
	}
	view, ok := parsed.Views[t.view]
	if !ok {
		return errInvalid("requested-dataset-view-does-not-exist", "The dataset's schema has no view %q.", t.view)
	}
	from := view.Transformation
	for _, list := range []struct {
		name     string
		from, to *[]string
	}{
		{"unwind", &from.Unwind, &t.unwind},
		{"flatten", &from.Flatten, &t.flatten},
		{"fields", &from.Fields, &t.fields},
		{"omit", &from.Omit, &t.omit},
	} {
		if !t.set(list.name) {
			*list.to = *list.from
		}
	}
	if !t.set("limit") {
		t.limit = int(from.Limit)
	}
	if !t.set("desc") {
		t.desc = from.Desc
	}
	return nil
}

// columns are the properties that a table has in any case, in their order.
func (t *transformation) columns() []string {
	if len(t.outputFields) > 0 {
		return t.outputFields
	}
	return t.fields
}

// apply makes what is read of what is stored. Unwinding and flattening come first, since the fields of
// a view are those that they make; but a field that was unwound or flattened stands for these as
// well, which is what the parameter simplified builds on.
func (t *transformation) apply(items []json.RawMessage) []object {
	results := []object{}
	for _, item := range items {
		stored := parseObject(item)
		if t.skipFailedPages && stored.index("errorInfo") >= 0 {
			continue
		}
		for _, o := range t.unwound(derivation{object: stored}) {
			for _, field := range t.flatten {
				o = o.flattened(field)
			}
			result := t.picked(o)
			for _, path := range t.omit {
				result = result.omitted(path)
			}
			if t.skipHidden {
				result = result.without(member.hidden)
			}
			if len(result) > 0 || !t.skipEmpty {
				results = append(results, result)
			}
		}
	}
	return results
}

// derivation is an item, and which properties were made from which field of the stored one.
type derivation struct {
	object
	made map[string][]string
}

// replaced puts properties in the place of a field that they were made from.
func (d derivation) replaced(field string, members object) derivation {
	at := d.index(field)
	result := append(object{}, d.object[:at]...)
	names := make([]string, len(members))
	for i, m := range members {
		names[i] = m.name
		result = result.with(m.name, m.value)
	}
	for _, m := range d.object[at+1:] {
		if members.index(m.name) < 0 {
			result = result.with(m.name, m.value)
		}
	}
	made := map[string][]string{field: names}
	maps.Copy(made, d.made)
	return derivation{result, made}
}

// unwound unwinds one field after the other.
func (t *transformation) unwound(d derivation) []derivation {
	all := []derivation{d}
	for _, field := range t.unwind {
		var next []derivation
		for _, d := range all {
			next = append(next, d.unwound(field)...)
		}
		all = next
	}
	return all
}

// unwound makes one item of every element of an array, and merges an object into the item. Elements
// that can't be merged take the array's place.
func (d derivation) unwound(field string) []derivation {
	at := d.index(field)
	if at < 0 {
		return []derivation{d}
	}
	value := d.object[at].value
	if members := parseObject(value); members != nil {
		return []derivation{d.replaced(field, members)}
	}
	var elements []json.RawMessage
	if err := json.Unmarshal(value, &elements); err != nil || elements == nil {
		return []derivation{d}
	}
	all := make([]derivation, len(elements))
	for i, element := range elements {
		members := parseObject(element)
		if members == nil {
			members = object{{field, element}}
		}
		all[i] = d.replaced(field, members)
	}
	return all
}

// flattened makes properties such as "field.inner" of a field that is an object.
func (d derivation) flattened(field string) derivation {
	at := d.index(field)
	if at < 0 {
		return d
	}
	members := flatten(object{d.object[at]}, ".", false)
	return d.replaced(field, members)
}

// flatten makes one level of objects within objects, and of arrays too if told so, by joining the
// names. Empty ones stay as they are.
func flatten(o object, separator string, arrays bool) object {
	var flat object
	for _, m := range o {
		inner := parseObject(m.value)
		if arrays {
			inner = append(inner, indexed(m.value)...)
		}
		if len(inner) == 0 {
			flat = flat.with(m.name, m.value)
			continue
		}
		for _, n := range flatten(inner, separator, arrays) {
			flat = flat.with(m.name+separator+n.name, n.value)
		}
	}
	return flat
}

// picked keeps the fields that were asked for, in that order and by the names that were asked for.
func (t *transformation) picked(d derivation) object {
	if len(t.fields) == 0 {
		return d.object
	}
	result := object{}
	for i, field := range t.fields {
		if at := d.index(field); at >= 0 {
			name := field
			if len(t.outputFields) > 0 {
				name = t.outputFields[i]
			}
			result = result.with(name, d.object[at].value)
			continue
		}
		for _, name := range d.made[field] {
			if at := d.index(name); at >= 0 {
				result = result.with(name, d.object[at].value)
			}
		}
	}
	return result
}

// omitted leaves out a property, which may be one within others: "outer.inner".
func (o object) omitted(path string) object {
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
	within.omitted(inner).write(&value)
	return slices.Clone(o).with(outer, value.Bytes())
}
