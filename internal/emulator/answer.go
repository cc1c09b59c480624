package emulator

import (
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"
)

const jsonContentType = "application/json; charset=utf-8"

// timestampFormat is ISO 8601 in UTC with milliseconds.
const timestampFormat = "2006-01-02T15:04:05.000Z"

// timestamp is a time in the API's JSON.
type timestamp time.Time

// MarshalText implements [encoding.TextMarshaler].
func (t timestamp) MarshalText() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format(timestampFormat)), nil
}

// datasetJSON is the schema Dataset of the OpenAPI document, and what newer servers add to it.
type datasetJSON struct {
	ID                  string      `json:"id"`
	Name                *string     `json:"name"`
	Title               string      `json:"title,omitempty"`
	UserID              string      `json:"userId"`
	Username            string      `json:"username"`
	CreatedAt           timestamp   `json:"createdAt"`
	ModifiedAt          timestamp   `json:"modifiedAt"`
	AccessedAt          timestamp   `json:"accessedAt"`
	ItemCount           int         `json:"itemCount"`
	CleanItemCount      int         `json:"cleanItemCount"`
	ActID               *string     `json:"actId"`
	ActRunID            *string     `json:"actRunId"`
	Fields              []string    `json:"fields"`
	Schema              any         `json:"schema"`
	ConsoleURL          string      `json:"consoleUrl"`
	ItemsPublicURL      string      `json:"itemsPublicUrl,omitempty"`
	URLSigningSecretKey string      `json:"urlSigningSecretKey,omitempty"`
	GeneralAccess       string      `json:"generalAccess,omitempty"`
	Stats               detailStats `json:"stats"`
}

// detailStats is the schema DatasetStats as the answers about one dataset have it.
type detailStats struct {
	ReadCount    int   `json:"readCount"`
	WriteCount   int   `json:"writeCount"`
	StorageBytes int64 `json:"storageBytes"`
}

// listStats is the schema DatasetStats as listings have it.
type listStats struct {
	ReadCount     int   `json:"readCount"`
	WriteCount    int   `json:"writeCount"`
	InflatedBytes int64 `json:"inflatedBytes"`
}

// localJSON is a dataset as apify/actor-runtime describes it, on its own as well as in listings.
type localJSON struct {
	ID             string      `json:"id"`
	Name           string      `json:"name,omitempty"`
	UserID         string      `json:"userId"`
	CreatedAt      timestamp   `json:"createdAt"`
	ModifiedAt     timestamp   `json:"modifiedAt"`
	AccessedAt     timestamp   `json:"accessedAt"`
	ItemCount      int         `json:"itemCount"`
	CleanItemCount int         `json:"cleanItemCount"`
	ConsoleURL     string      `json:"consoleUrl"`
	Stats          detailStats `json:"stats"`
}

// listItemJSON is the schema DatasetListItem of the OpenAPI document. There a name is a string even
// where a dataset has none.
type listItemJSON struct {
	ID             string    `json:"id"`
	Name           string    `json:"name"`
	Title          string    `json:"title,omitempty"`
	UserID         string    `json:"userId"`
	Username       string    `json:"username"`
	CreatedAt      timestamp `json:"createdAt"`
	ModifiedAt     timestamp `json:"modifiedAt"`
	AccessedAt     timestamp `json:"accessedAt"`
	ItemCount      int       `json:"itemCount"`
	CleanItemCount int       `json:"cleanItemCount"`
	ActID          *string   `json:"actId"`
	ActRunID       *string   `json:"actRunId"`
	GeneralAccess  string    `json:"generalAccess,omitempty"`
	Stats          listStats `json:"stats"`
}

// describe is the dataset as this caller sees it. It wants the lock to be held.
func (a *API) describe(r *record, e *exchange, now time.Time) any {
	r.settle(now, a.options.CounterLag)
	if a.options.LocalPlatform {
		return r.local()
	}
	d := datasetJSON{
		ID:             r.ID,
		Name:           optional(r.Name),
		Title:          r.Title,
		UserID:         r.UserID,
		Username:       a.user(r.UserID).Username,
		CreatedAt:      timestamp(r.CreatedAt),
		ModifiedAt:     timestamp(r.ModifiedAt),
		AccessedAt:     timestamp(r.AccessedAt),
		ItemCount:      r.counted.items,
		CleanItemCount: r.counted.cleanItems,
		ActID:          optional(r.ActID),
		ActRunID:       optional(r.ActRunID),
		Fields:         append([]string{}, r.counted.fields...),
		ConsoleURL:     consoleURL(r.ID),
		ItemsPublicURL: a.itemsPublicURL(r, e.r, now),
		GeneralAccess:  r.GeneralAccess,
		Stats:          detailStats{r.ReadCount, r.countedWrites(), r.counted.bytes},
	}
	if r.Schema != nil {
		d.Schema = r.Schema
	}
	if e.caller.permission(r) == PermissionWrite {
		d.URLSigningSecretKey = r.URLSigningSecretKey
	}
	return d
}

// itemsPublicURL is where anyone can read the items: signed afresh if it takes a signature.
func (a *API) itemsPublicURL(r *record, request *http.Request, now time.Time) string {
	u := baseURL(request)
	u.Path = patternDatasets + "/" + r.ID + "/items"
	if a.effectiveAccess(r) == restricted {
		signature := sign(r.URLSigningSecretKey, r.ID, now.Add(a.options.SignatureTTL))
		u.RawQuery = url.Values{"signature": {signature}}.Encode()
	}
	return u.String()
}

// summarize is the dataset as a listing has it. It wants the lock to be held.
func (a *API) summarize(r *record, now time.Time) any {
	r.settle(now, a.options.CounterLag)
	if a.options.LocalPlatform {
		return r.local()
	}
	return listItemJSON{
		ID:             r.ID,
		Name:           r.Name,
		Title:          r.Title,
		UserID:         r.UserID,
		Username:       a.user(r.UserID).Username,
		CreatedAt:      timestamp(r.CreatedAt),
		ModifiedAt:     timestamp(r.ModifiedAt),
		AccessedAt:     timestamp(r.AccessedAt),
		ItemCount:      r.counted.items,
		CleanItemCount: r.counted.cleanItems,
		ActID:          optional(r.ActID),
		ActRunID:       optional(r.ActRunID),
		GeneralAccess:  r.GeneralAccess,
		Stats:          listStats{r.ReadCount, r.countedWrites(), r.counted.bytes},
	}
}

func (r *record) local() localJSON {
	return localJSON{
		ID:             r.ID,
		Name:           r.Name,
		UserID:         r.UserID,
		CreatedAt:      timestamp(r.CreatedAt),
		ModifiedAt:     timestamp(r.ModifiedAt),
		AccessedAt:     timestamp(r.AccessedAt),
		ItemCount:      r.counted.items,
		CleanItemCount: r.counted.cleanItems,
		ConsoleURL:     consoleURL(r.ID),
		Stats:          detailStats{r.ReadCount, r.countedWrites(), r.counted.bytes},
	}
}

func consoleURL(id string) string {
	return "https://console.apify.com/storage/datasets/" + id
}

// baseURL is the server's address as the client wrote it.
func baseURL(r *http.Request) *url.URL {
	u := &url.URL{Scheme: "http", Host: r.Host}
	if r.TLS != nil {
		u.Scheme = "https"
	}
	return u
}

// optional is null for what is not there.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}

func writeData(w http.ResponseWriter, status int, data any) error {
	return writeJSON(w, status, map[string]any{"data": data})
}

func writeError(w http.ResponseWriter, err error) {
	var failure *apiError
	if !errors.As(err, &failure) {
		failure = &apiError{http.StatusInternalServerError, "internal-server-error", err.Error()}
	}
	body := map[string]any{"error": map[string]string{"type": failure.kind, "message": failure.message}}
	// Texts can always be encoded.
	_ = writeJSON(w, failure.status, body)
}

func writeJSON(w http.ResponseWriter, status int, value any) error {
	body, err := encodeJSON(value)
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", jsonContentType)
	write(w, status, body)
	return nil
}

func write(w http.ResponseWriter, status int, body []byte) {
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	// A client that went away has no use for an error.
	_, _ = w.Write(body)
}
