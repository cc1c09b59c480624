package emulator

import (
	"context"
	"fmt"
	"net/http"
	"testing"
	"time"
)

func TestFaults_names(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, fault := range Faults() {
		if names[fault.Name] {
			t.Errorf("two faults are named %q", fault.Name)
		}
		names[fault.Name] = true
		equal(t, "status of "+fault.Name, FaultNamed(fault.Name).Status, fault.Status)
	}
	wantPanic(t, "FaultNamed with an unknown name", func() { FaultNamed("unknown") })
}

func TestFaults_newValues(t *testing.T) {
	t.Parallel()
	first := FaultNamed(FaultRedirect)
	first.Header.Set("Location", "elsewhere")
	if FaultNamed(FaultRedirect).Header.Get("Location") == "elsewhere" {
		t.Error("a change of a fault changed the catalogue")
	}
}

// sendInto sends a call into a fault, with a short timeout if the fault has a long delay. It
// returns the status and a text that is the same for the same outcome.
func sendInto(t *testing.T, f Fault, s *Server, c call) (status int, outcome string) {
	t.Helper()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if f.Delay > 0 || f.Trickle > 0 {
		ctx, cancel = context.WithTimeout(ctx, 500*time.Millisecond)
		defer cancel()
	}
	got, err := roundTrip(t, newRequest(t, s, c).WithContext(ctx))
	return got.status, fmt.Sprintf("%d %v %s %t", got.status, got.header, got.body, err == nil)
}

// TestFaults_changeResponse compares the responses to the same request with and without each fault.
func TestFaults_changeResponse(t *testing.T) {
	t.Parallel()
	list := call{method: "GET", path: "/v2/datasets?offset=5"}
	for _, fault := range Faults() {
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			s := start(t, Options{Now: clock.Now})
			for i := range lagDatasets + 7 {
				s.API.Seed(Dataset{Name: fmt.Sprint("dataset-", i), CreatedAt: clock.Now().Truncate(time.Second)})
			}
			_, before := sendInto(t, Fault{}, s, list)
			s.Recorder.Inject(fault.Fault)
			status, after := sendInto(t, fault.Fault, s, list)
			if before == after {
				t.Errorf("the fault does not change the response: %.1000s", after)
			}
			if fault.Status != 0 {
				equal(t, "status", status, fault.Status)
			}
		})
	}
}

// TestFaults_takesEffect creates a dataset with each fault.
func TestFaults_takesEffect(t *testing.T) {
	t.Parallel()
	takesEffect := map[string]bool{
		FaultInternalServerErrorAfterEffect: true,
		FaultBadGatewayAfterEffect:          true,
		FaultResetAfterEffect:               true,
		FaultHangAfterEffect:                true,
		FaultBodyCut:                        true,
		FaultTrickle:                        true,
		FaultHTMLPageAfterEffect:            true,
		FaultNoDate:                         true,
		FaultDateAhead:                      true,
		FaultDateBehind:                     true,
		FaultOtherFieldsMistyped:            true,
	}
	for _, fault := range Faults() {
		if fault.Pattern != "" {
			continue // It does not hit the creation.
		}
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{})
			s.Recorder.Inject(fault.Fault)
			sendInto(t, fault.Fault, s, createCall)
			s.Close()
			equal(t, "dataset created", len(s.API.Datasets()) == 1, takesEffect[fault.Name])
			equal(t, "TakesEffect", fault.TakesEffect, takesEffect[fault.Name])
		})
	}
}

func TestFaults_list(t *testing.T) {
	t.Parallel()
	const total = lagDatasets + 2
	clock := newClock()
	s := start(t, Options{Now: clock.Now})
	for i := range total {
		created := clock.Now().Add(time.Duration(i) * time.Second).Truncate(time.Second)
		s.API.Seed(Dataset{Name: fmt.Sprint("dataset-", i), CreatedAt: created})
	}
	type object = map[string]any
	for name, check := range map[string]func(list object, items []any, first object){
		FaultListWithoutAccess: func(_ object, _ []any, first object) {
			equal(t, "generalAccess", first["generalAccess"], nil)
		},
		FaultListWithoutNames: func(_ object, _ []any, first object) {
			equal(t, "name", first["name"], nil)
		},
		FaultListWithoutTotal: func(list object, _ []any, _ object) {
			equal(t, "total", list["total"], nil)
		},
		FaultListWithHalfTheItems: func(list object, items []any, _ object) {
			equal(t, "items", len(items), total/2)
			equal(t, "total", list["total"], any(float64(total)))
		},
		FaultListWithNumbersAsNames: func(_ object, _ []any, first object) {
			equal(t, "name", first["name"], any(17.0))
		},
		FaultListWithOtherTimeFormat: func(_ object, _ []any, first object) {
			equal(t, "createdAt", first["createdAt"], any("2031-02-03T04:05:06+00:00"))
		},
		FaultListTotalAhead: func(list object, items []any, _ object) {
			equal(t, "items", len(items), total)
			equal(t, "total", list["total"], any(float64(total+datasetsAhead)))
		},
		FaultOtherFieldsMistyped: func(_ object, items []any, first object) {
			equal(t, "items", len(items), total)
			equal(t, "name", first["name"], any("dataset-0"))
			_, isArray := first["stats"].([]any)
			equal(t, "stats is an array", isArray, true)
		},
		FaultListLags: func(list object, items []any, first object) {
			equal(t, "items", len(items), total-lagDatasets)
			equal(t, "name", first["name"], any("dataset-0"))
			equal(t, "total", list["total"], any(float64(total-lagDatasets)))
			equal(t, "count", list["count"], any(float64(total-lagDatasets)))
		},
	} {
		s.Recorder.ClearFaults()
		s.Recorder.Inject(FaultNamed(name))
		// A compressed list could not be changed.
		header := map[string]string{"Accept-Encoding": "gzip"}
		list := sendUnchecked(t, s, call{method: http.MethodGet, path: patternDatasets, header: header}).data(t)
		items, _ := list["items"].([]any)
		first, _ := items[0].(object)
		check(list, items, first)
	}
}

func TestFaults_listLagsOnLaterPages(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	for i := range lagDatasets + 3 {
		s.API.Seed(Dataset{Name: fmt.Sprint("dataset-", i)})
	}
	s.Recorder.Inject(FaultNamed(FaultListLags))
	for query, names := range map[string]string{
		"limit=2":          "dataset-0 dataset-1",
		"limit=2&offset=2": "dataset-2",
		"limit=2&offset=4": "",
	} {
		list := send(t, s, call{method: "GET", path: "/v2/datasets?" + query}).data(t)
		equal(t, "names with "+query, listedNames(list), names)
	}
}
