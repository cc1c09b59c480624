package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"
)

// The user that an API without any other has.
const (
	DefaultUserID   = "EmulatorUser00001"
	DefaultUsername = "emulator"
	DefaultToken    = "apify_api_emulator"
)

// Limits and defaults of the API, from Apify's OpenAPI document and platform docs.
const (
	defaultPageLimit    = 1000
	defaultSignatureTTL = 14 * 24 * time.Hour
	maxBodyBytes        = 9_437_184
	maxNameLength       = 63
)

// seedAge is how long ago a seeded dataset was created that does not say when.
const seedAge = time.Hour

var (
	namePattern   = regexp.MustCompile(`^([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])$`)
	idPattern     = regexp.MustCompile(`^[a-zA-Z0-9]{17}$`)
	accessLevels  = []string{anyoneWithIDCanRead, anyoneWithNameCanRead, followUserSetting, restricted}
	errIDTaken    = errors.New("another dataset has this ID")
	errNoSuchUser = errors.New("no user has this ID")
)

// User is an account, by one of its tokens: users with the same ID are one account.
type User struct {
	// ID is made from the username if it is empty.
	ID       string
	Username string
	// Token may do everything.
	Token string
	// ReadOnlyTokens are scoped to reading: they can neither write nor see signing keys.
	ReadOnlyTokens []string
	// Restricted is the account's setting that datasets with FOLLOW_USER_SETTING follow: whether
	// reading them takes an account with access, or their ID alone will do.
	Restricted bool
}

// Options tell how an API behaves. The zero value is the API as Apify documents it, with one user.
type Options struct {
	// Users are the accounts; none means one with the Default constants.
	Users []User
	// Now is the server's clock, which the Date header shows too; nil means time.Now.
	Now func() time.Time
	// CounterLag is how long it takes until counters tell of pushed items. Reading the items
	// shows them at once.
	CounterLag time.Duration
	// ExistingStatus is what creating a dataset whose name exists answers; 0 means 200, which the
	// OpenAPI document has. Others answer 201 as for a new one.
	ExistingStatus int
	// LocalPlatform behaves like apify/actor-runtime: descriptions have neither generalAccess,
	// itemsPublicUrl nor urlSigningSecretKey, updates ignore generalAccess and a name that is
	// null, listings have all the caller's own datasets whatever was asked for, and
	// ExistingStatus is 201.
	LocalPlatform bool
	// PageLimit is the most datasets one listing has; 0 means 1000.
	PageLimit int
	// SignatureTTL is how long the signature of an itemsPublicUrl lasts; 0 means 14 days.
	SignatureTTL time.Duration
	// OnChange, if set, is called after every change of the datasets, without any lock held.
	OnChange func()
}

// API is the datasets API in memory, an [http.Handler] that any number of clients and tests can use
// at the same time. A change that tests make shows in the very next answer.
type API struct {
	options  Options
	accounts map[string]caller // by token

	mu       sync.Mutex
	byID     map[string]*record
	byName   map[nameKey]*record
	order    []*record // as byAge has it
	sequence uint64
}

// NewAPI makes an API without any datasets.
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
	if options.LocalPlatform {
		options.ExistingStatus = http.StatusCreated
	}
	if options.PageLimit == 0 {
		options.PageLimit = defaultPageLimit
	}
	if options.SignatureTTL == 0 {
		options.SignatureTTL = defaultSignatureTTL
	}
	options.Users = slices.Clone(options.Users)
	a := &API{
		options:  options,
		accounts: map[string]caller{},
		byID:     map[string]*record{},
		byName:   map[nameKey]*record{},
	}
	for i := range options.Users {
		user := &options.Users[i]
		if user.ID == "" {
			user.ID = derivedID(user.Username)
		}
		if user.Token != "" {
			a.accounts[user.Token] = caller{user: user}
		}
		for _, token := range user.ReadOnlyTokens {
			a.accounts[token] = caller{user: user, readOnly: true}
		}
	}
	return a
}

// now is the server's time, in the API's precision.
func (a *API) now() time.Time {
	return a.options.Now().UTC().Truncate(time.Millisecond)
}

func (a *API) changed() {
	if a.options.OnChange != nil {
		a.options.OnChange()
	}
}

func (a *API) user(id string) *User {
	for i := range a.options.Users {
		if a.options.Users[i].ID == id {
			return &a.options.Users[i]
		}
	}
	return nil
}

// Seed adds a dataset that has been there for a while, and returns it with everything filled in that
// d left out: the owner is the first user, and the creation was an hour ago. It panics if d can't
// exist beside the other datasets.
func (a *API) Seed(d Dataset) Dataset {
	added, err := a.Add(d)
	if err != nil {
		panic(err)
	}
	return added
}

// Add is [API.Seed] for datasets from elsewhere: its errors tell what is wrong with d.
func (a *API) Add(d Dataset) (Dataset, error) {
	now := a.now()
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
		d.CreatedAt = now.Add(-seedAge)
	}
	d.CreatedAt = d.CreatedAt.UTC().Truncate(time.Millisecond)
	if d.ModifiedAt.IsZero() {
		d.ModifiedAt = d.CreatedAt
	}
	if d.AccessedAt.IsZero() {
		d.AccessedAt = d.CreatedAt
	}
	r := &record{Dataset: d}
	a.mu.Lock()
	err := a.insert(r)
	added := r.clone()
	a.mu.Unlock()
	if err != nil {
		return Dataset{}, fmt.Errorf("dataset %s: %w", d.ID, err)
	}
	a.changed()
	return added, nil
}

// Dataset returns a copy of the dataset with this ID.
func (a *API) Dataset(id string) (Dataset, bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	r, ok := a.byID[id]
	if !ok {
		return Dataset{}, false
	}
	return r.clone(), true
}

// Datasets returns copies of all datasets of all users, oldest first.
func (a *API) Datasets() []Dataset {
	a.mu.Lock()
	defer a.mu.Unlock()
	all := make([]Dataset, len(a.order))
	for i, r := range a.order {
		all[i] = r.clone()
	}
	return all
}

// Update changes a dataset behind the clients' backs; its counters show the change at once. It
// panics if there is no such dataset, or if the changed one can't exist beside the others. The
// function must not call the API.
func (a *API) Update(id string, change func(*Dataset)) {
	a.mustChange(id, func(r *record) error {
		a.remove(r)
		change(&r.Dataset)
		return a.insert(r)
	})
}

// Push appends items, JSON objects each, as an Actor would. It panics if there is no such dataset.
func (a *API) Push(id string, items ...json.RawMessage) {
	a.mustChange(id, func(r *record) error {
		items, err := compactItems(items)
		if err != nil {
			return err
		}
		a.push(r, items, a.now())
		return nil
	})
}

// Delete deletes a dataset behind the clients' backs; nothing happens if it is gone already.
func (a *API) Delete(id string) {
	a.mu.Lock()
	if r, ok := a.byID[id]; ok {
		a.remove(r)
	}
	a.mu.Unlock()
	a.changed()
}

func (a *API) mustChange(id string, change func(*record) error) {
	err := func() error {
		a.mu.Lock()
		defer a.mu.Unlock()
		r, ok := a.byID[id]
		if !ok {
			return errDatasetNotFound()
		}
		return change(r)
	}()
	if err != nil {
		panic(fmt.Errorf("dataset %s: %w", id, err))
	}
	a.changed()
}

// The methods below want the lock to be held.

func (a *API) insert(r *record) error {
	if !idPattern.MatchString(r.ID) {
		return fmt.Errorf("an ID has %d letters and digits", idLength)
	}
	items, err := compactItems(r.Items)
	if err != nil {
		return err
	}
	r.Items = items
	if _, taken := a.byID[r.ID]; taken {
		return errIDTaken
	}
	if a.user(r.UserID) == nil {
		return errNoSuchUser
	}
	if err := checkAccessLevel(r.GeneralAccess); err != nil {
		return err
	}
	if r.Name != "" {
		if err := checkName(r.Name); err != nil {
			return err
		}
		key := keyOf(r.UserID, r.Name)
		if _, taken := a.byName[key]; taken {
			return errNameTaken(r.Name)
		}
		a.byName[key] = r
	}
	a.byID[r.ID] = r
	if r.sequence == 0 {
		a.sequence++
		r.sequence = a.sequence
	}
	r.counted, r.pending = count(r.Items), nil
	at, _ := slices.BinarySearchFunc(a.order, r, byAge)
	a.order = slices.Insert(a.order, at, r)
	return nil
}

func (a *API) remove(r *record) {
	delete(a.byID, r.ID)
	if r.Name != "" {
		delete(a.byName, keyOf(r.UserID, r.Name))
	}
	if at, found := slices.BinarySearchFunc(a.order, r, byAge); found {
		a.order = slices.Delete(a.order, at, at+1)
	}
}

func (a *API) rename(r *record, name string) error {
	if name != "" {
		if other := a.byName[keyOf(r.UserID, name)]; other != nil && other != r {
			return errNameTaken(name)
		}
	}
	if r.Name != "" {
		delete(a.byName, keyOf(r.UserID, r.Name))
	}
	if name != "" {
		a.byName[keyOf(r.UserID, name)] = r
	}
	r.Name = name
	return nil
}

func (a *API) push(r *record, items []json.RawMessage, now time.Time) {
	r.Items = append(r.Items, items...)
	r.ModifiedAt, r.AccessedAt = now, now
	r.WriteCount += len(items)
	r.pending = append(r.pending, push{now, count(items)})
}

func checkName(name string) error {
	if len(name) > maxNameLength {
		return errInvalid("invalid-value", "Dataset name %q is longer than %d characters.", name, maxNameLength)
	}
	if !namePattern.MatchString(name) {
		return errInvalid("invalid-value",
			"Dataset name %q may only have letters, digits and, between them, hyphens.", name)
	}
	return nil
}

func checkAccessLevel(level string) error {
	if !slices.Contains(accessLevels, level) {
		return errInvalid("invalid-input", "generalAccess must be one of %s.", strings.Join(accessLevels, ", "))
	}
	return nil
}

// encodeJSON is json.Marshal without the escapes that are meant for HTML.
func encodeJSON(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), nil
}
