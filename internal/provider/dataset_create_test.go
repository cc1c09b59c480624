package provider

import (
	"context"
	"net"
	"net/http"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// lost is a POST that takes effect and whose response is lost.
var lost = onRequest(postDatasets, emulator.Fault{TakesEffect: true, Reset: true, Times: 1})

// TestDatasetCreate_isExisting tells new datasets from existing ones by the response to the POST.
func TestDatasetCreate_isExisting(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		options          emulator.Options
		exists, lookedUp bool
		fault            emulator.Fault
		adopts           bool
	}{
		"201":                                      {lookedUp: true},
		"201, not looked up":                       {},
		"200":                                      {exists: true, lookedUp: true, adopts: true},
		"200, not looked up":                       {exists: true, adopts: true},
		"200, created since the lookup":            {lookedUp: true, adopts: true, fault: onRequest(postDatasets, emulator.Fault{Times: 1, Before: func(*http.Request) {}})},
		"201 without Location":                     {options: emulator.Options{LocalPlatform: true}, lookedUp: true},
		"201 without Location, existing":           {options: emulator.Options{LocalPlatform: true}, exists: true, lookedUp: true, adopts: true},
		"200 after a lost response":                {lookedUp: true, fault: lost},
		"200 after a lost response, taken":         {exists: true, lookedUp: true, fault: lost, adopts: true},
		"200 after a lost response, not looked up": {fault: lost, adopts: true}, // in doubt it is existing
		"201 after a response that had no effect":  {fault: onRequest(postDatasets, emulator.Fault{Status: 429, Times: 1})},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, test.options)
			if test.exists {
				s.API.Seed(emulator.Dataset{Name: "a"})
			}
			if test.fault.Before != nil {
				test.fault.Before = func(*http.Request) { s.API.Seed(emulator.Dataset{Name: "a"}) }
			}
			for _, adopt := range []bool{true, false} {
				w := s.newApply(t, nil)
				planner := w
				if !test.lookedUp {
					planner = s.newApply(t, nil)
				}
				p := planner.mustPlan(instance{}, values{"name": "a", "adopt_existing": adopt})
				s.Recorder.ClearFaults()
				s.Recorder.Inject(test.fault)
				after, ds := w.apply(t.Context(), p)
				want := []string{}
				switch {
				case test.adopts && adopt:
					want = []string{warnAdopting + ": a"}
				case test.adopts:
					want = []string{errAlreadyExists}
				}
				ds.expect(t, want...)
				if created := len(ds.errors()) == 0; created != (w.id(after) != "") {
					t.Errorf("the state has dataset %q", w.id(after))
				}
				if n := len(s.API.Datasets()); n != 1 {
					t.Errorf("there are %d datasets", n)
				}
				if test.exists {
					continue
				}
				for _, d := range s.API.Datasets() {
					s.API.Delete(d.ID)
				}
			}
		})
	}
}

// TestDatasetCreate_requests sends one POST, and no PUT unless the general access differs.
func TestDatasetCreate_requests(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	for want, config := range map[string]values{
		"POST /v2/datasets?name=a":                            {"name": "a"},
		"POST /v2/datasets":                                   {},
		"POST /v2/datasets?name=b":                            {"name": "b", "general_access": "FOLLOW_USER_SETTING"},
		`POST /v2/datasets?name=c {"schema":` + schemaA + `}`: {"name": "c", "schema": schemaA},
	} {
		w := s.newApply(t, nil)
		p := w.mustPlan(instance{}, config)
		s.Recorder.Reset()
		_, ds := w.apply(t.Context(), p)
		ds.expect(t)
		s.expectWrites(t, want)
		if len(s.sent()) != 1 {
			t.Errorf("sent %q", s.sent())
		}
	}
}

// TestDatasetCreate_failsAfterPost has failures after the POST. None of them leaves a resource in
// state. A named dataset is adopted by the next apply, or is imported; an unnamed one is deleted.
func TestDatasetCreate_failsAfterPost(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault   emulator.Fault
		summary string
	}{
		"the PUT is refused":     {refusal(putDataset, 403, "insufficient-permissions"), errRefused},
		"the PUT is not applied": {onRequest(putDataset, emulator.Fault{Mutate: setField("generalAccess", "FOLLOW_USER_SETTING")}), "Error: Apify dataset change not applied"},
		"no schema":              {emulator.Fault{Match: func(r *http.Request) bool { return r.Method != http.MethodDelete }, Mutate: setField("schema", nil)}, "Error: Apify dataset change not applied"},
		"no name":                {onRequest(putDataset, emulator.Fault{Mutate: setField("name", nil)}), "Error: Apify dataset change not applied"},
		"a page":                 {page(putDataset, 200), errForeign},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, config := range []values{
				{"name": "a", "adopt_existing": true}, {"name": "b", "adopt_existing": false}, {},
			} {
				if name == "no name" && config["name"] == nil {
					continue
				}
				config["general_access"], config["schema"] = "RESTRICTED", schemaA
				s := newEmulator(t, emulator.Options{})
				w := s.newApply(t, values{"max_retries": 0})
				p := w.mustPlan(instance{}, config)
				s.Recorder.Inject(test.fault)
				after, ds := w.apply(t.Context(), p)
				if after.state != nil {
					t.Errorf("%v: the state has a dataset", config)
				}
				datasets := s.API.Datasets()
				if config["name"] == nil {
					ds.expect(t, test.summary)
					if len(datasets) > 0 {
						t.Error("the unnamed dataset was not deleted")
					}
					continue
				}
				ds.expect(t, test.summary, errNotInState)
				ds.expectText(t, datasets[0].ID)
				if got := strings.Contains(ds.String(), "import {"); got != (config["adopt_existing"] == false) {
					t.Errorf("got an import block: %t\n%s", got, ds)
				}
				s.Recorder.ClearFaults()
				if config["adopt_existing"] == true {
					if id := w.id(s.mustApply(t, instance{}, config)); id != datasets[0].ID {
						t.Errorf("the next apply has dataset %s, want %s", id, datasets[0].ID)
					}
				}
			}
		})
	}
}

// TestDatasetCreate_discardFails names the unnamed dataset that could not be deleted again.
func TestDatasetCreate_discardFails(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	w := s.newApply(t, values{"max_retries": 0})
	p := w.mustPlan(instance{}, values{"general_access": "RESTRICTED"})
	s.Recorder.Inject(refusal(putDataset, 403, "insufficient-permissions"), refusal(deleteDataset, 500, "internal-error"))
	_, ds := w.apply(t.Context(), p)
	ds.expect(t, errRefused, "Error: Unnamed Apify dataset not in state")
	ds.expectText(t, "Unnamed dataset "+s.API.Datasets()[0].ID)
}

// TestDatasetCreate_interrupted interrupts a creation between POST and PUT. The unnamed dataset is
// deleted all the same.
func TestDatasetCreate_interrupted(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	w := s.newApply(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	p := w.mustPlan(instance{}, values{"general_access": "RESTRICTED"})
	s.Recorder.Inject(onRequest(putDataset, emulator.Fault{Status: 500, Before: func(*http.Request) { cancel() }}))
	_, ds := w.apply(ctx, p)
	ds.expect(t, "Error: Apify request interrupted")
	if n := len(s.API.Datasets()); n > 0 {
		t.Errorf("there are %d datasets", n)
	}
}

// TestDatasetCreate_unreachable refuses connections between POST and PUT. The deletion of the
// unnamed dataset is not cut short, as other calls are after one has found that no connection is
// possible.
func TestDatasetCreate_unreachable(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	sent := map[string]int{}
	s.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
		if sent[r.Method]++; r.Method == http.MethodPut || r.Method == http.MethodDelete && sent[r.Method] < 3 {
			return nil, &net.OpError{Op: "dial", Net: "tcp", Err: syscall.ECONNREFUSED}
		}
		return http.DefaultTransport.RoundTrip(r)
	})
	w := s.newApply(t, values{"max_retries": 2})
	_, ds := w.apply(t.Context(), w.mustPlan(instance{}, values{"general_access": "RESTRICTED"}))
	ds.expect(t, errUnreachable)
	ds.expectText(t, "connection refused")
	if sent[http.MethodPut] != 3 || sent[http.MethodDelete] != 3 || len(s.API.Datasets()) > 0 {
		t.Errorf("sent %v, and %d datasets are left", sent, len(s.API.Datasets()))
	}
}

// TestDatasetCreate_unnamedIsNotRepeated sends a POST without a name again only if it had no
// effect.
func TestDatasetCreate_unnamedIsNotRepeated(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault emulator.Fault
		want  []string
	}{
		"lost":                {lost, []string{errUnreachable}},
		"500":                 {onRequest(postDatasets, emulator.Fault{Status: 500, Times: 1}), []string{errUnreachable}},
		"too many requests":   {onRequest(postDatasets, emulator.Fault{Status: 429, Times: 1}), nil},
		"a page as a success": {onRequest(postDatasets, emulator.Fault{Status: 200, Body: "<p>", Times: 1}), []string{errForeign}},
	} {
		s := newEmulator(t, emulator.Options{})
		w := s.newApply(t, nil)
		p := w.mustPlan(instance{}, values{})
		s.Recorder.Inject(test.fault)
		_, ds := w.apply(t.Context(), p)
		if ds.expect(t, test.want...); len(test.want) > 0 && !ds.has("left an unnamed dataset") {
			t.Errorf("%s: %s", name, ds)
		}
	}
}

// TestDatasetCreate_waitsForDeletion creates a dataset whose name a dataset has that the same run
// deletes, with the deletion still under way.
func TestDatasetCreate_waitsForDeletion(t *testing.T) {
	t.Parallel()
	const errStillExists = "Error: Apify dataset still exists"
	refused := refusal(postDatasets, 403, "insufficient-permissions")
	refused.Skip = 2
	for name, test := range map[string]struct {
		deletedAfter int // POST requests; 0 for never
		fault        emulator.Fault
		want         []string
		wantPosts    int
	}{
		"in time":              {3, emulator.Fault{}, nil, 4},
		"at the last moment":   {maxResends, emulator.Fault{}, nil, maxResends + 1},
		"never":                {0, emulator.Fault{}, []string{errStillExists}, maxResends + 1},
		"a later POST refused": {0, refused, []string{errRefused}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			old := s.mustApply(t, instance{}, values{"name": "a"})
			w := s.newApply(t, nil)
			creation, destruction := w.mustPlan(instance{}, values{"name": "a"}), w.mustPlan(old, nil)
			deleting, free, deleted := make(chan struct{}), make(chan struct{}), make(chan struct{})
			release := sync.OnceFunc(func() { close(free) })
			defer release()
			s.Recorder.Inject(onRequest(deleteDataset, emulator.Fault{Before: func(*http.Request) {
				close(deleting)
				<-free
			}}))
			if test.fault.Status != 0 {
				s.Recorder.Inject(test.fault)
			}
			if test.deletedAfter > 0 {
				s.Recorder.Inject(onRequest(postDatasets, emulator.Fault{Skip: test.deletedAfter - 1, Times: 1, After: func(*http.Request) {
					release()
					<-deleted
				}}))
			}
			go func() {
				defer close(deleted)
				_, _ = w.apply(t.Context(), destruction)
			}()
			<-deleting
			s.Recorder.Reset()
			after, ds := w.apply(t.Context(), creation)
			ds.expect(t, test.want...)
			posts := len(slices.DeleteFunc(s.sent(), func(r string) bool { return r != postDatasets }))
			if posts != test.wantPosts {
				t.Errorf("sent %d POST requests, want %d", posts, test.wantPosts)
			}
			if len(test.want) == 0 && (w.id(after) == w.id(old) || w.id(after) == "") {
				t.Errorf("the state has dataset %q, and the deleted one was %s", w.id(after), w.id(old))
			}
			release()
			<-deleted
		})
	}
}
