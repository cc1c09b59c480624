package provider

import (
	"context"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// discardTimeout limits the deletion of a new dataset whose creation failed, which continues after
// an interrupt.
const discardTimeout = 30 * time.Second

func (r *datasetResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan datasetResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	ctx, cancel := withTimeout(ctx, plan.Timeouts, "create", &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	created, err := r.store.create(ctx, plan.Name.ValueString(), plan.Schema, plan.AdoptExisting.ValueBool())
	if err != nil {
		resp.Diagnostics.Append(createError(plan, err))
		var e *apify.Error
		if errors.As(err, &e) && e.CreatedID != "" {
			resp.Diagnostics.Append(r.discard(ctx, e.CreatedID)...)
		}
		return
	}
	if id := plan.ID; !id.IsUnknown() && id.ValueString() != created.ID {
		resp.Diagnostics.Append(replacedDuringApply(plan, created.ID))
		return
	}
	if created.Existed {
		resp.Diagnostics.Append(r.announceAdoption(&created.Dataset, plan, summaryAdopts)...)
	}
	state, diags := r.finishCreation(ctx, plan, &created.Dataset)
	if !diags.HasError() {
		diags.Append(setState(ctx, &resp.State, resp.Identity, state)...)
	}
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		// Terraform would taint a resource with a partial state.
		resp.State.RemoveResource(ctx)
		resp.Diagnostics.Append(r.abandon(ctx, plan, created)...)
	}
}

// finishCreation checks the schema of a dataset that a POST returned, applies the planned general
// access to it, and returns the state.
func (r *datasetResource) finishCreation(ctx context.Context, plan datasetResourceModel, d *apify.Dataset) (datasetResourceModel, diag.Diagnostics) {
	if actual := newSchema(d); isOtherSchema(plan.Schema, actual) {
		return plan, diag.Diagnostics{schemaNotApplied(d.ID, plan.Schema, actual)}
	}
	schema := d.Schema                                              // the response to a PUT may lack it
	sent := apify.DatasetUpdate{Name: new(plan.Name.ValueString())} // empty for null
	if access := plan.GeneralAccess; !access.IsNull() && !access.IsUnknown() {
		sent.GeneralAccess = (*apify.GeneralAccess)(access.ValueStringPointer())
		if d.GeneralAccess == nil || *d.GeneralAccess != *sent.GeneralAccess {
			updated, err := r.store.update(ctx, datasetModel{datasetSummary: datasetSummary{ID: types.StringValue(d.ID)}}, apify.DatasetUpdate{GeneralAccess: sent.GeneralAccess})
			if err != nil {
				return plan, diag.Diagnostics{accessNotSet(d.ID, err)}
			}
			d = updated
			if d.Schema == nil {
				d.Schema = schema
			}
		}
	}
	return stateAfterWrite(plan, d, sent)
}

// abandon cleans up after a creation that failed when the dataset existed already. The next apply
// finds a named dataset again. A new unnamed one is deleted, because nothing refers to it.
func (r *datasetResource) abandon(ctx context.Context, plan datasetResourceModel, created *apify.CreateDatasetResult) diag.Diagnostics {
	if !plan.Name.IsNull() || created.Name != nil || created.Existed {
		return diag.Diagnostics{leftForNextApply(plan, &created.Dataset)}
	}
	return r.discard(ctx, created.ID)
}

func (r *datasetResource) discard(ctx context.Context, id string) diag.Diagnostics {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), discardTimeout)
	defer cancel()
	if err := r.store.discard(ctx, id); err != nil {
		return diag.Diagnostics{notDiscarded(id, err)}
	}
	return nil
}
