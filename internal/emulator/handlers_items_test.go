package emulator

import (
	"encoding/json"
	"net/http"
	"net/url"
	"testing"
	"time"
)

// seedShop adds a dataset whose items and views the tests of the items endpoint read.
func seedShop(s *Server) Dataset {
	return s.API.Seed(Dataset{
		Name: "shop",
		Items: rawItems(
			`{"name": "pen", "price": 1.50, "#debug": {"t": 1}, "tags": ["a", "b"], "size": {"w": 1, "h": {"cm": 2}}}`,
			`{}`,
			`{"#only": "hidden"}`,
			`{"name": "ink <&> \"é\"", "price": null, "sold": true, "errorInfo": {"message": "m"}}`,
			`{"parts": [{"name": "cap", "no": 1}, 7, {"no": 2}], "id": 1e3}`,
		),
		Schema: json.RawMessage(`{"views": {
			"sizes": {"transformation": {"fields": ["name", "size.w"], "flatten": ["size"], "limit": 1}},
			"parts": {"transformation": {"fields": ["id", "no"], "unwind": ["parts"], "desc": true, "omit": []}}
		}}`),
	})
}

func wantItems(t *testing.T, s *Server, d Dataset, query, want string) {
	t.Helper()
	got := send(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID + "/items?" + query})
	if got.status != http.StatusOK || string(got.body) != want {
		t.Errorf("%s: status %d\n got %s\nwant %s", query, got.status, got.body, want)
	}
}

func TestGetItems_options(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := seedShop(s)
	for query, want := range map[string]string{
		"limit=1":                                  `[{"name":"pen","price":1.50,"#debug":{"t":1},"tags":["a","b"],"size":{"w":1,"h":{"cm":2}}}]`,
		"offset=1&limit=2":                         `[{},{"#only":"hidden"}]`,
		"offset=5":                                 `[]`,
		"desc=1&limit=2":                           `[{"parts":[{"name":"cap","no":1},7,{"no":2}],"id":1e3},{"name":"ink <&> \"é\"","price":null,"sold":true,"errorInfo":{"message":"m"}}]`,
		"desc=1&offset=2":                          `[{"#only":"hidden"},{},{"name":"pen","price":1.50,"#debug":{"t":1},"tags":["a","b"],"size":{"w":1,"h":{"cm":2}}}]`,
		"limit=3&skipHidden=1":                     `[{"name":"pen","price":1.50,"tags":["a","b"],"size":{"w":1,"h":{"cm":2}}},{},{}]`,
		"limit=3&skipEmpty=1":                      `[{"name":"pen","price":1.50,"#debug":{"t":1},"tags":["a","b"],"size":{"w":1,"h":{"cm":2}}},{"#only":"hidden"}]`,
		"limit=3&clean=1":                          `[{"name":"pen","price":1.50,"tags":["a","b"],"size":{"w":1,"h":{"cm":2}}}]`,
		"limit=2&clean=0":                          `[{"name":"pen","price":1.50,"#debug":{"t":1},"tags":["a","b"],"size":{"w":1,"h":{"cm":2}}},{}]`,
		"fields=price,name":                        `[{"price":1.50,"name":"pen"},{},{},{"price":null,"name":"ink <&> \"é\""},{}]`,
		"fields=price&fields=name&limit=1":         `[{"price":1.50,"name":"pen"}]`,
		"fields=name,price&skipEmpty=1&limit=2":    `[{"name":"pen","price":1.50}]`,
		"fields=name,price&outputFields=n,p":       `[{"n":"pen","p":1.50},{},{},{"n":"ink <&> \"é\"","p":null},{}]`,
		"omit=tags,size,%23debug&limit=1":          `[{"name":"pen","price":1.50}]`,
		"omit=size.h.cm,tags,nothing.at.all":       `[{"name":"pen","price":1.50,"#debug":{"t":1},"size":{"w":1,"h":{}}},{},{"#only":"hidden"},{"name":"ink <&> \"é\"","price":null,"sold":true,"errorInfo":{"message":"m"}},{"parts":[{"name":"cap","no":1},7,{"no":2}],"id":1e3}]`,
		"fields=name,size,tags&omit=size&limit=1":  `[{"name":"pen","tags":["a","b"]}]`,
		"fields=name,size&flatten=size&limit=1":    `[{"name":"pen","size.w":1,"size.h.cm":2}]`,
		"fields=size.h.cm&flatten=size&limit=1":    `[{"size.h.cm":2}]`,
		"fields=tags,none&flatten=tags,none":       `[{"tags":["a","b"]},{},{},{},{}]`,
		"fields=name,tags&unwind=tags&limit=1":     `[{"name":"pen","tags":"a"},{"name":"pen","tags":"b"}]`,
		"fields=name,w&unwind=size&limit=1":        `[{"name":"pen","w":1}]`,
		"fields=cm,w&unwind=size,h&limit=1":        `[{"cm":2,"w":1}]`,
		"fields=name&unwind=name,none&limit=1":     `[{"name":"pen"}]`,
		"unwind=parts&offset=4":                    `[{"name":"cap","no":1,"id":1e3},{"parts":7,"id":1e3},{"no":2,"id":1e3}]`,
		"unwind=parts&offset=4&desc=1&limit=1":     `[{"name":"pen","price":1.50,"#debug":{"t":1},"tags":["a","b"],"size":{"w":1,"h":{"cm":2}}}]`,
		"unwind=parts&desc=1&limit=1&fields=no,id": `[{"no":1,"id":1e3},{"id":1e3},{"no":2,"id":1e3}]`,
		"skipFailedPages=1&offset=3&fields=id":     `[{"id":1e3}]`,
		"simplified=1&offset=3":                    `[{"errorInfo":{"message":"m"}},{}]`,
		"view=sizes":                               `[{"name":"pen","size.w":1}]`,
		"view=sizes&limit=2&fields=price":          `[{"price":1.50},{}]`,
		"view=parts&limit=1":                       `[{"id":1e3,"no":1},{"id":1e3},{"id":1e3,"no":2}]`,
		"view=parts&limit=1&desc=0&unwind=":        `[{}]`,
	} {
		wantItems(t, s, d, query, want)
	}
}

func TestGetItems_formats(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := seedShop(s)
	for query, want := range map[string]string{
		"format=json&limit=1&fields=name&bom=1":                     "\ufeff" + `[{"name":"pen"}]`,
		"format=jsonl&fields=name":                                  "{\"name\":\"pen\"}\n{}\n{}\n{\"name\":\"ink <&> \\\"é\\\"\"}\n{}\n",
		"format=jsonl&offset=5":                                     "",
		"format=csv&fields=name,price,none&skipEmpty=1":             "\ufeffname,price,none\npen,1.50,\n\"ink <&> \"\"é\"\"\",,\n",
		"format=csv&limit=1&bom=0":                                  "name,price,#debug/t,tags/0,tags/1,size/w,size/h/cm\npen,1.50,1,a,b,1,2\n",
		"format=csv&limit=1&bom=0&fields=size,name":                 "size/w,size/h/cm,name\n1,2,pen\n",
		"format=csv&bom=0&limit=1&delimiter=%3B&fields=name,price":  "name;price\npen;1.50\n",
		"format=csv&bom=0&limit=1&delimiter=%09&skipHeaderRow=1":    "pen\t1.50\t1\ta\tb\t1\t2\n",
		"format=csv&bom=0&offset=4&fields=parts":                    "parts/0/name,parts/0/no,parts/1,parts/2/no\ncap,1,7,2\n",
		"format=csv&bom=0&offset=5":                                 "",
		"format=csv&bom=0&offset=3&limit=1&fields=sold,errorInfo":   "sold,errorInfo/message\ntrue,m\n",
		"format=csv&bom=0&fields=name&outputFields=title&limit=1":   "title\npen\n",
		"format=csv&bom=0&offset=1&limit=1&fields=a,b&skipHidden=1": "a,b\n,\n",
	} {
		wantItems(t, s, d, query, want)
	}
}

// TestGetItems_formatNotRendered reads formats that the API renders and the emulator does not.
func TestGetItems_formatNotRendered(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{Items: rawItems(`{"a": 1}`)})
	for _, format := range []string{"html", "xlsx", "xml", "rss"} {
		got := send(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID + "/items?format=" + format})
		wantError(t, got, http.StatusNotImplemented, "not-implemented")
		equal(t, "body", string(got.body), `{"error":{"message":"The emulator does not render items in the format \"`+format+
			`\"; the Apify API does. The emulator renders json, jsonl, csv.","type":"not-implemented"}}`)
	}
}

// TestGetItems_simplified reads the results of the legacy crawler, whose fields are properties of
// the unwound field.
func TestGetItems_simplified(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{Items: rawItems(
		`{"id": 1, "url": "u", "pageFunctionResult": [{"title": "a"}, {"title": "b"}]}`,
		`{"id": 2, "url": "v", "errorInfo": {"stack": "…"}}`,
	)})
	wantItems(t, s, d, "simplified=1&skipFailedPages=1", `[{"url":"u","title":"a"},{"url":"u","title":"b"}]`)
}

func TestGetItems_invalidSchema(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{Schema: json.RawMessage(`{"views": 1}`)})
	got := send(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID + "/items?view=" + url.QueryEscape("a b")})
	wantError(t, got, http.StatusBadRequest, "dataset-schema-invalid")
}

// TestGetItems_statistics checks the properties of a dataset that a read of its items changes.
func TestGetItems_statistics(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, Options{Now: clock.Now})
	d := s.API.Seed(Dataset{})
	for _, method := range []string{"GET", "HEAD"} {
		got := send(t, s, call{method: method, path: "/v2/datasets/" + d.ID + "/items"})
		equal(t, "status of "+method, got.status, http.StatusOK)
	}
	clock.advance(time.Hour)
	got := send(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID}).data(t)
	equal(t, "accessedAt", got["accessedAt"], any("2031-02-03T05:05:06.789Z"))
	equal(t, "modifiedAt", got["modifiedAt"], any("2031-02-03T03:05:06.789Z"))
	stats, _ := got["stats"].(map[string]any)
	equal(t, "readCount", stats["readCount"], any(1.0))
}
