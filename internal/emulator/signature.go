package emulator

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
	"strconv"
	"strings"
	"time"
)

const (
	// signatureVersion is the first part of every signature that @apify/utilities creates.
	signatureVersion = "0"
	// signatureHexDigits is the number of the HMAC's hexadecimal digits in a signature.
	signatureHexDigits = 30
)

// sign returns a signature with which everyone can read the items of the dataset with this ID. It
// never expires if expires is the zero time. It is createStorageContentSignature of
// @apify/utilities.
func sign(key, id string, expires time.Time) string {
	millis := int64(0)
	if !expires.IsZero() {
		millis = expires.UnixMilli()
	}
	expiry := strconv.FormatInt(millis, 10)
	return encodeSignature(strings.Join([]string{signatureVersion, expiry, digest(key, expiry, id)}, "."))
}

func encodeSignature(parts string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(parts))
}

// verifySignature reports whether a signature was created with this key for the dataset with this
// ID, and has not expired.
func verifySignature(signature, key, id string, now time.Time) bool {
	decoded, err := base64.RawURLEncoding.DecodeString(signature)
	if err != nil {
		return false
	}
	parts := strings.Split(string(decoded), ".")
	if len(parts) != 3 || parts[0] != signatureVersion {
		return false
	}
	expires, err := strconv.ParseInt(parts[1], 10, 64)
	if err != nil || expires != 0 && now.UnixMilli() >= expires {
		return false
	}
	return hmac.Equal([]byte(parts[2]), []byte(digest(key, parts[1], id)))
}

func digest(key, expiry, id string) string {
	mac := hmac.New(sha256.New, []byte(key))
	// Writing to a hash never fails.
	_, _ = fmt.Fprintf(mac, "%s.%s.%s", signatureVersion, expiry, id)
	digits := hex.EncodeToString(mac.Sum(nil))[:signatureHexDigits]
	number, _ := new(big.Int).SetString(digits, 16)
	return number.Text(62) // with the alphabet of Apify's libraries
}
