package provider

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestAccDataset_adopt adopts existing datasets and creates a new one, whichever status the server
// returns and whatever time its clock shows.
func TestAccDataset_adopt(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		skew   time.Duration
	}{
		{"status 200", http.StatusOK, 0},
		{"status 201", http.StatusCreated, 0},
		{"status 201 and a slow clock", http.StatusCreated, -48 * time.Hour},
		{"status 201 and a fast clock", http.StatusCreated, 48 * time.Hour},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			now := func() time.Time { return time.Now().Add(test.skew) }
			s := newEmulator(t, emulator.Options{ExistingStatus: test.status, Now: now})
			c := s.newCLI(t)
			d := s.API.Seed(emulator.Dataset{Name: s.name(t), Items: []json.RawMessage{[]byte(`{"a":1}`), []byte(`{"a":2}`)}})
			second, other := s.API.Seed(emulator.Dataset{Name: s.name(t)}), s.name(t)
			c.write("main.tf", `
				resource "apify_dataset" "test"   { name = "`+d.Name+`" }
				resource "apify_dataset" "second" { name = "`+second.Name+`" }
				resource "apify_dataset" "other"  { name = "`+other+`" }
			`)
			about := fmt.Sprintf("A dataset named %q already exists (ID %s, created %s, about 2 items).",
				d.Name, d.ID, d.CreatedAt.Format("2006-01-02T15:04:05.000Z"))

			plan := c.run("plan", "-detailed-exitcode")
			plan.expect(t, 2, "Existing Apify dataset will be adopted", about)
			apply := c.run("apply", "-auto-approve")
			apply.expect(t, 0, "Existing Apify dataset", about)
			for _, r := range []result{plan, apply} {
				// Terraform shows only one of several warnings with the same summary.
				r.expect(t, r.code, fmt.Sprintf("A dataset named %q already exists (ID %s", second.Name, second.ID))
				r.expectNone(t, fmt.Sprintf("A dataset named %q", other))
			}
			c.expectID(testAddress, d.ID)
			s.expectWritesInAnyOrder(t, "POST /v2/datasets?name="+d.Name, "POST /v2/datasets?name="+second.Name, "POST /v2/datasets?name="+other)

			s.Recorder.Reset()
			c.expectNoChanges()
			s.expectWrites(t)
		})
	}
}

// TestAccDataset_adoptWithAccess sets the configured access level of an adopted dataset, and leaves
// its other fields unchanged.
func TestAccDataset_adoptWithAccess(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	d := s.API.Seed(emulator.Dataset{Name: s.name(t), Title: "Kept"})
	c.write("main.tf", `
		resource "apify_dataset" "test" {
		  name           = "`+d.Name+`"
		  general_access = "RESTRICTED"
		}
	`)
	c.run("apply", "-auto-approve").expect(t, 0, "Existing Apify dataset")
	s.expectWrites(t, "POST /v2/datasets?name="+d.Name, "PUT /v2/datasets/"+d.ID+` {"generalAccess":"RESTRICTED"}`)
	if after, _ := s.API.Dataset(d.ID); after.Title != d.Title || after.GeneralAccess != "RESTRICTED" {
		t.Errorf("the dataset has the title %q and general access %s", after.Title, after.GeneralAccess)
	}
	c.expectNoChanges()
}

// TestAccDataset_lostState adopts the dataset of a lost state, which is the main reason for
// adoption.
func TestAccDataset_lostState(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	name := s.name(t)
	id := c.mustApply(nameOnly, name)

	c.remove("terraform.tfstate")
	s.Recorder.Reset()
	c.run("apply", "-auto-approve").expect(t, 0, "1 added", "Existing Apify dataset")
	s.expectWrites(t, "POST /v2/datasets?name="+name)
	c.expectID(testAddress, id)
	c.expectNoChanges()

	s.Recorder.Reset()
	c.mustRun("destroy", "-auto-approve")
	s.expectWrites(t, "DELETE /v2/datasets/"+id)
}

// TestAccDataset_adoptRefused follows the advice of the error.
func TestAccDataset_adoptRefused(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	c.skipBelow("1.5", "1.6") // import blocks
	name := s.name(t)
	existing, createdAt := s.create(t, name)
	texts := []string{
		"Apify dataset already exists",
		fmt.Sprintf("A dataset named %q already exists (ID %s, created %s, about 0 items", strings.ToUpper(name), existing, createdAt),
		"Nothing was changed",
		`import { to = apify_dataset.NAME id = "` + existing + `" }`,
		"terraform import apify_dataset.NAME " + existing,
	}
	const block = `
		resource "apify_dataset" "test" {
		  name           = "%s"
		  adopt_existing = false
		}
	`
	c.write("main.tf", fmt.Sprintf(block, strings.ToUpper(name)))

	s.Recorder.Reset()
	c.run("plan").expect(t, 1, texts...)
	c.run("apply", "-auto-approve").expect(t, 1, texts...)
	s.expectWrites(t)

	// Import sets the default of adopt_existing, so that false is an update.
	c.write("import.tf", fmt.Sprintf("import {\n  to = apify_dataset.test\n  id = %q\n}\n", existing))
	c.run("apply", "-auto-approve").expect(t, 0, "1 imported, 0 added, 1 changed, 0 destroyed")
	s.expectWrites(t)
	c.expectNoChanges()

	c.mustRun("destroy", "-auto-approve")
	s.expectWrites(t, "DELETE /v2/datasets/"+existing)
}

// TestAccDataset_destroyWithTakenName destroys a dataset while another resource of the
// configuration cannot be created. The CLI plans that creation first, unless it does not refresh.
func TestAccDataset_destroyWithTakenName(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	mine, taken := s.name(t), s.name(t)
	c.write("mine.tf", `resource "apify_dataset" "mine" { name = "`+mine+`" }`)
	c.mustRun("apply", "-auto-approve")
	id := c.id("apify_dataset.mine")
	existing, _ := s.create(t, taken)
	c.write("taken.tf", `
		resource "apify_dataset" "taken" {
		  name           = "`+taken+`"
		  adopt_existing = false
		}
	`)

	s.Recorder.Reset()
	c.run("destroy", "-auto-approve").expect(t, 1, "Apify dataset already exists", existing)
	s.expectWrites(t)
	c.run("destroy", "-auto-approve", "-refresh=false").expect(t, 0, "1 destroyed")
	s.expectWrites(t, "DELETE /v2/datasets/"+id)
	s.delete(t, existing)
}

// TestAccDataset_adoptRefusedAtApply has somebody else create the dataset after the plan.
func TestAccDataset_adoptRefusedAtApply(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusCreated} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{ExistingStatus: status})
			c := s.newCLI(t)
			name := s.name(t)
			c.write("main.tf", `
				resource "apify_dataset" "test" {
				  name           = "`+name+`"
				  adopt_existing = false
				  general_access = "RESTRICTED"
				}
			`)
			c.mustRun("plan", "-out=tfplan")

			// The lookup of the apply does not find it yet.
			const id = "SomebodyElses1234"
			s.Recorder.Inject(emulator.Fault{Method: http.MethodPost, Before: func(*http.Request) {
				s.API.Seed(emulator.Dataset{ID: id, Name: name})
			}})
			c.run("apply", "tfplan").expect(t, 1, "Apify dataset already exists", id, "Nothing was changed",
				`import { to = apify_dataset.NAME id = "`+id+`" }`, "terraform import apify_dataset.NAME "+id)
			s.expectWrites(t, "POST /v2/datasets?name="+name)
			if c.attributes(testAddress) != nil {
				t.Error("the dataset is in the state")
			}
			if after, _ := s.API.Dataset(id); after.GeneralAccess != "FOLLOW_USER_SETTING" {
				t.Errorf("the general access is %s", after.GeneralAccess)
			}
		})
	}
}

// TestAccDataset_adoptCase adopts and imports a dataset whose name has another case than in the
// configuration. The next plan has no changes.
func TestAccDataset_adoptCase(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	name := s.name(t)
	d := s.API.Seed(emulator.Dataset{Name: strings.ToUpper(name)})
	c.write("main.tf", `resource "apify_dataset" "test" { name = "`+name+`" }`)
	c.run("apply", "-auto-approve").expect(t, 0, "Existing Apify dataset", d.ID)
	if got := c.attributes(testAddress); got["id"] != d.ID || got["name"] != name {
		t.Errorf("the state has dataset %s named %q", got["id"], got["name"])
	}
	c.expectNoChanges()

	c.mustRun("state", "rm", testAddress)
	c.mustRun("import", testAddress, "~"+name)
	if got := c.attributes(testAddress); got["id"] != d.ID || got["name"] != d.Name {
		t.Errorf("after the import the state has dataset %s named %q", got["id"], got["name"])
	}
	c.expectNoChanges()
	s.expectWrites(t, "POST /v2/datasets?name="+name)
	if after, _ := s.API.Dataset(d.ID); after.Name != d.Name {
		t.Errorf("the dataset's name was changed to %q", after.Name)
	}
}

// TestAccDataset_nameNotChecked plans a creation whose name cannot be looked up.
func TestAccDataset_nameNotChecked(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	name := s.name(t)
	c.write("main.tf", `resource "apify_dataset" "test" { name = "`+name+`" }`)
	s.Recorder.Inject(emulator.Fault{Method: http.MethodGet, Status: http.StatusForbidden,
		Body: `{"error":{"type":"insufficient-permissions","message":"No reading."}}`})
	c.run("plan", "-out=tfplan", "-detailed-exitcode").expect(t, 2, "Apify dataset name not checked", "insufficient-permissions", "1 to add")
	s.Recorder.ClearFaults()
	c.mustRun("apply", "tfplan")
	s.expectWrites(t, "POST /v2/datasets?name="+name)
}

// TestDataset_newOrExisting distinguishes new datasets from existing ones, also when the POST is
// retried.
func TestDataset_newOrExisting(t *testing.T) {
	t.Parallel()
	lost := emulator.Fault{Method: http.MethodPost, TakesEffect: true, Reset: true, Times: 2}
	unavailable := emulator.Fault{Method: http.MethodPost, TakesEffect: true, Status: http.StatusServiceUnavailable, Times: 1}
	refused := emulator.Fault{Method: http.MethodPost, Status: http.StatusTooManyRequests, Times: 1}
	slow := emulator.Fault{Method: http.MethodPost, TakesEffect: true, Delay: 4 * time.Second}
	for _, test := range []struct {
		name   string
		faults []emulator.Fault
		posts  int
		// age is the age of the existing dataset. If it is 0, there is none.
		age time.Duration
	}{
		{"new", nil, 1, 0},
		{"new, response lost twice", []emulator.Fault{lost}, 3, 0},
		{"new, error after effect", []emulator.Fault{unavailable}, 2, 0},
		{"new, second attempt", []emulator.Fault{refused}, 2, 0},
		{"new, slow response", []emulator.Fault{slow}, 1, 0},
		{"existing", nil, 1, time.Hour},
		{"existing, response lost twice", []emulator.Fault{lost}, 3, time.Hour},
		{"existing, error after effect", []emulator.Fault{unavailable}, 2, time.Hour},
		{"existing, second attempt", []emulator.Fault{refused}, 2, time.Hour},
		{"existing for seconds, response lost twice", []emulator.Fault{lost}, 3, 10 * time.Second},
		{"existing for seconds, slow response", []emulator.Fault{slow}, 1, 10 * time.Second},
	} {
		for _, status := range []int{http.StatusOK, http.StatusCreated} {
			for _, skew := range []time.Duration{-time.Hour, 0, time.Hour} {
				t.Run(fmt.Sprintf("%s, status %d, skew %s", test.name, status, skew), func(t *testing.T) {
					t.Parallel()
					now := func() time.Time { return time.Now().Add(skew) }
					s := newEmulator(t, emulator.Options{ExistingStatus: status, Now: now})
					name := s.name(t)
					for _, adopt := range []bool{false, true} {
						s.Recorder.Reset()
						s.Recorder.ClearFaults()
						for _, d := range s.API.Datasets() {
							s.API.Delete(d.ID)
						}
						// The dataset appears after the plan, whose lookup would find it.
						p := s.newWalk(t, nil).mustPlan(instance{}, values{"name": name, "adopt_existing": adopt})
						var d emulator.Dataset
						if test.age > 0 {
							d = s.API.Seed(emulator.Dataset{Name: name, CreatedAt: now().Add(-test.age)})
						}
						for _, fault := range test.faults {
							if fault.Delay > 0 { // the Date header has the time of the response
								fault.Mutate = func(status int, header http.Header, _ map[string]any) int {
									header.Set("Date", now().UTC().Format(http.TimeFormat))
									return status
								}
							}
							s.Recorder.Inject(fault)
						}
						w := s.newWalk(t, nil)
						after, ds := w.apply(t.Context(), p)

						wantState := test.age == 0 || adopt
						if got := after.state != nil; got != wantState {
							t.Errorf("adopt_existing = %t: after the creation there is a state: %t\n%s", adopt, got, ds)
						}
						switch {
						case test.age == 0 && len(ds) > 0:
							t.Errorf("adopt_existing = %t: the new dataset is treated as an existing one:\n%s", adopt, ds)
						case test.age > 0 && adopt && !ds.warnings().has("Existing Apify dataset", d.ID):
							t.Errorf("the existing dataset is treated as a new one:\n%s", ds)
						case test.age > 0 && !adopt && !ds.errors().has("Apify dataset already exists", "import {", d.ID):
							t.Errorf("the existing dataset was not refused:\n%s", ds)
						}
						if got := s.writes(); len(got) != test.posts {
							t.Errorf("adopt_existing = %t: got the requests %q, want %d POST", adopt, got, test.posts)
						}
						if all := s.API.Datasets(); len(all) != 1 {
							t.Errorf("adopt_existing = %t: the server has %d datasets", adopt, len(all))
						}
					}
				})
			}
		}
	}
}

// TestDataset_createdSecondsAgo has ages that are within the tolerance for clock skew.
func TestDataset_createdSecondsAgo(t *testing.T) {
	t.Parallel()
	config := values{"name": "just-now", "adopt_existing": false}

	// Somebody else created the dataset a second earlier, and the status 200 reports that.
	s := newEmulator(t, emulator.Options{ExistingStatus: http.StatusOK})
	p, _ := s.newWalk(t, nil).plan(t.Context(), instance{}, config)
	d := s.API.Seed(emulator.Dataset{Name: "just-now", CreatedAt: time.Now().Add(-time.Second)})
	if after, ds := s.newWalk(t, nil).apply(t.Context(), p); after.state != nil || !ds.errors().has("Apify dataset already exists", d.ID) {
		t.Errorf("after the creation there is a state: %t\n%s", after.state != nil, ds)
	}

	// The clocks of the server's machines differ by two seconds.
	s = newEmulator(t, emulator.Options{})
	s.Recorder.Inject(emulator.Fault{Method: http.MethodPost,
		Mutate: setField("createdAt", time.Now().Add(-2*time.Second).UTC().Format(time.RFC3339Nano))})
	p, _ = s.newWalk(t, nil).plan(t.Context(), instance{}, config)
	if after, ds := s.newWalk(t, nil).apply(t.Context(), p); after.state == nil || len(ds) > 0 {
		t.Errorf("after the creation there is a state: %t\n%s", after.state != nil, ds)
	}
}

// TestDataset_unknownAdoptExisting plans to adopt or to refuse a dataset, depending on a value that
// only the apply has.
func TestDataset_unknownAdoptExisting(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	d := s.API.Seed(emulator.Dataset{Name: s.name(t)})
	s.newWalk(t, nil).mustPlan(instance{}, values{"name": d.Name, "adopt_existing": unknown{}})
}

// TestDataset_lookupsOfApply plans two creations again in the apply, as Terraform does. Each looks
// its name up once: the plan can have shown the ID of a dataset to adopt, and the apply must return
// it.
func TestDataset_lookupsOfApply(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	w := s.newWalk(t, nil)
	for range 2 {
		if _, ds := w.apply(t.Context(), w.mustPlan(instance{}, values{"name": s.name(t)})); len(ds) > 0 {
			t.Errorf("the creation has the diagnostics\n%s", ds)
		}
	}
	s.expectSent(t, getDataset, postDatasets, getDataset, postDatasets)
}

// TestAccDataset_sameName has two new resources with one name.
func TestAccDataset_sameName(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	name := s.name(t)
	c.write("main.tf", `
		resource "apify_dataset" "a" { name = "`+name+`" }
		resource "apify_dataset" "b" { name = "`+strings.ToUpper(name)+`" }
	`)
	r := c.run("apply", "-auto-approve")
	r.expect(t, 1, "Apify dataset managed twice", "Another resource of this configuration also creates a dataset named")
	r.expectErrors(t, 1)
	s.expectWrites(t)

	c.write("main.tf", dataset("a", name)+dataset("b", name+"-2"))
	c.run("apply", "-auto-approve").expect(t, 0, "2 added")
	c.expectNoChanges()
	c.mustRun("destroy", "-auto-approve")
}

// TestAccDataset_sameNameAtApply has two new resources with one name that is known after apply.
func TestAccDataset_sameNameAtApply(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	c.skipBelow("1.4", "1.6") // terraform_data
	prefix := s.name(t)
	const config = `
		resource "terraform_data" "suffix" {}
		resource "apify_dataset" "a" { name = "%[1]s-${substr(terraform_data.suffix.id, 0, 8)}" }
	`
	const second = `
		resource "apify_dataset" "b" { name = "%[1]s-${substr(terraform_data.suffix.id, 0, 8)}" }
	`
	c.write("main.tf", fmt.Sprintf(config+second, prefix))
	r := c.run("apply", "-auto-approve")
	r.expect(t, 1, "Apify dataset managed twice")
	r.expectErrors(t, 1)
	for _, w := range s.writes() {
		if !strings.HasPrefix(w, "POST ") {
			t.Errorf("the apply sent %s", w)
		}
	}
	a, b := c.attributes("apify_dataset.a"), c.attributes("apify_dataset.b")
	if (a == nil) == (b == nil) {
		t.Errorf("the state has %v and %v, want one of them", a, b)
	}

	c.write("main.tf", fmt.Sprintf(config, prefix))
	if a == nil {
		c.mustRun("state", "mv", "apify_dataset.b", "apify_dataset.a")
	}
	c.expectNoChanges()
	c.mustRun("destroy", "-auto-approve")
}

// TestAccDataset_nameOfOtherResource has a new resource with the name of a dataset that another
// resource manages.
func TestAccDataset_nameOfOtherResource(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	name := s.name(t)
	id := c.mustApply(nameOnly, name)

	s.Recorder.Reset()
	c.write("second.tf", `resource "apify_dataset" "second" { name = "`+strings.ToUpper(name)+`" }`)
	c.run("apply", "-auto-approve").expect(t, 1, "Apify dataset managed twice", "(ID "+id, "moved {")
	c.run("apply", "-auto-approve", "-refresh=false").expect(t, 1, "Apify dataset managed twice", "(ID "+id, "moved {")
	s.expectWrites(t)

	c.remove("second.tf")
	c.expectNoChanges()
	if !c.atLeast("1.1", "1.6") { // moved blocks
		return
	}
	c.remove("main.tf")
	c.write("second.tf", dataset("second", name)+"moved {\n  from = apify_dataset.test\n  to   = apify_dataset.second\n}\n")
	c.run("apply", "-auto-approve").expect(t, 0, "0 added, 0 changed, 0 destroyed")
	c.expectID("apify_dataset.second", id)
	c.expectNoChanges()
	c.mustRun("destroy", "-auto-approve")
}

// TestAccDataset_adoptionDeclined follows the ways on of the warning about a planned adoption.
func TestAccDataset_adoptionDeclined(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	d := s.API.Seed(emulator.Dataset{Name: s.name(t), Items: items(1)})
	c.write("main.tf", dataset("test", d.Name))
	c.run("plan").expect(t, 0, "Existing Apify dataset will be adopted: "+d.Name, d.ID)

	c.write("main.tf", dataset("test", d.Name, "adopt_existing = false"))
	c.run("apply", "-auto-approve").expect(t, 1, "Apify dataset already exists", d.ID)
	s.expectWrites(t)

	name := s.name(t)
	c.write("main.tf", dataset("test", name))
	c.mustRun("apply", "-auto-approve")
	s.expectWrites(t, "POST /v2/datasets?name="+name)
	s.expectItems(t, d.ID, 1)
	c.expectNoChanges()
}

// TestDataset_renameAndCreate renames a dataset and creates another one with its old name, in one
// apply and in either order. The plan did not foresee it.
func TestDataset_renameAndCreate(t *testing.T) {
	t.Parallel()
	for _, adoptedFirst := range []bool{true, false} {
		s := newEmulator(t, emulator.Options{})
		name, other := s.name(t), s.name(t)
		old := s.mustApply(t, instance{}, values{"name": name})
		renaming := values{"name": other}
		rename := s.newWalk(t, nil).mustPlan(old, renaming)
		creation, ds := s.newWalk(t, nil).plan(t.Context(), instance{}, values{"name": name, "general_access": "RESTRICTED"})
		if len(ds.errors()) > 0 {
			t.Fatal(ds)
		}

		s.Recorder.Reset()
		w := s.newWalk(t, nil)
		id := w.identityID(old)
		if adoptedFirst {
			if _, ds := w.apply(t.Context(), creation); len(ds.errors()) > 0 {
				t.Errorf("the creation has the diagnostics\n%s", ds)
			}
			if _, ds := w.plan(t.Context(), old, renaming); !ds.errors().has("Apify dataset managed twice", id) {
				t.Errorf("the rename has the diagnostics\n%s", ds)
			}
			s.expectWrites(t, "POST /v2/datasets?name="+name, "PUT /v2/datasets/"+id+` {"generalAccess":"RESTRICTED"}`)
			continue
		}
		w.mustPlan(old, renaming)
		if after, ds := w.apply(t.Context(), creation); after.state != nil || !ds.errors().has("Apify dataset managed twice", id) {
			t.Errorf("the creation has the diagnostics\n%s", ds)
		}
		if _, ds := w.apply(t.Context(), rename); len(ds) > 0 {
			t.Errorf("the rename has the diagnostics\n%s", ds)
		}
		s.expectWrites(t, "POST /v2/datasets?name="+name, "PUT /v2/datasets/"+id+` {"name":"`+other+`"}`)
		if d, _ := s.API.Dataset(id); d.Name != other || d.GeneralAccess != "FOLLOW_USER_SETTING" {
			t.Errorf("the dataset is %+v", d)
		}
		// The change of the other resource is applied, so the next apply creates a dataset.
		if created := s.mustApply(t, instance{}, values{"name": name}); w.identityID(created) == id {
			t.Error("the creation adopted the renamed dataset")
		}
	}
}

// TestAccDataset_importTwice imports a dataset that another resource manages, and follows the
// advice of the error.
func TestAccDataset_importTwice(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	name := s.name(t)
	id := c.mustApply(nameOnly, name)
	c.write("second.tf", `resource "apify_dataset" "second" { name = "`+name+`" }`)
	c.mustRun("import", "apify_dataset.second", id)

	s.Recorder.Reset()
	c.run("plan").expect(t, 1, "Apify dataset managed twice", "(ID "+id, "terraform state rm")
	c.run("destroy", "-auto-approve").expect(t, 1, "Apify dataset managed twice", "(ID "+id)
	s.expectWrites(t)

	c.remove("second.tf")
	c.mustRun("state", "rm", "apify_dataset.second")
	c.expectNoChanges()
	c.mustRun("destroy", "-auto-approve")
	s.expectWrites(t, "DELETE /v2/datasets/"+id)
}

// TestAccDataset_importBlockTwice imports one dataset for two resources in one plan.
func TestAccDataset_importBlockTwice(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	c.skipBelow("1.5", "1.6")
	name := s.name(t)
	id, _ := s.create(t, name)
	s.Recorder.Reset()
	for i, label := range []string{"a", "b"} {
		c.write(label+".tf", fmt.Sprintf(`
			resource "apify_dataset" %[1]q { name = %[2]q }
			import {
			  to = apify_dataset.%[1]s
			  id = %[3]q
			}
		`, label, name, []string{id, "~" + name}[i]))
	}
	c.run("apply", "-auto-approve").expect(t, 1, "Apify dataset managed twice", "(ID "+id)
	s.expectWrites(t)
}

// TestDataset_newOrExistingWithoutClock creates datasets on servers whose Date header is wrong or
// missing. With adopt_existing = false, a new dataset that is taken for an existing one would be an
// error.
func TestDataset_newOrExistingWithoutClock(t *testing.T) {
	t.Parallel()
	for clock, change := range map[string]func(http.Header){
		"right":           func(http.Header) {},
		"5 s ahead":       func(h http.Header) { h.Set("Date", time.Now().Add(5*time.Second).UTC().Format(http.TimeFormat)) },
		"an hour behind":  func(h http.Header) { h.Set("Date", time.Now().Add(-time.Hour).UTC().Format(http.TimeFormat)) },
		"none":            func(h http.Header) { h["Date"] = nil },
		"not a time":      func(h http.Header) { h.Set("Date", "today") },
		"none, local":     func(h http.Header) { h["Date"] = nil; h.Del("Location") },
		"earlier, local":  func(h http.Header) { h["Date"] = nil; h.Del("Location") },
		"right, local":    func(h http.Header) { h.Del("Location") },
		"ahead, one hour": func(h http.Header) { h.Set("Date", time.Now().Add(time.Hour).UTC().Format(http.TimeFormat)) },
	} {
		for _, existing := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, existing: %t", clock, existing), func(t *testing.T) {
				t.Parallel()
				local := strings.HasSuffix(clock, "local")
				s := newEmulator(t, emulator.Options{LocalPlatform: local})
				name := s.name(t)
				p := s.newWalk(t, nil).mustPlan(instance{}, values{"name": name, "adopt_existing": false})
				if existing {
					s.API.Seed(emulator.Dataset{Name: name, CreatedAt: time.Now().Add(-time.Minute)})
				}
				s.Recorder.Inject(onRequest(postDatasets, emulator.Fault{Mutate: func(status int, header http.Header, _ map[string]any) int {
					change(header)
					return status
				}}))
				config := values{}
				if clock == "earlier, local" { // the response about the account has a Date
					config["allowed_accounts"] = []string{emulator.DefaultUsername}
				}
				after, ds := s.newWalk(t, config).apply(t.Context(), p)
				// A server without Location, status 200 and any clock does not tell them apart.
				refused := existing && clock != "none, local"
				if got := after.state == nil; got != refused {
					t.Errorf("the creation is refused: %t, want %t\n%s", got, refused, ds)
				}
				if refused != ds.errors().has(summaryExists, "import {") || !refused && len(ds) > 0 {
					t.Errorf("got the diagnostics\n%s", ds)
				}
			})
		}
	}
}
