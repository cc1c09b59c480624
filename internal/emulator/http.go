package emulator

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// handler handles a request. Its errors are panics of an *apiError.
type handler func(*API, *exchange) *response

// routes has the methods of each path, which is written as in Apify's OpenAPI document.
var routes = map[string]map[string]handler{
	"/v2/datasets":                   {"GET": (*API).listDatasets, "POST": (*API).createDataset},
	"/v2/datasets/{datasetId}":       {"GET": (*API).getDataset, "PUT": (*API).updateDataset, "DELETE": (*API).deleteDataset},
	"/v2/datasets/{datasetId}/items": {"GET": (*API).getItems, "POST": (*API).pushItems},
	"/v2/users/me":                   {"GET": (*API).getMe},
}

var (
	datasetPath = regexp.MustCompile(`^/v2/datasets/([^/]+)`)
	// otherPath matches the paths of Apify's API that the emulator does not have.
	otherPath = regexp.MustCompile(`^/v2/(datasets/[^/]+/statistics$|(actor-builds|actor-runs|actor-tasks|actors|acts|key-value-stores|logs|` +
		`request-queues|schedules|store|users|webhook-dispatches|webhooks)(/|$))`)
)

// match returns a URL's path with the name of its parameter, and the parameter. An [http.ServeMux]
// would redirect paths that are not clean; the API responds to them with 404.
func match(u *url.URL) (pattern, parameter string) {
	pattern = u.EscapedPath()
	if found := datasetPath.FindStringSubmatch(pattern); found != nil {
		pattern = "/v2/datasets/{datasetId}" + strings.TrimPrefix(pattern, found[0])
		parameter, _ = url.PathUnescape(found[1]) // already unescaped once without an error
	}
	return pattern, parameter
}

// exchange is a request to an endpoint of the API, with the parts that were read from it.
type exchange struct {
	r      *http.Request
	query  url.Values
	caller caller
	ref    string // the ID or the name of a dataset in the path
	body   []byte
	now    time.Time
}

// user returns the caller's account.
func (e *exchange) user() *User {
	if e.caller.user == nil {
		panic(errTokenNotProvided)
	}
	return e.caller.user
}

// number reads a whole number that is not negative. An empty or absent parameter is 0.
func (e *exchange) number(name string) int64 {
	value := e.query.Get(name)
	number, err := strconv.ParseInt(value, 10, 64)
	if value != "" && (err != nil || number < 0) {
		fail("invalid-value", "%s must be a whole number that is not negative, not %q.", name, value)
	}
	return number
}

// choice reads one of some values. An empty or absent parameter is empty.
func (e *exchange) choice(name string, values ...string) string {
	value := e.query.Get(name)
	if value != "" && !slices.Contains(values, value) {
		fail("invalid-value", "%s must be one of %s, not %q.", name, strings.Join(values, ", "), value)
	}
	return value
}

// boolean reads true or 1, false or 0. An empty or absent parameter is false.
func (e *exchange) boolean(name string) bool {
	value := e.choice(name, "true", "1", "false", "0")
	return value == "true" || value == "1"
}

// ServeHTTP implements [http.Handler].
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	resp := a.respond(r)
	resp.header.Set("Date", a.options.Now().UTC().Format(http.TimeFormat))
	if !a.options.LocalPlatform {
		resp.compress(r)
	}
	resp.send(w)
}

func (a *API) respond(r *http.Request) (resp *response) {
	defer catch(func(e *apiError) {
		resp = jsonResponse(e.status, map[string]any{"error": map[string]any{"type": e.errorType, "message": e.message}})
	})
	pattern, ref := match(r.URL)
	methods, ok := routes[pattern]
	switch handle := methods[r.Method]; {
	case handle != nil:
		e := &exchange{r: r, query: r.URL.Query(), caller: a.authenticate(r), ref: ref, body: readBody(r), now: a.now()}
		defer a.lock()()
		return handle(a, e)
	case ok:
		panic(&apiError{http.StatusMethodNotAllowed, "method-not-allowed",
			"This API end-point can only be accessed using the following HTTP methods: " + strings.Join(slices.Sorted(maps.Keys(methods)), ",")})
	case otherPath.MatchString(pattern):
		failNotEmulated(r.URL.Path)
	}
	panic(&apiError{http.StatusNotFound, "page-not-found", fmt.Sprintf("The API has no endpoint %q.", r.URL.Path)})
}

func readBody(r *http.Request) []byte {
	if encoding := r.Header.Get("Content-Encoding"); encoding != "" && encoding != "identity" {
		failNotEmulated("the Content-Encoding " + encoding)
	}
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, 9_437_184)) // Apify's maximum
	if err != nil {
		panic(&apiError{http.StatusRequestEntityTooLarge, "request-too-large", "Could not read the body: " + err.Error()})
	}
	return body
}

const jsonContentType = "application/json; charset=utf-8"

// response is an HTTP response in memory. As an [http.ResponseWriter] it captures the response of
// any handler, so that a fault can change it.
type response struct {
	status int
	header http.Header
	body   bytes.Buffer
	client http.ResponseWriter // or nil
}

// newResponse returns a response without a body.
func newResponse(status int) *response {
	return &response{status: status, header: http.Header{}}
}

func jsonResponse(status int, value any) *response {
	resp := newResponse(status)
	resp.header.Set("Content-Type", jsonContentType)
	resp.encode(value)
	return resp
}

func dataResponse(status int, data any) *response {
	return jsonResponse(status, map[string]any{"data": data})
}

// encode replaces the body with JSON without the escapes for HTML. It panics if a test has put a
// value into the body that JSON cannot represent.
func (resp *response) encode(value any) {
	resp.body.Reset()
	encoder := json.NewEncoder(&resp.body)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		panic(err)
	}
	resp.body.Truncate(resp.body.Len() - 1) // the line break
}

func (resp *response) Header() http.Header { return resp.header }

func (resp *response) WriteHeader(status int) {
	if resp.status == 0 {
		resp.status = status
	}
}

func (resp *response) Write(data []byte) (int, error) {
	resp.WriteHeader(http.StatusOK)
	return resp.body.Write(data)
}

// Unwrap lets an [http.ResponseController] hijack the connection.
func (resp *response) Unwrap() http.ResponseWriter { return resp.client }

// send sends the response.
func (resp *response) send(w http.ResponseWriter) {
	if resp.status != http.StatusNoContent {
		w.Header().Set("Content-Length", strconv.Itoa(resp.body.Len()))
	}
	maps.Copy(w.Header(), resp.header)
	w.WriteHeader(resp.status)
	// An error means that the client closed the connection, or that the response has no body.
	_, _ = w.Write(resp.body.Bytes())
}

// cut sends the first half of the response, and closes the connection.
func (resp *response) cut(w http.ResponseWriter) {
	// The longer Content-Length makes net/http close the connection.
	resp.header.Set("Content-Length", strconv.Itoa(resp.body.Len()))
	resp.body.Truncate(resp.body.Len() / 2)
	if resp.body.Len() > 0 {
		resp.send(w)
		// An error means that the client closed the connection.
		_ = http.NewResponseController(w).Flush()
	}
	panic(http.ErrAbortHandler)
}

// compress compresses a long body if the client accepts gzip.
func (resp *response) compress(r *http.Request) {
	if resp.body.Len() < 1024 || !strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		return
	}
	var compressed bytes.Buffer
	w := gzip.NewWriter(&compressed)
	// Writing to a buffer never fails.
	_, _ = resp.body.WriteTo(w)
	_ = w.Close()
	resp.body = compressed
	resp.header.Set("Content-Encoding", "gzip")
}

// apiError is the error of a response: {"error": {"type", "message"}} with an HTTP status. The
// types are values of ErrorType in Apify's OpenAPI document, except not-emulated.
type apiError struct {
	status    int
	errorType string
	message   string
}

func (e *apiError) Error() string { return e.message }

// The errors without details.
var (
	errTokenNotProvided = &apiError{http.StatusUnauthorized, "token-not-provided", "Authentication token was not provided."}
	errTokenUnknown     = &apiError{http.StatusUnauthorized, "user-or-token-not-found",
		"User was not found or authentication token is not valid."}
	errForbidden = &apiError{http.StatusForbidden, "insufficient-permissions", "Insufficient permissions for the dataset. " +
		"Make sure you're passing a correct API token and that it has the required permissions."}
	errNotFound = &apiError{http.StatusNotFound, "record-not-found", "Dataset was not found."}
)

// fail ends a request with status 400, or a call by a test with a panic. A panic of an *apiError
// ends a request with its status.
func fail(errorType, format string, args ...any) {
	panic(&apiError{http.StatusBadRequest, errorType, fmt.Sprintf(format, args...)})
}

// failNotEmulated is for a part of Apify's API that the emulator does not have.
func failNotEmulated(part string) {
	fail("not-emulated", "The emulator does not have %s of Apify's API.", part)
}

// catch calls a function with the *apiError of a panic. It must be deferred.
func catch(handle func(*apiError)) {
	switch value := recover().(type) {
	case nil:
	case *apiError:
		handle(value)
	default:
		panic(value)
	}
}
