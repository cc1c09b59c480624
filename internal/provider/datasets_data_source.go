package provider

import (
	"context"
	"iter"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

const summaryList = "Listing Apify datasets failed"

var (
	_ datasource.DataSource              = (*datasetsDataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*datasetsDataSource)(nil)
)

func newDatasetsDataSource() datasource.DataSource { return &datasetsDataSource{} }

type datasetsDataSource struct{ *providerData }

// datasetFilter is what data "apify_datasets" and list "apify_dataset" have in
// common.
type datasetFilter struct {
	Unnamed    types.Bool   `tfsdk:"unnamed"`
	Ownership  types.String `tfsdk:"ownership"`
	NamePrefix types.String `tfsdk:"name_prefix"`
}

// The texts and validators of the filter, for both its schemas.
const (
	describeUnnamed = "Whether unnamed datasets are included, such as those that Actor runs make; Apify leaves out those without items. " +
		"Defaults to `false`: named ones only."

	describeOwnership = "`ownedByMe` for the account's own datasets only, or `sharedWithMe` for those that other accounts share with " +
		"it. By default both."

	describeNamePrefix = "What the names have to begin with; upper and lower case are the same. By default any name will do."
)

func ownershipValidators() []validator.String {
	return []validator.String{stringvalidator.OneOf(string(apify.OwnedByMe), string(apify.SharedWithMe))}
}

// datasetsDataSourceModel is data "apify_datasets".
type datasetsDataSourceModel struct {
	datasetFilter
	Datasets []datasetListItem `tfsdk:"datasets"`
}

type datasetListItem struct {
	datasetSummary
	datasetDetails
}

func (d *datasetsDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_datasets"
}

func (d *datasetsDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.providerData = configured(req.ProviderData, &resp.Diagnostics)
}

func (d *datasetsDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the datasets of the account and those shared with it, " +
			"all of them, however many there are.\n\nCounters and times change by themselves. The API's list has no `console_url` and no " +
			"`items_public_url`: see the data source `apify_dataset`.",
		Attributes: map[string]schema.Attribute{
			"unnamed":     schema.BoolAttribute{MarkdownDescription: describeUnnamed, Optional: true},
			"ownership":   schema.StringAttribute{MarkdownDescription: describeOwnership, Optional: true, Validators: ownershipValidators()},
			"name_prefix": schema.StringAttribute{MarkdownDescription: describeNamePrefix, Optional: true},
			"datasets": schema.ListNestedAttribute{
				MarkdownDescription: "The datasets, oldest first.",
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
	for dataset, err := range d.filtered(ctx, state.datasetFilter) {
		if err != nil {
			resp.Diagnostics.Append(failure(summaryList, err))
			return
		}
		item, diags := newDatasetListItem(dataset)
		resp.Diagnostics.Append(diags...)
		if resp.Diagnostics.HasError() {
			return
		}
		state.Datasets = append(state.Datasets, item)
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
}

func newDatasetListItem(d *apify.Dataset) (datasetListItem, diag.Diagnostics) {
	summary, diags := newDatasetSummary(d)
	details, more := newDatasetDetails(d)
	diags.Append(more...)
	return datasetListItem{summary, details}, diags
}

// filtered lists the datasets that pass a filter, oldest first. The server is
// asked to filter, but not every server does.
func (d *providerData) filtered(ctx context.Context, filter datasetFilter) iter.Seq2[*apify.Dataset, error] {
	return func(yield func(*apify.Dataset, error) bool) {
		options := apify.ListOptions{
			Unnamed:   filter.Unnamed.ValueBool(),
			Ownership: apify.Ownership(filter.Ownership.ValueString()),
		}
		me := ""
		if options.Ownership != "" {
			user, err := d.client.Me(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			me = user.ID
		}
		prefix := strings.ToLower(filter.NamePrefix.ValueString())
		for dataset, err := range d.client.Datasets(ctx, options) {
			if err == nil && !passes(dataset, options, me, prefix) {
				continue
			}
			if !yield(dataset, err) {
				return
			}
		}
	}
}

// passes tells whether a dataset passes a filter. me is the token's own user, and
// prefix in lower case.
func passes(dataset *apify.Dataset, options apify.ListOptions, me, prefix string) bool {
	name := ""
	if dataset.Name != nil {
		name = *dataset.Name
	}
	if name == "" && !options.Unnamed || !strings.HasPrefix(strings.ToLower(name), prefix) {
		return false
	}
	if options.Ownership == "" || dataset.UserID == nil {
		return true
	}
	return (*dataset.UserID == me) == (options.Ownership == apify.OwnedByMe)
}
