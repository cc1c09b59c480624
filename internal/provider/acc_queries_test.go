package provider

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestAccQueries_data reads a dataset by each reference, the list and the account.
func TestAccQueries_data(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	user := s.mustCall(t, "GET", "/v2/users/me", nil)
	c, name := s.newCLI(t), s.name(t)
	id, createdAt := s.create(t, name)
	s.push(t, id, 2)
	source := func(label, arguments string) string {
		return fmt.Sprintf("data \"apify_dataset\" %q {\n  %s\n}\n", label, arguments)
	}
	c.plan(source("test", named(name+"-missing"))).fails("Apify dataset not found").wrote()
	c.apply(source("id", fmt.Sprintf("id = %q", id))+source("name", named(strings.ToUpper(name)))+
		source("username", named(name)+"\n  username = data.apify_user.test.username")+
		source("console", fmt.Sprintf("id = \"https://console.apify.com/storage/datasets/%s\"", id))+
		"data \"apify_datasets\" \"test\" {\n  name_prefix = \""+strings.ToUpper(name)+"\"\n  ownership = \"ownedByMe\"\n}\n"+
		"data \"apify_user\" \"test\" {}\n"+
		`output "id" {
  value = join(" ", [for k in ["name", "created_at", "user_id", "item_count"] : data.apify_dataset.id[k]])
}
output "ids" {
  value = join(" ", concat([for d in [data.apify_dataset.name, data.apify_dataset.username, data.apify_dataset.console] : d.id], data.apify_datasets.test.datasets[*].id))
}
output "user" {
  value = "${data.apify_user.test.id} ${data.apify_user.test.username}"
}
`).ok(fmt.Sprintf("id = \"%s %s %v 2\"", name, createdAt, user["id"]), fmt.Sprintf("ids = %q", strings.Join(slices.Repeat([]string{id}, 4), " ")),
		fmt.Sprintf("user = \"%v %v\"", user["id"], user["username"])).wrote()
}

// TestAccQueries_allDatasets lists named and unnamed datasets, oldest first, also empty ones.
func TestAccQueries_allDatasets(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	s.seedMany(2, "all-%d")
	s.API.Push(s.seedMany(1, "")[0], items(1)...)
	s.newCLI(t).apply("data \"apify_datasets\" \"test\" {\n  unnamed = true\n}\noutput \"names\" {\n  value = join(\",\", [for d in data.apify_datasets.test.datasets : coalesce(d.name, \"-\")])\n}\n").
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
}

// TestAccQueries_itemsURLReadOnly keeps the ephemeral resource out of plans with a read-only token,
// as the error advises.
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
