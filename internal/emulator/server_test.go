package emulator

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
)

// TestStartHandler records what goes to another server, as tests against the real API do.
func TestStartHandler(t *testing.T) {
	t.Parallel()
	behind := start(t, Options{})
	d := behind.API.Seed(Dataset{Name: "behind"})
	target, err := url.Parse(behind.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	front, err := StartHandler(&httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(target) },
		Transport: transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(front.Close)
	if front.API != nil {
		t.Error("a proxy has an API")
	}
	front.Recorder.Inject(Fault{Method: "DELETE", Status: http.StatusForbidden, Body: `{"error": {"type": "insufficient-permissions", "message": "No."}}`})
	got := do(t, front, call{method: "GET", path: "/v2/datasets/~behind"})
	equal(t, "ID", got.data(t)["id"], any(d.ID))
	equal(t, "status of a fault", do(t, front, call{method: "DELETE", path: "/v2/datasets/" + d.ID}).status, http.StatusForbidden)
	equal(t, "requests to the proxy", front.Recorder.Counts()["GET /v2/datasets/{datasetId}"], 1)
	equal(t, "requests that went through", len(behind.Recorder.Requests()), 1)
}

func TestCloseTwice(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	do(t, s, create)
	s.Close()
	s.Close()
}

// TestOverTLS makes sure that URLs in answers have the scheme that the client used.
func TestOverTLS(t *testing.T) {
	t.Parallel()
	s := newTLSServer(t)
	response, err := s.Client().Do(newRequest(t, &Server{URL: s.URL}, create))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	if _, err := io.Copy(io.Discard, response.Body); err != nil {
		t.Fatal(err)
	}
	location, err := response.Location()
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "scheme", location.Scheme, "https")
}

func newTLSServer(t testing.TB) *httptest.Server {
	t.Helper()
	s := httptest.NewTLSServer(NewAPI(Options{}))
	t.Cleanup(s.Close)
	return s
}
