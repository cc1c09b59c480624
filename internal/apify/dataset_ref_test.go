package apify

import (
	"net/url"
	"strings"
	"testing"
)

func TestParseRef(t *testing.T) {
	const (
		id       = "WkzbQMuFYuamGv3YF"
		empty    = "it is empty"
		nothing  = "neither an id"
		aName    = "with a ~ in front, as ~"
		noUser   = "no user name before the slash"
		badUser  = "not a user name"
		badName  = "not a dataset's name"
		longest  = "a2345678901234567890123456789012345678901234567890123456789b123"
		tooLong  = longest + "4"
		longUser = "some_user.with-all-of.it_"
	)
	for _, test := range []struct {
		in, want, id, name, fails string
	}{
		{in: id, want: id, id: id},
		{in: "A", want: "A", id: "A"},
		{in: "~my-data", want: "~my-data", name: "my-data"},
		{in: "~" + longest, want: "~" + longest, name: longest},
		{in: "jane~my-data", want: "jane~my-data", name: "my-data"},
		{in: "jane/my-data", want: "jane~my-data", name: "my-data"},
		{in: longUser + "/x", want: longUser + "~x", name: "x"},
		{in: id + "~x", want: id + "~x", name: "x"}, // the id of a user
		{in: "", fails: empty},
		{in: "my-data", fails: aName + "my-data"},
		{in: "-", fails: nothing},
		{in: " " + id, fails: nothing},
		{in: id + "\n", fails: nothing},
		{in: "my_data", fails: nothing},
		{in: "datasets?limit=1", fails: nothing},
		{in: "..", fails: nothing},
		{in: "žluť", fails: nothing},
		{in: "/my-data", fails: noUser},
		{in: "/", fails: noUser},
		{in: "../x", fails: badUser},
		{in: "jane./x", fails: badUser},
		{in: "a b~x", fails: badUser},
		{in: "jane/doe~x", fails: badUser},
		{in: "~", fails: badName},
		{in: "jane~", fails: badName},
		{in: "jane/", fails: badName},
		{in: "~~x", fails: badName},
		{in: "jane~x~y", fails: badName},
		{in: "jane/x/y", fails: badName},
		{in: "~-x", fails: badName},
		{in: "~x-", fails: badName},
		{in: "~x_y", fails: badName},
		{in: "~x\n", fails: badName},
		{in: "~" + tooLong, fails: badName},
	} {
		t.Run(test.in, func(t *testing.T) {
			got, err := ParseDatasetRef(test.in)
			if test.fails != "" {
				if err == nil || !strings.Contains(err.Error(), test.fails) || got != "" {
					t.Errorf("got %q, %v, want an error with %q", got, err, test.fails)
				}
				return
			}
			if err != nil || string(got) != test.want || got.ID() != test.id || got.name() != test.name {
				t.Errorf("got %q with id %q and name %q, %v, want %q, %q, %q", got, got.ID(), got.name(), err, test.want, test.id, test.name)
			}
		})
	}
}

func TestEqualNames(t *testing.T) {
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

func FuzzParseRef(f *testing.F) {
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
			t.Errorf("%q is both an id and a name, or neither", ref)
		}
		if again, err := ParseDatasetRef(string(ref)); err != nil || again != ref {
			t.Errorf("%q becomes %q, %v when read again", ref, again, err)
		}
		// Whatever was written, it stays one segment of the path it belongs in.
		u, err := url.Parse("https://api.test" + ref.path() + "/items")
		if err != nil {
			t.Fatal(err)
		}
		if want := "/v2/datasets/" + string(ref) + "/items"; u.Path != want || u.EscapedPath() != want || u.RawQuery != "" || u.Fragment != "" {
			t.Errorf("%q leads to %s", ref, u)
		}
	})
}
