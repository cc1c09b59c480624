package provider

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
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

	s.mustApply(t, refreshed, nil)
}

// TestDataset_importNothing has import requests that name no dataset.
func TestDataset_importNothing(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	w := s.newWalk(t, nil)
	typ := w.identityType()
	identity := func(v tftypes.Value) *tfprotov6.ResourceIdentityData {
		return &tfprotov6.ResourceIdentityData{IdentityData: w.encode(typ, v)}
	}
	for name, req := range map[string]*tfprotov6.ImportResourceStateRequest{
		"empty ID":                    {},
		"empty identity data":         {Identity: &tfprotov6.ResourceIdentityData{}},
		"null identity":               {Identity: identity(tftypes.NewValue(typ, nil))},
		"identity with a null ID":     {Identity: identity(encode(t, typ, values{"id": nil}))},
		"identity with an empty ID":   {Identity: identity(encode(t, typ, values{"id": ""}))},
		"identity with an unknown ID": {Identity: identity(encode(t, typ, values{"id": unknown{}}))},
	} {
		req.TypeName = "apify_dataset"
		_, ds := w.imported(t.Context(), req)
		if len(ds) != 1 || !ds.errors().has("Importing Apify dataset failed", `"" is not a valid import ID: the reference is empty`, "Use the dataset's ID") {
			t.Errorf("%s: got the diagnostics\n%s", name, ds)
		}
		for _, text := range checkTexts(ds, s.Token) {
			t.Errorf("%s: %s", name, text)
		}
	}
	s.expectSent(t)
}

// TestAccDataset_importNothing has empty variables in scripts and configurations.
func TestAccDataset_importNothing(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	c.write("main.tf", fmt.Sprintf(nameOnly, "nothing"))
	internal := []string{"Value Conversion Error", "report", "bug"}
	r := c.run("import", testAddress, "")
	r.expect(t, 1, "Importing Apify dataset failed", `"" is not a valid import ID: the reference is empty`)
	r.expectNone(t, internal...)
	c.write("main.tf", `data "apify_dataset" "nothing" { id = "" }`)
	r = c.run("validate")
	r.expect(t, 1, summaryInvalidID, `got ""`)
	r.expectNone(t, internal...)

	s.expectSent(t)

	c.skipBelow("1.5", "1.6")
	c.write("main.tf", fmt.Sprintf(nameOnly, "nothing")+`
		import {
		  to = apify_dataset.test
		  id = ""
		}
	`)
	r = c.run("plan")
	r.expectNone(t, internal...)
	// Neither CLI asks the provider: Terraform reports an error of its own, OpenTofu ignores the
	// block and plans a creation.
	if product, _ := c.version(); product == "Terraform" {
		r.expect(t, 1, "empty")
		r.expectErrors(t, 1)
	} else {
		r.expect(t, 0, "1 to add")
	}
	s.expectWrites(t)
}

// TestAccDataset_importURL uses the URLs that users copy from Apify Console and from the API.
func TestAccDataset_importURL(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	d := s.API.Seed(emulator.Dataset{Name: "by-url"})
	console := "https://console.apify.com/storage/datasets/" + d.ID
	c.write("main.tf", fmt.Sprintf(nameOnly, "by-url"))
	for _, address := range []string{
		console, console + "?tab=items#top", "https://console.apify.com/organization/AbcAbcAbcAbcAbc00/storage/datasets/" + d.ID,
		"https://api.apify.com/v2/datasets/" + d.ID + "/items?format=json&signature=MC4w", s.URL + "/v2/datasets/~by-url",
		"https://api.apify.com/v2/datasets/" + emulator.DefaultUsername + "~by-url",
	} {
		c.mustRun("import", testAddress, address)
		c.expectID(testAddress, d.ID)
		c.mustRun("state", "rm", testAddress)
	}

	// The data source's state contains the real ID.
	c.write("main.tf", `
		variable "address" {}
		data "apify_dataset" "one" { id = var.address }
		output "id" { value = data.apify_dataset.one.id }
	`)
	for _, address := range []string{console, "https://api.apify.com/v2/datasets/~by-url"} {
		c.mustRun("apply", "-auto-approve", "-var=address="+address)
		if got := c.attributes("data.apify_dataset.one")["id"]; got != d.ID {
			t.Errorf("the data source has the ID %v, want %s", got, d.ID)
		}
		c.run("plan", "-detailed-exitcode", "-var=address="+address).expect(t, 0, "No changes")
	}

	// No diagnostic quotes the signature in a URL.
	const other = "https://api.apify.com/v2/key-value-stores/x?token=hunter2&signature=MC4w"
	r := c.run("plan", "-var=address="+other)
	r.expect(t, 1, summaryInvalidID, `got "https://api.apify.com/v2/key-value-stores/x"`)
	r.expectNone(t, "hunter2", "MC4w")
	c.write("main.tf", fmt.Sprintf(nameOnly, "by-url"))
	r = c.run("import", testAddress, other)
	r.expect(t, 1, summaryImport, `"https://api.apify.com/v2/key-value-stores/x" is not a valid import ID: the URL is not that of a dataset`)
	_, r.output, _ = strings.Cut(r.output, "Error: ") // before it, the CLI quotes the command
	r.expectNone(t, "hunter2", "MC4w")

	c.skipBelow("1.5", "1.6")
	c.write("main.tf", fmt.Sprintf(nameOnly, "by-url")+fmt.Sprintf(`
		import {
		  to = apify_dataset.test
		  id = %q
		}
	`, console))
	c.run("apply", "-auto-approve").expect(t, 0, "1 imported, 0 added, 0 changed, 0 destroyed")
	c.expectID(testAddress, d.ID)
	c.expectNoChanges()
	s.expectWrites(t)
}

// TestDataset_nameHint has bare words that are no IDs.
func TestDataset_nameHint(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	for word, want := range map[string]bool{"products": true, "Products2026": true, "WkzbQMuFYuamGv3YF": false, "~products": false} {
		hint := []string{`"` + word + `" was read as an ID`, "write ~" + word + " to import"}
		w := s.newWalk(t, nil)
		_, ds := w.importID(t.Context(), word)
		if !ds.errors().has(summaryImport, "404 Not Found") || ds.has(hint...) != want || ds.has("was read as an ID") != want {
			t.Errorf("the import of %q has the diagnostics\n%s", word, ds)
		}
		if strings.HasPrefix(word, "~") {
			continue
		}
		_, ds = w.readDataSource(t.Context(), "apify_dataset", values{"id": word})
		if !ds.errors().has(summaryRead, "404 Not Found") || ds.has(append(hint, "use the attribute name of data \"apify_dataset\"")...) != want ||
			ds.has("was read as an ID") != want {
			t.Errorf("reading %q has the diagnostics\n%s", word, ds)
		}
	}
	// Other errors have no hint.
	s.Recorder.Inject(emulator.FaultNamed(emulator.FaultForbidden))
	if _, ds := s.newWalk(t, nil).importID(t.Context(), "products"); ds.has("was read as an ID") {
		t.Error(ds)
	}
}

// TestDataset_importInvalidID has IDs that are refused without a request.
func TestDataset_importInvalidID(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	w := s.newWalk(t, nil)
	for _, id := range []string{"my-dataset", "~", "~-a", "user~", "user/", "/name", "a/b/c", "a~b~c", "a b", "https://console.apify.com/storage/key-value-stores/WkzbQMuFYuamGv3YF", "",
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
