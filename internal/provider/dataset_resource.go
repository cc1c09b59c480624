package provider

import (
	"context"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
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

type datasetResource struct{ store *datasetStore }

func (r *datasetResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_dataset"
}

func (r *datasetResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.store = storeOf[*datasetStore](req.ProviderData, &resp.Diagnostics)
}

func (r *datasetResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"id": identityschema.StringAttribute{
				Description:       "The dataset's id, such as WkzbQMuFYuamGv3YF.",
				RequiredForImport: true,
			},
		},
	}
}

func (r *datasetResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	stable := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages a dataset, Apify's append-only table of scraped items.\n\nApify creates a dataset of a given name, or returns the one that has that name already. So applies " +
			"can be repeated: after a lost state or an apply that broke off, the next apply finds the same dataset. An existing " +
			"dataset is adopted with a warning, or refused with `adopt_existing = false`. A dataset that holds items is not " +
			"deleted unless `force_destroy` says so.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				MarkdownDescription: "The dataset's name: 1 to 63 letters, digits and hyphens, with a letter or digit at both ends, " +
					"unique in the account without regard to upper and lower case (a change of case alone is no change). A change " +
					"renames the dataset in place. Without a name the dataset is unnamed, and Apify deletes it after the plan's " +
					"[data retention](https://docs.apify.com/platform/storage/usage#data-retention) period; named ones are kept.",
				Optional:   true,
				Validators: []validator.String{datasetNameValidator{}},
			},
			"general_access": schema.StringAttribute{
				MarkdownDescription: "Who may read the dataset beside its owner and those it is shared with " +
					"([general access](https://docs.apify.com/platform/collaboration/general-resource-access)): " +
					"`FOLLOW_USER_SETTING` (as the account's setting says; what Apify gives new datasets), `RESTRICTED`, " +
					"`ANYONE_WITH_ID_CAN_READ`, or `ANYONE_WITH_NAME_CAN_READ` (which needs a `name`). A change is made in place and " +
					"can take up to a minute to act. Without a value the dataset keeps the level that it has.",
				Optional:      true,
				Computed:      true,
				Validators:    []validator.String{stringvalidator.OneOf(generalAccessLevels...)},
				PlanModifiers: stable,
			},
			"adopt_existing": schema.BoolAttribute{
				MarkdownDescription: "What happens on creation if the name is taken already: `true` takes over the dataset that has it, " +
					"as it is, with a warning; `false` stops with an error that shows how to import it. Either is shown in the plan. " +
					"It matters to nothing else, and a change of it sends nothing to Apify. " +
					fmt.Sprintf("Defaults to `%t`.", defaultAdoptExisting),
				Optional: true,
				Computed: true,
				Default:  booldefault.StaticBool(defaultAdoptExisting),
			},
			"force_destroy": schema.BoolAttribute{
				MarkdownDescription: "Whether the dataset may be deleted although it holds items, which are lost then. It counts as " +
					"last applied: set it to `true` and apply, before destroying. A change of it sends nothing to Apify. " + fmt.Sprintf("Defaults to `%t`.", defaultForceDestroy),
				Optional: true,
				Computed: true,
				Default:  booldefault.StaticBool(defaultForceDestroy),
			},
			"id": schema.StringAttribute{
				MarkdownDescription: "The dataset's id, such as `WkzbQMuFYuamGv3YF`. It never changes.",
				Computed:            true,
				PlanModifiers:       stable,
			},
			"user_id": schema.StringAttribute{
				MarkdownDescription: "The id of the user or organization that owns the dataset. It never changes.",
				Computed:            true,
				PlanModifiers:       stable,
			},
			"created_at": schema.StringAttribute{
				MarkdownDescription: "When the dataset was created, in RFC 3339 form and UTC. It never changes.",
				CustomType:          timetypes.RFC3339Type{},
				Computed:            true,
				PlanModifiers:       stable,
			},
			"console_url": schema.StringAttribute{
				MarkdownDescription: "The dataset's page in Apify Console. It never changes.",
				Computed:            true,
				PlanModifiers:       stable,
			},
			"items_public_url": schema.StringAttribute{
				MarkdownDescription: "Where the items can be read without a token. For a restricted dataset the URL carries a signature, " +
					"which Apify makes afresh at every read and which is good for 14 days: whoever has the URL can read the items. " +
					"State keeps the URL while its signature is good for at least 7 more days, and takes a new one with the next " +
					"refresh after that or after a change of access. For a URL that is never stored see the ephemeral resource " +
					"`apify_dataset_items_url`.",
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

// timeoutsAttribute returns the usual attribute with descriptions of its own, and with a validator that
// rejects durations that are not positive and names the attribute.
func timeoutsAttribute(ctx context.Context) schema.SingleNestedAttribute {
	describe := func(operation string) string {
		return fmt.Sprintf("How long %s may take, retries included, as a duration such as `30s` or `10m`. Defaults to `5m`.", operation)
	}
	attribute := timeouts.AttributesAll(ctx).(schema.SingleNestedAttribute) //nolint:forcetypeassert // documented
	attribute.MarkdownDescription = "How long each operation may take before it is given up."
	for name, operation := range map[string]string{
		"create": "creating the dataset",
		"read":   "reading the dataset, with every refresh,",
		"update": "changing the dataset",
		"delete": "deleting the dataset",
	} {
		attribute.Attributes[name] = schema.StringAttribute{
			MarkdownDescription: describe(operation),
			Optional:            true,
			Validators:          []validator.String{durationValidator{}},
		}
	}
	return attribute
}

func (r *datasetResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var name, access types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("name"), &name)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("general_access"), &access)...)
	if name.IsNull() && access.ValueString() == string(apify.AnyoneWithNameCanRead) {
		resp.Diagnostics.Append(accessNeedsName())
	}
}

// setState sets state and identity together: a state without an identity is an error in Terraform.
func setState(ctx context.Context, state *tfsdk.State, identity *tfsdk.ResourceIdentity, model datasetResourceModel) diag.Diagnostics {
	diags := state.Set(ctx, model)
	diags.Append(identity.Set(ctx, datasetIdentityModel{ID: model.ID})...)
	return diags
}

// withTimeout returns the context of an operation, which ends after the timeout in its configuration
// or state, such as timeouts.Value.Create, or after defaultTimeout.
func withTimeout(
	ctx context.Context, timeout func(context.Context, time.Duration) (time.Duration, diag.Diagnostics), diags *diag.Diagnostics,
) (context.Context, context.CancelFunc) {
	limit, more := timeout(ctx, defaultTimeout)
	diags.Append(more...)
	return context.WithTimeout(ctx, limit)
}
