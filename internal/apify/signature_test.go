package apify

import (
	"encoding/base64"
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"
)

const (
	testKey = "secret-key-for-testing"
	testID  = "WkzbQMuFYuamGv3YF"
)

// signatures are known results: the first is from the tests of Apify's @apify/utilities, and the
// others were computed with that library.
var signatures = []struct {
	key, id   string
	expires   time.Time
	signature string
}{
	{"hmac-secret-key", "resource-id", time.Time{}, "MC4wLjNUd2ZFRTY1OXVmU05zbVM0N2xS"},
	{testKey, testID, time.Time{}, "MC4wLjFtb04xdksxQ3ZwazJnYXhoUFpHVw"},
	{testKey, testID, time.UnixMilli(1893456000000), "MC4xODkzNDU2MDAwMDAwLnRqY0xlSXZGeG83NWZ3R1d1SjRJ"},
	{strings.Repeat("x", 40), strings.Repeat("A", 17), time.Time{}, "MC4wLjE0YWE2bVlGbGFyTFFwdkZOOHFlOQ"},
}

func TestSign(t *testing.T) {
	t.Parallel()
	for _, test := range signatures {
		if got := Sign(test.key, test.id, test.expires); got != test.signature {
			t.Errorf("Sign(%q, %q, %v) = %s, want %s", test.key, test.id, test.expires, got, test.signature)
		}
		got, err := SignatureExpiry(test.signature)
		if err != nil || !got.Equal(test.expires) || got.IsZero() != test.expires.IsZero() {
			t.Errorf("SignatureExpiry(%s) = %v, %v, want %v", test.signature, got, err, test.expires)
		}
	}
}

func TestSign_milliseconds(t *testing.T) {
	t.Parallel()
	expires := time.Date(2030, 1, 1, 12, 0, 0, 123_999_999, time.FixedZone("", 3600))
	got, err := SignatureExpiry(Sign(testKey, testID, expires))
	if want := time.Date(2030, 1, 1, 11, 0, 0, 123_000_000, time.UTC); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

// encodeSignature encodes any content as [Sign] encodes a signature.
func encodeSignature(content string) string {
	return base64.RawURLEncoding.EncodeToString([]byte(content))
}

func TestSignatureExpiry_invalid(t *testing.T) {
	t.Parallel()
	for name, signature := range map[string]string{
		"empty":              "",
		"not base64":         "***",
		"padded base64":      "MC4wLjFtb04xdksxQ3ZwazJnYXhoUFpHVw==",
		"not encoded":        "0.0.1moN1vK1Cvpk2gaxhPZGW",
		"another version":    encodeSignature("1.0.abc"),
		"no version":         encodeSignature("0.abc"),
		"no hash":            encodeSignature("0.0."),
		"four parts":         encodeSignature("0.0.abc.def"),
		"negative expiry":    encodeSignature("0.-5.abc"),
		"expiry with a sign": encodeSignature("0.+5.abc"),
		"no expiry":          encodeSignature("0..abc"),
		"expiry in words":    encodeSignature("0.never.abc"),
		"huge expiry":        encodeSignature("0.9007199254740993.abc"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if got, err := SignatureExpiry(signature); err == nil {
				t.Errorf("got %v, want an error", got)
			}
		})
	}
}

func TestIsValidUntil(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 8, 7, 0, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		expires, until time.Time
		want           bool
	}{
		{time.Time{}, now, true},
		{now.Add(time.Millisecond), now, true},
		{now, now, true},
		{now.Add(-time.Millisecond), now, false},
	} {
		if got := IsValidUntil(test.expires, test.until); got != test.want {
			t.Errorf("IsValidUntil(%v, %v) = %t", test.expires, test.until, got)
		}
	}
}

func TestSplitSignature(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		in, rest, signature string
		invalid             bool
	}{
		{in: "https://api.test/items?signature=x", rest: "https://api.test/items", signature: "x"},
		{in: "https://api.test/items", rest: "https://api.test/items"},
		{in: "https://api.test/items?format=csv&signature=x&fields=a", rest: "https://api.test/items?fields=a&format=csv", signature: "x"},
		{in: "https://api.test/items?signature=x&signature=y", rest: "https://api.test/items", signature: "x"},
		{in: "https://api.test/items?signature=", rest: "https://api.test/items"},
		{in: "", rest: ""},
		{in: "https://api.test/items?signature=x&%zz", invalid: true},
		{in: "http://[::1?signature=x", invalid: true},
	} {
		rest, signature, err := SplitSignature(test.in)
		if rest != test.rest || signature != test.signature || (err != nil) != test.invalid {
			t.Errorf("SplitSignature(%q) = %q, %q, %v, want %q, %q", test.in, rest, signature, err, test.rest, test.signature)
		}
	}
}

func TestSplitSignature_signed(t *testing.T) {
	t.Parallel()
	for itemsURL, want := range map[string]bool{
		signedURL(testKey, time.Time{}):               true,
		"https://api.test/items?a=b&signature=x":      true,
		"https://api.test/items?signature=":           false,
		"https://api.test/items":                      false,
		"https://api.test/items?xsignature=a":         false,
		"https://api.test/items#signature=a":          false,
		"https://api.test/items?signature=x&%zz=more": false,
		"": false,
	} {
		_, signature, err := SplitSignature(itemsURL)
		if got := err == nil && signature != ""; got != want {
			t.Errorf("%q is signed: %t", itemsURL, got)
		}
	}
}

func FuzzSign(f *testing.F) {
	for _, s := range signatures {
		f.Add(s.key, s.id, s.expires.UnixMilli())
	}
	f.Add("", "", int64(1))
	f.Add("k", "a.b", int64(1)<<53-1)
	f.Fuzz(func(t *testing.T, key, id string, ms int64) {
		if ms <= 0 || ms >= 1<<53 {
			return // before 1970, or not an exact number in JavaScript
		}
		expires := time.UnixMilli(ms)
		signature := Sign(key, id, expires)
		if got, err := SignatureExpiry(signature); err != nil || !got.Equal(expires) {
			t.Errorf("%s expires at %v, %v, want %v", signature, got, err, expires)
		}
		if url.QueryEscape(signature) != signature {
			t.Errorf("%s must be escaped in a URL", signature)
		}
		for _, other := range []string{Sign(key+"x", id, expires), Sign(key, id+"x", expires), Sign(key, id, expires.Add(time.Millisecond))} {
			if other == signature {
				t.Errorf("%s is the signature of another key, dataset or expiry too", signature)
			}
		}
	})
}

func FuzzSignatureExpiry(f *testing.F) {
	for _, s := range signatures {
		f.Add(s.signature)
	}
	for _, content := range []string{"0.0.", "0.1.2.3", "1.0.a", "0.-1.a", "0.99999999999999999999.a", "0.007.a"} {
		f.Add(encodeSignature(content))
	}
	f.Add("*")
	f.Fuzz(func(t *testing.T, signature string) {
		expires, err := SignatureExpiry(signature)
		if err != nil {
			return
		}
		ms := int64(0)
		if !expires.IsZero() {
			ms = expires.UnixMilli()
		}
		raw, err := base64.RawURLEncoding.DecodeString(signature)
		if err != nil {
			t.Fatal(err)
		}
		parts := strings.Split(string(raw), ".")
		if got := strings.TrimLeft(parts[1], "0"); len(parts) != 3 || parts[0] != "0" || got != strings.TrimLeft(fmt.Sprint(ms), "0") {
			t.Errorf("%q expires at %d", raw, ms)
		}
	})
}

func FuzzSplitSignature(f *testing.F) {
	for _, seed := range []string{
		"https://api.test/items?signature=x", "https://api.test/items?a=b;c&signature=x", "https://api.test/items?signature=x#fragment",
		"?signature=a%26signature%3Db", "", "http://[::1", "%zz",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, itemsURL string) {
		rest, _, err := SplitSignature(itemsURL)
		if err != nil {
			return
		}
		again, signature, err := SplitSignature(rest)
		if err != nil || signature != "" || again != rest {
			t.Errorf("%q without its signature is %q, and SplitSignature of that returns %q, %q, %v", itemsURL, rest, again, signature, err)
		}
	})
}

func BenchmarkSign(b *testing.B) {
	expires := time.UnixMilli(1893456000000)
	b.ReportAllocs()
	for b.Loop() {
		Sign(testKey, testID, expires)
	}
}
