package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"reflect"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
)

// sameSchema reports whether two known dataset schemas are the same JSON value, or both are null.
// Apify stores a schema as a JavaScript value, so white space, the order of properties and the
// notation of numbers can differ.
func sameSchema(a, b jsontypes.Normalized) bool {
	if a.IsUnknown() || b.IsUnknown() || a.IsNull() || b.IsNull() {
		return a.IsNull() && b.IsNull()
	}
	return reflect.DeepEqual(decodeJSON(a.ValueString()), decodeJSON(b.ValueString()))
}

// decodeJSON returns a JSON value. A text that is not JSON is a string, which equals no value of a
// schema.
func decodeJSON(text string) any {
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		return text
	}
	return value
}

// datasetSchemaValidator validates what Apify documents of a dataset schema:
// https://docs.apify.com/storage/dataset-schema. It allows what
// the documentation does not mention, and what older schemas have, because the API may accept it.
type datasetSchemaValidator struct{}

func (datasetSchemaValidator) Description(context.Context) string {
	return "a JSON object with actorSpecification = 1 and, optionally, the objects fields and views"
}

func (v datasetSchemaValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

// invalidSchema returns the error of a text that is not a dataset schema.
func invalidSchema(problem string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("schema"), "Invalid Apify dataset schema",
		fmt.Sprintf("schema %s. A dataset schema is a JSON object with \"actorSpecification\": 1, \"fields\" (a JSON schema of one item) and "+
			"\"views\": https://docs.apify.com/storage/dataset-schema.", problem))
}

func (v datasetSchemaValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	text := req.ConfigValue.ValueString()
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	report := func(problem string) { resp.Diagnostics.Append(invalidSchema(problem)) }
	object, ok := decodeJSON(text).(map[string]any) // the attribute's type has validated the JSON
	if !ok {
		report("must be a JSON object")
		return
	}
	version, ok := object["actorSpecification"]
	if !ok {
		version, ok = object["actorDatasetSchemaVersion"] // its former name
	}
	switch {
	case !ok:
		report(`must have "actorSpecification": 1`)
	case version != 1.0:
		report(`must have the number 1 as "actorSpecification"`)
	}
	for _, name := range []string{"fields", "views"} {
		if value, ok := object[name]; ok && reflect.TypeOf(value) != reflect.TypeFor[map[string]any]() {
			report(fmt.Sprintf("must have an object as %q", name))
		}
	}
}
