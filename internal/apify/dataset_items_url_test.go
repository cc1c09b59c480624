package apify

import (
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

func TestDatasetItemsURL(t *testing.T) {
	t.Parallel()
	const (
		public = "https://api.apify.com/v2/datasets/" + testID + "/items"
		own    = "https://gateway.example/apify/v2/datasets/" + testID + "/items"
		// Signed until 1893456000000 with the test key.
		signature = "MC4xODkzNDU2MDAwMDAwLnRqY0xlSXZGeG83NWZ3R1d1SjRJ"
	)
	expires := time.UnixMilli(1893456000000)
	options := url.Values{"format": {"csv"}, "fields": {"a,b"}}
	for _, test := range []struct {
		name    string
		dataset Dataset
		options url.Values
		want    string
		signed  bool
		err     error
	}{
		{name: "plain", dataset: Dataset{ItemsPublicURL: ptr(public), URLSigningSecretKey: ptr(testKey)}, want: public},
		{name: "plain with options", dataset: Dataset{ItemsPublicURL: ptr(public)}, options: options, want: public + "?fields=a%2Cb&format=csv"},
		{name: "signed", dataset: Dataset{ItemsPublicURL: ptr(public + "?signature=old"), URLSigningSecretKey: ptr(testKey)},
			want: public + "?signature=" + signature, signed: true},
		{name: "signed with options", dataset: Dataset{ItemsPublicURL: ptr(public + "?signature=old"), URLSigningSecretKey: ptr(testKey)}, options: options,
			want: public + "?fields=a%2Cb&format=csv&signature=" + signature, signed: true},
		{name: "options in the public URL", dataset: Dataset{ItemsPublicURL: ptr(public + "?format=json&x=1")}, options: options,
			want: public + "?fields=a%2Cb&format=csv&x=1"},
		{name: "no key", dataset: Dataset{ItemsPublicURL: ptr(public + "?signature=old")}, err: ErrNoSigningKey},
		{name: "empty key", dataset: Dataset{ItemsPublicURL: ptr(public + "?signature=old"), URLSigningSecretKey: ptr("")}, err: ErrNoSigningKey},
		{name: "no public URL, but a key", dataset: Dataset{URLSigningSecretKey: ptr(testKey)}, want: own + "?signature=" + signature, signed: true},
		{name: "neither, local platform", want: own},
		{name: "neither, restricted", dataset: Dataset{GeneralAccess: ptr(Restricted)}, err: ErrNoSigningKey},
		{name: "neither, account's setting", dataset: Dataset{GeneralAccess: ptr(FollowUserSetting)}, err: ErrNoSigningKey},
		{name: "neither, anyone with the ID", dataset: Dataset{GeneralAccess: ptr(AnyoneWithIDCanRead)}, want: own},
		{name: "neither, anyone with the name", dataset: Dataset{GeneralAccess: ptr(AnyoneWithNameCanRead)}, want: own},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			test.dataset.ID = testID
			c := newTestClient(t, "https://gateway.example/apify/v2")
			got, signed, err := c.DatasetItemsURL(&test.dataset, expires, test.options)
			if got != test.want || signed != test.signed || !errors.Is(err, test.err) {
				t.Errorf("got %s, %t, %v, want %s, %t, %v", got, signed, err, test.want, test.signed, test.err)
			}
		})
	}
}

// TestDatasetItemsURL_invalidPublicURL checks that a public URL which cannot be parsed is an error,
// and never becomes a plain URL of a restricted dataset.
func TestDatasetItemsURL_invalidPublicURL(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, "https://gateway.example")
	for _, public := range []string{"http://[::1", "https://api.apify.com/items?signature=%zz", ":", "", "?signature=abc", "/v2/datasets/x/items", "//api.apify.com/items", "mailto:x", "https:///items"} {
		d := &Dataset{ID: testID, GeneralAccess: ptr(Restricted), ItemsPublicURL: &public, URLSigningSecretKey: ptr(testKey)}
		if got, signed, err := c.DatasetItemsURL(d, time.Time{}, nil); err == nil || got != "" || signed {
			t.Errorf("%s: got %q, %t, %v", public, got, signed, err)
		}
	}
}

// TestDatasetItemsURL_plainPublicURL signs the URL of a restricted dataset that the server returned
// without a signature.
func TestDatasetItemsURL_plainPublicURL(t *testing.T) {
	t.Parallel()
	c := newTestClient(t, "https://gateway.example")
	public := "https://api.apify.com/v2/datasets/" + testID + "/items"
	expires := time.Now().Add(time.Hour)
	d := &Dataset{ID: testID, GeneralAccess: ptr(Restricted), ItemsPublicURL: &public, URLSigningSecretKey: ptr(testKey)}
	got, signed, err := c.DatasetItemsURL(d, expires, nil)
	if want := public + "?signature=" + Sign(testKey, testID, expires); got != want || !signed || err != nil {
		t.Errorf("got %q, %t, %v, want %q", got, signed, err, want)
	}
	d.URLSigningSecretKey = nil
	if got, _, err := c.DatasetItemsURL(d, expires, nil); !errors.Is(err, ErrNoSigningKey) || got != "" {
		t.Errorf("without the key: got %q, %v", got, err)
	}
	d.GeneralAccess = ptr(AnyoneWithIDCanRead)
	if got, signed, err := c.DatasetItemsURL(d, expires, nil); got != public || signed || err != nil {
		t.Errorf("readable by anyone: got %q, %t, %v", got, signed, err)
	}
}

// TestDatasetItemsURL_serverAccepts checks that a server accepts a signed URL until it expires.
func TestDatasetItemsURL_serverAccepts(t *testing.T) {
	t.Parallel()
	now := time.Now()
	s := startServer(t, emulator.Options{Now: func() time.Time { return now }})
	seeded := s.API.Seed(emulator.Dataset{Name: "restricted", GeneralAccess: "RESTRICTED"})
	c := newTestClient(t, s.URL)
	d := must(c.GetDataset(t.Context(), DatasetIDRef(seeded.ID)))(t)
	itemsURL, signed, err := c.DatasetItemsURL(d, now.Add(time.Hour), url.Values{"format": {"csv"}})
	if err != nil || !signed {
		t.Fatalf("got %s, %t, %v", itemsURL, signed, err)
	}
	for _, test := range []struct {
		url    string
		after  time.Duration
		status int
	}{
		{itemsURL, 0, http.StatusOK},
		{itemsURL, 59 * time.Minute, http.StatusOK},
		{itemsURL, time.Hour + time.Second, http.StatusForbidden},
		{itemsURL + "x", 0, http.StatusForbidden},
	} {
		s.API.Update(seeded.ID, func(*emulator.Dataset) { now = now.Add(test.after) })
		req := must(http.NewRequestWithContext(t.Context(), http.MethodGet, test.url, http.NoBody))(t)
		resp, err := c.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		if got := resp.StatusCode; got != test.status {
			t.Errorf("after %s: the status is %d, want %d", test.after, got, test.status)
		}
		s.API.Update(seeded.ID, func(*emulator.Dataset) { now = now.Add(-test.after) })
	}
}

// signedURL returns an items URL in the API's form.
func signedURL(key string, expires time.Time) string {
	return "https://api.apify.com/v2/datasets/" + testID + "/items?signature=" + Sign(key, testID, expires)
}

func TestCanReuseItemsURL(t *testing.T) {
	t.Parallel()
	until := time.Date(2026, 8, 14, 0, 0, 0, 0, time.UTC)
	valid := signedURL(testKey, until)
	latest := signedURL(testKey, until.AddDate(0, 0, 7))
	plain := "https://api.apify.com/v2/datasets/" + testID + "/items"
	for _, test := range []struct {
		name    string
		earlier string
		latest  string // the one above unless set
		key     *string
		want    bool
	}{
		{name: "valid for longer", earlier: signedURL(testKey, until.Add(time.Hour)), want: true},
		{name: "never expires", earlier: signedURL(testKey, time.Time{}), want: true},
		{name: "valid until that time", earlier: valid, want: true},
		{name: "expires a millisecond earlier", earlier: signedURL(testKey, until.Add(-time.Millisecond))},
		{name: "expired a year ago", earlier: signedURL(testKey, until.AddDate(-1, 0, 0))},
		{name: "same key", earlier: valid, key: ptr(testKey), want: true},
		{name: "empty key", earlier: valid, key: ptr(""), want: true},
		{name: "another key", earlier: signedURL("another-key", until), key: ptr(testKey)},
		{name: "another key, which the token cannot see", earlier: signedURL("another-key", until), want: true},
		{name: "another dataset", earlier: strings.ReplaceAll(valid, testID, "AnotherDataset001")},
		{name: "another host", earlier: strings.Replace(valid, "api.apify.com", "api.example.com", 1)},
		{name: "another scheme", earlier: strings.Replace(valid, "https", "http", 1)},
		{name: "another option", earlier: valid + "&format=csv"},
		{name: "another order of the options", earlier: plain + "?format=csv&signature=" + Sign(testKey, testID, until),
			latest: latest + "&format=csv", want: true},
		{name: "invalid earlier signature", earlier: plain + "?signature=abc"},
		{name: "invalid latest signature", earlier: valid, latest: plain + "?signature=abc"},
		{name: "earlier URL not signed", earlier: plain},
		{name: "latest URL not signed", earlier: valid, latest: plain},
		{name: "neither URL signed", earlier: plain, latest: plain},
		{name: "no earlier URL"},
		{name: "no latest URL", earlier: valid, latest: " "},
		{name: "invalid earlier URL", earlier: "http://[::1?signature=" + Sign(testKey, testID, until)},
		{name: "invalid earlier query", earlier: valid + "&%zz"},
		{name: "invalid latest URL", earlier: valid, latest: "http://[::1"},
		// The server signs with something else than the key that the client has, so the key proves
		// nothing.
		{name: "a key that does not reproduce the latest signature", earlier: signedURL("another-key", until),
			latest: signedURL("another-key", until.AddDate(0, 0, 7)), key: ptr(testKey), want: true},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if test.latest == "" {
				test.latest = latest
			}
			d := &Dataset{ID: testID, URLSigningSecretKey: test.key}
			if got := CanReuseItemsURL(test.earlier, test.latest, d, until); got != test.want {
				t.Errorf("got %t for %s and %s", got, test.earlier, test.latest)
			}
		})
	}
}

func FuzzCanReuseItemsURL(f *testing.F) {
	until := time.Date(2026, 8, 14, 0, 0, 0, 0, time.UTC)
	valid := signedURL(testKey, until.AddDate(0, 0, 1))
	for _, earlier := range []string{
		valid,
		signedURL(testKey, until.Add(-time.Millisecond)),
		signedURL("another-key", time.Time{}),
		strings.Replace(valid, "https", "http", 1),
		valid + "&signature=second",
		valid + "&a=b;c",
		valid + "#fragment",
		"https://api.apify.com/v2/datasets/" + testID + "/items",
		"", "?signature=" + encodeSignature("0.0.x"), "http://[::1", "%zz",
	} {
		f.Add(earlier, valid)
	}
	d := &Dataset{ID: testID, URLSigningSecretKey: ptr(testKey)}
	withoutKey := &Dataset{ID: testID}
	f.Fuzz(func(t *testing.T, earlier, latest string) {
		if !CanReuseItemsURL(earlier, latest, d, until) {
			return
		}
		if !CanReuseItemsURL(earlier, latest, withoutKey, until) {
			t.Errorf("%q can be reused only if the key is known", earlier)
		}
		rest, signature, err := SplitSignature(earlier)
		if err != nil {
			t.Fatal(err)
		}
		latestRest, latestSignature, err := SplitSignature(latest)
		if err != nil || latestRest != rest {
			t.Errorf("%q and %q differ in more than the signature", earlier, latest)
		}
		if signature == "" || latestSignature == "" {
			t.Errorf("%q or %q is not signed", earlier, latest)
		}
		latestExpires, _ := SignatureExpiry(latestSignature)
		isKey := Sign(testKey, testID, latestExpires) == latestSignature // else the key proves nothing
		expires, err := SignatureExpiry(signature)
		if err != nil || !IsValidUntil(expires, until) || isKey && Sign(testKey, testID, expires) != signature {
			t.Errorf("%q has the signature %q, which expires at %v, %v", earlier, signature, expires, err)
		}
	})
}

func BenchmarkCanReuseItemsURL(b *testing.B) {
	until := time.Date(2026, 8, 14, 0, 0, 0, 0, time.UTC)
	earlier, latest := signedURL(testKey, until.Add(time.Hour)), signedURL(testKey, until.AddDate(0, 0, 7))
	d := &Dataset{ID: testID, URLSigningSecretKey: ptr(testKey)}
	b.ReportAllocs()
	for b.Loop() {
		if !CanReuseItemsURL(earlier, latest, d, until) {
			b.Fatal("the earlier URL is not reused")
		}
	}
}
