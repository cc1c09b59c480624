package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// Read refreshes a dataset. Only a 404 for a dataset that the token's account owns means that it
// was deleted: the API's response is the same if the token has lost its access.
func (r *datasetResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state datasetResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	ctx, cancel := withTimeout(ctx, state.Timeouts, "read", &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	m, err := r.refresh(ctx, state.datasetModel)
	switch {
	case apify.IsNotFound(err) && r.ownsDataset(state.datasetModel):
		// Terraform before 1.12, and imports, require an identity even for a removed resource.
		resp.Diagnostics.Append(resp.Identity.Set(ctx, datasetIdentityModel{ID: state.ID})...)
		resp.Diagnostics.Append(r.warnings.give(deletedOutside(state.datasetModel))...)
		resp.State.RemoveResource(ctx)
	case err != nil:
		resp.Diagnostics.Append(r.datasetError(state.datasetModel, err, "State was not changed."))
	case m == state.datasetModel: // the response contains the state already
		resp.Diagnostics.Append(resp.Identity.Set(ctx, datasetIdentityModel{ID: state.ID})...)
	default:
		state.datasetModel = m
		resp.Diagnostics.Append(setState(ctx, &resp.State, resp.Identity, state)...)
	}
}

// refresh returns the current model of a dataset in state.
func (r *datasetResource) refresh(ctx context.Context, prior datasetModel) (datasetModel, error) {
	id := prior.ID.ValueString()
	if item := r.cache.unchanged(ctx, prior, r.now().Add(signatureMargin)); item != nil {
		r.claims.refresh(id, item.Items())
		return prior, nil
	}
	d, err := r.client.GetDataset(ctx, apify.DatasetIDRef(id))
	if err != nil {
		return prior, err
	}
	r.claims.refresh(id, d.Items())
	r.cache.observe(d)
	m := newDatasetModel(d)
	m.keepName(prior)
	m.keepSchema(prior)
	m.keepItemsURL(prior, d, r.now())
	return m, nil
}

// ownsDataset reports whether the token's account certainly owns a dataset in state.
func (p *providerData) ownsDataset(m datasetModel) bool {
	return p.account.ID != "" && p.account.ID == m.UserID.ValueString()
}
