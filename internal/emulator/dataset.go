package emulator

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"maps"
	"math/big"
	"regexp"
	"slices"
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
	// ID consists of 17 letters and digits, as Apify's IDs do.
	ID string `json:"id"`
	// Name is empty for an unnamed dataset.
	Name  string `json:"name,omitempty"`
	Title string `json:"title,omitempty"`
	// UserID is the ID of the owner.
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

const (
	// maxNameLength and namePattern are MAX_LENGTH and the regular expression of resource names in
	// @apify/consts.
	maxNameLength = 63
	namePattern   = `^([a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])$`

	idLength        = 17
	idAlphabet      = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	secretKeyLength = 32
)

var (
	nameRegexp          = regexp.MustCompile(namePattern)
	idRegexp            = regexp.MustCompile(`^[a-zA-Z0-9]{17}$`)
	generalAccessLevels = []string{anyoneWithIDCanRead, anyoneWithNameCanRead, followUserSetting, restricted}
)

func validateID(id string) error {
	if !idRegexp.MatchString(id) {
		return fmt.Errorf("an ID must consist of %d letters and digits", idLength)
	}
	return nil
}

func validateName(name string) error {
	if len(name) > maxNameLength {
		return errInvalid("invalid-value", "The dataset name %q is longer than %d characters.", name, maxNameLength)
	}
	if !nameRegexp.MatchString(name) {
		return errInvalid("invalid-value",
			"The dataset name %q is invalid: it must consist of letters, digits and, in the middle, hyphens.", name)
	}
	return nil
}

func validateGeneralAccess(level string) error {
	if !slices.Contains(generalAccessLevels, level) {
		return errInvalid("invalid-input", "generalAccess must be one of %s.", strings.Join(generalAccessLevels, ", "))
	}
	return nil
}

// randomID returns random letters and digits, as in Apify's IDs and keys.
func randomID(length int) string {
	// Larger bytes are skipped, because they would make the first letters more likely than the
	// rest.
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

// derivedID returns the same ID for the same text.
func derivedID(text string) string {
	sum := sha256.Sum256([]byte(text))
	return new(big.Int).SetBytes(sum[:]).Text(62)[:idLength]
}
