package provider

import (
	"errors"
	"fmt"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// Summaries of the diagnostics about datasets. Each names the failed operation and the kind of object.
const (
	summaryCreate = "Creating Apify dataset failed"
	summaryRead   = "Reading Apify dataset failed"
	summaryUpdate = "Updating Apify dataset failed"
	summaryDelete = "Deleting Apify dataset failed"
	summaryImport = "Importing Apify dataset failed"
	summaryList   = "Listing Apify datasets failed"
	summarySign   = "Signing Apify dataset items URL failed"

	summaryExists         = "Apify dataset already exists"
	summaryAdopts         = "Existing Apify dataset adopted"
	summaryWouldAdopt     = "Existing Apify dataset will be adopted"
	summaryTwice          = "Apify dataset managed twice"
	summaryKept           = "Apify dataset not deleted"
	summaryLeft           = "Apify dataset left for the next apply"
	summaryHasItems       = "Apify dataset holds items"
	summaryLostAccess     = "No access to Apify dataset"
	summaryNotApplied     = "Apify dataset not changed as asked"
	summaryNotDiscarded   = "Unnamed Apify dataset left over"
	summaryNameNotChecked = "Apify dataset name not checked"
	summaryNeedsName      = "Apify dataset needs a name"
	summaryInvalidID      = "Invalid dataset id"
	summaryInvalidTime    = "Apify answered with a time that cannot be read"
)

// createError returns the diagnostic of a failed creation.
func createError(plan datasetResourceModel, err error) diag.Diagnostic {
	var (
		existing *existingDatasetError
		twice    *managedTwiceError
	)
	switch {
	case errors.As(err, &existing):
		return existingDataset(existing.dataset, plan, summaryExists)
	case errors.As(err, &twice):
		return managedTwice(twice.id)
	default:
		return clientError(summaryCreate, err, afterFailedCreation(plan, err))
	}
}

// afterFailedCreation says what a failed POST may have left on the server.
func afterFailedCreation(plan datasetResourceModel, err error) string {
	var e *apify.Error
	switch {
	case errors.As(err, &e) && e.CreatedID != "":
		return fmt.Sprintf("The server created dataset %s, which is of no use without the rest of its answer and is removed again.", e.CreatedID)
	case e != nil && !e.MayHaveTakenEffect:
		return "No dataset was created."
	case plan.Name.IsNull():
		return "If the request arrived all the same, an unnamed dataset was created that nothing refers to. Apify deletes it " +
			"after the plan's data retention period."
	default:
		return fmt.Sprintf("If the request arrived all the same, the next apply finds the dataset by its name, %s, and there will be no second one.", plan.Name)
	}
}

// accessNotSet returns the error of a creation whose PUT failed.
func accessNotSet(id string, err error) diag.Diagnostic {
	return clientError(summaryCreate, err, fmt.Sprintf("The dataset is there, with the id %s, but its general_access could not be set.", id))
}

// existingDataset returns the diagnostic of a creation whose name an existing dataset has: a warning
// if it adopts the dataset, else an error. Terraform folds warnings with the same summary into one, so
// each summary contains the name.
func existingDataset(d *apify.Dataset, plan datasetResourceModel, summary string) diag.Diagnostic {
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

// importHint returns the two ways to import a dataset. Terraform does not send a resource's address
// to the provider, so the text contains a placeholder.
func importHint(id string) string {
	return fmt.Sprintf(`To bring it under management, put its address in place of apify_dataset.NAME and either add

  import {
    to = apify_dataset.NAME
    id = %q
  }

to the configuration, or run

  terraform import apify_dataset.NAME %s`, id, id)
}

// leftForNextApply returns the diagnostic of a creation that failed after the POST.
func leftForNextApply(plan datasetResourceModel, id string) diag.Diagnostic {
	if plan.AdoptExisting.ValueBool() {
		return diag.NewWarningDiagnostic(summaryLeft+": "+id,
			fmt.Sprintf("Dataset %s stays as it is. The next apply adopts it by its name.", id))
	}
	return diag.NewErrorDiagnostic(summaryExists,
		fmt.Sprintf("Dataset %s is there now, and with adopt_existing = false the next apply will not adopt it. %s",
			id, importHint(id)))
}

// notDiscarded returns the error of a new dataset that could not be deleted again.
func notDiscarded(id string, err error) diag.Diagnostic {
	return clientError(summaryNotDiscarded, err,
		fmt.Sprintf("Dataset %s was created for nothing and could not be removed again. Delete it by hand, or let Apify "+
			"delete it after the plan's data retention period.", id))
}

// nameNotChecked returns the warning of a planned creation whose name could not be looked up.
func nameNotChecked(name string, err error) diag.Diagnostic {
	return diag.NewWarningDiagnostic(summaryNameNotChecked,
		fmt.Sprintf("Whether an Apify dataset named %q exists already could not be found out; applying will tell. %s",
			name, join(sentence(err.Error()), advise(err))))
}

// namePlannedTwice returns the error of the second of two creations with one name.
func namePlannedTwice(name string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("name"), summaryTwice,
		fmt.Sprintf("Another resource of this configuration creates a dataset named %q as well. Names are unique in an account without "+
			"regard to upper and lower case, so both would manage the same dataset. Give one of them another name, or remove it.", name))
}

// managedTwice returns the error of the second of two resources for one dataset.
func managedTwice(id string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(summaryTwice, fmt.Sprintf(`Dataset %s belongs to another resource of this configuration too. Two resources for one dataset would undo each other's changes, and one could delete what the other keeps.

If a resource's address has changed, tell Terraform with a block

  moved {
    from = apify_dataset.OLD_NAME
    to   = apify_dataset.NEW_NAME
  }

instead of letting it destroy the one and create the other. If one of them is to get another name, apply that change first. If both are in the state, remove one resource from the configuration and take it out of the state with terraform state rm. If it is one resource and its deposed object, left over from a replacement that broke off, take the resource out of the state and apply again: the dataset is adopted.`, id))
}

// readError returns the diagnostic of a failed refresh.
func readError(err error) diag.Diagnostic {
	var twice *managedTwiceError
	if errors.As(err, &twice) {
		return managedTwice(twice.id)
	}
	if d := accessDiagnostic(summaryRead, err); d != nil {
		return d
	}
	return clientError(summaryRead, err, "The state is kept as it is.")
}

// deleteError returns the diagnostic of a failed deletion.
func deleteError(err error) diag.Diagnostic {
	var (
		items   *containsItemsError
		unknown *itemsUnknownError
	)
	switch {
	case errors.As(err, &items):
		return containsItems(items)
	case errors.As(err, &unknown):
		return clientError(summaryDelete, err,
			"Whether the dataset holds items could not be found out, so it was not deleted. The resource stays in the state.")
	}
	if d := accessDiagnostic(summaryDelete, err); d != nil {
		return d
	}
	return clientError(summaryDelete, err, "The resource stays in the state.")
}

// accessDiagnostic returns the diagnostic of a dataset that the API does not find and that may still
// exist, or nil for other errors.
func accessDiagnostic(summary string, err error) diag.Diagnostic {
	var (
		account *accountError
		lost    *lostAccessError
	)
	switch {
	case errors.As(err, &account):
		return clientError(summary, account.err, fmt.Sprintf("The server says that dataset %s does not exist. Whether it was deleted, or is "+
			"only out of this token's reach, depends on whose the token is, and that could not be found out. The state is kept as it is.", account.datasetID))
	case errors.As(err, &lost):
		owner := lost.ownerID
		if owner == "" {
			owner = "unknown to the state"
		}
		return clientError(summaryLostAccess, lost.notFound, fmt.Sprintf("The state says that the dataset's owner is %s, and the API token is that of %s "+
			"(%s). So the dataset may well exist, out of this token's reach. Use a token of the owner's account, or have the dataset shared with "+
			"this one. If it is gone for good, take it out of the state:\n\n  terraform state rm apify_dataset.NAME", owner, lost.account.ID, lost.account.Username))
	default:
		return nil
	}
}

// containsItems returns the error of a dataset that was not deleted because it contains items.
func containsItems(e *containsItemsError) diag.Diagnostic {
	id := e.prior.ID.ValueString()
	return diag.NewErrorDiagnostic(summaryHasItems, fmt.Sprintf(`Dataset %s holds %s, which would be lost. It was not deleted. There are three ways on:

- To delete it with its items, set force_destroy = true, apply, and then destroy.
- To save the items first, export them from its page in Apify Console, %s, or from the API: GET /v2/datasets/%s/items.
- To keep the dataset and only end its management, replace the resource by a block (Terraform 1.7 or newer)

  removed {
    from = apify_dataset.NAME
    lifecycle { destroy = false }
  }

  or run terraform state rm apify_dataset.NAME.`, id, e.items, e.prior.ConsoleURL.ValueString(), id))
}

// keptForAnotherResource returns the warning of a deletion that would remove a dataset which another
// resource has adopted.
func keptForAnotherResource(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(summaryKept+": "+id,
		fmt.Sprintf("Dataset %s is not deleted: this very run has it created or adopted by another resource (or by this "+
			"resource's replacement), which manages it from now on. Names are unique, so a dataset of the same name is the same "+
			"dataset.", id))
}

// nameTaken returns the error of a rename to the name of another dataset.
func nameTaken(state datasetResourceModel, name, holderID string, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("name"), summaryUpdate,
		fmt.Sprintf("Dataset %s cannot be renamed to %q: that is the name of dataset %s. Nothing was changed. Choose another name, or "+
			"rename or delete the other dataset first. %s", state.ID.ValueString(), name, holderID, sentence(err.Error())))
}

// notApplied returns the error of a change that the server accepted but did not apply.
func notApplied(id, attribute string, planned, actual types.String) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root(attribute), summaryNotApplied,
		fmt.Sprintf("The server accepted the change of dataset %s, but its %s is %s, and not %s as planned. "+
			"The token may lack the right to change it, or the server does not have this feature (Apify's local platform has no "+
			"general_access). Apply again, or leave %s out of the configuration.",
			id, attribute, actual, planned, attribute))
}

// accessNeedsName returns the error of a general access that an unnamed dataset cannot have.
func accessNeedsName() diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("general_access"), summaryNeedsName,
		fmt.Sprintf("general_access can be %q only for a dataset that has a name. Set name, or choose another level.", apify.AnyoneWithNameCanRead))
}

// invalidImportID returns the error of an import ID that is not a reference to a dataset.
func invalidImportID(id string, err error) diag.Diagnostic {
	return diag.NewErrorDiagnostic(summaryImport, fmt.Sprintf("%q does not say which dataset is meant: %s. Write the dataset's id, ~NAME for one "+
		"of the token's own account, or USERNAME~NAME or USERNAME/NAME.", id, err))
}

// noSigningKey returns the error of an items URL that needs a signature the token cannot make.
func noSigningKey(id string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(summarySign, fmt.Sprintf("Reading the items of dataset %s without a token takes a signature, and the API "+
		"tells the key for it only to tokens with write permission for the dataset. Use a token of the owner, or have the dataset "+
		"shared with this one's account with write access; or set the dataset's general_access to %s, and the URL needs no signature.",
		id, apify.AnyoneWithIDCanRead))
}

// invalidItemsURL returns the error of an itemsPublicUrl that is not a URL.
func invalidItemsURL(id string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(summarySign, fmt.Sprintf("The API's itemsPublicUrl of dataset %s cannot be read as a URL.", id))
}

// invalidTimestamp returns the error of a response that contains a time in another form.
func invalidTimestamp() diag.Diagnostic {
	return diag.NewErrorDiagnostic(summaryInvalidTime,
		"The API gives times such as 2026-01-31T12:00:00.000Z. This one is not of that form; the server at base_url, or "+
			"something on the way to it, does not answer as Apify does.")
}
