package apify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"path"
	"time"
)

// GeneralAccess is who may read a dataset beside its owner and those it is
// shared with: https://docs.apify.com/platform/collaboration/general-resource-access.
type GeneralAccess string

// The general access levels of Apify's OpenAPI document.
const (
	FollowUserSetting     GeneralAccess = "FOLLOW_USER_SETTING"
	Restricted            GeneralAccess = "RESTRICTED"
	AnyoneWithIDCanRead   GeneralAccess = "ANYONE_WITH_ID_CAN_READ"
	AnyoneWithNameCanRead GeneralAccess = "ANYONE_WITH_NAME_CAN_READ"
)

// Ownership limits a listing to one's own datasets or to those of others.
type Ownership string

// The two kinds of ownership of Apify's OpenAPI document.
const (
	OwnedByMe    Ownership = "ownedByMe"
	SharedWithMe Ownership = "sharedWithMe"
)

// Dataset is the API's dataset object, as Dataset and DatasetListItem of Apify's
// OpenAPI document describe it. The list's items have fewer fields. What the
// server left out or gave as null is nil; only ID is always there.
type Dataset struct {
	ID             string          `json:"id"`
	Name           *string         `json:"name"`
	Title          *string         `json:"title"`
	UserID         *string         `json:"userId"`
	Username       *string         `json:"username"`
	CreatedAt      *string         `json:"createdAt"` // RFC 3339, as all times
	ModifiedAt     *string         `json:"modifiedAt"`
	AccessedAt     *string         `json:"accessedAt"`
	ItemCount      *int64          `json:"itemCount"`
	CleanItemCount *int64          `json:"cleanItemCount"`
	ActID          *string         `json:"actId"`
	ActRunID       *string         `json:"actRunId"`
	Fields         []string        `json:"fields"`
	Schema         json.RawMessage `json:"schema"` // an object; nil or the word null where there is none
	ConsoleURL     *string         `json:"consoleUrl"`
	GeneralAccess  *GeneralAccess  `json:"generalAccess"`
	Stats          *Stats          `json:"stats"`
	// ItemsPublicURL opens the items without a token. For a restricted dataset it
	// is signed afresh at every request, and a secret.
	ItemsPublicURL *string `json:"itemsPublicUrl"`
	// URLSigningSecretKey makes such signatures. Only tokens with write permission
	// get to know it.
	URLSigningSecretKey *string `json:"urlSigningSecretKey"`
}

// Stats are a dataset's counters. They lag and change on mere reads.
type Stats struct {
	ReadCount     *int64 `json:"readCount"`
	WriteCount    *int64 `json:"writeCount"`
	StorageBytes  *int64 `json:"storageBytes"`  // not in the list's items
	InflatedBytes *int64 `json:"inflatedBytes"` // only in the list's items
}

// User is the owner of a token.
type User struct {
	ID       string `json:"id"`
	Username string `json:"username"`
}

// Created is what [Client.CreateDataset] came to.
type Created struct {
	Dataset
	// Existed is whether the API returned a dataset that had been there before,
	// instead of creating one.
	Existed bool
}

// clockTolerance is what a createdAt may be older than the moment at which the
// server, by its own clock, got the request: its Date header has whole seconds,
// and its machines' clocks differ a little.
const clockTolerance = 3 * time.Second

// CreateDataset creates a dataset of the given name, or returns the one that has
// that name already, whatever its spelling in upper and lower case. An empty
// name always creates an unnamed dataset, and then a request that may have taken
// effect is not repeated. If its answer could not be read but names what was
// created in its Location header, the dataset comes with the error, its ID alone
// filled in.
func (c *Client) CreateDataset(ctx context.Context, name string) (*Created, error) {
	k := &call{op: "creating an unnamed dataset", method: http.MethodPost, path: listPath, once: name == ""}
	if name != "" {
		k.op = fmt.Sprintf("creating dataset %q", name)
		k.query = url.Values{"name": {name}}
	}
	var d Dataset
	k.decode = data(&d, func() error {
		err := d.accept(NameRef("", name))
		if err == nil && name == "" && d.Name != nil {
			err = fmt.Errorf("it is a dataset named %q", *d.Name)
		}
		return err
	})
	if err := c.do(ctx, k); err != nil {
		if name != "" { // what a lost attempt created is as good as written
			c.listing.wrote("", name)
			return nil, err
		}
		if id := k.createdID(); id != "" && d.ID == "" { // a body that says something else is not to be trusted
			return &Created{Dataset: Dataset{ID: id}}, err
		}
		return nil, err
	}
	c.listing.wrote(d.ID, name)
	return &Created{Dataset: d, Existed: name != "" && k.existed(d.CreatedAt)}, nil
}

// createdID is the id in the Location header of a 201 answer, or empty.
func (k *call) createdID() string {
	if k.response == nil || k.response.StatusCode != http.StatusCreated {
		return ""
	}
	location, err := url.Parse(k.response.Header.Get("Location"))
	if err != nil {
		return ""
	}
	ref, err := ParseRef(path.Base(location.Path))
	if err != nil {
		return ""
	}
	return ref.ID()
}

// existed tells whether the dataset that a POST returned had been there before
// the first attempt. Servers disagree on the status for one that had: 200 by the
// OpenAPI document, 201 by the page "Create dataset" and Apify's own local
// platform. So its age decides as well, on the server's clock.
func (k *call) existed(createdAt *string) bool {
	ok := k.response.StatusCode == http.StatusOK
	if ok && !k.ambiguous || createdAt == nil {
		return ok
	}
	created, err := time.Parse(time.RFC3339Nano, *createdAt)
	if err != nil {
		return ok
	}
	serverNow := k.answered
	if date, err := http.ParseTime(k.response.Header.Get("Date")); err == nil {
		serverNow = date
	}
	began := serverNow.Add(-k.answered.Sub(k.started))
	return created.Before(began.Add(-clockTolerance))
}

// Dataset reads a dataset.
func (c *Client) Dataset(ctx context.Context, ref Ref) (*Dataset, error) {
	var d Dataset
	err := c.do(ctx, &call{
		op:     fmt.Sprintf("reading dataset %q", ref),
		method: http.MethodGet,
		path:   ref.path(),
		decode: data(&d, func() error { return d.accept(ref) }),
	})
	if err != nil {
		return nil, err
	}
	return &d, nil
}

// Update is a change of a dataset. What is not set stays as it is.
type Update struct {
	// Name renames the dataset; empty removes the name.
	Name *string
	// GeneralAccess changes who may read it.
	GeneralAccess *GeneralAccess
}

// MarshalJSON writes the PUT body: only what is to change, and an empty name as
// null.
func (u Update) MarshalJSON() ([]byte, error) {
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

// UpdateDataset changes a dataset and returns it as it is afterwards. A server
// may accept a change and not apply it: compare.
func (c *Client) UpdateDataset(ctx context.Context, id string, update Update) (*Dataset, error) {
	name := ""
	if update.Name != nil {
		name = *update.Name
	}
	c.listing.wrote(id, name)
	var d Dataset
	err := c.do(ctx, &call{
		op:     fmt.Sprintf("updating dataset %q", id),
		method: http.MethodPut,
		path:   IDRef(id).path(),
		body:   update,
		decode: data(&d, func() error { return d.accept(IDRef(id)) }),
	})
	if err != nil {
		return nil, err
	}
	return &d, nil
}

// DeleteDataset deletes a dataset and its items. There is no way back.
func (c *Client) DeleteDataset(ctx context.Context, id string) error {
	c.listing.wrote(id, "")
	return c.do(ctx, &call{
		op:     fmt.Sprintf("deleting dataset %q", id),
		method: http.MethodDelete,
		path:   IDRef(id).path(),
	})
}

// HasItems tells whether a dataset holds an item by asking for one, since the
// counters lag behind pushes: "up to 5 seconds", says the OpenAPI document.
func (c *Client) HasItems(ctx context.Context, id string) (bool, error) {
	var items []json.RawMessage
	err := c.do(ctx, &call{
		op:     fmt.Sprintf("looking for items in dataset %q", id),
		method: http.MethodGet,
		path:   IDRef(id).path() + "/items",
		query:  url.Values{"limit": {"1"}},
		decode: func(raw []byte) error {
			if err := unmarshal(raw, &items); err != nil {
				return err
			}
			if items == nil {
				return errors.New("it is not an array of items")
			}
			return nil
		},
	})
	return len(items) > 0, err
}

// Me is the token's own user. It is asked for once.
func (c *Client) Me(ctx context.Context) (*User, error) {
	const op = "reading the token's user"
	if err := c.me.turn.take(ctx); err != nil {
		return nil, &Error{Op: op, Err: err, Stopped: err}
	}
	defer c.me.turn.give()
	if c.me.user != nil {
		return c.me.user, nil
	}
	var u User
	err := c.do(ctx, &call{
		op:     op,
		method: http.MethodGet,
		path:   "/v2/users/me",
		decode: data(&u, func() error {
			if u.ID == "" {
				return errors.New(`it has no "id"`)
			}
			return nil
		}),
	})
	if err != nil {
		return nil, err
	}
	c.me.user = &u
	return &u, nil
}

// errNoID is an answer that is no dataset at all.
var errNoID = errors.New(`it has a dataset without a usable "id"`)

// accept checks that an answer is a dataset, and the one that was asked for: a
// proxy's cache must not swap datasets. In lists every dataset has a name, by the
// OpenAPI document; an unnamed one's is empty, or its id.
func (d *Dataset) accept(ref Ref) error {
	if d.Name != nil && (*d.Name == "" || *d.Name == d.ID) {
		d.Name = nil
	}
	id, name := ref.ID(), ref.name()
	switch {
	case !idPattern.MatchString(d.ID):
		return errNoID
	case id != "" && d.ID != id, name != "" && d.Name != nil && !EqualNames(*d.Name, name):
		return fmt.Errorf("it is dataset %q, which is not the one asked for", d.ID)
	}
	return nil
}
