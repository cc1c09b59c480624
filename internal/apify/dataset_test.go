package apify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

func TestExisted(t *testing.T) {
	const format = "2006-01-02T15:04:05.000Z"
	began := time.Date(2026, 8, 7, 12, 0, 10, 400_000_000, time.UTC) // on the server's clock
	at := func(d time.Duration) *string { return ptr(began.Add(d).Format(format)) }
	for _, test := range []struct {
		name      string
		status    int
		createdAt *string
		// took is how long all the attempts took, by our clock.
		took time.Duration
		// skew is how far our clock is ahead of the server's.
		skew      time.Duration
		noDate    bool
		badDate   bool
		ambiguous bool
		want      bool
	}{
		{name: "200, old", status: 200, createdAt: at(-time.Hour), want: true},
		{name: "200, no age", status: 200, want: true},
		{name: "200, unreadable age", status: 200, createdAt: ptr("yesterday"), want: true},
		// Nothing of ours was lost, so somebody else was quicker.
		{name: "200, new", status: 200, createdAt: at(time.Second), want: true},
		{name: "200 after our own lost POST", status: 200, createdAt: at(time.Second), took: 4 * time.Second, ambiguous: true},
		{name: "200 after a lost POST, old", status: 200, createdAt: at(-time.Minute), took: 4 * time.Second, ambiguous: true, want: true},
		{name: "200 after a lost POST, no age", status: 200, took: 4 * time.Second, ambiguous: true, want: true},
		{name: "200 after a lost POST, unreadable age", status: 200, createdAt: ptr(""), took: 4 * time.Second, ambiguous: true, want: true},
		{name: "200 after a lost POST, skewed", status: 200, createdAt: at(time.Second), took: 4 * time.Second, skew: time.Hour, ambiguous: true},

		{name: "201, old", status: 201, createdAt: at(-time.Hour), want: true},
		{name: "201, new", status: 201, createdAt: at(100 * time.Millisecond), took: 200 * time.Millisecond},
		{name: "201, no age", status: 201},
		{name: "201, unreadable age", status: 201, createdAt: ptr("?")},
		{name: "201, a bit before", status: 201, createdAt: at(-time.Second)},
		{name: "201, at the edge of tolerance", status: 201, createdAt: at(-2900 * time.Millisecond)},
		{name: "201, beyond any tolerance", status: 201, createdAt: at(-4100 * time.Millisecond), want: true},
		{name: "201, from the future", status: 201, createdAt: at(time.Hour)},
		{name: "201, new, after long retries", status: 201, createdAt: at(time.Second), took: 3 * time.Minute},
		{name: "201, old, after long retries", status: 201, createdAt: at(-time.Minute), took: 3 * time.Minute, want: true},
		{name: "201, old, our clock far ahead", status: 201, createdAt: at(-time.Minute), skew: 24 * time.Hour, want: true},
		{name: "201, new, our clock far ahead", status: 201, createdAt: at(0), skew: 24 * time.Hour},
		{name: "201, old, our clock far behind", status: 201, createdAt: at(-time.Minute), skew: -24 * time.Hour, want: true},
		{name: "201, new, our clock far behind", status: 201, createdAt: at(0), skew: -24 * time.Hour},
		{name: "201, old, no Date", status: 201, createdAt: at(-time.Minute), noDate: true, want: true},
		{name: "201, new, no Date", status: 201, createdAt: at(time.Second), took: 2 * time.Second, noDate: true},
		{name: "201, old, unreadable Date", status: 201, createdAt: at(-time.Minute), badDate: true, want: true},
		{name: "201, new, unreadable Date", status: 201, createdAt: at(0), badDate: true},
		{name: "201, with an offset", status: 201, createdAt: ptr(began.In(time.FixedZone("", -7200)).Format(time.RFC3339Nano))},
	} {
		t.Run(test.name, func(t *testing.T) {
			header := http.Header{}
			switch {
			case test.badDate:
				header.Set("Date", "today")
			case !test.noDate:
				header.Set("Date", began.Add(test.took).Format(http.TimeFormat))
			}
			k := &call{
				ambiguous: test.ambiguous,
				response:  &http.Response{StatusCode: test.status, Header: header},
				started:   began.Add(test.skew),
				answered:  began.Add(test.skew + test.took),
			}
			if got := k.existed(test.createdAt); got != test.want {
				t.Errorf("got %t", got)
			}
		})
	}
}

// A Date header has whole seconds: whatever the fraction, a dataset that was
// just created is new, and one that is older than the tolerance and that second
// was there before.
func TestExistedAtAnyFractionOfASecond(t *testing.T) {
	for ms := range 1000 {
		began := time.Date(2026, 8, 7, 12, 0, 10, ms*1_000_000, time.UTC)
		k := &call{
			response: &http.Response{StatusCode: http.StatusCreated, Header: http.Header{"Date": {began.Format(http.TimeFormat)}}},
			started:  began,
			answered: began,
		}
		if k.existed(ptr(began.Format(time.RFC3339Nano))) {
			t.Fatalf("created at %v, and yet there before", began)
		}
		if old := began.Add(-clockTolerance - time.Second - time.Millisecond); !k.existed(ptr(old.Format(time.RFC3339Nano))) {
			t.Fatalf("created at %v, and yet new at %v", old, began)
		}
	}
}

func TestCreateDataset(t *testing.T) {
	for _, status := range []int{http.StatusOK, http.StatusCreated} {
		for _, skew := range []time.Duration{0, -25 * time.Hour, 25 * time.Hour} {
			s := startServer(t, emulator.Options{ExistingStatus: status, Now: func() time.Time { return time.Now().Add(skew) }})
			there := s.API.Seed(emulator.Dataset{Name: "Case-Test"})
			c := newTestClient(t, s.URL)
			ctx := t.Context()

			if d := must(c.CreateDataset(ctx, "new"))(t); d.Existed || *d.Name != "new" {
				t.Errorf("%d, %s: a new dataset is %+v", status, skew, d)
			}
			if d := must(c.CreateDataset(ctx, "case-TEST"))(t); !d.Existed || d.ID != there.ID || *d.Name != "Case-Test" {
				t.Errorf("%d, %s: an existing dataset is %+v", status, skew, d)
			}
			if d := must(c.CreateDataset(ctx, ""))(t); d.Existed || d.Name != nil {
				t.Errorf("%d, %s: an unnamed dataset is %+v", status, skew, d)
			}
			for i, fault := range []emulator.Fault{
				{Reset: true, TakesEffect: true},
				{CutBody: true, TakesEffect: true},
				{Status: http.StatusBadGateway, TakesEffect: true},
				{Status: http.StatusOK, Body: "<html>", TakesEffect: true},
				{Reset: true},
				{Status: http.StatusTooManyRequests},
			} {
				s.Recorder.ClearFaults()
				fault.Method, fault.Times = http.MethodPost, 1
				s.Recorder.Inject(fault, fault)
				if d := must(c.CreateDataset(ctx, fmt.Sprintf("lost-%d", i)))(t); d.Existed {
					t.Errorf("%d, %s: the dataset of our own lost POST was there before, after %+v", status, skew, fault)
				}
				s.Recorder.ClearFaults()
				s.Recorder.Inject(fault)
				if d := must(c.CreateDataset(ctx, "case-test"))(t); !d.Existed {
					t.Errorf("%d, %s: a dataset that was there before is new, after %+v", status, skew, fault)
				}
			}
		}
	}
}

// What was lost stays lost, whatever comes between that and the answer.
func TestCreateDatasetRefusedAfterALoss(t *testing.T) {
	s := startServer(t, emulator.Options{})
	s.Recorder.Inject(
		emulator.Fault{Reset: true, TakesEffect: true, Times: 1},
		emulator.Fault{Status: http.StatusTooManyRequests, Times: 1},
	)
	if d := must(newTestClient(t, s.URL).CreateDataset(t.Context(), "lost"))(t); d.Existed || len(s.Recorder.Requests()) != 3 {
		t.Errorf("got %+v after %d requests", d, len(s.Recorder.Requests()))
	}
}

// The time that attempts and waits take is no reason to take a dataset for an
// older one.
func TestCreateDatasetTakesItsTime(t *testing.T) {
	lost := emulator.Fault{Status: http.StatusBadGateway, Header: http.Header{"Retry-After": {"60"}}, TakesEffect: true, Times: 1}
	slow := emulator.Fault{TakesEffect: true, Delay: 15 * time.Second, Mutate: func(status int, header http.Header, _ map[string]any) int {
		header.Set("Date", time.Now().UTC().Format(http.TimeFormat))
		return status
	}}
	for name, fault := range map[string]emulator.Fault{"a long wait": lost, "a slow answer": slow} {
		for _, status := range []int{http.StatusOK, http.StatusCreated} {
			synctest.Test(t, func(t *testing.T) {
				_, recorder := local(emulator.Options{ExistingStatus: status})
				recorder.Inject(fault)
				began := time.Now()
				d := must(newLocalClient(t, recorder).CreateDataset(t.Context(), "new"))(t)
				if took := time.Since(began); d.Existed || took < 15*time.Second {
					t.Errorf("%s, %d: after %s, got %+v", name, status, took, d)
				}
			})
		}
	}
}

func TestCreateDatasetWithoutDate(t *testing.T) {
	s := startServer(t, emulator.Options{ExistingStatus: http.StatusCreated})
	s.API.Seed(emulator.Dataset{Name: "old"})
	s.Recorder.Inject(emulator.Fault{Mutate: func(status int, header http.Header, _ map[string]any) int {
		header["Date"] = nil // which also keeps the server from sending its own
		return status
	}})
	c := newTestClient(t, s.URL)
	if d := must(c.CreateDataset(t.Context(), "old"))(t); !d.Existed {
		t.Error("the old dataset is new")
	}
	if d := must(c.CreateDataset(t.Context(), "new"))(t); d.Existed {
		t.Error("the new dataset is old")
	}
}

func TestLocalPlatform(t *testing.T) {
	s := startServer(t, emulator.Options{LocalPlatform: true})
	c := newTestClient(t, s.URL)
	ctx := t.Context()
	d := must(c.CreateDataset(ctx, "local"))(t)
	if d.Existed || d.GeneralAccess != nil || d.ItemsPublicURL != nil || d.URLSigningSecretKey != nil {
		t.Errorf("got %+v", d)
	}
	updated := must(c.UpdateDataset(ctx, d.ID, DatasetUpdate{GeneralAccess: ptr(Restricted)}))(t)
	if updated.GeneralAccess != nil {
		t.Errorf("got %+v", updated)
	}
	if err := c.DeleteDataset(ctx, d.ID); err != nil {
		t.Error(err)
	}
}

func TestUpdateBody(t *testing.T) {
	for _, test := range []struct {
		name   string
		update Update
		want   string
	}{
		{"nothing", DatasetUpdate{}, `{}`},
		{"a name", DatasetUpdate{Name: ptr("a")}, `{"name":"a"}`},
		{"no name", DatasetUpdate{Name: ptr("")}, `{"name":null}`},
		{"access", DatasetUpdate{GeneralAccess: ptr(Restricted)}, `{"generalAccess":"RESTRICTED"}`},
		{"both", DatasetUpdate{Name: ptr("a"), GeneralAccess: ptr(AnyoneWithNameCanRead)}, `{"generalAccess":"ANYONE_WITH_NAME_CAN_READ","name":"a"}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got, err := json.Marshal(test.update); err != nil || string(got) != test.want {
				t.Errorf("got %s, %v, want %s", got, err, test.want)
			}
		})
	}
}

func TestUpdateDataset(t *testing.T) {
	s := startServer(t, emulator.Options{})
	there := s.API.Seed(emulator.Dataset{Name: "before", GeneralAccess: "RESTRICTED"})
	c := newTestClient(t, s.URL)
	ctx := t.Context()

	d := must(c.UpdateDataset(ctx, there.ID, DatasetUpdate{Name: ptr("after")}))(t)
	if *d.Name != "after" || *d.GeneralAccess != Restricted {
		t.Errorf("after renaming: %+v", d)
	}
	d = must(c.UpdateDataset(ctx, there.ID, DatasetUpdate{GeneralAccess: ptr(AnyoneWithIDCanRead)}))(t)
	if *d.Name != "after" || *d.GeneralAccess != AnyoneWithIDCanRead {
		t.Errorf("after changing the access: %+v", d)
	}
	d = must(c.UpdateDataset(ctx, there.ID, DatasetUpdate{Name: ptr("")}))(t)
	if d.Name != nil {
		t.Errorf("after taking away the name: %+v", d)
	}
	s.API.Seed(emulator.Dataset{Name: "taken"})
	if _, err := c.UpdateDataset(ctx, there.ID, DatasetUpdate{Name: ptr("Taken")}); !IsRefused(err) || IsNotFound(err) {
		t.Errorf("renaming onto a taken name: %v", err)
	}
	if _, err := c.UpdateDataset(ctx, "NoSuchDataset0001", DatasetUpdate{Name: ptr("x")}); !IsNotFound(err) {
		t.Errorf("renaming nothing: %v", err)
	}
	if n := s.Recorder.Counts()["PUT /v2/datasets/{datasetId}"]; n != 5 {
		t.Errorf("five updates took %d requests", n)
	}
}

func TestDataset(t *testing.T) {
	s := startServer(t, emulator.Options{Users: []emulator.User{
		{Username: "jane", Token: emulator.DefaultToken},
		{Username: "joe", Token: "another"},
	}})
	joe := must(newTestClient(t, s.URL, func(c *Config) { c.Token = "another" }).CurrentUser(t.Context()))(t)
	there := s.API.Seed(emulator.Dataset{
		Name: "My-Data", Title: "My data", ActID: "SomeActor00000001", Schema: json.RawMessage(`{"fields": {}}`), WriteCount: 2,
		Items: []json.RawMessage{[]byte(`{"a": 1}`), []byte(`{"b": 2}`)},
	})
	shared := s.API.Seed(emulator.Dataset{UserID: joe.ID, Name: "shared", SharedWith: map[string]emulator.Permission{"jane": emulator.PermissionRead}})
	hidden := s.API.Seed(emulator.Dataset{UserID: joe.ID, Name: "hidden", GeneralAccess: "RESTRICTED"})
	c := newTestClient(t, s.URL)
	ctx := t.Context()

	for _, ref := range []DatasetRef{DatasetIDRef(there.ID), DatasetNameRef("", "my-data"), DatasetNameRef("jane", "MY-DATA"), DatasetNameRef(there.UserID, "my-data")} {
		d := must(c.GetDataset(ctx, ref))(t)
		if d.ID != there.ID || *d.Name != "My-Data" || *d.Title != "My data" || *d.UserID != there.UserID || *d.ActID != there.ActID ||
			*d.ItemCount != 2 || len(d.Fields) != 2 || len(d.Schema) == 0 || *d.Stats.WriteCount != 2 || d.ActRunID != nil ||
			*d.CreatedAt != there.CreatedAt.Format("2006-01-02T15:04:05.000Z") || *d.GeneralAccess != FollowUserSetting ||
			*d.ConsoleURL != "https://console.apify.com/storage/datasets/"+there.ID || *d.URLSigningSecretKey != there.URLSigningSecretKey {
			t.Errorf("%s is %+v", ref, d)
		}
	}
	if d := must(c.GetDataset(ctx, DatasetNameRef("joe", "shared")))(t); d.ID != shared.ID || d.URLSigningSecretKey != nil {
		t.Errorf("the shared dataset is %+v", d)
	}
	for _, ref := range []DatasetRef{DatasetIDRef(hidden.ID), DatasetNameRef("", "hidden"), DatasetNameRef("joe", "hidden"), DatasetIDRef("NoSuchDataset0001")} {
		if d, err := c.GetDataset(ctx, ref); !IsNotFound(err) || d != nil {
			t.Errorf("%s: got %+v, %v", ref, d, err)
		}
	}
}

// A proxy's cache that mixes up its answers must not mix up datasets.
func TestAnswersOfAnotherDataset(t *testing.T) {
	s := startServer(t, emulator.Options{})
	asked, other := s.API.Seed(emulator.Dataset{Name: "asked"}), s.API.Seed(emulator.Dataset{Name: "other"})
	swap := emulator.Fault{Mutate: func(status int, _ http.Header, body map[string]any) int {
		if data, ok := body["data"].(map[string]any); ok {
			data["id"], data["name"] = other.ID, other.Name
		}
		return status
	}}
	c := newTestClient(t, s.URL)
	for name, call := range map[string]func(context.Context) error{
		"create": func(ctx context.Context) error {
			_, err := c.CreateDataset(ctx, "asked")
			return err
		},
		"read": func(ctx context.Context) error {
			_, err := c.GetDataset(ctx, DatasetIDRef(asked.ID))
			return err
		},
		"read by name": func(ctx context.Context) error {
			_, err := c.GetDataset(ctx, DatasetNameRef("", "asked"))
			return err
		},
		"update": func(ctx context.Context) error {
			_, err := c.UpdateDataset(ctx, asked.ID, DatasetUpdate{GeneralAccess: ptr(Restricted)})
			return err
		},
	} {
		s.Recorder.ClearFaults()
		s.Recorder.Inject(swap)
		err := call(t.Context())
		if e := asError(t, err); e.Status/100 != 2 || e.Attempts != 1+testRetries || !strings.Contains(err.Error(), "not the one asked for") {
			t.Errorf("%s: got %v after %d attempts", name, err, e.Attempts)
		}
		swap.Times = 2
		s.Recorder.ClearFaults()
		s.Recorder.Inject(swap)
		if err := call(t.Context()); err != nil {
			t.Errorf("%s: got %v where the answers came right in the end", name, err)
		}
		swap.Times = 0
	}
	// A named dataset in answer to a creation without a name is not ours to keep, nor to repeat the creation for.
	s.Recorder.ClearFaults()
	s.Recorder.Inject(swap)
	_, err := c.CreateDataset(t.Context(), "")
	if e := asError(t, err); e.Attempts != 1 || !strings.Contains(err.Error(), `it is a dataset named "other"`) {
		t.Errorf("an unnamed creation: got %v after %d attempts", err, e.Attempts)
	}
}

func TestHasItems(t *testing.T) {
	s := startServer(t, emulator.Options{CounterLag: time.Hour})
	d := s.API.Seed(emulator.Dataset{Name: "items"})
	c := newTestClient(t, s.URL)
	if must(c.DatasetHasItems(t.Context(), d.ID))(t) {
		t.Error("an empty dataset has items")
	}
	s.API.Push(d.ID, json.RawMessage(`{"a": 1}`), json.RawMessage(`{"a": 2}`))
	if !must(c.DatasetHasItems(t.Context(), d.ID))(t) {
		t.Error("a dataset with items has none")
	}
	requests := s.Recorder.Requests()
	if got := requests[len(requests)-1].Query.Encode(); got != "limit=1" {
		t.Errorf("asked for %q", got)
	}
	if _, err := c.DatasetHasItems(t.Context(), "NoSuchDataset0001"); !IsNotFound(err) {
		t.Errorf("got %v", err)
	}
	// What is not an array of items says nothing about there being none.
	for _, body := range []string{"", "null", "{}", `{"data": []}`, `"[]"`, "[", "[] []", "0", "<html>"} {
		s.Recorder.ClearFaults()
		s.Recorder.Inject(emulator.Fault{Status: http.StatusOK, Body: body})
		if _, err := c.DatasetHasItems(t.Context(), d.ID); err == nil || asError(t, err).Attempts != 1+testRetries {
			t.Errorf("%q: got %v", body, err)
		}
	}
}

func TestMe(t *testing.T) {
	s := startServer(t, emulator.Options{})
	c := newTestClient(t, s.URL, func(c *Config) { c.MaxRetries = 0 })
	// A failure is not kept.
	s.Recorder.Inject(emulator.Fault{Status: http.StatusServiceUnavailable, Times: 1})
	if _, err := c.CurrentUser(t.Context()); asError(t, err).Status != http.StatusServiceUnavailable {
		t.Errorf("got %v", err)
	}
	s.Recorder.Reset()
	s.Recorder.SetLatency(20 * time.Millisecond)
	var running sync.WaitGroup
	for range 20 {
		running.Go(func() {
			if me, err := c.CurrentUser(t.Context()); err != nil || me.ID != emulator.DefaultUserID || me.Username != emulator.DefaultUsername {
				t.Errorf("got %+v, %v", me, err)
			}
		})
	}
	running.Wait()
	if n := s.Recorder.Counts()["GET /v2/users/me"]; n != 1 {
		t.Errorf("asked %d times", n)
	}
}

// Whoever waits for another's question to be answered can still give up.
func TestMeWaitsNoLongerThanItsContext(t *testing.T) {
	s := startServer(t, emulator.Options{})
	asked := make(chan struct{})
	s.Recorder.Inject(emulator.Fault{Before: func(*http.Request) { close(asked) }, Delay: time.Minute, Times: 1})
	c := newTestClient(t, s.URL)
	hanging, stop := context.WithCancel(t.Context())
	var running sync.WaitGroup
	running.Go(func() {
		if _, err := c.CurrentUser(hanging); !errors.Is(err, context.Canceled) {
			t.Errorf("the first got %v", err)
		}
	})
	<-asked
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	began := time.Now()
	_, err := c.CurrentUser(ctx)
	if e := asError(t, err); !errors.Is(e.Stopped, context.DeadlineExceeded) || time.Since(began) > time.Second {
		t.Errorf("after %s: %v", time.Since(began), err)
	}
	stop()
	running.Wait()
	must(c.CurrentUser(t.Context()))(t)
}

func FuzzDatasetAnswer(f *testing.F) {
	for _, seed := range []struct {
		status int
		body   string
	}{
		{200, `{"data": {"id": "abc", "name": "x", "userId": "u", "createdAt": "2026-08-07T12:00:00.000Z", "itemCount": 7, "fields": ["a"],
			"schema": {}, "generalAccess": "RESTRICTED", "stats": {"readCount": 1}, "itemsPublicUrl": "https://x?signature=y"}}`},
		{200, `{"data": {"id": "other"}}`},
		{200, `{"data": {"id": "abc", "itemCount": 1e400}}`},
		{200, `{"data": {"id": "abc", "name": 17, "stats": []}}`},
		{200, `{"data": null}`},
		{200, "<html>\x1b[31m"},
		{201, `{"data": {"id": "abc"}} `},
		{204, ""},
		{302, ""},
		{404, `{"error": {"type": "record-not-found", "message": "\u001b[1m"}}`},
		{500, "\xff"},
	} {
		f.Add(seed.status, seed.body)
	}
	f.Fuzz(func(t *testing.T, status int, body string) {
		if status < 200 || status > 999 {
			return // not the last word of any server
		}
		c := newLocalClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}), func(c *Config) { c.MaxRetries = 0 })
		for _, ref := range []DatasetRef{DatasetIDRef("abc"), DatasetNameRef("", "x")} {
			d, err := c.GetDataset(t.Context(), ref)
			if err == nil {
				if status > 299 || !json.Valid([]byte(body)) || ref.ID() != "" && d.ID != ref.ID() || !idPattern.MatchString(d.ID) ||
					ref.name() != "" && d.Name != nil && !EqualDatasetNames(*d.Name, ref.name()) {
					t.Errorf("%d %q is %+v", status, body, d)
				}
				continue
			}
			if e := asError(t, err); d != nil || e.Status != status || e.Attempts != 1 {
				t.Errorf("%d %q is %+v, %v", status, body, d, err)
			}
			checkPrintable(t, err.Error())
			if n := len(err.Error()); n > 3000 {
				t.Errorf("the error has %d bytes", n)
			}
			if IsNotFound(err) && (status != http.StatusNotFound || !strings.Contains(body, "record-") && !strings.Contains(body, `\u`)) {
				t.Errorf("%d %q means that there is no dataset", status, body)
			}
		}
	})
}
