package provider

import (
	"context"
	"encoding/json"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// discardTimeout limits the deletion of a new dataset whose creation failed, which continues after
// an interrupt.
const discardTimeout = 30 * time.Second

// Create creates a dataset, or adopts the one that has the name. No failure leaves a partial state:
// Terraform would taint the resource, and the next apply would delete the dataset.
func (r *datasetResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan datasetResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	ctx, cancel := withTimeout(ctx, plan.Timeouts, "create", &resp.Diagnostics)
	defer cancel()
	if resp.Diagnostics.HasError() {
		return
	}
	created, diags := r.createOrAdopt(ctx, plan)
	resp.Diagnostics.Append(diags...)
	if diags.HasError() {
		return
	}
	state, failure := r.finishCreation(ctx, plan, created)
	if failure == nil {
		diags = setState(ctx, &resp.State, resp.Identity, state)
		resp.Diagnostics.Append(diags...)
		if !diags.HasError() {
			return
		}
	}
	resp.State.RemoveResource(ctx)
	if !plan.Name.IsNull() {
		resp.Diagnostics.Append(creationIncomplete(failure, created.ID, plan)...)
		return
	}
	ctx, cancel = context.WithTimeout(apify.WithAllRetries(context.WithoutCancel(ctx)), discardTimeout)
	defer cancel()
	resp.Diagnostics.Append(failure)
	if err := r.client.DeleteDataset(ctx, created.ID); err != nil && !apify.IsNotFound(err) {
		resp.Diagnostics.Append(notDiscarded(created.ID, err))
	}
}

// createOrAdopt sends the POST, and refuses an existing dataset that the resource must not adopt.
func (r *datasetResource) createOrAdopt(ctx context.Context, plan datasetResourceModel) (*apify.Dataset, diag.Diagnostics) {
	name := plan.Name.ValueString()
	var schema json.RawMessage
	if !plan.Schema.IsNull() && !plan.Schema.IsUnknown() {
		schema = json.RawMessage(plan.Schema.ValueString())
	}
	var created *apify.CreatedDataset
	var result adoption
	err := r.resend(ctx, func() (again bool, _ error) {
		got, err := r.client.CreateDataset(ctx, name, schema)
		if err != nil {
			return false, err
		}
		created, result = got, r.claims.adopt(got.ID)
		return result == beingDeleted, nil
	})
	switch {
	case result == beingDeleted && (err == nil || ctx.Err() != nil): // the timeout can end a later attempt
		return nil, diag.Diagnostics{stillDeleted(created, name)}
	case err != nil:
		return nil, diag.Diagnostics{apiError(err, afterFailedCreation(name, err))}
	case result == adoptedTwice:
		return nil, diag.Diagnostics{managedTwice(conflict{id: created.ID}, name)}
	}
	d := &created.Dataset
	r.cache.invalidate(d.ID)
	if !r.names.existed(name, created) {
		return d, nil
	}
	refusal, err := r.refuseAdoption(ctx, d, plan)
	if err != nil {
		refusal = apiError(err, "Nothing was changed.")
	}
	if refusal != nil {
		r.claims.release(d.ID)
		return nil, diag.Diagnostics{refusal}
	}
	return d, r.adopting(d, plan)
}

// refuseAdoption returns the error of a resource that must not adopt an existing dataset, or nil.
// err is that of a read of the dataset's schema.
func (r *datasetResource) refuseAdoption(ctx context.Context, d *apify.Dataset, plan datasetResourceModel) (refusal diag.Diagnostic, err error) {
	if !plan.AdoptExisting.ValueBool() {
		return alreadyExists(d, plan.Name.ValueString()), nil
	}
	other, err := r.hasOtherSchema(ctx, d, plan.Schema)
	if other {
		refusal = otherSchema(d, plan.Name.ValueString())
	}
	return refusal, err
}

// hasOtherSchema reports whether a dataset has another schema than a configured one. Items of lists
// lack the schema, and the response to a POST may, so the dataset is read then.
func (r *datasetResource) hasOtherSchema(ctx context.Context, d *apify.Dataset, configured jsontypes.Normalized) (bool, error) {
	if configured.IsNull() || configured.IsUnknown() {
		return false, nil
	}
	if d.Schema == nil {
		var err error
		if d, err = r.client.GetDataset(ctx, apify.DatasetIDRef(d.ID)); err != nil {
			return false, err
		}
	}
	return !sameSchema(configured, newSchema(d)), nil
}

// finishCreation applies the planned general access to a dataset that a POST returned, and returns
// the state.
func (r *datasetResource) finishCreation(ctx context.Context, plan datasetResourceModel, d *apify.Dataset) (datasetResourceModel, diag.Diagnostic) {
	switch other, err := r.hasOtherSchema(ctx, d, plan.Schema); {
	case err != nil:
		return plan, apiError(err, "")
	case other:
		return plan, schemaNotApplied(d.ID)
	}
	sent := apify.DatasetUpdate{Name: new(plan.Name.ValueString())} // empty for null
	if access := plan.GeneralAccess; !access.IsNull() && !access.IsUnknown() {
		sent.GeneralAccess = (*apify.GeneralAccess)(access.ValueStringPointer())
		if d.GeneralAccess == nil || *d.GeneralAccess != *sent.GeneralAccess {
			updated, err := r.client.UpdateDataset(ctx, d.ID, apify.DatasetUpdate{GeneralAccess: sent.GeneralAccess})
			if err != nil {
				return plan, apiError(err, "")
			}
			if updated.Schema == nil { // the response to a PUT may lack it
				updated.Schema = d.Schema
			}
			d = updated
		}
	}
	return stateAfterWrite(plan, d, sent)
}

// maxResends limits how often a request is sent again that another change of the same run can make
// possible.
const maxResends = 10

// resend calls send until it returns again = false, once a second and eleven times at most, and
// returns its last error.
func (p *providerData) resend(ctx context.Context, send func() (again bool, err error)) error {
	for sent := 0; ; sent++ {
		again, err := send()
		if !again || sent == maxResends {
			return err
		}
		select {
		case <-time.After(p.resendDelay):
		case <-ctx.Done():
			return err
		}
	}
}
