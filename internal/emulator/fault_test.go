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

// attempt sends a call over a connection of its own, such that the HTTP client does not repeat it, and
// returns the answer as far as it gets.
func attempt(t testing.TB, s *Server, c call) (reply, error) {
	t.Helper()
	response, err := client(t).Do(newRequest(t, s, c))
	if err != nil {
		return reply{}, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	return reply{response.StatusCode, response.Header, body}, err
}

var create = call{method: "POST", path: "/v2/datasets?name=d"}

func TestFaultsInPlaceOfAnswers(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault       Fault
		status      int
		body        string
		contentType string
		header      string // Retry-After or Location
	}{
		"rate limit": {Fault{Status: 429, Header: http.Header{"Retry-After": {"7"}}, Body: `{"error": {}}`},
			429, `{"error": {}}`, jsonContentType, "7"},
		"outage page": {Fault{Status: 503, Body: "<html>Sorry"}, 503, "<html>Sorry", "text/html; charset=utf-8", ""},
		"declared": {Fault{Status: 500, Body: "{}", Header: http.Header{"Content-Type": {"text/plain"}}},
			500, "{}", "text/plain", ""},
		"nothing":  {Fault{Status: 200}, 200, "", "", ""},
		"redirect": {Fault{Status: 302, Header: http.Header{"Location": {"http://example.com/"}}}, 302, "", "", "http://example.com/"},
	} {
		for _, takesEffect := range []bool{false, true} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				s := start(t, Options{})
				fault := test.fault
				fault.TakesEffect = takesEffect
				s.Recorder.Inject(fault)
				c := client(t)
				c.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
				response, err := c.Do(newRequest(t, s, create))
				if err != nil {
					t.Fatal(err)
				}
				defer func() { _ = response.Body.Close() }()
				body, err := io.ReadAll(response.Body)
				if err != nil {
					t.Fatal(err)
				}
				equal(t, "status", response.StatusCode, test.status)
				equal(t, "body", string(body), test.body)
				equal(t, "Content-Type", response.Header.Get("Content-Type"), test.contentType)
				equal(t, "header", response.Header.Get("Retry-After")+response.Header.Get("Location"), test.header)
				equal(t, "effect", len(s.API.Datasets()) == 1, takesEffect)
				logged := s.Recorder.Requests()[0]
				equal(t, "logged status", logged.Status, test.status)
				equal(t, "logged fault", logged.Fault, true)
			})
		}
	}
}

func TestResets(t *testing.T) {
	t.Parallel()
	for _, takesEffect := range []bool{false, true} {
		s := start(t, Options{})
		s.Recorder.Inject(Fault{Reset: true, TakesEffect: takesEffect})
		if _, err := attempt(t, s, create); !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %v, want a reset", err)
		}
		equal(t, "effect", len(s.API.Datasets()) == 1, takesEffect)
		equal(t, "logged status", s.Recorder.Requests()[0].Status, 0)
	}
}

func TestCutBodies(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	s.Recorder.Inject(Fault{CutBody: true})
	got, err := attempt(t, s, create)
	if !errors.Is(err, io.ErrUnexpectedEOF) {
		t.Errorf("got %v, want an unexpected end", err)
	}
	equal(t, "status", got.status, http.StatusCreated)
	equal(t, "length of a half", len(got.body), int(jsonLength(t, got.header)/2))
	equal(t, "datasets", len(s.API.Datasets()), 1)

	// Where there is nothing to cut, the connection ends before the answer.
	for _, bodiless := range []call{
		{method: "DELETE", path: "/v2/datasets/~d"},
		{method: "HEAD", path: "/v2/datasets/" + s.API.Seed(Dataset{}).ID + "/items"},
	} {
		if got, err := attempt(t, s, bodiless); !errors.Is(err, io.EOF) {
			t.Errorf("%s: got %d and %v, want the end", bodiless.method, got.status, err)
		}
	}
	equal(t, "datasets after a deletion", len(s.API.Datasets()), 1)

	s.Recorder.ClearFaults()
	s.Recorder.Inject(Fault{CutBody: true, Status: 502, Body: "abcdef"})
	got, err = attempt(t, s, create)
	if !errors.Is(err, io.ErrUnexpectedEOF) || string(got.body) != "abc" {
		t.Errorf("got %q and %v", got.body, err)
	}
}

func jsonLength(t testing.TB, header http.Header) int64 {
	t.Helper()
	var length int64
	if err := json.Unmarshal([]byte(header.Get("Content-Length")), &length); err != nil {
		t.Fatal(err)
	}
	return length
}

func TestTrickle(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	const pace, body = 2 * time.Millisecond, "0123456789"
	s.Recorder.Inject(Fault{Status: 200, Body: body, Trickle: pace})
	begun := time.Now()
	got, err := attempt(t, s, create)
	if err != nil || string(got.body) != body {
		t.Errorf("got %q and %v", got.body, err)
	}
	if took := time.Since(begun); took < pace*time.Duration(len(body)) {
		t.Errorf("%d bytes took %v at a pace of %v", len(body), took, pace)
	}
}

func TestHangs(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault  Fault
		effect bool
	}{
		"before the effect": {Fault{Delay: time.Hour}, false},
		"after the effect":  {Fault{Delay: time.Hour, TakesEffect: true}, true},
		"without an effect": {Fault{Delay: time.Hour, Status: 200}, false},
		"and then a reset":  {Fault{Delay: time.Hour, Reset: true}, false},
		"in drops":          {Fault{Trickle: time.Hour}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{})
			arrived, after := make(chan struct{}), make(chan struct{})
			fault := test.fault
			fault.Before = func(*http.Request) { close(arrived) }
			fault.After = func(*http.Request) { close(after) }
			s.Recorder.Inject(fault)
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			go func() {
				<-arrived
				if test.effect {
					<-after
				}
				time.Sleep(10 * time.Millisecond)
				cancel()
			}()
			response, err := client(t).Do(newRequest(t, s, create).WithContext(ctx))
			if err == nil {
				_, err = io.ReadAll(response.Body)
				_ = response.Body.Close()
			}
			if !errors.Is(err, context.Canceled) {
				t.Errorf("got %v, want no answer until the client goes away", err)
			}
			begun := time.Now()
			s.Close()
			if took := time.Since(begun); took > 5*time.Second {
				t.Errorf("closing took %v", took)
			}
			equal(t, "effect", len(s.API.Datasets()) == 1, test.effect)
			select {
			case <-after:
				equal(t, "effect, told by the hook", true, test.effect)
			default:
				equal(t, "effect, told by the hook", false, test.effect)
			}
		})
	}
}

// TestCloseEndsHanging closes a server while a client still waits.
func TestCloseEndsHanging(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	arrived := make(chan struct{})
	s.Recorder.Inject(Fault{Delay: time.Hour, Before: func(*http.Request) { close(arrived) }})
	failed := make(chan error, 1)
	go func() {
		_, err := attempt(t, s, create)
		failed <- err
	}()
	<-arrived
	s.Close()
	if err := <-failed; err == nil {
		t.Error("the request was answered")
	}
	if _, err := attempt(t, s, create); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("a closed server gives %v", err)
	}
}

func TestDelayedAnswer(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	const delay = 50 * time.Millisecond
	s.Recorder.Inject(Fault{Delay: delay})
	begun := time.Now()
	do(t, s, create)
	if took := time.Since(begun); took < delay {
		t.Errorf("an answer with a delay of %v took %v", delay, took)
	}
	equal(t, "datasets", len(s.API.Datasets()), 1)
}

func TestHooks(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	var seen []string
	note := func(when string) func(*http.Request) {
		return func(r *http.Request) {
			seen = append(seen, when+" "+r.URL.Path)
			if len(s.API.Datasets()) > 0 {
				seen = append(seen, "created")
			}
		}
	}
	s.Recorder.Inject(Fault{Before: note("before"), After: note("after")})
	do(t, s, create)
	equal(t, "calls", strings.Join(seen, ", "), "before /v2/datasets, after /v2/datasets, created")
}

func TestMutate(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{Name: "d", Items: rawItems(`{"a": 12345678901234567890}`)})
	s.Recorder.Inject(Fault{Pattern: patternDataset, Mutate: func(status int, header http.Header, body map[string]any) int {
		header.Set("X-Status", http.StatusText(status))
		data, _ := body["data"].(map[string]any)
		delete(data, "itemsPublicUrl")
		data["new"] = "<&>"
		return http.StatusAccepted
	}})
	got, err := attempt(t, s, call{method: "GET", path: "/v2/datasets/" + d.ID})
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "status", got.status, http.StatusAccepted)
	equal(t, "header", got.header.Get("X-Status"), "OK")
	data := got.data(t)
	equal(t, "added field", data["new"], any("<&>"))
	equal(t, "kept field", data["id"], any(d.ID))
	if _, present := data["itemsPublicUrl"]; present {
		t.Error("a deleted field is still there")
	}

	// What is not an object is left as it is.
	for _, c := range []call{
		{method: "GET", path: "/v2/datasets/" + d.ID + "/items"},
		{method: "DELETE", path: "/v2/datasets/" + d.ID},
	} {
		s.Recorder.ClearFaults()
		s.Recorder.Inject(Fault{Mutate: func(status int, _ http.Header, body map[string]any) int {
			if body != nil {
				t.Errorf("%s %s: the body is %v", c.method, c.path, body)
			}
			return status
		}})
		got := do(t, s, c)
		if c.method == "GET" {
			equal(t, "body", string(got.body), `[{"a":12345678901234567890}]`)
		}
	}
}

// TestAcceptedButNotApplied shows how a server is made that takes a change and drops it.
func TestAcceptedButNotApplied(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{Name: "d"})
	s.Recorder.Inject(Fault{Method: "PUT", Before: func(r *http.Request) {
		r.Body = io.NopCloser(strings.NewReader(`{}`))
	}})
	got := do(t, s, call{method: "PUT", path: "/v2/datasets/" + d.ID, body: `{"generalAccess": "RESTRICTED"}`})
	equal(t, "generalAccess", got.data(t)["generalAccess"], any(followUserSetting))
	equal(t, "logged body", string(s.Recorder.Requests()[0].Body), `{"generalAccess": "RESTRICTED"}`)
}

func TestWhichRequestsAreHit(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{Name: "d"})
	get := call{method: "GET", path: "/v2/datasets/" + d.ID}
	me := call{method: "GET", path: "/v2/users/me"}
	put := call{method: "PUT", path: "/v2/datasets/" + d.ID, body: `{}`}
	for name, test := range map[string]struct {
		faults []Fault
		calls  []call
		want   string
	}{
		"all":        {[]Fault{{Status: 500}}, []call{get, me, put}, "500 500 500"},
		"method":     {[]Fault{{Status: 500, Method: "GET"}}, []call{get, put}, "500 200"},
		"pattern":    {[]Fault{{Status: 500, Pattern: patternDataset}}, []call{get, me, put}, "500 200 500"},
		"match":      {[]Fault{{Status: 500, Match: func(r *http.Request) bool { return r.URL.Path == me.path }}}, []call{get, me}, "200 500"},
		"times":      {[]Fault{{Status: 500, Times: 2}}, []call{get, get, get}, "500 500 200"},
		"skip":       {[]Fault{{Status: 500, Skip: 1, Times: 1, Method: "GET"}}, []call{put, get, get, get}, "200 200 500 200"},
		"the first":  {[]Fault{{Status: 500, Times: 1}, {Status: 503, Times: 1}}, []call{get, get, get}, "500 503 200"},
		"any of two": {[]Fault{{Status: 500, Method: "PUT"}, {Status: 503}}, []call{get, put}, "503 500"},
		"certainty":  {[]Fault{{Status: 500, Probability: 1}}, []call{get, get}, "500 500"},
	} {
		s.Recorder.ClearFaults()
		s.Recorder.Inject(test.faults...)
		var got []string
		for _, c := range test.calls {
			reply, err := attempt(t, s, c)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, http.StatusText(reply.status))
		}
		want := strings.NewReplacer("200", "OK", "500", "Internal Server Error", "503", "Service Unavailable", " ", ", ").Replace(test.want)
		equal(t, name, strings.Join(got, ", "), want)
	}
}

func TestProbability(t *testing.T) {
	t.Parallel()
	hits := func(seed uint64) string {
		recorder := NewRecorder(NewAPI(Options{}))
		recorder.SetRand(seed)
		recorder.Inject(Fault{Status: 500, Probability: 0.2})
		request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://example.com/v2/users/me", http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		pattern := ""
		for range 1000 {
			a := capture(recorder, request)
			pattern += string("01"[map[bool]int{true: 1}[a.status == http.StatusInternalServerError]])
		}
		return pattern
	}
	first := hits(7)
	if n := strings.Count(first, "1"); n < 150 || n > 250 {
		t.Errorf("%d of 1000 requests are hit with a probability of 0.2", n)
	}
	equal(t, "hits with the same seed", hits(7), first)
	if hits(8) == first {
		t.Error("another seed hits the same requests")
	}
}

// TestFaultsUnderLoad injects and clears faults while requests come, for the race detector.
func TestFaultsUnderLoad(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	var all sync.WaitGroup
	for worker := range 4 {
		all.Go(func() {
			for range 20 {
				s.Recorder.Inject(Fault{Status: 500, Times: 1}, Fault{CutBody: true, Times: 1}, Fault{Reset: true, Times: 1})
				_, _ = attempt(t, s, call{method: "GET", path: "/v2/users/me"}) // Any outcome will do.
				s.Recorder.Requests()
				s.Recorder.Counts()
				if worker == 0 {
					s.Recorder.ClearFaults()
					s.Recorder.Reset()
				}
			}
		})
	}
	all.Wait()
}
