package provider

import (
	"context"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// replacedKey is the key of the private data with the ID of the dataset, as a JSON string, that the
// plan of an update writes. If the resource is being replaced, Terraform passes it to the plan of
// the creation that follows.
const replacedKey = "replaced_id"

// ModifyPlan claims the planned dataset and its name, reports what the apply will do or refuse, and
// sets the planned values that depend on more than one attribute. Terraform calls it again in the
// apply, in another process.
func (r *datasetResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	switch {
	case r.providerData == nil: // the provider is not configured
	case req.Plan.Raw.IsNull():
		r.planDestroy(ctx, req, resp)
	case req.State.Raw.IsNull():
		r.planCreate(ctx, req, resp)
	default:
		r.planUpdate(ctx, req, resp)
	}
}

func (r *datasetResource) planDestroy(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var state datasetResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() || isApply(req) {
		return
	}
	if r.claims.keeps(state.ID.ValueString()) {
		return // a deposed object, which Terraform plans again in the apply: Delete keeps its dataset
	}
	if c := r.claims.planDestroy(state.ID.ValueString()); c != (conflict{}) {
		resp.Diagnostics.Append(managedTwice(c, state.Name.ValueString()))
		return
	}
	resp.Diagnostics.Append(r.planLoss(ctx, state, lossDestroy)...)
}

// planLoss reports a planned loss of items: an error, or a warning if force_destroy is in state.
// The number of items comes from the refresh, the API's list or one request. Without it the plan
// reports nothing: the apply counts again.
func (r *datasetResource) planLoss(ctx context.Context, state datasetResourceModel, loss loss) diag.Diagnostics {
	id := state.ID.ValueString()
	items, refreshed := r.claims.items(id)
	if !refreshed {
		ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
		defer cancel()
		d := r.cache.findByID(ctx, id)
		if d == nil {
			d, _ = r.client.GetDataset(ctx, apify.DatasetIDRef(id))
		}
		if d != nil {
			items = d.Items()
		}
	}
	switch {
	case items == 0:
		return nil
	case !state.ForceDestroy.ValueBool():
		return diag.Diagnostics{containsItems(state.datasetModel, itemsText(items), loss)}
	default:
		return r.warnings.give(itemsLost(state.datasetModel, itemsText(items), loss))
	}
}

func (r *datasetResource) planUpdate(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var id, ownerID, stateName, planName types.String
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("id"), &id)...)
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("user_id"), &ownerID)...)
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("name"), &stateName)...)
	resp.Diagnostics.Append(req.Plan.GetAttribute(ctx, path.Root("name"), &planName)...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, replacedKey, []byte(`"`+id.ValueString()+`"`))...)
	if !isApply(req) {
		if c := r.claims.planUpdate(id.ValueString(), ownerID.ValueString(), planName.ValueString()); c != (conflict{}) {
			name := stateName
			if c.id == "" {
				name = planName
			}
			resp.Diagnostics.Append(managedTwice(c, name.ValueString()))
			return
		}
	}
	if req.Plan.Raw.Equal(req.State.Raw) {
		return // most plans change nothing, and the rest costs more time than this
	}
	var plan, state datasetResourceModel
	var access types.String
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("general_access"), &access)...)
	if resp.Diagnostics.HasError() {
		return
	}
	plan.keepName(state.datasetModel)
	resp.Diagnostics.Append(r.planSchema(ctx, req, state, &plan, resp)...)
	if !isApply(req) {
		resp.Diagnostics.Append(r.checkName(ctx, state, plan, len(resp.RequiresReplace) > 0)...)
	}
	losesName := !state.Name.IsNull() && plan.Name.ValueString() == "" // an unknown name may be null
	if losesName && access.IsNull() && state.GeneralAccess.ValueString() == string(apify.AnyoneWithNameCanRead) {
		// An unnamed dataset cannot have this level, so the server chooses another one.
		plan.GeneralAccess = types.StringUnknown()
	}
	if changes(state, plan) != (apify.DatasetUpdate{}) || plan.GeneralAccess.IsUnknown() {
		plan.ItemsPublicURL = types.StringUnknown()
	}
	resp.Diagnostics.Append(resp.Plan.Set(ctx, plan)...)
}

// checkName reports what the apply will do or refuse if it changes the name of a dataset. A
// replacement renames nothing: it can adopt the dataset that has the name, and Terraform drops the
// warning about that in the plan of the creation.
func (r *datasetResource) checkName(ctx context.Context, state, plan datasetResourceModel, replaced bool) diag.Diagnostics {
	name := plan.Name.ValueString()
	switch {
	case plan.Name.Equal(state.Name), plan.Name.IsUnknown(), name == "" && replaced:
		return nil
	case name == "":
		return r.planLoss(ctx, state, lossName)
	}
	holder, err := r.lookUpName(ctx, state.UserID.ValueString(), name)
	switch {
	case err != nil:
		return nameNotChecked(name, err)
	case holder == nil || holder.ID == state.ID.ValueString():
		return nil
	case !replaced:
		return r.warnings.give(nameInUse(state.datasetModel, name, holder.ID))
	case plan.AdoptExisting.ValueBool():
		return r.adopting(holder, plan)
	default:
		return nil
	}
}

// planSchema plans to replace a dataset if its schema changes, because Apify cannot change it. It
// does so only in a run that has refreshed the dataset. Otherwise this may be an apply in which a
// schema becomes known that the plan did not know, and in which Terraform allows no replacement:
// Update then refuses another schema.
func (r *datasetResource) planSchema(ctx context.Context, req resource.ModifyPlanRequest, state datasetResourceModel, plan *datasetResourceModel, resp *resource.ModifyPlanResponse) diag.Diagnostics {
	var configured jsontypes.Normalized
	diags := req.Config.GetAttribute(ctx, path.Root("schema"), &configured)
	switch _, refreshed := r.claims.items(state.ID.ValueString()); {
	case configured.IsNull() || sameSchema(state.Schema, configured):
		plan.Schema = state.Schema
	case refreshed && !configured.IsUnknown():
		resp.RequiresReplace.Append(path.Root("schema"))
		diags.Append(r.planLoss(ctx, state, lossSchema)...)
	}
	return diags
}

func (r *datasetResource) planCreate(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var plan datasetResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	private, diags := req.Private.GetKey(ctx, replacedKey)
	resp.Diagnostics.Append(diags...)
	name := plan.Name.ValueString()
	if resp.Diagnostics.HasError() || name == "" {
		return
	}
	if isApply(req) {
		_, _ = r.lookUpName(ctx, r.account.ID, name) // for datasetNames.existed, which doubts a name that was not found
		return
	}
	replacedID := strings.Trim(string(private), `"`)
	if c := r.claims.planCreation(name, replacedID); c != (conflict{}) {
		resp.Diagnostics.Append(managedTwice(c, name))
		return
	}
	existing, err := r.lookUpName(ctx, r.account.ID, name)
	if err != nil {
		resp.Diagnostics.Append(nameNotChecked(name, err)...)
		return
	}
	if existing == nil {
		return
	}
	own, c := r.claims.planAdoption(name, existing.ID, replacedID)
	if c != (conflict{}) {
		resp.Diagnostics.Append(managedTwice(c, name))
		return
	}
	if own {
		return
	}
	if plan.AdoptExisting.IsUnknown() {
		plan.AdoptExisting = types.BoolValue(defaultAdoptExisting)
	}
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	switch refusal, err := r.refuseAdoption(ctx, existing, plan); {
	case err != nil:
		resp.Diagnostics.Append(nameNotChecked(name, err)...)
	case refusal != nil:
		resp.Diagnostics.Append(refusal)
	default:
		resp.Diagnostics.Append(r.adopting(existing, plan)...)
	}
}

// isApply reports whether Terraform plans in an apply, in which Create, Update and Delete make the
// checks of the plan again. Terraform 1.9 and newer allow deferrals in every apply and, by default,
// in no plan; OpenTofu never allows them. So nothing depends on it, but for one case: Terraform
// restores a resource whose replacement with create_before_destroy fails in Create, and leaves a
// deposed object if it fails in ModifyPlan.
func isApply(req resource.ModifyPlanRequest) bool { return req.ClientCapabilities.DeferralAllowed }
