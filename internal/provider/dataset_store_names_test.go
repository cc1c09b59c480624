package provider

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// deleteSlowly starts to delete a dataset in state. The deletion has its effect, or fails, after
// release is called; result receives its error.
func (s *storeTest) deleteSlowly(store *datasetStore, m datasetModel, fault emulator.Fault) (release func(), result <-chan error) {
	s.tb.Helper()
	arrived, released := make(chan struct{}), make(chan struct{})
	fault.Times = 1
	fault.Before = func(*http.Request) {
		close(arrived)
		<-released
	}
	s.inject(deleteDataset, fault)
	done := make(chan error, 1)
	go func() { done <- store.delete(s.tb.Context(), m, true) }()
	<-arrived
	return func() { close(released) }, done
}

// TestDatasetStore_createDuringDeletion creates a dataset while the dataset that has the name is
// being deleted: the creation waits, and then does not end up with the deleted dataset.
func TestDatasetStore_createDuringDeletion(t *testing.T) {
	checkGoroutines(t)
	for _, adopt := range []bool{true, false} {
		s := newStoreTest(t, true, 0)
		m := s.readOne("reused")
		store := s.newStore()
		release, deleted := s.deleteSlowly(store, m, emulator.Fault{})
		time.AfterFunc(100*time.Millisecond, release)
		s.reset()
		created, err := store.create(t.Context(), "reused", noSchema, adopt)
		if err != nil || created.ID == m.ID.ValueString() || created.Existed {
			t.Errorf("adopt: %t: got %+v, %v, want a new dataset", adopt, created, err)
		}
		if err := <-deleted; err != nil {
			t.Error(err)
		}
		if got := s.sent()[postDatasets]; got != 2 {
			t.Errorf("adopt: %t: the store sent %d POST requests, want 2", adopt, got)
		}
	}
}

// TestDatasetStore_createDuringFailedDeletion creates a dataset while a deletion is about to fail.
// The resource then still manages the dataset.
func TestDatasetStore_createDuringFailedDeletion(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	m := s.readOne("kept")
	store := s.newStore()
	release, deleted := s.deleteSlowly(store, m, emulator.FaultNamed(emulator.FaultForbidden))
	time.AfterFunc(100*time.Millisecond, release)
	s.reset()
	_, err := store.create(t.Context(), "kept", noSchema, true)
	expectManagedTwice(t, err, m.ID.ValueString())
	if err := <-deleted; !apify.IsForbidden(err) {
		t.Errorf("the deletion has the error %v", err)
	}
	if got := s.sent()[postDatasets]; got != 1 {
		t.Errorf("the store sent %d POST requests, want 1", got)
	}
}

// TestDatasetStore_deletionTakesTooLong gives up a creation that waits for a deletion at the end of
// its timeout.
func TestDatasetStore_deletionTakesTooLong(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	m := s.readOne("slow")
	store := s.newStore()
	release, deleted := s.deleteSlowly(store, m, emulator.Fault{})
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err := store.create(ctx, "slow", noSchema, true)
	var wait *deletionWaitError
	if !errors.As(err, &wait) || wait.id != m.ID.ValueString() {
		t.Errorf("got %v, want the error of a wait", err)
	}
	release()
	if err := <-deleted; err != nil {
		t.Error(err)
	}
	// The next creation finds the name free.
	if created, err := store.create(t.Context(), "slow", noSchema, false); err != nil || created.ID == m.ID.ValueString() {
		t.Errorf("got %+v, %v", created, err)
	}
}

// TestDatasetStore_deletionThatWasNone creates a dataset after a deletion that ended with a wrong
// 404. The API returns the dataset, and the creation gives up.
func TestDatasetStore_deletionThatWasNone(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	m := s.readOne("exists")
	store := s.newStore()
	store.waits = nameWaits{max: 100 * time.Millisecond, poll: 20 * time.Millisecond}
	s.inject(deleteDataset, emulator.FaultNamed(emulator.FaultNotFoundByAPI))
	if err := store.delete(t.Context(), m, true); err != nil {
		t.Fatal(err)
	}
	_, err := store.create(t.Context(), "exists", noSchema, true)
	var wait *deletionWaitError
	if !errors.As(err, &wait) || !errors.Is(err, errStillExists) {
		t.Fatalf("got %v, want the error of a dataset that still exists", err)
	}
	if d := createError(datasetResourceModel{}, err); !strings.Contains(d.Detail(), "The deletion ended, but the API still returns the dataset. Nothing was created.") {
		t.Errorf("the diagnostic is %q", d.Detail())
	}
	if got := s.sent()[postDatasets]; got < 2 {
		t.Errorf("the store sent %d POST requests, want several", got)
	}
}

// rename renames a dataset, without a plan.
func (s *storeTest) rename(ctx context.Context, store *datasetStore, m datasetModel, name string) error {
	_, err := store.update(ctx, m, apify.DatasetUpdate{Name: &name})
	return err
}

// expectNameTaken fails the test unless an error names the dataset that has the name.
func expectNameTaken(t *testing.T, err error, holderID string, managed bool) {
	t.Helper()
	var taken *nameTakenError
	if !errors.As(err, &taken) || taken.holder.ID != holderID || taken.managed != managed {
		t.Errorf("got %v, want that dataset %s has the name, managed: %t", err, holderID, managed)
	}
}

// TestDatasetStore_renameWaits renames a dataset while a rename or a deletion frees the name.
func TestDatasetStore_renameWaits(t *testing.T) {
	checkGoroutines(t)
	for request, free := range map[string]func(s *storeTest, store *datasetStore, m datasetModel) error{
		putDataset: func(s *storeTest, store *datasetStore, m datasetModel) error {
			return s.rename(t.Context(), store, m, "free")
		},
		deleteDataset: func(_ *storeTest, store *datasetStore, m datasetModel) error {
			return store.delete(t.Context(), m, true)
		},
	} {
		s := newStoreTest(t, true, 0)
		s.read(s.seed(2)...)
		holder, renamed := s.state[0], s.state[1]
		store := s.newStore()
		arrived, release := s.block(request)
		freed := make(chan error, 1)
		go func() { freed <- free(s, store, holder) }()
		<-arrived
		time.AfterFunc(300*time.Millisecond, release) // later than testNameWaits.idle
		if err := s.rename(t.Context(), store, renamed, holder.Name.ValueString()); err != nil {
			t.Errorf("%s: the rename has the error %v", request, err)
		}
		if err := <-freed; err != nil {
			t.Error(err)
		}
		if d, _ := s.api.Dataset(renamed.ID.ValueString()); d.Name != holder.Name.ValueString() {
			t.Errorf("%s: the dataset is named %q", request, d.Name)
		}
	}
}

// TestDatasetStore_renameGivesUp waits for a name once. After nothing moved, no other rename waits.
func TestDatasetStore_renameGivesUp(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	ids := s.seed(3)
	s.read(ids...)
	store := s.newStore()
	store.waits = nameWaits{max: time.Minute, idle: 500 * time.Millisecond, poll: 20 * time.Millisecond}
	store.owners.see(ids[0], emulator.DefaultUserID, "seeded-0", false)
	s.reset()

	start := time.Now()
	expectNameTaken(t, s.rename(t.Context(), store, s.state[1], "SEEDED-0"), ids[0], true)
	first := time.Since(start)
	start = time.Now()
	expectNameTaken(t, s.rename(t.Context(), store, s.state[0], "seeded-2"), ids[2], false)
	if second := time.Since(start); first < 400*time.Millisecond || second > 300*time.Millisecond {
		t.Errorf("the renames waited %s and %s, want only the first to wait", first, second)
	}
	if got := s.sent()[putDataset]; got != 0 {
		t.Errorf("the store sent %d PUT requests", got)
	}
	// A free name needs no waiting.
	if err := s.rename(t.Context(), store, s.state[1], "free"); err != nil {
		t.Error(err)
	}
}

// TestDatasetStore_renameLimit stops waiting at the limit, and at the end of the operation, though
// other writes are in progress.
func TestDatasetStore_renameLimit(t *testing.T) {
	checkGoroutines(t)
	for _, waits := range []nameWaits{
		{max: 200 * time.Millisecond, idle: time.Minute, poll: 20 * time.Millisecond},
		{max: time.Minute, idle: time.Minute, poll: 20 * time.Millisecond},
	} {
		s := newStoreTest(t, true, 0)
		ids := s.seed(3)
		s.read(ids...)
		store := s.newStore()
		store.waits = waits
		release, deleted := s.deleteSlowly(store, s.state[2], emulator.Fault{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		start := time.Now()
		expectNameTaken(t, s.rename(ctx, store, s.state[1], "seeded-0"), ids[0], false)
		if took := time.Since(start); took > 2*time.Second {
			t.Errorf("%v: the rename waited %s", waits, took)
		}
		cancel()
		release()
		if err := <-deleted; err != nil {
			t.Error(err)
		}
	}
}

// TestDatasetStore_renameRefused sends a rename that is refused for another reason once, and looks
// for the dataset that has the name if the API says that there is one.
func TestDatasetStore_renameRefused(t *testing.T) {
	checkGoroutines(t)
	notUnique := emulator.Fault{Status: http.StatusBadRequest, Body: `{"error":{"type":"name-not-unique","message":"Taken."}}`}
	once := notUnique
	once.Times = 1
	for _, test := range []struct {
		name  string
		fault emulator.Fault
		puts  int
		fails bool
	}{
		{"no permission", emulator.FaultNamed(emulator.FaultForbidden), 1, true},
		{"name just freed", once, 2, false},
		{"name not free", notUnique, 2, true},
	} {
		s := newStoreTest(t, true, 0)
		m := s.readOne("old")
		store := s.newStore()
		s.inject(putDataset, test.fault)
		s.reset()
		if err := s.rename(t.Context(), store, m, "new"); (err != nil) != test.fails {
			t.Errorf("%s: the rename has the error %v", test.name, err)
		}
		if got := s.sent()[putDataset]; got != test.puts {
			t.Errorf("%s: the store sent %d PUT requests, want %d", test.name, got, test.puts)
		}
	}
}

// TestDatasetStore_renameTimeout ends the wait of one rename, by its own timeout and by the limit,
// while the holder of another name is about to give it up. The other rename still waits.
func TestDatasetStore_renameTimeout(t *testing.T) {
	checkGoroutines(t)
	for _, limit := range []time.Duration{100 * time.Millisecond, time.Minute} {
		s := newStoreTest(t, true, 0)
		ids := s.seed(3)
		s.read(ids...)
		s.api.Seed(emulator.Dataset{Name: "foreign"})
		store := s.newStore()
		store.waits = nameWaits{max: time.Minute, idle: time.Minute, poll: 10 * time.Millisecond}
		arrived, release := s.block(putDataset)
		var slow sync.WaitGroup
		slow.Go(func() { // gives up the name seeded-0
			if err := s.rename(t.Context(), store, s.state[0], "freed"); err != nil {
				t.Error(err)
			}
		})
		<-arrived
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		if limit < time.Minute {
			ctx = t.Context()
			store.waits.max = limit
		}
		var taken *nameTakenError
		if err := s.rename(ctx, store, s.state[1], "foreign"); !errors.As(err, &taken) {
			t.Errorf("the rename to a foreign name got %v", err)
		}
		cancel()
		store.waits.max = time.Minute
		time.AfterFunc(50*time.Millisecond, release)
		if err := s.rename(t.Context(), store, s.state[2], "seeded-0"); err != nil {
			t.Errorf("the other rename got %v", err)
		}
		slow.Wait()
	}
}

// TestDatasetStore_createDuringRename creates a dataset while the dataset that has the name is
// being renamed: the creation waits, and then does not end up with the renamed dataset.
func TestDatasetStore_createDuringRename(t *testing.T) {
	checkGoroutines(t)
	for _, adopt := range []bool{true, false} {
		s := newStoreTest(t, true, 0)
		m := s.readOne("reused")
		store := s.newStore()
		if _, err := store.planUpdate(t.Context(), m, types.StringValue("renamed")); err != nil {
			t.Fatal(err)
		}
		arrived, release := s.block(putDataset)
		var slow sync.WaitGroup
		slow.Go(func() {
			if err := s.rename(t.Context(), store, m, "renamed"); err != nil {
				t.Error(err)
			}
		})
		<-arrived
		time.AfterFunc(100*time.Millisecond, release)
		s.reset()
		created, err := store.create(t.Context(), "reused", noSchema, adopt)
		if err != nil || created.ID == m.ID.ValueString() || created.Existed {
			t.Errorf("adopt: %t: got %+v, %v, want a new dataset", adopt, created, err)
		}
		slow.Wait()
		if got := s.sent()[postDatasets]; got != 2 {
			t.Errorf("adopt: %t: the store sent %d POST requests, want 2", adopt, got)
		}
	}
}

// TestDatasetStore_lostConnection looks up names after one lost connection. The API counts as
// unreachable only if connections are refused, or if it does not respond.
func TestDatasetStore_lostConnection(t *testing.T) {
	checkGoroutines(t)
	for fault, unreachable := range map[string]bool{emulator.FaultReset: false, emulator.FaultHang: true} {
		s := newStoreTest(t, true, 0)
		s.api.Seed(emulator.Dataset{Name: "exists"})
		store := s.newStore(func(c *apify.Config) { c.MaxRetries, c.RequestTimeout = 0, 200*time.Millisecond })
		once := emulator.FaultNamed(fault)
		once.Times = 1
		s.inject(getDataset, once)
		var lookup *lookupError
		if _, err := store.lookUpName(t.Context(), "", "exists"); !errors.As(err, &lookup) || lookup.known {
			t.Errorf("%s: got %v", fault, err)
		}
		d, err := store.lookUpName(t.Context(), "", "exists")
		if unreachable != (errors.As(err, &lookup) && lookup.known) || unreachable == (d != nil) {
			t.Errorf("%s: after it, got %+v, %v", fault, d, err)
		}
	}
}
