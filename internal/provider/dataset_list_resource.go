package provider

import (
	"cmp"
	"context"
	"sync"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/list/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

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

func (l *datasetListResource) Configure(_ context.Context, req resource.ConfigureRequest, _ *resource.ConfigureResponse) {
	l.providerData, _ = req.ProviderData.(*providerData) // nil before the provider is configured
}

func (l *datasetListResource) ListResourceConfigSchema(_ context.Context, _ list.ListResourceSchemaRequest, resp *list.ListResourceSchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Lists the datasets that the token's account owns or that are shared with it, for `terraform query` " +
			"(Terraform 1.14 or newer). `terraform query -generate-config-out` writes the configuration and the `import` blocks that " +
			"bring them under management.\n\nTerraform shows 100 results unless the `list` block sets `limit`.",
		Attributes: map[string]schema.Attribute{
			"unnamed":     schema.BoolAttribute{MarkdownDescription: unnamedDescription, Optional: true},
			"ownership":   schema.StringAttribute{MarkdownDescription: ownershipDescription, Optional: true, Validators: ownershipValidators()},
			"name_prefix": schema.StringAttribute{MarkdownDescription: namePrefixDescription, Optional: true},
		},
	}
}

// parallelReads is the number of datasets that are read at once: Terraform's default -parallelism.
const parallelReads = 10

// List streams the datasets while the pages of the API's list arrive, and requests no page beyond
// the limit, which the framework does not enforce.
func (l *datasetListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var filter datasetFilter
	if diags := req.Config.Get(ctx, &filter); diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = func(yield func(list.ListResult) bool) {
		var batch []*apify.Dataset
		remaining := req.Limit
		flush := func() bool {
			for _, result := range l.results(ctx, req, batch) {
				if remaining--; !yield(result) || remaining == 0 {
					return false
				}
			}
			batch = nil
			return ctx.Err() == nil
		}
		for d, err := range l.listDatasets(ctx, filter) {
			if err != nil {
				if flush() {
					yield(list.ListResult{Diagnostics: diag.Diagnostics{apiError(err, "")}})
				}
				return
			}
			batch = append(batch, d)
			full := !req.IncludeResource || len(batch) == parallelReads || int64(len(batch)) == remaining
			if full && !flush() {
				return
			}
		}
		flush()
	}
}

// results returns the results for items of the API's list. Items of lists lack attributes of the
// resource, so if Terraform requests whole resources, each dataset is read as well. A dataset that
// was deleted after the list was read has no result.
func (l *datasetListResource) results(ctx context.Context, req list.ListRequest, items []*apify.Dataset) []list.ListResult {
	results := make([]*list.ListResult, len(items))
	var reads sync.WaitGroup
	for i, item := range items {
		reads.Go(func() {
			result := req.NewListResult(ctx)
			result.DisplayName = cmp.Or(types.StringPointerValue(item.Name).ValueString(), item.ID)
			result.Diagnostics.Append(result.Identity.Set(ctx, datasetIdentityModel{ID: types.StringValue(item.ID)})...)
			if req.IncludeResource {
				d, err := l.client.GetDataset(ctx, apify.DatasetIDRef(item.ID))
				switch {
				case apify.IsNotFound(err):
					return
				case err != nil:
					result.Diagnostics.Append(apiError(err, ""))
				default:
					result.Diagnostics.Append(result.Resource.Set(ctx, newImportedModel(ctx, d))...)
				}
			}
			results[i] = &result
		})
	}
	reads.Wait()
	var found []list.ListResult
	for _, result := range results {
		if result != nil {
			found = append(found, *result)
		}
	}
	return found
}
