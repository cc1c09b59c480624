package provider

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// defaultTimeout limits each operation that has no timeout of its own in the configuration.
const defaultTimeout = 5 * time.Minute

var (
	_ resource.Resource                   = (*datasetResource)(nil)
	_ resource.ResourceWithConfigure      = (*datasetResource)(nil)
	_ resource.ResourceWithIdentity       = (*datasetResource)(nil)
	_ resource.ResourceWithImportState    = (*datasetResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*datasetResource)(nil)
	_ resource.ResourceWithValidateConfig = (*datasetResource)(nil)
)

func newDatasetResource() resource.Resource { return &datasetResource{} }

type datasetResource struct{ *providerData }

func (r *datasetResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_dataset"
}

func (r *datasetResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	r.providerData, _ = req.ProviderData.(*providerData) // nil before the provider is configured
}

func (r *datasetResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"id": identityschema.StringAttribute{
				Description:       "ID of the dataset, such as WkzbQMuFYuamGv3YF.",
				RequiredForImport: true,
			},
		},
	}
}

func (r *datasetResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	stable := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages an Apify dataset, an append-only table of items.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				MarkdownDescription: "Name of the dataset. Must be 1 to 63 characters (`A` to `Z`, `a` to `z`, `0` to `9` and, between them, `-`), " +
					"and be unique within the account, ignoring case. Changing the name renames the dataset in place. Changing only the " +
					"case has no effect. If omitted, the dataset is unnamed, and Apify deletes it after the " +
					"[data retention](https://docs.apify.com/storage#data-retention) period of your plan. Apify keeps named " +
					"datasets until they are deleted. Removing the name of a dataset that contains items requires `force_destroy`.",
				Optional:   true,
				Validators: []validator.String{datasetNameRule},
			},
			"general_access": schema.StringAttribute{
				MarkdownDescription: "Level of [general access](https://docs.apify.com/account/collaboration/general-resource-access) for readers " +
					"other than the owner and the users that the dataset is shared with. Valid values: `FOLLOW_USER_SETTING` (the account's " +
					"setting; the level of new datasets), `RESTRICTED`, `ANYONE_WITH_ID_CAN_READ`, and `ANYONE_WITH_NAME_CAN_READ` (requires " +
					"`name`). Updated in place; changes can take up to a minute to take effect. If omitted, the current level is left unchanged.",
				Optional:      true,
				Computed:      true,
				Validators:    []validator.String{stringvalidator.OneOf(generalAccessLevels...)},
				PlanModifiers: stable,
			},
			"schema": schema.StringAttribute{
				MarkdownDescription: "[Dataset schema](https://docs.apify.com/storage/dataset-schema) as JSON " +
					"text, from `jsonencode` or `file`, with the fields of the items and the views in Apify Console. White space and the " +
					"order of properties do not matter. Apify cannot change the schema of a dataset, so changing the schema replaces the " +
					"dataset. Adopting a dataset with another schema is an error. If omitted, the dataset keeps the schema that it has.",
				CustomType: jsontypes.NormalizedType{},
				Optional:   true,
				Computed:   true,
				Validators: []validator.String{datasetSchemaRule},
			},
			"adopt_existing": schema.BoolAttribute{
				MarkdownDescription: "Whether to adopt an existing dataset with the same name on creation, with its items and settings. If " +
					"`true`, the plan shows a warning. If `false`, the plan fails with an error that shows how to import the dataset. Used " +
					"only on creation; changing it makes no API call. " +
					fmt.Sprintf("Defaults to `%t`.", defaultAdoptExisting),
				Optional: true,
				Computed: true,
				Default:  booldefault.StaticBool(defaultAdoptExisting),
			},
			"force_destroy": schema.BoolAttribute{
				MarkdownDescription: "Whether to allow that the dataset is deleted, or loses its name, even if it contains items. Deleted items cannot be " +
					"recovered. Only the value in state counts: set this to `true` and apply before you destroy or replace the dataset. " +
					"Changing it makes no API call. " +
					fmt.Sprintf("Defaults to `%t`.", defaultForceDestroy),
				Optional: true,
				Computed: true,
				Default:  booldefault.StaticBool(defaultForceDestroy),
			},
			"id": schema.StringAttribute{
				MarkdownDescription: "ID of the dataset, such as `WkzbQMuFYuamGv3YF`. It never changes.",
				Computed:            true,
				PlanModifiers:       stable,
			},
			"user_id": schema.StringAttribute{
				MarkdownDescription: "ID of the user or organization that owns the dataset. It never changes.",
				Computed:            true,
				PlanModifiers:       stable,
			},
			"created_at": schema.StringAttribute{
				MarkdownDescription: "Time at which the dataset was created, in RFC 3339 format and UTC. It never changes.",
				Computed:            true,
				PlanModifiers:       stable,
			},
			"console_url": schema.StringAttribute{
				MarkdownDescription: "URL of the dataset in Apify Console. It never changes.",
				Computed:            true,
				PlanModifiers:       stable,
			},
			"items_public_url": schema.StringAttribute{
				MarkdownDescription: "URL of the items that needs no token. For a restricted dataset, the URL contains a signature that is valid " +
					"for 14 days, and anyone with the URL can read the items. Apify generates a new signature on every read. To avoid a diff " +
					"on every plan, the provider keeps the URL in state until less than 7 days remain or access changes, and replaces it on " +
					"the next refresh. For a URL that is not stored in state, use the ephemeral resource `apify_dataset_items_url`.",
				Computed:      true,
				Sensitive:     true,
				PlanModifiers: stable,
			},
			"timeouts": timeoutsAttribute(ctx),
		},
	}
}

var generalAccessLevels = []string{
	string(apify.FollowUserSetting),
	string(apify.Restricted),
	string(apify.AnyoneWithIDCanRead),
	string(apify.AnyoneWithNameCanRead),
}

// timeoutsAttribute returns the usual attribute with descriptions of its own, and with a validator
// that rejects durations that are not positive and names the attribute.
func timeoutsAttribute(ctx context.Context) schema.SingleNestedAttribute {
	describe := func(operation string) string {
		return fmt.Sprintf("Maximum time for %s, including retries, as a duration such as `30s` or `10m`. Defaults to `5m`.", operation)
	}
	attribute := timeouts.AttributesAll(ctx).(schema.SingleNestedAttribute) //nolint:forcetypeassert // documented
	attribute.MarkdownDescription = "Timeouts for each operation."
	for name, operation := range map[string]string{
		"create": "creating the dataset",
		"read":   "reading or refreshing the dataset",
		"update": "updating the dataset",
		"delete": "deleting the dataset",
	} {
		attribute.Attributes[name] = schema.StringAttribute{
			MarkdownDescription: describe(operation),
			Optional:            true,
			Validators:          []validator.String{durationRule},
		}
	}
	return attribute
}

func (r *datasetResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var name, access types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("name"), &name)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("general_access"), &access)...)
	if name.IsNull() && access.ValueString() == string(apify.AnyoneWithNameCanRead) {
		resp.Diagnostics.AddAttributeError(path.Root("general_access"), "Apify dataset needs a name",
			fmt.Sprintf("general_access can be %q only if the dataset has a name. Set name, or choose another value.", apify.AnyoneWithNameCanRead))
	}
	// The attribute's type reports invalid JSON before validators run, and shows the text.
	var attributes map[string]tftypes.Value
	var text string
	if req.Config.Raw.As(&attributes) == nil && attributes["schema"].As(&text) == nil && strings.HasPrefix(text, "\ufeff") {
		resp.Diagnostics.AddAttributeError(path.Root("schema"), datasetSchemaRule.summary,
			"schema starts with an invisible byte order mark (U+FEFF), which JSON does not allow. Save the file without it.")
	}
}

// ImportState imports a dataset by any reference that [apify.ParseDatasetRef] reads, or by its
// identity.
func (r *datasetResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	id := req.ID
	if id == "" && req.Identity != nil && !req.Identity.Raw.IsNull() {
		var identity datasetIdentityModel
		resp.Diagnostics.Append(req.Identity.Get(ctx, &identity)...)
		id = identity.ID.ValueString()
	}
	if resp.Diagnostics.HasError() {
		return
	}
	id = strings.TrimSpace(id)
	ref, err := apify.ParseDatasetRef(id)
	if err != nil {
		resp.Diagnostics.Append(invalidReference(id, err))
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defaultTimeout)
	defer cancel()
	d, err := r.client.GetDataset(ctx, ref)
	if err != nil {
		resp.Diagnostics.Append(referenceError(ref, err, importByName))
		return
	}
	state := newImportedModel(ctx, d)
	if r.account.ID != "" && !state.UserID.IsNull() && !r.ownsDataset(state.datasetModel) {
		resp.Diagnostics.Append(importedFromOtherAccount(state.datasetModel, r.account))
	}
	resp.Diagnostics.Append(setState(ctx, &resp.State, resp.Identity, state)...)
}

// setState sets state and identity together: a state without an identity is an error in Terraform.
func setState(ctx context.Context, state *tfsdk.State, identity *tfsdk.ResourceIdentity, model datasetResourceModel) diag.Diagnostics {
	diags := state.Set(ctx, model)
	diags.Append(identity.Set(ctx, datasetIdentityModel{ID: model.ID})...)
	return diags
}

// withTimeout returns the context of an operation, such as "create", which ends after the timeout
// in its configuration or state, or after defaultTimeout. The methods of timeouts.Value log a line
// for every operation without a timeout.
func withTimeout(ctx context.Context, configured timeouts.Value, operation string, diags *diag.Diagnostics) (context.Context, context.CancelFunc) {
	limit := defaultTimeout
	if value, ok := configured.Attributes()[operation].(types.String); ok && value.ValueString() != "" {
		var err error
		if limit, err = time.ParseDuration(value.ValueString()); err != nil {
			diags.AddAttributeError(path.Root("timeouts").AtName(operation), summaryInvalidDuration, sentence(err.Error()))
		}
	}
	return context.WithTimeout(ctx, limit)
}
