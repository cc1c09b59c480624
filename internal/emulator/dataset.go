package emulator

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"math/big"
	"slices"
	"strings"
	"time"
)

// Levels of general access that a dataset can have, as Apify's OpenAPI document lists them.
const (
	followUserSetting     = "FOLLOW_USER_SETTING"
	restricted            = "RESTRICTED"
	anyoneWithIDCanRead   = "ANYONE_WITH_ID_CAN_READ"
	anyoneWithNameCanRead = "ANYONE_WITH_NAME_CAN_READ"
)

// Permission is what a user may do with somebody else's dataset that was shared with them.
type Permission string

// The permissions that a dataset can be shared with.
const (
	PermissionRead  Permission = "read"
	PermissionWrite Permission = "write"
)

// Dataset is everything the emulator knows of one dataset. Its JSON form is the emulator's own, for
// keeping datasets in a file; it is not the API's.
type Dataset struct {
	// ID has 17 letters and digits, as Apify's IDs do.
	ID string `json:"id"`
	// Name is empty for an unnamed dataset.
	Name  string `json:"name,omitempty"`
	Title string `json:"title,omitempty"`
	// UserID tells the owner.
	UserID     string    `json:"userId"`
	CreatedAt  time.Time `json:"createdAt"`
	ModifiedAt time.Time `json:"modifiedAt"`
	AccessedAt time.Time `json:"accessedAt"`
	ActID      string    `json:"actId,omitempty"`
	ActRunID   string    `json:"actRunId,omitempty"`
	// GeneralAccess is one of the API's four levels.
	GeneralAccess string `json:"generalAccess"`
	// URLSigningSecretKey signs public URLs of the items.
	URLSigningSecretKey string `json:"urlSigningSecretKey"`
	// Schema is a JSON object, or nil.
	Schema json.RawMessage `json:"schema,omitempty"`
	// SharedWith maps usernames to what they may do.
	SharedWith map[string]Permission `json:"sharedWith,omitempty"`
	// ReadCount is how often the items were read, and WriteCount how many were ever pushed.
	ReadCount  int `json:"readCount"`
	WriteCount int `json:"writeCount"`
	// Items are JSON objects, oldest first.
	Items []json.RawMessage `json:"items"`
}

// clone shares with the original only what is never changed in place.
func (d Dataset) clone() Dataset {
	d.SharedWith = maps.Clone(d.SharedWith)
	d.Items = slices.Clone(d.Items)
	return d
}

// record is a dataset as the API holds it, guarded by the API's lock.
type record struct {
	Dataset
	// sequence orders datasets that were created within the same millisecond.
	sequence uint64
	// counted is what the counters tell, and pending what was pushed too recently to be in it.
	counted counters
	pending []push
}

// push is a change of the counters that shows some time after it happened.
type push struct {
	at    time.Time
	delta counters
}

// counters are what the API tells of a dataset's items without reading them.
type counters struct {
	items, cleanItems int
	bytes             int64
	fields            []string
}

func (c *counters) add(delta counters) {
	c.items += delta.items
	c.cleanItems += delta.cleanItems
	c.bytes += delta.bytes
	for _, field := range delta.fields {
		if !slices.Contains(c.fields, field) {
			c.fields = append(c.fields, field)
		}
	}
}

// count tells what these items add to the counters.
func count(items []json.RawMessage) counters {
	c := counters{items: len(items)}
	seen := map[string]bool{}
	for _, item := range items {
		c.bytes += int64(len(item))
		clean := false
		for _, member := range parseObject(item) {
			if !seen[member.name] {
				seen[member.name] = true
				c.fields = append(c.fields, member.name)
			}
			clean = clean || !member.hidden()
		}
		if clean {
			c.cleanItems++
		}
	}
	return c
}

// settle moves what was pushed at least lag ago into the counters.
func (r *record) settle(now time.Time, lag time.Duration) {
	for len(r.pending) > 0 && !r.pending[0].at.Add(lag).After(now) {
		r.counted.add(r.pending[0].delta)
		r.pending = r.pending[1:]
	}
}

// countedWrites is how many items were ever pushed, as far as the counters know yet.
func (r *record) countedWrites() int {
	writes := r.WriteCount
	for _, p := range r.pending {
		writes -= p.delta.items
	}
	return writes
}

// nameKey identifies a named dataset: names are unique per owner without regard to case.
type nameKey struct{ userID, name string }

func keyOf(userID, name string) nameKey {
	return nameKey{userID, strings.ToLower(name)}
}

// byAge orders datasets as the API lists them: oldest first, in a stable order.
func byAge(a, b *record) int {
	if c := a.CreatedAt.Compare(b.CreatedAt); c != 0 {
		return c
	}
	switch {
	case a.sequence < b.sequence:
		return -1
	case a.sequence > b.sequence:
		return 1
	}
	return 0
}

const (
	idLength        = 17
	idAlphabet      = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	secretKeyLength = 32
)

// randomID makes a string of letters and digits such as Apify uses for IDs and keys.
func randomID(length int) string {
	// Bytes that would make some letters likelier than others are thrown away.
	limit := byte(256 - 256%len(idAlphabet))
	id := make([]byte, 0, length)
	buffer := make([]byte, 2*length)
	for len(id) < length {
		// crypto/rand.Read never fails.
		_, _ = rand.Read(buffer)
		for _, b := range buffer {
			if b < limit && len(id) < length {
				id = append(id, idAlphabet[int(b)%len(idAlphabet)])
			}
		}
	}
	return string(id)
}

// derivedID is always the same for the same text.
func derivedID(text string) string {
	sum := sha256.Sum256([]byte(text))
	return base62(new(big.Int).SetBytes(sum[:]))[:idLength]
}
