package emulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

// noLimit is what the API tells as the limit where none was asked for.
const noLimit = 999_999_999_999

// pushItems appends one object or an array of them, all or none.
func (a *API) pushItems(e *exchange) error {
	data, err := readJSON(e.r)
	if err != nil {
		return err
	}
	items, err := parseItems(data)
	if err != nil {
		return err
	}
	now := a.now()
	a.mu.Lock()
	r, err := a.writable(e.dataset, e.caller, now)
	if err != nil {
		a.mu.Unlock()
		return err
	}
	a.push(r, items, now)
	location := baseURL(e.r)
	location.Path = patternDatasets + "/" + r.ID + "/items"
	a.mu.Unlock()
	a.changed()
	e.w.Header().Set("Location", location.String())
	return writeJSON(e.w, http.StatusCreated, struct{}{})
}

func parseItems(data []byte) ([]json.RawMessage, error) {
	var items []json.RawMessage
	if json.Unmarshal(data, &items) != nil {
		items = []json.RawMessage{data}
	}
	if items == nil {
		return nil, errInvalid("invalid-input", "The body must be an object or an array of objects.")
	}
	return compactItems(items)
}

// compactItems copies items as they are stored, if they are objects.
func compactItems(items []json.RawMessage) ([]json.RawMessage, error) {
	compacted := make([]json.RawMessage, len(items))
	for i, item := range items {
		var b bytes.Buffer
		if err := json.Compact(&b, item); err != nil || b.Len() == 0 || b.Bytes()[0] != '{' {
			return nil, errInvalid("invalid-input", "Item %d is not an object.", i)
		}
		compacted[i] = b.Bytes()
	}
	return compacted, nil
}

// getItems answers GET and HEAD. What a page is, is settled before anything is done to its items.
func (a *API) getItems(e *exchange) error {
	t := parseTransformation(e.query)
	o := parseOutput(e.query)
	if e.query.err != nil {
		return e.query.err
	}
	page, err := a.page(e, &t)
	if err != nil {
		return err
	}
	body, err := o.encode(page, t.apply(page.items), t.columns())
	if err != nil {
		return err
	}

	header := e.w.Header()
	limit := t.limit
	if limit == 0 {
		limit = noLimit
	}
	header.Set("X-Apify-Pagination-Total", strconv.Itoa(page.total))
	header.Set("X-Apify-Pagination-Offset", strconv.Itoa(t.offset))
	header.Set("X-Apify-Pagination-Limit", strconv.Itoa(limit))
	header.Set("X-Apify-Pagination-Count", strconv.Itoa(len(page.items)))
	header.Set("X-Apify-Pagination-Desc", strconv.FormatBool(t.desc))
	header.Set("Content-Type", o.contentType())
	if o.attachment {
		header.Set("Content-Disposition", `attachment; filename="dataset_`+page.id+"."+o.format+`"`)
	}
	write(e.w, http.StatusOK, body)
	return nil
}

// itemPage is a part of a dataset's items as they are stored.
type itemPage struct {
	id, label string
	// total is by the counters, which can lag behind the items.
	total int
	items []json.RawMessage
}

// page reads the page that the transformation asks for, after its view is settled.
func (a *API) page(e *exchange, t *transformation) (itemPage, error) {
	now := a.now()
	a.mu.Lock()
	defer a.mu.Unlock()
	r, err := a.readable(e.dataset, e.caller, e.query.Get("signature"), now)
	if err != nil {
		return itemPage{}, err
	}
	if err := t.adopt(r.Schema); err != nil {
		return itemPage{}, err
	}
	r.AccessedAt = now
	if e.r.Method == http.MethodGet {
		r.ReadCount++
	}
	r.settle(now, a.options.CounterLag)
	page := itemPage{id: r.ID, label: r.ID, total: r.counted.items}
	if r.Name != "" {
		page.label = r.Name
	}
	first := min(t.offset, len(r.Items))
	length := len(r.Items) - first
	if t.limit > 0 {
		length = min(length, t.limit)
	}
	if t.desc {
		first = len(r.Items) - first - length
	}
	page.items = slices.Clone(r.Items[first : first+length])
	if t.desc {
		slices.Reverse(page.items)
	}
	return page, nil
}
