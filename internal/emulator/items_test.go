package emulator

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

// rawItems are items as they are stored.
func rawItems(items ...string) []json.RawMessage {
	raw := make([]json.RawMessage, len(items))
	for i, item := range items {
		raw[i] = json.RawMessage(item)
	}
	return raw
}

func compressed(t testing.TB, w io.WriteCloser, b *bytes.Buffer, text string) string {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	return compressed(t, gzip.NewWriter(&b), &b, text)
}

func TestPushEncodings(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{})
	text := `[{"a": "` + strings.Repeat("text ", 1000) + `"}, {"b": 1}]`
	var br, deflated, raw bytes.Buffer
	rawWriter, err := flate.NewWriter(&raw, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	const bareDeflate = "deflate " // A key of its own; the space means nothing in a header.
	bodies := map[string]string{
		"":          text,
		"identity":  text,
		"gzip":      gzipped(t, text),
		"GZip":      gzipped(t, text),
		"br":        compressed(t, brotli.NewWriter(&br), &br, text),
		"deflate":   compressed(t, zlib.NewWriter(&deflated), &deflated, text),
		bareDeflate: compressed(t, rawWriter, &raw, text),
	}
	for encoding, body := range bodies {
		got := do(t, s, call{method: "POST", path: "/v2/datasets/" + d.ID + "/items", body: body,
			header: map[string]string{"Content-Encoding": encoding}})
		equal(t, "status with "+encoding, got.status, http.StatusCreated)
		equal(t, "Location", got.header.Get("Location"), s.URL+"/v2/datasets/"+d.ID+"/items")
	}
	stored, _ := s.API.Dataset(d.ID)
	equal(t, "items", len(stored.Items), 2*len(bodies))
	for _, encoding := range []string{"gzip", "br", "deflate"} {
		for name, body := range map[string]string{"plain text": text, "a cut body": bodies[encoding][:len(bodies[encoding])/2]} {
			got := do(t, s, call{method: "POST", path: "/v2/datasets/" + d.ID + "/items", body: body,
				header: map[string]string{"Content-Encoding": encoding}})
			if got.status != http.StatusBadRequest {
				t.Errorf("%s as %s: status %d", name, encoding, got.status)
			}
		}
	}
	fails(t, do(t, s, call{method: "POST", path: "/v2/datasets/" + d.ID + "/items", body: bodies["gzip"],
		header: map[string]string{"Content-Encoding": "gzip, br"}}), http.StatusUnsupportedMediaType, "unsupported-content-encoding")
	stored, _ = s.API.Dataset(d.ID)
	equal(t, "items after failed pushes", len(stored.Items), 2*len(bodies))
}

// TestItems reads the same items in all ways.
func TestItems(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{
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
	for query, want := range map[string]string{
		"limit=1":              `[{"name":"pen","price":1.50,"#debug":{"t":1},"tags":["a","b"],"size":{"w":1,"h":{"cm":2}}}]`,
		"offset=1&limit=2":     `[{},{"#only":"hidden"}]`,
		"offset=5":             `[]`,
		"desc=1&limit=2":       `[{"parts":[{"name":"cap","no":1},7,{"no":2}],"id":1e3},{"name":"ink <&> \"é\"","price":null,"sold":true,"errorInfo":{"message":"m"}}]`,
		"desc=1&offset=2":      `[{"#only":"hidden"},{},{"name":"pen","price":1.50,"#debug":{"t":1},"tags":["a","b"],"size":{"w":1,"h":{"cm":2}}}]`,
		"limit=3&skipHidden=1": `[{"name":"pen","price":1.50,"tags":["a","b"],"size":{"w":1,"h":{"cm":2}}},{},{}]`,
		"limit=3&skipEmpty=1":  `[{"name":"pen","price":1.50,"#debug":{"t":1},"tags":["a","b"],"size":{"w":1,"h":{"cm":2}}},{"#only":"hidden"}]`,
		"limit=3&clean=1":      `[{"name":"pen","price":1.50,"tags":["a","b"],"size":{"w":1,"h":{"cm":2}}}]`,
		"limit=2&clean=0":      `[{"name":"pen","price":1.50,"#debug":{"t":1},"tags":["a","b"],"size":{"w":1,"h":{"cm":2}}},{}]`,

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
		"format=html&fields=name,sold&offset=3&limit=1":             `<table><tr><th>name</th><th>sold</th></tr><tr><td>ink &lt;&amp;&gt; &#34;é&#34;</td><td>true</td></tr></table>`,
		"format=xml&limit=1":                                        xmlDeclaration + "\n" + `<items><item><name>pen</name><price>1.50</price><_debug><t>1</t></_debug><tags>a</tags><tags>b</tags><size><w>1</w><h><cm>2</cm></h></size></item></items>`,
		"format=xml&offset=3&limit=1&omit=errorInfo":                xmlDeclaration + "\n" + `<items><item><name>ink &lt;&amp;&gt; &#34;é&#34;</name><price/><sold>true</sold></item></items>`,
		"format=xml&offset=1&limit=1&xmlRoot=shop&xmlRow=1+thing":   xmlDeclaration + "\n" + `<shop><_1_thing/></shop>`,
		"format=rss&limit=1&fields=price":                           xmlDeclaration + "\n" + `<rss version="2.0"><channel><title>Dataset shop</title><description>Items in dataset with id &#34;` + d.ID + `&#34;.</description><item><price>1.50</price></item></channel></rss>`,
		"format=rss&offset=5&feedTitle=T+%26+t&feedDescription=D":   xmlDeclaration + "\n" + `<rss version="2.0"><channel><title>T &amp; t</title><description>D</description></channel></rss>`,
		"format=xml&offset=4&limit=1&fields=id&xmlRoot=&xmlRow=":    xmlDeclaration + "\n" + `<items><item><id>1e3</id></item></items>`,
		"format=html&offset=1&limit=1":                              `<table><tr></tr><tr></tr></table>`,
		"format=csv&bom=0&offset=1&limit=1&fields=a,b&skipHidden=1": "a,b\n,\n",
	} {
		got := do(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID + "/items?" + query})
		if got.status != http.StatusOK || string(got.body) != want {
			t.Errorf("%s: %d\n got %s\nwant %s", query, got.status, got.body, want)
		}
	}
}

// TestSimplified reads the results of the legacy crawler, whose fields are in the unwound one.
func TestSimplified(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{Items: rawItems(
		`{"id": 1, "url": "u", "pageFunctionResult": [{"title": "a"}, {"title": "b"}]}`,
		`{"id": 2, "url": "v", "errorInfo": {"stack": "…"}}`,
	)})
	got := do(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID + "/items?simplified=1&skipFailedPages=1"})
	equal(t, "items", string(got.body), `[{"url":"u","title":"a"},{"url":"u","title":"b"}]`)
}

func TestItemsHeaders(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{Items: rawItems(`{"a": 1}`, `{}`, `{"a": 3}`)})
	for query, want := range map[string]map[string]string{
		"": {
			"X-Apify-Pagination-Total": "3", "X-Apify-Pagination-Offset": "0", "X-Apify-Pagination-Limit": "999999999999",
			"X-Apify-Pagination-Count": "3", "X-Apify-Pagination-Desc": "false",
			"Content-Type": "application/json; charset=utf-8", "Content-Disposition": "",
		},
		"offset=1&limit=1&desc=1&clean=1": {
			"X-Apify-Pagination-Total": "3", "X-Apify-Pagination-Offset": "1", "X-Apify-Pagination-Limit": "1",
			"X-Apify-Pagination-Count": "1", "X-Apify-Pagination-Desc": "true", "Content-Length": "2",
		},
		"format=csv&attachment=1": {
			"Content-Type": "text/csv; charset=utf-8", "Content-Disposition": `attachment; filename="dataset_` + d.ID + `.csv"`,
		},
		"format=xlsx": {"Content-Type": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"},
	} {
		for _, method := range []string{"GET", "HEAD"} {
			got := do(t, s, call{method: method, path: "/v2/datasets/" + d.ID + "/items?" + query})
			equal(t, "status", got.status, http.StatusOK)
			for name, value := range want {
				equal(t, method+" "+query+": "+name, got.header.Get(name), value)
			}
			if method == "HEAD" {
				equal(t, "length of the body", len(got.body), 0)
			}
		}
	}
}

func TestXMLAttributes(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{Items: rawItems(
		`{"address": [{"@": {"type": "home"}, "street": "21st"}, {"@": {"type": "<office>"}, "#": "unknown"}, {"@": {"type": null}}]}`)})
	got := do(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID + "/items?format=xml"})
	equal(t, "items", string(got.body), xmlDeclaration+"\n"+`<items><item><address type="home"><street>21st</street></address>`+
		`<address type="&lt;office&gt;">unknown</address><address type=""/></item></items>`)
}

func TestXLSX(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{Items: rawItems(`{"n": -1.5e2, "s": "<1>", "b": false, "z": null}`, `{"s": "12"}`)})
	got := do(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID + "/items?format=xlsx&bom=1"})
	archive, err := zip.NewReader(bytes.NewReader(got.body), int64(len(got.body)))
	if err != nil {
		t.Fatal(err)
	}
	sheet, err := archive.Open("xl/worksheets/sheet1.xml")
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(sheet)
	if err != nil {
		t.Fatal(err)
	}
	cell := func(text string) string {
		return `<c t="inlineStr"><is><t xml:space="preserve">` + text + `</t></is></c>`
	}
	want := "<sheetData><row>" + cell("n") + cell("s") + cell("b") + cell("z") + "</row>" +
		"<row><c><v>-1.5e2</v></c>" + cell("&lt;1&gt;") + cell("false") + "<c/></row>" +
		"<row><c/>" + cell("12") + "<c/><c/></row></sheetData>"
	if !bytes.Contains(content, []byte(want)) {
		t.Errorf("no %s in %s", want, content)
	}
	for _, part := range []string{"[Content_Types].xml", "_rels/.rels", "xl/workbook.xml", "xl/_rels/workbook.xml.rels"} {
		if _, err := archive.Open(part); err != nil {
			t.Error(err)
		}
	}
}

func TestTableLimits(t *testing.T) {
	t.Parallel()
	wide := object{{strings.Repeat("é", maxColumnLength+1), json.RawMessage("1")}}
	for i := range maxColumns {
		wide = append(wide, member{"c" + string(rune(0x4e00+i)), json.RawMessage("2")})
	}
	table := tabulate([]object{wide}, nil)
	equal(t, "columns", len(table.columns), maxColumns)
	equal(t, "cells of a row", len(table.rows[0]), maxColumns)
	equal(t, "name", table.columns[0], strings.Repeat("é", maxColumnLength))
	equal(t, "cell of a long name", string(table.rows[0][0]), "1")
}

func TestStatistics(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	properties := `{"fields": {"properties": {"n": {}, "s": {}, "l": {}, "o": {}, "b": {}, "none": {}}}}`
	d := s.API.Seed(Dataset{Schema: json.RawMessage(properties), Items: rawItems(
		`{"n": 2, "s": "éé", "l": [1], "o": {"a": 1, "b": 2}, "b": true}`,
		`{"n": -1.5, "s": "", "l": [], "o": {}, "b": null}`,
		`{"n": null, "other": 1}`,
	)})
	got := do(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID + "/statistics"})
	equal(t, "statistics", string(got.body), `{"data":{"fieldStatistics":{`+
		`"b":{"nullCount":1,"emptyCount":1},`+
		`"l":{"min":0,"max":1,"nullCount":0,"emptyCount":1},`+
		`"n":{"min":-1.5,"max":2,"nullCount":1,"emptyCount":0},`+
		`"none":{"nullCount":0,"emptyCount":3},`+
		`"o":{"min":0,"max":2,"nullCount":0,"emptyCount":1},`+
		`"s":{"min":0,"max":2,"nullCount":0,"emptyCount":1}}}}`)
	bare := s.API.Seed(Dataset{Items: rawItems(`{"n": 2}`)})
	got = do(t, s, call{method: "GET", path: "/v2/datasets/" + bare.ID + "/statistics"})
	equal(t, "statistics without a schema", string(got.body), `{"data":{"fieldStatistics":{}}}`)
}

func TestBrokenSchema(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{Schema: json.RawMessage(`{"views": 1}`)})
	got := do(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID + "/items?view=" + url.QueryEscape("a b")})
	fails(t, got, http.StatusBadRequest, "dataset-schema-invalid")
}
