package emulator

import (
	"net/http"
	"strings"
	"time"
)

// tokenKind is the kind of a token, by the field of [User] that has it.
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

func (c caller) anonymous() bool { return c.user == nil }

// authenticate returns the caller by the token in the Authorization header or the query.
func (a *API) authenticate(r *http.Request) (caller, error) {
	token := r.URL.Query().Get("token")
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, value, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return caller{}, errAuthenticationScheme()
		}
		token = strings.TrimSpace(value)
	}
	if token == "" {
		return caller{}, nil
	}
	c, ok := a.callers[token]
	if !ok {
		return caller{}, errTokenUnknown()
	}
	return c, nil
}

// permission returns the permission that ownership and sharing give the caller. It is empty if they
// give none.
func (c caller) permission(r *record) Permission {
	var granted Permission
	switch {
	case c.anonymous(),
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

// effectiveAccess returns the level of general access that applies to a dataset. It is never
// FOLLOW_USER_SETTING.
func (a *API) effectiveAccess(r *record) string {
	if r.GeneralAccess != followUserSetting {
		return r.GeneralAccess
	}
	if owner := a.user(r.UserID); owner.AnyoneWithIDCanRead {
		return anyoneWithIDCanRead
	}
	return restricted
}

// readable returns a dataset if the caller can read it: because the caller owns it, because it is
// shared with the caller, because of its general access, or because of a signature, which may be
// empty. The store must be locked.
func (a *API) readable(ref reference, c caller, signature string, now time.Time) (*record, error) {
	r, err := a.find(ref, c)
	if err != nil {
		return nil, err
	}
	if r == nil {
		return nil, errDatasetNotFound()
	}
	access := a.effectiveAccess(r)
	switch {
	case c.permission(r) != "",
		access == anyoneWithNameCanRead,
		access == anyoneWithIDCanRead && ref.id != "",
		signature != "" && verifySignature(signature, r.URLSigningSecretKey, r.ID, now):
		return r, nil
	case a.options.InaccessibleStatus == http.StatusNotFound && !c.anonymous() && c.user.ID != r.UserID:
		return nil, errDatasetNotFound()
	}
	return nil, errDatasetForbidden()
}

// writable returns a dataset if the caller can change it. The store must be locked.
func (a *API) writable(ref reference, c caller, now time.Time) (*record, error) {
	if c.anonymous() {
		return nil, errTokenNotProvided()
	}
	r, err := a.readable(ref, c, "", now)
	if err != nil {
		return nil, err
	}
	if c.permission(r) != PermissionWrite {
		return nil, errDatasetForbidden()
	}
	return r, nil
}
