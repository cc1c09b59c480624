package emulator

import (
	"encoding/json"
	"net/http"
	"slices"
)

// The Actor and the run that the datasets of [User.RunTokens] belong to.
const (
	runActID    = "EmulatorActor0001"
	runActRunID = "EmulatorRun000001"
)

// The values of the parameter ownership of a list.
const (
	ownedByMe    = "ownedByMe"
	sharedWithMe = "sharedWithMe"
)

func (a *API) listDatasets(e *exchange) (*response, error) {
	if e.caller.anonymous() {
		return nil, errTokenNotProvided()
	}
	list := a.parseListParameters(e.query)
	ownership := e.query.choice("ownership", "", ownedByMe, sharedWithMe)
	if e.query.err != nil {
		return nil, e.query.err
	}
	if a.options.LocalPlatform {
		list.Unnamed, ownership = true, ownedByMe
	}
	now := a.now()

	a.store.mu.Lock()
	defer a.store.mu.Unlock()
	var matching []*record
	for _, r := range a.store.order {
		r.updateCounters(now, a.options.CounterLag)
		owned := r.UserID == e.caller.user.ID
		switch {
		case r.Name == "" && !list.Unnamed,
			// With unnamed datasets, Apify leaves out all empty datasets, even named ones.
			list.Unnamed && !a.options.LocalPlatform && r.counters.items == 0,
			owned && ownership == sharedWithMe,
			!owned && ownership == ownedByMe,
			e.caller.permission(r) == "":
			continue
		}
		matching = append(matching, r)
	}
	list.Total = len(matching)
	if lag := a.options.ListLag; lag > 0 {
		matching = slices.DeleteFunc(matching, func(r *record) bool { return r.CreatedAt.Add(lag).After(now) })
	}
	if list.Desc {
		slices.Reverse(matching)
	}
	page := matching[min(list.Offset, int64(len(matching))):]
	page = page[:min(list.Limit, int64(len(page)))]
	list.Count = len(page)
	list.Items = make([]any, len(page))
	for i, r := range page {
		list.Items[i] = a.listItemJSON(r, now)
	}
	return dataResponse(http.StatusOK, list)
}

// parseListParameters reads the parameters for paging. A limit of 0, or above the maximum, is the
// maximum.
func (a *API) parseListParameters(q *query) listJSON {
	list := listJSON{
		Offset:  q.number("offset"),
		Limit:   q.number("limit"),
		Desc:    q.boolean("desc", false),
		Unnamed: q.boolean("unnamed", false),
	}
	if maximum := int64(a.options.PageLimit); list.Limit == 0 || list.Limit > maximum {
		list.Limit = maximum
	}
	return list
}

// createDataset creates a dataset, or returns the existing one with the name.
func (a *API) createDataset(e *exchange) (*response, error) {
	if e.caller.anonymous() {
		return nil, errTokenNotProvided()
	}
	if e.caller.token == readOnlyToken {
		return nil, errForbidden()
	}
	name := e.query.Get("name")
	if e.query.Has("name") {
		if err := validateName(name); err != nil {
			return nil, err
		}
	}
	schema, err := readSchema(e.r)
	if err != nil {
		return nil, err
	}
	now := a.now()

	a.store.mu.Lock()
	defer a.store.mu.Unlock()
	if r := a.store.named(e.caller.user.ID, name); r != nil {
		if e.caller.permission(r) == "" {
			return nil, errDatasetForbidden()
		}
		r.AccessedAt = now
		e.changed = true
		return dataResponse(a.options.ExistingStatus, a.datasetJSON(r, e, now))
	}
	r := &record{Dataset: Dataset{
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
	if e.caller.token == runToken {
		r.ActID, r.ActRunID = runActID, runActRunID
	}
	if err := a.store.insert(r); err != nil {
		return nil, err
	}
	e.changed = true
	resp, err := dataResponse(http.StatusCreated, a.datasetJSON(r, e, now))
	if err != nil {
		return nil, err
	}
	if !a.options.LocalPlatform {
		location := e.baseURL()
		location.Path = patternDatasets + "/" + r.ID
		resp.header.Set("Location", location.String())
	}
	return resp, nil
}

// readSchema reads the body that apify-client-js can send to create a dataset: {"schema": {…}}.
func readSchema(r *http.Request) (json.RawMessage, error) {
	data, err := readJSON(r)
	if err != nil || data == nil {
		return nil, err
	}
	var body struct{ Schema map[string]any }
	if err := json.Unmarshal(data, &body); err != nil {
		return nil, errInvalid("invalid-input", "The body and its property schema must be objects.")
	}
	if body.Schema == nil {
		return nil, nil
	}
	return encodeJSON(body.Schema)
}

func (a *API) getDataset(e *exchange) (*response, error) {
	now := a.now()
	a.store.mu.Lock()
	defer a.store.mu.Unlock()
	r, err := a.readable(e.dataset, e.caller, "", now)
	if err != nil {
		return nil, err
	}
	r.AccessedAt = now
	return dataResponse(http.StatusOK, a.datasetJSON(r, e, now))
}

// datasetUpdate is the body of an update. Properties that are nil are not changed.
type datasetUpdate struct {
	name, title, generalAccess *string
}

func (a *API) updateDataset(e *exchange) (*response, error) {
	data, err := readJSON(e.r)
	if err != nil {
		return nil, err
	}
	update, err := parseUpdate(data)
	if err != nil {
		return nil, err
	}
	if a.options.LocalPlatform {
		update.generalAccess = nil
		if update.name != nil && *update.name == "" {
			update.name = nil
		}
	}
	now := a.now()

	a.store.mu.Lock()
	defer a.store.mu.Unlock()
	r, err := a.writable(e.dataset, e.caller, now)
	if err != nil {
		return nil, err
	}
	if update.name != nil {
		if err := a.store.rename(r, *update.name); err != nil {
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
	e.changed = true
	return dataResponse(http.StatusOK, a.datasetJSON(r, e, now))
}

// parseUpdate reads the schema UpdateDatasetRequest, and the title that apify-client-js can send.
// It ignores unknown properties.
func parseUpdate(data []byte) (datasetUpdate, error) {
	var body map[string]json.RawMessage
	if err := json.Unmarshal(data, &body); err != nil || body == nil {
		return datasetUpdate{}, errInvalid("invalid-input", "The body must be a JSON object.")
	}
	var update datasetUpdate
	for _, property := range []struct {
		name     string
		nullable bool
		validate func(string) error
		value    **string
	}{
		{"name", true, validateName, &update.name},
		{"title", true, nil, &update.title},
		{"generalAccess", false, validateGeneralAccess, &update.generalAccess},
	} {
		raw, present := body[property.name]
		if !present {
			continue
		}
		var text *string
		if err := json.Unmarshal(raw, &text); err != nil {
			return datasetUpdate{}, errInvalid("invalid-input", "%s must be a string.", property.name)
		}
		switch {
		case text == nil && !property.nullable:
			return datasetUpdate{}, errInvalid("invalid-input", "%s must not be null.", property.name)
		case text == nil:
			text = new(string)
		case property.validate != nil:
			if err := property.validate(*text); err != nil {
				return datasetUpdate{}, err
			}
		}
		*property.value = text
	}
	return update, nil
}

func (a *API) deleteDataset(e *exchange) (*response, error) {
	a.store.mu.Lock()
	defer a.store.mu.Unlock()
	r, err := a.writable(e.dataset, e.caller, a.now())
	if err != nil {
		return nil, err
	}
	a.store.remove(r)
	e.changed = true
	return newResponse(http.StatusNoContent), nil
}
