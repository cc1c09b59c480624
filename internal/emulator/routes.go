package emulator

import (
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// The paths of the API, as Apify's OpenAPI document writes them.
const (
	patternDatasets   = "/v2/datasets"
	patternDataset    = "/v2/datasets/{datasetId}"
	patternItems      = "/v2/datasets/{datasetId}/items"
	patternStatistics = "/v2/datasets/{datasetId}/statistics"
	patternMe         = "/v2/users/me"
	patternUser       = "/v2/users/{userId}"
)

type handler func(*API, *exchange) (*response, error)

// route is a path of the API and its methods.
type route struct {
	pattern string
	methods map[string]handler
}

// routes are matched in their order.
var routes = []*route{
	{patternDatasets, map[string]handler{
		http.MethodGet:  (*API).listDatasets,
		http.MethodPost: (*API).createDataset,
	}},
	{patternDataset, map[string]handler{
		http.MethodGet:    (*API).getDataset,
		http.MethodPut:    (*API).updateDataset,
		http.MethodDelete: (*API).deleteDataset,
	}},
	{patternItems, map[string]handler{
		http.MethodGet:  (*API).getItems,
		http.MethodHead: (*API).getItems,
		http.MethodPost: (*API).pushItems,
	}},
	{patternStatistics, map[string]handler{
		http.MethodGet: (*API).getStatistics,
	}},
	{patternMe, map[string]handler{
		http.MethodGet: (*API).getMe,
	}},
	{patternUser, map[string]handler{
		http.MethodGet: (*API).getUser,
	}},
}

// match returns the route of a URL's path and the value of the path's parameter, if it has one. The
// route is nil if the API has no such path. An [http.ServeMux] would redirect paths that are not
// clean; the API responds to them with 404.
func match(u *url.URL) (r *route, parameter string) {
	segments := strings.Split(u.EscapedPath(), "/")
	for _, r := range routes {
		if parameter, ok := matchSegments(strings.Split(r.pattern, "/"), segments); ok {
			return r, parameter
		}
	}
	return nil, ""
}

func matchSegments(pattern, path []string) (parameter string, ok bool) {
	if len(pattern) != len(path) {
		return "", false
	}
	for i, segment := range path {
		if !strings.HasPrefix(pattern[i], "{") {
			if segment != pattern[i] {
				return "", false
			}
			continue
		}
		value, err := url.PathUnescape(segment)
		if err != nil || value == "" {
			return "", false
		}
		parameter = value
	}
	return parameter, true
}

// exchange is a request to an endpoint of the API, with the parts that were read from it.
type exchange struct {
	r      *http.Request
	query  *query
	caller caller
	// parameter is the value of the path's parameter, or empty.
	parameter string
	// dataset is the parameter of the paths of a dataset.
	dataset reference
	// changed is set by handlers that have changed a dataset.
	changed bool
}

// baseURL returns the server's address as the client wrote it.
func (e *exchange) baseURL() *url.URL {
	u := &url.URL{Scheme: "http", Host: e.r.Host}
	if e.r.TLS != nil {
		u.Scheme = "https"
	}
	return u
}

// The requests per second that Apify allows for each resource:
// https://docs.apify.com/api/v2#rate-limiting
const (
	defaultRateLimit = "60"
	pushRateLimit    = "400"
)

// ServeHTTP implements [http.Handler].
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	route, parameter := match(r.URL)
	resp := a.respond(r, route, parameter)
	resp.header.Set("Date", a.options.Now().UTC().Format(http.TimeFormat))
	if !a.options.LocalPlatform {
		resp.header.Set("Cache-Control", "no-cache, no-store, must-revalidate")
		resp.header.Set("X-RateLimit-Limit", defaultRateLimit)
		if r.Method == http.MethodPost && route != nil && route.pattern == patternItems {
			resp.header.Set("X-RateLimit-Limit", pushRateLimit)
		}
		resp.compress(r)
	}
	resp.send(w, r.Method)
}

func (a *API) respond(r *http.Request, route *route, parameter string) *response {
	if route == nil {
		return errorResponse(errRouteNotFound(r.URL.Path))
	}
	handle, ok := route.methods[r.Method]
	if !ok {
		return route.respondWithMethods(r.Method)
	}
	e := &exchange{r: r, parameter: parameter}
	resp, err := a.handle(handle, e, route)
	if e.changed {
		a.notifyChange()
	}
	if err != nil {
		return errorResponse(err)
	}
	return resp
}

func (a *API) handle(handle handler, e *exchange, route *route) (*response, error) {
	var err error
	if e.query, err = parseQuery(e.r.URL.RawQuery); err != nil {
		return nil, err
	}
	if e.caller, err = a.authenticate(e.r); err != nil {
		return nil, err
	}
	if strings.HasPrefix(route.pattern, patternDataset) {
		if e.dataset, err = parseReference(e.parameter); err != nil {
			return nil, err
		}
	}
	return handle(a, e)
}

// respondWithMethods responds to OPTIONS, and to methods that a path does not have.
func (r *route) respondWithMethods(method string) *response {
	allowed := append([]string{http.MethodOptions}, slices.Sorted(maps.Keys(r.methods))...)
	resp := newResponse(http.StatusNoContent)
	if method != http.MethodOptions {
		resp = errorResponse(errMethodNotAllowed(allowed))
	}
	resp.header.Set("Allow", strings.Join(allowed, ", "))
	return resp
}
