package emulator

import "time"

// timestamp is a time in the API's JSON: ISO 8601 in UTC with milliseconds.
type timestamp time.Time

// MarshalText implements [encoding.TextMarshaler].
func (t timestamp) MarshalText() ([]byte, error) {
	return []byte(time.Time(t).UTC().Format("2006-01-02T15:04:05.000Z")), nil
}

// datasetJSON is the schema Dataset of the OpenAPI document.
type datasetJSON struct {
	ID                  string       `json:"id"`
	Name                *string      `json:"name"`
	UserID              string       `json:"userId"`
	CreatedAt           timestamp    `json:"createdAt"`
	ModifiedAt          timestamp    `json:"modifiedAt"`
	AccessedAt          timestamp    `json:"accessedAt"`
	ItemCount           int          `json:"itemCount"`
	CleanItemCount      int          `json:"cleanItemCount"`
	ActID               *string      `json:"actId"`
	ActRunID            *string      `json:"actRunId"`
	Fields              []string     `json:"fields"`
	Schema              any          `json:"schema"`
	ConsoleURL          string       `json:"consoleUrl"`
	ItemsPublicURL      string       `json:"itemsPublicUrl,omitempty"`
	URLSigningSecretKey string       `json:"urlSigningSecretKey,omitempty"`
	GeneralAccess       string       `json:"generalAccess,omitempty"`
	Stats               datasetStats `json:"stats"`
}

// datasetStats is the schema DatasetStats in responses with one dataset.
type datasetStats struct {
	ReadCount    int   `json:"readCount"`
	WriteCount   int   `json:"writeCount"`
	StorageBytes int64 `json:"storageBytes"`
}

// listJSON is the schema ListOfDatasets of the OpenAPI document.
type listJSON struct {
	Total   int   `json:"total"`
	Count   int   `json:"count"`
	Offset  int64 `json:"offset"`
	Limit   int64 `json:"limit"`
	Desc    bool  `json:"desc"`
	Unnamed bool  `json:"unnamed"`
	Items   []any `json:"items"`
}

// listItemJSON is the schema DatasetListItem of the OpenAPI document, by which the name of an
// unnamed dataset is an empty string.
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

// listStats is the schema DatasetStats in lists.
type listStats struct {
	ReadCount     int   `json:"readCount"`
	WriteCount    int   `json:"writeCount"`
	InflatedBytes int64 `json:"inflatedBytes"`
}

// localJSON is a dataset of apify/actor-runtime, alone or in a list.
type localJSON struct {
	ID             string       `json:"id"`
	Name           string       `json:"name,omitempty"`
	UserID         string       `json:"userId"`
	CreatedAt      timestamp    `json:"createdAt"`
	ModifiedAt     timestamp    `json:"modifiedAt"`
	AccessedAt     timestamp    `json:"accessedAt"`
	ItemCount      int          `json:"itemCount"`
	CleanItemCount int          `json:"cleanItemCount"`
	ConsoleURL     string       `json:"consoleUrl"`
	Stats          datasetStats `json:"stats"`
}

// datasetJSON returns a dataset as the caller of an exchange sees it. The store must be locked.
func (a *API) datasetJSON(r *record, e *exchange, now time.Time) any {
	r.updateCounters(now, a.options.CounterLag)
	if a.options.LocalPlatform {
		return newLocalJSON(r)
	}
	d := datasetJSON{
		ID:             r.ID,
		Name:           optional(r.Name),
		UserID:         r.UserID,
		CreatedAt:      timestamp(r.CreatedAt),
		ModifiedAt:     timestamp(r.ModifiedAt),
		AccessedAt:     timestamp(r.AccessedAt),
		ItemCount:      r.counters.items,
		CleanItemCount: r.counters.cleanItems,
		ActID:          optional(r.ActID),
		ActRunID:       optional(r.ActRunID),
		Fields:         append([]string{}, r.counters.fields...),
		ConsoleURL:     consoleURL(r.ID),
		ItemsPublicURL: a.itemsPublicURL(r, e, now),
		GeneralAccess:  r.GeneralAccess,
		Stats:          datasetStats{r.ReadCount, r.countedWrites(), r.counters.bytes},
	}
	if r.Schema != nil {
		d.Schema = r.Schema
	}
	if e.caller.permission(r) == PermissionWrite {
		d.URLSigningSecretKey = r.URLSigningSecretKey
	}
	return d
}

// listItemJSON returns a dataset as an item of a list. The store must be locked.
func (a *API) listItemJSON(r *record, now time.Time) any {
	r.updateCounters(now, a.options.CounterLag)
	if a.options.LocalPlatform {
		return newLocalJSON(r)
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
		ItemCount:      r.counters.items,
		CleanItemCount: r.counters.cleanItems,
		ActID:          optional(r.ActID),
		ActRunID:       optional(r.ActRunID),
		GeneralAccess:  r.GeneralAccess,
		Stats:          listStats{r.ReadCount, r.countedWrites(), r.counters.bytes},
	}
}

func newLocalJSON(r *record) localJSON {
	return localJSON{
		ID:             r.ID,
		Name:           r.Name,
		UserID:         r.UserID,
		CreatedAt:      timestamp(r.CreatedAt),
		ModifiedAt:     timestamp(r.ModifiedAt),
		AccessedAt:     timestamp(r.AccessedAt),
		ItemCount:      r.counters.items,
		CleanItemCount: r.counters.cleanItems,
		ConsoleURL:     consoleURL(r.ID),
		Stats:          datasetStats{r.ReadCount, r.countedWrites(), r.counters.bytes},
	}
}

func consoleURL(id string) string {
	return "https://console.apify.com/storage/datasets/" + id
}

// optional returns nil, which is null in JSON, for an empty text.
func optional(text string) *string {
	if text == "" {
		return nil
	}
	return &text
}
