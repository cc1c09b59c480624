package conformance

import (
	"fmt"
	"slices"
	"time"
)

// fact is one entry of the table: something that the emulator and the provider rely on.
type fact struct {
	// name is unique and short.
	name string
	// text is the fact in one sentence.
	text string
	// source is the publication that contains the fact.
	source string
	// assumed reports that the source is no evidence for Apify's production API: nobody has
	// published what it does.
	assumed bool
	// check finds out whether the fact is true. It ends at the first difference.
	check func(*check)
}

// Sources that several facts have.
const (
	sourceCreate   = "OpenAPI document, POST /v2/datasets"
	sourceGet      = "OpenAPI document, GET /v2/datasets/{datasetId}"
	sourceUpdate   = "OpenAPI document, PUT /v2/datasets/{datasetId}"
	sourceDelete   = "OpenAPI document, DELETE /v2/datasets/{datasetId}"
	sourceList     = "OpenAPI document, GET /v2/datasets"
	sourceItems    = "OpenAPI document, GET /v2/datasets/{datasetId}/items"
	sourcePush     = "OpenAPI document, POST /v2/datasets/{datasetId}/items"
	sourceDataset  = "OpenAPI document, schema Dataset"
	sourceListItem = "OpenAPI document, schema DatasetListItem"
	sourceMe       = "OpenAPI document, GET /v2/users/me"
	sourceUser     = "OpenAPI document, GET /v2/users/{userId}"
	sourceErrors   = "apify/apify-docs#2428, the statuses of the API's error types"
	sourceBodies   = "apify/apify-docs#2390, quotes of the API's own response validator"
	sourceEmpty    = "apify/apify-docs#2217"
	sourceLimits   = "https://docs.apify.com/api/v2#rate-limiting"
	sourceAccess   = "https://docs.apify.com/account/collaboration/general-resource-access"
	sourceTokens   = "https://docs.apify.com/integrations/api#api-tokens-with-limited-permissions"
	sourceRuns     = "https://docs.apify.com/platform/actors/running/permissions"
	sourceJS       = "apify/apify-client-js 2.25"
	sourceCLI      = "apify/apify-cli 1.10"
	sourceRuntime  = "apify/actor-runtime, Apify's local platform"
	sourceNames    = "@apify/consts, the expression for names of storages"
	sourceSigning  = "@apify/utilities, createStorageContentSignature"
	sourceSchema   = "https://docs.apify.com/storage/dataset-schema"
	sourceValidity = sourceSchema + "/validation"
	sourceSuites   = "the test suites of Apify's clients, which run against production"
	sourceNone     = "none: the emulator's own choice"
)

// facts returns the whole table.
func facts() []fact {
	return slices.Concat(
		createFacts(), nameFacts(), getFacts(), updateFacts(), deleteFacts(), listFacts(), itemFacts(), compressionFacts(), itemOptionFacts(), itemFormatFacts(), schemaFacts(),
		accessFacts(), tokenFacts(), userFacts(), httpFacts(),
	)
}

// outcome is the result of a check.
type outcome string

const (
	confirmed outcome = "confirmed"
	differs   outcome = "differs"
	undecided outcome = "not decidable"
)

// result is the outcome of the check of a fact.
type result struct {
	fact
	outcome       outcome
	expected, got string // if it differs
	reason        string // if it is undecided
}

// stop is the value of the panic that ends a check.
type stop struct{ result }

// check is one run of the check of a fact.
type check struct {
	*session
	// created are the datasets that the check has created or may have created.
	created []created
}

// differ ends the check because of a difference.
func (c *check) differ(expected, got string) {
	panic(stop{result{outcome: differs, expected: expected, got: got}})
}

// undecidable ends the check without a result.
func (c *check) undecidable(format string, args ...any) {
	panic(stop{result{outcome: undecided, reason: fmt.Sprintf(format, args...)}})
}

// equal ends the check if two values differ. A property that a response lacks is nil.
func (c *check) equal(what string, got, want any) {
	if got != want {
		c.differ(fmt.Sprintf("%s: %s", what, describe(want)), fmt.Sprintf("%s: %s", what, describe(got)))
	}
}

// isTrue ends the check if a condition is false.
func (c *check) isTrue(expected string, condition bool, got string, args ...any) {
	if !condition {
		c.differ(expected, fmt.Sprintf(got, args...))
	}
}

func describe(value any) string {
	switch v := value.(type) {
	case nil:
		return "nothing"
	case string:
		return fmt.Sprintf("%q", v)
	}
	return fmt.Sprint(value)
}

// Apify's documentation allows a minute for a change of access, and clients have seen lists and
// counters lag for up to 16 seconds.
const (
	accessDelay = 75 * time.Second
	listDelay   = 30 * time.Second
)

// eventually repeats a step until it ends without a difference, or until the time is up. Then it
// ends the check with the last difference.
func (c *check) eventually(limit time.Duration, step func()) {
	limit = min(limit, c.maxDelay)
	deadline := time.Now().Add(limit)
	for delay := 50 * time.Millisecond; ; delay = min(2*delay, 5*time.Second) {
		last := c.try(step)
		if last == nil {
			return
		}
		if last.outcome != differs || time.Now().Add(delay).After(deadline) {
			panic(*last)
		}
		c.wait(delay)
	}
}

// try runs a step and returns the reason why it stopped, or nil.
func (c *check) try(step func()) (stopped *stop) {
	defer func() {
		if value := recover(); value != nil {
			s, ok := value.(stop)
			if !ok {
				panic(value)
			}
			stopped = &s
		}
	}()
	step()
	return nil
}

// wait waits. It ends the check if the run is canceled.
func (c *check) wait(delay time.Duration) {
	timer := time.NewTimer(delay)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-c.ctx.Done():
		c.undecidable("the run was interrupted")
	}
}
