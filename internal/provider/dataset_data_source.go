package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
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

type datasetDataSource struct{ *providerData }

// datasetDataSourceModel is the state of data "apify_dataset".
type datasetDataSourceModel struct {
	datasetModel
	datasetDetails
	Username types.String  `tfsdk:"username"`
	Fields   types.List    `tfsdk:"fields"`
	Stats    *datasetStats `tfsdk:"stats"`
}

func (d *datasetDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_dataset"
}

func (d *datasetDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.providerData, _ = req.ProviderData.(*providerData) // nil before the provider is configured
}

func (d *datasetDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	attributes := datasetListAttributes()
	attributes["id"] = schema.StringAttribute{
		MarkdownDescription: "ID of the dataset, such as `WkzbQMuFYuamGv3YF`, or URL of the dataset in Apify Console or the API; the value " +
			"is the ID. Exactly one of `id` and `name` must be set.",
		Optional:   true,
		Computed:   true,
		Validators: []validator.String{datasetIDOrURLRule},
	}
	attributes["name"] = schema.StringAttribute{
		MarkdownDescription: "Name of the dataset, matched case-insensitively; the value is the name as stored by Apify, or null if the " +
			"dataset is unnamed. Exactly one of `id` and `name` must be set.",
		Optional:   true,
		Computed:   true,
		Validators: []validator.String{datasetNameRule},
	}
	delete(attributes, "title") // only in lists
	attributes["username"] = schema.StringAttribute{
		MarkdownDescription: "Username of the dataset's owner, to read a dataset of another account by `name`. Defaults to the token's account.",
		Optional:            true,
		Validators: []validator.String{
			stringvalidator.LengthAtLeast(1),
			stringvalidator.AlsoRequires(path.MatchRoot("name")),
		},
	}
	attributes["console_url"] = schema.StringAttribute{
		MarkdownDescription: "URL of the dataset in Apify Console.",
		Computed:            true,
	}
	attributes["items_public_url"] = schema.StringAttribute{
		MarkdownDescription: "URL of the items that needs no token. For a restricted dataset, the URL contains a signature that is valid for " +
			"14 days, and anyone with the URL can read the items. Apify generates a new signature on every read, so this value changes " +
			"every time. For a stable URL, use `items_public_url` of the resource `apify_dataset`; for a URL that is not stored in " +
			"state, use the ephemeral resource `apify_dataset_items_url`.",
		Computed:  true,
		Sensitive: true,
	}
	attributes["fields"] = schema.ListAttribute{
		MarkdownDescription: "Paths of the fields that Apify has found in the items, with slashes and array indices, such as `comments/0/text`.",
		ElementType:         types.StringType,
		Computed:            true,
	}
	attributes["stats"] = statsAttribute("storage_bytes", "Size of the items in bytes.")
	attributes["schema"] = schema.StringAttribute{
		MarkdownDescription: "[Dataset schema](https://docs.apify.com/storage/dataset-schema) as " +
			"JSON text, for `jsondecode`, or null if the dataset has no schema.",
		CustomType: jsontypes.NormalizedType{},
		Computed:   true,
	}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads a dataset by ID or name: a dataset of the token's account, a dataset that is shared with it, or a " +
			"dataset that anyone can read.",
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
		var err error
		if ref, err = apify.ParseDatasetRef(config.ID.ValueString()); err != nil {
			resp.Diagnostics.Append(invalidReference(config.ID.ValueString(), err))
			return
		}
	}
	ctx, cancel := context.WithTimeout(ctx, defaultTimeout)
	defer cancel()
	dataset, err := d.client.GetDataset(ctx, ref)
	if err != nil {
		resp.Diagnostics.Append(referenceError(ref, err, readByName))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, datasetDataSourceModel{
		datasetModel:   newDatasetModel(dataset),
		datasetDetails: newDatasetDetails(dataset),
		Username:       config.Username,
		Fields:         newFields(dataset),
		Stats:          newDatasetStats(dataset.Stats),
	})...)
}

// datasetListAttributes returns the computed attributes of a dataset that items of lists have.
func datasetListAttributes() map[string]schema.Attribute {
	return map[string]schema.Attribute{
		"id": schema.StringAttribute{
			MarkdownDescription: "ID of the dataset, such as `WkzbQMuFYuamGv3YF`.",
			Computed:            true,
		},
		"name": schema.StringAttribute{
			MarkdownDescription: "Name of the dataset, or null if the dataset is unnamed.",
			Computed:            true,
		},
		"title": schema.StringAttribute{
			MarkdownDescription: "Title of the dataset in Apify Console, or null.",
			Computed:            true,
		},
		"user_id": schema.StringAttribute{
			MarkdownDescription: "ID of the user or organization that owns the dataset.",
			Computed:            true,
		},
		"username": schema.StringAttribute{
			MarkdownDescription: "Username of the dataset's owner, or null if the API does not return it.",
			Computed:            true,
		},
		"created_at": schema.StringAttribute{
			MarkdownDescription: "Time at which the dataset was created, in RFC 3339 format and UTC.",
			Computed:            true,
		},
		"modified_at": schema.StringAttribute{
			MarkdownDescription: "Time of the last change of the dataset, in RFC 3339 format and UTC.",
			Computed:            true,
		},
		"accessed_at": schema.StringAttribute{
			MarkdownDescription: "Time of the last read or change of the dataset, in RFC 3339 format and UTC. Reading the data source updates it.",
			Computed:            true,
		},
		"item_count": schema.Int64Attribute{
			MarkdownDescription: "Number of items. Can lag a few seconds behind.",
			Computed:            true,
		},
		"clean_item_count": schema.Int64Attribute{
			MarkdownDescription: "Number of non-empty items. Can lag a few seconds behind.",
			Computed:            true,
		},
		"act_id": schema.StringAttribute{
			MarkdownDescription: "ID of the Actor whose run created the dataset, or null.",
			Computed:            true,
		},
		"act_run_id": schema.StringAttribute{
			MarkdownDescription: "ID of the Actor run that created the dataset, or null.",
			Computed:            true,
		},
		"general_access": schema.StringAttribute{
			MarkdownDescription: "Level of general access for readers other than the owner and the users that the dataset is shared with. " +
				"One of `FOLLOW_USER_SETTING`, `RESTRICTED`, `ANYONE_WITH_ID_CAN_READ` and `ANYONE_WITH_NAME_CAN_READ`.",
			Computed: true,
		},
		"stats": statsAttribute("inflated_bytes", "Uncompressed size of the items in bytes."),
	}
}

// statsAttribute returns the attribute of the counters, with the size that this view of a dataset
// has.
func statsAttribute(size, description string) schema.SingleNestedAttribute {
	return schema.SingleNestedAttribute{
		MarkdownDescription: "Usage counters of the dataset. Can lag a few seconds behind.",
		Computed:            true,
		Attributes: map[string]schema.Attribute{
			"read_count": schema.Int64Attribute{
				MarkdownDescription: "Number of reads of the dataset.",
				Computed:            true,
			},
			"write_count": schema.Int64Attribute{
				MarkdownDescription: "Number of writes to the dataset.",
				Computed:            true,
			},
			size: schema.Int64Attribute{
				MarkdownDescription: description,
				Computed:            true,
			},
		},
	}
}
