package provider

import (
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// Two schemas that differ in the type of one field, and the first one in another notation.
const (
	schemaText = `{"actorSpecification":1,"fields":{"properties":{"price":{"minimum":1,"type":"number"}}},"views":{}}`
	otherText  = `{"actorSpecification":1,"fields":{"properties":{"price":{"minimum":1,"type":"string"}}},"views":{}}`

	schemaNotation = `{ "views": {}, "fields": {"properties": {"price": {"type": "number", "minimum": 1.0}}}, "actorSpecification": 1e0 }`
)

// schemaConfig returns a configuration of a dataset with a schema.
func schemaConfig(name, schema string, lines ...string) string {
	return dataset("test", name, append(lines, fmt.Sprintf("schema = %q", schema))...)
}

// TestAccDataset_schema creates a dataset with a schema, writes the schema in another notation, and
// changes it.
func TestAccDataset_schema(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	name := s.name(t)
	c.write("main.tf", dataset("test", name, `schema = jsonencode({
    actorSpecification = 1
    fields             = { properties = { price = { type = "number", minimum = 1 } } }
    views              = {}
  })`))
	s.Recorder.Reset()
	c.mustRun("apply", "-auto-approve")
	s.expectWrites(t, "POST /v2/datasets?name="+name+` {"schema":`+schemaText+`}`)
	id := c.id(testAddress)
	if d, _ := s.API.Dataset(id); string(d.Schema) != schemaText {
		t.Errorf("the dataset has the schema %s", d.Schema)
	}
	if got := c.attributes(testAddress)["schema"]; got != schemaText {
		t.Errorf("the state has the schema %v", got)
	}
	c.expectNoChanges()
	c.write("main.tf", schemaConfig(name, schemaNotation))
	c.expectNoChanges()
	c.write("main.tf", dataset("test", name))
	c.expectNoChanges()

	// A change replaces the dataset, but not one that contains items.
	s.API.Push(id, items(2)...)
	c.write("main.tf", schemaConfig(name, otherText))
	s.Recorder.Reset()
	c.run("plan").expect(t, 1, "Apify dataset contains items", name, id, "2 items", "configure the schema that the dataset has")
	s.expectWrites(t)
	c.write("main.tf", schemaConfig(name, otherText, "force_destroy = true"))
	c.run("plan").expect(t, 0, "Items of Apify dataset will be deleted: "+name, "force_destroy = true is configured",
		"With create_before_destroy, it refuses to delete the dataset")
	c.write("main.tf", schemaConfig(name, schemaNotation, "force_destroy = true"))
	c.mustRun("apply", "-auto-approve")
	c.write("main.tf", schemaConfig(name, otherText, "force_destroy = true"))
	c.run("plan").expect(t, 0, "forces replacement", "Items of Apify dataset will be deleted: "+name, "2 items", "force_destroy = true was applied, the apply")
	s.Recorder.Reset()
	c.mustRun("apply", "-auto-approve")
	s.expectWrites(t, "DELETE /v2/datasets/"+id, "POST /v2/datasets?name="+name+` {"schema":`+otherText+`}`)
	if c.id(testAddress) == id {
		t.Error("the dataset was not replaced")
	}
	c.expectNoChanges()
	c.mustRun("destroy", "-auto-approve")
}

// TestAccDataset_schemaAdopted adopts datasets with the configured schema, with another one, and
// with none.
func TestAccDataset_schemaAdopted(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	d := s.API.Seed(emulator.Dataset{Name: s.name(t), Schema: json.RawMessage(otherText)})
	bare := s.API.Seed(emulator.Dataset{Name: s.name(t)})

	for _, command := range [][]string{{"plan"}, {"apply", "-auto-approve"}} {
		c.write("main.tf", schemaConfig(d.Name, schemaText))
		c.run(command...).expect(t, 1, "Existing Apify dataset has another schema", d.ID,
			`- fields.properties.price.type: "number" in the configuration, "string" in the dataset`, "Nothing was changed")
		c.write("main.tf", schemaConfig(bare.Name, schemaText))
		c.run(command...).expect(t, 1, "Existing Apify dataset has another schema", bare.ID, "The dataset has no schema")
	}
	s.expectWrites(t)

	// Each way on: the schema of the dataset, no schema, another name.
	c.write("main.tf", schemaConfig(d.Name, strings.ReplaceAll(otherText, ":", " : ")))
	c.mustRun("apply", "-auto-approve")
	c.expectNoChanges()
	c.mustRun("state", "rm", testAddress)
	c.write("main.tf", dataset("test", d.Name))
	c.mustRun("plan", "-out=tfplan")
	if planned := c.planned("tfplan", testAddress); planned["schema"] != otherText || planned["id"] != d.ID {
		t.Errorf("the plan has the values %v", planned)
	}
	c.mustRun("apply", "tfplan")
	c.expectNoChanges()
	c.expectID(testAddress, d.ID)
	c.mustRun("state", "rm", testAddress)
	c.write("main.tf", schemaConfig(s.name(t), schemaText))
	c.mustRun("apply", "-auto-approve")
	c.expectNoChanges()
}

// TestAccDataset_schemaCreateBeforeDestroy replaces a dataset in an order in which Apify returns
// the dataset that is to be replaced.
func TestAccDataset_schemaCreateBeforeDestroy(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	name := s.name(t)
	const before = "lifecycle { create_before_destroy = true }"
	id := c.mustApply("%s", schemaConfig(name, schemaText, before))
	c.write("main.tf", schemaConfig(name, otherText, before))
	c.run("apply", "-auto-approve").expect(t, 1, "Existing Apify dataset has another schema", id, "remove create_before_destroy")
	c.expectID(testAddress, id)

	c.write("main.tf", schemaConfig(name+"-2", otherText, before))
	c.mustRun("apply", "-auto-approve")
	c.expectNoChanges()
	c.write("main.tf", schemaConfig(name+"-2", schemaText))
	c.mustRun("apply", "-auto-approve")
	c.expectNoChanges()
	if all := s.API.Datasets(); len(all) != 1 || string(all[0].Schema) != schemaText {
		t.Errorf("the server has %+v", all)
	}
}

// TestAccDataset_schemaImport imports a dataset with a schema, and lets Terraform generate its
// configuration.
func TestAccDataset_schemaImport(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	c.skipBelow("1.5.0", "1.6.0")
	d := s.API.Seed(emulator.Dataset{Name: s.name(t), Schema: json.RawMessage(schemaText)})
	c.write("main.tf", schemaConfig(d.Name, schemaNotation))
	c.mustRun("import", testAddress, d.ID)
	c.expectNoChanges()

	c.mustRun("state", "rm", testAddress)
	c.write("main.tf", fmt.Sprintf("import {\n  to = %s\n  id = %q\n}\n", testAddress, d.ID))
	c.mustRun("plan", "-generate-config-out=generated.tf")
	if generated := c.files()[filepath.Join(c.dir, "generated.tf")]; !strings.Contains(generated, "actorSpecification") {
		t.Errorf("the generated configuration has no schema:\n%s", generated)
	}
	c.mustRun("apply", "-auto-approve")
	c.expectNoChanges()
	s.expectWrites(t)
}

// TestDataset_schemaIgnored creates a dataset on a server that ignores the schema.
func TestDataset_schemaIgnored(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	name := s.name(t)
	dropSchema := changeObject(func(object map[string]any) { delete(object, "schema") })
	s.Recorder.Inject(onRequest(postDatasets, emulator.Fault{Mutate: dropSchema}), onRequest(getDataset, emulator.Fault{Mutate: dropSchema}))
	w := s.newWalk(t, nil)
	after, ds := w.apply(t.Context(), w.mustPlan(instance{}, values{"name": name, "schema": schemaText}))
	if after.state != nil || !ds.errors().has(summaryNotApplied, s.API.Datasets()[0].ID, "Remove schema from the configuration") {
		t.Errorf("there is a state: %t\n%s", after.state != nil, ds)
	}
	if !ds.errors().has("The dataset has no schema") {
		t.Errorf("no error has the difference:\n%s", ds)
	}
	if !ds.has("Apify dataset left for the next apply", "After schema is removed from the configuration, the next apply adopts it") {
		t.Errorf("the warning does not fit the error:\n%s", ds)
	}
	s.mustApply(t, instance{}, values{"name": name}) // as the error advises
}

// TestDataset_schemaResponses creates datasets on servers whose responses have a schema in another
// notation, or only after a GET.
func TestDataset_schemaResponses(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(object map[string]any)
		sent   []string
	}{
		"another notation":                    {func(object map[string]any) { object["schema"] = json.RawMessage(schemaNotation) }, []string{postDatasets}},
		"no schema in the response to a POST": {func(object map[string]any) { delete(object, "schema") }, []string{postDatasets, getDataset}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			config := values{"name": s.name(t), "schema": schemaText}
			s.Recorder.Inject(onRequest(postDatasets, emulator.Fault{Mutate: changeObject(test.change)}))
			w := s.newWalk(t, nil)
			p := w.mustPlan(instance{}, config)
			s.Recorder.Reset()
			after, ds := w.apply(t.Context(), p)
			if len(ds) > 0 || w.values(after.state)["schema"] != schemaText {
				t.Fatalf("the state is %v\n%s", w.values(after.state), ds)
			}
			s.expectSent(t, test.sent...)
			s.expectNoChanges(t, after, config)
		})
	}
}

// TestDataset_schemaUnknown plans a schema that is known after the apply.
func TestDataset_schemaUnknown(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	w := s.newWalk(t, nil)
	p := w.mustPlan(instance{}, values{"name": s.name(t), "schema": unknown{}})
	if got := w.values(p.state)["schema"]; got != (unknown{}) {
		t.Errorf("the planned schema is %v", got)
	}
}

// TestDataset_schemaInLists refreshes so many datasets that the provider uses lists, which have no
// schemas.
func TestDataset_schemaInLists(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	w := s.newWalk(t, nil)
	var all []instance
	for i := range readsBeforeList + listedReads {
		name := fmt.Sprintf("%s-%d", s.name(t), i)
		s.API.Seed(emulator.Dataset{Name: name, Schema: json.RawMessage(schemaText)})
		all = append(all, w.mustImport("~"+name))
	}
	s.Recorder.Reset()
	w = s.newWalk(t, nil)
	for _, i := range all {
		after := w.mustRead(i)
		p := w.mustPlan(after, values{"name": w.values(i.state)["name"], "schema": schemaNotation})
		if w.values(after.state)["schema"] != schemaText || w.changes(p) {
			t.Errorf("after the refresh the state is %v, and the plan %v", w.values(after.state), w.values(p.state))
		}
	}
	if n := s.Recorder.Counts()[getDataset]; n != readsBeforeList {
		t.Errorf("%d datasets were read singly, want %d", n, readsBeforeList)
	}
}

func TestDatasetSchemaValidator(t *testing.T) {
	t.Parallel()
	for schema, want := range map[string]string{
		schemaText:                  "",
		schemaNotation:              "",
		`{"actorSpecification": 1}`: "",
		`{"actorSpecification": 1, "title": "Prices"}`:  "",
		`{"actorDatasetSchemaVersion": 1, "views": {}}`: "",
		`{"views": {}}`:               `schema must have "actorSpecification": 1. A dataset schema is`,
		`{"actorSpecification": 2}`:   `schema must have "actorSpecification": 1, got 2.`,
		`{"actorSpecification": "1"}`: `got "1"`,
		`[]`:                          "schema must be a JSON object.",
		`"text"`:                      "schema must be a JSON object.",
		`null`:                        "schema must be a JSON object.",
		`{"actorSpecification": 1, "fields": []}`:  `schema must have an object in "fields", got [].`,
		`{"actorSpecification": 1, "views": null}`: `schema must have an object in "views", got null.`,
	} {
		var resp validator.StringResponse
		datasetSchemaValidator{}.ValidateString(t.Context(), validator.StringRequest{Path: path.Root("schema"), ConfigValue: types.StringValue(schema)}, &resp)
		switch {
		case want == "" && resp.Diagnostics.HasError():
			t.Errorf("%s: %v", schema, resp.Diagnostics)
		case want != "" && (resp.Diagnostics.ErrorsCount() != 1 || !strings.Contains(resp.Diagnostics[0].Detail(), want)):
			t.Errorf("%s: got %v, want %q", schema, resp.Diagnostics, want)
		}
	}
}

// TestAccDataset_invalidSchema validates schemas without a server.
func TestAccDataset_invalidSchema(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	for schema, text := range map[string]string{
		"{":                         "Invalid JSON String Value",
		`{"actorSpecification": 7}`: "Invalid Apify dataset schema",
	} {
		c.write("main.tf", schemaConfig("invalid", schema))
		c.run("validate").expectErrors(t, 1)
		c.run("validate").expect(t, 1, text)
	}
	s.expectSent(t)
}

func TestSchemaDifferences(t *testing.T) {
	t.Parallel()
	long := `"` + strings.Repeat("x", 100) + `"`
	for _, test := range []struct{ configured, actual, want string }{
		{`{"a":1,"b":{"c":[1,2]}}`, `{"b":{"c":[1,3]},"a":1.0}`, "- b.c[1]: 2 in the configuration, 3 in the dataset"},
		{`{"a":1}`, `{}`, "- a: 1 in the configuration, absent in the dataset"},
		{`{}`, `{"a":null}`, "- a: absent in the configuration, null in the dataset"},
		{`{"a":[1]}`, `{"a":[1,2]}`, "- a: [1] in the configuration, [1,2] in the dataset"},
		{`{"a":{}}`, `{"a":[]}`, "- a: {} in the configuration, [] in the dataset"},
		{`{"a":` + long + `}`, `{"a":""}`, `- a: "` + strings.Repeat("x", 59) + `… in the configuration, "" in the dataset`},
	} {
		if got := schemaDifferences(jsontypes.NewNormalizedValue(test.configured), jsontypes.NewNormalizedValue(test.actual)); got != test.want {
			t.Errorf("%s and %s: got\n%s\nwant\n%s", test.configured, test.actual, got, test.want)
		}
	}
	var many []string
	for i := range 25 {
		many = append(many, fmt.Sprintf(`"k%d":1`, i))
	}
	got := schemaDifferences(jsontypes.NewNormalizedValue("{"+strings.Join(many, ",")+"}"), jsontypes.NewNormalizedValue("{}"))
	if lines := strings.Split(got, "\n"); len(lines) != 11 || lines[10] != "- 15 more differences" {
		t.Errorf("25 differences: got\n%s", got)
	}
	if !sameSchema(jsontypes.NewNormalizedNull(), jsontypes.NewNormalizedNull()) || sameSchema(jsontypes.NewNormalizedNull(), jsontypes.NewNormalizedValue("{}")) ||
		sameSchema(jsontypes.NewNormalizedUnknown(), jsontypes.NewNormalizedUnknown()) {
		t.Error("null equals only null, and unknown nothing")
	}
}
