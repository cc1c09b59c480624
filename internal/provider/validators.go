package provider

import (
	"context"
	"fmt"
	"math"
	"math/big"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// stringRule validates a string, so that a plan fails and not the apply.
type stringRule struct {
	summary string
	// problem returns the rest of a sentence that begins with the attribute, or "" for a valid value.
	// Terraform shows errors of nested attributes at the first line of the resource, so the text names
	// the attribute.
	problem func(value string) string
}

func (r stringRule) Description(context.Context) string {
	return "a value without this error: " + r.summary
}
func (r stringRule) MarkdownDescription(ctx context.Context) string { return r.Description(ctx) }

func (r stringRule) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if problem := r.problem(req.ConfigValue.ValueString()); problem != "" {
		resp.Diagnostics.AddAttributeError(req.Path, r.summary, fmt.Sprintf("%s %s.", req.Path, problem))
	}
}

// datasetNameRule is the API's rule for names.
var datasetNameRule = stringRule{"Invalid Apify dataset name", func(name string) string {
	isValid := func(s string) bool {
		return len(s) <= apify.MaxDatasetNameLength && apify.DatasetNamePattern.MatchString(s)
	}
	problem := fmt.Sprintf("%q starts or ends with a hyphen", name)
	invalid := strings.IndexFunc(name, func(r rune) bool { return r != '-' && !isValid(string(r)) })
	switch {
	case isValid(name):
		return ""
	case name == "":
		problem = "it is empty: for an unnamed dataset, omit the attribute or set it to null"
	case invalid >= 0:
		problem = fmt.Sprintf("%q contains %s", name, describeRune(name[invalid:]))
	case len(name) > apify.MaxDatasetNameLength:
		problem = fmt.Sprintf("%q has %d characters", name, len(name))
	}
	return fmt.Sprintf("must have 1 to %d characters (A to Z, a to z, 0 to 9 and, between them, hyphens), but %s", apify.MaxDatasetNameLength, problem)
}}

// datasetIDRule and datasetIDOrURLRule reject a name in the place of an ID.
var (
	datasetIDRule      = newDatasetIDRule("a dataset ID (letters and digits)", false)
	datasetIDOrURLRule = newDatasetIDRule("a dataset ID (letters and digits), or a URL of the dataset in Apify Console or the API", true)
)

func newDatasetIDRule(form string, orURL bool) stringRule {
	return stringRule{"Invalid Apify dataset ID", func(id string) string {
		ref, err := apify.ParseDatasetRef(id)
		if err == nil && (ref.ID() == id || orURL && strings.Contains(id, "://")) {
			return ""
		}
		return fmt.Sprintf("must be %s, got %s. %s", form, quoteRef(id), strings.TrimSuffix(readByName, "."))
	}}
}

// durationRule allows positive Go durations.
var durationRule = stringRule{summaryInvalidDuration, func(s string) string {
	if _, err := parseDuration(s); err != nil {
		return err.Error()
	}
	return ""
}}

const summaryInvalidDuration = "Invalid duration"

func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf(`must be a duration with the units "h", "m", "s" or "ms", such as "30s" or "1h30m", got %q`, s)
	}
	if d <= 0 {
		return 0, fmt.Errorf("must be a positive duration, got %q", s)
	}
	return d, nil
}

// baseURLRule makes terraform validate report an invalid base_url.
var baseURLRule = stringRule{"Invalid Apify base URL", func(s string) string {
	if _, err := apify.ParseBaseURL(s); err != nil {
		return fmt.Sprintf("must be the URL of an Apify API, such as %s, but %s", apify.DefaultBaseURL, err)
	}
	return ""
}}

// datasetSchemaRule allows any JSON object: Apify decides about the rest.
var datasetSchemaRule = stringRule{"Invalid Apify dataset schema", func(text string) string {
	if _, ok := decodeJSON(text).(map[string]any); ok { // the attribute's type has validated the JSON
		return ""
	}
	return "must be a JSON object with \"actorSpecification\": 1, \"fields\" (a JSON schema of one item) and \"views\": " +
		"https://docs.apify.com/storage/dataset-schema"
}}

// wholeNumberRule validates a whole number in a range. The framework's Int64 attribute rejects a
// fraction before validators run, and asks users to report that to the provider's developers.
type wholeNumberRule struct{ min, max int64 }

func (r wholeNumberRule) Description(context.Context) string {
	if r.max == math.MaxInt64 {
		return fmt.Sprintf("a whole number of at least %d", r.min)
	}
	return fmt.Sprintf("a whole number between %d and %d", r.min, r.max)
}

func (r wholeNumberRule) MarkdownDescription(ctx context.Context) string { return r.Description(ctx) }

func (r wholeNumberRule) ValidateNumber(ctx context.Context, req validator.NumberRequest, resp *validator.NumberResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	value := req.ConfigValue.ValueBigFloat()
	if n, accuracy := value.Int64(); accuracy != big.Exact || n < r.min || n > r.max {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid whole number",
			fmt.Sprintf("%s must be %s, got %s.", req.Path, r.Description(ctx), value.Text('g', 10)))
	}
}
