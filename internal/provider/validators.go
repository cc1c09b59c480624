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
type datasetNameValidator struct {
	// existing is whether the name is that of a dataset to read.
	existing bool
}

func (v datasetNameValidator) Description(context.Context) string {
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
		if apify.LooksLikeDatasetID(name) {
			resp.Diagnostics.AddAttributeWarning(req.Path, "Apify dataset name looks like an ID",
				fmt.Sprintf("%s is %q, which has the form of a dataset ID. If it is the ID of an existing dataset, import the dataset by this ID, "+
					"or use the attribute id of data \"apify_dataset\".", req.Path, name))
		}
		return
	}
	detail := fmt.Sprintf("%s must be %s, got %q (%d characters).", req.Path, v.Description(ctx), name, len([]rune(name)))
	if name == "" && !v.existing {
		detail += " For an unnamed dataset, omit the attribute or set it to null."
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid Apify dataset name", detail)
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
		byName := "Data source \"apify_dataset\" finds a dataset by its name."
		if v.orURL { // which is that data source
			byName = "To find a dataset by its name, use the attribute name, and username for another account, instead."
		}
		resp.Diagnostics.AddAttributeError(req.Path, summaryInvalidID,
			fmt.Sprintf("%s must be %s, got %s. %s", req.Path, v.Description(ctx), quoteRef(id), byName))
	}
}

// usernameValidator validates the username of a dataset's owner.
type usernameValidator struct{}

func (usernameValidator) Description(context.Context) string { return "a username, which is not empty" }

func (v usernameValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v usernameValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() || req.ConfigValue.ValueString() != "" {
		return
	}
	resp.Diagnostics.AddAttributeError(req.Path, "Invalid Apify username",
		fmt.Sprintf("%s must be %s. For a dataset of the token's account, omit the attribute or set it to null.", req.Path, v.Description(ctx)))
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
		resp.Diagnostics.AddAttributeError(req.Path, summaryInvalidBaseURL,
			fmt.Sprintf("The attribute %s must be the URL of an Apify API, such as %s, but %s.", req.Path, apify.DefaultBaseURL, err))
	}
}
