package provider

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// Tokens, accounts and outages. Nothing is written, state is kept, and the next step of each error
// works.

var threeDatasets = block("one", named("one")) + block("two", named("two")) + block("three", named("three"))

// TestAccProvider_oneError has a wrong token, an outage or a login page: one error for three
// datasets, new or in state, after requests for the account alone.
func TestAccProvider_oneError(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	refused := func(r result, requests int, texts ...string) {
		t.Helper()
		r.fails(texts...).has(1, "Error:").without("quux")
		expectRequests(t, r.sent, slices.Repeat([]string{getUser}, requests))
	}
	wrongToken := []string{"Apify API token rejected", "401 Unauthorized, user-or-token-not-found",
		"may be mistyped, expired or deleted. Create one at https://console.apify.com/settings/integrations."}
	c.configure("apify_api_wrong", s.URL)
	refused(c.plan(threeDatasets), 1, wrongToken...)
	c.configure(s.Token, s.URL)
	c.apply("").ok("3 added")
	c.configure("apify_api_wrong", s.URL)
	refused(c.destroy(), 1, wrongToken...)
	c.configure(s.Token, s.URL)
	html := http.Header{"Content-Type": {"text/html"}}
	s.Recorder.Inject(emulator.Fault{Times: 9, Status: 503, Header: html, Body: "<html>quux"})
	refused(c.plan(""), 9, "Apify is not reachable", "503 Service Unavailable", "tried 9 times", "https://status.apify.com")
	s.Recorder.Inject(emulator.Fault{Times: 9, Status: 200, Header: html, Body: "<html>Sign in to quux"})
	refused(c.plan(""), 9, "Response is not from Apify", "text/html (21 bytes)", "A proxy or a login page")
	c.plan("").ok("No changes")
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
	c.plan("").changes("3 to add")
	c.write(providerFile, provider(ownerToken, "OWNER"))
	c.plan("").changes("3 to add")
}

// TestAccDataset_otherAccount plans with another account's token: the dataset stays in state.
func TestAccDataset_otherAccount(t *testing.T) {
	t.Parallel()
	s := newTwoAccountsWith(t, emulator.Options{InaccessibleStatus: http.StatusNotFound})
	c := s.newCLI(t)
	c.apply(block("test", named("orders"))).ok()
	id := c.id(testAddress)
	c.configure(otherToken, s.URL)
	first := `Dataset "orders" (ID ` + id + `) belongs to account ` + ownerID + `, and the API token belongs to account other (ID ` + otherID + `).`
	c.plan("").fails("No access to Apify dataset with "+testAddress, first, "State was not changed").wrote()
	c.destroy("-refresh=false").fails("No access to Apify dataset", first).wrote()
	c.expectState(testAddress, id)
	// The next steps: have the dataset shared, or use a token of the account.
	s.API.Update(id, func(d *emulator.Dataset) {
		d.SharedWith = map[string]emulator.Permission{"other": emulator.PermissionRead}
	})
	c.plan("").ok("No changes")
	s.API.Update(id, func(d *emulator.Dataset) { d.SharedWith = nil })
	c.configure(ownerToken, s.URL)
	c.plan("").ok("No changes")
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
	advice := "Use a token with permission to write datasets: https://console.apify.com/settings/integrations"
	c.apply(block("test", named("orders"))+block("new", named("new"))).fails("Apify refused to create dataset", "Nothing was created.", "insufficient-permissions", advice)
	c.apply(block("test", named("orders"), restrictedAccess)).fails("Apify refused to update dataset", "State was not changed.", advice)
	c.destroy().fails("Apify refused to delete dataset", advice)
	c.expectState(testAddress, id)
	// The next step: another token.
	c.configure(ownerToken, s.URL)
	c.apply("").ok()
}

// TestAccDataset_creationIncomplete fails after the POST, in the API's own words for a limit, which
// is no missing permission. No tainted resource is left; the next apply adopts the dataset, or its
// import is the next step.
func TestAccDataset_creationIncomplete(t *testing.T) {
	for _, adopt := range []bool{true, false} {
		t.Run(fmt.Sprintf("adopt_existing = %t", adopt), func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			s.Recorder.Inject(onRequest(putDataset, emulator.Fault{Times: 1, Status: 403, Body: `{"error":{"type":"platform-feature-disabled","message":"Monthly usage hard limit exceeded"}}`}))
			c := s.newCLI(t)
			config := block("test", named("orders"), restrictedAccess, fmt.Sprintf("adopt_existing = %t", adopt))
			r := c.apply(config).fails("Apify refused the request", "Monthly usage hard limit exceeded (403 Forbidden, platform-feature-disabled).", "Creation of Apify dataset incomplete", "remains on Apify").
				without("permission")
			c.expectState()
			id := s.API.Datasets()[0].ID
			if !strings.Contains(r.output, "(ID "+id+") remains") {
				t.Errorf("the ID is missing: %s", r.diagnostics())
			}
			access := `PUT /v2/datasets/` + id + ` {"generalAccess":"RESTRICTED"}`
			if adopt {
				c.apply("").ok("sets general_access to RESTRICTED").wrote(posted("orders"), access)
			} else {
				c.apply(config + importOf("test", id)).ok("1 imported").wrote(access)
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

// TestAccDataset_nameNotChecked applies while names cannot be looked up: one warning, because the
// creation checks again.
func TestAccDataset_nameNotChecked(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	fault := refusal(getDataset, http.StatusPaymentRequired, "monthly-usage-limit-exceeded")
	fault.Match = func(r *http.Request) bool { return strings.Contains(r.URL.Path, "~") }
	s.Recorder.Inject(fault)
	c.apply(threeDatasets).ok("Warning: Apify dataset name not checked", "402 Payment Required", "The apply checks again.", "3 added").
		has(1, "Warning:").wroteInAnyOrder(posted("one"), posted("two"), posted("three"))
}
