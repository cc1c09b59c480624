package emulator

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// The facts in internal/conformance test the API. These tests are for the rest.

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func start(t *testing.T, options Options) *Server {
	t.Helper()
	s, err := Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// result is the result of a request.
type result struct {
	status int
	header http.Header
	body   string
	err    error
}

// send sends a request on a connection of its own.
func send(t *testing.T, s *Server, method, path string, body ...string) result {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, s.URL+path, strings.NewReader(strings.Join(body, "")))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+DefaultToken)
	transport := &http.Transport{DisableKeepAlives: true}
	response, err := transport.RoundTrip(request)
	if err != nil {
		return result{err: err}
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	return result{response.StatusCode, response.Header, string(data), err}
}

// property returns a property of the data in a response.
func property(t *testing.T, r result, name string) any {
	t.Helper()
	var body struct{ Data map[string]any }
	if err := json.Unmarshal([]byte(r.body), &body); err != nil {
		t.Fatalf("%v: %q", err, r.body)
	}
	return body.Data[name]
}

// TestSign has known answers of Apify's library.
func TestSign(t *testing.T) {
	t.Parallel()
	if got := Sign("secret-key-for-testing", "WkzbQMuFYuamGv3YF", 1893456000000); got != "MC4xODkzNDU2MDAwMDAwLnRqY0xlSXZGeG83NWZ3R1d1SjRJ" {
		t.Errorf("got %s", got)
	}
	if got := Sign(strings.Repeat("x", 40), strings.Repeat("A", 17), 0); got != "MC4wLjE0YWE2bVlGbGFyTFFwdkZOOHFlOQ" {
		t.Errorf("got %s for a short number", got)
	}
}

func TestAPI_datasets(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	s := start(t, Options{Now: func() time.Time { return now }, CounterLag: 5 * time.Second})
	d := s.API.Seed(Dataset{Name: "seeded"})
	if d.UserID != DefaultUserID || d.GeneralAccess != "FOLLOW_USER_SETTING" || !d.CreatedAt.Equal(now.Add(-time.Hour)) || d.URLSigningSecretKey == "" {
		t.Errorf("defaults: got %+v", d)
	}
	older := s.API.Seed(Dataset{CreatedAt: now.Add(-2 * time.Hour), Items: []json.RawMessage{[]byte(`{ "a": 1 }`)}})
	if all := s.API.Datasets(); len(all) != 2 || all[0].ID != older.ID || string(all[0].Items[0]) != `{"a":1}` {
		t.Errorf("got the datasets %+v, want the older one first", all)
	}
	for name, invalid := range map[string]Dataset{
		"taken name": {Name: "SEEDED"}, "taken ID": {ID: d.ID}, "invalid ID": {ID: "a"}, "invalid name": {Name: "a_"}, "unknown user": {UserID: "nobody"},
		"unknown access": {GeneralAccess: "PUBLIC"}, "item": {Items: []json.RawMessage{[]byte("1")}},
	} {
		if _, err := s.API.Add(invalid); err == nil {
			t.Errorf("%s: got no error", name)
		}
	}

	path := "/v2/datasets/" + d.ID
	s.API.Push(d.ID, []byte(`{"n": 1}`))
	for _, step := range []struct {
		wait time.Duration
		want float64
	}{{0, 0}, {4 * time.Second, 0}, {time.Second, 1}} {
		now = now.Add(step.wait)
		if got := property(t, send(t, s, "GET", path), "itemCount"); got != step.want {
			t.Errorf("%v after a push: got itemCount %v, want %v", step.wait, got, step.want)
		}
	}
}

func TestAPI_options(t *testing.T) {
	t.Parallel()
	s := start(t, Options{LocalPlatform: true, PageLimit: 2, Users: []User{{Username: "me", Token: DefaultToken}, {Username: "other"}}})
	other := s.API.Seed(Dataset{UserID: s.API.options.Users[1].ID})
	if got := send(t, s, "GET", "/v2/datasets/"+other.ID); got.status != http.StatusNotFound {
		t.Errorf("inaccessible dataset: got status %d", got.status)
	}
	for range 2 {
		got := send(t, s, "POST", "/v2/datasets?name=d")
		if got.status != http.StatusCreated || got.header.Get("Location") != "" || property(t, got, "generalAccess") != nil || property(t, got, "itemsPublicUrl") != nil {
			t.Errorf("creation: got %+v", got)
		}
	}
	id, _ := property(t, send(t, s, "POST", "/v2/datasets"), "id").(string)
	send(t, s, "POST", "/v2/datasets?name=e")
	for _, body := range []string{`{"name": "d"}`, `{"name": null, "generalAccess": "RESTRICTED"}`} {
		got := send(t, s, "PUT", "/v2/datasets/"+id, body)
		if d, _ := s.API.Dataset(id); got.status != http.StatusOK || d.Name != "d" || d.GeneralAccess != "FOLLOW_USER_SETTING" {
			t.Errorf("update with %s: got %+v, and the dataset %+v", body, got, d)
		}
	}
	if got := send(t, s, "GET", "/v2/datasets?unnamed=1"); property(t, got, "total") != 3.0 || property(t, got, "count") != 2.0 {
		t.Errorf("list: got %s", got.body)
	}
}

// TestAPI_notEmulated checks that other parts of Apify's API get an error that clients do not
// retry.
func TestAPI_notEmulated(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	path := "/v2/datasets/" + s.API.Seed(Dataset{Schema: []byte(`{"views": {}}`)}).ID
	for _, path := range []string{path + "/items?format=csv", path + "/items?clean=1", path + "/items?view=v", path + "/statistics", "/v2/acts", "/v2/users/me/limits"} {
		if got := send(t, s, "GET", path); got.status != http.StatusBadRequest || !strings.Contains(got.body, `"not-emulated"`) {
			t.Errorf("%s: got %+v", path, got)
		}
	}
}

func TestRecorder_faults(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	id := s.API.Seed(Dataset{Name: "d"}).ID
	hook := make(chan string, 2)
	closed := func(r result) bool { return errors.Is(r.err, io.EOF) || errors.Is(r.err, io.ErrUnexpectedEOF) }
	for name, test := range map[string]struct {
		fault  Fault
		hit    func(result) bool
		exists bool // whether the server carried out the deletion
	}{
		"status":        {Fault{Status: 503, Body: "<html>"}, func(r result) bool { return r.status == 503 && r.body == "<html>" }, true},
		"after effect":  {Fault{Status: 502, TakesEffect: true}, func(r result) bool { return r.status == 502 }, false},
		"reset":         {Fault{Reset: true}, func(r result) bool { return errors.Is(r.err, syscall.ECONNRESET) }, true},
		"reset, after":  {Fault{Reset: true, TakesEffect: true}, func(r result) bool { return errors.Is(r.err, syscall.ECONNRESET) }, false},
		"cut, no body":  {Fault{CutBody: true}, closed, false},
		"cut":           {Fault{Status: 200, Body: "body", CutBody: true}, func(r result) bool { return r.body == "bo" && closed(r) }, true},
		"delay":         {Fault{Delay: time.Millisecond}, func(r result) bool { return r.status == 204 }, false},
		"header":        {Fault{Status: 429, Header: http.Header{"Retry-After": {"1"}}}, func(r result) bool { return r.header.Get("Retry-After") == "1" }, true},
		"other method":  {Fault{Method: "GET", Status: 503}, func(r result) bool { return r.status == 204 }, false},
		"other pattern": {Fault{Pattern: "/v2/datasets", Status: 503}, func(r result) bool { return r.status == 204 }, false},
		"no match":      {Fault{Match: func(*http.Request) bool { return false }, Status: 503}, func(r result) bool { return r.status == 204 }, false},
		"skipped":       {Fault{Skip: 1, Status: 503}, func(r result) bool { return r.status == 204 }, false},
		"hooks": {
			Fault{Before: func(*http.Request) { hook <- "before" }, After: func(r *http.Request) { hook <- "after " + r.Method }},
			func(r result) bool { return r.status == 204 && <-hook+<-hook == "beforeafter DELETE" }, false,
		},
	} {
		s.API.Delete(id)
		s.API.Seed(Dataset{ID: id})
		s.Recorder.ClearFaults()
		s.Recorder.Inject(test.fault)
		got := send(t, s, "DELETE", "/v2/datasets/"+id)
		if _, exists := s.API.Dataset(id); !test.hit(got) || exists != test.exists {
			t.Errorf("%s: got %+v, and the dataset exists: %t", name, got, exists)
		}
	}

	s.Recorder.ClearFaults()
	// Close ends a request that hangs.
	s.Recorder.Inject(Fault{Delay: time.Hour, Before: func(*http.Request) { go s.Close() }})
	if got := send(t, s, "GET", "/v2/users/me"); got.err == nil {
		t.Errorf("closed server: got %+v", got)
	}
}

func TestRecorder_log(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	s.Recorder.Inject(Fault{Method: "PUT", Reset: true})
	send(t, s, "POST", "/v2/datasets?name=d", `{}`)
	send(t, s, "PUT", "/v2/datasets/~d", `{}`)
	log := s.Recorder.Requests()
	if len(log) != 2 || s.Recorder.Connections() != 2 || s.Recorder.MaxConnections() < 1 {
		t.Fatalf("got %+v, %d connections", log, s.Recorder.Connections())
	}
	for i, want := range []string{"POST /v2/datasets /v2/datasets name=d {} 201 false", "PUT /v2/datasets/{datasetId} /v2/datasets/~d  {} 0 true"} {
		r := log[i]
		if got := fmt.Sprintf("%s %s %s %s %s %d %t", r.Method, r.Pattern, r.Path, r.Query.Encode(), r.Body, r.Status, r.Fault); got != want || r.Header.Get("Authorization") == "" {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	if got := s.Recorder.Counts(); len(got) != 2 || got["PUT /v2/datasets/{datasetId}"] != 1 {
		t.Errorf("got the counts %v", got)
	}
	send(t, s, "POST", "/_reset")
	if got := send(t, s, "GET", "/_stats"); got.body != `{"connections":0,"maxConnections":0,"requests":{}}` || len(s.Recorder.Requests()) > 0 {
		t.Errorf("after a reset: got %s", got.body)
	}
}
