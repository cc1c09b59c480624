package provider

import (
	"context"
	"encoding/json"
	"errors"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// planKey is the key of the private data that ModifyPlan writes. Every plan overwrites the data, so
// that nothing of an earlier plan remains in it.
const planKey = "plan"

// privatePlan is the private data of a plan.
type privatePlan struct {
	// ReplacedID is the dataset's ID in the plan of an update. If the resource is being replaced,
	// Terraform passes it to the plan of the creation that follows.
	ReplacedID string `json:"replaced_id,omitempty"`
	// ForceDestroy is the configured value in the plan of a creation. If the creation replaces a
	// resource, and the resource is deleted first, Terraform passes it to Delete.
	ForceDestroy bool `json:"force_destroy,omitempty"`
	// Adopted contains IDs of datasets in state that other planned creations adopt. Terraform
	// passes it to Delete like ForceDestroy, so that the replacement of a tainted resource keeps
	// the dataset if the plan shows that another resource adopts it.
	Adopted []string `json:"adopted,omitempty"`
}

// privateData is the private data of a request or response.
type privateData interface {
	GetKey(ctx context.Context, key string) ([]byte, diag.Diagnostics)
}

// readPlan returns the private data of a plan; the zero value without any.
func readPlan(ctx context.Context, private privateData) (p privatePlan, diags diag.Diagnostics) {
	raw, diags := private.GetKey(ctx, planKey)
	if len(raw) > 0 && json.Unmarshal(raw, &p) != nil {
		return privatePlan{}, diags
	}
	return p, diags
}

func writePlan(ctx context.Context, resp *resource.ModifyPlanResponse, p privatePlan) {
	raw, _ := json.Marshal(p) // strings and booleans can always be encoded
	resp.Diagnostics.Append(resp.Private.SetKey(ctx, planKey, raw)...)
}

// ModifyPlan validates a plan against the server and the other resources of this walk, shows in the
// plan what the apply will do, and sets the planned values that depend on more than one attribute.
// Terraform calls it again during the apply, in another provider process.
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
	writePlan(ctx, resp, privatePlan{})
	if r.store.isApplying() {
		return // a deposed object, which Terraform plans again: Delete has the final state of its dataset
	}
	var state datasetResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	if resp.Diagnostics.HasError() {
		return
	}
	items, err := r.store.planDestroy(ctx, state.ID.ValueString())
	switch {
	case err != nil:
		resp.Diagnostics.Append(planError(state.datasetModel, err))
	case items > 0 && state.ForceDestroy.ValueBool():
		resp.Diagnostics.Append(r.itemsWillBeDeleted(state, items)...)
	case items > 0:
		resp.Diagnostics.Append(containsItems(state.datasetModel, itemsText(items), duringPlan, r.store.isNameTaken(state.ID.ValueString())))
	}
}

func (r *datasetResource) planUpdate(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var id types.String
	resp.Diagnostics.Append(req.State.GetAttribute(ctx, path.Root("id"), &id)...)
	if resp.Diagnostics.HasError() {
		return
	}
	writePlan(ctx, resp, privatePlan{ReplacedID: id.ValueString()})
	if req.Plan.Raw.Equal(req.State.Raw) {
		// Most plans change nothing, and the rest costs more time than this.
		if err := r.store.planUnchanged(id.ValueString()); err != nil {
			var state datasetResourceModel
			resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
			resp.Diagnostics.Append(planError(state.datasetModel, err))
		}
		return
	}
	var plan, state datasetResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	if resp.Diagnostics.HasError() {
		return
	}
	taken, err := r.store.planUpdate(ctx, state.datasetModel, plan.Name)
	var lookup *lookupError
	switch {
	case errors.As(err, &lookup):
		resp.Diagnostics.Append(nameNotChecked(plan.Name.ValueString(), lookup))
	case err != nil:
		resp.Diagnostics.Append(planError(state.datasetModel, err))
		return
	case taken != nil:
		resp.Diagnostics.Append(nameInUse(state.datasetModel, plan.Name.ValueString(), taken))
	}
	if sameName(state.Name, plan.Name) && !state.Name.Equal(plan.Name) {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("name"), state.Name)...)
		plan.Name = state.Name
	}
	if changes(state, plan) != (apify.DatasetUpdate{}) || plan.GeneralAccess.IsUnknown() {
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("items_public_url"), types.StringUnknown())...)
	}
	resp.Diagnostics.Append(r.planSchema(ctx, req, state, plan, resp)...)
	var configured types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("general_access"), &configured)...)
	losesName := !state.Name.IsNull() && plan.Name.ValueString() == "" // an unknown name may be null
	if losesName && configured.IsNull() && state.GeneralAccess.ValueString() == string(apify.AnyoneWithNameCanRead) {
		// An unnamed dataset cannot have this level, so the server chooses another one.
		resp.Diagnostics.Append(resp.Plan.SetAttribute(ctx, path.Root("general_access"), types.StringUnknown())...)
	}
}

// planSchema plans to replace a dataset if its schema changes, because Apify cannot change it.
func (r *datasetResource) planSchema(ctx context.Context, req resource.ModifyPlanRequest, state, plan datasetResourceModel, resp *resource.ModifyPlanResponse) diag.Diagnostics {
	var configured jsontypes.Normalized
	diags := req.Config.GetAttribute(ctx, path.Root("schema"), &configured)
	if configured.IsNull() || sameSchema(state.Schema, configured) {
		diags.Append(resp.Plan.SetAttribute(ctx, path.Root("schema"), state.Schema)...)
		return diags
	}
	resp.RequiresReplace.Append(path.Root("schema"))
	if state.ForceDestroy.ValueBool() || plan.ForceDestroy.ValueBool() { // else the plan of the creation reports an error
		if items := r.store.countItems(ctx, state.ID.ValueString()); items > 0 {
			diags.Append(r.itemsWillBeDeleted(state, items)...)
		}
	}
	return diags
}

func (r *datasetResource) planCreate(ctx context.Context, req resource.ModifyPlanRequest, resp *resource.ModifyPlanResponse) {
	var plan datasetResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	replaced, diags := readPlan(ctx, req.Private)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	forceDestroy := plan.ForceDestroy.ValueBool()
	writePlan(ctx, resp, privatePlan{ForceDestroy: forceDestroy, Adopted: r.store.adoptedFromState()})
	if id := replaced.ReplacedID; id != "" {
		resp.Diagnostics.Append(r.planReplacement(ctx, id, forceDestroy)...)
	}
	if plan.Name.IsNull() || plan.Name.IsUnknown() {
		return
	}
	name := plan.Name.ValueString()
	result, err := r.store.planCreation(ctx, name, plan.AdoptExisting.ValueBool(), replaced.ReplacedID)
	var lookup *lookupError
	switch {
	case errors.As(err, &lookup):
		resp.Diagnostics.Append(nameNotChecked(name, lookup))
	case err != nil:
		resp.Diagnostics.Append(planError(plan.datasetModel, err))
	case result.renamed != nil:
		resp.Diagnostics.Append(nameGivenUp(name, result.renamed))
	case result.tainted != nil && *result.tainted.items > 0:
		resp.Diagnostics.Append(mayBeTainted(*result.tainted, forceDestroy))
	case result.existing == nil || plan.AdoptExisting.IsUnknown():
	case plan.AdoptExisting.ValueBool() && !r.store.isApplying() && isOtherSchema(plan.Schema, newSchema(result.existing)):
		resp.Diagnostics.Append(otherSchema(plan.datasetModel, result.existing))
	case plan.AdoptExisting.ValueBool():
		if !r.store.isApplying() { // else Create announces the adoption
			resp.Diagnostics.Append(r.announceAdoption(result.existing, plan, summaryWouldAdopt)...)
		}
		resp.Diagnostics.Append(planAdoption(ctx, resp, plan, result.existing)...)
	case !r.store.isApplying():
		// Terraform restores a resource whose replacement fails in Create, but not one whose
		// replacement fails here during the apply.
		resp.Diagnostics.Append(existingDataset(result.existing, plan, summaryExists))
	}
}

// planReplacement validates the replacement of a resource in state. Terraform drops warnings here.
func (r *datasetResource) planReplacement(ctx context.Context, id string, forceDestroy bool) diag.Diagnostics {
	d := r.store.planReplacement(id)
	if forceDestroy || d.forceDestroy {
		return nil
	}
	if items := r.store.countItems(ctx, id); items > 0 {
		return diag.Diagnostics{replacementLosesItems(d, items)}
	}
	return nil
}

// planAdoption sets the planned values of an adopted dataset, so that the plan shows which dataset
// the resource will have.
func planAdoption(ctx context.Context, resp *resource.ModifyPlanResponse, plan datasetResourceModel, existing *apify.Dataset) diag.Diagnostics {
	m, err := newDatasetModel(existing)
	if err != nil {
		return diag.Diagnostics{clientError(summaryCreate, err)}
	}
	var diags diag.Diagnostics
	diags.Append(resp.Plan.SetAttribute(ctx, path.Root("id"), m.ID)...)
	for name, value := range map[string]types.String{"user_id": m.UserID, "console_url": m.ConsoleURL} {
		if !value.IsNull() {
			diags.Append(resp.Plan.SetAttribute(ctx, path.Root(name), value)...)
		}
	}
	if plan.Schema.IsUnknown() {
		diags.Append(resp.Plan.SetAttribute(ctx, path.Root("schema"), m.Schema)...)
	}
	if !m.CreatedAt.IsNull() {
		diags.Append(resp.Plan.SetAttribute(ctx, path.Root("created_at"), m.CreatedAt)...)
	}
	return diags
}

// maxNamedWarnings is the number of warnings of one kind whose summaries contain the dataset.
// Further warnings share one summary, which Terraform folds into one warning.
const maxNamedWarnings = 10

// announceAdoption returns the warning about an adoption, once for each dataset in this walk.
func (r *datasetResource) announceAdoption(d *apify.Dataset, plan datasetResourceModel, summary string) diag.Diagnostics {
	first, earlier := r.store.announce(summaryAdopts, d.ID)
	if !first {
		return nil
	}
	if earlier < maxNamedWarnings {
		summary += ": " + plan.Name.ValueString()
	} else {
		summary = "Further " + strings.ToLower(summary[:1]) + summary[1:]
	}
	return diag.Diagnostics{existingDataset(d, plan, summary)}
}

// itemsWillBeDeleted returns the warning about a planned deletion of items.
func (r *datasetResource) itemsWillBeDeleted(state datasetResourceModel, items int64) diag.Diagnostics {
	summary := summaryItemsLost
	if _, earlier := r.store.announce(summaryItemsLost, state.ID.ValueString()); earlier < maxNamedWarnings {
		summary += ": " + nameOrID(state.datasetModel)
	}
	return diag.Diagnostics{itemsLost(summary, state.datasetModel, items, state.ForceDestroy.ValueBool())}
}
