package provider

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// datasetKind is everything that the provider offers for datasets.
var datasetKind = objectKind{
	newStore: func(p *apifyProvider, client *apify.Client, account *tokenAccount) any {
		return newDatasetStore(client, account, p.now, p.nameWaits)
	},
	resources:          []func() resource.Resource{newDatasetResource},
	dataSources:        []func() datasource.DataSource{newDatasetDataSource, newDatasetsDataSource},
	ephemeralResources: []func() ephemeral.EphemeralResource{newDatasetItemsURLEphemeralResource},
	listResources:      []func() list.ListResource{newDatasetListResource},
	seeState: func(store any, typeName string, state []byte) {
		if s, ok := store.(*datasetStore); ok && typeName == "apify_dataset" {
			s.seeState(state)
		}
	},
}

// datasetStore is the only way to a dataset. It combines the API with the memory of one provider
// process: the cache, and the resources that manage each dataset. Every write invalidates the cache
// and claims the dataset here, so callers call one method each.
type datasetStore struct {
	client  *apify.Client
	account *tokenAccount
	now     func() time.Time // the clock that signatures are compared with
	waits   nameWaits
	cache   *datasetCache
	owners  *datasetOwners
	// unreachable is the error of an API that could not be reached; nil without one.
	unreachable atomic.Pointer[error]
}

func newDatasetStore(client *apify.Client, account *tokenAccount, now func() time.Time, waits nameWaits) *datasetStore {
	return &datasetStore{
		client:  client,
		account: account,
		now:     now,
		waits:   waits,
		cache:   newDatasetCache(client),
		owners:  newDatasetOwners(),
	}
}

// get reads a dataset singly.
func (s *datasetStore) get(ctx context.Context, ref apify.DatasetRef) (*apify.Dataset, error) {
	return s.client.GetDataset(ctx, ref)
}

// itemsURL reads a dataset and returns an address of its items that needs no token. The error is
// that of the API or of [apify.Client.DatasetItemsURL].
func (s *datasetStore) itemsURL(ctx context.Context, id string, expires time.Time, options url.Values) (itemsURL string, signed bool, err error) {
	d, err := s.client.GetDataset(ctx, apify.DatasetIDRef(id))
	if err != nil {
		return "", false, err
	}
	return s.client.DatasetItemsURL(d, expires, options)
}

// list returns the datasets that match a filter, oldest first. An error is its last value. Not
// every server applies every filter, so the provider applies them again.
func (s *datasetStore) list(ctx context.Context, filter datasetFilter) iter.Seq2[*apify.Dataset, error] {
	return func(yield func(*apify.Dataset, error) bool) {
		options := filter.options()
		accountID := ""
		if options.Ownership != "" {
			accountID, _ = s.account.id(ctx) // without the ID, the server's own filter must do
		}
		for d, err := range s.listAll(ctx, options) {
			if err == nil && !filter.matches(d, accountID) {
				continue
			}
			if !yield(d, err) {
				return
			}
		}
	}
}

// listAll returns all datasets of a list, oldest first. With unnamed datasets, the API leaves out
// every empty dataset, named ones too (apify/apify-docs#2217), so the list of named datasets is
// merged in.
func (s *datasetStore) listAll(ctx context.Context, options apify.ListDatasetsOptions) iter.Seq2[*apify.Dataset, error] {
	all := s.client.ListDatasets(ctx, options)
	if !options.Unnamed {
		return all
	}
	options.Unnamed = false
	return mergeByAge(all, s.client.ListDatasets(ctx, options))
}

// mergeByAge merges two lists of datasets that are sorted by age, and leaves out what both contain.
// An error is its last value.
func mergeByAge(a, b iter.Seq2[*apify.Dataset, error]) iter.Seq2[*apify.Dataset, error] {
	return func(yield func(*apify.Dataset, error) bool) {
		nextA, stopA := iter.Pull2(a)
		defer stopA()
		nextB, stopB := iter.Pull2(b)
		defer stopB()
		seen := map[string]bool{}
		first, firstErr, firstOK := nextA()
		second, secondErr, secondOK := nextB()
		for firstOK || secondOK {
			switch {
			case firstErr != nil:
				yield(nil, firstErr)
				return
			case secondErr != nil:
				yield(nil, secondErr)
				return
			}
			var d *apify.Dataset
			if !secondOK || firstOK && !isOlder(second, first) {
				d = first
				first, firstErr, firstOK = nextA()
			} else {
				d = second
				second, secondErr, secondOK = nextB()
			}
			if !seen[d.ID] && !yield(d, nil) {
				return
			}
			seen[d.ID] = true
		}
	}
}

// isOlder reports whether a dataset was created before another one. Without both times, it was not.
func isOlder(a, b *apify.Dataset) bool {
	if a.CreatedAt == nil || b.CreatedAt == nil {
		return false
	}
	created, err := time.Parse(time.RFC3339Nano, *a.CreatedAt)
	other, otherErr := time.Parse(time.RFC3339Nano, *b.CreatedAt)
	return err == nil && otherErr == nil && created.Before(other)
}

// seeState records an object in state, as JSON in the form of any schema version.
func (s *datasetStore) seeState(state []byte) {
	var object struct {
		ID           string `json:"id"`
		UserID       string `json:"user_id"`
		Name         string `json:"name"`
		ForceDestroy bool   `json:"force_destroy"`
	}
	if json.Unmarshal(state, &object) == nil && object.ID != "" {
		s.owners.see(object.ID, object.UserID, object.Name, object.ForceDestroy)
	}
}

// refresh returns the current model of a dataset in state. The error is a [managedTwiceError],
// [errDatasetDeleted], a [lostAccessError], an [accountError] or that of the API.
func (s *datasetStore) refresh(ctx context.Context, prior datasetModel) (datasetModel, error) {
	id := prior.ID.ValueString()
	if err := s.owners.refresh(id); err != nil {
		return prior, err
	}
	if item := s.cache.unchanged(ctx, prior, s.now().Add(signatureMargin)); item != nil {
		s.owners.observe(id, prior.UserID.ValueString(), prior.Name.ValueString(), itemCount(item))
		return prior, nil
	}
	d, err := s.client.GetDataset(ctx, apify.DatasetIDRef(id))
	switch {
	case apify.IsNotFound(err):
		return prior, s.notFound(ctx, prior, err)
	case apify.IsForbidden(err):
		return prior, s.denied(ctx, prior, err)
	case err != nil:
		return prior, err
	}
	s.cache.observe(d)
	m, err := newDatasetModel(d)
	if err != nil {
		return prior, err
	}
	s.owners.observe(id, m.UserID.ValueString(), m.Name.ValueString(), itemCount(d))
	m.keepName(prior)
	m.keepSchema(prior)
	m.keepItemsURL(prior, d, s.now())
	return m, nil
}

// notFound returns the error that a 404 of the API means. The API's response is the same if the
// dataset was deleted, if the token lost its access, and if it belongs to another account. So the
// dataset was deleted only if the token's account owns it.
func (s *datasetStore) notFound(ctx context.Context, prior datasetModel, err error) error {
	accountID, accountErr := s.account.id(ctx)
	switch {
	case accountErr != nil:
		return accountErr
	case accountID != prior.UserID.ValueString():
		user, _ := s.account.get(ctx)
		return &lostAccessError{prior.UserID.ValueString(), user, err}
	}
	return errDatasetDeleted
}

// otherAccount returns the token's account if a dataset belongs to another one, or nil. It returns
// nil too if the token's account cannot be determined.
func (s *datasetStore) otherAccount(ctx context.Context, m datasetModel) *apify.User {
	if m.UserID.IsNull() {
		return nil
	}
	user, err := s.account.get(ctx)
	if err != nil || user.ID == "" || user.ID == m.UserID.ValueString() {
		return nil
	}
	return user
}

// denied returns the error of a 403. If the dataset in state belongs to another account, the token
// is probably that of the wrong account.
func (s *datasetStore) denied(ctx context.Context, prior datasetModel, err error) error {
	if user := s.otherAccount(ctx, prior); user != nil {
		return &lostAccessError{prior.UserID.ValueString(), user, err}
	}
	return err
}

// isApplying reports whether this walk is an apply that has started to write.
func (s *datasetStore) isApplying() bool { return s.owners.isWriting() }

// planUnchanged records the plan of a resource that does not change. The error is a
// [managedTwiceError] or a [nameConflictError].
func (s *datasetStore) planUnchanged(id string) error { return s.owners.planUnchanged(id) }

// planUpdate records the planned update of a resource in state. If it renames the dataset and
// another dataset has the new name, it returns that dataset. The error is a [managedTwiceError], a
// [renamedForCreationError], a [nameConflictError], or a [lookupError].
func (s *datasetStore) planUpdate(ctx context.Context, prior datasetModel, newName types.String) (*takenName, error) {
	id, ownerID := prior.ID.ValueString(), prior.UserID.ValueString()
	isRename := newName.ValueString() != "" && !sameName(prior.Name, newName)
	if isRename {
		s.isOwnAccount(ctx, ownerID) // without the account, all names may be the account's
	}
	if err := s.owners.planUpdate(id, ownerID, prior.Name.ValueString(), newName.ValueString()); err != nil || !isRename {
		return nil, err
	}
	if s.isApplying() {
		return nil, nil // the update itself looks the name up
	}
	holder, err := s.lookUpName(ctx, ownerID, newName.ValueString())
	if err != nil || holder == nil || holder.ID == id {
		return nil, err
	}
	taken := &takenName{holder: holder}
	if d, ok := s.owners.get(holder.ID); ok {
		taken.renamed, taken.destroyed = d.isRenamed(), d.plan == plannedDestroy
	}
	return taken, nil
}

// takenName is a name that another dataset has when a rename to it is planned.
type takenName struct {
	holder *apify.Dataset
	// renamed and destroyed report whether this plan makes the holder give up the name, as far as
	// the holder was planned before.
	renamed, destroyed bool
}

// planDestroy records the planned destruction of a resource in state, and returns the number of
// items that it loses; 0 if the number is unknown. The error is a [managedTwiceError] or a
// [destroyedForCreationError].
func (s *datasetStore) planDestroy(ctx context.Context, id string) (items int64, err error) {
	if err := s.owners.planDestroy(id); err != nil {
		return 0, err
	}
	return s.countItems(ctx, id), nil
}

// countItems returns the number of items of a dataset by its counters, or 0 if it cannot be
// determined. It sends at most one request, and none if this walk has read the dataset.
func (s *datasetStore) countItems(ctx context.Context, id string) int64 {
	if d, ok := s.owners.get(id); ok && d.items != nil {
		return *d.items
	}
	d, err := s.lookUp(ctx, func(ctx context.Context) (*apify.Dataset, error) {
		if item := s.cache.findByID(ctx, id); item != nil {
			return item, nil
		}
		return s.client.GetDataset(ctx, apify.DatasetIDRef(id))
	})
	if err != nil {
		return 0
	}
	return itemCount(d)
}

// plannedCreationResult is the result of planning a creation.
type plannedCreationResult struct {
	// existing is the dataset that the creation adopts, or would adopt; nil without one.
	existing *apify.Dataset
	// tainted is the existing dataset if it may be that of the planned resource itself.
	tainted *ownedDataset
	// renamed is the existing dataset if another resource gives up the name.
	renamed *apify.Dataset
}

// planCreation records the planned creation of a named dataset and looks up the existing dataset
// with the name. replacedID is the ID of the dataset that the same resource has now, if the
// resource is being replaced. The error is a [managedTwiceError], [errNamePlannedTwice], a
// [nameConflictError], a [destroyedForCreationError], or a [lookupError].
func (s *datasetStore) planCreation(ctx context.Context, name string, adopts bool, replacedID string) (plannedCreationResult, error) {
	var result plannedCreationResult
	if err := s.owners.planCreation(name); err != nil {
		return result, err
	}
	existing, err := s.lookUpName(ctx, "", name)
	if err != nil || existing == nil || existing.ID == replacedID {
		return result, err
	}
	if existing.UserID != nil {
		s.owners.setAccount(*existing.UserID)
	}
	state, err := s.owners.find(name, existing.ID, adopts)
	switch {
	case err != nil:
		return result, err
	case state == foundRenamed:
		result.renamed = existing
	case state == foundMayBeTainted:
		if d, ok := s.owners.get(existing.ID); ok {
			d.items = new(itemCount(existing)) // also with -refresh=false
			result.tainted = &d
		}
	case existing.ConsoleURL == nil: // an item of the list, which lacks planned values
		result.existing, err = s.lookUp(ctx, func(ctx context.Context) (*apify.Dataset, error) {
			return s.client.GetDataset(ctx, apify.DatasetIDRef(existing.ID))
		})
	default:
		result.existing = existing
	}
	return result, err
}

// planReplacement records that the creation to be planned next replaces a resource in state, and
// returns the resource's dataset.
func (s *datasetStore) planReplacement(id string) ownedDataset {
	s.owners.planReplacement(id)
	d, _ := s.owners.get(id)
	return d
}

// adoptedFromState returns the IDs of the datasets in state that other planned creations adopt.
func (s *datasetStore) adoptedFromState() []string { return s.owners.adoptedFromState() }

// isNameTaken reports whether another resource is planned to take the name of a dataset in state.
func (s *datasetStore) isNameTaken(id string) bool { return s.owners.isNameTaken(id) }

// isClaimed reports whether this run created or adopted a dataset.
func (s *datasetStore) isClaimed(id string) bool { return s.owners.isClaimed(id) }

// announce records a warning of a kind about a dataset. It returns whether it is the first one
// about the dataset, and the number of datasets with an earlier warning.
func (s *datasetStore) announce(kind, id string) (first bool, earlier int) {
	return s.owners.announce(kind, id)
}

// lookUpName returns the dataset of an owner that has a name, or nil. An empty owner means the
// token's account. The error is a [lookupError].
func (s *datasetStore) lookUpName(ctx context.Context, ownerID, name string) (*apify.Dataset, error) {
	return s.lookUp(ctx, func(ctx context.Context) (*apify.Dataset, error) {
		if ownerID == "" || s.isOwnAccount(ctx, ownerID) {
			return s.findByName(ctx, name)
		}
		return existingOrNil(s.client.GetDataset(ctx, apify.DatasetNameRef(ownerID, name)))
	})
}

// lookupTimeout limits a lookup that a plan does not need.
const lookupTimeout = 30 * time.Second

// lookupError is the error of a lookup that a plan does not need.
type lookupError struct {
	err error
	// known reports whether the error is that of an earlier lookup, repeated without a request.
	known bool
}

func (e *lookupError) Error() string { return e.err.Error() }
func (e *lookupError) Unwrap() error { return e.err }

// lookUp runs a lookup that a plan does not need. After the API could not be reached, it returns
// that error for the rest of the walk, so that a thousand lookups wait once. The error is a
// [lookupError].
func (s *datasetStore) lookUp(ctx context.Context, lookup func(context.Context) (*apify.Dataset, error)) (*apify.Dataset, error) {
	if err := s.unreachable.Load(); err != nil {
		return nil, &lookupError{err: *err, known: true}
	}
	limited, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	d, err := lookup(limited)
	if err == nil {
		return d, nil
	}
	if ctx.Err() == nil && isUnreachable(err) {
		s.unreachable.Store(&err)
	}
	return nil, &lookupError{err: err}
}

// isUnreachable reports whether the API could not be connected to, or did not respond during a
// whole call. A connection that was lost is neither.
func isUnreachable(err error) bool {
	var (
		e       *apify.Error
		timeout interface{ Timeout() bool }
	)
	return errors.As(err, &e) && e.Status == 0 && (!e.MayHaveTakenEffect || errors.As(err, &timeout) && timeout.Timeout())
}

// findByName returns the dataset of the token's account that has a name, or nil. Many lookups are
// served from the list, which can miss a recent change.
func (s *datasetStore) findByName(ctx context.Context, name string) (*apify.Dataset, error) {
	if d, known := s.cache.findByName(ctx, name); known && (d == nil || d.UserID != nil && s.isOwnAccount(ctx, *d.UserID)) {
		return d, nil
	}
	if err := s.unreachable.Load(); err != nil { // since the lookup waited for the list
		return nil, *err
	}
	return existingOrNil(s.client.GetDataset(ctx, apify.DatasetNameRef("", name)))
}

// existingOrNil replaces the error of a dataset that does not exist with nil.
func existingOrNil(d *apify.Dataset, err error) (*apify.Dataset, error) {
	if apify.IsNotFound(err) {
		return nil, nil
	}
	return d, err
}

// isOwnAccount reports whether an ID is certainly that of the token's account.
func (s *datasetStore) isOwnAccount(ctx context.Context, id string) bool {
	accountID, err := s.account.id(ctx)
	if err != nil {
		return false
	}
	s.owners.setAccount(accountID)
	return accountID == id
}

// create creates a dataset, or adopts the one that has the name if adopt is true. If a schema is
// configured, an adopted dataset must have it. If the API returns a dataset that this run deletes
// or renames, create waits for that and creates the dataset again. The error is an
// [existingDatasetError], an [otherSchemaError], a [managedTwiceError], a [deletionWaitError] or
// that of the API; all but the last mean that nothing was changed.
func (s *datasetStore) create(ctx context.Context, name string, schema jsontypes.Normalized, adopt bool) (*apify.CreateDatasetResult, error) {
	defer s.owners.startWrite()()
	var sent json.RawMessage
	if configured := schema.ValueString(); configured != "" {
		sent = json.RawMessage(configured)
	}
	for waited := false; ; {
		created, err := s.client.CreateDataset(ctx, name, sent)
		if err != nil {
			return nil, err
		}
		if sent != nil && created.Schema == nil { // the response to a POST may have fewer fields than that to a GET
			if d, err := s.client.GetDataset(ctx, apify.DatasetIDRef(created.ID)); err == nil {
				created.Schema = d.Schema
			}
		}
		s.cache.invalidate(created.ID)
		if holder, ok := s.owners.get(created.ID); ok && holder.isRenamed() && !waited {
			waited = true
			owner := datasetModel{datasetSummary: datasetSummary{UserID: types.StringPointerValue(created.UserID)}}
			if s.awaitName(ctx, owner, name) == nil {
				continue
			}
		}
		deletion := s.owners.deletion(created.ID)
		if deletion == nil {
			if created.Existed && !adopt {
				return nil, &existingDatasetError{&created.Dataset}
			}
			if created.Existed && isOtherSchema(schema, newSchema(&created.Dataset)) {
				return nil, &otherSchemaError{&created.Dataset}
			}
			if deletion, err = s.owners.claim(created.ID); deletion == nil {
				return created, err
			}
		}
		if err := s.awaitDeletion(ctx, created.ID, deletion); err != nil {
			return nil, err
		}
	}
}

// awaitDeletion waits until a deletion of this run has succeeded.
func (s *datasetStore) awaitDeletion(ctx context.Context, id string, d *deletion) error {
	defer s.owners.startWait()()
	select {
	case <-d.done:
	case <-ctx.Done():
		return &deletionWaitError{id, ctx.Err()}
	}
	if !d.deleted {
		return &managedTwiceError{id}
	}
	// The API can return the deleted dataset for a moment, so the next POST must not follow at
	// once. If it does not stop, the dataset still exists: the 404 of the deletion was wrong.
	if time.Since(d.ended) > s.waits.max {
		return &deletionWaitError{id, errStillExists}
	}
	select {
	case <-time.After(s.waits.poll):
		return nil
	case <-ctx.Done():
		return &deletionWaitError{id, ctx.Err()}
	}
}

// update changes a dataset and returns it as it is afterwards. A rename to a name that another
// dataset has waits for this run to free the name. The error is a [nameTakenError], a
// [lostAccessError] or that of the API.
func (s *datasetStore) update(ctx context.Context, prior datasetModel, update apify.DatasetUpdate) (*apify.Dataset, error) {
	defer s.owners.startWrite()()
	s.cache.invalidate(prior.ID.ValueString())
	send := s.rename
	if update.Name == nil || *update.Name == "" {
		send = s.send
	}
	d, err := send(ctx, prior, update)
	if apify.IsForbidden(err) {
		err = s.denied(ctx, prior, err)
	}
	return d, err
}

func (s *datasetStore) send(ctx context.Context, prior datasetModel, update apify.DatasetUpdate) (*apify.Dataset, error) {
	return s.client.UpdateDataset(ctx, prior.ID.ValueString(), update)
}

// rename sends an update with a new name when no other dataset has the name.
func (s *datasetStore) rename(ctx context.Context, prior datasetModel, update apify.DatasetUpdate) (*apify.Dataset, error) {
	for retried := false; ; retried = true {
		// Apify's local platform accepts a taken name, so the provider looks the name up in any
		// case.
		if err := s.awaitName(ctx, prior, *update.Name); err != nil {
			return nil, err
		}
		d, err := s.send(ctx, prior, update)
		if !mayMeanNameTaken(err) {
			return d, err
		}
		holder := s.nameHolder(ctx, prior, *update.Name)
		switch {
		case holder == nil && (retried || !isNameNotUnique(err)):
			return nil, err
		case holder != nil && retried:
			return nil, s.nameTaken(*update.Name, holder, err)
		}
	}
}

// mayMeanNameTaken reports whether an error of a rename can mean that another dataset has the name.
// Apify's type for it is name-not-unique; other servers choose a status only.
func mayMeanNameTaken(err error) bool {
	var e *apify.Error
	return errors.As(err, &e) && (e.Status == http.StatusBadRequest || e.Status == http.StatusConflict)
}

// isNameNotUnique reports whether Apify refused a rename because another dataset had the name. If
// no dataset has it any more, the rename is sent once again.
func isNameNotUnique(err error) bool {
	var e *apify.Error
	return errors.As(err, &e) && e.Type == "name-not-unique"
}

// nameWaits are the times for which a write waits for a name that another dataset has.
type nameWaits struct {
	// max limits how long a rename waits, and a creation after a deletion has ended.
	max time.Duration
	// idle is the time without any write in progress after which nothing will free the name.
	idle time.Duration
	// poll is the time between two lookups of the name.
	poll time.Duration
}

var defaultNameWaits = nameWaits{max: 10 * time.Second, idle: 2 * time.Second, poll: 500 * time.Millisecond}

// awaitName returns when no other dataset has a name. It waits while other writes of this run make
// progress, up to the limit. The error is a [nameTakenError].
func (s *datasetStore) awaitName(ctx context.Context, prior datasetModel, name string) error {
	holder := s.nameHolder(ctx, prior, name)
	if holder == nil {
		return nil
	}
	defer s.owners.startWait()()
	deadline := time.Now().Add(s.waits.max)
	idleSince := time.Now()
	for {
		active, moved, stuck := s.owners.progress()
		now := time.Now()
		if active > 0 {
			idleSince = now
		}
		idle := now.Sub(idleSince) > s.waits.idle
		if idle { // for the other renames too
			s.owners.giveUp()
		}
		if idle || stuck || now.After(deadline) || ctx.Err() != nil {
			return s.nameTaken(name, holder, nil)
		}
		select {
		case <-moved:
		case <-time.After(s.waits.poll):
		case <-ctx.Done():
			continue
		}
		if next := s.nameHolder(ctx, prior, name); next != nil {
			holder = next
			continue
		}
		if ctx.Err() == nil { // else the lookup failed, and the name may still be taken
			return nil
		}
	}
}

// nameHolder returns the other dataset of the same owner that has a name. It returns nil if there
// is none, or if the lookup fails: then the response to the rename decides.
func (s *datasetStore) nameHolder(ctx context.Context, prior datasetModel, name string) *apify.Dataset {
	d, err := s.client.GetDataset(ctx, apify.DatasetNameRef(prior.UserID.ValueString(), name))
	if err != nil || d.ID == prior.ID.ValueString() {
		return nil
	}
	return d
}

func (s *datasetStore) nameTaken(name string, holder *apify.Dataset, err error) error {
	_, managed := s.owners.get(holder.ID)
	return &nameTakenError{name: name, holder: holder, managed: managed, err: err}
}

// leave gives a dataset in state up to another resource that adopts it according to the plan. The
// error is [errAdopted].
func (s *datasetStore) leave(id string) error {
	defer s.owners.startWrite()()
	s.owners.release(id)
	return errAdopted
}

// delete deletes a dataset in state, unless it contains items and force is false. The error is
// [errAdopted], a [containsItemsError], an [itemsUnknownError], a [lostAccessError], an
// [accountError] or that of the API. A dataset that was deleted before is no error.
func (s *datasetStore) delete(ctx context.Context, prior datasetModel, force bool) (err error) {
	defer s.owners.startWrite()()
	id := prior.ID.ValueString()
	started := s.owners.startDeletion(id)
	if started == nil {
		return errAdopted
	}
	defer func() { s.owners.endDeletion(id, started, err == nil) }()
	err = s.deleteUnlessItems(ctx, id, force)
	if apify.IsNotFound(err) {
		// Nothing is deleted after a 404: a dataset that the provider could not look into may
		// contain items.
		if err = s.notFound(ctx, prior, err); errors.Is(err, errDatasetDeleted) {
			return nil
		}
	}
	if apify.IsForbidden(err) {
		err = s.denied(ctx, prior, err)
	}
	return err
}

func (s *datasetStore) deleteUnlessItems(ctx context.Context, id string, force bool) error {
	if !force {
		items, err := s.items(ctx, id)
		switch {
		case apify.IsNotFound(err):
			return err
		case err != nil:
			return &itemsUnknownError{err}
		case items != "":
			return &containsItemsError{items}
		}
	}
	s.cache.invalidate(id)
	return s.client.DeleteDataset(ctx, id)
}

// discard deletes a dataset that this run created and that no state refers to. A dataset that does
// not exist is no error.
func (s *datasetStore) discard(ctx context.Context, id string) error {
	s.cache.invalidate(id)
	_, err := existingOrNil(nil, s.client.DeleteDataset(ctx, id))
	return err
}

// items returns the number of items of a dataset, such as "3 items", or "" without any. The
// counters lag behind, so if they are 0 it requests one item.
func (s *datasetStore) items(ctx context.Context, id string) (string, error) {
	d, err := s.client.GetDataset(ctx, apify.DatasetIDRef(id))
	if err != nil {
		return "", err
	}
	if n := itemCount(d); n > 0 {
		return itemsText(n), nil
	}
	some, err := s.client.DatasetHasItems(ctx, id)
	if !some {
		return "", err
	}
	return "items (exact count not yet available)", nil
}

// itemCount returns the number of items of a dataset by its counters.
func itemCount(d *apify.Dataset) int64 {
	var n int64
	for _, counter := range []*int64{d.ItemCount, d.CleanItemCount} {
		if counter != nil {
			n = max(n, *counter)
		}
	}
	return n
}

func itemsText(n int64) string {
	if n == 1 {
		return "1 item"
	}
	return fmt.Sprintf("%d items", n)
}
