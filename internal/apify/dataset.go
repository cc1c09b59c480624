package apify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"
	"time"
)

const datasetsPath = "/v2/datasets"

// Dataset is the API's dataset object: the schemas Dataset and DatasetListItem of Apify's OpenAPI
// document. Items of lists have fewer fields. A field that the server left out or sent as null is
// nil; only ID is always there.
type Dataset struct {
	ID             string          `json:"id"`
	Name           *string         `json:"name"` // nil if the dataset is unnamed
	Title          *string         `json:"title"`
	UserID         *string         `json:"userId"`
	Username       *string         `json:"username"`
	CreatedAt      *string         `json:"createdAt"` // RFC 3339, like all times
	ModifiedAt     *string         `json:"modifiedAt"`
	AccessedAt     *string         `json:"accessedAt"`
	ItemCount      *int64          `json:"itemCount"`
	CleanItemCount *int64          `json:"cleanItemCount"`
	ActID          *string         `json:"actId"`
	ActRunID       *string         `json:"actRunId"`
	Fields         []string        `json:"fields"`
	Schema         json.RawMessage `json:"schema"` // an object; nil or the word null without a schema
	ConsoleURL     *string         `json:"consoleUrl"`
	GeneralAccess  *GeneralAccess  `json:"generalAccess"`
	Stats          *DatasetStats   `json:"stats"`
	// ItemsPublicURL is an address of the items that needs no token. For a restricted dataset it
	// contains a signature, new at every request, and is a secret.
	ItemsPublicURL *string `json:"itemsPublicUrl"`
	// URLSigningSecretKey is the key of such signatures. Only tokens with write permission get it.
	URLSigningSecretKey *string `json:"urlSigningSecretKey"`

	// NameOmitted reports whether the response has no name, not even an empty one. An item of a
	// list without a name can be a named dataset.
	NameOmitted bool `json:"-"`
}

// usedFields are the fields that a resource depends on. A dataset in which one of them has another
// type than expected is an error.
var usedFields = []string{
	"id", "name", "userId", "createdAt", "generalAccess", "consoleUrl", "itemsPublicUrl", "urlSigningSecretKey", "itemCount",
}

// UnmarshalJSON decodes a dataset. New and changed fields appear without notice, so a field that no
// resource depends on is nil if it has an unexpected type, and never an error.
func (d *Dataset) UnmarshalJSON(raw []byte) error {
	for {
		type plain Dataset
		var decoded plain
		err := json.Unmarshal(raw, &decoded)
		var mistyped *json.UnmarshalTypeError
		if !errors.As(err, &mistyped) {
			if err == nil {
				*d = Dataset(decoded)
			}
			return err
		}
		// Decode again without the field. Otherwise it would have a zero value, which means
		// something else than nil.
		name, _, _ := strings.Cut(mistyped.Field, ".")
		if slices.Contains(usedFields, name) {
			return err
		}
		var fields map[string]json.RawMessage
		if json.Unmarshal(raw, &fields) != nil {
			return err
		}
		count := len(fields)
		maps.DeleteFunc(fields, func(field string, _ json.RawMessage) bool {
			return strings.EqualFold(field, name) // as encoding/json matches names
		})
		if len(fields) == count {
			return err
		}
		if raw, err = json.Marshal(fields); err != nil {
			return err
		}
	}
}

// DatasetStats holds a dataset's counters. They lag behind, and change on mere reads.
type DatasetStats struct {
	ReadCount     *int64 `json:"readCount"`
	WriteCount    *int64 `json:"writeCount"`
	StorageBytes  *int64 `json:"storageBytes"`  // not in items of lists
	InflatedBytes *int64 `json:"inflatedBytes"` // only in items of lists
}

// CreateDatasetResult is the result of [Client.CreateDataset].
type CreateDatasetResult struct {
	Dataset
	// Existed reports whether the dataset existed before the call.
	Existed bool
}

// clockTolerance allows for clock skew between the API's servers and for the one-second resolution
// of the Date header.
const clockTolerance = 3 * time.Second

// CreateDataset creates a dataset with a name, or returns the dataset that already has the name,
// ignoring case. With an empty name it always creates an unnamed dataset; such a request is not
// retried if it may have taken effect.
//
// A schema is a dataset schema as a JSON object, or nil. It is the schema of a new dataset; an
// existing one keeps its own. Apify's OpenAPI document does not have it: see
// DatasetCollectionClient in apify-client-js 2.3 and newer.
//
// An unnamed dataset whose ID nobody knows would be lost. So the response to the creation of an
// unnamed dataset that is in progress when ctx ends is awaited for up to 30 seconds. Then, and if
// the response cannot be read but its Location header names the dataset, the error's CreatedID is
// the ID.
//
// Apify API docs: https://docs.apify.com/api/v2/datasets-post
func (c *Client) CreateDataset(ctx context.Context, name string, schema json.RawMessage) (*CreateDatasetResult, error) {
	var d Dataset
	r := &request{
		operation:     "create an unnamed dataset",
		method:        http.MethodPost,
		path:          datasetsPath,
		nonIdempotent: name == "",
		awaited:       name == "",
	}
	if schema != nil {
		r.body = struct {
			Schema json.RawMessage `json:"schema"`
		}{schema}
	}
	if name != "" {
		r.operation = fmt.Sprintf("create dataset %q", name)
		r.query = url.Values{"name": {name}}
	}
	r.decode = decodeData(&d, func() error {
		err := d.validate(DatasetNameRef("", name))
		if err == nil && name == "" && d.Name != nil {
			err = fmt.Errorf("the dataset is named %q", *d.Name)
		}
		return err
	})
	result, err := c.do(ctx, r)
	c.secrets.addDataset(&d)
	if err != nil {
		var e *Error
		// A body with another dataset in it makes the whole response untrustworthy.
		if errors.As(err, &e) && name == "" && d.ID == "" {
			e.CreatedID = result.createdID()
		}
		return nil, err
	}
	if name == "" && ctx.Err() != nil {
		return nil, &Error{Operation: r.operation, Err: ctx.Err(), Stopped: ctx.Err(), MayHaveTakenEffect: true, CreatedID: d.ID}
	}
	return &CreateDatasetResult{Dataset: d, Existed: name != "" && c.existed(&result, d.CreatedAt)}, nil
}

// createdID returns the ID in the Location header of a 201 response, or "".
func (o *outcome) createdID() string {
	if o.status != http.StatusCreated {
		return ""
	}
	location, err := url.Parse(o.header.Get("Location"))
	if err != nil {
		return ""
	}
	ref, err := ParseDatasetRef(path.Base(location.Path))
	if err != nil {
		return ""
	}
	return ref.ID()
}

// existed reports whether the dataset that a POST returned existed before the first attempt. By the
// OpenAPI document, 200 means existing, and 201 with a Location header means new. Two cases need
// the dataset's age: a 200 after an attempt that may have created the dataset, and a 201 without
// Location, which Apify's local platform returns for both.
func (c *Client) existed(o *outcome, createdAt *string) bool {
	ok := o.status == http.StatusOK
	if ok && !o.mayHaveRun || o.status == http.StatusCreated && o.header.Get("Location") != "" || createdAt == nil {
		return ok
	}
	created, err := time.Parse(time.RFC3339Nano, *createdAt)
	if err != nil {
		return ok
	}
	started, known := c.clock.at(o.started)
	if !known {
		return ok
	}
	return created.Before(started.Add(-clockTolerance))
}

// GetDataset returns a dataset.
//
// Apify API docs: https://docs.apify.com/api/v2/dataset-get
func (c *Client) GetDataset(ctx context.Context, ref DatasetRef) (*Dataset, error) {
	var d Dataset
	_, err := c.do(ctx, &request{
		operation: fmt.Sprintf("read dataset %q", ref),
		method:    http.MethodGet,
		path:      ref.path(),
		decode:    decodeData(&d, func() error { return d.validate(ref) }),
	})
	c.secrets.addDataset(&d)
	if err != nil {
		return nil, err
	}
	return &d, nil
}

// DatasetUpdate is a change of a dataset. Fields that are nil are left unchanged.
type DatasetUpdate struct {
	// Name is the new name; empty removes the name.
	Name *string
	// GeneralAccess is the new level of access.
	GeneralAccess *GeneralAccess
}

// MarshalJSON returns the body of the PUT request: only what changes, and null for an empty name.
func (u DatasetUpdate) MarshalJSON() ([]byte, error) {
	body := map[string]any{}
	if u.Name != nil {
		body["name"] = *u.Name
		if *u.Name == "" {
			body["name"] = nil
		}
	}
	if u.GeneralAccess != nil {
		body["generalAccess"] = *u.GeneralAccess
	}
	return json.Marshal(body)
}

// UpdateDataset changes a dataset and returns it as it is afterwards. A server can accept a change
// without applying it, so callers must compare.
//
// Apify API docs: https://docs.apify.com/api/v2/dataset-put
func (c *Client) UpdateDataset(ctx context.Context, id string, update DatasetUpdate) (*Dataset, error) {
	var d Dataset
	_, err := c.do(ctx, &request{
		operation: fmt.Sprintf("update dataset %q", id),
		method:    http.MethodPut,
		path:      DatasetIDRef(id).path(),
		body:      update,
		decode:    decodeData(&d, func() error { return d.validate(DatasetIDRef(id)) }),
	})
	c.secrets.addDataset(&d)
	if err != nil {
		return nil, err
	}
	return &d, nil
}

// DeleteDataset deletes a dataset and its items, which cannot be recovered.
//
// Apify API docs: https://docs.apify.com/api/v2/dataset-delete
func (c *Client) DeleteDataset(ctx context.Context, id string) error {
	_, err := c.do(ctx, &request{
		operation: fmt.Sprintf("delete dataset %q", id),
		method:    http.MethodDelete,
		path:      DatasetIDRef(id).path(),
	})
	return err
}

// DatasetHasItems reports whether a dataset contains items, by requesting one. Unlike the counters,
// which lag "up to 5 seconds" by the OpenAPI document, the items are consistent.
//
// Apify API docs: https://docs.apify.com/api/v2/dataset-items-get
func (c *Client) DatasetHasItems(ctx context.Context, id string) (bool, error) {
	var items []json.RawMessage
	_, err := c.do(ctx, &request{
		operation: fmt.Sprintf("check dataset %q for items", id),
		method:    http.MethodGet,
		path:      DatasetIDRef(id).path() + "/items",
		query:     url.Values{"limit": {"1"}},
		decode: func(raw []byte) error {
			if err := unmarshal(raw, &items); err != nil {
				return err
			}
			if items == nil {
				return errors.New("the body is not an array of items")
			}
			return nil
		},
	})
	return len(items) > 0, err
}

// errNoDatasetID is the error of a response that is not a dataset.
var errNoDatasetID = errors.New(`the body has a dataset without a valid "id"`)

// validate reports whether a response is the requested dataset: the cache of a proxy must not
// exchange datasets. It removes the name that lists contain for an unnamed dataset, which is empty
// or the dataset's ID.
func (d *Dataset) validate(ref DatasetRef) error {
	d.NameOmitted = d.Name == nil
	if d.Name != nil && (*d.Name == "" || *d.Name == d.ID) {
		d.Name = nil
	}
	id, name := ref.ID(), ref.name()
	switch {
	case !datasetIDPattern.MatchString(d.ID):
		return errNoDatasetID
	case id != "" && d.ID != id, name != "" && d.Name != nil && !EqualDatasetNames(*d.Name, name):
		return fmt.Errorf("the body is another dataset, %q", d.ID)
	}
	return nil
}
