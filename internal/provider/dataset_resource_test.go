package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// stableAttributes never change after the creation of a dataset.
var stableAttributes = []string{"id", "user_id", "created_at", "console_url"}

// TestAccDataset_lifecycle creates a dataset, changes each attribute, and deletes the dataset.
func TestAccDataset_lifecycle(t *testing.T) {
	s := newTestServer(t)
	name, renamed := s.name(t), s.name(t)
	ids := statecheck.CompareValue(compare.ValuesSame())
	sameID := func() statecheck.StateCheck { return ids.AddStateValue(testAddress, tfjsonpath.New("id")) }
	var id string

	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{
			{
				Config: s.datasetConfig(`name = "` + name + `"`),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites("POST /v2/datasets?name=" + name),
					sameID(),
					capture("id", &id),
					expectValue("id", knownvalue.StringRegexp(regexp.MustCompile(`^[a-zA-Z0-9]{17}$`))),
					expectValue("name", knownvalue.StringExact(name)),
					expectValue("user_id", knownvalue.NotNull()),
					expectValue("created_at", knownvalue.StringFunc(recent)),
					expectValue("console_url", knownvalue.StringRegexp(regexp.MustCompile(`^https://console\.apify\.com/storage/datasets/[a-zA-Z0-9]{17}$`))),
					expectValue("general_access", knownvalue.StringExact("FOLLOW_USER_SETTING")),
					expectValue("adopt_existing", knownvalue.Bool(true)),
					expectValue("force_destroy", knownvalue.Bool(false)),
					expectValue("timeouts", knownvalue.Null()),
				},
			},
			{
				// Attributes that the API does not have are not sent.
				Config: s.datasetConfig(`
					name           = "` + name + `"
					adopt_existing = false
					force_destroy  = true
					timeouts       = { create = "1m", read = "2m", update = "3m", delete = "4m" }
				`),
				ConfigPlanChecks: preApply(append(expectKnown(append(stableAttributes, "items_public_url", "general_access")...), expectUpdate)...),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites(),
					sameID(),
					expectValue("adopt_existing", knownvalue.Bool(false)),
					expectValue("force_destroy", knownvalue.Bool(true)),
					expectValue("timeouts", knownvalue.ObjectExact(map[string]knownvalue.Check{
						"create": knownvalue.StringExact("1m"),
						"read":   knownvalue.StringExact("2m"),
						"update": knownvalue.StringExact("3m"),
						"delete": knownvalue.StringExact("4m"),
					})),
				},
			},
			{
				Config:           s.datasetConfig(`name = "` + renamed + `"`),
				ConfigPlanChecks: preApply(append(expectKnown(stableAttributes...), expectUpdate)...),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites(`PUT /v2/datasets/{id} {"name":"` + renamed + `"}`),
					sameID(),
					expectValue("name", knownvalue.StringExact(renamed)),
					expectValue("timeouts", knownvalue.Null()),
				},
			},
			{
				Config:           s.datasetConfig(""),
				ConfigPlanChecks: preApply(expectUpdate),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites(`PUT /v2/datasets/{id} {"name":null}`),
					sameID(),
					expectValue("name", knownvalue.Null()),
				},
			},
			{
				// The old name can be used again, and one request has both changes.
				Config: s.datasetConfig(`
					name           = "` + name + `"
					general_access = "RESTRICTED"
				`),
				ConfigPlanChecks: preApply(expectUpdate),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites(`PUT /v2/datasets/{id} {"generalAccess":"RESTRICTED","name":"` + name + `"}`),
					sameID(),
					expectValue("name", knownvalue.StringExact(name)),
					expectValue("general_access", knownvalue.StringExact("RESTRICTED")),
				},
			},
		},
	})
	s.expectWrites(t, "DELETE /v2/datasets/"+id)
}

// recent returns an error unless a time is within the last hour.
func recent(createdAt string) error {
	at, err := time.Parse(time.RFC3339, createdAt)
	if err != nil {
		return err
	}
	if age := time.Since(at); age < -time.Minute || age > time.Hour {
		return fmt.Errorf("created %s ago", age)
	}
	return nil
}

func TestAccDataset_unnamed(t *testing.T) {
	s := newTestServer(t)
	var first, second string
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{
			{
				Config:           s.datasetConfig(""),
				ConfigPlanChecks: preApply(expectCreate),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites("POST /v2/datasets"),
					expectValue("name", knownvalue.Null()),
					capture("id", &first),
				},
			},
			{
				// Every creation creates a new dataset.
				Config: s.datasetConfig("") + `resource "apify_dataset" "second" {}`,
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites("POST /v2/datasets"),
					expectValue("id", equalTo(&first)),
					statecheck.ExpectKnownValue("apify_dataset.second", tfjsonpath.New("id"), knownvalue.StringFunc(func(id string) error {
						second = id
						if id == first {
							return errors.New("both resources have the same dataset")
						}
						return nil
					})),
				},
			},
		},
	})
	s.expectWritesInAnyOrder(t, "DELETE /v2/datasets/"+first, "DELETE /v2/datasets/"+second)
}

// TestAccDataset_nameCase changes only the case of a name, in the configuration and on the server.
func TestAccDataset_nameCase(t *testing.T) {
	s := newTestServer(t)
	name := s.name(t)
	upper := strings.ToUpper(name)
	var id string
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{
			{
				Config: s.datasetConfig(`name = "` + name + `"`),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites("POST /v2/datasets?name=" + name),
					capture("id", &id),
				},
			},
			{
				Config:            s.datasetConfig(`name = "` + upper + `"`),
				ConfigPlanChecks:  preApply(plancheck.ExpectEmptyPlan()),
				ConfigStateChecks: []statecheck.StateCheck{s.checkWrites()},
			},
			{
				PreConfig:         func() { s.update(t, id, map[string]any{"name": upper}) },
				Config:            s.datasetConfig(`name = "` + name + `"`),
				ConfigPlanChecks:  preApply(plancheck.ExpectEmptyPlan()),
				ConfigStateChecks: []statecheck.StateCheck{s.checkWrites(), expectValue("name", knownvalue.StringExact(name))},
			},
			{
				// A change of another attribute does not send the name.
				Config: s.datasetConfig(`
					name           = "` + strings.ToUpper(name[:8]) + name[8:] + `"
					general_access = "RESTRICTED"
				`),
				ConfigPlanChecks:  preApply(expectUpdate),
				ConfigStateChecks: []statecheck.StateCheck{s.checkWrites(`PUT /v2/datasets/{id} {"generalAccess":"RESTRICTED"}`)},
			},
			{
				// A change of more than the case renames the dataset.
				Config:            s.datasetConfig(`name = "` + upper + `-X"`),
				ConfigPlanChecks:  preApply(expectUpdate),
				ConfigStateChecks: []statecheck.StateCheck{s.checkWrites(`PUT /v2/datasets/{id} {"name":"` + upper + `-X"}`)},
			},
		},
	})
}

// TestAccDataset_renamedOutside reverts renames that were made outside Terraform.
func TestAccDataset_renamedOutside(t *testing.T) {
	s := newTestServer(t)
	name, other := s.name(t), s.name(t)
	var id string
	rename := func(to any) func() {
		return func() { s.update(t, id, map[string]any{"name": to}) }
	}
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{
			{
				Config:            s.datasetConfig(`name = "` + name + `"`),
				ConfigStateChecks: []statecheck.StateCheck{capture("id", &id), s.checkWrites("POST /v2/datasets?name=" + name)},
			},
			{
				PreConfig:         rename(other),
				Config:            s.datasetConfig(`name = "` + name + `"`),
				ConfigPlanChecks:  preApply(expectUpdate),
				ConfigStateChecks: []statecheck.StateCheck{s.checkWrites(`PUT /v2/datasets/{id} {"name":"` + name + `"}`)},
			},
			{
				PreConfig:         rename(nil),
				Config:            s.datasetConfig(`name = "` + name + `"`),
				ConfigPlanChecks:  preApply(expectUpdate),
				ConfigStateChecks: []statecheck.StateCheck{s.checkWrites(`PUT /v2/datasets/{id} {"name":"` + name + `"}`)},
			},
		},
	})
}

// TestAccDataset_renameOntoTakenName renames a dataset to the name of another one, with another
// case.
func TestAccDataset_renameOntoTakenName(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	name, taken := s.name(t), s.name(t)
	config := func(name string) string {
		return `
			resource "apify_dataset" "test"   { name = "` + name + `" }
			resource "apify_dataset" "holder" { name = "` + taken + `" }
		`
	}
	c.write("main.tf", config(name))
	c.mustRun("apply", "-auto-approve")

	s.Recorder.Reset()
	c.write("main.tf", config(strings.ToUpper(taken)))
	c.run("apply", "-auto-approve").expect(t, 1, "Apify dataset name planned twice", "Nothing was changed",
		"Change the name of one resource", "terraform destroy -refresh=false")
	s.expectWrites(t)

	c.write("main.tf", config(name))
	c.expectNoChanges()
	c.mustRun("destroy", "-auto-approve")
}

// TestAccDataset_nameNotApplied renames a dataset on a server that returns success, but does not
// rename it.
func TestAccDataset_nameNotApplied(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	name := s.name(t)
	id := c.mustApply(nameOnly, name)

	s.Recorder.Inject(emulator.Fault{Method: http.MethodPut, Times: 1, Mutate: changeObject(func(d map[string]any) {
		s.API.Update(id, func(d *emulator.Dataset) { d.Name = name })
		d["name"] = name
	})})
	c.write("main.tf", fmt.Sprintf(nameOnly, name+"-2"))
	c.run("apply", "-auto-approve").expect(t, 1, "Apify dataset change not applied", id, `name is "`+name+`" instead of "`+name+`-2"`)
	if got := c.attributes(testAddress)["name"]; got != name {
		t.Errorf("the state has the name %q, want %q", got, name)
	}

	c.mustRun("apply", "-auto-approve")
	if d, _ := s.API.Dataset(id); d.Name != name+"-2" {
		t.Errorf("after the second apply the name is %q, want %q", d.Name, name+"-2")
	}
}

// TestAccDataset_invalidConfig has all mistakes that validation finds in one configuration. No
// request is sent.
func TestAccDataset_invalidConfig(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	mistakes := []struct{ label, attribute, text string }{
		{"long", `name = "` + strings.Repeat("a", 64) + `"`, "64 characters"},
		{"empty", `name = ""`, "For an unnamed dataset"},
		{"underscore", `name = "a_b"`, `got "a_b"`},
		{"leading", `name = "-a"`, `got "-a"`},
		{"trailing", `name = "a-"`, `got "a-"`},
		{"letter", `name = "café"`, `got "café" (4 characters)`},
		{"level", `general_access = "PUBLIC"`, `value must be one of: ["FOLLOW_USER_SETTING" "RESTRICTED" "ANYONE_WITH_ID_CAN_READ" "ANYONE_WITH_NAME_CAN_READ"]`},
		{"nameless", `general_access = "ANYONE_WITH_NAME_CAN_READ"`, "Apify dataset needs a name"},
		{"no_duration", `timeouts = { create = "soon" }`, `timeouts.create must be a duration with the units "h", "m", "s" or "ms", such as "30s" or "1h30m", got "soon"`},
		{"no_time", `timeouts = { delete = "0s" }`, `timeouts.delete must be a positive duration, got "0s"`},
	}
	var config strings.Builder
	for _, m := range mistakes {
		fmt.Fprintf(&config, "resource \"apify_dataset\" %q {\n  %s\n}\n", m.label, m.attribute)
	}
	// The longest and the shortest name are valid.
	fmt.Fprintf(&config, "resource \"apify_dataset\" \"right\" {\n  name = %q\n}\n", strings.Repeat("a", 63))
	config.WriteString(`resource "apify_dataset" "short" { name = "1" }`)
	c.write("main.tf", config.String())

	r := c.run("plan")
	r.expect(t, 1)
	for _, m := range mistakes {
		r.expect(t, 1, m.text, fmt.Sprintf(`in resource "apify_dataset" %q`, m.label))
		if name, _, _ := strings.Cut(m.attribute, " "); name != "timeouts" {
			if !regexp.MustCompile(`in resource "apify_dataset" "` + m.label + `": \d+: ` + name).MatchString(r.output) {
				t.Errorf("the error for %q is not at %s:\n%s", m.label, name, r.output)
			}
		}
	}
	r.expectErrors(t, len(mistakes))
	s.expectSent(t)
}

// TestAccDataset_unknownName creates a dataset whose name is known after apply.
func TestAccDataset_unknownName(t *testing.T) {
	s := newTestServer(t)
	prefix := s.name(t)
	resource.ParallelTest(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_4_0)}, // terraform_data
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{
			{
				Config: s.config(`
					resource "terraform_data" "suffix" {}
					resource "apify_dataset" "test" { name = "` + prefix + `-${substr(terraform_data.suffix.id, 0, 8)}" }
				`),
				ConfigPlanChecks: preApply(expectCreate, plancheck.ExpectUnknownValue(testAddress, tfjsonpath.New("name"))),
				ConfigStateChecks: []statecheck.StateCheck{
					expectValue("name", knownvalue.StringRegexp(regexp.MustCompile(`^`+prefix+`-[0-9a-f]{8}$`))),
					s.checkWrites("POST /v2/datasets?name={name}"),
				},
			},
		},
	})
}

// TestAccDataset_missingFields has a server whose responses contain only the ID and the name.
func TestAccDataset_missingFields(t *testing.T) {
	s := newEmulator(t, emulator.Options{})
	s.Recorder.Inject(onRequest(postDatasets, emulator.Fault{Mutate: keepFields("id", "name")}),
		emulator.Fault{Pattern: "/v2/datasets/{datasetId}", Mutate: keepFields("id", "name")})
	name := s.name(t)
	nulls := []statecheck.StateCheck{
		expectValue("id", knownvalue.NotNull()),
		expectValue("user_id", knownvalue.Null()),
		expectValue("created_at", knownvalue.Null()),
		expectValue("console_url", knownvalue.Null()),
		expectValue("general_access", knownvalue.Null()),
		expectValue("items_public_url", knownvalue.Null()),
	}
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{
			{
				Config:            s.datasetConfig(`name = "` + name + `"`),
				ConfigStateChecks: append(nulls, s.checkWrites("POST /v2/datasets?name="+name)),
			},
			{
				Config:            s.datasetConfig(`name = "` + name + `-2"`),
				ConfigPlanChecks:  preApply(expectUpdate),
				ConfigStateChecks: append(nulls, s.checkWrites(`PUT /v2/datasets/{id} {"name":"`+name+`-2"}`)),
			},
			{
				ResourceName:      testAddress,
				ImportState:       true,
				ImportStateVerify: true,
			},
		},
	})
}

// timeoutLimit bounds an operation whose timeout is 100 ms. It leaves time for a busy machine, and
// is less than the default timeouts of an operation and of a request.
const timeoutLimit = 10 * time.Second

// TestDataset_timeouts has a server that does not respond.
func TestDataset_timeouts(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"create", "read", "update", "delete"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			name := s.name(t)
			config := values{"name": name, "timeouts": values{operation: "100ms"}}
			var dataset instance
			if operation != "create" {
				dataset = s.mustApply(t, dataset, config)
			}
			w := s.newWalk(t, nil)
			var p planned
			switch operation {
			case "create":
				p = w.mustPlan(dataset, config)
			case "update":
				config["name"] = name + "-2"
				p = w.mustPlan(dataset, config)
			case "delete":
				p = w.mustPlan(dataset, nil)
			}
			s.Recorder.Inject(emulator.FaultNamed(emulator.FaultHang))
			// Without a working timeout the operation must end too, or the test would not.
			ctx, cancel := context.WithTimeout(t.Context(), timeoutLimit)
			defer cancel()
			start := time.Now()
			var ds diagnostics
			if operation == "read" {
				_, ds = w.read(ctx, dataset)
			} else {
				_, ds = w.apply(ctx, p)
			}
			if took := time.Since(start); took < 100*time.Millisecond || took >= timeoutLimit {
				t.Errorf("the operation took %s, and its timeout is 100ms", took)
			}
			if !ds.errors().has("timed out before another attempt", "timeouts attribute") {
				t.Errorf("the errors do not name the timeout:\n%s", ds)
			}
		})
	}
}
