// Package emulator serves the dataset endpoints of the Apify API from memory. [API] is the API,
// whose datasets a test can add and change without a request. [Recorder] is middleware that logs,
// counts, delays and breaks the requests to any handler. [Server] serves both on a TCP port.
//
// The emulator has what the provider and the demo call. Other parts of the API get status 400 with
// the error type not-emulated, which Apify's clients do not retry. The emulator does not import the
// client under test, so that a mistake in one of the two makes a test of the other fail.
package emulator

import (
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"
)

// The account of an API without [Options.Users].
const (
	DefaultUserID   = "EmulatorUser00001"
	DefaultUsername = "emulator"
	DefaultToken    = "apify_api_emulator"
)

// User is an account and its tokens. Users with the same ID are one account.
type User struct {
	// ID is derived from Username if it is empty.
	ID       string
	Username string
	// Token has all permissions.
	Token string
	// ReadOnlyTokens can neither change anything nor read signing keys.
	ReadOnlyTokens []string
	// RunTokens are those of Actor runs with limited permissions. They have access only to datasets
	// of runs, which are those with an ActRunID, and cannot read the ID of the account.
	RunTokens []string
	// ScopedTokens have all permissions for datasets and none for the account.
	ScopedTokens []string
	// AnyoneWithIDCanRead is the account's setting for general resource access, which applies to
	// datasets with FOLLOW_USER_SETTING. The default is Restricted, as for accounts of Apify.
	AnyoneWithIDCanRead bool
	// ProxyPassword is a secret that responses with the account contain, in addition to the email
	// address USERNAME@example.com. It is derived from Username if it is empty.
	ProxyPassword string
}

// Options configure an [API]. The zero value is the API as Apify documents it, with one account.
type Options struct {
	Users []User // Defaults to one account with the Default constants.
	// Now is the server's clock, which the Date header shows as well. Defaults to [time.Now].
	Now func() time.Time
	// CounterLag is the time until the counters include a pushed item.
	CounterLag time.Duration
	// ListLag is the time until a list contains a new dataset, which its total includes at once.
	ListLag time.Duration
	// InaccessibleStatus is 403, which is the default, or 404: the status for a dataset of another
	// account that the token has no access to.
	InaccessibleStatus int
	// ExistingStatus is 200, which is the default, or 201: the status of a creation whose name exists.
	ExistingStatus int
	// LocalPlatform emulates apify/actor-runtime, Apify's platform for local development. It has no
	// generalAccess, itemsPublicUrl, schema, Location or compression. An update ignores a name of
	// null. Several datasets can have one name. A list contains all of the caller's own datasets.
	// ExistingStatus is 201, and InaccessibleStatus is 404.
	LocalPlatform bool
	// PageLimit is the maximum number of datasets in a response with a list. Defaults to 1000.
	PageLimit int
	// SignatureTTL is the time until an itemsPublicUrl expires. Defaults to 14 days.
	SignatureTTL time.Duration
	// IDSeed varies the IDs and keys of new datasets. APIs with the same IDSeed create the same IDs
	// in the same order, so that tests do not depend on chance.
	IDSeed string
}

// API is an [http.Handler] that is safe for concurrent use.
type API struct {
	options Options
	callers map[string]caller // by token

	// mutex is for the following fields. Methods that do not lock it require the lock.
	mutex
	datasets  []*record // oldest first
	generated int       // number of IDs and keys
}

// record is a stored dataset.
type record struct {
	Dataset
	// pushes are the times of the last items, which the counters may not include yet.
	pushes []time.Time
}

// NewAPI returns an API without datasets.
func NewAPI(options Options) *API {
	if len(options.Users) == 0 {
		options.Users = []User{{ID: DefaultUserID, Username: DefaultUsername, Token: DefaultToken}}
	}
	if options.Now == nil {
		options.Now = time.Now
	}
	if options.LocalPlatform {
		options.ExistingStatus, options.InaccessibleStatus = http.StatusCreated, http.StatusNotFound
	}
	options.ExistingStatus = cmp.Or(options.ExistingStatus, http.StatusOK)
	options.InaccessibleStatus = cmp.Or(options.InaccessibleStatus, http.StatusForbidden)
	options.PageLimit = cmp.Or(options.PageLimit, 1000)
	options.SignatureTTL = cmp.Or(options.SignatureTTL, 14*24*time.Hour)
	options.Users = slices.Clone(options.Users)
	a := &API{options: options, callers: map[string]caller{}}
	for i := range options.Users {
		user := &options.Users[i]
		user.ID = cmp.Or(user.ID, derivedID("user "+user.Username))
		user.ProxyPassword = cmp.Or(user.ProxyPassword, "apify_proxy_"+derivedID("proxy "+user.Username))
		kinds := [...][]string{
			fullToken: {user.Token}, readOnlyToken: user.ReadOnlyTokens, runToken: user.RunTokens, scopedToken: user.ScopedTokens,
		}
		for kind, tokens := range kinds {
			for _, token := range tokens {
				a.callers[token] = caller{user, tokenKind(kind)}
			}
		}
	}
	return a
}

// mutex is a [sync.Mutex] whose method lock returns the function that unlocks it.
type mutex struct{ sync.Mutex }

func (m *mutex) lock() (unlock func()) {
	m.Lock()
	return m.Unlock
}

// now returns the server's time with the precision of the API's timestamps.
func (a *API) now() time.Time {
	return a.options.Now().UTC().Truncate(time.Millisecond)
}

// Seed adds a dataset and returns it with the defaults of the fields that d does not set: the owner
// is the first user, and the dataset was created an hour ago. It panics if d is invalid, or if its
// ID or name is taken.
func (a *API) Seed(d Dataset) Dataset {
	defer a.lock()()
	return a.add(d.clone()).clone()
}

// Add is [API.Seed] with an error instead of a panic.
func (a *API) Add(d Dataset) (added Dataset, err error) {
	defer catch(func(e *apiError) { err = fmt.Errorf("dataset %s: %w", d.ID, e) })
	return a.Seed(d), nil
}

func (a *API) add(d Dataset) *record {
	if d.ID == "" {
		d.ID = a.newID()
	}
	if d.URLSigningSecretKey == "" {
		d.URLSigningSecretKey = a.newID()
	}
	d.UserID = cmp.Or(d.UserID, a.options.Users[0].ID)
	d.GeneralAccess = cmp.Or(d.GeneralAccess, followUserSetting)
	d.CreatedAt = cmp.Or(d.CreatedAt, a.now().Add(-time.Hour)).UTC().Truncate(time.Millisecond)
	d.ModifiedAt = cmp.Or(d.ModifiedAt, d.CreatedAt)
	d.AccessedAt = cmp.Or(d.AccessedAt, d.CreatedAt)
	r := &record{Dataset: d}
	a.insert(r)
	return r
}

// Dataset returns a copy of the dataset with this ID.
func (a *API) Dataset(id string) (Dataset, bool) {
	defer a.lock()()
	if r := a.byID(id); r != nil {
		return r.clone(), true
	}
	return Dataset{}, false
}

// Datasets returns copies of all datasets of all users, oldest first.
func (a *API) Datasets() []Dataset {
	defer a.lock()()
	var all []Dataset
	for _, r := range a.datasets {
		all = append(all, r.clone())
	}
	return all
}

// Update changes a dataset without a request. Its counters include the change at once. It panics if
// there is no such dataset, if the changed dataset is invalid, or if its ID or name is taken. The
// function must not call the API.
func (a *API) Update(id string, change func(*Dataset)) {
	defer a.lock()()
	r := a.byID(id)
	a.remove(r)
	change(&r.Dataset)
	r.pushes = nil
	a.insert(r)
}

// Push appends items, which are JSON objects, as an Actor does. It panics if there is no such
// dataset, or if an item is not an object.
func (a *API) Push(id string, items ...json.RawMessage) {
	defer a.lock()()
	a.byID(id).push(compactItems(items), a.now())
}

// Delete deletes a dataset without a request. It does nothing if there is no such dataset.
func (a *API) Delete(id string) {
	defer a.lock()()
	a.remove(a.byID(id))
}

// byID returns the dataset with this ID, or nil.
func (a *API) byID(id string) *record {
	return a.first(func(r *record) bool { return r.ID == id })
}

// named returns the oldest dataset with this name, or nil. Names are unique per owner, ignoring
// case.
func (a *API) named(userID, name string) *record {
	if name == "" {
		return nil
	}
	return a.first(func(r *record) bool { return r.UserID == userID && strings.EqualFold(r.Name, name) })
}

func (a *API) first(matches func(*record) bool) *record {
	if i := slices.IndexFunc(a.datasets, matches); i >= 0 {
		return a.datasets[i]
	}
	return nil
}

// insert adds a dataset after all others that are as old or older. It fails if the dataset is
// invalid, or its ID or name is taken.
func (a *API) insert(r *record) {
	if !idRegexp.MatchString(r.ID) || a.byID(r.ID) != nil || a.user(r.UserID) == nil {
		fail("invalid-id", "The ID %q is invalid or taken, or there is no user %q.", r.ID, r.UserID)
	}
	if r.Name != "" {
		checkName(r.Name)
		a.checkUnique(r, r.Name)
	}
	checkGeneralAccess(r.GeneralAccess)
	r.Items = compactItems(r.Items)
	i, _ := slices.BinarySearchFunc(a.datasets, r, func(other, r *record) int {
		return cmp.Or(other.CreatedAt.Compare(r.CreatedAt), -1)
	})
	a.datasets = slices.Insert(a.datasets, i, r)
}

// checkUnique fails if another dataset of the same owner has the name.
func (a *API) checkUnique(r *record, name string) {
	if other := a.named(r.UserID, name); other != nil && other != r && !a.options.LocalPlatform {
		fail("name-not-unique", "The account already has a dataset named %q.", name)
	}
}

// remove removes a dataset, if there is one.
func (a *API) remove(r *record) {
	a.datasets = slices.DeleteFunc(a.datasets, func(other *record) bool { return other == r })
}

// newID returns an ID that no dataset has.
func (a *API) newID() string {
	for {
		a.generated++
		if id := derivedID(fmt.Sprint("dataset ", a.generated, a.options.IDSeed)); a.byID(id) == nil {
			return id
		}
	}
}

// user returns the account with this ID or username, or nil.
func (a *API) user(ref string) *User {
	for i, user := range a.options.Users {
		if user.ID == ref || strings.EqualFold(user.Username, ref) {
			return &a.options.Users[i]
		}
	}
	return nil
}

// push appends items in the form in which they are stored.
func (r *record) push(items []json.RawMessage, now time.Time) {
	r.Items = append(r.Items, items...)
	r.WriteCount += len(items)
	r.ModifiedAt, r.AccessedAt = now, now
	r.pushes = append(r.pushes, slices.Repeat([]time.Time{now}, len(items))...)
}

// countedItems returns the items that the counters include.
func (a *API) countedItems(r *record, now time.Time) []json.RawMessage {
	r.pushes = slices.DeleteFunc(r.pushes, func(pushed time.Time) bool { return now.Sub(pushed) >= a.options.CounterLag })
	return r.Items[:len(r.Items)-len(r.pushes)]
}
