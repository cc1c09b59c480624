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

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
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

type datasetItemsURLEphemeralResource struct{ store *datasetStore }

// datasetItemsURLModel is the result of ephemeral "apify_dataset_items_url".
type datasetItemsURLModel struct {
	DatasetID types.String `tfsdk:"dataset_id"`
	ExpiresIn types.String `tfsdk:"expires_in"`

	Format          types.String `tfsdk:"format"`
	Fields          types.List   `tfsdk:"fields"`
	OutputFields    types.List   `tfsdk:"output_fields"`
	Omit            types.List   `tfsdk:"omit"`
	Clean           types.Bool   `tfsdk:"clean"`
	Limit           types.Number `tfsdk:"limit"`
	Offset          types.Number `tfsdk:"offset"`
	Desc            types.Bool   `tfsdk:"desc"`
	View            types.String `tfsdk:"view"`
	Unwind          types.List   `tfsdk:"unwind"`
	Flatten         types.List   `tfsdk:"flatten"`
	SkipEmpty       types.Bool   `tfsdk:"skip_empty"`
	SkipHidden      types.Bool   `tfsdk:"skip_hidden"`
	SkipHeaderRow   types.Bool   `tfsdk:"skip_header_row"`
	Delimiter       types.String `tfsdk:"delimiter"`
	BOM             types.Bool   `tfsdk:"bom"`
	Attachment      types.Bool   `tfsdk:"attachment"`
	XMLRoot         types.String `tfsdk:"xml_root"`
	XMLRow          types.String `tfsdk:"xml_row"`
	FeedTitle       types.String `tfsdk:"feed_title"`
	FeedDescription types.String `tfsdk:"feed_description"`

	URL       types.String      `tfsdk:"url"`
	ExpiresAt timetypes.RFC3339 `tfsdk:"expires_at"`
}

func (e *datasetItemsURLEphemeralResource) Metadata(_ context.Context, req ephemeral.MetadataRequest, resp *ephemeral.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_dataset_items_url"
}

func (e *datasetItemsURLEphemeralResource) Configure(_ context.Context, req ephemeral.ConfigureRequest, resp *ephemeral.ConfigureResponse) {
	e.store = storeOf[*datasetStore](req.ProviderData, &resp.Diagnostics)
}

func (e *datasetItemsURLEphemeralResource) Schema(_ context.Context, _ ephemeral.SchemaRequest, resp *ephemeral.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "URL of the items of a dataset that needs no token and expires. The provider generates a new URL in every run. " +
			"Terraform stores the URL neither in the plan nor in state. Requires Terraform 1.10 or newer, or OpenTofu 1.11 or newer.\n\n" +
			"The provider signs the URL with the dataset's own key, which requires a token with write permission for the dataset. If " +
			"anyone with the dataset's ID can read the dataset, no signature is needed, and the URL never expires.",
		Attributes: map[string]schema.Attribute{
			"dataset_id": schema.StringAttribute{
				MarkdownDescription: "ID of the dataset, such as `apify_dataset.example.id`.",
				Required:            true,
				Validators:          []validator.String{datasetIDValidator{}},
			},
			"expires_in": schema.StringAttribute{
				MarkdownDescription: "Time until the URL expires, as a [Go duration](https://pkg.go.dev/time#ParseDuration) such as `15m` or " +
					"`24h`. Defaults to `1h`.",
				Optional:   true,
				Validators: []validator.String{durationValidator{}},
			},
			"format": schema.StringAttribute{
				MarkdownDescription: "Format of the items. Valid values: `json`, `jsonl`, `csv`, `html`, `xlsx`, `xml` and `rss`. Defaults to `json`.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.OneOf("json", "jsonl", "csv", "html", "xlsx", "xml", "rss")},
			},
			"fields":        listOption("Fields to include, in this order. Defaults to all fields."),
			"output_fields": listOption("New names of the `fields`, in the same order. Requires `fields` with as many names. Defaults to the names in `fields`."),
			"omit":          listOption("Fields to leave out. Defaults to none."),
			"unwind":        listOption("Fields to unwind, in this order: each array element becomes a separate item; object properties are merged into the item. With `desc`, the items are reversed, but not the elements of one item. Defaults to none."),
			"flatten":       listOption("Fields to flatten: nested objects become fields with dotted names, such as `{\"a.b\": 1}` for `{\"a\": {\"b\": 1}}`. Defaults to none."),
			"clean": schema.BoolAttribute{
				MarkdownDescription: "Whether to leave out empty items and hidden fields, like `skip_empty` together with `skip_hidden`. Defaults to `false`.",
				Optional:            true,
			},
			"limit": schema.NumberAttribute{
				MarkdownDescription: "Maximum number of items to return. Must be at least `1`. Defaults to all items.",
				Optional:            true,
				Validators:          []validator.Number{wholeNumberValidator{min: 1, max: math.MaxInt64}},
			},
			"offset": schema.NumberAttribute{
				MarkdownDescription: "Number of items to skip. Defaults to `0`.",
				Optional:            true,
				Validators:          []validator.Number{wholeNumberValidator{min: 0, max: math.MaxInt64}},
			},
			"desc": schema.BoolAttribute{
				MarkdownDescription: "Whether to return the newest items first. Defaults to `false`.",
				Optional:            true,
			},
			"view": schema.StringAttribute{
				MarkdownDescription: "View of the dataset schema that selects the fields.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
			},
			"skip_empty": schema.BoolAttribute{
				MarkdownDescription: "Whether to leave out empty items. The number of items can then be lower than `limit`. Defaults to `false`.",
				Optional:            true,
			},
			"skip_hidden": schema.BoolAttribute{
				MarkdownDescription: "Whether to leave out hidden fields, whose names start with `#`. Defaults to `false`.",
				Optional:            true,
			},
			"skip_header_row": schema.BoolAttribute{
				MarkdownDescription: "Whether to leave out the header row. Requires `format` to be `csv`. Defaults to `false`.",
				Optional:            true,
			},
			"delimiter": schema.StringAttribute{
				MarkdownDescription: "CSV delimiter, one character. Requires `format` to be `csv`. Defaults to `,`.",
				Optional:            true,
				Validators:          []validator.String{stringvalidator.RegexMatches(oneCharacter, "must be one character, and neither a quotation mark nor a line break")},
			},
			"bom": schema.BoolAttribute{
				MarkdownDescription: "Whether to start the file with a UTF-8 byte order mark. Defaults to `true` for CSV and `false` for other formats.",
				Optional:            true,
			},
			"attachment": schema.BoolAttribute{
				MarkdownDescription: "Whether to send the items as a file download. Defaults to `false`.",
				Optional:            true,
			},
			"xml_root":         textOption("Name of the XML root element. Requires `format` to be `xml`. Defaults to `items`."),
			"xml_row":          textOption("Name of the XML element of each item. Requires `format` to be `xml`. Defaults to `item`."),
			"feed_title":       textOption("Title of the RSS channel. Requires `format` to be `rss`. Defaults to a title that Apify generates."),
			"feed_description": textOption("Description of the RSS channel. Requires `format` to be `rss`. Defaults to a description that Apify generates."),
			"url": schema.StringAttribute{
				MarkdownDescription: "URL of the items. Anyone with the URL can read the items until the URL expires.",
				Computed:            true,
				Sensitive:           true,
			},
			"expires_at": schema.StringAttribute{
				MarkdownDescription: "Time at which the URL expires, in RFC 3339 format and UTC, or null if the URL never expires.",
				CustomType:          timetypes.RFC3339Type{},
				Computed:            true,
			},
		},
	}
}

// listOption returns the attribute of an item option that the API expects as a comma-separated
// list.
func listOption(description string) schema.ListAttribute {
	return schema.ListAttribute{
		MarkdownDescription: description,
		ElementType:         types.StringType,
		Optional:            true,
		Validators:          []validator.List{listvalidator.SizeAtLeast(1), listvalidator.NoNullValues(), listvalidator.ValueStringsAre(noCommaValidator{})},
	}
}

// oneCharacter matches a CSV delimiter.
var oneCharacter = regexp.MustCompile(`^[^"\r\n]$`)

// textOption returns the attribute of an item option that is a text.
func textOption(description string) schema.StringAttribute {
	return schema.StringAttribute{
		MarkdownDescription: description,
		Optional:            true,
		Validators:          []validator.String{stringvalidator.LengthAtLeast(1)},
	}
}

// ValidateConfig validates options that depend on each other.
func (e *datasetItemsURLEphemeralResource) ValidateConfig(ctx context.Context, req ephemeral.ValidateConfigRequest, resp *ephemeral.ValidateConfigResponse) {
	var model datasetItemsURLModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	// Apify ignores these options in other formats.
	for option, o := range map[string]struct {
		value  attr.Value
		format string
	}{
		"delimiter":        {model.Delimiter, "csv"},
		"skip_header_row":  {model.SkipHeaderRow, "csv"},
		"xml_root":         {model.XMLRoot, "xml"},
		"xml_row":          {model.XMLRow, "xml"},
		"feed_title":       {model.FeedTitle, "rss"},
		"feed_description": {model.FeedDescription, "rss"},
	} {
		if !o.value.IsNull() && !model.Format.IsUnknown() && model.Format.ValueString() != o.format {
			resp.Diagnostics.AddAttributeError(path.Root(option), summaryInvalidOption,
				fmt.Sprintf("%s has an effect only with format = %q. Set format, or remove %s.", option, o.format, option))
		}
	}
	names, renamed := model.Fields, model.OutputFields
	if !renamed.IsNull() && !renamed.IsUnknown() && !names.IsUnknown() && len(renamed.Elements()) != len(names.Elements()) {
		resp.Diagnostics.AddAttributeError(path.Root("output_fields"), summaryInvalidOption,
			fmt.Sprintf("output_fields renames the fields in their order, so it must have as many names as fields: got %d names for %d fields.",
				len(renamed.Elements()), len(names.Elements())))
	}
}

// noCommaValidator validates a name of a field that can be part of a comma-separated list.
type noCommaValidator struct{}

func (noCommaValidator) Description(context.Context) string {
	return "a field name that is not empty and contains no comma, because the API separates field names with commas"
}

func (v noCommaValidator) MarkdownDescription(ctx context.Context) string { return v.Description(ctx) }

func (v noCommaValidator) ValidateString(ctx context.Context, req validator.StringRequest, resp *validator.StringResponse) {
	if req.ConfigValue.IsNull() || req.ConfigValue.IsUnknown() {
		return
	}
	if s := req.ConfigValue.ValueString(); s == "" || strings.Contains(s, ",") {
		resp.Diagnostics.AddAttributeError(req.Path, "Invalid field name", fmt.Sprintf("%s must be %s, got %q.", req.Path, v.Description(ctx), s))
	}
}

func (e *datasetItemsURLEphemeralResource) Open(ctx context.Context, req ephemeral.OpenRequest, resp *ephemeral.OpenResponse) {
	var model datasetItemsURLModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &model)...)
	if resp.Diagnostics.HasError() {
		return
	}
	id := model.DatasetID.ValueString()
	expiresIn := defaultExpiresIn
	if !model.ExpiresIn.IsNull() {
		var err error
		if expiresIn, err = parseDuration(model.ExpiresIn.ValueString()); err != nil {
			resp.Diagnostics.AddAttributeError(path.Root("expires_in"), summaryInvalidDuration, "expires_in "+err.Error()+".")
			return
		}
	}

	ctx, cancel := context.WithTimeout(ctx, defaultTimeout)
	defer cancel()
	// The precision of expires_at is a second. Rounding up keeps the URL valid for at least
	// expires_in.
	expires := e.store.now().Add(expiresIn + time.Second - time.Nanosecond).UTC().Truncate(time.Second)
	itemsURL, signed, err := e.store.itemsURL(ctx, id, expires, model.options())
	var apiErr *apify.Error
	switch {
	case errors.As(err, &apiErr):
		resp.Diagnostics.Append(clientError(summarySign, err))
		return
	case errors.Is(err, apify.ErrNoSigningKey):
		resp.Diagnostics.Append(noSigningKey(id))
		return
	case err != nil:
		resp.Diagnostics.Append(invalidItemsURL(id))
		return
	}
	model.URL = types.StringValue(itemsURL)
	model.ExpiresAt = timetypes.NewRFC3339Null()
	if signed {
		model.ExpiresAt = timetypes.NewRFC3339TimeValue(expires)
	}
	resp.Diagnostics.Append(resp.Result.Set(ctx, model)...)
}

// options returns the item options as query parameters of the items endpoint.
func (m *datasetItemsURLModel) options() url.Values {
	query := url.Values{}
	for name, value := range map[string]types.String{
		"format": m.Format, "view": m.View, "delimiter": m.Delimiter, "xmlRoot": m.XMLRoot, "xmlRow": m.XMLRow,
		"feedTitle": m.FeedTitle, "feedDescription": m.FeedDescription,
	} {
		if !value.IsNull() {
			query.Set(name, value.ValueString())
		}
	}
	for name, value := range map[string]types.Number{"limit": m.Limit, "offset": m.Offset} {
		if !value.IsNull() {
			query.Set(name, value.ValueBigFloat().Text('f', 0))
		}
	}
	for name, value := range map[string]types.Bool{
		"clean": m.Clean, "desc": m.Desc, "skipEmpty": m.SkipEmpty, "skipHidden": m.SkipHidden, "skipHeaderRow": m.SkipHeaderRow, "bom": m.BOM, "attachment": m.Attachment,
	} {
		if !value.IsNull() {
			query.Set(name, map[bool]string{false: "0", true: "1"}[value.ValueBool()])
		}
	}
	for name, value := range map[string]types.List{
		"fields": m.Fields, "outputFields": m.OutputFields, "omit": m.Omit, "unwind": m.Unwind, "flatten": m.Flatten,
	} {
		var names []string
		for _, element := range value.Elements() {
			if s, ok := element.(types.String); ok {
				names = append(names, s.ValueString())
			}
		}
		if len(names) > 0 {
			query.Set(name, strings.Join(names, ","))
		}
	}
	return query
}
