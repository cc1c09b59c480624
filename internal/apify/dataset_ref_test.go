package apify

import (
	"net/url"
	"strings"
	"testing"
)

func TestParseDatasetRef(t *testing.T) {
	t.Parallel()
	const (
		id      = "WkzbQMuFYuamGv3YF"
		empty   = "the reference is empty"
		invalid = "neither an ID"

		noDataset = "the URL is not that of a dataset"

		aName    = "needs a leading ~, as in ~"
		noUser   = "no username before the slash"
		badUser  = "not a username"
		badName  = "not a dataset name"
		longest  = "a2345678901234567890123456789012345678901234567890123456789b123"
		tooLong  = longest + "4"
		longUser = "some_user.with-all-of.it_"
	)
	for _, test := range []struct {
		in, want, id, name, err string
	}{
		{in: id, want: id, id: id},
		{in: "A", want: "A", id: "A"},
		{in: "~my-data", want: "~my-data", name: "my-data"},
		{in: "~" + longest, want: "~" + longest, name: longest},
		{in: "jane~my-data", want: "jane~my-data", name: "my-data"},
		{in: "jane/my-data", want: "jane~my-data", name: "my-data"},
		{in: longUser + "/x", want: longUser + "~x", name: "x"},
		{in: id + "~x", want: id + "~x", name: "x"}, // a user's ID
		{in: "https://console.apify.com/storage/datasets/" + id, want: id, id: id},
		{in: "https://console.apify.com/storage/datasets/" + id + "/?tab=items#x", want: id, id: id},
		{in: "https://console.apify.com/organization/abc/storage/datasets/" + id, want: id, id: id},
		{in: "https://api.apify.com/v2/datasets/" + id + "/items?signature=abc&format=csv", want: id, id: id},
		{in: "http://localhost:3333/v2/datasets/jane~my-data", want: "jane~my-data", name: "my-data"},
		{in: "https://api.apify.com/v2/datasets/~my-data", want: "~my-data", name: "my-data"},
		{in: "https://console.apify.com/storage/datasets/", err: noDataset},
		{in: "https://console.apify.com/storage/key-value-stores/" + id, err: noDataset},
		{in: "https://console.apify.com/datasets", err: noDataset},
		{in: "https://", err: noDataset},
		{in: "https://api.apify.com/v2/datasets/a_b", err: invalid},
		{in: "https://api.apify.com/v2/datasets/%2e%2e/x", err: invalid},
		{in: "https://[::1/v2/datasets/" + id, err: noDataset},
		{in: "", err: empty},
		{in: "my-data", err: aName + "my-data"},
		{in: "-", err: invalid},
		{in: " " + id, err: invalid},
		{in: id + "\n", err: invalid},
		{in: "my_data", err: invalid},
		{in: "datasets?limit=1", err: invalid},
		{in: "..", err: invalid},
		{in: "žluť", err: invalid},
		{in: "/my-data", err: noUser},
		{in: "/", err: noUser},
		{in: "../x", err: badUser},
		{in: "jane./x", err: badUser},
		{in: "a b~x", err: badUser},
		{in: "jane/doe~x", err: badUser},
		{in: "~", err: badName},
		{in: "jane~", err: badName},
		{in: "jane/", err: badName},
		{in: "~~x", err: badName},
		{in: "jane~x~y", err: badName},
		{in: "jane/x/y", err: badName},
		{in: "~-x", err: badName},
		{in: "~x-", err: badName},
		{in: "~x_y", err: badName},
		{in: "~x\n", err: badName},
		{in: "~" + tooLong, err: badName},
	} {
		t.Run(test.in, func(t *testing.T) {
			got, err := ParseDatasetRef(test.in)
			if test.err != "" {
				if err == nil || !strings.Contains(err.Error(), test.err) || got != "" {
					t.Errorf("got %q, %v, want an error that contains %q", got, err, test.err)
				}
				return
			}
			if err != nil || string(got) != test.want || got.ID() != test.id || got.name() != test.name {
				t.Errorf("got %q with ID %q and name %q, %v, want %q, %q, %q", got, got.ID(), got.name(), err, test.want, test.id, test.name)
			}
		})
	}
}

func TestEqualDatasetNames(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"case-test", "Case-Test", true},
		{"case-test", "case-test", true},
		{"case-test", "case-tes", false},
		{"a-b", "a_b", false},
		{"", "", true},
		{"a", "", false},
	} {
		if got := EqualDatasetNames(test.a, test.b); got != test.want {
			t.Errorf("EqualDatasetNames(%q, %q) = %t", test.a, test.b, got)
		}
	}
}

func FuzzParseDatasetRef(f *testing.F) {
	for _, seed := range []string{
		"WkzbQMuFYuamGv3YF", "~my-data", "jane~my-data", "jane/my-data", "my-data", "", "~", "/", "a/b/c", "a~b~c",
		"../../users/me", "x?y=z#w", "\x00", "a%2Fb", "~\u212a",
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, s string) {
		ref, err := ParseDatasetRef(s)
		if err != nil {
			if ref != "" || err.Error() == "" {
				t.Fatalf("got %q with the error %v", ref, err)
			}
			return
		}
		if (ref.ID() == "") == (ref.name() == "") {
			t.Errorf("%q contains both an ID and a name, or neither", ref)
		}
		if again, err := ParseDatasetRef(string(ref)); err != nil || again != ref {
			t.Errorf("ParseDatasetRef(%q) = %q, %v, want the same", ref, again, err)
		}
		// A reference is always one segment of a path.
		u, err := url.Parse("https://api.test" + ref.path() + "/items")
		if err != nil {
			t.Fatal(err)
		}
		if want := "/v2/datasets/" + string(ref) + "/items"; u.Path != want || u.EscapedPath() != want || u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("the URL with %q is %s", ref, u)
		}
	})
}
