package provider

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/url"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// datasetKind is everything that the provider offers for datasets.
var datasetKind = storageKind{
	newStore: func(client *apify.Client, account *tokenAccount, now func() time.Time) any {
		return newDatasetStore(client, account, now)
	},
	resources:          []func() resource.Resource{newDatasetResource},
	dataSources:        []func() datasource.DataSource{newDatasetDataSource, newDatasetsDataSource},
	ephemeralResources: []func() ephemeral.EphemeralResource{newDatasetItemsURLEphemeralResource},
	listResources:      []func() list.ListResource{newDatasetListResource},
}

// datasetStore is the only way to a dataset. It combines the API with the memory of one provider
// process: the cache, and the resources that manage each dataset. Every write invalidates the cache
// and claims the dataset here, so callers call one method each.
type datasetStore struct {
	client  *apify.Client
	account *tokenAccount
	now     func() time.Time // the clock that signatures are compared with
	cache   *datasetCache
	owners  *datasetOwners
}

func newDatasetStore(client *apify.Client, account *tokenAccount, now func() time.Time) *datasetStore {
	return &datasetStore{
		client:  client,
		account: account,
		now:     now,
		cache:   newDatasetCache(client),
		owners:  newDatasetOwners(),
	}
}

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

// accountError is the error of a dataset that the API does not find, if the token's account cannot
// be looked up.
type accountError struct {
	datasetID string
	err       error
}

func (e *accountError) Error() string { return e.err.Error() }
func (e *accountError) Unwrap() error { return e.err }

// lostAccessError is the error of a dataset that the API does not find, if state says that the
// owner is another account than the token's.
type lostAccessError struct {
	ownerID  string // empty if state has none
	account  *apify.User
	notFound error
}

func (e *lostAccessError) Error() string { return e.notFound.Error() }
func (e *lostAccessError) Unwrap() error { return e.notFound }

// containsItemsError is the error of a deletion that would lose items.
type containsItemsError struct {
	prior datasetModel
	items string // such as "3 items"
}

func (e *containsItemsError) Error() string {
	return fmt.Sprintf("dataset %s contains %s", e.prior.ID.ValueString(), e.items)
}

// itemsUnknownError is the error of a deletion if the provider cannot check for items.
type itemsUnknownError struct{ err error }

func (e *itemsUnknownError) Error() string { return e.err.Error() }
func (e *itemsUnknownError) Unwrap() error { return e.err }

// errAdopted is the error of the deletion of a dataset that this run created or adopted.
var errAdopted = errors.New("another resource created or adopted the dataset during this run")

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
			user, err := s.account.get(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			accountID = user.ID
		}
		for d, err := range s.client.ListDatasets(ctx, options) {
			if err == nil && !filter.matches(d, accountID) {
				continue
			}
			if !yield(d, err) {
				return
			}
		}
	}
}

// refresh returns the current model of a dataset in state. The error is a [managedTwiceError],
// [errDatasetDeleted], a [lostAccessError], an [accountError] or that of the API.
func (s *datasetStore) refresh(ctx context.Context, prior datasetModel) (datasetModel, error) {
	id := prior.ID.ValueString()
	if !s.owners.refresh(id) {
		return prior, &managedTwiceError{id}
	}
	if s.cache.isUnchanged(ctx, prior, s.now().Add(signatureMargin)) {
		return prior, nil
	}
	d, err := s.client.GetDataset(ctx, apify.DatasetIDRef(id))
	if apify.IsNotFound(err) {
		return prior, s.notFound(ctx, prior, err)
	}
	if err != nil {
		return prior, err
	}
	s.cache.observe(d)
	m, err := newDatasetModel(d)
	if err != nil {
		return prior, err
	}
	m.keepName(prior)
	m.keepItemsURL(prior, d, s.now())
	return m, nil
}

// notFound returns the error that a 404 of the API means. The API's response is the same if the
// dataset was deleted, if the token lost its access, and if it belongs to another account. So the
// dataset was deleted only if the token's account owns it.
func (s *datasetStore) notFound(ctx context.Context, prior datasetModel, err error) error {
	user, accountErr := s.account.get(ctx)
	switch {
	case accountErr != nil:
		return &accountError{prior.ID.ValueString(), accountErr}
	case user.ID != prior.UserID.ValueString():
		return &lostAccessError{prior.UserID.ValueString(), user, err}
	}
	return errDatasetDeleted
}

// plan records the plan of a resource in state. The error is a [managedTwiceError].
func (s *datasetStore) plan(id string) error {
	if !s.owners.own(id) {
		return &managedTwiceError{id}
	}
	return nil
}

// isApplying reports whether this walk is an apply that has started to write.
func (s *datasetStore) isApplying() bool { return s.owners.isWriting() }

// planCreation returns the existing dataset that has the name of a planned creation, or nil. adopt
// is whether the creation would adopt it, and replacedID the ID of the dataset that the same
// resource has now, if the resource is being replaced. The error is a [managedTwiceError], an
// [errNamePlannedTwice] or that of the API.
func (s *datasetStore) planCreation(ctx context.Context, name string, adopt bool, replacedID string) (*apify.Dataset, error) {
	if !s.owners.planName(name) {
		return nil, errNamePlannedTwice
	}
	if s.owners.isWriting() {
		return nil, nil // this is an apply: the POST follows, and its response is certain
	}
	existing, err := s.findByName(ctx, name)
	if err != nil || existing == nil || existing.ID == replacedID {
		return nil, err
	}
	free, mayBeTainted := s.owners.find(existing.ID, adopt)
	switch {
	case !free:
		return nil, &managedTwiceError{existing.ID}
	case mayBeTainted:
		return nil, nil
	}
	return existing, nil
}

// errNamePlannedTwice is the error of a planned creation whose name another planned creation has.
var errNamePlannedTwice = errors.New("another planned creation has the same name")

// findByName returns the dataset of the token's account that has a name, or nil. Many lookups are
// served from the list, which can miss a recent change.
func (s *datasetStore) findByName(ctx context.Context, name string) (*apify.Dataset, error) {
	if d, known := s.cache.findByName(ctx, name); known && (d == nil || s.isOwn(ctx, d)) {
		return d, nil
	}
	d, err := s.client.GetDataset(ctx, apify.DatasetNameRef("", name))
	if apify.IsNotFound(err) {
		return nil, nil
	}
	return d, err
}

// isOwn reports whether a dataset certainly belongs to the token's account: not every server
// applies the list's ownership filter.
func (s *datasetStore) isOwn(ctx context.Context, d *apify.Dataset) bool {
	user, err := s.account.get(ctx)
	return err == nil && d.UserID != nil && *d.UserID == user.ID
}

// create creates a dataset, or adopts the one that has the name if adopt is true. The error is an
// [existingDatasetError], a [managedTwiceError] or that of the API; the first two mean that nothing
// was changed.
func (s *datasetStore) create(ctx context.Context, name string, adopt bool) (*apify.CreateDatasetResult, error) {
	s.owners.startWriting()
	created, err := s.client.CreateDataset(ctx, name)
	if err != nil {
		return nil, err
	}
	s.cache.invalidate(created.ID)
	if created.Existed && !adopt {
		return nil, &existingDatasetError{&created.Dataset}
	}
	if !s.owners.claim(created.ID) {
		return nil, &managedTwiceError{created.ID}
	}
	return created, nil
}

// update changes a dataset and returns it as it is afterwards.
func (s *datasetStore) update(ctx context.Context, id string, update apify.DatasetUpdate) (*apify.Dataset, error) {
	s.owners.startWriting()
	s.cache.invalidate(id)
	return s.client.UpdateDataset(ctx, id, update)
}

// delete deletes a dataset in state, unless it contains items and force is false. The error is
// [errAdopted], a [containsItemsError], an [itemsUnknownError], a [lostAccessError], an
// [accountError] or that of the API. A dataset that was deleted before is no error.
func (s *datasetStore) delete(ctx context.Context, prior datasetModel, force bool) error {
	s.owners.startWriting()
	id := prior.ID.ValueString()
	if !s.owners.release(id) {
		return errAdopted
	}
	err := s.deleteUnlessItems(ctx, id, force)
	var items *containsItemsError
	switch {
	case errors.As(err, &items):
		items.prior = prior
		return items
	case apify.IsNotFound(err):
		// Nothing is deleted after a 404: a dataset that the provider could not look into may
		// contain items.
		if err = s.notFound(ctx, prior, err); errors.Is(err, errDatasetDeleted) {
			err = nil
		}
	}
	if err == nil {
		s.owners.forget(id)
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
			return &containsItemsError{items: items}
		}
	}
	s.cache.invalidate(id)
	return s.client.DeleteDataset(ctx, id)
}

// discard deletes a dataset that this run created and that no state refers to. A dataset that does
// not exist is no error.
func (s *datasetStore) discard(ctx context.Context, id string) error {
	s.cache.invalidate(id)
	if err := s.client.DeleteDataset(ctx, id); err != nil && !apify.IsNotFound(err) {
		return err
	}
	return nil
}

// items returns the number of items of a dataset, such as "3 items", or "" without any. The
// counters lag behind, so if they are 0 it requests one item.
func (s *datasetStore) items(ctx context.Context, id string) (string, error) {
	d, err := s.client.GetDataset(ctx, apify.DatasetIDRef(id))
	if err != nil {
		return "", err
	}
	switch n := max(valueOrZero(d.ItemCount), valueOrZero(d.CleanItemCount)); {
	case n == 1:
		return "1 item", nil
	case n > 1:
		return fmt.Sprintf("%d items", n), nil
	}
	some, err := s.client.DatasetHasItems(ctx, id)
	if !some {
		return "", err
	}
	return "items (exact count not yet available)", nil
}

func valueOrZero(n *int64) int64 {
	if n == nil {
		return 0
	}
	return *n
}
