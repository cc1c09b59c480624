package main

import (
	"fmt"
	"sync/atomic"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

const typeName = "echo_dataset"

// schema has the attributes of apify_dataset. A test compares their names with its documentation.
var schema = &tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{Attributes: []*tfprotov6.SchemaAttribute{
	{Name: "name", Type: tftypes.String, Optional: true},
	{Name: "general_access", Type: tftypes.String, Optional: true, Computed: true},
	{Name: "schema", Type: tftypes.String, Optional: true, Computed: true},
	{Name: "adopt_existing", Type: tftypes.Bool, Optional: true, Computed: true},
	{Name: "force_destroy", Type: tftypes.Bool, Optional: true, Computed: true},
	{Name: "id", Type: tftypes.String, Computed: true},
	{Name: "user_id", Type: tftypes.String, Computed: true},
	{Name: "created_at", Type: tftypes.String, Computed: true},
	{Name: "console_url", Type: tftypes.String, Computed: true},
	{Name: "items_public_url", Type: tftypes.String, Computed: true, Sensitive: true},
	{Name: "timeouts", Optional: true, NestedType: &tfprotov6.SchemaObject{
		Nesting: tfprotov6.SchemaObjectNestingModeSingle,
		Attributes: []*tfprotov6.SchemaAttribute{
			{Name: "create", Type: tftypes.String, Optional: true},
			{Name: "read", Type: tftypes.String, Optional: true},
			{Name: "update", Type: tftypes.String, Optional: true},
			{Name: "delete", Type: tftypes.String, Optional: true},
		},
	}},
}}}

var identitySchema = &tfprotov6.ResourceIdentitySchema{
	IdentityAttributes: []*tfprotov6.ResourceIdentitySchemaAttribute{
		{Name: "id", Type: tftypes.String, RequiredForImport: true},
	},
}

// planCreate returns the planned state of a new dataset: computed attributes that the configuration
// does not set are unknown.
func planCreate(proposed *tfprotov6.DynamicValue) (*tfprotov6.DynamicValue, error) {
	attributes, err := decode(proposed)
	if err != nil {
		return nil, err
	}
	for _, a := range schema.Block.Attributes {
		if a.Computed && attributes[a.Name].IsNull() {
			attributes[a.Name] = tftypes.NewValue(a.Type, tftypes.UnknownValue)
		}
	}
	return encode(schema.ValueType(), attributes)
}

// lastID is the number of datasets that this process has created.
var lastID atomic.Int64

// applyCreate returns the state of a new dataset. Unknown attributes get values that are as long as
// those from Apify.
func applyCreate(planned *tfprotov6.DynamicValue) (*tfprotov6.ApplyResourceChangeResponse, error) {
	attributes, err := decode(planned)
	if err != nil {
		return nil, err
	}
	id := fmt.Sprintf("Echo%013d", lastID.Add(1))
	computed := map[string]any{
		"general_access":   "FOLLOW_USER_SETTING",
		"schema":           nil,
		"adopt_existing":   true,
		"force_destroy":    false,
		"id":               id,
		"user_id":          "EchoUser000000001",
		"created_at":       "2026-01-02T03:04:05.678Z",
		"console_url":      "https://console.apify.com/storage/datasets/" + id,
		"items_public_url": "https://api.apify.com/v2/datasets/" + id + "/items?signature=MC4wLjE0YWE2bVlGbGFyTFFwdkZOOHFlOQ",
	}
	for name, value := range computed {
		if !attributes[name].IsKnown() {
			attributes[name] = tftypes.NewValue(attributes[name].Type(), value)
		}
	}
	state, err := encode(schema.ValueType(), attributes)
	if err != nil {
		return nil, err
	}
	identity, err := encode(identitySchema.ValueType(), map[string]tftypes.Value{"id": attributes["id"]})
	return &tfprotov6.ApplyResourceChangeResponse{
		NewState:    state,
		NewIdentity: &tfprotov6.ResourceIdentityData{IdentityData: identity},
	}, err
}

func decode(object *tfprotov6.DynamicValue) (map[string]tftypes.Value, error) {
	value, err := object.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	var attributes map[string]tftypes.Value
	err = value.As(&attributes)
	return attributes, err
}

func encode(objectType tftypes.Type, attributes map[string]tftypes.Value) (*tfprotov6.DynamicValue, error) {
	object, err := tfprotov6.NewDynamicValue(objectType, tftypes.NewValue(objectType, attributes))
	return &object, err
}
