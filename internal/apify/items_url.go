package apify

import (
	"errors"
	"net/url"
	"time"
)

// ErrMayNotSign means that reading a dataset's items without a token takes a
// signature, and that the token may not know the key that makes it.
var ErrMayNotSign = errors.New("the API did not tell the dataset's signing key")

// ItemsURL is where a dataset's items can be read without a token, with the given
// options of the items endpoint. Where anyone who knows the dataset's id may read
// them the URL is plain, and signed false; otherwise it is signed here, as
// Apify's clients do it, and works until the given time. The dataset must have
// been read singly. The error is [ErrMayNotSign].
func (c *Client) ItemsURL(d *Dataset, expires time.Time, options url.Values) (itemsURL string, signed bool, err error) {
	// The server knows best under which address it can be reached from outside.
	address := c.url(IDRef(d.ID).path()+"/items", nil)
	hasKey := d.URLSigningSecretKey != nil && *d.URLSigningSecretKey != ""
	if d.ItemsPublicURL != nil {
		signed = IsSigned(*d.ItemsPublicURL)
		if rest, _, err := splitSignature(*d.ItemsPublicURL); err == nil {
			address = rest
		}
	} else {
		// Some servers have neither public URLs nor access levels.
		signed = hasKey || d.GeneralAccess != nil && *d.GeneralAccess != AnyoneWithIDCanRead && *d.GeneralAccess != AnyoneWithNameCanRead
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", false, err
	}
	query := u.Query()
	for name, values := range options {
		query[name] = values
	}
	if signed {
		if !hasKey {
			return "", false, ErrMayNotSign
		}
		query.Set("signature", Sign(*d.URLSigningSecretKey, d.ID, expires))
	}
	u.RawQuery = query.Encode()
	return u.String(), signed, nil
}
