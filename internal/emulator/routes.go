package emulator

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// Patterns of the API's paths, as Apify's OpenAPI document writes them.
const (
	patternDatasets   = "/v2/datasets"
	patternDataset    = "/v2/datasets/{datasetId}"
	patternItems      = "/v2/datasets/{datasetId}/items"
	patternStatistics = "/v2/datasets/{datasetId}/statistics"
	patternMe         = "/v2/users/me"
)

// match finds the pattern that a request's path has, and the datasetId in it. The pattern is "" where
// the API has no such path.
func match(u *url.URL) (pattern, datasetID string) {
	if u.Path == patternMe {
		return patternMe, ""
	}
	rest, ok := strings.CutPrefix(u.EscapedPath(), patternDatasets)
	if !ok {
		return "", ""
	}
	if rest == "" {
		return patternDatasets, ""
	}
	segments := strings.Split(rest, "/")
	if len(segments) < 2 || len(segments) > 3 || segments[0] != "" || segments[1] == "" {
		return "", ""
	}
	datasetID, err := url.PathUnescape(segments[1])
	if err != nil {
		return "", ""
	}
	if len(segments) == 2 {
		return patternDataset, datasetID
	}
	switch segments[2] {
	case "items":
		return patternItems, datasetID
	case "statistics":
		return patternStatistics, datasetID
	}
	return "", ""
}

// exchange is one request on its way through the API.
type exchange struct {
	w       http.ResponseWriter
	r       *http.Request
	query   *query
	caller  caller
	dataset reference
}

type handler func(*API, *exchange) error

// handlers are the API's operations by pattern and method.
var handlers = map[string]map[string]handler{
	patternDatasets: {
		http.MethodGet:  (*API).listDatasets,
		http.MethodPost: (*API).createDataset,
	},
	patternDataset: {
		http.MethodGet:    (*API).getDataset,
		http.MethodPut:    (*API).updateDataset,
		http.MethodDelete: (*API).deleteDataset,
	},
	patternItems: {
		http.MethodGet:  (*API).getItems,
		http.MethodHead: (*API).getItems,
		http.MethodPost: (*API).pushItems,
	},
	patternStatistics: {
		http.MethodGet: (*API).getStatistics,
	},
	patternMe: {
		http.MethodGet: (*API).getMe,
	},
}

// ServeHTTP implements [http.Handler].
func (a *API) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Date", a.options.Now().UTC().Format(http.TimeFormat))
	if err := a.serve(w, r); err != nil {
		writeError(w, err)
	}
}

func (a *API) serve(w http.ResponseWriter, r *http.Request) error {
	pattern, datasetID := match(r.URL)
	methods, ok := handlers[pattern]
	if !ok {
		return errRouteNotFound(r.URL.Path)
	}
	handle, ok := methods[r.Method]
	if !ok {
		allowed := []string{http.MethodOptions}
		for method := range methods {
			allowed = append(allowed, method)
		}
		slices.Sort(allowed[1:])
		w.Header().Set("Allow", strings.Join(allowed, ", "))
		if r.Method == http.MethodOptions {
			w.WriteHeader(http.StatusNoContent)
			return nil
		}
		return errMethodNotAllowed(allowed)
	}
	e := &exchange{w: w, r: r}
	var err error
	if e.query, err = parseQuery(r.URL.RawQuery); err != nil {
		return err
	}
	if e.caller, err = a.authenticate(r); err != nil {
		return err
	}
	if pattern != patternDatasets && pattern != patternMe {
		if e.dataset, err = parseReference(datasetID); err != nil {
			return err
		}
	}
	return handle(a, e)
}
