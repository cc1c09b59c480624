package conformance

import (
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"time"
)

func createFacts() []fact {
	return []fact{
		{
			name: "create: status", text: "The creation of a dataset returns status 201.", source: sourceCreate,
			check: func(c *check) { c.create().hasStatus(http.StatusCreated) },
		},
		{
			name: "create: Location", text: "The creation of a dataset returns a Location header with the path of the dataset.",
			source: sourceCreate,
			check: func(c *check) {
				d := c.create()
				location, err := url.Parse(d.header.Get("Location"))
				c.isTrue("a Location that ends with the dataset's path", err == nil && strings.HasSuffix(location.Path, d.path),
					"the Location %q", d.header.Get("Location"))
			},
		},
		{
			name: "create: existing name", text: "The creation of a name that exists returns status 200 and the existing dataset, unchanged.",
			source: sourceCreate,
			check: func(c *check) {
				d := c.create()
				again := c.post(d.name, "").hasStatus(http.StatusOK)
				again.has("id", d.id).has("createdAt", d.at("data", "createdAt"))
			},
		},
		{
			name: "create: existing name, Location", text: "The creation of a name that exists returns no Location header.",
			source: sourceCreate + ", which has the header for status 201 only", assumed: true,
			check: func(c *check) {
				d := c.create()
				c.equal("Location", c.post(d.name, "").header.Get("Location"), "")
			},
		},
		{
			name: "create: name in another case", text: "Names are unique ignoring case: the response is the existing dataset with its own spelling.",
			source: sourceRuntime, assumed: true,
			check: func(c *check) {
				d := c.create()
				c.post(strings.ToUpper(d.name), "").hasStatus(http.StatusOK, http.StatusCreated).has("id", d.id).has("name", d.name)
			},
		},
		{
			name: "create: unnamed", text: "Each creation without a name creates another dataset, whose name is null.", source: sourceCreate,
			check: func(c *check) {
				first, second := c.createUnnamed(), c.createUnnamed()
				second.has("name", nil)
				c.isTrue("two IDs", first.id != second.id, "the same ID twice")
			},
		},
		{
			name: "create: schema", text: `The creation stores the schema of the body {"schema": {…}}.`, source: sourceJS + ", which sends it", assumed: true,
			check: func(c *check) {
				name := newName()
				d := c.newDataset(name, c.post(name, conformanceSchema))
				c.equal("title of the schema in the response", d.at("data", "schema", "title"), "Conformance")
				c.equal("title of the schema in a read", c.get(d.path).at("data", "schema", "title"), "Conformance")
			},
		},
		{
			name: "create: schema of an existing name", text: "The creation of a name that exists does not change the dataset's schema.",
			source: sourceNone, assumed: true,
			check: func(c *check) {
				d := c.create()
				c.post(d.name, conformanceSchema).hasStatus(http.StatusOK, http.StatusCreated)
				c.equal("schema", c.get(d.path).at("data", "schema"), nil)
			},
		},
		{
			name: "create: no schema", text: "The creation with an empty body, {}, or a schema of null creates a dataset without a schema.", source: sourceNone, assumed: true,
			check: func(c *check) {
				for _, body := range []string{`{}`, `{"schema": null}`} {
					c.post(newName(), body).hasStatus(http.StatusCreated).has("schema", nil)
				}
			},
		},
		{
			name: "create: invalid schema", text: "A schema that is not an object is refused with status 400.", source: sourceNone, assumed: true,
			check: func(c *check) { c.post(newName(), `{"schema": 1}`).fails(http.StatusBadRequest, "invalid-input") },
		},
		{
			name: "create: defaults", text: "A new dataset has the general access FOLLOW_USER_SETTING, no items, no Actor, no run and no schema.",
			source: sourceAccess,
			check: func(c *check) {
				d := c.create()
				d.has("generalAccess", "FOLLOW_USER_SETTING").has("itemCount", 0.0).has("cleanItemCount", 0.0)
				d.has("actId", nil).has("actRunId", nil).has("schema", nil)
			},
		},
		{
			name: "create: signing keys", text: "Each dataset has a signing key of its own.", source: sourceNone, assumed: true,
			check: func(c *check) {
				first, second := c.create().text("data", "urlSigningSecretKey"), c.create().text("data", "urlSigningSecretKey")
				if first == "" {
					c.undecidable("the dataset has no urlSigningSecretKey")
				}
				c.isTrue("two signing keys", first != second, "the same key twice")
			},
		},
		{
			name: "create: owner", text: "The owner of a new dataset is the account of the token.", source: sourceDataset,
			check: func(c *check) {
				id, _ := c.account()
				c.create().has("userId", id)
			},
		},
		{
			name: "create: times", text: "The three times of a new dataset are the same.", source: sourceNone, assumed: true,
			check: func(c *check) {
				d := c.create()
				d.hasStatus(http.StatusCreated).has("modifiedAt", d.at("data", "createdAt")).has("accessedAt", d.at("data", "createdAt"))
			},
		},
		{
			name: "create: clock", text: "The creation time of a new dataset differs from the Date of the response by a few seconds at most.",
			source: sourceSuites,
			check: func(c *check) {
				d := c.create()
				date, err := http.ParseTime(d.header.Get("Date"))
				c.isTrue("a Date header", err == nil, "the Date %q", d.header.Get("Date"))
				created, err := time.Parse(time.RFC3339, d.text("data", "createdAt"))
				c.isTrue("a time", err == nil, "createdAt %q", d.text("data", "createdAt"))
				skew := date.Sub(created)
				c.isTrue("a difference of 3 seconds at most", skew.Abs() <= 3*time.Second, "a difference of %v", skew)
			},
		},
	}
}

const conformanceSchema = `{"schema": {"actorSpecification": 1, "title": "Conformance", "fields": {}, "views": {}}}`

func nameFacts() []fact {
	return []fact{
		{
			name: "names: valid", text: "A name can have up to 63 letters, digits and, in the middle, hyphens.", source: sourceNames,
			check: func(c *check) {
				longest := newName()
				longest += strings.Repeat("a", 63-len(longest))
				for _, name := range []string{longest, newName() + "--9"} {
					c.post(name, "").hasStatus(http.StatusCreated).has("name", name)
				}
			},
		},
		{
			name: "names: invalid", text: "Other names are refused with status 400.", source: sourceNames,
			check: func(c *check) {
				name := newName()
				for _, invalid := range []string{
					name + strings.Repeat("a", 64-len(name)), "-" + name, name + "-", name + "_a", name + ".a", name + "%20a", name + "%C3%A9",
					name + "~a", name + "%0A",
				} {
					c.post(invalid, "").hasStatus(http.StatusBadRequest)
				}
			},
		},
		{
			name: "names: error type", text: "The error of an invalid name has the type invalid-value.", source: sourceErrors, assumed: true,
			check: func(c *check) { c.post(newName()+"_", "").fails(http.StatusBadRequest, "invalid-value") },
		},
		{
			name: "names: empty", text: "The creation with an empty name is refused with status 400.", source: "apify/apify-client-js#219, of 2021",
			check: func(c *check) { c.post("", "").hasStatus(http.StatusBadRequest) },
		},
		{
			name: "names: reuse after rename", text: "A name is free at once after its dataset was renamed.", source: sourceRuntime, assumed: true,
			check: func(c *check) {
				d := c.create()
				c.put(d, fmt.Sprintf(`{"name": %q}`, newName())).prepared(http.StatusOK)
				again := c.newDataset(d.name, c.post(d.name, ""))
				c.isTrue("a new dataset", again.id != d.id, "the dataset that had the name before")
			},
		},
		{
			name: "names: reuse after deletion", text: "A name is free at once after its dataset was deleted.", source: sourceRuntime, assumed: true,
			check: func(c *check) {
				d := c.create()
				c.remove(d.path).prepared(http.StatusNoContent)
				again := c.newDataset(d.name, c.post(d.name, ""))
				c.isTrue("a new dataset", again.id != d.id, "the deleted dataset")
				c.get(again.path).hasStatus(http.StatusOK)
			},
		},
	}
}

var (
	idForm   = regexp.MustCompile(`^[a-zA-Z0-9]{17}$`)
	timeForm = regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
)

// noDataset is an ID that no dataset has.
const noDataset = "NoSuchDataset0000"

func getFacts() []fact {
	return []fact{
		{
			name: "get: ID", text: "A dataset can be read by its ID, at once after its creation.", source: sourceGet,
			check: func(c *check) {
				d := c.create()
				c.get(d.path).hasStatus(http.StatusOK).has("id", d.id).has("name", d.name)
			},
		},
		{
			name: "get: ~name", text: "A dataset of the token's account can be read by ~name.", source: sourceRuntime, assumed: true,
			check: func(c *check) {
				d := c.create()
				c.get(datasetsPath+"/~"+d.name).hasStatus(http.StatusOK).has("id", d.id)
			},
		},
		{
			name: "get: username~name", text: "A dataset can be read by username~name and userId~name.", source: sourceGet,
			check: func(c *check) {
				userID, username := c.account()
				d := c.create()
				c.get(datasetsPath+"/"+username+"~"+d.name).hasStatus(http.StatusOK).has("id", d.id)
				c.get(datasetsPath+"/"+userID+"~"+d.name).hasStatus(http.StatusOK).has("id", d.id)
			},
		},
		{
			name: "get: case of names", text: "References ignore the case of names and usernames.", source: sourceRuntime, assumed: true,
			check: func(c *check) {
				_, username := c.account()
				d := c.create()
				c.get(datasetsPath+"/~"+strings.ToUpper(d.name)).hasStatus(http.StatusOK).has("id", d.id)
				c.get(datasetsPath+"/"+strings.ToUpper(username)+"~"+strings.ToLower(d.name)).hasStatus(http.StatusOK).has("id", d.id)
			},
		},
		{
			name: "get: case of IDs", text: "The case of an ID matters.", source: sourceNone, assumed: true,
			check: func(c *check) {
				d := c.create()
				swapped := strings.ToLower(d.id)
				if swapped == d.id {
					swapped = strings.ToUpper(d.id)
				}
				c.get(datasetsPath+"/"+swapped).fails(http.StatusNotFound, "record-not-found")
			},
		},
		{
			name: "get: slash", text: "In a reference, an encoded slash is the same as a tilde.", source: sourceNone, assumed: true,
			check: func(c *check) {
				_, username := c.account()
				d := c.create()
				c.get(datasetsPath+"/"+username+"%2F"+d.name).hasStatus(http.StatusOK).has("id", d.id)
			},
		},
		{
			name: "get: bare word", text: "A reference without a tilde is an ID, never a name.", source: sourceRuntime, assumed: true,
			check: func(c *check) {
				d := c.create()
				c.get(datasetsPath+"/"+d.name).fails(http.StatusNotFound, "record-not-found")
			},
		},
		{
			name: "get: unknown ID", text: "A read by an ID that no dataset has fails with 404 record-not-found.", source: sourceSuites,
			check: func(c *check) { c.get(datasetsPath+"/"+noDataset).fails(http.StatusNotFound, "record-not-found") },
		},
		{
			name: "get: unknown name", text: "A read by a name that no dataset has fails with 404 record-not-found.", source: sourceRuntime, assumed: true,
			check: func(c *check) {
				c.get(datasetsPath+"/~"+newName()).fails(http.StatusNotFound, "record-not-found")
				c.get(datasetsPath+"/"+strings.ToLower(newName())+"~"+newName()).fails(http.StatusNotFound, "record-not-found")
			},
		},
		{
			name: "get: empty name", text: "A reference with an empty name is refused with 400 invalid-request.", source: sourceRuntime + ", which quotes the platform",
			check: func(c *check) { c.get(datasetsPath+"/~").fails(http.StatusBadRequest, "invalid-request") },
		},
		{
			name: "get: required properties", text: "A dataset has all required properties.", source: sourceDataset,
			check: func(c *check) {
				c.hasProperties(c.get(c.create().path).object("data"),
					"id", "userId", "createdAt", "modifiedAt", "accessedAt", "itemCount", "cleanItemCount", "consoleUrl")
			},
		},
		{
			name: "get: optional properties", text: "A dataset of the token's account has a general access, statistics, a public URL of its items and a signing key.",
			source: sourceDataset,
			check: func(c *check) {
				got := c.get(c.create().path)
				c.hasProperties(got.object("data"), "name", "generalAccess", "itemsPublicUrl", "urlSigningSecretKey")
				c.hasProperties(got.object("data", "stats"), "readCount", "writeCount", "storageBytes")
			},
		},
		{
			name: "get: username and title", text: "A single dataset has neither a username nor a title.", source: sourceBodies,
			check: func(c *check) {
				d := c.create()
				c.put(d, `{"title": "Conformance"}`)
				c.lacksProperties(c.get(d.path).object("data"), "username", "title")
			},
		},
		{
			name: "get: form of IDs", text: "The ID of a dataset consists of 17 letters and digits.", source: sourceRuntime, assumed: true,
			check: func(c *check) {
				d := c.create()
				c.isTrue("17 letters and digits", idForm.MatchString(d.id), "the ID %q", d.id)
			},
		},
		{
			name: "get: form of times", text: "Times are in UTC with milliseconds.", source: sourceDataset,
			check: func(c *check) {
				d := c.create()
				for _, property := range []string{"createdAt", "modifiedAt", "accessedAt"} {
					c.isTrue("a time such as 2019-12-12T07:34:14.202Z", timeForm.MatchString(d.text("data", property)), "%s %q", property, d.text("data", property))
				}
			},
		},
		{
			name: "get: Console URL", text: "The Console URL is https://console.apify.com/storage/datasets/ID.", source: sourceDataset,
			check: func(c *check) {
				d := c.create()
				d.has("consoleUrl", "https://console.apify.com/storage/datasets/"+d.id)
			},
		},
		{
			name: "get: accessedAt", text: "A read changes accessedAt, but not modifiedAt.", source: sourceSuites, assumed: true,
			check: func(c *check) {
				d := c.create()
				c.wait(5 * time.Millisecond)
				c.eventually(listDelay, func() {
					got := c.get(d.path)
					c.isTrue("a later accessedAt", got.text("data", "accessedAt") > d.text("data", "accessedAt"), "the same accessedAt")
					got.has("modifiedAt", d.at("data", "modifiedAt"))
				})
			},
		},
		{
			name: "get: counters", text: "The counters include pushed items after some seconds; cleanItemCount leaves out items without visible properties.",
			source: sourceGet,
			check: func(c *check) {
				d := c.createWithItems(`[{"a": 1}, {"#b": 2}, {}]`)
				c.eventually(listDelay, func() { c.get(d.path).has("itemCount", 3.0).has("cleanItemCount", 1.0) })
			},
		},
		{
			name: "get: modifiedAt", text: "A push changes modifiedAt.", source: sourceNone, assumed: true,
			check: func(c *check) {
				d := c.create()
				c.wait(5 * time.Millisecond)
				c.push(d, `{"n": 1}`).prepared(http.StatusCreated)
				c.eventually(listDelay, func() {
					c.isTrue("a later modifiedAt", c.get(d.path).text("data", "modifiedAt") > d.text("data", "modifiedAt"), "the same modifiedAt")
				})
			},
		},
		{
			name: "get: fields", text: "The fields of a dataset are paths with slashes and the indices of arrays.", source: sourceSuites,
			check: func(c *check) {
				d := c.createWithItems(`[{"latestComments": [{"owner": {"username": "jane"}}], "url": "u"}]`)
				c.eventually(listDelay, func() {
					c.equal("fields", fmt.Sprint(c.get(d.path).list("data", "fields")), "[latestComments/0/owner/username url]")
				})
			},
		},
	}
}
