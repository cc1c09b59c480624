package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/acctest"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// The tests run against the emulator, or, with TF_ACC_LIVE=1 and APIFY_TOKEN, against the real API
// through a proxy that records the requests in the same way.

// testRetryDelay makes retries quick. The client's own tests cover the back-off.
const testRetryDelay = 5 * time.Millisecond

// The requests of the provider, as "METHOD PATTERN".
const (
	postDatasets  = "POST /v2/datasets"
	getDatasets   = "GET /v2/datasets"
	getDataset    = "GET /v2/datasets/{datasetId}"
	putDataset    = "PUT /v2/datasets/{datasetId}"
	deleteDataset = "DELETE /v2/datasets/{datasetId}"
	getItems      = "GET /v2/datasets/{datasetId}/items"
	getUser       = "GET /v2/users/me"
)

// testServer is the API that a test uses.
type testServer struct {
	*emulator.Server
	// Live reports whether this is the real API. API is nil then.
	Live  bool
	Token string
	// Now is the clock of the provider, and Transport its connection to the server; nil for the
	// usual one.
	Now       func() time.Time
	Transport http.RoundTripper
	// applied is set by mustApply.
	applied []string
}

// newTestServer starts an emulator, or a proxy to the real API for live tests. A test that needs
// more than the API offers, such as faults or datasets of other accounts, calls newEmulator
// instead.
func newTestServer(t *testing.T) *testServer {
	t.Helper()
	if os.Getenv("TF_ACC_LIVE") == "" {
		return newEmulator(t, emulator.Options{})
	}
	token := os.Getenv(tokenVariable)
	if token == "" {
		t.Fatalf("TF_ACC_LIVE is set, but %s is not", tokenVariable)
	}
	address := "https://api.apify.com"
	if a := os.Getenv(apiBaseURLVariable); a != "" {
		address = a
	}
	target, err := url.Parse(address)
	if err != nil {
		t.Fatal(err)
	}
	server, err := emulator.StartHandler(&httputil.ReverseProxy{Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(target) }})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	return &testServer{Server: server, Live: true, Token: token, Now: time.Now}
}

// newEmulator starts an emulator. It skips the test if tests run live.
func newEmulator(t *testing.T, options emulator.Options) *testServer {
	t.Helper()
	if os.Getenv("TF_ACC_LIVE") != "" {
		t.Skip("this test needs the emulator")
	}
	server, err := emulator.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	token := emulator.DefaultToken
	if len(options.Users) > 0 {
		token = options.Users[0].Token
	}
	return &testServer{Server: server, Token: token, Now: time.Now}
}

// The accounts of newTwoAccounts.
const (
	ownerID       = "OwnerOwnerOwner00"
	ownerToken    = "apify_api_owner"
	readOnlyToken = "apify_api_read_only"
	otherID       = "OtherOtherOther00"
	otherToken    = "apify_api_other"
)

// newTwoAccounts starts an emulator with the accounts "owner" and "other". The provider uses the
// token of the owner. Access to a dataset that is inaccessible to a token is 403 for it.
func newTwoAccounts(t *testing.T) *testServer {
	t.Helper()
	return newTwoAccountsWith(t, emulator.Options{})
}

// newTwoAccountsWith is newTwoAccounts with options.
func newTwoAccountsWith(t *testing.T, options emulator.Options) *testServer {
	t.Helper()
	options.Users = []emulator.User{
		{ID: ownerID, Username: "owner", Token: ownerToken, ReadOnlyTokens: []string{readOnlyToken}},
		{ID: otherID, Username: "other", Token: otherToken},
	}
	return newEmulator(t, options)
}

const day = 24 * time.Hour

// newEmulatorWithClock starts an emulator that uses the same clock as the provider, which the test
// sets.
func newEmulatorWithClock(t *testing.T, now *time.Time) *testServer {
	t.Helper()
	clock := func() time.Time { return *now }
	s := newEmulator(t, emulator.Options{Now: clock})
	s.Now = clock
	return s
}

// name returns a dataset name that no other test, run or user has.
func (s *testServer) name(t *testing.T) string {
	t.Helper()
	name := "tf-acc-" + acctest.RandStringFromCharSet(12, acctest.CharSetAlphaNum)
	if s.Live {
		t.Cleanup(func() { s.sweep(t, name) })
	}
	return name
}

// sweep deletes the dataset of this name that a failed test left in the account.
func (s *testServer) sweep(t *testing.T, name string) {
	t.Helper()
	d, err := s.call(context.Background(), http.MethodGet, "/v2/datasets/~"+name, nil)
	if errors.Is(err, errNotFound) {
		return
	}
	if err == nil {
		_, err = s.call(context.Background(), http.MethodDelete, "/v2/datasets/"+fmt.Sprint(d["id"]), nil)
	}
	if err != nil {
		t.Error(err)
	}
}

// seedMany seeds datasets, a minute apart, and returns their IDs, oldest first. Without a format
// for their names they are unnamed.
func (s *testServer) seedMany(n int, format string) []string {
	ids := make([]string, n)
	start := time.Now().Add(-time.Duration(n+1) * time.Minute)
	for i := range ids {
		d := emulator.Dataset{CreatedAt: start.Add(time.Duration(i) * time.Minute)}
		if format != "" {
			d.Name = fmt.Sprintf(format, i)
		}
		ids[i] = s.API.Seed(d).ID
	}
	return ids
}

// items returns n items for a dataset.
func items(n int) []json.RawMessage {
	return slices.Repeat([]json.RawMessage{[]byte(`{"a":1}`)}, n)
}

// setField returns a Mutate function that sets a field of the object in a response.
func setField(field string, value any) func(int, http.Header, map[string]any) int {
	return changeObject(func(object map[string]any) { object[field] = value })
}

// changeObject returns a Mutate function that changes the object in a response.
func changeObject(change func(object map[string]any)) func(int, http.Header, map[string]any) int {
	return func(status int, _ http.Header, body map[string]any) int {
		if object, ok := body["data"].(map[string]any); ok {
			change(object)
		}
		return status
	}
}

// changeItems returns a Mutate function that changes the datasets in a list.
func changeItems(change func(item map[string]any)) func(int, http.Header, map[string]any) int {
	return changeObject(func(list map[string]any) {
		for _, item := range list["items"].([]any) {
			change(item.(map[string]any))
		}
	})
}

// errorBody returns the body of an error of the API.
func errorBody(errorType string) string {
	return fmt.Sprintf(`{"error": {"type": %q, "message": "The message of the API."}}`, errorType)
}

// refusal returns a fault with an error of the API, for requests given as "METHOD PATTERN".
func refusal(request string, status int, errorType string) emulator.Fault {
	return onRequest(request, emulator.Fault{Status: status, Body: errorBody(errorType)})
}

// page returns a fault with a page that is not the API's, for requests given as "METHOD PATTERN".
func page(request string, status int) emulator.Fault {
	return onRequest(request, emulator.Fault{Status: status, Body: "<html><body>Sign in to the proxy</body></html>"})
}

// onRequest returns a copy of a fault that hits requests of this kind, given as "METHOD PATTERN".
func onRequest(request string, f emulator.Fault) emulator.Fault {
	f.Method, f.Pattern, _ = strings.Cut(request, " ")
	return f
}

// config returns a configuration of the provider for this server, followed by the given text.
func (s *testServer) config(rest string) string {
	return fmt.Sprintf(`
provider "apify" {
  token    = %q
  base_url = %q
}
%s`, s.Token, s.URL, rest)
}

// factories returns the providers for the acceptance tests.
func (s *testServer) factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){"apify": s.provider}
}

func (s *testServer) provider() (tfprotov6.ProviderServer, error) {
	return newServer(&apifyProvider{
		version: "test", now: s.Now, retryDelay: testRetryDelay, totalDelay: testRetryDelay, resendDelay: testRetryDelay, transport: s.Transport,
	}), nil
}

// sent returns the requests since the last reset, as "METHOD PATTERN", in order.
func (s *testServer) sent() []string {
	var all []string
	for _, r := range s.Recorder.Requests() {
		all = append(all, r.Method+" "+r.Pattern)
	}
	return all
}

// expectSent fails the test unless exactly these requests were sent since the last reset, in this
// order.
func (s *testServer) expectSent(t testing.TB, want ...string) {
	t.Helper()
	expectRequests(t, s.sent(), want)
}

// writes returns the requests since the last reset that can change something, each with its query
// or body.
func (s *testServer) writes() []string {
	var all []string
	for _, r := range s.Recorder.Requests() {
		if r.Method == http.MethodGet || r.Method == http.MethodHead {
			continue
		}
		w := r.Method + " " + r.Path
		if len(r.Query) > 0 {
			w += "?" + r.Query.Encode()
		}
		if len(r.Body) > 0 {
			w += " " + string(r.Body)
		}
		all = append(all, w)
	}
	return all
}

// expectWrites fails the test unless exactly these requests that can change something were sent
// since the last reset, in this order.
func (s *testServer) expectWrites(t *testing.T, want ...string) {
	t.Helper()
	expectRequests(t, s.writes(), want)
}

func expectRequests(t testing.TB, got, want []string) {
	t.Helper()
	if err := compareRequests(got, want); err != nil {
		t.Error(err)
	}
}

func compareRequests(got, want []string) error {
	if slices.Equal(got, want) {
		return nil
	}
	return fmt.Errorf("got the requests\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
}

// errNotFound is the error of call for a 404.
var errNotFound = errors.New("not found")

// call sends a request to the API without the provider, and returns the object in the response.
// The recorder logs it too: a test that asserts requests resets the recorder after it.
func (s *testServer) call(ctx context.Context, method, path string, body map[string]any) (map[string]any, error) {
	var content bytes.Buffer
	if body != nil {
		if err := json.NewEncoder(&content).Encode(body); err != nil {
			return nil, err
		}
	}
	req, err := http.NewRequestWithContext(ctx, method, s.URL+path, &content)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Authorization", "Bearer "+s.Token)
	req.Header.Set("Content-Type", "application/json")
	status, text, err := send(req)
	var object struct {
		Data map[string]any `json:"data"`
	}
	switch {
	case err != nil:
		return nil, err
	case status == http.StatusNotFound:
		return nil, errNotFound
	case status == http.StatusNoContent:
		return nil, nil
	case status >= 300:
		return nil, fmt.Errorf("%s %s: %d %s", method, path, status, text)
	}
	err = json.Unmarshal([]byte(text), &object)
	return object.Data, err
}

// mustCall sends a request to the API without the provider, and returns the object in the response.
func (s *testServer) mustCall(t *testing.T, method, path string, body map[string]any) map[string]any {
	t.Helper()
	object, err := s.call(t.Context(), method, path, body)
	if err != nil {
		t.Fatal(err)
	}
	return object
}

// create creates a dataset without the provider, and returns its ID and its creation time.
func (s *testServer) create(t *testing.T, name string) (id, createdAt string) {
	t.Helper()
	query := ""
	if name != "" {
		query = "?name=" + name
	}
	d := s.mustCall(t, http.MethodPost, "/v2/datasets"+query, nil)
	id, createdAt = d["id"].(string), d["createdAt"].(string)
	if s.Live {
		t.Cleanup(func() { _, _ = s.call(context.Background(), http.MethodDelete, "/v2/datasets/"+id, nil) })
	}
	return id, createdAt
}

// update changes a dataset without the provider, and resets the recorder.
func (s *testServer) update(t *testing.T, id string, fields map[string]any) {
	t.Helper()
	s.mustCall(t, http.MethodPut, "/v2/datasets/"+id, fields)
	s.Recorder.Reset()
}

// delete deletes a dataset without the provider, and resets the recorder.
func (s *testServer) delete(t *testing.T, id string) {
	t.Helper()
	s.mustCall(t, http.MethodDelete, "/v2/datasets/"+id, nil)
	s.Recorder.Reset()
}

// get opens a URL without a token.
func get(ctx context.Context, address string) (status int, body string, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, http.NoBody)
	if err != nil {
		return 0, "", err
	}
	return send(req)
}

func send(req *http.Request) (status int, body string, err error) {
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, "", err
	}
	defer func() { _ = resp.Body.Close() }()
	raw, err := io.ReadAll(resp.Body)
	return resp.StatusCode, string(raw), err
}

// must returns a value, and panics if there is an error that no test expects.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// later returns a fault that lets one request pass first.
func later(f emulator.Fault) emulator.Fault {
	f.Skip = 1
	return f
}
