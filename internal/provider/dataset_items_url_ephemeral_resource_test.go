package provider

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestDatasetItemsURL_expiry opens URLs before and after they expire.
func TestDatasetItemsURL_expiry(t *testing.T) {
	t.Parallel()
	s, clock := newEmulatorWithClock(t, time.Date(2026, 5, 6, 7, 8, 9, 123e6, time.UTC))
	d := s.API.Seed(emulator.Dataset{Name: "restricted", GeneralAccess: "RESTRICTED", Items: []json.RawMessage{
		json.RawMessage(`{"url":"a","price":1,"#hidden":true}`), json.RawMessage(`{"url":"b","price":2}`), json.RawMessage(`{}`),
	}})
	w := s.newWalk(t, nil)

	got, ds := w.openItemsURL(t.Context(), values{"dataset_id": d.ID})
	if len(ds) > 0 || got["expires_at"] != "2026-05-06T08:08:10Z" {
		t.Fatalf("%v\n%s", got, ds)
	}
	if status, body, _ := mustGet(t, got["url"].(string)); status != http.StatusOK || !strings.Contains(body, `"#hidden"`) {
		t.Errorf("the URL returns status %d: %s", status, body)
	}

	csv, ds := w.openItemsURL(t.Context(), values{
		"dataset_id": d.ID, "expires_in": "10m", "format": "csv", "fields": []string{"price", "url"}, "clean": true, "desc": true,
		"limit": 3, "offset": 0, "delimiter": ";", "bom": false, "attachment": true,
	})
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	status, body, header := mustGet(t, csv["url"].(string))
	if lines := strings.Fields(strings.ReplaceAll(body, `"`, "")); status != http.StatusOK || !slices.Equal(lines, []string{"price;url", "2;b", "1;a"}) {
		t.Errorf("the CSV has status %d: %q", status, body)
	}
	if !strings.HasPrefix(header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the headers are %v", header)
	}

	clock.advance(10 * time.Minute) // expires_in is rounded up
	if status, _, _ := mustGet(t, csv["url"].(string)); status != http.StatusOK {
		t.Errorf("before it expires the URL returns status %d", status)
	}
	clock.advance(2 * time.Second)
	if status, body, _ := mustGet(t, csv["url"].(string)); status < 400 || status > 499 {
		t.Errorf("after it has expired the URL returns status %d: %s", status, body)
	}
	if status, _, _ := mustGet(t, got["url"].(string)); status != http.StatusOK {
		t.Errorf("the other URL, valid for an hour, returns status %d", status)
	}
	s.expectWrites(t)
}

// TestDatasetItemsURL_options sets all item options.
func TestDatasetItemsURL_options(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	d := s.API.Seed(emulator.Dataset{GeneralAccess: "RESTRICTED"})
	got, ds := s.newWalk(t, nil).openItemsURL(t.Context(), values{
		"dataset_id": d.ID, "format": "csv", "fields": []string{"a", "b&c"}, "output_fields": []string{"A", "B"}, "omit": []string{"d"},
		"clean": false, "limit": 5, "offset": 6, "desc": true, "view": "over view", "unwind": []string{"e", "f"}, "flatten": []string{"g", "h"},
		"skip_empty": true, "skip_hidden": false, "skip_header_row": true, "delimiter": "\t", "bom": true, "attachment": false,
	})
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	u, err := url.Parse(got["url"].(string))
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	// A signature is the base64 of "VERSION.EXPIRY.HMAC", and EXPIRY is in milliseconds.
	signature, err := base64.RawURLEncoding.DecodeString(query.Get("signature"))
	expiresAt, _ := time.Parse(time.RFC3339, got["expires_at"].(string))
	if want := fmt.Sprintf("0.%d.", expiresAt.UnixMilli()); err != nil || !strings.HasPrefix(string(signature), want) {
		t.Errorf("the signature is %q (%v), want it to start with %q", signature, err, want)
	}
	query.Del("signature")
	const want = "attachment=0&bom=1&clean=0&delimiter=%09&desc=1&fields=a%2Cb%26c&flatten=g%2Ch&format=csv&limit=5&offset=6&omit=d" +
		"&outputFields=A%2CB&skipEmpty=1&skipHeaderRow=1&skipHidden=0&unwind=e%2Cf&view=over+view"
	if query.Encode() != want || u.Path != "/v2/datasets/"+d.ID+"/items" {
		t.Errorf("got the URL %s?%s, want the query %s", u.Path, query.Encode(), want)
	}
}

// TestDatasetItemsURL_formatOptions sets the options of XML and RSS.
func TestDatasetItemsURL_formatOptions(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	d := s.API.Seed(emulator.Dataset{GeneralAccess: "ANYONE_WITH_ID_CAN_READ"})
	for want, options := range map[string]values{
		"format=xml&xmlRoot=shop&xmlRow=offer":                  {"format": "xml", "xml_root": "shop", "xml_row": "offer"},
		"feedDescription=All+offers&feedTitle=A%26B&format=rss": {"format": "rss", "feed_title": "A&B", "feed_description": "All offers"},
		"format=csv&skipHeaderRow=0":                            {"format": "csv", "skip_header_row": false},
		"fields=headline%2Curl&outputFields=title%2Clink":       {"fields": []string{"headline", "url"}, "output_fields": []string{"title", "link"}},
	} {
		options["dataset_id"] = d.ID
		got, ds := s.newWalk(t, nil).openItemsURL(t.Context(), options)
		if len(ds) > 0 || got["url"] != s.URL+"/v2/datasets/"+d.ID+"/items?"+want {
			t.Errorf("%s: got %v and the diagnostics\n%s", want, got["url"], ds)
		}
	}
}

// TestDatasetItemsURL_invalidOptions has options that exclude each other. The validation reports
// them, without a request.
func TestDatasetItemsURL_invalidOptions(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	w := s.newWalk(t, nil)
	s.Recorder.Reset()
	two := []string{"a", "b"}
	for _, test := range []struct {
		options values
		text    string
	}{
		{values{"skip_header_row": true}, `skip_header_row has an effect only with format = "csv". Set format, or remove skip_header_row.`},
		{values{"skip_header_row": true, "format": "json"}, `skip_header_row has an effect only with format = "csv"`},
		{values{"delimiter": "ab", "format": "csv"}, "must be one character"},
		{values{"delimiter": "", "format": "csv"}, "must be one character"},
		{values{"delimiter": "\"", "format": "csv"}, "must be one character"},
		{values{"delimiter": ";", "format": "xlsx"}, `delimiter has an effect only with format = "csv"`},
		{values{"xml_root": "r", "format": "rss"}, `xml_root has an effect only with format = "xml"`},
		{values{"xml_row": "r"}, `xml_row has an effect only with format = "xml"`},
		{values{"feed_title": "t", "format": "xml"}, `feed_title has an effect only with format = "rss"`},
		{values{"feed_description": "t"}, `feed_description has an effect only with format = "rss"`},
		{values{"output_fields": two}, "got 2 names for 0 fields"},
		{values{"output_fields": two, "fields": []string{"a"}}, "got 2 names for 1 fields"},
		{values{"output_fields": []string{"a,b"}, "fields": []string{"a"}}, "contains no comma"},
		{values{"xml_root": "", "format": "xml"}, "xml_root string length must be at least 1"},
	} {
		test.options["dataset_id"] = "WkzbQMuFYuamGv3YF"
		if _, ds := w.openItemsURL(t.Context(), test.options); len(ds) != 1 || !ds.errors().has(test.text) {
			t.Errorf("%v has the diagnostics\n%s", test.options, ds)
		}
	}
	// Values that are unknown while planning can be valid.
	for _, options := range []values{
		{"skip_header_row": true, "format": unknown{}},
		{"output_fields": two, "fields": unknown{}},
		{"output_fields": unknown{}, "fields": two},
	} {
		options["dataset_id"] = "WkzbQMuFYuamGv3YF"
		if ds := w.validateEphemeral("apify_dataset_items_url", options); len(ds) > 0 {
			t.Errorf("%v has the diagnostics\n%s", options, ds)
		}
	}
	s.expectSent(t)
}

// TestDatasetItemsURL_unsigned opens the URL of a dataset that anyone with the ID can read.
func TestDatasetItemsURL_unsigned(t *testing.T) {
	t.Parallel()
	for name, options := range map[string]emulator.Options{"Apify": {}, "local platform": {LocalPlatform: true}} {
		s := newEmulator(t, options)
		d := s.API.Seed(emulator.Dataset{Name: "open", GeneralAccess: "ANYONE_WITH_ID_CAN_READ", Items: []json.RawMessage{json.RawMessage(`{"a":1}`)}})
		got, ds := s.newWalk(t, nil).openItemsURL(t.Context(), values{"dataset_id": d.ID, "limit": 1})
		if len(ds) > 0 || got["expires_at"] != nil || got["url"] != s.URL+"/v2/datasets/"+d.ID+"/items?limit=1" {
			t.Errorf("%s: got %v and the diagnostics\n%s", name, got, ds)
			continue
		}
		if status, body, _ := mustGet(t, got["url"].(string)); name == "Apify" && (status != http.StatusOK || body == "") {
			t.Errorf("%s: the URL returns status %d: %s", name, status, body)
		}
	}
}

// TestDatasetItemsURL_errors has datasets and configurations that have no URL.
func TestDatasetItemsURL_errors(t *testing.T) {
	t.Parallel()
	s := newTwoAccounts(t)
	mine := s.API.Seed(emulator.Dataset{Name: "mine", GeneralAccess: "RESTRICTED"})
	theirs := s.API.Seed(emulator.Dataset{Name: "theirs", UserID: otherID, GeneralAccess: "RESTRICTED"})
	for name, test := range map[string]struct {
		provider, config values
		texts            []string
	}{
		"a token that may not sign":    {values{"token": readOnlyToken}, values{"dataset_id": mine.ID}, []string{summarySign, mine.ID, "write permission"}},
		"a dataset of another account": {nil, values{"dataset_id": theirs.ID}, []string{summarySign, theirs.ID, "403"}},
		"a name":                       {nil, values{"dataset_id": "~mine"}, []string{"Invalid Apify dataset ID"}},
		"a malformed duration":         {nil, values{"dataset_id": mine.ID, "expires_in": "tomorrow"}, []string{"Invalid duration", "expires_in", `"tomorrow"`}},
		"a duration of zero":           {nil, values{"dataset_id": mine.ID, "expires_in": "0s"}, []string{"Invalid duration", "expires_in"}},
		"a field with a comma":         {nil, values{"dataset_id": mine.ID, "fields": []string{"a,b"}}, []string{"Invalid field name", `"a,b"`}},
		"an invalid format":            {nil, values{"dataset_id": mine.ID, "format": "yaml"}, []string{"format", "jsonl"}},
		"a negative offset":            {nil, values{"dataset_id": mine.ID, "offset": -1}, []string{"offset"}},
	} {
		got, ds := s.newWalk(t, test.provider).openItemsURL(t.Context(), test.config)
		if got != nil || !ds.errors().has(test.texts...) {
			t.Errorf("%s: got %v and the diagnostics\n%s", name, got, ds)
		}
	}
}

// TestDatasetItemsURL_invalidPublicURL has an itemsPublicUrl that the provider cannot take apart.
// An unsigned URL would be useless for a restricted dataset.
func TestDatasetItemsURL_invalidPublicURL(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	for _, access := range []string{"RESTRICTED", "ANYONE_WITH_ID_CAN_READ"} {
		d := s.API.Seed(emulator.Dataset{GeneralAccess: access})
		for _, address := range []string{"https://[::1/items", "%zz", "https://api.apify.com/v2/datasets/x/items?signature=%zz"} {
			s.Recorder.ClearFaults()
			s.Recorder.Inject(onRequest(getDataset, emulator.Fault{Mutate: setField("itemsPublicUrl", address)}))
			got, ds := s.newWalk(t, nil).openItemsURL(t.Context(), values{"dataset_id": d.ID})
			if got != nil || len(ds) != 1 || !ds.errors().has(summarySign, d.ID, "an itemsPublicUrl", "not a valid URL") {
				t.Errorf("%q: got %v and the diagnostics\n%s", address, got, ds)
			}
		}
	}
}

// TestDatasetItemsURL_wholeNumbers has numbers that are not whole numbers in the range.
func TestDatasetItemsURL_wholeNumbers(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	w := s.newWalk(t, nil)
	for attribute, least := range map[string]int{"limit": 1, "offset": 0} {
		for _, n := range []any{1.5, 1e30, -1} {
			_, ds := w.openItemsURL(t.Context(), values{"dataset_id": "WkzbQMuFYuamGv3YF", attribute: n})
			if len(ds) != 1 || !ds.errors().has("Invalid whole number", fmt.Sprintf("%s must be a whole number of at least %d, got ", attribute, least)) {
				t.Errorf("%s = %v has the diagnostics\n%s", attribute, n, ds)
			}
		}
	}
	s.expectSent(t)
}

// TestAccDatasetItemsURL_notStored uses the URL in a run, and searches for it in the output and in
// all files that the run leaves behind.
func TestAccDatasetItemsURL_notStored(t *testing.T) {
	t.Parallel()
	// The dataset that the run creates has no signature.
	s := newEmulator(t, emulator.Options{Users: []emulator.User{
		{Username: "owner", Token: emulator.DefaultToken, AnyoneWithIDCanRead: true},
	}})
	d := s.API.Seed(emulator.Dataset{Name: "restricted", GeneralAccess: "RESTRICTED", Items: []json.RawMessage{json.RawMessage(`{"a":1}`)}})
	c := s.newCLI(t)
	c.skipBelow("1.10", "1.11")
	c.write("main.tf", `
ephemeral "apify_dataset_items_url" "csv" {
  dataset_id = "`+d.ID+`"
  expires_in = "5m"
  format     = "csv"
}
# The dataset exists only if the run had the URL.
provider "apify" {
  alias    = "proof"
  base_url = "`+s.URL+`"
  token    = split("?", ephemeral.apify_dataset_items_url.csv.url)[0] == "`+s.URL+`/v2/datasets/`+d.ID+`/items" ? "`+s.Token+`" : "wrong"
}
resource "apify_dataset" "proof" {
  provider = apify.proof
  name     = "proof"
}`)
	logs := filepath.Join(c.dir, "trace.log")
	c.env = append(c.env, "TF_LOG=TRACE", "TF_LOG_PATH="+logs)
	c.mustRun("plan", "-out=plan.bin")
	out := c.mustRun("apply", "plan.bin").output
	if _, ok := s.API.Dataset(c.id("apify_dataset.proof")); !ok {
		t.Error("the run did not have the URL")
	}
	expectAbsent(t, out, "the output", d.URLSigningSecretKey, "signature=")
	files := c.files()
	for _, name := range []string{"plan.bin/tfplan", "plan.bin/tfstate", "terraform.tfstate", "trace.log"} {
		if files[filepath.Join(c.dir, name)] == "" {
			t.Errorf("the run left no %s", name)
		}
	}
	for name, content := range files {
		expectAbsent(t, content, name, d.URLSigningSecretKey, "signature=")
	}
	if !strings.Contains(files[logs], "apify_dataset_items_url") {
		t.Error("the log does not contain the ephemeral resource")
	}
}

// TestDatasetItemsURL_withoutKey follows the ways on of a token that may not sign.
func TestDatasetItemsURL_withoutKey(t *testing.T) {
	t.Parallel()
	s := newTwoAccounts(t)
	d := s.API.Seed(emulator.Dataset{Name: "mine", GeneralAccess: "RESTRICTED"})
	config, limited := values{"dataset_id": d.ID}, values{"token": readOnlyToken}
	if _, ds := s.newWalk(t, limited).openItemsURL(t.Context(), config); !ds.errors().has(summarySign, "Use a token of the owner", "ANYONE_WITH_ID_CAN_READ") {
		t.Errorf("got the diagnostics\n%s", ds)
	}
	if got, ds := s.newWalk(t, values{"token": ownerToken}).openItemsURL(t.Context(), config); len(ds) > 0 || got["expires_at"] == nil {
		t.Errorf("with the owner's token: got %v\n%s", got, ds)
	}
	s.API.Update(d.ID, func(d *emulator.Dataset) { d.GeneralAccess = "ANYONE_WITH_ID_CAN_READ" })
	if got, ds := s.newWalk(t, limited).openItemsURL(t.Context(), config); len(ds) > 0 || got["url"] == nil || got["expires_at"] != nil {
		t.Errorf("with another access: got %v\n%s", got, ds)
	}
}
