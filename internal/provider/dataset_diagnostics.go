package provider

import (
	"errors"
	"fmt"
	"strconv"

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

	summaryExists         = "Apify dataset already exists"
	summaryAdopts         = "Existing Apify dataset adopted"
	summaryWouldAdopt     = "Existing Apify dataset will be adopted"
	summaryTwice          = "Apify dataset managed twice"
	summaryKept           = "Apify dataset not deleted"
	summaryLeft           = "Apify dataset left for the next apply"
	summaryHasItems       = "Apify dataset contains items"
	summaryLostAccess     = "No access to Apify dataset"
	summaryNotApplied     = "Apify dataset change not applied"
	summaryNotDiscarded   = "Unnamed Apify dataset not cleaned up"
	summaryNameNotChecked = "Apify dataset name not checked"
	summaryNeedsName      = "Apify dataset needs a name"
	summaryInvalidID      = "Invalid Apify dataset ID"
	summaryInvalidTime    = "Invalid timestamp in Apify API response"
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
		return fmt.Sprintf("The server created dataset %s, but its response was incomplete. The provider deletes the dataset again.", e.CreatedID)
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
	return clientError(summaryCreate, err, fmt.Sprintf("The provider created or adopted dataset %s, but could not set its general_access.", id))
}

// existingDataset returns the diagnostic of a creation whose name an existing dataset has: a
// warning if it adopts the dataset, else an error. Terraform folds warnings with the same summary
// into one, so each summary contains the name.
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
		return diag.NewAttributeWarningDiagnostic(path.Root("name"), summary+": "+plan.Name.ValueString(),
			text+" This resource adopts the dataset with its items and settings. To create a separate dataset, choose another name. "+
				"To make this an error, set adopt_existing = false.")
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("name"), summaryExists,
		text+" Because adopt_existing is false, this resource does not adopt the dataset. Nothing was changed. "+importHint(d.ID)+
			"\n\nAlternatively, choose another name, or set adopt_existing = true.")
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
func leftForNextApply(plan datasetResourceModel, id string) diag.Diagnostic {
	if plan.AdoptExisting.ValueBool() {
		return diag.NewWarningDiagnostic(summaryLeft+": "+id,
			fmt.Sprintf("Dataset %s remains on Apify. The next apply adopts it by name.", id))
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

// nameNotChecked returns the warning of a planned creation whose name could not be looked up.
func nameNotChecked(name string, err error) diag.Diagnostic {
	return diag.NewWarningDiagnostic(summaryNameNotChecked,
		fmt.Sprintf("Could not check whether a dataset named %q already exists. The apply checks again. %s",
			name, join(sentence(err.Error()), advise(err))))
}

// namePlannedTwice returns the error of the second of two creations with one name.
func namePlannedTwice(name string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("name"), summaryTwice,
		fmt.Sprintf("Another resource of this configuration also creates a dataset named %q. Names are unique within an account, "+
			"ignoring case, so both resources would manage the same dataset. Change the name of one resource, or remove it.", name))
}

// managedTwice returns the error of the second of two resources for one dataset.
func managedTwice(id string) diag.Diagnostic {
	return diag.NewErrorDiagnostic(summaryTwice, fmt.Sprintf(`Another resource of this configuration also manages dataset %s. Two resources for one dataset would undo each other's changes, and one could delete the dataset that the other keeps.

- If the address of a resource has changed, add a block instead of destroying one resource and creating another:

  moved {
    from = apify_dataset.OLD_NAME
    to   = apify_dataset.NEW_NAME
  }

- If you are renaming one of the datasets, apply that change first.
- If both resources are in state, remove one of them from the configuration and run terraform state rm with its address.
- If this is one resource and its deposed object, left over from an interrupted replacement, run terraform state rm with the address of the resource and apply again. The apply adopts the dataset.`, id))
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
	return clientError(summaryRead, err, "The state was not changed.")
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
			"The provider could not check whether the dataset contains items, so it did not delete the dataset. The resource remains in state.")
	}
	if d := accessDiagnostic(summaryDelete, err); d != nil {
		return d
	}
	return clientError(summaryDelete, err, "The resource remains in state.")
}

// accessDiagnostic returns the diagnostic of a dataset that the API does not find and that may
// still exist, or nil for other errors.
func accessDiagnostic(summary string, err error) diag.Diagnostic {
	var (
		account *accountError
		lost    *lostAccessError
	)
	switch {
	case errors.As(err, &account):
		return clientError(summary, account.err, fmt.Sprintf("The API found no dataset %s. The provider could not look up the token's account, "+
			"so it does not know whether the dataset was deleted or is inaccessible to this token. The state was not changed.", account.datasetID))
	case errors.As(err, &lost):
		owner := "State contains no owner of the dataset"
		if lost.ownerID != "" {
			owner = "Its owner in state is " + lost.ownerID
		}
		return clientError(summaryLostAccess, lost.notFound, fmt.Sprintf("%s, and the API token belongs to account %s (%s). "+
			"The dataset may still exist but be inaccessible to this token. The state was not changed. Use a token of the owner's account, or ask "+
			"the owner to share the dataset with this account. If the dataset was permanently deleted, remove it from state:"+
			"\n\n  terraform state rm apify_dataset.NAME", owner, lost.account.ID, lost.account.Username))
	default:
		return nil
	}
}

// containsItems returns the error of a dataset that was not deleted because it contains items.
func containsItems(e *containsItemsError) diag.Diagnostic {
	id := e.prior.ID.ValueString()
	return diag.NewErrorDiagnostic(summaryHasItems, fmt.Sprintf(`Dataset %s contains %s, which would be lost. It was not deleted. You have three options:

- To delete the dataset with its items, set force_destroy = true, apply, and then destroy.
- To save the items first, export them from Apify Console, %s, or from the API: GET /v2/datasets/%s/items.
- To keep the dataset and stop managing it with Terraform, replace the resource with a removed block (Terraform 1.7 or newer)

  removed {
    from = apify_dataset.NAME
    lifecycle { destroy = false }
  }

  or run terraform state rm apify_dataset.NAME.`, id, e.items, e.prior.ConsoleURL.ValueString(), id))
}

// keptForAnotherResource returns the warning of a deletion that would remove a dataset which
// another resource has adopted.
func keptForAnotherResource(id string) diag.Diagnostic {
	return diag.NewWarningDiagnostic(summaryKept+": "+id,
		fmt.Sprintf("Dataset %s was not deleted, because another resource, or the replacement of this resource, created or adopted "+
			"it during this run and manages it now. Names are unique within an account, so a dataset with the same name is the same dataset.", id))
}

// nameTaken returns the error of a rename to the name of another dataset.
func nameTaken(state datasetResourceModel, name, holderID string, err error) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("name"), summaryUpdate,
		fmt.Sprintf("Dataset %s cannot be renamed to %q because dataset %s already uses that name. Nothing was changed. Choose another name, or "+
			"rename or delete the other dataset first. %s", state.ID.ValueString(), name, holderID, sentence(err.Error())))
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
	return diag.NewErrorDiagnostic(summaryImport, fmt.Sprintf("%q is not a valid import ID: %s. Use the dataset's ID, ~NAME for a dataset "+
		"of the token's account, or USERNAME~NAME or USERNAME/NAME for any account.", id, err))
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

func quoteOrNull(s types.String) string {
	if s.IsNull() {
		return "null"
	}
	return strconv.Quote(s.ValueString())
}
