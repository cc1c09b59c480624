package apify

import (
	"encoding/base64"
	"errors"
	"net/url"
	"strings"
	"testing"
	"time"
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
	expires := time.Date(2030, 1, 1, 12, 0, 0, 123_999_999, time.FixedZone("", 3600))
	got, err := SignatureExpiry(Sign(testKey, testID, expires))
	if want := time.Date(2030, 1, 1, 11, 0, 0, 123_000_000, time.UTC); err != nil || got != want {
		t.Errorf("got %v, %v, want %v", got, err, want)
	}
}

func TestSignatureExpiry_invalid(t *testing.T) {
	t.Parallel()
	invalid := []string{"", "***", "MC4wLjFtb04xdksxQ3ZwazJnYXhoUFpHVw==", "0.0.1moN1vK1Cvpk2gaxhPZGW"}
	for _, content := range []string{
		"1.0.abc", "0.abc", "0.0.", "0.0.abc.def", "0.-5.abc", "0.+5.abc", "0..abc", "0.never.abc", "0.9007199254740993.abc",
	} {
		invalid = append(invalid, base64.RawURLEncoding.EncodeToString([]byte(content)))
	}
	for _, signature := range invalid {
		if got, err := SignatureExpiry(signature); err == nil {
			t.Errorf("%q: got %v, want an error", signature, got)
		}
	}
}

func TestDatasetItemsURL(t *testing.T) {
	t.Parallel()
	const (
		public = "https://api.apify.com/v2/datasets/" + testID + "/items"
		own    = "https://gateway.example/apify/v2/datasets/" + testID + "/items"
		// Signed until 1893456000000 with the test key.
		signature = "MC4xODkzNDU2MDAwMDAwLnRqY0xlSXZGeG83NWZ3R1d1SjRJ"
	)
	options := url.Values{"format": {"csv"}, "fields": {"a,b"}}
	key := ptr(testKey)
	for _, test := range []struct {
		name    string
		dataset Dataset
		options url.Values
		want    string
		err     error
	}{
		{"plain", Dataset{ItemsPublicURL: ptr(public), URLSigningSecretKey: key}, nil, public, nil},
		{"options in the public URL", Dataset{ItemsPublicURL: ptr(public + "?format=json&x=1")}, options, public + "?fields=a%2Cb&format=csv&x=1", nil},
		{"signed with options", Dataset{ItemsPublicURL: ptr(public + "?signature=old"), URLSigningSecretKey: key}, options,
			public + "?fields=a%2Cb&format=csv&signature=" + signature, nil},
		{"no key", Dataset{ItemsPublicURL: ptr(public + "?signature=old")}, nil, "", ErrNoSigningKey},
		{"empty key", Dataset{ItemsPublicURL: ptr(public + "?signature=old"), URLSigningSecretKey: ptr("")}, nil, "", ErrNoSigningKey},
		{"restricted, plain", Dataset{ItemsPublicURL: ptr(public), GeneralAccess: ptr(Restricted), URLSigningSecretKey: key}, nil, public + "?signature=" + signature, nil},
		{"no public URL, but a key", Dataset{URLSigningSecretKey: key}, nil, own + "?signature=" + signature, nil},
		{"neither, local platform", Dataset{}, nil, own, nil},
		{"neither, restricted", Dataset{GeneralAccess: ptr(Restricted)}, nil, "", ErrNoSigningKey},
		{"neither, account's setting", Dataset{GeneralAccess: ptr(FollowUserSetting)}, nil, "", ErrNoSigningKey},
		{"neither, anyone with the ID", Dataset{GeneralAccess: ptr(AnyoneWithIDCanRead)}, nil, own, nil},
		{"neither, anyone with the name", Dataset{GeneralAccess: ptr(AnyoneWithNameCanRead)}, nil, own, nil},
	} {
		test.dataset.ID = testID
		c := newTestClient(t, nil, func(c *Config) { c.BaseURL = "https://gateway.example/apify/v2" })
		got, signed, err := c.DatasetItemsURL(&test.dataset, time.UnixMilli(1893456000000), test.options)
		if got != test.want || signed != strings.Contains(test.want, "signature") || !errors.Is(err, test.err) {
			t.Errorf("%s: got %s, %t, %v, want %s, %v", test.name, got, signed, err, test.want, test.err)
		}
	}
	// A public URL that cannot be parsed never becomes a plain URL of a restricted dataset.
	for _, public := range []string{"http://[::1", "https://api.apify.com/items?signature=%zz", ":", "", "?signature=abc", "/v2/x", "//api.apify.com/x", "mailto:x", "https:///x"} {
		d := &Dataset{ID: testID, GeneralAccess: ptr(Restricted), ItemsPublicURL: &public, URLSigningSecretKey: key}
		if got, signed, err := newTestClient(t, nil).DatasetItemsURL(d, time.Time{}, nil); err == nil || got != "" || signed {
			t.Errorf("%s: got %q, %t, %v", public, got, signed, err)
		}
	}
}

// signedURL returns an items URL in the API's form.
func signedURL(key string, expires time.Time) string {
	return "https://api.apify.com/v2/datasets/" + testID + "/items?signature=" + Sign(key, testID, expires)
}

func TestCanReuseItemsURL(t *testing.T) {
	t.Parallel()
	until := time.Date(2026, 8, 14, 0, 0, 0, 0, time.UTC)
	valid, latest := signedURL(testKey, until), signedURL(testKey, until.AddDate(0, 0, 7))
	plain := "https://api.apify.com/v2/datasets/" + testID + "/items"
	key, other := ptr(testKey), signedURL("another-key", until)
	for _, test := range []struct {
		name, earlier, latest string
		key                   *string
		want                  bool
	}{
		{"never expires", signedURL(testKey, time.Time{}), latest, nil, true},
		{"valid until that time", valid, latest, nil, true},
		{"expires a millisecond earlier", signedURL(testKey, until.Add(-time.Millisecond)), latest, nil, false},
		{"same key", valid, latest, key, true},
		{"empty key", valid, latest, ptr(""), true},
		{"another key", other, latest, key, false},
		{"another key, which the token cannot see", other, latest, nil, true},
		// The server signs with something else than the key that the client has, so the key proves
		// nothing.
		{"a key that does not reproduce the latest signature", other, signedURL("another-key", until.AddDate(0, 0, 7)), key, true},
		{"another dataset", strings.ReplaceAll(valid, testID, "AnotherDataset001"), latest, nil, false},
		{"another host", strings.Replace(valid, "api.apify.com", "api.example.com", 1), latest, nil, false},
		{"another option", valid + "&format=csv", latest, nil, false},
		{"another order of the options", plain + "?format=csv&signature=" + Sign(testKey, testID, until), latest + "&format=csv", nil, true},
		{"invalid earlier signature", plain + "?signature=abc", latest, nil, false},
		{"invalid latest signature", valid, plain + "?signature=abc", nil, false},
		{"earlier URL not signed", plain, latest, nil, false},
		{"latest URL not signed", valid, plain, nil, false},
		{"neither URL signed", plain, plain, nil, false},
		{"invalid earlier query", valid + "&%zz", latest, nil, false},
		{"invalid latest URL", valid, "http://[::1", nil, false},
		{"no URLs", "", "", nil, false},
	} {
		if got := CanReuseItemsURL(test.earlier, test.latest, &Dataset{ID: testID, URLSigningSecretKey: test.key}, until); got != test.want {
			t.Errorf("%s: got %t for %s and %s", test.name, got, test.earlier, test.latest)
		}
	}
}
