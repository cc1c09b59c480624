package provider

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestAccDataset_import imports a dataset by each form of its ID. The state is the same as after
// its creation.
func TestAccDataset_import(t *testing.T) {
	s := newTestServer(t)
	user := s.mustCall(t, http.MethodGet, "/v2/users/me", nil)
	s.Recorder.Reset()
	id, username := user["id"].(string), user["username"].(string)
	name := s.name(t)
	steps := []resource.TestStep{{
		Config:            s.datasetConfig(`name = "` + name + `"`),
		ConfigStateChecks: []statecheck.StateCheck{s.checkWrites("POST /v2/datasets?name=" + name)},
	}}
	for _, ref := range []string{"", "~" + name, username + "~" + name, username + "/" + name, id + "~" + name, "~" + strings.ToUpper(name)} {
		steps = append(steps, resource.TestStep{
			ResourceName:      testAddress,
			ImportState:       true,
			ImportStateId:     ref, // if empty, the ID
			ImportStateVerify: true,
			// Each read returns a new signature.
			ImportStateVerifyIgnore: []string{"items_public_url"},
		})
	}
	resource.ParallelTest(t, resource.TestCase{ProtoV6ProviderFactories: s.factories(), Steps: steps})
}

// TestAccDataset_importBlock plans only the import, if the configuration matches.
func TestAccDataset_importBlock(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	c.skipBelow("1.5", "1.6")
	name := s.name(t)
	named, _ := s.create(t, name)
	unnamed, _ := s.create(t, "")
	s.Recorder.Reset()
	// The case of the name differs.
	c.write("main.tf", fmt.Sprintf(`
		resource "apify_dataset" "test" {
		  name           = %q
		  adopt_existing = true
		  force_destroy  = false
		}
		resource "apify_dataset" "unnamed" {
		  general_access = "FOLLOW_USER_SETTING"
		}
		import {
		  to = apify_dataset.test
		  id = %q
		}
		import {
		  to = apify_dataset.unnamed
		  id = %q
		}
	`, strings.ToUpper(name), "~"+name, unnamed))
	c.run("apply", "-auto-approve").expect(t, 0, "2 imported, 0 added, 0 changed, 0 destroyed")
	c.expectID(testAddress, named)
	c.expectNoChanges()
	s.expectWrites(t)

	// Attributes that import cannot know are an update of the state alone.
	c.write("main.tf", fmt.Sprintf(`
		resource "apify_dataset" "test" {
		  name           = %q
		  adopt_existing = false
		  force_destroy  = true
		  timeouts       = { read = "1m" }
		}
		resource "apify_dataset" "unnamed" {}
	`, name))
	c.mustRun("state", "rm", testAddress)
	c.mustRun("import", testAddress, named)
	c.run("apply", "-auto-approve").expect(t, 0, "0 added, 1 changed, 0 destroyed")
	c.expectNoChanges()
	s.expectWrites(t)
}

// TestAccDataset_importNotFound imports a dataset that does not exist, by its name.
func TestAccDataset_importNotFound(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	name := s.name(t)
	c.write("main.tf", fmt.Sprintf(nameOnly, name))
	c.run("import", testAddress, "~"+name).expect(t, 1, "Importing Apify dataset failed", "~"+name, "404 Not Found, record-not-found", "The dataset does not exist")
	c.run("import", testAddress, name).expect(t, 1, "Importing Apify dataset failed", `"`+name+`" is not a valid import ID`, "~"+name)
	if c.attributes(testAddress) != nil {
		t.Error("something was imported")
	}
	s.expectWrites(t)
}

// TestDataset_importIdentity imports by identity, as Terraform 1.12 and newer can.
func TestDataset_importIdentity(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	name := s.name(t)
	created := s.mustApply(t, instance{}, values{"name": name})
	w := s.newWalk(t, nil)
	id := w.identityID(created)

	s.Recorder.Reset()
	imported, ds := w.importIdentity(t.Context(), id)
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	refreshed := w.mustRead(imported)
	if got := w.identityID(refreshed); got != id {
		t.Errorf("the identity has the ID %q, want %q", got, id)
	}
	s.expectNoChanges(t, imported, values{"name": name})
	s.expectWrites(t)

	if _, ds := w.importIdentity(t.Context(), ""); !ds.errors().has("Importing Apify dataset failed", "the reference is empty") {
		t.Errorf("an empty identity has the diagnostics\n%s", ds)
	}
	s.mustApply(t, refreshed, nil)
}

// TestDataset_importInvalidID has IDs that are refused without a request.
func TestDataset_importInvalidID(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	w := s.newWalk(t, nil)
	for _, id := range []string{"my-dataset", "~", "~-a", "user~", "user/", "/name", "a/b/c", "a~b~c", "a b", "https://console.apify.com/storage/datasets/WkzbQMuFYuamGv3YF",
		"~" + strings.Repeat("a", 64), "?name=a", "..", "~a_b"} {
		if _, ds := w.importID(t.Context(), id); !ds.errors().has("Importing Apify dataset failed", "is not a valid import ID") {
			t.Errorf("ID %q has the diagnostics\n%s", id, ds)
		}
	}
	s.expectSent(t)
}

// TestDataset_importErrors has responses that make the import fail.
func TestDataset_importErrors(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusInternalServerError, http.StatusOK} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			d := s.API.Seed(emulator.Dataset{})
			s.Recorder.Inject(emulator.Fault{Status: status, Body: "<html>"})
			_, ds := s.newWalk(t, values{"max_retries": 0}).importID(t.Context(), d.ID)
			if !ds.errors().has("Importing Apify dataset failed", d.ID, fmt.Sprint(status), "<html>") {
				t.Errorf("got the diagnostics\n%s", ds)
			}
		})
	}
}
