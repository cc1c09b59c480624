package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
	"time"
)

// listJSON is the schema ListOfDatasets of the OpenAPI document.
type listJSON struct {
	Total   int   `json:"total"`
	Count   int   `json:"count"`
	Offset  int   `json:"offset"`
	Limit   int   `json:"limit"`
	Desc    bool  `json:"desc"`
	Unnamed bool  `json:"unnamed"`
	Items   []any `json:"items"`
}

// Values of the listing's parameter ownership.
const (
	ownedByMe    = "ownedByMe"
	sharedWithMe = "sharedWithMe"
)

func (a *API) listDatasets(e *exchange) error {
	if e.caller.anonymous() {
		return errTokenNotProvided()
	}
	list := a.parseListing(e.query)
	ownership := e.query.choice("ownership", "", ownedByMe, sharedWithMe)
	if e.query.err != nil {
		return e.query.err
	}
	if a.options.LocalPlatform {
		list.Unnamed, ownership = true, ownedByMe
	}
	now := a.now()

	a.mu.Lock()
	var matching []*record
	for _, r := range a.order {
		owned := r.UserID == e.caller.user.ID
		switch {
		case r.Name == "" && !list.Unnamed,
			owned && ownership == sharedWithMe,
			!owned && ownership == ownedByMe,
			e.caller.permission(r) == "":
			continue
		}
		matching = append(matching, r)
	}
	list.Total = len(matching)
	if list.Desc {
		slices.Reverse(matching)
	}
	page := matching[min(list.Offset, len(matching)):]
	page = page[:min(list.Limit, len(page))]
	list.Items = make([]any, len(page))
	for i, r := range page {
		list.Items[i] = a.summarize(r, now)
	}
	a.mu.Unlock()

	list.Count = len(list.Items)
	return writeData(e.w, http.StatusOK, list)
}

// parseListing reads the paging parameters. A limit of 0 is none, and one above the maximum is the
// maximum.
func (a *API) parseListing(q *query) listJSON {
	list := listJSON{
		Offset:  q.number("offset"),
		Limit:   q.number("limit"),
		Desc:    q.boolean("desc", false),
		Unnamed: q.boolean("unnamed", false),
	}
	if list.Limit == 0 || list.Limit > a.options.PageLimit {
		list.Limit = a.options.PageLimit
	}
	return list
}

// createDataset creates a dataset, or returns the one that has the name already.
func (a *API) createDataset(e *exchange) error {
	if e.caller.anonymous() {
		return errTokenNotProvided()
	}
	if e.caller.readOnly {
		return errForbidden("This token may not create datasets.")
	}
	name := e.query.Get("name")
	if e.query.Has("name") {
		if err := checkName(name); err != nil {
			return err
		}
	}
	schema, err := readSchema(e.r)
	if err != nil {
		return err
	}
	now := a.now()
	status := http.StatusCreated

	a.mu.Lock()
	r := a.byName[keyOf(e.caller.user.ID, name)]
	if r != nil {
		status = a.options.ExistingStatus
		r.AccessedAt = now
	} else {
		r = &record{Dataset: Dataset{
			ID:                  randomID(idLength),
			Name:                name,
			UserID:              e.caller.user.ID,
			CreatedAt:           now,
			ModifiedAt:          now,
			AccessedAt:          now,
			GeneralAccess:       followUserSetting,
			URLSigningSecretKey: randomID(secretKeyLength),
			Schema:              schema,
		}}
		if err := a.insert(r); err != nil {
			a.mu.Unlock()
			return err
		}
		location := baseURL(e.r)
		location.Path = patternDatasets + "/" + r.ID
		e.w.Header().Set("Location", location.String())
	}
	described := a.describe(r, e, now)
	a.mu.Unlock()

	a.changed()
	return writeData(e.w, status, described)
}

// readSchema reads the body that apify-client-js can send along with a creation: {"schema": …}.
func readSchema(r *http.Request) (json.RawMessage, error) {
	data, err := readJSON(r)
	if err != nil || data == nil {
		return nil, err
	}
	var body struct{ Schema map[string]any }
	if err := json.Unmarshal(data, &body); err != nil {
		return nil, errInvalid("invalid-input", "The body must be an object, and its schema one too.")
	}
	if body.Schema == nil {
		return nil, nil
	}
	return encodeJSON(body.Schema)
}

func (a *API) getDataset(e *exchange) error {
	now := a.now()
	a.mu.Lock()
	r, err := a.readable(e.dataset, e.caller, "", now)
	if err != nil {
		a.mu.Unlock()
		return err
	}
	r.AccessedAt = now
	described := a.describe(r, e, now)
	a.mu.Unlock()
	return writeData(e.w, http.StatusOK, described)
}

// datasetUpdate is what a PUT changes: nil fields stay as they are.
type datasetUpdate struct {
	name, title, generalAccess *string
}

func (a *API) updateDataset(e *exchange) error {
	data, err := readJSON(e.r)
	if err != nil {
		return err
	}
	update, err := parseUpdate(data)
	if err != nil {
		return err
	}
	now := a.now()
	described, err := a.applyUpdate(e, update, now)
	if err != nil {
		return err
	}
	a.changed()
	return writeData(e.w, http.StatusOK, described)
}

func (a *API) applyUpdate(e *exchange, update datasetUpdate, now time.Time) (any, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, err := a.writable(e.dataset, e.caller, now)
	if err != nil {
		return nil, err
	}
	if a.options.LocalPlatform {
		update.generalAccess = nil
		if update.name != nil && *update.name == "" {
			update.name = nil
		}
	}
	if update.name != nil {
		if err := a.rename(r, *update.name); err != nil {
			return nil, err
		}
	}
	if update.title != nil {
		r.Title = *update.title
	}
	if update.generalAccess != nil {
		r.GeneralAccess = *update.generalAccess
	}
	r.ModifiedAt, r.AccessedAt = now, now
	return a.describe(r, e, now), nil
}

// parseUpdate reads the schema UpdateDatasetRequest, and the title that apify-client-js knows of.
// Fields it does not know are ignored.
func parseUpdate(data []byte) (datasetUpdate, error) {
	var body map[string]json.RawMessage
	if err := json.Unmarshal(data, &body); err != nil || body == nil {
		return datasetUpdate{}, errInvalid("invalid-input", "The body must be a JSON object.")
	}
	var update datasetUpdate
	for _, field := range []struct {
		name     string
		nullable bool
		check    func(string) error
		value    **string
	}{
		{"name", true, checkName, &update.name},
		{"title", true, nil, &update.title},
		{"generalAccess", false, checkAccessLevel, &update.generalAccess},
	} {
		raw, present := body[field.name]
		if !present {
			continue
		}
		var text *string
		if err := json.Unmarshal(raw, &text); err != nil {
			return datasetUpdate{}, errInvalid("invalid-input", "%s must be a string.", field.name)
		}
		if text == nil && !field.nullable {
			return datasetUpdate{}, errInvalid("invalid-input", "%s must not be null.", field.name)
		}
		if text == nil {
			text = new(string)
		} else if field.check != nil {
			if err := field.check(*text); err != nil {
				return datasetUpdate{}, err
			}
		}
		*field.value = text
	}
	return update, nil
}

func (a *API) deleteDataset(e *exchange) error {
	a.mu.Lock()
	r, err := a.writable(e.dataset, e.caller, a.now())
	if err != nil {
		a.mu.Unlock()
		return err
	}
	a.remove(r)
	a.mu.Unlock()
	a.changed()
	e.w.WriteHeader(http.StatusNoContent)
	return nil
}

// getMe tells whose token it is.
func (a *API) getMe(e *exchange) error {
	if e.caller.anonymous() {
		return errTokenNotProvided()
	}
	user := e.caller.user
	return writeData(e.w, http.StatusOK, map[string]any{
		"id":       user.ID,
		"username": user.Username,
		"profile":  map[string]any{},
	})
}
