package provider

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"
	"go.uber.org/goleak"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"

	"github.com/apify/terraform-provider-apify/internal/apify"
	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// referenceUserAgent marks the requests of a storeTest's reference client.
const referenceUserAgent = "reference"

// The second account of every storeTest. The first one is [emulator.DefaultUserID].
const (
	secondUserID = "AnotherUser000001"
	secondToken  = "apify_api_another"
)

// noSchema is the schema of a dataset without one.
var noSchema = jsontypes.NewNormalizedNull()

// storeTest is a server for tests of the store and its cache, and the models that an earlier run
// has left in state.
type storeTest struct {
	tb     testing.TB
	server *emulator.Server
	// options and api are those of the emulator; api is nil if the server has another handler.
	options emulator.Options
	api     *emulator.API
	// lists serves the requests for lists if it is set.
	lists atomic.Pointer[http.Handler]
	// reference reads datasets singly. Its requests are not counted.
	reference *apify.Client
	// now is the time of the store's clock.
	now   time.Time
	state []datasetModel
}

// newStoreTest starts an emulator that ends with the test. Its accounts restrict the access to
// their datasets, or do not.
func newStoreTest(tb testing.TB, restricted bool, pageLimit int) *storeTest {
	tb.Helper()
	options := emulator.Options{
		Users: []emulator.User{
			{ID: emulator.DefaultUserID, Username: emulator.DefaultUsername, Token: emulator.DefaultToken, AnyoneWithIDCanRead: !restricted},
			{ID: secondUserID, Username: "another", Token: secondToken, AnyoneWithIDCanRead: !restricted},
		},
		PageLimit: pageLimit,
	}
	api := emulator.NewAPI(options)
	s := newStoreTestWithHandler(tb, api)
	s.options, s.api = options, api
	return s
}

func newStoreTestWithHandler(tb testing.TB, handler http.Handler) *storeTest {
	tb.Helper()
	s := &storeTest{tb: tb, now: time.Now().Truncate(time.Millisecond)} // the resolution of signatures
	server, err := emulator.StartHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if lists := s.lists.Load(); lists != nil && r.Method == http.MethodGet && r.URL.Path == "/v2/datasets" {
			(*lists).ServeHTTP(w, r)
			return
		}
		handler.ServeHTTP(w, r)
	}))
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(server.Close)
	s.server = server
	s.reference = s.newClient(func(c *apify.Config) { c.UserAgent = referenceUserAgent })
	return s
}

// freezeLists makes the API's lists show the datasets as they are now, as lists of the real API do
// for some seconds.
func (s *storeTest) freezeLists() {
	s.tb.Helper()
	frozen := emulator.NewAPI(s.options)
	for _, d := range s.api.Datasets() {
		frozen.Seed(d)
	}
	var lists http.Handler = frozen
	s.lists.Store(&lists)
}

// ignoreOwnership makes the API ignore the ownership filter of lists, as some servers do.
func (s *storeTest) ignoreOwnership() {
	var lists http.Handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		query.Del("ownership")
		r.URL.RawQuery = query.Encode()
		s.api.ServeHTTP(w, r)
	})
	s.lists.Store(&lists)
}

func (s *storeTest) newClient(changes ...func(*apify.Config)) *apify.Client {
	s.tb.Helper()
	config := apify.Config{
		BaseURL:    s.server.URL,
		Token:      emulator.DefaultToken,
		MaxRetries: 2,
		RetryDelay: time.Millisecond,
	}
	for _, change := range changes {
		change(&config)
	}
	c, err := apify.NewClient(config)
	if err != nil {
		s.tb.Fatal(err)
	}
	return c
}

// newStore returns the store of a new provider process.
func (s *storeTest) newStore(changes ...func(*apify.Config)) *datasetStore {
	s.tb.Helper()
	client := s.newClient(changes...)
	return newDatasetStore(client, &tokenAccount{client: client}, func() time.Time { return s.now }, testNameWaits)
}

// seed creates datasets "seeded-0" and so on, and returns their IDs, oldest first.
func (s *storeTest) seed(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = s.api.Seed(emulator.Dataset{Name: fmt.Sprintf("seeded-%d", i)}).ID
	}
	return ids
}

// read adds the models of datasets to the state.
func (s *storeTest) read(ids ...string) {
	s.tb.Helper()
	for _, id := range ids {
		d, err := s.reference.GetDataset(s.tb.Context(), apify.DatasetIDRef(id))
		if err != nil {
			s.tb.Fatal(err)
		}
		m, err := newDatasetModel(d)
		if err != nil {
			s.tb.Fatal(err)
		}
		s.state = append(s.state, m)
	}
}

// sign returns a signature by a dataset's key.
func (s *storeTest) sign(m datasetModel, expires time.Time) string {
	d, _ := s.api.Dataset(m.ID.ValueString())
	return apify.Sign(d.URLSigningSecretKey, d.ID, expires)
}

// setSignature replaces the signature of the items URL in a model. An empty one removes it.
func (s *storeTest) setSignature(m *datasetModel, signature string) {
	s.tb.Helper()
	itemsURL, _, err := apify.SplitSignature(m.ItemsPublicURL.ValueString())
	if err != nil {
		s.tb.Fatal(err)
	}
	if signature != "" {
		itemsURL += "?signature=" + signature
	}
	m.ItemsPublicURL = types.StringValue(itemsURL)
}

// sent returns the number of requests of the stores since the last reset, by "METHOD PATTERN".
func (s *storeTest) sent() map[string]int {
	counts := map[string]int{}
	for _, r := range s.server.Recorder.Requests() {
		if r.Header.Get("User-Agent") != referenceUserAgent {
			counts[r.Method+" "+r.Pattern]++
		}
	}
	return counts
}

func (s *storeTest) sentInAll() int {
	n := 0
	for _, count := range s.sent() {
		n += count
	}
	return n
}

// expectReads fails the test unless the stores sent exactly these numbers of requests since the
// last reset: reads of single datasets, and pages of lists.
func (s *storeTest) expectReads(single, pages int) {
	s.tb.Helper()
	sent := s.sent()
	if sent[getDataset] != single || sent[getDatasets] != pages || s.sentInAll() != single+pages {
		s.tb.Errorf("the requests were %v, want %d single reads and %d pages", sent, single, pages)
	}
}

func (s *storeTest) reset() { s.server.Recorder.Reset() }

// refresh refreshes a dataset, any number of times in one process.
func (s *storeTest) refresh(ctx context.Context, store *datasetStore, prior datasetModel) (datasetModel, error) {
	store.owners.mu.Lock()
	delete(store.owners.objects, prior.ID.ValueString())
	store.owners.mu.Unlock()
	return store.refresh(ctx, prior)
}

// checkRefresh refreshes a dataset and compares the result with a single read.
func (s *storeTest) checkRefresh(ctx context.Context, store *datasetStore, prior datasetModel) error {
	got, err := s.refresh(ctx, store, prior)
	d, readErr := s.reference.GetDataset(ctx, apify.DatasetIDRef(prior.ID.ValueString()))
	if apify.IsNotFound(readErr) {
		var lost *lostAccessError
		own := prior.UserID.ValueString() == emulator.DefaultUserID
		if own && errors.Is(err, errDatasetDeleted) || !own && errors.As(err, &lost) {
			return nil
		}
		return fmt.Errorf("got %v, %w, but the dataset does not exist", got, err)
	}
	if err = errors.Join(err, readErr); err != nil {
		return err
	}
	want, err := newDatasetModel(d)
	if err != nil {
		return err
	}
	want.keepName(prior)
	if apify.CanReuseItemsURL(got.ItemsPublicURL.ValueString(), want.ItemsPublicURL.ValueString(), d, s.now.Add(signatureMargin)) {
		want.ItemsPublicURL = got.ItemsPublicURL // every read returns a new signature
	}
	if got != want {
		return fmt.Errorf("got %v, want %v", got, want)
	}
	return nil
}

// refreshAll refreshes the whole state and checks each result.
func (s *storeTest) refreshAll(store *datasetStore) {
	s.tb.Helper()
	tenAtOnce(len(s.state), func(i int) {
		if err := s.checkRefresh(s.tb.Context(), store, s.state[i]); err != nil {
			s.tb.Error(err)
		}
	})
}

// expectLookup looks a name up and fails the test unless the result is that it exists or not.
func (s *storeTest) expectLookup(ctx context.Context, store *datasetStore, name string, exists bool) {
	s.tb.Helper()
	d, err := store.findByName(ctx, name)
	if err != nil || exists != (d != nil) || exists && !apify.EqualDatasetNames(*d.Name, name) {
		s.tb.Errorf("%s: got %v, %v, want that it exists: %t", name, d, err, exists)
	}
}

// lookUpFreeNames looks up names that no dataset has, ten at once.
func (s *storeTest) lookUpFreeNames(store *datasetStore, n int, timeout time.Duration) {
	s.tb.Helper()
	tenAtOnce(n, func(i int) {
		ctx, cancel := context.WithTimeout(s.tb.Context(), timeout)
		defer cancel()
		s.expectLookup(ctx, store, fmt.Sprintf("free-%d", i), false)
	})
}

// setPageTimeout sets the time for which reads wait for pages.
func setPageTimeout(store *datasetStore, timeout time.Duration) {
	store.cache.named.pageTimeout, store.cache.unnamed.pageTimeout = timeout, timeout
}

// tenAtOnce calls a function for all numbers below n, in random order and ten at once, as Terraform
// reads resources.
func tenAtOnce(n int, f func(int)) {
	numbers := make(chan int)
	var running sync.WaitGroup
	for range 10 {
		running.Go(func() {
			for i := range numbers {
				f(i)
			}
		})
	}
	for _, i := range rand.Perm(n) {
		numbers <- i
	}
	close(numbers)
	running.Wait()
}

// changeListItems changes the items of lists in the API's responses.
func (s *storeTest) changeListItems(change func(item map[string]any)) {
	s.inject(getDatasets, emulator.Fault{Mutate: func(status int, _ http.Header, body map[string]any) int {
		for _, item := range body["data"].(map[string]any)["items"].([]any) {
			change(item.(map[string]any))
		}
		return status
	}})
}

// inject injects a fault that hits requests of a kind, given as "METHOD PATTERN".
func (s *storeTest) inject(request string, f emulator.Fault) {
	f.Method, f.Pattern, _ = strings.Cut(request, " ")
	s.server.Recorder.Inject(f)
}

// block makes requests of a kind wait until release is called. arrived receives a value for each.
func (s *storeTest) block(request string) (arrived <-chan struct{}, release func()) {
	received, released := make(chan struct{}, 100), make(chan struct{})
	s.inject(request, emulator.Fault{Before: func(r *http.Request) {
		received <- struct{}{}
		select {
		case <-released:
		case <-r.Context().Done():
		}
	}})
	return received, sync.OnceFunc(func() { close(released) })
}

// checkGoroutines fails the test if goroutines that it has started still run when it ends. The test
// must not run in parallel with others.
func checkGoroutines(t *testing.T) {
	t.Helper()
	current := goleak.IgnoreCurrent()
	t.Cleanup(func() { goleak.VerifyNone(t, current) })
}
