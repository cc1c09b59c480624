package emulator

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"time"
)

// The account of an API without [Options.Users].
const (
	DefaultUserID   = "EmulatorUser00001"
	DefaultUsername = "emulator"
	DefaultToken    = "apify_api_emulator"
)

// Defaults of the API, from Apify's OpenAPI document and platform documentation.
const (
	defaultPageLimit    = 1000
	defaultSignatureTTL = 14 * 24 * time.Hour
)

// seedAge is the age of a seeded dataset without a creation time.
const seedAge = time.Hour

// User is an account and its tokens. Users with the same ID are one account, with the settings of
// the first of them.
type User struct {
	// ID is derived from Username if it is empty.
	ID       string
	Username string
	// Token has all permissions.
	Token string
	// ReadOnlyTokens can neither change anything nor read signing keys, such as the token of a
	// member of an organization who may only read.
	ReadOnlyTokens []string
	// RunTokens are those of Actor runs with limited permissions. They have access only to datasets
	// of runs, which are those with an ActRunID. A response with the account lacks its ID, email
	// address, profile and creation time.
	RunTokens []string
	// ScopedTokens have all permissions for datasets and none for the account, so they cannot read
	// it.
	ScopedTokens []string
	// AnyoneWithIDCanRead is the account's setting for general resource access, which applies to
	// datasets with FOLLOW_USER_SETTING. If it is true, everyone who knows the ID of a dataset can
	// read it. The default is Restricted, as for accounts of Apify: only accounts with access can.
	AnyoneWithIDCanRead bool
	// ProxyPassword is a secret that responses with the account contain. It is derived from
	// Username if it is empty.
	ProxyPassword string
}

// Options configure an [API]. The zero value is the API as Apify documents it, with one account.
type Options struct {
	// Users are the accounts. Defaults to one account with the Default constants.
	Users []User
	// Now is the server's clock, which the Date header shows as well. Defaults to [time.Now].
	Now func() time.Time
	// CounterLag is the time until the counters include a pushed item. Reading the items returns it
	// at once.
	CounterLag time.Duration
	// ListLag is the time until a list contains a new dataset. The total of the list includes it at
	// once.
	ListLag time.Duration
	// InaccessibleStatus is the status of the response to a request for a dataset of another
	// account that the token has no access to. Defaults to 403. Other servers respond with 404, as
	// for a dataset that does not exist.
	InaccessibleStatus int
	// ExistingStatus is the status of the response if a creation's name already exists. Defaults to
	// 200, as in the OpenAPI document. Other servers respond with 201, as for a new dataset.
	ExistingStatus int
	// LocalPlatform emulates apify/actor-runtime, Apify's platform for local development. A dataset
	// has no generalAccess, itemsPublicUrl, urlSigningSecretKey or schema. An update ignores
	// generalAccess, and a name of null. It accepts a name that another dataset has. A list
	// contains all of the caller's own datasets, whatever its parameters. An account has an ID and
	// a username only. Responses have no Location and are not compressed. ExistingStatus is 201,
	// and InaccessibleStatus is 404.
	LocalPlatform bool
	// PageLimit is the maximum number of datasets in a response with a list. Defaults to 1000.
	PageLimit int
	// SignatureTTL is the time until the signature of an itemsPublicUrl expires. Defaults to 14
	// days.
	SignatureTTL time.Duration
	// OnChange is called after each change of a dataset, with no lock held.
	OnChange func()
}

// API is the datasets API in memory, an [http.Handler]. It is safe for concurrent use. The response
// to a request contains all changes that tests made before the request.
type API struct {
	options Options
	callers map[string]caller // by token
	store   store
}

// NewAPI returns an API without datasets.
func NewAPI(options Options) *API {
	if len(options.Users) == 0 {
		options.Users = []User{{ID: DefaultUserID, Username: DefaultUsername, Token: DefaultToken}}
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.ExistingStatus == 0 {
		options.ExistingStatus = http.StatusOK
	}
	if options.InaccessibleStatus == 0 {
		options.InaccessibleStatus = http.StatusForbidden
	}
	if options.LocalPlatform {
		options.ExistingStatus = http.StatusCreated
		options.InaccessibleStatus = http.StatusNotFound
	}
	if options.PageLimit == 0 {
		options.PageLimit = defaultPageLimit
	}
	if options.SignatureTTL == 0 {
		options.SignatureTTL = defaultSignatureTTL
	}
	options.Users = slices.Clone(options.Users)
	a := &API{options: options, callers: map[string]caller{}, store: newStore(options.LocalPlatform)}
	for i := range options.Users {
		user := &options.Users[i]
		if user.ID == "" {
			user.ID = derivedID(user.Username)
		}
		if user.ProxyPassword == "" {
			user.ProxyPassword = "apify_proxy_" + derivedID("proxy of "+user.Username)
		}
		if user.Token != "" {
			a.callers[user.Token] = caller{user, fullToken}
		}
		for kind, tokens := range map[tokenKind][]string{
			readOnlyToken: user.ReadOnlyTokens,
			runToken:      user.RunTokens,
			scopedToken:   user.ScopedTokens,
		} {
			for _, token := range tokens {
				a.callers[token] = caller{user, kind}
			}
		}
	}
	return a
}

// now returns the server's time with the precision of the API's timestamps.
func (a *API) now() time.Time {
	return a.options.Now().UTC().Truncate(time.Millisecond)
}

func (a *API) notifyChange() {
	if a.options.OnChange != nil {
		a.options.OnChange()
	}
}

// user returns the account with this ID, or nil.
func (a *API) user(id string) *User {
	for i := range a.options.Users {
		if a.options.Users[i].ID == id {
			return &a.options.Users[i]
		}
	}
	return nil
}

// Seed adds a dataset and returns it with the defaults of the fields that d does not set: the owner
// is the first user, and the dataset was created an hour ago. It panics if d is invalid, or if its
// ID or name is taken.
func (a *API) Seed(d Dataset) Dataset {
	added, err := a.Add(d)
	if err != nil {
		panic(err)
	}
	return added
}

// Add is [API.Seed] for datasets that do not come from a test: it returns an error instead of
// panicking.
func (a *API) Add(d Dataset) (Dataset, error) {
	d = d.clone()
	if d.ID == "" {
		d.ID = randomID(idLength)
	}
	if d.UserID == "" {
		d.UserID = a.options.Users[0].ID
	}
	if d.GeneralAccess == "" {
		d.GeneralAccess = followUserSetting
	}
	if d.URLSigningSecretKey == "" {
		d.URLSigningSecretKey = randomID(secretKeyLength)
	}
	if d.CreatedAt.IsZero() {
		d.CreatedAt = a.now().Add(-seedAge)
	}
	d.CreatedAt = d.CreatedAt.UTC().Truncate(time.Millisecond)
	if d.ModifiedAt.IsZero() {
		d.ModifiedAt = d.CreatedAt
	}
	if d.AccessedAt.IsZero() {
		d.AccessedAt = d.CreatedAt
	}
	added, err := a.add(&record{Dataset: d})
	if err != nil {
		return Dataset{}, fmt.Errorf("dataset %s: %w", d.ID, err)
	}
	a.notifyChange()
	return added, nil
}

func (a *API) add(r *record) (Dataset, error) {
	if err := a.validate(&r.Dataset); err != nil {
		return Dataset{}, err
	}
	a.store.mu.Lock()
	defer a.store.mu.Unlock()
	err := a.store.insert(r)
	return r.clone(), err
}

// validate reports why a dataset cannot exist, whatever the other datasets are, and brings its
// items into the form in which they are stored.
func (a *API) validate(d *Dataset) error {
	if err := validateID(d.ID); err != nil {
		return err
	}
	if a.user(d.UserID) == nil {
		return fmt.Errorf("no user has the ID %q", d.UserID)
	}
	if err := validateGeneralAccess(d.GeneralAccess); err != nil {
		return err
	}
	if d.Name != "" {
		if err := validateName(d.Name); err != nil {
			return err
		}
	}
	items, err := compactItems(d.Items)
	d.Items = items
	return err
}

// Dataset returns a copy of the dataset with this ID.
func (a *API) Dataset(id string) (Dataset, bool) {
	a.store.mu.Lock()
	defer a.store.mu.Unlock()
	r, ok := a.store.byID[id]
	if !ok {
		return Dataset{}, false
	}
	return r.clone(), true
}

// Datasets returns copies of all datasets of all users, oldest first.
func (a *API) Datasets() []Dataset {
	a.store.mu.Lock()
	defer a.store.mu.Unlock()
	all := make([]Dataset, len(a.store.order))
	for i, r := range a.store.order {
		all[i] = r.clone()
	}
	return all
}

// Update changes a dataset without a request. Its counters include the change at once. It panics if
// there is no such dataset, if the changed dataset is invalid, or if its ID or name is taken. The
// function must not call the API.
func (a *API) Update(id string, change func(*Dataset)) {
	a.mustChange(id, func(r *record) error {
		a.store.remove(r)
		change(&r.Dataset)
		if err := a.validate(&r.Dataset); err != nil {
			return err
		}
		return a.store.insert(r)
	})
}

// Push appends items, which are JSON objects, as an Actor does. It panics if there is no such
// dataset, or if an item is not an object.
func (a *API) Push(id string, items ...json.RawMessage) {
	a.mustChange(id, func(r *record) error {
		items, err := compactItems(items)
		if err != nil {
			return err
		}
		r.push(items, a.now())
		return nil
	})
}

// Delete deletes a dataset without a request. It does nothing if there is no such dataset.
func (a *API) Delete(id string) {
	a.store.mu.Lock()
	if r, ok := a.store.byID[id]; ok {
		a.store.remove(r)
	}
	a.store.mu.Unlock()
	a.notifyChange()
}

func (a *API) mustChange(id string, change func(*record) error) {
	if err := a.change(id, change); err != nil {
		panic(fmt.Errorf("dataset %s: %w", id, err))
	}
	a.notifyChange()
}

func (a *API) change(id string, change func(*record) error) error {
	a.store.mu.Lock()
	defer a.store.mu.Unlock()
	r, ok := a.store.byID[id]
	if !ok {
		return errDatasetNotFound()
	}
	return change(r)
}
