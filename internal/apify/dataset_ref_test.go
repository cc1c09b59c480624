package apify

import (
	"strings"
	"testing"
)

func TestParseDatasetRef(t *testing.T) {
	t.Parallel()
	const (
		id        = testID
		noDataset = "the URL is not that of a dataset"
		invalid   = "neither an ID"
		aName     = "needs a leading ~, as in ~"
		badUser   = "not a username"
		badName   = "not a dataset name"
		longest   = "a2345678901234567890123456789012345678901234567890123456789b123"
	)
	for _, test := range []struct{ in, want, id, name, err string }{
		{in: id, want: id, id: id},
		{in: "~my-data", want: "~my-data", name: "my-data"},
		{in: "~" + longest, want: "~" + longest, name: longest},
		{in: "jane~my-data", want: "jane~my-data", name: "my-data"},
		{in: "some_user.with-all-of.it_/x", want: "some_user.with-all-of.it_~x", name: "x"},
		{in: id + "~x", want: id + "~x", name: "x"}, // a user's ID
		{in: "https://console.apify.com/storage/datasets/" + id + "/?tab=items#x", want: id, id: id},
		{in: "https://console.apify.com/organization/abc/storage/datasets/" + id, want: id, id: id},
		{in: "https://api.apify.com/v2/datasets/" + id + "/items?signature=abc&format=csv", want: id, id: id},
		{in: "http://localhost:3333/v2/datasets/jane~my-data", want: "jane~my-data", name: "my-data"},
		{in: "https://console.apify.com/storage/datasets/", err: noDataset},
		{in: "https://console.apify.com/storage/key-value-stores/" + id, err: noDataset},
		{in: "https://", err: noDataset},
		{in: "https://api.apify.com/v2/datasets/a_b", err: invalid},
		{in: "https://api.apify.com/v2/datasets/%2e%2e/x", err: invalid},
		{in: "https://[::1/v2/datasets/" + id, err: noDataset},
		{in: "", err: "the reference is empty"},
		{in: "my-data", err: aName + "my-data"},
		{in: " " + id, err: invalid},
		{in: "datasets?limit=1", err: invalid},
		{in: "..", err: invalid},
		{in: "žluť", err: invalid},
		{in: "/my-data", err: "no username before the slash"},
		{in: "../x", err: badUser},
		{in: "jane./x", err: badUser},
		{in: "jane/doe~x", err: badUser},
		{in: "~", err: badName},
		{in: "~\u212a", err: badName}, // a K to strings.EqualFold
		{in: "jane/", err: badName},
		{in: "jane~x~y", err: badName},
		{in: "~x-", err: badName},
		{in: "~x_y", err: badName},
		{in: "~x\n", err: badName},
		{in: "~" + longest + "4", err: badName},
	} {
		got, err := ParseDatasetRef(test.in)
		if test.err != "" {
			if err == nil || !strings.Contains(err.Error(), test.err) || got != "" {
				t.Errorf("%q: got %q, %v, want an error that contains %q", test.in, got, err, test.err)
			}
		} else if err != nil || string(got) != test.want || got.ID() != test.id || got.name() != test.name {
			t.Errorf("%q: got %q with ID %q and name %q, %v", test.in, got, got.ID(), got.name(), err)
		}
	}
}

func TestLooksLikeDatasetID(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]bool{
		testID: true, "abcdefghijklmnopq": true, "ABCDEFGHIJKLMNOPQ": true, "12345678901234567": true,
		testID[1:]: false, testID + "a": false, "my-data-my-data-x": false, "": false, "ééééééééa": false,
	} {
		if LooksLikeDatasetID(s) != want {
			t.Errorf("%q: want %t", s, want)
		}
	}
	if !EqualDatasetNames("case-test", "Case-Test") || EqualDatasetNames("a-b", "a_b") || EqualDatasetNames("a", "") {
		t.Error("EqualDatasetNames")
	}
}
