package provider

import (
	"strings"
	"sync"
)

// datasetClaims applies the rules about two resources in one run. It knows nothing else about other
// resources.
//
//  1. In one plan, a dataset ID, and a name of an owner, belong to one resource. The second
//     resource that claims one gets an error, whichever Terraform plans second.
//  2. A resource in state claims its ID and the name that it will have. A planned destruction
//     claims its ID. A planned creation claims its name, and the ID of the dataset that has the name now.
//  3. The creation half of a replacement inherits the claims of its update half. A dataset that
//     this run has refreshed and nobody has claimed is the planned creation's own: Terraform plans a
//     tainted resource as a creation only.
//  4. A run does not delete what it has created, adopted or changed, and does not adopt what it
//     deletes.
//
// The resource applies rule 5, about requests that are sent again, and rule 6, about items.
//
// Terraform sends no resource addresses, and plans resources in any order. Each resource in state
// is planned once, as an update or as a destruction, and each creation once.
type datasetClaims struct {
	// accountID is the ID of the token's account; empty if it is unknown.
	accountID string

	mu sync.Mutex
	// byID and byName contain the holders of the claimed datasets, and of the claimed names by the
	// lower-cased name and the owner.
	byID   map[string]holder
	byName map[string]map[string]holder
	// refreshed contains the number of items, by the counters, of the datasets that this run has
	// read.
	refreshed map[string]int64
	// adopted contains the IDs of the datasets that this run has created or adopted, changed those
	// that it has changed, and deleted those that it has deleted or is deleting.
	adopted, changed, deleted map[string]bool
}

// holder is the planned action that has a claim, such as "the resource of dataset ID".
type holder string

func resourceHolder(id string) holder     { return holder("the resource of dataset " + id) }
func destroyHolder(id string) holder      { return holder("the destruction of dataset " + id) }
func creationHolder(name string) holder   { return holder("the creation of dataset " + name) }
func newName(owner, n string) datasetName { return datasetName{owner, strings.ToLower(n)} }

// datasetName is a name of an owner's dataset. Names are unique per owner, ignoring case. An empty
// owner is every owner: that of a creation while the token's account is unknown.
type datasetName struct{ ownerID, lowerName string }

// conflict is a dataset or a name that two resources claim. The zero value is no conflict.
type conflict struct{ id, name string }

func newDatasetClaims(accountID string) *datasetClaims {
	return &datasetClaims{
		accountID: accountID,
		byID:      map[string]holder{}, byName: map[string]map[string]holder{}, refreshed: map[string]int64{},
		adopted: map[string]bool{}, changed: map[string]bool{}, deleted: map[string]bool{},
	}
}

// refresh records that this run has read a dataset in state.
func (c *datasetClaims) refresh(id string, items int64) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.refreshed[id] = items
}

// items returns the number of items of a dataset that this run has read.
func (c *datasetClaims) items(id string) (n int64, refreshed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n, refreshed = c.refreshed[id]
	return n, refreshed
}

// planUpdate claims the dataset of a resource in state, and the name that the resource will have;
// empty if there is none, or if it is unknown.
func (c *datasetClaims) planUpdate(id, ownerID, name string) conflict {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ownerID == "" {
		ownerID = c.accountID
	}
	return c.take(resourceHolder(id), "", id, newName(ownerID, name))
}

// planDestroy claims a dataset for its destruction. Two objects in state can have the same dataset
// and both be destroyed.
func (c *datasetClaims) planDestroy(id string) conflict {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.take(destroyHolder(id), destroyHolder(id), id, datasetName{})
}

// planCreation claims the name of a planned creation, or of the creation half of a replacement of
// the dataset replacedID.
func (c *datasetClaims) planCreation(name, replacedID string) conflict {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.take(creationHolder(name), resourceHolder(replacedID), "", newName(c.accountID, name))
}

// planAdoption claims the existing dataset with the name of a planned creation, and reports whether
// it is the creation's own.
func (c *datasetClaims) planAdoption(name, id, replacedID string) (own bool, _ conflict) {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, refreshed := c.refreshed[id]
	return refreshed || id == replacedID, c.take(creationHolder(name), resourceHolder(replacedID), id, datasetName{})
}

// take claims a dataset and a name, all or nothing, each unless it is empty. A claim that the
// holder inherits is no conflict. c.mu must be locked.
func (c *datasetClaims) take(h, inherits holder, id string, name datasetName) conflict {
	if other, claimed := c.byID[id]; claimed && other != inherits {
		return conflict{id: id}
	}
	byOwner := c.byName[name.lowerName]
	for ownerID, other := range byOwner {
		if other != inherits && (ownerID == name.ownerID || ownerID == "" || name.ownerID == "") {
			return conflict{name: name.lowerName}
		}
	}
	if byOwner == nil && name.lowerName != "" {
		byOwner = map[string]holder{}
		c.byName[name.lowerName] = byOwner
	}
	if name.lowerName != "" {
		byOwner[name.ownerID] = h
	}
	if id != "" {
		c.byID[id] = h
	}
	return conflict{}
}

// adoption is the result of [datasetClaims.adopt].
type adoption int

const (
	adopted      adoption = iota
	adoptedTwice          // this run has created or adopted the dataset for another resource
	beingDeleted          // this run deletes the dataset
)

// adopt records that a creation got a dataset from the API.
func (c *datasetClaims) adopt(id string) adoption {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.adopted[id]:
		return adoptedTwice
	case c.deleted[id]:
		return beingDeleted
	}
	c.adopted[id] = true
	return adopted
}

// release records that a creation does not adopt the dataset that it got.
func (c *datasetClaims) release(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.adopted, id)
}

// change records a change of a dataset.
func (c *datasetClaims) change(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.changed[id] = true
}

// keeps reports whether this run has created, adopted or changed a dataset, and must not delete it.
func (c *datasetClaims) keeps(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.adopted[id] || c.changed[id]
}

// startDeletion records the deletion of a dataset, unless this run keeps the dataset.
func (c *datasetClaims) startDeletion(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.adopted[id] || c.changed[id] {
		return false
	}
	c.deleted[id] = true
	return true
}

// cancelDeletion records that a deletion failed.
func (c *datasetClaims) cancelDeletion(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.deleted, id)
}
