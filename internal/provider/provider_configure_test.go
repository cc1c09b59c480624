package provider

import (
	"net"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// configure validates and configures a provider with only these attributes.
func configure(t *testing.T, attributes values, deferralAllowed bool) diagnostics {
	t.Helper()
	server, err := providerserver.NewProtocol6WithError(New("1.2.3")())()
	if err != nil {
		t.Fatal(err)
	}
	w := &walk{t: t, server: server}
	if w.schema, err = server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		t.Fatal(err)
	}
	config := w.object(w.schema.Provider, attributes)
	validated, err := server.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: config})
	if err != nil {
		t.Fatal(err)
	}
	ds := diagnostics(validated.Diagnostics)
	if len(ds.errors()) > 0 {
		return ds
	}
	resp, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion:   "1.11.4",
		Config:             config,
		ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: deferralAllowed},
	})
	if err != nil {
		t.Fatal(err)
	}
	return append(ds, resp.Diagnostics...)
}

func clearEnvironment(t *testing.T) {
	t.Helper()
	for _, name := range []string{tokenVariable, apiBaseURLVariable, clientBaseURLVariable, appendUserAgentVariable} {
		t.Setenv(name, "")
	}
}

// TestProvider_invalidConfig has configurations with one error each, which is at the attribute.
func TestProvider_invalidConfig(t *testing.T) {
	clearEnvironment(t)
	secret := "apify_api_SECRET"
	for name, test := range map[string]struct {
		attributes values
		attribute  string
		texts      []string
	}{
		"no token":                  {values{}, "token", []string{summaryMissingToken, tokenVariable, "token attribute", consoleIntegrationsURL}},
		"an empty token":            {values{"token": ""}, "token", []string{summaryMissingToken, tokenVariable, consoleIntegrationsURL}},
		"a blank token":             {values{"token": " \n"}, "token", []string{summaryMissingToken}},
		"a token with a line break": {values{"token": secret + "\nx"}, "token", []string{summaryInvalidToken}},
		"a token beyond ASCII":      {values{"token": secret + "é"}, "token", []string{summaryInvalidToken}},
		"not a URL":                 {values{"token": secret, "base_url": "not a url"}, "base_url", []string{summaryInvalidBaseURL, `"not a url"`}},
		"an empty URL":              {values{"token": secret, "base_url": ""}, "base_url", []string{summaryInvalidBaseURL}},
		"no scheme":                 {values{"token": secret, "base_url": "api.apify.com"}, "base_url", []string{summaryInvalidBaseURL, "https://"}},
		"a host and a port":         {values{"token": secret, "base_url": "127.0.0.1:8080"}, "base_url", []string{summaryInvalidBaseURL, `"127.0.0.1:8080" has no scheme`, "http:// for a server on this machine"}},
		"an IPv6 without brackets":  {values{"token": secret, "base_url": "http://::1:8080"}, "base_url", []string{summaryInvalidBaseURL, "IPv6 address without brackets", "http://[::1]:8080"}},
		"an unsupported scheme":     {values{"token": secret, "base_url": "ftp://api.apify.com"}, "base_url", []string{summaryInvalidBaseURL}},
		"no host":                   {values{"token": secret, "base_url": "https:///v2"}, "base_url", []string{summaryInvalidBaseURL}},
		"a password in the URL":     {values{"token": secret, "base_url": "https://u:" + secret + "@h"}, "base_url", []string{summaryInvalidBaseURL, "password"}},
		"a query":                   {values{"token": secret, "base_url": "https://h/?token=" + secret}, "base_url", []string{summaryInvalidBaseURL}},
		"too many retries":          {values{"token": secret, "max_retries": 21}, "max_retries", []string{"between 0 and 20"}},
		"half a retry":              {values{"token": secret, "max_retries": 1.5}, "max_retries", []string{"between 0 and 20, got 1.5"}},
		"very many retries":         {values{"token": secret, "max_retries": 1e30}, "max_retries", []string{"between 0 and 20, got 1e+30"}},
		"negative retries":          {values{"token": secret, "max_retries": -1}, "max_retries", []string{"between 0 and 20"}},
		"not a duration":            {values{"token": secret, "request_timeout": "30"}, "request_timeout", []string{summaryInvalidDuration, `"30"`}},
		"a duration of zero":        {values{"token": secret, "request_timeout": "0s"}, "request_timeout", []string{summaryInvalidDuration}},
		"an unknown token":          {values{"token": unknown{}}, "token", []string{summaryUnknownAttribute, `"token"`, "-target"}},
		"an unknown URL":            {values{"token": secret, "base_url": unknown{}}, "base_url", []string{summaryUnknownAttribute}},
		"unknown retries":           {values{"token": secret, "max_retries": unknown{}}, "max_retries", []string{summaryUnknownAttribute}},
		"an unknown timeout":        {values{"token": secret, "request_timeout": unknown{}}, "request_timeout", []string{summaryUnknownAttribute}},
	} {
		ds := configure(t, test.attributes, false)
		if len(ds) != 1 || !ds.errors().has(test.texts...) || ds[0].Attribute == nil ||
			ds[0].Attribute.String() != `AttributeName("`+test.attribute+`")` {
			t.Errorf("%s: got the diagnostics\n%s", name, ds)
		}
		if strings.Contains(ds.String(), secret) {
			t.Errorf("%s: the diagnostics contain the secret:\n%s", name, ds)
		}
	}
}

// TestProvider_environment configures the provider with environment variables.
func TestProvider_environment(t *testing.T) {
	clearEnvironment(t)
	t.Setenv(clientBaseURLVariable, "ftp://client")
	t.Setenv(tokenVariable, "from-the-environment\n")
	if ds := configure(t, nil, false); !ds.errors().has(clientBaseURLVariable, "ftp://client") {
		t.Errorf("%s is not used:\n%s", clientBaseURLVariable, ds)
	}
	t.Setenv(apiBaseURLVariable, "ftp://api")
	if ds := configure(t, nil, false); !ds.errors().has(apiBaseURLVariable, "ftp://api") {
		t.Errorf("%s is not used:\n%s", apiBaseURLVariable, ds)
	}
	if ds := configure(t, values{"base_url": "https://api.example.com/v2/"}, false); len(ds) > 0 {
		t.Errorf("the attribute does not take precedence:\n%s", ds)
	}
	if ds := configure(t, values{"base_url": "https://api.example.com", "token": ""}, false); !ds.errors().has(summaryMissingToken) {
		t.Errorf("the variable replaces an empty token:\n%s", ds)
	}
	t.Setenv(tokenVariable, " ")
	if ds := configure(t, values{"base_url": "https://api.example.com"}, false); !ds.errors().has(summaryMissingToken, tokenVariable, "is empty") {
		t.Errorf("a blank variable has the diagnostics\n%s", ds)
	}
}

// TestProvider_unencryptedToken warns if the token would be sent without encryption.
func TestProvider_unencryptedToken(t *testing.T) {
	clearEnvironment(t)
	for address, warned := range map[string]bool{
		"http://127.0.0.1:3333": false, "http://localhost:3333/v2": false, "http://[::1]:3333": false, "http://apify.localhost": false,
		"https://api.apify.com": false, "http://192.168.1.7:3333": true, "http://api.apify.com": true, "http://localhost.example.com": true,
	} {
		ds := configure(t, values{"token": "t", "base_url": address}, false)
		if len(ds.errors()) > 0 || ds.warnings().has(summaryTokenInTheClear) != warned {
			t.Errorf("%s: want a warning: %t, got the diagnostics\n%s", address, warned, ds)
		}
	}
}

// TestProvider_deferred has values that are known after apply, and a CLI that supports deferral.
func TestProvider_deferred(t *testing.T) {
	clearEnvironment(t)
	if ds := configure(t, values{"token": unknown{}, "base_url": unknown{}, "allowed_accounts": []any{unknown{}}}, true); len(ds) > 0 {
		t.Error(ds)
	}
	s := newEmulator(t, emulator.Options{})
	w := s.newWalk(t, nil)
	resp, err := w.server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		Config:             w.object(w.schema.Provider, values{"token": unknown{}}),
		ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: true},
	})
	if err != nil || len(resp.Diagnostics) > 0 {
		t.Fatal(err, resp.Diagnostics)
	}
	config := w.object(w.dataset(), values{"name": "later"})
	plan, err := w.server.PlanResourceChange(t.Context(), &tfprotov6.PlanResourceChangeRequest{
		TypeName: "apify_dataset", PriorState: w.null(w.dataset()), ProposedNewState: config, Config: config,
		ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{DeferralAllowed: true},
	})
	if err != nil || plan.Deferred == nil || plan.Deferred.Reason != tfprotov6.DeferredReasonProviderConfigUnknown {
		t.Errorf("the plan is not deferred: %v %v", plan, err)
	}
	s.expectSent(t)
}

// TestProvider_requestHeaders checks the headers that identify the provider and the token, in every
// request.
func TestProvider_requestHeaders(t *testing.T) {
	clearEnvironment(t)
	t.Setenv(appendUserAgentVariable, "acme-ci/7\n")
	s := newEmulator(t, emulator.Options{})
	i := s.mustApply(t, instance{}, values{"name": "headers", "general_access": "RESTRICTED"})
	w := s.newWalk(t, values{"allowed_accounts": []string{emulator.DefaultUsername}})
	w.mustRead(i)
	if _, ds := w.datasets(t.Context(), values{"unnamed": true}); len(ds) > 0 {
		t.Error(ds)
	}
	s.mustApply(t, i, nil)
	requests := s.Recorder.Requests()
	if len(requests) == 0 {
		t.Fatal("no request was sent")
	}
	for _, r := range requests {
		if got := r.Header.Get("User-Agent"); got != "Terraform/1.2.3 terraform-provider-apify/test acme-ci/7" {
			t.Errorf("the user agent is %q", got)
		}
		if got := r.Header.Values("X-Apify-Integration-Platform"); !slices.Equal(got, []string{"terraform"}) {
			t.Errorf("the platform is %q", got)
		}
		if got := r.Header.Values("Authorization"); !slices.Equal(got, []string{"Bearer " + s.Token}) {
			t.Errorf("the authorization is %q", got)
		}
		if strings.Contains(r.Query.Encode(), s.Token) {
			t.Errorf("the token is in the query of %s", r.Path)
		}
	}
}

// TestProvider_validateWithoutToken validates a resource without a token.
func TestProvider_validateWithoutToken(t *testing.T) {
	clearEnvironment(t)
	s := newEmulator(t, emulator.Options{})
	w := s.newWalk(t, values{"token": nil})
	if !w.configure.errors().has(summaryMissingToken) {
		t.Errorf("without a token, configuring has the diagnostics\n%s", w.configure)
	}
	if ds := w.validate(values{"name": "valid"}); len(ds) > 0 {
		t.Error(ds)
	}
}

// TestAccProvider_invalidConfig has provider configurations that do not work. Each has one error
// and leaves the state unchanged.
func TestAccProvider_invalidConfig(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	html, err := emulator.StartHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/html")
		_, _ = w.Write([]byte("<html><body>Welcome to \x1b[31mnginx\x1b[0m!</body></html>"))
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(html.Close)
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // does not wait
	if err != nil {
		t.Fatal(err)
	}
	closed := "http://" + listener.Addr().String()
	_ = listener.Close()

	for name, test := range map[string]struct {
		provider string
		texts    []string
	}{
		"no token":         {`token = null`, []string{summaryMissingToken, "APIFY_TOKEN"}},
		"an empty token":   {`token = ""`, []string{summaryMissingToken, "APIFY_TOKEN"}},
		"a wrong token":    {`token = "wrong"`, []string{"401", "user-or-token-not-found", "rejected the API token"}},
		"not a URL":        {`base_url = "nonsense"`, []string{summaryInvalidBaseURL, `"nonsense"`}},
		"no server":        {`base_url = "` + closed + `"`, []string{"connection refused", "could not connect", "base_url"}},
		"a web server":     {`base_url = "` + html.URL + `"`, []string{"200 OK", "Welcome to [31mnginx[0m!", "did not come from the Apify API"}},
		"too many retries": {`max_retries = 21`, []string{"max_retries", "between 0 and 20"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := s.newCLI(t)
			if name == "no token" {
				c.env = slices.DeleteFunc(c.env, func(v string) bool { return strings.HasPrefix(v, tokenVariable) })
			}
			// The state is from an apply with a valid configuration.
			c.write("main.tf", `resource "apify_dataset" "a" {}`)
			env := c.env
			c.env = append(slices.Clone(env), tokenVariable+"="+s.Token)
			c.mustRun("apply", "-auto-approve")
			id := c.id("apify_dataset.a")
			c.env = env

			retries := "max_retries = 1\n"
			if strings.Contains(test.provider, "max_retries") {
				retries = ""
			}
			c.write("main.tf", "provider \"apify\" {\n"+retries+test.provider+"\n}\nresource \"apify_dataset\" \"a\" {}\n")
			if strings.HasSuffix(name, "token") {
				c.mustRun("validate")
			}
			r := c.run("apply", "-auto-approve")
			r.expect(t, 1, test.texts...)
			r.expectErrors(t, 1)
			c.expectID("apify_dataset.a", id)
		})
	}
}
