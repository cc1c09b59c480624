package emulator

import (
	"strings"
	"testing"
	"time"
)

// knownSignatures are from Apify's own tests, or were computed with @apify/utilities.
var knownSignatures = []struct {
	key, id   string
	expires   int64 // milliseconds since the epoch, 0 for never
	signature string
}{
	{"hmac-secret-key", "resource-id", 0, "MC4wLjNUd2ZFRTY1OXVmU05zbVM0N2xS"},
	{"secret-key-for-testing", "WkzbQMuFYuamGv3YF", 0, "MC4wLjFtb04xdksxQ3ZwazJnYXhoUFpHVw"},
	{"secret-key-for-testing", "WkzbQMuFYuamGv3YF", 1893456000000, "MC4xODkzNDU2MDAwMDAwLnRqY0xlSXZGeG83NWZ3R1d1SjRJ"},
	{strings.Repeat("x", 40), strings.Repeat("A", 17), 0, "MC4wLjE0YWE2bVlGbGFyTFFwdkZOOHFlOQ"},
}

func TestSign_known(t *testing.T) {
	t.Parallel()
	for _, known := range knownSignatures {
		expires := time.Time{}
		if known.expires != 0 {
			expires = time.UnixMilli(known.expires)
		}
		if got := sign(known.key, known.id, expires); got != known.signature {
			t.Errorf("sign(%q, %q, %d) = %s, want %s", known.key, known.id, known.expires, got, known.signature)
		}
	}
}

func TestVerifySignature(t *testing.T) {
	t.Parallel()
	expiry := time.UnixMilli(1893456000000)
	permanent, temporary := knownSignatures[1], knownSignatures[2]
	for name, test := range map[string]struct {
		signature, key, id string
		now                time.Time
		want               bool
	}{
		"permanent":         {permanent.signature, permanent.key, permanent.id, expiry.AddDate(100, 0, 0), true},
		"before its expiry": {temporary.signature, temporary.key, temporary.id, expiry.Add(-time.Millisecond), true},
		"at its expiry":     {temporary.signature, temporary.key, temporary.id, expiry, false},
		"other key":         {permanent.signature, "another", permanent.id, expiry, false},
		"other dataset":     {permanent.signature, permanent.key, "another", expiry, false},
		"later expiry":      {encodeSignature("0.1993456000000.tjcLeIvFxo75fwGWuJ4I"), temporary.key, temporary.id, expiry, false},
		"no expiry":         {encodeSignature("0.0.tjcLeIvFxo75fwGWuJ4I"), temporary.key, temporary.id, expiry, false},
		"other version":     {encodeSignature("1.0.1moN1vK1Cvpk2gaxhPZGW"), permanent.key, permanent.id, expiry, false},
		"invalid expiry":    {encodeSignature("0.soon.1moN1vK1Cvpk2gaxhPZGW"), permanent.key, permanent.id, expiry, false},
		"two parts":         {encodeSignature("0.0"), permanent.key, permanent.id, expiry, false},
		"invalid base64":    {"?", permanent.key, permanent.id, expiry, false},
		"padded base64":     {temporary.signature + "=", temporary.key, temporary.id, expiry.Add(-time.Hour), false},
	} {
		if got := verifySignature(test.signature, test.key, test.id, test.now); got != test.want {
			t.Errorf("%s: got %v, want %v", name, got, test.want)
		}
	}
}
