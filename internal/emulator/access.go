package emulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"time"
)

// tokenKind is a field of [User] with tokens.
type tokenKind int

const (
	fullToken tokenKind = iota
	readOnlyToken
	runToken
	scopedToken
)

// caller is the sender of a request. The zero value is a sender without a token.
type caller struct {
	user  *User
	token tokenKind
}

// authenticate returns the caller by the token in the Authorization header.
func (a *API) authenticate(r *http.Request) caller {
	token := strings.TrimPrefix(r.Header.Get("Authorization"), "Bearer ")
	if token == "" {
		return caller{}
	}
	c, ok := a.callers[token]
	if !ok {
		panic(errTokenUnknown)
	}
	return c
}

// permission returns the permission that ownership and sharing give the caller. It is empty if they
// give none.
func (c caller) permission(r *record) Permission {
	var granted Permission
	switch {
	case c.user == nil,
		c.token == runToken && r.ActRunID == "":
	case c.user.ID == r.UserID:
		granted = PermissionWrite
	default:
		granted = r.SharedWith[c.user.Username]
	}
	if granted != "" && c.token == readOnlyToken {
		return PermissionRead
	}
	return granted
}

// effectiveAccess returns the level that applies to a dataset, which is not FOLLOW_USER_SETTING.
func (a *API) effectiveAccess(r *record) string {
	switch {
	case r.GeneralAccess != followUserSetting:
		return r.GeneralAccess
	case a.user(r.UserID).AnyoneWithIDCanRead:
		return anyoneWithIDCanRead
	}
	return restricted
}

// find returns the dataset of an exchange, or nil if there is none. A reference is ID, ~NAME,
// USERNAME~NAME or USERID~NAME. A text without a tilde is always an ID.
func (a *API) find(e *exchange) (r *record, byID bool) {
	owner, name, named := strings.Cut(e.ref, "~")
	switch {
	case !named:
		return a.byID(e.ref), true
	case owner == "":
		owner = e.user().ID
	}
	if user := a.user(owner); user != nil {
		r = a.named(user.ID, name)
	}
	return r, false
}

// readable returns the dataset of an exchange if the caller can read it: because the caller owns
// it, because it is shared with the caller, because of its general access, or because of a
// signature, which may be empty.
func (a *API) readable(e *exchange, signature string) *record {
	r, byID := a.find(e)
	if r == nil {
		panic(errNotFound)
	}
	access := a.effectiveAccess(r)
	switch {
	case e.caller.permission(r) != "",
		access == anyoneWithNameCanRead,
		access == anyoneWithIDCanRead && byID,
		signature != "" && verifySignature(signature, r.URLSigningSecretKey, r.ID, e.now):
		return r
	case a.options.InaccessibleStatus == http.StatusNotFound && e.caller.user != nil && e.caller.user.ID != r.UserID:
		panic(errNotFound)
	}
	panic(errForbidden)
}

// writable returns the dataset of an exchange if the caller can change it.
func (a *API) writable(e *exchange) *record {
	e.user()
	r := a.readable(e, "")
	if e.caller.permission(r) != PermissionWrite {
		panic(errForbidden)
	}
	return r
}

// Sign returns a signature with which everyone can read the items of the dataset with this ID until
// a time in milliseconds since the epoch, or forever if that is 0. It is
// createStorageContentSignature of @apify/utilities.
func Sign(key, id string, expires int64) string {
	mac := hmac.New(sha256.New, []byte(key))
	// Writing to a hash never fails.
	_, _ = fmt.Fprintf(mac, "0.%d.%s", expires, id)
	number, _ := new(big.Int).SetString(hex.EncodeToString(mac.Sum(nil))[:30], 16)
	// In base 62, Apify's digits are those of math/big.
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "0.%d.%s", expires, number.Text(62)))
}

// verifySignature reports whether a signature was created with this key for the dataset with this
// ID, and has not expired.
func verifySignature(signature, key, id string, now time.Time) bool {
	decoded, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	var expires int64
	if _, err := fmt.Sscanf(string(decoded), "0.%d.", &expires); err != nil {
		return false
	}
	return (expires == 0 || now.UnixMilli() < expires) && hmac.Equal([]byte(signature), []byte(Sign(key, id, expires)))
}
