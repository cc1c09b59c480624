package conformance

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
)

// at returns the value of nested properties of the body, or nil.
func (r *response) at(path ...string) any {
	var value any = r.json
	for _, name := range path {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

func (r *response) object(path ...string) map[string]any {
	object, _ := r.at(path...).(map[string]any)
	return object
}

func (r *response) text(path ...string) string {
	text, _ := r.at(path...).(string)
	return text
}

func (r *response) list(path ...string) []any {
	list, _ := r.at(path...).([]any)
	return list
}

// outcome describes a response without its content.
func (r *response) outcome() string {
	text := fmt.Sprintf("%s: status %d", r, r.status)
	if errorType := r.text("error", "type"); errorType != "" {
		text += " " + errorType
	}
	return text
}

// hasStatus ends the check unless the response has one of the statuses.
func (r *response) hasStatus(statuses ...int) *response {
	if !slices.Contains(statuses, r.status) {
		expected := make([]string, len(statuses))
		for i, status := range statuses {
			expected[i] = fmt.Sprint(status)
		}
		r.check.differ(fmt.Sprintf("%s: status %s", r, strings.Join(expected, " or ")), r.outcome())
	}
	return r
}

// fails ends the check unless the response has the status and the type of an error.
func (r *response) fails(status int, errorType string) {
	if r.status != status || r.text("error", "type") != errorType {
		r.check.differ(fmt.Sprintf("%s: status %d %s", r, status, errorType), r.outcome())
	}
}

// prepared ends the check without a result unless the response has one of the statuses. It is for
// the calls of a check that its fact is not about.
func (r *response) prepared(statuses ...int) *response {
	if !slices.Contains(statuses, r.status) {
		r.check.undecidable("%s", r.outcome())
	}
	return r
}

// has ends the check unless a property of the response's data has a value. The property is nil if
// it is null or absent.
func (r *response) has(property string, want any) *response {
	r.check.equal(property, r.at("data", property), want)
	return r
}

// hasProperties ends the check unless an object has all of the properties.
func (c *check) hasProperties(object map[string]any, names ...string) {
	for _, name := range names {
		if _, present := object[name]; !present {
			c.differ("the property "+name, fmt.Sprintf("only the properties %s", propertyNames(object)))
		}
	}
}

// lacksProperties ends the check if an object has one of the properties.
func (c *check) lacksProperties(object map[string]any, names ...string) {
	for _, name := range names {
		if _, present := object[name]; present {
			c.differ("no property "+name, "the properties "+propertyNames(object))
		}
	}
}

func propertyNames(object map[string]any) string {
	return strings.Join(slices.Sorted(maps.Keys(object)), ", ")
}

// get, put, remove and push send the usual calls with the token of the run.
func (c *check) get(path string) *response { return c.send(call{path: path}) }

func (c *check) put(d dataset, body string) *response {
	return c.send(call{method: http.MethodPut, path: d.path, body: body})
}

func (c *check) remove(path string) *response {
	return c.send(call{method: http.MethodDelete, path: path})
}

func (c *check) push(d dataset, body string) *response {
	return c.send(call{method: http.MethodPost, path: d.path + "/items", body: body})
}

func (c *check) post(name, body string) *response {
	return c.send(call{method: http.MethodPost, path: datasetsPath + "?name=" + name, body: body})
}

// dataset is a dataset that a check has created.
type dataset struct {
	id, name, path string
	*response
}

// create creates a named dataset.
func (c *check) create() dataset {
	name := newName()
	return c.newDataset(name, c.post(name, ""))
}

// createUnnamed creates an unnamed dataset.
func (c *check) createUnnamed() dataset {
	return c.newDataset("", c.send(call{method: http.MethodPost, path: datasetsPath}))
}

// createWithItems creates a named dataset, pushes items, given as a JSON array, and waits until
// they can be read.
func (c *check) createWithItems(items string) dataset {
	d := c.create()
	c.pushAndWait(d, items)
	return d
}

func (c *check) pushAndWait(d dataset, items string) {
	c.push(d, items).prepared(http.StatusCreated)
	var all []any
	if err := json.Unmarshal([]byte(items), &all); err != nil {
		panic(err) // The items are those of a fact.
	}
	c.eventually(listDelay, func() {
		var got []any
		// A body that is not an array has no items.
		_ = json.Unmarshal(c.get(d.path+"/items").prepared(http.StatusOK).body, &got)
		c.equal("number of readable items", len(got), len(all))
	})
}

// createWithAccess creates a named dataset with a level of general access.
func (c *check) createWithAccess(level string) dataset {
	d := c.create()
	c.put(d, fmt.Sprintf(`{"generalAccess": %q}`, level)).prepared(http.StatusOK)
	return d
}

func (c *check) newDataset(name string, created *response) dataset {
	created.prepared(http.StatusCreated, http.StatusOK)
	id := created.text("data", "id")
	if id == "" {
		c.undecidable("%s returned no ID", created)
	}
	return dataset{id: id, name: name, path: datasetsPath + "/" + id, response: created}
}

// account returns the ID and the username of the token's account.
func (c *check) account() (id, username string) {
	if c.userID == "" || c.username == "" {
		c.undecidable("the token cannot read the ID and the username of its account")
	}
	return c.userID, c.username
}

// another returns one of the other tokens of the run.
func (c *check) another(token, kind string) string {
	if token == "" {
		c.undecidable("there is no %s", kind)
	}
	return token
}

func (c *check) otherToken() string    { return c.another(c.OtherToken, "token of another account") }
func (c *check) readOnlyToken() string { return c.another(c.ReadOnlyToken, "read-only token") }
func (c *check) runToken() string      { return c.another(c.RunToken, "token of a run") }
func (c *check) scopedToken() string   { return c.another(c.ScopedToken, "scoped token") }

// compact returns a body that is JSON without its white space.
func (r *response) compact() string {
	var b bytes.Buffer
	if json.Compact(&b, r.body) != nil {
		return fmt.Sprintf("no JSON, but %d bytes", len(r.body))
	}
	return b.String()
}

// items returns the items of a response as compact JSON with sorted properties.
func (r *response) items() string {
	var items []any
	if json.Unmarshal(r.body, &items) != nil {
		return fmt.Sprintf("no JSON array, but %d bytes", len(r.body))
	}
	// Values that were decoded can be encoded.
	text, _ := json.Marshal(items)
	return string(text)
}
