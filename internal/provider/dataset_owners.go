package provider

import (
	"cmp"
	"slices"
	"strings"
	"sync"
	"time"
)

// datasetOwners knows which resources have, give up and take which dataset and which name during
// one plan or apply. It detects two resources that manage the same dataset, names that not every
// resource can get, and creations that would end up with a dataset that the same run deletes.
//
// Terraform runs one provider process per walk, and sends no resource addresses, so datasetOwners
// works with the requests about each dataset alone. Each resource in state is planned once, as an
// update or as a destruction, and so is each creation, in any order: a rule about two resources is
// checked at the second one, whichever that is. A replacement is planned as an update and then as a
// creation, a tainted resource as a creation only.
type datasetOwners struct {
	mu sync.Mutex
	// objects contains the datasets in state, by ID, and holders their IDs by the name in state.
	objects map[string]*ownedDataset
	holders map[datasetName]string
	// takers contains the IDs of the datasets in state by the name that they have after the apply.
	takers map[datasetName]string
	// creations contains the names of the planned creations in lower case, and found the planned
	// creations by the ID of the existing dataset with the name.
	creations map[string]bool
	found     map[string]plannedCreation
	// seenLate contains the IDs of datasets in state that were found before the walk knew that they
	// are in state.
	seenLate map[string]bool
	// claimed contains the IDs of datasets that this walk created or adopted.
	claimed map[string]bool
	// deletions contains the deletions of this walk, by dataset ID.
	deletions map[string]*deletion
	// accountID is the ID of the token's account; empty while it is unknown.
	accountID string
	// announced contains the IDs of the datasets that a warning was about, by the kind of warning.
	announced map[string]map[string]bool

	// writing reports whether this walk has sent a write: it is an apply.
	writing bool
	// active is the number of writes in progress, without those that wait for another one. moved is
	// closed and replaced whenever a write starts or ends.
	active int
	moved  chan struct{}
	// stuck reports whether a rename gave up waiting. Then no other rename waits.
	stuck bool
}

// datasetName is a name of an owner's dataset. Names are unique per owner, ignoring case.
type datasetName struct{ ownerID, lowerName string }

func newDatasetName(ownerID, name string) datasetName {
	return datasetName{ownerID, strings.ToLower(name)}
}

// ownedDataset is a dataset in state.
type ownedDataset struct {
	id           string
	ownerID      string
	name         string // in state; empty if unnamed
	forceDestroy bool   // in state
	refreshed    bool   // whether a resource with this dataset was refreshed
	plan         planKind
	newName      string // after a planned update; empty if unnamed or unknown
	items        *int64 // number of items by its counters, if this walk has read it
}

// isRenamed reports whether a planned update gives up the name in state.
func (d *ownedDataset) isRenamed() bool {
	return d.plan == plannedUpdate && d.name != "" && !strings.EqualFold(d.newName, d.name)
}

// takesName reports whether a planned update gives the dataset a name that it does not have in
// state.
func (d *ownedDataset) takesName() bool {
	return d.plan == plannedUpdate && d.newName != "" && !strings.EqualFold(d.newName, d.name)
}

// planKind is the planned action of a resource in state.
type planKind int

const (
	notPlanned planKind = iota
	plannedUpdate
	plannedDestroy
)

// plannedCreation is a planned creation of a named dataset that exists in the token's account.
type plannedCreation struct {
	name   string
	adopts bool // whether it adopts the existing dataset
}

// deletion is a deletion that this walk has started.
type deletion struct {
	done    chan struct{} // closed at its end
	deleted bool          // whether the dataset no longer exists; valid after done
	ended   time.Time     // valid after done
}

func newDatasetOwners() *datasetOwners {
	return &datasetOwners{
		objects:   map[string]*ownedDataset{},
		holders:   map[datasetName]string{},
		takers:    map[datasetName]string{},
		creations: map[string]bool{},
		found:     map[string]plannedCreation{},
		seenLate:  map[string]bool{},
		claimed:   map[string]bool{},
		deletions: map[string]*deletion{},
		announced: map[string]map[string]bool{},
		moved:     make(chan struct{}),
	}
}

// object returns the dataset in state with an ID. o.mu must be locked.
func (o *datasetOwners) object(id string) *ownedDataset {
	d := o.objects[id]
	if d == nil {
		d = &ownedDataset{id: id}
		o.objects[id] = d
		if _, found := o.found[id]; found {
			o.seenLate[id] = true
		}
	}
	return d
}

// see records a dataset in state. Terraform calls UpgradeResourceState for each object in state
// before it plans the object, with -refresh=false too.
func (o *datasetOwners) see(id, ownerID, name string, forceDestroy bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.setState(id, ownerID, name).forceDestroy = forceDestroy
}

// setState records owner and name of a dataset in state. o.mu must be locked.
func (o *datasetOwners) setState(id, ownerID, name string) *ownedDataset {
	o.releaseName(id)
	d := o.object(id)
	d.ownerID, d.name = ownerID, name
	if name != "" {
		o.holders[newDatasetName(ownerID, name)] = id
	}
	return d
}

// releaseName removes a dataset in state from the holders of names, unless another dataset has its
// name by now, as after a chain of renames. o.mu must be locked.
func (o *datasetOwners) releaseName(id string) {
	if d := o.objects[id]; d != nil {
		if name := newDatasetName(d.ownerID, d.name); o.holders[name] == id {
			delete(o.holders, name)
		}
	}
}

// get returns a dataset in state.
func (o *datasetOwners) get(id string) (d ownedDataset, ok bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if found := o.objects[id]; found != nil {
		return *found, true
	}
	return ownedDataset{}, false
}

// refresh records the refresh of a resource. The error is a [managedTwiceError]: a walk refreshes
// each resource once, so a second refresh is that of another resource.
func (o *datasetOwners) refresh(id string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := o.object(id)
	if d.refreshed {
		return &managedTwiceError{id}
	}
	d.refreshed = true
	return nil
}

// observe records owner, name and number of items of a refreshed dataset. Terraform does not call
// UpgradeResourceState for an imported resource, and the name in state can be out of date.
func (o *datasetOwners) observe(id, ownerID, name string, items int64) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.setState(id, ownerID, name).items = &items
}

// setAccount records the token's account.
func (o *datasetOwners) setAccount(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.accountID = id
}

// ownCreation returns whether a creation of this walk has an owner's name. While the token's
// account is unknown, every owner may be that account. o.mu must be locked.
func (o *datasetOwners) ownCreation(name datasetName) bool {
	if o.accountID != "" && name.ownerID != "" && o.accountID != name.ownerID {
		return false
	}
	return o.creations[name.lowerName]
}

// planUnchanged records the plan of a resource that keeps its name. The errors are those of
// planUpdate.
func (o *datasetOwners) planUnchanged(id string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := o.object(id)
	return o.plan(d, d.name)
}

// planUpdate records the planned update of a resource in state. An empty new name means none, or an
// unknown one. The error is a [managedTwiceError], a [renamedForCreationError] or a
// [nameConflictError].
func (o *datasetOwners) planUpdate(id, ownerID, name, newName string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.plan(o.setState(id, ownerID, name), newName)
}

// plan records the planned update of a dataset in state. o.mu must be locked.
func (o *datasetOwners) plan(d *ownedDataset, newName string) error {
	id := d.id
	if d.plan != notPlanned || o.claimed[id] {
		return &managedTwiceError{id}
	}
	d.plan, d.newName = plannedUpdate, newName
	if creation, ok := o.found[id]; ok {
		if d.isRenamed() && strings.EqualFold(d.name, creation.name) {
			return &renamedForCreationError{id: id, name: d.name}
		}
		return &managedTwiceError{id}
	}
	if newName == "" {
		return nil
	}
	name := newDatasetName(d.ownerID, newName)
	if other, taken := o.takers[name]; taken && other != id {
		return &nameConflictError{name: newName, otherID: other}
	}
	if d.takesName() && o.ownCreation(name) {
		return &nameConflictError{name: newName}
	}
	o.takers[name] = id
	if o.isCycle(d) {
		return &nameConflictError{name: newName, otherID: o.holders[name], cycle: true}
	}
	return nil
}

// isCycle reports whether the planned renames lead from a dataset back to it. They can also lead
// into a cycle of other datasets. o.mu must be locked.
func (o *datasetOwners) isCycle(d *ownedDataset) bool {
	seen := map[*ownedDataset]bool{}
	for next := d; next != nil && next.takesName() && !seen[next]; {
		seen[next] = true
		holder := o.objects[o.holders[newDatasetName(next.ownerID, next.newName)]]
		if holder == d && next != d {
			return true
		}
		next = holder
	}
	return false
}

// planReplacement records that the creation to be planned next replaces a resource in state whose
// update was planned before: the resource gives up its dataset and its name.
func (o *datasetOwners) planReplacement(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := o.object(id)
	if name := newDatasetName(d.ownerID, d.newName); o.takers[name] == id {
		delete(o.takers, name)
	}
	d.plan = plannedDestroy
}

// planDestroy records the planned destruction of a resource in state. Two objects in state can have
// the same dataset, and both be destroyed: the second one finds it deleted. The error is a
// [managedTwiceError] or a [destroyedForCreationError].
func (o *datasetOwners) planDestroy(id string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := o.object(id)
	if d.plan == plannedUpdate || o.claimed[id] {
		return &managedTwiceError{id}
	}
	d.plan = plannedDestroy
	if creation, ok := o.found[id]; ok {
		return &destroyedForCreationError{id: id, name: cmp.Or(d.name, creation.name)}
	}
	return nil
}

// isNameTaken reports whether a planned update of another dataset takes the name of a dataset in
// state.
func (o *datasetOwners) isNameTaken(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := o.objects[id]
	if d == nil || d.name == "" {
		return false
	}
	taker, ok := o.takers[newDatasetName(d.ownerID, d.name)]
	return ok && taker != id
}

// planCreation records the planned creation of a named dataset. The error is [errNamePlannedTwice]
// or a [nameConflictError].
func (o *datasetOwners) planCreation(name string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	lower := strings.ToLower(name)
	if o.creations[lower] {
		return errNamePlannedTwice
	}
	o.creations[lower] = true
	for taken, id := range o.takersOf(lower) {
		if d := o.objects[id]; d != nil && d.takesName() && o.ownCreation(taken) {
			return &nameConflictError{name: name, otherID: id}
		}
	}
	return nil
}

// takersOf returns the datasets that have a name after the apply, by name. While the token's
// account is unknown, these can be datasets of several owners. o.mu must be locked.
func (o *datasetOwners) takersOf(lowerName string) map[datasetName]string {
	if o.accountID != "" {
		name := datasetName{o.accountID, lowerName}
		if id, ok := o.takers[name]; ok {
			return map[datasetName]string{name: id}
		}
		return nil
	}
	taken := map[datasetName]string{}
	for name, id := range o.takers {
		if name.lowerName == lowerName {
			taken[name] = id
		}
	}
	return taken
}

// foundState is the state, in a walk, of the existing dataset with the name of a planned creation.
type foundState int

const (
	// foundFree means that no resource has the dataset: the creation adopts it.
	foundFree foundState = iota
	// foundMayBeTainted means that the dataset is in state and not planned: it may be the dataset
	// of the planned resource itself, which is tainted or being replaced.
	foundMayBeTainted
	// foundRenamed means that the dataset's resource gives up the name.
	foundRenamed
)

// find records that a planned creation found an existing dataset with its name, and whether it
// adopts it. The error is a [managedTwiceError] or a [destroyedForCreationError].
func (o *datasetOwners) find(name, id string, adopts bool) (foundState, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	d := o.objects[id]
	switch {
	case o.deletions[id] != nil:
		return foundMayBeTainted, nil // the creation waits for the deletion
	case d == nil && o.claimed[id]:
		return foundFree, &managedTwiceError{id}
	case d == nil, d.plan == notPlanned:
	case d.isRenamed():
		return foundRenamed, nil
	case d.plan == plannedDestroy:
		return foundFree, &destroyedForCreationError{id: id, name: cmp.Or(d.name, name)}
	default:
		return foundFree, &managedTwiceError{id}
	}
	o.found[id] = plannedCreation{name, adopts}
	if d != nil {
		return foundMayBeTainted, nil
	}
	return foundFree, nil
}

// adoptedFromState returns the IDs of the datasets in state that are not planned themselves, and
// that the plan of another resource adopts. The dataset of a tainted resource, which is planned as
// a creation only, is among them if the plan has promised it to that resource.
func (o *datasetOwners) adoptedFromState() (ids []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for id := range o.seenLate {
		if d := o.objects[id]; o.found[id].adopts && d != nil && d.plan == notPlanned {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// release records that a resource leaves its dataset to a planned creation of another one.
func (o *datasetOwners) release(id string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.releaseName(id)
	delete(o.objects, id)
}

// deletion returns the deletion of a dataset that this walk has started, or nil.
func (o *datasetOwners) deletion(id string) *deletion {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.deletions[id]
}

// claim records that this walk created or adopted a dataset. If the walk is deleting or has deleted
// the dataset, claim returns that deletion, and claims nothing. The error is a [managedTwiceError].
func (o *datasetOwners) claim(id string) (*deletion, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if deletion := o.deletions[id]; deletion != nil {
		return deletion, nil
	}
	if d := o.objects[id]; o.claimed[id] || d != nil && d.plan != notPlanned {
		return nil, &managedTwiceError{id}
	}
	o.claimed[id] = true
	return nil, nil
}

// isClaimed reports whether this walk created or adopted a dataset.
func (o *datasetOwners) isClaimed(id string) bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.claimed[id]
}

// startDeletion records that this walk is about to delete a dataset, so that no creation adopts it
// any more. It returns nil if the dataset must stay: this walk created or adopted it, or a planned
// creation is about to adopt it.
func (o *datasetOwners) startDeletion(id string) *deletion {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.claimed[id] || o.found[id].adopts {
		return nil
	}
	o.object(id).plan = plannedDestroy
	started := &deletion{done: make(chan struct{})}
	o.deletions[id] = started
	return started
}

// endDeletion records the result of a deletion. Two objects in state can have the same dataset, so
// their deletions can overlap.
func (o *datasetOwners) endDeletion(id string, ended *deletion, deleted bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	ended.deleted, ended.ended = deleted, time.Now()
	close(ended.done)
	if !deleted {
		if o.deletions[id] == ended {
			delete(o.deletions, id)
		}
		return
	}
	o.deletions[id] = ended
	o.releaseName(id)
	delete(o.objects, id)
	delete(o.found, id)
	delete(o.claimed, id)
}

// announce records a warning of a kind about a dataset. It returns whether it is the first one
// about the dataset, and the number of datasets with an earlier warning.
func (o *datasetOwners) announce(kind, id string) (first bool, earlier int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	ids := o.announced[kind]
	if ids == nil {
		ids = map[string]bool{}
		o.announced[kind] = ids
	}
	first, earlier = !ids[id], len(ids)
	ids[id] = true
	return first, earlier
}

// isWriting reports whether this walk has started to write.
func (o *datasetOwners) isWriting() bool {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.writing
}

// startWrite records the start of a write, and returns a function that records its end.
func (o *datasetOwners) startWrite() (end func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.writing = true
	o.move(1)
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.move(-1)
	}
}

// startWait records that a write waits for another one, and returns a function that records the end
// of the waiting.
func (o *datasetOwners) startWait() (end func()) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.move(-1)
	return func() {
		o.mu.Lock()
		defer o.mu.Unlock()
		o.move(1)
	}
}

// move changes the number of active writes. o.mu must be locked.
func (o *datasetOwners) move(n int) {
	o.active += n
	close(o.moved)
	o.moved = make(chan struct{})
}

// progress returns the number of active writes, a channel that is closed when it changes, and
// whether another rename has given up waiting.
func (o *datasetOwners) progress() (active int, moved <-chan struct{}, stuck bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.active, o.moved, o.stuck
}

// giveUp records that a rename gave up waiting for a name.
func (o *datasetOwners) giveUp() {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.stuck = true
	o.move(0)
}
