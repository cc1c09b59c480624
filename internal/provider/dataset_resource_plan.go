package provider

import (
	"context"
	"encoding/json"
	"errors"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// nameLookupTimeout limits the lookup of the name of a planned creation. The apply does not need
// it.
const nameLookupTimeout = time.Minute

// replacedIDKey is the key of the private data in which the plan of an update stores the dataset's
// ID. If the resource is being replaced, Terraform passes that to the plan of the creation that
// follows.
const replacedIDKey = "replaced"

// ModifyPlan validates a plan against the server and the other resources of this walk, and sets the
// planned values that depend on more than one attribute. Terraform calls it again during the apply,
// with another provider process.
func (r *datasetResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	switch {
	case r.store == nil: // the provider is not configured
	case req.Plan.Raw.IsNull():
		r.planDestroy(ctx, req, resp)
	case req.State.Raw.IsNull():
		r.planCreate(ctx, req, resp)
	default:
		r.planUpdate(ctx, req, resp)
	}
}

func (r *datasetResource) planDestroy(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.store.isApplying() {
		return // a deposed object, which is planned again: Delete knows whether its successor has the dataset
	}
	var id types.String
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("id"), &id)...)
	if !resp.Diagnostics.HasError() {
		resp.Diagnostics.Append(r.planManaged(id.ValueString())...)
	}
}

func (r *datasetResource) planUpdate(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var id types.String
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("id"), &id)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(r.planManaged(id.ValueString())...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, replacedIDKey, encodeReplacedID(id.ValueString()))...)
	if req.Plan.Raw.Equal(req.State.Raw) {
		return // most plans change nothing, and the rest costs more time than all of the above
	}
	var plan, state datasetResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if sameName(state.Name, plan.Name) && !state.Name.Equal(plan.Name) {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("name"), state.Name)...)
		plan.Name = state.Name
	}
	if changes(state, plan) != (apify.DatasetUpdate{}) || plan.GeneralAccess.IsUnknown() {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("items_public_url"), types.StringUnknown())...)
	}
	var configured types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("general_access"), &configured)...)
	losesName := !state.Name.IsNull() && plan.Name.ValueString() == "" // an unknown name may be null
	if losesName && configured.IsNull() && state.GeneralAccess.ValueString() == string(apify.AnyoneWithNameCanRead) {
		// An unnamed dataset cannot have this level, so the server chooses another one.
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("general_access"), types.StringUnknown())...)
	}
}

// planManaged records the plan of a resource in state.
func (r *datasetResource) planManaged(id string) diag.Diagnostics {
	if err := r.store.plan(id); err != nil {
		return diag.Diagnostics{managedTwice(id)}
	}
	return nil
}

func encodeReplacedID(id string) []byte {
	raw, _ := json.Marshal(id) // a string can always be encoded
	return raw
}

func decodeReplacedID(raw []byte) string {
	var id string
	_ = json.Unmarshal(raw, &id) // without private data there is no ID
	return id
}

func (r *datasetResource) planCreate(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var plan datasetResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	replaced, diags := req.Private.GetKey(ctx, replacedIDKey)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() || plan.Name.IsNull() || plan.Name.IsUnknown() {
		return
	}
	name := plan.Name.ValueString()
	ctx, cancel := context.WithTimeout(ctx, nameLookupTimeout)
	defer cancel()
	existing, err := r.store.planCreation(ctx, name, plan.AdoptExisting.ValueBool(), decodeReplacedID(replaced))
	var twice *managedTwiceError
	switch {
	case errors.Is(err, errNamePlannedTwice):
		resp.Diagnostics.Append(namePlannedTwice(name))
	case errors.As(err, &twice):
		resp.Diagnostics.Append(managedTwice(twice.id))
	case err != nil:
		resp.Diagnostics.Append(nameNotChecked(name, err))
	case existing != nil && !plan.AdoptExisting.IsUnknown():
		resp.Diagnostics.Append(existingDataset(existing, plan, summaryWouldAdopt))
	}
}
