package emulator

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"testing"
)

// TestStartHandler records the requests to another server, as tests against the real API do.
func TestStartHandler(t *testing.T) {
	t.Parallel()
	target := start(t, Options{})
	d := target.API.Seed(Dataset{Name: "d"})
	targetURL, err := url.Parse(target.URL)
	if err != nil {
		t.Fatal(err)
	}
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	proxy, err := StartHandler(&httputil.ReverseProxy{
		Rewrite:   func(r *httputil.ProxyRequest) { r.SetURL(targetURL) },
		Transport: transport,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(proxy.Close)
	if proxy.API != nil {
		t.Error("the server of a proxy has an API")
	}
	forbidden := FaultNamed(FaultForbidden)
	forbidden.Method = "DELETE"
	proxy.Recorder.Inject(forbidden)
	got := send(t, proxy, call{method: "GET", path: "/v2/datasets/~d"})
	equal(t, "ID", got.data(t)["id"], any(d.ID))
	got = send(t, proxy, call{method: "DELETE", path: "/v2/datasets/" + d.ID})
	equal(t, "status of a fault", got.status, http.StatusForbidden)
	equal(t, "requests to the proxy", proxy.Recorder.Counts()["GET /v2/datasets/{datasetId}"], 1)
	equal(t, "requests to the target", len(target.Recorder.Requests()), 1)
}

func TestServer_closeTwice(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	send(t, s, createCall)
	s.Close()
	s.Close()
}

// TestAPI_tls checks that URLs in responses have the scheme of the request.
func TestAPI_tls(t *testing.T) {
	t.Parallel()
	s := httptest.NewTLSServer(NewAPI(Options{}))
	t.Cleanup(s.Close)
	response, err := s.Client().Do(newRequest(t, &Server{URL: s.URL}, createCall))
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
