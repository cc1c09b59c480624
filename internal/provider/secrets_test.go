package provider

import (
	"bytes"
	"context"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-log/tflogtest"
	"github.com/hashicorp/terraform-plugin-log/tfsdklog"
	"github.com/hashicorp/terraform-plugin-log/tfsdklogtest"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

const (
	secretToken    = "apify_api_ThisMustNeverBeShown42"
	secretKey      = "KeyThatSignsEverything0123456789"
	secretPassword = "PasswordOfTheProxy0123456789"
	secretEmail    = "jane@secret.example"
)

// signatures matches the signatures of items URLs, which start with "0." in base64.
var signatures = regexp.MustCompile(`\bMC4[A-Za-z0-9_-]{20,}`)

// echoes are responses that repeat everything that must not be shown. %[1]s is the signature of the
// dataset.
func echoes(signature string) map[string]emulator.Fault {
	all := fmt.Sprintf("%s %s %s %s %s token=%s&signature=%s", secretToken, secretKey, signature, secretPassword, secretEmail, secretToken, signature)
	noAccount := fmt.Sprintf("%s %s %s token=%s&signature=%s", secretToken, secretKey, signature, secretToken, signature)
	return map[string]emulator.Fault{
		"the API's message": {Status: 403, Body: fmt.Sprintf(`{"error": {"type": "t", "message": %q}}`, noAccount)},
		"the API's type":    {Status: 403, Body: fmt.Sprintf(`{"error": {"type": %q, "message": "M."}}`, strings.ToLower(secretToken))},
		"a page":            {Status: 400, Body: "<p>" + all + "</p>"},
		"a success":         {Status: 200, Body: all},
		"an outage":         {Status: 502, Body: all},
		"a truncated body":  {Status: 200, Body: fmt.Sprintf(`{"data": {"urlSigningSecretKey": %q, "x": %q`, secretKey, all)},
		"a redirect":        {Status: 302, Header: http.Header{"Location": {"https://elsewhere.example/?" + strings.ReplaceAll(all, " ", "&")}}},
		"a content type":    {Status: 400, Header: http.Header{"Content-Type": {"text/" + secretToken}}, Body: all},
	}
}

// TestSecrets runs every operation, with responses that repeat secrets, and searches for these in
// the diagnostics, the logs and the states.
func TestSecrets(t *testing.T) {
	t.Parallel()
	var shown []string
	for name := range echoes("") {
		shown = append(shown, name)
	}
	for _, name := range append(shown, "") { // "" is without a fault
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{
				Users: []emulator.User{{Username: "owner", Token: secretToken, ProxyPassword: secretPassword}},
				Now:   func() time.Time { return time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC) }, // all signatures are the same
			})
			d := s.API.Seed(emulator.Dataset{Name: "existing", GeneralAccess: "RESTRICTED", URLSigningSecretKey: secretKey})
			w := s.newWalk(t, values{"max_retries": 0})
			existing := w.mustImport(d.ID)
			var logs bytes.Buffer
			ctx := tfsdklogtest.RootLogger(tflogtest.RootLogger(t.Context(), &logs), &logs)
			tfsdklog.Debug(ctx, "the SDK's log")
			itemsURL := w.values(existing.state)["items_public_url"].(string)
			signature := signatures.FindString(itemsURL)
			if signature == "" {
				t.Fatalf("no signature in %s", itemsURL)
			}
			w.isApply = true
			update, creation := w.mustPlan(existing, values{"name": "renamed"}), w.mustPlan(instance{}, values{"name": "new"})
			destroyer := s.newApply(t, values{"max_retries": 0}) // keeps nothing that the other one has changed
			destruction := destroyer.mustPlan(destroyer.mustRead(existing), nil)
			if name != "" {
				s.Recorder.Inject(echoes(signature)[name])
			}
			ds := runEverything(ctx, w, existing, creation, update)
			_, more := destroyer.apply(ctx, destruction)
			ds = append(ds, more...)
			if errors := len(ds.errors()); name != "" && errors != 9 || name == "" && errors != 0 {
				t.Errorf("got %d errors:\n%s", errors, ds)
			}
			if !strings.Contains(logs.String(), "Apify API request") || !strings.Contains(logs.String(), "the SDK's log") {
				t.Errorf("the log is\n%s", logs.String())
			}
			for source, text := range map[string]string{"the diagnostics": ds.String(), "the log": logs.String()} {
				expectAbsent(t, text, source, secretToken, strings.ToLower(secretToken), secretKey, secretPassword, secretEmail, signature)
				if found := signatures.FindString(text); found != "" {
					t.Errorf("%s: %s has the signature %s", name, source, found)
				}
			}
		})
	}
}

// runEverything calls each operation that sends requests, and returns all diagnostics.
func runEverything(ctx context.Context, w *walk, existing instance, creation, update planned) diagnostics {
	var all diagnostics
	add := func(i instance, ds diagnostics) {
		all = append(all, ds...)
		for attribute, v := range w.values(i.state) {
			if attribute != "items_public_url" && strings.Contains(fmt.Sprint(v), "MC4") {
				w.t.Errorf("%s is %v", attribute, v)
			}
			expectAbsent(w.t, fmt.Sprint(v), attribute, secretToken, secretKey)
		}
		expectAbsent(w.t, string(i.private), "private data", secretToken, secretKey)
	}
	query := func(_ any, ds diagnostics) { all = append(all, ds...) }
	add(w.read(ctx, existing))
	add(w.importID(ctx, "~existing"))
	add(w.apply(ctx, creation))
	add(w.apply(ctx, update))
	query(w.readDataSource(ctx, "apify_dataset", values{"id": w.id(existing)}))
	query(w.readDataSource(ctx, "apify_datasets", values{"unnamed": true}))
	query(w.list(ctx, values{}, 0, true))
	query(w.openItemsURL(ctx, values{"dataset_id": w.id(existing)}))
	return all
}

func expectAbsent(t testing.TB, text, source string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if i := strings.Index(text, secret); i >= 0 {
			t.Errorf("%s contains %q: …%s…", source, secret, text[max(0, i-80):min(len(text), i+80)])
		}
	}
}
