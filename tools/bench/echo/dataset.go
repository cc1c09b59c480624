package main

import (
	"errors"
	"fmt"

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

// planCreate returns the state and the identity of a new dataset. Its computed values are known in
// the plan already, and as long as those from Apify.
func planCreate(proposed *tfprotov6.DynamicValue) (*tfprotov6.PlanResourceChangeResponse, error) {
	value, err := proposed.Unmarshal(schema.ValueType())
	if err != nil {
		return nil, err
	}
	var attributes map[string]tftypes.Value
	var name string
	if err := errors.Join(value.As(&attributes), attributes["name"].As(&name)); err != nil {
		return nil, err
	}
	id := fmt.Sprintf("Echo%013s", name)
	for name, value := range map[string]any{
		"general_access":   "FOLLOW_USER_SETTING",
		"adopt_existing":   true,
		"id":               id,
		"user_id":          "EchoUser000000001",
		"created_at":       "2026-01-02T03:04:05.678Z",
		"console_url":      "https://console.apify.com/storage/datasets/" + id,
		"items_public_url": "https://api.apify.com/v2/datasets/" + id + "/items?signature=MC4wLjE0YWE2bVlGbGFyTFFwdkZOOHFlOQ",
	} {
		attributes[name] = tftypes.NewValue(attributes[name].Type(), value)
	}
	state, err := tfprotov6.NewDynamicValue(schema.ValueType(), tftypes.NewValue(schema.ValueType(), attributes))
	if err != nil {
		return nil, err
	}
	identity, err := tfprotov6.NewDynamicValue(identitySchema.ValueType(),
		tftypes.NewValue(identitySchema.ValueType(), map[string]tftypes.Value{"id": attributes["id"]}))
	return &tfprotov6.PlanResourceChangeResponse{
		PlannedState: &state, PlannedIdentity: &tfprotov6.ResourceIdentityData{IdentityData: &identity},
	}, err
}
