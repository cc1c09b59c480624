package emulator

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
)

// neverReturned reports whether the emulator never returns a documented response, given as METHOD
// PATTERN STATUS: it has no payments and no rate limits, and every token can list datasets.
func neverReturned(response string) bool {
	return strings.HasSuffix(response, " 402") || strings.HasSuffix(response, " 429") || response == "GET /v2/datasets 403"
}

// TestOpenAPI_responses sends requests for every documented response of every operation, and
// validates the responses.
func TestOpenAPI_responses(t *testing.T) {
	t.Parallel()
	const (
		mine    = "Mine4567890123456"
		theirs  = "Theirs78901234567"
		shared  = "Shared78901234567"
		deleted = "Deleted8901234567"
	)
	s := start(t, Options{Users: []User{
		{ID: "MyAccount78901234", Username: "me", Token: DefaultToken, ReadOnlyTokens: []string{"read-only"}},
		{ID: "OtherUser78901234", Username: "other", Token: "other"},
	}})
	s.API.Seed(Dataset{ID: mine, Name: "mine", Title: "Mine", ActID: "Actor789012345678", ActRunID: "Run45678901234567",
		GeneralAccess: restricted, Schema: []byte(`{"fields": {"properties": {"a": {}}}, "views": {}}`),
		Items: rawItems(`{"a": 1, "#b": [1, {"c": null}]}`)})
	s.API.Seed(Dataset{ID: deleted})
	s.API.Seed(Dataset{ID: theirs, UserID: "OtherUser78901234"})
	s.API.Seed(Dataset{ID: shared, UserID: "OtherUser78901234", SharedWith: map[string]Permission{"me": PermissionRead}})
	tooLarge := `{"a": "` + strings.Repeat("x", maxBodyBytes) + `"}`

	tests := []struct {
		status    int
		errorType string
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
		{401, "token-not-provided", call{method: "GET", path: "/v2/datasets", token: noToken}},
		{401, "user-or-token-not-found", call{method: "GET", path: "/v2/datasets", token: "unknown"}},
		{401, "user-or-token-not-found", call{method: "GET", path: "/v2/datasets?token=unknown", token: noToken}},
		{401, "auth-method-not-supported", call{method: "GET", path: "/v2/datasets", header: map[string]string{"Authorization": "Basic abc"}}},

		{201, "", call{method: "POST", path: "/v2/datasets"}},
		{201, "", call{method: "POST", path: "/v2/datasets?name=new", body: `{"schema": {"views": {}}}`}},
		{200, "", call{method: "POST", path: "/v2/datasets?name=MINE"}},
		{400, "invalid-value", call{method: "POST", path: "/v2/datasets?name=not_a_name"}},
		{400, "invalid-value", call{method: "POST", path: "/v2/datasets?name="}},
		{400, "invalid-input", call{method: "POST", path: "/v2/datasets", body: `{"schema": 1}`}},
		{401, "token-not-provided", call{method: "POST", path: "/v2/datasets?name=x", token: noToken}},
		{403, "insufficient-permissions", call{method: "POST", path: "/v2/datasets?name=x", token: "read-only"}},

		{200, "", call{method: "GET", path: "/v2/datasets/" + mine}},
		{200, "", call{method: "GET", path: "/v2/datasets/" + deleted}},
		{200, "", call{method: "GET", path: "/v2/datasets/" + mine, token: "read-only"}},
		{400, "invalid-request", call{method: "GET", path: "/v2/datasets/~"}},
		{401, "token-not-provided", call{method: "GET", path: "/v2/datasets/~mine", token: noToken}},
		{403, "insufficient-permissions", call{method: "GET", path: "/v2/datasets/" + mine, token: noToken}},
		{404, "record-not-found", call{method: "GET", path: "/v2/datasets/mine"}},
		{403, "insufficient-permissions", call{method: "GET", path: "/v2/datasets/" + theirs}},

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
		{401, "token-not-provided", call{method: "PUT", path: "/v2/datasets/" + mine, body: `{}`, token: noToken}},
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
		{400, "dataset-does-not-have-schema", call{method: "GET", path: "/v2/datasets/" + deleted + "/items?view=overview"}},
		{401, "token-not-provided", call{method: "GET", path: "/v2/datasets/~mine/items", token: noToken}},
		{403, "insufficient-permissions", call{method: "GET", path: "/v2/datasets/" + mine + "/items", token: noToken}},
		{403, "insufficient-permissions", call{method: "GET", path: "/v2/datasets/" + mine + "/items?signature=abc", token: noToken}},
		{404, "record-not-found", call{method: "GET", path: "/v2/datasets/none/items"}},
		{200, "", call{method: "HEAD", path: "/v2/datasets/" + mine + "/items"}},
		{400, "", call{method: "HEAD", path: "/v2/datasets/" + mine + "/items?limit=-1"}},
		{401, "", call{method: "HEAD", path: "/v2/datasets/~mine/items", token: noToken}},
		{403, "", call{method: "HEAD", path: "/v2/datasets/" + mine + "/items", token: noToken}},
		{404, "", call{method: "HEAD", path: "/v2/datasets/none/items"}},

		{201, "", call{method: "POST", path: "/v2/datasets/" + mine + "/items", body: `{"a": 1}`}},
		{201, "", call{method: "POST", path: "/v2/datasets/" + mine + "/items", body: `[]`}},
		{400, "invalid-input", call{method: "POST", path: "/v2/datasets/" + mine + "/items", body: `[{"a": 1}, 2]`}},
		{400, "invalid-input", call{method: "POST", path: "/v2/datasets/" + mine + "/items", body: `null`}},
		{400, "invalid-input", call{method: "POST", path: "/v2/datasets/" + mine + "/items"}},
		{400, "invalid-request", call{method: "POST", path: "/v2/datasets/" + mine + "/items", body: `{}`, header: map[string]string{"Content-Encoding": "gzip"}}},
		{401, "token-not-provided", call{method: "POST", path: "/v2/datasets/" + mine + "/items", body: `{}`, token: noToken}},
		{403, "insufficient-permissions", call{method: "POST", path: "/v2/datasets/" + mine + "/items", body: `{}`, token: "read-only"}},
		{404, "record-not-found", call{method: "POST", path: "/v2/datasets/none/items", body: `{}`}},
		{413, "request-too-large", call{method: "POST", path: "/v2/datasets/" + mine + "/items", body: tooLarge}},
		{413, "request-too-large", call{method: "POST", path: "/v2/datasets/" + mine + "/items", body: gzipped(t, tooLarge), header: map[string]string{"Content-Encoding": "gzip"}}},
		{415, "unsupported-content-encoding", call{method: "POST", path: "/v2/datasets/" + mine + "/items", body: `{}`, header: map[string]string{"Content-Encoding": "zstd"}}},

		{200, "", call{method: "GET", path: "/v2/datasets/" + mine + "/statistics"}},
		{200, "", call{method: "GET", path: "/v2/datasets/" + deleted + "/statistics"}},
		{400, "invalid-request", call{method: "GET", path: "/v2/datasets/me~/statistics"}},
		{401, "user-or-token-not-found", call{method: "GET", path: "/v2/datasets/" + mine + "/statistics", token: "unknown"}},
		{403, "insufficient-permissions", call{method: "GET", path: "/v2/datasets/" + mine + "/statistics", token: noToken}},
		{404, "record-not-found", call{method: "GET", path: "/v2/datasets/none/statistics"}},

		{204, "", call{method: "DELETE", path: "/v2/datasets/" + deleted}},
		{400, "invalid-request", call{method: "DELETE", path: "/v2/datasets/~"}},
		{401, "token-not-provided", call{method: "DELETE", path: "/v2/datasets/" + mine, token: noToken}},
		{403, "insufficient-permissions", call{method: "DELETE", path: "/v2/datasets/" + shared}},
		{404, "record-not-found", call{method: "DELETE", path: "/v2/datasets/" + deleted}},
	}
	for _, format := range renderedFormats {
		tests = append(tests, struct {
			status    int
			errorType string
			call
		}{200, "", call{method: "GET", path: "/v2/datasets/" + mine + "/items?format=" + format}})
	}

	returned := map[string]bool{}
	for _, test := range tests {
		got := send(t, s, test.call)
		if got.status != test.status {
			t.Errorf("%s %s: got status %d, want %d: %s", test.method, test.path, got.status, test.status, got.body)
			continue
		}
		if test.errorType != "" {
			equal(t, "error type of "+test.method+" "+test.path, got.errorType(t), test.errorType)
		}
		route, _ := match(newRequest(t, s, test.call).URL)
		returned[fmt.Sprint(test.method, " ", route.pattern, " ", test.status)] = true
	}

	operations := 0
	for pattern, methods := range openAPI().statuses() {
		for method, statuses := range methods {
			operations++
			for _, status := range statuses {
				if status == "405" {
					continue // The operation's own method is allowed. See TestRoutes_methods.
				}
				if response := method + " " + pattern + " " + status; !returned[response] && !neverReturned(response) {
					t.Errorf("no request of this test has the documented response %s", response)
				}
			}
		}
	}
	equal(t, "operations in the document", operations, 9)
}

// TestOpenAPI_violations checks that the validation of responses finds mistakes.
func TestOpenAPI_violations(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	valid := string(send(t, s, call{method: "POST", path: "/v2/datasets?name=valid"}).body)
	header := http.Header{"Content-Type": {jsonContentType}}
	for name, test := range map[string]struct {
		pattern  string
		status   int
		old, new string
	}{
		"missing property":     {patternDataset, 200, `"itemCount":0,`, ``},
		"wrong type":           {patternDataset, 200, `"itemCount":0`, `"itemCount":"0"`},
		"unknown access level": {patternDataset, 200, `FOLLOW_USER_SETTING`, `PUBLIC`},
		"invalid time":         {patternDataset, 200, `"createdAt":"`, `"createdAt":"at `},
		"invalid URL":          {patternDataset, 200, `"consoleUrl":"https:`, `"consoleUrl":"`},
		"unknown error type":   {patternDataset, 404, valid, `{"error": {"type": "gone", "message": "Gone."}}`},
		"unknown status":       {patternDataset, 418, ``, ``},
		"items in an object":   {patternItems, 200, ``, ``},
		"list without a total": {patternDatasets, 200, valid, `{"data": {"count": 0, "offset": 0, "limit": 1, "desc": false, "items": []}}`},
	} {
		body := strings.Replace(valid, test.old, test.new, 1)
		if openAPI().check(http.MethodGet, test.pattern, result{test.status, header, []byte(body)}) == nil {
			t.Errorf("%s: the validation accepted %s", name, body)
		}
	}
	plain := http.Header{"Content-Type": {"text/plain"}}
	if openAPI().check(http.MethodGet, patternDataset, result{200, plain, []byte(valid)}) == nil {
		t.Error("the validation accepted an undocumented media type")
	}
}
