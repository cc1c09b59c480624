package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/apify/terraform-provider-apify/internal/apify"
	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// testAddress is the resource that most tests are about.
const testAddress = "apify_dataset.test"

// stableAttributes never change once a dataset is there.
var stableAttributes = []string{"id", "user_id", "created_at", "console_url"}

// datasetConfig is a configuration with apify_dataset.test only.
func (s *testServer) datasetConfig(attributes string) string {
	return s.config("resource \"apify_dataset\" \"test\" {\n" + attributes + "\n}\n")
}

// wrote is a check that exactly these requests that can change something were
// sent since the last such check, in this order. {id} and {name} stand for those
// of apify_dataset.test.
func (s *testServer) wrote(want ...string) statecheck.StateCheck { return wrote{s, want} }

type wrote struct {
	server *testServer
	want   []string
}

// CheckState implements [statecheck.StateCheck].
func (w wrote) CheckState(_ context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	got, want := w.server.writes(), slices.Clone(w.want)
	w.server.Recorder.Reset()
	if r := stateOf(req.State, testAddress); r != nil {
		for i := range want {
			for _, attribute := range []string{"id", "name"} {
				want[i] = strings.ReplaceAll(want[i], "{"+attribute+"}", fmt.Sprint(r.AttributeValues[attribute]))
			}
		}
	}
	if !slices.Equal(got, want) {
		resp.Error = fmt.Errorf("the requests that write were\n\t%s\nand should have been\n\t%s",
			strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func stateOf(state *tfjson.State, address string) *tfjson.StateResource {
	if state.Values == nil {
		return nil
	}
	for _, r := range state.Values.RootModule.Resources {
		if r.Address == address {
			return r
		}
	}
	return nil
}

func expectValue(attribute string, value knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(testAddress, tfjsonpath.New(attribute), value)
}

// knownInPlan expects attributes to have known values in a plan.
func knownInPlan(attributes ...string) []plancheck.PlanCheck {
	var checks []plancheck.PlanCheck
	for _, a := range attributes {
		checks = append(checks, plancheck.ExpectKnownValue(testAddress, tfjsonpath.New(a), knownvalue.NotNull()))
	}
	return checks
}

// capture keeps an attribute's value for later.
func capture(attribute string, into *string) statecheck.StateCheck {
	return expectValue(attribute, knownvalue.StringFunc(func(value string) error {
		*into = value
		return nil
	}))
}

var (
	created  = plancheck.ExpectResourceAction(testAddress, plancheck.ResourceActionCreate)
	inPlace  = plancheck.ExpectResourceAction(testAddress, plancheck.ResourceActionUpdate)
	noAction = plancheck.ExpectResourceAction(testAddress, plancheck.ResourceActionNoop)
)

func preApply(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

// TestAccDataset_lifecycle goes through what can be changed of a dataset, on its
// way from creation to deletion.
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
					s.wrote("POST /v2/datasets?name=" + name),
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
				// What the API knows nothing of is not sent.
				Config: s.datasetConfig(`
					name           = "` + name + `"
					adopt_existing = false
					force_destroy  = true
					timeouts       = { create = "1m", read = "2m", update = "3m", delete = "4m" }
				`),
				ConfigPlanChecks: preApply(append(knownInPlan(append(stableAttributes, "items_public_url", "general_access")...), inPlace)...),
				ConfigStateChecks: []statecheck.StateCheck{
					s.wrote(),
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
				ConfigPlanChecks: preApply(append(knownInPlan(stableAttributes...), inPlace)...),
				ConfigStateChecks: []statecheck.StateCheck{
					s.wrote(`PUT /v2/datasets/{id} {"name":"` + renamed + `"}`),
					sameID(),
					expectValue("name", knownvalue.StringExact(renamed)),
					expectValue("timeouts", knownvalue.Null()),
				},
			},
			{
				Config:           s.datasetConfig(""),
				ConfigPlanChecks: preApply(inPlace),
				ConfigStateChecks: []statecheck.StateCheck{
					s.wrote(`PUT /v2/datasets/{id} {"name":null}`),
					sameID(),
					expectValue("name", knownvalue.Null()),
				},
			},
			{
				// A name that was given up can be used again, and both changes go in one request.
				Config: s.datasetConfig(`
					name           = "` + name + `"
					general_access = "RESTRICTED"
				`),
				ConfigPlanChecks: preApply(inPlace),
				ConfigStateChecks: []statecheck.StateCheck{
					s.wrote(`PUT /v2/datasets/{id} {"generalAccess":"RESTRICTED","name":"` + name + `"}`),
					sameID(),
					expectValue("name", knownvalue.StringExact(name)),
					expectValue("general_access", knownvalue.StringExact("RESTRICTED")),
				},
			},
		},
	})
	s.expectWrites(t, "DELETE /v2/datasets/"+id)
}

func recent(createdAt string) error {
	at, err := time.Parse(time.RFC3339, createdAt)
	if err != nil {
		return err
	}
	if age := time.Since(at); age < -time.Minute || age > time.Hour {
		return fmt.Errorf("it was created %s ago", age)
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
				ConfigPlanChecks: preApply(created),
				ConfigStateChecks: []statecheck.StateCheck{
					s.wrote("POST /v2/datasets"),
					expectValue("name", knownvalue.Null()),
					capture("id", &first),
				},
			},
			{
				// Every creation makes a new one.
				Config: s.datasetConfig("") + `resource "apify_dataset" "second" {}`,
				ConfigStateChecks: []statecheck.StateCheck{
					s.wrote("POST /v2/datasets"),
					expectValue("id", knownvalue.StringFunc(func(id string) error { return equalTo(first)(id) })),
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

func equalTo(want string) func(string) error {
	return func(got string) error {
		if got != want {
			return fmt.Errorf("it is not %q", want)
		}
		return nil
	}
}

// TestAccDataset_nameCase takes one name through its spellings in upper and lower
// case, on either side.
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
					s.wrote("POST /v2/datasets?name=" + name),
					capture("id", &id),
				},
			},
			{
				Config:            s.datasetConfig(`name = "` + upper + `"`),
				ConfigPlanChecks:  preApply(plancheck.ExpectEmptyPlan()),
				ConfigStateChecks: []statecheck.StateCheck{s.wrote()},
			},
			{
				PreConfig: func() {
					if _, err := s.client(t).UpdateDataset(t.Context(), id, apify.DatasetUpdate{Name: &upper}); err != nil {
						t.Error(err)
					}
					s.Recorder.Reset()
				},
				Config:            s.datasetConfig(`name = "` + name + `"`),
				ConfigPlanChecks:  preApply(plancheck.ExpectEmptyPlan()),
				ConfigStateChecks: []statecheck.StateCheck{s.wrote(), expectValue("name", knownvalue.StringExact(name))},
			},
			{
				// Another change of the same resource does not take the spelling along.
				Config: s.datasetConfig(`
					name           = "` + strings.ToUpper(name[:8]) + name[8:] + `"
					general_access = "RESTRICTED"
				`),
				ConfigPlanChecks:  preApply(inPlace),
				ConfigStateChecks: []statecheck.StateCheck{s.wrote(`PUT /v2/datasets/{id} {"generalAccess":"RESTRICTED"}`)},
			},
			{
				// A change of more than case is one.
				Config:            s.datasetConfig(`name = "` + upper + `-X"`),
				ConfigPlanChecks:  preApply(inPlace),
				ConfigStateChecks: []statecheck.StateCheck{s.wrote(`PUT /v2/datasets/{id} {"name":"` + upper + `-X"}`)},
			},
		},
	})
}

// TestAccDataset_renamedOutside undoes a rename that was made by somebody else.
func TestAccDataset_renamedOutside(t *testing.T) {
	s := newTestServer(t)
	name, other := s.name(t), s.name(t)
	var id string
	rename := func(to string) func() {
		return func() {
			if _, err := s.client(t).UpdateDataset(t.Context(), id, apify.DatasetUpdate{Name: &to}); err != nil {
				t.Error(err)
			}
			s.Recorder.Reset()
		}
	}
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{
			{
				Config:            s.datasetConfig(`name = "` + name + `"`),
				ConfigStateChecks: []statecheck.StateCheck{capture("id", &id), s.wrote("POST /v2/datasets?name=" + name)},
			},
			{
				PreConfig:         rename(other),
				Config:            s.datasetConfig(`name = "` + name + `"`),
				ConfigPlanChecks:  preApply(inPlace),
				ConfigStateChecks: []statecheck.StateCheck{s.wrote(`PUT /v2/datasets/{id} {"name":"` + name + `"}`)},
			},
			{
				PreConfig:         rename(""),
				Config:            s.datasetConfig(`name = "` + name + `"`),
				ConfigPlanChecks:  preApply(inPlace),
				ConfigStateChecks: []statecheck.StateCheck{s.wrote(`PUT /v2/datasets/{id} {"name":"` + name + `"}`)},
			},
		},
	})
}

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
	id, holder := c.id(testAddress), c.id("apify_dataset.holder")

	s.Recorder.Reset()
	c.write("main.tf", config(strings.ToUpper(taken)))
	c.run("apply", "-auto-approve").expect(t, 1, "Updating Apify dataset failed", "Dataset "+id, `"`+strings.ToUpper(taken)+`"`,
		"is the name of dataset "+holder, "Nothing was changed", "Choose another name")
	s.expectWrites(t, "PUT /v2/datasets/"+id+` {"name":"`+strings.ToUpper(taken)+`"}`)

	c.write("main.tf", config(name))
	c.expectNoChanges()
	c.mustRun("destroy", "-auto-approve")
}

// TestAccDataset_nameNotApplied is about a server that answers a rename with
// success, and does nothing.
func TestAccDataset_nameNotApplied(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	name := s.name(t)
	c.write("main.tf", `resource "apify_dataset" "test" { name = "`+name+`" }`)
	c.mustRun("apply", "-auto-approve")
	id := c.id(testAddress)

	s.Recorder.Inject(emulator.Fault{Method: http.MethodPut, Times: 1, Mutate: func(status int, _ http.Header, body map[string]any) int {
		s.API.Update(id, func(d *emulator.Dataset) { d.Name = name })
		body["data"].(map[string]any)["name"] = name
		return status
	}})
	c.write("main.tf", `resource "apify_dataset" "test" { name = "`+name+`-2" }`)
	c.run("apply", "-auto-approve").expect(t, 1, "Apify dataset not changed as asked", id, `name is "`+name+`", and not "`+name+`-2"`)
	if got := c.attributes(testAddress)["name"]; got != name {
		t.Errorf("the state has the name %q", got)
	}

	c.mustRun("apply", "-auto-approve")
	if d, _ := s.API.Dataset(id); d.Name != name+"-2" {
		t.Errorf("the second apply left the name %q", d.Name)
	}
}

// TestAccDataset_badInput has every mistake that planning finds in one
// configuration. Nothing is sent.
func TestAccDataset_badInput(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	mistakes := []struct{ label, attribute, text string }{
		{"long", `name = "` + strings.Repeat("a", 64) + `"`, "64 characters"},
		{"empty", `name = ""`, "for an unnamed dataset"},
		{"underscore", `name = "a_b"`, `cannot be "a_b"`},
		{"leading", `name = "-a"`, `cannot be "-a"`},
		{"trailing", `name = "a-"`, `cannot be "a-"`},
		{"letter", `name = "café"`, `cannot be "café" (4 characters)`},
		{"level", `general_access = "PUBLIC"`, `value must be one of: ["FOLLOW_USER_SETTING" "RESTRICTED" "ANYONE_WITH_ID_CAN_READ" "ANYONE_WITH_NAME_CAN_READ"]`},
		{"nameless", `general_access = "ANYONE_WITH_NAME_CAN_READ"`, "Apify dataset needs a name"},
		{"no_duration", `timeouts = { create = "soon" }`, `timeouts.create: "soon" is not a duration`},
		{"no_time", `timeouts = { delete = "0s" }`, "timeouts.delete: 0s is not above zero"},
	}
	var config strings.Builder
	for _, m := range mistakes {
		fmt.Fprintf(&config, "resource \"apify_dataset\" %q {\n  %s\n}\n", m.label, m.attribute)
	}
	// The longest and the shortest name are none.
	fmt.Fprintf(&config, "resource \"apify_dataset\" \"right\" {\n  name = %q\n}\n", strings.Repeat("a", 63))
	config.WriteString(`resource "apify_dataset" "short" { name = "1" }`)
	c.write("main.tf", config.String())

	r := c.run("plan")
	r.expect(t, 1)
	for _, m := range mistakes {
		r.expect(t, 1, m.text, fmt.Sprintf(`in resource "apify_dataset" %q`, m.label))
		if name, _, _ := strings.Cut(m.attribute, " "); name != "timeouts" {
			if !regexp.MustCompile(`in resource "apify_dataset" "` + m.label + `": \d+: ` + name).MatchString(r.output) {
				t.Errorf("the error for %q does not point to %s:\n%s", m.label, name, r.output)
			}
		}
	}
	if n := strings.Count(r.output, "Error: "); n != len(mistakes) {
		t.Errorf("there are %d errors, and not %d:\n%s", n, len(mistakes), r.output)
	}
	if sent := s.sent(); len(sent) > 0 {
		t.Errorf("the plan sent %q", sent)
	}
}

// TestAccDataset_unknownName has a name that nobody knows before apply.
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
				ConfigPlanChecks: preApply(created, plancheck.ExpectUnknownValue(testAddress, tfjsonpath.New("name"))),
				ConfigStateChecks: []statecheck.StateCheck{
					expectValue("name", knownvalue.StringRegexp(regexp.MustCompile(`^`+prefix+`-[0-9a-f]{8}$`))),
					s.wrote("POST /v2/datasets?name={name}"),
				},
			},
		},
	})
}

// TestAccDataset_fieldsLeftOut is about a server that leaves out whatever the API
// does not promise, and more.
func TestAccDataset_fieldsLeftOut(t *testing.T) {
	s := newEmulator(t, emulator.Options{})
	s.Recorder.Inject(emulator.Fault{Pattern: "/v2/datasets", Method: http.MethodPost, Mutate: onlyIDAndName},
		emulator.Fault{Pattern: "/v2/datasets/{datasetId}", Mutate: onlyIDAndName})
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
				ConfigStateChecks: append(nulls, s.wrote("POST /v2/datasets?name="+name)),
			},
			{
				Config:            s.datasetConfig(`name = "` + name + `-2"`),
				ConfigPlanChecks:  preApply(inPlace),
				ConfigStateChecks: append(nulls, s.wrote(`PUT /v2/datasets/{id} {"name":"`+name+`-2"}`)),
			},
			{
				ResourceName:      testAddress,
				ImportState:       true,
				ImportStateVerify: true,
			},
		},
	})
}

func onlyIDAndName(status int, _ http.Header, body map[string]any) int {
	if d, ok := body["data"].(map[string]any); ok {
		body["data"] = map[string]any{"id": d["id"], "name": d["name"]}
	}
	return status
}

// TestDataset_timeouts has a server that never answers.
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
				p, _ = w.plan(t.Context(), dataset, config)
			case "update":
				config["name"] = name + "-2"
				p, _ = w.plan(t.Context(), dataset, config)
			case "delete":
				p, _ = w.plan(t.Context(), dataset, nil)
			}
			s.Recorder.Inject(emulator.Fault{Delay: time.Hour})
			start := time.Now()
			var ds diagnostics
			if operation == "read" {
				_, ds = w.read(t.Context(), dataset)
			} else {
				_, ds = w.apply(t.Context(), p)
			}
			if !ds.errors().has("own timeout", "timeouts attribute") {
				t.Errorf("the errors do not tell of the timeout: %s", ds)
			}
			if took := time.Since(start); took > 10*time.Second {
				t.Errorf("it took %s", took)
			}
		})
	}
}
