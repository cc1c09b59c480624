package conformance

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"fmt"
	"io"
	"net/http"
	"slices"
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
			name: "items: body of a push", text: "The response to a push is an empty object.", source: sourcePush,
			check: func(c *check) {
				got := c.push(c.create(), `{"n": 1}`).hasStatus(http.StatusCreated)
				c.equal("body", got.compact(), "{}")
			},
		},
		{
			name: "items: empty push", text: "An empty array can be pushed.", source: sourceNone, assumed: true,
			check: func(c *check) {
				d := c.create()
				c.push(d, `[]`).hasStatus(http.StatusCreated)
				c.equal("items", c.get(d.path+"/items").items(), `[]`)
			},
		},
		{
			name: "items: by name", text: "A push and a read of items can refer to the dataset by username~name.", source: sourcePush,
			check: func(c *check) {
				_, username := c.account()
				d := c.create()
				d.path = datasetsPath + "/" + username + "~" + d.name
				c.push(d, `{"n": 1}`).hasStatus(http.StatusCreated)
				c.equal("items", c.get(d.path+"/items").hasStatus(http.StatusOK).items(), `[{"n":1}]`)
			},
		},
		{
			name: "items: push to an unknown dataset", text: "A push to a dataset that does not exist fails with 404 record-not-found.", source: sourcePush,
			check: func(c *check) {
				c.push(dataset{path: datasetsPath + "/" + noDataset}, `{"n": 1}`).fails(http.StatusNotFound, "record-not-found")
			},
		},
		{
			name: "items: order of properties", text: "Items keep the order of their properties.", source: sourceNone, assumed: true,
			check: func(c *check) {
				const items = `[{"z":1,"a":{"y":2,"b":3}}]`
				c.equal("items", c.get(c.createWithItems(items).path+"/items").hasStatus(http.StatusOK).compact(), items)
			},
		},
		{
			name: "items: spelling of numbers", text: "Items keep the digits of their numbers.", source: sourceNone, assumed: true,
			check: func(c *check) {
				const items = `[{"a":1.50,"b":12345678901234567890}]`
				c.equal("items", c.get(c.createWithItems(items).path+"/items").hasStatus(http.StatusOK).compact(), items)
			},
		},
		{
			name: "items: unsupported compression", text: "An unknown Content-Encoding is refused with 415 unsupported-content-encoding.", source: sourceErrors,
			check: func(c *check) {
				c.pushEncoded(c.create(), `{}`, "zstd").fails(http.StatusUnsupportedMediaType, "unsupported-content-encoding")
			},
		},
		{
			name: "items: raw deflate", text: "The body of a push can be compressed with deflate without the header of zlib.", source: sourceNone, assumed: true,
			check: func(c *check) {
				d := c.create()
				c.pushEncoded(d, encode(func(w io.Writer) io.WriteCloser {
					// The level is valid.
					raw, _ := flate.NewWriter(w, flate.DefaultCompression)
					return raw
				}, `[{"n": 1}]`), "deflate").hasStatus(http.StatusCreated)
				c.equal("items", c.get(d.path+"/items").items(), `[{"n":1}]`)
			},
		},
		{
			name: "items: case of the compression", text: "The case of a Content-Encoding does not matter.", source: "RFC 9110, section 8.4.1", assumed: true,
			check: func(c *check) {
				c.pushEncoded(c.create(), encode(newGzipWriter, `{"n": 1}`), "GZip").hasStatus(http.StatusCreated)
			},
		},
		{
			name: "items: invalid compression", text: "A body that does not match its Content-Encoding is refused with status 400, and nothing is stored.",
			source: sourceNone, assumed: true,
			check: func(c *check) {
				d := c.create()
				compressed := encode(newGzipWriter, `{"n": 1}`)
				c.pushEncoded(d, compressed[:len(compressed)/2], "gzip").hasStatus(http.StatusBadRequest)
				for _, encoding := range []string{"br", "gzip", "deflate"} {
					c.pushEncoded(d, `[{"n": 1}]`, encoding).hasStatus(http.StatusBadRequest)
				}
				c.equal("items", c.get(d.path+"/items").items(), `[]`)
			},
		},
		{
			name: "items: maximum size, decompressed", text: "The maximum size of a push applies to the decompressed body.", source: sourceNone, assumed: true,
			check: func(c *check) {
				body := encode(newGzipWriter, `{"a": "`+strings.Repeat("x", maxPush)+`"}`)
				c.pushEncoded(c.create(), body, "gzip").fails(http.StatusRequestEntityTooLarge, "request-too-large")
			},
		},
		{
			name: "items: maximum size", text: "A push of more than 9,437,184 bytes is refused with 413 request-too-large.", source: sourceJS,
			check: func(c *check) {
				c.push(c.create(), `{"a": "`+strings.Repeat("x", maxPush)+`"}`).fails(http.StatusRequestEntityTooLarge, "request-too-large")
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
			name: "items: count", text: "X-Apify-Pagination-Count counts the items before they are unwound, and before empty ones are left out.",
			source: sourceItems + ", by its section Pagination", assumed: true,
			check: func(c *check) {
				d := c.createWithItems(`[{"n": 1, "l": [1, 2, 3]}, {}]`)
				c.equal("count of unwound items", c.get(d.path+"/items?unwind=l").header.Get("X-Apify-Pagination-Count"), "2")
				c.equal("count of items that are not empty", c.get(d.path+"/items?skipEmpty=1").header.Get("X-Apify-Pagination-Count"), "2")
			},
		},
		{
			name: "items: statistics of the dataset", text: "A dataset counts the items that were pushed, and the reads of its items.", source: sourceDataset, assumed: true,
			check: func(c *check) {
				d := c.createWithItems(`[{"n": 1}, {"n": 2}]`)
				c.eventually(listDelay, func() {
					stats := c.get(d.path).object("data", "stats")
					c.equal("writeCount", stats["writeCount"], 2.0)
					reads, _ := stats["readCount"].(float64)
					c.isTrue("a positive readCount", reads > 0, "readCount %v", stats["readCount"])
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
			name: "items: invalid parameters", text: "An unknown format, a delimiter of two characters, a negative limit and outputFields without as many fields are refused with status 400.",
			source: sourceItems, assumed: true,
			check: func(c *check) {
				d := c.createWithItems(`[{"n": 1}]`)
				for _, query := range []string{"format=pdf", "delimiter=ab&format=csv", "limit=-1", "fields=a&outputFields=b,c", "outputFields=a"} {
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

// maxPush is the maximum number of bytes of a push.
const maxPush = 9_437_184

// compressionFacts has a fact for each compression of a push that the OpenAPI document lists.
func compressionFacts() []fact {
	const item = `{"n":1}`
	var facts []fact
	for _, compression := range []struct{ name, encoding, body string }{
		// The standard library has no Brotli. These are the header of a stream with the item as it
		// is, the item, and the end of the stream.
		{"Brotli", "br", "\x0b\x03\x80" + item + "\x03"},
		{"gzip", "gzip", encode(newGzipWriter, item)},
		{"deflate", "deflate", encode(func(w io.Writer) io.WriteCloser { return zlib.NewWriter(w) }, item)},
	} {
		facts = append(facts, fact{
			name: "items: compressed with " + compression.name, text: "The body of a push can be compressed with " + compression.name + ".", source: sourcePush,
			check: func(c *check) {
				d := c.create()
				c.pushEncoded(d, compression.body, compression.encoding).hasStatus(http.StatusCreated)
				c.equal("items", c.get(d.path+"/items").items(), "["+item+"]")
			},
		})
	}
	return facts
}

func newGzipWriter(w io.Writer) io.WriteCloser { return gzip.NewWriter(w) }

// encode returns a text in compressed form.
func encode(newWriter func(io.Writer) io.WriteCloser, text string) string {
	var b bytes.Buffer
	w := newWriter(&b)
	// Writing to a buffer never fails.
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

func (c *check) pushEncoded(d dataset, body, encoding string) *response {
	return c.send(call{method: http.MethodPost, path: d.path + "/items", body: body, header: map[string]string{"Content-Encoding": encoding}})
}

func (c *check) paging(got *response, total, offset, limit, count, desc string) {
	for name, want := range map[string]string{"Total": total, "Offset": offset, "Limit": limit, "Count": count, "Desc": desc} {
		c.equal("X-Apify-Pagination-"+name, got.header.Get("X-Apify-Pagination-"+name), want)
	}
}

// itemOption is an option of the items that changes them.
type itemOption struct{ name, text, query, want string }

// optionFacts has a fact for each of the options.
func optionFacts(items, source string, options ...itemOption) []fact {
	var facts []fact
	for _, option := range options {
		facts = append(facts, fact{
			name: "item options: " + option.name, text: "For the items, " + option.text + ".", source: source, assumed: source == sourceNone,
			check: func(c *check) {
				d := c.createWithItems(items)
				c.equal("items with "+option.query, c.get(d.path+"/items?"+option.query).hasStatus(http.StatusOK).items(), option.want)
			},
		})
	}
	return facts
}

// shopItems are the items of the facts about options and formats.
const shopItems = `[
	{"name": "pen", "price": 1.5, "#debug": 1, "tags": ["a", "b"], "size": {"w": 1, "h": {"cm": 2}}},
	{},
	{"#only": 1},
	{"name": "ink", "price": null}
]`

func itemOptionFacts() []fact {
	documented := optionFacts(shopItems, sourceItems,
		itemOption{"desc", "desc=1 reverses the items", "desc=1&fields=name", `[{"name":"ink"},{},{},{"name":"pen"}]`},
		itemOption{"offset and limit", "offset and limit select items", "offset=1&limit=2&fields=name", `[{},{}]`},
		itemOption{"fields", "fields selects properties", "fields=price,name&limit=1", `[{"name":"pen","price":1.5}]`},
		itemOption{"outputFields", "outputFields renames the selected properties", "fields=name,price&outputFields=n,p&limit=1", `[{"n":"pen","p":1.5}]`},
		itemOption{"omit", "omit leaves out properties", "omit=tags,size,%23debug&limit=1", `[{"name":"pen","price":1.5}]`},
		itemOption{"omit of inner properties", "omit leaves out inner properties", "fields=size&omit=size.h.cm&limit=1", `[{"size":{"h":{},"w":1}}]`},
		itemOption{"skipHidden", "skipHidden=1 leaves out properties that begin with #", "skipHidden=1&omit=tags,size,price", `[{"name":"pen"},{},{},{"name":"ink"}]`},
		itemOption{"skipEmpty", "skipEmpty=1 leaves out items without properties", "skipEmpty=1&fields=name", `[{"name":"pen"},{"name":"ink"}]`},
		itemOption{"clean", "clean=1 is skipHidden=1 and skipEmpty=1", "clean=1&omit=tags,size,price", `[{"name":"pen"},{"name":"ink"}]`},
		itemOption{"paging before cleaning", "offset and limit count the items before empty ones are left out", "clean=1&limit=3&fields=name", `[{"name":"pen"}]`},
		itemOption{"unwind of an array", "unwind makes an item of each element", "unwind=tags&limit=1&fields=name,tags", `[{"name":"pen","tags":"a"},{"name":"pen","tags":"b"}]`},
		itemOption{"unwind of an object", "unwind merges an object into the item", "unwind=size&limit=1&fields=name,w", `[{"name":"pen","w":1}]`},
		itemOption{"unwind of other values", "unwind changes no item whose property is missing or neither an array nor an object", "unwind=price,none&fields=name,price&skipEmpty=1", `[{"name":"pen","price":1.5},{"name":"ink","price":null}]`},
		itemOption{"unwind of several fields", "unwind unwinds the fields in their order", "unwind=size,h&limit=1&fields=w,cm", `[{"cm":2,"w":1}]`},
		itemOption{"flatten", "flatten replaces an object with properties such as size.h.cm", "flatten=size&limit=1&fields=size.w,size.h.cm", `[{"size.h.cm":2,"size.w":1}]`},
	)
	chosen := optionFacts(shopItems, sourceNone,
		itemOption{"flatten of other values", "flatten changes no array and no text", "flatten=tags,name&limit=1&fields=tags,name", `[{"name":"pen","tags":["a","b"]}]`},
		itemOption{"repeated parameter", "a parameter that is given twice is the same as a list", "fields=price&fields=name&limit=1", `[{"name":"pen","price":1.5}]`},
		itemOption{"spaces in a list", "spaces in a list are ignored", "fields=price,%20name&limit=1", `[{"name":"pen","price":1.5}]`},
		itemOption{"empty parameters", "an empty parameter is the same as a missing one", "desc=&limit=&fields=&format=&clean=&offset=3", `[{"name":"ink","price":null}]`},
		itemOption{"booleans", "false and 0 turn an option off", "desc=false&clean=0&offset=2", `[{"#only":1},{"name":"ink","price":null}]`},
	)
	const (
		lists   = `[{"n": 1, "l": [1, 2]}, {"n": 2, "l": [{"m": 3}]}, {"n": 3, "l": []}]`
		crawled = `[{"id": 1, "url": "u", "pageFunctionResult": [{"title": "a"}, {"title": "b"}]}, {"id": 2, "url": "v", "errorInfo": {"stack": "s"}}]`
	)
	return slices.Concat(documented, chosen,
		optionFacts(lists, sourceItems,
			itemOption{"unwind with desc", "desc=1 reverses the items, but not the elements that unwind makes items of", "unwind=l&desc=1&offset=1", `[{"m":3,"n":2},{"l":1,"n":1},{"l":2,"n":1}]`},
			itemOption{"paging before unwinding", "offset and limit count the items before unwind", "unwind=l&limit=1", `[{"l":1,"n":1},{"l":2,"n":1}]`},
		),
		optionFacts(lists, sourceNone,
			itemOption{"unwind of an empty array", "unwind leaves out an item whose array is empty", "unwind=l&offset=1", `[{"m":3,"n":2}]`},
		),
		optionFacts(crawled, sourceItems,
			itemOption{"simplified", "simplified=1 is fields=url,pageFunctionResult,errorInfo and unwind=pageFunctionResult", "simplified=1", `[{"title":"a","url":"u"},{"title":"b","url":"u"},{"errorInfo":{"stack":"s"},"url":"v"}]`},
			itemOption{"skipFailedPages", "skipFailedPages=1 leaves out items with the property errorInfo", "skipFailedPages=1&fields=id", `[{"id":1}]`},
		),
		optionFacts(`[{"a": {"#b": 1}, "#c": 2}]`, sourceItems,
			itemOption{"skipHidden of inner properties", "skipHidden=1 keeps inner properties that begin with #", "skipHidden=1", `[{"a":{"#b":1}}]`},
		),
		[]fact{{
			name: "item options: order of fields", text: "For the items, fields sets the order of the properties.", source: sourceItems,
			check: func(c *check) {
				got := c.get(c.createWithItems(shopItems).path + "/items?fields=price,name&limit=1").hasStatus(http.StatusOK)
				c.equal("items", got.compact(), `[{"price":1.5,"name":"pen"}]`)
			},
		}},
	)
}

func itemFormatFacts() []fact {
	long := strings.Repeat("x", 201)
	wide := make([]string, 2001)
	for i := range wide {
		wide[i] = fmt.Sprintf(`"c%d": 1`, i)
	}
	facts := []fact{
		{
			name: "item formats: attachment", text: "attachment=1 makes browsers download the items as dataset_ID.FORMAT.", source: sourceItems, assumed: true,
			check: func(c *check) {
				d := c.createWithItems(shopItems)
				got := c.get(d.path + "/items?attachment=1&limit=1").header.Get("Content-Disposition")
				c.equal("Content-Disposition", got, fmt.Sprintf("attachment; filename=%q", "dataset_"+d.id+".json"))
			},
		},
		{
			name: "item formats: csv limits", text: "A CSV file has at most 2000 columns, whose names have at most 200 characters.", source: sourceItems,
			check: func(c *check) {
				got := c.get(c.createWithItems(`[{"`+long+`": 1}]`).path + "/items?format=csv&bom=0").hasStatus(http.StatusOK)
				header, _, _ := strings.Cut(string(got.body), "\n")
				c.equal("length of the name", len(strings.TrimSpace(header)), 200)
				got = c.get(c.createWithItems("[{"+strings.Join(wide, ",")+"}]").path + "/items?format=csv&bom=0").hasStatus(http.StatusOK)
				header, _, _ = strings.Cut(string(got.body), "\n")
				c.equal("number of columns", strings.Count(header, ",")+1, 2000)
			},
		},
	}
	for _, format := range []struct{ name, query, contentType, want string }{
		{"jsonl", "format=jsonl&fields=name", "application/jsonl", "{\"name\":\"pen\"}\n{}\n{}\n{\"name\":\"ink\"}\n"},
		{"jsonl with a byte order mark", "format=jsonl&bom=1&limit=1&fields=name", "application/jsonl", "\ufeff{\"name\":\"pen\"}\n"},
		{"csv", "format=csv&bom=0&fields=name,price&skipEmpty=1", "text/csv", "name,price\npen,1.5\nink,\n"},
		{"csv with nested values", "format=csv&bom=0&fields=size,tags&limit=1", "text/csv", "size/w,size/h/cm,tags/0,tags/1\n1,2,a,b\n"},
		{"csv with a byte order mark", "format=csv&limit=1&fields=name", "text/csv", "\ufeffname\npen\n"},
		{"csv with a delimiter", "format=csv&bom=0&delimiter=%3B&limit=1&fields=name,price", "text/csv", "name;price\npen;1.5\n"},
		{"csv without a header row", "format=csv&bom=0&skipHeaderRow=1&limit=1&fields=name", "text/csv", "pen\n"},
		{"csv with a column for each field", "format=csv&bom=0&limit=1&fields=none,name", "text/csv", "none,name\n,pen\n"},
		{"csv with renamed fields", "format=csv&bom=0&limit=1&fields=name&outputFields=title", "text/csv", "title\npen\n"},
	} {
		facts = append(facts, fact{
			name: "item formats: " + format.name, text: "The items can be read in the format " + format.name + ".", source: sourceItems,
			check: func(c *check) {
				got := c.get(c.createWithItems(shopItems).path + "/items?" + format.query).hasStatus(http.StatusOK)
				contentType, _, _ := strings.Cut(got.header.Get("Content-Type"), ";")
				c.equal("Content-Type", contentType, format.contentType)
				// The API can end lines with CRLF and omit the last line break.
				body := strings.TrimSuffix(strings.ReplaceAll(string(got.body), "\r\n", "\n"), "\n")
				c.equal("body", body, strings.TrimSuffix(format.want, "\n"))
			},
		})
	}
	return facts
}
