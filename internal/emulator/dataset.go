package emulator

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"maps"
	"math/big"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"
)

// The levels of general access, as Apify's OpenAPI document lists them.
const (
	followUserSetting     = "FOLLOW_USER_SETTING"
	restricted            = "RESTRICTED"
	anyoneWithIDCanRead   = "ANYONE_WITH_ID_CAN_READ"
	anyoneWithNameCanRead = "ANYONE_WITH_NAME_CAN_READ"
)

// Permission is the access of a user to another user's dataset that is shared with them.
type Permission string

// The permissions that a dataset can be shared with.
const (
	PermissionRead  Permission = "read"
	PermissionWrite Permission = "write"
)

// Dataset is a dataset as the emulator stores it. Its JSON form is for files of the emulator; it is
// not the API's.
type Dataset struct {
	ID string `json:"id"` // 17 letters and digits
	// Name is empty for an unnamed dataset.
	Name       string    `json:"name,omitempty"`
	Title      string    `json:"title,omitempty"`
	UserID     string    `json:"userId"` // of the owner
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
	// SharedWith has the permissions of other users by username.
	SharedWith map[string]Permission `json:"sharedWith,omitempty"`
	// ReadCount is the number of reads of the items, WriteCount the number of items that were
	// pushed.
	ReadCount  int `json:"readCount"`
	WriteCount int `json:"writeCount"`
	// Items are JSON objects, oldest first.
	Items []json.RawMessage `json:"items"`
}

// clone returns a copy that shares with the original only what is never changed in place.
func (d Dataset) clone() Dataset {
	d.SharedWith = maps.Clone(d.SharedWith)
	d.Items = slices.Clone(d.Items)
	return d
}

var (
	idRegexp = regexp.MustCompile(`^[a-zA-Z0-9]{17}$`)
	// nameRegexp is the regular expression of resource names in @apify/consts.
	nameRegexp = regexp.MustCompile(`^([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])$`)
)

func checkName(name string) {
	if len(name) > 63 || !nameRegexp.MatchString(name) {
		fail("invalid-value", "The name %q does not consist of 1 to 63 letters, digits and, in the middle, hyphens.", name)
	}
}

func checkGeneralAccess(level string) {
	if !slices.Contains([]string{anyoneWithIDCanRead, anyoneWithNameCanRead, followUserSetting, restricted}, level) {
		fail("invalid-input", "%q is no level of general access.", level)
	}
}

// derivedID returns the same 17 letters and digits for the same text.
func derivedID(text string) string {
	sum := sha256.Sum256([]byte(text))
	return new(big.Int).SetBytes(sum[:]).Text(62)[:17]
}

// compactItems copies items into the form in which they are stored. It fails if one is not an
// object.
func compactItems(items []json.RawMessage) []json.RawMessage {
	compacted := make([]json.RawMessage, len(items))
	for i, item := range items {
		var b bytes.Buffer
		if err := json.Compact(&b, item); err != nil || !bytes.HasPrefix(b.Bytes(), []byte("{")) {
			fail("invalid-input", "Item %d is not an object.", i)
		}
		compacted[i] = b.Bytes()
	}
	return compacted
}

// counters describe items.
type counters struct {
	items, cleanItems, bytes int
	// fields are the paths of all values, such as "latestComments/0/owner/username".
	fields []string
}

func countItems(items []json.RawMessage) counters {
	c := counters{items: len(items), fields: []string{}}
	for _, item := range items {
		c.bytes += len(item)
		var properties map[string]any
		// Stored items are JSON objects.
		_ = json.Unmarshal(item, &properties)
		c.fields = appendPaths(c.fields, "", properties)
		// Clean items lack properties that begin with "#", and there are no empty ones.
		maps.DeleteFunc(properties, func(name string, _ any) bool { return strings.HasPrefix(name, "#") })
		if len(properties) > 0 {
			c.cleanItems++
		}
	}
	slices.Sort(c.fields)
	c.fields = slices.Compact(c.fields)
	return c
}

func appendPaths(paths []string, path string, value any) []string {
	switch v := value.(type) {
	case map[string]any:
		for name, child := range v {
			paths = appendPaths(paths, path+"/"+name, child)
		}
	case []any:
		for i, child := range v {
			paths = appendPaths(paths, path+"/"+strconv.Itoa(i), child)
		}
	default:
		paths = append(paths, path[1:])
	}
	return paths
}
