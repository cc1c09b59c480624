package provider

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// never fails the test if a text is in the output.
func (r result) never(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(r.output, text) {
			t.Errorf("the output says %q:\n%s", text, r.output)
		}
	}
}

const (
	plainResource = `resource "apify_dataset" "test" { name = %q }`
	// createBeforeDestroy creates a replacement while the dataset that has the name
	// is still there.
	createBeforeDestroy = `
		resource "apify_dataset" "test" {
		  name = %q
		  lifecycle { create_before_destroy = true }
		}
	`
)

// TestAccDataset_replace deletes the old dataset first, and says nothing of a
// name that is taken: it is the resource's own.
func TestAccDataset_replace(t *testing.T) {
	for _, how := range []string{"-replace", "taint"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := newTestServer(t)
			c := s.newCLI(t)
			name := s.name(t)
			c.write("main.tf", fmt.Sprintf(`
				resource "apify_dataset" "test" {
				  name           = %q
				  adopt_existing = false
				}
			`, name))
			c.mustRun("apply", "-auto-approve")
			old := c.id(testAddress)

			s.Recorder.Reset()
			c.planReplacement(how)
			r := c.run("apply", "tfplan")
			r.expect(t, 0, "1 added, 0 changed, 1 destroyed")
			r.never(t, "Existing Apify dataset", "not deleted")
			s.expectWrites(t, "DELETE /v2/datasets/"+old, "POST /v2/datasets?name="+name)
			if id := c.id(testAddress); id == old {
				t.Errorf("the dataset is still %s", id)
			}
			c.expectNoChanges()
			c.mustRun("destroy", "-auto-approve")
		})
	}
}

// planReplacement plans to replace the test resource, by "taint" or "-replace". Its
// own name counts as free.
func (c *cli) planReplacement(how string) {
	c.t.Helper()
	plan := []string{"plan", "-out=tfplan"}
	if how == "taint" {
		c.mustRun("taint", testAddress)
	} else {
		plan = append(plan, how+"="+testAddress)
	}
	r := c.run(plan...)
	r.expect(c.t, 0, "1 to add, 0 to change, 1 to destroy")
	r.never(c.t, "Existing Apify dataset", "already exists")
}

// TestAccDataset_createBeforeDestroy cannot create a second dataset of the same
// name: it gets the first one back, which is then not deleted.
func TestAccDataset_createBeforeDestroy(t *testing.T) {
	for _, how := range []string{"-replace", "taint"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := newTestServer(t)
			c := s.newCLI(t)
			name := s.name(t)
			c.write("main.tf", fmt.Sprintf(createBeforeDestroy, name))
			c.mustRun("apply", "-auto-approve")
			id := c.id(testAddress)

			s.Recorder.Reset()
			c.planReplacement(how)
			c.run("apply", "tfplan").expect(t, 0, "Existing Apify dataset adopted", "Apify dataset not deleted", "Dataset "+id+" is not deleted")
			s.expectWrites(t, "POST /v2/datasets?name="+name)
			if got := c.id(testAddress); got != id {
				t.Errorf("the state has dataset %s, and not %s", got, id)
			}
			c.expectNoChanges()

			c.mustRun("destroy", "-auto-approve")
			s.expectWrites(t, "POST /v2/datasets?name="+name, "DELETE /v2/datasets/"+id)
		})
	}
}

// TestAccDataset_createBeforeDestroyRenamed replaces a dataset by one of another
// name: both can be there at once.
func TestAccDataset_createBeforeDestroyRenamed(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	name, renamed := s.name(t), s.name(t)
	c.write("main.tf", fmt.Sprintf(createBeforeDestroy, name))
	c.mustRun("apply", "-auto-approve")
	id := c.id(testAddress)

	s.Recorder.Reset()
	c.write("main.tf", fmt.Sprintf(createBeforeDestroy, renamed))
	r := c.run("apply", "-auto-approve", "-replace="+testAddress)
	r.expect(t, 0, "1 added, 0 changed, 1 destroyed")
	r.never(t, "Existing Apify dataset", "not deleted")
	s.expectWrites(t, "POST /v2/datasets?name="+renamed, "DELETE /v2/datasets/"+id)
	c.expectNoChanges()
	c.mustRun("destroy", "-auto-approve")
}

// TestAccDataset_renamedLabel changes a resource's address, without and with
// telling Terraform.
func TestAccDataset_renamedLabel(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	c.skipBelow("1.3", "1.6") // which do not show the provider that a resource is to be destroyed
	name := s.name(t)
	c.write("main.tf", fmt.Sprintf(`resource "apify_dataset" "old" { name = %q }`, name))
	c.mustRun("apply", "-auto-approve")
	id := c.id("apify_dataset.old")

	s.Recorder.Reset()
	c.write("main.tf", fmt.Sprintf(plainResource, name))
	for _, refresh := range []string{"-refresh=true", "-refresh=false"} {
		c.run("apply", "-auto-approve", refresh).expect(t, 1, "Apify dataset managed twice", "Dataset "+id, "moved { from = apify_dataset.OLD_NAME")
	}
	s.expectWrites(t)

	c.write("moved.tf", "moved {\n  from = apify_dataset.old\n  to = apify_dataset.test\n}\n")
	c.run("apply", "-auto-approve").expect(t, 0, "0 added, 0 changed, 0 destroyed")
	s.expectWrites(t)
	if got := c.id(testAddress); got != id {
		t.Errorf("the state has dataset %s, and not %s", got, id)
	}
	c.expectNoChanges()
	c.mustRun("destroy", "-auto-approve")
}

// TestAccDataset_removed takes a dataset out of management and leaves it there,
// items and all.
func TestAccDataset_removed(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	c.skipBelow("1.7", "1.7")
	name := s.name(t)
	c.write("main.tf", fmt.Sprintf(plainResource, name))
	c.mustRun("apply", "-auto-approve")
	id := c.id(testAddress)
	s.API.Push(id, []byte(`{"a":1}`))

	s.Recorder.Reset()
	c.write("main.tf", "removed {\n  from = apify_dataset.test\n  lifecycle {\n    destroy = false\n  }\n}\n")
	c.run("apply", "-auto-approve").expect(t, 0)
	s.expectWrites(t)
	if c.attributes(testAddress) != nil {
		t.Error("the dataset is still in the state")
	}
	if d, ok := s.API.Dataset(id); !ok || len(d.Items) != 1 {
		t.Errorf("the dataset is there: %t, with the items %s", ok, d.Items)
	}
}

// TestDataset_adoptedIsKept has a walk delete what it adopted for another
// resource, which the CLI lets happen only if the names were unknown in the plan.
func TestDataset_adoptedIsKept(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	name := s.name(t)
	old := s.mustApply(t, instance{}, values{"name": name})
	plan := s.newWalk(t, nil)
	creation, ds := plan.plan(t.Context(), instance{}, values{"name": unknown{}})
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	deletion, ds := plan.plan(t.Context(), old, nil)
	if len(ds) > 0 {
		t.Fatal(ds)
	}

	// The configuration is known now, and the creation is planned again.
	w := s.newWalk(t, nil)
	creation, ds = w.plan(t.Context(), creation.prior, values{"name": name})
	if len(ds.errors()) > 0 {
		t.Fatal(ds)
	}
	s.Recorder.Reset()
	after, ds := w.apply(t.Context(), creation)
	if len(ds.errors()) > 0 || !ds.warnings().has("Existing Apify dataset adopted") {
		t.Errorf("the creation says %s", ds)
	}
	gone, ds := w.apply(t.Context(), deletion)
	if gone.state != nil || len(ds.errors()) > 0 || !ds.warnings().has("Apify dataset not deleted", w.identityID(after)) {
		t.Errorf("the deletion says %s", ds)
	}
	s.expectWrites(t, "POST /v2/datasets?name="+name)
}

// TestDataset_deletedIsNotAdopted is the other way round: the deletion comes
// first, and while it is under way the creation finds what is being deleted.
func TestDataset_deletedIsNotAdopted(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	name := s.name(t)
	old := s.mustApply(t, instance{}, values{"name": name})
	w := s.newWalk(t, nil)
	deletion, ds := w.plan(t.Context(), old, nil)
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	creation, _ := s.newWalk(t, nil).plan(t.Context(), instance{}, values{"name": name})

	s.Recorder.Reset()
	apply := s.newWalk(t, nil)
	meanwhile := make(chan diagnostics, 1)
	s.Recorder.Inject(emulator.Fault{Method: http.MethodDelete, Before: func(*http.Request) {
		_, ds := apply.apply(t.Context(), creation)
		meanwhile <- ds
	}})
	if _, ds := apply.apply(t.Context(), deletion); len(ds) > 0 {
		t.Errorf("the deletion says %s", ds)
	}
	if ds := <-meanwhile; !ds.errors().has("Apify dataset managed twice") {
		t.Errorf("the creation says %s", ds)
	}
	if all := s.API.Datasets(); len(all) > 0 {
		t.Errorf("there are %d datasets", len(all))
	}

	// With the deletion over, the name is free.
	after, ds := apply.apply(t.Context(), creation)
	if len(ds) > 0 || after.state == nil {
		t.Errorf("the second creation says %s", ds)
	}
}

// TestDataset_refusedIsNotKept has a creation refuse what another resource of the
// same walk gives up: nobody has it then, and it is deleted as planned.
func TestDataset_refusedIsNotKept(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	name := s.name(t)
	creation, _ := s.newWalk(t, nil).plan(t.Context(), instance{}, values{"name": name, "adopt_existing": false})
	old := s.mustApply(t, instance{}, values{"name": name})
	deletion, ds := s.newWalk(t, nil).plan(t.Context(), old, nil)
	if len(ds) > 0 {
		t.Fatal(ds)
	}

	s.Recorder.Reset()
	w := s.newWalk(t, nil)
	if after, ds := w.apply(t.Context(), creation); after.state != nil || !ds.errors().has("Apify dataset already exists") {
		t.Errorf("the creation says %s", ds)
	}
	if _, ds := w.apply(t.Context(), deletion); len(ds) > 0 {
		t.Errorf("the deletion says %s", ds)
	}
	s.expectWrites(t, "POST /v2/datasets?name="+name, "DELETE /v2/datasets/"+w.identityID(old))
}

// TestDataset_twoStates shows a walk two states of one dataset, of which one may
// be tainted: that is planned as a creation only.
func TestDataset_twoStates(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	dataset := s.mustApply(t, instance{}, values{"name": s.name(t)})
	w := s.newWalk(t, nil)
	if _, ds := w.read(t.Context(), dataset); len(ds) > 0 {
		t.Errorf("the first refresh says %s", ds)
	}
	if _, ds := w.read(t.Context(), dataset); !ds.errors().has("Apify dataset managed twice", w.identityID(dataset)) {
		t.Errorf("the second refresh says %s", ds)
	}
}
