package provider

import (
	"context"
	"iter"
	"sync"

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

type datasetListResource struct{ store *datasetStore }

func (l *datasetListResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_dataset"
}

func (l *datasetListResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	l.store = storeOf[*datasetStore](req.ProviderData, &resp.Diagnostics)
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

// List streams the datasets while the pages of the API's list arrive, and requests no page beyond
// the limit, which the framework does not enforce. Items of lists lack attributes of the resource,
// so if Terraform requests whole resources, each dataset is read as well.
func (l *datasetListResource) List(ctx context.Context, req list.ListRequest, stream *list.ListResultsStream) {
	var filter datasetFilter
	if diags := req.Config.Get(ctx, &filter); diags.HasError() {
		stream.Results = list.ListResultsStreamDiagnostics(diags)
		return
	}
	stream.Results = func(yield func(list.ListResult) bool) {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		parallel := 1
		if req.IncludeResource {
			parallel = parallelReads
		}
		read := func(item listItem) (listItem, bool) { return l.read(ctx, item, req.IncludeResource) }
		for item := range readAhead(listItems(l.store.list(ctx, filter)), parallel, req.Limit, read) {
			if !yield(l.result(ctx, req, item)) || ctx.Err() != nil {
				return
			}
		}
	}
}

// parallelReads is the number of datasets that are read at once: Terraform's default -parallelism.
const parallelReads = 10

// listItem is an item of the API's list, or the error that ended the list.
type listItem struct {
	dataset *apify.Dataset // nil with the list's error
	whole   *apify.Dataset // from a single read; nil without one
	err     error          // of the list or of the single read
}

func listItems(datasets iter.Seq2[*apify.Dataset, error]) iter.Seq[listItem] {
	return func(yield func(listItem) bool) {
		for d, err := range datasets {
			if !yield(listItem{dataset: d, err: err}) {
				return
			}
		}
	}
}

// read reads the whole dataset of an item if that is wanted. It returns false if the dataset was
// deleted after the list was read.
func (l *datasetListResource) read(ctx context.Context, item listItem, whole bool) (listItem, bool) {
	if !whole || item.err != nil {
		return item, true
	}
	ctx, cancel := context.WithTimeout(ctx, defaultTimeout)
	defer cancel()
	item.whole, item.err = l.store.get(ctx, apify.DatasetIDRef(item.dataset.ID))
	return item, !apify.IsNotFound(item.err)
}

// readAhead calls read for the values of a sequence, for a number of them at once, and yields the
// results in the order of the values. Results that read rejects are left out. It yields at most
// limit results, and starts no read beyond the limit. All reads have ended when it returns.
func readAhead[V, R any](values iter.Seq[V], parallel int, limit int64, read func(V) (R, bool)) iter.Seq[R] {
	type outcome struct {
		result R
		ok     bool
	}
	return func(yield func(R) bool) {
		var (
			reading sync.WaitGroup
			pending []<-chan outcome // in order
			yielded int64
		)
		defer reading.Wait()
		// drain yields results until fewer than the given number are pending, and until the pending
		// ones leave room below the limit. It returns false if no more results are wanted.
		drain := func(most int) bool {
			for len(pending) >= most || len(pending) > 0 && yielded+int64(len(pending)) == limit {
				o := <-pending[0]
				pending = pending[1:]
				if !o.ok {
					continue
				}
				yielded++
				if !yield(o.result) || yielded == limit {
					return false
				}
			}
			return true
		}
		for v := range values {
			read := func() (o outcome) { o.result, o.ok = read(v); return o }
			done := make(chan outcome, 1)
			reading.Go(func() { done <- read() })
			pending = append(pending, done)
			if !drain(parallel) {
				return
			}
		}
		drain(1)
	}
}

func (l *datasetListResource) result(ctx context.Context, req list.ListRequest, item listItem) list.ListResult {
	if item.dataset == nil {
		var result list.ListResult
		result.Diagnostics.Append(clientError(summaryList, item.err))
		return result
	}
	result := req.NewListResult(ctx)
	result.DisplayName = item.dataset.ID
	if name := item.dataset.Name; name != nil {
		result.DisplayName = *name
	}
	if item.err != nil {
		result.Diagnostics.Append(clientError(summaryRead, item.err))
		return result
	}
	if item.whole != nil {
		model, err := newImportedModel(ctx, item.whole)
		if err != nil {
			result.Diagnostics.Append(clientError(summaryRead, err))
			return result
		}
		result.Diagnostics.Append(result.Resource.Set(ctx, model)...)
	}
	result.Diagnostics.Append(result.Identity.Set(ctx, datasetIdentityModel{ID: types.StringValue(item.dataset.ID)})...)
	return result
}
