package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// nameCheckTimeout bounds the look-up of a planned creation's name, which is a
// courtesy only.
const nameCheckTimeout = time.Minute

// replacedKey is where the plan of a change leaves the dataset's id for the plan
// of a creation that follows it, if the resource is being replaced.
const replacedKey = "replaced"

// ModifyPlan settles what only a view of the whole resource can, and looks ahead
// to what an apply would come to.
func (r *datasetResource) ModifyPlan(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	if r.providerData == nil {
		return
	}
	if req.State.Raw.IsNull() {
		var plan datasetResourceModel
		resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
		replaced, diags := req.Private.GetKey(ctx, replacedKey)
		resp.Diagnostics.Append(diags...)
		if !resp.Diagnostics.HasError() {
			resp.Diagnostics.Append(r.planCreation(ctx, plan, replacedID(replaced))...)
		}
		return
	}

	var stateID types.String
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("id"), &stateID)...)
	if resp.Diagnostics.HasError() {
		return
	}
	id := stateID.ValueString()
	destroy := req.Plan.Raw.IsNull()
	if destroy && r.claims.applying() {
		return // a deposed object, planned once more: Delete knows whether its successor has the dataset
	}
	if !r.claims.hold(id) {
		resp.Diagnostics.Append(managedTwice(id))
		return
	}
	if destroy {
		return
	}
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, replacedKey, keepReplacedID(id))...)
	if req.Plan.Raw.Equal(req.State.Raw) {
		return // as most are, mostly: what follows takes more time than all of the above
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
	if changes(state, plan) != (apify.Update{}) || plan.GeneralAccess.IsUnknown() {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("items_public_url"), types.StringUnknown())...)
	}
	var configured types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("general_access"), &configured)...)
	losesName := !state.Name.IsNull() && plan.Name.ValueString() == "" // or may, if it is unknown
	if losesName && configured.IsNull() && state.GeneralAccess.ValueString() == string(apify.AnyoneWithNameCanRead) {
		// Nobody can read by its name what has none: the server will choose.
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("general_access"), types.StringUnknown())...)
	}
}

func keepReplacedID(id string) []byte {
	raw, _ := json.Marshal(id) // a string always can be
	return raw
}

func replacedID(raw []byte) string {
	var id string
	_ = json.Unmarshal(raw, &id) // nothing, if nothing was kept
	return id
}

// planCreation looks whether the name of a planned creation is taken, and by
// what. replaced is the dataset that the same resource has now, if it is being
// replaced.
func (r *datasetResource) planCreation(ctx context.Context, plan datasetResourceModel, replaced string) diag.Diagnostics {
	if plan.Name.IsNull() || plan.Name.IsUnknown() {
		return nil
	}
	name := plan.Name.ValueString()
	if !r.claims.name(name) {
		return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("name"), summaryTwice,
			fmt.Sprintf("Another resource of this configuration creates a dataset named %q as well. Names are unique in an account without "+
				"regard to upper and lower case, so both would manage the same dataset. Give one of them another name, or remove it.", name))}
	}
	if r.claims.applying() {
		return nil // the POST is next, and tells for sure
	}
	ctx, cancel := context.WithTimeout(ctx, nameCheckTimeout)
	defer cancel()
	holder, err := r.client.FindByName(ctx, name)
	switch {
	case err != nil:
		return diag.Diagnostics{diag.NewWarningDiagnostic("Apify dataset name not checked",
			fmt.Sprintf("Whether an Apify dataset named %q exists already could not be found out; applying will tell. %s",
				name, join(sentence(err.Error()), advise(err))))}
	case holder == nil || holder.ID == replaced:
		return nil
	}
	free, unclaimed := r.claims.want(holder.ID, plan.AdoptExisting.ValueBool())
	switch {
	case !free:
		return diag.Diagnostics{managedTwice(holder.ID)}
	case !unclaimed:
		return nil // the tainted resource itself, which is being replaced
	case plan.AdoptExisting.IsUnknown():
		return nil // applying will tell
	}
	return diag.Diagnostics{existing(holder, plan, summaryWouldAdopt)}
}

// existing tells of a dataset that a creation finds under its name: a warning
// if it is adopted, else an error. Terraform shows only the first of several
// warnings with the same summary, so each has its own.
func existing(d *apify.Dataset, plan datasetResourceModel, summary string) diag.Diagnostic {
	text := fmt.Sprintf("There is a dataset named %q already: %s", plan.Name.ValueString(), d.ID)
	if d.CreatedAt != nil {
		text += ", created at " + *d.CreatedAt
	}
	if d.ItemCount != nil {
		text += fmt.Sprintf(", with %d items by its counter", *d.ItemCount)
	}
	if plan.AdoptExisting.ValueBool() {
		return diag.NewAttributeWarningDiagnostic(path.Root("name"), summary+": "+plan.Name.ValueString(),
			text+". This resource takes it over as it is, with all that it holds. If that is not what you want, choose another name; "+
				"adopt_existing = false makes this an error.")
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("name"), summaryExists,
		text+". With adopt_existing = false it is not taken over, and nothing was changed. "+importHint(d.ID)+
			"\n\nOr choose another name, or set adopt_existing = true.")
}

// managedTwice is the error at the second of two resources for one dataset.
func managedTwice(id string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(summaryTwice, fmt.Sprintf(`Dataset %s belongs to another resource of this configuration too. Two resources for one dataset would undo each other's changes, and one could delete what the other keeps.

If a resource's address has changed, tell Terraform with a block

  moved {
    from = apify_dataset.OLD_NAME
    to   = apify_dataset.NEW_NAME
  }

instead of letting it destroy the one and create the other. If one of them is to get another name, apply that change first. If both are in the state, remove one resource from the configuration and take it out of the state with terraform state rm. If it is one resource and its deposed object, left over from a replacement that broke off, take the resource out of the state and apply again: the dataset is adopted.`, id))
}
