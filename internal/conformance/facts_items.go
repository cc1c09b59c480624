package conformance

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"net/http"
	"strings"
)

func itemFacts() []fact {
	return []fact{
		{
			name: "items: push", text: "An object, or an array of objects, can be pushed and read in its order, at once.", source: sourcePush,
			check: func(c *check) {
				d := c.create()
				c.push(d, `{"n": 1}`).hasStatus(http.StatusCreated)
				c.push(d, `[{"n": 2}, {"n": 3}]`).hasStatus(http.StatusCreated)
				c.equal("items", c.get(d.path+"/items").hasStatus(http.StatusOK).items(), `[{"n":1},{"n":2},{"n":3}]`)
			},
		},
		{
			name: "items: Location", text: "The push of items returns a Location header.", source: sourcePush,
			check: func(c *check) {
				location := c.push(c.create(), `{"n": 1}`).header.Get("Location")
				c.isTrue("a Location", location != "", "no Location")
			},
		},
		{
			name: "items: invalid", text: "Items that are not objects are refused with status 400, and none is stored.", source: sourcePush,
			check: func(c *check) {
				d := c.create()
				for _, body := range []string{`[{"a": 1}, 2]`, `null`, `1`, `[[]]`, ``} {
					c.push(d, body).hasStatus(http.StatusBadRequest)
				}
				c.equal("items", c.get(d.path+"/items").items(), `[]`)
			},
		},
		{
			name: "items: compressed", text: "The body of a push can be compressed with gzip.", source: sourcePush,
			check: func(c *check) {
				d := c.create()
				var b bytes.Buffer
				w := gzip.NewWriter(&b)
				// Writing to a buffer never fails.
				_, _ = io.WriteString(w, `[{"n": 1}]`)
				_ = w.Close()
				c.pushEncoded(d, b.String(), "gzip").hasStatus(http.StatusCreated)
				c.equal("items", c.get(d.path+"/items").items(), `[{"n":1}]`)
			},
		},
		{
			name: "items: unsupported compression", text: "An unknown Content-Encoding is refused with 415 unsupported-content-encoding.", source: sourceErrors,
			check: func(c *check) {
				c.pushEncoded(c.create(), `{}`, "zstd").fails(http.StatusUnsupportedMediaType, "unsupported-content-encoding")
			},
		},
		{
			name: "items: maximum size", text: "A push of more than 9,437,184 bytes is refused with 413 request-too-large.", source: sourceJS,
			check: func(c *check) {
				const limit = 9_437_184
				c.push(c.create(), `{"a": "`+strings.Repeat("x", limit)+`"}`).fails(http.StatusRequestEntityTooLarge, "request-too-large")
			},
		},
		{
			name: "items: headers", text: "The items have headers with the total, the offset, the limit, which is 999999999999 if there is none, the count and the order.",
			source: "apify/apify-client-python, which reads them",
			check: func(c *check) {
				d := c.createWithItems(`[{"n": 1}, {"n": 2}, {"n": 3}]`)
				c.eventually(listDelay, func() {
					c.paging(c.get(d.path+"/items"), "3", "0", "999999999999", "3", "false")
					c.paging(c.get(d.path+"/items?offset=1&limit=1&desc=1"), "3", "1", "1", "1", "true")
				})
			},
		},
		{
			name: "items: HEAD", text: "HEAD returns the headers of the items without a body.", source: "OpenAPI document, HEAD /v2/datasets/{datasetId}/items",
			check: func(c *check) {
				d := c.createWithItems(`[{"n": 1}]`)
				got := c.send(call{method: http.MethodHead, path: d.path + "/items"}).hasStatus(http.StatusOK)
				c.equal("X-Apify-Pagination-Count", got.header.Get("X-Apify-Pagination-Count"), "1")
			},
		},
		{
			name: "items: unknown dataset", text: "The items of a dataset that does not exist fail with 404 record-not-found.", source: sourceItems,
			check: func(c *check) {
				c.get(datasetsPath+"/"+noDataset+"/items").fails(http.StatusNotFound, "record-not-found")
			},
		},
		{
			name: "items: invalid parameters", text: "An unknown format, a delimiter of two characters and a negative limit are refused with status 400.",
			source: sourceItems, assumed: true,
			check: func(c *check) {
				d := c.createWithItems(`[{"n": 1}]`)
				for _, query := range []string{"format=pdf", "delimiter=ab&format=csv", "limit=-1", "fields=a&outputFields=b,c"} {
					c.get(d.path + "/items?" + query).hasStatus(http.StatusBadRequest)
				}
			},
		},
		{
			name: "items: view without schema", text: "A view of a dataset without a schema is refused with status 400.", source: sourceItems, assumed: true,
			check: func(c *check) {
				c.get(c.createWithItems(`[{"n": 1}]`).path + "/items?view=overview").hasStatus(http.StatusBadRequest)
			},
		},
		{
			name: "items: statistics", text: "The statistics of a dataset without a schema have no fields.", source: "OpenAPI document, GET /v2/datasets/{datasetId}/statistics",
			assumed: true,
			check: func(c *check) {
				got := c.get(c.createWithItems(`[{"n": 1}]`).path + "/statistics").hasStatus(http.StatusOK)
				c.equal("fields", len(got.object("data", "fieldStatistics")), 0)
			},
		},
	}
}

func (c *check) pushEncoded(d dataset, body, encoding string) *response {
	return c.send(call{method: http.MethodPost, path: d.path + "/items", body: body, header: map[string]string{"Content-Encoding": encoding}})
}

func (c *check) paging(got *response, total, offset, limit, count, desc string) {
	for name, want := range map[string]string{"Total": total, "Offset": offset, "Limit": limit, "Count": count, "Desc": desc} {
		c.equal("X-Apify-Pagination-"+name, got.header.Get("X-Apify-Pagination-"+name), want)
	}
}

// itemOptionFacts has a fact for each option of the items that changes them.
func itemOptionFacts() []fact {
	const items = `[
		{"name": "pen", "price": 1.5, "#debug": 1, "tags": ["a", "b"], "size": {"w": 1, "h": {"cm": 2}}},
		{},
		{"#only": 1},
		{"name": "ink", "price": null}
	]`
	var facts []fact
	for _, option := range []struct{ name, text, query, want string }{
		{"desc", "desc=1 reverses the items", "desc=1&fields=name", `[{"name":"ink"},{},{},{"name":"pen"}]`},
		{"offset and limit", "offset and limit select items", "offset=1&limit=2&fields=name", `[{},{}]`},
		{"fields", "fields selects properties", "fields=price,name&limit=1", `[{"name":"pen","price":1.5}]`},
		{"outputFields", "outputFields renames the selected properties", "fields=name,price&outputFields=n,p&limit=1", `[{"n":"pen","p":1.5}]`},
		{"omit", "omit leaves out properties", "omit=tags,size,%23debug&limit=1", `[{"name":"pen","price":1.5}]`},
		{"omit of inner properties", "omit leaves out inner properties", "fields=size&omit=size.h.cm&limit=1", `[{"size":{"h":{},"w":1}}]`},
		{"skipHidden", "skipHidden=1 leaves out properties that begin with #", "skipHidden=1&omit=tags,size,price", `[{"name":"pen"},{},{},{"name":"ink"}]`},
		{"skipEmpty", "skipEmpty=1 leaves out items without properties", "skipEmpty=1&fields=name", `[{"name":"pen"},{"name":"ink"}]`},
		{"clean", "clean=1 is skipHidden=1 and skipEmpty=1", "clean=1&omit=tags,size,price", `[{"name":"pen"},{"name":"ink"}]`},
		{"paging before cleaning", "offset and limit count the items before empty ones are left out", "clean=1&limit=3&fields=name", `[{"name":"pen"}]`},
		{"unwind of an array", "unwind makes an item of each element", "unwind=tags&limit=1&fields=name,tags", `[{"name":"pen","tags":"a"},{"name":"pen","tags":"b"}]`},
		{"unwind of an object", "unwind merges an object into the item", "unwind=size&limit=1&fields=name,w", `[{"name":"pen","w":1}]`},
		{"flatten", "flatten replaces an object with properties such as size.h.cm", "flatten=size&limit=1&fields=size.w,size.h.cm", `[{"size.h.cm":2,"size.w":1}]`},
	} {
		facts = append(facts, fact{
			name: "item options: " + option.name, text: "For the items, " + option.text + ".", source: sourceItems,
			check: func(c *check) {
				d := c.createWithItems(items)
				c.equal("items with "+option.query, c.get(d.path+"/items?"+option.query).hasStatus(http.StatusOK).items(), option.want)
			},
		})
	}
	for _, format := range []struct{ name, query, contentType, want string }{
		{"jsonl", "format=jsonl&fields=name", "application/jsonl", "{\"name\":\"pen\"}\n{}\n{}\n{\"name\":\"ink\"}\n"},
		{"csv", "format=csv&bom=0&fields=name,price&skipEmpty=1", "text/csv", "name,price\npen,1.5\nink,\n"},
		{"csv with nested values", "format=csv&bom=0&fields=size,tags&limit=1", "text/csv", "size/w,size/h/cm,tags/0,tags/1\n1,2,a,b\n"},
		{"csv with a byte order mark", "format=csv&limit=1&fields=name", "text/csv", "\ufeffname\npen\n"},
		{"csv with a delimiter", "format=csv&bom=0&delimiter=%3B&limit=1&fields=name,price", "text/csv", "name;price\npen;1.5\n"},
		{"csv without a header row", "format=csv&bom=0&skipHeaderRow=1&limit=1&fields=name", "text/csv", "pen\n"},
	} {
		facts = append(facts, fact{
			name: "item formats: " + format.name, text: "The items can be read in the format " + format.name + ".", source: sourceItems,
			check: func(c *check) {
				got := c.get(c.createWithItems(items).path + "/items?" + format.query).hasStatus(http.StatusOK)
				contentType, _, _ := strings.Cut(got.header.Get("Content-Type"), ";")
				c.equal("Content-Type", contentType, format.contentType)
				// The API can end lines with CRLF and omit the last line break.
				body := strings.TrimSuffix(strings.ReplaceAll(string(got.body), "\r\n", "\n"), "\n")
				c.equal("body", body, strings.TrimSuffix(format.want, "\n"))
			},
		})
	}
	return append(facts, fact{
		name: "item formats: attachment", text: "attachment=1 makes browsers download the items as dataset_ID.FORMAT.", source: sourceItems, assumed: true,
		check: func(c *check) {
			d := c.createWithItems(items)
			got := c.get(d.path + "/items?attachment=1&limit=1").header.Get("Content-Disposition")
			c.equal("Content-Disposition", got, fmt.Sprintf("attachment; filename=%q", "dataset_"+d.id+".json"))
		},
	})
}
