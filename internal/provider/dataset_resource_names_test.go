package provider

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// planned returns the planned values of a resource in a saved plan, without unknown ones.
func (c *cli) planned(file, address string) map[string]any {
	c.t.Helper()
	var plan struct {
		Changes []struct {
			Address string `json:"address"`
			Change  struct {
				After map[string]any `json:"after"`
			} `json:"change"`
		} `json:"resource_changes"`
	}
	out := c.rawOutput("show", "-json", file)
	if err := json.Unmarshal([]byte(out[max(0, strings.Index(out, "{")):]), &plan); err != nil {
		c.t.Fatalf("%v\n%s", err, out)
	}
	for _, r := range plan.Changes {
		if r.Address == address {
			return r.Change.After
		}
	}
	c.t.Fatalf("%s is not in the plan", address)
	return nil
}

// dataset returns the configuration of a named dataset, with more lines.
func dataset(label, name string, lines ...string) string {
	return fmt.Sprintf("resource \"apify_dataset\" %q {\n  name = %q\n  %s\n}\n", label, name, strings.Join(lines, "\n  "))
}

// dependsOnA is a line that makes a resource wait for the resource "a".
const dependsOnA = "depends_on = [apify_dataset.a]"

// expectName fails the test unless the server has a dataset with this name.
func (s *testServer) expectName(t *testing.T, id, want string) {
	t.Helper()
	if d, ok := s.API.Dataset(id); !ok || d.Name != want {
		t.Errorf("dataset %s exists: %t, and has the name %q, want %q", id, ok, d.Name, want)
	}
}

// TestAccDataset_plannedAdoption shows in the plan which dataset the apply will adopt.
func TestAccDataset_plannedAdoption(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	d := s.API.Seed(emulator.Dataset{Name: s.name(t), Items: items(2)})
	c.write("main.tf", dataset("test", d.Name)+`output "id" { value = apify_dataset.test.id }`)
	c.run("plan", "-out=tfplan", "-detailed-exitcode").expect(t, 2, "Existing Apify dataset will be adopted: "+d.Name, "1 to add", "+ id = \""+d.ID)
	planned := c.planned("tfplan", testAddress)
	for attribute, want := range map[string]any{
		"id": d.ID, "user_id": emulator.DefaultUserID, "created_at": d.CreatedAt.Format("2006-01-02T15:04:05.000Z"),
		"console_url": "https://console.apify.com/storage/datasets/" + d.ID,
	} {
		if planned[attribute] != want {
			t.Errorf("the planned value of %s is %v, want %v", attribute, planned[attribute], want)
		}
	}

	s.Recorder.Reset()
	c.run("apply", "tfplan").expect(t, 0, "1 added, 0 changed, 0 destroyed", "Existing Apify dataset")
	s.expectSent(t, getDataset, postDatasets)
	c.expectID(testAddress, d.ID)
	c.expectNoChanges()
}

// TestAccDataset_adoptionDeletedAfterPlan deletes the dataset that the plan adopts. The apply stops
// before it sends anything, and the next one creates the dataset.
func TestAccDataset_adoptionDeletedAfterPlan(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	d := s.API.Seed(emulator.Dataset{Name: s.name(t)})
	c.write("main.tf", dataset("test", d.Name))
	c.mustRun("plan", "-out=tfplan")
	s.API.Delete(d.ID)

	s.Recorder.Reset()
	c.run("apply", "tfplan").expect(t, 1, "inconsistent final plan")
	s.expectWrites(t)
	if len(c.resources()) > 0 {
		t.Error("the resource is in the state")
	}
	c.run("apply", "-auto-approve").expect(t, 0, "1 added")
	s.expectWrites(t, "POST /v2/datasets?name="+d.Name)
	c.expectNoChanges()
}

// TestAccDataset_adoptionReplacedDuringApply replaces the dataset that the plan adopts between the
// lookup of the apply and its POST.
func TestAccDataset_adoptionReplacedDuringApply(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	d := s.API.Seed(emulator.Dataset{Name: s.name(t)})
	c.write("main.tf", dataset("test", d.Name))
	c.mustRun("plan", "-out=tfplan")
	s.Recorder.Inject(emulator.Fault{Method: http.MethodPost, Times: 1, Before: func(*http.Request) { s.API.Delete(d.ID) }})

	s.Recorder.Reset()
	c.run("apply", "tfplan").expect(t, 1, "Apify dataset deleted during the apply", d.ID, "Plan again to adopt it")
	s.expectWrites(t, "POST /v2/datasets?name="+d.Name)
	if len(c.resources()) > 0 {
		t.Error("the resource is in the state")
	}
	c.run("apply", "-auto-approve").expect(t, 0, "1 added", "Existing Apify dataset")
	c.expectNoChanges()
	if all := s.API.Datasets(); len(all) != 1 {
		t.Errorf("the server has %d datasets", len(all))
	}
}

// TestAccDataset_nameConflicts refuses plans in which not every resource can get its name. A third
// name resolves an exchange.
func TestAccDataset_nameConflicts(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	a, b, third := s.name(t), s.name(t), s.name(t)
	c.write("main.tf", dataset("a", a)+dataset("b", b))
	c.mustRun("apply", "-auto-approve")
	idA, idB := c.id("apify_dataset.a"), c.id("apify_dataset.b")
	for _, test := range []struct {
		config, summary string
		texts           []string
	}{
		{dataset("a", third) + dataset("b", strings.ToUpper(third)), "Apify dataset name planned twice", []string{"end up with the name", "Change the name of one resource"}},
		{dataset("a", third) + dataset("b", b) + dataset("c", third), "Apify dataset name planned twice", []string{"end up with the name"}},
		{dataset("a", b) + dataset("b", b), "Apify dataset name planned twice", []string{"end up with the name \"" + b, idA, idB}},
		{dataset("a", b) + dataset("b", a), "Apify dataset names exchanged", []string{idA, idB, "to a third name and apply"}},
	} {
		c.write("main.tf", test.config)
		for range 2 { // Terraform plans in any order
			s.Recorder.Reset()
			r := c.run("apply", "-auto-approve")
			r.expect(t, 1, append(test.texts, test.summary)...)
			r.expectErrors(t, 1)
			c.run("plan", "-refresh=false").expect(t, 1, test.summary)
			s.expectWrites(t)
		}
	}

	c.write("main.tf", dataset("a", third)+dataset("b", b))
	c.mustRun("apply", "-auto-approve")
	c.write("main.tf", dataset("a", third)+dataset("b", a))
	c.mustRun("apply", "-auto-approve")
	c.write("main.tf", dataset("a", b)+dataset("b", a))
	c.mustRun("apply", "-auto-approve")
	s.expectName(t, idA, b)
	s.expectName(t, idB, a)
	c.expectNoChanges()
}

// TestAccDataset_renameOntoImportedName renames a dataset to the name of one that the same plan
// imports without changes.
func TestAccDataset_renameOntoImportedName(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	c.skipBelow("1.5", "1.6") // import blocks
	a, b := s.name(t), s.API.Seed(emulator.Dataset{Name: s.name(t)})
	c.write("main.tf", dataset("a", a))
	c.mustRun("apply", "-auto-approve")
	id := c.id("apify_dataset.a")

	s.Recorder.Reset()
	c.write("main.tf", dataset("a", b.Name)+dataset("b", b.Name)+fmt.Sprintf("import {\n  to = apify_dataset.b\n  id = %q\n}\n", b.ID))
	for range 2 { // Terraform plans in any order
		r := c.run("apply", "-auto-approve")
		r.expect(t, 1, "Apify dataset name planned twice", b.ID, id)
		r.expectErrors(t, 1)
	}
	s.expectWrites(t)
}

// TestAccDataset_renameOntoForeignName renames a dataset to the name of one that no resource has.
// The local platform would accept the name.
func TestAccDataset_renameOntoForeignName(t *testing.T) {
	for _, local := range []bool{false, true} {
		t.Run(fmt.Sprintf("local platform: %t", local), func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{LocalPlatform: local})
			c := s.newCLI(t)
			name := s.name(t)
			foreign := s.API.Seed(emulator.Dataset{Name: s.name(t), Items: items(1)})
			id := c.mustApply(nameOnly, name)

			s.Recorder.Reset()
			c.write("main.tf", dataset("test", foreign.Name))
			c.run("plan", "-detailed-exitcode").expect(t, 2, "Apify dataset name in use: "+foreign.Name, foreign.ID, "depends_on")
			c.run("apply", "-auto-approve").expect(t, 1, "Updating Apify dataset failed", "dataset "+foreign.ID+" already uses that name", name,
				"Choose another name, or rename the other dataset first")
			s.expectWrites(t)
			s.expectName(t, id, name)
			s.expectName(t, foreign.ID, foreign.Name)

			s.API.Delete(foreign.ID)
			c.mustRun("apply", "-auto-approve")
			s.expectWrites(t, "PUT /v2/datasets/"+id+` {"name":"`+foreign.Name+`"}`)
			c.expectNoChanges()
		})
	}
}

// TestAccDataset_renameChain renames a dataset, and another one to its old name, in one apply.
func TestAccDataset_renameChain(t *testing.T) {
	for name, order := range map[string]string{"any order": "", "depends_on": dependsOnA} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			c := s.newCLI(t)
			a, b, a2 := s.name(t), s.name(t), s.name(t)
			c.write("main.tf", dataset("a", a)+dataset("b", b))
			c.mustRun("apply", "-auto-approve")
			idA, idB := c.id("apify_dataset.a"), c.id("apify_dataset.b")

			s.Recorder.Reset()
			c.write("main.tf", dataset("a", a2)+dataset("b", a, order))
			plan := c.run("plan", "-out=tfplan", "-detailed-exitcode")
			plan.expect(t, 2, "Apify dataset name in use: "+a, fmt.Sprintf("dataset %q (ID %s)", a, idA), "Add depends_on")
			plan.expectErrors(t, 0)
			c.run("apply", "tfplan").expect(t, 0, "0 added, 2 changed, 0 destroyed")
			s.expectWrites(t, "PUT /v2/datasets/"+idA+` {"name":"`+a2+`"}`, "PUT /v2/datasets/"+idB+` {"name":"`+a+`"}`)
			c.expectNoChanges()
			c.mustRun("destroy", "-auto-approve")
		})
	}
}

// TestAccDataset_createNameGivenUp renames a dataset and creates one with its old name. Without
// depends_on the order is not certain.
func TestAccDataset_createNameGivenUp(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	a, a2 := s.name(t), s.name(t)
	c.write("main.tf", dataset("a", a))
	c.mustRun("apply", "-auto-approve")
	id := c.id("apify_dataset.a")

	s.Recorder.Reset()
	c.write("main.tf", dataset("a", a2)+dataset("b", a, dependsOnA))
	c.run("plan", "-out=tfplan", "-detailed-exitcode").expect(t, 2, "Apify dataset name in use: "+a, id, "1 to add, 1 to change")
	c.run("apply", "tfplan").expect(t, 0, "1 added, 1 changed")
	s.expectWrites(t, "PUT /v2/datasets/"+id+` {"name":"`+a2+`"}`, "POST /v2/datasets?name="+a)
	c.expectID("apify_dataset.a", id)
	if c.id("apify_dataset.b") == id {
		t.Error("both resources have the same dataset")
	}
	c.expectNoChanges()
}

// byCount returns the configuration of datasets that are numbered by their position in a list.
func byCount(names ...string) string {
	return fmt.Sprintf("locals { names = [%s] }\n", quoteAll(names)) + `
		resource "apify_dataset" "test" {
		  count = length(local.names)
		  name  = local.names[count.index]
		}
	`
}

func quoteAll(names []string) string {
	var quoted []string
	for _, name := range names {
		quoted = append(quoted, fmt.Sprintf("%q", name))
	}
	return strings.Join(quoted, ", ")
}

// TestAccDataset_countShifts removes the first of several datasets that are numbered by count.
// Every other resource then takes the name of its successor, and the last dataset is deleted, if it
// is empty.
func TestAccDataset_countShifts(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	names := []string{s.name(t), s.name(t), s.name(t)}
	ids := c.applyByCount(names...)
	s.API.Push(ids[0], items(1)...)
	s.API.Push(ids[1], items(1)...)

	s.Recorder.Reset()
	c.write("main.tf", byCount(names[1:]...))
	c.run("apply", "-auto-approve").expect(t, 0, "Apify dataset name in use: "+names[1], "Apify dataset name in use: "+names[2], "0 added, 2 changed, 1 destroyed")
	s.expectWrites(t, "DELETE /v2/datasets/"+ids[2],
		"PUT /v2/datasets/"+ids[1]+` {"name":"`+names[2]+`"}`, "PUT /v2/datasets/"+ids[0]+` {"name":"`+names[1]+`"}`)
	for _, id := range ids[:2] {
		if d, _ := s.API.Dataset(id); len(d.Items) != 1 {
			t.Errorf("dataset %s has %d items", id, len(d.Items))
		}
	}
	c.expectNoChanges()
}

// TestAccDataset_countShiftRefused keeps all items if the last dataset contains items, in the plan
// and, while the counters lag behind, in the apply. It follows the advice of the errors.
func TestAccDataset_countShiftRefused(t *testing.T) {
	t.Parallel()
	for _, lag := range []time.Duration{0, time.Hour} {
		s := newEmulator(t, emulator.Options{CounterLag: lag})
		c := s.newCLI(t)
		c.skipBelow("1.1", "1.6") // moved blocks
		names := []string{s.name(t), s.name(t), s.name(t)}
		ids := c.applyByCount(names...)
		s.API.Push(ids[1], items(1)...)
		s.API.Push(ids[2], items(1)...)

		s.Recorder.Reset()
		c.write("main.tf", byCount(names[1:]...))
		r := c.run("apply", "-auto-approve")
		r.expect(t, 1, "Apify dataset contains items", "use for_each with the names as keys, and moved blocks", ids[2])
		if lag == 0 {
			r.expectErrors(t, 1)
			r.expect(t, 1, "Apify dataset name in use: "+names[1], "Apify dataset name in use: "+names[2])
		} else {
			r.expect(t, 1, "Updating Apify dataset failed", ids[1])
			r.expectNone(t, "rename the other dataset first")
			r.expectErrors(t, 3)
		}
		s.expectWrites(t)

		c.write("main.tf", byName(names[1:], map[int]string{1: names[1], 2: names[2]}))
		c.run("apply", "-auto-approve").expect(t, 0, "0 added, 0 changed, 1 destroyed")
		s.expectWrites(t, "DELETE /v2/datasets/"+ids[0])
		s.expectName(t, ids[1], names[1])
		s.expectName(t, ids[2], names[2])
		c.expectNoChanges()
	}
}

// TestAccDataset_countInsert inserts a name at the beginning of a list that count numbers, and
// follows the advice: no instance can depend on another one of the same resource.
func TestAccDataset_countInsert(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	c.skipBelow("1.1", "1.6") // moved blocks
	names := []string{s.name(t), s.name(t), s.name(t)}
	ids := c.applyByCount(names[1:]...)

	s.Recorder.Reset()
	c.write("main.tf", byCount(names...))
	r := c.run("plan") // a warning or an error, depending on the order of planning
	summary := "Apify dataset name in use"
	if r.code != 0 {
		summary = "Apify dataset renamed for a creation in one run"
	}
	r.expect(t, r.code, summary, "use for_each with the names as keys, and moved blocks")
	s.expectWrites(t)

	c.write("main.tf", byName(names, map[int]string{0: names[1], 1: names[2]}))
	c.run("apply", "-auto-approve").expect(t, 0, "1 added, 0 changed, 0 destroyed")
	s.expectWrites(t, "POST /v2/datasets?name="+names[0])
	s.expectName(t, ids[0], names[1])
	s.expectName(t, ids[1], names[2])
	c.expectNoChanges()
}

// applyByCount creates datasets that are numbered by count, and returns their IDs.
func (c *cli) applyByCount(names ...string) (ids []string) {
	c.write("main.tf", byCount(names...))
	c.mustRun("apply", "-auto-approve")
	for i := range names {
		ids = append(ids, c.id(fmt.Sprintf("apify_dataset.test[%d]", i)))
	}
	return ids
}

// byName returns the configuration of datasets with for_each, and blocks that move instances with
// numbers to names.
func byName(names []string, moved map[int]string) string {
	config := fmt.Sprintf("resource \"apify_dataset\" \"test\" {\n  for_each = toset([%s])\n  name = each.key\n}\n", quoteAll(names))
	for number, name := range moved {
		config += fmt.Sprintf("moved {\n  from = apify_dataset.test[%d]\n  to = apify_dataset.test[%q]\n}\n", number, name)
	}
	return config
}

// TestAccDataset_plannedLoss shows in the plan of a destroy which datasets contain items, with at
// most one request for each.
func TestAccDataset_plannedLoss(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	a, b, empty := s.name(t), s.name(t), s.name(t)
	config := func(force bool) string {
		line := fmt.Sprintf("force_destroy = %t", force)
		return dataset("a", a, line) + dataset("b", b, line) + dataset("empty", empty)
	}
	c.write("main.tf", config(false))
	c.mustRun("apply", "-auto-approve")
	idA, idB, idEmpty := c.id("apify_dataset.a"), c.id("apify_dataset.b"), c.id("apify_dataset.empty")
	s.API.Push(idA, items(2)...)
	s.API.Push(idB, items(1)...)
	atMostOneRead := func(n int) {
		t.Helper()
		if sent := s.sent(); len(sent) > n || slices.ContainsFunc(sent, func(r string) bool { return r != getDataset && r != getDatasets && r != getUser }) {
			t.Errorf("the plan sent %q", sent)
		}
	}

	for _, refresh := range []string{"-refresh=true", "-refresh=false"} {
		s.Recorder.Reset()
		r := c.run("plan", "-destroy", refresh)
		r.expect(t, 1, "Apify dataset contains items", fmt.Sprintf("Dataset %q (ID %s) contains 2 items", a, idA),
			fmt.Sprintf("Dataset %q (ID %s) contains 1 item,", b, idB), "The apply would refuse to delete it")
		r.expectErrors(t, 2)
		r.expectNone(t, "(ID "+idEmpty)
		// Each walk of a destroy reads each dataset once.
		atMostOneRead(6)
	}
	if len(c.resources()) != 3 {
		t.Error("the state has changed")
	}

	c.write("main.tf", config(true))
	c.mustRun("apply", "-auto-approve")
	for _, refresh := range []string{"-refresh=true", "-refresh=false"} {
		s.Recorder.Reset()
		r := c.run("plan", "-destroy", "-out=tfplan", refresh)
		r.expect(t, 0, "Items of Apify dataset will be deleted: "+a, "Items of Apify dataset will be deleted: "+b,
			fmt.Sprintf("deletes dataset %q (ID %s), which contains 2 items", a, idA), "which contains 1 item.", "3 to destroy")
		atMostOneRead(6)
	}
	s.Recorder.Reset()
	c.run("apply", "tfplan").expect(t, 0, "3 destroyed")
	s.expectWritesInAnyOrder(t, "DELETE /v2/datasets/"+idA, "DELETE /v2/datasets/"+idB, "DELETE /v2/datasets/"+idEmpty)
}

// TestAccDataset_destroyErrorsNameDataset fails to destroy a dataset. Terraform shows no address
// there.
func TestAccDataset_destroyErrorsNameDataset(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	name := s.name(t)
	id := c.mustApply(nameOnly, name)
	for _, f := range []emulator.Fault{
		{Method: http.MethodDelete, Status: http.StatusForbidden, Body: `{"error":{"type":"insufficient-permissions","message":"No."}}`},
		onRequest(getItems, emulator.Fault{Status: http.StatusForbidden, Body: `{"error":{"type":"insufficient-permissions","message":"No."}}`}),
	} {
		s.Recorder.ClearFaults()
		s.Recorder.Inject(f)
		r := c.run("destroy", "-auto-approve")
		r.expect(t, 1, "Deleting Apify dataset failed", fmt.Sprintf("dataset %q (ID %s)", name, id), "remains in state")
		r.expectErrors(t, 1)
	}
	s.Recorder.ClearFaults()
	c.mustRun("destroy", "-auto-approve")
}

// expectItems fails the test unless the server has a dataset with this number of items.
func (s *testServer) expectItems(t *testing.T, id string, want int) {
	t.Helper()
	if d, ok := s.API.Dataset(id); !ok || len(d.Items) != want {
		t.Errorf("dataset %s exists: %t, and has %d items, want %d", id, ok, len(d.Items), want)
	}
}

// TestAccDataset_replaceItems replaces a dataset with items by -replace: only with force_destroy,
// for which the configuration of the same plan is enough.
func TestAccDataset_replaceItems(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	name := s.name(t)
	id := c.mustApply(nameOnly, name)
	s.API.Push(id, items(2)...)

	s.Recorder.Reset()
	for _, refresh := range []string{"-refresh=true", "-refresh=false"} {
		r := c.run("apply", "-auto-approve", "-replace="+testAddress, refresh)
		r.expect(t, 1, "Apify dataset contains items", fmt.Sprintf("replaces dataset %q (ID %s), which contains 2 items", name, id),
			"set force_destroy = true and plan again", "plan without -replace")
		r.expectErrors(t, 1)
	}
	s.expectWrites(t)
	c.expectID(testAddress, id)
	c.expectNoChanges() // without -replace
	s.expectItems(t, id, 2)

	c.write("main.tf", dataset("test", name, "force_destroy = true"))
	c.mustRun("plan", "-replace="+testAddress, "-out=tfplan")
	c.run("apply", "tfplan").expect(t, 0, "1 added, 0 changed, 1 destroyed")
	s.expectWrites(t, "DELETE /v2/datasets/"+id, "POST /v2/datasets?name="+name)
	if c.id(testAddress) == id {
		t.Error("the state still has the old dataset")
	}
	c.expectNoChanges()
}

// TestAccDataset_replaceTriggeredBy replaces a dataset with items because another resource changes.
func TestAccDataset_replaceTriggeredBy(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	c.skipBelow("1.4", "1.6") // terraform_data
	name := s.name(t)
	config := func(input, force string) string {
		return dataset("test", name, force, "lifecycle { replace_triggered_by = [terraform_data.input] }") +
			fmt.Sprintf("resource \"terraform_data\" \"input\" { input = %q }\n", input)
	}
	c.write("main.tf", config("1", ""))
	c.mustRun("apply", "-auto-approve")
	id := c.id(testAddress)
	s.API.Push(id, items(2)...)

	s.Recorder.Reset()
	c.write("main.tf", config("2", ""))
	r := c.run("apply", "-auto-approve")
	r.expect(t, 1, "Apify dataset contains items", id, "remove replace_triggered_by")
	r.expectErrors(t, 1)
	s.expectWrites(t)
	s.expectItems(t, id, 2)

	c.write("main.tf", config("2", "force_destroy = true"))
	c.run("apply", "-auto-approve").expect(t, 0, "1 destroyed")
	s.expectWrites(t, "DELETE /v2/datasets/"+id, "POST /v2/datasets?name="+name)
	c.expectNoChanges()
}

// TestAccDataset_taintedItems follows each option of the error for a tainted resource whose dataset
// contains items.
func TestAccDataset_taintedItems(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	name := s.name(t)
	id := c.mustApply(nameOnly, name)
	s.API.Push(id, items(2)...)
	c.mustRun("taint", testAddress)

	s.Recorder.Reset()
	c.run("plan", "-detailed-exitcode").expect(t, 2, "Apify dataset of a tainted resource contains items: "+name,
		fmt.Sprintf("dataset %q (ID %s), which is in state and contains 2 items", name, id), "the apply refuses to delete the dataset", "terraform untaint")
	c.run("apply", "-auto-approve").expect(t, 1, "Apify dataset contains items", fmt.Sprintf("Dataset %q (ID %s) contains 2 items", name, id),
		"If the resource is tainted, set force_destroy = true and apply", "terraform untaint apify_dataset.NAME")
	s.expectWrites(t)
	s.expectItems(t, id, 2)

	c.mustRun("untaint", testAddress)
	c.expectNoChanges()
	c.expectID(testAddress, id)
	s.expectWrites(t)

	for _, refresh := range []string{"-refresh=true", "-refresh=false"} {
		id = c.id(testAddress)
		s.API.Push(id, items(2)...)
		c.mustRun("taint", testAddress)
		c.write("main.tf", dataset("test", name, "force_destroy = true"))
		c.run("plan", refresh).expect(t, 0, fmt.Sprintf("dataset %q (ID %s), which is in state and contains", name, id),
			"the apply deletes the dataset and its items, because force_destroy is true")
		s.Recorder.Reset()
		c.run("apply", "-auto-approve", refresh).expect(t, 0, "1 added, 0 changed, 1 destroyed")
		s.expectWrites(t, "DELETE /v2/datasets/"+id, "POST /v2/datasets?name="+name)
		c.expectNoChanges()
	}
}

// TestAccDataset_taintedWithoutRefresh plans to replace a tainted resource. Its own dataset is no
// dataset to adopt, also if the plan has not read it.
func TestAccDataset_taintedWithoutRefresh(t *testing.T) {
	t.Parallel()
	for _, adopt := range []string{"adopt_existing = true", "adopt_existing = false"} {
		s := newEmulator(t, emulator.Options{})
		c := s.newCLI(t)
		name := s.name(t)
		c.write("main.tf", dataset("test", name, adopt))
		c.mustRun("apply", "-auto-approve")
		id := c.id(testAddress)
		c.mustRun("taint", testAddress)

		s.Recorder.Reset()
		for _, refresh := range []string{"-refresh=false", "-refresh=true"} {
			r := c.run("plan", "-out=tfplan", "-detailed-exitcode", refresh)
			r.expect(t, 2, "1 to add, 0 to change, 1 to destroy", "(known after apply)")
			r.expectNone(t, "Existing Apify dataset", "already exists")
		}
		r := c.run("apply", "tfplan")
		r.expect(t, 0, "1 added, 0 changed, 1 destroyed")
		r.expectNone(t, "Existing Apify dataset", "already exists")
		s.expectWrites(t, "DELETE /v2/datasets/"+id, "POST /v2/datasets?name="+name)
		c.expectNoChanges()
	}
}

// TestAccDataset_labelWithoutMoved changes the address of a resource without a moved block, and
// follows both options of the error.
func TestAccDataset_labelWithoutMoved(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	c.skipBelow("1.3", "1.6") // older CLIs do not plan a destroy with the provider
	name := s.name(t)
	c.write("main.tf", dataset("old", name))
	c.mustRun("apply", "-auto-approve")
	id := c.id("apify_dataset.old")

	s.Recorder.Reset()
	c.write("main.tf", dataset("new", name))
	for _, args := range [][]string{{"plan"}, {"plan", "-refresh=false"}, {"apply", "-auto-approve"}} {
		r := c.run(args...)
		r.expect(t, 1, "Apify dataset destroyed and created in one run", "dataset "+id, "moved { from = apify_dataset.OLD_NAME to = apify_dataset.NEW_NAME }",
			"apply twice: remove the resource that creates, apply, add it again, and apply")
		r.expectErrors(t, 1)
	}
	s.expectWrites(t)

	c.write("moved.tf", "moved {\n  from = apify_dataset.old\n  to   = apify_dataset.new\n}\n")
	c.run("apply", "-auto-approve").expect(t, 0, "0 added, 0 changed, 0 destroyed")
	s.expectWrites(t)
	c.expectID("apify_dataset.new", id)

	c.remove("moved.tf")
	c.write("main.tf", "")
	c.run("apply", "-auto-approve").expect(t, 0, "1 destroyed")
	c.write("main.tf", dataset("newest", name))
	c.run("apply", "-auto-approve").expect(t, 0, "1 added")
	s.expectWrites(t, "DELETE /v2/datasets/"+id, "POST /v2/datasets?name="+name)
	c.expectNoChanges()
}

// count returns the number of times that a text is in the output.
func (r result) count(text string) int { return strings.Count(r.output, text) }

// TestAccDataset_manyAdoptions adopts more datasets than warnings name.
func TestAccDataset_manyAdoptions(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	prefix := s.name(t)
	const n = maxNamedWarnings + 2
	s.seedMany(n, prefix+"-%d")
	c.write("main.tf", fmt.Sprintf("resource \"apify_dataset\" \"test\" {\n  count = %d\n  name = \"%s-${count.index}\"\n}\n", n, prefix))

	plan := c.run("plan", "-out=tfplan")
	plan.expect(t, 0, fmt.Sprintf("%d to add", n), "Warning: Further existing Apify dataset will be adopted", "(and one more similar warning elsewhere)")
	s.Recorder.Reset()
	apply := c.run("apply", "tfplan")
	apply.expect(t, 0, fmt.Sprintf("%d added", n), "Warning: Further existing Apify dataset", "(and one more similar warning elsewhere)")
	for name, r := range map[string]result{"plan": plan, "apply": apply} {
		if named := r.count("Warning: Existing Apify dataset"); named != maxNamedWarnings || r.count("Warning: Further existing") != 1 {
			t.Errorf("the %s has %d named and %d further warnings:\n%s", name, named, r.count("Warning: Further existing"), r.output)
		}
		for i := range n {
			if got := r.count(fmt.Sprintf("A dataset named \"%s-%d\" already exists", prefix, i)); got > 1 {
				t.Errorf("the %s announces dataset %d %d times", name, i, got)
			}
		}
	}
	if writes := s.writes(); len(writes) != n {
		t.Errorf("the apply sent %q", writes)
	}
	c.expectNoChanges()
}

// TestAccDataset_wrongToken plans with a token that the API rejects. Nothing else would succeed.
func TestAccDataset_wrongToken(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	c.env = append(c.env, tokenVariable+"=apify_api_wrong")
	c.write("main.tf", dataset("test", s.name(t)))
	r := c.run("plan")
	r.expect(t, 1, "Apify dataset name not checked", "401", "token")
	r.expectErrors(t, 1)
	r.expectNone(t, "apify_api_wrong")
	s.expectWrites(t)

	c.env = append(c.env, tokenVariable+"="+emulator.DefaultToken)
	c.mustRun("apply", "-auto-approve")
	c.expectNoChanges()
}

// TestAccDataset_unreachable plans many creations while the API cannot be reached. They wait once,
// and the warning blames no timeout.
func TestAccDataset_unreachable(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	prefix := s.name(t)
	const n = 30
	config := fmt.Sprintf("resource \"apify_dataset\" \"test\" {\n  count = %d\n  name = \"%s-${count.index}\"\n}\n", n, prefix)
	for _, test := range []struct{ name, provider string }{
		{"refused", `provider "apify" {
			base_url    = "http://127.0.0.1:1"
			max_retries = 0
		}
		`},
		{"hanging", `provider "apify" {
			request_timeout = "3s"
			max_retries     = 0
		}
		`},
	} {
		t.Run(test.name, func(t *testing.T) {
			c := s.newCLI(t)
			s.Recorder.Reset()
			s.Recorder.Inject(emulator.Fault{Before: func(r *http.Request) { <-r.Context().Done() }})
			c.write("main.tf", test.provider+config)
			start := time.Now()
			r := c.run("plan", "-detailed-exitcode")
			// Ten creations are planned at a time, so waiting for each ten takes three times 3 s.
			if took := time.Since(start); took > 8*time.Second {
				t.Errorf("the plan took %s", took)
			}
			r.expect(t, 2, "Apify dataset name not checked", "The apply checks again", fmt.Sprintf("%d to add", n), "more similar warnings elsewhere")
			r.expectNone(t, "timeouts", "raise")
			if got := r.count("Warning: Apify dataset name not checked"); got != 1 {
				t.Errorf("the plan shows %d warnings:\n%s", got, r.output)
			}
			if sent := s.sent(); len(sent) > 12 {
				t.Errorf("the plan sent %d requests: %q", len(sent), sent)
			}
		})
	}
}

// TestAccDataset_updateDeleted changes a dataset that is gone, without a refresh, and follows the
// advice of the error.
func TestAccDataset_updateDeleted(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	name, renamed := s.name(t), s.name(t)
	for _, config := range []string{dataset("test", renamed), dataset("test", name, `general_access = "RESTRICTED"`)} {
		id := c.mustApply(nameOnly, name)
		s.delete(t, id)
		c.write("main.tf", config)
		r := c.run("apply", "-auto-approve", "-refresh=false")
		r.expect(t, 1, "Updating Apify dataset failed", id, "-refresh=false, run terraform plan or terraform apply without it", "record-not-found")
		r.expectErrors(t, 1)
		s.expectWrites(t, slices.DeleteFunc(s.writes(), func(w string) bool { return !strings.HasPrefix(w, "PUT /v2/datasets/"+id) })...)
		c.run("apply", "-auto-approve").expect(t, 0, "1 added")
		c.expectNoChanges()
		c.mustRun("destroy", "-auto-approve")
	}
}

// TestAccDataset_keptByReplacement replaces a dataset by itself with create_before_destroy, and
// says so once.
func TestAccDataset_keptByReplacement(t *testing.T) {
	t.Parallel()
	for _, how := range []string{"-replace", "taint"} {
		s := newEmulator(t, emulator.Options{})
		c := s.newCLI(t)
		name := s.name(t)
		id := c.mustApply(createBeforeDestroy, name)
		s.API.Push(id, items(2)...)

		if how == "taint" {
			c.mustRun("taint", testAddress)
		}
		c.write("main.tf", dataset("test", name, "force_destroy = true", "lifecycle { create_before_destroy = true }"))
		s.Recorder.Reset()
		args := []string{"plan", "-out=tfplan"}
		if how == "-replace" {
			args = append(args, how+"="+testAddress)
		}
		c.mustRun(args...)
		r := c.run("apply", "tfplan")
		r.expect(t, 0, "Existing Apify dataset", "this is its own dataset, which the replacement keeps")
		if got := r.count("Warning: Existing Apify dataset") + r.count("Warning: Apify dataset not deleted"); got != 1 {
			t.Errorf("%s: the apply says %d times that the dataset is kept:\n%s", how, got, r.output)
		}
		s.expectWrites(t, "POST /v2/datasets?name="+name)
		c.expectID(testAddress, id)
		s.expectItems(t, id, 2)
		c.expectNoChanges()
	}
}

// TestAccDataset_replacementNotAdopted replaces a dataset by itself with create_before_destroy and
// adopt_existing = false, and follows the advice of the error. Until the first write, the provider
// cannot distinguish an apply from a plan, so the error leaves a deposed object.
func TestAccDataset_replacementNotAdopted(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	name := s.name(t)
	config := func(adopt, cbd bool) string {
		return dataset("test", name, fmt.Sprintf("adopt_existing = %t", adopt), fmt.Sprintf("lifecycle { create_before_destroy = %t }", cbd))
	}
	c.write("main.tf", config(false, true))
	c.mustRun("apply", "-auto-approve")
	id := c.id(testAddress)
	s.API.Push(id, items(2)...)
	c.mustRun("taint", testAddress)

	s.Recorder.Reset()
	c.run("apply", "-auto-approve").expect(t, 1, "Apify dataset already exists", id, "apply adopt_existing = true first, or remove create_before_destroy",
		"If only a deposed object is left in state, set adopt_existing = true, run terraform state rm")
	s.expectWrites(t)
	s.expectItems(t, id, 2)

	c.write("main.tf", config(true, true))
	c.mustRun("state", "rm", testAddress)
	c.run("apply", "-auto-approve").expect(t, 0, "1 added", "Existing Apify dataset")
	c.expectID(testAddress, id)
	s.expectItems(t, id, 2)
	c.expectNoChanges()

	// The other two options, before the replacement.
	s.Recorder.Reset()
	s.API.Update(id, func(d *emulator.Dataset) { d.Items = nil })
	c.mustRun("apply", "-auto-approve", "-replace="+testAddress)
	s.expectWrites(t, "POST /v2/datasets?name="+name)
	c.expectID(testAddress, id)
	c.write("main.tf", config(false, false))
	c.run("apply", "-auto-approve", "-replace="+testAddress).expect(t, 0, "1 added, 0 changed, 1 destroyed")
	c.expectNoChanges()
}
