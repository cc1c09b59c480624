package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// After a write, the cache serves nothing about the dataset from lists, which lag.
func TestDatasetStore_writesInvalidate(t *testing.T) {
	checkGoroutines(t)
	for name, write := range map[string]func(context.Context, *datasetStore, datasetModel) error{
		"update": func(ctx context.Context, store *datasetStore, m datasetModel) error {
			_, err := store.update(ctx, m, apify.DatasetUpdate{Name: new("renamed")})
			return err
		},
		"delete": func(ctx context.Context, store *datasetStore, m datasetModel) error {
			return store.delete(ctx, m, false)
		},
		"forced delete": func(ctx context.Context, store *datasetStore, m datasetModel) error {
			return store.delete(ctx, m, true)
		},
		"discard": func(ctx context.Context, store *datasetStore, m datasetModel) error {
			return store.discard(ctx, m.ID.ValueString())
		},
		"create": func(ctx context.Context, store *datasetStore, m datasetModel) error {
			created, err := store.create(ctx, m.Name.ValueString(), noSchema, true)
			if err == nil && created.ID != m.ID.ValueString() {
				return fmt.Errorf("dataset %s was created", created.ID)
			}
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStoreTest(t, true, 0)
			s.read(s.seed(2*singleReads + 2)...)
			s.freezeLists()
			store := s.newStore()
			s.refreshAll(store)
			s.lookUpFreeNames(store, singleReads, time.Minute)
			m := s.state[0]
			s.expectLookup(t.Context(), store, "seeded-1", true) // looks up the account as well
			s.reset()
			if err := s.checkRefresh(t.Context(), store, m); err != nil {
				t.Fatal(err)
			}
			s.expectLookup(t.Context(), store, m.Name.ValueString(), true)
			s.expectReads(0, 0)

			if err := write(t.Context(), store, m); err != nil {
				t.Fatal(err)
			}
			s.reset()
			if err := s.checkRefresh(t.Context(), store, m); err != nil {
				t.Error(err)
			}
			s.expectLookup(t.Context(), store, m.Name.ValueString(), name == "create")
			if n := s.sent()[getDataset]; n != 2 {
				t.Errorf("the requests were %v, want 2 single reads", s.sent())
			}
		})
	}
}

// readOne creates a dataset in the first account, and returns its model.
func (s *storeTest) readOne(name string) datasetModel {
	s.tb.Helper()
	s.read(s.api.Seed(emulator.Dataset{Name: name}).ID)
	return s.state[len(s.state)-1]
}

func expectManagedTwice(t *testing.T, err error, id string) {
	t.Helper()
	var twice *managedTwiceError
	if !errors.As(err, &twice) || twice.id != id {
		t.Errorf("got %v, want that dataset %s is managed twice", err, id)
	}
}

func TestDatasetStore_refreshTwice(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	m := s.readOne("managed")
	store := s.newStore()
	if got, err := store.refresh(t.Context(), m); err != nil || got != m {
		t.Errorf("got %v, %v", got, err)
	}
	s.reset()
	_, err := store.refresh(t.Context(), m)
	expectManagedTwice(t, err, m.ID.ValueString())
	s.expectReads(0, 0)
}

// A refresh keeps an items URL whose signature is valid for long enough, and the spelling of a
// name.
func TestDatasetStore_refreshKeeps(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	m := s.readOne("managed")
	m.Name = types.StringValue("Managed")
	store := s.newStore()
	s.setSignature(&m, s.sign(m, s.now.Add(signatureMargin)))
	if got, err := s.refresh(t.Context(), store, m); err != nil || got != m {
		t.Errorf("got %v, %v, want %v", got, err, m)
	}
	s.setSignature(&m, s.sign(m, s.now.Add(signatureMargin-time.Millisecond)))
	if got, err := s.refresh(t.Context(), store, m); err != nil || got.ItemsPublicURL == m.ItemsPublicURL || got.Name != m.Name {
		t.Errorf("got %v, %v, want another items URL", got, err)
	}
}

// A 404 means that the dataset was deleted only if the token's account owns it.
func TestDatasetStore_notFound(t *testing.T) {
	checkGoroutines(t)
	operations := map[string]func(context.Context, *datasetStore, datasetModel) error{
		"refresh": func(ctx context.Context, store *datasetStore, m datasetModel) error {
			got, err := store.refresh(ctx, m)
			if got != m {
				t.Errorf("the model was changed to %v", got)
			}
			return err
		},
		"delete": func(ctx context.Context, store *datasetStore, m datasetModel) error {
			return store.delete(ctx, m, false)
		},
		"forced delete": func(ctx context.Context, store *datasetStore, m datasetModel) error {
			return store.delete(ctx, m, true)
		},
	}
	for name, operation := range operations {
		for _, test := range []struct {
			name      string
			ownerID   types.String
			noAccount bool
			check     func(error) bool
		}{
			{"own dataset", types.StringValue(emulator.DefaultUserID), false, func(err error) bool {
				if name == "refresh" {
					return errors.Is(err, errDatasetDeleted)
				}
				return err == nil
			}},
			{"dataset of another account", types.StringValue(secondUserID), false, isLostAccess(secondUserID)},
			{"unknown owner", types.StringNull(), false, isLostAccess("")},
			{"unknown account", types.StringValue(emulator.DefaultUserID), true, func(err error) bool {
				var unknown *accountError
				var e *apify.Error
				return errors.As(err, &unknown) && errors.As(err, &e) && e.Status == http.StatusForbidden
			}},
		} {
			t.Run(name+" "+test.name, func(t *testing.T) {
				s := newStoreTest(t, true, 0)
				m := s.readOne("managed")
				s.api.Delete(m.ID.ValueString())
				m.UserID = test.ownerID
				if test.noAccount {
					s.inject(getAccount, emulator.FaultNamed(emulator.FaultForbidden))
				}
				if err := operation(t.Context(), s.newStore(), m); !test.check(err) {
					t.Errorf("got %T %v", err, err)
				}
			})
		}
	}
}

func isLostAccess(ownerID string) func(error) bool {
	return func(err error) bool {
		var lost *lostAccessError
		return errors.As(err, &lost) && lost.ownerID == ownerID && lost.account.ID == emulator.DefaultUserID && apify.IsNotFound(err)
	}
}

// After a 404 to the search for items, the dataset must not be deleted: it may have become
// accessible.
func TestDatasetStore_deleteInaccessible(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	m := s.readOne("managed")
	fault := emulator.FaultNamed(emulator.FaultNotFoundByAPI)
	fault.Times = 1
	s.inject(getDataset, fault)
	if err := s.newStore().delete(t.Context(), m, false); err != nil {
		t.Error(err)
	}
	if n := s.sent()[deleteDataset]; n != 0 {
		t.Errorf("the requests were %v, want no deletion", s.sent())
	}
}

func TestDatasetStore_createExisting(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	m := s.readOne("existing")
	store := s.newStore()
	var existing *existingDatasetError
	if _, err := store.create(t.Context(), "Existing", noSchema, false); !errors.As(err, &existing) || existing.dataset.ID != m.ID.ValueString() {
		t.Fatalf("got %v", err)
	}
	// The failed creation has not claimed the dataset, so another one can.
	if created, err := store.create(t.Context(), "existing", noSchema, true); err != nil || created.ID != m.ID.ValueString() || !created.Existed {
		t.Fatalf("got %v, %v", created, err)
	}
	_, err := store.create(t.Context(), "existing", noSchema, true)
	expectManagedTwice(t, err, m.ID.ValueString())
	expectManagedTwice(t, store.planUnchanged(m.ID.ValueString()), m.ID.ValueString())
}

// A creation cannot adopt the dataset of a resource in state.
func TestDatasetStore_createManaged(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	m := s.readOne("managed")
	store := s.newStore()
	if err := store.planUnchanged(m.ID.ValueString()); err != nil {
		t.Fatal(err)
	}
	expectManagedTwice(t, store.planUnchanged(m.ID.ValueString()), m.ID.ValueString())
	_, err := store.create(t.Context(), "managed", noSchema, true)
	expectManagedTwice(t, err, m.ID.ValueString())
}

// The dataset that a creation of this run adopts, or is about to adopt, is not deleted.
func TestDatasetStore_deleteAdopted(t *testing.T) {
	checkGoroutines(t)
	for name, adopt := range map[string]func(context.Context, *datasetStore) error{
		"planned creation": func(ctx context.Context, store *datasetStore) error {
			result, err := store.planCreation(ctx, "managed", true, "")
			if err == nil && result.existing == nil {
				return errors.New("the creation does not find the dataset")
			}
			return err
		},
		"creation": func(ctx context.Context, store *datasetStore) error {
			_, err := store.create(ctx, "managed", noSchema, true)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStoreTest(t, true, 0)
			m := s.readOne("managed")
			store := s.newStore()
			if err := adopt(t.Context(), store); err != nil {
				t.Fatal(err)
			}
			if err := store.delete(t.Context(), m, true); !errors.Is(err, errAdopted) {
				t.Errorf("got %v", err)
			}
			if _, exists := s.api.Dataset(m.ID.ValueString()); !exists {
				t.Error("the dataset was deleted")
			}
		})
	}
	t.Run("planned creation that does not adopt", func(t *testing.T) {
		s := newStoreTest(t, true, 0)
		m := s.readOne("managed")
		store := s.newStore()
		if result, err := store.planCreation(t.Context(), "managed", false, ""); err != nil || result.existing == nil {
			t.Fatalf("got %v, %v", result, err)
		}
		if err := store.delete(t.Context(), m, true); err != nil {
			t.Error(err)
		}
	})
}

// A deleted dataset is not managed any more. A creation does not adopt it, even if the API returns
// it once more, as after a POST that the server handled before the deletion.
func TestDatasetStore_deleteForgets(t *testing.T) {
	checkGoroutines(t)
	for _, deleteOutside := range []bool{false, true} {
		s := newStoreTest(t, true, 0)
		m := s.readOne("managed")
		id := m.ID.ValueString()
		d, _ := s.api.Dataset(id)
		store := s.newStore()
		if _, err := store.refresh(t.Context(), m); err != nil {
			t.Fatal(err)
		}
		if deleteOutside {
			s.api.Delete(id)
		}
		if err := store.delete(t.Context(), m, true); err != nil {
			t.Fatal(err)
		}
		s.api.Seed(d)
		if _, err := store.refresh(t.Context(), m); err != nil {
			t.Errorf("deleted outside Terraform: %t: %v", deleteOutside, err)
		}
		go func() {
			time.Sleep(50 * time.Millisecond)
			s.api.Delete(id)
		}()
		if created, err := store.create(t.Context(), "managed", noSchema, true); err != nil || created.ID == id || created.Existed {
			t.Errorf("deleted outside Terraform: %t: got %v, %v, want a new dataset", deleteOutside, created, err)
		}
	}
}

// A dataset that could not be deleted stays managed.
func TestDatasetStore_deleteFails(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	m := s.readOne("managed")
	fault := emulator.FaultNamed(emulator.FaultForbidden)
	fault.Times = 1
	s.inject(deleteDataset, fault)
	store := s.newStore()
	if err := store.delete(t.Context(), m, true); !apify.IsForbidden(err) {
		t.Fatalf("got %v", err)
	}
	_, err := store.create(t.Context(), "managed", noSchema, true)
	expectManagedTwice(t, err, m.ID.ValueString())
}

func TestDatasetStore_discard(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	m := s.readOne("new")
	store := s.newStore()
	for range 2 { // a dataset that does not exist is no error
		if err := store.discard(t.Context(), m.ID.ValueString()); err != nil {
			t.Error(err)
		}
	}
	s.inject(deleteDataset, emulator.FaultNamed(emulator.FaultForbidden))
	if err := store.discard(t.Context(), m.ID.ValueString()); !apify.IsForbidden(err) {
		t.Errorf("got %v", err)
	}
}

func TestDatasetStore_planCreation(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	m := s.readOne("existing")
	id := m.ID.ValueString()
	s.reset()
	for _, test := range []struct {
		name       string
		before     func(*datasetStore)
		planned    string
		replacedID string
		found      bool
		err        error
		requests   int
	}{
		{name: "free name", planned: "free", requests: 1},
		{name: "existing dataset", planned: "Existing", found: true, requests: 1},
		{name: "replacement", planned: "existing", replacedID: id, requests: 1},
		{
			name:     "name of another creation",
			before:   func(store *datasetStore) { _, _ = store.planCreation(t.Context(), "Existing", true, "") },
			planned:  "existing",
			err:      errNamePlannedTwice,
			requests: 1, // of the other creation
		},
		{
			name:     "dataset of a planned resource",
			before:   func(store *datasetStore) { _ = store.planUnchanged(id) },
			planned:  "existing",
			err:      &managedTwiceError{id},
			requests: 1,
		},
		{
			name:     "dataset of a resource that may be tainted",
			before:   func(store *datasetStore) { _, _ = store.refresh(t.Context(), m) },
			planned:  "existing",
			requests: 2, // one of the refresh
		},
		{
			name:     "apply that has written",
			before:   func(store *datasetStore) { _, _ = store.update(t.Context(), m, apify.DatasetUpdate{}) },
			planned:  "existing",
			found:    true,
			requests: 2, // one of the update
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			s.reset()
			store := s.newStore()
			if test.before != nil {
				test.before(store)
			}
			result, err := store.planCreation(t.Context(), test.planned, true, test.replacedID)
			existing := result.existing
			if fmt.Sprint(err) != fmt.Sprint(test.err) || test.found != (existing != nil) || test.found && existing.ID != id {
				t.Errorf("got %v, %v, want %v", existing, err, test.err)
			}
			if s.sentInAll() != test.requests {
				t.Errorf("the requests were %v, want %d", s.sent(), test.requests)
			}
		})
	}
}
