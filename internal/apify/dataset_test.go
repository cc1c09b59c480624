package apify

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

func TestCreateDataset(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusOK, http.StatusCreated} { // for an existing dataset
		for _, skew := range []time.Duration{0, -25 * time.Hour, 25 * time.Hour} { // of the server's clock
			t.Run(fmt.Sprintf("%d with a skew of %s", status, skew), func(t *testing.T) {
				t.Parallel()
				api, recorder := newAPI(emulator.Options{ExistingStatus: status, Now: func() time.Time { return time.Now().Add(skew) }})
				existing := api.Seed(emulator.Dataset{Name: "Case-Test"})
				c := newLocalClient(t, recorder)
				ctx := t.Context()

				if d := must(c.CreateDataset(ctx, "new", nil))(t); d.Existed || *d.Name != "new" {
					t.Errorf("a new dataset is %+v", d)
				}
				if d := must(c.CreateDataset(ctx, "case-TEST", nil))(t); !d.Existed || d.ID != existing.ID || *d.Name != "Case-Test" {
					t.Errorf("an existing dataset is %+v", d)
				}
				if d := must(c.CreateDataset(ctx, "", nil))(t); d.Existed || d.Name != nil {
					t.Errorf("an unnamed dataset is %+v", d)
				}
				if n := len(recorder.Requests()); n != 3 {
					t.Errorf("3 calls sent %d requests", n)
				}
			})
		}
	}
}

// TestCreateDataset_lostResponse checks that a dataset that the client's own lost request created
// is new, and one that existed before is not.
func TestCreateDataset_lostResponse(t *testing.T) {
	t.Parallel()
	for _, status := range []int{http.StatusOK, http.StatusCreated} { // for an existing dataset
		for _, name := range []string{
			emulator.FaultReset,
			emulator.FaultResetAfterEffect,
			emulator.FaultBodyCut,
			emulator.FaultBadGatewayAfterEffect,
			emulator.FaultHTMLPageAfterEffect,
			emulator.FaultRateLimited,
		} {
			t.Run(fmt.Sprint(status, " after ", name), func(t *testing.T) {
				t.Parallel()
				s := startServer(t, emulator.Options{ExistingStatus: status})
				s.API.Seed(emulator.Dataset{Name: "existing"})
				c := newTestClient(t, s.URL)
				s.Recorder.Inject(newFault(name, 2))
				if d := must(c.CreateDataset(t.Context(), "lost", nil))(t); d.Existed {
					t.Error("a new dataset is an existing one")
				}
				s.Recorder.Inject(newFault(name, 2))
				if d := must(c.CreateDataset(t.Context(), "existing", nil))(t); !d.Existed {
					t.Error("an existing dataset is a new one")
				}
				if n := len(s.Recorder.Requests()); n != 6 {
					t.Errorf("the server received %d requests, want 6", n)
				}
			})
		}
	}
}

// TestCreateDataset_refusedAfterLostResponse checks that a lost response counts, even if the
// attempt after it is refused.
func TestCreateDataset_refusedAfterLostResponse(t *testing.T) {
	t.Parallel()
	s := startServer(t, emulator.Options{})
	s.Recorder.Inject(newFault(emulator.FaultResetAfterEffect, 1), newFault(emulator.FaultRateLimited, 1))
	d := must(newTestClient(t, s.URL).CreateDataset(t.Context(), "lost", nil))(t)
	if n := len(s.Recorder.Requests()); d.Existed || n != 3 {
		t.Errorf("got %+v after %d requests, want a new dataset after 3", d, n)
	}
}

// TestCreateDataset_slow checks that the duration of the attempts and of the delays between them
// does not make a new dataset an existing one.
func TestCreateDataset_slow(t *testing.T) {
	t.Parallel()
	longDelay := newFault(emulator.FaultBadGatewayAfterEffect, 1)
	longDelay.Header = http.Header{"Retry-After": {"60"}}
	slowResponse := emulator.Fault{TakesEffect: true, Delay: 15 * time.Second, Mutate: func(status int, header http.Header, _ map[string]any) int {
		header.Set("Date", time.Now().UTC().Format(http.TimeFormat)) // the end of the delay
		return status
	}}
	for name, fault := range map[string]emulator.Fault{"long delay": longDelay, "slow response": slowResponse} {
		for _, status := range []int{http.StatusOK, http.StatusCreated} { // for an existing dataset
			t.Run(fmt.Sprint(name, " and ", status), func(t *testing.T) {
				t.Parallel()
				synctest.Test(t, func(t *testing.T) {
					network := startPipeServer(t, emulator.Options{ExistingStatus: status})
					network.server.Recorder.Inject(fault)
					began := time.Now()
					d := must(network.newClient(t).CreateDataset(t.Context(), "new", nil))(t)
					if took := time.Since(began); d.Existed || took < 15*time.Second {
						t.Errorf("after %s: got %+v, want a new dataset", took, d)
					}
				})
			})
		}
	}
}

// TestCreateDataset_withoutDate calls a server whose responses have no Date header.
func TestCreateDataset_withoutDate(t *testing.T) {
	t.Parallel()
	api, recorder := newAPI(emulator.Options{ExistingStatus: http.StatusCreated})
	api.Seed(emulator.Dataset{Name: "old"})
	c := newLocalClient(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		recorder.ServeHTTP(&withoutDate{w}, r)
	}))
	if d := must(c.CreateDataset(t.Context(), "old", nil))(t); d.Existed {
		t.Error("without any clock, the status decides, and 201 means new")
	}
	if d := must(c.CreateDataset(t.Context(), "new", nil))(t); d.Existed {
		t.Error("a new dataset is an existing one")
	}
}

type withoutDate struct{ http.ResponseWriter }

func (w *withoutDate) WriteHeader(status int) {
	w.Header()["Date"] = nil // net/http adds no header of its own then
	w.ResponseWriter.WriteHeader(status)
}

// TestCreateDataset_unnamedOnce checks that the client does not create a second unnamed dataset if
// it does not know the result of the first request.
func TestCreateDataset_unnamedOnce(t *testing.T) {
	t.Parallel()
	s := startServer(t, emulator.Options{})
	c := newTestClient(t, s.URL)
	s.Recorder.Inject(newFault(emulator.FaultRateLimited, 2), newFault(emulator.FaultResetAfterEffect, 1))
	_, err := c.CreateDataset(t.Context(), "", nil)
	if e := asError(t, err); e.Attempts != 3 || !e.MayHaveTakenEffect {
		t.Errorf("got %+v", e)
	}
	if n := len(s.API.Datasets()); n != 1 {
		t.Errorf("%d datasets exist, want 1", n)
	}
	// net/http itself can send a request again that it wrote to an idle connection.
	must(c.CurrentUser(t.Context()))(t)
	s.Recorder.Inject(newFault(emulator.FaultResetAfterEffect, 1))
	_, err = c.CreateDataset(t.Context(), "", nil)
	if e := asError(t, err); e.Attempts != 1 || !e.MayHaveTakenEffect {
		t.Errorf("on an idle connection: got %+v", e)
	}
	if n := len(s.API.Datasets()); n != 2 {
		t.Errorf("%d datasets exist, want 2", n)
	}
}

// TestCreateDataset_createdID checks the ID that an error has if the server created an unnamed
// dataset, but the client could not read the response.
func TestCreateDataset_createdID(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fault, name string
		known       bool
	}{
		{fault: emulator.FaultBodyCut, known: true},
		{fault: emulator.FaultTrickle, known: true},
		{fault: emulator.FaultResetAfterEffect},
		{fault: emulator.FaultHTMLPageAfterEffect},
		{fault: emulator.FaultInternalServerErrorAfterEffect},
		{fault: emulator.FaultForbidden},
		// A named dataset is found by its name.
		{fault: emulator.FaultBodyCut, name: "named"},
	} {
		t.Run(test.fault+" for "+test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				network := startPipeServer(t, emulator.Options{})
				network.server.Recorder.Inject(newFault(test.fault, 0))
				c := network.newClient(t, func(c *Config) { c.MaxRetries = 0 })
				_, err := c.CreateDataset(t.Context(), test.name, nil)
				want := ""
				if test.known {
					want = network.server.API.Datasets()[0].ID
				}
				if e := asError(t, err); e.CreatedID != want {
					t.Errorf("the created ID is %q, want %q: %v", e.CreatedID, want, err)
				}
			})
		})
	}
}

func TestCreateDataset_location(t *testing.T) {
	t.Parallel()
	const location = "https://api.apify.com/v2/datasets/WkzbQMuFYuamGv3YF"
	for _, test := range []struct {
		status         int
		location, body string
		want           string
	}{
		{201, location, "", "WkzbQMuFYuamGv3YF"},
		{201, location + "/?x=y", "<html>", "WkzbQMuFYuamGv3YF"},
		{201, "/v2/datasets/abc", `{"data": {}}`, "abc"},
		{200, location, "", ""},
		{500, location, "", ""},
		{201, "", "", ""},
		{201, "/", "", ""},
		{201, "/v2/datasets/~name", "", ""},
		{201, "/v2/datasets/a-b", "", ""},
		{201, "http://[::1", "", ""},
		// If the body has a dataset that is not the new one, the header cannot be trusted either.
		{201, location, `{"data": {"id": "other", "name": "named"}}`, ""},
	} {
		c := newLocalClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", test.location)
			w.WriteHeader(test.status)
			_, _ = io.WriteString(w, test.body)
		}))
		_, err := c.CreateDataset(t.Context(), "", nil)
		if e := asError(t, err); e.CreatedID != test.want {
			t.Errorf("%+v: the created ID is %q", test, e.CreatedID)
		}
	}
}

func TestClient_existed(t *testing.T) {
	t.Parallel()
	const format = "2006-01-02T15:04:05.000Z"
	began := time.Date(2026, 8, 7, 12, 0, 10, 400_000_000, time.UTC) // on the server's clock
	at := func(d time.Duration) *string { return ptr(began.Add(d).Format(format)) }
	for _, test := range []struct {
		name      string
		status    int
		createdAt *string
		// took is the duration of all attempts.
		took time.Duration
		// skew is the time by which the client's clock is ahead of the server's.
		skew            time.Duration
		noDate, badDate bool
		// earlier reports whether an earlier response had a Date header.
		earlier    bool
		location   bool // whether the response has a Location header
		mayHaveRun bool
		want       bool
	}{
		{name: "200, old", status: 200, createdAt: at(-time.Hour), want: true},
		{name: "200, no time", status: 200, want: true},
		{name: "200, invalid time", status: 200, createdAt: ptr("yesterday"), want: true},
		// The client has lost no response, so another client has created the dataset.
		{name: "200, new", status: 200, createdAt: at(time.Second), want: true},
		{name: "200 after a lost response, new", status: 200, createdAt: at(time.Second), took: 4 * time.Second, mayHaveRun: true},
		{name: "200 after a lost response, old", status: 200, createdAt: at(-time.Minute), took: 4 * time.Second, mayHaveRun: true, want: true},
		{name: "200 after a lost response, no time", status: 200, took: 4 * time.Second, mayHaveRun: true, want: true},
		{name: "200 after a lost response, invalid time", status: 200, createdAt: ptr(""), took: 4 * time.Second, mayHaveRun: true, want: true},
		{name: "200 after a lost response, new, client an hour ahead", status: 200, createdAt: at(time.Second), took: 4 * time.Second, skew: time.Hour, mayHaveRun: true},

		{name: "201, old", status: 201, createdAt: at(-time.Hour), want: true},
		{name: "201, new", status: 201, createdAt: at(100 * time.Millisecond), took: 200 * time.Millisecond},
		{name: "201, no time", status: 201},
		{name: "201, invalid time", status: 201, createdAt: ptr("?")},
		{name: "201, a second before", status: 201, createdAt: at(-time.Second)},
		{name: "201, within the tolerance", status: 201, createdAt: at(-2900 * time.Millisecond)},
		{name: "201, beyond the tolerance", status: 201, createdAt: at(-4100 * time.Millisecond), want: true},
		{name: "201, in the future", status: 201, createdAt: at(time.Hour)},
		{name: "201, new, after long retries", status: 201, createdAt: at(time.Second), took: 3 * time.Minute},
		{name: "201, old, after long retries", status: 201, createdAt: at(-time.Minute), took: 3 * time.Minute, want: true},
		{name: "201, old, client a day ahead", status: 201, createdAt: at(-time.Minute), skew: 24 * time.Hour, want: true},
		{name: "201, new, client a day ahead", status: 201, createdAt: at(0), skew: 24 * time.Hour},
		{name: "201, old, client a day behind", status: 201, createdAt: at(-time.Minute), skew: -24 * time.Hour, want: true},
		{name: "201, new, client a day behind", status: 201, createdAt: at(0), skew: -24 * time.Hour},
		// Without a server's clock, the status decides: the client's clock can be wrong by hours.
		{name: "201, old, no Date", status: 201, createdAt: at(-time.Minute), noDate: true},
		{name: "201, new, no Date", status: 201, createdAt: at(time.Second), took: 2 * time.Second, noDate: true},
		{name: "201, new, no Date, client an hour ahead", status: 201, createdAt: at(time.Second), noDate: true, skew: time.Hour},
		{name: "201, old, invalid Date", status: 201, createdAt: at(-time.Minute), badDate: true},
		{name: "201, new, invalid Date", status: 201, createdAt: at(0), badDate: true},
		{name: "200 after a lost response, new, no Date", status: 200, createdAt: at(time.Second), noDate: true, mayHaveRun: true, want: true},
		{name: "201, old, Date of an earlier response", status: 201, createdAt: at(-time.Minute), noDate: true, earlier: true, want: true},
		{name: "201, old, Date of an earlier response, client an hour ahead", status: 201, createdAt: at(-time.Minute), noDate: true, earlier: true, skew: time.Hour, want: true},
		{name: "201, new, Date of an earlier response, client an hour ahead", status: 201, createdAt: at(0), noDate: true, earlier: true, skew: time.Hour},
		{name: "200 after a lost response, new, Date of an earlier response", status: 200, createdAt: at(time.Second), noDate: true, earlier: true, mayHaveRun: true},
		// A Location header means new, whatever the clocks say.
		{name: "201 with Location, server's Date 5 s ahead", status: 201, createdAt: at(-5 * time.Second), location: true},
		{name: "201 with Location, old", status: 201, createdAt: at(-time.Hour), location: true},
		{name: "200 with Location, old", status: 200, createdAt: at(-time.Hour), location: true, want: true},
		{name: "201, new, in another time zone", status: 201, createdAt: ptr(began.In(time.FixedZone("", -7200)).Format(time.RFC3339Nano))},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{}
			switch {
			case test.badDate:
				header.Set("Date", "today")
			case !test.noDate:
				header.Set("Date", began.Add(test.took).Format(http.TimeFormat))
			}
			if test.location {
				header.Set("Location", "https://api.test/v2/datasets/abc")
			}
			c := newLocalClient(t, http.NotFoundHandler())
			if test.earlier {
				c.clock.observe(http.Header{"Date": {began.Add(-time.Minute).Format(http.TimeFormat)}}, began.Add(test.skew-time.Minute))
			}
			c.clock.observe(header, began.Add(test.skew+test.took))
			o := outcome{
				status:     test.status,
				header:     header,
				started:    began.Add(test.skew),
				mayHaveRun: test.mayHaveRun,
			}
			if got := c.existed(&o, test.createdAt); got != test.want {
				t.Errorf("got %t, want %t", got, test.want)
			}
		})
	}
}

// TestClient_existedAtAnyMillisecond checks that the whole seconds of the Date header never make a
// new dataset an existing one, nor one that is older than the tolerance a new one.
func TestClient_existedAtAnyMillisecond(t *testing.T) {
	t.Parallel()
	for ms := range 1000 {
		began := time.Date(2026, 8, 7, 12, 0, 10, ms*1_000_000, time.UTC)
		var c Client
		o := outcome{status: http.StatusCreated, header: http.Header{"Date": {began.Format(http.TimeFormat)}}, started: began}
		c.clock.observe(o.header, began)
		if c.existed(&o, ptr(began.Format(time.RFC3339Nano))) {
			t.Fatalf("a dataset created at %v existed before", began)
		}
		if old := began.Add(-clockTolerance - time.Second - time.Millisecond); !c.existed(&o, ptr(old.Format(time.RFC3339Nano))) {
			t.Fatalf("a dataset created at %v did not exist before %v", old, began)
		}
	}
}

func TestGetDataset(t *testing.T) {
	t.Parallel()
	s := startServer(t, emulator.Options{Users: []emulator.User{
		{Username: "jane", Token: emulator.DefaultToken},
		{ID: "AnotherUser000001", Username: "joe", Token: "another"},
	}, InaccessibleStatus: http.StatusNotFound})
	own := s.API.Seed(emulator.Dataset{
		Name: "My-Data", Title: "My data", ActID: "SomeActor00000001", Schema: json.RawMessage(`{"fields": {}}`), WriteCount: 2,
		Items: []json.RawMessage{[]byte(`{"a": 1}`), []byte(`{"b": 2}`)},
	})
	shared := s.API.Seed(emulator.Dataset{
		UserID: "AnotherUser000001", Name: "shared",
		SharedWith: map[string]emulator.Permission{"jane": emulator.PermissionRead},
	})
	hidden := s.API.Seed(emulator.Dataset{UserID: "AnotherUser000001", Name: "hidden", GeneralAccess: "RESTRICTED"})
	c := newTestClient(t, s.URL)
	ctx := t.Context()

	for _, ref := range []DatasetRef{
		DatasetIDRef(own.ID), DatasetNameRef("", "my-data"), DatasetNameRef("jane", "MY-DATA"), DatasetNameRef(own.UserID, "my-data"),
	} {
		d := must(c.GetDataset(ctx, ref))(t)
		if d.ID != own.ID || *d.Name != "My-Data" || d.Title != nil || *d.UserID != own.UserID || *d.ActID != own.ActID ||
			*d.ItemCount != 2 || len(d.Fields) != 2 || len(d.Schema) == 0 || *d.Stats.WriteCount != 2 || d.ActRunID != nil ||
			*d.CreatedAt != own.CreatedAt.Format("2006-01-02T15:04:05.000Z") || *d.GeneralAccess != FollowUserSetting ||
			*d.ConsoleURL != "https://console.apify.com/storage/datasets/"+own.ID || *d.URLSigningSecretKey != own.URLSigningSecretKey {
			t.Errorf("%s is %+v", ref, d)
		}
	}
	if d := must(c.GetDataset(ctx, DatasetNameRef("joe", "shared")))(t); d.ID != shared.ID || d.URLSigningSecretKey != nil {
		t.Errorf("the shared dataset is %+v", d)
	}
	for _, ref := range []DatasetRef{
		DatasetIDRef(hidden.ID), DatasetNameRef("", "hidden"), DatasetNameRef("joe", "hidden"), DatasetIDRef("NoSuchDataset0001"),
	} {
		if d, err := c.GetDataset(ctx, ref); !IsNotFound(err) || d != nil {
			t.Errorf("%s: got %+v, %v", ref, d, err)
		}
	}
}

func TestGetDataset_name(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		body    string
		want    *string
		omitted bool
	}{
		{`{"data": {"id": "abc", "name": "my-data"}}`, ptr("my-data"), false},
		{`{"data": {"id": "abc", "name": ""}}`, nil, false},
		{`{"data": {"id": "abc", "name": "abc"}}`, nil, false}, // some lists have the ID of an unnamed dataset
		{`{"data": {"id": "abc", "name": null}}`, nil, true},
		{`{"data": {"id": "abc"}}`, nil, true},
	} {
		d := must(newLocalClient(t, respond(test.body)).GetDataset(t.Context(), DatasetIDRef("abc")))(t)
		if d.NameOmitted != test.omitted || (d.Name == nil) != (test.want == nil) || d.Name != nil && *d.Name != *test.want {
			t.Errorf("%s: the dataset is %+v", test.body, d)
		}
	}
}

// TestGetDataset_unusedFields reads datasets whose fields have unexpected types. Only a field that
// the resource uses makes the read fail.
func TestGetDataset_unusedFields(t *testing.T) {
	t.Parallel()
	used := map[string]bool{
		"id": true, "name": true, "userId": true, "createdAt": true, "generalAccess": true, "consoleUrl": true,
		"itemsPublicUrl": true, "urlSigningSecretKey": true, "itemCount": true,
	}
	for field := range reflect.TypeFor[Dataset]().Fields() {
		name := field.Tag.Get("json")
		if name == "-" || name == "schema" { // any JSON is valid
			continue
		}
		for _, value := range []string{`{"a": [1]}`, `[{"a": 1}]`, `true`, `1e30`} {
			body := fmt.Sprintf(`{"data": {"id": "abc", "title": "kept", %q: %s, "accessedAt": "kept too"}}`, name, value)
			d, err := newLocalClient(t, respond(body), func(c *Config) { c.MaxRetries = 0 }).GetDataset(t.Context(), DatasetIDRef("abc"))
			switch {
			case used[name] && err == nil:
				t.Errorf("%s: got %+v, want an error", body, d)
			case !used[name] && (err != nil || name != "accessedAt" && (d.AccessedAt == nil || *d.AccessedAt != "kept too")):
				t.Errorf("%s: got %+v, %v", body, d, err)
			}
		}
	}
}

// TestGetDataset_unusedFieldsIgnoringCase reads datasets with names that encoding/json matches
// ignoring case.
func TestGetDataset_unusedFieldsIgnoringCase(t *testing.T) {
	t.Parallel()
	for _, field := range []string{`"Title": 5`, `"STATS": "x"`, `"title": "a", "TITLE": 5, "stats": {"readCount": "x"}, "Stats": 5`} {
		body := `{"data": {"id": "abc", ` + field + `, "accessedAt": "kept"}}`
		d, err := newLocalClient(t, respond(body), func(c *Config) { c.MaxRetries = 0 }).GetDataset(t.Context(), DatasetIDRef("abc"))
		if err != nil || d.Title != nil || d.AccessedAt == nil || *d.AccessedAt != "kept" {
			t.Errorf("%s: got %+v, %v", body, d, err)
		}
	}
}

// TestDataset_responseOfAnother checks that a response with a dataset that was not requested, such
// as that of a faulty cache, is an error.
func TestDataset_responseOfAnother(t *testing.T) {
	t.Parallel()
	api, recorder := newAPI(emulator.Options{})
	requested, other := api.Seed(emulator.Dataset{Name: "requested"}), api.Seed(emulator.Dataset{Name: "other"})
	swap := emulator.Fault{Mutate: func(status int, _ http.Header, body map[string]any) int {
		if data, ok := body["data"].(map[string]any); ok {
			data["id"], data["name"] = other.ID, other.Name
		}
		return status
	}}
	c := newLocalClient(t, recorder)
	for name, call := range map[string]func(context.Context) error{
		"create": func(ctx context.Context) error {
			_, err := c.CreateDataset(ctx, "requested", nil)
			return err
		},
		"read": func(ctx context.Context) error {
			_, err := c.GetDataset(ctx, DatasetIDRef(requested.ID))
			return err
		},
		"read by name": func(ctx context.Context) error {
			_, err := c.GetDataset(ctx, DatasetNameRef("", "requested"))
			return err
		},
		"update": func(ctx context.Context) error {
			_, err := c.UpdateDataset(ctx, requested.ID, DatasetUpdate{GeneralAccess: ptr(Restricted)})
			return err
		},
	} {
		recorder.ClearFaults()
		recorder.Inject(swap)
		err := call(t.Context())
		if e := asError(t, err); e.Status/100 != 2 || e.Attempts != 1+testRetries || !strings.Contains(err.Error(), "the body is another dataset") {
			t.Errorf("%s: got %v", name, err)
		}
		once := swap
		once.Times = 2
		recorder.ClearFaults()
		recorder.Inject(once)
		if err := call(t.Context()); err != nil {
			t.Errorf("%s: got %v, want the third response", name, err)
		}
	}
	// A retry could create a second dataset.
	recorder.ClearFaults()
	recorder.Inject(swap)
	_, err := c.CreateDataset(t.Context(), "", nil)
	if e := asError(t, err); e.Attempts != 1 || !strings.Contains(err.Error(), `the dataset is named "other"`) {
		t.Errorf("create unnamed: got %v", err)
	}
}

func TestDatasetUpdate_body(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		update DatasetUpdate
		want   string
	}{
		{"nothing", DatasetUpdate{}, `{}`},
		{"name", DatasetUpdate{Name: ptr("a")}, `{"name":"a"}`},
		{"no name", DatasetUpdate{Name: ptr("")}, `{"name":null}`},
		{"access", DatasetUpdate{GeneralAccess: ptr(Restricted)}, `{"generalAccess":"RESTRICTED"}`},
		{"name and access", DatasetUpdate{Name: ptr("a"), GeneralAccess: ptr(AnyoneWithNameCanRead)}, `{"generalAccess":"ANYONE_WITH_NAME_CAN_READ","name":"a"}`},
	} {
		if got, err := json.Marshal(test.update); err != nil || string(got) != test.want {
			t.Errorf("%s: got %s, %v, want %s", test.name, got, err, test.want)
		}
	}
}

func TestUpdateDataset(t *testing.T) {
	t.Parallel()
	api, recorder := newAPI(emulator.Options{})
	existing := api.Seed(emulator.Dataset{Name: "before", GeneralAccess: "RESTRICTED"})
	c := newLocalClient(t, recorder)
	ctx := t.Context()

	d := must(c.UpdateDataset(ctx, existing.ID, DatasetUpdate{Name: ptr("after")}))(t)
	if *d.Name != "after" || *d.GeneralAccess != Restricted {
		t.Errorf("with another name: %+v", d)
	}
	d = must(c.UpdateDataset(ctx, existing.ID, DatasetUpdate{GeneralAccess: ptr(AnyoneWithIDCanRead)}))(t)
	if *d.Name != "after" || *d.GeneralAccess != AnyoneWithIDCanRead {
		t.Errorf("with another access: %+v", d)
	}
	d = must(c.UpdateDataset(ctx, existing.ID, DatasetUpdate{Name: ptr("")}))(t)
	if d.Name != nil {
		t.Errorf("without a name: %+v", d)
	}
	api.Seed(emulator.Dataset{Name: "taken"})
	_, err := c.UpdateDataset(ctx, existing.ID, DatasetUpdate{Name: ptr("Taken")})
	if e := asError(t, err); e.Status != http.StatusBadRequest || e.Type != "name-not-unique" {
		t.Errorf("with a name that another dataset has: %v", err)
	}
	if _, err := c.UpdateDataset(ctx, "NoSuchDataset0001", DatasetUpdate{Name: ptr("x")}); !IsNotFound(err) {
		t.Errorf("of a dataset that does not exist: %v", err)
	}
	if n := recorder.Counts()[updateRequest]; n != 5 {
		t.Errorf("5 updates sent %d requests", n)
	}
}

func TestDeleteDataset(t *testing.T) {
	t.Parallel()
	api, recorder := newAPI(emulator.Options{})
	id := seedExisting(api)
	c := newLocalClient(t, recorder)
	if err := c.DeleteDataset(t.Context(), id); err != nil {
		t.Error(err)
	}
	if n := len(api.Datasets()); n != 0 {
		t.Errorf("%d datasets exist, want 0", n)
	}
	if err := c.DeleteDataset(t.Context(), id); !IsNotFound(err) {
		t.Errorf("deleting again: %v", err)
	}
	if n := recorder.Counts()[deleteRequest]; n != 2 {
		t.Errorf("2 deletions sent %d requests", n)
	}
}

func TestDatasetHasItems(t *testing.T) {
	t.Parallel()
	api, recorder := newAPI(emulator.Options{CounterLag: time.Hour})
	d := api.Seed(emulator.Dataset{Name: "items"})
	c := newLocalClient(t, recorder)
	if must(c.DatasetHasItems(t.Context(), d.ID))(t) {
		t.Error("an empty dataset has items")
	}
	api.Push(d.ID, json.RawMessage(`{"a": 1}`), json.RawMessage(`{"a": 2}`))
	if !must(c.DatasetHasItems(t.Context(), d.ID))(t) {
		t.Error("a dataset with items has none")
	}
	requests := recorder.Requests()
	if got := requests[len(requests)-1].Query.Encode(); got != "limit=1" {
		t.Errorf("the query is %q, want limit=1", got)
	}
	if _, err := c.DatasetHasItems(t.Context(), "NoSuchDataset0001"); !IsNotFound(err) {
		t.Errorf("of a dataset that does not exist: %v", err)
	}
}

// TestDatasetHasItems_invalidBody checks that only an array can show that a dataset is empty.
func TestDatasetHasItems_invalidBody(t *testing.T) {
	t.Parallel()
	for _, body := range []string{"", "null", "{}", `{"data": []}`, `"[]"`, "[", "[] []", "0", "<html>"} {
		_, err := newLocalClient(t, respond(body)).DatasetHasItems(t.Context(), "abc")
		if err == nil || asError(t, err).Attempts != 1+testRetries {
			t.Errorf("%q: got %v", body, err)
		}
	}
}

// TestDataset_localPlatform calls Apify's platform for local development, which has no general
// access.
func TestDataset_localPlatform(t *testing.T) {
	t.Parallel()
	_, recorder := newAPI(emulator.Options{LocalPlatform: true})
	c := newLocalClient(t, recorder)
	ctx := t.Context()
	d := must(c.CreateDataset(ctx, "local", nil))(t)
	if d.Existed || d.GeneralAccess != nil || d.ItemsPublicURL != nil || d.URLSigningSecretKey != nil {
		t.Errorf("the new dataset is %+v", d)
	}
	updated := must(c.UpdateDataset(ctx, d.ID, DatasetUpdate{GeneralAccess: ptr(Restricted)}))(t)
	if updated.GeneralAccess != nil {
		t.Errorf("the updated dataset is %+v", updated)
	}
	if err := c.DeleteDataset(ctx, d.ID); err != nil {
		t.Error(err)
	}
}

func FuzzGetDataset(f *testing.F) {
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
			return // no final status of a server
		}
		c := newLocalClient(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(status)
			_, _ = w.Write([]byte(body))
		}), func(c *Config) { c.MaxRetries = 0 })
		for _, ref := range []DatasetRef{DatasetIDRef("abc"), DatasetNameRef("", "x")} {
			d, err := c.GetDataset(t.Context(), ref)
			if err == nil {
				if status > 299 || !json.Valid([]byte(body)) || ref.ID() != "" && d.ID != ref.ID() || !datasetIDPattern.MatchString(d.ID) ||
					ref.name() != "" && d.Name != nil && !EqualDatasetNames(*d.Name, ref.name()) {
					t.Errorf("the response %d %q: got %+v", status, body, d)
				}
				continue
			}
			if e := asError(t, err); d != nil || e.Status != status || e.Attempts != 1 {
				t.Errorf("the response %d %q: got %+v, %v", status, body, d, err)
			}
			checkPrintable(t, err.Error())
			if n := len(err.Error()); n > 3000 {
				t.Errorf("the error has %d bytes", n)
			}
			if IsNotFound(err) && (status != http.StatusNotFound || !strings.Contains(body, "record-") && !strings.Contains(body, `\u`)) {
				t.Errorf("the response %d %q: the dataset is not found", status, body)
			}
		}
	})
}
