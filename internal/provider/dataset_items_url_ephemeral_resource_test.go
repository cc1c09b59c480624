package provider

import (
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/apify"
	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// get opens a URL as somebody without a token does.
func get(t *testing.T, address string) (int, string, http.Header) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(body), resp.Header
}

func TestItemsURLOpensUntilItExpires(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 6, 7, 8, 9, 123e6, time.UTC)
	clock := func() time.Time { return now }
	s := newEmulator(t, emulator.Options{Now: clock})
	s.Now = clock
	d := s.API.Seed(emulator.Dataset{Name: "restricted", GeneralAccess: "RESTRICTED", Items: []json.RawMessage{
		json.RawMessage(`{"url":"a","price":1,"#hidden":true}`), json.RawMessage(`{"url":"b","price":2}`), json.RawMessage(`{}`),
	}})
	w := s.newWalk(t, nil)

	got, ds := w.open(t.Context(), values{"dataset_id": d.ID})
	if len(ds) > 0 || got["expires_at"] != "2026-05-06T08:08:09Z" {
		t.Fatalf("%v\n%s", got, ds)
	}
	if status, body, _ := get(t, got["url"].(string)); status != http.StatusOK || !strings.Contains(body, `"#hidden"`) {
		t.Errorf("the URL answers %d: %s", status, body)
	}

	csv, ds := w.open(t.Context(), values{
		"dataset_id": d.ID, "expires_in": "10m", "format": "csv", "fields": []string{"price", "url"}, "clean": true, "desc": true,
		"limit": 3, "offset": 0, "delimiter": ";", "bom": false, "attachment": true,
	})
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	status, body, header := get(t, csv["url"].(string))
	if lines := strings.Fields(strings.ReplaceAll(body, `"`, "")); status != http.StatusOK || !slices.Equal(lines, []string{"price;url", "2;b", "1;a"}) {
		t.Errorf("the CSV is %d: %q", status, body)
	}
	if !strings.HasPrefix(header.Get("Content-Disposition"), "attachment") {
		t.Errorf("the headers are %v", header)
	}

	now = now.Add(10*time.Minute - 2*time.Second)
	if status, _, _ := get(t, csv["url"].(string)); status != http.StatusOK {
		t.Errorf("before it expires the URL answers %d", status)
	}
	now = now.Add(2 * time.Second)
	if status, body, _ := get(t, csv["url"].(string)); status < 400 || status > 499 {
		t.Errorf("after it expired the URL answers %d: %s", status, body)
	}
	if status, _, _ := get(t, got["url"].(string)); status != http.StatusOK {
		t.Errorf("the other URL, good for an hour, answers %d", status)
	}
	s.expectWrites(t)
}

func TestItemsURLHasAllOptions(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	d := s.API.Seed(emulator.Dataset{GeneralAccess: "RESTRICTED"})
	got, ds := s.newWalk(t, nil).open(t.Context(), values{
		"dataset_id": d.ID, "format": "jsonl", "fields": []string{"a", "b&c"}, "omit": []string{"d"}, "clean": false, "limit": 5, "offset": 6,
		"desc": true, "view": "over view", "unwind": []string{"e", "f"}, "flatten": []string{"g", "h"}, "skip_empty": true, "skip_hidden": false,
		"delimiter": "\t", "bom": true, "attachment": false,
	})
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	u, err := url.Parse(got["url"].(string))
	if err != nil {
		t.Fatal(err)
	}
	query := u.Query()
	expires, err := apify.SignatureExpiry(query.Get("signature"))
	if want, _ := time.Parse(time.RFC3339, got["expires_at"].(string)); err != nil || !expires.Equal(want) {
		t.Errorf("the signature expires at %s (%v), and expires_at is %s", expires, err, got["expires_at"])
	}
	query.Del("signature")
	const want = "attachment=0&bom=1&clean=0&delimiter=%09&desc=1&fields=a%2Cb%26c&flatten=g%2Ch&format=jsonl&limit=5&offset=6&omit=d" +
		"&skipEmpty=1&skipHidden=0&unwind=e%2Cf&view=over+view"
	if query.Encode() != want || u.Path != "/v2/datasets/"+d.ID+"/items" {
		t.Errorf("the URL is %s%s, not %s", u.Path, query.Encode(), want)
	}
}

func TestItemsURLIsPlainWhereNoSignatureIsNeeded(t *testing.T) {
	t.Parallel()
	for what, options := range map[string]emulator.Options{"Apify": {}, "the local platform": {LocalPlatform: true}} {
		s := newEmulator(t, options)
		d := s.API.Seed(emulator.Dataset{Name: "open", GeneralAccess: "ANYONE_WITH_ID_CAN_READ", Items: []json.RawMessage{json.RawMessage(`{"a":1}`)}})
		got, ds := s.newWalk(t, nil).open(t.Context(), values{"dataset_id": d.ID, "limit": 1})
		if len(ds) > 0 || got["expires_at"] != nil || got["url"] != s.URL+"/v2/datasets/"+d.ID+"/items?limit=1" {
			t.Errorf("%s: %v\n%s", what, got, ds)
			continue
		}
		if status, body, _ := get(t, got["url"].(string)); what == "Apify" && (status != http.StatusOK || body == "") {
			t.Errorf("%s: the URL answers %d: %s", what, status, body)
		}
	}
}

func TestItemsURLErrors(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{Users: []emulator.User{
		{ID: "MyOwnAccount00001", Username: "me", Token: "token-of-me", ReadOnlyTokens: []string{"reading-token"}},
		{ID: "OtherAccount00001", Username: "jane", Token: "token-of-jane"},
	}})
	mine := s.API.Seed(emulator.Dataset{Name: "mine", GeneralAccess: "RESTRICTED"})
	theirs := s.API.Seed(emulator.Dataset{Name: "theirs", UserID: "OtherAccount00001", GeneralAccess: "RESTRICTED"})
	for what, test := range map[string]struct {
		provider, config values
		texts            []string
	}{
		"a token that may not sign": {values{"token": "reading-token"}, values{"dataset_id": mine.ID}, []string{summarySign, mine.ID, "write permission"}},
		"a dataset of another":      {nil, values{"dataset_id": theirs.ID}, []string{summarySign, theirs.ID, "404"}},
		"a name":                    {nil, values{"dataset_id": "~mine"}, []string{"Invalid dataset id"}},
		"a malformed duration":      {nil, values{"dataset_id": mine.ID, "expires_in": "tomorrow"}, []string{"Invalid duration", "expires_in", `"tomorrow"`}},
		"no duration":               {nil, values{"dataset_id": mine.ID, "expires_in": "0s"}, []string{"Invalid duration", "expires_in"}},
		"a field with a comma":      {nil, values{"dataset_id": mine.ID, "fields": []string{"a,b"}}, []string{"Invalid field name", `"a,b"`}},
		"a wrong format":            {nil, values{"dataset_id": mine.ID, "format": "yaml"}, []string{"format", "jsonl"}},
		"a negative offset":         {nil, values{"dataset_id": mine.ID, "offset": -1}, []string{"offset"}},
	} {
		got, ds := s.newWalk(t, test.provider).open(t.Context(), test.config)
		if got != nil || !ds.errors().has(test.texts...) {
			t.Errorf("%s: %v\n%s", what, got, ds)
		}
	}
}

// TestAccItemsURLIsStoredNowhere lets a run use the URL, and looks for it in all
// that the run leaves behind.
func TestAccItemsURLIsStoredNowhere(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	d := s.API.Seed(emulator.Dataset{Name: "restricted", GeneralAccess: "RESTRICTED", Items: []json.RawMessage{json.RawMessage(`{"a":1}`)}})
	c := s.newCLI(t)
	c.skipBelow("1.10", "1.11")
	c.write("main.tf", `
ephemeral "apify_dataset_items_url" "csv" {
  dataset_id = "`+d.ID+`"
  expires_in = "5m"
  format     = "csv"
}
# Opening the URL proves that the run had it.
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
	scan(t, out, "the output", d.URLSigningSecretKey, "signature=")
	files := c.files()
	for _, name := range []string{"plan.bin/tfplan", "plan.bin/tfstate", "terraform.tfstate", "trace.log"} {
		if files[filepath.Join(c.dir, name)] == "" {
			t.Errorf("there is no %s to be scanned", name)
		}
	}
	for name, content := range files {
		scan(t, content, name, d.URLSigningSecretKey, "signature=")
	}
	if !strings.Contains(files[logs], "apify_dataset_items_url") {
		t.Error("the log does not speak of the ephemeral resource")
	}
}

// scan fails the test where a text holds what it must not.
func scan(t *testing.T, text, where string, needles ...string) {
	t.Helper()
	for _, needle := range needles {
		if i := strings.Index(text, needle); i >= 0 {
			t.Errorf("%s holds %q: …%s…", where, needle, text[max(0, i-80):min(len(text), i+80)])
		}
	}
}
