package emulator

import (
	"cmp"
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"sync"
	"time"
)

// store holds the datasets of all accounts and their indexes. A caller of its methods, or of a
// method of a record, must hold mu.
type store struct {
	mu   sync.Mutex
	byID map[string]*record
	// byName has the datasets with a name, in the order in which they got it. There are several
	// only if duplicateNames is true.
	byName         map[nameKey][]*record
	duplicateNames bool
	// order is sorted by compareAge.
	order    []*record
	sequence uint64
}

func newStore(duplicateNames bool) store {
	return store{byID: map[string]*record{}, byName: map[nameKey][]*record{}, duplicateNames: duplicateNames}
}

// nameKey identifies a named dataset. Names are unique per owner, ignoring case.
type nameKey struct{ userID, name string }

func newNameKey(userID, name string) nameKey {
	return nameKey{userID, strings.ToLower(name)}
}

// named returns the dataset with this name, or nil.
func (s *store) named(userID, name string) *record {
	if all := s.byName[newNameKey(userID, name)]; len(all) > 0 {
		return all[0]
	}
	return nil
}

// addName adds a dataset to the index of names. It does nothing if the dataset is unnamed.
func (s *store) addName(r *record) {
	if r.Name != "" {
		key := newNameKey(r.UserID, r.Name)
		s.byName[key] = append(s.byName[key], r)
	}
}

// removeName removes a dataset from the index of names.
func (s *store) removeName(r *record) {
	key := newNameKey(r.UserID, r.Name)
	s.byName[key] = slices.DeleteFunc(s.byName[key], func(other *record) bool { return other == r })
	if len(s.byName[key]) == 0 {
		delete(s.byName, key)
	}
}

// insert adds a record with a valid dataset, and counts all of its items at once.
func (s *store) insert(r *record) error {
	if _, taken := s.byID[r.ID]; taken {
		return errors.New("another dataset has this ID")
	}
	if r.Name != "" && !s.duplicateNames && s.named(r.UserID, r.Name) != nil {
		return errNameTaken(r.Name)
	}
	s.addName(r)
	s.byID[r.ID] = r
	if r.sequence == 0 {
		s.sequence++
		r.sequence = s.sequence
	}
	r.counters, r.pending = countItems(r.Items), nil
	at, _ := slices.BinarySearchFunc(s.order, r, compareAge)
	s.order = slices.Insert(s.order, at, r)
	return nil
}

func (s *store) remove(r *record) {
	delete(s.byID, r.ID)
	s.removeName(r)
	if at, found := slices.BinarySearchFunc(s.order, r, compareAge); found {
		s.order = slices.Delete(s.order, at, at+1)
	}
}

// rename changes the name of a dataset to a valid name, or removes it if name is empty.
func (s *store) rename(r *record, name string) error {
	if name != "" && !s.duplicateNames {
		if other := s.named(r.UserID, name); other != nil && other != r {
			return errNameTaken(name)
		}
	}
	s.removeName(r)
	r.Name = name
	s.addName(r)
	return nil
}

// record is a stored dataset.
type record struct {
	Dataset
	// sequence orders datasets that were created within the same millisecond.
	sequence uint64
	// counters do not include pending.
	counters counters
	pending  []pendingPush
}

// pendingPush is a push that the counters do not include yet.
type pendingPush struct {
	time     time.Time
	counters counters
}

// compareAge compares datasets by their position in a list: oldest first, in a stable order.
func compareAge(a, b *record) int {
	return cmp.Or(a.CreatedAt.Compare(b.CreatedAt), cmp.Compare(a.sequence, b.sequence))
}

// push appends items in the form in which they are stored.
func (r *record) push(items []json.RawMessage, now time.Time) {
	r.Items = append(r.Items, items...)
	r.ModifiedAt, r.AccessedAt = now, now
	r.WriteCount += len(items)
	r.pending = append(r.pending, pendingPush{now, countItems(items)})
}

// updateCounters adds the pushes that are at least as old as the lag to the counters.
func (r *record) updateCounters(now time.Time, lag time.Duration) {
	for len(r.pending) > 0 && !r.pending[0].time.Add(lag).After(now) {
		r.counters.add(r.pending[0].counters)
		r.pending = r.pending[1:]
	}
}

// countedWrites returns the number of items that were pushed, without the pending ones.
func (r *record) countedWrites() int {
	writes := r.WriteCount
	for _, p := range r.pending {
		writes -= p.counters.items
	}
	return writes
}

// counters describe the items of a dataset.
type counters struct {
	items, cleanItems int
	bytes             int64
	// fields are the paths of all values, such as "latestComments/0/owner/username".
	fields []string
}

func (c *counters) add(other counters) {
	c.items += other.items
	c.cleanItems += other.cleanItems
	c.bytes += other.bytes
	for _, field := range other.fields {
		if !slices.Contains(c.fields, field) {
			c.fields = append(c.fields, field)
		}
	}
}

func countItems(items []json.RawMessage) counters {
	c := counters{items: len(items)}
	seen := map[string]bool{}
	for _, item := range items {
		c.bytes += int64(len(item))
		members := parseObject(item)
		for _, value := range members.flatten("/", true) {
			if !seen[value.name] {
				seen[value.name] = true
				c.fields = append(c.fields, value.name)
			}
		}
		if len(members.without(member.hidden)) > 0 {
			c.cleanItems++
		}
	}
	return c
}
