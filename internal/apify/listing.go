package apify

import (
	"context"
	"fmt"
	"strings"
	"sync"
	"time"
)

const (
	// singleReads is how many datasets are read one by one before a listing is
	// fetched: small configurations should see no difference. Terraform has ten
	// reads under way at once: the last of its second ten fetches the listing, so
	// that the third ten find it there and need not wait.
	singleReads = 19
	// readsPerPage is how many further reads pay for one further page, so that a
	// small configuration in a vast account never fetches the whole of it.
	readsPerPage = 5
	// listingRetries is how often a page is asked for again: without it, there
	// are still the single reads.
	listingRetries = 2
)

// listing answers reads of single datasets from the API's list of datasets, a
// thousand at a time, once there have been many. It is exact: whatever a list does
// not tell, and what this client wrote itself, is read singly, and absence from a
// list does not mean that a dataset is gone.
type listing struct {
	named   bulk // datasets with a name
	unnamed bulk // all datasets, which the API lists instead of just the unnamed

	mu           sync.Mutex
	writtenIDs   map[string]bool
	writtenNames map[string]bool // in lower case
	// forms is how this run's single reads found items URLs to look.
	forms map[formKey]string
}

// formKey is what an items URL's form depends on beside the dataset's id: with
// FOLLOW_USER_SETTING, on a setting of the owner's account.
type formKey struct {
	userID string
	access GeneralAccess
}

func newListing(c *Client) *listing {
	l := &listing{
		writtenIDs:   map[string]bool{},
		writtenNames: map[string]bool{},
		forms:        map[formKey]string{},
	}
	retries := min(listingRetries, c.config.MaxRetries)
	l.named.init(pager{client: c, options: ListOptions{Ownership: OwnedByMe}, maxRetries: retries})
	l.unnamed.init(pager{client: c, options: ListOptions{Ownership: OwnedByMe, Unnamed: true}, maxRetries: retries})
	return l
}

// wrote takes note of a dataset that this client changed, and of a name that it
// gave away or may have. Either may be empty.
func (l *listing) wrote(id, name string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if id != "" {
		l.writtenIDs[id] = true
	}
	if name != "" {
		l.writtenNames[strings.ToLower(name)] = true
	}
}

func (l *listing) hasWritten(id, name string) bool {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.writtenIDs[id] || l.writtenNames[strings.ToLower(name)]
}

// form is an items URL without what is the dataset's own: its id and signature.
// It is empty where the URL cannot be read.
func form(itemsURL, id string) string {
	rest, signature, err := splitSignature(itemsURL)
	if err != nil {
		return ""
	}
	rest = strings.ReplaceAll(rest, id, "*")
	if signature != "" {
		rest += " signed"
	}
	return rest
}

// learn keeps the form of a dataset's items URL as it was just read.
func (l *listing) learn(d *Dataset) {
	if d.UserID == nil || d.GeneralAccess == nil || d.ItemsPublicURL == nil {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.forms[formKey{*d.UserID, *d.GeneralAccess}] = form(*d.ItemsPublicURL, d.ID)
}

// complete adds to a list's item what lists leave out, from what was known of
// the dataset before; ok is false unless that surely is what reading it singly
// would bring. A list may lag behind what an earlier run wrote, so it can only
// confirm a name or a level of access. A signed items URL must be good until the
// given time.
func (l *listing) complete(item Dataset, known *Dataset, until time.Time) (d *Dataset, ok bool) {
	if item.UserID == nil || item.CreatedAt == nil || item.GeneralAccess == nil ||
		!equal(item.Name, known.Name) || // which may be missing from an item as well
		!equal(item.GeneralAccess, known.GeneralAccess) ||
		known.ConsoleURL == nil || known.ItemsPublicURL == nil {
		return nil, false
	}
	l.mu.Lock()
	today := l.forms[formKey{*item.UserID, *item.GeneralAccess}]
	l.mu.Unlock()
	if today == "" || today != form(*known.ItemsPublicURL, known.ID) {
		return nil, false
	}
	if IsSigned(*known.ItemsPublicURL) && !signedUntil(*known.ItemsPublicURL, until) {
		return nil, false
	}
	item.ConsoleURL, item.ItemsPublicURL = known.ConsoleURL, known.ItemsPublicURL
	return &item, true
}

func equal[T comparable](a, b *T) bool {
	return a == b || a != nil && b != nil && *a == *b
}

// Refresh reads a dataset of which an earlier state is known. After many reads
// it takes from the API's listing what may have changed, and from the earlier state
// what never does; fields that neither has are nil then. A signed items
// URL that is good until the given time may be the earlier one; listings do not
// tell whether the key that signed it is still the dataset's.
func (c *Client) Refresh(ctx context.Context, known *Dataset, until time.Time) (*Dataset, error) {
	b := &c.listing.named
	if known.Name == nil {
		b = &c.listing.unnamed
	}
	item, _, err := b.find(ctx, func(f *found) *Dataset { return f.byID[known.ID] })
	if err != nil {
		return nil, &Error{Op: fmt.Sprintf("reading dataset %q", known.ID), Err: err, Stopped: err}
	}
	if item != nil && !c.listing.hasWritten(item.ID, "") {
		if d, ok := c.listing.complete(*item, known, until); ok {
			return d, nil
		}
	}
	d, err := c.Dataset(ctx, IDRef(known.ID))
	if err != nil {
		return nil, err
	}
	c.listing.learn(d)
	return d, nil
}

// FindByName looks for a dataset of the token's own account by its name; nil
// without an error means that there is none. Many look-ups are answered from
// the API's listing, which misses what somebody else changes meanwhile.
func (c *Client) FindByName(ctx context.Context, name string) (*Dataset, error) {
	item, whole, err := c.listing.named.find(ctx, func(f *found) *Dataset { return f.byName[strings.ToLower(name)] })
	if err != nil {
		return nil, &Error{Op: fmt.Sprintf("looking for a dataset named %q", name), Err: err, Stopped: err}
	}
	if !c.listing.hasWritten("", name) {
		if item == nil && whole {
			return nil, nil
		}
		if item != nil && !c.listing.hasWritten(item.ID, "") && c.owns(ctx, item) {
			return item, nil
		}
	}
	d, err := c.Dataset(ctx, NameRef("", name))
	if IsNotFound(err) {
		return nil, nil
	}
	return d, err
}

// owns tells whether a dataset surely is the token's own account's: not every
// server knows the filter that the listing asks for.
func (c *Client) owns(ctx context.Context, d *Dataset) bool {
	me, err := c.Me(ctx)
	return err == nil && d.UserID != nil && *d.UserID == me.ID
}

// bulk is a listing that is fetched as far as it is worth it.
type bulk struct {
	turn  turn // whoever has it may fetch or look up
	asked int
	pages int
	found found
	pager pager
	gone  bool // a page could not be had: it is not asked for again
	whole bool // it was read to its end, and every dataset in it has a name
}

type found struct {
	byID   map[string]*Dataset
	byName map[string]*Dataset // in lower case
}

func (b *bulk) init(p pager) {
	b.turn = newTurn()
	b.pager = p
	b.found = found{byID: map[string]*Dataset{}, byName: map[string]*Dataset{}}
}

// find looks for a dataset in the pages at hand, and fetches further ones as
// long as the number of look-ups so far has paid for them. All who look wait for
// the same page. Nil means that no dataset has the name that is looked for, if
// the listing is whole, and else that it cannot tell. The only error is that of
// a context that ended while waiting.
func (b *bulk) find(ctx context.Context, look func(*found) *Dataset) (d *Dataset, whole bool, err error) {
	if err := b.turn.take(ctx); err != nil {
		return nil, false, err
	}
	defer b.turn.give()
	b.asked++
	if b.asked <= singleReads {
		return nil, false, nil
	}
	for {
		if d := look(&b.found); d != nil {
			return d, b.whole, nil
		}
		if b.gone || b.pager.done || b.pages > (b.asked-singleReads-1)/readsPerPage {
			return nil, b.whole, nil
		}
		datasets, err := b.pager.next(ctx)
		if err != nil {
			// One caller's own timeout or interrupt says nothing about the listing.
			b.gone = ctx.Err() == nil
			return nil, false, ctx.Err()
		}
		b.pages++
		for i := range datasets {
			d := &datasets[i]
			b.found.byID[d.ID] = d
			if d.Name != nil {
				b.found.byName[strings.ToLower(*d.Name)] = d
			}
		}
		b.whole = b.pager.done && len(b.found.byName) == len(b.found.byID)
	}
}

// signedUntil tells whether an items URL's signature is good until a time.
func signedUntil(itemsURL string, until time.Time) bool {
	_, signature, err := splitSignature(itemsURL)
	if err != nil {
		return false
	}
	expires, err := SignatureExpiry(signature)
	return err == nil && goodUntil(expires, until)
}
