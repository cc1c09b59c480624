package conformance

import (
	"context"
	"fmt"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m)
}

// start starts an emulator with two accounts and one token of each kind.
func start(t *testing.T, options emulator.Options) *emulator.Server {
	t.Helper()
	options.Users = []emulator.User{
		{
			Username: "Owner", Token: "apify_api_full", ReadOnlyTokens: []string{"apify_api_reader"}, RunTokens: []string{"apify_api_run"},
			ScopedTokens: []string{"apify_api_scoped"}, ProxyPassword: "secret-proxy-password",
		},
		{Username: "other", Token: "apify_api_other"},
	}
	s, err := emulator.Start(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// quick is the time for which checks wait for a change that never happens.
const quick = 50 * time.Millisecond

// allTokens are the tokens of start.
func allTokens(s *emulator.Server) Config {
	return Config{
		BaseURL: s.URL, Token: "apify_api_full", OtherToken: "apify_api_other", ReadOnlyToken: "apify_api_reader",
		RunToken: "apify_api_run", ScopedToken: "apify_api_scoped", maxDelay: 20 * time.Second,
	}
}

func run(ctx context.Context, t *testing.T, config Config) *Report {
	t.Helper()
	report, err := Run(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	return report
}

// with returns the names of the facts with an outcome.
func (r *Report) with(o outcome) []string {
	var names []string
	for _, got := range r.results {
		if got.outcome == o {
			names = append(names, got.name)
		}
	}
	return names
}

// differences returns what is expected and what the server does, by the names of the facts.
func (r *Report) differences() map[string]string {
	all := map[string]string{}
	for _, got := range r.results {
		if got.outcome == differs {
			all[got.name] = got.expected + " / " + got.got
		}
	}
	return all
}

func (r *Report) text(t *testing.T) string {
	t.Helper()
	var b strings.Builder
	if _, err := r.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

// idInPath finds the ID of a dataset in a path.
var idInPath = regexp.MustCompile(`/[a-zA-Z0-9]{17}\b`)

func wantNames(t *testing.T, what string, got []string, want ...string) {
	t.Helper()
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: got the facts\n\t%s\nwant\n\t%s", what, strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// TestRun_emulator checks that the emulator embodies all facts. Its lists lag, because the facts
// about that could not be decided otherwise.
func TestRun_emulator(t *testing.T) {
	t.Parallel()
	s := start(t, emulator.Options{ListLag: 300 * time.Millisecond, CounterLag: 100 * time.Millisecond})
	report := run(t.Context(), t, allTokens(s))
	wantNames(t, "different", report.with(differs))
	wantNames(t, "not decidable", report.with(undecided))
	if t.Failed() {
		t.Log(report.text(t))
	}
	if left := s.API.Datasets(); len(left) > 0 {
		t.Errorf("the run left %d datasets", len(left))
	}
}

// TestRun_oneToken checks which facts an ordinary user with one token leaves undecided.
func TestRun_oneToken(t *testing.T) {
	t.Parallel()
	s := start(t, emulator.Options{})
	report := run(t.Context(), t, Config{BaseURL: s.URL + "/v2/", Token: "apify_api_full"})
	wantNames(t, "different", report.with(differs))
	wantNames(t, "not decidable", report.with(undecided),
		"list: lag", "access: signature and token", "tokens: another account, items", "tokens: another account", "tokens: names of accounts",
		"tokens: readable dataset of another account", "tokens: read-only", "tokens: run, existing name", "tokens: run, own dataset",
		"tokens: run, origin", "tokens: run, list", "tokens: scoped",
		"users: token of a run", "users: scoped token")
	text := report.text(t)
	for _, want := range []string{
		"not decidable  tokens: scoped: ", "    reason:   there is no scoped token\n", "    reason:   the list contained the new dataset at once\n",
		fmt.Sprintf("\n%d facts: %d confirmed, 14 not decidable with these tokens, 0 different\n", len(facts()), len(facts())-14),
	} {
		if !strings.Contains(text, want) {
			t.Errorf("the report does not contain %q:\n%s", want, text)
		}
	}
}

// TestRun_differences runs against servers that differ from the facts.
func TestRun_differences(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options emulator.Options
		fault   emulator.Fault
		want    map[string]string
	}{
		"status 201 for an existing name": {
			options: emulator.Options{ExistingStatus: http.StatusCreated},
			want:    map[string]string{"create: existing name": "POST /v2/datasets: status 200 / POST /v2/datasets: status 201"},
		},
		"404 for inaccessible datasets": {
			options: emulator.Options{InaccessibleStatus: http.StatusNotFound},
			want: map[string]string{
				"tokens: another account, items": "GET /v2/datasets/ID/items: status 403 insufficient-permissions / GET /v2/datasets/ID/items: status 404 record-not-found",
				"tokens: another account":        "GET /v2/datasets/ID: status 403 insufficient-permissions / GET /v2/datasets/ID: status 404 record-not-found",
			},
		},
		"signatures that expire after an hour": {
			options: emulator.Options{SignatureTTL: time.Hour},
			want:    map[string]string{"access: expiry": "an expiry in 14 days / an expiry in 0.0 days"},
		},
		"pages of 500 datasets": {
			options: emulator.Options{PageLimit: 500},
			want:    map[string]string{"list: maximum": "limit: 1000 / limit: 500"},
		},
		"no Location": {
			fault: emulator.Fault{Method: http.MethodPost, Pattern: "/v2/datasets", Mutate: func(status int, header http.Header, _ map[string]any) int {
				header.Del("Location")
				return status
			}},
			want: map[string]string{"create: Location": `a Location that ends with the dataset's path / the Location ""`},
		},
		"titles of single datasets": {
			fault: emulator.Fault{Pattern: "/v2/datasets/{datasetId}", Mutate: func(status int, _ http.Header, body map[string]any) int {
				if d, ok := body["data"].(map[string]any); ok {
					d["title"] = "Title"
				}
				return status
			}},
			want: map[string]string{"get: username and title": "no property title / the properties accessedAt, actId, actRunId, cleanItemCount, consoleUrl, " +
				"createdAt, fields, generalAccess, id, itemCount, itemsPublicUrl, modifiedAt, name, schema, stats, title, urlSigningSecretKey, userId"},
		},
		"another status for a taken name": {
			fault: emulator.Fault{Method: http.MethodPut, Mutate: func(status int, _ http.Header, body map[string]any) int {
				if e, ok := body["error"].(map[string]any); ok && e["type"] == "name-not-unique" {
					return http.StatusConflict
				}
				return status
			}},
			want: map[string]string{
				"update: taken name":     "PUT /v2/datasets/ID: status 400 name-not-unique / PUT /v2/datasets/ID: status 409 name-not-unique",
				"update: all or nothing": "PUT /v2/datasets/ID: status 400 / PUT /v2/datasets/ID: status 409 name-not-unique",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, test.options)
			if test.fault.Mutate != nil {
				s.Recorder.Inject(test.fault)
			}
			config := allTokens(s)
			config.maxDelay = quick
			report := run(t.Context(), t, config)
			got := report.differences()
			for name, text := range got {
				got[name] = idInPath.ReplaceAllString(text, "/ID")
			}
			if !maps.Equal(got, test.want) {
				t.Errorf("got the differences\n\t%q\nwant\n\t%q", got, test.want)
			}
			wantNames(t, "not decidable", report.with(undecided), "list: lag")
			text := report.text(t)
			for name := range test.want {
				if !strings.Contains(text, "\ndiffers        "+name+": ") {
					t.Errorf("the report does not contain the difference of %s:\n%s", name, text)
				}
			}
			if left := s.API.Datasets(); len(left) > 0 {
				t.Errorf("the run left %d datasets", len(left))
			}
		})
	}
}

// TestRun_localPlatform checks which facts Apify's local platform does not have.
func TestRun_localPlatform(t *testing.T) {
	t.Parallel()
	s := start(t, emulator.Options{LocalPlatform: true})
	report := run(t.Context(), t, Config{BaseURL: s.URL, Token: "apify_api_full", maxDelay: quick})
	wantNames(t, "different", report.with(differs),
		"create: Location", "create: existing name", "create: schema", "create: defaults", "get: optional properties", "get: fields",
		"update: taken name", "update: all or nothing", "update: null name", "update: general access", "update: title", "update: empty body",
		"list: unnamed datasets", "list: empty datasets", "list: name of an unnamed dataset", "list: properties", "list: missing properties",
		"list: ownership", "list: parameters", "items: Location", "access: statistics", "access: anyone with the ID", "access: ID but not name", "access: anyone with the name",
		"access: signing key", "access: write", "users: own account", "users: public profile", "HTTP: rate limit", "HTTP: compression", "HTTP: caches")
	if left := s.API.Datasets(); len(left) > 0 {
		t.Errorf("the run left %d datasets", len(left))
	}
}

// TestRun_wrongServer checks that each fact can be refuted: the server accepts the tokens, and then
// none of its responses is one of Apify's.
func TestRun_wrongServer(t *testing.T) {
	t.Parallel()
	s := start(t, emulator.Options{})
	s.Recorder.Inject(emulator.Fault{
		Skip: 5, Status: http.StatusTeapot, Header: http.Header{"Date": {"today"}}, Body: `{"error": {"type": "teapot"}}`,
	})
	config := allTokens(s)
	config.maxDelay = quick
	wantNames(t, "confirmed", run(t.Context(), t, config).with(confirmed))
}

// TestRun_failingServer has a server that fails after it has created a dataset, and cannot delete
// the dataset.
func TestRun_failingServer(t *testing.T) {
	t.Parallel()
	s := start(t, emulator.Options{})
	s.Recorder.Inject(
		emulator.Fault{Method: http.MethodPost, TakesEffect: true, Status: http.StatusBadGateway},
		emulator.Fault{Method: http.MethodDelete, Status: http.StatusForbidden, Body: `{"error": {"type": "insufficient-permissions"}}`, Times: 1},
	)
	report := run(t.Context(), t, allTokens(s))
	wantNames(t, "different", report.with(differs))
	left := s.API.Datasets()
	named := 0
	for _, d := range left {
		if d.Name != "" {
			named++
		}
	}
	text := report.text(t)
	if named != 1 || !strings.Contains(text, "\nCould not delete dataset ~"+left[0].Name+": status 403\n") {
		t.Errorf("the run left %d named datasets:\n%s", named, text)
	}
	if want := "    reason:   POST /v2/datasets returned status 502\n"; !strings.Contains(text, want) {
		t.Errorf("the report does not contain %q:\n%s", want, text)
	}
}

// TestRun_interrupted interrupts a run in the middle of a check.
func TestRun_interrupted(t *testing.T) {
	t.Parallel()
	s := start(t, emulator.Options{})
	ctx, cancel := context.WithCancel(t.Context())
	s.Recorder.Inject(emulator.Fault{Method: http.MethodPut, Skip: 3, Before: func(*http.Request) { cancel() }, Delay: time.Minute, Times: 1})
	started := time.Now()
	report := run(ctx, t, allTokens(s))
	if took := time.Since(started); took > 30*time.Second {
		t.Errorf("the run took %v", took)
	}
	if len(report.results) != len(facts()) || len(report.with(undecided)) < 90 || len(report.with(differs)) > 0 {
		t.Errorf("the report is\n%s", report.text(t))
	}
	if left := s.API.Datasets(); len(left) > 0 {
		t.Errorf("the run left %d datasets", len(left))
	}
}

// TestRun_secrets has a server whose errors repeat secrets.
func TestRun_secrets(t *testing.T) {
	t.Parallel()
	s := start(t, emulator.Options{})
	config := allTokens(s)
	config.maxDelay = quick
	key := "the-key-that-signs-the-items"
	secrets := []string{config.Token, config.OtherToken, config.ReadOnlyToken, config.RunToken, config.ScopedToken, "secret-proxy-password", "Owner@example.com"}
	s.Recorder.Inject(
		emulator.Fault{Pattern: "/v2/datasets/{datasetId}", Method: http.MethodGet, Mutate: func(status int, _ http.Header, body map[string]any) int {
			if d, ok := body["data"].(map[string]any); ok {
				d["urlSigningSecretKey"], d["name"] = key, "The key is "+key
				d["generalAccess"] = fmt.Sprint(d["itemsPublicUrl"])
			}
			return status
		}},
		emulator.Fault{Status: http.StatusBadRequest, Match: func(r *http.Request) bool { return r.Method == http.MethodPut || r.Method == http.MethodPatch },
			Body: fmt.Sprintf(`{"error": {"type": %q, "message": %[1]q}}`, strings.Join(secrets, " "))},
	)
	report := run(t.Context(), t, config)
	text := report.text(t)
	if !strings.Contains(text, "The key is ***") || !strings.Contains(text, "status 400 *** *** ***") {
		t.Errorf("the report does not contain the texts with masks:\n%s", text)
	}
	for _, secret := range append(secrets, key, "signature=MC4") {
		if strings.Contains(text, secret) {
			t.Errorf("the report contains %q", secret)
		}
	}
}

// TestRun_errors has runs that cannot check any fact.
func TestRun_errors(t *testing.T) {
	t.Parallel()
	s := start(t, emulator.Options{})
	page := start(t, emulator.Options{})
	page.Recorder.Inject(emulator.FaultNamed(emulator.FaultHTMLPage))
	stopped := start(t, emulator.Options{})
	stopped.Close()
	change := func(change func(*Config)) Config {
		config := allTokens(s)
		change(&config)
		return config
	}
	for name, test := range map[string]struct {
		config Config
		want   string
	}{
		"unreachable":         {change(func(c *Config) { c.BaseURL = stopped.URL }), "could not reach " + stopped.URL},
		"wrong token":         {change(func(c *Config) { c.Token = "apify_api_wrong" }), s.URL + " does not accept the token: status 401, user-or-token-not-found"},
		"wrong run token":     {change(func(c *Config) { c.RunToken = "apify_api_wrong" }), "does not accept the token of a run"},
		"no token":            {change(func(c *Config) { c.Token = "" }), "there is no token"},
		"same account":        {change(func(c *Config) { c.OtherToken = c.ReadOnlyToken }), "the token of another account belongs to the wrong account"},
		"different accounts":  {change(func(c *Config) { c.ReadOnlyToken = c.OtherToken }), "the read-only token belongs to the wrong account"},
		"page of a proxy":     {change(func(c *Config) { c.BaseURL = page.URL }), page.URL + " is not Apify's API: GET /v2/users/me returned status 200"},
		"no URL":              {change(func(c *Config) { c.BaseURL = "api.apify.com" }), `the base URL "api.apify.com" is not an http or https URL`},
		"another application": {change(func(c *Config) { c.BaseURL = s.URL + "/elsewhere" }), "is not Apify's API: GET /v2/users/me returned status 404"},
	} {
		report, err := Run(t.Context(), test.config)
		if report != nil || err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, %v, want %q", name, report, err, test.want)
		} else if strings.Contains(err.Error(), "apify_api_") {
			t.Errorf("%s: the error contains a token: %v", name, err)
		}
	}
	if created := s.Recorder.Counts()["POST /v2/datasets"]; created > 0 {
		t.Errorf("the runs created %d datasets", created)
	}
}

func TestFacts(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, f := range facts() {
		if names[f.name] {
			t.Errorf("two facts are named %q", f.name)
		}
		names[f.name] = true
		if !strings.Contains(f.name, ": ") || !strings.HasSuffix(f.text, ".") || f.source == "" || f.check == nil {
			t.Errorf("%s: the fact is incomplete", f.name)
		}
		if f.source == sourceNone && !f.assumed {
			t.Errorf("%s: the fact has no source and is not marked as assumed", f.name)
		}
		if f.source == sourceRuntime && !f.assumed {
			t.Errorf("%s: the local platform is no evidence for the production API, and the fact is not marked as assumed", f.name)
		}
	}
}
