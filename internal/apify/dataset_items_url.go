package apify

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"strconv"
	"strings"
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
	latestRest, latestSignature, latestErr := SplitSignature(latest)
	if err != nil || latestErr != nil || earlierRest != latestRest {
		return false
	}
	expires, err := SignatureExpiry(signature)
	latestExpires, latestErr := SignatureExpiry(latestSignature)
	if err != nil || latestErr != nil || !IsValidUntil(expires, until) {
		return false
	}
	if key := d.URLSigningSecretKey; key != nil && *key != "" && Sign(*key, d.ID, latestExpires) == latestSignature {
		return Sign(*key, d.ID, expires) == signature
	}
	return true
}

// signatureVersion is the only version of signatures that Apify's libraries have.
const signatureVersion = "0"

// errInvalidSignature is the error of every signature that cannot be decoded.
var errInvalidSignature = errors.New("not a signature of version 0")

// Sign returns a signature that gives access to a dataset's items until it expires. It computes
// what createStorageContentSignature of Apify's @apify/utilities does. The zero time means that the
// signature never expires; other times are truncated to milliseconds.
func Sign(secretKey, datasetID string, expires time.Time) string {
	ms := "0"
	if !expires.IsZero() {
		ms = strconv.FormatInt(expires.UnixMilli(), 10)
	}
	mac := hmac.New(sha256.New, []byte(secretKey))
	_, _ = fmt.Fprintf(mac, "%s.%s.%s", signatureVersion, ms, datasetID)
	// The first 30 hexadecimal digits of the HMAC, as one number in base 62.
	digits := hex.EncodeToString(mac.Sum(nil))[:30]
	n, _ := new(big.Int).SetString(digits, 16)
	// Apify's alphabet for base 62, 0-9a-zA-Z, is also that of math/big.
	return base64.RawURLEncoding.EncodeToString([]byte(signatureVersion + "." + ms + "." + n.Text(62)))
}

// SignatureExpiry returns the time at which a signature expires; the zero time means never. It uses
// no key, so it does not verify the signature.
func SignatureExpiry(signature string) (time.Time, error) {
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		return time.Time{}, errInvalidSignature
	}
	parts := strings.Split(string(raw), ".")
	if len(parts) != 3 || parts[0] != signatureVersion || parts[2] == "" {
		return time.Time{}, errInvalidSignature
	}
	ms, err := strconv.ParseUint(parts[1], 10, 53)
	if err != nil {
		return time.Time{}, errInvalidSignature
	}
	if ms == 0 {
		return time.Time{}, nil
	}
	return time.UnixMilli(int64(ms)).UTC(), nil
}

// IsValidUntil reports whether a signature that expires at a time is still valid at another one.
// Expiry at the zero time means never.
func IsValidUntil(expires, until time.Time) bool {
	return expires.IsZero() || !expires.Before(until)
}

// SplitSignature splits an items URL into the URL without its signature and the signature, which is
// "" if the URL has none. Two URLs that differ in nothing else have the same rest.
func SplitSignature(itemsURL string) (rest, signature string, err error) {
	u, err := url.Parse(itemsURL)
	if err != nil {
		return "", "", err
	}
	query, err := url.ParseQuery(u.RawQuery)
	if err != nil {
		return "", "", err
	}
	signature = query.Get("signature")
	query.Del("signature")
	u.RawQuery = query.Encode()
	return u.String(), signature, nil
}
