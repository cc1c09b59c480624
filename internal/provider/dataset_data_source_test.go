package provider

import (
	"encoding/json"
	"net/http"
	"regexp"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

func TestAccDatasetDataSource(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	name := s.name(t)
	const byID, byName = "data.apify_dataset.by_id", "data.apify_dataset.by_name"
	same := func(attribute string) statecheck.StateCheck {
		return statecheck.CompareValuePairs(byID, tfjsonpath.New(attribute), "apify_dataset.a", tfjsonpath.New(attribute), sameValue{})
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
				statecheck.CompareValuePairs(byName, tfjsonpath.New("id"), byID, tfjsonpath.New("id"), sameValue{}),
				statecheck.ExpectKnownValue(byName, tfjsonpath.New("name"), knownvalue.StringExact(name)),
				statecheck.ExpectKnownValue(byName, tfjsonpath.New("item_count"), knownvalue.Int64Exact(0)),
				statecheck.ExpectKnownValue(byName, tfjsonpath.New("schema"), knownvalue.Null()),
			},
		}},
	})
}

func TestSecretsAreSensitive(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	w := s.newWalk(t, nil)
	for what, attribute := range map[*tfprotov6.Schema]string{
		w.schema.Provider: "token",
		w.dataset():       "items_public_url",
		w.schema.DataSourceSchemas["apify_dataset"]:                  "items_public_url",
		w.schema.EphemeralResourceSchemas["apify_dataset_items_url"]: "url",
	} {
		sensitive := false
		for _, a := range what.Block.Attributes {
			sensitive = sensitive || a.Name == attribute && a.Sensitive
		}
		if !sensitive {
			t.Errorf("%s is not sensitive", attribute)
		}
	}
}

// sameValue compares two values of a state check.
type sameValue struct{}

func (sameValue) CompareValues(vs ...any) error {
	for _, v := range vs[1:] {
		if v != vs[0] {
			return &differ{vs[0], v}
		}
	}
	return nil
}

type differ struct{ a, b any }

func (d *differ) Error() string {
	raw, _ := json.Marshal([]any{d.a, d.b})
	return "the values differ: " + string(raw)
}

func TestDatasetDataSourceGivesAllFields(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	at := time.Date(2026, 1, 2, 3, 4, 5, 678e6, time.UTC)
	whole := s.API.Seed(emulator.Dataset{
		Name: "Whole-One", Title: "The whole one", CreatedAt: at, ModifiedAt: at.Add(time.Hour), AccessedAt: at.Add(2 * time.Hour),
		ActID: "act1", ActRunID: "run1", GeneralAccess: "RESTRICTED", ReadCount: 3, WriteCount: 2,
		Schema: json.RawMessage(`{ "actorSpecification": 1 , "title":"x<y" }`),
		Items:  []json.RawMessage{json.RawMessage(`{"url":"u","n":1}`), json.RawMessage(`{}`)},
	})

	got, ds := s.newWalk(t, nil).data(t.Context(), "apify_dataset", values{"name": "whole-ONE"})
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	want := values{
		"id": whole.ID, "name": "Whole-One", "title": "The whole one", "user_id": emulator.DefaultUserID,
		"created_at": "2026-01-02T03:04:05.678Z", "modified_at": "2026-01-02T04:04:05.678Z",
		"item_count": int64(2), "clean_item_count": int64(1), "act_id": "act1", "act_run_id": "run1", "general_access": "RESTRICTED",
		"console_url": "https://console.apify.com/storage/datasets/" + whole.ID,
	}
	for attribute, v := range want {
		if got[attribute] != v {
			t.Errorf("%s is %v, not %v", attribute, got[attribute], v)
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
	if url, _ := got["items_public_url"].(string); !regexp.MustCompile(`/v2/datasets/` + whole.ID + `/items\?signature=`).MatchString(url) {
		t.Errorf("items_public_url is %q", url)
	}
	for attribute, v := range got {
		if text, _ := v.(string); text == whole.URLSigningSecretKey {
			t.Errorf("%s is the signing key", attribute)
		}
	}
}

func TestDatasetDataSourceTakesWhatIsMissingAsNull(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	bare := s.API.Seed(emulator.Dataset{})
	s.Recorder.Inject(emulator.Fault{Pattern: "/v2/datasets/{datasetId}", Mutate: func(status int, _ http.Header, body map[string]any) int {
		body["data"] = map[string]any{"id": bare.ID, "fields": nil, "schema": nil, "somethingNew": []any{1}}
		return status
	}})
	got, ds := s.newWalk(t, nil).data(t.Context(), "apify_dataset", values{"id": bare.ID})
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	for attribute, v := range got {
		if attribute != "id" && v != nil {
			t.Errorf("%s is %v, not null", attribute, v)
		}
	}
}

func TestDatasetDataSourceOfAnotherAccount(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{Users: []emulator.User{
		{ID: "MyOwnAccount00001", Username: "me", Token: "token-of-me"},
		{ID: "OtherAccount00001", Username: "jane.doe", Token: "token-of-jane", Restricted: true},
	}})
	shared := s.API.Seed(emulator.Dataset{Name: "shared", UserID: "OtherAccount00001", SharedWith: map[string]emulator.Permission{"me": emulator.PermissionRead}})
	s.API.Seed(emulator.Dataset{Name: "secret", UserID: "OtherAccount00001", GeneralAccess: "RESTRICTED"})
	w := s.newWalk(t, nil)

	got, ds := w.data(t.Context(), "apify_dataset", values{"name": "shared", "username": "jane.doe"})
	if len(ds) > 0 || got["id"] != shared.ID || got["user_id"] != "OtherAccount00001" || got["username"] != "jane.doe" {
		t.Errorf("%v\n%s", got, ds)
	}
	for what, config := range map[string]values{
		"of another account": {"name": "secret", "username": "jane.doe"},
		"of another name":    {"name": "nothing-here"},
	} {
		if _, ds := w.data(t.Context(), "apify_dataset", config); !ds.errors().has("Reading Apify dataset failed", "404", config["name"].(string)) {
			t.Errorf("a dataset %s: %s", what, ds)
		}
	}
}

func TestDatasetDataSourceRefusesBadInput(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	w := s.newWalk(t, nil)
	for what, test := range map[string]struct {
		config values
		text   string
	}{
		"neither id nor name":     {values{}, "Missing Attribute Configuration"},
		"both id and name":        {values{"id": "abc", "name": "abc"}, "Invalid Attribute Combination"},
		"a user name without one": {values{"id": "abc", "username": "jane"}, "Invalid Attribute Combination"},
		"a name as id":            {values{"id": "my-dataset"}, "Invalid dataset id"},
		"an empty id":             {values{"id": ""}, "Invalid dataset id"},
		"a path as id":            {values{"id": "a/../b"}, "Invalid dataset id"},
		"an impossible name":      {values{"name": "a_b"}, "Invalid dataset name"},
	} {
		if _, ds := w.data(t.Context(), "apify_dataset", test.config); !ds.errors().has(test.text) {
			t.Errorf("%s: %s", what, ds)
		}
	}
	if sent := s.sent(); len(sent) > 0 {
		t.Errorf("bad input was sent: %s", sent)
	}
}
