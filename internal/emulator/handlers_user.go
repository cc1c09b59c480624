package emulator

import (
	"net/http"
	"strings"
)

// getMe returns the account of the token.
func (a *API) getMe(e *exchange) (*response, error) {
	switch {
	case e.caller.anonymous():
		return nil, errTokenNotProvided()
	case e.caller.token == scopedToken:
		return nil, errForbidden()
	}
	user := e.caller.user
	if a.options.LocalPlatform {
		return dataResponse(http.StatusOK, localUserJSON{user.ID, user.Username})
	}
	account := newUserJSON(user)
	if e.caller.token == runToken {
		account.ID, account.Profile, account.Email, account.CreatedAt = "", nil, "", nil
	}
	return dataResponse(http.StatusOK, account)
}

// getUser returns the public profile of an account. The request needs no token.
func (a *API) getUser(e *exchange) (*response, error) {
	for i := range a.options.Users {
		user := &a.options.Users[i]
		if user.ID != e.parameter && !strings.EqualFold(user.Username, e.parameter) {
			continue
		}
		if a.options.LocalPlatform {
			return dataResponse(http.StatusOK, localUserJSON{user.ID, user.Username})
		}
		return dataResponse(http.StatusOK, publicUserJSON{user.Username, newProfileJSON(user)})
	}
	return nil, errUserNotFound()
}
