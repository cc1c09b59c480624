package provider

import (
	"errors"
	"fmt"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// This file has the errors of the dataset store, besides those of the API. dataset_diagnostics.go
// has their texts for users.

// errDatasetDeleted is the error of a dataset that certainly no longer exists.
var errDatasetDeleted = errors.New("the dataset was deleted")

// managedTwiceError is the error of a dataset that another resource manages.
type managedTwiceError struct{ id string }

func (e *managedTwiceError) Error() string { return fmt.Sprintf("dataset %s is managed twice", e.id) }

// existingDatasetError is the error of a creation whose name an existing dataset has.
type existingDatasetError struct{ dataset *apify.Dataset }

func (e *existingDatasetError) Error() string {
	return fmt.Sprintf("dataset %s has the name already", e.dataset.ID)
}

// otherSchemaError is the error of a creation whose name a dataset with another schema has.
type otherSchemaError struct{ dataset *apify.Dataset }

func (e *otherSchemaError) Error() string {
	return fmt.Sprintf("dataset %s has another schema", e.dataset.ID)
}

// accountError is the error of a token whose account cannot be determined.
type accountError struct{ err error }

func (e *accountError) Error() string { return e.err.Error() }
func (e *accountError) Unwrap() error { return e.err }

// lostAccessError is the error of a dataset that the API does not find, or to which it denies
// access, if the owner in state is another account than the token's.
type lostAccessError struct {
	ownerID string // empty if state has none
	account *apify.User
	err     error // of the API
}

func (e *lostAccessError) Error() string { return e.err.Error() }
func (e *lostAccessError) Unwrap() error { return e.err }

// containsItemsError is the error of a deletion that would lose items.
type containsItemsError struct{ items string } // such as "3 items"

func (e *containsItemsError) Error() string { return "the dataset contains " + e.items }

// itemsUnknownError is the error of a deletion if the provider cannot check for items.
type itemsUnknownError struct{ err error }

func (e *itemsUnknownError) Error() string { return e.err.Error() }
func (e *itemsUnknownError) Unwrap() error { return e.err }

// errAdopted is the error of the deletion of a dataset that this run created or adopted.
var errAdopted = errors.New("another resource created or adopted the dataset during this run")

// errNamePlannedTwice is the error of a planned creation whose name another planned creation has.
var errNamePlannedTwice = errors.New("another planned creation has the same name")

// nameConflictError is the error of a name that two resources of a plan would end up with, or of
// renames that form a cycle.
type nameConflictError struct {
	name    string
	otherID string // ID of the other resource's dataset; empty if the other resource is a creation
	cycle   bool
}

func (e *nameConflictError) Error() string {
	return fmt.Sprintf("the name %q is planned twice", e.name)
}

// renamedForCreationError is the error of a planned creation and a rename that gives up the same
// name, if the creation was planned first.
type renamedForCreationError struct{ id, name string }

func (e *renamedForCreationError) Error() string {
	return fmt.Sprintf("a creation takes the name %q of dataset %s", e.name, e.id)
}

// destroyedForCreationError is the error of a planned creation and a destruction of the dataset
// that has its name.
type destroyedForCreationError struct{ id, name string }

func (e *destroyedForCreationError) Error() string {
	return fmt.Sprintf("dataset %s with the name %q is planned to be destroyed and created", e.id, e.name)
}

// nameTakenError is the error of a rename to the name of another dataset.
type nameTakenError struct {
	name    string
	holder  *apify.Dataset
	managed bool  // whether this run has seen the holder in state
	err     error // of the API; nil if the provider did not send the rename
}

func (e *nameTakenError) Error() string {
	return fmt.Sprintf("dataset %s has the name %q", e.holder.ID, e.name)
}

// errStillExists is the error of a deleted dataset that the API still returns.
var errStillExists = errors.New("the API still returns the deleted dataset")

// deletionWaitError is the error of a creation that waited for a deletion of this run in vain.
type deletionWaitError struct {
	id  string
	err error
}

func (e *deletionWaitError) Error() string { return e.err.Error() }
func (e *deletionWaitError) Unwrap() error { return e.err }
