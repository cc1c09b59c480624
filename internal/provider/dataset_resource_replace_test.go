package provider

import (
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestAccDataset_replace deletes the old dataset first. There is no message about the taken name,
// because the holder is the dataset that is replaced.
func TestAccDataset_replace(t *testing.T) {
	for _, how := range []string{"-replace", "taint"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := newTestServer(t)
			c := s.newCLI(t)
			name := s.name(t)
			old := c.mustApply(`
				resource "apify_dataset" "test" {
				  name           = %q
				  adopt_existing = false
				}
			`, name)

			s.Recorder.Reset()
			c.planReplacement(how)
			r := c.run("apply", "tfplan")
			r.expect(t, 0, "1 added, 0 changed, 1 destroyed")
			r.expectNone(t, "Existing Apify dataset", "not deleted")
			s.expectWrites(t, "DELETE /v2/datasets/"+old, "POST /v2/datasets?name="+name)
			if id := c.id(testAddress); id == old {
				t.Errorf("the state still has dataset %s", id)
			}
			c.expectNoChanges()
			c.mustRun("destroy", "-auto-approve")
		})
	}
}

// planReplacement plans to replace the resource under test, by "taint" or "-replace". Its own name
// counts as free.
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
	r.expectNone(c.t, "Existing Apify dataset", "already exists")
}

// TestAccDataset_createBeforeDestroy replaces a dataset by itself, because names are unique. The
// dataset is then not deleted.
func TestAccDataset_createBeforeDestroy(t *testing.T) {
	for _, how := range []string{"-replace", "taint"} {
		t.Run(how, func(t *testing.T) {
			t.Parallel()
			s := newTestServer(t)
			c := s.newCLI(t)
			name := s.name(t)
			id := c.mustApply(createBeforeDestroy, name)

			s.Recorder.Reset()
			c.planReplacement(how)
			c.run("apply", "tfplan").expect(t, 0, "Existing Apify dataset", "ID "+id, "this is its own dataset, which the replacement keeps")
			s.expectWrites(t, "POST /v2/datasets?name="+name)
			c.expectID(testAddress, id)
			c.expectNoChanges()

			c.mustRun("destroy", "-auto-approve")
			s.expectWrites(t, "POST /v2/datasets?name="+name, "DELETE /v2/datasets/"+id)
		})
	}
}

// TestAccDataset_createBeforeDestroyRenamed replaces a dataset with one of another name. Both exist
// at the same time.
func TestAccDataset_createBeforeDestroyRenamed(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	name, renamed := s.name(t), s.name(t)
	id := c.mustApply(createBeforeDestroy, name)

	s.Recorder.Reset()
	c.write("main.tf", fmt.Sprintf(createBeforeDestroy, renamed))
	r := c.run("apply", "-auto-approve", "-replace="+testAddress)
	r.expect(t, 0, "1 added, 0 changed, 1 destroyed")
	r.expectNone(t, "Existing Apify dataset", "not deleted")
	s.expectWrites(t, "POST /v2/datasets?name="+renamed, "DELETE /v2/datasets/"+id)
	c.expectNoChanges()
	c.mustRun("destroy", "-auto-approve")
}

// TestAccDataset_renamedLabel changes the address of a resource, first without and then with a
// moved block.
func TestAccDataset_renamedLabel(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	c.skipBelow("1.3", "1.6") // older CLIs do not plan a destroy with the provider
	name := s.name(t)
	c.write("main.tf", fmt.Sprintf(`resource "apify_dataset" "old" { name = %q }`, name))
	c.mustRun("apply", "-auto-approve")
	id := c.id("apify_dataset.old")

	s.Recorder.Reset()
	c.write("main.tf", fmt.Sprintf(nameOnly, name))
	for _, refresh := range []string{"-refresh=true", "-refresh=false"} {
		c.run("apply", "-auto-approve", refresh).expect(t, 1, "Apify dataset destroyed and created in one run", "dataset "+id, "moved { from = apify_dataset.OLD_NAME", "apply twice")
	}
	s.expectWrites(t)

	c.write("moved.tf", "moved {\n  from = apify_dataset.old\n  to = apify_dataset.test\n}\n")
	c.run("apply", "-auto-approve").expect(t, 0, "0 added, 0 changed, 0 destroyed")
	s.expectWrites(t)
	c.expectID(testAddress, id)
	c.expectNoChanges()
	c.mustRun("destroy", "-auto-approve")
}

// TestAccDataset_removed removes a dataset with items from the state, as the error of its
// destruction advises. The dataset and its items stay.
func TestAccDataset_removed(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	c.skipBelow("1.7", "1.7")
	name := s.name(t)
	id := c.mustApply(nameOnly, name)
	s.API.Push(id, []byte(`{"a":1}`))

	s.Recorder.Reset()
	c.write("main.tf", "")
	c.run("apply", "-auto-approve").expect(t, 1, "Apify dataset contains items", id, "replace the resource with a removed block")
	c.write("main.tf", "removed {\n  from = apify_dataset.test\n  lifecycle {\n    destroy = false\n  }\n}\n")
	c.run("apply", "-auto-approve").expect(t, 0)
	s.expectWrites(t)
	if c.attributes(testAddress) != nil {
		t.Error("the dataset is still in the state")
	}
	if d, ok := s.API.Dataset(id); !ok || len(d.Items) != 1 {
		t.Errorf("the dataset exists: %t, with the items %s", ok, d.Items)
	}
}

// nameReuse is a plan to destroy a dataset and to create one with its name, in one apply. The name
// of the new one is known after apply: with the name, the provider would refuse the plan.
type nameReuse struct {
	*testServer
	// config is the configuration of the new dataset, and id the ID of the old one.
	config             values
	id                 string
	creation, deletion planned
}

func planNameReuse(t *testing.T) nameReuse {
	t.Helper()
	s := newEmulator(t, emulator.Options{})
	config := values{"name": s.name(t)}
	old := s.mustApply(t, instance{}, config)
	w := s.newWalk(t, nil)
	reuse := nameReuse{
		testServer: s, config: config, id: w.identityID(old),
		creation: w.mustPlan(instance{}, values{"name": unknown{}}),
		deletion: w.mustPlan(old, nil),
	}
	s.Recorder.Reset()
	return reuse
}

// planCreation plans the creation again with the name, as Terraform does before it applies it.
func (r *nameReuse) planCreation(w *walk) diagnostics {
	w.t.Helper()
	var ds diagnostics
	if r.creation, ds = w.plan(w.t.Context(), r.creation.prior, r.config); len(ds.errors()) > 0 {
		w.t.Fatalf("the plan of the creation has errors:\n%s", ds)
	}
	return ds
}

// expectAdoption applies the creation, and expects it to adopt the old dataset. The plan has
// announced the adoption, so the creation does not.
func (r *nameReuse) expectAdoption(w *walk) {
	w.t.Helper()
	after, ds := w.apply(w.t.Context(), r.creation)
	if len(ds) > 0 || w.identityID(after) != r.id {
		w.t.Errorf("the creation does not adopt dataset %s, but has %q:\n%s", r.id, w.identityID(after), ds)
	}
}

// expectKept applies the deletion, and expects it to keep the dataset. It warns only if the
// adoption has not succeeded yet.
func (r *nameReuse) expectKept(w *walk, warning bool) {
	w.t.Helper()
	after, ds := w.apply(w.t.Context(), r.deletion)
	if after.state != nil || len(ds.errors()) > 0 || ds.warnings().has("Apify dataset not deleted", r.id) != warning {
		w.t.Errorf("the deletion does not keep the dataset:\n%s", ds)
	}
}

// TestDataset_deleteAfterAdoption deletes, in one apply, the dataset that another resource has just
// adopted.
func TestDataset_deleteAfterAdoption(t *testing.T) {
	t.Parallel()
	r := planNameReuse(t)
	w := r.newWalk(t, nil)
	if ds := r.planCreation(w); !ds.warnings().has("Existing Apify dataset will be adopted", r.id) {
		t.Errorf("the plan of the creation does not show the adoption:\n%s", ds)
	}
	r.expectAdoption(w)
	r.expectKept(w, false)
	r.expectSent(t, getDataset, postDatasets)
}

// TestDataset_deleteBeforeAdoption deletes, in one apply, the dataset that another resource is
// about to adopt: its creation is planned, and has not started.
func TestDataset_deleteBeforeAdoption(t *testing.T) {
	t.Parallel()
	r := planNameReuse(t)
	w := r.newWalk(t, nil)
	if ds := r.planCreation(w); !ds.warnings().has("Existing Apify dataset will be adopted", r.id) {
		t.Errorf("the plan of the creation does not show the adoption:\n%s", ds)
	}
	r.expectKept(w, true)
	r.expectAdoption(w)
	r.expectSent(t, getDataset, postDatasets)
}

// TestDataset_createDuringDeletion creates a dataset while the dataset that has the name is being
// deleted in the same apply. The creation waits for the deletion, and creates another dataset.
func TestDataset_createDuringDeletion(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	name := s.name(t)
	old := s.mustApply(t, instance{}, values{"name": name})
	plan := s.newWalk(t, nil)
	deletion := plan.mustPlan(old, nil)
	creation := s.newWalk(t, nil).mustPlan(instance{}, values{"name": unknown{}}) // a name known after apply

	s.Recorder.Reset()
	apply := s.newWalk(t, nil)
	type created struct {
		after instance
		ds    diagnostics
	}
	during := make(chan created, 1)
	s.Recorder.Inject(emulator.Fault{Method: http.MethodDelete, Before: func(*http.Request) {
		p, ds := apply.plan(t.Context(), creation.prior, values{"name": name})
		go func() {
			after, more := apply.apply(t.Context(), p)
			during <- created{after, append(ds, more...)}
		}()
		for s.Recorder.Counts()[postDatasets] == 0 { // the POST returns the dataset that is being deleted
			time.Sleep(time.Millisecond)
		}
		time.Sleep(50 * time.Millisecond)
	}})
	if _, ds := apply.apply(t.Context(), deletion); len(ds) > 0 {
		t.Errorf("the deletion has diagnostics:\n%s", ds)
	}
	c := <-during
	if len(c.ds) > 0 || apply.identityID(c.after) == "" || apply.identityID(c.after) == apply.identityID(old) {
		t.Errorf("the creation has dataset %q, want a new one:\n%s", apply.identityID(c.after), c.ds)
	}
	if all := s.API.Datasets(); len(all) != 1 || all[0].ID != apply.identityID(c.after) {
		t.Errorf("the server has the datasets %v, want the new one", all)
	}
}

// TestDataset_deleteAfterRefusedAdoption deletes a dataset that a creation of the same apply
// refused to adopt. It belongs to no other resource, and the deletion happens as planned.
func TestDataset_deleteAfterRefusedAdoption(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	name := s.name(t)
	creation, _ := s.newWalk(t, nil).plan(t.Context(), instance{}, values{"name": name, "adopt_existing": false})
	old := s.mustApply(t, instance{}, values{"name": name})
	deletion := s.newWalk(t, nil).mustPlan(old, nil)

	s.Recorder.Reset()
	w := s.newWalk(t, nil)
	if after, ds := w.apply(t.Context(), creation); after.state != nil || !ds.errors().has("Apify dataset already exists") {
		t.Errorf("the creation does not refuse the dataset:\n%s", ds)
	}
	if _, ds := w.apply(t.Context(), deletion); len(ds) > 0 {
		t.Errorf("the deletion has diagnostics:\n%s", ds)
	}
	s.expectWrites(t, "POST /v2/datasets?name="+name, "DELETE /v2/datasets/"+w.identityID(old))
}

// TestDataset_readTwice reads one dataset for two resources. Reading must find this out, because a
// tainted resource is planned as a creation only.
func TestDataset_readTwice(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	dataset := s.mustApply(t, instance{}, values{"name": s.name(t)})
	w := s.newWalk(t, nil)
	w.mustRead(dataset)
	if _, ds := w.read(t.Context(), dataset); !ds.errors().has("Apify dataset managed twice", w.identityID(dataset)) {
		t.Errorf("the second read has the diagnostics\n%s", ds)
	}
}

// TestDataset_taintedDatasetAdopted plans the adoption of a dataset before the tainted resource
// that has it, gives up its name and is replaced. The apply keeps the dataset, as the plan shows,
// in every order.
func TestDataset_taintedDatasetAdopted(t *testing.T) {
	t.Parallel()
	for _, deleteFirst := range []bool{true, false} {
		s := newEmulator(t, emulator.Options{})
		name, renamed := s.name(t), s.name(t)
		tainted := s.mustApply(t, instance{}, values{"name": name, "force_destroy": true})
		plan := s.newWalk(t, nil)
		id := plan.identityID(tainted)
		s.API.Push(id, items(2)...)
		configs := []values{{"name": name}, {"name": renamed, "force_destroy": true}}

		adoption, ds := plan.plan(t.Context(), instance{}, configs[0])
		if got := plan.values(adoption.state)["id"]; got != id || !ds.has("Existing Apify dataset will be adopted: "+name, id, "2 items") {
			t.Fatalf("the plan shows the ID %v, want %s, and has the diagnostics\n%s", got, id, ds)
		}
		tainted = plan.mustRead(tainted)
		replacement := plan.mustPlan(instance{}, configs[1])

		s.Recorder.Reset()
		w := s.newWalk(t, nil)
		destroy := func() {
			w.upgrade(t.Context(), tainted)
			deletion := planned{prior: tainted, config: w.null(w.dataset()), state: w.null(w.dataset()), private: replacement.private}
			after, ds := w.apply(t.Context(), deletion)
			if after.state != nil || len(ds.errors()) > 0 || deleteFirst != ds.has("Apify dataset not deleted: "+name, id) {
				t.Errorf("delete first: %t: the deletion has the diagnostics\n%s", deleteFirst, ds)
			}
		}
		adopt := func() {
			final, ds := w.plan(t.Context(), instance{}, configs[0])
			if different := differences(w.values(adoption.state), w.values(final.state)); len(different) > 0 || len(ds.errors()) > 0 {
				t.Errorf("delete first: %t: the final plan differs in %q, and has the diagnostics\n%s", deleteFirst, different, ds)
			}
			if after, ds := w.apply(t.Context(), final); w.identityID(after) != id || len(ds.errors()) > 0 {
				t.Errorf("delete first: %t: the creation has the dataset %s and the diagnostics\n%s", deleteFirst, w.identityID(after), ds)
			}
		}
		if deleteFirst {
			destroy()
			adopt()
		} else {
			adopt()
			destroy()
		}
		s.expectWrites(t, "POST /v2/datasets?name="+name)
		s.expectItems(t, id, 2)
	}
}
