package emulator

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
)

// TestPushItems_schema pushes items to a dataset whose schema describes them. One invalid item
// makes the API reject all of them.
func TestPushItems_schema(t *testing.T) {
	t.Parallel()
	const fields = `{"$schema": "http://json-schema.org/draft-07/schema#", "type": "object", "required": ["name"],
		"properties": {"name": {"type": "string"}, "price": {"type": ["number", "null"]}}}`
	for _, test := range []struct {
		name, schema, items string
		status              int
		texts               []string
	}{
		{"valid items", `{"fields": ` + fields + `}`, `[{"name": "pen", "price": 1}, {"name": "ink", "price": null, "more": 1}]`, http.StatusCreated, nil},
		{"one valid item", `{"fields": ` + fields + `}`, `{"name": "pen"}`, http.StatusCreated, nil},
		{"no schema", ``, `{"price": "high"}`, http.StatusCreated, nil},
		{"schema without fields", `{"views": {}}`, `{"price": "high"}`, http.StatusCreated, nil},
		{"empty fields", `{"fields": {}}`, `{"price": "high"}`, http.StatusCreated, nil},
		{"invalid items", `{"fields": ` + fields + `}`, `[{"name": "pen"}, {"name": "ink", "price": "high"}, {"price": 1}]`, http.StatusBadRequest, []string{
			`"message":"Schema validation failed"`, `"type":"schema-validation-error"`, `"itemPosition":1`, `"instancePath":"/price"`,
			`"schemaPath":"#/properties/price/type"`, `"keyword":"type"`, `"itemPosition":2`, `"keyword":"required"`,
		}},
		{"fields that are no schema", `{"fields": {"type": "nothing"}}`, `{}`, http.StatusBadRequest, []string{`"dataset-schema-invalid"`}},
		{"fields that refer to a file", `{"fields": {"$ref": "other.json"}}`, `{}`, http.StatusBadRequest, []string{`"dataset-schema-invalid"`}},
		{"fields that refer to another document", `{"fields": {"$ref": "https://elsewhere.example/schema.json"}}`, `{}`, http.StatusBadRequest, []string{`"dataset-schema-invalid"`}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := start(t, Options{})
			d := s.API.Seed(Dataset{Schema: json.RawMessage(test.schema)})
			got := send(t, s, call{method: "POST", path: "/v2/datasets/" + d.ID + "/items", body: test.items})
			for _, text := range test.texts {
				if !strings.Contains(string(got.body), text) {
					t.Errorf("the body does not contain %s: %s", text, got.body)
				}
			}
			if strings.Contains(string(got.body), "file:") {
				t.Errorf("the body contains a local path: %s", got.body)
			}
			if got.status != test.status {
				t.Errorf("got status %d, want %d: %s", got.status, test.status, got.body)
			}
			stored, _ := s.API.Dataset(d.ID)
			if (len(stored.Items) > 0) != (test.status == http.StatusCreated) {
				t.Errorf("the dataset has %d items after status %d", len(stored.Items), got.status)
			}
		})
	}
}
