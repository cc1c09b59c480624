package provider

import (
	"context"
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// Delete deletes a dataset that contains no items, or that force_destroy in state allows to delete.
func (r *datasetResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state datasetResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	ctx, cancel := withTimeout(ctx, state.Timeouts, "delete", &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	id := state.ID.ValueString()
	if !r.claims.startDeletion(id) {
		resp.Diagnostics.Append(kept(state.datasetModel))
		return
	}
	if failure := r.delete(ctx, state); failure != nil {
		r.claims.cancelDeletion(id)
		resp.Diagnostics.Append(failure)
	}
}

// delete deletes a dataset. Nothing is deleted after a 404 of the count: a dataset that the token
// cannot read may contain items.
func (r *datasetResource) delete(ctx context.Context, state datasetResourceModel) diag.Diagnostic {
	id := state.ID.ValueString()
	if !state.ForceDestroy.ValueBool() {
		items, found, err := r.countItems(ctx, id)
		switch {
		case !found && r.ownsDataset(state.datasetModel):
			return nil
		case err != nil:
			return r.datasetError(state.datasetModel, err, notCounted)
		case items != "":
			return containsItems(state.datasetModel, items, lossDestroy)
		}
	}
	r.cache.invalidate(id)
	err := r.client.DeleteDataset(ctx, id)
	var e *apify.Error
	switch {
	case err == nil, apify.IsNotFound(err) && r.ownsDataset(state.datasetModel):
		return nil
	case apify.IsNotFound(err) && errors.As(err, &e) && e.MayHaveTakenEffect:
		return nil // the response to an earlier attempt was lost
	default:
		return r.datasetError(state.datasetModel, err, "The resource remains in state.")
	}
}

// notCounted is the outcome of a write that was not sent, because the items could not be counted.
const notCounted = "The provider could not count its items, so nothing was changed."

// countItems returns the number of items of a dataset, such as "3 items", or "" if it has none. The
// counters lag behind, so if they are 0 it requests one item. found is false if the API does not
// find the dataset.
func (r *datasetResource) countItems(ctx context.Context, id string) (items string, found bool, err error) {
	d, err := r.client.GetDataset(ctx, apify.DatasetIDRef(id))
	if err != nil {
		return "", !apify.IsNotFound(err), err
	}
	if n := d.Items(); n > 0 {
		return itemsText(n), true, nil
	}
	some, err := r.client.DatasetHasItems(ctx, id)
	if some {
		return "items", true, nil // the counters do not include them yet
	}
	if apify.IsNotFound(err) { // because another resource of this run has just deleted the dataset
		_, gone := r.client.GetDataset(ctx, apify.DatasetIDRef(id))
		return "", !apify.IsNotFound(gone), err
	}
	return "", true, err
}

func itemsText(n int64) string {
	if n == 1 {
		return "1 item"
	}
	return fmt.Sprintf("%d items", n)
}
