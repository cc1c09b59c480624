package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
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

// isOtherSchema reports whether a known schema is configured that is not that of a dataset.
func isOtherSchema(configured, actual jsontypes.Normalized) bool {
	return !configured.IsNull() && !configured.IsUnknown() && !sameSchema(configured, actual)
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

// maxDifferences limits the differences that a diagnostic lists.
const maxDifferences = 10

// schemaDifferences returns a list of the differences between a configured schema and that of a
// dataset, one in each line.
func schemaDifferences(configured, actual jsontypes.Normalized) string {
	if actual.IsNull() {
		return "- The dataset has no schema."
	}
	all := appendDifferences(nil, "", decodeJSON(configured.ValueString()), decodeJSON(actual.ValueString()))
	lines := all[:min(len(all), maxDifferences)]
	if more := len(all) - len(lines); more > 0 {
		lines = append(slices.Clone(lines), fmt.Sprintf("- %d more differences", more))
	}
	return strings.Join(lines, "\n")
}

// absent is a property or element that one of two values does not have.
type absent struct{}

func appendDifferences(lines []string, path string, configured, actual any) []string {
	if reflect.DeepEqual(configured, actual) {
		return lines
	}
	configuredObject, isObject := configured.(map[string]any)
	actualObject, areObjects := actual.(map[string]any)
	if isObject && areObjects {
		names := maps.Clone(configuredObject)
		maps.Copy(names, actualObject)
		for _, name := range slices.Sorted(maps.Keys(names)) {
			lines = appendDifferences(lines, strings.TrimPrefix(path+"."+name, "."), propertyOf(configuredObject, name), propertyOf(actualObject, name))
		}
		return lines
	}
	configuredArray, isArray := configured.([]any)
	actualArray, areArrays := actual.([]any)
	if isArray && areArrays && len(configuredArray) == len(actualArray) {
		for i := range configuredArray {
			lines = appendDifferences(lines, fmt.Sprintf("%s[%d]", path, i), configuredArray[i], actualArray[i])
		}
		return lines
	}
	return append(lines, fmt.Sprintf("- %s: %s in the configuration, %s in the dataset", path, shortJSON(configured), shortJSON(actual)))
}

func propertyOf(object map[string]any, name string) any {
	if value, ok := object[name]; ok {
		return value
	}
	return absent{}
}

// shortJSON returns a JSON value as text of at most 60 characters.
func shortJSON(value any) string {
	if value == (any)(absent{}) {
		return "absent"
	}
	const limit = 60
	raw, _ := json.Marshal(value) // a decoded JSON value can always be encoded
	if text := []rune(string(raw)); len(text) > limit {
		return string(text[:limit]) + "…"
	}
	return string(raw)
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

func (v datasetSchemaValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || !json.Valid([]byte(req.ConfigValue.ValueString())) {
		return // the attribute's type reports invalid JSON
	}
	report := func(problem string) {
		resp.Diagnostics.AddAttributeError(req.Path, summaryInvalidSchema, fmt.Sprintf("%s %s. A dataset schema is a JSON object with "+
			"\"actorSpecification\": 1, \"fields\" (a JSON schema of one item) and \"views\": "+
			"https://docs.apify.com/storage/dataset-schema.", req.Path, problem))
	}
	object, ok := decodeJSON(req.ConfigValue.ValueString()).(map[string]any)
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
		report(fmt.Sprintf(`must have "actorSpecification": 1, got %s`, shortJSON(version)))
	}
	for _, name := range []string{"fields", "views"} {
		if value, ok := object[name]; ok && reflect.TypeOf(value) != reflect.TypeFor[map[string]any]() {
			report(fmt.Sprintf("must have an object in %q, got %s", name, shortJSON(value)))
		}
	}
}
