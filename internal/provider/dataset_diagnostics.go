package provider

import (
	"errors"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// Summaries of the diagnostics about datasets. Each names the failed operation and the kind of
// object.
const (
	summaryCreate = "Creating Apify dataset failed"
	summaryRead   = "Reading Apify dataset failed"
	summaryUpdate = "Updating Apify dataset failed"
	summaryDelete = "Deleting Apify dataset failed"
	summaryImport = "Importing Apify dataset failed"
	summaryList   = "Listing Apify datasets failed"
	summarySign   = "Signing Apify dataset items URL failed"

	summaryExists              = "Apify dataset already exists"
	summaryAdopts              = "Existing Apify dataset adopted"
	summaryWouldAdopt          = "Existing Apify dataset will be adopted"
	summaryTwice               = "Apify dataset managed twice"
	summaryKept                = "Apify dataset not deleted"
	summaryLeft                = "Apify dataset left for the next apply"
	summaryHasItems            = "Apify dataset contains items"
	summaryLostAccess          = "No access to Apify dataset"
	summaryNotApplied          = "Apify dataset change not applied"
	summaryNotDiscarded        = "Unnamed Apify dataset not cleaned up"
	summaryNameNotChecked      = "Apify dataset name not checked"
	summaryNeedsName           = "Apify dataset needs a name"
	summaryItemsLost           = "Items of Apify dataset will be deleted"
	summaryTainted             = "Apify dataset of a tainted resource contains items"
	summaryNameInUse           = "Apify dataset name in use"
	summaryNameConflict        = "Apify dataset name planned twice"
	summaryNameCycle           = "Apify dataset names exchanged"
	summaryDestroyedAndCreated = "Apify dataset destroyed and created in one run"
	summaryNeedsOrder          = "Apify dataset renamed for a creation in one run"
	summaryDeletedInApply      = "Apify dataset deleted during the apply"
	summaryOtherSchema         = "Existing Apify dataset has another schema"
	summaryInvalidSchema       = "Invalid Apify dataset schema"
	summaryInvalidOption       = "Invalid option of Apify dataset items URL"
	summaryInvalidID           = "Invalid Apify dataset ID"
	summaryOtherAccount        = "Apify dataset of another account imported"
	summaryInvalidTime         = "Invalid timestamp in Apify API response"
)

// createError returns the diagnostic of a failed creation.
func createError(plan datasetResourceModel, err error) diag.Diagnostic {
	var (
		existing *existingDatasetError
		other    *otherSchemaError
		twice    *managedTwiceError
		wait     *deletionWaitError
	)
	switch {
	case errors.As(err, &existing):
		return existingDataset(existing.dataset, plan, summaryExists)
	case errors.As(err, &other):
		return otherSchema(plan.datasetModel, other.dataset)
	case errors.As(err, &twice):
		return managedTwice(twice.id, plan.datasetModel)
	case errors.As(err, &wait):
		reason := "The operation timed out or was interrupted before the deletion ended."
		if errors.Is(err, errStillExists) {
			reason = "The deletion ended, but the API still returns the dataset."
		}
		return operationError(summaryCreate, err, fmt.Sprintf("The creation waited for the deletion of dataset %s, which has the name, during this "+
			"run. %s Nothing was created. Apply again.", wait.id, reason))
	default:
		return operationError(summaryCreate, err, afterFailedCreation(plan, err))
	}
}

// planError returns the diagnostic of a plan that conflicts with another resource of this walk. The
// model is that of the planned resource.
func planError(m datasetModel, err error) diag.Diagnostic {
	var (
		twice     *managedTwiceError
		renamed   *renamedForCreationError
		destroyed *destroyedForCreationError
		conflict  *nameConflictError
	)
	switch {
	case errors.As(err, &twice):
		return managedTwice(twice.id, m)
	case errors.Is(err, errNamePlannedTwice):
		return namePlannedTwice(m.Name.ValueString())
	case errors.As(err, &renamed):
		return renamedForCreation(renamed)
	case errors.As(err, &destroyed):
		return destroyedForCreation(destroyed)
	case errors.As(err, &conflict):
		return nameConflict(m, conflict)
	default:
		return clientError(summaryCreate, err)
	}
}

// describe returns a dataset's name and ID. Terraform shows no address for the diagnostics of a
// destroy.
func describe(name, id string) string {
	if name == "" {
		return "unnamed dataset " + id
	}
	return fmt.Sprintf("dataset %q (ID %s)", name, id)
}

func describeModel(m datasetModel) string { return describe(m.Name.ValueString(), m.ID.ValueString()) }

func nameOrID(m datasetModel) string {
	if name := m.Name.ValueString(); name != "" {
		return name
	}
	return m.ID.ValueString()
}

// destroyHint is the last paragraph of errors that can stop terraform destroy, which runs a normal
// plan first.
const destroyHint = "\n\nIf this error stops terraform destroy, run terraform destroy -refresh=false, which skips the plan that reports it."

// afterFailedCreation returns the text about datasets that a failed POST may have left on the
// server.
func afterFailedCreation(plan datasetResourceModel, err error) string {
	var e *apify.Error
	switch {
	case errors.As(err, &e) && e.CreatedID != "":
		return fmt.Sprintf("The server created dataset %s, but the creation could not be completed. The provider deletes the dataset again.", e.CreatedID)
	case e != nil && !e.MayHaveTakenEffect:
		return "No dataset was created."
	case plan.Name.IsNull():
		return "If the request reached the server, it created an unnamed dataset that is not in state. Apify deletes it " +
			"after the data retention period of your plan."
	default:
		return fmt.Sprintf("If the request reached the server, it created dataset %s. The next apply adopts that dataset by name instead of creating another.", plan.Name)
	}
}

// accessNotSet returns the error of a creation whose PUT failed.
func accessNotSet(id string, err error) diag.Diagnostic {
	return operationError(summaryCreate, err, fmt.Sprintf("The provider created or adopted dataset %s, but could not set its general_access.", id))
}

// existingDataset returns the diagnostic of a creation whose name an existing dataset has: a
// warning with a summary if it adopts the dataset, else an error.
func existingDataset(d *apify.Dataset, plan datasetResourceModel, summary string) diag.Diagnostic {
	facts := "ID " + d.ID
	if d.CreatedAt != nil {
		facts += ", created " + *d.CreatedAt
	}
	if d.ItemCount != nil {
		facts += fmt.Sprintf(", about %d items", *d.ItemCount)
	}
	text := fmt.Sprintf("A dataset named %q already exists (%s).", plan.Name.ValueString(), facts)
	if plan.AdoptExisting.ValueBool() {
		return diag.NewAttributeWarningDiagnostic(path.Root("name"), summary,
			text+" This resource adopts the dataset with its items and settings. If this resource is being replaced with "+
				"create_before_destroy, this is its own dataset, which the replacement keeps. To create a separate dataset, choose another name. To make this an error, set adopt_existing = false.")
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("name"), summaryExists,
		text+" Because adopt_existing is false, this resource does not adopt the dataset. Nothing was changed. "+importHint(d.ID)+
			"\n\nAlternatively, choose another name, or set adopt_existing = true.\n\n"+
			"If this resource is being replaced with create_before_destroy, the dataset is the resource's own: apply adopt_existing = true first, "+
			"or remove create_before_destroy. If only a deposed object is left in state, set adopt_existing = true, run terraform state rm with "+
			"the address of the resource, and apply."+destroyHint)
}

// otherSchema returns the error of a creation that would adopt a dataset with another schema than
// the configured one.
func otherSchema(m datasetModel, existing *apify.Dataset) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("schema"), summaryOtherSchema,
		fmt.Sprintf("A dataset named %q already exists (ID %s), and its schema is not the configured one:\n\n%s\n\nApify cannot change the schema of "+
			"a dataset, so this resource does not adopt the dataset. Nothing was changed. Configure the schema that the dataset has, remove "+
			"schema from the configuration, or choose another name. If this resource is being replaced with create_before_destroy, the dataset "+
			"is the resource's own: remove create_before_destroy, or choose another name.%s",
			m.Name.ValueString(), existing.ID, schemaDifferences(m.Schema, newSchema(existing)), destroyHint))
}

// schemaNotApplied returns the error of a new dataset without the configured schema.
func schemaNotApplied(id string, configured, actual jsontypes.Normalized) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("schema"), summaryNotApplied,
		fmt.Sprintf("The server created dataset %s, but not with the configured schema:\n\n%s\n\nThe server may not support schemas of datasets "+
			"(Apify's local platform does not). Remove schema from the configuration and apply again.",
			id, schemaDifferences(configured, actual)))
}

// importHint returns the two ways to import a dataset. Terraform does not send a resource's address
// to the provider, so the text contains a placeholder.
func importHint(id string) string {
	return fmt.Sprintf(`To manage the dataset with this resource, replace apify_dataset.NAME with the address of the resource, and add this block to the configuration:

  import {
    to = apify_dataset.NAME
    id = %q
  }

or run:

  terraform import apify_dataset.NAME %s`, id, id)
}

// leftForNextApply returns the diagnostic of a creation that failed after the POST.
func leftForNextApply(plan datasetResourceModel, d *apify.Dataset) diag.Diagnostic {
	id := d.ID
	if plan.AdoptExisting.ValueBool() {
		when := "The next apply"
		if isOtherSchema(plan.Schema, newSchema(d)) {
			when = "After schema is removed from the configuration, the next apply"
		}
		return diag.NewWarningDiagnostic(summaryLeft+": "+id,
			fmt.Sprintf("Dataset %s remains on Apify. %s adopts it by name.", id, when))
	}
	return diag.NewErrorDiagnostic(summaryExists,
		fmt.Sprintf("Dataset %s now exists. Because adopt_existing is false, the next apply does not adopt it. %s",
			id, importHint(id)))
}

// notDiscarded returns the error of a new dataset that could not be deleted again.
func notDiscarded(id string, err error) diag.Diagnostic {
	return clientError(summaryNotDiscarded, err,
		fmt.Sprintf("Dataset %s was created but could not be cleaned up. It is not in state. Delete it in Apify Console, or let Apify "+
			"delete it after the data retention period of your plan.", id))
}

// nameNotChecked returns the warning of a plan whose name could not be looked up. It is an error
// after a 401, because every other request would fail as well.
func nameNotChecked(name string, lookup *lookupError) diag.Diagnostic {
	var e *apify.Error
	advice := ""
	if errors.As(lookup, &e) {
		advice = advise(e, "") // no timeout in the configuration limits the lookup
	}
	cause := sentence(lookup.Error())
	if lookup.known {
		cause = "The API could not be reached before in this run: " + cause
	}
	text := join(cause, advice)
	if e != nil && e.Status == http.StatusUnauthorized {
		return diag.NewErrorDiagnostic(summaryNameNotChecked, text)
	}
	return diag.NewWarningDiagnostic(summaryNameNotChecked,
		fmt.Sprintf("Could not check whether a dataset named %q already exists. The apply checks again. %s", name, text))
}

// namePlannedTwice returns the error of the second of two creations with one name.
func namePlannedTwice(name string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("name"), summaryTwice,
		fmt.Sprintf("Another resource of this configuration also creates a dataset named %q. Names are unique within an account, "+
			"ignoring case, so both resources would manage the same dataset. Change the name of one resource, or remove it.", name)+destroyHint)
}

// nameConflict returns the error of a resource that cannot get its name, because another resource
// of the plan has the same name after the apply.
func nameConflict(m datasetModel, e *nameConflictError) diag.Diagnostic {
	if e.cycle {
		return diag.NewAttributeErrorDiagnostic(path.Root("name"), summaryNameCycle,
			fmt.Sprintf("This plan exchanges names: %s takes the name %q of dataset %s, which takes, directly or through further renames, the name %q. "+
				"Apify accepts no name that another dataset has, so none of these renames can be the first. Nothing was changed. Rename one of "+
				"the datasets to a third name and apply, and then apply the final names.",
				describeModel(m), e.name, e.otherID, m.Name.ValueString())+destroyHint)
	}
	other := "another resource of this configuration creates a dataset with this name"
	if e.otherID != "" {
		other = fmt.Sprintf("dataset %s, which another resource of this configuration manages, keeps or gets this name", e.otherID)
	}
	this := "This resource creates a dataset"
	if id := m.ID.ValueString(); id != "" {
		this = fmt.Sprintf("This resource manages dataset %s", id)
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("name"), summaryNameConflict,
		fmt.Sprintf("Two resources of this configuration end up with the name %q. %s, and %s. Names are unique within an account, ignoring case. "+
			"Nothing was changed. Change the name of one resource.", e.name, this, other)+destroyHint)
}

// orderHint is the way on for two resources of which one takes the name that the other gives up.
// Instances of one resource block cannot depend on each other.
const orderHint = "Add depends_on with the address of the resource that has the name now, unless it is there already. " + countHint

// countHint is the way on for names that have moved from one instance of a resource to another.
const countHint = "If the names have moved because an element of count was removed or inserted, keep each dataset with its name instead: use " +
	"for_each with the names as keys, and moved blocks for the present resources."

// nameInUse returns the warning of a planned rename to the name of another dataset.
func nameInUse(m datasetModel, name string, taken *takenName) diag.Diagnostic {
	holder := describe(stringOrEmpty(taken.holder.Name), taken.holder.ID)
	switch {
	case taken.renamed:
		holder += ", which this plan renames,"
	case taken.destroyed:
		holder += ", which this plan destroys,"
	}
	return diag.NewAttributeWarningDiagnostic(path.Root("name"), summaryNameInUse+": "+name,
		fmt.Sprintf("The plan renames %s to %q, but %s has this name. The apply succeeds only if that dataset gives up the name in the "+
			"same run. %s",
			describeModel(m), name, holder, orderHint))
}

// nameGivenUp returns the warning of a planned creation whose name another resource gives up.
func nameGivenUp(name string, holder *apify.Dataset) diag.Diagnostic {
	return diag.NewAttributeWarningDiagnostic(path.Root("name"), summaryNameInUse+": "+name,
		fmt.Sprintf("The plan creates a dataset named %q, and dataset %s has this name until the plan renames it. The apply succeeds only if the "+
			"rename comes first: otherwise this resource adopts dataset %s, and the rename fails. %s", name, holder.ID, holder.ID, orderHint))
}

// renamedForCreation returns the error of a creation that takes a name which a rename gives up,
// without a certain order.
func renamedForCreation(e *renamedForCreationError) diag.Diagnostic {
	return diag.NewErrorDiagnostic(summaryNeedsOrder,
		fmt.Sprintf("One resource renames dataset %s, and another resource creates a dataset with its present name %q. If the creation comes first, "+
			"Apify returns dataset %s instead of creating one. Nothing was changed. Add depends_on with the address of the renamed resource to the "+
			"resource that creates, or apply the rename first. %s", e.id, e.name, e.id, countHint)+destroyHint)
}

// destroyedForCreation returns the error of a dataset that one resource destroys while another
// resource creates a dataset with its name.
func destroyedForCreation(e *destroyedForCreationError) diag.Diagnostic {
	return diag.NewErrorDiagnostic(summaryDestroyedAndCreated,
		fmt.Sprintf(`One resource destroys dataset %s, and another resource creates a dataset with the same name %q. If the creation comes first, Apify returns the dataset that is to be destroyed. Nothing was changed.

- If the address of the resource has changed, keep the dataset with a block:

  moved {
    from = apify_dataset.OLD_NAME
    to   = apify_dataset.NEW_NAME
  }

- To delete the dataset and create a new one, apply twice: remove the resource that creates, apply, add it again, and apply.`, e.id, e.name)+destroyHint)
}

// managedTwice returns the error of the second of two resources for one dataset.
func managedTwice(id string, m datasetModel) diag.Diagnostic {
	return diag.NewErrorDiagnostic(summaryTwice, fmt.Sprintf(`Another resource of this configuration also manages %s. Two resources for one dataset would undo each other's changes, and one could delete the dataset that the other keeps. Nothing was changed for this resource.

- If the address of a resource has changed, add a block instead of destroying one resource and creating another:

  moved {
    from = apify_dataset.OLD_NAME
    to   = apify_dataset.NEW_NAME
  }

- If another resource gives up the name of the dataset in the same run, apply that change first, or add depends_on with the address of that resource.
- If both resources are in state, remove one of them from the configuration with a removed block (Terraform 1.7 or newer; OpenTofu refreshes the resource first, so apply with -refresh=false), or run terraform state rm with its address after removing it from the configuration.
- If this is one resource and its deposed object, left over from an interrupted replacement, set adopt_existing = true, run terraform state rm with the address of the resource, and apply. The apply adopts the dataset.`, describe(m.Name.ValueString(), id))+destroyHint)
}

// readError returns the diagnostic of a failed refresh.
func readError(m datasetModel, err error) diag.Diagnostic {
	var twice *managedTwiceError
	if errors.As(err, &twice) {
		return managedTwice(twice.id, m)
	}
	if d := accessDiagnostic(summaryRead, m, err); d != nil {
		return d
	}
	return operationError(summaryRead, err, "The state was not changed.")
}

// deleteError returns the diagnostic of a failed deletion.
func deleteError(m datasetModel, err error, nameTaken bool) diag.Diagnostic {
	var (
		items   *containsItemsError
		unknown *itemsUnknownError
	)
	if d := accessDiagnostic(summaryDelete, m, err); d != nil {
		return d
	}
	this := describeModel(m)
	switch {
	case errors.As(err, &items):
		return containsItems(m, items.items, duringApply, nameTaken)
	case errors.As(err, &unknown):
		return operationError(summaryDelete, err, fmt.Sprintf("The provider could not check whether %s contains items, so it did not delete the dataset. "+
			"The resource remains in state.", this))
	}
	return operationError(summaryDelete, err, fmt.Sprintf("The resource of %s remains in state.", this))
}

// accessDiagnostic returns the diagnostic of a dataset that the API does not find and that may
// still exist, or nil for other errors.
func accessDiagnostic(summary string, m datasetModel, err error) diag.Diagnostic {
	var (
		account *accountError
		lost    *lostAccessError
	)
	switch {
	case errors.As(err, &account):
		return operationError(summary, account, fmt.Sprintf("The API did not find %s. The provider could not determine the token's account, "+
			"so it does not know whether the dataset was deleted or is inaccessible to this token. The state was not changed. If the dataset "+
			"was permanently deleted, remove it from state:\n\n  terraform state rm apify_dataset.NAME", describeModel(m)))
	case errors.As(err, &lost):
		owner := "State contains no owner of the dataset"
		if lost.ownerID != "" {
			owner = "Its owner in state is " + lost.ownerID
		}
		var e *apify.Error
		if apify.IsForbidden(lost.err) && errors.As(lost.err, &e) && e.Method != http.MethodGet { // the token may be able to read the dataset
			return operationError(summary, lost.err, fmt.Sprintf("%s: %s, and the API token belongs to account %s. The state was not changed.",
				capitalize(describeModel(m)), owner, describeAccount(lost.account)))
		}
		return operationError(summaryLostAccess, lost.err, fmt.Sprintf("%s is inaccessible to this token. %s, and the API token belongs to account %s. "+
			"The dataset may still exist. The state was not changed. Use a token of the owner's account, or ask "+
			"the owner to share the dataset with this account. If the dataset was permanently deleted, remove it from state:"+
			"\n\n  terraform state rm apify_dataset.NAME", capitalize(describeModel(m)), owner, describeAccount(lost.account)))
	default:
		return nil
	}
}

// stage is the point at which a diagnostic about items is reported.
type stage bool

const (
	duringPlan  stage = false
	duringApply stage = true
)

// containsItems returns the error of a deletion that would lose items and that force_destroy does
// not allow. If another resource takes the dataset's name, the deletion is probably not intended.
func containsItems(m datasetModel, items string, at stage, nameTaken bool) diag.Diagnostic {
	result := "The apply would refuse to delete it."
	if at == duringApply {
		result = "It was not deleted, and the resource remains in state."
	}
	hint := ""
	if nameTaken {
		hint = "- " + countHint + "\n"
	}
	return diag.NewErrorDiagnostic(summaryHasItems, fmt.Sprintf(`%s contains %s, which would be lost. %s You have these options:

%s- To delete the dataset with its items, set force_destroy = true, apply, and then destroy. If the resource is tainted, set force_destroy = true and apply: the replacement then deletes the items.
- To save the items first, export them from Apify Console, %s, or from the API: GET /v2/datasets/%s/items.
- To keep the dataset and stop managing it with Terraform, replace the resource with a removed block (Terraform 1.7 or OpenTofu 1.10, or newer)

  removed {
    from = apify_dataset.NAME
    lifecycle {
      destroy = false
    }
  }

  or run terraform state rm apify_dataset.NAME.
- To keep the dataset of a tainted resource, run terraform untaint apify_dataset.NAME.
- If this is a deposed object, left over from a replacement with create_before_destroy, delete its dataset in Apify Console and apply again.`,
		capitalize(describeModel(m)), items, result, hint, m.ConsoleURL.ValueString(), m.ID.ValueString()))
}

// itemsLost returns the warning of a planned deletion that loses items, because force_destroy is in
// state or, for a replacement, in the configuration alone.
func itemsLost(summary string, m datasetModel, items int64, forceDestroyApplied bool) diag.Diagnostic {
	result := "Because force_destroy = true was applied, the apply deletes the items."
	if !forceDestroyApplied {
		result = "Because force_destroy = true is configured, the apply deletes the items. With create_before_destroy, it refuses to delete " +
			"the dataset, because force_destroy = true was not applied before."
	}
	return diag.NewWarningDiagnostic(summary, fmt.Sprintf("The plan deletes %s, which contains %s. %s Deleted items cannot be recovered. "+
		"To save them first, export them from Apify Console: %s.",
		describeModel(m), itemsText(items), result, m.ConsoleURL.ValueString()))
}

// replacementLosesItems returns the error of a planned replacement that force_destroy does not
// allow.
func replacementLosesItems(d ownedDataset, items int64) diag.Diagnostic {
	return diag.NewErrorDiagnostic(summaryHasItems, fmt.Sprintf(`The plan replaces %s, which contains %s. The replacement deletes the dataset, and neither state nor configuration has force_destroy = true, so the apply would refuse to delete it. You have these options:

- To replace the dataset and lose its items, set force_destroy = true and plan again. With create_before_destroy, apply force_destroy = true before the replacement.
- To keep the dataset, plan without -replace, remove replace_triggered_by, or configure the schema that the dataset has.
- To save the items first, export them from the API: GET /v2/datasets/%s/items.`, describe(d.name, d.id), itemsText(items), d.id))
}

// mayBeTainted returns the warning of a planned creation whose name belongs to a dataset in state
// that contains items. Terraform plans a tainted resource as a creation only.
func mayBeTainted(d ownedDataset, forceDestroy bool) diag.Diagnostic {
	result := "the apply refuses to delete the dataset, because force_destroy is false"
	if forceDestroy || d.forceDestroy {
		result = "the apply deletes the dataset and its items, because force_destroy is true. Deleted items cannot be recovered"
	}
	return diag.NewWarningDiagnostic(summaryTainted+": "+d.name, fmt.Sprintf("The plan creates a dataset with the name of %s, which is in state and contains %s. "+
		"If this resource is tainted, %s. To keep the dataset, run terraform untaint with the address of the resource.",
		describe(d.name, d.id), itemsText(*d.items), result))
}

// keptForAnotherResource returns the warning of a deletion that would remove a dataset which
// another resource has adopted or is planned to adopt.
func keptForAnotherResource(m datasetModel) diag.Diagnostic {
	return diag.NewWarningDiagnostic(summaryKept+": "+nameOrID(m),
		fmt.Sprintf("%s was not deleted, because another resource, or the replacement of this resource, creates or adopts "+
			"it in this run. Names are unique within an account, so a dataset with the same name is the same dataset.",
			capitalize(describeModel(m))))
}

// updateError returns the diagnostic of a failed update.
func updateError(m datasetModel, err error) diag.Diagnostic {
	var taken *nameTakenError
	if d := accessDiagnostic(summaryUpdate, m, err); d != nil {
		return d
	}
	switch {
	case errors.As(err, &taken):
		return nameTaken(m, taken)
	case apify.IsNotFound(err):
		return operationError(summaryUpdate, err, fmt.Sprintf("State contains %s, but the API does not find it. The state was not changed. "+
			"If this run used -refresh=false, run terraform plan or terraform apply without it: the refresh removes a deleted dataset "+
			"from state, and the apply creates it again.", describeModel(m)))
	default:
		return operationError(summaryUpdate, err, "The state was not changed.")
	}
}

// nameTaken returns the error of a rename to the name of another dataset.
func nameTaken(m datasetModel, e *nameTakenError) diag.Diagnostic {
	advice := "Choose another name, or rename the other dataset first."
	if e.managed {
		advice = "Another resource of this configuration manages that dataset. " + countHint +
			" Otherwise correct the error of the other resource and apply again, or choose another name."
	}
	text := fmt.Sprintf("%s cannot be renamed to %q because dataset %s already uses that name, and no change of this run has freed it. Nothing was changed. %s",
		capitalize(describeModel(m)), e.name, e.holder.ID, advice)
	if e.err != nil {
		text = join(text, sentence(e.err.Error()))
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("name"), summaryUpdate, text)
}

// replacedDuringApply returns the error of a creation that should have adopted a dataset and got
// another one.
func replacedDuringApply(plan datasetResourceModel, createdID string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(summaryDeletedInApply,
		fmt.Sprintf("The plan adopts %s, but the API returned dataset %s for this name: the planned dataset was deleted or renamed during the "+
			"apply. Dataset %s remains on Apify. Plan again to adopt it.", describeModel(plan.datasetModel), createdID, createdID))
}

// notApplied returns the error of a change that the server accepted but did not apply.
func notApplied(id, attribute string, planned, actual types.String) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root(attribute), summaryNotApplied,
		fmt.Sprintf("The server accepted the change of dataset %s, but %s is %s instead of %s. "+
			"The token may not have permission to change it, or the server does not have this feature (Apify's local platform has no "+
			"general_access). Apply again, or remove %s from the configuration.",
			id, attribute, quoteOrNull(actual), quoteOrNull(planned), attribute))
}

// accessNeedsName returns the error of a general access that an unnamed dataset cannot have.
func accessNeedsName() diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("general_access"), summaryNeedsName,
		fmt.Sprintf("general_access can be %q only if the dataset has a name. Set name, or choose another value.", apify.AnyoneWithNameCanRead))
}

// invalidImportID returns the error of an import ID that is not a reference to a dataset.
func invalidImportID(id string, err error) diag.Diagnostic {
	return diag.NewErrorDiagnostic(summaryImport, fmt.Sprintf("%s is not a valid import ID: %s. Use the dataset's ID or its URL in Apify Console, ~NAME for "+
		"a dataset of the token's account, or USERNAME~NAME or USERNAME/NAME for any account.", quoteRef(id), err))
}

// quoteRef quotes a reference to a dataset. The query of a URL can contain a token or a signature.
func quoteRef(s string) string {
	if strings.Contains(s, "://") {
		s, _, _ = strings.Cut(s, "?")
	}
	return strconv.Quote(s)
}

// nameHint returns a paragraph for a reference that is not found and that has not the form of an
// ID.
func nameHint(ref apify.DatasetRef, err error) []string {
	id := ref.ID()
	if id == "" || !apify.IsNotFound(err) || apify.LooksLikeDatasetID(id) {
		return nil
	}
	return []string{fmt.Sprintf("%q was read as an ID, which has 17 letters and digits. If it is a name, write ~%s to import, or use the attribute name "+
		"of data \"apify_dataset\".", id, id)}
}

// importedFromOtherAccount returns the warning about an imported dataset of another account.
func importedFromOtherAccount(m datasetModel, user *apify.User) diag.Diagnostic {
	return diag.NewWarningDiagnostic(summaryOtherAccount,
		fmt.Sprintf("The owner of %s is account %s, and the API token belongs to account %s. Changes need the owner's permission. If the token loses its access later, "+
			"the provider reports an error instead of removing the dataset from state.", describeModel(m), m.UserID.ValueString(), describeAccount(user)))
}

// noSigningKey returns the error of an items URL that needs a signature the token cannot make.
func noSigningKey(id string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(summarySign, fmt.Sprintf("Reading the items of dataset %s without a token requires a signature, and the API "+
		"returns the signing key only to tokens with write permission for the dataset. Use a token of the owner, ask the owner to share the dataset "+
		"with write access, or set the dataset's general_access to %s, which needs no signature.",
		id, apify.AnyoneWithIDCanRead))
}

// invalidItemsURL returns the error of an itemsPublicUrl that is not a URL.
func invalidItemsURL(id string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(summarySign, fmt.Sprintf("The API returned an itemsPublicUrl of dataset %s that is not a valid URL.", id))
}

// invalidTimestamp returns the error of a response that contains a time in another form.
func invalidTimestamp() diag.Diagnostic {
	return diag.NewErrorDiagnostic(summaryInvalidTime,
		"The response contains a timestamp that is not in RFC 3339 form, such as 2026-01-31T12:00:00.000Z. "+
			"Check that the server at base_url is an Apify API, and that no proxy changes its responses. The state was not changed.")
}

func stringOrEmpty(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

func quoteOrNull(s types.String) string {
	if s.IsNull() {
		return "null"
	}
	return strconv.Quote(s.ValueString())
}
