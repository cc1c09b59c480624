package provider

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestAccQueries_data reads a dataset by each reference, the list and the account.
func TestAccQueries_data(t *testing.T) {
	s := newTestServer(t)
	user := s.mustCall(t, "GET", "/v2/users/me", nil)
	name := s.name(t)
	id, createdAt := s.create(t, name)
	s.push(t, id, 2)
	s.Recorder.Reset()
	exact := func(address, attribute string, value any) statecheck.StateCheck {
		return statecheck.ExpectKnownValue("data."+address, tfjsonpath.New(attribute), knownvalue.StringExact(fmt.Sprint(value)))
	}
	source := func(label, arguments string) string {
		return fmt.Sprintf("data \"apify_dataset\" %q {\n  %s\n}\n", label, arguments)
	}
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{
			{
				Config:      s.config(source("test", named(name+"-missing"))),
				ExpectError: regexp.MustCompile(`Apify dataset not found`),
			},
			{
				Config:      s.config(source("test", fmt.Sprintf("id = %q\n  name = %q", id, name))),
				ExpectError: regexp.MustCompile(`(?i)invalid`),
			},
			{
				Config: s.config(source("id", fmt.Sprintf("id = %q", id)) + source("name", named(strings.ToUpper(name))) +
					source("username", named(name)+"\n  username = data.apify_user.test.username") +
					source("console", fmt.Sprintf("id = \"https://console.apify.com/storage/datasets/%s\"", id)) +
					"data \"apify_datasets\" \"test\" {\n  name_prefix = \"" + strings.ToUpper(name) + "\"\n  ownership = \"ownedByMe\"\n}\n" +
					"data \"apify_user\" \"test\" {}\n"),
				ConfigStateChecks: []statecheck.StateCheck{
					exact("apify_dataset.id", "name", name), exact("apify_dataset.id", "created_at", createdAt), exact("apify_dataset.id", "user_id", user["id"]),
					exact("apify_dataset.name", "id", id), exact("apify_dataset.username", "id", id), exact("apify_dataset.console", "name", name),
					statecheck.ExpectKnownValue("data.apify_dataset.id", tfjsonpath.New("item_count"), knownvalue.Int64Exact(2)),
					statecheck.ExpectKnownValue("data.apify_datasets.test", tfjsonpath.New("datasets"), knownvalue.ListExact([]knownvalue.Check{
						knownvalue.ObjectPartial(map[string]knownvalue.Check{"id": knownvalue.StringExact(id), "name": knownvalue.StringExact(name)}),
					})),
					exact("apify_user.test", "id", user["id"]), exact("apify_user.test", "username", user["username"]),
					s.checkWrites(),
				},
			},
		},
	})
}

// TestAccQueries_allDatasets lists named and unnamed datasets, oldest first, also empty ones.
func TestAccQueries_allDatasets(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	s.seedMany(2, "all-%d")
	unnamed := s.seedMany(1, "")
	s.API.Push(unnamed[0], items(1)...)
	c := s.newCLI(t)
	c.apply("data \"apify_datasets\" \"test\" {\n  unnamed = true\n}\noutput \"ids\" {\n  value = join(\",\", data.apify_datasets.test.datasets[*].name)\n}\n").
		fails() // a null name cannot be joined: it is there
	c.apply("data \"apify_datasets\" \"test\" {\n  unnamed = true\n}\noutput \"names\" {\n  value = join(\",\", [for d in data.apify_datasets.test.datasets : coalesce(d.name, \"-\")])\n}\n").
		ok(`names = "all-0,all-1,-"`).wrote()
}

const itemsURL = `ephemeral "apify_dataset_items_url" "test" {
  %s
  dataset_id = apify_dataset.test.id
  expires_in = "2h"
  format     = "csv"
  limit      = 5
  lifecycle {
    postcondition {
      condition     = strcontains(self.url, "/items?") && strcontains(self.url, "format=csv") && strcontains(self.url, "limit=5") && strcontains(self.url, "signature=") && self.expires_at != ""
      error_message = "Not the URL."
    }
  }
}
`

// TestAccQueries_itemsURL signs a URL of the items, which no state contains.
func TestAccQueries_itemsURL(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	config := block("test", named(name), restrictedAccess) + fmt.Sprintf(itemsURL, "")
	c.apply(config).ok().without("Not the URL")
	if raw := fmt.Sprint(c.state()); strings.Contains(raw, "format=csv") {
		t.Errorf("the state has the URL: %s", raw)
	}
	c.plan("").ok("No changes").wrote()
	c.destroy().ok()
}

// TestAccQueries_itemsURLReadOnly keeps the ephemeral resource out of plans with a read-only token, as
// the error advises.
func TestAccQueries_itemsURLReadOnly(t *testing.T) {
	t.Parallel()
	s := newTwoAccounts(t)
	c := s.newCLI(t)
	dataset := block("test", named("orders"), restrictedAccess)
	c.apply(dataset + fmt.Sprintf(itemsURL, "")).ok()
	c.configure(readOnlyToken, s.URL)
	c.plan("").fails("Signing Apify dataset items URL failed", "requires permission to write the dataset", "with a variable and count").has(1, "Error:").wrote()
	// The next step: a variable and count.
	c.use("variable \"can_write\" {\n  type    = bool\n  default = true\n}\n" + dataset + fmt.Sprintf(itemsURL, "count = var.can_write ? 1 : 0"))
	c.plan("", "-var=can_write=false").ok("No changes").wrote()
	c.configure(ownerToken, s.URL)
	c.plan("").ok("No changes")
}
