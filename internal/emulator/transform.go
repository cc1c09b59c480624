package emulator

import (
	"encoding/json"
	"maps"
)

// transformation has the parameters that select and change items. They come from the query or from
// a view of the dataset's schema.
type transformation struct {
	// A limit of 0 is no limit.
	offset, limit int64
	desc          bool

	unwindFields, flattenFields []string
	fields, outputFields        []string
	omitPaths                   []string
	skipHidden                  bool
	skipEmpty                   bool
	skipFailedPages             bool

	// view is the name of the view that has the parameters which the query does not set.
	view string
	// isSet reports whether the query sets a parameter.
	isSet func(name string) bool
}

func parseTransformation(q *query) transformation {
	clean := q.boolean("clean", false)
	t := transformation{
		offset:          q.number("offset"),
		limit:           q.number("limit"),
		desc:            q.boolean("desc", false),
		unwindFields:    q.list("unwind"),
		flattenFields:   q.list("flatten"),
		fields:          q.list("fields"),
		outputFields:    q.list("outputFields"),
		omitPaths:       q.list("omit"),
		skipHidden:      q.boolean("skipHidden", false) || clean,
		skipEmpty:       q.boolean("skipEmpty", false) || clean,
		skipFailedPages: q.boolean("skipFailedPages", false),
		view:            q.Get("view"),
		isSet:           q.Has,
	}
	if len(t.outputFields) > 0 && len(t.outputFields) != len(t.fields) {
		q.invalid("outputFields", "as many names as fields")
	}
	if q.boolean("simplified", false) {
		t.fields = []string{"url", "pageFunctionResult", "errorInfo"}
		t.unwindFields = []string{"pageFunctionResult"}
	}
	return t
}

// applyView sets the parameters that the query does not set to those of the view.
func (t *transformation) applyView(schema json.RawMessage) error {
	if t.view == "" {
		return nil
	}
	if schema == nil {
		return errInvalid("dataset-does-not-have-schema", "The dataset does not have a schema.")
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
		return errInvalid("dataset-schema-invalid", "The views of the dataset's schema are invalid.")
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
		{"unwind", &from.Unwind, &t.unwindFields},
		{"flatten", &from.Flatten, &t.flattenFields},
		{"fields", &from.Fields, &t.fields},
		{"omit", &from.Omit, &t.omitPaths},
	} {
		if !t.isSet(list.name) {
			*list.to = *list.from
		}
	}
	if !t.isSet("limit") {
		t.limit = int64(from.Limit)
	}
	if !t.isSet("desc") {
		t.desc = from.Desc
	}
	return nil
}

// columns returns the properties that a table has even if no item has them, in their order.
func (t *transformation) columns() []string {
	if len(t.outputFields) > 0 {
		return t.outputFields
	}
	return t.fields
}

// apply transforms the items of a page. Unwinding and flattening come first, because the fields of
// a view can be properties that they create. The name of an unwound or flattened field also selects
// these properties; the parameter simplified depends on that.
func (t *transformation) apply(items []json.RawMessage) []object {
	results := []object{}
	for _, item := range items {
		stored := parseObject(item)
		if t.skipFailedPages && stored.index("errorInfo") >= 0 {
			continue
		}
		for _, derived := range t.unwind(derivedItem{object: stored}) {
			for _, field := range t.flattenFields {
				derived = derived.flattenField(field)
			}
			result := t.selectFields(derived)
			for _, path := range t.omitPaths {
				result = result.omit(path)
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

// unwind unwinds all fields in their order.
func (t *transformation) unwind(item derivedItem) []derivedItem {
	all := []derivedItem{item}
	for _, field := range t.unwindFields {
		var next []derivedItem
		for _, item := range all {
			next = append(next, item.unwindField(field)...)
		}
		all = next
	}
	return all
}

// selectFields returns the requested fields, in the requested order and with the requested names.
func (t *transformation) selectFields(item derivedItem) object {
	if len(t.fields) == 0 {
		return item.object
	}
	result := object{}
	for i, field := range t.fields {
		if at := item.index(field); at >= 0 {
			name := field
			if len(t.outputFields) > 0 {
				name = t.outputFields[i]
			}
			result = result.with(name, item.object[at].value)
			continue
		}
		for _, name := range item.created[field] {
			if at := item.index(name); at >= 0 {
				result = result.with(name, item.object[at].value)
			}
		}
	}
	return result
}

// derivedItem is an item after unwinding and flattening. The map created has the names of the
// properties that were created from a field of the stored item.
type derivedItem struct {
	object
	created map[string][]string
}

// replaceField replaces a field with the properties that are created from it.
func (d derivedItem) replaceField(field string, members object) derivedItem {
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
	created := map[string][]string{field: names}
	maps.Copy(created, d.created)
	return derivedItem{result, created}
}

// unwindField returns one item for each element of an array, and merges an object into the item. An
// element that is not an object replaces the array.
func (d derivedItem) unwindField(field string) []derivedItem {
	at := d.index(field)
	if at < 0 {
		return []derivedItem{d}
	}
	value := d.object[at].value
	if members := parseObject(value); members != nil {
		return []derivedItem{d.replaceField(field, members)}
	}
	var elements []json.RawMessage
	if err := json.Unmarshal(value, &elements); err != nil || elements == nil {
		return []derivedItem{d}
	}
	all := make([]derivedItem, len(elements))
	for i, element := range elements {
		members := parseObject(element)
		if members == nil {
			members = object{{field, element}}
		}
		all[i] = d.replaceField(field, members)
	}
	return all
}

// flattenField replaces a field that is an object with properties such as "field.inner".
func (d derivedItem) flattenField(field string) derivedItem {
	at := d.index(field)
	if at < 0 {
		return d
	}
	return d.replaceField(field, object{d.object[at]}.flatten(".", false))
}
