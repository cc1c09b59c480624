package provider

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/apify/terraform-provider-apify/internal/apify"
	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestProvider_tokenCheck has all responses to the check of the token. The account of the token is
// unknown unless there is an error.
func TestProvider_tokenCheck(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault emulator.Fault
		want  []string
		text  string
	}{
		"no response":           {emulator.Fault{Reset: true}, []string{errUnreachable}, "no response from http://127.0.0.1"},
		"503 of a proxy":        {page(getUser, 503), []string{errUnreachable}, "503 Service Unavailable"},
		"500 of the API":        {refusal(getUser, 500, "internal-error"), []string{errUnreachable}, "500 Internal Server Error, internal-error"},
		"408":                   {refusal(getUser, 408, "operation-timed-out"), []string{errUnreachable}, "408 Request Timeout"},
		"429":                   {refusal(getUser, 429, "rate-limit-exceeded"), []string{errUnreachable}, "429 Too Many Requests"},
		"404 of the API":        {refusal(getUser, 404, "record-not-found"), nil, ""},
		"404 of a server":       {page(getUser, 404), nil, ""},
		"a login page":          {page(getUser, 200), []string{errForeign}, "text/html (46 bytes)"},
		"401 of a proxy":        {page(getUser, 401), []string{errForeign}, "401 Unauthorized"},
		"403 of a proxy":        {page(getUser, 403), []string{errForeign}, "403 Forbidden"},
		"a redirect":            {emulator.Fault{Status: 302, Header: http.Header{"Location": {"https://login.example"}}}, []string{errForeign}, "302 Found"},
		"other JSON":            {emulator.Fault{Status: 200, Body: `{"ok": true}`}, []string{errForeign}, `has no "data"`},
		"401 of the API":        {refusal(getUser, 401, "user-or-token-not-found"), []string{"Error: Apify API token rejected"}, "(401 Unauthorized, user-or-token-not-found)"},
		"403 of the API":        {unknownAccount, nil, ""},
		"an account without ID": {emulator.Fault{Status: 200, Body: `{"data": {"username": "run"}}`}, nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			s.Recorder.Inject(onRequest(getUser, test.fault))
			w := s.newWalk(t, values{"max_retries": 0})
			w.configure.expect(t, test.want...)
			w.configure.expectText(t, test.text)
			if len(test.want) > 0 {
				return
			}
			_, ds := w.readDataSource(t.Context(), "apify_user", nil)
			ds.expect(t, "Error: Apify account unknown")
			w.mustPlan(instance{}, values{"name": "new"}) // works without the account
		})
	}
}

// TestProvider_tokenCheckOnce asks for the account once, whatever happens afterwards.
func TestProvider_tokenCheckOnce(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	a := s.mustApply(t, instance{}, values{"name": "a"})
	s.API.Delete(s.newWalk(t, nil).id(a))
	s.Recorder.Reset()
	w := s.newWalk(t, values{"allowed_accounts": []any{emulator.DefaultUsername}})
	_, ds := w.read(t.Context(), a)
	ds.expect(t, warnDeleted+": a")
	got, ds := w.readDataSource(t.Context(), "apify_user", nil)
	ds.expect(t)
	if got["id"] != emulator.DefaultUserID || got["username"] != emulator.DefaultUsername {
		t.Errorf("got %v", got)
	}
	s.expectSent(t, getUser, getDataset)
}

// TestProvider_tokenCheckTimeout ends the check of the token after 30 seconds.
func TestProvider_tokenCheckTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		client := must(apify.NewClient(apify.Config{Token: "t", MaxRetries: maxMaxRetries, Transport: roundTrip(func(*http.Request) (*http.Response, error) {
			return &http.Response{StatusCode: http.StatusServiceUnavailable, Body: http.NoBody}, nil
		})}))
		start := time.Now()
		_, failure := tokenAccount(t.Context(), client)
		if took := time.Since(start); failure == nil || failure.Summary() != "Apify is not reachable" || took > accountTimeout {
			t.Errorf("got %v after %s", failure, took)
		}
	})
}

// TestProvider_allowedAccounts refuses the tokens of all other accounts, and sends nothing then.
func TestProvider_allowedAccounts(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		allowed        []any
		unknownAccount bool
		want           string
	}{
		"the ID":             {[]any{"x", ownerID}, false, ""},
		"the username":       {[]any{"Owner"}, false, ""},
		"another account":    {[]any{"other", "third"}, false, `The API token belongs to account owner (ID ` + ownerID + `), and allowed_accounts contains only ["other" "third"]`},
		"an ID's case":       {[]any{strings.ToLower(ownerID)}, false, "allowed_accounts"},
		"a CRLF":             {[]any{"owner\r"}, false, `only ["owner\r"]`},
		"an unknown account": {[]any{"owner"}, true, "The API token cannot read its own account"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTwoAccounts(t)
			if test.unknownAccount {
				s.Recorder.Inject(unknownAccount)
			}
			w := s.newWalk(t, values{"allowed_accounts": test.allowed})
			if test.want == "" {
				w.configure.expect(t)
				return
			}
			w.configure.expect(t, "Error: Apify account not allowed")
			w.configure.expectText(t, "(AttributeName(\"allowed_accounts\"))", test.want)
			s.expectSent(t, getUser)
		})
	}
}

// TestProvider_readBaseURL reads the address from the configuration and the environment.
func TestProvider_readBaseURL(t *testing.T) {
	for _, test := range []struct {
		config, api, client, want string
		diagnostic                string
	}{
		{"", "", "", apify.DefaultBaseURL, ""},
		{"", "", "https://client.example", "https://client.example", ""},
		{"", "https://api.example/v2/", "https://client.example", "https://api.example", ""},
		{"https://config.example", "https://api.example", "", "https://config.example", ""},
		{"", "ftp://api.example", "", "", "The environment variable APIFY_API_BASE_URL must be the URL"},
		{"", "", "client.example", "", "The environment variable APIFY_CLIENT_BASE_URL must be the URL"},
		{"", "http://api.example", "", "http://api.example", "sends the API token to that host unencrypted"},
		{"http://localhost:1", "", "", "http://localhost:1", ""},
	} {
		t.Setenv(apiBaseURLVariable, test.api)
		t.Setenv(clientBaseURLVariable, test.client)
		configured := types.StringNull()
		if test.config != "" {
			configured = types.StringValue(test.config)
		}
		var diags diag.Diagnostics
		if got := readBaseURL(configured, &diags); got != test.want {
			t.Errorf("%+v: got %q", test, got)
		}
		if len(diags) > 0 != (test.diagnostic != "") || len(diags) > 0 && !strings.Contains(diags[0].Detail(), test.diagnostic) {
			t.Errorf("%+v: got %v", test, diags)
		}
	}
	for address, want := range map[string]bool{
		"http://127.0.0.1": true, "http://127.9.9.9": true, "http://[::1]:8080": true, "http://localhost": true, "http://a.localhost.": true,
		"http://127.0.0.1.example": false, "http://localhost.example": false, "http://10.0.0.1": false, "http://0.0.0.0": false,
	} {
		u, err := url.Parse(address)
		if err != nil || isLoopback(u) != want {
			t.Errorf("%s is a loopback address: %t, %v", address, !want, err)
		}
	}
}

// TestProvider_readToken reads the token from the configuration and the environment.
func TestProvider_readToken(t *testing.T) {
	for _, test := range []struct {
		config            types.String
		environment, want string
		diagnostic        string
	}{
		{types.StringNull(), "\tabc\r\n", "abc", ""},
		{types.StringValue(" abc "), "other", "abc", ""},
		{types.StringNull(), "", "", "The provider has no API token. Set the environment variable APIFY_TOKEN, or the provider's token attribute"},
		{types.StringNull(), " \n", "", "The environment variable APIFY_TOKEN is empty"},
		{types.StringValue(""), "other", "", "The attribute token is empty"},
		{types.StringNull(), "\ufeffabc", "\ufeffabc", "The environment variable APIFY_TOKEN contains a byte order mark (U+FEFF)"},
		{types.StringValue("a b"), "", "a b", "contains the character ' ' (U+0020)"},
		{types.StringValue("a\nb"), "", "a\nb", `contains the character '\n' (U+000A)`},
		{types.StringValue("größe"), "", "größe", "contains the character 'ö' (U+00F6)"},
	} {
		t.Setenv(tokenVariable, test.environment)
		var diags diag.Diagnostics
		if got := readToken(test.config, &diags); got != test.want {
			t.Errorf("%+v: got %q", test, got)
		}
		if len(diags) > 0 != (test.diagnostic != "") || len(diags) > 0 && (!strings.Contains(diags[0].Detail(), test.diagnostic) ||
			!strings.Contains(diags[0].Detail(), consoleIntegrationsURL)) {
			t.Errorf("%+v: got %v", test, diags)
		}
	}
}

// TestProvider_unknownConfiguration has values that are unknown while planning.
func TestProvider_unknownConfiguration(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	for _, test := range []struct {
		attribute string
		value     any
	}{
		{"token", unknown{}},
		{"base_url", unknown{}},
		{"allowed_accounts", unknown{}},
		{"allowed_accounts", []any{"a", unknown{}}},
		{"max_retries", unknown{}},
		{"request_timeout", unknown{}},
	} {
		attribute, value := test.attribute, test.value
		w := s.newWalk(t, values{attribute: value})
		w.configure.expect(t, "Error: Unknown Apify provider configuration")
		w.configure.expectText(t, "(AttributeName(\""+attribute+"\"))")

		w = s.newApply(t, values{attribute: value})
		w.configure.expect(t)
		if p := w.mustPlan(instance{}, values{"name": "a"}); !p.deferred {
			t.Errorf("%s: the plan is not deferred", attribute)
		}
	}
	s.expectSent(t)
}

// TestProvider_headers identifies the provider in every request.
func TestProvider_headers(t *testing.T) {
	t.Setenv("TF_APPEND_USER_AGENT", "ci/1\n")
	s := newEmulator(t, emulator.Options{})
	s.newWalk(t, nil).mustPlan(instance{}, values{"name": "a"})
	for _, r := range s.Recorder.Requests() {
		if got := r.Header.Get("User-Agent"); got != "Terraform/1.2.3 terraform-provider-apify/test ci/1" {
			t.Errorf("the user agent is %q", got)
		}
		if got := r.Header.Get("X-Apify-Integration-Platform"); got != "terraform" || r.Query.Has("token") {
			t.Errorf("the platform is %q, the query %v", got, r.Query)
		}
	}
}

// TestProvider_sensitive lists the attributes that Terraform must not print.
func TestProvider_sensitive(t *testing.T) {
	t.Parallel()
	w := newEmulator(t, emulator.Options{}).newWalk(t, nil)
	for schema, want := range map[*tfprotov6.Schema]string{
		w.schema.Provider: "token",
		w.dataset():       "items_public_url",
		w.schema.DataSourceSchemas["apify_dataset"]:                  "items_public_url",
		w.schema.EphemeralResourceSchemas["apify_dataset_items_url"]: "url",
	} {
		var got []string
		for _, a := range schema.Block.Attributes {
			if a.Sensitive {
				got = append(got, a.Name)
			}
		}
		if !slices.Equal(got, []string{want}) {
			t.Errorf("the sensitive attributes are %q, want %s", got, want)
		}
	}
}
