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
	_ validator.String = nameValidator{}
	_ validator.String = durationValidator{}
	_ validator.String = baseURLValidator{}
)

// nameValidator applies the API's rule for names while planning, rather than
// halfway through an apply.
type nameValidator struct{}

func (nameValidator) Description(context.Context) string {
	return fmt.Sprintf("1 to %d letters, digits and hyphens, with a letter or digit at both ends", apify.MaxNameLength)
}

func (v nameValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v nameValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	name := req.ConfigValue.ValueString()
	if len(name) <= apify.MaxNameLength && apify.NamePattern.MatchString(name) {
		return
	}
	detail := fmt.Sprintf("%s cannot be %q (%d characters): Apify's names have %s.",
		req.Path, name, len([]rune(name)), v.Description(ctx))
	if name == "" {
		detail += " Leave the attribute out, or set it to null, for an unnamed dataset."
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid dataset name", detail)
}

// durationValidator accepts Go durations above zero. Errors of nested attributes
// show at the first line of their resource, so its text names the attribute.
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

// baseURLValidator finds in validation what Configure would find later.
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
