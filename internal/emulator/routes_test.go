package emulator

import (
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

func TestRoutes_unknownPath(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	for _, path := range []string{
		"/", "/v2", "/v2/", "/v1/datasets", "/datasets", "/v2/datasets/", "/v2/datasetsx", "/v2/datasets//items",
		"/v2/datasets/id/", "/v2/datasets/id/records", "/v2/datasets/id/items/", "/v2/datasets/id/items/1", "/v2/users", "/v2/users/me/",
	} {
		wantError(t, send(t, s, call{method: "GET", path: path}), http.StatusNotFound, "page-not-found")
	}
}

func TestRoutes_methods(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	for _, route := range routes {
		path := strings.NewReplacer("{datasetId}", "id", "{userId}", "id").Replace(route.pattern)
		methods := append([]string{http.MethodOptions}, slices.Sorted(maps.Keys(route.methods))...)
		got := send(t, s, call{method: "PATCH", path: path})
		wantError(t, got, http.StatusMethodNotAllowed, "method-not-allowed")
		equal(t, "Allow of PATCH "+path, got.header.Get("Allow"), strings.Join(methods, ", "))
		if !strings.Contains(string(got.body), strings.Join(methods, ",")) {
			t.Errorf("PATCH %s: the body does not list the methods %v: %s", path, methods, got.body)
		}
		got = send(t, s, call{method: "OPTIONS", path: path})
		equal(t, "status of OPTIONS "+path, got.status, http.StatusNoContent)
		equal(t, "Allow of OPTIONS "+path, got.header.Get("Allow"), strings.Join(methods, ", "))
	}
}
