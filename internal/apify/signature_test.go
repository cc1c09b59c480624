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

// signatures are known answers: the first from the tests of Apify's
// @apify/utilities, the others computed with that library.
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

func TestSignKeepsMilliseconds(t *testing.T) {
	expires := time.Date(2030, 1, 1, 12, 0, 0, 123_999_999, time.FixedZone("", 3600))
	got, err := SignatureExpiry(Sign(testKey, testID, expires))
	if want := time.Date(2030, 1, 1, 11, 0, 0, 123_000_000, time.UTC); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

// encoded is a signature of the given content, which need not make sense.
func encoded(content string) string { return base64.RawURLEncoding.EncodeToString([]byte(content)) }

func TestSignatureExpiryOfNoSignature(t *testing.T) {
	for name, signature := range map[string]string{
		"empty":             "",
		"not base64":        "***",
		"padded base64":     "MC4wLjFtb04xdksxQ3ZwazJnYXhoUFpHVw==",
		"plain":             "0.0.1moN1vK1Cvpk2gaxhPZGW",
		"another version":   encoded("1.0.abc"),
		"no version":        encoded("0.abc"),
		"no code":           encoded("0.0."),
		"four parts":        encoded("0.0.abc.def"),
		"a negative expiry": encoded("0.-5.abc"),
		"a signed expiry":   encoded("0.+5.abc"),
		"no expiry":         encoded("0..abc"),
		"expiry in words":   encoded("0.never.abc"),
		"a huge expiry":     encoded("0.9007199254740993.abc"),
	} {
		t.Run(name, func(t *testing.T) {
			if got, err := SignatureExpiry(signature); err == nil {
				t.Errorf("got %v, want an error", got)
			}
		})
	}
}

// signedURL is an items URL as the API gives it.
func signedURL(key string, expires time.Time) string {
	return "https://api.apify.com/v2/datasets/" + testID + "/items?signature=" + Sign(key, testID, expires)
}

func TestCanReuseItemsURL(t *testing.T) {
	until := time.Date(2026, 8, 14, 0, 0, 0, 0, time.UTC)
	after := until.AddDate(0, 0, 7)
	fresh := signedURL(testKey, after)
	plain := "https://api.apify.com/v2/datasets/" + testID + "/items"
	for _, test := range []struct {
		name    string
		earlier string
		fresh   string // the one above unless set
		key     *string
		want    bool
	}{
		{name: "good until later", earlier: signedURL(testKey, until.Add(time.Hour)), want: true},
		{name: "good for ever", earlier: signedURL(testKey, time.Time{}), want: true},
		{name: "good until just then", earlier: signedURL(testKey, until), want: true},
		{name: "a millisecond short", earlier: signedURL(testKey, until.Add(-time.Millisecond))},
		{name: "long expired", earlier: signedURL(testKey, until.AddDate(-1, 0, 0))},
		{name: "the key is known", earlier: signedURL(testKey, until), key: ptr(testKey), want: true},
		{name: "the key is hidden", earlier: signedURL(testKey, until), key: ptr(""), want: true},
		{name: "the key has changed", earlier: signedURL("the-key-before", until), key: ptr(testKey)},
		{name: "the key has changed unseen", earlier: signedURL("the-key-before", until), want: true},
		{name: "another dataset's", earlier: strings.ReplaceAll(signedURL(testKey, until), testID, "AnotherDataset001")},
		{name: "another host's", earlier: strings.Replace(signedURL(testKey, until), "api.apify.com", "api.example.com", 1)},
		{name: "another scheme's", earlier: strings.Replace(signedURL(testKey, until), "https", "http", 1)},
		{name: "with an option more", earlier: signedURL(testKey, until) + "&format=csv"},
		{name: "in another order", earlier: plain + "?format=csv&signature=" + Sign(testKey, testID, until),
			fresh: fresh + "&format=csv", want: true},
		{name: "unreadable signature", earlier: plain + "?signature=abc"},
		{name: "unreadable fresh signature", earlier: signedURL(testKey, until), fresh: plain + "?signature=abc"},
		{name: "plain before", earlier: plain},
		{name: "plain now", earlier: signedURL(testKey, until), fresh: plain},
		{name: "plain for good", earlier: plain, fresh: plain},
		{name: "nothing before"},
		{name: "nothing now", earlier: signedURL(testKey, until), fresh: " "},
		{name: "no URL before", earlier: "http://[::1?signature=" + Sign(testKey, testID, until)},
		{name: "no query before", earlier: plain + "?signature=" + Sign(testKey, testID, until) + "&%zz"},
		{name: "no URL now", earlier: signedURL(testKey, until), fresh: "http://[::1"},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.fresh == "" {
				test.fresh = fresh
			}
			d := &Dataset{ID: testID, URLSigningSecretKey: test.key}
			if got := CanReuseItemsURL(test.earlier, test.fresh, d, until); got != test.want {
				t.Errorf("got %t for %s and %s", got, test.earlier, test.fresh)
			}
		})
	}
}

func TestIsSigned(t *testing.T) {
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
		if got := IsSigned(itemsURL); got != want {
			t.Errorf("IsSigned(%q) = %t", itemsURL, got)
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
			return // before 1970 or beyond what JavaScript counts exactly
		}
		expires := time.UnixMilli(ms)
		signature := Sign(key, id, expires)
		if got, err := SignatureExpiry(signature); err != nil || !got.Equal(expires) {
			t.Errorf("%s expires at %v, %v, want %v", signature, got, err, expires)
		}
		if url.QueryEscape(signature) != signature {
			t.Errorf("%s needs escaping", signature)
		}
		for _, other := range []string{Sign(key+"x", id, expires), Sign(key, id+"x", expires), Sign(key, id, expires.Add(time.Millisecond))} {
			if other == signature {
				t.Errorf("%s is the signature of something else as well", signature)
			}
		}
	})
}

func FuzzSignatureExpiry(f *testing.F) {
	for _, s := range signatures {
		f.Add(s.signature)
	}
	for _, content := range []string{"0.0.", "0.1.2.3", "1.0.a", "0.-1.a", "0.99999999999999999999.a", "0.007.a"} {
		f.Add(encoded(content))
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

func FuzzCanReuseItemsURL(f *testing.F) {
	until := time.Date(2026, 8, 14, 0, 0, 0, 0, time.UTC)
	good := signedURL(testKey, until.AddDate(0, 0, 1))
	for _, seed := range []string{
		good,
		signedURL(testKey, until.Add(-time.Millisecond)),
		signedURL("another-key", time.Time{}),
		strings.Replace(good, "https", "http", 1),
		good + "&signature=second",
		good + "&a=b;c",
		good + "#fragment",
		"https://api.apify.com/v2/datasets/" + testID + "/items",
		"", "?signature=" + encoded("0.0.x"), "http://[::1", "%zz",
	} {
		f.Add(seed, good)
	}
	d := &Dataset{ID: testID, URLSigningSecretKey: ptr(testKey)}
	keyless := &Dataset{ID: testID}
	f.Fuzz(func(t *testing.T, earlier, fresh string) {
		rest, signature, err := SplitSignature(earlier)
		if err == nil {
			if strings.Contains(signature, "&") { // as part of a value it is escaped
				signature = ""
			}
			again, left, err := SplitSignature(rest)
			if err != nil || left != "" || again != rest {
				t.Errorf("%q without its signature is %q, and that %q with %q, %v", earlier, rest, again, left, err)
			}
		}
		keeps := CanReuseItemsURL(earlier, fresh, d, until)
		if keeps && !CanReuseItemsURL(earlier, fresh, keyless, until) {
			t.Errorf("%q is known to keep working only where less is known of its key", earlier)
		}
		if !keeps {
			return
		}
		freshRest, _, err := SplitSignature(fresh)
		if err != nil || freshRest != rest {
			t.Errorf("%q leads elsewhere than %q", earlier, fresh)
		}
		if !IsSigned(earlier) || !IsSigned(fresh) || !signedUntil(earlier, until) {
			t.Errorf("%q does not keep working", earlier)
		}
		if expires, err := SignatureExpiry(signature); signature != "" && (err != nil || Sign(testKey, testID, expires) != signature) {
			t.Errorf("%q was not signed by the dataset's key", earlier)
		}
	})
}
