package provider

import (
	"context"
	"sync"

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

// readsAhead is how many datasets are read at once where a query wants the whole
// resource: as many as Terraform has operations under way in a plan.
const readsAhead = 10

// List streams the datasets while the API's pages come in, and asks for no page
// beyond the limit. The API's list has not all that a resource has: if that is
// wanted, each dataset is read as well, some at a time.
func (l *datasetListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var filter datasetFilter
	if diags := req.Config.Get(ctx, &filter); diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = func(push func(list.ListResult) bool) {
		ctx, cancel := context.WithCancel(ctx)
		var reading sync.WaitGroup
		defer reading.Wait()
		defer cancel()

		most := 1
		if req.IncludeResource {
			most = readsAhead
		}
		var ahead []<-chan listedDataset // reads under way, and those that wait for their turn
		var pushed int64
		// settle pushes the oldest until fewer than so many are ahead, and until
		// there is room below the limit. It is false if no more are wanted.
		settle := func(most int) bool {
			for len(ahead) >= most || len(ahead) > 0 && pushed+int64(len(ahead)) == req.Limit {
				d := <-ahead[0]
				ahead = ahead[1:]
				if apify.IsNotFound(d.err) {
					continue // deleted since it was listed
				}
				pushed++
				if !push(l.result(ctx, req, d)) || pushed == req.Limit || ctx.Err() != nil {
					return false
				}
			}
			return true
		}
		for dataset, err := range l.filtered(ctx, filter) {
			if err != nil {
				if settle(1) {
					var result list.ListResult
					result.Diagnostics.Append(failure(summaryList, err))
					push(result)
				}
				return
			}
			read := make(chan listedDataset, 1)
			reading.Go(func() { read <- l.read(ctx, dataset, req.IncludeResource) })
			ahead = append(ahead, read)
			if !settle(most) {
				return
			}
		}
		settle(1)
	}
}

// listedDataset is a dataset of the API's list.
type listedDataset struct {
	summary *apify.Dataset
	whole   *apify.Dataset // as read singly; nil if that is not wanted, or failed
	err     error
}

func (l *datasetListResource) read(ctx context.Context, dataset *apify.Dataset, whole bool) listedDataset {
	d := listedDataset{summary: dataset}
	if whole {
		ctx, cancel := context.WithTimeout(ctx, defaultTimeout)
		defer cancel()
		d.whole, d.err = l.client.Dataset(ctx, apify.IDRef(dataset.ID))
	}
	return d
}

func (l *datasetListResource) result(ctx context.Context, req list.ListRequest, d listedDataset) list.ListResult {
	result := req.NewListResult(ctx)
	result.DisplayName = d.summary.ID
	if name := d.summary.Name; name != nil && *name != "" {
		result.DisplayName = *name
	}
	if d.err != nil {
		result.Diagnostics.Append(failure(summaryRead, d.err))
		return result
	}
	if d.whole != nil {
		model, diags := newImportedModel(ctx, d.whole)
		result.Diagnostics.Append(diags...)
		result.Diagnostics.Append(result.Resource.Set(ctx, model)...)
	}
	summary, diags := newDatasetSummary(d.summary)
	result.Diagnostics.Append(diags...)
	result.Diagnostics.Append(result.Identity.Set(ctx, datasetIdentityModel{ID: summary.ID})...)
	return result
}
