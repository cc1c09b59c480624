package conformance

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// Whether the source of a fact is evidence for Apify's production API.
const (
	published = false
	assumed   = true
)

// Sources that several facts have.
const (
	sourceCreate   = "OpenAPI document, POST /v2/datasets"
	sourceGet      = "OpenAPI document, GET /v2/datasets/{datasetId}"
	sourceUpdate   = "OpenAPI document, PUT /v2/datasets/{datasetId}"
	sourceDelete   = "OpenAPI document, DELETE /v2/datasets/{datasetId}"
	sourceList     = "OpenAPI document, GET /v2/datasets"
	sourceItems    = "OpenAPI document, GET /v2/datasets/{datasetId}/items"
	sourcePush     = "OpenAPI document, POST /v2/datasets/{datasetId}/items"
	sourceDataset  = "OpenAPI document, schema Dataset"
	sourceListItem = "OpenAPI document, schema DatasetListItem"
	sourceMe       = "OpenAPI document, GET /v2/users/me"
	sourceErrors   = "apify/apify-docs#2428, the statuses of the API's error types"
	sourceBodies   = "apify/apify-docs#2390, quotes of the API's own response validator"
	sourceAccess   = "https://docs.apify.com/account/collaboration/general-resource-access"
	sourceTokens   = "https://docs.apify.com/integrations/api#api-tokens-with-limited-permissions"
	sourceRuns     = "https://docs.apify.com/platform/actors/running/permissions"
	sourceJS       = "apify/apify-client-js 2.25"
	sourceRuntime  = "apify/actor-runtime, Apify's local platform, which quotes the platform"
	sourceNames    = "@apify/consts, the expression for names of storages"
	sourceSigning  = "@apify/utilities, createStorageContentSignature"
	sourceSuites   = "the test suites of Apify's clients, which run against production"
	sourceNone     = "none: the emulator's own choice"
)

const (
	schema = `{"schema": {"actorSpecification": 1, "title": "Facts", "fields": {}, "views": {}}}`
	// noDataset is the path of a dataset that does not exist.
	noDataset = "/v2/datasets/NoSuchDataset0000"
)

// publicURL returns the public URL of a dataset's items as a path of the server, and its signature,
// which is empty if the URL has none.
func (c *check) publicURL(d dataset) (path, signature string) {
	u, err := url.Parse(c.get(d.path).text("data.itemsPublicUrl"))
	c.isTrue("an itemsPublicUrl with the path of the items", err == nil && u.Path == d.path+"/items")
	return u.RequestURI(), u.Query().Get("signature")
}

// restricted creates a restricted dataset with an item, and returns its public URL.
func (c *check) restricted() (d dataset, path, signature string) {
	d = c.with(c.create(), `{"n": 1}`, "RESTRICTED")
	c.eventually(accessDelay, func() {
		path, signature = c.publicURL(d)
		c.isTrue("a signed itemsPublicUrl", signature != "")
	})
	return d, path, signature
}

// expiry returns the expiry of a signature, in milliseconds since the epoch.
func (c *check) expiry(signature string) int64 {
	decoded, err := base64.RawURLEncoding.DecodeString(signature)
	parts := strings.Split(string(decoded), ".")
	c.isTrue("a signature of the form 0.EXPIRES.HMAC in Base64", err == nil && len(parts) == 3 && parts[0] == "0")
	expires, err := strconv.ParseInt(parts[1], 10, 64)
	c.isTrue("an expiry in milliseconds", err == nil)
	return expires
}

// sign returns the signature that the dataset's key gives.
func (c *check) sign(d dataset, expires int64) string {
	key := c.get(d.path).text("data.urlSigningSecretKey")
	c.require(key != "", "the dataset has no urlSigningSecretKey")
	return emulator.Sign(key, d.id, expires)
}

// forbids ends the check unless a token gets 403 for a method, with a body that would change
// nothing.
func (c *check) forbids(token, method, path string) {
	body := map[string]string{"PUT": "{}", "POST": "{}"}[method]
	c.send(call{method: method, path: path, body: body, token: token}).fails(http.StatusForbidden, "insufficient-permissions")
}

var facts = []fact{
	{"create: new name", "The creation of a dataset returns status 201 and a Location header with the path of the dataset.", sourceCreate, published, func(c *check) {
		d := c.create()
		c.isTrue("a Location that ends with the dataset's path", strings.HasSuffix(d.hasStatus(http.StatusCreated).header.Get("Location"), d.path))
	}},
	{"create: existing name", "The creation of a name that exists returns status 200 and the existing dataset.", sourceCreate, published, func(c *check) {
		d := c.create()
		c.post(d.name, "").hasStatus(http.StatusOK).has("data.id", d.id).has("data.createdAt", d.at("data.createdAt"))
	}},
	{"create: existing name, Location", "The creation of a name that exists returns no Location header.",
		sourceCreate + ", which has the header for status 201 only", assumed, func(c *check) {
			c.equal("Location", c.post(c.create().name, "").header.Get("Location"), "")
		}},
	{"create: name in another case", "Names are unique ignoring case: the response is the existing dataset with its own spelling.",
		sourceRuntime + "; Apify keeps a lower-cased name for uniqueness", published, func(c *check) {
			d := c.create()
			c.post(strings.ToUpper(d.name), "").hasStatus(http.StatusOK, http.StatusCreated).has("data.id", d.id).has("data.name", d.name)
		}},
	{"create: unnamed", "Each creation without a name creates another dataset, whose name is null.", sourceCreate, published, func(c *check) {
		first, second := c.createUnnamed(), c.createUnnamed()
		second.has("data.name", nil)
		c.isTrue("two IDs", first.id != second.id)
	}},
	{"create: schema", `The creation stores the schema of the body {"schema": {…}}, and refuses one that is not an object with 400 dataset-schema-invalid.`,
		sourceJS + ", which sends it; " + sourceErrors, assumed, func(c *check) {
			name := c.newName()
			d := c.newDataset(name, c.post(name, schema)).has("data.schema.title", "Facts")
			c.get("/v2/datasets/"+d.text("data.id")).has("data.schema.title", "Facts")
			c.post(c.newName(), `{"schema": 1}`).fails(http.StatusBadRequest, "dataset-schema-invalid")
		}},
	{"create: schema of an existing name", "The creation of a name that exists does not change its schema.", sourceNone, assumed, func(c *check) {
		d := c.create()
		c.post(d.name, schema).hasStatus(http.StatusOK, http.StatusCreated)
		c.get(d.path).has("data.schema", nil)
	}},
	{"create: defaults", "A new dataset belongs to the account of the token, and has the general access FOLLOW_USER_SETTING, no items, no Actor, no run and no schema.",
		sourceAccess + "; " + sourceDataset, published, func(c *check) {
			d := c.create()
			d.has("data.userId", c.userID).has("data.generalAccess", "FOLLOW_USER_SETTING").has("data.itemCount", 0.0).has("data.cleanItemCount", 0.0)
			d.has("data.actId", nil).has("data.actRunId", nil).has("data.schema", nil)
		}},

	{"names: valid", "A name can have up to 63 letters, digits and, in the middle, hyphens.", sourceNames, published, func(c *check) {
		longest := c.newName()
		longest += strings.Repeat("a", 63-len(longest))
		for _, name := range []string{longest, c.newName() + "--9"} {
			c.post(name, "").hasStatus(http.StatusCreated).has("data.name", name)
		}
	}},
	{"names: invalid", "The creation of another name, even an empty one, is refused with status 400.", sourceNames, published, func(c *check) {
		name := c.newName()
		long := name + strings.Repeat("a", 64-len(name))
		for _, invalid := range []string{"", long, "-" + name, name + "-", name + "_a", name + ".a", name + " a", name + "é", name + "~a", name + "\n"} {
			c.post(invalid, "").hasStatus(http.StatusBadRequest)
		}
	}},
	{"names: reuse", "A name is free at once after its dataset was renamed or deleted.", sourceRuntime, assumed, func(c *check) {
		for _, release := range []func(dataset) *response{func(d dataset) *response { return c.rename(d, c.newName()) }, c.remove} {
			d := c.create()
			release(d).hasStatus(http.StatusOK, http.StatusNoContent)
			again := c.newDataset(d.name, c.post(d.name, "").hasStatus(http.StatusCreated))
			c.isTrue("a new dataset", again.id != d.id)
			c.get(again.path).hasStatus(http.StatusOK)
		}
	}},

	{"get: ID", "A dataset can be read by its ID, at once after its creation.", sourceGet, published, func(c *check) {
		d := c.create()
		c.get(d.path).hasStatus(http.StatusOK).has("data.id", d.id).has("data.name", d.name)
	}},
	{"get: ~name", "A dataset of the token's account can be read by ~name. References ignore the case of names and usernames.",
		sourceRuntime, published, func(c *check) {
			d := c.create()
			for _, ref := range []string{"~" + d.name, "~" + strings.ToUpper(d.name), strings.ToUpper(c.username) + "~" + strings.ToLower(d.name)} {
				c.get("/v2/datasets/"+ref).hasStatus(http.StatusOK).has("data.id", d.id)
			}
		}},
	{"get: username~name", "A dataset can be read by username~name and userId~name.", sourceGet, published, func(c *check) {
		d := c.create()
		for _, owner := range []string{c.username, c.userID} {
			c.get("/v2/datasets/"+owner+"~"+d.name).hasStatus(http.StatusOK).has("data.id", d.id)
		}
	}},
	{"get: bare word", "A reference without a tilde is an ID, never a name.", sourceRuntime, published, func(c *check) {
		c.get("/v2/datasets/"+c.create().name).fails(http.StatusNotFound, "record-not-found")
	}},
	{"get: unknown ID", "A read, an update, a deletion and the items of a dataset that does not exist fail with 404 record-not-found and a message.",
		sourceSuites + "; OpenAPI document, schema ErrorResponse", published, func(c *check) {
			for _, method := range []string{"GET", "PUT", "DELETE"} {
				c.send(call{method: method, path: noDataset, body: map[string]string{"PUT": "{}"}[method]}).fails(http.StatusNotFound, "record-not-found")
			}
			got := c.get(noDataset + "/items")
			got.fails(http.StatusNotFound, "record-not-found")
			c.present(got.object("error"), "type", "message")
		}},
	{"get: unknown name", "A read by a name that no dataset has fails with 404 record-not-found.", sourceRuntime, assumed, func(c *check) {
		c.get("/v2/datasets/~"+c.newName()).fails(http.StatusNotFound, "record-not-found")
		// The error type for an unknown username is not known.
		c.get("/v2/datasets/" + c.newName() + "~" + c.newName()).hasStatus(http.StatusNotFound)
	}},
	{"get: properties", "A dataset has all required properties, and for its owner a general access, a public URL, a signing key and statistics.",
		sourceDataset, published, func(c *check) {
			got := c.get(c.create().path)
			c.present(got.object("data"), "id", "userId", "createdAt", "modifiedAt", "accessedAt", "itemCount", "cleanItemCount", "consoleUrl",
				"name", "generalAccess", "itemsPublicUrl", "urlSigningSecretKey", "fields", "schema", "actId", "actRunId")
			c.present(got.object("data.stats"), "readCount", "writeCount", "storageBytes")
		}},
	{"get: forms", "An ID consists of 17 letters and digits, times are in UTC with milliseconds, and the Console URL contains the ID.",
		sourceDataset + "; " + sourceRuntime, published, func(c *check) {
			d := c.create()
			c.isTrue("17 letters and digits", regexp.MustCompile(`^[a-zA-Z0-9]{17}$`).MatchString(d.id))
			form := regexp.MustCompile(`^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$`)
			for _, property := range []string{"createdAt", "modifiedAt", "accessedAt"} {
				c.isTrue("a time such as 2019-12-12T07:34:14.202Z as "+property, form.MatchString(d.text("data."+property)))
			}
			d.has("data.consoleUrl", "https://console.apify.com/storage/datasets/"+d.id)
		}},
	{"get: accessedAt", "A read changes accessedAt, but not modifiedAt.", sourceSuites, assumed, func(c *check) {
		d := c.create()
		c.wait(5 * time.Millisecond)
		c.eventually(listDelay, func() {
			c.get(d.path)
			got := c.get(d.path).has("data.modifiedAt", d.at("data.modifiedAt"))
			c.isTrue("a later accessedAt", got.text("data.accessedAt") > d.text("data.accessedAt"))
		})
	}},
	{"get: counters", "The counters include pushed items after a few seconds; cleanItemCount leaves out items without visible properties.",
		sourceGet, published, func(c *check) {
			d := c.with(c.create(), `[{"a": 1}, {"#b": 2}, {}]`, "")
			c.eventually(listDelay, func() { c.get(d.path).has("data.itemCount", 3.0).has("data.cleanItemCount", 1.0) })
		}},
	{"get: fields", "The fields of a dataset are paths with slashes and the indices of arrays.", sourceSuites, published, func(c *check) {
		d := c.with(c.create(), `[{"latestComments": [{"owner": {"username": "jane"}}], "url": "u"}]`, "")
		c.eventually(listDelay, func() {
			c.equal("fields", fmt.Sprint(c.get(d.path).at("data.fields")), "[latestComments/0/owner/username url]")
		})
	}},

	{"update: rename", "After a rename, the new name finds the dataset and the old one does not. An unnamed dataset can get a name.", sourceUpdate, published, func(c *check) {
		named := c.create()
		for _, d := range []dataset{named, c.createUnnamed()} {
			name := c.newName()
			c.rename(d, name).hasStatus(http.StatusOK).has("data.id", d.id).has("data.name", name)
			c.get("/v2/datasets/~"+name).hasStatus(http.StatusOK).has("data.id", d.id)
		}
		c.get("/v2/datasets/~"+named.name).fails(http.StatusNotFound, "record-not-found")
	}},
	{"update: taken name", "A rename to the name of another dataset, ignoring case, is refused with 400 name-not-unique.",
		sourceErrors + "; never recorded for datasets", assumed, func(c *check) {
			d, other := c.create(), c.create()
			c.rename(d, other.name).fails(http.StatusBadRequest, "name-not-unique")
			c.rename(d, strings.ToUpper(other.name)).fails(http.StatusBadRequest, "name-not-unique")
		}},
	{"update: all or nothing", "An update whose name is refused changes nothing else either.", sourceNone, assumed, func(c *check) {
		d, other := c.create(), c.create()
		c.put(d, `{"generalAccess": "RESTRICTED", "name": %q}`, other.name).hasStatus(http.StatusBadRequest)
		c.get(d.path).has("data.name", d.name).has("data.generalAccess", "FOLLOW_USER_SETTING")
	}},
	{"update: null name", "The name null makes a dataset unnamed.", "apify/apify-cli 1.10, which sends it", assumed, func(c *check) {
		d := c.create()
		c.put(d, `{"name": null}`).hasStatus(http.StatusOK).has("data.name", nil)
		c.get("/v2/datasets/~"+d.name).fails(http.StatusNotFound, "record-not-found")
	}},
	{"update: general access", "An update of the general access returns the dataset with the new level.", sourceUpdate, published, func(c *check) {
		d := c.create()
		for _, level := range []string{"RESTRICTED", "ANYONE_WITH_ID_CAN_READ", "ANYONE_WITH_NAME_CAN_READ", "FOLLOW_USER_SETTING"} {
			c.put(d, `{"generalAccess": %q}`, level).hasStatus(http.StatusOK).has("data.generalAccess", level).has("data.name", d.name)
		}
	}},
	{"update: invalid general access", "A general access of null, or one that does not exist, is refused with status 400.",
		sourceBodies, published, func(c *check) {
			d := c.create()
			c.put(d, `{"generalAccess": null}`).hasStatus(http.StatusBadRequest)
			c.put(d, `{"generalAccess": "PUBLIC"}`).hasStatus(http.StatusBadRequest)
		}},

	{"delete: status", "The deletion of a dataset, even of one with items, returns status 204 without a body. Reads fail at once after it.",
		sourceDelete + "; " + sourceSuites, published, func(c *check) {
			d := c.with(c.create(), `{"a": 1}`, "")
			c.equal("length of the body", len(c.remove(d).hasStatus(http.StatusNoContent).body), 0)
			for _, path := range []string{d.path, "/v2/datasets/~" + d.name, d.path + "/items"} {
				c.get(path).fails(http.StatusNotFound, "record-not-found")
			}
		}},

	{"list: order", "A list begins with the oldest dataset, or with desc=1 with the newest.", sourceList, published, func(c *check) {
		older := c.create()
		c.wait(5 * time.Millisecond)
		newer := c.create()
		c.listed(newer, "")
		items, position, all := c.list("desc=1")
		c.isTrue("both datasets, the newer one first", items[older.id] != nil && position[newer.id] < position[older.id])
		total, _ := all.at("data.total").(float64)
		items, position, _ = c.list(fmt.Sprintf("offset=%d", max(0, int(total)-100)))
		c.isTrue("both datasets, the older one first", items[newer.id] != nil && items[older.id] != nil && position[older.id] < position[newer.id])
	}},
	{"list: offset", "The offset leaves out the first datasets, and one beyond the end leaves out all.", sourceList, published, func(c *check) {
		c.create()
		c.listed(c.create(), "")
		_, first, _ := c.list("limit=2")
		_, second, _ := c.list("limit=1&offset=1")
		for id := range second {
			c.equal("the position of the dataset at offset 1", first[id], 1)
		}
		c.isTrue("two datasets, and one at offset 1", len(first) == 2 && len(second) == 1)
		none, _, _ := c.list("offset=999999999")
		c.equal("datasets at a large offset", len(none), 0)
	}},
	{"list: maximum", "A list has 1000 datasets at most, even if the limit is missing, 0 or higher.", sourceList, published, func(c *check) {
		for _, query := range []string{"", "limit=0", "limit=5000"} {
			_, _, all := c.list(query)
			all.has("data.limit", 1000.0)
		}
	}},
	{"list: consistency", "A list contains a new dataset after a few seconds, and does not contain a deleted one.", sourceSuites, published, func(c *check) {
		d := c.create()
		c.listed(d, "")
		c.remove(d)
		c.eventually(listDelay, func() { c.unlisted(d, "") })
	}},
	{"list: lag", "While a list lacks a new dataset, its total already includes the dataset.",
		sourceSuites + ", by inference", assumed, func(c *check) {
			_, _, before := c.list("limit=1")
			d := c.create()
			items, _, after := c.list("desc=1&limit=5")
			c.require(items[d.id] == nil, "the list contained the new dataset at once")
			c.isTrue("a higher total", after.at("data.total") != before.at("data.total"))
		}},
	{"list: unnamed datasets", "Only with unnamed=1 does a list contain unnamed datasets, and then no empty dataset, not even a named one.",
		sourceList + "; apify/apify-docs#2217", published, func(c *check) {
			empty, emptyUnnamed, full := c.create(), c.createUnnamed(), c.with(c.createUnnamed(), `{"a": 1}`, "")
			c.listed(empty, "")
			c.listed(full, "unnamed=1")
			c.unlisted(full, "")
			c.unlisted(empty, "unnamed=1")
			c.unlisted(emptyUnnamed, "unnamed=1")
		}},
	{"list: name of an unnamed dataset", "The name of an unnamed dataset in a list is an empty text.", sourceListItem, assumed, func(c *check) {
		c.equal("name", c.listed(c.with(c.createUnnamed(), `{"a": 1}`, ""), "unnamed=1")["name"], "")
	}},
	{"list: properties", "A dataset in a list has the owner's username and statistics, but no Console URL, public URL, signing key, schema or fields.",
		sourceListItem + "; " + sourceBodies, published, func(c *check) {
			item := c.listed(c.create(), "")
			c.present(item, "id", "name", "userId", "createdAt", "modifiedAt", "accessedAt", "itemCount", "cleanItemCount", "generalAccess")
			c.absent(item, "consoleUrl", "itemsPublicUrl", "urlSigningSecretKey", "schema", "fields")
			stats, _ := item["stats"].(map[string]any)
			c.present(stats, "readCount", "writeCount", "inflatedBytes")
			c.equal("username", item["username"], c.username)
		}},
	{"list: ownership", "ownership=ownedByMe lists the account's own datasets, ownership=sharedWithMe does not.",
		sourceList, published, func(c *check) {
			d := c.create()
			c.listed(d, "ownership=ownedByMe")
			c.unlisted(d, "ownership=sharedWithMe")
		}},

	{"items: push", "An object, or an array of objects, can be pushed and read in its order, at once.",
		sourcePush + "; six of Apify's clients read at once, one polls", assumed, func(c *check) {
			d := c.create()
			c.with(d, `{"n": 1}`, "")
			c.with(d, `[{"n": 2}, {"n": 3}]`, "")
			c.get(d.path + "/items").hasStatus(http.StatusOK).hasItems(`[{"n":1},{"n":2},{"n":3}]`)
		}},
	{"items: count", "limit, offset and desc=1 select items, and X-Apify-Pagination-Count counts the items of the response.",
		sourceItems + "; apify/apify-client-python, which reads the header", published, func(c *check) {
			d := c.with(c.create(), `[{"n": 1}, {"n": 2}, {"n": 3}]`, "")
			for query, want := range map[string]string{"": `[{"n":1},{"n":2},{"n":3}]`, "limit=1": `[{"n":1}]`, "offset=1&limit=5&desc=1": `[{"n":2},{"n":1}]`} {
				c.eventually(listDelay, func() {
					got := c.get(d.path + "/items?" + query).hasItems(want)
					c.equal("X-Apify-Pagination-Count", got.header.Get("X-Apify-Pagination-Count"), strconv.Itoa(strings.Count(want, "n")))
				})
			}
		}},
	{"items: invalid parameters", "An unknown format, a delimiter of two characters, a negative limit, outputFields without as many fields, " +
		"and a view of a dataset without a schema are refused with status 400.", sourceItems + "; " + sourceErrors, assumed, func(c *check) {
		items := c.create().path + "/items?"
		for _, query := range []string{"format=pdf", "delimiter=ab&format=csv", "limit=-1", "fields=a&outputFields=b,c", "outputFields=a"} {
			c.get(items + query).hasStatus(http.StatusBadRequest)
		}
		c.get(items+"view=overview").fails(http.StatusBadRequest, "dataset-does-not-have-schema")
	}},

	{"access: signed URL", "The itemsPublicUrl of a restricted dataset is signed, and returns the items without a token.",
		sourceAccess, published, func(c *check) {
			d, path, _ := c.restricted()
			c.anonymous(path).hasStatus(http.StatusOK).hasItems(`[{"n":1}]`)
			c.eventually(accessDelay, func() { c.anonymous(d.path + "/items").hasStatus(http.StatusForbidden) })
		}},
	{"access: expiry", "Each read of a restricted dataset returns a new signature, which is valid for 14 days.", sourceAccess, published, func(c *check) {
		d, _, first := c.restricted()
		days := time.UnixMilli(c.expiry(first)).Sub(c.now).Hours() / 24
		c.isTrue("an expiry in 14 days", days > 13.9 && days < 14.1)
		c.wait(5 * time.Millisecond)
		_, second := c.publicURL(d)
		c.isTrue("two signatures", first != second)
	}},
	{"access: own signature", "Signatures computed from urlSigningSecretKey are accepted until they expire, and only for their dataset. The itemsPublicUrl has such a one.",
		sourceSigning, published, func(c *check) {
			d, _, signature := c.restricted()
			c.isTrue("the computed signature", signature == c.sign(d, c.expiry(signature)))
			for _, expires := range []int64{0, c.now.Add(time.Hour).UnixMilli()} {
				c.anonymous(d.path + "/items?limit=1&signature=" + c.sign(d, expires)).hasStatus(http.StatusOK)
			}
			other, _, _ := c.restricted()
			for _, wrong := range []string{c.sign(d, c.now.Add(-time.Hour).UnixMilli()), c.sign(other, 0)} {
				c.eventually(accessDelay, func() { c.anonymous(d.path + "/items?signature=" + wrong).hasStatus(http.StatusForbidden) })
			}
		}},
	{"access: anyone with the ID", "A dataset with ANYONE_WITH_ID_CAN_READ, and its items, can be read by ID without a token. Its itemsPublicUrl has no signature.",
		sourceAccess, published, func(c *check) {
			d := c.with(c.create(), "", "ANYONE_WITH_ID_CAN_READ")
			c.eventually(accessDelay, func() {
				c.anonymous(d.path).hasStatus(http.StatusOK)
				c.anonymous(d.path + "/items").hasStatus(http.StatusOK)
				_, signature := c.publicURL(d)
				c.isTrue("no signature", signature == "")
			})
		}},
	{"access: signing key", "Only a reader with write permission gets the urlSigningSecretKey.", sourceDataset, published, func(c *check) {
		d := c.with(c.create(), "", "ANYONE_WITH_ID_CAN_READ")
		c.isTrue("a urlSigningSecretKey", c.get(d.path).text("data.urlSigningSecretKey") != "")
		c.eventually(accessDelay, func() { c.absent(c.anonymous(d.path).hasStatus(http.StatusOK).object("data"), "urlSigningSecretKey") })
	}},
	{"access: host of the URL", "The itemsPublicUrl has the host that the request was sent to.", sourceNone, assumed, func(c *check) {
		c.isTrue("the base URL", strings.HasPrefix(c.create().text("data.itemsPublicUrl"), c.baseURL+"/v2/datasets/"))
	}},

	{"tokens: none", "A list, a creation, the account and a reference by ~name fail with 401 token-not-provided without a token.",
		sourceErrors, published, func(c *check) {
			for _, path := range []string{"/v2/datasets", "/v2/datasets/~" + c.newName(), "/v2/users/me"} {
				c.anonymous(path).fails(http.StatusUnauthorized, "token-not-provided")
			}
			c.send(call{method: "POST", path: "/v2/datasets?name=" + c.newName(), token: noToken}).fails(http.StatusUnauthorized, "token-not-provided")
		}},
	{"tokens: unknown", "An unknown token fails with 401 user-or-token-not-found.", sourceErrors, published, func(c *check) {
		c.send(call{path: "/v2/datasets", token: "apify_api_unknown"}).has("error.message", "User was not found or authentication token is not valid.").
			fails(http.StatusUnauthorized, "user-or-token-not-found")
	}},
	{"tokens: another account", "A read, an update and a deletion of another account's restricted dataset fail with 403 insufficient-permissions.",
		sourceSuites + ", for the items only", assumed, func(c *check) {
			other := c.needs(c.otherToken, "of another account")
			d := c.with(c.create(), "", "RESTRICTED")
			c.eventually(accessDelay, func() { c.forbids(other, "GET", d.path) })
			c.forbids(other, "GET", "/v2/datasets/"+c.username+"~"+d.name)
			c.forbids(other, "PUT", d.path)
			c.forbids(other, "DELETE", d.path)
			c.get(d.path).hasStatus(http.StatusOK)
		}},
	{"tokens: another account, items", "The items of another account's restricted dataset fail with 403 insufficient-permissions.",
		sourceSuites, published, func(c *check) {
			other := c.needs(c.otherToken, "of another account")
			d := c.with(c.create(), "", "RESTRICTED")
			c.eventually(accessDelay, func() { c.forbids(other, "GET", d.path+"/items") })
			c.send(call{path: d.path + "/items", token: other}).has("error.message", "Insufficient permissions for the dataset. "+
				"Make sure you're passing a correct API token and that it has the required permissions.")
		}},
	{"tokens: names of accounts", "Two accounts can have datasets with the same name.", sourceNames, published, func(c *check) {
		other, d := c.needs(c.otherToken, "of another account"), c.create()
		c.send(call{method: "POST", path: "/v2/datasets?name=" + d.name, token: other}).hasStatus(http.StatusCreated)
	}},
	{"tokens: readable dataset of another account", "Another account can read a dataset with ANYONE_WITH_ID_CAN_READ, and cannot change it.",
		sourceAccess, published, func(c *check) {
			other := c.needs(c.otherToken, "of another account")
			d := c.with(c.create(), "", "ANYONE_WITH_ID_CAN_READ")
			c.eventually(accessDelay, func() {
				c.send(call{path: d.path, token: other}).hasStatus(http.StatusOK).has("data.urlSigningSecretKey", nil)
			})
			c.forbids(other, "DELETE", d.path)
		}},
	{"tokens: read-only", "A read-only token gets no signing key, and fails to change a dataset with 403 insufficient-permissions.",
		sourceTokens, published, func(c *check) {
			reader, d := c.needs(c.readOnlyToken, "that is read-only"), c.create()
			c.send(call{path: d.path, token: reader}).hasStatus(http.StatusOK).has("data.urlSigningSecretKey", nil)
			c.forbids(reader, "PUT", d.path)
			c.forbids(reader, "DELETE", d.path)
			c.forbids(reader, "POST", d.path+"/items")
			c.forbids(reader, "POST", "/v2/datasets?name="+c.newName())
		}},
	{"tokens: run, existing name", "The creation of an existing name, and a read, fail with 403 for the token of a run with limited permissions.",
		"apify/apify-client-js#905", published, func(c *check) {
			run := c.needs(c.runToken, "of a run")
			d := c.with(c.create(), "", "RESTRICTED")
			c.eventually(accessDelay, func() { c.forbids(run, "GET", d.path) })
			c.forbids(run, "POST", "/v2/datasets?name="+d.name)
		}},
	{"tokens: run, own dataset", "The token of a run with limited permissions can create a dataset, read it and change it.",
		sourceRuns, published, func(c *check) {
			run, name := c.needs(c.runToken, "of a run"), c.newName()
			d := c.newDataset(name, c.send(call{method: "POST", path: "/v2/datasets?name=" + name, token: run}))
			c.send(call{path: d.path, token: run}).hasStatus(http.StatusOK).has("data.name", name)
			c.send(call{method: "PUT", path: d.path, body: `{"generalAccess": "RESTRICTED"}`, token: run}).hasStatus(http.StatusOK)
		}},
	{"tokens: scoped", "A scoped token with all permissions for datasets can read and change them.", sourceTokens, published, func(c *check) {
		scoped, d := c.needs(c.scopedToken, "that is scoped"), c.create()
		c.send(call{path: d.path, token: scoped}).hasStatus(http.StatusOK).has("data.id", d.id)
		c.send(call{method: "PUT", path: d.path, body: `{"generalAccess": "RESTRICTED"}`, token: scoped}).hasStatus(http.StatusOK)
		c.send(call{path: "/v2/datasets?limit=1", token: scoped}).hasStatus(http.StatusOK)
	}},

	{"users: own account", "The token's account has an ID, a username and a creation time, and the secrets email and proxy.password.",
		sourceMe, published, func(c *check) {
			account := c.get("/v2/users/me").hasStatus(http.StatusOK)
			c.present(account.object("data"), "id", "username", "email", "createdAt")
			c.present(account.object("data.proxy"), "password")
		}},
	{"users: token of a run", "For the token of a run with limited permissions, the account lacks the ID, the email address and the creation time.",
		sourceMe + " and " + sourceBodies, published, func(c *check) {
			account := c.send(call{path: "/v2/users/me", token: c.needs(c.runToken, "of a run")}).hasStatus(http.StatusOK).object("data")
			c.present(account, "username", "proxy")
			c.absent(account, "id", "email", "createdAt")
		}},
	{"users: scoped token", "A scoped token cannot read its account: 403 insufficient-permissions.",
		sourceMe + "; apify/apify-cli#780", published, func(c *check) {
			c.forbids(c.needs(c.scopedToken, "that is scoped"), "GET", "/v2/users/me")
		}},

	{"HTTP: compression", "A long body is compressed with gzip if the client accepts it, and only then.", sourceSuites, published, func(c *check) {
		d := c.with(c.create(), `{"a": "`+strings.Repeat("text ", 1000)+`"}`, "")
		c.equal("Content-Encoding", c.send(call{path: d.path + "/items", gzip: true}).header.Get("Content-Encoding"), "gzip")
		c.equal("Content-Encoding", c.get(d.path+"/items").header.Get("Content-Encoding"), "")
	}},
	{"HTTP: media type", "The media type of responses is application/json in UTF-8.", sourceSuites, published, func(c *check) {
		for _, path := range []string{"/v2/datasets?limit=1", noDataset, c.create().path + "/items"} {
			contentType := strings.ToLower(strings.ReplaceAll(c.get(path).header.Get("Content-Type"), " ", ""))
			c.equal("Content-Type", contentType, "application/json;charset=utf-8")
		}
	}},
	{"HTTP: unknown path", "A path that the API does not have fails with 404 page-not-found, and a method that a path does not have " +
		"with 405 method-not-allowed and a message that lists the methods.", sourceErrors, published, func(c *check) {
		c.get(noDataset+"/no-such-path").fails(http.StatusNotFound, "page-not-found")
		got := c.send(call{method: "PATCH", path: "/v2/datasets"})
		got.fails(http.StatusMethodNotAllowed, "method-not-allowed")
		c.isTrue("a message with GET and POST", regexp.MustCompile("GET.*POST|POST.*GET").MatchString(got.text("error.message")))
	}},
}
