package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestAccDataset_adopt finds the dataset of its name, whichever status the server
// answers with and whatever time its clock shows, and tells it from a new one.
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
			about := fmt.Sprintf("There is a dataset named %q already: %s, created at %s, with 2 items by its counter.",
				d.Name, d.ID, d.CreatedAt.Format("2006-01-02T15:04:05.000Z"))

			plan := c.run("plan", "-detailed-exitcode")
			plan.expect(t, 2, "Existing Apify dataset will be adopted", about)
			apply := c.run("apply", "-auto-approve")
			apply.expect(t, 0, "Existing Apify dataset adopted", about)
			for _, r := range []result{plan, apply} {
				// Terraform would show one of several warnings with the same summary.
				r.expect(t, r.code, fmt.Sprintf("There is a dataset named %q already: %s", second.Name, second.ID))
				if strings.Contains(r.output, fmt.Sprintf("There is a dataset named %q", other)) {
					t.Errorf("the new dataset is taken for an old one:\n%s", r.output)
				}
			}
			if id := c.id(testAddress); id != d.ID {
				t.Errorf("the state has dataset %s, and not %s", id, d.ID)
			}
			s.expectWritesInAnyOrder(t, "POST /v2/datasets?name="+d.Name, "POST /v2/datasets?name="+second.Name, "POST /v2/datasets?name="+other)

			s.Recorder.Reset()
			c.expectNoChanges()
			s.expectWrites(t)
		})
	}
}

// TestAccDataset_adoptWithAccess sets what is configured of a dataset that is
// adopted, and leaves the rest.
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
	c.run("apply", "-auto-approve").expect(t, 0, "Existing Apify dataset adopted")
	s.expectWrites(t, "POST /v2/datasets?name="+d.Name, "PUT /v2/datasets/"+d.ID+` {"generalAccess":"RESTRICTED"}`)
	if after, _ := s.API.Dataset(d.ID); after.Title != d.Title || after.GeneralAccess != "RESTRICTED" {
		t.Errorf("the dataset has the title %q and general access %s", after.Title, after.GeneralAccess)
	}
	c.expectNoChanges()
}

// TestAccDataset_lostState is the main reason to adopt.
func TestAccDataset_lostState(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	name := s.name(t)
	c.write("main.tf", `resource "apify_dataset" "test" { name = "`+name+`" }`)
	c.mustRun("apply", "-auto-approve")
	id := c.id(testAddress)

	c.remove("terraform.tfstate")
	s.Recorder.Reset()
	c.run("apply", "-auto-approve").expect(t, 0, "1 added", "Existing Apify dataset")
	s.expectWrites(t, "POST /v2/datasets?name="+name)
	if again := c.id(testAddress); again != id {
		t.Errorf("the state has dataset %s after it was lost, and had %s", again, id)
	}
	c.expectNoChanges()

	s.Recorder.Reset()
	c.mustRun("destroy", "-auto-approve")
	s.expectWrites(t, "DELETE /v2/datasets/"+id)
}

// TestAccDataset_adoptRefused follows the way on that the error shows.
func TestAccDataset_adoptRefused(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	c.skipBelow("1.5", "1.6") // import blocks
	name := s.name(t)
	existing, err := s.client(t).CreateDataset(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{
		"Apify dataset already exists",
		fmt.Sprintf("There is a dataset named %q already: %s, created at %s, with 0 items", strings.ToUpper(name), existing.ID, *existing.CreatedAt),
		"nothing was changed",
		`import { to = apify_dataset.NAME id = "` + existing.ID + `" }`,
		"terraform import apify_dataset.NAME " + existing.ID,
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

	// adopt_existing = false is not the default, which import has to assume.
	c.write("import.tf", fmt.Sprintf("import {\n  to = apify_dataset.test\n  id = %q\n}\n", existing.ID))
	c.run("apply", "-auto-approve").expect(t, 0, "1 imported, 0 added, 1 changed, 0 destroyed")
	s.expectWrites(t)
	c.expectNoChanges()

	c.mustRun("destroy", "-auto-approve")
	s.expectWrites(t, "DELETE /v2/datasets/"+existing.ID)
}

// TestAccDataset_destroyBesideTakenName destroys a dataset while another resource
// of the configuration cannot be created, which the CLI plans first.
func TestAccDataset_destroyBesideTakenName(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	mine, taken := s.name(t), s.name(t)
	c.write("mine.tf", `resource "apify_dataset" "mine" { name = "`+mine+`" }`)
	c.mustRun("apply", "-auto-approve")
	id := c.id("apify_dataset.mine")
	existing, err := s.client(t).CreateDataset(t.Context(), taken)
	if err != nil {
		t.Fatal(err)
	}
	c.write("taken.tf", `
		resource "apify_dataset" "taken" {
		  name           = "`+taken+`"
		  adopt_existing = false
		}
	`)

	s.Recorder.Reset()
	c.run("destroy", "-auto-approve").expect(t, 1, "Apify dataset already exists", existing.ID)
	s.expectWrites(t)
	c.run("destroy", "-auto-approve", "-refresh=false").expect(t, 0, "1 destroyed")
	s.expectWrites(t, "DELETE /v2/datasets/"+id)
	if err := s.client(t).DeleteDataset(t.Context(), existing.ID); err != nil {
		t.Error(err)
	}
}

// TestAccDataset_adoptRefusedAtApply has somebody else create the dataset when
// the plan is made already.
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

			// It is not there yet when the apply looks for it, only when it is to be created.
			const id = "SomebodyElses1234"
			s.Recorder.Inject(emulator.Fault{Method: http.MethodPost, Before: func(*http.Request) {
				s.API.Seed(emulator.Dataset{ID: id, Name: name})
			}})
			c.run("apply", "tfplan").expect(t, 1, "Apify dataset already exists", id, "nothing was changed",
				`import { to = apify_dataset.NAME id = "`+id+`" }`, "terraform import apify_dataset.NAME "+id)
			s.expectWrites(t, "POST /v2/datasets?name="+name)
			if c.attributes(testAddress) != nil {
				t.Error("the dataset is in the state")
			}
			if after, _ := s.API.Dataset(id); after.GeneralAccess != "FOLLOW_USER_SETTING" {
				t.Errorf("its general access was set to %s", after.GeneralAccess)
			}
		})
	}
}

// TestAccDataset_adoptCase adopts, and imports, a dataset whose name is spelled
// otherwise. There is no difference afterwards.
func TestAccDataset_adoptCase(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	name := s.name(t)
	d := s.API.Seed(emulator.Dataset{Name: strings.ToUpper(name)})
	c.write("main.tf", `resource "apify_dataset" "test" { name = "`+name+`" }`)
	c.run("apply", "-auto-approve").expect(t, 0, "Existing Apify dataset adopted", d.ID)
	if got := c.attributes(testAddress); got["id"] != d.ID || got["name"] != name {
		t.Errorf("the state has %s named %q", got["id"], got["name"])
	}
	c.expectNoChanges()

	c.mustRun("state", "rm", testAddress)
	c.mustRun("import", testAddress, "~"+name)
	if got := c.attributes(testAddress); got["id"] != d.ID || got["name"] != d.Name {
		t.Errorf("the import gave %s named %q", got["id"], got["name"])
	}
	c.expectNoChanges()
	s.expectWrites(t, "POST /v2/datasets?name="+name)
	if after, _ := s.API.Dataset(d.ID); after.Name != d.Name {
		t.Errorf("the dataset's name was changed to %q", after.Name)
	}
}

// TestAccDataset_nameNotChecked plans although the name could not be looked up.
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

// TestDataset_createdOrExisted tells a dataset that a creation found from one
// that it made, retries of its own included.
func TestDataset_createdOrExisted(t *testing.T) {
	t.Parallel()
	lost := emulator.Fault{Method: http.MethodPost, TakesEffect: true, Reset: true, Times: 2}
	unavailable := emulator.Fault{Method: http.MethodPost, TakesEffect: true, Status: http.StatusServiceUnavailable, Times: 1}
	refused := emulator.Fault{Method: http.MethodPost, Status: http.StatusTooManyRequests, Times: 1}
	slow := emulator.Fault{Method: http.MethodPost, TakesEffect: true, Delay: 4 * time.Second}
	for _, test := range []struct {
		name   string
		faults []emulator.Fault
		posts  int
		// existed is how long ago the dataset was created; 0 is never.
		existed time.Duration
	}{
		{"new", nil, 1, 0},
		{"new, the answer lost twice", []emulator.Fault{lost}, 3, 0},
		{"new, the answer a lie", []emulator.Fault{unavailable}, 2, 0},
		{"new, at the second attempt", []emulator.Fault{refused}, 2, 0},
		{"new, answered late", []emulator.Fault{slow}, 1, 0},
		{"old", nil, 1, time.Hour},
		{"old, the answer lost twice", []emulator.Fault{lost}, 3, time.Hour},
		{"old, the answer a lie", []emulator.Fault{unavailable}, 2, time.Hour},
		{"old, at the second attempt", []emulator.Fault{refused}, 2, time.Hour},
		{"old by seconds, the answer lost twice", []emulator.Fault{lost}, 3, 10 * time.Second},
		{"old by seconds, answered late", []emulator.Fault{slow}, 1, 10 * time.Second},
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
						// It appears after the plan, whose look-up would find it.
						p, ds := s.newWalk(t, nil).plan(t.Context(), instance{}, values{"name": name, "adopt_existing": adopt})
						if len(ds) > 0 {
							t.Fatal(ds)
						}
						var d emulator.Dataset
						if test.existed > 0 {
							d = s.API.Seed(emulator.Dataset{Name: name, CreatedAt: now().Add(-test.existed)})
						}
						for _, fault := range test.faults {
							if fault.Delay > 0 { // the answer is dated when it is sent
								fault.Mutate = func(status int, header http.Header, _ map[string]any) int {
									header.Set("Date", now().UTC().Format(http.TimeFormat))
									return status
								}
							}
							s.Recorder.Inject(fault)
						}
						w := s.newWalk(t, nil)
						after, ds := w.apply(t.Context(), p)

						wantState := test.existed == 0 || adopt
						if got := after.state != nil; got != wantState {
							t.Errorf("adopt_existing = %t: there is a state: %t\n%s", adopt, got, ds)
						}
						switch {
						case test.existed == 0 && len(ds) > 0:
							t.Errorf("adopt_existing = %t: the new dataset was taken for an old one: %s", adopt, ds)
						case test.existed > 0 && adopt && !ds.warnings().has("Existing Apify dataset adopted", d.ID):
							t.Errorf("the old dataset was taken for a new one: %s", ds)
						case test.existed > 0 && !adopt && !ds.errors().has("Apify dataset already exists", "import {", d.ID):
							t.Errorf("the old dataset was not refused: %s", ds)
						}
						if got := s.writes(); len(got) != test.posts {
							t.Errorf("adopt_existing = %t: the requests that write were %q", adopt, got)
						}
						if all := s.API.Datasets(); len(all) != 1 {
							t.Errorf("adopt_existing = %t: there are %d datasets", adopt, len(all))
						}
					}
				})
			}
		}
	}
}

// TestDataset_createdJustNow is about ages that decide nothing by themselves.
func TestDataset_createdJustNow(t *testing.T) {
	t.Parallel()
	config := values{"name": "just-now", "adopt_existing": false}

	// The status tells that somebody else was quicker.
	s := newEmulator(t, emulator.Options{ExistingStatus: http.StatusOK})
	p, _ := s.newWalk(t, nil).plan(t.Context(), instance{}, config)
	d := s.API.Seed(emulator.Dataset{Name: "just-now", CreatedAt: time.Now().Add(-time.Second)})
	if after, ds := s.newWalk(t, nil).apply(t.Context(), p); after.state != nil || !ds.errors().has("Apify dataset already exists", d.ID) {
		t.Errorf("there is a state: %t\n%s", after.state != nil, ds)
	}

	// The server's machines do not quite agree on the time.
	s = newEmulator(t, emulator.Options{})
	s.Recorder.Inject(emulator.Fault{Method: http.MethodPost,
		Mutate: mutateData("createdAt", time.Now().Add(-2*time.Second).UTC().Format(time.RFC3339Nano))})
	p, _ = s.newWalk(t, nil).plan(t.Context(), instance{}, config)
	if after, ds := s.newWalk(t, nil).apply(t.Context(), p); after.state == nil || len(ds) > 0 {
		t.Errorf("there is a state: %t\n%s", after.state != nil, ds)
	}
}

// TestDataset_unknownAdoptExisting leaves to apply what only apply can know.
func TestDataset_unknownAdoptExisting(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	d := s.API.Seed(emulator.Dataset{Name: s.name(t)})
	_, ds := s.newWalk(t, nil).plan(t.Context(), instance{}, values{"name": d.Name, "adopt_existing": unknown{}})
	if len(ds) > 0 {
		t.Errorf("the plan says\n%s", ds)
	}
}

// TestAccDataset_twoNew has two resources create one dataset.
func TestAccDataset_twoNew(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	name := s.name(t)
	c.write("main.tf", `
		resource "apify_dataset" "a" { name = "`+name+`" }
		resource "apify_dataset" "b" { name = "`+strings.ToUpper(name)+`" }
	`)
	r := c.run("apply", "-auto-approve")
	r.expect(t, 1, "Apify dataset managed twice", "Another resource of this configuration creates a dataset named")
	if n := strings.Count(r.output, "Error: "); n != 1 {
		t.Errorf("there are %d errors:\n%s", n, r.output)
	}
	s.expectWrites(t)
}

// TestAccDataset_twoNewAtApply is the same with names that only apply knows.
func TestAccDataset_twoNewAtApply(t *testing.T) {
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
	if n := strings.Count(r.output, "Error: "); n != 1 {
		t.Errorf("there are %d errors:\n%s", n, r.output)
	}
	for _, w := range s.writes() {
		if !strings.HasPrefix(w, "POST ") {
			t.Errorf("the apply sent %s", w)
		}
	}
	a, b := c.attributes("apify_dataset.a"), c.attributes("apify_dataset.b")
	if (a == nil) == (b == nil) {
		t.Errorf("one of the two should be in the state: %v, %v", a, b)
	}

	c.write("main.tf", fmt.Sprintf(config, prefix))
	if a == nil {
		c.mustRun("state", "mv", "apify_dataset.b", "apify_dataset.a")
	}
	c.expectNoChanges()
	c.mustRun("destroy", "-auto-approve")
}

// TestAccDataset_oneNewOneInState has a new resource with the name of another
// one's dataset.
func TestAccDataset_oneNewOneInState(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	name := s.name(t)
	c.write("main.tf", `resource "apify_dataset" "test" { name = "`+name+`" }`)
	c.mustRun("apply", "-auto-approve")

	s.Recorder.Reset()
	c.write("second.tf", `resource "apify_dataset" "second" { name = "`+strings.ToUpper(name)+`" }`)
	c.run("apply", "-auto-approve").expect(t, 1, "Apify dataset managed twice", "Dataset "+c.id(testAddress), "moved {")
	c.run("apply", "-auto-approve", "-refresh=false").expect(t, 1, "Apify dataset managed twice", "Dataset "+c.id(testAddress), "moved {")
	s.expectWrites(t)

	c.remove("second.tf")
	c.expectNoChanges()
	c.mustRun("destroy", "-auto-approve")
}

// TestDataset_nameGivenAway has one resource give up the name that another one is
// to be created with, in one apply, with a plan that did not see it coming. Which
// of them comes first is chance.
func TestDataset_nameGivenAway(t *testing.T) {
	t.Parallel()
	for _, adoptedFirst := range []bool{true, false} {
		s := newEmulator(t, emulator.Options{})
		name, other := s.name(t), s.name(t)
		old := s.mustApply(t, instance{}, values{"name": name})
		renaming, renamed := values{"name": other}, s.newWalk(t, nil)
		rename, ds := renamed.plan(t.Context(), old, renaming)
		creation, more := s.newWalk(t, nil).plan(t.Context(), instance{}, values{"name": name, "general_access": "RESTRICTED"})
		if len(ds) > 0 || len(more.errors()) > 0 {
			t.Fatal(ds, more)
		}
		id := renamed.identityID(old)

		s.Recorder.Reset()
		w := s.newWalk(t, nil)
		if adoptedFirst {
			if _, ds := w.apply(t.Context(), creation); len(ds.errors()) > 0 {
				t.Errorf("the creation says %s", ds)
			}
			if _, ds := w.plan(t.Context(), old, renaming); !ds.errors().has("Apify dataset managed twice", id) {
				t.Errorf("the rename says %s", ds)
			}
			s.expectWrites(t, "POST /v2/datasets?name="+name, "PUT /v2/datasets/"+id+` {"generalAccess":"RESTRICTED"}`)
			continue
		}
		if _, ds := w.plan(t.Context(), old, renaming); len(ds) > 0 {
			t.Errorf("the rename says %s", ds)
		}
		if after, ds := w.apply(t.Context(), creation); after.state != nil || !ds.errors().has("Apify dataset managed twice", id) {
			t.Errorf("the creation says %s", ds)
		}
		if _, ds := w.apply(t.Context(), rename); len(ds) > 0 {
			t.Errorf("the rename says %s", ds)
		}
		s.expectWrites(t, "POST /v2/datasets?name="+name, "PUT /v2/datasets/"+id+` {"name":"`+other+`"}`)
		if d, _ := s.API.Dataset(id); d.Name != other || d.GeneralAccess != "FOLLOW_USER_SETTING" {
			t.Errorf("the dataset is %+v", d)
		}
	}
}

// TestAccDataset_twoImported has one dataset in the state twice, and takes the
// way on that the error shows.
func TestAccDataset_twoImported(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	name := s.name(t)
	c.write("main.tf", `resource "apify_dataset" "test" { name = "`+name+`" }`)
	c.mustRun("apply", "-auto-approve")
	id := c.id(testAddress)
	c.write("second.tf", `resource "apify_dataset" "second" { name = "`+name+`" }`)
	c.mustRun("import", "apify_dataset.second", id)

	s.Recorder.Reset()
	c.run("plan").expect(t, 1, "Apify dataset managed twice", "Dataset "+id, "terraform state rm")
	c.run("destroy", "-auto-approve").expect(t, 1, "Apify dataset managed twice", "Dataset "+id)
	s.expectWrites(t)

	c.remove("second.tf")
	c.mustRun("state", "rm", "apify_dataset.second")
	c.expectNoChanges()
	c.mustRun("destroy", "-auto-approve")
	s.expectWrites(t, "DELETE /v2/datasets/"+id)
}

// TestAccDataset_twoImportBlocks is the same within one plan.
func TestAccDataset_twoImportBlocks(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	c.skipBelow("1.5", "1.6")
	name := s.name(t)
	d, err := s.client(t).CreateDataset(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.client(t).DeleteDataset(context.Background(), d.ID) })
	s.Recorder.Reset()
	for i, label := range []string{"a", "b"} {
		c.write(label+".tf", fmt.Sprintf(`
			resource "apify_dataset" %[1]q { name = %[2]q }
			import {
			  to = apify_dataset.%[1]s
			  id = %[3]q
			}
		`, label, name, []string{d.ID, "~" + name}[i]))
	}
	c.run("apply", "-auto-approve").expect(t, 1, "Apify dataset managed twice", "Dataset "+d.ID)
	s.expectWrites(t)
}
