package emulator

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

func TestFault_status(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault       Fault
		contentType string
		header      http.Header
	}{
		"error in the API's form": {
			Fault{Status: 429, Header: http.Header{"Retry-After": {"7"}}, Body: `{"error": {}}`},
			jsonContentType, http.Header{"Retry-After": {"7"}},
		},
		"HTML page": {Fault{Status: 503, Body: "<html>Sorry"}, "text/html; charset=utf-8", nil},
		"Content-Type of the fault": {
			Fault{Status: 500, Body: "{}", Header: http.Header{"Content-Type": {"text/plain"}}}, "text/plain", nil,
		},
		"empty body": {Fault{Status: 200}, "", nil},
		"redirect": {
			Fault{Status: 302, Header: http.Header{"Location": {"http://example.com/"}}},
			"", http.Header{"Location": {"http://example.com/"}},
		},
	} {
		for _, takesEffect := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := start(t, Options{})
				fault := test.fault
				fault.TakesEffect = takesEffect
				s.Recorder.Inject(fault)
				got := sendUnchecked(t, s, createCall)
				equal(t, "status", got.status, fault.Status)
				equal(t, "body", string(got.body), fault.Body)
				equal(t, "Content-Type", got.header.Get("Content-Type"), test.contentType)
				for name := range test.header {
					equal(t, name, got.header.Get(name), test.header.Get(name))
				}
				equal(t, "dataset created", len(s.API.Datasets()) == 1, takesEffect)
				logged := s.Recorder.Requests()[0]
				equal(t, "logged status", logged.Status, fault.Status)
				equal(t, "logged fault", logged.Fault, true)
			})
		}
	}
}

func TestFault_reset(t *testing.T) {
	t.Parallel()
	for _, takesEffect := range []bool{false, true} {
		s := start(t, Options{})
		s.Recorder.Inject(Fault{Reset: true, TakesEffect: takesEffect})
		if _, err := trySend(t, s, createCall); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %v, want a reset", err)
		}
		equal(t, "dataset created", len(s.API.Datasets()) == 1, takesEffect)
		equal(t, "logged status", s.Recorder.Requests()[0].Status, 0)
	}
}

func TestFault_cutBody(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	s.Recorder.Inject(Fault{CutBody: true})
	got, err := trySend(t, s, createCall)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want an unexpected EOF", err)
	}
	equal(t, "status", got.status, http.StatusCreated)
	var length int
	if err := json.Unmarshal([]byte(got.header.Get("Content-Length")), &length); err != nil {
		t.Fatal(err)
	}
	equal(t, "length of the body", len(got.body), length/2)
	equal(t, "datasets", len(s.API.Datasets()), 1)

	s.Recorder.ClearFaults()
	s.Recorder.Inject(Fault{CutBody: true, Status: 502, Body: "abcdef"})
	got, err = trySend(t, s, createCall)
	if !errors.Is(err, io.ErrUnexpectedEOF) || string(got.body) != "abc" {
		t.Errorf("got %q and %v, want half of the body and an unexpected EOF", got.body, err)
	}
}

func TestFault_cutBodyOfEmptyResponse(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	s.API.Seed(Dataset{Name: "d"})
	s.Recorder.Inject(Fault{CutBody: true})
	for _, c := range []call{
		{method: "HEAD", path: "/v2/datasets/~d/items"},
		{method: "DELETE", path: "/v2/datasets/~d"},
	} {
		if got, err := trySend(t, s, c); !errors.Is(err, io.EOF) {
			t.Errorf("%s: got status %d and %v, want EOF", c.method, got.status, err)
		}
	}
	equal(t, "datasets", len(s.API.Datasets()), 0)
}

func TestFault_trickle(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	const delay, body = 2 * time.Millisecond, "0123456789"
	s.Recorder.Inject(Fault{Status: 200, Body: body, Trickle: delay})
	started := time.Now()
	got := sendUnchecked(t, s, createCall)
	equal(t, "body", string(got.body), body)
	if duration := time.Since(started); duration < delay*time.Duration(len(body)) {
		t.Errorf("%d bytes took %v with a delay of %v each", len(body), duration, delay)
	}
}

// TestFault_trickleHeader reads the header of a response whose body never arrives.
func TestFault_trickleHeader(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	s.Recorder.Inject(Fault{Trickle: time.Hour})
	response, err := newClient(t).Do(newRequest(t, s, createCall))
	if err != nil {
		t.Fatal(err)
	}
	_ = response.Body.Close()
	equal(t, "status", response.StatusCode, http.StatusCreated)
}

func TestFault_hang(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault       Fault
		takesEffect bool
	}{
		"before effect":         {Fault{Delay: time.Hour}, false},
		"after effect":          {Fault{Delay: time.Hour, TakesEffect: true}, true},
		"before another status": {Fault{Delay: time.Hour, Status: 200}, false},
		"before a reset":        {Fault{Delay: time.Hour, Reset: true}, false},
		"within the body":       {Fault{Trickle: time.Hour}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{})
			before, after := make(chan struct{}), make(chan struct{})
			fault := test.fault
			fault.Before = func(*http.Request) { close(before) }
			fault.After = func(*http.Request) { close(after) }
			s.Recorder.Inject(fault)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				<-before
				if test.takesEffect {
					<-after
				}
				time.Sleep(10 * time.Millisecond)
				cancel()
			}()
			if _, err := roundTrip(t, newRequest(t, s, createCall).WithContext(ctx)); !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want no response until the client cancels the request", err)
			}
			started := time.Now()
			s.Close()
			if duration := time.Since(started); duration > 5*time.Second {
				t.Errorf("Close took %v", duration)
			}
			equal(t, "dataset created", len(s.API.Datasets()) == 1, test.takesEffect)
			select {
			case <-after:
				equal(t, "After called", true, test.takesEffect)
			default:
				equal(t, "After called", false, test.takesEffect)
			}
		})
	}
}

// TestFault_close closes a server while a client waits for a response. net/http notices that a
// connection is closed only if it has read the request's body, which the recorder does not do with
// a long one.
func TestFault_close(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]call{
		"no body":   createCall,
		"long body": {method: "POST", path: "/v2/datasets", body: strings.Repeat(" ", 4*maxLoggedBody)},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{})
			arrived := make(chan struct{})
			s.Recorder.Inject(Fault{Delay: time.Hour, Before: func(*http.Request) { close(arrived) }})
			failed := make(chan error, 1)
			go func() {
				_, err := trySend(t, s, c)
				failed <- err
			}()
			<-arrived
			s.Close()
			if err := <-failed; err == nil {
				t.Error("the request got a response")
			}
			if _, err := trySend(t, s, c); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("a request to a closed server: got %v, want a refused connection", err)
			}
		})
	}
}

func TestFault_delay(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	const delay = 50 * time.Millisecond
	s.Recorder.Inject(Fault{Delay: delay})
	started := time.Now()
	send(t, s, createCall)
	if duration := time.Since(started); duration < delay {
		t.Errorf("a response with a delay of %v took %v", delay, duration)
	}
	equal(t, "datasets", len(s.API.Datasets()), 1)
}

func TestFault_hooks(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	var calls []string
	hook := func(name string) func(*http.Request) {
		return func(r *http.Request) {
			calls = append(calls, name+" "+r.URL.Path)
			if len(s.API.Datasets()) > 0 {
				calls = append(calls, "created")
			}
		}
	}
	s.Recorder.Inject(Fault{Before: hook("before"), After: hook("after")})
	send(t, s, createCall)
	equal(t, "calls", strings.Join(calls, ", "), "before /v2/datasets, after /v2/datasets, created")
}

func TestFault_mutate(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{Name: "d"})
	s.Recorder.Inject(Fault{Pattern: patternDataset, Mutate: func(status int, header http.Header, body map[string]any) int {
		header.Set("X-Status", http.StatusText(status))
		data, _ := body["data"].(map[string]any)
		delete(data, "itemsPublicUrl")
		data["new"] = "<&>"
		return http.StatusAccepted
	}})
	got := sendUnchecked(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID})
	equal(t, "status", got.status, http.StatusAccepted)
	equal(t, "header", got.header.Get("X-Status"), "OK")
	data := got.data(t)
	equal(t, "added property", data["new"], any("<&>"))
	equal(t, "unchanged property", data["id"], any(d.ID))
	if _, present := data["itemsPublicUrl"]; present {
		t.Error("a deleted property is still present")
	}
}

func TestFault_mutateOtherBodies(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	s.API.Seed(Dataset{Name: "d", Items: rawItems(`{"a": 12345678901234567890}`)})
	s.Recorder.Inject(Fault{Mutate: func(status int, _ http.Header, body map[string]any) int {
		if body != nil {
			t.Errorf("the body is %v, want nil", body)
		}
		return status
	}})
	items := send(t, s, call{method: "GET", path: "/v2/datasets/~d/items"})
	equal(t, "items", string(items.body), `[{"a":12345678901234567890}]`)
	deletion := send(t, s, call{method: "DELETE", path: "/v2/datasets/~d"})
	equal(t, "status of a deletion", deletion.status, http.StatusNoContent)
}

// TestFault_beforeReplacesBody emulates a server that accepts an update and does not carry it out.
func TestFault_beforeReplacesBody(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{Name: "d"})
	s.Recorder.Inject(Fault{Method: "PUT", Before: func(r *http.Request) {
		r.Body = io.NopCloser(strings.NewReader(`{}`))
	}})
	got := send(t, s, call{method: "PUT", path: "/v2/datasets/" + d.ID, body: `{"generalAccess": "RESTRICTED"}`})
	equal(t, "generalAccess", got.data(t)["generalAccess"], any(followUserSetting))
	equal(t, "logged body", string(s.Recorder.Requests()[0].Body), `{"generalAccess": "RESTRICTED"}`)
}

func TestFault_conditions(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{Name: "d"})
	get := call{method: "GET", path: "/v2/datasets/" + d.ID}
	me := call{method: "GET", path: "/v2/users/me"}
	put := call{method: "PUT", path: "/v2/datasets/" + d.ID, body: `{}`}
	isMe := func(r *http.Request) bool { return r.URL.Path == me.path }
	for name, test := range map[string]struct {
		faults   []Fault
		calls    []call
		statuses []int
	}{
		"none":        {[]Fault{{Status: 500}}, []call{get, me, put}, []int{500, 500, 500}},
		"method":      {[]Fault{{Status: 500, Method: "GET"}}, []call{get, put}, []int{500, 200}},
		"pattern":     {[]Fault{{Status: 500, Pattern: patternDataset}}, []call{get, me, put}, []int{500, 200, 500}},
		"match":       {[]Fault{{Status: 500, Match: isMe}}, []call{get, me}, []int{200, 500}},
		"times":       {[]Fault{{Status: 500, Times: 2}}, []call{get, get, get}, []int{500, 500, 200}},
		"skip":        {[]Fault{{Status: 500, Skip: 1, Times: 1, Method: "GET"}}, []call{put, get, get, get}, []int{200, 200, 500, 200}},
		"order":       {[]Fault{{Status: 500, Times: 1}, {Status: 503, Times: 1}}, []call{get, get, get}, []int{500, 503, 200}},
		"two methods": {[]Fault{{Status: 500, Method: "PUT"}, {Status: 503}}, []call{get, put}, []int{503, 500}},
		"probability": {[]Fault{{Status: 500, Probability: 1}}, []call{get, get}, []int{500, 500}},
	} {
		s.Recorder.ClearFaults()
		s.Recorder.Inject(test.faults...)
		for i, c := range test.calls {
			equal(t, name+": status of "+c.method+" "+c.path, sendUnchecked(t, s, c).status, test.statuses[i])
		}
	}
}

func TestFault_probability(t *testing.T) {
	t.Parallel()
	const requests = 1000
	hits := func(seed uint64) [requests]bool {
		recorder := NewRecorder(NewAPI(Options{}))
		recorder.SetRand(seed)
		recorder.Inject(Fault{Status: 500, Probability: 0.2})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://example.com/v2/users/me", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		var hit [requests]bool
		for i := range hit {
			hit[i] = capture(recorder, request).status == http.StatusInternalServerError
		}
		return hit
	}
	first := hits(7)
	n := 0
	for _, hit := range first {
		if hit {
			n++
		}
	}
	if n < 150 || n > 250 {
		t.Errorf("%d of %d requests were hit with a probability of 0.2", n, requests)
	}
	if hits(7) != first {
		t.Error("the same seed hits other requests")
	}
	if hits(8) == first {
		t.Error("another seed hits the same requests")
	}
}

// TestFault_concurrent injects and clears faults while requests arrive, for the race detector.
func TestFault_concurrent(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	var workers sync.WaitGroup
	for worker := range 4 {
		workers.Go(func() {
			for range 20 {
				s.Recorder.Inject(Fault{Status: 500, Times: 1}, Fault{CutBody: true, Times: 1}, Fault{Reset: true, Times: 1})
				// Every outcome is correct.
				_, _ = trySend(t, s, call{method: "GET", path: "/v2/users/me"})
				s.Recorder.Requests()
				s.Recorder.Counts()
				if worker == 0 {
					s.Recorder.ClearFaults()
					s.Recorder.Reset()
				}
			}
		})
	}
	workers.Wait()
}
