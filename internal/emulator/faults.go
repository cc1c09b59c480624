package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
)

// The names of the faults in the catalogue. After effect means that the server carries the request
// out before the fault hits the response.
const (
	FaultRateLimited                    = "429"
	FaultRateLimitedHTML                = "429 with an HTML page"
	FaultRetryAfterFraction             = "429 with Retry-After: 0.02"
	FaultRetryAfterSecond               = "429 with Retry-After: 1"
	FaultRetryAfterMinute               = "429 with Retry-After: 60"
	FaultRetryAfterDate                 = "429 with a date as Retry-After"
	FaultRetryAfterForever              = "429 with Retry-After: 99999999999"
	FaultRetryAfterInvalid              = "429 with an invalid Retry-After"
	FaultInternalServerError            = "500"
	FaultInternalServerErrorAfterEffect = "500 after effect"
	FaultBadGateway                     = "502"
	FaultBadGatewayAfterEffect          = "502 after effect"
	FaultUnavailable                    = "503"
	FaultUnavailableEmpty               = "503 with an empty body"
	FaultUnavailableHTML                = "503 with an HTML page"
	FaultUnavailableHTMLCut             = "503 with an incomplete HTML page"
	FaultUnavailableHTMLTrickle         = "503 with a slow HTML page"
	FaultMaintenance                    = "503 with Retry-After: 30"
	FaultGatewayTimeout                 = "504"
	FaultReset                          = "reset"
	FaultResetAfterEffect               = "reset after effect"
	FaultHang                           = "hang"
	FaultHangAfterEffect                = "hang after effect"
	FaultBodyCut                        = "incomplete body"
	FaultTrickle                        = "slow body"
	FaultHTMLPage                       = "200 with an HTML page"
	FaultHTMLPageAfterEffect            = "200 with an HTML page after effect"
	FaultEmptyBody                      = "200 with an empty body"
	FaultNoData                         = "200 without data"
	FaultNullData                       = "200 with null data"
	FaultEmptyData                      = "200 with empty data"
	FaultWrongTypes                     = "200 with wrong types"
	FaultInvalidID                      = "200 with an invalid ID"
	FaultBodyTooLong                    = "200 with a body of 17 MiB"
	FaultRedirect                       = "302"
	FaultRedirectInvalid                = "302 with an invalid Location"
	FaultBadRequest                     = "400"
	FaultNameNotUnique                  = "400 name-not-unique"
	FaultUnauthorized                   = "401"
	FaultUnauthorizedHTML               = "401 with an HTML page"
	FaultPaymentRequired                = "402"
	FaultPaymentRequiredHTML            = "402 with an HTML page"
	FaultDatasetLocked                  = "402 dataset-locked"
	FaultForbidden                      = "403"
	FaultForbiddenHTML                  = "403 with an HTML page"
	FaultNotFoundByAPI                  = "404"
	FaultNotFoundByProxy                = "404 by a proxy"
	FaultNotFoundHTML                   = "404 with an HTML page"
	FaultMethodNotAllowed               = "405"
	FaultProxyAuthRequired              = "407"
	FaultConflict                       = "409"
	FaultTooLarge                       = "413"
	FaultTooLargeHTML                   = "413 with an HTML page"
	FaultNoDate                         = "no Date"
	FaultDateAhead                      = "Date an hour ahead"
	FaultDateBehind                     = "Date an hour behind"
	FaultOtherFieldsMistyped            = "wrong types in other fields"
	FaultListWithoutAccess              = "list without generalAccess"
	FaultListWithoutNames               = "list without names"
	FaultListWithoutTotal               = "list without a total"
	FaultListWithHalfTheItems           = "list with half of its items"
	FaultListWithNumbersAsNames         = "list with numbers as names"
	FaultListWithOtherTimeFormat        = "list with times in another format"
	FaultListTotalAhead                 = "list with a total that is ahead"
	FaultListLags                       = "list without the ten newest datasets"
)

// NamedFault is an entry of the catalogue. Its fields are facts about the fault itself: Status is
// the status of the response, 0 for the server's own, and TakesEffect reports whether the server
// carries the request out. How a client or the provider must react to the fault is for each test
// suite to say.
type NamedFault struct {
	Name string
	Fault
}

const (
	// hangDelay is longer than any timeout in the tests.
	hangDelay = time.Minute
	// trickleDelay makes every body take longer than the request timeouts of the test suites. They
	// are at most two seconds, and the shortest body, [], has two bytes.
	trickleDelay = 1100 * time.Millisecond
	// longBodyLength is more than the 16 MiB that the client reads.
	longBodyLength = 17 << 20
	// lagDatasets is the number of datasets that are missing from a list that lags.
	lagDatasets = 10
	// datasetsAhead is the number of datasets by which a total is ahead.
	datasetsAhead = 3
)

// htmlPage is the sign-in page of a proxy or a captive portal. Its control characters must not
// reach a terminal.
const htmlPage = "<html><head><title>Sign in</title></head>" +
	"<body>\x1b[31mWelcome\x1b[0m to the network</body></html>"

var longBody = sync.OnceValue(func() string {
	return `{"data": {"id": "` + strings.Repeat("x", longBodyLength) + `"}}`
})

// Faults returns the catalogue of faults of the API, the network, and proxies. Every test suite
// selects its faults from it by name and sets only which requests a fault hits, how often, its
// hooks, and, where a test depends on it, its delay. Each call returns new values. Refused
// connections are not in it, because no server takes part in them.
func Faults() []NamedFault {
	return []NamedFault{
		{FaultRateLimited, errorFault(http.StatusTooManyRequests, "rate-limit-exceeded")},
		{FaultRateLimitedHTML, Fault{Status: http.StatusTooManyRequests, Body: htmlPage}},
		{FaultRetryAfterFraction, rateLimited("0.02")},
		{FaultRetryAfterSecond, rateLimited("1")},
		{FaultRetryAfterMinute, rateLimited("60")},
		{FaultRetryAfterDate, rateLimitedUntilDate(2 * time.Second)},
		{FaultRetryAfterForever, rateLimited("99999999999")},
		{FaultRetryAfterInvalid, rateLimited("-3 fortnights")},

		{FaultInternalServerError, errorFault(http.StatusInternalServerError, "internal-server-error")},
		{FaultInternalServerErrorAfterEffect, takingEffect(errorFault(http.StatusInternalServerError, "internal-server-error"))},
		{FaultBadGateway, Fault{Status: http.StatusBadGateway, Body: "upstream gone"}},
		{FaultBadGatewayAfterEffect, takingEffect(Fault{Status: http.StatusBadGateway})},
		{FaultUnavailable, errorFault(http.StatusServiceUnavailable, "service-unavailable")},
		{FaultUnavailableEmpty, Fault{Status: http.StatusServiceUnavailable}},
		{FaultUnavailableHTML, Fault{Status: http.StatusServiceUnavailable, Body: htmlPage}},
		{FaultUnavailableHTMLCut, Fault{Status: http.StatusServiceUnavailable, Body: htmlPage, CutBody: true}},
		{FaultUnavailableHTMLTrickle, Fault{Status: http.StatusServiceUnavailable, Body: htmlPage, Trickle: trickleDelay}},
		{FaultMaintenance, retryAfter(errorFault(http.StatusServiceUnavailable, "maintenance"), "30")},
		{FaultGatewayTimeout, errorFault(http.StatusGatewayTimeout, "gateway-timeout")},

		{FaultReset, Fault{Reset: true}},
		{FaultResetAfterEffect, takingEffect(Fault{Reset: true})},
		{FaultHang, Fault{Delay: hangDelay}},
		{FaultHangAfterEffect, takingEffect(Fault{Delay: hangDelay})},
		{FaultBodyCut, takingEffect(Fault{CutBody: true})},
		{FaultTrickle, takingEffect(Fault{Trickle: trickleDelay})},

		{FaultHTMLPage, Fault{Status: http.StatusOK, Body: htmlPage}},
		{FaultHTMLPageAfterEffect, takingEffect(Fault{Status: http.StatusOK, Body: htmlPage})},
		{FaultEmptyBody, Fault{Status: http.StatusOK}},
		{FaultNoData, Fault{Status: http.StatusOK, Body: `{"date": {}}`}},
		{FaultNullData, Fault{Status: http.StatusOK, Body: `{"data": null}`}},
		{FaultEmptyData, Fault{Status: http.StatusOK, Body: `{"data": {}}`}},
		{FaultWrongTypes, Fault{Status: http.StatusOK, Body: `{"data": {"id": 17, "itemCount": "many", "items": {"a": 1}}}`}},
		// A user's ID never becomes part of a path, so any text is valid for it.
		{FaultInvalidID, Fault{Match: notUser, Status: http.StatusOK, Body: `{"data": {"id": "../x", "items": [{"id": "../x"}]}}`}},
		{FaultBodyTooLong, Fault{
			Status: http.StatusOK,
			Header: http.Header{"Content-Type": {jsonContentType}},
			Body:   longBody(),
		}},

		{FaultRedirect, Fault{
			Status: http.StatusFound,
			Header: http.Header{"Location": {"https://elsewhere.example/login?token=abc"}},
		}},
		{FaultRedirectInvalid, Fault{
			Status: http.StatusFound,
			Header: http.Header{"Location": {"https://[elsewhere.example/login?token=abc"}},
		}},
		{FaultBadRequest, errorFault(http.StatusBadRequest, "invalid-input")},
		{FaultNameNotUnique, errorFault(http.StatusBadRequest, "name-not-unique")},
		{FaultUnauthorized, errorFault(http.StatusUnauthorized, "user-or-token-not-found")},
		{FaultUnauthorizedHTML, Fault{Status: http.StatusUnauthorized, Body: htmlPage}},
		{FaultPaymentRequired, errorFault(http.StatusPaymentRequired, "not-enough-usage-to-run-paid-actor")},
		{FaultPaymentRequiredHTML, Fault{Status: http.StatusPaymentRequired, Body: htmlPage}},
		{FaultDatasetLocked, errorFault(http.StatusPaymentRequired, "dataset-locked")},
		{FaultForbidden, errorFault(http.StatusForbidden, "insufficient-permissions")},
		{FaultForbiddenHTML, Fault{Status: http.StatusForbidden, Body: htmlPage}},
		{FaultNotFoundByAPI, errorFault(http.StatusNotFound, "record-not-found")},
		{FaultNotFoundByProxy, Fault{Status: http.StatusNotFound, Body: "default backend - 404"}},
		{FaultNotFoundHTML, Fault{Status: http.StatusNotFound, Body: htmlPage}},
		{FaultMethodNotAllowed, errorFault(http.StatusMethodNotAllowed, "method-not-allowed")},
		{FaultProxyAuthRequired, Fault{
			Status: http.StatusProxyAuthRequired,
			Header: http.Header{"Proxy-Authenticate": {"Basic"}},
			Body:   htmlPage,
		}},
		{FaultConflict, errorFault(http.StatusConflict, "conflict")},
		{FaultTooLarge, errorFault(http.StatusRequestEntityTooLarge, "request-too-large")},
		{FaultTooLargeHTML, Fault{Status: http.StatusRequestEntityTooLarge, Body: htmlPage}},

		// A nil header prevents that net/http adds one.
		{FaultNoDate, changedHeader(func(header http.Header) { header["Date"] = nil })},
		{FaultDateAhead, changedHeader(func(header http.Header) { shiftDate(header, time.Hour) })},
		{FaultDateBehind, changedHeader(func(header http.Header) { shiftDate(header, -time.Hour) })},
		{FaultOtherFieldsMistyped, takingEffect(Fault{Mutate: mistypeOtherFields})},

		{FaultListWithoutAccess, changedListItems(func(item map[string]any) { delete(item, "generalAccess") })},
		{FaultListWithoutNames, changedListItems(func(item map[string]any) { delete(item, "name") })},
		{FaultListWithoutTotal, changedList(func(list map[string]any, _ []any) { delete(list, "total") })},
		{FaultListWithHalfTheItems, changedList(func(list map[string]any, items []any) { list["items"] = items[:len(items)/2] })},
		{FaultListWithNumbersAsNames, changedListItems(func(item map[string]any) { item["name"] = 17 })},
		{FaultListWithOtherTimeFormat, changedListItems(useOtherTimeFormat)},
		{FaultListTotalAhead, changedList(func(list map[string]any, _ []any) { list["total"] = listNumber(list, "total") + datasetsAhead })},
		{FaultListLags, changedList(withoutNewest)},
	}
}

// FaultNamed returns the fault in the catalogue that has this name. It panics if there is none.
func FaultNamed(name string) Fault {
	all := Faults()
	i := slices.IndexFunc(all, func(f NamedFault) bool { return f.Name == name })
	if i < 0 {
		panic(fmt.Sprintf("no fault in the catalogue is named %q", name))
	}
	return all[i].Fault
}

// errorFault is a response with an error in the API's form.
func errorFault(status int, errorType string) Fault {
	return Fault{
		Status: status,
		Body:   fmt.Sprintf(`{"error": {"type": %q, "message": "This is a test."}}`, errorType),
	}
}

func takingEffect(f Fault) Fault {
	f.TakesEffect = true
	return f
}

func retryAfter(f Fault, value string) Fault {
	f.Header = http.Header{"Retry-After": {value}}
	return f
}

func rateLimited(value string) Fault {
	return retryAfter(errorFault(http.StatusTooManyRequests, "rate-limit-exceeded"), value)
}

// rateLimitedUntilDate has a Retry-After date that is later than each response by a duration.
func rateLimitedUntilDate(d time.Duration) Fault {
	f := errorFault(http.StatusTooManyRequests, "rate-limit-exceeded")
	f.Mutate = func(status int, header http.Header, _ map[string]any) int {
		header.Set("Retry-After", time.Now().Add(d).UTC().Format(http.TimeFormat))
		return status
	}
	return f
}

func notUser(r *http.Request) bool { return r.URL.Path != patternMe }

// changedList hits responses to requests for a list of datasets that succeed.
func changedList(change func(list map[string]any, items []any)) Fault {
	return takingEffect(Fault{
		Method: http.MethodGet, Pattern: patternDatasets,
		Mutate: func(status int, _ http.Header, body map[string]any) int {
			list, _ := body["data"].(map[string]any)
			if items, ok := list["items"].([]any); ok {
				change(list, items)
			}
			return status
		},
	})
}

func changedListItems(change func(item map[string]any)) Fault {
	return changedList(func(_ map[string]any, items []any) {
		for _, item := range items {
			if dataset, ok := item.(map[string]any); ok {
				change(dataset)
			}
		}
	})
}

// useOtherTimeFormat writes the same times without fractions of a second that are zero, and with an
// offset instead of a Z.
func useOtherTimeFormat(item map[string]any) {
	for _, name := range []string{"createdAt", "modifiedAt", "accessedAt"} {
		text, _ := item[name].(string)
		if t, err := time.Parse(time.RFC3339, text); err == nil {
			item[name] = t.Format("2006-01-02T15:04:05.999-07:00")
		}
	}
}

// withoutNewest changes a list in ascending order to the list before the last datasets were
// created.
func withoutNewest(list map[string]any, items []any) {
	total := max(0, listNumber(list, "total")-lagDatasets)
	items = items[:min(len(items), max(0, total-listNumber(list, "offset")))]
	list["items"], list["count"], list["total"] = items, len(items), total
}

// listNumber returns a number of a list, or 0.
func listNumber(list map[string]any, name string) int {
	text, _ := list[name].(json.Number)
	n, err := strconv.Atoi(text.String())
	if err != nil {
		return 0
	}
	return n
}

func changedHeader(change func(http.Header)) Fault {
	return takingEffect(Fault{
		Mutate: func(status int, header http.Header, _ map[string]any) int {
			change(header)
			return status
		},
	})
}

func shiftDate(header http.Header, d time.Duration) {
	if date, err := http.ParseTime(header.Get("Date")); err == nil {
		header.Set("Date", date.Add(d).Format(http.TimeFormat))
	}
}

// mistypeOtherFields gives other types to fields that no resource of the provider depends on: those
// of a dataset, of the datasets in a list, and of an account. It adds a field that the API does not
// have.
func mistypeOtherFields(status int, _ http.Header, body map[string]any) int {
	data, _ := body["data"].(map[string]any)
	items, isList := data["items"].([]any)
	if !isList {
		items = []any{data}
	}
	for _, item := range items {
		object, _ := item.(map[string]any)
		if object == nil {
			continue
		}
		for _, name := range []string{
			"title", "username", "modifiedAt", "accessedAt", "cleanItemCount", "actId", "actRunId", "fields", "stats", "profile", "plan", "proxy", "new",
		} {
			// The provider uses the username of an account, which has a plan, but not that of a
			// dataset.
			if name != "username" || object["plan"] == nil {
				object[name] = []any{map[string]any{"wrong": 1.5}}
			}
		}
	}
	return status
}
