package provider

import (
	"context"
	"errors"

	"github.com/hashicorp/terraform-plugin-framework/resource"
)

func (r *datasetResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state datasetResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	ctx, cancel := withTimeout(ctx, state.Timeouts.Read, &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	m, err := r.store.refresh(ctx, state.datasetModel)
	switch {
	case errors.Is(err, errDatasetDeleted):
		// Terraform before 1.12, and imports, require an identity even for a removed resource.
		resp.Diagnostics.Append(resp.Identity.Set(ctx, datasetIdentityModel{ID: state.ID})...)
		resp.State.RemoveResource(ctx)
	case err != nil:
		resp.Diagnostics.Append(readError(state.datasetModel, err))
	case m == state.datasetModel: // the response contains the state already
		resp.Diagnostics.Append(resp.Identity.Set(ctx, datasetIdentityModel{ID: state.ID})...)
	default:
		state.datasetModel = m
		resp.Diagnostics.Append(setState(ctx, &resp.State, resp.Identity, state)...)
	}
}
