package emulator

import (
	"bytes"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
)

// noLimit is the limit in the response to a request without a limit.
const noLimit int64 = 999_999_999_999

// pushItems appends an object, or all objects of an array.
func (a *API) pushItems(e *exchange) (*response, error) {
	data, err := readJSON(e.r)
	if err != nil {
		return nil, err
	}
	items, err := parseItems(data)
	if err != nil {
		return nil, err
	}
	now := a.now()

	a.store.mu.Lock()
	defer a.store.mu.Unlock()
	r, err := a.writable(e.dataset, e.caller, now)
	if err != nil {
		return nil, err
	}
	if err := validateItems(r.Schema, items); err != nil {
		return nil, err
	}
	r.push(items, now)
	e.changed = true
	resp, err := jsonResponse(http.StatusCreated, struct{}{})
	if err != nil {
		return nil, err
	}
	if !a.options.LocalPlatform {
		resp.header.Set("Location", itemsURL(r, e).String())
	}
	return resp, nil
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

// compactItems copies items into the form in which they are stored. It returns an error if one is
// not an object.
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

// getItems handles GET and HEAD.
func (a *API) getItems(e *exchange) (*response, error) {
	t := parseTransformation(e.query)
	o := parseOutput(e.query)
	if e.query.err != nil {
		return nil, e.query.err
	}
	if !o.rendered() {
		return nil, errFormatNotRendered(o.format)
	}
	page, err := a.readPage(e, &t)
	if err != nil {
		return nil, err
	}
	body, err := o.encode(t.apply(page.items), t.columns())
	if err != nil {
		return nil, err
	}

	resp := newResponse(http.StatusOK)
	resp.body.Write(body)
	limit := t.limit
	if limit == 0 {
		limit = noLimit
	}
	resp.header.Set("X-Apify-Pagination-Total", strconv.Itoa(page.total))
	resp.header.Set("X-Apify-Pagination-Offset", strconv.FormatInt(t.offset, 10))
	resp.header.Set("X-Apify-Pagination-Limit", strconv.FormatInt(limit, 10))
	resp.header.Set("X-Apify-Pagination-Count", strconv.Itoa(len(page.items)))
	resp.header.Set("X-Apify-Pagination-Desc", strconv.FormatBool(t.desc))
	resp.header.Set("Content-Type", o.contentType())
	if o.attachment {
		resp.header.Set("Content-Disposition", `attachment; filename="dataset_`+page.datasetID+"."+o.format+`"`)
	}
	return resp, nil
}

// itemPage is a page of the items that a dataset stores.
type itemPage struct {
	datasetID string
	// total is from the counters, which can lag behind the items.
	total int
	items []json.RawMessage
}

// readPage returns the page that a transformation selects, and adds the settings of a view to the
// transformation. Paging comes before the rest of the transformation.
func (a *API) readPage(e *exchange, t *transformation) (itemPage, error) {
	now := a.now()
	a.store.mu.Lock()
	defer a.store.mu.Unlock()
	r, err := a.readable(e.dataset, e.caller, e.query.Get("signature"), now)
	if err != nil {
		return itemPage{}, err
	}
	if err := t.applyView(r.Schema); err != nil {
		return itemPage{}, err
	}
	r.AccessedAt = now
	if e.r.Method == http.MethodGet {
		r.ReadCount++
	}
	r.updateCounters(now, a.options.CounterLag)
	items := r.Items
	if t.desc {
		items = slices.Clone(items)
		slices.Reverse(items)
	}
	items = items[min(t.offset, int64(len(items))):]
	if t.limit > 0 {
		items = items[:min(t.limit, int64(len(items)))]
	}
	return itemPage{datasetID: r.ID, total: r.counters.items, items: slices.Clone(items)}, nil
}

func (a *API) getStatistics(e *exchange) (*response, error) {
	d, err := a.readForStatistics(e)
	if err != nil {
		return nil, err
	}
	return dataResponse(http.StatusOK, map[string]any{"fieldStatistics": computeStatistics(d)})
}

func (a *API) readForStatistics(e *exchange) (Dataset, error) {
	now := a.now()
	a.store.mu.Lock()
	defer a.store.mu.Unlock()
	r, err := a.readable(e.dataset, e.caller, "", now)
	if err != nil {
		return Dataset{}, err
	}
	r.AccessedAt = now
	return r.clone(), nil
}
