package conformance

import (
	"fmt"
	"net/http"
	"time"
)

// listed returns the item of a dataset in the list of the newest datasets, with further parameters.
// It ends the check if the list does not contain the dataset.
func (c *check) listed(d dataset, query string) map[string]any {
	item := c.find(d, query)
	c.isTrue("the dataset in the list", item != nil, "a list without the dataset")
	return item
}

// unlisted ends the check if the list of the newest datasets contains a dataset.
func (c *check) unlisted(d dataset, query string) {
	c.isTrue("a list without the dataset", c.find(d, query) == nil, "the dataset in the list")
}

func (c *check) find(d dataset, query string) map[string]any {
	for _, item := range c.list("desc=1&"+query).list("data", "items") {
		if object, _ := item.(map[string]any); object["id"] == d.id {
			return object
		}
	}
	return nil
}

func (c *check) list(query string) *response {
	return c.get(datasetsPath + "?" + query).prepared(http.StatusOK)
}

func listFacts() []fact {
	return []fact{
		{
			name: "list: envelope", text: "A list has total, offset, limit, count, desc and items.", source: sourceList,
			check: func(c *check) {
				c.create()
				list := c.list("limit=1")
				c.hasProperties(list.object("data"), "total", "offset", "limit", "count", "desc", "items")
				list.has("offset", 0.0).has("limit", 1.0).has("desc", false)
				c.equal("count", list.at("data", "count"), float64(len(list.list("data", "items"))))
			},
		},
		{
			name: "list: order", text: "A list begins with the oldest dataset, or with desc=1 with the newest.", source: sourceList,
			check: func(c *check) {
				older := c.create()
				c.wait(5 * time.Millisecond)
				newer := c.create()
				position := func(d dataset, items []any) int {
					for i, item := range items {
						if object, _ := item.(map[string]any); object["id"] == d.id {
							return i
						}
					}
					c.differ("the dataset in the list", "a list without the dataset")
					return -1
				}
				c.eventually(listDelay, func() {
					newest := c.list("desc=1")
					newest.has("desc", true)
					items := newest.list("data", "items")
					c.isTrue("the newer dataset first", position(newer, items) < position(older, items), "the older dataset first")
					total, _ := newest.at("data", "total").(float64)
					items = c.list(fmt.Sprintf("offset=%d", max(0, int(total)-100))).list("data", "items")
					c.isTrue("the older dataset first", position(older, items) < position(newer, items), "the newer dataset first")
				})
			},
		},
		{
			name: "list: offset", text: "The offset leaves out the first datasets, and one beyond the end leaves out all.", source: sourceList,
			check: func(c *check) {
				c.create()
				c.create()
				c.eventually(listDelay, func() {
					first, second := c.list("limit=2").list("data", "items"), c.list("limit=1&offset=1").list("data", "items")
					c.isTrue("two datasets", len(first) == 2 && len(second) == 1, "%d and %d datasets", len(first), len(second))
					c.equal("the ID at offset 1", idOf(second[0]), idOf(first[1]))
				})
				c.equal("datasets at a large offset", len(c.list("offset=999999999").list("data", "items")), 0)
			},
		},
		{
			name: "list: maximum", text: "A list has 1000 datasets at most, also if the limit is missing, 0 or higher.", source: sourceList,
			check: func(c *check) {
				for _, query := range []string{"", "limit=0", "limit=5000"} {
					c.list(query).has("limit", 1000.0)
				}
			},
		},
		{
			name: "list: parameters", text: "The list repeats unnamed and desc, whose values can be 1, true, 0, false or empty.", source: sourceList,
			check: func(c *check) {
				c.list("unnamed=1&desc=true").has("unnamed", true).has("desc", true)
				c.list("unnamed=0&desc=false").has("unnamed", false).has("desc", false)
				c.list("unnamed=&desc=&limit=&offset=").has("unnamed", false).has("desc", false).has("offset", 0.0)
			},
		},
		{
			name: "list: invalid parameters", text: "An invalid offset, limit, desc or ownership is refused with 400 invalid-value.", source: sourceList, assumed: true,
			check: func(c *check) {
				for _, query := range []string{"offset=-1", "limit=many", "limit=1.5", "desc=maybe", "ownership=theirs"} {
					c.get(datasetsPath+"?"+query).fails(http.StatusBadRequest, "invalid-value")
				}
			},
		},
		{
			name: "list: consistency", text: "A list contains a new dataset after some seconds, and does not contain a deleted one.", source: sourceSuites,
			check: func(c *check) {
				d := c.create()
				c.eventually(listDelay, func() { c.listed(d, "") })
				c.remove(d.path).prepared(http.StatusNoContent)
				c.eventually(listDelay, func() { c.unlisted(d, "") })
			},
		},
		{
			name: "list: lag", text: "While a list lacks a new dataset, its total already includes the dataset.", source: sourceSuites + ", by inference", assumed: true,
			check: func(c *check) {
				before := c.list("limit=1").at("data", "total")
				d := c.create()
				list := c.list("desc=1&limit=5")
				for _, item := range list.list("data", "items") {
					if idOf(item) == d.id {
						c.undecidable("the list contained the new dataset at once")
					}
				}
				c.isTrue("a higher total", list.at("data", "total") != before, "the same total")
			},
		},
		{
			name: "list: unnamed datasets", text: "Only with unnamed=1 does a list contain unnamed datasets.", source: sourceList,
			check: func(c *check) {
				d := c.createUnnamed()
				c.push(d, `{"a": 1}`).prepared(http.StatusCreated)
				c.eventually(listDelay, func() { c.listed(d, "unnamed=1") })
				c.unlisted(d, "")
			},
		},
		{
			name: "list: empty datasets", text: "With unnamed=1, a list contains no empty dataset, not even a named one.", source: sourceEmpty, assumed: true,
			check: func(c *check) {
				empty, unnamed, full := c.create(), c.createUnnamed(), c.createWithItems(`[{"a": 1}]`)
				c.eventually(listDelay, func() {
					c.listed(empty, "")
					c.listed(full, "unnamed=1")
				})
				c.unlisted(empty, "unnamed=1")
				c.unlisted(unnamed, "unnamed=1")
			},
		},
		{
			name: "list: name of an unnamed dataset", text: "The name of an unnamed dataset in a list is an empty text.", source: sourceListItem, assumed: true,
			check: func(c *check) {
				d := c.createUnnamed()
				c.push(d, `{"a": 1}`).prepared(http.StatusCreated)
				c.eventually(listDelay, func() { c.equal("name", c.listed(d, "unnamed=1")["name"], "") })
			},
		},
		{
			name: "list: properties", text: "A dataset in a list has the owner's username, a general access and statistics.", source: sourceListItem,
			check: func(c *check) {
				_, username := c.account()
				d := c.create()
				c.eventually(listDelay, func() {
					item := c.listed(d, "")
					c.hasProperties(item, "id", "name", "userId", "username", "createdAt", "modifiedAt", "accessedAt", "itemCount", "cleanItemCount",
						"generalAccess", "stats")
					stats, _ := item["stats"].(map[string]any)
					c.hasProperties(stats, "readCount", "writeCount", "inflatedBytes")
					c.equal("username", item["username"], username)
				})
			},
		},
		{
			name: "list: missing properties", text: "A dataset in a list has no Console URL, public URL, signing key, schema or fields.", source: sourceBodies,
			check: func(c *check) {
				d := c.create()
				c.eventually(listDelay, func() {
					c.lacksProperties(c.listed(d, ""), "consoleUrl", "itemsPublicUrl", "urlSigningSecretKey", "schema", "fields")
				})
			},
		},
		{
			name: "list: ownership", text: "ownership=ownedByMe lists the account's own datasets, ownership=sharedWithMe does not.", source: sourceList,
			check: func(c *check) {
				d := c.create()
				c.eventually(listDelay, func() { c.listed(d, "ownership=ownedByMe") })
				c.unlisted(d, "ownership=sharedWithMe")
			},
		},
	}
}

func idOf(item any) any {
	object, _ := item.(map[string]any)
	return object["id"]
}
