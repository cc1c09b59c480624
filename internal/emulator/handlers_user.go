package emulator

import "net/http"

// getMe returns the account of the token.
func (a *API) getMe(e *exchange) (*response, error) {
	if e.caller.anonymous() {
		return nil, errTokenNotProvided()
	}
	user := e.caller.user
	return dataResponse(http.StatusOK, userJSON{ID: user.ID, Username: user.Username})
}
