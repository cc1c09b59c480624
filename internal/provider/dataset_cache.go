package provider

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

const (
	// singleReads is the number of datasets that are read individually before the list is used:
	// Terraform reads ten at once by default. The last of them requests the first page in the
	// background, so that the page is there when the next ten start.
	singleReads = 10
	// readsPerPage is the number of further reads that pay for one further page, so that a small
	// configuration in a large account never fetches the whole list.
	readsPerPage = 5
	// pageTimeout limits the fetch of a page, retries included, and the time that a read waits for
	// pages. After that the dataset is read individually.
	pageTimeout = 5 * time.Second
)

// datasetCache serves reads of single datasets from the API's list of datasets, up to a thousand in
// one request, once there have been many reads. It does so only if the list proves that a single
// read would return what is known. A dataset that is missing from the list, that this run has
// changed, or that differs from the prior state in the list is read individually.
type datasetCache struct {
	named   *datasetList // the account's named datasets
	unnamed *datasetList // all datasets of the account: the API cannot list unnamed ones alone

	// invalidated contains the IDs of the datasets that this run has changed: the list may show them
	// as they were before.
	invalidated sync.Map

	mu sync.Mutex
	// urlForms contains the form of the items URL of single reads in this run.
	urlForms map[urlFormKey]string
}

// urlFormKey is everything that the form of an items URL depends on, besides the dataset's ID: for
// FOLLOW_USER_SETTING that is a setting of the owner's account.
type urlFormKey struct {
	userID string
	access apify.GeneralAccess
}

func newDatasetCache(client *apify.Client) *datasetCache {
	return &datasetCache{
		named:    newDatasetList(client.DatasetPages(apify.ListDatasetsOptions{Ownership: apify.OwnedByMe})),
		unnamed:  newDatasetList(client.DatasetPages(apify.ListDatasetsOptions{Ownership: apify.OwnedByMe, Unnamed: true})),
		urlForms: map[urlFormKey]string{},
	}
}

// invalidate records a write to a dataset.
func (c *datasetCache) invalidate(id string) { c.invalidated.Store(id, true) }

func (c *datasetCache) isInvalidated(id string) bool {
	_, found := c.invalidated.Load(id)
	return found
}

// observe records the form of the items URL of a dataset that was just read individually.
func (c *datasetCache) observe(d *apify.Dataset) {
	if d.UserID == nil || d.GeneralAccess == nil || d.ItemsPublicURL == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.urlForms[urlFormKey{*d.UserID, *d.GeneralAccess}], _ = urlForm(*d.ItemsPublicURL, d.ID)
}

// urlForm returns an items URL without the dataset's ID and its signature, and the signature. Both
// are "" if the URL cannot be parsed.
func urlForm(itemsURL, id string) (form, signature string) {
	form, signature, err := apify.SplitSignature(itemsURL)
	if err != nil {
		return "", ""
	}
	form = strings.ReplaceAll(form, id, "*")
	if signature != "" {
		form += " signed"
	}
	return form, signature
}

// unchanged returns the list's item of a dataset if it proves that a single read would return the
// prior model, and otherwise nil. A signed items URL in the model must be valid until the given
// time. A list can lag behind the writes of an earlier run, and can write a time in another form:
// it can confirm what is known, and cannot show a change.
func (c *datasetCache) unchanged(ctx context.Context, prior datasetModel, validUntil time.Time) *apify.Dataset {
	list := c.named
	if prior.Name.IsNull() {
		list = c.unnamed
	}
	id := prior.ID.ValueString()
	item, _ := list.find(ctx, func() *apify.Dataset { return list.byID[id] })
	if item == nil || c.isInvalidated(id) || item.NameOmitted || item.UserID == nil || item.CreatedAt == nil ||
		item.GeneralAccess == nil || prior.ConsoleURL.IsNull() { // which a single read may return by now
		return nil
	}
	m := newDatasetModel(item)
	m.keepName(prior)
	m.keepOmittedByLists(prior)
	if m != prior || !c.isCurrentURL(item, prior.ItemsPublicURL, validUntil) {
		return nil
	}
	return item
}

// isCurrentURL reports whether an items URL of an earlier read has the form that URLs of this run
// have, and a signature that is valid until the given time.
func (c *datasetCache) isCurrentURL(item *apify.Dataset, itemsURL types.String, validUntil time.Time) bool {
	c.mu.Lock()
	latest := c.urlForms[urlFormKey{*item.UserID, *item.GeneralAccess}]
	c.mu.Unlock()
	form, signature := urlForm(itemsURL.ValueString(), item.ID)
	if form == "" || form != latest {
		return false
	}
	if signature == "" {
		return true
	}
	expires, err := apify.SignatureExpiry(signature)
	return err == nil && apify.IsValidUntil(expires, validUntil)
}

// findByID returns the list's item of a named dataset, or nil. Its counters can lag behind.
func (c *datasetCache) findByID(ctx context.Context, id string) *apify.Dataset {
	item, _ := c.named.find(ctx, func() *apify.Dataset { return c.named.byID[id] })
	return item
}

// findByName returns the dataset of the token's account that has a name. known is false if the list
// is incomplete or the dataset was changed; then the name must be looked up individually.
func (c *datasetCache) findByName(ctx context.Context, name string) (d *apify.Dataset, known bool) {
	d, complete := c.named.find(ctx, func() *apify.Dataset { return c.named.byName[strings.ToLower(name)] })
	if d == nil {
		return nil, complete
	}
	return d, !c.isInvalidated(d.ID)
}

// datasetList is a list of datasets that is fetched page by page, as far as the number of lookups
// pays for it. A page that fails is given up, and the rest of the list with it.
type datasetList struct {
	mu      sync.Mutex
	pages   *apify.DatasetPages // used by one fetch at a time
	byID    map[string]*apify.Dataset
	byName  map[string]*apify.Dataset // by lower-cased name; all are of one account
	lookups int
	fetched int
	// fetching is closed when the page that is being fetched has been added; nil without one.
	fetching chan struct{}
	failed   bool
	done     bool // whether the list has been read to its end
	// complete reports whether the list has been read to its end and every dataset in it has a
	// name.
	complete bool
	// pageTimeout is the constant of this name, or the value of a test.
	pageTimeout time.Duration
}

func newDatasetList(pages *apify.DatasetPages) *datasetList {
	return &datasetList{pages: pages, pageTimeout: pageTimeout, byID: map[string]*apify.Dataset{}, byName: map[string]*apify.Dataset{}}
}

// find calls match until it finds a dataset, and fetches further pages between the calls while the
// number of lookups pays for them. Nil means that the list does not contain the dataset, if it is
// complete, and otherwise that the dataset must be read individually.
func (l *datasetList) find(ctx context.Context, match func() *apify.Dataset) (d *apify.Dataset, complete bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.lookups++
	if l.lookups == singleReads {
		l.startFetch(ctx)
	}
	if l.lookups <= singleReads {
		return nil, false
	}
	// Half of the operation's remaining time is left for a single read.
	limit := l.pageTimeout
	if deadline, ok := ctx.Deadline(); ok {
		limit = min(limit, time.Until(deadline)/2)
	}
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	for {
		if d := match(); d != nil {
			return d, l.complete
		}
		if l.failed || l.done || l.fetched > (l.lookups-singleReads-1)/readsPerPage {
			return nil, l.complete
		}
		l.startFetch(ctx)
		fetched := l.fetching
		l.mu.Unlock()
		select {
		case <-fetched:
		case <-ctx.Done():
		}
		l.mu.Lock()
		if ctx.Err() != nil {
			return nil, false
		}
	}
}

// startFetch requests the next page, unless a page is being fetched. l.mu must be locked.
func (l *datasetList) startFetch(ctx context.Context) {
	if l.fetching == nil {
		l.fetching = make(chan struct{})
		go l.fetch(context.WithoutCancel(ctx))
	}
}

// fetch adds the next page. It has a context of its own, so that the timeout of one resource does
// not end the fetch for all others.
func (l *datasetList) fetch(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, l.pageTimeout)
	defer cancel()
	datasets, err := l.pages.Next(ctx)
	l.mu.Lock()
	defer l.mu.Unlock()
	defer close(l.fetching)
	defer func() { l.fetching = nil }()
	if err != nil {
		l.failed = true
		return
	}
	l.fetched++
	for i := range datasets {
		d := &datasets[i]
		l.byID[d.ID] = d
		if d.Name != nil {
			l.byName[strings.ToLower(*d.Name)] = d
		}
	}
	l.done = l.pages.Done()
	l.complete = l.done && len(l.byName) == len(l.byID)
}
