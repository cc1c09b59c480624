package apify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
)

const datasetsPath = "/v2/datasets"

// GeneralAccess is the level of access that people other than the owner of a dataset, and the users
// it is shared with, have to it:
// https://docs.apify.com/account/collaboration/general-resource-access.
type GeneralAccess string

// The values of GeneralAccess in Apify's OpenAPI document.
const (
	FollowUserSetting     GeneralAccess = "FOLLOW_USER_SETTING"
	Restricted            GeneralAccess = "RESTRICTED"
	AnyoneWithIDCanRead   GeneralAccess = "ANYONE_WITH_ID_CAN_READ"
	AnyoneWithNameCanRead GeneralAccess = "ANYONE_WITH_NAME_CAN_READ"
)

// Dataset is the API's dataset object: the schemas Dataset and DatasetListItem of Apify's OpenAPI
// document. Items of lists have fewer fields. A field that the server left out or sent as null is
// nil; only ID is always there.
type Dataset struct {
	ID             string          `json:"id"`
	Name           *string         `json:"name"` // nil if the dataset is unnamed
	UserID         *string         `json:"userId"`
	CreatedAt      *string         `json:"createdAt"` // RFC 3339, like all times
	ItemCount      *int64          `json:"itemCount"`
	CleanItemCount *int64          `json:"cleanItemCount"`
	Schema         json.RawMessage `json:"schema"` // an object; nil or the word null without a schema
	ConsoleURL     *string         `json:"consoleUrl"`
	GeneralAccess  *GeneralAccess  `json:"generalAccess"`
	// ItemsPublicURL is an address of the items that needs no token. For a restricted dataset it
	// contains a signature, new at every request, and is a secret.
	ItemsPublicURL *string `json:"itemsPublicUrl"`
	// URLSigningSecretKey is the key of such signatures. Only tokens with write permission get it.
	URLSigningSecretKey *string `json:"urlSigningSecretKey"`

	// No resource depends on the following fields. They are nil if they have an unexpected type.

	Title      *string       `json:"-"`
	Username   *string       `json:"-"`
	ModifiedAt *string       `json:"-"`
	AccessedAt *string       `json:"-"`
	ActID      *string       `json:"-"`
	ActRunID   *string       `json:"-"`
	Fields     []string      `json:"-"`
	Stats      *DatasetStats `json:"-"`

	// NameOmitted reports whether the response has no name, not even an empty one. An item of a
	// list without a name can be a named dataset.
	NameOmitted bool `json:"-"`
}

// DatasetStats holds a dataset's counters. They lag behind, and change on mere reads.
type DatasetStats struct {
	ReadCount     *int64 `json:"readCount"`
	WriteCount    *int64 `json:"writeCount"`
	StorageBytes  *int64 `json:"storageBytes"`  // not in items of lists
	InflatedBytes *int64 `json:"inflatedBytes"` // only in items of lists
}

// UnmarshalJSON decodes a dataset. New and changed fields appear without notice, so only a field
// that a resource depends on can make it fail.
func (d *Dataset) UnmarshalJSON(raw []byte) error {
	type dataset Dataset
	var fields struct {
		dataset
		Title      lenient[*string]       `json:"title"`
		Username   lenient[*string]       `json:"username"`
		ModifiedAt lenient[*string]       `json:"modifiedAt"`
		AccessedAt lenient[*string]       `json:"accessedAt"`
		ActID      lenient[*string]       `json:"actId"`
		ActRunID   lenient[*string]       `json:"actRunId"`
		Fields     lenient[[]string]      `json:"fields"`
		Stats      lenient[*DatasetStats] `json:"stats"`
	}
	if err := json.Unmarshal(raw, &fields); err != nil {
		return err
	}
	*d = Dataset(fields.dataset)
	d.Title, d.Username, d.ModifiedAt, d.AccessedAt = fields.Title.value, fields.Username.value, fields.ModifiedAt.value, fields.AccessedAt.value
	d.ActID, d.ActRunID, d.Fields, d.Stats = fields.ActID.value, fields.ActRunID.value, fields.Fields.value, fields.Stats.value
	return nil
}

// lenient holds a value, or the zero value if the JSON has another type.
type lenient[T any] struct{ value T }

func (l *lenient[T]) UnmarshalJSON(raw []byte) error {
	var value, zero T
	if json.Unmarshal(raw, &value) != nil {
		value = zero
	}
	l.value = value
	return nil
}

// Items returns the number of items by the larger counter. The counters lag behind, so 0 does not
// prove that the dataset is empty: see [Client.DatasetHasItems].
func (d *Dataset) Items() int64 {
	var n int64
	for _, counter := range []*int64{d.ItemCount, d.CleanItemCount} {
		if counter != nil {
			n = max(n, *counter)
		}
	}
	return n
}

// validate reports whether a response is the requested dataset: the cache of a proxy must not
// exchange datasets. A reference with an empty name stands for a new unnamed dataset, and an empty
// reference for any dataset. It removes the name that lists contain for an unnamed dataset, which
// is empty or the dataset's ID.
func (d *Dataset) validate(ref DatasetRef) error {
	d.NameOmitted = d.Name == nil
	if d.Name != nil && (*d.Name == "" || *d.Name == d.ID) {
		d.Name = nil
	}
	id, name := ref.ID(), ref.name()
	switch {
	case !datasetIDPattern.MatchString(d.ID):
		return errors.New(`the body has a dataset without a valid "id"`)
	case id != "" && d.ID != id, name != "" && d.Name != nil && !EqualDatasetNames(*d.Name, name):
		return fmt.Errorf("the body is another dataset, %q", d.ID)
	case ref == DatasetNameRef("", "") && d.Name != nil:
		return fmt.Errorf("the body is a dataset with the name %q", *d.Name)
	}
	return nil
}

// datasetRequest sends a request whose response is a dataset, and validates that it is the one that
// is referred to.
func (c *Client) datasetRequest(ctx context.Context, r *request, ref DatasetRef) (*Dataset, *attempt, error) {
	var d Dataset
	r.decode = decodeData(&d, func() error {
		c.secrets.addDataset(&d)
		return d.validate(ref)
	})
	last, err := c.do(ctx, r)
	if err != nil {
		return nil, nil, err
	}
	return &d, last, nil
}

// CreatedDataset is the result of [Client.CreateDataset]. By Apify's OpenAPI document, status 200
// means that the dataset existed before, and 201 with a Location header that it is new. Apify's
// local platform responds with 201 and without Location in both cases.
type CreatedDataset struct {
	Dataset
	Status      int
	HasLocation bool
	// AfterLostAttempt reports whether an earlier attempt of this call may have taken effect. Then
	// a 200 can mean that this attempt has created the dataset.
	AfterLostAttempt bool
}

// CreateDataset creates a dataset with a name, or returns the dataset that already has the name,
// ignoring case. With an empty name it always creates an unnamed dataset; such a request is not
// retried if it may have taken effect.
//
// A schema is a dataset schema as a JSON object, or nil. It is the schema of a new dataset; an
// existing one keeps its own. Apify's OpenAPI document does not have it: see
// DatasetCollectionClient in apify-client-js 2.3 and newer.
//
// Apify API docs: https://docs.apify.com/api/v2/datasets-post
func (c *Client) CreateDataset(ctx context.Context, name string, schema json.RawMessage) (*CreatedDataset, error) {
	r := &request{operation: "create an unnamed dataset", method: http.MethodPost, path: datasetsPath, nonIdempotent: name == ""}
	if name != "" {
		r.operation, r.query = fmt.Sprintf("create dataset %q", name), url.Values{"name": {name}}
	}
	if schema != nil {
		r.body = map[string]json.RawMessage{"schema": schema}
	}
	d, last, err := c.datasetRequest(ctx, r, DatasetNameRef("", name))
	if err != nil {
		return nil, err
	}
	return &CreatedDataset{*d, last.Status, last.header.Get("Location") != "", last.lost}, nil
}

// GetDataset returns a dataset.
//
// Apify API docs: https://docs.apify.com/api/v2/dataset-get
func (c *Client) GetDataset(ctx context.Context, ref DatasetRef) (*Dataset, error) {
	r := &request{operation: fmt.Sprintf("read dataset %q", ref), method: http.MethodGet, path: ref.path()}
	d, _, err := c.datasetRequest(ctx, r, ref)
	return d, err
}

// DatasetUpdate is a change of a dataset. Fields that are nil are left unchanged.
type DatasetUpdate struct {
	// Name is the new name; empty removes the name.
	Name *string
	// GeneralAccess is the new level of access.
	GeneralAccess *GeneralAccess
}

// UpdateDataset changes a dataset and returns it as it is afterwards. A server can accept a change
// without applying it, so callers must compare.
//
// Apify API docs: https://docs.apify.com/api/v2/dataset-put
func (c *Client) UpdateDataset(ctx context.Context, id string, update DatasetUpdate) (*Dataset, error) {
	body := map[string]any{}
	if update.Name != nil {
		body["name"] = update.Name
		if *update.Name == "" {
			body["name"] = nil
		}
	}
	if update.GeneralAccess != nil {
		body["generalAccess"] = update.GeneralAccess
	}
	ref := DatasetIDRef(id)
	r := &request{operation: fmt.Sprintf("update dataset %q", id), method: http.MethodPut, path: ref.path(), body: body}
	d, _, err := c.datasetRequest(ctx, r, ref)
	return d, err
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
