package provider

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// newTestData returns what Configure passes to resources, with a client of a server.
func newTestData(t testing.TB, s *testServer) *providerData {
	t.Helper()
	client, err := apify.NewClient(apify.Config{BaseURL: s.URL, Token: s.Token})
	if err != nil {
		t.Fatal(err)
	}
	return &providerData{
		client: client, account: apify.User{ID: emulator.DefaultUserID, Username: emulator.DefaultUsername}, now: s.Now,
		cache: newDatasetCache(client), claims: newDatasetClaims(emulator.DefaultUserID), names: &datasetNames{}, warnings: newWarnings(),
	}
}

// TestDatasetCache_requests counts the requests of plans that change nothing.
func TestDatasetCache_requests(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		datasets, pageLimit, workers int
		unnamed, destroy             bool
		single, lists                int
	}{
		"1":                  {datasets: 1, single: 1},
		"9":                  {datasets: 9, single: 9},
		"10":                 {datasets: 10, single: 10, lists: 1}, // the page for further reads, in the background
		"11":                 {datasets: 11, single: 10, lists: 1},
		"100":                {datasets: 100, single: 10, lists: 1},
		"100 on small pages": {datasets: 100, pageLimit: 30, single: 10, lists: 4},
		"100 unnamed":        {datasets: 100, unnamed: true, single: 10, lists: 1},
		"200 in parallel":    {datasets: 200, workers: 10, single: 10, lists: 1},
		"1000":               {datasets: 1000, single: 10, lists: 1},
		"100 destroyed":      {datasets: 100, destroy: true, single: 10, lists: 1}, // counts items without a refresh
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{PageLimit: test.pageLimit})
			var all []instance
			w := s.newWalk(t, nil)
			for i := range test.datasets {
				d := emulator.Dataset{Items: items(1), CreatedAt: time.Now().Add(time.Duration(i-test.datasets) * time.Minute)}
				if !test.unnamed {
					d.Name = fmt.Sprintf("dataset-%d", i)
				}
				all = append(all, w.mustImport(s.API.Seed(d).ID))
			}
			listed := make(chan struct{}, 10)
			s.Recorder.Inject(onRequest(getDatasets, emulator.Fault{After: func(*http.Request) { listed <- struct{}{} }}))
			s.Recorder.Reset()
			w = s.newWalk(t, nil)
			var group sync.WaitGroup
			for workers, worker := max(test.workers, 1), 0; worker < workers; worker++ {
				group.Go(func() {
					for i := worker; i < len(all); i += workers {
						if test.destroy {
							_, ds := w.plan(t.Context(), all[i], nil)
							ds.expect(t, errContainsItems)
							continue
						}
						after, ds := w.read(t.Context(), all[i])
						p, more := w.plan(t.Context(), after, values{"name": w.values(all[i].state)["name"]})
						if len(ds)+len(more) > 0 || w.changes(p) {
							t.Errorf("%v changes:\n%s%s", w.values(all[i].state), ds, more)
						}
					}
				})
			}
			group.Wait()
			for range test.lists {
				<-listed
			}
			counts := map[string]int{}
			for _, r := range s.sent() {
				counts[r]++
			}
			if counts[getUser] != 1 || counts[getDataset] != test.single || counts[getDatasets] != test.lists || len(s.sent()) > 25 {
				t.Errorf("got %v", counts)
			}
		})
	}
}

// cacheWorld is an account that the property below changes.
type cacheWorld struct {
	*testServer
	dice
	names int
}

// dice is a source of random decisions with a fixed seed.
type dice struct{ *rand.Rand }

func newDice(seed uint64) dice { return dice{rand.New(rand.NewPCG(seed, 1))} }

func (d dice) oneIn(n int) bool { return d.IntN(n) == 0 }

func (w *cacheWorld) access() string {
	return generalAccessLevels[w.IntN(len(generalAccessLevels))]
}

func (w *cacheWorld) newName() string {
	w.names++
	return fmt.Sprintf("Name-%d", w.names)
}

// seed adds a dataset.
func (w *cacheWorld) seed() emulator.Dataset {
	d := emulator.Dataset{GeneralAccess: w.access(), ID: fmt.Sprintf("Dataset%010d", w.names), Items: items(w.IntN(2))}
	if name := w.newName(); !w.oneIn(2) || d.GeneralAccess == "ANYONE_WITH_NAME_CAN_READ" {
		d.Name = name
	}
	if w.oneIn(8) && d.Name != "" {
		d.UserID, d.SharedWith = otherID, map[string]emulator.Permission{"owner": emulator.PermissionWrite}
	}
	return w.API.Seed(d)
}

// change changes a dataset outside Terraform, or the state as if another version of the provider or
// of the server had written it.
func (w *cacheWorld) change(m *datasetModel) {
	id := m.ID.ValueString()
	update := func(change func(*emulator.Dataset)) {
		if d, exists := w.API.Dataset(id); exists && d.Name != "" {
			w.API.Update(id, change)
		}
	}
	switch w.IntN(16) {
	case 0:
		update(func(d *emulator.Dataset) { d.Name = w.newName() })
	case 1:
		update(func(d *emulator.Dataset) { d.Name = strings.ToUpper(d.Name) })
	case 2:
		update(func(d *emulator.Dataset) { d.GeneralAccess = w.access() })
	case 3:
		w.API.Delete(id)
	case 4:
		d, _ := w.API.Dataset(id)
		w.API.Delete(id)
		w.API.Seed(emulator.Dataset{Name: d.Name})
	case 5:
		m.ItemsPublicURL = types.StringValue(strings.Replace(m.ItemsPublicURL.ValueString(), "127.0.0.1", "old.example", 1))
	case 6:
		m.ItemsPublicURL = types.StringNull()
	case 7:
		m.ConsoleURL = types.StringNull()
	case 8:
		m.CreatedAt = types.StringValue("2019-12-12T07:34:14.202Z")
	case 9:
		if d, exists := w.API.Dataset(id); exists && d.Name == "" {
			w.API.Update(id, func(d *emulator.Dataset) { d.Name = w.newName() })
		}
	case 10:
		left := signatureMargin + time.Duration(w.IntN(3)-1)*time.Millisecond
		if d, exists := w.API.Dataset(id); exists {
			rest, signature, _ := apify.SplitSignature(m.ItemsPublicURL.ValueString())
			if signature != "" {
				m.ItemsPublicURL = types.StringValue(rest + "?signature=" + apify.Sign(d.URLSigningSecretKey, id, w.Now().Add(left)))
			}
		}
	}
}

// breakLists makes lists fail, or contain something that they should not. The faults depend on the
// seed in turn.
func (w *cacheWorld) breakLists(seed uint64) {
	some := func(change func(item map[string]any)) emulator.Fault {
		return onRequest(getDatasets, emulator.Fault{Mutate: changeItems(func(item map[string]any) {
			if item["id"].(string)[0]%3 == 0 { // lists are read in the background, so without dice
				change(item)
			}
		})})
	}
	faults := []emulator.Fault{
		refusal(getDatasets, 403, "insufficient-permissions"),
		page(getDatasets, 200),
		onRequest(getDatasets, emulator.Fault{Mutate: changeItems(func(item map[string]any) { delete(item, "name") })}),
		some(func(item map[string]any) { delete(item, "generalAccess") }),
		some(func(item map[string]any) { delete(item, "userId"); delete(item, "createdAt") }),
		some(func(item map[string]any) { item["createdAt"] = "yesterday" }),
		some(func(item map[string]any) { item["name"] = item["id"] }),
		onRequest(getDatasets, emulator.Fault{Mutate: changeObject(func(list map[string]any) { // lags
			list["items"] = list["items"].([]any)[:len(list["items"].([]any))/2]
		})}),
		// No list shows the setting of the account that makes signatures unnecessary.
		onRequest(getDataset, emulator.Fault{Mutate: changeObject(func(d map[string]any) {
			d["itemsPublicUrl"], _, _ = strings.Cut(d["itemsPublicUrl"].(string), "?")
		})}),
	}
	if i := int(seed) % (2 * len(faults)); i < len(faults) { //nolint:gosec // a small number
		w.Recorder.Inject(faults[i])
	}
}

// TestDatasetCache_sameAsSingleReads compares refreshes that may use the list with the models of
// single reads, in random accounts with fixed seeds.
func TestDatasetCache_sameAsSingleReads(t *testing.T) {
	t.Parallel()
	const accounts = 25
	reads, single := 0, 0
	for seed := range uint64(accounts) {
		start := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
		w := &cacheWorld{dice: newDice(seed)}
		w.testServer = newTwoAccountsWith(t, emulator.Options{PageLimit: 3 + w.IntN(60), Now: func() time.Time { return start }})
		w.Now = func() time.Time { return start }
		direct := newTestData(t, w.testServer)
		var state []datasetModel
		for range 40 + w.IntN(40) {
			d, err := direct.client.GetDataset(t.Context(), apify.DatasetIDRef(w.seed().ID))
			if err != nil {
				t.Fatal(err)
			}
			state = append(state, newDatasetModel(d))
		}
		for i := range state {
			w.change(&state[i])
		}
		w.breakLists(seed)
		r := &datasetResource{newTestData(t, w.testServer)}
		r.cache.named.pageTimeout, r.cache.unnamed.pageTimeout = time.Minute, time.Minute
		w.Recorder.Reset()
		for i, prior := range state {
			got, err := r.refresh(t.Context(), prior)
			reads++
			if i > 20 && w.oneIn(4) { // a write of this run, which the list does not show
				id := state[w.IntN(len(state))].ID.ValueString()
				r.cache.invalidate(id)
				if d, exists := w.API.Dataset(id); exists && d.Name != "" {
					w.API.Update(id, func(d *emulator.Dataset) { d.Name = w.newName() })
					continue
				}
			}
			d, wantErr := direct.client.GetDataset(t.Context(), apify.DatasetIDRef(prior.ID.ValueString()))
			if err != nil || wantErr != nil {
				if apify.IsNotFound(err) != apify.IsNotFound(wantErr) {
					t.Fatalf("seed %d: got the error %v, want %v", seed, err, wantErr)
				}
				continue
			}
			want := newDatasetModel(d)
			if err != nil {
				t.Fatal(err)
			}
			want.keepName(prior)
			want.keepSchema(prior)
			want.keepItemsURL(prior, d, start)
			// Signatures of reads at one time are the same.
			if got != want {
				t.Fatalf("seed %d: got\n%v, want\n%v, state\n%v", seed, got, want, prior)
			}
		}
		for _, r := range w.sent() {
			if r == getDataset {
				single++
			}
		}
		single -= len(state) // those of this test
	}
	if single > reads*4/5 {
		t.Errorf("%d reads took %d single ones, so the list was of little use", reads, single)
	}
}

// TestDatasetCache_findByName looks names up as single reads do.
func TestDatasetCache_findByName(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{PageLimit: 10})
	s.seedMany(30, "Dataset-%d")
	p := newTestData(t, s)
	p.cache.named.pageTimeout = time.Minute
	for i := range 3 * singleReads {
		name := fmt.Sprintf("dataset-%d", 2*i) // every other name is free
		s.Recorder.Reset()
		d, err := p.lookUpName(t.Context(), emulator.DefaultUserID, name)
		if err != nil || (d != nil) != (2*i < 30) || d != nil && !strings.EqualFold(*d.Name, name) {
			t.Errorf("%s: got %+v and %v", name, d, err)
		}
		individually := slices.Contains(s.sent(), getDataset)
		if i < singleReads && !individually || i == 3*singleReads-1 && individually {
			t.Errorf("%s: looked up individually: %t", name, individually)
		}
		// Absence from a list does not prove that a name was free.
		found, known := p.names.get(strings.ToUpper(name))
		if known != (individually || d != nil) || found != (d != nil) {
			t.Errorf("%s: recorded found %t, known %t", name, found, known)
		}
	}
	// A name that a list without names does not have is not free.
	s.Recorder.Inject(onRequest(getDatasets, emulator.Fault{Mutate: changeItems(func(item map[string]any) { delete(item, "name") })}))
	nameless := newTestData(t, s)
	nameless.cache.named.pageTimeout = time.Minute
	for range 4 * singleReads { // until the whole list is there
		if d, err := nameless.lookUpName(t.Context(), emulator.DefaultUserID, "dataset-3"); d == nil || err != nil {
			t.Errorf("got %v and %v", d, err)
		}
	}
	id := s.API.Datasets()[3].ID
	p.cache.invalidate(id)
	s.API.Update(id, func(d *emulator.Dataset) { d.Name = "renamed" })
	if d, _ := p.lookUpName(t.Context(), emulator.DefaultUserID, "dataset-3"); d != nil {
		t.Errorf("a renamed dataset has its old name: %+v", d)
	}
}

// roundTrip is a transport.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// TestDatasetCache_listHangs waits for a list that never comes no longer than pageTimeout, and than
// half of the remaining time, and not again.
func TestDatasetCache_listHangs(t *testing.T) {
	for name, test := range map[string]struct{ timeout, want time.Duration }{
		"without a timeout":    {time.Hour, pageTimeout},
		"with a short timeout": {4 * time.Second, 2 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			client, err := apify.NewClient(apify.Config{Token: "t", Transport: roundTrip(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			})})
			if err != nil {
				t.Fatal(err)
			}
			c := newDatasetCache(client)
			find := func() time.Duration {
				ctx, cancel := context.WithTimeout(t.Context(), test.timeout)
				defer cancel()
				start := time.Now()
				if d, known := c.findByName(ctx, "a"); d != nil || known {
					t.Errorf("%s: got %+v, known %t", name, d, known)
				}
				return time.Since(start)
			}
			for range singleReads { // the last of which requests the list
				if took := find(); took != 0 {
					t.Errorf("%s: a lookup before the list took %s", name, took)
				}
			}
			if took := find(); took != test.want {
				t.Errorf("%s: took %s, want %s", name, took, test.want)
			}
			time.Sleep(pageTimeout)
			if took := find(); took != 0 {
				t.Errorf("%s: after the list failed, a lookup took %s", name, took)
			}
		})
	}
}
