package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var (
	_ datasource.DataSource              = (*datasetsDataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*datasetsDataSource)(nil)
)

func newDatasetsDataSource() datasource.DataSource { return &datasetsDataSource{} }

type datasetsDataSource struct{ *providerData }

// datasetsDataSourceModel is the state of data "apify_datasets".
type datasetsDataSourceModel struct {
	datasetFilter
	Datasets []datasetListItem `tfsdk:"datasets"`
}

type datasetListItem struct {
	datasetSummary
	datasetDetails
	Title    types.String      `tfsdk:"title"`
	Username types.String      `tfsdk:"username"`
	Stats    *datasetListStats `tfsdk:"stats"`
}

func (d *datasetsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_datasets"
}

func (d *datasetsDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.providerData, _ = req.ProviderData.(*providerData) // nil before the provider is configured
}

func (d *datasetsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists all datasets that the token's account owns or that are shared with it, regardless of their number.\n\n" +
			"Lists of the API contain no `console_url` and no `items_public_url`. The data source `apify_dataset` returns both.",
		Attributes: map[string]schema.Attribute{
			"unnamed":     schema.BoolAttribute{MarkdownDescription: unnamedDescription, Optional: true},
			"ownership":   schema.StringAttribute{MarkdownDescription: ownershipDescription, Optional: true, Validators: ownershipValidators()},
			"name_prefix": schema.StringAttribute{MarkdownDescription: namePrefixDescription, Optional: true},
			"datasets": schema.ListNestedAttribute{
				MarkdownDescription: "Datasets that match the filters, oldest first.",
				Computed:            true,
				NestedObject:        schema.NestedAttributeObject{Attributes: datasetListAttributes()},
			},
		},
	}
}

func (d *datasetsDataSource) Read(ctx context.Context, req datasource.ReadRequest, resp *datasource.ReadResponse) {
	var state datasetsDataSourceModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defaultTimeout)
	defer cancel()
	state.Datasets = []datasetListItem{}
	for dataset, err := range d.listDatasets(ctx, state.datasetFilter) {
		if err != nil {
			resp.Diagnostics.Append(apiError(err, ""))
			return
		}
		state.Datasets = append(state.Datasets, datasetListItem{
			datasetSummary: newDatasetSummary(dataset),
			datasetDetails: newDatasetDetails(dataset),
			Title:          types.StringPointerValue(dataset.Title),
			Username:       types.StringPointerValue(dataset.Username),
			Stats:          newDatasetListStats(dataset.Stats),
		})
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}
