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

// configure configures a provider with just these attributes, and tells whether
// it put that off.
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

func TestConfigureErrorsNameTheAttribute(t *testing.T) {
	clearEnvironment(t)
	secret := "apify_api_SECRET"
	for what, test := range map[string]struct {
		attributes values
		attribute  string
		texts      []string
	}{
		"no token":                  {values{}, "token", []string{summaryMissingToken, tokenVariable, "token attribute", consoleIntegrationsURL}},
		"an empty token":            {values{"token": ""}, "token", []string{summaryMissingToken, tokenVariable, consoleIntegrationsURL}},
		"a blank token":             {values{"token": " \n"}, "token", []string{summaryMissingToken}},
		"a token with a line break": {values{"token": secret + "\nx"}, "token", []string{summaryInvalidToken}},
		"a token beyond ASCII":      {values{"token": secret + "é"}, "token", []string{summaryInvalidToken}},
		"no URL":                    {values{"token": secret, "base_url": "not a url"}, "base_url", []string{summaryInvalidBaseURL, `"not a url"`}},
		"an empty URL":              {values{"token": secret, "base_url": ""}, "base_url", []string{summaryInvalidBaseURL}},
		"a host only":               {values{"token": secret, "base_url": "api.apify.com"}, "base_url", []string{summaryInvalidBaseURL, "https://"}},
		"another scheme":            {values{"token": secret, "base_url": "ftp://api.apify.com"}, "base_url", []string{summaryInvalidBaseURL}},
		"no host":                   {values{"token": secret, "base_url": "https:///v2"}, "base_url", []string{summaryInvalidBaseURL}},
		"a password in the URL":     {values{"token": secret, "base_url": "https://u:" + secret + "@h"}, "base_url", []string{summaryInvalidBaseURL, "password"}},
		"a query":                   {values{"token": secret, "base_url": "https://h/?token=" + secret}, "base_url", []string{summaryInvalidBaseURL}},
		"too many retries":          {values{"token": secret, "max_retries": 21}, "max_retries", []string{"between 0 and 20"}},
		"fewer than no retries":     {values{"token": secret, "max_retries": -1}, "max_retries", []string{"between 0 and 20"}},
		"no duration":               {values{"token": secret, "request_timeout": "30"}, "request_timeout", []string{summaryInvalidDuration, `"30"`}},
		"no time at all":            {values{"token": secret, "request_timeout": "0s"}, "request_timeout", []string{summaryInvalidDuration}},
		"an unknown token":          {values{"token": unknown{}}, "token", []string{summaryUnknownAttribute, `"token"`, "-target"}},
		"an unknown URL":            {values{"token": secret, "base_url": unknown{}}, "base_url", []string{summaryUnknownAttribute}},
		"unknown retries":           {values{"token": secret, "max_retries": unknown{}}, "max_retries", []string{summaryUnknownAttribute}},
		"an unknown timeout":        {values{"token": secret, "request_timeout": unknown{}}, "request_timeout", []string{summaryUnknownAttribute}},
	} {
		ds := configure(t, test.attributes, false)
		if len(ds) != 1 || !ds.errors().has(test.texts...) || ds[0].Attribute == nil ||
			ds[0].Attribute.String() != `AttributeName("`+test.attribute+`")` {
			t.Errorf("%s: %s", what, ds)
		}
		if strings.Contains(ds.String(), secret) {
			t.Errorf("%s: the secret is shown: %s", what, ds)
		}
	}
}

func TestConfigureTakesTheEnvironment(t *testing.T) {
	clearEnvironment(t)
	t.Setenv(clientBaseURLVariable, "ftp://client")
	t.Setenv(tokenVariable, "from-the-environment\n")
	if ds := configure(t, nil, false); !ds.errors().has(clientBaseURLVariable, "ftp://client") {
		t.Errorf("%s is not used: %s", clientBaseURLVariable, ds)
	}
	t.Setenv(apiBaseURLVariable, "ftp://api")
	if ds := configure(t, nil, false); !ds.errors().has(apiBaseURLVariable, "ftp://api") {
		t.Errorf("%s is not used: %s", apiBaseURLVariable, ds)
	}
	if ds := configure(t, values{"base_url": "https://api.example.com/v2/"}, false); len(ds) > 0 {
		t.Errorf("the attribute does not come first: %s", ds)
	}
	if ds := configure(t, values{"base_url": "https://api.example.com", "token": ""}, false); !ds.errors().has(summaryMissingToken) {
		t.Errorf("an empty token is taken for none: %s", ds)
	}
	t.Setenv(tokenVariable, " ")
	if ds := configure(t, values{"base_url": "https://api.example.com"}, false); !ds.errors().has(summaryMissingToken, tokenVariable, "is empty") {
		t.Errorf("a blank variable: %s", ds)
	}
}

func TestConfigureWarnsOfUnencryptedTokens(t *testing.T) {
	clearEnvironment(t)
	for address, warned := range map[string]bool{
		"http://127.0.0.1:3333": false, "http://localhost:3333/v2": false, "http://[::1]:3333": false, "http://apify.localhost": false,
		"https://api.apify.com": false, "http://192.168.1.7:3333": true, "http://api.apify.com": true, "http://localhost.example.com": true,
	} {
		ds := configure(t, values{"token": "t", "base_url": address}, false)
		if len(ds.errors()) > 0 || ds.warnings().has(summaryTokenInTheClear) != warned {
			t.Errorf("%s: %s", address, ds)
		}
	}
}

func TestUnknownConfigurationIsDeferredWhereAllowed(t *testing.T) {
	clearEnvironment(t)
	if ds := configure(t, values{"token": unknown{}, "base_url": unknown{}}, true); len(ds) > 0 {
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
		t.Errorf("the plan was not deferred: %v %v", plan, err)
	}
	if sent := s.sent(); len(sent) > 0 {
		t.Errorf("there were requests: %s", sent)
	}
}

func TestRequestsTellWhoSendsThem(t *testing.T) {
	clearEnvironment(t)
	t.Setenv(appendUserAgentVariable, "acme-ci/7\n")
	s := newEmulator(t, emulator.Options{})
	s.mustApply(t, instance{}, values{"name": "who"})
	requests := s.Recorder.Requests()
	if len(requests) == 0 {
		t.Fatal("there were no requests")
	}
	for _, r := range requests {
		if got := r.Header.Get("User-Agent"); got != "Terraform/1.2.3 terraform-provider-apify/test acme-ci/7" {
			t.Errorf("the user agent is %q", got)
		}
		if got := r.Header.Values("Authorization"); !slices.Equal(got, []string{"Bearer " + s.Token}) {
			t.Errorf("the authorization is %q", got)
		}
		if strings.Contains(r.Query.Encode(), s.Token) {
			t.Errorf("the token is in the query of %s", r.Path)
		}
	}
}

func TestValidationNeedsNoToken(t *testing.T) {
	clearEnvironment(t)
	s := newEmulator(t, emulator.Options{})
	w := s.newWalk(t, values{"token": nil})
	if !w.configure.errors().has(summaryMissingToken) {
		t.Errorf("configured without a token: %s", w.configure)
	}
	if ds := w.validate(values{"name": "fine"}); len(ds) > 0 {
		t.Error(ds)
	}
}

// TestAccBadConfiguration shows what a person sees: one error, and no damage.
func TestAccBadConfiguration(t *testing.T) {
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
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // nobody waits
	if err != nil {
		t.Fatal(err)
	}
	nobody := "http://" + listener.Addr().String()
	_ = listener.Close()

	for what, test := range map[string]struct {
		provider string
		texts    []string
	}{
		"no token":        {`token = null`, []string{summaryMissingToken, "APIFY_TOKEN"}},
		"an empty token":  {`token = ""`, []string{summaryMissingToken, "APIFY_TOKEN"}},
		"a wrong token":   {`token = "wrong"`, []string{"401", "user-or-token-not-found", "does not accept the API token"}},
		"no URL":          {`base_url = "nonsense"`, []string{summaryInvalidBaseURL, `"nonsense"`}},
		"nobody there":    {`base_url = "` + nobody + `"`, []string{"connection refused", "No connection could be made", "base_url"}},
		"a web server":    {`base_url = "` + html.URL + `"`, []string{"200 OK", "Welcome to [31mnginx[0m!", "not what the API would send"}},
		"an impossible n": {`max_retries = 21`, []string{"max_retries", "between 0 and 20"}},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			c := s.newCLI(t)
			if what == "no token" {
				c.env = slices.DeleteFunc(c.env, func(v string) bool { return strings.HasPrefix(v, tokenVariable) })
			}
			// State from a time when all was well.
			c.write("main.tf", `resource "apify_dataset" "a" {}`)
			good := c.env
			c.env = append(slices.Clone(good), tokenVariable+"="+s.Token)
			c.mustRun("apply", "-auto-approve")
			id := c.attributes("apify_dataset.a")["id"]
			c.env = good

			retries := "max_retries = 1\n"
			if strings.Contains(test.provider, "max_retries") {
				retries = ""
			}
			c.write("main.tf", "provider \"apify\" {\n"+retries+test.provider+"\n}\nresource \"apify_dataset\" \"a\" {}\n")
			if strings.HasSuffix(what, "token") {
				c.mustRun("validate")
			}
			r := c.run("apply", "-auto-approve")
			r.expect(t, 1, test.texts...)
			if n := strings.Count(r.output, "Error: "); n != 1 {
				t.Errorf("there are %d errors:\n%s", n, r.output)
			}
			if c.attributes("apify_dataset.a")["id"] != id {
				t.Error("the state was damaged")
			}
		})
	}
}
