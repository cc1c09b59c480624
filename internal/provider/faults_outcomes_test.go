package provider

import (
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The tables in this file list the expected outcome of every operation under every class of faults.
//
//	duration  "transient" for a fault that does not hit the last attempt, "lasting" for one that hits
//	          all, "both" if the outcome is the same
//	attempts  how often the request is sent; "-" if it depends on the duration of the fault
//	outcome   "ok", "error", "warning", or "skip" for a case that is not tested
//	returns   "dataset" if the result is the dataset on the server, "prior" for the state before the
//	          operation, "nothing", or the operation's own word for its result
//	server    the datasets on the server afterwards, by their names: "named" for the name under test,
//	          "renamed", "unnamed", followed by "+restricted" for restricted access; "none", or
//	          "unchanged"
//	then      the requests that follow; "-" for none
//	classes   the classes of faults with this outcome, see faultClasses

// Classes of faults that the test itself handles differently.
const (
	classThrottledForever = "throttled-forever"
	classRefused          = "refused"
	classInterrupted      = "interrupted"
	classInterruptedWait  = "interrupted-wait"
	classTotalAhead       = "total-ahead"
)

// faultClasses are the classes of faults. All faults of a class have the same outcome for every
// operation.
var faultClasses = map[string]struct {
	// mayHaveEffect reports whether the client cannot rule out that the server has carried the
	// request out. The diagnostic warns of that.
	mayHaveEffect bool
}{
	// 429, which means that the server did nothing.
	"throttled": {false},
	// 429 with a Retry-After beyond the timeout of the operation, which fails at once.
	classThrottledForever: {false},
	// The server did nothing, but the client cannot know that.
	"no-effect": {true},
	// A response with an object without fields. The token's account can be such an object.
	"empty-data": {true},
	// The server carried the request out, but the client cannot know that.
	"effect": {true},
	// The server carried the request out, and the response has a header and an incomplete body.
	"body-cut": {true},
	// The server carried the request out, and the body of the response exceeds the request timeout.
	"body-slow": {true},
	// The server refuses connections, at first or always.
	classRefused: {false},
	// 3xx.
	"redirected": {false},
	// 4xx, except for the cases in other classes.
	"rejected-name":   {false},
	"name-not-unique": {false},
	"rejected":        {false},
	// 401 of the API or of a page, which is an error even in a plan.
	"unauthorized": {false},
	// 403 of the API. If state has an owner, the token's account is compared with it.
	"forbidden": {false},
	// 404 of the API, although the dataset or the user exists.
	"not-found": {false},
	// A response that the provider can use, although it is not as it should be.
	"usable": {false},
	// A list that is shorter than its total. It hits lists only.
	classTotalAhead: {false},
	// An interrupt during an attempt.
	classInterrupted: {true},
	// An interrupt between two attempts, after a 429.
	classInterruptedWait: {false},
}

// followingRequests are the names of requests in the column "then".
var followingRequests = map[string]string{
	"deleteDataset": deleteDataset,
	"getDataset":    getDataset,
	"getItems":      getItems,
	"getUser":       getUser,
	"putDataset":    putDataset,
}

// outcome is a row of a table.
type outcome struct {
	duration                 string
	attempts                 int // 0 for "-"
	outcome, returns, server string
	then, classes            []string
}

// parseOutcomes reads a table.
func parseOutcomes(t *testing.T, table string) []outcome {
	t.Helper()
	lines := strings.Split(strings.TrimSpace(table), "\n")
	var all []outcome
	for _, line := range lines[1:] {
		columns := strings.Fields(line)
		if len(columns) < 7 {
			t.Fatalf("the row %q has %d columns, want 7", line, len(columns))
		}
		o := outcome{duration: columns[0], outcome: columns[2], returns: columns[3], server: columns[4], classes: columns[6:]}
		if !slices.Contains([]string{"transient", "lasting", "both"}, o.duration) ||
			!slices.Contains([]string{"ok", "error", "warning", "skip"}, o.outcome) {
			t.Fatalf("invalid row %q", line)
		}
		if columns[1] != "-" {
			n, err := strconv.Atoi(columns[1])
			if err != nil {
				t.Fatal(err)
			}
			o.attempts = n
		}
		if columns[5] != "-" {
			for _, name := range strings.Split(columns[5], ",") {
				request, ok := followingRequests[name]
				if !ok {
					t.Fatalf("no request is named %q", name)
				}
				o.then = append(o.then, request)
			}
		}
		for _, class := range o.classes {
			if _, ok := faultClasses[class]; !ok {
				t.Fatalf("no class of faults is named %q", class)
			}
		}
		all = append(all, o)
	}
	return all
}

// findOutcome returns the only row for a class of faults and a duration.
func findOutcome(t *testing.T, all []outcome, class, duration string) outcome {
	t.Helper()
	var found []outcome
	for _, o := range all {
		if slices.Contains(o.classes, class) && (o.duration == duration || o.duration == "both") {
			found = append(found, o)
		}
	}
	if len(found) != 1 {
		t.Fatalf("the table has %d rows for %s faults of class %s, want 1", len(found), duration, class)
	}
	return found[0]
}

// The POST is repeated even if it may have had an effect, because the name makes it idempotent.
const createNamedOutcomes = `
duration   attempts  outcome  returns  server  then  classes
transient  3         ok       dataset  named   -     throttled no-effect empty-data effect body-cut body-slow
transient  -         ok       dataset  named   -     refused
both       1         ok       dataset  named   -     usable
lasting    3         error    nothing  none    -     throttled no-effect empty-data
lasting    3         error    nothing  named   -     effect body-cut body-slow
lasting    8         error    nothing  none    -     refused
both       1         error    nothing  none    -     throttled-forever redirected rejected forbidden rejected-name name-not-unique unauthorized not-found interrupted interrupted-wait
`

// The POST is repeated only if it had no effect for certain, because it would create a second
// dataset. If the header of the response arrived, its Location has the ID of the new dataset, which
// is deleted. Otherwise nothing refers to the dataset.
const createUnnamedOutcomes = `
duration   attempts  outcome  returns  server   then           classes
transient  3         ok       dataset  unnamed  -              throttled
transient  -         ok       dataset  unnamed  -              refused
both       1         ok       dataset  unnamed  -              usable
lasting    3         error    nothing  none     -              throttled
lasting    8         error    nothing  none     -              refused
both       1         error    nothing  none     -              throttled-forever no-effect empty-data redirected rejected forbidden rejected-name name-not-unique unauthorized not-found interrupted interrupted-wait
both       1         error    nothing  unnamed  -              effect
both       1         error    nothing  none     deleteDataset  body-cut body-slow
`

// The next apply adopts the dataset that a failed PUT leaves.
const createNamedWithAccessOutcomes = `
duration   attempts  outcome  returns  server            then  classes
transient  3         ok       dataset  named+restricted  -     throttled no-effect empty-data effect body-cut body-slow
both       1         ok       dataset  named+restricted  -     usable
lasting    3         error    nothing  named             -     throttled no-effect empty-data
lasting    3         error    nothing  named+restricted  -     effect body-cut body-slow
both       1         error    nothing  named             -     throttled-forever redirected rejected forbidden rejected-name name-not-unique unauthorized not-found interrupted interrupted-wait
both       -         skip     -        -                 -     refused
`

// After a failed PUT the new dataset is deleted, because no later apply would find it.
const createUnnamedWithAccessOutcomes = `
duration   attempts  outcome  returns  server              then           classes
transient  3         ok       dataset  unnamed+restricted  -              throttled no-effect empty-data effect body-cut body-slow
both       1         ok       dataset  unnamed+restricted  -              usable
lasting    3         error    nothing  none                deleteDataset  throttled no-effect empty-data effect body-cut body-slow
both       1         error    nothing  none                deleteDataset  throttled-forever redirected rejected forbidden rejected-name name-not-unique unauthorized not-found interrupted interrupted-wait
both       -         skip     -        -                   -              refused
`

// A failed lookup does not fail the plan.
const planOutcomes = `
duration   attempts  outcome  returns   server     then  classes
transient  3         ok       adoption  unchanged  -     throttled no-effect empty-data effect body-cut body-slow
transient  -         ok       adoption  unchanged  -     refused
both       1         ok       adoption  unchanged  -     usable
lasting    3         warning  nothing   unchanged  -     throttled no-effect empty-data effect body-cut body-slow
lasting    8         warning  nothing   unchanged  -     refused
both       1         warning  nothing   unchanged  -     throttled-forever redirected rejected forbidden rejected-name name-not-unique interrupted interrupted-wait
both       1         error    nothing   unchanged  -     unauthorized
both       1         ok       nothing   unchanged  -     not-found
`

// After a 404 of the API, the owner of the dataset decides whether it was deleted.
const readOutcomes = `
duration   attempts  outcome  returns  server     then     classes
transient  3         ok       dataset  unchanged  -        throttled no-effect empty-data effect body-cut body-slow
transient  -         ok       dataset  unchanged  -        refused
both       1         ok       dataset  unchanged  -        usable
lasting    3         error    prior    unchanged  -        throttled no-effect empty-data effect body-cut body-slow
lasting    8         error    prior    unchanged  -        refused
both       1         error    prior    unchanged  -        throttled-forever redirected rejected rejected-name name-not-unique unauthorized interrupted interrupted-wait
both       1         error    prior    unchanged  getUser  forbidden
both       1         ok       nothing  unchanged  getUser  not-found
`

// The dataset stays in the state if the owner cannot be compared with the token's account.
const readDeletedOutcomes = `
duration   attempts  outcome  returns  server     then  classes
transient  3         ok       nothing  unchanged  -     throttled no-effect effect body-cut body-slow
both       1         ok       nothing  unchanged  -     usable
lasting    3         error    prior    unchanged  -     throttled no-effect effect body-cut body-slow
both       1         error    prior    unchanged  -     throttled-forever redirected rejected forbidden rejected-name name-not-unique unauthorized not-found interrupted interrupted-wait
both       -         skip     -        -          -     refused empty-data
`

// If the list fails, the datasets are read one by one. An interrupt ends these reads too. The list
// is not read to its end once it contains the datasets.
const readManyOutcomes = `
duration   attempts  outcome  returns   server     then                              classes
transient  3         ok       datasets  unchanged  -                                 throttled no-effect empty-data effect body-cut body-slow
both       1         ok       datasets  unchanged  -                                 usable total-ahead
lasting    3         ok       datasets  unchanged  getDataset,getDataset,getDataset  throttled no-effect empty-data effect body-cut body-slow
both       1         ok       datasets  unchanged  getDataset,getDataset,getDataset  throttled-forever redirected rejected forbidden rejected-name name-not-unique unauthorized not-found
both       -         skip     -         -          -                                 refused interrupted interrupted-wait
`

// After a 4xx the name is looked up, because the error for a taken name is not documented. If no
// dataset has the name and the error is name-not-unique, the rename is sent once again.
const updateOutcomes = `
duration   attempts  outcome  returns  server     then                                         classes
transient  3         ok       dataset  renamed    -                                            throttled no-effect empty-data effect body-cut body-slow
both       1         ok       dataset  renamed    -                                            usable
lasting    3         error    prior    unchanged  -                                            throttled no-effect empty-data
lasting    3         error    prior    renamed    -                                            effect body-cut body-slow
both       1         error    prior    unchanged  getDataset                                   rejected-name
both       1         error    prior    unchanged  getDataset,getDataset,putDataset,getDataset  name-not-unique
both       1         error    prior    unchanged  -                                            throttled-forever rejected unauthorized not-found
both       1         error    prior    unchanged  getUser                                      forbidden
both       1         error    prior    unchanged  -                                            redirected interrupted interrupted-wait
both       -         skip     -        -          -                                            refused
`

// A retry after a deletion that took effect gets a 404, after which the owner is compared as in a
// read. A 404 for a dataset that exists counts as its deletion too. The body of a successful
// response is empty, and therefore never slow.
const deleteOutcomes = `
duration   attempts  outcome  returns  server     then     classes
transient  3         ok       nothing  none       -        throttled no-effect empty-data
transient  3         ok       nothing  none       getUser  effect body-cut
both       1         ok       nothing  none       -        usable
lasting    3         error    prior    unchanged  -        throttled no-effect empty-data
lasting    3         error    prior    none       -        effect body-cut
both       1         error    prior    unchanged  -        throttled-forever redirected rejected rejected-name name-not-unique unauthorized interrupted interrupted-wait
both       1         error    prior    unchanged  getUser  forbidden
both       1         ok       nothing  none       -        body-slow
both       1         ok       nothing  unchanged  getUser  not-found
both       -         skip     -        -          -        refused
`

// A dataset is deleted only after its counters and its items have been read.
const deleteReadOutcomes = `
duration   attempts  outcome  returns  server     then                    classes
transient  3         ok       nothing  none       getItems,deleteDataset  throttled no-effect empty-data effect body-cut body-slow
transient  -         ok       nothing  none       getItems,deleteDataset  refused
both       1         ok       nothing  none       getItems,deleteDataset  usable
lasting    3         error    prior    unchanged  -                       throttled no-effect empty-data effect body-cut body-slow
lasting    8         error    prior    unchanged  -                       refused
both       1         error    prior    unchanged  -                       throttled-forever redirected rejected rejected-name name-not-unique unauthorized interrupted interrupted-wait
both       1         error    prior    unchanged  getUser                 forbidden
both       1         ok       nothing  unchanged  getUser                 not-found
`

// See deleteReadOutcomes.
const deleteReadItemsOutcomes = `
duration   attempts  outcome  returns  server     then           classes
transient  3         ok       nothing  none       deleteDataset  throttled no-effect empty-data effect body-cut body-slow
both       1         ok       nothing  none       deleteDataset  usable
lasting    3         error    prior    unchanged  -              throttled no-effect empty-data effect body-cut body-slow
both       1         error    prior    unchanged  -              throttled-forever redirected rejected rejected-name name-not-unique unauthorized interrupted interrupted-wait
both       1         error    prior    unchanged  getUser        forbidden
both       1         ok       nothing  unchanged  getUser        not-found
both       -         skip     -        -          -              refused
`

// An import looks the token's account up, to compare it with the owner.
const importOutcomes = `
duration   attempts  outcome  returns  server     then     classes
transient  3         ok       dataset  unchanged  getUser  throttled no-effect empty-data effect body-cut body-slow
transient  -         ok       dataset  unchanged  getUser  refused
both       1         ok       dataset  unchanged  getUser  usable
lasting    3         error    nothing  unchanged  -        throttled no-effect empty-data effect body-cut body-slow
lasting    8         error    nothing  unchanged  -        refused
both       1         error    nothing  unchanged  -        throttled-forever redirected rejected forbidden rejected-name name-not-unique unauthorized not-found interrupted interrupted-wait
`

// Data sources, list resources and ephemeral resources need one response. Their outcomes differ if
// an error comes at the end of a list.
const oneResponse = `
duration   attempts  outcome  returns  server     then  classes
transient  3         ok       dataset  unchanged  -     throttled no-effect empty-data effect body-cut body-slow total-ahead
transient  -         ok       dataset  unchanged  -     refused
both       1         ok       dataset  unchanged  -     usable
lasting    3         error    nothing  unchanged  -     throttled no-effect empty-data effect body-cut body-slow
lasting    8         error    nothing  unchanged  -     refused
both       1         error    nothing  unchanged  -     throttled-forever redirected rejected forbidden rejected-name name-not-unique unauthorized not-found interrupted interrupted-wait
`

const queryOutcomes = oneResponse + `lasting    5         error    nothing  unchanged  -     total-ahead
`

// A list resource returns each dataset as soon as it is read, so an error at the end of the list
// comes after the datasets.
const listResourceOutcomes = oneResponse + `lasting    5         error    dataset  unchanged  -     total-ahead
`
