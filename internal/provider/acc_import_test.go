package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

func importOf(label, id string) string {
	return fmt.Sprintf("import {\n  to = apify_dataset.%s\n  id = %q\n}\n", label, id)
}

// TestAccDataset_importForms imports by each form of a reference. State has the ID, and nothing is
// written.
func TestAccDataset_importForms(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	username := fmt.Sprint(s.mustCall(t, "GET", "/v2/users/me", nil)["username"])
	var config strings.Builder
	var want []string
	for label, form := range map[string]string{
		"id": "ID", "tilde": "~NAME", "username": "USER~NAME", "slash": "USER/NAME", "console": "https://console.apify.com/storage/datasets/ID",
		"api": "https://api.apify.com/v2/datasets/USER~NAME?token=apify_api_secret",
	} {
		name := s.name(t)
		id, _ := s.create(t, name)
		config.WriteString(block(label, named(name)) + importOf(label, strings.NewReplacer("ID", id, "NAME", name, "USER", username).Replace(form)))
		want = append(want, "apify_dataset."+label, id)
	}
	c.apply(config.String()).ok("6 imported, 0 added, 0 changed").without("Warning:").wrote()
	c.expectState(want...)
	c.plan("").ok("No changes")
}

// TestAccDataset_importCommand imports a dataset by a bare name, and follows the error.
func TestAccDataset_importCommand(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	id, _ := s.create(t, name)
	c.write("main.tf", block("test", named(name)))
	c.run("import", testAddress, name).fails("Invalid Apify dataset reference", "a name needs a leading ~, as in ~"+name)
	r := c.run("import", testAddress, "orders").fails("Not an Apify dataset ID", `"orders" is not a dataset ID (17 letters and digits)`, "terraform import apify_dataset.NAME '~orders'")
	expectRequests(t, r.sent, []string{getUser, getDataset})
	// The next step.
	c.run("import", testAddress, "~"+name).ok().wrote()
	c.expectState(testAddress, id)
}

// TestAccDataset_importOtherAccount imports a dataset that another account shares, with a warning.
func TestAccDataset_importOtherAccount(t *testing.T) {
	t.Parallel()
	s := newTwoAccounts(t)
	d := s.API.Seed(emulator.Dataset{Name: "shared", UserID: otherID, SharedWith: map[string]emulator.Permission{"owner": emulator.PermissionRead}})
	c := s.newCLI(t)
	c.apply(block("test", named("shared"))+importOf("test", "other~shared")).
		ok("Apify dataset of another account imported", "Changes need the owner's permission").wrote()
	c.expectState(testAddress, d.ID)
	c.plan("").ok("No changes")
}

// TestAccDataset_importIdentity imports by identity.
func TestAccDataset_importIdentity(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	id, _ := s.create(t, name)
	config := "import {\n  to = apify_dataset.test\n  identity = {\n    id = \"" + id + "\"\n  }\n}\n"
	c.apply(config + block("test", named(name))).ok("1 imported, 0 added, 0 changed").wrote()
	c.expectState(testAddress, id)
}

// TestAccDatasets_query lists datasets with terraform query.
func TestAccDatasets_query(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	s.seedMany(3, "query-%d")
	c := s.newCLI(t)
	c.write("main.tfquery.hcl", "list \"apify_dataset\" \"all\" {\n  provider = apify\n  limit    = 2\n  include_resource = true\n  config {\n    name_prefix = \"QUERY\"\n  }\n}\n")
	c.run("query").ok("query-0", "query-1").without("query-2").wrote()
}
