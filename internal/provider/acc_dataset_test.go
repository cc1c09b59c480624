package provider

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// The life of one resource. terraform-plugin-testing plans after each step, and fails if that plan
// has changes.

// TestAccDataset_lifecycle creates a dataset, changes each attribute, and deletes the dataset.
func TestAccDataset_lifecycle(t *testing.T) {
	s := newTestServer(t)
	name, renamed := s.name(t), s.name(t)
	ids := statecheck.CompareValue(compare.ValuesSame())
	sameID := func() statecheck.StateCheck { return ids.AddStateValue(testAddress, tfjsonpath.New("id")) }
	stable := []string{"id", "user_id", "created_at", "console_url"}
	var id string
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{
			{
				Config: s.config(block("test", named(name))),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites(posted(name)),
					sameID(),
					capture("id", &id),
					expectValue("id", knownvalue.StringRegexp(regexp.MustCompile(`^[a-zA-Z0-9]{17}$`))),
					expectValue("name", knownvalue.StringExact(name)),
					expectValue("user_id", knownvalue.NotNull()),
					expectValue("created_at", knownvalue.StringRegexp(regexp.MustCompile(`^20\d\d-\d\d-\d\dT.*Z$`))),
					expectValue("console_url", knownvalue.StringRegexp(regexp.MustCompile(`^https://console\.apify\.com/storage/datasets/[a-zA-Z0-9]{17}$`))),
					expectValue("general_access", knownvalue.StringExact("FOLLOW_USER_SETTING")),
					expectValue("adopt_existing", knownvalue.Bool(true)),
					expectValue("force_destroy", knownvalue.Bool(false)),
					expectValue("items_public_url", knownvalue.NotNull()),
					expectValue("timeouts", knownvalue.Null()),
				},
			},
			{
				// Attributes that the API does not have are not sent.
				Config:           s.config(block("test", named(name), noAdoption, forceDestroy, `timeouts = { create = "1m", delete = "4m" }`)),
				ConfigPlanChecks: preApply(append(expectKnown(append(stable, "items_public_url", "general_access")...), expectUpdate)...),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites(),
					sameID(),
					expectValue("adopt_existing", knownvalue.Bool(false)),
					expectValue("force_destroy", knownvalue.Bool(true)),
					expectValue("timeouts", knownvalue.ObjectPartial(map[string]knownvalue.Check{
						"create": knownvalue.StringExact("1m"), "read": knownvalue.Null(),
					})),
				},
			},
			{
				Config:           s.config(block("test", named(renamed))),
				ConfigPlanChecks: preApply(append(expectKnown(stable...), expectUpdate)...),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites(`PUT /v2/datasets/{id} {"name":"` + renamed + `"}`),
					sameID(),
					expectValue("name", knownvalue.StringExact(renamed)),
				},
			},
			{
				Config:           s.config(block("test")),
				ConfigPlanChecks: preApply(expectUpdate),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites(`PUT /v2/datasets/{id} {"name":null}`),
					sameID(),
					expectValue("name", knownvalue.Null()),
				},
			},
			{
				// The old name can be used again, and one request has both changes.
				Config:           s.config(block("test", named(name), restrictedAccess)),
				ConfigPlanChecks: preApply(expectUpdate),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites(`PUT /v2/datasets/{id} {"generalAccess":"RESTRICTED","name":"` + name + `"}`),
					sameID(),
					expectValue("general_access", knownvalue.StringExact("RESTRICTED")),
				},
			},
		},
	})
	s.expectWrites(t, deleted(id))
}

// TestAccDataset_unnamed creates an unnamed dataset with a level of general access, which needs a
// second request. A second resource creates a second dataset.
func TestAccDataset_unnamed(t *testing.T) {
	s := newTestServer(t)
	var first string
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{
			{
				Config: s.config(block("test", restrictedAccess)),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites("POST /v2/datasets", `PUT /v2/datasets/{id} {"generalAccess":"RESTRICTED"}`),
					expectValue("name", knownvalue.Null()),
					capture("id", &first),
				},
			},
			{
				Config: s.config(block("test", restrictedAccess) + block("second")),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites("POST /v2/datasets"),
					statecheck.CompareValuePairs(testAddress, tfjsonpath.New("id"), "apify_dataset.second", tfjsonpath.New("id"), compare.ValuesDiffer()),
				},
			},
		},
	})
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
				Config:            s.config(block("test", named(name))),
				ConfigStateChecks: []statecheck.StateCheck{s.checkWrites(posted(name)), capture("id", &id)},
			},
			{
				Config:            s.config(block("test", named(upper))),
				ConfigPlanChecks:  preApply(plancheck.ExpectEmptyPlan()),
				ConfigStateChecks: []statecheck.StateCheck{s.checkWrites()},
			},
			{
				PreConfig:         func() { s.update(t, id, map[string]any{"name": upper}) },
				Config:            s.config(block("test", named(name))),
				ConfigPlanChecks:  preApply(plancheck.ExpectEmptyPlan()),
				ConfigStateChecks: []statecheck.StateCheck{s.checkWrites(), expectValue("name", knownvalue.StringExact(name))},
			},
			{
				// A change of another attribute does not send the name.
				Config:            s.config(block("test", named(strings.ToUpper(name[:8])+name[8:]), restrictedAccess)),
				ConfigPlanChecks:  preApply(expectUpdate),
				ConfigStateChecks: []statecheck.StateCheck{s.checkWrites(`PUT /v2/datasets/{id} {"generalAccess":"RESTRICTED"}`)},
			},
		},
	})
}

// TestAccDataset_generalAccess sets every level. Without one, the resource has the server's, and a
// change outside Terraform is no diff.
func TestAccDataset_generalAccess(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	access := func(level string) string { return "general_access = \"" + level + "\"" }
	c.apply(block("test", named(name), access("FOLLOW_USER_SETTING"))).ok().wrote(posted(name))
	id := c.id(testAddress)
	for _, level := range []string{"ANYONE_WITH_ID_CAN_READ", "RESTRICTED", "ANYONE_WITH_NAME_CAN_READ"} {
		c.apply(block("test", named(name), access(level))).ok().wrote(`PUT /v2/datasets/` + id + ` {"generalAccess":"` + level + `"}`)
	}
	c.plan(block("test", access("ANYONE_WITH_NAME_CAN_READ"))).fails("Apify dataset needs a name", "Set name, or choose another value").wrote()
	// The next step: another value.
	c.apply(block("test", access("ANYONE_WITH_ID_CAN_READ"))).ok().wrote(`PUT /v2/datasets/` + id + ` {"generalAccess":"ANYONE_WITH_ID_CAN_READ","name":null}`)
	s.update(t, id, map[string]any{"generalAccess": "RESTRICTED"})
	c.plan(block("test")).ok("No changes")
	c.plan(block("test", access("ANYONE_WITH_ID_CAN_READ"))).changes(`"RESTRICTED" -> "ANYONE_WITH_ID_CAN_READ"`)
	c.destroy().ok().wrote(deleted(id))
}

// TestAccDataset_schema changes the text of a schema without its meaning, then its meaning.
func TestAccDataset_schema(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	c.apply(block("test", named(name), schemaAttribute("one"))).ok().wrote(posted(name) + " " + schemaJSON("one"))
	id := c.id(testAddress)
	c.plan(block("test", named(name), `schema = "{\"fields\": {\"description\": \"one\"}, \"actorSpecification\": 1.0}"`)).ok("No changes")
	c.plan(block("test", named(name))).ok("No changes")
	c.apply(block("test", named(name), schemaAttribute("two"))).ok("must be replaced", "forces replacement").
		wrote(deleted(id), posted(name)+" "+schemaJSON("two"))
	c.plan("").ok("No changes")
	c.destroy().ok()
}

// TestAccDataset_schemaUnknown plans a schema that another resource, or a data source that waits for
// one, makes known in the apply. The plan shows an update, and the apply compares.
func TestAccDataset_schemaUnknown(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	config := func(schema string) string {
		return "resource \"terraform_data\" \"schema\" {\n  input = " + schema + "\n}\n" +
			block("test", named(name), "schema = terraform_data.schema.output")
	}
	one := `jsonencode({ actorSpecification = 1, fields = { description = "one" } })`
	c.apply(config(one)).ok().wrote(posted(name) + " " + schemaJSON("one"))
	id := c.id(testAddress)
	s.push(t, id, 1)
	c.apply(config(`"{\"fields\": {\"description\": \"one\"}, \"actorSpecification\": 1}"`)).ok("will be updated in-place").without("forces replacement").wrote()
	c.apply(config(strings.Replace(one, `"one"`, `"two"`, 1))).fails("Apify dataset schema changed", "Plan again without -refresh=false", "Nothing was changed").wrote()
	c.expectState(testAddress, id)
	// The next step: plan again. The schema is known now.
	c.plan("").fails("Apify dataset contains items", "A new schema replaces the dataset").wrote()
	c.apply(config(one)).ok().wrote()
	s.sweep(t, name)
}

func TestAccDataset_schemaFromDataSource(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, template, name := s.newCLI(t), s.name(t), s.name(t)
	config := func(input string) string {
		return block("template", named(template), schemaAttribute("one")) +
			"resource \"terraform_data\" \"pending\" {\n  input = \"" + input + "\"\n}\n" +
			"data \"apify_dataset\" \"template\" {\n  id = apify_dataset.template.id\n  depends_on = [terraform_data.pending]\n}\n" +
			block("test", named(name), "schema = data.apify_dataset.template.schema")
	}
	c.apply(config("a")).ok()
	// An unrelated change defers the data source.
	c.apply(config("b")).ok("0 to add, 2 to change", "will be updated in-place").wrote()
	c.destroy().ok()
}

// TestAccDataset_adopt adopts a dataset with its items: the plan warns, the apply does not warn
// again, and the next plan has no changes.
func TestAccDataset_adopt(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	id, createdAt := s.create(t, name)
	warning := `Dataset "` + name + `" (ID ` + id + `, created ` + createdAt + `, 0 items) exists. This resource adopts it with its items, and sets ` +
		`general_access to RESTRICTED. If you did not expect this, choose another name, or set adopt_existing = false.`
	config := block("test", named(name), restrictedAccess)
	c.plan(config, "-out=plan").changes("Warning: Adopting existing Apify dataset: "+name, warning).has(1, "Warning:").wrote()
	c.run("apply", "plan").ok(warning).has(1, "Warning:").wrote(posted(name), `PUT /v2/datasets/`+id+` {"generalAccess":"RESTRICTED"}`)
	c.expectState(testAddress, id)
	c.plan("").ok("No changes").without("Warning:")
	c.destroy().ok().wrote(deleted(id))
}

// TestAccDataset_adoptMany adopts twelve datasets: ten warnings name one, the others share one.
func TestAccDataset_adoptMany(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	s.seedMany(12, "many-%02d")
	c := s.newCLI(t)
	c.plan("resource \"apify_dataset\" \"test\" {\n  count = 12\n  name  = format(\"many-%02d\", count.index)\n}\n").
		changes("12 to add").has(10, "Warning: Adopting existing Apify dataset: many-").has(1, "Warning: Adopting existing Apify dataset with")
}

// TestAccDataset_adoptOtherSchema refuses to adopt a dataset with another schema. Each next step
// works.
func TestAccDataset_adoptOtherSchema(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	id, _ := s.create(t, name)
	c.apply(block("test", named(name), schemaAttribute("one"))).
		fails("Existing Apify dataset has another schema", id, "remove schema from the configuration, or choose another name").wrote()
	c.apply(block("test", named(name))).ok().wrote(posted(name))
	c.expectState(testAddress, id)
	c.destroy().ok()
}

// TestAccDataset_noAdoption reports an existing dataset in the plan, and follows the error's import
// block.
func TestAccDataset_noAdoption(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	id, _ := s.create(t, name)
	config := block("test", named(name), noAdoption)
	output := c.plan(config).fails("Apify dataset already exists", "adopt_existing is false. Nothing was changed.").wrote().output
	importBlock := regexp.MustCompile(`import \{ to = apify_dataset\.NAME id = "\w+" \}`).FindString(output)
	if importBlock == "" {
		t.Fatalf("no import block in %s", output)
	}
	importBlock = strings.NewReplacer("{ ", "{\n  ", "NAME ", "test\n  ", " }", "\n}\n").Replace(importBlock)
	c.apply(config + importBlock).ok("1 imported, 0 added").wrote()
	c.expectState(testAddress, id)
	c.plan(config).ok("No changes")
	c.destroy().ok()
}

// TestAccDataset_stateLost applies again without the state: one POST, the same dataset.
func TestAccDataset_stateLost(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	c.apply(block("test", named(name), restrictedAccess, schemaAttribute("one"))).ok()
	id := c.id(testAddress)
	if err := os.Remove(filepath.Join(c.dir, "terraform.tfstate")); err != nil {
		t.Fatal(err)
	}
	c.apply("").ok("Adopting existing Apify dataset").without("and sets general_access").wrote(posted(name) + " " + schemaJSON("one"))
	c.expectState(testAddress, id)
	c.plan("").ok("No changes")
	c.destroy().ok().wrote(deleted(id))
}

// TestAccDataset_destroyWithItems refuses to destroy a dataset with items. Only force_destroy in
// state allows it: the next step is to apply it first.
func TestAccDataset_destroyWithItems(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	c.apply(block("test", named(name))).ok()
	id := c.id(testAddress)
	s.push(t, id, 2)
	c.destroy().fails("Apify dataset contains items", `Dataset "`+name+`" (ID `+id+`) contains`, "Add a moved block", "apply force_destroy = true first").
		has(1, "Error:").wrote()
	c.write("main.tf", block("test", named(name), forceDestroy))
	c.destroy().fails("force_destroy is not true in state").wrote()
	c.apply("").ok("0 added, 1 changed, 0 destroyed").wrote()
	c.destroy().ok("Items of Apify dataset will be deleted: "+name, "with its 2 items").wrote(deleted(id))
	c.expectState()
}

// TestAccDataset_destroyUncounted destroys a dataset whose counters lag: the apply requests one item,
// and deletes nothing if it cannot.
func TestAccDataset_destroyUncounted(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{CounterLag: 24 * 60 * 60 * 1e9})
	c := s.newCLI(t)
	c.apply(block("test", named("lagging"))).ok()
	s.API.Push(c.id(testAddress), items(1)...)
	c.destroy().fails("Apify dataset contains items").wrote()
	s.Recorder.Inject(onRequest(getItems, emulator.Fault{Status: 402, Body: `{"error":{"type":"actor-memory-limit-exceeded","message":"Pay first."}}`}))
	c.destroy().fails("Pay first", "could not count its items, so nothing was changed").wrote()
	c.expectState(testAddress, c.id(testAddress))
}

// TestAccDataset_nameRemoved removes the name of a dataset with items, which Apify would then delete.
func TestAccDataset_nameRemoved(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	config := "variable \"name\" {\n  type = string\n  default = null\n}\n" + block("test", "name = var.name")
	c.apply(config, "-var=name="+name).ok()
	id := c.id(testAddress)
	s.push(t, id, 1)
	c.apply("").fails("Apify dataset contains items", "Without a name, Apify deletes it", "A variable may be null by mistake").wrote()
	// The next steps: keep the name, or apply force_destroy first.
	c.plan("", "-var=name="+name).ok("No changes")
	config = strings.Replace(config, "var.name", "var.name\n  "+forceDestroy, 1)
	c.apply(config, "-var=name="+name).ok().wrote()
	c.apply("").ok("Items of Apify dataset will be deleted", "removes the name of").wrote(`PUT /v2/datasets/` + id + ` {"name":null}`)
	c.destroy().ok().wrote(deleted(id))
}

// TestAccDataset_schemaWithItems changes the schema of a dataset with items.
func TestAccDataset_schemaWithItems(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	c.apply(block("test", named(name), schemaAttribute("one"))).ok()
	id := c.id(testAddress)
	s.push(t, id, 1)
	c.apply(block("test", named(name), schemaAttribute("two"), forceDestroy)).
		fails("Apify dataset contains items", "A new schema replaces the dataset. Nothing was deleted.").wrote()
	// The next steps: the schema that it has, with force_destroy first; then the new one.
	c.apply(block("test", named(name), schemaAttribute("one"), forceDestroy)).ok().wrote()
	c.apply(block("test", named(name), schemaAttribute("two"), forceDestroy)).ok("must be replaced", "with its 1 item, because").
		wrote(deleted(id), posted(name)+" "+schemaJSON("two"))
	c.destroy().ok()
}

// TestAccDataset_deletedOutside creates a dataset again that was deleted outside Terraform, with a
// warning.
func TestAccDataset_deletedOutside(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	c.apply(block("test", named(name))).ok()
	id := c.id(testAddress)
	s.delete(t, id)
	// Without a refresh, nothing heals it: neither a change nor a destroy fails badly.
	c.apply(block("test", named(name), restrictedAccess), "-refresh=false").
		fails("Apify dataset does not exist", "Run terraform apply without -refresh=false").wrote(`PUT /v2/datasets/` + id + ` {"generalAccess":"RESTRICTED"}`)
	// The next step.
	c.apply(block("test", named(name))).ok("Warning: Apify dataset deleted outside Terraform: "+name,
		`Dataset "`+name+`" (ID `+id+`) no longer exists on Apify, and its items are lost.`).wrote(posted(name))
	s.delete(t, c.id(testAddress))
	c.destroy("-refresh=false").ok()
	c.expectState()
}

// TestAccDataset_refreshFalse plans and applies without a refresh: no read of the dataset, and what
// cannot be compared is refused.
func TestAccDataset_refreshFalse(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name, other := s.newCLI(t), s.name(t), s.name(t)
	c.apply(block("test", named(name), schemaAttribute("one"))).ok()
	id := c.id(testAddress)
	r := c.plan("", "-refresh=false").ok("No changes")
	expectRequests(t, r.sent, []string{getUser})
	c.apply(block("test", named(other), schemaAttribute("one")), "-refresh=false").ok().wrote(renamed(id, other))
	c.apply(block("test", named(other), schemaAttribute("two")), "-refresh=false").fails("Apify dataset schema changed", "Plan again without -refresh=false").wrote()
	// The next step.
	c.apply("").ok("must be replaced").wrote(deleted(id), posted(other)+" "+schemaJSON("two"))
	c.destroy("-refresh=false").ok()
}
