package emulator

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"reflect"
	"testing"
	"time"
)

func TestFaultNamed(t *testing.T) {
	t.Parallel()
	names := map[string]bool{}
	for _, fault := range Faults() {
		if names[fault.Name] {
			t.Errorf("two faults are named %q", fault.Name)
		}
		names[fault.Name] = true
		equal(t, "status of "+fault.Name, FaultNamed(fault.Name).Status, fault.Status)
	}
	defer func() {
		if recover() == nil {
			t.Error("FaultNamed returned a fault for an unknown name")
		}
	}()
	FaultNamed("unknown")
}

// exchangeWithin sends a call that is given up after a short time, as faults with a delay require,
// and returns the outcome in a form that can be compared.
func exchangeWithin(t *testing.T, s *Server, c call) (status int, outcome string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
	defer cancel()
	httpClient := client(t)
	httpClient.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	response, err := httpClient.Do(newRequest(t, s, c).WithContext(ctx))
	if err != nil {
		return 0, "no response"
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	response.Header.Del("Date")
	return response.StatusCode, fmt.Sprint(response.StatusCode, response.Header, string(body), err)
}

// TestFaults_changeResponse sends a request to list datasets with and without each fault.
func TestFaults_changeResponse(t *testing.T) {
	t.Parallel()
	list := call{method: http.MethodGet, path: patternDatasets + "?offset=5"}
	for _, fault := range Faults() {
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			clock := newClock()
			s := start(t, Options{Now: clock.Now})
			for i := range lagDatasets + 7 {
				s.API.Seed(Dataset{Name: fmt.Sprint("dataset-", i), CreatedAt: clock.Now().Truncate(time.Second)})
			}
			_, before := exchangeWithin(t, s, list)
			s.Recorder.Inject(fault.Fault)
			status, after := exchangeWithin(t, s, list)
			if before == after {
				t.Errorf("the response is the same as without the fault: %s", after)
			}
			if fault.Status != 0 {
				equal(t, "status", status, fault.Status)
			}
		})
	}
}

// TestFaults_effect creates a dataset with each fault.
func TestFaults_effect(t *testing.T) {
	t.Parallel()
	for _, fault := range Faults() {
		if fault.Pattern != "" {
			continue // It hits no request that changes anything.
		}
		t.Run(fault.Name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{})
			s.Recorder.Inject(fault.Fault)
			exchangeWithin(t, s, create)
			s.Close()
			equal(t, "whether the dataset was created", len(s.API.Datasets()) == 1, fault.TakesEffect)
		})
	}
}

func TestFaults_newValues(t *testing.T) {
	t.Parallel()
	first := FaultNamed(FaultRedirect)
	first.Header.Set("Location", "elsewhere")
	if reflect.DeepEqual(FaultNamed(FaultRedirect).Header, first.Header) {
		t.Error("a change of one fault changes the catalogue")
	}
}

// TestFaults_list checks the lists that the faults of a list are named after.
func TestFaults_list(t *testing.T) {
	t.Parallel()
	clock := newClock()
	s := start(t, Options{Now: clock.Now})
	for i := range lagDatasets + 2 {
		s.API.Seed(Dataset{Name: fmt.Sprint("dataset-", i), CreatedAt: clock.Now().Add(time.Duration(i) * time.Second).Truncate(time.Second)})
	}
	for name, check := range map[string]func(list map[string]any, items []any, first map[string]any){
		FaultListWithoutAccess: func(_ map[string]any, _ []any, first map[string]any) {
			equal(t, "generalAccess", first["generalAccess"], nil)
		},
		FaultListWithoutNames: func(_ map[string]any, _ []any, first map[string]any) {
			equal(t, "name", first["name"], nil)
		},
		FaultListWithoutTotal: func(list map[string]any, _ []any, _ map[string]any) {
			equal(t, "total", list["total"], nil)
		},
		FaultListWithHalfTheItems: func(list map[string]any, items []any, _ map[string]any) {
			equal(t, "items", len(items), (lagDatasets+2)/2)
			equal(t, "total", list["total"], any(float64(lagDatasets+2)))
		},
		FaultListWithNumbersAsNames: func(_ map[string]any, _ []any, first map[string]any) {
			equal(t, "name", first["name"], any(17.0))
		},
		FaultListWithOtherTimeFormat: func(_ map[string]any, _ []any, first map[string]any) {
			equal(t, "createdAt", first["createdAt"], any("2031-02-03T04:05:06+00:00"))
		},
		FaultListLags: func(list map[string]any, items []any, first map[string]any) {
			equal(t, "items", len(items), 2)
			equal(t, "name", first["name"], any("dataset-0"))
			equal(t, "total", list["total"], any(2.0))
			equal(t, "count", list["count"], any(2.0))
		},
	} {
		s.Recorder.ClearFaults()
		s.Recorder.Inject(FaultNamed(name))
		got, err := attempt(t, s, call{method: http.MethodGet, path: patternDatasets})
		if err != nil {
			t.Fatal(err)
		}
		list := got.data(t)
		items, _ := list["items"].([]any)
		first, _ := items[0].(map[string]any)
		check(list, items, first)
	}
}
