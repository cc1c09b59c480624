package provider

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"path"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

const (
	// faultRetries is the provider's max_retries where a fault is quick, and
	// slowFaultRetries where each attempt takes its time.
	faultRetries     = 2
	slowFaultRetries = 1
	// faultTimeout is the provider's request_timeout where a fault exceeds it.
	faultTimeout = "2s"
	// faultDeadline is the operation's timeout where a fault asks for more.
	faultDeadline = 30 * time.Second
	// interruptDelay is when a wait between attempts is interrupted.
	interruptDelay = 500 * time.Millisecond
)

// fault is a way in which a request can fail.
type fault struct {
	name  string
	fault emulator.Fault
	// retried is whether the request is sent again, and ambiguous whether it may
	// have taken effect, so that one without a name is not.
	retried, ambiguous bool
	// status is the answer's, 0 where none arrives.
	status int
	// says are texts of the error, the advice among them, and saysOfBody those that
	// are said only where the answer should have a body.
	says, saysOfBody []string
	// timesOut is whether the fault exceeds the request timeout, and outlasts
	// whether what it asks for exceeds the operation's.
	timesOut, outlasts bool
	// waits is the shortest time before the next attempt.
	waits time.Duration
}

func (f *fault) retries() int {
	if f.timesOut || f.waits > testRetryDelay {
		return slowFaultRetries
	}
	return faultRetries
}

func (f *fault) is(name string) bool { return f.name == name }

// The faults that operations tell apart.
const (
	apiNotFound = "404 of the API"
	bodyCut     = "body cut short"
	trickle     = "trickle"
	refused     = "refused"
	interrupt   = "interrupt of an attempt"
	interrupted = "interrupt between attempts"
)

// apiError is an answer of the API's own form.
func apiError(status int, kind string) emulator.Fault {
	return emulator.Fault{Status: status, Body: fmt.Sprintf(`{"error": {"type": %q, "message": "This is a test."}}`, kind)}
}

// rateLimited is a 429 with a Retry-After header.
func rateLimited(retryAfter func() string) emulator.Fault {
	f := apiError(http.StatusTooManyRequests, "rate-limit-exceeded")
	f.Mutate = func(status int, header http.Header, _ map[string]any) int {
		header.Set("Retry-After", retryAfter())
		return status
	}
	return f
}

func always(s string) func() string { return func() string { return s } }

// takingEffect is a fault that hits the answer only.
func takingEffect(f emulator.Fault) emulator.Fault {
	f.TakesEffect = true
	return f
}

const htmlPage = "<html><head><title>Sign in</title></head><body>\x1b[31mWelcome\x1b[0m to the network</body></html>"

// faults are all that the API, the network and what stands between may do.
func faults() []*fault {
	const (
		elsewhere = "no proxy answers in its stead"
		trouble   = "The server is in trouble"
		network   = "The network or the server failed"
		limited   = "rate limit was exceeded"
	)
	html := emulator.Fault{Status: 200, Header: http.Header{"Content-Type": {"text/html"}}, Body: htmlPage}
	htmlError := emulator.Fault{Status: 503, Header: http.Header{"Content-Type": {"text/html"}}, Body: htmlPage}
	proxyNotFound := emulator.Fault{Status: 404, Header: http.Header{"Content-Type": {"text/plain"}}, Body: "default backend - 404"}
	redirect := emulator.Fault{Status: 302, Header: http.Header{"Location": {"https://elsewhere.example/login?token=abc"}}}
	return []*fault{
		{name: "429", fault: apiError(429, "rate-limit-exceeded"), retried: true, status: 429,
			says: []string{"429 Too Many Requests, rate-limit-exceeded: This is a test.", limited}, waits: testRetryDelay},
		{name: "429 for seconds", fault: rateLimited(always("1")), retried: true, status: 429,
			says: []string{"rate-limit-exceeded", limited}, waits: time.Second},
		{name: "429 until a date", fault: rateLimited(func() string {
			return time.Now().Add(2 * time.Second).UTC().Format(http.TimeFormat)
		}), retried: true, status: 429, says: []string{"rate-limit-exceeded", limited}, waits: 900 * time.Millisecond},
		{name: "429 for ever", fault: rateLimited(always("99999999999")), retried: true, status: 429,
			says: []string{"rate-limit-exceeded", "timeout left no time for another attempt"}, outlasts: true},
		{name: "429 for nonsense", fault: rateLimited(always("-3 fortnights")), retried: true, status: 429,
			says: []string{"rate-limit-exceeded", limited}, waits: testRetryDelay},
		{name: "500", fault: apiError(500, "internal-server-error"), retried: true, ambiguous: true, status: 500,
			says: []string{"500 Internal Server Error, internal-server-error: This is a test.", trouble}},
		{name: "502", fault: emulator.Fault{Status: 502, Body: "upstream gone"}, retried: true, ambiguous: true, status: 502,
			says: []string{"502 Bad Gateway", "upstream gone", trouble}},
		{name: "502 after taking effect", fault: takingEffect(emulator.Fault{Status: 502}), retried: true, ambiguous: true, status: 502,
			says: []string{"502 Bad Gateway", trouble}},
		{name: "503", fault: apiError(503, "service-unavailable"), retried: true, ambiguous: true, status: 503,
			says: []string{"503 Service Unavailable, service-unavailable", trouble}},
		{name: "504", fault: apiError(504, "gateway-timeout"), retried: true, ambiguous: true, status: 504,
			says: []string{"504 Gateway Timeout", trouble}},
		{name: "5xx of HTML", fault: htmlError, retried: true, ambiguous: true, status: 503,
			says: []string{"503 Service Unavailable", "<html>", trouble}},
		{name: refused, retried: true, says: []string{"got no answer", "No connection could be made"}, waits: testRetryDelay},
		{name: "reset", fault: emulator.Fault{Reset: true}, retried: true, ambiguous: true,
			says: []string{"got no answer", network}},
		{name: "reset after taking effect", fault: takingEffect(emulator.Fault{Reset: true}), retried: true, ambiguous: true,
			says: []string{"got no answer", network}},
		{name: "hang", fault: emulator.Fault{Delay: time.Minute}, retried: true, ambiguous: true, timesOut: true,
			says: []string{"did not answer within 2s", network}},
		{name: "hang after taking effect", fault: takingEffect(emulator.Fault{Delay: time.Minute}), retried: true, ambiguous: true, timesOut: true,
			says: []string{"did not answer within 2s", network}},
		{name: interrupt, fault: emulator.Fault{Delay: time.Minute}, ambiguous: true,
			says: []string{"got no answer", "The operation was interrupted."}},
		{name: interrupted, fault: rateLimited(always("20")), status: 429,
			says: []string{"rate-limit-exceeded", "The operation was interrupted."}},
		{name: bodyCut, fault: takingEffect(emulator.Fault{CutBody: true}), retried: true, ambiguous: true,
			says: []string{network}, saysOfBody: []string{"but it broke off"}},
		{name: trickle, fault: takingEffect(emulator.Fault{Trickle: 1100 * time.Millisecond}), retried: true, ambiguous: true, timesOut: true,
			says: []string{"did not answer within 2s", network}},
		{name: "200 of HTML", fault: html, retried: true, ambiguous: true, status: 200,
			says: []string{"200 OK", "<html>", "Welcome", elsewhere}},
		{name: "empty body", fault: emulator.Fault{Status: 200}, retried: true, ambiguous: true, status: 200,
			says: []string{"200 OK", elsewhere}},
		{name: "wrong types", fault: emulator.Fault{Status: 200, Body: `{"data": {"id": 17, "items": {}}}`}, retried: true, ambiguous: true, status: 200,
			says: []string{"200 OK", elsewhere}},
		{name: "null", fault: emulator.Fault{Status: 200, Body: `{"data": null}`}, retried: true, ambiguous: true, status: 200,
			says: []string{"200 OK", elsewhere}},
		{name: "redirect", fault: redirect, status: 302,
			says: []string{"302 Found", "a redirect to https://elsewhere.example/login", "Redirects are not followed"}},
		{name: "400", fault: apiError(400, "invalid-input"), status: 400,
			says: []string{"400 Bad Request, invalid-input: This is a test.", "The server refused the request"}},
		{name: "401", fault: apiError(401, "user-or-token-not-found"), status: 401,
			says: []string{"401 Unauthorized, user-or-token-not-found", "does not accept the API token", "APIFY_TOKEN"}},
		{name: "402", fault: apiError(402, "not-enough-usage-to-run-paid-actor"), status: 402,
			says: []string{"402 Payment Required", "https://console.apify.com/billing"}},
		{name: "403", fault: apiError(403, "insufficient-permissions"), status: 403,
			says: []string{"403 Forbidden, insufficient-permissions", "The API token may not do this"}},
		{name: apiNotFound, fault: apiError(404, "record-not-found"), status: 404,
			says: []string{"404 Not Found, record-not-found", "There is no such dataset"}},
		{name: "404 of a proxy", fault: proxyNotFound, status: 404,
			says: []string{"404 Not Found", "default backend - 404", elsewhere}},
		{name: "405", fault: apiError(405, "method-not-allowed"), status: 405,
			says: []string{"405 Method Not Allowed", "does not know this call"}},
		{name: "409", fault: apiError(409, "conflict"), status: 409,
			says: []string{"409 Conflict", "sees a conflict"}},
		{name: "413", fault: apiError(413, "request-too-large"), status: 413,
			says: []string{"413 Request Entity Too Large", "larger than the server takes"}},
	}
}

// faultCase is one operation running into one fault.
type faultCase struct {
	t       *testing.T
	op      *faultyOperation
	fault   *fault
	lasting bool

	s    *testServer
	name string
	// prior is the resource before the operation, if there is any, and id its
	// dataset's; plan is what the operation applies, made with config.
	prior  instance
	id     string
	config values
	plan   planned
	// many are the resources that are read one after another, if there are more.
	many []instance
	// w is the walk that meets the fault; result and ds are what it came to.
	w      *walk
	result instance
	found  values
	ds     diagnostics
	// failed is whether the hit request should have failed for good.
	failed bool
}

// effective tells whether the hit request is carried out on the server at some
// attempt.
func (c *faultCase) effective() bool { return !c.failed || c.fault.fault.TakesEffect }

// headerTells tells whether only the answer's header arrives, which names a dataset
// that was created.
func (c *faultCase) headerTells() bool { return c.fault.is(bodyCut) || c.fault.is(trickle) }

// missing tells whether the API itself says that the dataset is not there.
func (c *faultCase) missing() bool { return c.fault.is(apiNotFound) }

// faultyOperation is an operation of which one request is hit.
type faultyOperation struct {
	name string
	// hit is the request, before the requests that are sent before it, and after
	// those that follow, given what the hit one came to.
	hit    string
	before []string
	after  func(*faultCase) []string
	// once is whether the request is not repeated if it may have taken effect, and
	// bodiless whether a successful answer has no body.
	once     bool
	bodiless bool
	// tolerates is whether a 404 of the API is an answer like others, and forgives
	// whether the operation succeeds although the request fails.
	tolerates, forgives bool
	// warns is whether a failure brings a warning, summary what begins what is said
	// of it, and what the words for what was tried.
	warns   bool
	summary string
	what    func(*faultCase) string
	arrange func(*faultCase)
	run     func(context.Context, *faultCase)
	// check looks at the state and the server.
	check func(*faultCase)
}

func none(*faultCase) []string { return nil }

// faultyOperations are the operations by the request that is hit.
func faultyOperations() []*faultyOperation {
	nothing := func(*faultCase) {}
	existing := func(c *faultCase) {
		c.prior = c.s.mustApply(c.t, instance{}, values{"name": c.name})
		c.id = c.s.API.Datasets()[0].ID
	}
	// planned arranges a plan, in a walk of its own.
	planned := func(before func(*faultCase), config func(*faultCase) values) func(*faultCase) {
		return func(c *faultCase) {
			before(c)
			c.config = config(c)
			p, ds := c.s.newWalk(c.t, nil).plan(c.t.Context(), c.prior, c.config)
			if len(ds) > 0 {
				c.t.Fatal(ds)
			}
			c.plan = p
		}
	}
	destruction := func(*faultCase) values { return nil }
	named := func(c *faultCase) values { return values{"name": c.name} }
	apply := func(ctx context.Context, c *faultCase) { c.result, c.ds = c.w.apply(ctx, c.plan) }
	read := func(ctx context.Context, c *faultCase) { c.result, c.ds = c.w.read(ctx, c.prior) }
	imported := func(id func(*faultCase) string) func(context.Context, *faultCase) {
		return func(ctx context.Context, c *faultCase) { c.result, c.ds = c.w.importID(ctx, id(c)) }
	}

	creating := func(c *faultCase) string { return fmt.Sprintf("creating dataset %q", c.name) }
	reading := func(c *faultCase) string { return fmt.Sprintf("reading dataset %q", c.id) }
	listing := func(*faultCase) string { return "listing datasets" }
	readingByName := func(c *faultCase) string { return fmt.Sprintf(`reading dataset "~%s"`, c.name) }
	updating := func(c *faultCase) string { return fmt.Sprintf("updating dataset %q", c.id) }
	updatingNew := func(c *faultCase) string {
		for _, r := range c.s.Recorder.Requests() {
			if r.Method == http.MethodPut {
				return fmt.Sprintf("updating dataset %q", path.Base(r.Path))
			}
		}
		return "no dataset was updated"
	}
	return []*faultyOperation{
		{
			name: "create named", hit: postDatasets, after: none,
			summary: summaryCreate, what: creating,
			arrange: planned(nothing, named), run: apply,
			check: func(c *faultCase) {
				c.expectInstance(!c.failed)
				c.expectDatasets(c.effective(), c.name)
			},
		},
		{
			name: "create unnamed", hit: postDatasets, once: true,
			after: func(c *faultCase) []string {
				if c.headerTells() {
					return []string{deleteDataset}
				}
				return nil
			},
			summary: summaryCreate, what: func(*faultCase) string { return "creating an unnamed dataset" },
			arrange: planned(nothing, func(*faultCase) values { return values{} }), run: apply,
			check: func(c *faultCase) {
				c.expectInstance(!c.failed)
				c.expectDatasets(c.effective() && !c.headerTells(), "")
			},
		},
		{
			name: "create named with access", hit: putDataset, before: []string{postDatasets}, after: none,
			summary: summaryCreate, what: updatingNew,
			arrange: planned(nothing, func(c *faultCase) values {
				return values{"name": c.name, "general_access": "RESTRICTED"}
			}), run: apply,
			check: func(c *faultCase) {
				c.expectInstance(!c.failed)
				c.expectDatasets(true, c.name)
				c.expectAccess(c.effective())
				if c.failed && !c.ds.has("left for the next apply", c.s.API.Datasets()[0].ID) {
					c.t.Errorf("nothing tells of the dataset that is there:\n%s", c.ds)
				}
			},
		},
		{
			name: "create unnamed with access", hit: putDataset, before: []string{postDatasets},
			after: func(c *faultCase) []string {
				if c.failed {
					return []string{deleteDataset}
				}
				return nil
			},
			summary: summaryCreate, what: updatingNew,
			arrange: planned(nothing, func(*faultCase) values { return values{"general_access": "RESTRICTED"} }), run: apply,
			check: func(c *faultCase) {
				c.expectInstance(!c.failed)
				c.expectDatasets(!c.failed, "")
				c.expectAccess(!c.failed)
			},
		},
		{
			name: "plan of a creation", hit: getDataset, after: none, tolerates: true, warns: true,
			summary: "Apify dataset name not checked",
			what:    readingByName,
			arrange: func(c *faultCase) {
				c.s.API.Seed(emulator.Dataset{Name: c.name})
			},
			run: func(ctx context.Context, c *faultCase) {
				_, c.ds = c.w.plan(ctx, instance{}, named(c))
			},
			check: func(c *faultCase) {
				c.expectDatasets(true, c.name)
				if told := c.ds.has("will be adopted"); told == (c.failed || c.missing()) {
					c.t.Errorf("whether the adoption is told of: %t\n%s", told, c.ds)
				}
			},
		},
		{
			name: "read", hit: getDataset, tolerates: true,
			after: func(c *faultCase) []string {
				if c.missing() {
					return []string{getUser}
				}
				return nil
			},
			summary: summaryRead, what: reading, arrange: existing,
			run: read,
			check: func(c *faultCase) {
				c.expectInstance(!c.missing())
				c.expectDatasets(true, c.name)
			},
		},
		{
			name: "read of a deleted one", hit: getUser, before: []string{getDataset}, after: none,
			summary: summaryRead, what: func(*faultCase) string { return "reading the token's user" },
			arrange: func(c *faultCase) {
				existing(c)
				c.s.API.Delete(c.id)
			},
			run: read,
			check: func(c *faultCase) {
				c.expectInstance(c.failed)
				c.expectDatasets(false, "")
			},
		},
		{
			name: "update", hit: putDataset,
			after: func(c *faultCase) []string {
				if c.failed && c.fault.status >= 400 && c.fault.status < 500 && !c.fault.is(interrupted) {
					return []string{getDataset} // is it that the name is taken?
				}
				return nil
			},
			summary: summaryUpdate, what: updating,
			arrange: planned(existing, func(c *faultCase) values { return values{"name": "renamed-" + c.name} }), run: apply,
			check: func(c *faultCase) {
				if c.effective() {
					c.expectDatasets(true, "renamed-"+c.name)
				} else {
					c.expectDatasets(true, c.name)
				}
				if want := map[bool]string{true: c.name, false: "renamed-" + c.name}[c.failed]; c.w.values(c.result.state)["name"] != want {
					c.t.Errorf("the state has the name %v, not %s", c.w.values(c.result.state)["name"], want)
				}
			},
		},
		{
			name: "delete", hit: deleteDataset, before: []string{getDataset, getItems}, bodiless: true, tolerates: true,
			after: func(c *faultCase) []string {
				// The first attempt had its effect, and the last one says that it is gone.
				if c.missing() || !c.failed && !c.lasting && c.fault.fault.TakesEffect && !c.harmless() {
					return []string{getUser}
				}
				return nil
			},
			summary: summaryDelete, what: func(c *faultCase) string { return fmt.Sprintf("deleting dataset %q", c.id) },
			arrange: planned(existing, destruction), run: apply,
			check: func(c *faultCase) {
				c.expectInstance(c.failed)
				c.expectDatasets(!c.effective() || c.missing(), c.name)
			},
		},
		{
			name: "delete, looking at the counters", hit: getDataset, tolerates: true,
			after: func(c *faultCase) []string {
				switch {
				case c.failed:
					return nil
				case c.missing():
					return []string{getUser}
				}
				return []string{getItems, deleteDataset}
			},
			summary: summaryDelete, what: reading, arrange: planned(existing, destruction), run: apply,
			check: func(c *faultCase) {
				c.expectInstance(c.failed)
				c.expectDatasets(c.failed || c.missing(), c.name)
			},
		},
		{
			name: "delete, looking for items", hit: getItems, before: []string{getDataset}, tolerates: true,
			after: func(c *faultCase) []string {
				switch {
				case c.failed:
					return nil
				case c.missing():
					return []string{getUser}
				}
				return []string{deleteDataset}
			},
			summary: summaryDelete, what: func(c *faultCase) string { return fmt.Sprintf("looking for items in dataset %q", c.id) },
			arrange: planned(existing, destruction), run: apply,
			check: func(c *faultCase) {
				c.expectInstance(c.failed)
				c.expectDatasets(c.failed || c.missing(), c.name)
			},
		},
		{
			name: "import by id", hit: getDataset, after: none,
			summary: summaryImport, what: reading, arrange: existing,
			run: imported(func(c *faultCase) string { return c.id }),
			check: func(c *faultCase) {
				c.expectInstance(!c.failed)
				c.expectDatasets(true, c.name)
			},
		},
		{
			name: "import by name", hit: getDataset, after: none,
			summary: summaryImport,
			what:    readingByName,
			arrange: existing,
			run:     imported(func(c *faultCase) string { return "~" + c.name }),
			check: func(c *faultCase) {
				c.expectInstance(!c.failed)
				c.expectDatasets(true, c.name)
			},
		},
		{
			name: "data source of a dataset", hit: getDataset, after: none,
			summary: summaryRead, what: reading, arrange: existing,
			run: func(ctx context.Context, c *faultCase) {
				c.found, c.ds = c.w.readDataSource(ctx, "apify_dataset", values{"id": c.id})
			},
			check: func(c *faultCase) {
				if there := c.found != nil; there == c.failed || there && c.found["name"] != c.name {
					c.t.Errorf("what was read is %v", c.found)
				}
			},
		},
		{
			name: "data source of all datasets", hit: getDatasets, after: none,
			summary: summaryList, what: listing, arrange: existing,
			run: func(ctx context.Context, c *faultCase) {
				c.found, c.ds = c.w.readDataSource(ctx, "apify_datasets", values{})
			},
			check: func(c *faultCase) {
				datasets, _ := c.found["datasets"].([]any)
				if there := len(datasets) == 1; there == c.failed {
					c.t.Errorf("what was read is %v", c.found)
				}
			},
		},
		{
			name: "list", hit: getDatasets, after: none,
			summary: summaryList, what: listing, arrange: existing,
			run: func(ctx context.Context, c *faultCase) {
				var all []listResult
				all, c.ds = c.w.listAll(ctx, values{}, 100, false)
				if there := len(all) == 1; there == c.failed {
					c.t.Errorf("what was listed is %v", all)
				}
			},
			check: func(c *faultCase) { c.expectDatasets(true, c.name) },
		},
		{
			name: "ephemeral items URL", hit: getDataset, after: none,
			summary: summarySign, what: reading, arrange: existing,
			run: func(ctx context.Context, c *faultCase) {
				c.found, c.ds = c.w.openItemsURL(ctx, values{"dataset_id": c.id})
			},
			check: func(c *faultCase) {
				if there := c.found["url"] != nil; there == c.failed {
					c.t.Errorf("what was opened is %v", c.found)
				}
			},
		},
		{
			name: "read of many", hit: getDatasets, before: slices.Repeat([]string{getDataset}, readsBeforeListing), forgives: true,
			after: func(c *faultCase) []string {
				if c.failed {
					return slices.Repeat([]string{getDataset}, readsFromListing)
				}
				return nil
			},
			arrange: func(c *faultCase) {
				w := c.s.newWalk(c.t, nil)
				for range readsBeforeListing + readsFromListing {
					d := c.s.API.Seed(emulator.Dataset{Name: c.s.name(c.t), GeneralAccess: "RESTRICTED"})
					i, ds := w.importID(c.t.Context(), d.ID)
					if len(ds) > 0 {
						c.t.Fatal(ds)
					}
					c.many = append(c.many, i)
				}
			},
			run: func(ctx context.Context, c *faultCase) {
				for n, i := range c.many {
					after, ds := c.w.read(ctx, i)
					c.ds = append(c.ds, ds...)
					c.many[n] = after
				}
			},
			check: func(c *faultCase) {
				for n, d := range c.s.API.Datasets() {
					state := c.w.values(c.many[n].state)
					if state["id"] != d.ID || state["name"] != d.Name || state["general_access"] != d.GeneralAccess {
						c.t.Errorf("the state %v is not the dataset %+v", state, d)
					}
				}
			},
		},
	}
}

// Reading more than readsBeforeListing datasets turns to the listing.
const (
	readsBeforeListing = 19
	readsFromListing   = 3
)

// TestProvider_faults runs each operation into each fault, once in passing and once
// lasting, and looks at what came of it: the error, the state, the server, and
// every request that was sent.
func TestProvider_faults(t *testing.T) {
	t.Parallel()
	var cases []*faultCase
	for _, op := range faultyOperations() {
		for _, f := range faults() {
			switch {
			case f.is(refused) && len(op.before) > 0:
				continue // the first request would be refused already
			case (f.is(interrupt) || f.is(interrupted)) && op.forgives:
				continue // an interrupt ends what would be done instead, too
			}
			for _, lasting := range []bool{false, true} {
				cases = append(cases, &faultCase{op: op, fault: f, lasting: lasting})
			}
		}
	}
	forEach(40, cases, func(c *faultCase) {
		duration := "transient"
		if c.lasting {
			duration = "lasting"
		}
		t.Run(c.op.name+"/"+c.fault.name+"/"+duration, func(t *testing.T) {
			c.t = t
			c.runFault()
		})
	})
}

// harmless tells whether the fault has nothing to hit.
func (c *faultCase) harmless() bool { return c.fault.is(trickle) && c.op.bodiless }

// expected is how often the request should be sent, and whether it fails for good.
func (c *faultCase) expected() (attempts int, failed bool) {
	if c.fault.is(refused) {
		return refusedRetries + 1, c.lasting
	}
	again := c.fault.retried && !c.fault.outlasts && (!c.op.once || !c.fault.ambiguous)
	switch {
	case c.harmless(), c.missing() && c.op.tolerates:
		return 1, false
	case !again:
		return 1, true
	}
	return c.fault.retries() + 1, c.lasting
}

// refusedRetries are enough to wait for a server that comes up late.
const refusedRetries = 7

// refuse gives the address of a server that refuses connections: for a short
// while, after which it is the emulator, or for good.
func (c *faultCase) refuse() string {
	c.t.Helper()
	address := unusedAddress(c.t)
	if c.lasting {
		return "http://" + address
	}
	up := make(chan func(), 1)
	time.AfterFunc(10*testRetryDelay, func() {
		listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address)
		if err != nil {
			c.t.Errorf("the late server: %v", err)
			up <- func() {}
			return
		}
		up <- emulator.Serve(listener, c.s.Recorder).Close
	})
	c.t.Cleanup(func() { (<-up)() })
	return "http://" + address
}

// unusedAddress is one where nobody listens. It is none of the ports that systems
// hand out by themselves, so that it stays unused.
func unusedAddress(t *testing.T) string {
	t.Helper()
	for {
		address := fmt.Sprintf("127.0.0.1:%d", 10000+rand.N(20000))
		if listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address); err == nil {
			if err := listener.Close(); err != nil {
				t.Fatal(err)
			}
			return address
		}
	}
}

func (c *faultCase) runFault() {
	t := c.t
	c.s = newEmulator(t, emulator.Options{})
	c.name = c.s.name(t)
	c.op.arrange(c)

	retries := c.fault.retries()
	config := values{"max_retries": retries}
	if c.fault.timesOut {
		config["request_timeout"] = faultTimeout
	}
	if c.fault.is(refused) {
		config["base_url"] = c.refuse()
		config["max_retries"] = refusedRetries
	}
	c.w = c.s.newWalk(t, config)
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if c.fault.outlasts {
		ctx, cancel = context.WithTimeout(ctx, faultDeadline)
		defer cancel()
	}
	f := c.fault.fault
	switch {
	case c.fault.is(interrupt):
		f.Before = func(*http.Request) { cancel() }
	case c.fault.is(interrupted):
		f.Before = func(*http.Request) { time.AfterFunc(interruptDelay, cancel) }
	}
	f.Method, f.Pattern, _ = strings.Cut(c.op.hit, " ")
	if !c.lasting {
		f.Times = retries
	}
	if !c.fault.is(refused) {
		c.s.Recorder.Inject(f)
	}
	c.s.Recorder.Reset()

	attempts, failed := c.expected()
	c.failed = failed
	began := time.Now()
	c.op.run(ctx, c)
	// A second is the promise; a busy machine under the race detector needs more.
	if took := time.Since(began); ctx.Err() != nil && took > interruptDelay+5*time.Second {
		t.Errorf("it went on for %s", took)
	}

	c.expectRequests(attempts)
	c.expectDiagnostics(attempts)
	c.op.check(c)
	if c.failed && c.plan.config != nil {
		c.expectRecovery()
	}
}

// expectRecovery applies the same configuration again, without a fault.
func (c *faultCase) expectRecovery() {
	c.t.Helper()
	c.s.Recorder.ClearFaults()
	before := len(c.s.API.Datasets())
	after := c.s.mustApply(c.t, c.result, c.config)
	all := c.s.API.Datasets()
	switch {
	case c.config == nil:
		if len(all) > 0 {
			c.t.Errorf("there still is %+v", all)
		}
		return
	case c.config["name"] == nil: // one left over at most
		if len(all) != before+1 || before > 1 {
			c.t.Errorf("there are %d datasets, and were %d before", len(all), before)
		}
	case len(all) != 1:
		c.t.Errorf("there are %d datasets", len(all))
	}
	w := c.s.newWalk(c.t, nil)
	refreshed, ds := w.read(c.t.Context(), after)
	p, more := w.plan(c.t.Context(), refreshed, c.config)
	if len(ds) > 0 || len(more) > 0 || w.changes(p) {
		c.t.Errorf("the next plan is not empty\n%s%s", ds, more)
	}
}

// expectRequests compares every request that was sent.
func (c *faultCase) expectRequests(attempts int) {
	c.t.Helper()
	sent := attempts
	if strings.HasPrefix(c.op.hit, http.MethodGet) && len(c.op.before) > 0 && c.fault.fault.Reset && c.lasting {
		// Go's HTTP client sends a GET again by itself when a connection that it
		// has used before breaks.
		sent++
	}
	if c.fault.is(refused) {
		sent = map[bool]int{true: 0, false: 1}[c.lasting]
	}
	want := slices.Concat(c.op.before, slices.Repeat([]string{c.op.hit}, sent), c.op.after(c))
	if got := c.s.sent(); !slices.Equal(got, want) {
		c.t.Errorf("the requests were\n\t%s\nand should have been\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
		return
	}
	requests := c.s.Recorder.Requests()[len(c.op.before):][:sent]
	for i := 1; i < len(requests); i++ {
		if waited := requests[i].Time.Sub(requests[i-1].Time); waited < c.fault.waits {
			c.t.Errorf("attempt %d came after %s, not %s", i+1, waited, c.fault.waits)
		}
	}
}

// expectDiagnostics looks at what is said.
func (c *faultCase) expectDiagnostics(attempts int) {
	c.t.Helper()
	if text := internals.FindString(c.ds.String()); text != "" {
		c.t.Errorf("the diagnostics speak of %q:\n%s", text, c.ds)
	}
	if strings.Contains(c.ds.String(), c.s.Token) {
		c.t.Errorf("the diagnostics have the token:\n%s", c.ds)
	}
	if !c.failed || c.op.forgives {
		if len(c.ds.errors()) > 0 {
			c.t.Errorf("there should be no error:\n%s", c.ds)
		}
		if len(c.ds.warnings()) > 0 && !c.op.warns {
			c.t.Errorf("there should be no warning:\n%s", c.ds)
		}
		return
	}
	said := c.ds.errors()
	if c.op.warns {
		if len(said) > 0 {
			c.t.Errorf("there should be no error:\n%s", c.ds)
		}
		said = c.ds.warnings()
	}
	texts := append([]string{c.op.summary, c.op.what(c)}, c.fault.says...)
	if !c.op.bodiless {
		texts = append(texts, c.fault.saysOfBody...)
	}
	tried := "(tried once)"
	if attempts > 1 {
		tried = fmt.Sprintf("(tried %d times)", attempts)
	}
	texts = append(texts, tried)
	for _, text := range texts {
		if !strings.Contains(strings.ToLower(said.String()), strings.ToLower(text)) {
			c.t.Errorf("nothing says %q:\n%s", text, c.ds)
		}
	}
	if maybe := strings.Contains(said.String(), "arrived all the same"); maybe && !c.fault.ambiguous {
		c.t.Errorf("the request surely had no effect:\n%s", c.ds)
	}
}

// expectInstance compares the state with the server.
func (c *faultCase) expectInstance(there bool) {
	c.t.Helper()
	if is := c.result.state != nil; is != there {
		c.t.Errorf("whether there is a state: %t", is)
	}
	if !there {
		return
	}
	state := c.w.values(c.result.state)
	if id := c.w.identityID(c.result); id == "" || id != state["id"] {
		c.t.Errorf("the identity is %q, and the id %q", id, state["id"])
	}
	if c.id != "" && state["id"] != c.id {
		c.t.Errorf("the id is %v, not %s", state["id"], c.id)
	}
	d, ok := c.s.API.Dataset(fmt.Sprint(state["id"]))
	if !ok {
		return // what the state should say then is the operation's to check
	}
	name, _ := state["name"].(string)
	if !c.failed && (name != d.Name || state["general_access"] != d.GeneralAccess) {
		c.t.Errorf("the state %v is not the dataset %+v", state, d)
	}
}

// expectDatasets compares the datasets on the server: one of this name, or none.
func (c *faultCase) expectDatasets(there bool, name string) {
	c.t.Helper()
	var names, want []string
	for _, d := range c.s.API.Datasets() {
		names = append(names, d.Name)
	}
	if there {
		want = []string{name}
	}
	if !slices.Equal(names, want) {
		c.t.Errorf("the server has the datasets %q, and should have %q", names, want)
	}
}

// expectAccess tells whether each dataset is restricted.
func (c *faultCase) expectAccess(restricted bool) {
	c.t.Helper()
	for _, d := range c.s.API.Datasets() {
		if is := d.GeneralAccess == "RESTRICTED"; is != restricted {
			c.t.Errorf("the general access is %s", d.GeneralAccess)
		}
	}
}
