package emulator

import (
	"encoding/json"
	"net/http"
	"strconv"
)

func (a *API) getItems(e *exchange) error {
	limit, err := e.query.number("limit")
	if err != nil {
		return err
	}
	now := a.now()
	a.mu.Lock()
	r, err := a.readable(e.dataset, e.caller, e.query.Get("signature"), now)
	if err != nil {
		a.mu.Unlock()
		return err
	}
	r.AccessedAt = now
	items := append([]json.RawMessage{}, r.Items...)
	a.mu.Unlock()
	e.w.Header().Set("X-Apify-Pagination-Total", strconv.Itoa(len(items)))
	if limit > 0 && len(items) > limit {
		items = items[:limit]
	}
	return writeJSON(e.w, http.StatusOK, items)
}

func (a *API) getStatistics(e *exchange) error {
	return writeData(e.w, http.StatusOK, map[string]any{})
}
