package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

func (r *datasetResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state datasetResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	ctx, cancel := withTimeout(ctx, state.Timeouts.Delete, &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	switch err := r.store.delete(ctx, state.datasetModel, state.ForceDestroy.ValueBool()); {
	case errors.Is(err, errAdopted):
		resp.Diagnostics.Append(keptForAnotherResource(state.ID.ValueString()))
	case err != nil:
		resp.Diagnostics.Append(deleteError(err))
	}
}
