package apify

import (
	"errors"
	"net/http"
	"net/url"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

func TestItemsURL(t *testing.T) {
	const (
		public = "https://api.apify.com/v2/datasets/" + testID + "/items"
		ours   = "https://gateway.example/apify/v2/datasets/" + testID + "/items"
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
		{name: "options of the server's own", dataset: Dataset{ItemsPublicURL: ptr(public + "?format=json&x=1")}, options: options,
			want: public + "?fields=a%2Cb&format=csv&x=1"},
		{name: "no key", dataset: Dataset{ItemsPublicURL: ptr(public + "?signature=old")}, err: ErrNoSigningKey},
		{name: "an empty key", dataset: Dataset{ItemsPublicURL: ptr(public + "?signature=old"), URLSigningSecretKey: ptr("")}, err: ErrNoSigningKey},
		{name: "no public URL, but a key", dataset: Dataset{URLSigningSecretKey: ptr(testKey)}, want: ours + "?signature=" + signature, signed: true},
		{name: "neither, as the local platform", want: ours},
		{name: "neither, restricted", dataset: Dataset{GeneralAccess: ptr(Restricted)}, err: ErrNoSigningKey},
		{name: "neither, by the account's setting", dataset: Dataset{GeneralAccess: ptr(FollowUserSetting)}, err: ErrNoSigningKey},
		{name: "neither, for anyone with the id", dataset: Dataset{GeneralAccess: ptr(AnyoneWithIDCanRead)}, want: ours},
		{name: "neither, for anyone with the name", dataset: Dataset{GeneralAccess: ptr(AnyoneWithNameCanRead)}, want: ours},
		{name: "an unreadable public URL", dataset: Dataset{ItemsPublicURL: ptr("http://[::1")}, want: ours},
	} {
		t.Run(test.name, func(t *testing.T) {
			test.dataset.ID = testID
			c := newTestClient(t, "https://gateway.example/apify/v2")
			got, signed, err := c.DatasetItemsURL(&test.dataset, expires, test.options)
			if got != test.want || signed != test.signed || !errors.Is(err, test.err) {
				t.Errorf("got %s, %t, %v, want %s, %t, %v", got, signed, err, test.want, test.signed, test.err)
			}
		})
	}
}

// What is signed here opens on the server, for as long as it says.
func TestItemsURLOpens(t *testing.T) {
	now := time.Now()
	s := startServer(t, emulator.Options{Now: func() time.Time { return now }})
	there := s.API.Seed(emulator.Dataset{Name: "restricted", GeneralAccess: "RESTRICTED"})
	c := newTestClient(t, s.URL)
	d := must(c.GetDataset(t.Context(), DatasetIDRef(there.ID)))(t)
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
		s.API.Update(there.ID, func(*emulator.Dataset) { now = now.Add(test.after) })
		req := must(http.NewRequestWithContext(t.Context(), http.MethodGet, test.url, http.NoBody))(t)
		resp, err := c.http.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
		if got := resp.StatusCode; got/100 != test.status/100 {
			t.Errorf("after %s: %d, want %d", test.after, got, test.status)
		}
		s.API.Update(there.ID, func(*emulator.Dataset) { now = now.Add(-test.after) })
	}
}
