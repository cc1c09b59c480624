package apify

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// faultResult is the expected result of a call that meets a fault.
type faultResult struct {
	// attempts and mayHaveTakenEffect are those of the error if every attempt meets the fault. The
	// client is configured with three retries.
	attempts           int
	mayHaveTakenEffect bool
	// once is the result if only the first attempt meets the fault.
	once onceResult
}

type onceResult string

const (
	succeeds onceResult = "succeeds at the second attempt"
	fails    onceResult = "fails at the first attempt"
	notFound onceResult = "finds no dataset at the second attempt"
)

var (
	// The server refused the request, so sending it again would not help.
	refused = faultResult{attempts: 1, once: fails}
	// The server refused the request for now. It has not acted on it.
	retried = faultResult{attempts: 4, once: succeeds}
	// The server may have acted on the request, and the same request can be sent again.
	retriedUncertain = faultResult{attempts: 4, mayHaveTakenEffect: true, once: succeeds}
	// The server may have acted on the request, and another one could create a second dataset.
	failedUncertain = faultResult{attempts: 1, mayHaveTakenEffect: true, once: fails}
	// The server acted on the first request, so the second finds no dataset.
	retriedDeleted = faultResult{attempts: 4, mayHaveTakenEffect: true, once: notFound}
	// The fault does not hit the request, or the response can still be used.
	unaffected = faultResult{}
)

// faultTests lists the result of every call with every fault of the catalogue that does not hit
// lists alone. Those are in [listFaultTests].
var faultTests = []struct {
	fault     string
	status    int    // 0 if there is no response
	errorType string // empty if the body is not the API's
	message   string // part of the error's text

	idempotent    faultResult // of all other calls
	createUnnamed faultResult
	delete        faultResult
}{
	// Refused for now: no call can have taken effect, so even an unnamed dataset is created again.
	{emulator.FaultRateLimited, 429, "rate-limit-exceeded", "429 Too Many Requests, rate-limit-exceeded: This is a test", retried, retried, retried},
	{emulator.FaultRateLimitedHTML, 429, "", `the body starts with "<html><head><title>Sign in</title></head><body>[31mWelcome[0m`, retried, retried, retried},
	{emulator.FaultRetryAfterFraction, 429, "rate-limit-exceeded", "429 Too Many Requests", retried, retried, retried},
	{emulator.FaultRetryAfterSecond, 429, "rate-limit-exceeded", "429 Too Many Requests", retried, retried, retried},
	{emulator.FaultRetryAfterMinute, 429, "rate-limit-exceeded", "429 Too Many Requests", retried, retried, retried},
	{emulator.FaultRetryAfterDate, 429, "rate-limit-exceeded", "429 Too Many Requests", retried, retried, retried},
	{emulator.FaultRetryAfterForever, 429, "rate-limit-exceeded", "429 Too Many Requests", retried, retried, retried},
	{emulator.FaultRetryAfterInvalid, 429, "rate-limit-exceeded", "429 Too Many Requests", retried, retried, retried},

	// Server errors: the server may have acted before it failed.
	{emulator.FaultInternalServerError, 500, "internal-server-error", "500 Internal Server Error, internal-server-error: This is a test", retriedUncertain, failedUncertain, retriedUncertain},
	{emulator.FaultInternalServerErrorAfterEffect, 500, "internal-server-error", "500 Internal Server Error", retriedUncertain, failedUncertain, retriedDeleted},
	{emulator.FaultBadGateway, 502, "", `502 Bad Gateway without an Apify error body; the body starts with "upstream gone"`, retriedUncertain, failedUncertain, retriedUncertain},
	{emulator.FaultBadGatewayAfterEffect, 502, "", "502 Bad Gateway without an Apify error body", retriedUncertain, failedUncertain, retriedDeleted},
	{emulator.FaultUnavailable, 503, "service-unavailable", "503 Service Unavailable, service-unavailable", retriedUncertain, failedUncertain, retriedUncertain},
	{emulator.FaultUnavailableEmpty, 503, "", "503 Service Unavailable without an Apify error body", retriedUncertain, failedUncertain, retriedUncertain},
	{emulator.FaultUnavailableHTML, 503, "", `the body starts with "<html>`, retriedUncertain, failedUncertain, retriedUncertain},
	{emulator.FaultUnavailableHTMLCut, 503, "", "503 Service Unavailable, but the body is incomplete: unexpected EOF", retriedUncertain, failedUncertain, retriedUncertain},
	{emulator.FaultUnavailableHTMLTrickle, 503, "", "503 Service Unavailable, but the body is incomplete: the request timed out after 2s", retriedUncertain, failedUncertain, retriedUncertain},
	{emulator.FaultMaintenance, 503, "maintenance", "503 Service Unavailable, maintenance", retriedUncertain, failedUncertain, retriedUncertain},
	{emulator.FaultGatewayTimeout, 504, "gateway-timeout", "504 Gateway Timeout, gateway-timeout", retriedUncertain, failedUncertain, retriedUncertain},

	// No response.
	{emulator.FaultReset, 0, "", "got no response: EOF", retriedUncertain, failedUncertain, retriedUncertain},
	{emulator.FaultResetAfterEffect, 0, "", "got no response: EOF", retriedUncertain, failedUncertain, retriedDeleted},
	{emulator.FaultHang, 0, "", "got no response: the request timed out after 2s", retriedUncertain, failedUncertain, retriedUncertain},
	{emulator.FaultHangAfterEffect, 0, "", "got no response: the request timed out after 2s", retriedUncertain, failedUncertain, retriedDeleted},

	// A response of the API that does not arrive as a whole. A successful deletion has no body.
	{emulator.FaultBodyCut, 200, "", "but the body is incomplete: unexpected EOF", retriedUncertain, failedUncertain, retriedDeleted},
	{emulator.FaultTrickle, 200, "", "but the body is incomplete: the request timed out after 2s", retriedUncertain, failedUncertain, unaffected},

	// A response of something else, such as a proxy or a captive portal.
	{emulator.FaultHTMLPage, 200, "", `200 OK, but`, retriedUncertain, failedUncertain, retriedUncertain},
	{emulator.FaultHTMLPageAfterEffect, 200, "", `the body starts with "<html>`, retriedUncertain, failedUncertain, retriedDeleted},
	{emulator.FaultEmptyBody, 200, "", "200 OK, but", retriedUncertain, failedUncertain, retriedUncertain},
	{emulator.FaultNoData, 200, "", "200 OK, but", retriedUncertain, failedUncertain, retriedUncertain},
	{emulator.FaultNullData, 200, "", "200 OK, but", retriedUncertain, failedUncertain, retriedUncertain},
	{emulator.FaultEmptyData, 200, "", "200 OK, but", retriedUncertain, failedUncertain, retriedUncertain},
	{emulator.FaultWrongTypes, 200, "", "200 OK, but", retriedUncertain, failedUncertain, retriedUncertain},
	{emulator.FaultInvalidID, 200, "", "200 OK, but", retriedUncertain, failedUncertain, retriedUncertain},
	{emulator.FaultBodyTooLong, 200, "", "200 OK, but the body is longer than 16 MiB", retriedUncertain, failedUncertain, retriedUncertain},

	// Refused for good.
	{emulator.FaultRedirect, 302, "", "302 Found, a redirect to https://elsewhere.example/login", refused, refused, refused},
	{emulator.FaultRedirectInvalid, 302, "", "302 Found without an Apify error body", refused, refused, refused},
	{emulator.FaultBadRequest, 400, "invalid-input", "400 Bad Request, invalid-input", refused, refused, refused},
	{emulator.FaultNameNotUnique, 400, "name-not-unique", "400 Bad Request, name-not-unique", refused, refused, refused},
	{emulator.FaultUnauthorized, 401, "user-or-token-not-found", "401 Unauthorized", refused, refused, refused},
	{emulator.FaultUnauthorizedHTML, 401, "", `401 Unauthorized without an Apify error body; the body starts with "<html>`, refused, refused, refused},
	{emulator.FaultPaymentRequired, 402, "not-enough-usage-to-run-paid-actor", "402 Payment Required", refused, refused, refused},
	{emulator.FaultPaymentRequiredHTML, 402, "", `402 Payment Required without an Apify error body; the body starts with "<html>`, refused, refused, refused},
	{emulator.FaultDatasetLocked, 402, "dataset-locked", "402 Payment Required, dataset-locked: This is a test", refused, refused, refused},
	{emulator.FaultForbidden, 403, "insufficient-permissions", "403 Forbidden", refused, refused, refused},
	{emulator.FaultForbiddenHTML, 403, "", `403 Forbidden without an Apify error body; the body starts with "<html>`, refused, refused, refused},
	{emulator.FaultNotFoundByAPI, 404, "record-not-found", "404 Not Found, record-not-found", refused, refused, refused},
	{emulator.FaultNotFoundByProxy, 404, "", "404 Not Found without an Apify error body", refused, refused, refused},
	{emulator.FaultNotFoundHTML, 404, "", "404 Not Found without an Apify error body", refused, refused, refused},
	{emulator.FaultMethodNotAllowed, 405, "method-not-allowed", "405 Method Not Allowed", refused, refused, refused},
	{emulator.FaultProxyAuthRequired, 407, "", `407 Proxy Authentication Required without an Apify error body; the body starts with "<html>`, refused, refused, refused},
	{emulator.FaultConflict, 409, "conflict", "409 Conflict", refused, refused, refused},
	{emulator.FaultTooLarge, 413, "request-too-large", "413 Request Entity Too Large", refused, refused, refused},
	{emulator.FaultTooLargeHTML, 413, "", "413 Request Entity Too Large without an Apify error body", refused, refused, refused},

	// Usable responses.
	{emulator.FaultNoDate, 200, "", "", unaffected, unaffected, unaffected},
	{emulator.FaultDateAhead, 200, "", "", unaffected, unaffected, unaffected},
	{emulator.FaultDateBehind, 200, "", "", unaffected, unaffected, unaffected},
	{emulator.FaultOtherFieldsMistyped, 200, "", "", unaffected, unaffected, unaffected},
}

// cell is a fault and the name of an operation.
type cell struct{ fault, operation string }

// unaffectedCells are the calls that a fault does not hit, although it hits others of the same
// column.
var unaffectedCells = map[cell]bool{
	{emulator.FaultInvalidID, "read the user"}: true, // any text is a valid ID of a user
	{emulator.FaultEmptyData, "read the user"}: true, // the API returns no ID to some tokens
}

// isTooSlow reports whether a cell is left out: for a body of 17 MiB, one call of each column is
// enough.
func (c cell) isTooSlow() bool {
	return c.fault == emulator.FaultBodyTooLong && c.operation != "read" && c.operation != "create unnamed" && c.operation != "delete"
}

// statusOf lists the status of an error if it differs from that of its row.
var statusOf = map[cell]int{
	{emulator.FaultBodyCut, "create unnamed"}: 201,
	{emulator.FaultTrickle, "create unnamed"}: 201,
	// The first attempt has no response at all. The others find no dataset.
	{emulator.FaultBodyCut, "delete"}: 404,
}

// TestFaults_complete checks that the catalogue has no fault without an expected result.
func TestFaults_complete(t *testing.T) {
	t.Parallel()
	tested := map[string]int{}
	for _, test := range faultTests {
		tested[test.fault]++
	}
	for _, test := range listFaultTests {
		tested[test.fault]++
	}
	for _, fault := range emulator.Faults() {
		if tested[fault.Name] != 1 {
			t.Errorf("%d tests have the fault %q, want 1", tested[fault.Name], fault.Name)
		}
	}
}

// TestFaults makes every call with every fault, which hits all attempts or only the first.
func TestFaults(t *testing.T) {
	t.Parallel()
	for _, test := range faultTests {
		for _, op := range operations() {
			this := cell{test.fault, op.name}
			if this.isTooSlow() {
				continue
			}
			want := test.idempotent
			switch op.name {
			case "create unnamed":
				want = test.createUnnamed
			case "delete":
				want = test.delete
			}
			if unaffectedCells[this] {
				want = unaffected
			}
			status := test.status
			if s := statusOf[this]; s != 0 {
				status = s
			}

			t.Run(test.fault+"/"+op.name+"/always", func(t *testing.T) {
				t.Parallel()
				fault := newFault(test.fault, 0)
				if want == unaffected {
					runFault(t, op, fault, checkSuccess(1))
					return
				}
				runFault(t, op, fault, func(t *testing.T, err error) (requests int, effect bool) {
					e := asError(t, err)
					if e.Attempts != want.attempts || e.MayHaveTakenEffect != want.mayHaveTakenEffect {
						t.Errorf("%d attempts, may have taken effect: %t, want %+v: %v", e.Attempts, e.MayHaveTakenEffect, want, err)
					}
					message, _, quoted := strings.Cut(test.message, "the body starts with")
					if !quoted || op.name != "read the user" { // whose body is private
						message = test.message
					}
					if e.Status != status || e.Type != test.errorType || !strings.Contains(err.Error(), strings.TrimSuffix(message, "; ")) {
						t.Errorf("status %d and type %q, want %d, %q and the text %q: %v", e.Status, e.Type, status, test.errorType, message, err)
					}
					if op.name == "read the user" && e.Body != "" {
						t.Errorf("the error quotes the account: %q", e.Body)
					}
					return want.attempts, fault.TakesEffect
				})
			})
			t.Run(test.fault+"/"+op.name+"/once", func(t *testing.T) {
				t.Parallel()
				fault := newFault(test.fault, 1)
				switch {
				case want == unaffected:
					runFault(t, op, fault, checkSuccess(1))
				case want.once == succeeds:
					runFault(t, op, fault, checkSuccess(2))
				case want.once == notFound:
					runFault(t, op, fault, func(t *testing.T, err error) (requests int, effect bool) {
						if e := asError(t, err); !IsNotFound(err) || !e.MayHaveTakenEffect || e.Attempts != 2 {
							t.Errorf("may have taken effect: %t, want no dataset after 2 attempts: %v", e.MayHaveTakenEffect, err)
						}
						return 2, true
					})
				case want.once == fails:
					runFault(t, op, fault, func(t *testing.T, err error) (requests int, effect bool) {
						if e := asError(t, err); e.Attempts != 1 || e.MayHaveTakenEffect != want.mayHaveTakenEffect {
							t.Errorf("may have taken effect: %t, want %t after 1 attempt: %v", e.MayHaveTakenEffect, want.mayHaveTakenEffect, err)
						}
						return 1, fault.TakesEffect
					})
				}
			})
		}
	}
}

// checkSuccess returns a check for [runFault] of a call that succeeds after a number of requests.
func checkSuccess(requests int) func(*testing.T, error) (int, bool) {
	return func(t *testing.T, err error) (int, bool) {
		t.Helper()
		if err != nil {
			t.Errorf("got %v, want no error", err)
		}
		return requests, true
	}
}

// runFault makes a call while the server has a fault. It passes the error to check, which returns
// the expected number of requests and whether the call must have taken effect. It fails the test,
// too, if the client does not close the body of a response or keeps a connection in use.
func runFault(t *testing.T, op operation, fault emulator.Fault, check func(*testing.T, error) (requests int, effect bool)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		network := startPipeServer(t, emulator.Options{})
		id := seedExisting(network.server.API)
		network.server.Recorder.Inject(fault)
		var bodies bodyCounter
		c := network.newClient(t, func(c *Config) { c.RequestTimeout = 2 * time.Second }, countBodies(&bodies))

		err := op.call(t.Context(), c, id)
		requests, effect := check(t, err)
		if err != nil {
			checkErrorText(t, err)
			e := asError(t, err)
			if e.Operation == "" || e.Method == "" || !strings.HasPrefix(e.URL, network.server.URL+"/v2/") || e.Stopped != nil {
				t.Errorf("the error does not describe the call: %+v", e)
			}
		}
		for request, n := range network.server.Recorder.Counts() {
			if request != op.request || n != requests {
				t.Errorf("%d requests %s, want %d requests %s", n, request, requests, op.request)
			}
		}
		if open := bodies.open.Load(); open != 0 {
			t.Errorf("the client has not closed %d response bodies", open)
		}
		network.checkNoConnections(t, c)
		// Requests without a response may still be running on the server.
		network.server.Close()
		if op.tookEffect != nil && op.tookEffect(network.server.API, id) != effect {
			t.Errorf("the call took effect: %t, want %t", !effect, effect)
		}
	})
}
