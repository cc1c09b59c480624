package apify

import (
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"strings"
	"testing"
)

// TestDataset_requests checks the request of every call, and its header.
func TestDataset_requests(t *testing.T) {
	t.Parallel()
	for _, call := range calls() {
		s := newServer(call.success)
		c := newTestClient(t, s, func(c *Config) {
			c.BaseURL, c.UserAgent, c.Platform = "https://api.test/v2/", "Terraform/1.2.3", "terraform"
		})
		if err := call.do(t.Context(), c); err != nil || len(s.requests) != 1 {
			t.Fatalf("%s: %d requests, %v", call.name, len(s.requests), err)
		}
		r := s.requests[0]
		if got := r.Method + " " + r.URL.RequestURI() + " " + r.body; got != call.request {
			t.Errorf("%s sent %s, want %s", call.name, got, call.request)
		}
		header := http.Header{
			"Authorization": {"Bearer " + testToken}, "User-Agent": {"Terraform/1.2.3"}, "X-Apify-Integration-Platform": {"terraform"},
			"Accept": {"application/json"},
		}
		if r.body != "" {
			header.Set("Content-Type", "application/json")
		}
		if !reflect.DeepEqual(r.Header, header) {
			t.Errorf("%s has the header %v", call.name, r.Header)
		}
	}
}

func TestCreateDataset(t *testing.T) {
	t.Parallel()
	located := datasetReply(201, `, "name": "Case-Test"`)
	located.header = http.Header{"Location": {"https://api.test/v2/datasets/x"}}
	for _, test := range []struct {
		replies     []reply
		status      int
		hasLocation bool
		afterLost   bool
	}{
		{[]reply{located}, 201, true, false},
		{[]reply{datasetReply(201, `, "name": "Case-Test"`)}, 201, false, false},
		{[]reply{datasetReply(200, `, "name": "Case-Test"`)}, 200, false, false},
		{[]reply{{}, datasetReply(200, "")}, 200, false, true},
		{[]reply{apiError(500, "x", ""), located}, 201, true, true},
		{[]reply{{}, apiError(429, "x", ""), datasetReply(200, "")}, 200, false, true},
		{[]reply{apiError(429, "x", ""), datasetReply(200, "")}, 200, false, false},
		{[]reply{{dial: errRefused}, datasetReply(200, "")}, 200, false, false},
	} {
		s := newServer(test.replies...)
		d := must(newTestClient(t, s).CreateDataset(t.Context(), "case-test", json.RawMessage(`{"fields": {}}`)))(t)
		if d.ID != testID || d.Status != test.status || d.HasLocation != test.hasLocation || d.AfterLostAttempt != test.afterLost {
			t.Errorf("%+v: got %+v", test.replies, d)
		}
		if r := s.requests[0]; r.body != `{"schema":{"fields":{}}}` || r.URL.RawQuery != "name=case-test" {
			t.Errorf("sent %s %s", r.URL, r.body)
		}
	}
}

// TestDataset_fields reads a dataset with all fields and one without any, and checks that a field
// with an unexpected type is nil, or an error if a resource depends on it.
func TestDataset_fields(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"id": `"` + testID + `"`, "name": `"a"`, "title": `"T"`, "userId": `"u"`, "username": `"jane"`,
		"createdAt": `"2026-08-07T12:00:00.000Z"`, "modifiedAt": `"m"`, "accessedAt": `"acc"`, "itemCount": `7`, "cleanItemCount": `9`,
		"actId": `"act"`, "actRunId": `"run"`, "fields": `["x","y/0/z"]`, "schema": `{"fields":{}}`, "consoleUrl": `"c"`,
		"generalAccess": `"RESTRICTED"`, "stats": `{"readCount":1,"writeCount":2,"storageBytes":3,"inflatedBytes":4}`,
		"itemsPublicUrl": `"https://x"`, "urlSigningSecretKey": `"key"`,
	}
	get := func(change, value string) (*Dataset, error) {
		var fields []string
		for name, v := range values {
			if name == change {
				v = value
			}
			fields = append(fields, fmt.Sprintf("%q: %s", name, v))
		}
		s := newServer(reply{status: 200, body: `{"data": {"new": {}, ` + strings.Join(fields, ", ") + `}}`})
		return newTestClient(t, s, withoutRetries).GetDataset(t.Context(), testID)
	}
	full := Dataset{
		ID: testID, Name: ptr("a"), Title: ptr("T"), UserID: ptr("u"), Username: ptr("jane"), CreatedAt: ptr("2026-08-07T12:00:00.000Z"),
		ModifiedAt: ptr("m"), AccessedAt: ptr("acc"), ItemCount: ptr(int64(7)), CleanItemCount: ptr(int64(9)), ActID: ptr("act"), ActRunID: ptr("run"),
		Fields: []string{"x", "y/0/z"}, Schema: json.RawMessage(`{"fields":{}}`), ConsoleURL: ptr("c"), GeneralAccess: ptr(Restricted),
		Stats:          &DatasetStats{ptr(int64(1)), ptr(int64(2)), ptr(int64(3)), ptr(int64(4))},
		ItemsPublicURL: ptr("https://x"), URLSigningSecretKey: ptr("key"),
	}
	if d, err := get("", ""); err != nil || !reflect.DeepEqual(*d, full) || d.Items() != 9 {
		t.Errorf("got %+v, %v", d, err)
	}
	unused := map[string]string{
		"title": "Title", "username": "Username", "modifiedAt": "ModifiedAt", "accessedAt": "AccessedAt", "actId": "ActID", "actRunId": "ActRunID",
		"fields": "Fields", "stats": "Stats",
	}
	for name := range values {
		for _, value := range []string{"null", `{"readCount": "x"}`, `[{"a": 1}]`, `[7]`, "true", "1e30"} {
			d, err := get(name, value)
			field, isUnused := unused[name]
			switch {
			case name == "schema" || value == "null" && name != "id":
				if err != nil {
					t.Errorf("%s = %s: %v", name, value, err)
				}
			case isUnused:
				want := full
				reflect.ValueOf(&want).Elem().FieldByName(field).SetZero()
				if err != nil || !reflect.DeepEqual(*d, want) {
					t.Errorf("%s = %s: got %+v, %v", name, value, d, err)
				}
			case err == nil:
				t.Errorf("%s = %s: got %+v, want an error", name, value, d)
			}
		}
	}
	for fields, want := range map[string]Dataset{
		"":                            {ID: testID, NameOmitted: true},
		`, "name": null`:              {ID: testID, NameOmitted: true},
		`, "name": ""`:                {ID: testID},
		`, "name": "` + testID + `"`:  {ID: testID}, // some lists have the ID of an unnamed dataset
		`, "unknown": 1, "Name": "x"`: {ID: testID, Name: ptr("x")},
	} {
		if d := must(newTestClient(t, newServer(datasetReply(200, fields))).GetDataset(t.Context(), testID))(t); !reflect.DeepEqual(*d, want) || d.Items() != 0 {
			t.Errorf("%s: got %+v", fields, d)
		}
	}
	if n := (&Dataset{ItemCount: ptr(int64(3)), CleanItemCount: ptr(int64(2))}).Items(); n != 3 {
		t.Errorf("got %d items", n)
	}
}

// TestDataset_responseOfAnother checks that a response with a dataset that was not requested, such
// as that of a faulty cache, is an error.
func TestDataset_responseOfAnother(t *testing.T) {
	t.Parallel()
	other := reply{status: 200, body: `{"data": {"id": "Another0000000001", "name": "other"}}`}
	for _, call := range calls()[:4] {
		for _, r := range []reply{other, {status: 200, body: `{"data": {"id": "../x"}}`}} {
			err := call.do(t.Context(), newTestClient(t, newServer(r, call.success)))
			if (err == nil) == call.once || err != nil && asError(t, err).Attempts != 1 {
				t.Errorf("%s: got %v, want the second response unless the call is not repeated", call.name, err)
			}
		}
	}
	_, err := newTestClient(t, newServer(other)).GetDataset(t.Context(), DatasetNameRef("jane", "wanted"))
	if e := asError(t, err); !strings.Contains(e.Err.Error(), "another dataset") {
		t.Errorf("by name: got %v", err)
	}
	must(newTestClient(t, newServer(other)).GetDataset(t.Context(), DatasetNameRef("jane", "OTHER")))(t)
}

func TestUpdateDataset_body(t *testing.T) {
	t.Parallel()
	for want, update := range map[string]DatasetUpdate{
		`{}`:                             {},
		`{"name":"a"}`:                   {Name: ptr("a")},
		`{"name":null}`:                  {Name: ptr("")},
		`{"generalAccess":"RESTRICTED"}`: {GeneralAccess: ptr(Restricted)},
	} {
		s := newServer(datasetReply(200, `, "name": "b"`))
		if d := must(newTestClient(t, s).UpdateDataset(t.Context(), testID, update))(t); s.requests[0].body != want || *d.Name != "b" {
			t.Errorf("got %s and %+v, want %s", s.requests[0].body, d, want)
		}
	}
}

// TestDatasetHasItems checks that only an array can show that a dataset is empty.
func TestDatasetHasItems(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]bool{"[]": false, "[null]": true, `[{"a": 1}, 2]`: true} {
		if got := must(newTestClient(t, newServer(reply{status: 200, body: body})).DatasetHasItems(t.Context(), testID))(t); got != want {
			t.Errorf("%s: got %t", body, got)
		}
	}
	for _, body := range []string{"", "null", "{}", `{"data": []}`, `"[]"`, "[", "[] []", "0", "<html>"} {
		_, err := newTestClient(t, newServer(reply{status: 200, body: body})).DatasetHasItems(t.Context(), testID)
		if e := asError(t, err); e.Attempts != 1+testRetries {
			t.Errorf("%q: got %v", body, err)
		}
	}
}

func FuzzGetDataset(f *testing.F) {
	for _, seed := range []struct {
		status int
		body   string
	}{
		{200, `{"data": {"id": "abc", "name": "x", "userId": "u", "itemCount": 7, "fields": ["a"], "schema": {}, "stats": {"readCount": 1}}}`},
		{200, `{"data": {"id": "abc", "itemCount": 1e400, "Stats": [], "stats": {}}}`},
		{200, "<html>\x1b[31m"},
		{404, `{"error": {"type": "record-not-found", "message": "\u001b[1m"}}`},
		{500, "\xff"},
	} {
		f.Add(seed.status, seed.body)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 999 {
			return // no final status of a server
		}
		for _, ref := range []DatasetRef{"abc", "~x"} {
			d, err := newTestClient(t, newServer(reply{status: status, body: body}), withoutRetries).GetDataset(t.Context(), ref)
			if err == nil {
				if status > 299 || !json.Valid([]byte(body)) || d.validate(ref) != nil {
					t.Errorf("the response %d %q: got %+v", status, body, d)
				}
				continue
			}
			if e := asError(t, err); d != nil || e.Status != status || e.Attempts != 1 || IsNotFound(err) && (status != 404 || !strings.Contains(body, "rror")) {
				t.Errorf("the response %d %q: got %+v, %v", status, body, d, err)
			}
		}
	})
}
