package provider

import (
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// The life of one resource. terraform-plugin-testing plans after each step, and fails if that plan
// has changes.

// TestAccDataset_lifecycle creates a dataset, changes it, and deletes it.
func TestAccDataset_lifecycle(t *testing.T) {
	s := newTestServer(t)
	name, renamed := s.name(t), s.name(t)
	ids := statecheck.CompareValue(compare.ValuesSame())
	sameID := func() statecheck.StateCheck { return ids.AddStateValue(testAddress, tfjsonpath.New("id")) }
	planned := []plancheck.PlanCheck{plancheck.ExpectResourceAction(testAddress, plancheck.ResourceActionUpdate)}
	for _, stable := range []string{"id", "user_id", "created_at", "console_url", "general_access"} {
		planned = append(planned, plancheck.ExpectKnownValue(testAddress, tfjsonpath.New(stable), knownvalue.NotNull()))
	}
	var id string
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{
			{
				Config: s.config(block("test", named(name))),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites(posted(name)),
					sameID(),
					expectValue("id", knownvalue.StringFunc(func(value string) error {
						id = value
						return nil
					})),
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
				Config:           s.config(block("test", named(renamed), noAdoption, forceDestroy, `timeouts = { create = "1m", delete = "4m" }`)),
				ConfigPlanChecks: resource.ConfigPlanChecks{PreApply: planned},
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites(`PUT /v2/datasets/{id} {"name":"` + renamed + `"}`),
					sameID(),
					expectValue("name", knownvalue.StringExact(renamed)),
					expectValue("adopt_existing", knownvalue.Bool(false)),
					expectValue("force_destroy", knownvalue.Bool(true)),
					expectValue("timeouts", knownvalue.ObjectPartial(map[string]knownvalue.Check{
						"create": knownvalue.StringExact("1m"), "read": knownvalue.Null(),
					})),
				},
			},
		},
	})
	s.expectWrites(t, deleted(id))
}

// TestAccDataset_generalAccess creates an unnamed dataset with a level of general access, which
// needs a second request. Without a level, the resource has the server's, and a change outside
// Terraform is no diff.
func TestAccDataset_generalAccess(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	access := func(level string) string { return "general_access = \"" + level + "\"" }
	changed := func(id, change string) string { return "PUT /v2/datasets/" + id + " {" + change + "}" }
	r := c.apply(block("test", restrictedAccess)).ok()
	id := c.id(testAddress)
	r.wrote("POST /v2/datasets", changed(id, `"generalAccess":"RESTRICTED"`))
	c.apply(block("test", named(name), access("ANYONE_WITH_NAME_CAN_READ"))).ok().wrote(changed(id, `"generalAccess":"ANYONE_WITH_NAME_CAN_READ","name":"`+name+`"`))
	c.plan(block("test", access("ANYONE_WITH_NAME_CAN_READ"))).fails("Apify dataset needs a name", "Set name, or choose another value").wrote()
	// The next step: another value.
	c.apply(block("test", access("ANYONE_WITH_ID_CAN_READ"))).ok().wrote(changed(id, `"generalAccess":"ANYONE_WITH_ID_CAN_READ","name":null`))
	s.update(t, id, map[string]any{"generalAccess": "RESTRICTED"})
	c.plan(block("test")).ok("No changes")
	c.plan(block("test", access("ANYONE_WITH_ID_CAN_READ"))).changes(`"RESTRICTED" -> "ANYONE_WITH_ID_CAN_READ"`)
	c.destroy().ok().wrote(deleted(id))
}

// TestAccDataset_schema changes the text of a schema without its meaning, then its meaning, without
// and with items.
func TestAccDataset_schema(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	one, two := schemaAttribute("one"), schemaAttribute("two")
	c.apply(block("test", named(name), one)).ok().wrote(posted(name) + " " + schemaJSON("one"))
	id := c.id(testAddress)
	c.plan(block("test", named(name), `schema = "{\"fields\": {\"description\": \"one\"}, \"actorSpecification\": 1.0}"`)).ok("No changes")
	c.plan(block("test", named(name))).ok("No changes")
	c.apply(block("test", named(name), two)).ok("must be replaced", "forces replacement").without("Warning:").
		wrote(deleted(id), posted(name)+" "+schemaJSON("two"))
	id = c.id(testAddress)
	s.push(t, id, 1)
	c.apply(block("test", named(name), one, forceDestroy)).
		fails("Apify dataset contains items", "A new schema replaces the dataset. Nothing was deleted.").wrote()
	// The next steps: the schema that it has, with force_destroy first; then the new one.
	c.apply(block("test", named(name), two, forceDestroy)).ok().wrote()
	c.apply(block("test", named(name), one, forceDestroy)).ok("must be replaced", "with its 1 item, because").
		wrote(deleted(id), posted(name)+" "+schemaJSON("one"))
	c.plan("").ok("No changes")
}

// TestAccDataset_schemaUnknown plans a schema that another resource, or a data source that waits
// for one, makes known in the apply. The plan shows an update, and the apply compares.
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
}

// TestAccDataset_adopt adopts a dataset with its items, unless its schema is another one: the plan
// warns, the apply does not warn again, and the next plan has no changes, even if the case of the
// name differs. After the loss of the state, the same dataset is adopted again.
func TestAccDataset_adopt(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	id, createdAt := s.create(t, name)
	c.apply(block("test", named(name), schemaAttribute("one"))).
		fails("Existing Apify dataset has another schema", id, "remove schema from the configuration, or choose another name").wrote()
	// The next step: no schema.
	warning := `Dataset "` + name + `" (ID ` + id + `, created ` + createdAt + `, 0 items) exists. This resource adopts it with its items, and sets ` +
		`general_access to RESTRICTED. If you did not expect this, choose another name, or set adopt_existing = false.`
	c.plan(block("test", named(name), restrictedAccess), "-out=plan").changes("Warning: Adopting existing Apify dataset: "+name, warning).has(1, "Warning:").wrote()
	c.run("apply", "plan").ok(warning).has(1, "Warning:").wrote(posted(name), `PUT /v2/datasets/`+id+` {"generalAccess":"RESTRICTED"}`)
	c.expectState(testAddress, id)
	c.plan(block("test", named(strings.ToUpper(name)), restrictedAccess)).ok("No changes").without("Warning:")
	c.remove("terraform.tfstate")
	c.apply(block("test", named(name), restrictedAccess)).ok("Adopting existing Apify dataset").without("and sets general_access").wrote(posted(name))
	c.expectState(testAddress, id)
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

// TestAccDataset_nameRemoved removes the name of a dataset with items, which Apify would then
// delete.
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
}
