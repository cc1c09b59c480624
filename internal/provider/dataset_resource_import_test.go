package provider

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"

	"github.com/hashicorp/terraform-plugin-testing/statecheck"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestAccDataset_import imports a dataset by each way to say which one is meant,
// and gets what creation got.
func TestAccDataset_import(t *testing.T) {
	s := newTestServer(t)
	me, err := s.client(t).CurrentUser(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	name := s.name(t)
	steps := []resource.TestStep{{
		Config:            s.datasetConfig(`name = "` + name + `"`),
		ConfigStateChecks: []statecheck.StateCheck{s.wrote("POST /v2/datasets?name=" + name)},
	}}
	for _, ref := range []string{"", "~" + name, me.Username + "~" + name, me.Username + "/" + name, me.ID + "~" + name, "~" + strings.ToUpper(name)} {
		steps = append(steps, resource.TestStep{
			ResourceName:      testAddress,
			ImportState:       true,
			ImportStateId:     ref, // empty is the id
			ImportStateVerify: true,
		})
	}
	resource.ParallelTest(t, resource.TestCase{ProtoV6ProviderFactories: s.factories(), Steps: steps})
}

// TestAccDataset_importBlock plans nothing but the import, if the configuration
// matches.
func TestAccDataset_importBlock(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	c.skipBelow("1.5", "1.6")
	name := s.name(t)
	named, err := s.client(t).CreateDataset(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	unnamed, err := s.client(t).CreateDataset(t.Context(), "")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		for _, id := range []string{named.ID, unnamed.ID} {
			_ = s.client(t).DeleteDataset(context.Background(), id)
		}
	})
	s.Recorder.Reset()
	// Spelled as it will be by those who come later.
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
	`, strings.ToUpper(name), "~"+name, unnamed.ID))
	c.run("apply", "-auto-approve").expect(t, 0, "2 imported, 0 added, 0 changed, 0 destroyed")
	if got := c.id(testAddress); got != named.ID {
		t.Errorf("the state has dataset %s, and not %s", got, named.ID)
	}
	c.expectNoChanges()
	s.expectWrites(t)

	// What import cannot know is an update in the state alone.
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
	c.mustRun("import", testAddress, named.ID)
	c.run("apply", "-auto-approve").expect(t, 0, "0 added, 1 changed, 0 destroyed")
	c.expectNoChanges()
	s.expectWrites(t)
}

// TestAccDataset_importNotFound imports what is not there.
func TestAccDataset_importNotFound(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	name := s.name(t)
	c.write("main.tf", fmt.Sprintf(plainResource, name))
	c.run("import", testAddress, "~"+name).expect(t, 1, "Importing Apify dataset failed", "~"+name, "404 Not Found, record-not-found", "There is no such dataset")
	c.run("import", testAddress, name).expect(t, 1, "Importing Apify dataset failed", `"`+name+`" does not say which dataset is meant`, "~"+name)
	if c.attributes(testAddress) != nil {
		t.Error("something was imported")
	}
	s.expectWrites(t)
}

// TestDataset_importIdentity imports by identity, which Terraform can do from
// 1.12 on.
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
	refreshed, ds := w.read(t.Context(), imported)
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	if got := w.identityID(refreshed); got != id {
		t.Errorf("the identity is %q, and not %q", got, id)
	}
	p, ds := w.plan(t.Context(), refreshed, values{"name": name})
	if len(ds) > 0 || w.changes(p) {
		t.Errorf("the plan changes %v: %s", w.values(p.state), ds)
	}
	s.expectWrites(t)

	if _, ds := w.importIdentity(t.Context(), ""); !ds.errors().has("Importing Apify dataset failed", "it is empty") {
		t.Errorf("an empty identity is met with %s", ds)
	}
	s.mustApply(t, refreshed, nil)
}

// TestDataset_importMistakes are refused before anything is sent.
func TestDataset_importMistakes(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	w := s.newWalk(t, nil)
	for _, id := range []string{"my-dataset", "~", "~-a", "user~", "user/", "/name", "a/b/c", "a~b~c", "a b", "https://console.apify.com/storage/datasets/WkzbQMuFYuamGv3YF",
		"~" + strings.Repeat("a", 64), "?name=a", "..", "~a_b"} {
		if _, ds := w.importID(t.Context(), id); !ds.errors().has("Importing Apify dataset failed", "does not say which dataset is meant") {
			t.Errorf("%q is met with %s", id, ds)
		}
	}
	if sent := s.sent(); len(sent) > 0 {
		t.Errorf("the requests were %q", sent)
	}
}

// TestDataset_importFailures pass on what the server says.
func TestDataset_importFailures(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusUnauthorized, http.StatusForbidden, http.StatusInternalServerError, http.StatusOK} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			d := s.API.Seed(emulator.Dataset{})
			s.Recorder.Inject(emulator.Fault{Status: status, Body: "<html>"})
			_, ds := s.newWalk(t, values{"max_retries": 0}).importID(t.Context(), d.ID)
			if !ds.errors().has("Importing Apify dataset failed", d.ID, fmt.Sprint(status), "<html>") {
				t.Errorf("the errors are %s", ds)
			}
		})
	}
}
