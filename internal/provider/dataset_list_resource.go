package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

var (
	_ list.ListResource              = (*datasetListResource)(nil)
	_ list.ListResourceWithConfigure = (*datasetListResource)(nil)
)

func newDatasetListResource() list.ListResource { return &datasetListResource{} }

type datasetListResource struct{ *providerData }

func (l *datasetListResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_dataset"
}

func (l *datasetListResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	l.providerData = configured(req.ProviderData, &resp.Diagnostics)
}

func (l *datasetListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Finds the datasets of the account and those shared with it, " +
			"for `terraform query` (Terraform 1.14 or newer), which can write the configuration and the `import` blocks that bring " +
			"them under management.\n\nTerraform shows 100 results unless the `list` block sets its own `limit`.",
		Attributes: map[string]schema.Attribute{
			"unnamed":     schema.BoolAttribute{MarkdownDescription: describeUnnamed, Optional: true},
			"ownership":   schema.StringAttribute{MarkdownDescription: describeOwnership, Optional: true, Validators: ownershipValidators()},
			"name_prefix": schema.StringAttribute{MarkdownDescription: describeNamePrefix, Optional: true},
		},
	}
}

// List streams the datasets while the API's pages come in, and asks for no page
// beyond the limit.
func (l *datasetListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var filter datasetFilter
	if diags := req.Config.Get(ctx, &filter); diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = func(push func(list.ListResult) bool) {
		ctx, cancel := context.WithTimeout(ctx, defaultTimeout)
		defer cancel()
		var pushed int64
		for dataset, err := range l.filtered(ctx, filter) {
			if err != nil {
				var result list.ListResult
				result.Diagnostics.Append(failure(summaryList, err))
				push(result)
				return
			}
			result, found := l.result(ctx, req, dataset)
			if !found {
				continue
			}
			if pushed++; !push(result) || pushed == req.Limit {
				return
			}
		}
	}
}

// result is one dataset as a result; found is false if it was deleted since it
// was listed.
func (l *datasetListResource) result(ctx context.Context, req list.ListRequest, dataset *apify.Dataset) (result list.ListResult, found bool) {
	result = req.NewListResult(ctx)
	result.DisplayName = dataset.ID
	if dataset.Name != nil && *dataset.Name != "" {
		result.DisplayName = *dataset.Name
	}
	if req.IncludeResource {
		whole, err := l.client.Dataset(ctx, apify.IDRef(dataset.ID))
		if apify.IsNotFound(err) {
			return result, false
		}
		if err != nil {
			result.Diagnostics.Append(failure(summaryRead, err))
			return result, true
		}
		model, diags := newImportedModel(ctx, whole)
		result.Diagnostics.Append(diags...)
		result.Diagnostics.Append(result.Resource.Set(ctx, model)...)
	}
	summary, diags := newDatasetSummary(dataset)
	result.Diagnostics.Append(diags...)
	result.Diagnostics.Append(result.Identity.Set(ctx, datasetIdentityModel{ID: summary.ID})...)
	return result, true
}
