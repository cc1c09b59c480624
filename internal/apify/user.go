package apify

import (
	"context"
	"errors"
	"net/http"
)

// User is an Apify account.
type User struct {
	ID       string `json:"id"`
	Username string `json:"username"`
}

// CurrentUser returns the account that the token belongs to.
//
// Apify API docs: https://docs.apify.com/api/v2/users-me-get
func (c *Client) CurrentUser(ctx context.Context) (*User, error) {
	var u User
	_, err := c.do(ctx, &request{
		operation: "read the token's account",
		method:    http.MethodGet,
		path:      "/v2/users/me",
		decode: decodeData(&u, func() error {
			if u.ID == "" {
				return errors.New(`the account has no "id"`)
			}
			return nil
		}),
	})
	if err != nil {
		return nil, err
	}
	return &u, nil
}
