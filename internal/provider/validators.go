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

const summaryInvalidDuration = "Invalid duration"

var (
	_ validator.String = datasetNameValidator{}
	_ validator.String = datasetIDValidator{}
	_ validator.String = durationValidator{}
	_ validator.Number = wholeNumberValidator{}
	_ validator.String = baseURLValidator{}
)

// datasetNameValidator validates a dataset's name by the API's rule, so that a plan fails and not
// the apply.
type datasetNameValidator struct{}

func isDatasetName(s string) bool {
	return len(s) <= apify.MaxDatasetNameLength && apify.DatasetNamePattern.MatchString(s)
}

func (datasetNameValidator) Description(context.Context) string {
	return fmt.Sprintf("1 to %d characters: A to Z, a to z, 0 to 9 and, between them, hyphens", apify.MaxDatasetNameLength)
}

func (v datasetNameValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v datasetNameValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	name := req.ConfigValue.ValueString()
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || isDatasetName(name) {
		return
	}
	problem := fmt.Sprintf("%q starts or ends with a hyphen", name)
	invalid := strings.IndexFunc(name, func(r rune) bool { return r != '-' && !isDatasetName(string(r)) })
	switch {
	case name == "":
		problem = "it is empty: for an unnamed dataset, omit the attribute or set it to null"
	case invalid >= 0:
		problem = fmt.Sprintf("%q contains %s", name, describeRune(name[invalid:]))
	case len(name) > apify.MaxDatasetNameLength:
		problem = fmt.Sprintf("%q has %d characters", name, len(name))
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid Apify dataset name", fmt.Sprintf("%s must have %s, but %s.", req.Path, v.Description(ctx), problem))
}

// datasetIDValidator validates a dataset's ID: a name in its place would otherwise fail during the
// apply only.
type datasetIDValidator struct {
	// orURL is whether a URL of the dataset is valid as well.
	orURL bool
}

func (v datasetIDValidator) Description(context.Context) string {
	if v.orURL {
		return "a dataset ID, which consists of letters and digits, or a URL of the dataset in Apify Console or the API"
	}
	return "a dataset ID, which consists of letters and digits"
}

func (v datasetIDValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v datasetIDValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	id := req.ConfigValue.ValueString()
	isURL := strings.Contains(id, "://")
	if ref, err := apify.ParseDatasetRef(id); err != nil || isURL && !v.orURL || !isURL && ref.ID() == "" {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Apify dataset ID",
			fmt.Sprintf("%s must be %s, got %s. To find a dataset by its name, use the attribute name of data \"apify_dataset\".",
				req.Path, v.Description(ctx), quoteRef(id)))
	}
}

// wholeNumberValidator validates a whole number in a range. The framework's Int64 attribute rejects
// a fraction before validators run, and asks users to report that to the provider's developers.
type wholeNumberValidator struct{ min, max int64 }

func (v wholeNumberValidator) Description(context.Context) string {
	if v.max == math.MaxInt64 {
		return fmt.Sprintf("a whole number of at least %d", v.min)
	}
	return fmt.Sprintf("a whole number between %d and %d", v.min, v.max)
}

func (v wholeNumberValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v wholeNumberValidator) ValidateNumber(ctx context.Context, req validator.NumberRequest, resp *validator.NumberResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	value := req.ConfigValue.ValueBigFloat()
	if n, accuracy := value.Int64(); accuracy != big.Exact || n < v.min || n > v.max {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid whole number",
			fmt.Sprintf("%s must be %s, got %s.", req.Path, v.Description(ctx), value.Text('g', 10)))
	}
}

// durationValidator validates a positive Go duration. Terraform shows the errors of nested
// attributes at the first line of the resource, so the text names the attribute.
type durationValidator struct{}

func (durationValidator) Description(context.Context) string {
	return `a positive duration, such as "30s" or "1h30m"`
}

func (v durationValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (durationValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, err := parseDuration(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, summaryInvalidDuration, fmt.Sprintf("%s %s.", req.Path, err))
	}
}

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

// baseURLValidator validates base_url, so that terraform validate reports an invalid one.
type baseURLValidator struct{}

func (baseURLValidator) Description(context.Context) string {
	return "an http or https URL without a query, a fragment, a username or a password"
}

func (v baseURLValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (baseURLValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, err := apify.ParseBaseURL(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid Apify base URL",
			fmt.Sprintf("The attribute %s must be the URL of an Apify API, such as %s, but %s.", req.Path, apify.DefaultBaseURL, err))
	}
}
