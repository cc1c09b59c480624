package provider

import (
	"encoding/json"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/compare"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestAccDatasetDataSource_basic reads a dataset by ID and by name.
func TestAccDatasetDataSource_basic(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	name := s.name(t)
	const byID, byName = "data.apify_dataset.by_id", "data.apify_dataset.by_name"
	same := func(attribute string) statecheck.StateCheck {
		return statecheck.CompareValuePairs(byID, tfjsonpath.New(attribute), "apify_dataset.a", tfjsonpath.New(attribute), compare.ValuesSame())
	}
	resource.Test(t, resource.TestCase{
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{{
			Config: s.config(`
resource "apify_dataset" "a" {
  name = "` + name + `"
}
data "apify_dataset" "by_id" {
  id = apify_dataset.a.id
}
data "apify_dataset" "by_name" {
  name = apify_dataset.a.name
}`),
			ConfigStateChecks: []statecheck.StateCheck{
				same("id"), same("name"), same("user_id"), same("created_at"), same("console_url"), same("general_access"),
				statecheck.CompareValuePairs(byName, tfjsonpath.New("id"), byID, tfjsonpath.New("id"), compare.ValuesSame()),
				statecheck.ExpectKnownValue(byName, tfjsonpath.New("name"), knownvalue.StringExact(name)),
				statecheck.ExpectKnownValue(byName, tfjsonpath.New("item_count"), knownvalue.Int64Exact(0)),
				statecheck.ExpectKnownValue(byName, tfjsonpath.New("schema"), knownvalue.Null()),
			},
		}},
	})
}

// TestDatasetDataSource_allFields reads a dataset that has a value in every field. Apify returns
// title and username in lists only.
func TestDatasetDataSource_allFields(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	d := s.API.Seed(emulator.Dataset{
		Name: "All-Fields", Title: "All fields", CreatedAt: at, ModifiedAt: at.Add(time.Hour), AccessedAt: at.Add(2 * time.Hour),
		ActID: "act1", ActRunID: "run1", GeneralAccess: "RESTRICTED", ReadCount: 3, WriteCount: 2,
		Schema: json.RawMessage(`{ "actorSpecification": 1 , "title":"x<y" }`),
		Items:  []json.RawMessage{json.RawMessage(`{"url":"u","n":1}`), json.RawMessage(`{}`)},
	})

	got, ds := s.newWalk(t, nil).readDataSource(t.Context(), "apify_dataset", values{"name": "all-FIELDS"})
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	want := values{
		"id": d.ID, "name": "All-Fields", "title": nil, "username": nil, "user_id": emulator.DefaultUserID,
		"created_at": "2026-01-02T03:04:05.678Z", "modified_at": "2026-01-02T04:04:05.678Z",
		"item_count": int64(2), "clean_item_count": int64(1), "act_id": "act1", "act_run_id": "run1", "general_access": "RESTRICTED",
		"console_url": "https://console.apify.com/storage/datasets/" + d.ID,
	}
	for attribute, v := range want {
		if got[attribute] != v {
			t.Errorf("%s is %v, want %v", attribute, got[attribute], v)
		}
	}
	if accessed, _ := got["accessed_at"].(string); accessed < "2026-01-02T05:04:05.678Z" {
		t.Errorf("accessed_at is %q", accessed)
	}
	var schema map[string]any
	if err := json.Unmarshal([]byte(got["schema"].(string)), &schema); err != nil || schema["title"] != "x<y" {
		t.Errorf("schema is %v: %v", got["schema"], err)
	}
	stats, _ := got["stats"].(values)
	if stats["write_count"] != int64(2) || stats["read_count"] == nil || stats["storage_bytes"] == nil || stats["inflated_bytes"] != nil {
		t.Errorf("stats are %v", stats)
	}
	if url, _ := got["items_public_url"].(string); !regexp.MustCompile(`/v2/datasets/` + d.ID + `/items\?signature=`).MatchString(url) {
		t.Errorf("items_public_url is %q", url)
	}
	for attribute, v := range got {
		if text, _ := v.(string); text == d.URLSigningSecretKey {
			t.Errorf("%s is the signing key", attribute)
		}
	}
}

// TestDatasetDataSource_missingFields reads a dataset from a response that has only an ID.
func TestDatasetDataSource_missingFields(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	bare := s.API.Seed(emulator.Dataset{})
	s.Recorder.Inject(onRequest(getDataset, emulator.Fault{Mutate: func(status int, _ http.Header, body map[string]any) int {
		body["data"] = map[string]any{"id": bare.ID, "fields": nil, "schema": nil, "somethingNew": []any{1}}
		return status
	}}))
	got, ds := s.newWalk(t, nil).readDataSource(t.Context(), "apify_dataset", values{"id": bare.ID})
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	for attribute, v := range got {
		if attribute != "id" && v != nil {
			t.Errorf("%s is %v, want null", attribute, v)
		}
	}
}

// TestDatasetDataSource_otherAccount reads datasets of an account that shares one of them.
func TestDatasetDataSource_otherAccount(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{Users: []emulator.User{
		{ID: ownerID, Username: "owner", Token: ownerToken},
		{ID: otherID, Username: "jane.doe", Token: otherToken},
	}})
	shared := s.API.Seed(emulator.Dataset{Name: "shared", UserID: otherID, SharedWith: map[string]emulator.Permission{"owner": emulator.PermissionRead}})
	s.API.Seed(emulator.Dataset{Name: "secret", UserID: otherID, GeneralAccess: "RESTRICTED"})
	w := s.newWalk(t, nil)

	got, ds := w.readDataSource(t.Context(), "apify_dataset", values{"name": "shared", "username": "jane.doe"})
	if len(ds) > 0 || got["id"] != shared.ID || got["user_id"] != otherID || got["username"] != "jane.doe" {
		t.Errorf("%v\n%s", got, ds)
	}
	for name, config := range map[string]values{
		"403": {"name": "secret", "username": "jane.doe"},
		"404": {"name": "nothing-here"},
	} {
		if _, ds := w.readDataSource(t.Context(), "apify_dataset", config); !ds.errors().has("Reading Apify dataset failed", name, config["name"].(string)) {
			t.Errorf("%s: got the diagnostics\n%s", name, ds)
		}
	}
}

// TestDatasetDataSource_invalidConfig has configurations that are refused without a request.
func TestDatasetDataSource_invalidConfig(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	w := s.newWalk(t, nil)
	for name, test := range map[string]struct {
		config values
		text   string
	}{
		"neither id nor name":       {values{}, "Missing Attribute Configuration"},
		"both id and name":          {values{"id": "abc", "name": "abc"}, "Invalid Attribute Combination"},
		"a username without a name": {values{"id": "abc", "username": "jane"}, "Invalid Attribute Combination"},
		"a name as id":              {values{"id": "my-dataset"}, "Invalid Apify dataset ID"},
		"an empty id":               {values{"id": ""}, "Invalid Apify dataset ID"},
		"a path as id":              {values{"id": "a/../b"}, "Invalid Apify dataset ID"},
		"an invalid name":           {values{"name": "a_b"}, "Invalid Apify dataset name"},
	} {
		if _, ds := w.readDataSource(t.Context(), "apify_dataset", test.config); !ds.errors().has(test.text) {
			t.Errorf("%s: got the diagnostics\n%s", name, ds)
		}
	}
	s.expectSent(t)
}
