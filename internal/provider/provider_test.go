package provider

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/acctest"

	"github.com/apify/terraform-provider-apify/internal/apify"
	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// The tests run against the emulator, or, with TF_ACC_LIVE=1 and APIFY_TOKEN,
// against the real API through a proxy that records the requests all the same.

// testRetryDelay makes retries quick. The back-off itself is the client's tests'.
const testRetryDelay = 5 * time.Millisecond

// testServer is the API that a test talks to.
type testServer struct {
	*emulator.Server
	// Live is whether it is the real one, and API is nil.
	Live  bool
	Token string
	// Now is the provider's clock.
	Now func() time.Time
}

// newTestServer starts an emulator, or a proxy to the real API where the tests
// run live. A test that needs more than the API itself can do, such as seeding
// another account or breaking the server, calls newEmulator instead.
func newTestServer(t *testing.T) *testServer {
	t.Helper()
	if os.Getenv("TF_ACC_LIVE") == "" {
		return newEmulator(t, emulator.Options{})
	}
	token := os.Getenv(tokenVariable)
	if token == "" {
		t.Fatalf("TF_ACC_LIVE is set, but %s is not", tokenVariable)
	}
	address := apify.DefaultBaseURL
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

// newEmulator starts an emulator. The test is skipped where tests run live: it
// would not be about the real API.
func newEmulator(t *testing.T, options emulator.Options) *testServer {
	t.Helper()
	if os.Getenv("TF_ACC_LIVE") != "" {
		t.Skip("this test is about the emulator's abilities")
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

// name is a dataset name that no other test, run or user has.
func (s *testServer) name(t *testing.T) string {
	t.Helper()
	name := "tf-acc-" + acctest.RandStringFromCharSet(12, acctest.CharSetAlphaNum)
	if s.Live {
		t.Cleanup(func() { s.sweep(t, name) })
	}
	return name
}

// sweep deletes what a test that failed left in the account.
func (s *testServer) sweep(t *testing.T, name string) {
	t.Helper()
	c := s.client(t)
	d, err := c.GetDataset(context.Background(), apify.DatasetNameRef("", name))
	if err == nil {
		err = c.DeleteDataset(context.Background(), d.ID)
	}
	if err != nil && !apify.IsNotFound(err) {
		t.Error(err)
	}
}

// config is a configuration of the provider for this server, and of whatever
// comes after it.
func (s *testServer) config(rest string) string {
	return fmt.Sprintf(`
provider "apify" {
  token    = %q
  base_url = %q
}
%s`, s.Token, s.URL, rest)
}

// factories make providers for the acceptance tests.
func (s *testServer) factories() map[string]func() (tfprotov6.ProviderServer, error) {
	return map[string]func() (tfprotov6.ProviderServer, error){"apify": s.provider}
}

func (s *testServer) provider() (tfprotov6.ProviderServer, error) {
	return providerserver.NewProtocol6WithError(&apifyProvider{version: "test", now: s.Now, retryDelay: testRetryDelay})()
}

// sent lists the requests since the last reset, as "METHOD PATTERN", in order.
func (s *testServer) sent() []string {
	var all []string
	for _, r := range s.Recorder.Requests() {
		all = append(all, r.Method+" "+r.Pattern)
	}
	return all
}

// writes are the requests since the last reset that can change something, each
// with its query or body.
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

// expectWrites fails the test unless exactly these requests that can change
// something were sent since the last reset, in this order.
func (s *testServer) expectWrites(t *testing.T, want ...string) {
	t.Helper()
	if got := s.writes(); !slices.Equal(got, want) {
		t.Errorf("the requests that write were\n\t%s\nand should have been\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// expectWritesInAnyOrder is expectWrites for requests of resources that Terraform
// takes in no certain order.
func (s *testServer) expectWritesInAnyOrder(t *testing.T, want ...string) {
	t.Helper()
	got := s.writes()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("the requests that write were\n\t%s\nand should have been\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// client is a client of the API beside the provider's, for what a test has to
// arrange or look at. It does not go through the recorder's log of the test: the
// caller resets that.
func (s *testServer) client(t *testing.T) *apify.Client {
	t.Helper()
	c, err := apify.NewClient(apify.Config{BaseURL: s.URL, Token: s.Token, RetryDelay: testRetryDelay})
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func TestProviderSchemaIsValid(t *testing.T) {
	t.Parallel()
	server, err := providerserver.NewProtocol6WithError(New("test")())()
	if err != nil {
		t.Fatal(err)
	}
	resp, err := server.GetProviderSchema(context.Background(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range resp.Diagnostics {
		t.Errorf("%s: %s", d.Summary, d.Detail)
	}
	if resp.ResourceSchemas["apify_dataset"] == nil {
		t.Error("there is no resource apify_dataset")
	}
}
