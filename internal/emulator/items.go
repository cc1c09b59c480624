package emulator

import (
	"bytes"
	"encoding/json"
	"net/http"
)

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
	for i, item := range items {
		var compact bytes.Buffer
		if json.Compact(&compact, item) != nil || compact.Bytes()[0] != '{' {
			return nil, errInvalid("invalid-input", "Item %d is not an object.", i)
		}
		items[i] = compact.Bytes()
	}
	return items, nil
}
