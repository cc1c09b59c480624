package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

func (r *datasetResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	id := req.ID
	if id == "" && req.Identity != nil && !req.Identity.Raw.IsNull() {
		var identity datasetIdentityModel
		resp.Diagnostics.Append(req.Identity.Get(ctx, &identity)...)
		id = identity.ID.ValueString()
	}
	if resp.Diagnostics.HasError() {
		return
	}
	ref, err := apify.ParseDatasetRef(id)
	if err != nil {
		resp.Diagnostics.Append(invalidImportID(id, err))
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defaultTimeout)
	defer cancel()
	d, err := r.store.get(ctx, ref)
	if err != nil {
		resp.Diagnostics.Append(clientError(summaryImport, err, nameHint(ref, err)...))
		return
	}
	state, err := newImportedModel(ctx, d)
	if err != nil {
		resp.Diagnostics.Append(clientError(summaryImport, err))
		return
	}
	if user := r.store.otherAccount(ctx, state.datasetModel); user != nil {
		resp.Diagnostics.Append(importedFromOtherAccount(state.datasetModel, user))
	}
	resp.Diagnostics.Append(setState(ctx, &resp.State, resp.Identity, state)...)
}
