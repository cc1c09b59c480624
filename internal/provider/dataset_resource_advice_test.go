package provider

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"testing"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// The tests in this file follow the ways on that diagnostics about names and items describe.

// TestAccDataset_destroyPastConflict destroys while the configuration has conflicts. The CLI plans
// the configuration first, unless it does not refresh.
func TestAccDataset_destroyPastConflict(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	c.skipBelow("1.3", "1.6") // older CLIs do not plan a destroy with the provider
	a, b, third := s.name(t), s.name(t), s.name(t)
	for _, test := range []struct{ config, summary string }{
		{dataset("a", b) + dataset("b", a), "Apify dataset names exchanged"},
		{dataset("a", third) + dataset("b", third), "Apify dataset name planned twice"},
		{dataset("a", a) + dataset("b", b) + dataset("c", third) + dataset("d", third), "Apify dataset managed twice"},
		{dataset("a", a) + dataset("new", b), "Apify dataset destroyed and created in one run"},
		{dataset("a", a) + dataset("b", b) + dataset("c", a), "Apify dataset managed twice"},
	} {
		c.write("main.tf", dataset("a", a)+dataset("b", b))
		c.mustRun("apply", "-auto-approve")
		idA, idB := c.id("apify_dataset.a"), c.id("apify_dataset.b")

		s.Recorder.Reset()
		c.write("main.tf", test.config)
		r := c.run("destroy", "-auto-approve")
		if r.code == 0 {
			continue // newer CLIs plan only what they destroy
		}
		r.expect(t, 1, test.summary, "run terraform destroy -refresh=false")
		s.expectWrites(t)
		c.run("destroy", "-auto-approve", "-refresh=false").expect(t, 0, "2 destroyed")
		s.expectWritesInAnyOrder(t, "DELETE /v2/datasets/"+idA, "DELETE /v2/datasets/"+idB)
	}
}

// TestAccDataset_createNameWithoutOrder creates a dataset with a name that a rename gives up,
// without depends_on. The plan warns, or refuses it, depending on the order of planning.
func TestAccDataset_createNameWithoutOrder(t *testing.T) {
	t.Parallel()
	for _, renameFirst := range []bool{true, false} {
		s := newEmulator(t, emulator.Options{})
		c := s.newCLI(t)
		a, a2 := s.name(t), s.name(t)
		c.write("main.tf", dataset("a", a))
		c.mustRun("apply", "-auto-approve")
		id := c.id("apify_dataset.a")

		s.Recorder.Reset()
		c.write("main.tf", dataset("a", a2)+dataset("b", a))
		switch r := c.run("plan"); r.code {
		case 0:
			r.expect(t, 0, "Apify dataset name in use: "+a, id, "Add depends_on")
		default:
			r.expect(t, 1, "Apify dataset renamed for a creation in one run", id, "Add depends_on", "or apply the rename first")
			r.expectErrors(t, 1)
		}
		if renameFirst {
			c.write("main.tf", dataset("a", a2))
			c.mustRun("apply", "-auto-approve")
			c.write("main.tf", dataset("a", a2)+dataset("b", a))
		} else {
			c.write("main.tf", dataset("a", a2)+dataset("b", a, dependsOnA))
		}
		c.run("apply", "-auto-approve").expect(t, 0, "1 added")
		s.expectWrites(t, "PUT /v2/datasets/"+id+` {"name":"`+a2+`"}`, "POST /v2/datasets?name="+a)
		c.expectNoChanges()
	}
}

// TestAccDataset_taintedGivesUpName replaces a tainted resource under another name, and creates
// another resource with its name. Either the new resource adopts the dataset, which then is not
// deleted, or it waits for the deletion.
func TestAccDataset_taintedGivesUpName(t *testing.T) {
	t.Parallel()
	for range 3 {
		s := newEmulator(t, emulator.Options{})
		c := s.newCLI(t)
		orders, old := s.name(t), s.name(t)
		c.write("main.tf", dataset("a", orders))
		c.mustRun("apply", "-auto-approve")
		id := c.id("apify_dataset.a")
		c.mustRun("taint", "apify_dataset.a")

		s.Recorder.Reset()
		c.write("main.tf", dataset("a", old)+dataset("b", orders))
		c.mustRun("plan", "-out=tfplan")
		c.mustRun("apply", "tfplan")
		for label, name := range map[string]string{"a": old, "b": orders} {
			s.expectName(t, c.id("apify_dataset."+label), name)
		}
		if c.id("apify_dataset.b") == id && s.sentDelete() {
			t.Error("the apply deleted and adopted one dataset")
		}
		if all := s.API.Datasets(); len(all) != 2 {
			t.Errorf("the server has %d datasets", len(all))
		}
		c.expectNoChanges()
	}
}

// TestAccDataset_deposedItems replaces a dataset with create_before_destroy and a force_destroy
// that was not applied. The deletion is refused, and its deposed object is resolved on the server.
func TestAccDataset_deposedItems(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	name, renamed := s.name(t), s.name(t)
	id := c.mustApply(createBeforeDestroy, name)
	s.API.Push(id, items(2)...)

	s.Recorder.Reset()
	c.write("main.tf", dataset("test", renamed, "force_destroy = true", "lifecycle { create_before_destroy = true }"))
	r := c.run("apply", "-auto-approve", "-replace="+testAddress)
	r.expect(t, 1, "Apify dataset contains items", fmt.Sprintf("Dataset %q (ID %s) contains 2 items", name, id), "It was not deleted",
		"If this is a deposed object", "delete its dataset in Apify Console and apply again")
	r.expectErrors(t, 1)
	s.expectWrites(t, "POST /v2/datasets?name="+renamed)
	s.expectItems(t, id, 2)

	s.Recorder.Reset()
	for _, args := range [][]string{{"plan"}, {"apply", "-auto-approve", "-refresh=false"}} {
		c.run(args...).expect(t, 1, "Apify dataset contains items", id, "If this is a deposed object")
	}
	s.expectWrites(t)
	s.expectItems(t, id, 2)

	s.delete(t, id)
	c.run("apply", "-auto-approve").expect(t, 0)
	s.expectWrites(t)
	c.expectNoChanges()
	if all := s.API.Datasets(); len(all) != 1 || all[0].Name != renamed || len(c.resources()) != 1 {
		t.Errorf("the server has %d datasets, and the state %d objects", len(all), len(c.resources()))
	}
}

// TestAccDataset_replacementNotAdoptedAfterWrite replaces a dataset by itself with
// create_before_destroy and adopt_existing = false, after another write of the same apply. The
// error then keeps the resource in state.
func TestAccDataset_replacementNotAdoptedAfterWrite(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	name, other := s.name(t), s.name(t)
	config := func(adopt, cbd bool) string {
		return dataset("test", name, fmt.Sprintf("adopt_existing = %t", adopt), dependsOnA, fmt.Sprintf("lifecycle { create_before_destroy = %t }", cbd))
	}
	for _, option := range []string{config(true, true), config(false, false)} {
		c.write("main.tf", dataset("a", other)+config(false, true))
		c.mustRun("apply", "-auto-approve")
		id := c.id(testAddress)
		s.delete(t, c.id("apify_dataset.a"))
		c.mustRun("plan", "-out=tfplan", "-replace="+testAddress)
		c.run("apply", "tfplan").expect(t, 1, "Apify dataset already exists", id, "apply adopt_existing = true first, or remove create_before_destroy")
		s.expectWrites(t, "POST /v2/datasets?name="+other, "POST /v2/datasets?name="+name)
		c.expectID(testAddress, id)
		if got := len(c.resources()); got != 2 {
			t.Errorf("the state has %d objects, want 2", got)
		}
		c.expectNoChanges()

		c.write("main.tf", dataset("a", other)+option)
		c.mustRun("apply", "-auto-approve")
		c.mustRun("apply", "-auto-approve", "-replace="+testAddress)
		c.expectNoChanges()
	}
}

// depose adds a deposed object with the same dataset to the resource under test, as an interrupted
// replacement with create_before_destroy leaves it behind.
func (c *cli) depose() {
	c.t.Helper()
	file := filepath.Join(c.dir, "terraform.tfstate")
	raw, err := os.ReadFile(file) //nolint:gosec // a file of this test
	if err != nil {
		c.t.Fatal(err)
	}
	var state map[string]any
	if err := json.Unmarshal(raw, &state); err != nil {
		c.t.Fatal(err)
	}
	state["serial"] = state["serial"].(float64) + 1
	r := state["resources"].([]any)[0].(map[string]any)
	deposed := map[string]any{"deposed": "0123abcd"}
	for key, value := range r["instances"].([]any)[0].(map[string]any) {
		deposed[key] = value
	}
	r["instances"] = append(r["instances"].([]any), deposed)
	if raw, err = json.Marshal(state); err != nil {
		c.t.Fatal(err)
	}
	c.write("terraform.tfstate", string(raw))
}

// TestAccDataset_deposedSameDataset has a resource and a deposed object with the same dataset.
func TestAccDataset_deposedSameDataset(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	name := s.name(t)
	id := c.mustApply(createBeforeDestroy, name)
	s.API.Push(id, items(1)...)
	c.depose()

	s.Recorder.Reset()
	for _, args := range [][]string{{"plan"}, {"apply", "-auto-approve"}, {"plan", "-refresh=false"}} {
		c.run(args...).expect(t, 1, "Apify dataset managed twice", id, "If this is one resource and its deposed object",
			"set adopt_existing = true, run terraform state rm with the address of the resource, and apply")
	}
	s.expectWrites(t)
	c.mustRun("state", "rm", testAddress)
	c.run("apply", "-auto-approve").expect(t, 0, "Existing Apify dataset will be adopted", "1 added")
	s.expectWrites(t, "POST /v2/datasets?name="+name)
	c.expectID(testAddress, id)
	s.expectItems(t, id, 1)
	c.expectNoChanges()
}

// TestAccDataset_adoptRefusedOptions follows the options of the error besides an import block.
func TestAccDataset_adoptRefusedOptions(t *testing.T) {
	t.Parallel()
	for option, follow := range map[string]func(s *testServer, c *cli, name, id string) (lines, wantID string){
		"import": func(_ *testServer, c *cli, name, id string) (string, string) {
			c.mustRun("import", testAddress, id)
			return dataset("test", name, "adopt_existing = false"), id
		},
		"another name": func(s *testServer, c *cli, _, _ string) (string, string) {
			return dataset("test", s.name(c.t), "adopt_existing = false"), ""
		},
		"adopt_existing": func(_ *testServer, _ *cli, name, id string) (string, string) {
			return dataset("test", name, "adopt_existing = true"), id
		},
	} {
		t.Run(option, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			c := s.newCLI(t)
			d := s.API.Seed(emulator.Dataset{Name: s.name(t), Items: items(1)})
			c.write("main.tf", dataset("test", d.Name, "adopt_existing = false"))
			c.run("apply", "-auto-approve").expect(t, 1, "Apify dataset already exists", "ID "+d.ID,
				"Alternatively, choose another name, or set adopt_existing = true")
			s.expectWrites(t)
			config, want := follow(s, c, d.Name, d.ID)
			c.write("main.tf", config)
			c.mustRun("apply", "-auto-approve")
			c.expectNoChanges()
			if want != "" {
				c.expectID(testAddress, want)
			}
			s.expectItems(t, d.ID, 1)
		})
	}
}

// TestAccDataset_containsItemsOptions follows the options of the error for a dataset with items
// that are not about taint and deposed objects.
func TestAccDataset_containsItemsOptions(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	name := s.name(t)
	id := c.mustApply(nameOnly, name)
	s.API.Push(id, items(2)...)
	refused := c.run("destroy", "-auto-approve")
	refused.expect(t, 1, "Apify dataset contains items", "GET /v2/datasets/"+id+"/items", "terraform state rm apify_dataset.NAME")

	c.mustRun("state", "rm", testAddress)
	s.expectItems(t, id, 2)
	c.run("apply", "-auto-approve").expect(t, 0, "Existing Apify dataset will be adopted")

	s.Recorder.Reset()
	c.write("main.tf", dataset("test", name, "force_destroy = true"))
	c.run("destroy", "-auto-approve").expect(t, 1, "Apify dataset contains items") // not applied
	c.run("apply", "-auto-approve").expect(t, 0, "0 added, 1 changed")
	s.expectWrites(t)
	c.run("destroy", "-auto-approve").expect(t, 0, "Items of Apify dataset will be deleted: "+name, "1 destroyed")
	s.expectWrites(t, "DELETE /v2/datasets/"+id)
}

// TestAccDataset_chainAfterError renames a dataset to a name that another resource does not give
// up, because of an error. After the cause is gone, the next apply succeeds.
func TestAccDataset_chainAfterError(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	a, b, a2 := s.name(t), s.name(t), s.name(t)
	c.write("main.tf", dataset("a", a)+dataset("b", b))
	c.mustRun("apply", "-auto-approve")
	idA, idB := c.id("apify_dataset.a"), c.id("apify_dataset.b")
	s.Recorder.Inject(emulator.Fault{Method: http.MethodPut, Status: http.StatusForbidden, Body: `{"error":{"type":"insufficient-permissions","message":"No."}}`})

	s.Recorder.Reset()
	c.write("main.tf", dataset("a", a2)+dataset("b", a))
	r := c.run("apply", "-auto-approve")
	r.expect(t, 1, "Updating Apify dataset failed", "insufficient-permissions", "because dataset "+idA+" already uses that name",
		"correct the error of the other resource and apply again")
	r.expectErrors(t, 2)
	s.expectWrites(t, "PUT /v2/datasets/"+idA+` {"name":"`+a2+`"}`)

	s.Recorder.ClearFaults()
	s.Recorder.Reset()
	c.mustRun("apply", "-auto-approve")
	s.expectWrites(t, "PUT /v2/datasets/"+idA+` {"name":"`+a2+`"}`, "PUT /v2/datasets/"+idB+` {"name":"`+a+`"}`)
	c.expectNoChanges()
}

// TestAccDataset_managedTwiceRemoved removes one of two resources for one dataset from the state
// with a removed block.
func TestAccDataset_managedTwiceRemoved(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	c.skipBelow("1.7", "1.7")
	name := s.name(t)
	id := c.mustApply(nameOnly, name)
	c.write("second.tf", dataset("second", name))
	c.mustRun("import", "apify_dataset.second", id)

	s.Recorder.Reset()
	c.run("plan").expect(t, 1, "Apify dataset managed twice", id, "with a removed block")
	c.write("second.tf", "removed {\n  from = apify_dataset.second\n  lifecycle {\n    destroy = false\n  }\n}\n")
	apply := []string{"apply", "-auto-approve"}
	if product, _ := c.version(); product == "OpenTofu" {
		apply = append(apply, "-refresh=false")
	}
	c.run(apply...).expect(t, 0)
	s.expectWrites(t)
	c.expectID(testAddress, id)
	if got := len(c.resources()); got != 1 {
		t.Errorf("the state has %d objects", got)
	}
	c.expectNoChanges()
}

// TestAccDataset_destroyedName renames a dataset to the name of one that the same apply deletes.
func TestAccDataset_destroyedName(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	c.skipBelow("1.3", "1.6") // older CLIs do not plan a destroy with the provider
	a, b := s.name(t), s.name(t)
	c.write("main.tf", dataset("a", a)+dataset("b", b))
	c.mustRun("apply", "-auto-approve")
	idA, idB := c.id("apify_dataset.a"), c.id("apify_dataset.b")

	s.Recorder.Reset()
	c.write("main.tf", dataset("b", a))
	c.run("apply", "-auto-approve").expect(t, 0, "Apify dataset name in use: "+a, idA, "0 added, 1 changed, 1 destroyed")
	s.expectWrites(t, "DELETE /v2/datasets/"+idA, "PUT /v2/datasets/"+idB+` {"name":"`+a+`"}`)
	c.expectNoChanges()
}

// TestAccDataset_replacedAndRenamed replaces a dataset and renames it in the same plan. It is in no
// conflict with itself.
func TestAccDataset_replacedAndRenamed(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	a, b, a2 := s.name(t), s.name(t), s.name(t)
	c.write("main.tf", dataset("test", a)+dataset("b", b))
	c.mustRun("apply", "-auto-approve")
	id, idB := c.id(testAddress), c.id("apify_dataset.b")

	s.Recorder.Reset()
	c.write("main.tf", dataset("test", a2)+dataset("b", a))
	c.mustRun("plan", "-out=tfplan", "-replace="+testAddress)
	c.run("apply", "tfplan").expect(t, 0, "1 added, 1 changed, 1 destroyed")
	s.expectWritesInAnyOrder(t, "DELETE /v2/datasets/"+id, "POST /v2/datasets?name="+a2, "PUT /v2/datasets/"+idB+` {"name":"`+a+`"}`)
	c.expectNoChanges()

	c.write("main.tf", dataset("test", a)+dataset("b", a))
	c.run("plan", "-replace="+testAddress).expect(t, 1, "Apify dataset name planned twice")
}

// TestAccDataset_destroyBoth destroys two objects in state that have the same dataset: two
// resources, or a resource and its deposed object.
func TestAccDataset_destroyBoth(t *testing.T) {
	for name, add := range map[string]func(c *cli, id string){
		"resource": func(c *cli, id string) {
			c.write("second.tf", `resource "apify_dataset" "second" {}`)
			c.mustRun("import", "apify_dataset.second", id)
		},
		"deposed object": func(c *cli, _ string) { c.depose() },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			c := s.newCLI(t)
			id := c.mustApply(createBeforeDestroy, s.name(t))
			add(c, id)

			s.Recorder.Reset()
			c.run("destroy", "-auto-approve").expect(t, 1, "Apify dataset managed twice", "run terraform destroy -refresh=false")
			s.expectWrites(t)
			c.run("destroy", "-auto-approve", "-refresh=false").expect(t, 0)
			for _, w := range s.writes() {
				if w != "DELETE /v2/datasets/"+id {
					t.Errorf("the destroy sent %s", w)
				}
			}
			if len(s.API.Datasets()) > 0 || len(c.resources()) > 0 {
				t.Errorf("the server has %d datasets, and the state %d objects", len(s.API.Datasets()), len(c.resources()))
			}
		})
	}
}
