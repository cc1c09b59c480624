package apify

import (
	"errors"
	"net/url"
	"time"
)

// ErrNoSigningKey is the error of [Client.DatasetItemsURL] if a signature is needed but the API did
// not return the key to the token.
var ErrNoSigningKey = errors.New("the API did not return the dataset's signing key")

// DatasetItemsURL returns an address of a dataset's items that needs no token, with query
// parameters of the items endpoint. If anyone with the dataset's ID can read the items, the URL is
// plain and signed is false; otherwise it is signed here, as in Apify's clients, and expires at the
// given time. The dataset must come from a single read. The error is [ErrNoSigningKey], or that of
// an itemsPublicUrl that is not a URL.
//
// Apify API docs: https://docs.apify.com/api/v2/dataset-items-get
func (c *Client) DatasetItemsURL(d *Dataset, expires time.Time, options url.Values) (itemsURL string, signed bool, err error) {
	// The server's own URL is preferred: the base URL of the provider can be a private address.
	address := c.url(DatasetIDRef(d.ID).path()+"/items", nil)
	hasKey := d.URLSigningSecretKey != nil && *d.URLSigningSecretKey != ""
	if d.ItemsPublicURL != nil {
		// A URL that cannot be parsed must not become a plain URL of a restricted dataset.
		rest, signature, err := SplitSignature(*d.ItemsPublicURL)
		if err != nil {
			return "", false, err
		}
		address, signed = rest, signature != "" || d.GeneralAccess != nil && *d.GeneralAccess == Restricted
	} else {
		// Apify's local platform has neither public URLs nor access levels.
		signed = hasKey || d.GeneralAccess != nil && *d.GeneralAccess != AnyoneWithIDCanRead && *d.GeneralAccess != AnyoneWithNameCanRead
	}
	u, err := url.Parse(address)
	if err != nil {
		return "", false, err
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return "", false, errors.New("itemsPublicUrl is not an absolute HTTP URL")
	}
	query := u.Query()
	for name, values := range options {
		query[name] = values
	}
	if signed {
		if !hasKey {
			return "", false, ErrNoSigningKey
		}
		query.Set("signature", Sign(*d.URLSigningSecretKey, d.ID, expires))
	}
	u.RawQuery = query.Encode()
	return u.String(), signed, nil
}

// CanReuseItemsURL reports whether a signed items URL that the API returned earlier does the same
// as a new one of the same dataset: only their signatures differ, and the earlier one is valid
// until the given time at least. If the token has the dataset's signing key, and the key reproduces
// the new signature, it must reproduce the earlier one too: a key that was replaced has invalidated
// the signatures made with it.
func CanReuseItemsURL(earlier, latest string, d *Dataset, until time.Time) bool {
	earlierRest, signature, err := SplitSignature(earlier)
	if err != nil || signature == "" {
		return false
	}
	latestRest, latestSignature, err := SplitSignature(latest)
	if err != nil || latestSignature == "" || earlierRest != latestRest {
		return false
	}
	latestExpires, err := SignatureExpiry(latestSignature)
	if err != nil {
		return false
	}
	expires, err := SignatureExpiry(signature)
	if err != nil || !IsValidUntil(expires, until) {
		return false
	}
	if key := d.URLSigningSecretKey; key != nil && *key != "" && Sign(*key, d.ID, latestExpires) == latestSignature {
		return Sign(*key, d.ID, expires) == signature
	}
	return true
}
