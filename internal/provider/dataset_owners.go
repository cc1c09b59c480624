package provider

import (
	"strings"
	"sync"
)

// datasetOwners detects two resources that manage the same dataset during one plan or apply, and
// keeps a deletion from removing a dataset that a creation of the same run adopts. Create-or-return
// by name makes both possible. Terraform sends a provider no resource addresses, so datasetOwners
// works with the requests about each dataset alone.
//
// Terraform runs one provider process per walk. In it, each resource in state is planned once, and
// so is each resource to create. A replacement is planned as an update first and then as a
// creation.
type datasetOwners struct {
	mu sync.Mutex
	// refreshed contains the IDs of datasets that a resource's state had when it was refreshed.
	refreshed map[string]bool
	// owned contains the IDs of datasets whose resource is being planned or deleted in this walk.
	owned map[string]bool
	// found contains the IDs of existing datasets that have the name of a planned creation, and
	// whether the creation adopts them.
	found map[string]bool
	// plannedNames contains the lower-cased names of planned creations in the token's account.
	plannedNames map[string]bool
	// claimed contains the IDs of datasets that this walk created or adopted.
	claimed map[string]bool
	// writing reports whether this walk has sent a write: it is an apply.
	writing bool
}

func newDatasetOwners() *datasetOwners {
	return &datasetOwners{
		refreshed:    map[string]bool{},
		owned:        map[string]bool{},
		found:        map[string]bool{},
		plannedNames: map[string]bool{},
		claimed:      map[string]bool{},
	}
}

// refresh records the refresh of a resource. It returns false if another resource's state has the
// same dataset: a walk refreshes each resource once.
func (o *datasetOwners) refresh(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	free := !o.refreshed[id]
	o.refreshed[id] = true
	return free
}

// own records the plan of a resource in state. It returns false if another resource in state has
// the same dataset, or a creation found or claimed it.
func (o *datasetOwners) own(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	_, found := o.found[id]
	free := !o.owned[id] && !found && !o.claimed[id]
	o.owned[id] = true
	return free
}

// planName records the name of a planned creation. It returns false if another creation has it.
func (o *datasetOwners) planName(name string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	name = strings.ToLower(name)
	free := !o.plannedNames[name]
	o.plannedNames[name] = true
	return free
}

// find records that a planned creation found an existing dataset with its name, and whether it
// adopts it. free is false if another resource has the dataset. mayBeTainted is true if a refreshed
// state has the dataset: it may be the planned resource itself, tainted, which Terraform plans as a
// creation only.
func (o *datasetOwners) find(id string, adopt bool) (free, mayBeTainted bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	free = !o.owned[id]
	o.found[id] = adopt
	return free, o.refreshed[id]
}

// claim records that this walk created or adopted a dataset. It returns false if another resource
// has the dataset or is deleting it.
func (o *datasetOwners) claim(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.owned[id] || o.claimed[id] {
		return false
	}
	o.claimed[id] = true
	return true
}

// release records that a resource is about to delete its dataset, so that no creation adopts it any
// more. It returns false if the dataset must stay: this walk created or adopted it, or a planned
// creation is about to adopt it.
func (o *datasetOwners) release(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.claimed[id] || o.found[id] {
		return false
	}
	o.owned[id] = true
	return true
}

// forget removes a deleted dataset.
func (o *datasetOwners) forget(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, set := range []map[string]bool{o.refreshed, o.owned, o.found, o.claimed} {
		delete(set, id)
	}
}

// startWriting records that this walk writes.
func (o *datasetOwners) startWriting() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writing = true
}

// isWriting reports whether this walk has started to write.
func (o *datasetOwners) isWriting() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.writing
}
