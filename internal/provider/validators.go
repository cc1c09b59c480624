package provider

import (
	"context"
	"errors"
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

// datasetNameValidator validates a dataset's name by the API's rule, so that a plan fails and not the
// apply.
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
	detail := fmt.Sprintf("%s cannot be %q (%d characters): Apify's names have %s.",
		req.Path, name, len([]rune(name)), v.Description(ctx))
	if name == "" {
		detail += " Leave the attribute out, or set it to null, for an unnamed dataset."
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid dataset name", detail)
}

// datasetIDValidator validates a dataset's ID: a name in its place would otherwise fail during the
// apply only.
type datasetIDValidator struct{}

func (datasetIDValidator) Description(context.Context) string {
	return "a dataset's id: letters and digits only"
}

func (v datasetIDValidator) MarkdownDescription(ctx context.Context) string {
	return v.Description(ctx)
}

func (datasetIDValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	id := req.ConfigValue.ValueString()
	if ref, err := apify.ParseDatasetRef(id); err != nil || ref.ID() == "" {
		resp.Diagnostics.AddAttributeError(req.Path, summaryInvalidID,
			fmt.Sprintf("%s cannot be %q: an id has letters and digits only. For a dataset's name use the attribute name of data \"apify_dataset\".", req.Path, id))
	}
}

// durationValidator validates a positive Go duration. Terraform shows the errors of nested attributes
// at the first line of the resource, so the text names the attribute.
type durationValidator struct{}

func (durationValidator) Description(context.Context) string {
	return `a duration above zero, such as "30s" or "1h30m"`
}

func (v durationValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (durationValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, err := parseDuration(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, summaryInvalidDuration, fmt.Sprintf("%s: %s", req.Path, err))
	}
}

func parseDuration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	if err != nil {
		return 0, fmt.Errorf(`%q is not a duration: write numbers with the units "h", "m", "s" or "ms", such as "30s" or "1h30m"`, s)
	}
	if d <= 0 {
		return 0, errors.New(s + " is not above zero")
	}
	return d, nil
}

// baseURLValidator validates base_url, so that terraform validate reports an invalid one.
type baseURLValidator struct{}

func (baseURLValidator) Description(context.Context) string {
	return "an http or https URL without a query or a user name"
}

func (v baseURLValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (baseURLValidator) ValidateString(_ context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if _, err := apify.ParseBaseURL(req.ConfigValue.ValueString()); err != nil {
		resp.Diagnostics.AddAttributeError(req.Path, summaryInvalidBaseURL,
			fmt.Sprintf("The attribute %s is not the address of an API, such as %s: %s.", req.Path, apify.DefaultBaseURL, err))
	}
}
