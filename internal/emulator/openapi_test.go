package emulator

import (
	"bytes"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// notServed tells the documented answers that the API never gives by itself: it costs nothing, has no
// limits of rate, and lets every token list.
func notServed(answer string) bool {
	return strings.HasSuffix(answer, " 402") || strings.HasSuffix(answer, " 429") || answer == "GET /v2/datasets 403"
}

// TestOpenAPI has every operation give every answer that the OpenAPI document has for it, and
// validates each.
func TestOpenAPI(t *testing.T) {
	t.Parallel()
	const (
		mine   = "Mine4567890123456"
		theirs = "Theirs78901234567"
		shared = "Shared78901234567"
		doomed = "Doomed78901234567"
	)
	s := start(t, Options{Users: []User{
		{ID: "MyAccount78901234", Username: "me", Token: DefaultToken, ReadOnlyTokens: []string{"read-only"}},
		{ID: "OtherUser78901234", Username: "other", Token: "other", Restricted: true},
	}})
	s.API.Seed(Dataset{ID: mine, Name: "mine", Title: "Mine", ActID: "Actor789012345678", ActRunID: "Run45678901234567",
		GeneralAccess: restricted, Schema: []byte(`{"fields": {"properties": {"a": {}}}, "views": {}}`),
		Items: rawItems(`{"a": 1, "#b": [1, {"c": null}]}`)})
	s.API.Seed(Dataset{ID: doomed})
	s.API.Seed(Dataset{ID: theirs, UserID: "OtherUser78901234"})
	s.API.Seed(Dataset{ID: shared, UserID: "OtherUser78901234", SharedWith: map[string]Permission{"me": PermissionRead}})
	tooLarge := `{"a": "` + strings.Repeat("x", maxBodyBytes) + `"}`

	calls := []struct {
		status int
		kind   string
		call
	}{
		{200, "", call{method: "GET", path: "/v2/datasets"}},
		{200, "", call{method: "GET", path: "/v2/datasets?unnamed=1&limit=2&offset=1&desc=true&ownership=ownedByMe"}},
		{200, "", call{method: "GET", path: "/v2/datasets?unnamed=1&ownership=sharedWithMe"}},
		{400, "invalid-value", call{method: "GET", path: "/v2/datasets?offset=-1"}},
		{400, "invalid-value", call{method: "GET", path: "/v2/datasets?limit=many"}},
		{400, "invalid-value", call{method: "GET", path: "/v2/datasets?limit=1.5"}},
		{400, "invalid-value", call{method: "GET", path: "/v2/datasets?desc=maybe"}},
		{400, "invalid-value", call{method: "GET", path: "/v2/datasets?ownership=theirs"}},
		{400, "invalid-request", call{method: "GET", path: "/v2/datasets?unnamed=%zz"}},
		{401, "token-not-provided", call{method: "GET", path: "/v2/datasets", token: "-"}},
		{401, "user-or-token-not-found", call{method: "GET", path: "/v2/datasets", token: "unknown"}},
		{401, "user-or-token-not-found", call{method: "GET", path: "/v2/datasets?token=unknown", token: "-"}},
		{401, "auth-method-not-supported", call{method: "GET", path: "/v2/datasets", header: map[string]string{"Authorization": "Basic abc"}}},

		{201, "", call{method: "POST", path: "/v2/datasets"}},
		{201, "", call{method: "POST", path: "/v2/datasets?name=new", body: `{"schema": {"views": {}}}`}},
		{200, "", call{method: "POST", path: "/v2/datasets?name=MINE"}},
		{400, "invalid-value", call{method: "POST", path: "/v2/datasets?name=not_a_name"}},
		{400, "invalid-value", call{method: "POST", path: "/v2/datasets?name="}},
		{400, "invalid-input", call{method: "POST", path: "/v2/datasets", body: `{"schema": 1}`}},
		{401, "token-not-provided", call{method: "POST", path: "/v2/datasets?name=x", token: "-"}},
		{403, "insufficient-permissions", call{method: "POST", path: "/v2/datasets?name=x", token: "read-only"}},

		{200, "", call{method: "GET", path: "/v2/datasets/" + mine}},
		{200, "", call{method: "GET", path: "/v2/datasets/" + doomed}},
		{200, "", call{method: "GET", path: "/v2/datasets/" + mine, token: "read-only"}},
		{400, "invalid-request", call{method: "GET", path: "/v2/datasets/~"}},
		{401, "token-not-provided", call{method: "GET", path: "/v2/datasets/~mine", token: "-"}},
		{403, "insufficient-permissions", call{method: "GET", path: "/v2/datasets/" + mine, token: "-"}},
		{404, "record-not-found", call{method: "GET", path: "/v2/datasets/mine"}},
		{404, "record-not-found", call{method: "GET", path: "/v2/datasets/" + theirs}},

		{200, "", call{method: "PUT", path: "/v2/datasets/~new", body: `{"name": "newer", "generalAccess": "RESTRICTED"}`}},
		{400, "name-not-unique", call{method: "PUT", path: "/v2/datasets/~newer", body: `{"name": "Mine"}`}},
		{400, "invalid-value", call{method: "PUT", path: "/v2/datasets/~newer", body: `{"name": "-"}`}},
		{400, "invalid-value", call{method: "PUT", path: "/v2/datasets/~newer", body: `{"name": ""}`}},
		{400, "invalid-input", call{method: "PUT", path: "/v2/datasets/~newer", body: `{"name": 1}`}},
		{400, "invalid-input", call{method: "PUT", path: "/v2/datasets/~newer", body: `{"generalAccess": "PUBLIC"}`}},
		{400, "invalid-input", call{method: "PUT", path: "/v2/datasets/~newer", body: `{"generalAccess": null}`}},
		{400, "invalid-input", call{method: "PUT", path: "/v2/datasets/~newer", body: `[]`}},
		{400, "invalid-input", call{method: "PUT", path: "/v2/datasets/~newer", body: `null`}},
		{400, "invalid-input", call{method: "PUT", path: "/v2/datasets/~newer", body: `{"name"`}},
		{400, "invalid-input", call{method: "PUT", path: "/v2/datasets/~newer"}},
		{400, "invalid-content-type-header", call{method: "PUT", path: "/v2/datasets/~newer", body: `{}`, header: map[string]string{"Content-Type": "text/plain"}}},
		{401, "token-not-provided", call{method: "PUT", path: "/v2/datasets/" + mine, body: `{}`, token: "-"}},
		{403, "insufficient-permissions", call{method: "PUT", path: "/v2/datasets/" + mine, body: `{}`, token: "read-only"}},
		{403, "insufficient-permissions", call{method: "PUT", path: "/v2/datasets/" + shared, body: `{}`}},
		{404, "record-not-found", call{method: "PUT", path: "/v2/datasets/~none", body: `{}`}},
		{413, "request-too-large", call{method: "PUT", path: "/v2/datasets/" + mine, body: tooLarge}},
		{415, "unsupported-content-encoding", call{method: "PUT", path: "/v2/datasets/" + mine, body: `{}`, header: map[string]string{"Content-Encoding": "zstd"}}},

		{200, "", call{method: "GET", path: "/v2/datasets/" + mine + "/items"}},
		{400, "invalid-value", call{method: "GET", path: "/v2/datasets/" + mine + "/items?format=pdf"}},
		{400, "invalid-value", call{method: "GET", path: "/v2/datasets/" + mine + "/items?delimiter=ab"}},
		{400, "invalid-value", call{method: "GET", path: "/v2/datasets/" + mine + "/items?fields=a&outputFields=b,c"}},
		{400, "requested-dataset-view-does-not-exist", call{method: "GET", path: "/v2/datasets/" + mine + "/items?view=overview"}},
		{400, "dataset-does-not-have-schema", call{method: "GET", path: "/v2/datasets/" + doomed + "/items?view=overview"}},
		{401, "token-not-provided", call{method: "GET", path: "/v2/datasets/~mine/items", token: "-"}},
		{403, "insufficient-permissions", call{method: "GET", path: "/v2/datasets/" + mine + "/items", token: "-"}},
		{403, "insufficient-permissions", call{method: "GET", path: "/v2/datasets/" + mine + "/items?signature=abc", token: "-"}},
		{404, "record-not-found", call{method: "GET", path: "/v2/datasets/none/items"}},
		{200, "", call{method: "HEAD", path: "/v2/datasets/" + mine + "/items"}},
		{400, "", call{method: "HEAD", path: "/v2/datasets/" + mine + "/items?limit=-1"}},
		{401, "", call{method: "HEAD", path: "/v2/datasets/~mine/items", token: "-"}},
		{403, "", call{method: "HEAD", path: "/v2/datasets/" + mine + "/items", token: "-"}},
		{404, "", call{method: "HEAD", path: "/v2/datasets/none/items"}},

		{201, "", call{method: "POST", path: "/v2/datasets/" + mine + "/items", body: `{"a": 1}`}},
		{201, "", call{method: "POST", path: "/v2/datasets/" + mine + "/items", body: `[]`}},
		{400, "invalid-input", call{method: "POST", path: "/v2/datasets/" + mine + "/items", body: `[{"a": 1}, 2]`}},
		{400, "invalid-input", call{method: "POST", path: "/v2/datasets/" + mine + "/items", body: `null`}},
		{400, "invalid-input", call{method: "POST", path: "/v2/datasets/" + mine + "/items"}},
		{400, "invalid-request", call{method: "POST", path: "/v2/datasets/" + mine + "/items", body: `{}`, header: map[string]string{"Content-Encoding": "gzip"}}},
		{401, "token-not-provided", call{method: "POST", path: "/v2/datasets/" + mine + "/items", body: `{}`, token: "-"}},
		{403, "insufficient-permissions", call{method: "POST", path: "/v2/datasets/" + mine + "/items", body: `{}`, token: "read-only"}},
		{404, "record-not-found", call{method: "POST", path: "/v2/datasets/none/items", body: `{}`}},
		{413, "request-too-large", call{method: "POST", path: "/v2/datasets/" + mine + "/items", body: tooLarge}},
		{413, "request-too-large", call{method: "POST", path: "/v2/datasets/" + mine + "/items", body: gzipped(t, tooLarge), header: map[string]string{"Content-Encoding": "gzip"}}},
		{415, "unsupported-content-encoding", call{method: "POST", path: "/v2/datasets/" + mine + "/items", body: `{}`, header: map[string]string{"Content-Encoding": "zstd"}}},

		{200, "", call{method: "GET", path: "/v2/datasets/" + mine + "/statistics"}},
		{200, "", call{method: "GET", path: "/v2/datasets/" + doomed + "/statistics"}},
		{400, "invalid-request", call{method: "GET", path: "/v2/datasets/me~/statistics"}},
		{401, "user-or-token-not-found", call{method: "GET", path: "/v2/datasets/" + mine + "/statistics", token: "unknown"}},
		{403, "insufficient-permissions", call{method: "GET", path: "/v2/datasets/" + mine + "/statistics", token: "-"}},
		{404, "record-not-found", call{method: "GET", path: "/v2/datasets/none/statistics"}},

		{204, "", call{method: "DELETE", path: "/v2/datasets/" + doomed}},
		{400, "invalid-request", call{method: "DELETE", path: "/v2/datasets/~"}},
		{401, "token-not-provided", call{method: "DELETE", path: "/v2/datasets/" + mine, token: "-"}},
		{403, "insufficient-permissions", call{method: "DELETE", path: "/v2/datasets/" + shared}},
		{404, "record-not-found", call{method: "DELETE", path: "/v2/datasets/" + doomed}},
	}
	for _, format := range []string{"json", "jsonl", "csv", "html", "xlsx", "xml", "rss"} {
		calls = append(calls, struct {
			status int
			kind   string
			call
		}{200, "", call{method: "GET", path: "/v2/datasets/" + mine + "/items?format=" + format}})
	}

	given := map[string]bool{}
	for _, c := range calls {
		got := do(t, s, c.call)
		if got.status != c.status {
			t.Errorf("%s %s: status %d, want %d: %s", c.method, c.path, got.status, c.status, got.body)
			continue
		}
		if c.kind != "" && got.failure(t) != c.kind {
			t.Errorf("%s %s: %s, want the type %s", c.method, c.path, got.body, c.kind)
		}
		pattern, _ := match(newRequest(t, s, c.call).URL)
		given[fmt.Sprint(c.method, " ", pattern, " ", c.status)] = true
	}

	// A method that a path does not have is the same answer for all operations on the path.
	for pattern, methods := range handlers {
		path := strings.ReplaceAll(pattern, "{datasetId}", mine)
		got := do(t, s, call{method: "PATCH", path: path})
		fails(t, got, http.StatusMethodNotAllowed, "method-not-allowed")
		want := slices.Sorted(maps.Keys(methods))
		if want = append([]string{http.MethodOptions}, want...); got.header.Get("Allow") != strings.Join(want, ", ") ||
			!bytes.Contains(got.body, []byte(strings.Join(want, ","))) {
			t.Errorf("PATCH %s: %v %s, want to be told of %v", path, got.header, got.body, want)
		}
		got = do(t, s, call{method: "OPTIONS", path: path})
		equal(t, "status of OPTIONS", got.status, http.StatusNoContent)
		equal(t, "methods of OPTIONS", got.header.Get("Allow"), strings.Join(want, ", "))
		for method := range methods {
			given[fmt.Sprint(method, " ", pattern, " ", http.StatusMethodNotAllowed)] = true
		}
	}

	operations := 0
	for pattern, methods := range openAPI().operations() {
		for method, statuses := range methods {
			operations++
			for _, status := range statuses {
				if answer := method + " " + pattern + " " + status; !given[answer] && !notServed(answer) {
					t.Errorf("the document has an answer that was not tried: %s", answer)
				}
			}
		}
	}
	equal(t, "operations in the document", operations, 9)
}

// TestViolations makes sure that the validation of answers does find what is wrong with them.
func TestViolation(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	whole := string(do(t, s, call{method: "POST", path: "/v2/datasets?name=whole"}).body)
	for name, test := range map[string]struct {
		pattern  string
		status   int
		from, to string
	}{
		"missing field":        {patternDataset, 200, `"itemCount":0,`, ``},
		"wrong type":           {patternDataset, 200, `"itemCount":0`, `"itemCount":"0"`},
		"unknown access level": {patternDataset, 200, `FOLLOW_USER_SETTING`, `PUBLIC`},
		"not a time":           {patternDataset, 200, `"createdAt":"`, `"createdAt":"at `},
		"not a URL":            {patternDataset, 200, `"consoleUrl":"https:`, `"consoleUrl":"`},
		"unknown error type":   {patternDataset, 404, whole, `{"error": {"type": "gone", "message": "Gone."}}`},
		"unknown status":       {patternDataset, 418, ``, ``},
		"items in an envelope": {patternItems, 200, ``, ``},
		"list without a total": {patternDatasets, 200, whole, `{"data": {"count": 0, "offset": 0, "limit": 1, "desc": false, "items": []}}`},
	} {
		body := strings.Replace(whole, test.from, test.to, 1)
		header := http.Header{"Content-Type": {jsonContentType}}
		if openAPI().violation(http.MethodGet, test.pattern, test.status, header, []byte(body)) == nil {
			t.Errorf("%s: nothing found in %s", name, body)
		}
	}
	header := http.Header{"Content-Type": {"text/plain"}}
	if openAPI().violation(http.MethodGet, patternDataset, 200, header, []byte(whole)) == nil {
		t.Error("an undocumented media type: nothing found")
	}
}

func TestUnknownRoutes(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	for _, path := range []string{
		"/", "/v2", "/v2/", "/v1/datasets", "/datasets", "/v2/datasets/", "/v2/datasetsx", "/v2/datasets//items",
		"/v2/datasets/id/", "/v2/datasets/id/records", "/v2/datasets/id/items/", "/v2/datasets/id/items/1", "/v2/users", "/v2/users/me/",
	} {
		fails(t, do(t, s, call{method: "GET", path: path}), http.StatusNotFound, "page-not-found")
	}
}
