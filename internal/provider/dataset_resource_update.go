package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

func (r *datasetResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state datasetResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	ctx, cancel := withTimeout(ctx, plan.Timeouts.Update, &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	if update := changes(state, plan); update != (apify.DatasetUpdate{}) {
		d, err := r.store.update(ctx, state.datasetModel, update)
		if err != nil {
			resp.Diagnostics.Append(updateError(state.datasetModel, err))
			return
		}
		var diags diag.Diagnostics
		plan, diags = stateAfterWrite(plan, d, update)
		resp.Diagnostics.Append(diags...)
		if diags.HasError() {
			return
		}
	}
	resp.Diagnostics.Append(setState(ctx, &resp.State, resp.Identity, plan)...)
}

// changes returns the update that changes a dataset from a state to a plan.
func changes(state, plan datasetResourceModel) apify.DatasetUpdate {
	var u apify.DatasetUpdate
	if !sameName(state.Name, plan.Name) {
		u.Name = new(plan.Name.ValueString()) // empty for null
	}
	if !plan.GeneralAccess.IsUnknown() && !plan.GeneralAccess.IsNull() && !plan.GeneralAccess.Equal(state.GeneralAccess) {
		u.GeneralAccess = (*apify.GeneralAccess)(plan.GeneralAccess.ValueStringPointer())
	}
	return u
}

// stateAfterWrite returns the planned values, with unknown ones taken from the API's response. What
// was sent must be in the response. Terraform rejects a state that differs from a known planned
// value, so changes made by others are left to the next refresh.
func stateAfterWrite(plan datasetResourceModel, d *apify.Dataset, sent apify.DatasetUpdate) (datasetResourceModel, diag.Diagnostics) {
	m, err := newDatasetModel(d)
	if err != nil {
		return plan, diag.Diagnostics{clientError(summaryUpdate, err)}
	}
	var diags diag.Diagnostics
	if sent.Name != nil && !sameName(plan.Name, m.Name) {
		diags.Append(notApplied(d.ID, "name", plan.Name, m.Name))
	}
	if sent.GeneralAccess != nil && !plan.GeneralAccess.Equal(m.GeneralAccess) {
		diags.Append(notApplied(d.ID, "general_access", plan.GeneralAccess, m.GeneralAccess))
	}
	plan.fillUnknown(m)
	return plan, diags
}
