package emulator

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"
)

func (a *API) listDatasets(e *exchange) *response {
	user := e.user()
	offset, limit, desc, unnamed := e.number("offset"), e.number("limit"), e.boolean("desc"), e.boolean("unnamed")
	ownership := e.choice("ownership", "ownedByMe", "sharedWithMe")
	if maximum := int64(a.options.PageLimit); limit == 0 || limit > maximum {
		limit = maximum
	}
	total, items := 0, []*record{}
	for _, r := range a.datasets {
		owned := r.UserID == user.ID
		listed := e.caller.permission(r) != "" && (ownership == "" || owned == (ownership == "ownedByMe"))
		switch {
		case a.options.LocalPlatform:
			listed = owned
		case unnamed:
			// Apify then leaves out all empty datasets, even named ones.
			listed = listed && len(a.countedItems(r, e.now)) > 0
		default:
			listed = listed && r.Name != ""
		}
		if !listed {
			continue
		}
		total++
		if lag := a.options.ListLag; lag == 0 || e.now.Sub(r.CreatedAt) >= lag {
			items = append(items, r)
		}
	}
	if desc {
		slices.Reverse(items)
	}
	page := []any{}
	for _, r := range paginate(items, offset, limit) {
		page = append(page, a.datasetJSON(r, e, true))
	}
	return dataResponse(http.StatusOK, map[string]any{
		"total": total, "count": len(page), "offset": offset, "limit": limit, "desc": desc, "unnamed": unnamed, "items": page,
	})
}

func paginate[T any](all []T, offset, limit int64) []T {
	all = all[min(offset, int64(len(all))):]
	return all[:min(limit, int64(len(all)))]
}

// createDataset creates a dataset, or returns the existing one with the name.
func (a *API) createDataset(e *exchange) *response {
	d := Dataset{Name: e.query.Get("name"), UserID: e.user().ID, CreatedAt: e.now, Schema: parseSchema(e.body)}
	if e.query.Has("name") {
		checkName(d.Name)
	}
	switch e.caller.token {
	case readOnlyToken:
		panic(errForbidden)
	case runToken:
		d.ActID, d.ActRunID = "EmulatorActor0001", "EmulatorRun000001"
	}
	if r := a.named(d.UserID, d.Name); r != nil {
		if e.caller.permission(r) == "" {
			panic(errForbidden)
		}
		r.AccessedAt = e.now
		return dataResponse(a.options.ExistingStatus, a.datasetJSON(r, e, false))
	}
	r := a.add(d)
	resp := dataResponse(http.StatusCreated, a.datasetJSON(r, e, false))
	if !a.options.LocalPlatform {
		resp.header.Set("Location", "http://"+e.r.Host+"/v2/datasets/"+r.ID)
	}
	return resp
}

// parseSchema reads the body that apify-client-js can send to create a dataset: {"schema": {…}}.
func parseSchema(data []byte) json.RawMessage {
	var body struct{ Schema json.RawMessage }
	if len(data) > 0 && json.Unmarshal(data, &body) != nil {
		fail("invalid-input", "The body must be a JSON object.")
	}
	var schema map[string]any
	if body.Schema != nil && json.Unmarshal(body.Schema, &schema) != nil {
		fail("dataset-schema-invalid", "The schema must be an object.")
	}
	if schema == nil {
		return nil
	}
	return body.Schema
}

func (a *API) getDataset(e *exchange) *response {
	r := a.readable(e, "")
	r.AccessedAt = e.now
	return dataResponse(http.StatusOK, a.datasetJSON(r, e, false))
}

// updateDataset changes the properties of UpdateDatasetRequest in the OpenAPI document, and the
// title, which apify-client-js can send. It ignores unknown properties. An error changes nothing.
func (a *API) updateDataset(e *exchange) *response {
	r := a.writable(e)
	changed := r.Dataset
	var body map[string]any
	if err := json.Unmarshal(e.body, &body); err != nil || body == nil {
		fail("invalid-input", "The body must be a JSON object.")
	}
	for _, property := range slices.Sorted(maps.Keys(body)) {
		value := body[property]
		text, isText := value.(string)
		switch {
		case a.options.LocalPlatform && (value == nil || property == "generalAccess"):
		case property == "generalAccess":
			checkGeneralAccess(text)
			changed.GeneralAccess = text
		case property != "name" && property != "title":
		case value != nil && !isText:
			fail("invalid-input", "%s must be a string or null.", property)
		case property == "title":
			changed.Title = text
		default:
			if isText {
				checkName(text)
			}
			a.checkUnique(r, text)
			changed.Name = text
		}
	}
	r.Dataset = changed
	r.ModifiedAt, r.AccessedAt = e.now, e.now
	return dataResponse(http.StatusOK, a.datasetJSON(r, e, false))
}

func (a *API) deleteDataset(e *exchange) *response {
	a.remove(a.writable(e))
	return newResponse(http.StatusNoContent)
}

// pushItems appends an object, or all objects of an array.
func (a *API) pushItems(e *exchange) *response {
	r := a.writable(e)
	var items []json.RawMessage
	if json.Unmarshal(e.body, &items) != nil || items == nil {
		items = []json.RawMessage{e.body}
	}
	r.push(compactItems(items), e.now)
	return jsonResponse(http.StatusCreated, struct{}{})
}

func (a *API) getItems(e *exchange) *response {
	r := a.readable(e, e.query.Get("signature"))
	offset, limit, desc := e.number("offset"), e.number("limit"), e.boolean("desc")
	if limit == 0 {
		limit = 999_999_999_999 // as in Apify's response to a request without a limit
	}
	format := e.choice("format", "json", "jsonl", "csv", "html", "rss", "xlsx", "xml")
	for _, name := range slices.Sorted(maps.Keys(e.query)) {
		switch {
		case e.query.Get(name) == "" || slices.Contains([]string{"offset", "limit", "desc", "signature"}, name):
		case name == "view" && r.Schema == nil:
			fail("dataset-does-not-have-schema", "The dataset has no schema and no views.")
		case name != "format" || format != "json":
			failNotEmulated("the parameter " + name + "=" + e.query.Get(name))
		}
	}
	r.AccessedAt = e.now
	r.ReadCount++
	items := slices.Clone(r.Items)
	if desc {
		slices.Reverse(items)
	}
	items = append([]json.RawMessage{}, paginate(items, offset, limit)...)
	resp := jsonResponse(http.StatusOK, items)
	resp.header.Set("X-Apify-Pagination-Total", strconv.Itoa(len(a.countedItems(r, e.now))))
	resp.header.Set("X-Apify-Pagination-Offset", strconv.FormatInt(offset, 10))
	resp.header.Set("X-Apify-Pagination-Limit", strconv.FormatInt(limit, 10))
	resp.header.Set("X-Apify-Pagination-Count", strconv.Itoa(len(items)))
	resp.header.Set("X-Apify-Pagination-Desc", strconv.FormatBool(desc))
	return resp
}

// getMe returns the account of the token.
func (a *API) getMe(e *exchange) *response {
	user := e.user()
	account := map[string]any{"username": user.Username, "proxy": map[string]any{"password": user.ProxyPassword}}
	if e.caller.token == scopedToken {
		panic(errForbidden)
	}
	if e.caller.token != runToken {
		account["id"], account["email"], account["createdAt"] = user.ID, user.Username+"@example.com", "2022-11-29T14:48:29.381Z"
	}
	return dataResponse(http.StatusOK, account)
}

// datasetJSON returns the schema Dataset of the OpenAPI document as the caller sees it, or for an
// item of a list the schema DatasetListItem, by which the name of an unnamed dataset is empty.
func (a *API) datasetJSON(r *record, e *exchange, inList bool) map[string]any {
	timestamp := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }
	counted := countItems(a.countedItems(r, e.now))
	stats := map[string]any{"readCount": r.ReadCount, "writeCount": r.WriteCount}
	d := map[string]any{
		"id": r.ID, "name": optional(r.Name), "userId": r.UserID, "stats": stats,
		"createdAt": timestamp(r.CreatedAt), "modifiedAt": timestamp(r.ModifiedAt), "accessedAt": timestamp(r.AccessedAt),
		"itemCount": counted.items, "cleanItemCount": counted.cleanItems,
	}
	if !inList || a.options.LocalPlatform {
		d["consoleUrl"] = "https://console.apify.com/storage/datasets/" + r.ID
		stats["storageBytes"] = counted.bytes
	}
	if a.options.LocalPlatform {
		maps.DeleteFunc(d, func(_ string, value any) bool { return value == nil })
		return d
	}
	d["actId"], d["actRunId"], d["generalAccess"] = optional(r.ActID), optional(r.ActRunID), r.GeneralAccess
	if inList {
		d["name"], d["username"] = r.Name, a.user(r.UserID).Username
		stats["inflatedBytes"] = counted.bytes
		if r.Title != "" {
			d["title"] = r.Title
		}
		return d
	}
	d["fields"], d["schema"], d["itemsPublicUrl"] = counted.fields, r.Schema, a.itemsPublicURL(r, e)
	if e.caller.permission(r) == PermissionWrite {
		d["urlSigningSecretKey"] = r.URLSigningSecretKey
	}
	return d
}

// itemsPublicURL returns a URL at which everyone can read the items. If that requires a signature,
// each call returns a new one.
func (a *API) itemsPublicURL(r *record, e *exchange) string {
	itemsURL := "http://" + e.r.Host + "/v2/datasets/" + r.ID + "/items"
	if a.effectiveAccess(r) != restricted {
		return itemsURL
	}
	expires := e.now.Add(a.options.SignatureTTL).UnixMilli()
	return itemsURL + "?" + url.Values{"signature": {Sign(r.URLSigningSecretKey, r.ID, expires)}}.Encode()
}

// optional returns null in JSON for an empty text.
func optional(text string) any {
	if text != "" {
		return text
	}
	return nil
}
