package provider

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/apify"
	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// The advice of diagnostics, as users read it.
const (
	adviseAddress = "Check that the provider's base_url (or APIFY_API_BASE_URL, APIFY_CLIENT_BASE_URL) is the URL of an Apify API, and that no proxy " +
		"is intercepting requests."
	advisePage       = "The response did not come from the Apify API. " + adviseAddress
	adviseRedirect   = "Redirects are not followed because that would send the API token to another host. " + adviseAddress
	adviseProxyLogin = "A proxy requires authentication. Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY."
	adviseProxyDown  = "The provider could not connect through the proxy. Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY."
	adviseRefused    = "The provider could not connect. Check the network, the provider's base_url (or APIFY_API_BASE_URL, APIFY_CLIENT_BASE_URL), and " +
		"HTTPS_PROXY, HTTP_PROXY and NO_PROXY if you use a proxy."
	adviseRate    = "The API's rate limit was exceeded for longer than the provider retries. Apply again later, lower -parallelism, or raise the provider's max_retries."
	adviseDataset = "The API token does not have permission for this operation. Give the token the permission in Apify Console " +
		"(https://console.apify.com/settings/integrations), ask the dataset's owner to share the dataset with write access, or use the owner's token."
	adviseBilling = "The account's plan or balance does not allow this operation. See Billing in Apify Console: https://console.apify.com/billing."
	adviseLocked  = "Apify has locked the dataset for the reason in its message above. Nothing was changed. If the reason is the account's plan or balance, " +
		"see Billing in Apify Console: https://console.apify.com/billing."
	adviseEndpoint = "The server does not support this endpoint. " + adviseAddress
	adviseOutage   = "The Apify API returned a server error. Try again later, and see https://status.apify.com. Nothing is lost. Run terraform apply again to continue."
	adviseGatewayP = "The server, or a proxy in front of it, returned an error. Try again later, and see https://status.apify.com. Nothing is lost. " +
		"Run terraform apply again to continue. If the error persists, check that the provider's base_url (or APIFY_API_BASE_URL, APIFY_CLIENT_BASE_URL) is the URL of an Apify API, " +
		"and that no proxy is intercepting requests."
	adviseBroken = "The network or the server failed. Try again. If the error persists, check the provider's base_url (or APIFY_API_BASE_URL, " +
		"APIFY_CLIENT_BASE_URL) and the provider's request_timeout."
	adviseMissing  = "The dataset does not exist, or is inaccessible to the API token."
	adviseTimeouts = "Raise the limit in the resource's timeouts attribute."
)

// adviceIn returns the paragraphs after the first one of the only diagnostic, which contains the
// error.
func adviceIn(t *testing.T, ds diagnostics) string {
	t.Helper()
	if len(ds) != 1 {
		t.Fatalf("got the diagnostics\n%s", ds)
	}
	_, advice, _ := strings.Cut(ds[0].Detail, "\n\n")
	return advice
}

// TestDiagnostics_adviceForResponse reads the whole advice for each kind of response.
func TestDiagnostics_adviceForResponse(t *testing.T) {
	t.Parallel()
	const page = "<html><title>Sign in</title></html>"
	apiError := func(kind string) string { return fmt.Sprintf(`{"error":{"type":%q,"message":"The reason."}}`, kind) }
	for name, test := range map[string]struct {
		fault  emulator.Fault
		first  string // part of the first paragraph
		advice string
	}{
		"page with 400":               {emulator.Fault{Status: 400, Body: page}, "400 Bad Request", advisePage},
		"page with 401":               {emulator.Fault{Status: 401, Body: page}, "401 Unauthorized", advisePage},
		"page with 402":               {emulator.Fault{Status: 402, Body: page}, "402 Payment Required", advisePage},
		"page with 403":               {emulator.Fault{Status: 403, Body: page}, "403 Forbidden", advisePage},
		"page with 404":               {emulator.Fault{Status: 404, Body: page}, "404 Not Found", advisePage},
		"no body with 403":            {emulator.Fault{Status: 403}, "403 Forbidden", advisePage},
		"page with 200":               {emulator.Fault{Status: 200, Body: page}, "200 OK", advisePage},
		"page with 429":               {emulator.Fault{Status: 429, Body: page}, "429 Too Many Requests", adviseRate + " The response did not come from the Apify API: if the error persists, check" + strings.TrimPrefix(adviseAddress, "Check")},
		"page with 503":               {emulator.Fault{Status: 503, Body: page}, "503 Service Unavailable", adviseGatewayP},
		"page with 407":               {emulator.Fault{Status: 407, Body: page}, "407 Proxy Authentication Required", adviseProxyLogin},
		"gateway's JSON with 401":     {emulator.Fault{Status: 401, Body: `{"error":{"code":1,"message":"Blocked."}}`}, "401 Unauthorized, Blocked", advisePage},
		"gateway's JSON with 402":     {emulator.Fault{Status: 402, Body: `{"error":{"message":"Blocked."}}`}, "402 Payment Required, Blocked", advisePage},
		"gateway's JSON with 403":     {emulator.Fault{Status: 403, Body: `{"error":{"code":1,"message":"Blocked."}}`}, "403 Forbidden, Blocked", advisePage},
		"API's 401":                   {emulator.Fault{Status: 401, Body: apiError("user-or-token-not-found")}, "401 Unauthorized, user-or-token-not-found: The reason", "The API rejected the API token. " + howToSetToken},
		"API's 402":                   {emulator.Fault{Status: 402, Body: apiError("x402-payment-required")}, "402 Payment Required, x402-payment-required: The reason", adviseBilling},
		"dataset-locked":              {emulator.Fault{Status: 402, Body: apiError("dataset-locked")}, "402 Payment Required, dataset-locked: The reason", adviseLocked},
		"API's 403":                   {emulator.Fault{Status: 403, Body: apiError("insufficient-permissions")}, "403 Forbidden, insufficient-permissions: The reason", adviseDataset},
		"API's 404":                   {emulator.Fault{Status: 404, Body: apiError("record-not-found")}, "404 Not Found, record-not-found: The reason", adviseMissing},
		"API's 404 for the endpoint":  {emulator.Fault{Status: 404, Body: apiError("page-not-found")}, "404 Not Found, page-not-found", adviseEndpoint},
		"API's 429":                   {emulator.Fault{Status: 429, Body: apiError("rate-limit-exceeded")}, "429 Too Many Requests", adviseRate},
		"API's 500":                   {emulator.Fault{Status: 500, Body: apiError("internal-server-error")}, "500 Internal Server Error", adviseOutage},
		"redirect":                    {emulator.Fault{Status: 302, Header: http.Header{"Location": {"https://sso.example/login"}}}, "302 Found, a redirect to https://sso.example/login", adviseRedirect},
		"redirect, invalid Location":  {emulator.Fault{Status: 307, Header: http.Header{"Location": {"http://[::1"}}}, "returned 307 Temporary Redirect", adviseRedirect},
		"incomplete body":             {emulator.Fault{CutBody: true}, "the body is incomplete", adviseBroken},
		"connection reset by a proxy": {emulator.Fault{Reset: true}, "got no response", adviseBroken},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			d := s.API.Seed(emulator.Dataset{})
			s.Recorder.Inject(test.fault)
			_, ds := s.newWalk(t, values{"max_retries": 0}).importID(t.Context(), d.ID)
			if got := adviceIn(t, ds); got != test.advice {
				t.Errorf("got the advice\n%s\nwant\n%s", got, test.advice)
			}
			if !ds.errors().has(summaryImport, test.first) {
				t.Errorf("the diagnostics do not contain %q:\n%s", test.first, ds)
			}
		})
	}
}

// TestDiagnostics_adviceWithoutResponse reads the whole advice for each reason why there is no
// response.
func TestDiagnostics_adviceWithoutResponse(t *testing.T) {
	t.Parallel()
	dial := &net.OpError{Op: "dial", Net: "tcp", Err: errors.New("connection refused")}
	for name, test := range map[string]struct {
		err    error
		advice string
	}{
		"refused":               {dial, adviseRefused},
		"dead proxy":            {&net.OpError{Op: "proxyconnect", Err: dial}, adviseProxyDown},
		"unknown proxy":         {&net.OpError{Op: "proxyconnect", Err: &net.DNSError{IsNotFound: true}}, adviseProxyDown},
		"unknown host":          {&net.OpError{Op: "dial", Err: &net.DNSError{IsNotFound: true}}, "The host name does not exist. Check the spelling of the provider's base_url (or APIFY_API_BASE_URL, APIFY_CLIENT_BASE_URL)."},
		"untrusted certificate": {&tls.CertificateVerificationError{}, "This machine does not trust the server's certificate. Check the provider's base_url (or APIFY_API_BASE_URL, APIFY_CLIENT_BASE_URL). If a proxy or a private CA signs certificates, install its root certificate, or set SSL_CERT_FILE to its file."},
		"request timeout":       {errors.New("the request timed out after 30s"), adviseBroken},
	} {
		d := clientError(summaryRead, &apify.Error{Operation: "read dataset", Attempts: 1, Err: test.err})
		if _, advice, _ := strings.Cut(d.Detail(), "\n\n"); advice != test.advice {
			t.Errorf("%s: got the advice\n%s\nwant\n%s", name, advice, test.advice)
		}
	}
}

// TestDiagnostics_adviceAfterTimeout ends operations by a timeout. Only the resource's operations
// have the timeouts attribute.
func TestDiagnostics_adviceAfterTimeout(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	d := s.API.Seed(emulator.Dataset{Name: "slow"})
	short := values{"name": "slow", "timeouts": values{"create": "50ms", "read": "50ms", "update": "50ms", "delete": "50ms"}}
	before := s.mustApply(t, s.newWalk(t, nil).mustImport(d.ID), short)
	ctx := t.Context()
	update := s.newWalk(t, nil).mustPlan(before, values{"name": "slow", "general_access": "RESTRICTED", "timeouts": short["timeouts"]})
	deletion := s.newWalk(t, nil).mustPlan(before, nil)
	creation := s.newWalk(t, nil).mustPlan(instance{}, values{"name": "new", "timeouts": short["timeouts"]})
	s.Recorder.Inject(emulator.Fault{Delay: time.Minute})
	limited := func() context.Context {
		ctx, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		t.Cleanup(cancel)
		return ctx
	}
	for name, test := range map[string]struct {
		run   func() diagnostics
		raise bool
	}{
		"read":   {func() diagnostics { _, ds := s.newWalk(t, nil).read(ctx, before); return ds }, true},
		"create": {func() diagnostics { _, ds := s.newWalk(t, nil).apply(ctx, creation); return ds }, true},
		"update": {func() diagnostics { _, ds := s.newWalk(t, nil).apply(ctx, update); return ds }, true},
		"delete": {func() diagnostics { _, ds := s.newWalk(t, nil).apply(ctx, deletion); return ds }, true},
		"import": {func() diagnostics { _, ds := s.newWalk(t, nil).importID(limited(), d.ID); return ds }, false},
		"data source": {func() diagnostics {
			_, ds := s.newWalk(t, nil).readDataSource(limited(), "apify_dataset", values{"id": d.ID})
			return ds
		}, false},
		"list": {func() diagnostics { _, ds := s.newWalk(t, nil).datasets(limited(), nil); return ds }, false},
		"user": {func() diagnostics { _, ds := s.newWalk(t, nil).readDataSource(limited(), "apify_user", nil); return ds }, false},
		"ephemeral": {func() diagnostics {
			_, ds := s.newWalk(t, nil).openItemsURL(limited(), values{"dataset_id": d.ID})
			return ds
		}, false},
		"list resource": {func() diagnostics { _, ds := s.newWalk(t, nil).listAll(limited(), nil, 10, false); return ds }, false},
		"planned lookup": {func() diagnostics {
			_, ds := s.newWalk(t, nil).plan(limited(), instance{}, values{"name": "other"})
			return ds
		}, false},
	} {
		ds := test.run()
		if len(ds) != 1 || !ds.has("timed out") || ds.has(adviseTimeouts) != test.raise || ds.has("timeouts attribute") != test.raise {
			t.Errorf("%s: want the advice about timeouts: %t, got\n%s", name, test.raise, ds)
		}
	}
	// The lookup of the account has a limit of its own.
	own := &accountError{&apify.Error{Operation: "read the token's account", Attempts: 3, Stopped: context.DeadlineExceeded}}
	if d := operationError(summaryRead, own); strings.Contains(d.Detail(), adviseTimeouts) {
		t.Errorf("got the advice\n%s", d.Detail())
	}
}

// TestDiagnostics_unauthorizedPlan plans with a token that the API rejects. No other request could
// succeed, so this lookup is an error.
func TestDiagnostics_unauthorizedPlan(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	for name, test := range map[string]struct {
		fault emulator.Fault
		fatal bool
	}{
		"API's 401":     {emulator.FaultNamed(emulator.FaultUnauthorized), true},
		"page with 401": {emulator.Fault{Status: 401, Body: "<html>"}, true},
		"API's 403":     {emulator.FaultNamed(emulator.FaultForbidden), false},
		"API's 402":     {emulator.FaultNamed(emulator.FaultPaymentRequired), false},
	} {
		s.Recorder.ClearFaults()
		s.Recorder.Inject(onRequest(getDataset, test.fault))
		_, ds := s.newWalk(t, nil).plan(t.Context(), instance{}, values{"name": "new"})
		if len(ds) != 1 || !ds.has(summaryNameNotChecked) || len(ds.errors()) == 1 != test.fatal {
			t.Errorf("%s: want an error: %t, got\n%s", name, test.fatal, ds)
		}
	}
}

// TestAccProvider_proxies runs the CLI with proxies that do not work. Go reads the environment
// variables once in a process, so this test needs the provider's own.
func TestAccProvider_proxies(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	login, err := emulator.StartHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Proxy-Authenticate", "Basic")
		w.WriteHeader(http.StatusProxyAuthRequired)
		_, _ = w.Write([]byte("<html>Log in</html>"))
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(login.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // does not wait
	if err != nil {
		t.Fatal(err)
	}
	dead := "http://" + listener.Addr().String()
	_ = listener.Close()
	misleading := []string{"permission", "Billing", "intercepting", "could not connect.", "host name does not exist", "timeouts", "request_timeout"}
	for name, test := range map[string]struct {
		proxy, base, advice string
	}{
		"login, http":    {login.URL, "http://api.invalid", adviseProxyLogin},
		"login, https":   {login.URL, "https://api.invalid", adviseProxyDown},
		"dead, http":     {dead, "http://api.invalid", adviseProxyDown},
		"dead, https":    {dead, "https://api.invalid", adviseProxyDown},
		"unknown, https": {"http://proxy.invalid:8080", "https://api.invalid", adviseProxyDown},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := s.newCLI(t)
			c.env = append(c.env, "HTTP_PROXY="+test.proxy, "HTTPS_PROXY="+test.proxy, apiBaseURLVariable+"="+test.base)
			c.write("main.tf", "provider \"apify\" {\n max_retries = 0\n}\ndata \"apify_datasets\" \"all\" {}\n")
			r := c.run("plan")
			r.expect(t, 1, summaryList, test.advice)
			r.expectErrors(t, 1)
			r.expectNone(t, misleading...)
		})
	}
}
