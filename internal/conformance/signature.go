package conformance

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/big"
)

// sign returns the signature of the items of the dataset with this ID. It expires at a time in
// milliseconds since the epoch, or never if that is 0.
func sign(key, id string, expires int64) string {
	mac := hmac.New(sha256.New, []byte(key))
	// Writing to a hash never fails.
	_, _ = fmt.Fprintf(mac, "0.%d.%s", expires, id)
	number, _ := new(big.Int).SetString(hex.EncodeToString(mac.Sum(nil))[:30], 16)
	// In base 62, Apify's digits are those of math/big.
	return base64.RawURLEncoding.EncodeToString(fmt.Appendf(nil, "0.%d.%s", expires, number.Text(62)))
}
