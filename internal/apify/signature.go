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

// signatureVersion is the one version of signatures that Apify's libraries know.
const signatureVersion = "0"

// errNotASignature is all there is to say of a signature that cannot be read.
var errNotASignature = errors.New("not a signature of version 0")

// Sign makes the signature that opens a dataset's items to whoever has it, as
// createStorageContentSignature of Apify's @apify/utilities does. A zero expiry
// means never; expiries are kept in milliseconds.
func Sign(secretKey, datasetID string, expires time.Time) string {
	ms := "0"
	if !expires.IsZero() {
		ms = strconv.FormatInt(expires.UnixMilli(), 10)
	}
	mac := hmac.New(sha256.New, []byte(secretKey))
	_, _ = fmt.Fprintf(mac, "%s.%s.%s", signatureVersion, ms, datasetID)
	// 30 hexadecimal digits of the code, as one number in base 62.
	digits := hex.EncodeToString(mac.Sum(nil))[:30]
	n, _ := new(big.Int).SetString(digits, 16)
	return base64.RawURLEncoding.EncodeToString([]byte(signatureVersion + "." + ms + "." + base62(n)))
}

// base62 writes n with Apify's alphabet, which has the lower case first.
// big.Int's own base 62 has the same order: 0-9, a-z, A-Z.
func base62(n *big.Int) string {
	return n.Text(62)
}

// SignatureExpiry reads from a signature when it ends; the zero time means
// never. It needs no key, and so does not tell whether the signature is genuine.
func SignatureExpiry(signature string) (time.Time, error) {
	raw, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		return time.Time{}, errNotASignature
	}
	parts := strings.Split(string(raw), ".")
	if len(parts) != 3 || parts[0] != signatureVersion || parts[2] == "" {
		return time.Time{}, errNotASignature
	}
	ms, err := strconv.ParseUint(parts[1], 10, 53)
	if err != nil {
		return time.Time{}, errNotASignature
	}
	if ms == 0 {
		return time.Time{}, nil
	}
	return time.UnixMilli(int64(ms)).UTC(), nil
}

// goodUntil tells whether a signature's expiry leaves it good until a time.
func goodUntil(expires, until time.Time) bool {
	return expires.IsZero() || !expires.Before(until)
}

// splitSignature takes the signature out of an items URL. The rest compares
// equal for two URLs that differ in their signatures alone.
func splitSignature(itemsURL string) (rest, signature string, err error) {
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

// IsSigned tells whether an items URL carries a signature.
func IsSigned(itemsURL string) bool {
	_, signature, err := splitSignature(itemsURL)
	return err == nil && signature != ""
}

// KeepsWorking tells whether a signed items URL that was handed out before does
// the same as a fresh one of the same dataset: only their signatures differ, and
// the earlier one is good until the given time at least. The dataset's signing
// key, where the token may know it, exposes a signature that a new key has made
// worthless.
func KeepsWorking(earlier, fresh string, dataset *Dataset, until time.Time) bool {
	earlierRest, signature, err := splitSignature(earlier)
	if err != nil || signature == "" {
		return false
	}
	freshRest, freshSignature, err := splitSignature(fresh)
	if err != nil || freshSignature == "" || earlierRest != freshRest {
		return false
	}
	if _, err := SignatureExpiry(freshSignature); err != nil {
		return false
	}
	expires, err := SignatureExpiry(signature)
	if err != nil || !goodUntil(expires, until) {
		return false
	}
	if key := dataset.URLSigningSecretKey; key != nil && *key != "" {
		return Sign(*key, dataset.ID, expires) == signature
	}
	return true
}
