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
