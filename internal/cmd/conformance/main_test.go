package main

import (
	"net/http"
	"strings"
	"testing"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

func TestRun(t *testing.T) {
	t.Parallel()
	s, err := emulator.Start(emulator.Options{ExistingStatus: http.StatusCreated, Users: []emulator.User{
		{
			Username: "owner", Token: "token-1", ReadOnlyTokens: []string{"token-2"}, RunTokens: []string{"token-3"},
			ScopedTokens: []string{"token-4"},
		},
		{Username: "other", Token: "token-5"},
	}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	environment := map[string]string{
		"TF_ACC_LIVE": "1", "APIFY_TOKEN": "token-1", "APIFY_CLIENT_BASE_URL": s.URL, "APIFY_OTHER_ACCOUNT_TOKEN": "token-5",
		"APIFY_READ_ONLY_TOKEN": "token-2", "APIFY_RUN_TOKEN": "token-3", "APIFY_SCOPED_TOKEN": "token-4",
	}
	getenv := func(name string) string { return environment[name] }
	var stdout strings.Builder
	if err := run(t.Context(), getenv, &stdout); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"API at " + s.URL + "\n", " 1 not decidable with these tokens, 1 different\n"} {
		if !strings.Contains(stdout.String(), want) {
			t.Errorf("the report does not contain %q:\n%s", want, stdout.String())
		}
	}

	for name, test := range map[string]struct{ value, want string }{
		"TF_ACC_LIVE":        {"", "set TF_ACC_LIVE=1"},
		"APIFY_TOKEN":        {"", "APIFY_TOKEN is not set"},
		"APIFY_API_BASE_URL": {"http://127.0.0.1:1", "could not reach http://127.0.0.1:1"},
		"APIFY_RUN_TOKEN":    {"wrong", "does not accept the token of a run"},
	} {
		changed := func(variable string) string {
			if variable == name {
				return test.value
			}
			return environment[variable]
		}
		stdout.Reset()
		if err := run(t.Context(), changed, &stdout); err == nil || !strings.Contains(err.Error(), test.want) || stdout.Len() > 0 {
			t.Errorf("%s=%s: got %v and the output %q", name, test.value, err, stdout.String())
		}
	}
}
