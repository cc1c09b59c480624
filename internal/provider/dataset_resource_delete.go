package provider

import (
	"context"
	"encoding/json"
	"errors"
	"slices"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

func (r *datasetResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state datasetResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	ctx, cancel := withTimeout(ctx, state.Timeouts, "delete", &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	// In a replacement that deletes first, Terraform passes the private data of the planned
	// creation.
	plan, diags := readPlan(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	id := state.ID.ValueString()
	var err error
	if slices.Contains(plan.Adopted, id) {
		err = r.store.leave(id)
	} else {
		err = r.store.delete(ctx, state.datasetModel, state.ForceDestroy.ValueBool() || plan.ForceDestroy)
	}
	switch {
	case errors.Is(err, errAdopted):
		// An adoption that succeeded was announced, and its warning says that the dataset is kept.
		if !r.store.isClaimed(id) {
			resp.Diagnostics.Append(keptForAnotherResource(state.datasetModel))
		}
	case err != nil:
		resp.Diagnostics.Append(deleteError(state.datasetModel, err, r.store.isNameTaken(id)))
		// Terraform stores the private data with the object that remains. It must not allow a later
		// deletion to lose items.
		raw, _ := json.Marshal(privatePlan{})
		resp.Diagnostics.Append(resp.Private.SetKey(ctx, planKey, raw)...)
	}
}
