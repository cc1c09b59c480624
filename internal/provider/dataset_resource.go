package provider

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/resource/identityschema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/booldefault"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/planmodifier"
	"github.com/hashicorp/terraform-plugin-framework/resource/schema/stringplanmodifier"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// defaultTimeout bounds each operation that the timeouts attribute leaves out.
const defaultTimeout = 5 * time.Minute

// cleanUpTimeout bounds the removal of a new dataset whose creation failed, which
// goes on after an interrupt.
const cleanUpTimeout = 30 * time.Second

// The summaries of this resource's errors.
const (
	summaryCreate = "Creating Apify dataset failed"
	summaryRead   = "Reading Apify dataset failed"
	summaryUpdate = "Updating Apify dataset failed"
	summaryDelete = "Deleting Apify dataset failed"
	summaryImport = "Importing Apify dataset failed"

	summaryExists     = "Apify dataset already exists"
	summaryAdopts     = "Existing Apify dataset adopted"
	summaryWouldAdopt = "Existing Apify dataset will be adopted"
	summaryTwice      = "Apify dataset managed twice"
	summaryKept       = "Apify dataset not deleted"
	summaryLeft       = "Apify dataset left for the next apply"
	summaryHasItems   = "Apify dataset holds items"
	summaryLostAccess = "No access to Apify dataset"
	summaryNotApplied = "Apify dataset not changed as asked"
)

var (
	_ resource.Resource                   = (*datasetResource)(nil)
	_ resource.ResourceWithConfigure      = (*datasetResource)(nil)
	_ resource.ResourceWithIdentity       = (*datasetResource)(nil)
	_ resource.ResourceWithImportState    = (*datasetResource)(nil)
	_ resource.ResourceWithModifyPlan     = (*datasetResource)(nil)
	_ resource.ResourceWithValidateConfig = (*datasetResource)(nil)
)

func newDatasetResource() resource.Resource { return &datasetResource{} }

type datasetResource struct{ *providerData }

func (r *datasetResource) Metadata(_ context.Context, req resource.MetadataRequest, resp *resource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_dataset"
}

func (r *datasetResource) Configure(_ context.Context, req resource.ConfigureRequest, resp *resource.ConfigureResponse) {
	r.providerData = configured(req.ProviderData, &resp.Diagnostics)
}

func (r *datasetResource) IdentitySchema(_ context.Context, _ resource.IdentitySchemaRequest, resp *resource.IdentitySchemaResponse) {
	resp.IdentitySchema = identityschema.Schema{
		Attributes: map[string]identityschema.Attribute{
			"id": identityschema.StringAttribute{
				Description:       "The dataset's id, such as WkzbQMuFYuamGv3YF.",
				RequiredForImport: true,
			},
		},
	}
}

func (r *datasetResource) Schema(ctx context.Context, _ resource.SchemaRequest, resp *resource.SchemaResponse) {
	stable := []planmodifier.String{stringplanmodifier.UseStateForUnknown()}
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages a dataset, Apify's append-only table of scraped items.\n\nApify creates a dataset of a given name, or returns the one that has that name already. So applies " +
			"can be repeated: after a lost state or an apply that broke off, the next apply finds the same dataset. An existing " +
			"dataset is adopted with a warning, or refused with `adopt_existing = false`. A dataset that holds items is not " +
			"deleted unless `force_destroy` says so.",
		Attributes: map[string]schema.Attribute{
			"name": schema.StringAttribute{
				MarkdownDescription: "The dataset's name: 1 to 63 letters, digits and hyphens, with a letter or digit at both ends, " +
					"unique in the account without regard to upper and lower case (a change of case alone is no change). A change " +
					"renames the dataset in place. Without a name the dataset is unnamed, and Apify deletes it after the plan's " +
					"[data retention](https://docs.apify.com/platform/storage/usage#data-retention) period; named ones are kept.",
				Optional:   true,
				Validators: []validator.String{nameValidator{}},
			},
			"general_access": schema.StringAttribute{
				MarkdownDescription: "Who may read the dataset beside its owner and those it is shared with " +
					"([general access](https://docs.apify.com/platform/collaboration/general-resource-access)): " +
					"`FOLLOW_USER_SETTING` (as the account's setting says; what Apify gives new datasets), `RESTRICTED`, " +
					"`ANYONE_WITH_ID_CAN_READ`, or `ANYONE_WITH_NAME_CAN_READ` (which needs a `name`). A change is made in place and " +
					"can take up to a minute to act. Without a value the dataset keeps the level that it has.",
				Optional:      true,
				Computed:      true,
				Validators:    []validator.String{stringvalidator.OneOf(generalAccessLevels...)},
				PlanModifiers: stable,
			},
			"adopt_existing": schema.BoolAttribute{
				MarkdownDescription: "What happens on creation if the name is taken already: `true` takes over the dataset that has it, " +
					"as it is, with a warning; `false` stops with an error that shows how to import it. Either is shown in the plan. " +
					"It matters to nothing else, and a change of it sends nothing to Apify. " +
					fmt.Sprintf("Defaults to `%t`.", defaultAdoptExisting),
				Optional: true,
				Computed: true,
				Default:  booldefault.StaticBool(defaultAdoptExisting),
			},
			"force_destroy": schema.BoolAttribute{
				MarkdownDescription: "Whether the dataset may be deleted although it holds items, which are lost then. It counts as " +
					"last applied: set it to `true` and apply, before destroying. A change of it sends nothing to Apify. " + fmt.Sprintf("Defaults to `%t`.", defaultForceDestroy),
				Optional: true,
				Computed: true,
				Default:  booldefault.StaticBool(defaultForceDestroy),
			},
			"id": schema.StringAttribute{
				MarkdownDescription: "The dataset's id, such as `WkzbQMuFYuamGv3YF`. It never changes.",
				Computed:            true,
				PlanModifiers:       stable,
			},
			"user_id": schema.StringAttribute{
				MarkdownDescription: "The id of the user or organization that owns the dataset. It never changes.",
				Computed:            true,
				PlanModifiers:       stable,
			},
			"created_at": schema.StringAttribute{
				MarkdownDescription: "When the dataset was created, in RFC 3339 form and UTC. It never changes.",
				CustomType:          timetypes.RFC3339Type{},
				Computed:            true,
				PlanModifiers:       stable,
			},
			"console_url": schema.StringAttribute{
				MarkdownDescription: "The dataset's page in Apify Console. It never changes.",
				Computed:            true,
				PlanModifiers:       stable,
			},
			"items_public_url": schema.StringAttribute{
				MarkdownDescription: "Where the items can be read without a token. For a restricted dataset the URL carries a signature, " +
					"which Apify makes afresh at every read and which is good for 14 days: whoever has the URL can read the items. " +
					"State keeps the URL while its signature is good for at least 7 more days, and takes a new one with the next " +
					"refresh after that or after a change of access. For a URL that is never stored see the ephemeral resource " +
					"`apify_dataset_items_url`.",
				Computed:      true,
				Sensitive:     true,
				PlanModifiers: stable,
			},
			"timeouts": timeoutsAttribute(ctx),
		},
	}
}

var generalAccessLevels = []string{
	string(apify.FollowUserSetting),
	string(apify.Restricted),
	string(apify.AnyoneWithIDCanRead),
	string(apify.AnyoneWithNameCanRead),
}

// timeoutsAttribute is the usual one, with descriptions of its own and a
// validator that takes durations above zero only and names the attribute.
func timeoutsAttribute(ctx context.Context) schema.SingleNestedAttribute {
	describe := func(operation string) string {
		return fmt.Sprintf("How long %s may take, retries included, as a duration such as `30s` or `10m`. Defaults to `5m`.", operation)
	}
	attribute := timeouts.AttributesAll(ctx).(schema.SingleNestedAttribute) //nolint:forcetypeassert // documented
	attribute.MarkdownDescription = "How long each operation may take before it is given up."
	for name, operation := range map[string]string{
		"create": "creating the dataset",
		"read":   "reading the dataset, with every refresh,",
		"update": "changing the dataset",
		"delete": "deleting the dataset",
	} {
		attribute.Attributes[name] = schema.StringAttribute{
			MarkdownDescription: describe(operation),
			Optional:            true,
			Validators:          []validator.String{durationValidator{}},
		}
	}
	return attribute
}

func (r *datasetResource) ValidateConfig(ctx context.Context, req resource.ValidateConfigRequest, resp *resource.ValidateConfigResponse) {
	var name, access types.String
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("name"), &name)...)
	resp.Diagnostics.Append(req.Config.GetAttribute(ctx, path.Root("general_access"), &access)...)
	if name.IsNull() && access.ValueString() == string(apify.AnyoneWithNameCanRead) {
		resp.Diagnostics.AddAttributeError(path.Root("general_access"), "Apify dataset needs a name",
			fmt.Sprintf("general_access can be %q only for a dataset that has a name. Set name, or choose another level.", apify.AnyoneWithNameCanRead))
	}
}

func (r *datasetResource) Create(ctx context.Context, req resource.CreateRequest, resp *resource.CreateResponse) {
	var plan datasetResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	timeout, diags := plan.Timeouts.Create(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	r.claims.write()
	created, err := r.client.CreateDataset(ctx, plan.Name.ValueString())
	if err != nil {
		resp.Diagnostics.Append(failure(summaryCreate, err, afterFailedPost(plan, created, err)))
		if created != nil {
			resp.Diagnostics.Append(r.leaveNothing(ctx, plan, created)...)
		}
		return
	}
	var found diag.Diagnostics
	if created.Existed {
		found.Append(existing(&created.Dataset, plan, summaryAdopts))
	}
	if !found.HasError() && !r.claims.make(created.ID) {
		found = diag.Diagnostics{managedTwice(created.ID)}
	}
	resp.Diagnostics.Append(found...)
	if found.HasError() {
		return // nothing was changed
	}

	state, diags := r.finishCreation(ctx, plan, &created.Dataset)
	resp.Diagnostics.Append(diags...)
	if !diags.HasError() {
		// In a variable of its own: a state is only kept whole.
		diags = resp.State.Set(ctx, state)
		diags.Append(resp.Identity.Set(ctx, datasetIdentityModel{ID: state.ID})...)
		resp.Diagnostics.Append(diags...)
	}
	if diags.HasError() {
		// Whatever is in state now would be a tainted resource.
		resp.State.RemoveResource(ctx)
		resp.Diagnostics.Append(r.leaveNothing(ctx, plan, created)...)
	}
}

// finishCreation brings a dataset that a POST returned to the planned state, and
// gives what is to be stored.
func (r *datasetResource) finishCreation(ctx context.Context, plan datasetResourceModel, d *apify.Dataset) (datasetResourceModel, diag.Diagnostics) {
	asked := apify.Update{Name: new(plan.Name.ValueString())}
	if access := plan.GeneralAccess; !access.IsNull() && !access.IsUnknown() {
		asked.GeneralAccess = (*apify.GeneralAccess)(access.ValueStringPointer())
		if d.GeneralAccess == nil || *d.GeneralAccess != *asked.GeneralAccess {
			updated, err := r.client.UpdateDataset(ctx, d.ID, apify.Update{GeneralAccess: asked.GeneralAccess})
			if err != nil {
				return plan, diag.Diagnostics{failure(summaryCreate, err,
					fmt.Sprintf("The dataset is there, with the id %s, but its general_access could not be set.", d.ID))}
			}
			d = updated
		}
	}
	return merge(plan, d, asked)
}

// merge is what is stored of a dataset after a write: all that was planned, and
// from the server what was not known. What was asked for must be what the server
// says. What somebody else has changed meanwhile is left to the next refresh:
// Terraform takes nothing that differs from the plan.
func merge(plan datasetResourceModel, d *apify.Dataset, asked apify.Update) (datasetResourceModel, diag.Diagnostics) {
	m, diags := newDatasetModel(d)
	if asked.Name != nil && !sameName(plan.Name, m.Name) {
		diags.Append(notApplied(d.ID, "name", plan.Name, m.Name))
	}
	if asked.GeneralAccess != nil && !plan.GeneralAccess.Equal(m.GeneralAccess) {
		diags.Append(notApplied(d.ID, "general_access", plan.GeneralAccess, m.GeneralAccess))
	}
	plan.ID = settled(plan.ID, m.ID)
	plan.UserID = settled(plan.UserID, m.UserID)
	plan.CreatedAt = settled(plan.CreatedAt, m.CreatedAt)
	plan.GeneralAccess = settled(plan.GeneralAccess, m.GeneralAccess)
	plan.ConsoleURL = settled(plan.ConsoleURL, m.ConsoleURL)
	plan.ItemsPublicURL = settled(plan.ItemsPublicURL, m.ItemsPublicURL)
	return plan, diags
}

// settled is the planned value, or the answered one where none was known.
func settled[T attr.Value](planned, answered T) T {
	if planned.IsUnknown() {
		return answered
	}
	return planned
}

func notApplied(id, attribute string, asked, answered types.String) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root(attribute), summaryNotApplied,
		fmt.Sprintf("The server accepted the change of dataset %s, but its %s is %s, and not %s as planned. "+
			"The token may lack the right to change it, or the server does not have this feature (Apify's local platform has no "+
			"general_access). Apply again, or leave %s out of the configuration.",
			id, attribute, answered, asked, attribute))
}

// afterFailedPost tells what may be left of a creation that got no answer.
func afterFailedPost(plan datasetResourceModel, created *apify.Created, err error) string {
	var e *apify.Error
	switch {
	case created != nil:
		return fmt.Sprintf("The server created dataset %s, which is of no use without the rest of its answer and is removed again.", created.ID)
	case errors.As(err, &e) && !e.Ambiguous:
		return "No dataset was created."
	case plan.Name.IsNull():
		return "If the request arrived all the same, an unnamed dataset was created that nothing refers to. Apify deletes it " +
			"after the plan's data retention period."
	default:
		return fmt.Sprintf("If the request arrived all the same, the next apply finds the dataset by its name, %s, and there will be no second one.", plan.Name)
	}
}

// leaveNothing cleans up after a creation that failed once the dataset was
// there: a new dataset without a name would be lost, so it is removed, even after
// an interrupt. A named one is found again by the next apply.
func (r *datasetResource) leaveNothing(ctx context.Context, plan datasetResourceModel, created *apify.Created) diag.Diagnostics {
	if !plan.Name.IsNull() || created.Name != nil || created.Existed {
		if plan.AdoptExisting.ValueBool() {
			return diag.Diagnostics{diag.NewWarningDiagnostic(summaryLeft+": "+created.ID,
				fmt.Sprintf("Dataset %s stays as it is. The next apply adopts it by its name.", created.ID))}
		}
		return diag.Diagnostics{diag.NewErrorDiagnostic(summaryExists,
			fmt.Sprintf("Dataset %s is there now, and with adopt_existing = false the next apply will not adopt it. %s",
				created.ID, importHint(created.ID)))}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), cleanUpTimeout)
	defer cancel()
	if err := r.client.DeleteDataset(ctx, created.ID); err != nil && !apify.IsNotFound(err) {
		return diag.Diagnostics{failure("Unnamed Apify dataset left over", err,
			fmt.Sprintf("Dataset %s was created for nothing and could not be removed again. Delete it by hand, or let Apify "+
				"delete it after the plan's data retention period.", created.ID))}
	}
	return nil
}

func (r *datasetResource) Read(ctx context.Context, req resource.ReadRequest, resp *resource.ReadResponse) {
	var state datasetResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := state.Timeouts.Read(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	if id := state.ID.ValueString(); !r.claims.refresh(id) {
		resp.Diagnostics.Append(managedTwice(id))
		return
	}
	d, err := r.client.Refresh(ctx, state.known(), r.now().Add(signatureMargin))
	if apify.IsNotFound(err) {
		resp.Diagnostics.Append(r.gone(ctx, state, err, summaryRead)...)
		if !resp.Diagnostics.HasError() {
			// Older CLIs, and imports, fail without an identity even here.
			resp.Diagnostics.Append(resp.Identity.Set(ctx, datasetIdentityModel{ID: state.ID})...)
			resp.State.RemoveResource(ctx)
		}
		return
	}
	if err != nil {
		resp.Diagnostics.Append(failure(summaryRead, err, "The state is kept as it is."))
		return
	}
	m, diags := newDatasetModel(d)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	m.keep(state.datasetModel, d, r.now())
	if m != state.datasetModel { // otherwise the response has it already
		state.datasetModel = m
		resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	}
	resp.Diagnostics.Append(resp.Identity.Set(ctx, datasetIdentityModel{ID: state.ID})...)
}

// gone decides whether a 404 means that a dataset was deleted. The API answers
// the same to a token that lost its access, or is another account's; so it is
// gone only if the token's user owns what is missing. Otherwise there is an error.
func (r *datasetResource) gone(ctx context.Context, state datasetResourceModel, notFound error, summary string) diag.Diagnostics {
	me, err := r.client.Me(ctx)
	if err != nil {
		return diag.Diagnostics{failure(summary, err, fmt.Sprintf("The server says that dataset %s does not exist. Whether it was deleted, or is "+
			"only out of this token's reach, depends on whose the token is, and that could not be found out. The state is kept as it is.", state.ID.ValueString()))}
	}
	if me.ID == state.UserID.ValueString() {
		return nil
	}
	owner := "unknown to the state"
	if id := state.UserID.ValueString(); id != "" {
		owner = id
	}
	return diag.Diagnostics{failure(summaryLostAccess, notFound, fmt.Sprintf("The state says that the dataset's owner is %s, and the API token is that of %s "+
		"(%s). So the dataset may well exist, out of this token's reach. Use a token of the owner's account, or have the dataset shared with "+
		"this one. If it is gone for good, take it out of the state:\n\n  terraform state rm apify_dataset.NAME", owner, me.ID, me.Username))}
}

func (r *datasetResource) Update(ctx context.Context, req resource.UpdateRequest, resp *resource.UpdateResponse) {
	var plan, state datasetResourceModel
	resp.Diagnostics.Append(req.Plan.Get(ctx, &plan)...)
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := plan.Timeouts.Update(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	r.claims.write()
	update := changes(state, plan)
	if update != (apify.Update{}) {
		d, err := r.client.UpdateDataset(ctx, state.ID.ValueString(), update)
		if err != nil {
			resp.Diagnostics.Append(r.updateFailure(ctx, state, plan, err)...)
			return
		}
		plan, diags = merge(plan, d, update)
		resp.Diagnostics.Append(diags...)
		if resp.Diagnostics.HasError() {
			return
		}
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, plan)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, datasetIdentityModel{ID: plan.ID})...)
}

// changes are what the API has to be told to get from a state to a plan.
func changes(state, plan datasetResourceModel) apify.Update {
	var u apify.Update
	if !sameName(state.Name, plan.Name) {
		u.Name = new(plan.Name.ValueString()) // none is empty
	}
	if !plan.GeneralAccess.IsUnknown() && !plan.GeneralAccess.IsNull() && !plan.GeneralAccess.Equal(state.GeneralAccess) {
		u.GeneralAccess = (*apify.GeneralAccess)(plan.GeneralAccess.ValueStringPointer())
	}
	return u
}

// updateFailure explains why a change failed. Which error a taken name gives is
// not documented, so it is looked up.
func (r *datasetResource) updateFailure(ctx context.Context, state, plan datasetResourceModel, err error) diag.Diagnostics {
	if name := plan.Name.ValueString(); name != "" && !sameName(state.Name, plan.Name) && apify.IsRefused(err) {
		if holder, lookupErr := r.client.Dataset(ctx, apify.NameRef("", name)); lookupErr == nil && holder.ID != state.ID.ValueString() {
			return diag.Diagnostics{diag.NewAttributeErrorDiagnostic(path.Root("name"), summaryUpdate,
				fmt.Sprintf("Dataset %s cannot be renamed to %q: that is the name of dataset %s. Nothing was changed. Choose another name, or "+
					"rename or delete the other dataset first. %s", state.ID.ValueString(), name, holder.ID, sentence(err.Error())))}
		}
	}
	return diag.Diagnostics{failure(summaryUpdate, err, "The state is kept as it was before.")}
}

func (r *datasetResource) Delete(ctx context.Context, req resource.DeleteRequest, resp *resource.DeleteResponse) {
	var state datasetResourceModel
	resp.Diagnostics.Append(req.State.Get(ctx, &state)...)
	timeout, diags := state.Timeouts.Delete(ctx, defaultTimeout)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()

	id := state.ID.ValueString()
	r.claims.write()
	if !r.claims.release(id) {
		resp.Diagnostics.AddWarning(summaryKept+": "+id,
			fmt.Sprintf("Dataset %s is not deleted: this very run has it created or adopted by another resource (or by this "+
				"resource's replacement), which manages it from now on. Names are unique, so a dataset of the same name is the same "+
				"dataset.", id))
		return
	}
	resp.Diagnostics.Append(r.remove(ctx, state)...)
	if !resp.Diagnostics.HasError() {
		r.claims.deleted(id)
	}
}

// remove deletes a dataset, unless it holds items that must not be lost. Once the
// server says that it is not there, nothing is deleted any more: what could not be
// looked into may hold items.
func (r *datasetResource) remove(ctx context.Context, state datasetResourceModel) diag.Diagnostics {
	id := state.ID.ValueString()
	if !state.ForceDestroy.ValueBool() {
		held, err := r.holds(ctx, id)
		switch {
		case apify.IsNotFound(err):
			return r.gone(ctx, state, err, summaryDelete)
		case err != nil:
			return diag.Diagnostics{failure(summaryDelete, err,
				"Whether the dataset holds items could not be found out, so it was not deleted. The resource stays in the state.")}
		case held != "":
			return diag.Diagnostics{hasItems(state, held)}
		}
	}
	err := r.client.DeleteDataset(ctx, id)
	switch {
	case apify.IsNotFound(err):
		return r.gone(ctx, state, err, summaryDelete)
	case err != nil:
		return diag.Diagnostics{failure(summaryDelete, err, "The resource stays in the state.")}
	}
	return nil
}

// holds tells what a dataset holds, such as "3 items", or nothing. Its counters
// lag behind, so where they say that there are no items, one is asked for.
func (r *datasetResource) holds(ctx context.Context, id string) (string, error) {
	d, err := r.client.Dataset(ctx, apify.IDRef(id))
	if err != nil {
		return "", err
	}
	switch n := max(deref(d.ItemCount), deref(d.CleanItemCount)); {
	case n == 1:
		return "1 item", nil
	case n > 1:
		return fmt.Sprintf("%d items", n), nil
	}
	some, err := r.client.HasItems(ctx, id)
	if !some {
		return "", err
	}
	return "items (its counter, which lags, does not say how many yet)", nil
}

// hasItems is the error of a dataset that is not deleted because of what it holds.
func hasItems(state datasetResourceModel, held string) diag.Diagnostic {
	id := state.ID.ValueString()
	return diag.NewErrorDiagnostic(summaryHasItems, fmt.Sprintf(`Dataset %s holds %s, which would be lost. It was not deleted. There are three ways on:

- To delete it with its items, set force_destroy = true, apply, and then destroy.
- To save the items first, export them from its page in Apify Console, %s, or from the API: GET /v2/datasets/%s/items.
- To keep the dataset and only end its management, replace the resource by a block (Terraform 1.7 or newer)

  removed {
    from = apify_dataset.NAME
    lifecycle { destroy = false }
  }

  or run terraform state rm apify_dataset.NAME.`, id, held, state.ConsoleURL.ValueString(), id))
}

func deref(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}

func (r *datasetResource) ImportState(ctx context.Context, req resource.ImportStateRequest, resp *resource.ImportStateResponse) {
	id := req.ID
	if id == "" && req.Identity != nil {
		var identity datasetIdentityModel
		resp.Diagnostics.Append(req.Identity.Get(ctx, &identity)...)
		id = identity.ID.ValueString()
	}
	ref, err := apify.ParseRef(id)
	if err != nil {
		resp.Diagnostics.AddError(summaryImport, fmt.Sprintf("%q does not say which dataset is meant: %s. Write the dataset's id, ~NAME for one "+
			"of the token's own account, or USERNAME~NAME or USERNAME/NAME.", id, err))
		return
	}
	ctx, cancel := context.WithTimeout(ctx, defaultTimeout)
	defer cancel()
	d, err := r.client.Dataset(ctx, ref)
	if err != nil {
		resp.Diagnostics.Append(failure(summaryImport, err))
		return
	}
	state, diags := newImportedModel(ctx, d)
	resp.Diagnostics.Append(diags...)
	if resp.Diagnostics.HasError() {
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, state)...)
	resp.Diagnostics.Append(resp.Identity.Set(ctx, datasetIdentityModel{ID: state.ID})...)
}
