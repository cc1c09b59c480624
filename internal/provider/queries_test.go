package provider

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

const someID = "WkzbQMuFYuamGv3YF"

// TestDatasetDataSource reads a dataset in all ways in which it can be referred to.
func TestDatasetDataSource(t *testing.T) {
	t.Parallel()
	s := newTwoAccounts(t)
	own := s.API.Seed(emulator.Dataset{Name: "Own", Title: "A title", Items: items(2), Schema: []byte(schemaA)})
	shared := s.API.Seed(emulator.Dataset{Name: "Shared", UserID: otherID, SharedWith: map[string]emulator.Permission{"owner": emulator.PermissionRead}})
	unnamed := s.API.Seed(emulator.Dataset{})
	s.Recorder.Inject(onRequest(getDataset, emulator.Fault{Mutate: setField("fields", []string{"a", "b/0"})}))
	w := s.newWalk(t, nil)
	for _, test := range []struct {
		config values
		want   string // ID, or the text of the error
	}{
		{values{"id": own.ID}, own.ID},
		{values{"id": "https://api.apify.com/v2/datasets/" + own.ID + "/items?token=x"}, own.ID},
		{values{"id": unnamed.ID}, unnamed.ID},
		{values{"name": "own"}, own.ID},
		{values{"name": "shared", "username": "other"}, shared.ID},
		{values{"name": "shared"}, "does not exist, or the API token has no access to it"},
		{values{"id": someID}, "Apify dataset not found"},
		{values{"id": "Own"}, "To read a dataset by its name, use the attribute name of data"},
		{values{"id": "https://example.com/?token=secret"}, `got "https://example.com/"`},
		{values{"name": "own_data"}, "contains the character '_' (U+005F)"},
		{values{"id": own.ID, "name": "own"}, "Exactly one of these attributes must be configured: [id,name]"},
		{values{}, "Exactly one of these attributes"},
		{values{"id": own.ID, "username": "other"}, "name"},
	} {
		got, ds := w.readDataSource(t.Context(), "apify_dataset", test.config)
		if len(ds) > 0 && !strings.Contains(strings.Join(strings.Fields(ds.String()), " "), test.want) || len(ds) == 0 && got["id"] != test.want {
			t.Errorf("%v: got %v, want %s\n%s", test.config, got["id"], test.want, ds)
		}
	}
	got, _ := w.readDataSource(t.Context(), "apify_dataset", values{"id": own.ID})
	for attribute, want := range map[string]string{
		"name": "Own", "user_id": ownerID, "general_access": "FOLLOW_USER_SETTING", "item_count": "2", "clean_item_count": "2", "schema": schemaA,
		"fields": "[a b/0]", "username": "<nil>",
	} {
		if fmt.Sprint(got[attribute]) != want {
			t.Errorf("%s is %v, want %s", attribute, got[attribute], want)
		}
	}
	for _, attribute := range []string{"created_at", "modified_at", "accessed_at", "console_url", "items_public_url", "stats"} {
		if got[attribute] == nil {
			t.Errorf("%s is null", attribute)
		}
	}
}

// newListWorld seeds named and unnamed, empty and full, own and shared datasets, and returns their
// names or IDs, oldest first.
func newListWorld(t *testing.T, options emulator.Options) (s *testServer, labels map[string]string) {
	t.Helper()
	s, labels = newTwoAccountsWith(t, options), map[string]string{}
	start := time.Now().Add(-time.Hour)
	for i, d := range []emulator.Dataset{
		{Name: "Orders-1"}, {Items: items(1)}, {Name: "orders-2", Items: items(1)}, {},
		{Name: "shared", UserID: otherID, SharedWith: map[string]emulator.Permission{"owner": emulator.PermissionRead}}, {Name: "last"},
	} {
		d.CreatedAt = start.Add(time.Duration(i) * time.Minute)
		labels[s.API.Seed(d).ID] = []string{"orders1", "unnamed", "orders2", "", "shared", "last"}[i]
	}
	return s, labels
}

// listTests are the filters of the data source and of the list resource.
var listTests = []struct {
	config values
	want   string
}{
	{values{}, "orders1 orders2 shared last"},
	{values{"unnamed": true}, "orders1 unnamed orders2 shared last"}, // the API leaves out empty unnamed ones
	{values{"ownership": "ownedByMe"}, "orders1 orders2 last"},
	{values{"ownership": "sharedWithMe"}, "shared"},
	{values{"name_prefix": "ORDERS-"}, "orders1 orders2"},
	{values{"name_prefix": "none"}, ""},
	{values{"unnamed": true, "ownership": "ownedByMe", "name_prefix": "o"}, "orders1 orders2"},
}

// TestDatasetsDataSource lists datasets, oldest first, whether or not the server filters them.
func TestDatasetsDataSource(t *testing.T) {
	t.Parallel()
	for _, pageLimit := range []int{0, 2} {
		s, labels := newListWorld(t, emulator.Options{PageLimit: pageLimit})
		for _, test := range listTests {
			got, ds := s.newWalk(t, nil).readDataSource(t.Context(), "apify_datasets", test.config)
			ds.expect(t)
			var found []string
			all, _ := got["datasets"].([]any)
			for _, d := range all {
				found = append(found, labels[d.(values)["id"].(string)])
			}
			if strings.Join(found, " ") != test.want {
				t.Errorf("%v with pages of %d: got %q, want %s", test.config, pageLimit, found, test.want)
			}
		}
	}
	s, _ := newListWorld(t, emulator.Options{})
	_, ds := s.newWalk(t, nil).readDataSource(t.Context(), "apify_datasets", values{"ownership": "mine"})
	ds.expectText(t, "ownedByMe")
	s.Recorder.Inject(refusal(getDatasets, 403, "insufficient-permissions"))
	_, ds = s.newWalk(t, nil).readDataSource(t.Context(), "apify_datasets", values{})
	ds.expect(t, errRefused)
}

// TestDatasetListResource lists datasets for terraform query.
func TestDatasetListResource(t *testing.T) {
	t.Parallel()
	s, labels := newListWorld(t, emulator.Options{PageLimit: 2})
	w := s.newWalk(t, nil)
	for _, test := range listTests {
		for limit := range int64(3) {
			for _, whole := range []bool{false, true} {
				results, ds := w.list(t.Context(), test.config, limit, whole)
				ds.expect(t)
				want := strings.Fields(test.want)
				if limit > 0 {
					want = want[:min(int(limit), len(want))]
				}
				var got []string
				for _, r := range results {
					got = append(got, labels[r.id])
					d, _ := s.API.Dataset(r.id)
					if name := d.Name; r.displayName != name && (name != "" || r.displayName != r.id) {
						t.Errorf("the display name of %s is %q", r.id, r.displayName)
					}
					if whole && (r.resource["id"] != r.id || r.resource["console_url"] == nil || r.resource["adopt_existing"] != true || r.resource["force_destroy"] != false) {
						t.Errorf("the resource is %v", r.resource)
					}
				}
				if !slices.Equal(got, want) {
					t.Errorf("%v, limit %d: got %q, want %q", test.config, limit, got, want)
				}
			}
		}
	}
	s.Recorder.Reset()
	w.list(t.Context(), values{}, 2, false)
	s.expectSent(t, getDatasets) // no page beyond the limit

	s.Recorder.Inject(refusal(getDataset, 404, "record-not-found")) // deleted since the list was read
	if results, ds := w.list(t.Context(), values{}, 0, true); len(results)+len(ds) > 0 {
		t.Errorf("got %v\n%s", results, ds)
	}
	s.Recorder.ClearFaults()
	fault := refusal(getDatasets, 500, "internal-error")
	fault.Skip = 1
	s.Recorder.Inject(fault)
	results, ds := s.newWalk(t, values{"max_retries": 0}).list(t.Context(), values{}, 0, false)
	if ds.expect(t, errUnreachable); len(results) != 2 {
		t.Errorf("got %d results before the error", len(results))
	}
}

// TestDatasetItemsURL signs URLs that expire, with all options.
func TestDatasetItemsURL(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 6, 7, 8, 9, 123e6, time.UTC)
	s := newEmulatorWithClock(t, &now)
	d := s.API.Seed(emulator.Dataset{GeneralAccess: "RESTRICTED", Items: items(3)})
	public := s.API.Seed(emulator.Dataset{GeneralAccess: "ANYONE_WITH_ID_CAN_READ"})
	w := s.newWalk(t, nil)
	got, ds := w.openItemsURL(t.Context(), values{"dataset_id": d.ID, "expires_in": "10m", "limit": 2})
	ds.expect(t)
	itemsURL, _ := got["url"].(string)
	if status, body, err := get(t.Context(), itemsURL); err != nil || status != http.StatusOK || got["expires_at"] != "2026-05-06T07:18:10Z" || strings.Count(body, "{") != 2 {
		t.Errorf("%s expires at %v and returns %d: %s", itemsURL, got["expires_at"], status, body)
	}
	now = now.Add(10*time.Minute + time.Second)
	if status, _, err := get(t.Context(), itemsURL); err != nil || status < 400 {
		t.Errorf("after it has expired, the URL returns %d", status)
	}
	got, _ = w.openItemsURL(t.Context(), values{"dataset_id": public.ID})
	if u := got["url"]; u != s.URL+"/v2/datasets/"+public.ID+"/items" || got["expires_at"] != nil {
		t.Errorf("the URL of a public dataset is %v, and expires at %v", u, got["expires_at"])
	}
	got, ds = w.openItemsURL(t.Context(), values{
		"dataset_id": d.ID, "format": "csv", "fields": []any{"a", "b&c"}, "output_fields": []any{"A", "B"}, "omit": []any{"d"},
		"clean": false, "limit": 5, "offset": 0, "desc": true, "view": "over view", "unwind": []any{"e", "f"}, "flatten": []any{"g", "h"},
		"skip_empty": true, "skip_hidden": false, "skip_header_row": true, "delimiter": "\t", "bom": true, "attachment": false,
		"xml_root": "r", "xml_row": "w", "feed_title": "t", "feed_description": "x",
	})
	ds.expect(t) // options without effect are valid
	u, _ := url.Parse(got["url"].(string))
	query := u.Query()
	signature, err := base64.RawURLEncoding.DecodeString(query.Get("signature"))
	expiresAt, _ := time.Parse(time.RFC3339, got["expires_at"].(string))
	if want := fmt.Sprintf("0.%d.", expiresAt.UnixMilli()); err != nil || !strings.HasPrefix(string(signature), want) || expiresAt.Sub(now) < time.Hour {
		t.Errorf("the signature is %q, and the URL expires at %s", signature, expiresAt)
	}
	query.Del("signature")
	const want = "attachment=0&bom=1&clean=0&delimiter=%09&desc=1&feedDescription=x&feedTitle=t&fields=a%2Cb%26c&flatten=g%2Ch&format=csv&limit=5" +
		"&offset=0&omit=d&outputFields=A%2CB&skipEmpty=1&skipHeaderRow=1&skipHidden=0&unwind=e%2Cf&view=over+view&xmlRoot=r&xmlRow=w"
	if query.Encode() != want {
		t.Errorf("got the query\n%s, want\n%s", query.Encode(), want)
	}
	s.expectWrites(t)
}

// TestDatasetItemsURL_errors has options that the API would refuse, and datasets that cannot be
// signed for.
func TestDatasetItemsURL_errors(t *testing.T) {
	t.Parallel()
	s := newTwoAccounts(t)
	d := s.API.Seed(emulator.Dataset{GeneralAccess: "RESTRICTED"})
	for _, test := range []struct {
		token  string
		config values
		want   string
	}{
		{readOnlyToken, values{}, "cannot read the signing key of dataset " + d.ID},
		{ownerToken, values{"dataset_id": someID}, "does not exist"},
		{ownerToken, values{"dataset_id": "https://api.apify.com/v2/datasets/" + d.ID}, "must be a dataset ID (letters and digits), got"},
		{ownerToken, values{"expires_in": "0s"}, "must be a positive duration"},
		{ownerToken, values{"limit": 0}, "must be a whole number of at least 1, got 0"},
		{ownerToken, values{"offset": 1.5}, "must be a whole number of at least 0, got 1.5"},
		{ownerToken, values{"format": "yaml"}, "json"},
		{ownerToken, values{"delimiter": "ab"}, "must be one character"},
		{ownerToken, values{"fields": []any{"a,b"}}, "without a comma"},
		{ownerToken, values{"output_fields": []any{"a", "b"}, "fields": []any{"c"}}, "got 2 names for 1 fields"},
		{ownerToken, values{"output_fields": []any{"a"}}, "got 1 names for 0 fields"},
		{ownerToken, values{"xml_root": ""}, "at least 1"},
	} {
		if test.config["dataset_id"] == nil {
			test.config["dataset_id"] = d.ID
		}
		_, ds := s.newWalk(t, values{"token": test.token}).openItemsURL(t.Context(), test.config)
		if len(ds.errors()) != 1 || !ds.has(test.want) {
			t.Errorf("%v: want %q, got\n%s", test.config, test.want, ds)
		}
	}
	w := s.newWalk(t, nil)
	w.validateEphemeral("apify_dataset_items_url", values{"dataset_id": unknown{}, "output_fields": []any{"a"}, "fields": unknown{}}).expect(t)
}

// TestDatasetImport imports by every reference, and plans no change afterwards.
func TestDatasetImport(t *testing.T) {
	t.Parallel()
	s := newTwoAccounts(t)
	own := s.API.Seed(emulator.Dataset{Name: "own", GeneralAccess: "RESTRICTED", Schema: []byte(schemaA)})
	word := s.API.Seed(emulator.Dataset{Name: "SeventeenLetters1"})
	other := s.API.Seed(emulator.Dataset{Name: "theirs", UserID: otherID, SharedWith: map[string]emulator.Permission{"owner": emulator.PermissionWrite}})
	const warning = "Warning: Apify dataset of another account imported"
	for _, test := range []struct {
		ref, id string
		want    []string
		text    string
	}{
		{own.ID, own.ID, nil, ""},
		{"~own", own.ID, nil, ""},
		{"~OWN", own.ID, nil, ""},
		{"owner~own", own.ID, nil, ""},
		{"owner/own", own.ID, nil, ""},
		{"https://api.apify.com/v2/datasets/owner~own/items", own.ID, nil, ""},
		{"~" + word.Name, word.ID, nil, ""},
		{"other/theirs", other.ID, []string{warning}, "belongs to account " + otherID + ", and the API token belongs to account owner (ID " + ownerID},
		{"orders", "", []string{"Error: Not an Apify dataset ID"}, "terraform import apify_dataset.NAME '~orders'"},
		{someID, "", []string{"Error: Apify dataset not found"}, "does not exist"},
		{"my-orders", "", []string{"Error: Invalid Apify dataset reference"}, "as in ~my-orders"},
		{"https://example.com/x?token=secret", "", []string{"Error: Invalid Apify dataset reference"}, `"https://example.com/x" does not`},
	} {
		w := s.newWalk(t, nil)
		got, ds := w.importID(t.Context(), test.ref)
		ds.expect(t, test.want...)
		ds.expectText(t, test.text)
		if test.id == "" {
			continue
		}
		if w.id(got) != test.id || w.idIn(got.identity) != test.id {
			t.Errorf("%s: got the ID %s and the identity %s", test.ref, w.id(got), w.idIn(got.identity))
		}
		state := w.values(got.state)
		s.expectNoChanges(t, got, values{"name": state["name"], "general_access": state["general_access"], "schema": state["schema"]})
	}
	s.Recorder.Inject(unknownAccount)
	_, ds := s.newWalk(t, nil).importID(t.Context(), "other/theirs")
	ds.expect(t)
}

// TestValidators has configurations that terraform validate refuses or allows.
func TestValidators(t *testing.T) {
	t.Parallel()
	w := newEmulator(t, emulator.Options{}).newWalk(t, nil)
	long := strings.Repeat("a", 63)
	for _, test := range []struct {
		config values
		want   string // "" if the configuration is valid
	}{
		{values{"name": "a"}, ""},
		{values{"name": long}, ""},
		{values{"name": "A-1-b"}, ""},
		{values{"name": someID}, ""},
		{values{"name": unknown{}}, ""},
		{values{"name": long + "a"}, "has 64 characters"},
		{values{"name": ""}, "omit the attribute or set it to null"},
		{values{"name": "-a"}, `"-a" starts or ends with a hyphen`},
		{values{"name": "a_b"}, "contains the character '_' (U+005F)"},
		{values{"name": "größe"}, "contains the character 'ö' (U+00F6)"},
		{values{"name": "\ufeffa"}, "contains a byte order mark (U+FEFF)"},
		{values{"general_access": "PUBLIC"}, "RESTRICTED"},
		{values{"general_access": "ANYONE_WITH_NAME_CAN_READ"}, "only if the dataset has a name"},
		{values{"general_access": "ANYONE_WITH_NAME_CAN_READ", "name": unknown{}}, ""},
		{values{"general_access": "ANYONE_WITH_NAME_CAN_READ", "name": "a"}, ""},
		{values{"schema": schemaA}, ""},
		{values{"schema": "{}"}, ""}, // Apify decides
		{values{"schema": "{"}, "JSON"},
		{values{"schema": "\ufeff" + schemaA}, "byte order mark (U+FEFF)"},
		{values{"schema": "[]"}, "must be a JSON object"},
		{values{"timeouts": values{"create": "1h30m"}}, ""},
		{values{"timeouts": values{"create": "10"}}, "timeouts.create must be a duration"},
		{values{"timeouts": values{"delete": "-1s"}}, "timeouts.delete must be a positive duration"},
	} {
		if ds := w.validate(test.config); len(ds) > 0 != (test.want != "") || len(ds) > 0 && !ds.has(test.want) {
			t.Errorf("%v: want %q, got\n%s", test.config, test.want, ds)
		}
	}
	for _, test := range []struct {
		config values
		want   string
	}{
		{values{}, ""}, // without a token
		{values{"max_retries": 20, "request_timeout": "1m", "allowed_accounts": []any{"a"}, "base_url": "https://a.example/v2"}, ""},
		{values{"max_retries": 21}, "must be a whole number between 0 and 20, got 21"},
		{values{"max_retries": -1}, "got -1"},
		{values{"max_retries": 1.5}, "got 1.5"},
		{values{"request_timeout": "0s"}, "positive"},
		{values{"allowed_accounts": []any{}}, "at least 1"},
		{values{"allowed_accounts": []any{""}}, "at least 1"},
		{values{"allowed_accounts": []any{"a", nil}}, "null"},
		{values{"base_url": "api.apify.com"}, "has no scheme"},
		{values{"base_url": "https://me:secret@a.example"}, "contains a username or password"},
		{values{"base_url": "https://a.example?x=1"}, "query"},
	} {
		resp := must(w.server.ValidateProviderConfig(t.Context(), &tfprotov6.ValidateProviderConfigRequest{Config: w.object(w.schema.Provider, test.config)}))
		if ds := diagnostics(resp.Diagnostics); len(ds) > 0 != (test.want != "") || len(ds) > 0 && !ds.has(test.want) || strings.Contains(ds.String(), "secret") {
			t.Errorf("%v: want %q, got\n%s", test.config, test.want, ds)
		}
	}
}
