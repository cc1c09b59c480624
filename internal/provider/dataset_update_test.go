package provider

import (
	"context"
	"net/http"
	"testing"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestDatasetUpdate_requests sends what has changed, and nothing else.
func TestDatasetUpdate_requests(t *testing.T) {
	t.Parallel()
	for body, config := range map[string]values{
		`{"name":"b"}`: {"name": "b", "general_access": "RESTRICTED"},
		`{"generalAccess":"ANYONE_WITH_ID_CAN_READ"}`:         {"name": "a", "general_access": "ANYONE_WITH_ID_CAN_READ"},
		`{"generalAccess":"FOLLOW_USER_SETTING","name":null}`: {"general_access": "FOLLOW_USER_SETTING"},
		"": {"name": "a", "force_destroy": true, "adopt_existing": false, "timeouts": values{"read": "1m"}},
	} {
		s := newEmulator(t, emulator.Options{})
		a := s.mustApply(t, instance{}, values{"name": "a", "general_access": "RESTRICTED"})
		after := s.mustApply(t, a, config)
		want := []string{"PUT /v2/datasets/" + s.newWalk(t, nil).id(a) + " " + body}
		if body == "" {
			want = nil
		}
		expectRequests(t, s.applied, want)
		s.expectNoChanges(t, after, config)
	}
}

// TestDatasetUpdate_nameTaken renames to the name of another dataset.
func TestDatasetUpdate_nameTaken(t *testing.T) {
	t.Parallel()
	const errNameTaken = "Error: Apify dataset name taken"
	for name, test := range map[string]struct {
		freedAfter int // PUT requests
		noHolder   bool
		fault      emulator.Fault
		interrupt  bool
		want       []string
		wantPuts   int
	}{
		"never":                            {want: []string{errNameTaken}, wantPuts: maxResends + 1},
		"in time":                          {freedAfter: 3, wantPuts: 4},
		"at the last moment":               {freedAfter: maxResends, wantPuts: maxResends + 1},
		"400, and the name has a holder":   {fault: refusal(putDataset, 400, "invalid-input"), want: []string{errNameTaken}, wantPuts: maxResends + 1},
		"409, and the name has a holder":   {fault: refusal(putDataset, 409, "conflict"), want: []string{errNameTaken}, wantPuts: maxResends + 1},
		"403":                              {fault: refusal(putDataset, 403, "insufficient-permissions"), want: []string{errRefused}, wantPuts: 1},
		"interrupted later":                {fault: onRequest(putDataset, emulator.Fault{Skip: 2, Status: 500}), interrupt: true, want: []string{errNameTaken}, wantPuts: 3},
		"taken, and the holder is unknown": {noHolder: true, fault: refusal(putDataset, 400, "name-not-unique"), want: []string{errRefused}, wantPuts: maxResends + 1},
		"taken, then forbidden": {
			fault: later(refusal(putDataset, 403, "insufficient-permissions")), want: []string{errRefused}, wantPuts: 2,
		},
		"400, and the name is free": {noHolder: true, fault: refusal(putDataset, 400, "invalid-input"), want: []string{errRefused}, wantPuts: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			a := s.mustApply(t, instance{}, values{"name": "a"})
			var holder emulator.Dataset
			if !test.noHolder {
				holder = s.API.Seed(emulator.Dataset{Name: "b"})
			}
			w := s.newApply(t, nil)
			p := w.mustPlan(a, values{"name": "b"})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			if test.interrupt {
				test.fault.Before = func(*http.Request) { cancel() }
			}
			if test.fault.Status > 0 {
				s.Recorder.Inject(test.fault)
			}
			if test.freedAfter > 0 {
				s.Recorder.Inject(onRequest(putDataset, emulator.Fault{
					Skip: test.freedAfter - 1, Times: 1, After: func(*http.Request) { s.API.Delete(holder.ID) },
				}))
			}
			s.Recorder.Reset()
			after, ds := w.apply(ctx, p)
			ds.expect(t, test.want...)
			if ds.has("name taken") {
				ds.expectText(t, `"a" (ID `+w.id(a)+`) cannot be renamed to "b": dataset `+holder.ID)
			}
			if ds.has("refused") {
				ds.expectText(t, "State was not changed.")
			}
			if got := len(s.writes()); got != test.wantPuts {
				t.Errorf("sent %d PUT requests, want %d: %q", got, test.wantPuts, s.sent())
			}
			want := "b"
			if len(test.want) > 0 {
				want = "a"
			}
			if got := w.values(after.state)["name"]; got != want {
				t.Errorf("the state has the name %v, want %s", got, want)
			}
		})
	}
}

// TestDatasetUpdate_failures has updates that fail. State stays as it was.
func TestDatasetUpdate_failures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config values
		fault  emulator.Fault
		token  string
		want   string
		texts  []string
		items  int
	}{
		"404":                     {values{"name": "b"}, refusal(putDataset, 404, "record-not-found"), ownerToken, "Error: Apify dataset does not exist", []string{"without -refresh=false"}, 0},
		"404 of another account":  {values{"name": "b"}, refusal(putDataset, 404, "record-not-found"), otherToken, errNoAccess, []string{ownerID, "other (ID " + otherID}, 0},
		"404 of a proxy":          {values{"name": "b"}, page(putDataset, 404), ownerToken, errForeign, nil, 0},
		"name not applied":        {values{"name": "b"}, onRequest(putDataset, emulator.Fault{Mutate: setField("name", "a")}), ownerToken, "Error: Apify dataset change not applied", []string{`name is "a" instead of "b"`}, 0},
		"access not applied":      {values{"name": "a", "general_access": "RESTRICTED"}, onRequest(putDataset, emulator.Fault{Mutate: setField("generalAccess", "FOLLOW_USER_SETTING")}), ownerToken, "Error: Apify dataset change not applied", []string{"general_access"}, 0},
		"no access in response":   {values{"name": "a", "general_access": "RESTRICTED"}, onRequest(putDataset, emulator.Fault{Mutate: setField("generalAccess", nil)}), ownerToken, "Error: Apify dataset change not applied", nil, 0},
		"another dataset":         {values{"name": "b"}, onRequest(putDataset, emulator.Fault{Mutate: setField("id", "AnotherDataset000")}), ownerToken, errForeign, nil, 0},
		"no permission":           {values{"name": "b"}, refusal(putDataset, 403, "insufficient-permissions"), ownerToken, errRefused, []string{"permission to write"}, 0},
		"no name: 404 of a count": {values{}, refusal(getDataset, 404, "record-not-found"), ownerToken, "Error: Apify dataset does not exist", nil, 0},
		"no name: 500 of a count": {values{}, refusal(getDataset, 500, "internal-error"), ownerToken, errUnreachable, []string{"nothing was changed"}, 0},
		"no name: 403 of items":   {values{}, refusal(getItems, 403, "insufficient-permissions"), ownerToken, errRefused, []string{"nothing was changed"}, 0},
		"no name: items":          {values{"force_destroy": true}, emulator.Fault{}, ownerToken, errContainsItems, []string{"contains 2 items"}, 2}, // force_destroy is not in state
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTwoAccounts(t)
			a := s.mustApply(t, instance{}, values{"name": "a"})
			w := s.newApply(t, values{"max_retries": 0, "token": test.token})
			p := w.mustPlan(a, test.config)
			s.API.Push(w.id(a), items(test.items)...)
			if test.items == 0 {
				s.Recorder.Inject(test.fault)
			}
			s.Recorder.Reset()
			after, ds := w.apply(t.Context(), p)
			ds.expect(t, test.want)
			ds.expectText(t, test.texts...)
			if before := w.values(a.state); len(differences(before, w.values(after.state))) > 0 {
				t.Errorf("the state is %v, was %v", w.values(after.state), before)
			}
			if test.config["name"] == nil {
				s.expectWrites(t)
			}
		})
	}
}
