package provider

import (
	"context"
	"errors"
	"sync"
	"time"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// accountTimeout limits the lookup of the token's account, retries included.
const accountTimeout = time.Minute

// tokenAccount looks up the account that the token belongs to, at most once in a provider process.
// The result is kept, an error too: a token that cannot read its own account, or an API that is
// down, would cost every later lookup the same time again.
type tokenAccount struct {
	client *apify.Client

	once   sync.Once
	cancel context.CancelFunc
	done   chan struct{} // closed when user and err are set
	user   *apify.User
	err    error
}

// errNoAccountID is the error of a token whose account has no ID in the API's response.
var errNoAccountID = errors.New("the API does not return the ID of the token's account to this token")

// id returns the ID of the account. The error is an [accountError]: that of get, or errNoAccountID,
// because Apify does not send the ID to the token of an Actor run without full access.
func (a *tokenAccount) id(ctx context.Context) (string, error) {
	user, err := a.get(ctx)
	switch {
	case err != nil:
		return "", err
	case user.ID == "":
		return "", &accountError{errNoAccountID}
	}
	return user.ID, nil
}

// get returns the account. The lookup has a context of its own, so that the timeout of one resource
// does not make it fail for all others. An interrupt ends it, because Terraform interrupts all
// operations of a process. The error is an [accountError].
func (a *tokenAccount) get(ctx context.Context) (*apify.User, error) {
	a.once.Do(func() {
		a.done = make(chan struct{})
		var own context.Context
		own, a.cancel = context.WithTimeout(context.WithoutCancel(ctx), accountTimeout)
		go func() {
			defer close(a.done)
			defer a.cancel()
			if a.user, a.err = a.client.CurrentUser(own); a.err != nil {
				a.err = &accountError{a.err}
			}
		}()
	})
	select {
	case <-a.done:
	case <-ctx.Done():
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, &accountError{&apify.Error{Operation: "read the token's account", Err: ctx.Err(), Stopped: ctx.Err()}}
		}
		a.cancel()
		<-a.done
	}
	return a.user, a.err
}
