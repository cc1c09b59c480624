package provider

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/url"
	"regexp"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// defaultExpiresIn is the default of expires_in.
const defaultExpiresIn = time.Hour

var (
	_ ephemeral.EphemeralResource                   = (*datasetItemsURLEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithConfigure      = (*datasetItemsURLEphemeralResource)(nil)
	_ ephemeral.EphemeralResourceWithValidateConfig = (*datasetItemsURLEphemeralResource)(nil)
)

func newDatasetItemsURLEphemeralResource() ephemeral.EphemeralResource {
	return &datasetItemsURLEphemeralResource{}
}

type datasetItemsURLEphemeralResource struct{ *providerData }

// itemOption is an attribute for a query parameter of the items endpoint:
// https://docs.apify.com/api/v2/dataset-items-get
type itemOption struct {
	name, parameter string
	attribute       schema.Attribute
}

// itemOptions are all item options.
var itemOptions = []itemOption{
	{"format", "format", textOption("Format of the items. Valid values: `json`, `jsonl`, `csv`, `html`, `xlsx`, `xml` and `rss`. Defaults to `json`.",
		stringvalidator.OneOf("json", "jsonl", "csv", "html", "xlsx", "xml", "rss"))},
	{"fields", "fields", listOption("Fields to include, in this order. Defaults to all fields.")},
	{"output_fields", "outputFields", listOption("New names of the `fields`, in the same order. Requires `fields` with as many names. Defaults to the names in `fields`.")},
	{"omit", "omit", listOption("Fields to leave out. Defaults to none.")},
	{"unwind", "unwind", listOption("Fields to unwind, in this order: each array element becomes a separate item; object properties are merged into the item. With `desc`, the items are reversed, but not the elements of one item. Defaults to none.")},
	{"flatten", "flatten", listOption("Fields to flatten: nested objects become fields with dotted names, such as `{\"a.b\": 1}` for `{\"a\": {\"b\": 1}}`. Defaults to none.")},
	{"clean", "clean", boolOption("Whether to leave out empty items and hidden fields, like `skip_empty` together with `skip_hidden`. Defaults to `false`.")},
	{"limit", "limit", numberOption("Maximum number of items to return. Must be at least `1`. Defaults to all items.", 1)},
	{"offset", "offset", numberOption("Number of items to skip. Defaults to `0`.", 0)},
	{"desc", "desc", boolOption("Whether to return the newest items first. Defaults to `false`.")},
	{"view", "view", textOption("View of the dataset schema that selects the fields.")},
	{"skip_empty", "skipEmpty", boolOption("Whether to leave out empty items. The number of items can then be lower than `limit`. Defaults to `false`.")},
	{"skip_hidden", "skipHidden", boolOption("Whether to leave out hidden fields, whose names start with `#`. Defaults to `false`.")},
	{"skip_header_row", "skipHeaderRow", boolOption("Whether to leave out the header row of CSV. Defaults to `false`.")},
	{"delimiter", "delimiter", textOption("CSV delimiter, one character. Defaults to `,`.",
		stringvalidator.RegexMatches(regexp.MustCompile(`^[^"\r\n]$`), "must be one character, and neither a quotation mark nor a line break"))},
	{"bom", "bom", boolOption("Whether to start the file with a UTF-8 byte order mark. Defaults to `true` for CSV and `false` for other formats.")},
	{"attachment", "attachment", boolOption("Whether to send the items as a file download. Defaults to `false`.")},
	{"xml_root", "xmlRoot", textOption("Name of the XML root element. Defaults to `items`.")},
	{"xml_row", "xmlRow", textOption("Name of the XML element of each item. Defaults to `item`.")},
	{"feed_title", "feedTitle", textOption("Title of the RSS channel. Defaults to a title that Apify generates.")},
	{"feed_description", "feedDescription", textOption("Description of the RSS channel. Defaults to a description that Apify generates.")},
}

func textOption(description string, validators ...validator.String) schema.Attribute {
	return schema.StringAttribute{MarkdownDescription: description, Optional: true, Validators: append(validators, stringvalidator.LengthAtLeast(1))}
}

func boolOption(description string) schema.Attribute {
	return schema.BoolAttribute{MarkdownDescription: description, Optional: true}
}

func numberOption(description string, least int64) schema.Attribute {
	return schema.NumberAttribute{
		MarkdownDescription: description,
		Optional:            true,
		Validators:          []validator.Number{wholeNumberRule{min: least, max: math.MaxInt64}},
	}
}

// listOption returns the attribute of an option that the API expects as a comma-separated list.
func listOption(description string) schema.Attribute {
	return schema.ListAttribute{
		MarkdownDescription: description,
		ElementType:         types.StringType,
		Optional:            true,
		Validators: []validator.List{listvalidator.SizeAtLeast(1), listvalidator.NoNullValues(), listvalidator.ValueStringsAre(
			stringvalidator.RegexMatches(regexp.MustCompile(`^[^,]+$`), "must be a field name without a comma, because the API separates names with commas"))},
	}
}

func (e *datasetItemsURLEphemeralResource) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_dataset_items_url"
}

func (e *datasetItemsURLEphemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, _ *ephemeral.ConfigureResponse) {
	e.providerData, _ = req.ProviderData.(*providerData) // nil before the provider is configured
}

func (e *datasetItemsURLEphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	attributes := map[string]schema.Attribute{
		"dataset_id": schema.StringAttribute{
			MarkdownDescription: "ID of the dataset, such as `apify_dataset.example.id`.",
			Required:            true,
			Validators:          []validator.String{datasetIDRule},
		},
		"expires_in": schema.StringAttribute{
			MarkdownDescription: "Time until the URL expires, as a [Go duration](https://pkg.go.dev/time#ParseDuration) such as `15m` or " +
				"`24h`. Defaults to `1h`.",
			Optional:   true,
			Validators: []validator.String{durationRule},
		},
		"url": schema.StringAttribute{
			MarkdownDescription: "URL of the items. Anyone with the URL can read the items until the URL expires.",
			Computed:            true,
			Sensitive:           true,
		},
		"expires_at": schema.StringAttribute{
			MarkdownDescription: "Time at which the URL expires, in RFC 3339 format and UTC, or null if the URL never expires.",
			Computed:            true,
		},
	}
	for _, o := range itemOptions {
		attributes[o.name] = o.attribute
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "URL of the items of a dataset that needs no token and expires. The provider generates a new URL in every run. " +
			"Terraform stores the URL neither in the plan nor in state. Requires Terraform 1.10 or newer, or OpenTofu 1.11 or newer.\n\n" +
			"The provider signs the URL with the dataset's own key, which requires a token with write permission for the dataset. If " +
			"anyone with the dataset's ID can read the dataset, no signature is needed, and the URL never expires.",
		Attributes: attributes,
	}
}

// ValidateConfig validates output_fields, because the API refuses another number of names. Options
// without effect are valid.
func (e *datasetItemsURLEphemeralResource) ValidateConfig(ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse) {
	var fields, renamed types.List
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("fields"), &fields)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("output_fields"), &renamed)...)
	if !renamed.IsNull() && !renamed.IsUnknown() && !fields.IsUnknown() && len(renamed.Elements()) != len(fields.Elements()) {
		resp.Diagnostics.AddAttributeError(path.Root("output_fields"), "Invalid option of Apify dataset items URL",
			fmt.Sprintf("output_fields renames the fields in their order, so it must have as many names as fields: got %d names for %d fields.",
				len(renamed.Elements()), len(fields.Elements())))
	}
}

func (e *datasetItemsURLEphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var id, expiresIn types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("dataset_id"), &id)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("expires_in"), &expiresIn)...)
	options, diags := itemParameters(ctx, req.Config)
	resp.Diagnostics.Append(diags...)
	lifetime := defaultExpiresIn
	if !expiresIn.IsNull() {
		var err error
		if lifetime, err = parseDuration(expiresIn.ValueString()); err != nil { // unknown when it was validated
			resp.Diagnostics.AddAttributeError(path.Root("expires_in"), summaryInvalidDuration, "expires_in "+err.Error()+".")
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defaultTimeout)
	defer cancel()
	d, err := e.client.GetDataset(ctx, apify.DatasetIDRef(id.ValueString()))
	if err != nil {
		resp.Diagnostics.Append(referenceError(apify.DatasetIDRef(id.ValueString()), err, readByName))
		return
	}
	// The precision of expires_at is a second. Rounding up keeps the URL valid for at least
	// expires_in.
	expires := e.now().Add(lifetime + time.Second - time.Nanosecond).UTC().Truncate(time.Second)
	itemsURL, signed, err := e.client.DatasetItemsURL(d, expires, options)
	switch {
	case errors.Is(err, apify.ErrNoSigningKey):
		resp.Diagnostics.Append(noSigningKey(d.ID))
		return
	case err != nil:
		resp.Diagnostics.AddError("Signing Apify dataset items URL failed",
			fmt.Sprintf("The API returned an itemsPublicUrl of dataset %s that is not a valid URL.", d.ID))
		return
	}
	expiresAt := types.StringNull()
	if signed {
		expiresAt = types.StringValue(expires.Format(time.RFC3339))
	}
	resp.Result.Raw = req.Config.Raw
	resp.Diagnostics.Append(resp.Result.SetAttribute(ctx, path.Root("url"), itemsURL)...)
	resp.Diagnostics.Append(resp.Result.SetAttribute(ctx, path.Root("expires_at"), expiresAt)...)
}

// itemParameters returns the item options as query parameters of the items endpoint.
func itemParameters(ctx context.Context, config tfsdk.Config) (url.Values, diag.Diagnostics) {
	parameters := url.Values{}
	var diags diag.Diagnostics
	for _, o := range itemOptions {
		var value attr.Value
		diags.Append(config.GetAttribute(ctx, path.Root(o.name), &value)...)
		if value == nil || value.IsNull() {
			continue
		}
		switch v := value.(type) {
		case types.String:
			parameters.Set(o.parameter, v.ValueString())
		case types.Number:
			parameters.Set(o.parameter, v.ValueBigFloat().Text('f', 0))
		case types.Bool:
			parameters.Set(o.parameter, map[bool]string{false: "0", true: "1"}[v.ValueBool()])
		case types.List:
			var names []string
			diags.Append(v.ElementsAs(ctx, &names, false)...)
			parameters.Set(o.parameter, strings.Join(names, ","))
		}
	}
	return parameters, diags
}
