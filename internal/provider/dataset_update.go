package provider

import (
	"context"
	"errors"
	"net/http"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// Update sends what has changed.
func (r *datasetResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state datasetResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	ctx, cancel := withTimeout(ctx, plan.Timeouts, "update", &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	if !plan.Schema.IsUnknown() && !sameSchema(plan.Schema, state.Schema) {
		resp.Diagnostics.Append(schemaChanged(state.datasetModel))
		return
	}
	if update := changes(state, plan); update != (apify.DatasetUpdate{}) {
		var failure diag.Diagnostic
		if plan, failure = r.update(ctx, state, plan, update); failure != nil {
			resp.Diagnostics.Append(failure)
			return
		}
	}
	plan.fillUnknown(state.datasetModel)
	resp.Diagnostics.Append(setState(ctx, &resp.State, resp.Identity, plan)...)
}

// update sends an update, and returns the state after it. A rename to a name that another dataset
// has is sent again, because the same run may free the name.
func (r *datasetResource) update(ctx context.Context, state, plan datasetResourceModel, update apify.DatasetUpdate) (datasetResourceModel, diag.Diagnostic) {
	id := state.ID.ValueString()
	if update.Name != nil && *update.Name == "" && !state.ForceDestroy.ValueBool() {
		items, found, err := r.countItems(ctx, id)
		switch {
		case !found:
			return plan, r.writeError(state.datasetModel, err, notCounted)
		case err != nil:
			return plan, r.datasetError(state.datasetModel, err, notCounted)
		case items != "":
			return plan, containsItems(state.datasetModel, items, lossName)
		}
	}
	r.claims.change(id)
	r.cache.invalidate(id)
	var updated *apify.Dataset
	var holder string // ID of the dataset that has the name
	err := r.resend(ctx, func() (again bool, err error) {
		updated, err = r.client.UpdateDataset(ctx, id, update)
		if update.Name == nil || !isNameRefusal(err) {
			return false, err
		}
		d, lookupErr := r.client.GetDataset(ctx, apify.DatasetNameRef(state.UserID.ValueString(), *update.Name))
		switch {
		case lookupErr == nil && d.ID != id:
			holder = d.ID
		case !isNameNotUnique(err):
			return false, err
		}
		return true, err
	})
	switch {
	case err == nil:
		return stateAfterWrite(plan, updated, update)
	case holder != "" && (isNameRefusal(err) || ctx.Err() != nil): // the timeout can end a later attempt
		return plan, nameTaken(state.datasetModel, *update.Name, holder)
	default:
		return plan, r.writeError(state.datasetModel, err, "State was not changed.")
	}
}

// isNameRefusal reports whether the API can have refused a name because another dataset has it.
// Apify's type for that is name-not-unique; other servers choose a status only.
func isNameRefusal(err error) bool {
	var e *apify.Error
	return errors.As(err, &e) && (e.Status == http.StatusBadRequest || e.Status == http.StatusConflict)
}

func isNameNotUnique(err error) bool {
	var e *apify.Error
	return errors.As(err, &e) && e.Type == "name-not-unique"
}

// writeError returns the diagnostic of a failed update. A 404 for an own dataset means that it was
// deleted after the refresh, or that there was none.
func (r *datasetResource) writeError(m datasetModel, err error, outcome string) diag.Diagnostic {
	if apify.IsNotFound(err) && r.ownsDataset(m) {
		return updatedDeleted(m)
	}
	return r.datasetError(m, err, outcome)
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

// stateAfterWrite returns the planned values, with unknown ones taken from the API's response. The
// response must contain the values that were sent. Terraform rejects a state that differs from a
// known planned value, so changes made by others are left to the next refresh.
func stateAfterWrite(plan datasetResourceModel, d *apify.Dataset, sent apify.DatasetUpdate) (datasetResourceModel, diag.Diagnostic) {
	m := newDatasetModel(d)
	switch {
	case sent.Name != nil && !sameName(plan.Name, m.Name):
		return plan, notApplied(d.ID, "name", plan.Name, m.Name)
	case sent.GeneralAccess != nil && !plan.GeneralAccess.Equal(m.GeneralAccess):
		return plan, notApplied(d.ID, "general_access", plan.GeneralAccess, m.GeneralAccess)
	}
	plan.fillUnknown(m)
	return plan, nil
}
