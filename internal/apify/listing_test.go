package apify

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

const readRequest = "GET /v2/datasets/{datasetId}"

// week is for how long the resource wants an items URL to work.
const week = 7 * 24 * time.Hour

// account is an emulator of which the state of some datasets is known, and a
// reference that reads them singly behind the recorder's back.
type account struct {
	api       *emulator.API
	recorder  *emulator.Recorder
	reference *Client
	known     []*Dataset
	until     time.Time
}

func newAccount(tb testing.TB, options emulator.Options) *account {
	tb.Helper()
	api, recorder := local(options)
	return &account{
		api:       api,
		recorder:  recorder,
		reference: newLocalClient(tb, api),
		until:     time.Now().Add(week),
	}
}

// know reads datasets as an earlier run left them in state.
func (a *account) know(tb testing.TB, ids ...string) {
	tb.Helper()
	for _, id := range ids {
		d := must(a.reference.Dataset(tb.Context(), IDRef(id)))(tb)
		a.known = append(a.known, stateOf(d))
	}
}

// stateOf is what a resource keeps of a dataset.
func stateOf(d *Dataset) *Dataset {
	return &Dataset{
		ID: d.ID, Name: d.Name, UserID: d.UserID, CreatedAt: d.CreatedAt, GeneralAccess: d.GeneralAccess,
		ConsoleURL: d.ConsoleURL, ItemsPublicURL: d.ItemsPublicURL,
	}
}

// refreshAll reads all that is known, in random order and by ten at once, as
// Terraform does it, and checks each.
func (a *account) refreshAll(t *testing.T, c *Client) {
	t.Helper()
	each(len(a.known), func(i int) {
		got, err := c.Refresh(t.Context(), a.known[i], a.until)
		want, wantErr := a.reference.Dataset(t.Context(), IDRef(a.known[i].ID))
		if problem := a.compare(got, err, want, wantErr); problem != "" {
			t.Error(problem)
		}
	})
}

// each calls a function for all numbers below n, in random order and ten at once.
func each(n int, do func(int)) {
	order := make(chan int)
	var running sync.WaitGroup
	for range 10 {
		running.Go(func() {
			for i := range order {
				do(i)
			}
		})
	}
	for _, i := range rand.Perm(n) {
		order <- i
	}
	close(order)
	running.Wait()
}

// compare tells how a refreshed dataset differs from what reading it singly
// brings, in all that a resource uses.
func (a *account) compare(got *Dataset, err error, want *Dataset, wantErr error) string {
	if err != nil || wantErr != nil {
		if IsNotFound(err) && IsNotFound(wantErr) {
			return ""
		}
		return fmt.Sprintf("got %+v, %v, want %+v, %v", got, err, want, wantErr)
	}
	switch {
	case got.ID != want.ID,
		!equal(got.Name, want.Name),
		!equal(got.UserID, want.UserID),
		!equal(got.CreatedAt, want.CreatedAt),
		!equal(got.GeneralAccess, want.GeneralAccess),
		!equal(got.ConsoleURL, want.ConsoleURL):
		return fmt.Sprintf("got %s, want %s", describe(got), describe(want))
	case !equal(got.ItemsPublicURL, want.ItemsPublicURL):
		if got.ItemsPublicURL == nil || want.ItemsPublicURL == nil || !KeepsWorking(*got.ItemsPublicURL, *want.ItemsPublicURL, want, a.until) {
			return fmt.Sprintf("got %s, want %s", describe(got), describe(want))
		}
	}
	return ""
}

func describe(d *Dataset) string {
	return fmt.Sprintf("{%s %s %s %s %s %s %s}", d.ID, text(d.Name), text(d.UserID), text(d.CreatedAt), text(d.GeneralAccess), text(d.ConsoleURL), text(d.ItemsPublicURL))
}

func text[T ~string](s *T) string {
	if s == nil {
		return "null"
	}
	return fmt.Sprintf("%q", *s)
}

func TestFewReadsAreSingle(t *testing.T) {
	a := newAccount(t, emulator.Options{})
	ids := seed(a.api, singleReads+1)
	for n := 1; n <= singleReads; n++ {
		a.known = nil
		a.know(t, ids[:n]...)
		a.recorder.Reset()
		a.refreshAll(t, newLocalClient(t, a.recorder))
		if counts := a.recorder.Counts(); counts[readRequest] != n || len(counts) != 1 {
			t.Errorf("%d reads took %v", n, counts)
		}
	}
	a.know(t, ids[singleReads])
	a.recorder.Reset()
	c := newLocalClient(t, a.recorder)
	for _, d := range a.known {
		must(c.Refresh(t.Context(), d, a.until))(t)
	}
	if counts := a.recorder.Counts(); counts[readRequest] != singleReads || counts[listRequest] != 1 {
		t.Errorf("%d reads took %v", len(a.known), counts)
	}
}

func TestFewNameLookUpsAreSingle(t *testing.T) {
	a := newAccount(t, emulator.Options{})
	c := newLocalClient(t, a.recorder)
	for i := range singleReads {
		if d, err := c.FindByName(t.Context(), fmt.Sprintf("free-%d", i)); d != nil || err != nil {
			t.Fatalf("got %+v, %v", d, err)
		}
	}
	if counts := a.recorder.Counts(); counts[readRequest] != singleReads || len(counts) != 1 {
		t.Errorf("%d look-ups took %v", singleReads, counts)
	}
}

// requests is how many there were in all.
func requests(r *emulator.Recorder) int {
	n := 0
	for _, count := range r.Counts() {
		n += count
	}
	return n
}

func TestManyReads(t *testing.T) {
	levels := []GeneralAccess{FollowUserSetting, Restricted, AnyoneWithIDCanRead, AnyoneWithNameCanRead}
	for _, test := range []struct {
		name       string
		datasets   int
		most       int // requests
		unnamed    bool
		restricted bool
		levels     int
	}{
		{name: "1000", datasets: 1000, most: 40, levels: 1},
		{name: "1000 signed", datasets: 1000, most: 40, levels: 1, restricted: true},
		{name: "1000 unnamed", datasets: 1000, most: 40, levels: 1, unnamed: true},
		{name: "1000 of all levels", datasets: 1000, most: 45, levels: 4},
		{name: "5000", datasets: 5000, most: 60, levels: 1},
	} {
		t.Run(test.name, func(t *testing.T) {
			a := newAccount(t, emulator.Options{Users: []emulator.User{{Username: "jane", Token: emulator.DefaultToken, Restricted: test.restricted}}})
			for i := range test.datasets {
				d := emulator.Dataset{Name: fmt.Sprintf("many-%d", i), GeneralAccess: string(levels[i%test.levels])}
				if test.unnamed {
					d.Name = ""
				}
				a.know(t, a.api.Seed(d).ID)
			}
			c := newLocalClient(t, a.recorder)
			a.refreshAll(t, c)
			if n := requests(a.recorder); n > test.most {
				t.Errorf("%d reads took %v, want at most %d", test.datasets, a.recorder.Counts(), test.most)
			}
		})
	}
}

func TestManyNameLookUps(t *testing.T) {
	const n = 1000
	for _, taken := range []bool{false, true} {
		a := newAccount(t, emulator.Options{})
		for i := range n {
			a.api.Seed(emulator.Dataset{Name: fmt.Sprintf("Taken-%d", i)})
		}
		c := newLocalClient(t, a.recorder)
		each(n, func(i int) {
			name := fmt.Sprintf("free-%d", i)
			if taken {
				name = fmt.Sprintf("tAKEN-%d", i)
			}
			d, err := c.FindByName(t.Context(), name)
			if err != nil || taken != (d != nil) || taken && !EqualNames(*d.Name, name) {
				t.Errorf("%s: got %+v, %v", name, d, err)
			}
		})
		if all := requests(a.recorder); all > 40 {
			t.Errorf("%d look-ups of names that are taken (%t) took %v", n, taken, a.recorder.Counts())
		}
	}
}

// A few datasets in a vast account must not cost the whole of it.
func TestVastAccount(t *testing.T) {
	a := newAccount(t, emulator.Options{})
	ids := seed(a.api, 20_000)
	for reads, most := range map[int]int{10: 0, 19: 0, 20: 1, 30: 3, 100: 17} {
		a.known = nil
		a.know(t, ids[len(ids)-reads:]...) // on the last of its pages
		a.recorder.Reset()
		a.refreshAll(t, newLocalClient(t, a.recorder))
		if counts := a.recorder.Counts(); counts[readRequest] > reads || counts[listRequest] > most {
			t.Errorf("%d reads took %v, want at most %d pages", reads, counts, most)
		}
		a.recorder.Reset()
		c := newLocalClient(t, a.recorder)
		each(reads, func(i int) {
			if d, err := c.FindByName(t.Context(), fmt.Sprintf("free-%d", i)); d != nil || err != nil {
				t.Errorf("got %+v, %v", d, err)
			}
		})
		if counts := a.recorder.Counts(); counts[readRequest] > reads || counts[listRequest] > most {
			t.Errorf("%d look-ups took %v, want at most %d pages", reads, counts, most)
		}
	}
}

// A page that cannot be had is given up after a few attempts, once and for all.
func TestManyReadsWithoutListing(t *testing.T) {
	a := newAccount(t, emulator.Options{})
	a.know(t, seed(a.api, 100)...)
	a.recorder.Inject(emulator.Fault{Method: http.MethodGet, Pattern: "/v2/datasets", Status: http.StatusInternalServerError})
	a.refreshAll(t, newLocalClient(t, a.recorder))
	if counts := a.recorder.Counts(); counts[readRequest] != 100 || counts[listRequest] != 1+listingRetries {
		t.Errorf("100 reads took %v", counts)
	}
	a.recorder.Reset()
	a.refreshAll(t, newLocalClient(t, a.recorder, func(c *Config) { c.MaxRetries = 0 }))
	if counts := a.recorder.Counts(); counts[listRequest] != 1 {
		t.Errorf("100 reads without retries took %v", counts)
	}
}

// Whoever waits for a page that another fetches can give up, and so can the one
// who fetches it; neither is the listing's fault.
func TestInterruptWhileAPageIsFetched(t *testing.T) {
	a := newAccount(t, emulator.Options{})
	a.know(t, seed(a.api, 30)...)
	c := newLocalClient(t, a.recorder)
	for _, d := range a.known[:singleReads] {
		must(c.Refresh(t.Context(), d, a.until))(t)
	}
	fetching := make(chan struct{})
	a.recorder.Inject(emulator.Fault{
		Method: http.MethodGet, Pattern: "/v2/datasets", Times: 1,
		Before: func(*http.Request) { close(fetching) }, Delay: time.Minute,
	})
	ctx, cancel := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		_, err := c.Refresh(ctx, a.known[20], a.until)
		if e := asError(t, err); !errors.Is(e.Stopped, context.Canceled) || !strings.Contains(err.Error(), a.known[20].ID) {
			t.Errorf("the one who fetches got %v", err)
		}
	})
	<-fetching
	for name, wait := range map[string]func(context.Context) error{
		"read": func(ctx context.Context) error {
			_, err := c.Refresh(ctx, a.known[21], a.until)
			return err
		},
		"look-up": func(ctx context.Context) error {
			_, err := c.FindByName(ctx, "free")
			return err
		},
	} {
		short, stop := context.WithTimeout(t.Context(), 10*time.Millisecond)
		began := time.Now()
		err := wait(short)
		stop()
		soon(t, began)
		if e := asError(t, err); !errors.Is(e.Stopped, context.DeadlineExceeded) {
			t.Errorf("a %s that waits got %v", name, err)
		}
	}
	began := time.Now()
	cancel()
	running.Wait()
	soon(t, began)

	a.recorder.Reset()
	for _, d := range a.known[22:] {
		must(c.Refresh(t.Context(), d, a.until))(t)
	}
	if counts := a.recorder.Counts(); counts[listRequest] != 1 || counts[readRequest] != 0 {
		t.Errorf("the reads that followed took %v", counts)
	}
}

// "There is no such dataset" takes a listing that was whole before the look-up.
func TestNameLookUpsBesidePages(t *testing.T) {
	for range 20 {
		api, recorder := local(emulator.Options{PageLimit: 20})
		seed(api, 200)
		c := newLocalClient(t, recorder)
		each(200, func(i int) {
			if d, err := c.FindByName(t.Context(), fmt.Sprintf("seeded-%d", i)); err != nil || d == nil {
				t.Errorf("%d: got %+v, %v", i, d, err)
			}
		})
	}
}

// laggingLists answers listings as they were when they were asked for first.
type laggingLists struct {
	http.Handler
	mu    sync.Mutex
	first map[string]*httptest.ResponseRecorder
}

func (l *laggingLists) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet || r.URL.Path != "/v2/datasets" {
		l.Handler.ServeHTTP(w, r)
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	answer := l.first[r.URL.RawQuery]
	if answer == nil {
		answer = httptest.NewRecorder()
		l.Handler.ServeHTTP(answer, r)
		l.first[r.URL.RawQuery] = answer
	}
	maps.Copy(w.Header(), answer.Header())
	w.WriteHeader(answer.Code)
	_, _ = w.Write(answer.Body.Bytes())
}

// lagging freezes the listings of a handler as they are now.
func lagging(tb testing.TB, handler http.Handler) http.Handler {
	tb.Helper()
	l := &laggingLists{Handler: handler, first: map[string]*httptest.ResponseRecorder{}}
	c := newLocalClient(tb, l)
	for _, unnamed := range []bool{false, true} {
		if _, err := listed(tb.Context(), c, ListOptions{Unnamed: unnamed, Ownership: OwnedByMe}); err != nil {
			tb.Fatal(err)
		}
	}
	return l
}

// anyOwner is a server that does not know the filter by ownership.
func anyOwner(handler http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		query := r.URL.Query()
		query.Del("ownership")
		r.URL.RawQuery = query.Encode()
		handler.ServeHTTP(w, r)
	})
}

func TestNameLookUpsFindTheAccountsOwn(t *testing.T) {
	api := emulator.NewAPI(emulator.Options{Users: []emulator.User{
		{Username: "jane", Token: emulator.DefaultToken},
		{ID: "AnotherUser000001", Username: "joe", Token: "another"},
	}})
	seed(api, 30)
	api.Seed(emulator.Dataset{UserID: "AnotherUser000001", Name: "shared", SharedWith: map[string]emulator.Permission{"jane": emulator.PermissionWrite}})
	c := newLocalClient(t, anyOwner(api))
	for i := range 30 {
		if d, err := c.FindByName(t.Context(), fmt.Sprintf("seeded-%d", i)); d == nil || err != nil {
			t.Fatalf("got %+v, %v", d, err)
		}
		if d, err := c.FindByName(t.Context(), "shared"); d != nil || err != nil {
			t.Fatalf("another's dataset is found: %+v, %v", d, err)
		}
	}
}

// A listing that lags behind what an earlier run wrote never undoes it.
func TestReadsSeeEarlierWrites(t *testing.T) {
	a := newAccount(t, emulator.Options{})
	ids := seed(a.api, 100)
	lists := lagging(t, a.recorder)
	for i, id := range ids {
		switch i % 10 {
		case 0:
			must(a.reference.UpdateDataset(t.Context(), id, Update{Name: ptr(fmt.Sprintf("renamed-%d", i))}))(t)
		case 1:
			must(a.reference.UpdateDataset(t.Context(), id, Update{GeneralAccess: ptr(AnyoneWithIDCanRead)}))(t)
		}
	}
	a.know(t, ids...)
	a.recorder.Reset()
	a.refreshAll(t, newLocalClient(t, lists))
	if n := a.recorder.Counts()[readRequest]; n < singleReads || n > singleReads+20 {
		t.Errorf("%d of 100 reads were single", n)
	}
}

// What a run wrote is never answered from a listing, however old that is.
func TestReadsSeeTheRunsOwnWrites(t *testing.T) {
	a := newAccount(t, emulator.Options{})
	a.know(t, seed(a.api, 100)...)
	c := newLocalClient(t, lagging(t, a.recorder))
	a.refreshAll(t, c)
	ctx := t.Context()

	each(len(a.known), func(i int) {
		d := a.known[i]
		var err error
		switch i % 4 {
		case 0:
			_, err = c.UpdateDataset(ctx, d.ID, Update{Name: ptr(fmt.Sprintf("renamed-%d", i))})
		case 1:
			_, err = c.UpdateDataset(ctx, d.ID, Update{GeneralAccess: ptr(Restricted)})
		case 2:
			err = c.DeleteDataset(ctx, d.ID)
		case 3:
			_, err = c.CreateDataset(ctx, fmt.Sprintf("created-%d", i))
		}
		if err != nil {
			t.Error(err)
		}
	})
	a.refreshAll(t, c)
	each(len(a.known), func(i int) {
		for _, prefix := range []string{"seeded", "renamed", "created"} {
			name := fmt.Sprintf("%s-%d", prefix, i)
			got, err := c.FindByName(ctx, name)
			want, wantErr := a.reference.Dataset(ctx, NameRef("", name))
			if err != nil || IsNotFound(wantErr) != (got == nil) || got != nil && got.ID != want.ID {
				t.Errorf("%s: got %+v, %v, want %+v, %v", name, got, err, want, wantErr)
			}
		}
	})
	// A creation whose answer was lost may have been one all the same.
	a.recorder.Inject(emulator.Fault{Method: http.MethodPost, Status: http.StatusBadGateway, TakesEffect: true})
	if _, err := c.CreateDataset(ctx, "lost"); err == nil {
		t.Fatal("the answer was not lost")
	}
	if d, err := c.FindByName(ctx, "lost"); err != nil || d == nil {
		t.Errorf("got %+v, %v", d, err)
	}
}

// world is an account in which much happens, for the property of [Client.Refresh]
// and [Client.FindByName] that they bring what reading singly does.
type world struct {
	*account
	r      *rapid.T
	client *Client
	names  []string // that were ever of use
}

func (w *world) int(label string, low, high int) int {
	return rapid.IntRange(low, high).Draw(w.r, label)
}

func (w *world) chance(label string, percent int) bool {
	return w.int(label, 0, 99) < percent
}

func (w *world) name() string {
	name := fmt.Sprintf("name-%d", len(w.names))
	w.names = append(w.names, name)
	return name
}

func (w *world) level() GeneralAccess {
	return rapid.SampledFrom([]GeneralAccess{FollowUserSetting, Restricted, AnyoneWithIDCanRead, AnyoneWithNameCanRead}).Draw(w.r, "access")
}

// populate makes datasets of which the state is known.
func (w *world) populate(t *testing.T) {
	t.Helper()
	for range w.int("datasets", 25, 70) {
		d := emulator.Dataset{GeneralAccess: string(w.level())}
		if w.chance("named", 80) {
			d.Name = w.name()
		}
		if w.chance("another's", 10) {
			d.UserID = "AnotherUser000001"
			d.SharedWith = map[string]emulator.Permission{"jane": emulator.PermissionWrite}
		}
		w.know(t, w.api.Seed(d).ID)
	}
}

// age changes datasets behind the state's back, and the state's URLs.
func (w *world) age() {
	for _, d := range w.known {
		switch w.int("change", 0, 19) {
		case 0:
			w.api.Update(d.ID, func(d *emulator.Dataset) { d.Name = w.name() })
		case 1:
			w.api.Update(d.ID, func(d *emulator.Dataset) { d.Name = "" })
		case 2:
			w.api.Update(d.ID, func(d *emulator.Dataset) { d.GeneralAccess = string(w.level()) })
		case 3:
			w.api.Delete(d.ID)
		case 4:
			w.api.Delete(d.ID)
			if d.Name != nil {
				w.api.Seed(emulator.Dataset{Name: *d.Name})
			}
		case 5:
			w.replaceURL(d, func(there emulator.Dataset) string {
				return w.sign(*d.ItemsPublicURL, there, w.until.Add(time.Duration(w.int("seconds", -3, 3))*time.Second))
			})
		case 6:
			w.replaceURL(d, func(emulator.Dataset) string { return *d.ItemsPublicURL + "&signature=garbage" })
		case 7:
			w.replaceURL(d, func(emulator.Dataset) string {
				return strings.Replace(*d.ItemsPublicURL, "http://api.test", "https://old.example", 1)
			})
		case 8:
			d.ItemsPublicURL = nil
		case 9:
			d.ConsoleURL = nil
		case 10:
			d.GeneralAccess = nil
		case 11:
			d.CreatedAt = ptr("2020-01-01T00:00:00.000Z")
		}
	}
}

// replaceURL changes the items URL that is known of a dataset.
func (w *world) replaceURL(d *Dataset, change func(emulator.Dataset) string) {
	if there, ok := w.api.Dataset(d.ID); ok && d.ItemsPublicURL != nil {
		d.ItemsPublicURL = ptr(change(there))
	}
}

func (w *world) sign(itemsURL string, d emulator.Dataset, expires time.Time) string {
	rest, _, _ := splitSignature(itemsURL)
	return rest + "?signature=" + Sign(d.URLSigningSecretKey, d.ID, expires)
}

// spoil has something be wrong with the listing.
func (w *world) spoil(t *testing.T) http.Handler {
	t.Helper()
	fault := emulator.Fault{Method: http.MethodGet, Pattern: "/v2/datasets", Skip: w.int("skip", 0, 3)}
	edit := func(change func(data map[string]any, items []any)) {
		fault.Mutate = func(status int, _ http.Header, body map[string]any) int {
			if data, ok := body["data"].(map[string]any); ok {
				items, _ := data["items"].([]any)
				change(data, items)
			}
			return status
		}
	}
	var handler http.Handler = w.recorder
	switch kind := rapid.SampledFrom([]string{
		"nothing", "fails", "fails in passing", "HTML", "hangs", "no access", "no names", "gaps", "no total", "other types", "lags", "churn", "any owner",
	}).Draw(w.r, "listing"); kind {
	case "fails":
		fault.Status = http.StatusServiceUnavailable
	case "fails in passing":
		fault.Status, fault.Times = http.StatusServiceUnavailable, 2
	case "HTML":
		fault.Status, fault.Body = http.StatusOK, html
	case "hangs":
		fault.Delay = time.Minute
	case "no access":
		edit(func(_ map[string]any, items []any) {
			for _, item := range items {
				delete(item.(map[string]any), "generalAccess")
			}
		})
	case "no names":
		edit(func(_ map[string]any, items []any) {
			for _, item := range items {
				delete(item.(map[string]any), "name")
			}
		})
	case "gaps":
		edit(func(data map[string]any, items []any) { data["items"] = items[:len(items)/2] })
	case "no total":
		edit(func(data map[string]any, _ []any) { delete(data, "total") })
	case "other types":
		edit(func(_ map[string]any, items []any) {
			for _, item := range items {
				item.(map[string]any)["name"] = 17
			}
		})
	case "lags":
		handler = lagging(t, handler)
	case "churn":
		// Beside the datasets that are known.
		var others []string
		fault.Before = func(*http.Request) {
			others = append(others, w.api.Seed(emulator.Dataset{Name: fmt.Sprintf("other-%d", len(others))}).ID)
			w.api.Delete(others[len(others)/2])
		}
	case "any owner":
		handler = anyOwner(handler)
	}
	w.recorder.Inject(fault)
	return handler
}

// write changes something in the run itself.
func (w *world) write(ctx context.Context, d *Dataset) {
	var err error
	switch w.int("write", 0, 4) {
	case 0:
		_, err = w.client.UpdateDataset(ctx, d.ID, Update{Name: ptr(w.name())})
	case 1:
		_, err = w.client.UpdateDataset(ctx, d.ID, Update{Name: ptr("")})
	case 2:
		_, err = w.client.UpdateDataset(ctx, d.ID, Update{GeneralAccess: ptr(w.level())})
	case 3:
		err = w.client.DeleteDataset(ctx, d.ID)
	case 4:
		var created *Created
		if created, err = w.client.CreateDataset(ctx, rapid.SampledFrom(w.names).Draw(w.r, "name")); err == nil {
			w.known = append(w.known, stateOf(&created.Dataset))
		}
	}
	if err != nil && !IsRefused(err) {
		w.r.Fatalf("writing: %v", err)
	}
}

func (w *world) refresh(ctx context.Context, d *Dataset) {
	got, err := w.client.Refresh(ctx, d, w.until)
	want, wantErr := w.reference.Dataset(ctx, IDRef(d.ID))
	if problem := w.compare(got, err, want, wantErr); problem != "" {
		w.r.Fatal(problem)
	}
}

func (w *world) find(ctx context.Context, name string) {
	got, err := w.client.FindByName(ctx, name)
	want, wantErr := w.reference.Dataset(ctx, NameRef("", name))
	if err != nil || IsNotFound(wantErr) != (got == nil) || got != nil && (got.ID != want.ID || *got.CreatedAt != *want.CreatedAt) {
		w.r.Fatalf("%s: got %+v, %v, want %+v, %v", name, got, err, want, wantErr)
	}
}

func TestReadsProperty(t *testing.T) {
	bulk, all := 0, 0
	rapid.Check(t, func(r *rapid.T) {
		w := &world{r: r}
		w.account = newAccount(t, emulator.Options{
			Users: []emulator.User{
				{Username: "jane", Token: emulator.DefaultToken, Restricted: rapid.Bool().Draw(r, "restricted")},
				{ID: "AnotherUser000001", Username: "joe", Token: "another", Restricted: rapid.Bool().Draw(r, "the other restricted")},
			},
			PageLimit: rapid.IntRange(3, 60).Draw(r, "page limit"),
		})
		w.populate(t)
		w.age()
		w.client = newLocalClient(t, w.spoil(t), func(c *Config) { c.RequestTimeout = 20 * time.Millisecond })

		ctx := t.Context()
		for range w.int("steps", 40, 90) {
			d := w.known[w.int("which", 0, len(w.known)-1)]
			switch kind := w.int("step", 0, 99); {
			case kind < 65:
				w.refresh(ctx, d)
			case kind < 85:
				w.find(ctx, rapid.SampledFrom(append(w.names, "never-used")).Draw(r, "name"))
			default:
				w.write(ctx, d)
			}
			all++
		}
		bulk += all - w.recorder.Counts()[readRequest]
	})
	if bulk == 0 {
		t.Error("nothing was ever read from a listing")
	}
}
