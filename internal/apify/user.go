package apify

import (
	"context"
	"net/http"
)

// User is an Apify account. The API returns more about the token's own account, such as the
// password of its proxy; the client reads nothing else, and never quotes the response.
type User struct {
	// ID is empty for the token of an Actor run without full access.
	ID string `json:"id"`
	// Username is empty if the API does not return it to this token.
	Username string `json:"username"`
}

// CurrentUser returns the account that the token belongs to. A token with limited permissions can
// be refused with 403.
//
// Apify API docs: https://docs.apify.com/api/v2/users-me-get
func (c *Client) CurrentUser(ctx context.Context) (*User, error) {
	var u User
	_, err := c.do(ctx, &request{
		operation: "read the token's account",
		method:    http.MethodGet,
		path:      "/v2/users/me",
		private:   true,
		decode:    decodeData(&u, func() error { return nil }),
	})
	if err != nil {
		return nil, err
	}
	return &u, nil
}
