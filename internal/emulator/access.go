package emulator

import (
	"net/http"
	"strings"
	"time"
)

// caller is who sent a request; the zero value is somebody without a token.
type caller struct {
	user     *User
	readOnly bool
}

func (c caller) anonymous() bool { return c.user == nil }

// authenticate finds the caller by the token in the Authorization header or the query.
func (a *API) authenticate(r *http.Request) (caller, error) {
	token := r.URL.Query().Get("token")
	if header := r.Header.Get("Authorization"); header != "" {
		scheme, value, _ := strings.Cut(header, " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return caller{}, &apiError{http.StatusUnauthorized, "auth-method-not-supported",
				"The Authorization header must be \"Bearer TOKEN\"."}
		}
		token = strings.TrimSpace(value)
	}
	if token == "" {
		return caller{}, nil
	}
	c, ok := a.accounts[token]
	if !ok {
		return caller{}, errTokenUnknown()
	}
	return c, nil
}

// permission is what the caller may do with a dataset; "" is nothing.
func (c caller) permission(r *record) Permission {
	var granted Permission
	switch {
	case c.anonymous():
	case c.user.ID == r.UserID:
		granted = PermissionWrite
	default:
		granted = r.SharedWith[c.user.Username]
	}
	if granted != "" && c.readOnly {
		return PermissionRead
	}
	return granted
}

// effectiveAccess is the level that a dataset's own level comes to with its owner's setting.
func (a *API) effectiveAccess(r *record) string {
	if r.GeneralAccess != followUserSetting {
		return r.GeneralAccess
	}
	if owner := a.user(r.UserID); owner.Restricted {
		return restricted
	}
	return anyoneWithIDCanRead
}

// reference is a path's datasetId: an ID, or the name of some owner's dataset.
type reference struct {
	id    string
	owner string // of a name: a username, a user's ID, or "" for the caller
	name  string
}

// parseReference reads ID, ~NAME, USERNAME~NAME and USERID~NAME; a slash will do for the tilde. A
// bare word is always an ID.
func parseReference(text string) (reference, error) {
	separator := "~"
	if strings.Contains(text, "/") {
		separator = "/"
	}
	owner, name, named := strings.Cut(text, separator)
	if !named {
		return reference{id: text}, nil
	}
	if name == "" {
		return reference{}, errInvalid("invalid-request", "The name of a dataset cannot be empty.")
	}
	return reference{owner: owner, name: name}, nil
}

// find looks a dataset up; nil is none. It wants the lock to be held.
func (a *API) find(ref reference, c caller) (*record, error) {
	if ref.id != "" {
		return a.byID[ref.id], nil
	}
	userID := ""
	switch {
	case ref.owner != "":
		for _, user := range a.options.Users {
			if user.ID == ref.owner || strings.EqualFold(user.Username, ref.owner) {
				userID = user.ID
			}
		}
	case c.anonymous():
		return nil, errTokenNotProvided()
	default:
		userID = c.user.ID
	}
	return a.byName[keyOf(userID, ref.name)], nil
}

// readable returns the dataset if the caller may read it: because it is theirs or shared with them,
// because its general access says so, or because of a signature, which is "" where none counts. It
// wants the lock to be held.
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
		signature != "" && verify(signature, r.URLSigningSecretKey, r.ID, now):
		return r, nil
	case !c.anonymous():
		// Who has an account is not told of what is not theirs.
		return nil, errDatasetNotFound()
	case signature != "":
		return nil, errForbidden("The signature is not valid for this dataset, or has expired.")
	}
	return nil, errForbidden("Reading this dataset takes the token of a user with access to it, or a signature.")
}

// writable returns the dataset if the caller may change it. It wants the lock to be held.
func (a *API) writable(ref reference, c caller, now time.Time) (*record, error) {
	if c.anonymous() {
		return nil, errTokenNotProvided()
	}
	r, err := a.readable(ref, c, "", now)
	if err != nil {
		return nil, err
	}
	if c.permission(r) != PermissionWrite {
		return nil, errForbidden("This token may not change the dataset.")
	}
	return r, nil
}
