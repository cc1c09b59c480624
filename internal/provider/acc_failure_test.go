package provider

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// Tokens, accounts and outages. Nothing is written, state is kept, and the next step of each error
// works.

var threeDatasets = block("one", named("one")) + block("two", named("two")) + block("three", named("three"))

// TestAccProvider_oneError has a wrong token, an outage or a login page: one error for three datasets,
// new or in state, after requests for the account alone.
func TestAccProvider_oneError(t *testing.T) {
	page := http.Header{"Content-Type": {"text/html"}}
	for _, test := range []struct {
		name, token string
		fault       emulator.Fault
		texts       []string
		requests    int
	}{
		{"wrong token", "apify_api_wrong", emulator.Fault{}, []string{"Apify API token rejected", "401 Unauthorized, user-or-token-not-found",
			"may be mistyped, expired or deleted. Create one at https://console.apify.com/settings/integrations."}, 1},
		{"503", "", emulator.Fault{Status: 503, Header: page, Body: "<html>"}, []string{"Apify is not reachable", "503 Service Unavailable", "tried 9 times", "https://status.apify.com"}, 9},
		{"no response", "", emulator.Fault{Reset: true}, []string{"Apify is not reachable", "no response from http://127.0.0.1", "Check the network, base_url and HTTPS_PROXY"}, 9},
		{"login page", "", emulator.Fault{Status: 200, Header: page, Body: "<html>Sign in to quux"}, []string{"Response is not from Apify", "text/html (21 bytes)", "A proxy or a login page"}, 9},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			c := s.newCLI(t)
			var broken atomic.Bool
			fault := test.fault
			fault.Match = func(*http.Request) bool { return broken.Load() }
			if test.token == "" {
				s.Recorder.Inject(fault)
			}
			set := func(isBroken bool) {
				broken.Store(isBroken)
				c.configure(s.Token, s.URL)
				if isBroken && test.token != "" {
					c.configure(test.token, s.URL)
				}
			}
			check := func(r result) {
				t.Helper()
				r.fails(test.texts...).has(1, "Error:").without("quux")
				expectRequests(t, r.sent, slices.Repeat([]string{getUser}, test.requests))
			}
			set(true)
			check(c.plan(threeDatasets))
			set(false)
			c.apply("").ok("3 added")
			set(true)
			check(c.plan(""))
			check(c.destroy())
			set(false)
			c.plan("").ok("No changes")
		})
	}
}

// TestAccProvider_loginPageLater has a login page after the account has been read: state is kept.
func TestAccProvider_loginPageLater(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	c.apply(block("test", named("orders"))).ok()
	id := c.id(testAddress)
	s.Recorder.Inject(emulator.Fault{
		Match:  func(r *http.Request) bool { return strings.HasPrefix(r.URL.Path, "/v2/datasets/") },
		Status: 404, Header: http.Header{"Content-Type": {"text/html"}}, Body: "<html>quux",
	})
	c.plan("").fails("Response is not from Apify", "404 Not Found with text/html", "State was not changed").without("quux").wrote()
	c.destroy("-refresh=false").fails("Response is not from Apify").wrote()
	c.expectState(testAddress, id)
}

// TestAccProvider_missingToken needs no token to validate, and reports where to create one.
func TestAccProvider_missingToken(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	c.configure(" ", s.URL)
	c.write("main.tf", threeDatasets)
	c.run("validate").ok()
	c.plan("").fails("Missing Apify API token", "APIFY_TOKEN", "the provider's token attribute", "https://console.apify.com/settings/integrations").has(1, "Error:")
	if len(s.sent()) > 0 {
		t.Errorf("got the requests %q", s.sent())
	}
}

// TestAccProvider_allowedAccounts refuses the token of another account before anything is read.
func TestAccProvider_allowedAccounts(t *testing.T) {
	t.Parallel()
	s := newTwoAccounts(t)
	c := s.newCLI(t)
	provider := func(token, allowed string) string {
		return fmt.Sprintf("%sprovider \"apify\" {\n  token    = %q\n  base_url = %q\n  allowed_accounts = [%q]\n}\n", requiredProvider, token, s.URL, allowed)
	}
	c.write(providerFile, provider(otherToken, "owner"))
	r := c.apply(threeDatasets).fails("Apify account not allowed", "belongs to account other (ID "+otherID+")", `["owner"]`, "Nothing was read or written").has(1, "Error:")
	expectRequests(t, r.sent, []string{getUser})
	// The next steps: change allowed_accounts, or use a token of the account.
	c.write(providerFile, provider(otherToken, otherID))
	c.plan("").changes()
	c.write(providerFile, provider(ownerToken, "OWNER"))
	c.plan("").changes()
}

// TestAccDataset_otherAccount plans with another account's token: the dataset stays in state, whatever
// the API's response is.
func TestAccDataset_otherAccount(t *testing.T) {
	for _, status := range []int{http.StatusForbidden, http.StatusNotFound} {
		t.Run(http.StatusText(status), func(t *testing.T) {
			t.Parallel()
			s := newTwoAccountsWith(t, emulator.Options{InaccessibleStatus: status})
			c := s.newCLI(t)
			c.apply(block("test", named("orders"))).ok()
			id := c.id(testAddress)
			c.configure(otherToken, s.URL)
			first := `Dataset "orders" (ID ` + id + `) belongs to account ` + ownerID + `, and the API token belongs to account other (ID ` + otherID + `).`
			c.plan("").fails("No access to Apify dataset "+"with "+testAddress, first, "State was not changed").wrote()
			c.apply(block("test", named("renamed")), "-refresh=false").fails("No access to Apify dataset", first)
			c.destroy("-refresh=false").fails("No access to Apify dataset", first).wrote()
			c.expectState(testAddress, id)
			// The next steps: have the dataset shared, or use a token of the account.
			s.API.Update(id, func(d *emulator.Dataset) {
				d.SharedWith = map[string]emulator.Permission{"other": emulator.PermissionRead}
			})
			c.plan(block("test", named("orders"))).ok("No changes")
			c.configure(ownerToken, s.URL)
			c.plan("").ok("No changes")
		})
	}
}

// TestAccDataset_readOnlyToken plans with a read-only token, and cannot apply.
func TestAccDataset_readOnlyToken(t *testing.T) {
	t.Parallel()
	s := newTwoAccounts(t)
	c := s.newCLI(t)
	c.apply(block("test", named("orders"))).ok()
	id := c.id(testAddress)
	c.configure(readOnlyToken, s.URL)
	c.plan("").ok("No changes").wrote()
	advice := "Use a token with permission to write this dataset: https://console.apify.com/settings/integrations"
	c.apply(block("test", named("orders"))+block("new", named("new"))).fails("Apify refused to create dataset", "Nothing was created.", "insufficient-permissions", advice)
	c.apply(block("test", named("orders"), restrictedAccess)).fails("Apify refused to update dataset", "State was not changed.", advice)
	c.destroy().fails("Apify refused to delete dataset", advice)
	c.expectState(testAddress, id)
	// The next step: another token.
	c.configure(ownerToken, s.URL)
	c.apply("").ok()
}

// TestAccDataset_refusal has the API's own words for limits, which are no missing permissions.
func TestAccDataset_refusal(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	s.Recorder.Inject(onRequest(postDatasets, emulator.Fault{Times: 1, Status: 403, Body: fmt.Sprintf(`{"error":{"type":%q,"message":%q}}`, "platform-feature-disabled", "Monthly usage hard limit exceeded")}))
	c := s.newCLI(t)
	c.apply(block("test", named("orders"))).fails("Apify refused the request", `Apify refused to create dataset "orders"`,
		"Monthly usage hard limit exceeded (403 Forbidden, platform-feature-disabled). Nothing was created.").without("permission")
	c.apply("").ok().without("Adopting").wrote(posted("orders"))
}

// TestAccDataset_lostResponse loses the response to each kind of write. The write is repeated, and the
// result is the same.
func TestAccDataset_lostResponse(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	lost := func(request string) {
		s.Recorder.Inject(onRequest(request, emulator.Fault{Times: 1, TakesEffect: true, Reset: true}))
	}
	c := s.newCLI(t)
	lost(postDatasets)
	c.apply(block("test", named("orders"))).ok().without("Adopting").wrote(posted("orders"), posted("orders"))
	id := c.id(testAddress)
	lost(putDataset)
	c.apply(block("test", named("renamed"))).ok().wrote(renamed(id, "renamed"), renamed(id, "renamed"))
	lost(deleteDataset)
	c.destroy().ok().wrote(deleted(id), deleted(id))
}

// TestAccDataset_creationIncomplete fails after the POST. No tainted resource is left; the next apply
// adopts the dataset, or its import is the next step.
func TestAccDataset_creationIncomplete(t *testing.T) {
	for _, adopt := range []bool{true, false} {
		t.Run(fmt.Sprintf("adopt_existing = %t", adopt), func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			s.Recorder.Inject(onRequest(putDataset, emulator.Fault{Times: 1, Status: 403, Body: fmt.Sprintf(`{"error":{"type":%q,"message":%q}}`, "user-disabled", "The account is disabled")}))
			c := s.newCLI(t)
			config := block("test", named("orders"), restrictedAccess, fmt.Sprintf("adopt_existing = %t", adopt))
			r := c.apply(config).fails("The account is disabled", "Apify dataset not in state", "remains on Apify")
			c.expectState()
			id := s.mustCall(t, "GET", "/v2/datasets/~orders", nil)["id"].(string)
			if !strings.Contains(r.output, "Dataset "+id+" remains") {
				t.Errorf("the ID is missing: %s", r.diagnostics())
			}
			access := `PUT /v2/datasets/` + id + ` {"generalAccess":"RESTRICTED"}`
			if adopt {
				c.apply("").ok("sets general_access to RESTRICTED").wrote(posted("orders"), access)
			} else {
				c.apply(config + fmt.Sprintf("import {\n  to = apify_dataset.test\n  id = %q\n}\n", id)).ok("1 imported").wrote(access)
			}
			c.expectState(testAddress, id)
			c.plan("").ok("No changes")
		})
	}
}

// TestAccDataset_localPlatform creates, adopts and destroys on Apify's local platform, which has
// neither general access nor schemas, and returns 201 without Location for every POST.
func TestAccDataset_localPlatform(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{LocalPlatform: true})
	c := s.newCLI(t)
	c.apply(block("test", named("orders"))).ok().without("Warning:").wrote(posted("orders"))
	id := c.id(testAddress)
	c.remove("terraform.tfstate")
	c.plan(block("test", named("orders"), noAdoption)).fails("Apify dataset already exists")
	c.apply(block("test", named("orders"))).ok("Adopting existing Apify dataset: orders").wrote(posted("orders"))
	c.expectState(testAddress, id)
	c.apply(block("test", named("orders"), restrictedAccess)).fails("Apify dataset change not applied", "remove general_access from the configuration")
	c.apply(block("test", named("orders"))).ok().wrote()
	c.apply(block("test", named("orders"))+block("schema", named("schema"), schemaAttribute("one"))).
		fails("without the configured schema", "Remove schema from the configuration and apply again")
	c.apply(block("test", named("orders")) + block("schema", named("schema"))).ok()
	c.destroy().ok("2 destroyed")
}

// TestAccDataset_nameNotChecked plans while names cannot be looked up: a warning, because the apply
// checks again, and none if the token may not read.
func TestAccDataset_nameNotChecked(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	outage := refusal(getDataset, http.StatusServiceUnavailable, "service-unavailable")
	outage.Match = func(r *http.Request) bool { return strings.Contains(r.URL.Path, "~") }
	s.Recorder.Inject(outage)
	c.plan(threeDatasets).changes("Warning: Apify dataset name not checked", "503 Service Unavailable", "The apply checks again.").
		has(1, "Warning:").wrote()
	c.apply("").ok("3 added").wroteInAnyOrder(posted("one"), posted("two"), posted("three"))

	s = newEmulator(t, emulator.Options{})
	c = s.newCLI(t)
	outage.Status = http.StatusForbidden
	outage.Body = refusal(getDataset, http.StatusForbidden, "insufficient-permissions").Body
	s.Recorder.Inject(outage)
	c.apply(threeDatasets).ok("3 added").without("Warning:")
}
