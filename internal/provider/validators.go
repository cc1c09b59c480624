package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/schema/validator"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

const summaryInvalidDuration = "Invalid duration"

var (
	_ validator.String = datasetNameValidator{}
	_ validator.String = datasetIDValidator{}
	_ validator.String = durationValidator{}
	_ validator.String = baseURLValidator{}
)

// datasetNameValidator validates a dataset's name by the API's rule, so that a plan fails and not
// the apply.
type datasetNameValidator struct{}

func (datasetNameValidator) Description(context.Context) string {
	return fmt.Sprintf("1 to %d letters, digits and hyphens, with a letter or digit at both ends", apify.MaxDatasetNameLength)
}

func (v datasetNameValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (v datasetNameValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	name := req.ConfigValue.ValueString()
	if len(name) <= apify.MaxDatasetNameLength && apify.DatasetNamePattern.MatchString(name) {
		return
	}
	detail := fmt.Sprintf("%s must be %s, got %q (%d characters).", req.Path, v.Description(ctx), name, len([]rune(name)))
	if name == "" {
		detail += " For an unnamed dataset, omit the attribute or set it to null."
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid Apify dataset name", detail)
}

// datasetIDValidator validates a dataset's ID: a name in its place would otherwise fail during the
// apply only.
type datasetIDValidator struct{}

func (datasetIDValidator) Description(context.Context) string {
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
	if ref, err := apify.ParseDatasetRef(id); err != nil || ref.ID() == "" {
		resp.Diagnostics.AddAttributeError(req.Path, summaryInvalidID,
			fmt.Sprintf("%s must be %s, got %q. Data source \"apify_dataset\" finds a dataset by its name.", req.Path, v.Description(ctx), id))
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
		resp.Diagnostics.AddAttributeError(req.Path, summaryInvalidBaseURL,
			fmt.Sprintf("The attribute %s must be the URL of an Apify API, such as %s, but %s.", req.Path, apify.DefaultBaseURL, err))
	}
}
