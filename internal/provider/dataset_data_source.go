package provider

import (
	"cmp"
	"context"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/datasourcevalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

var (
	_ datasource.DataSource                     = (*datasetDataSource)(nil)
	_ datasource.DataSourceWithConfigure        = (*datasetDataSource)(nil)
	_ datasource.DataSourceWithConfigValidators = (*datasetDataSource)(nil)
)

func newDatasetDataSource() datasource.DataSource { return &datasetDataSource{} }

type datasetDataSource struct{ store *datasetStore }

// datasetDataSourceModel is the state of data "apify_dataset".
type datasetDataSourceModel struct {
	datasetModel
	datasetDetails
	Fields types.List           `tfsdk:"fields"`
	Schema jsontypes.Normalized `tfsdk:"schema"`
}

func (d *datasetDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_dataset"
}

func (d *datasetDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.store = storeOf[*datasetStore](req.ProviderData, &resp.Diagnostics)
}

func (d *datasetDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := datasetListAttributes()
	attributes["id"] = schema.StringAttribute{
		MarkdownDescription: "The dataset's id, such as `WkzbQMuFYuamGv3YF`. Exactly one of `id` and `name` has to be set; the other one is read.",
		Optional:            true,
		Computed:            true,
		Validators:          []validator.String{datasetIDValidator{}},
	}
	attributes["name"] = schema.StringAttribute{
		MarkdownDescription: "The dataset's name, found without regard to upper and lower case and given as Apify spells it; null if " +
			"the dataset is unnamed. Exactly one of `id` and `name` has to be set; the other one is read.",
		Optional:   true,
		Computed:   true,
		Validators: []validator.String{datasetNameValidator{}},
	}
	attributes["username"] = schema.StringAttribute{
		MarkdownDescription: "The user name of the dataset's owner, to be set with `name` for a dataset of another account. Otherwise " +
			"as the API tells it, which is null as a rule.",
		Optional: true,
		Computed: true,
		Validators: []validator.String{
			stringvalidator.LengthAtLeast(1),
			stringvalidator.AlsoRequires(path.MatchRoot("name")),
		},
	}
	attributes["console_url"] = schema.StringAttribute{
		MarkdownDescription: "The dataset's page in Apify Console.",
		Computed:            true,
	}
	attributes["items_public_url"] = schema.StringAttribute{
		MarkdownDescription: "Where the items can be read without a token. For a restricted dataset the URL carries a signature that is " +
			"good for 14 days, and whoever has the URL can read the items. Apify signs afresh at every read, so this value changes " +
			"every time: take the resource's `items_public_url` where a stable one is wanted, and the ephemeral resource " +
			"`apify_dataset_items_url` for one that is never stored.",
		Computed:  true,
		Sensitive: true,
	}
	attributes["fields"] = schema.ListAttribute{
		MarkdownDescription: "The names of the fields that the items have, as far as Apify has seen them.",
		ElementType:         types.StringType,
		Computed:            true,
	}
	attributes["schema"] = schema.StringAttribute{
		MarkdownDescription: "The [dataset schema](https://docs.apify.com/platform/actors/development/actor-definition/dataset-schema) as " +
			"JSON text, for `jsondecode`; null if the dataset has none.",
		CustomType: jsontypes.NormalizedType{},
		Computed:   true,
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads a dataset by its id or name: of this account, of an " +
			"account that shares it, or one that anyone may read.\n\nCounters, times and the signed URL change by themselves, some of them " +
			"at every read. Whatever depends on them shows a change in every plan; the resource `apify_dataset` has the stable part.",
		Attributes: attributes,
	}
}

func (d *datasetDataSource) ConfigValidators(context.Context) []datasource.ConfigValidator {
	return []datasource.ConfigValidator{datasourcevalidator.ExactlyOneOf(path.MatchRoot("id"), path.MatchRoot("name"))}
}

func (d *datasetDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var config datasetDataSourceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ref := apify.DatasetNameRef(config.Username.ValueString(), config.Name.ValueString())
	if !config.ID.IsNull() {
		ref = apify.DatasetIDRef(config.ID.ValueString())
	}
	ctx, cancel := context.WithTimeout(ctx, defaultTimeout)
	defer cancel()
	dataset, err := d.store.get(ctx, ref)
	if err != nil {
		resp.Diagnostics.Append(clientError(summaryRead, err))
		return
	}
	state, err := newDatasetDataSourceModel(dataset)
	if err != nil {
		resp.Diagnostics.Append(clientError(summaryRead, err))
		return
	}
	if !config.Username.IsNull() {
		state.Username = config.Username
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

func newDatasetDataSourceModel(d *apify.Dataset) (datasetDataSourceModel, error) {
	model, modelErr := newDatasetModel(d)
	details, detailsErr := newDatasetDetails(d)
	return datasetDataSourceModel{
		datasetModel:   model,
		datasetDetails: details,
		Fields:         newFields(d),
		Schema:         newSchema(d),
	}, cmp.Or(modelErr, detailsErr)
}

// datasetListAttributes returns the computed attributes of a dataset that items of lists have.
func datasetListAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			MarkdownDescription: "The dataset's id, such as `WkzbQMuFYuamGv3YF`.",
			Computed:            true,
		},
		"name": schema.StringAttribute{
			MarkdownDescription: "The dataset's name; null if it is unnamed.",
			Computed:            true,
		},
		"title": schema.StringAttribute{
			MarkdownDescription: "The dataset's title in Apify Console, if it has one.",
			Computed:            true,
		},
		"user_id": schema.StringAttribute{
			MarkdownDescription: "The id of the user or organization that owns the dataset.",
			Computed:            true,
		},
		"username": schema.StringAttribute{
			MarkdownDescription: "The user name of the dataset's owner, where the API tells it.",
			Computed:            true,
		},
		"created_at": schema.StringAttribute{
			MarkdownDescription: "When the dataset was created, in RFC 3339 form and UTC.",
			CustomType:          timetypes.RFC3339Type{},
			Computed:            true,
		},
		"modified_at": schema.StringAttribute{
			MarkdownDescription: "When the dataset was last changed, in RFC 3339 form and UTC.",
			CustomType:          timetypes.RFC3339Type{},
			Computed:            true,
		},
		"accessed_at": schema.StringAttribute{
			MarkdownDescription: "When the dataset was last read or changed, in RFC 3339 form and UTC. Reading it here counts.",
			CustomType:          timetypes.RFC3339Type{},
			Computed:            true,
		},
		"item_count": schema.Int64Attribute{
			MarkdownDescription: "How many items the dataset holds. The number can lag some seconds behind.",
			Computed:            true,
		},
		"clean_item_count": schema.Int64Attribute{
			MarkdownDescription: "How many of them are not empty. The number can lag some seconds behind.",
			Computed:            true,
		},
		"act_id": schema.StringAttribute{
			MarkdownDescription: "The id of the Actor whose run made the dataset; null if none did.",
			Computed:            true,
		},
		"act_run_id": schema.StringAttribute{
			MarkdownDescription: "The id of the Actor run that made the dataset; null if none did.",
			Computed:            true,
		},
		"general_access": schema.StringAttribute{
			MarkdownDescription: "Who may read the dataset beside its owner and those it is shared with: `FOLLOW_USER_SETTING`, " +
				"`RESTRICTED`, `ANYONE_WITH_ID_CAN_READ` or `ANYONE_WITH_NAME_CAN_READ`.",
			Computed: true,
		},
		"stats": schema.SingleNestedAttribute{
			MarkdownDescription: "Counters of the dataset's use. They can lag some seconds behind.",
			Computed:            true,
			Attributes: map[string]schema.Attribute{
				"read_count": schema.Int64Attribute{
					MarkdownDescription: "How often the dataset was read.",
					Computed:            true,
				},
				"write_count": schema.Int64Attribute{
					MarkdownDescription: "How often it was written to.",
					Computed:            true,
				},
				"storage_bytes": schema.Int64Attribute{
					MarkdownDescription: "How many bytes its items take up; the API tells it for a single dataset only.",
					Computed:            true,
				},
				"inflated_bytes": schema.Int64Attribute{
					MarkdownDescription: "How many bytes its items have uncompressed; the API tells it in lists only.",
					Computed:            true,
				},
			},
		},
	}
}
