package provider

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"net/http"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

const (
	// matrixRetries is max_retries, so that there are 3 attempts at most.
	matrixRetries = 2
	// refusedRetries is max_retries if the server refuses connections. It is enough to wait for a
	// server that starts late.
	refusedRetries = 7
	// matrixRequestTimeout is request_timeout for faults that exceed it.
	matrixRequestTimeout = "2s"
	// throttledTimeout is the timeout of an operation that is throttled forever. The client waits
	// at most a minute, whatever Retry-After contains, and must not wait for longer than the
	// timeout.
	throttledTimeout = 30 * time.Second
	// interruptDelay is the time between a 429 with a Retry-After of a second and the interrupt.
	interruptDelay = 600 * time.Millisecond
	// renamedSuffix is appended to the name by a rename.
	renamedSuffix = "-renamed"
	// matrixConcurrency is how many cases run at a time: they mostly wait.
	matrixConcurrency = 40
)

// matrixFault is a fault of the catalogue and its class.
type matrixFault struct {
	class string
	// fault is the name of the fault in the catalogue. It is empty for a refused connection.
	fault string
	// texts are texts of the diagnostic, with the advice among them, and bodyTexts those that it
	// has only if the response should have a body.
	texts, bodyTexts []string
	// wait is the shortest time between two attempts.
	wait time.Duration
}

func (f *matrixFault) name() string {
	switch f.class {
	case classRefused:
		return "refused connection"
	case classInterrupted, classInterruptedWait:
		return f.fault + " and interrupt"
	default:
		return f.fault
	}
}

// hits reports whether the fault hits the request of an operation.
func (f *matrixFault) hits(op *operation) bool {
	return f.class != classTotalAhead || op.request == getDatasets
}

// The advice for the faults.
const (
	adviceLimit      = "rate limit was exceeded"
	adviceServer     = "The Apify API returned a server error"
	adviceGateway    = "or a proxy in front of it, returned an error"
	adviceNetwork    = "The network or the server failed"
	adviceProxy      = "no proxy is intercepting requests"
	adviceElsewhere  = "The response did not come from the Apify API"
	adviceTimeout    = "timed out before another attempt"
	adviceConnect    = "could not connect"
	adviceCanceled   = "The operation was interrupted."
	advicePermission = "does not have permission for this operation"
)

// quotedTexts are texts of bodies. A diagnostic about the token's account must not contain them,
// because that body contains secrets.
var quotedTexts = []string{"<html>", "Welcome", "upstream gone", "default backend - 404"}

// matrixFaults lists the faults under test.
var matrixFaults = []matrixFault{
	{"throttled", emulator.FaultRateLimited, []string{"429 Too Many Requests, rate-limit-exceeded: This is a test", adviceLimit}, nil, testRetryDelay},
	{"throttled", emulator.FaultRateLimitedHTML, []string{"429 Too Many Requests", "<html>", adviceLimit}, nil, testRetryDelay},
	{"throttled", emulator.FaultRetryAfterSecond, []string{"rate-limit-exceeded", adviceLimit}, nil, time.Second},
	{"throttled", emulator.FaultRetryAfterDate, []string{"rate-limit-exceeded", adviceLimit}, nil, 900 * time.Millisecond},
	{"throttled", emulator.FaultRetryAfterInvalid, []string{"rate-limit-exceeded", adviceLimit}, nil, testRetryDelay},
	{classThrottledForever, emulator.FaultRetryAfterForever, []string{"rate-limit-exceeded", adviceTimeout}, nil, 0},

	{"no-effect", emulator.FaultInternalServerError, []string{"500 Internal Server Error, internal-server-error: This is a test", adviceServer}, nil, 0},
	{"no-effect", emulator.FaultBadGateway, []string{"502 Bad Gateway", "upstream gone", adviceGateway}, nil, 0},
	{"no-effect", emulator.FaultUnavailable, []string{"503 Service Unavailable, service-unavailable", adviceServer}, nil, 0},
	{"no-effect", emulator.FaultUnavailableEmpty, []string{"503 Service Unavailable", adviceGateway}, nil, 0},
	{"no-effect", emulator.FaultUnavailableHTML, []string{"503 Service Unavailable", "<html>", adviceGateway}, nil, 0},
	{"no-effect", emulator.FaultGatewayTimeout, []string{"504 Gateway Timeout", adviceServer}, nil, 0},
	{"no-effect", emulator.FaultReset, []string{"got no response", adviceNetwork}, nil, 0},
	{"no-effect", emulator.FaultHang, []string{"timed out after 2s", adviceNetwork}, nil, 0},
	{"no-effect", emulator.FaultHTMLPage, []string{"200 OK", "<html>", "Welcome", adviceProxy}, nil, 0},
	{"no-effect", emulator.FaultEmptyBody, []string{"200 OK", adviceProxy}, nil, 0},
	{"no-effect", emulator.FaultNoData, []string{"200 OK", adviceProxy}, nil, 0},
	{"no-effect", emulator.FaultNullData, []string{"200 OK", adviceProxy}, nil, 0},
	{"empty-data", emulator.FaultEmptyData, []string{"200 OK", adviceProxy}, nil, 0},
	{"no-effect", emulator.FaultWrongTypes, []string{"200 OK", adviceProxy}, nil, 0},

	{"effect", emulator.FaultInternalServerErrorAfterEffect, []string{"500 Internal Server Error", adviceServer}, nil, 0},
	{"effect", emulator.FaultBadGatewayAfterEffect, []string{"502 Bad Gateway", adviceGateway}, nil, 0},
	{"effect", emulator.FaultResetAfterEffect, []string{"got no response", adviceNetwork}, nil, 0},
	{"effect", emulator.FaultHangAfterEffect, []string{"timed out after 2s", adviceNetwork}, nil, 0},
	{"effect", emulator.FaultHTMLPageAfterEffect, []string{"200 OK", "<html>", adviceProxy}, nil, 0},

	{"body-cut", emulator.FaultBodyCut, []string{adviceNetwork}, []string{"but the body is incomplete"}, 0},
	{"body-slow", emulator.FaultTrickle, []string{"timed out after 2s", adviceNetwork}, nil, 0},
	{classRefused, "", []string{"got no response", adviceConnect}, nil, testRetryDelay},
	{"redirected", emulator.FaultRedirect, []string{"302 Found", "a redirect to https://elsewhere.example/login", "Redirects are not followed"}, nil, 0},
	{"redirected", emulator.FaultRedirectInvalid, []string{"302 Found", "Redirects are not followed", adviceProxy}, nil, 0},

	{"rejected-name", emulator.FaultBadRequest, []string{"400 Bad Request, invalid-input: This is a test", "The server refused the request"}, nil, 0},
	{"name-not-unique", emulator.FaultNameNotUnique, []string{"400 Bad Request, name-not-unique: This is a test", "The server refused the request"}, nil, 0},
	{"unauthorized", emulator.FaultUnauthorized, []string{"401 Unauthorized, user-or-token-not-found", "rejected the API token", "APIFY_TOKEN"}, nil, 0},
	{"unauthorized", emulator.FaultUnauthorizedHTML, []string{"401 Unauthorized", "<html>", adviceElsewhere, adviceProxy}, nil, 0},
	{"rejected", emulator.FaultPaymentRequired, []string{"402 Payment Required", "plan or balance does not allow", "https://console.apify.com/billing"}, nil, 0},
	{"rejected", emulator.FaultPaymentRequiredHTML, []string{"402 Payment Required", "<html>", adviceElsewhere, adviceProxy}, nil, 0},
	{"rejected", emulator.FaultDatasetLocked, []string{"402 Payment Required, dataset-locked: This is a test", "Apify has locked the dataset for the reason in its message"}, nil, 0},
	{"forbidden", emulator.FaultForbidden, []string{"403 Forbidden, insufficient-permissions", advicePermission}, nil, 0},
	{"rejected", emulator.FaultForbiddenHTML, []string{"403 Forbidden", "<html>", adviceElsewhere, adviceProxy}, nil, 0},
	{"rejected", emulator.FaultNotFoundByProxy, []string{"404 Not Found", "default backend - 404", adviceElsewhere, adviceProxy}, nil, 0},
	{"rejected", emulator.FaultNotFoundHTML, []string{"404 Not Found", "<html>", adviceElsewhere, adviceProxy}, nil, 0},
	{"rejected", emulator.FaultMethodNotAllowed, []string{"405 Method Not Allowed", "does not support this endpoint"}, nil, 0},
	{"rejected", emulator.FaultProxyAuthRequired, []string{"407 Proxy Authentication Required", "A proxy requires authentication", "HTTPS_PROXY, HTTP_PROXY and NO_PROXY"}, nil, 0},
	{"rejected-name", emulator.FaultConflict, []string{"409 Conflict", "conflicts with an existing object"}, nil, 0},
	{"rejected", emulator.FaultTooLarge, []string{"413 Request Entity Too Large", "larger than the server accepts"}, nil, 0},
	{"not-found", emulator.FaultNotFoundByAPI, []string{"404 Not Found, record-not-found", "The dataset does not exist"}, nil, 0},

	{"usable", emulator.FaultNoDate, nil, nil, 0},
	{"usable", emulator.FaultDateAhead, nil, nil, 0},
	{"usable", emulator.FaultDateBehind, nil, nil, 0},
	{"usable", emulator.FaultOtherFieldsMistyped, nil, nil, 0},

	{classTotalAhead, emulator.FaultListTotalAhead, []string{"200 OK, but the list is incomplete: it ends after 1 of 4 datasets", "Try again in a minute"}, nil, 0},

	{classInterrupted, emulator.FaultHang, []string{"got no response", adviceCanceled}, nil, 0},
	{classInterruptedWait, emulator.FaultRetryAfterSecond, []string{"rate-limit-exceeded", adviceCanceled}, nil, 0},
}

// faultCase is one operation under one fault.
type faultCase struct {
	t       *testing.T
	op      *operation
	fault   *matrixFault
	lasting bool
	want    outcome

	s *testServer
	// name is the name of the dataset under test.
	name string
	// prior is the instance before the operation, and id the ID of its dataset. plan is the planned
	// change, and config its configuration.
	prior  instance
	id     string
	config values
	plan   planned
	// many are the instances of an operation that reads many.
	many []instance

	// w is the walk with the fault. result is the new instance, or found what another operation
	// returned.
	w      *walk
	result instance
	found  string
	ds     diagnostics
}

func (c *faultCase) duration() string {
	if c.lasting {
		return "lasting"
	}
	return "transient"
}

// TestProvider_faults runs each operation under each fault, transient and lasting, and compares the
// requests, the diagnostics, the state and the server with the tables of outcomes.
func TestProvider_faults(t *testing.T) {
	t.Parallel()
	var cases []*faultCase
	for _, op := range operations() {
		outcomes := parseOutcomes(t, op.outcomes)
		for i := range matrixFaults {
			for _, lasting := range []bool{false, true} {
				c := &faultCase{op: op, fault: &matrixFaults[i], lasting: lasting}
				if !c.fault.hits(op) {
					continue
				}
				c.want = findOutcome(t, outcomes, c.fault.class, c.duration())
				if c.want.outcome != "skip" {
					cases = append(cases, c)
				}
			}
		}
	}
	forEach(matrixConcurrency, cases, func(c *faultCase) {
		t.Run(c.op.name+"/"+c.fault.name()+"/"+c.duration(), func(t *testing.T) {
			c.t = t
			c.test()
		})
	})
}

func (c *faultCase) test() {
	t := c.t
	c.s = newEmulator(t, emulator.Options{})
	c.name = c.s.name(t)
	c.op.arrange(c)
	before := c.serverContent()

	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	if c.fault.class == classThrottledForever {
		ctx, cancel = context.WithTimeout(ctx, throttledTimeout)
		defer cancel()
	}
	config := values{"max_retries": matrixRetries}
	if c.fault.class == classRefused {
		config = values{"max_retries": refusedRetries, "base_url": c.refuseConnections()}
	} else if c.inject(cancel) {
		config["request_timeout"] = matrixRequestTimeout
	}
	c.w = c.s.newWalk(t, config)
	c.s.Recorder.Reset()
	start := time.Now()
	c.op.run(ctx, c)
	// An interrupt must end the operation within a second. A busy machine under the race detector
	// needs more.
	if took := time.Since(start); ctx.Err() != nil && took > interruptDelay+5*time.Second {
		t.Errorf("the interrupted operation took %s", took)
	}

	c.expectRequests()
	c.expectDiagnostics()
	c.expectReturned()
	c.expectServer(before)
	if c.want.outcome == "error" {
		if c.op.checkError != nil {
			c.op.checkError(c)
		}
		if c.plan.config != nil {
			c.expectRecovery()
		}
	}
}

// inject adds the fault to the server, and reports whether it exceeds the request timeout.
func (c *faultCase) inject(interrupt func()) (slow bool) {
	f := onRequest(c.op.request, emulator.FaultNamed(c.fault.fault))
	slow = f.Delay > 0 || f.Trickle > 0
	if !c.lasting {
		f.Times = matrixRetries
	}
	switch c.fault.class {
	case classInterrupted:
		// The response to the creation of an unnamed dataset is awaited until the request timeout.
		f.Before = func(*http.Request) { interrupt() }
	case classInterruptedWait:
		f.Before = func(*http.Request) { time.AfterFunc(interruptDelay, interrupt) }
	}
	c.s.Recorder.Inject(f)
	return slow
}

// refuseConnections returns the URL of a server that refuses connections: always, or for a short
// time, after which it is the emulator.
func (c *faultCase) refuseConnections() string {
	c.t.Helper()
	address := unusedAddress(c.t)
	if c.lasting {
		return "http://" + address
	}
	closers := make(chan func(), 1)
	time.AfterFunc(10*testRetryDelay, func() {
		listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", address)
		if err != nil {
			c.t.Errorf("starting the late server: %v", err)
			closers <- func() {}
			return
		}
		closers <- emulator.Serve(listener, c.s.Recorder).Close
	})
	c.t.Cleanup(func() { (<-closers)() })
	return "http://" + address
}

// unusedAddress returns an address without a listener. Its port is below those that operating
// systems assign, so that it stays unused.
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

// expectRequests compares all requests that were sent, and the time between them.
func (c *faultCase) expectRequests() {
	c.t.Helper()
	sent := c.want.attempts
	switch {
	case c.fault.class == classRefused && c.lasting:
		sent = 0 // The requests do not arrive.
	case c.fault.class == classRefused:
		sent = 1
	case c.lasting && len(c.op.before) > 0 && strings.HasPrefix(c.op.request, http.MethodGet) && emulator.FaultNamed(c.fault.fault).Reset:
		// If a connection that was used before breaks, net/http itself sends a GET again. See the
		// documentation of http.Transport.
		sent++
	}
	want := slices.Concat(c.op.before, slices.Repeat([]string{c.op.request}, sent), c.want.then)
	c.s.expectSent(c.t, want...)
	if c.t.Failed() {
		return
	}
	requests := c.s.Recorder.Requests()[len(c.op.before):][:sent]
	for i := 1; i < len(requests); i++ {
		if wait := requests[i].Time.Sub(requests[i-1].Time); wait < c.fault.wait {
			c.t.Errorf("attempt %d came after %s, want at least %s", i+1, wait, c.fault.wait)
		}
	}
}

func (c *faultCase) expectDiagnostics() {
	c.t.Helper()
	for _, wrong := range checkTexts(c.ds, c.s.Token) {
		c.t.Error(wrong)
	}
	errors, warnings := c.ds.errors(), c.ds.warnings()
	if c.want.outcome != "error" && len(errors) > 0 {
		c.t.Errorf("got errors, want none:\n%s", c.ds)
	}
	var failure diagnostics
	switch {
	case c.want.outcome == "error":
		failure = errors
	case c.want.outcome == "warning":
		failure = warnings
	case c.want.returns == "adoption" && len(warnings) == 1:
		return
	case len(warnings) > 0:
		c.t.Errorf("got warnings, want none:\n%s", c.ds)
		return
	default:
		return
	}
	tried := "(tried once)"
	switch {
	case c.fault.class == classTotalAhead:
		tried = "(tried 4 times)" // The first request gets the dataset, the others the end of the list.
	case c.want.attempts > 1:
		tried = fmt.Sprintf("(tried %d times)", c.want.attempts)
	}
	texts := append([]string{c.op.summary, c.op.action(c), tried}, c.fault.texts...)
	if !c.op.noBody {
		texts = append(texts, c.fault.bodyTexts...)
	}
	for _, text := range texts {
		if text == advicePermission && c.op.request == getUser {
			text = "Tokens with limited permissions cannot read their own account"
		}
		if c.op.request == getUser && slices.Contains(quotedTexts, text) {
			if strings.Contains(failure.String(), text) {
				c.t.Errorf("the diagnostics quote the account:\n%s", c.ds)
			}
			continue
		}
		if !strings.Contains(strings.ToLower(failure.String()), strings.ToLower(text)) {
			c.t.Errorf("no %s contains %q:\n%s", c.want.outcome, text, c.ds)
		}
	}
	if strings.Contains(failure.String(), "reached the server") && !faultClasses[c.fault.class].mayHaveEffect {
		c.t.Errorf("the diagnostics warn of an effect, which the request cannot have had:\n%s", c.ds)
	}
}

// expectReturned compares the state, or another result, with the table.
func (c *faultCase) expectReturned() {
	c.t.Helper()
	if c.found != "" {
		if c.found != c.want.returns {
			c.t.Errorf("the operation returned %s, want %s", c.found, c.want.returns)
		}
		return
	}
	state := c.w.values(c.result.state)
	if c.want.returns == "nothing" {
		if state != nil {
			c.t.Errorf("the state is %v, want none", state)
		}
		return
	}
	if state == nil {
		c.t.Errorf("there is no state, want the %s", c.want.returns)
		return
	}
	if id := c.w.identityID(c.result); id == "" || id != state["id"] || c.id != "" && id != c.id {
		c.t.Errorf("the identity has the ID %q and the state %q; the ID was %q", id, state["id"], c.id)
	}
	if c.want.returns == "prior" {
		if prior := c.w.values(c.prior.state); !reflect.DeepEqual(state, prior) {
			c.t.Errorf("the state is %v, want the prior state %v", state, prior)
		}
		return
	}
	d, ok := c.s.API.Dataset(fmt.Sprint(state["id"]))
	if name, _ := state["name"].(string); !ok || name != d.Name || state["general_access"] != d.GeneralAccess {
		c.t.Errorf("the state is %v, want the dataset %+v", state, d)
	}
}

// serverContent describes the datasets on the server as the tables do.
func (c *faultCase) serverContent() string {
	var all []string
	for _, d := range c.s.API.Datasets() {
		content := map[string]string{c.name: "named", c.name + renamedSuffix: "renamed", "": "unnamed"}[d.Name]
		if content == "" {
			content = d.Name
		}
		switch d.GeneralAccess {
		case "FOLLOW_USER_SETTING":
		case "RESTRICTED":
			content += "+restricted"
		default:
			content += "+" + d.GeneralAccess
		}
		all = append(all, content)
	}
	if len(all) == 0 {
		return "none"
	}
	return strings.Join(all, ",")
}

func (c *faultCase) expectServer(before string) {
	c.t.Helper()
	want := c.want.server
	if want == "unchanged" {
		want = before
	}
	if got := c.serverContent(); got != want {
		c.t.Errorf("the server has %s, want %s", got, want)
	}
}

// expectRecovery applies the same configuration again without the fault.
func (c *faultCase) expectRecovery() {
	c.t.Helper()
	c.s.Recorder.ClearFaults()
	before := len(c.s.API.Datasets())
	after := c.s.mustApply(c.t, c.result, c.config)
	all := c.s.API.Datasets()
	switch {
	case c.config == nil:
		if len(all) > 0 {
			c.t.Errorf("after the second apply the server still has %+v", all)
		}
		return
	case c.config["name"] == nil: // The first apply can leave one dataset.
		if len(all) != before+1 || before > 1 {
			c.t.Errorf("the server has %d datasets after the second apply, and had %d before it", len(all), before)
		}
	case len(all) != 1:
		c.t.Errorf("the server has %d datasets after the second apply, want 1", len(all))
	}
	c.s.expectNoChanges(c.t, after, c.config)
}
