package main

import (
	"bytes"
	"context"
	"maps"
	"os"
	"regexp"
	"slices"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// The echo provider is a yardstick only as long as its resource has the attributes of
// apify_dataset.
func TestSchema_hasAttributesOfDataset(t *testing.T) {
	page, err := os.ReadFile("../../../docs/resources/dataset.md")
	if err != nil {
		t.Fatal(err)
	}
	section := regexp.MustCompile(`(?s)\n## Schema\n.*?\n## `).Find(page)
	var want []string
	for _, match := range regexp.MustCompile("(?m)^- `([a-z_]+)` \\(").FindAllSubmatch(section, -1) {
		want = append(want, string(match[1]))
	}
	var got []string
	for _, a := range schema.Block.Attributes {
		got = append(got, a.Name)
		if a.NestedType != nil {
			for _, nested := range a.NestedType.Attributes {
				got = append(got, nested.Name)
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("attributes are\n%v\nwant those in docs/resources/dataset.md:\n%v", got, want)
	}
}

// TestLifecycle sends what Terraform sends for a creation, a plan without changes and a destroy.
func TestLifecycle(t *testing.T) {
	ctx, server, objectType := context.Background(), &echo{}, schema.ValueType()
	null := value(t, objectType, tftypes.NewValue(objectType, nil))
	proposed := map[string]tftypes.Value{}
	for _, a := range schema.Block.Attributes {
		proposed[a.Name] = tftypes.NewValue(a.ValueType(), nil)
	}
	proposed["name"] = tftypes.NewValue(tftypes.String, "bench-0")
	proposed["force_destroy"] = tftypes.NewValue(tftypes.Bool, true)

	create, err := server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		PriorState: null, ProposedNewState: value(t, objectType, tftypes.NewValue(objectType, proposed)),
	})
	if err != nil {
		t.Fatal(err)
	}
	unknown := []string{"adopt_existing", "console_url", "created_at", "general_access", "id", "items_public_url", "schema", "user_id"}
	if got := unknownAttributes(t, create.PlannedState); !slices.Equal(got, unknown) {
		t.Errorf("unknown attributes of the plan are %v, want %v", got, unknown)
	}

	created, err := server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{PriorState: null, PlannedState: create.PlannedState})
	if err != nil {
		t.Fatal(err)
	}
	if got := unknownAttributes(t, created.NewState); len(got) > 0 {
		t.Errorf("unknown attributes after the creation are %v, want none", got)
	}
	state, err := decode(created.NewState)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range proposed {
		if !want.IsNull() && !state[name].Equal(want) {
			t.Errorf("%s is %s after the creation, want the configured %s", name, state[name], want)
		}
	}
	identity, err := created.NewIdentity.IdentityData.Unmarshal(identitySchema.ValueType())
	if err != nil {
		t.Fatal(err)
	}
	if want := tftypes.NewValue(identitySchema.ValueType(), map[string]tftypes.Value{"id": state["id"]}); !identity.Equal(want) {
		t.Errorf("identity is %s, want %s", identity, want)
	}

	read, err := server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{CurrentState: created.NewState, CurrentIdentity: created.NewIdentity})
	if err != nil || read.NewState != created.NewState || read.NewIdentity != created.NewIdentity {
		t.Errorf("read returns %+v (%v), want the current state and identity", read, err)
	}
	noChange, err := server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		PriorState: read.NewState, ProposedNewState: read.NewState, PriorIdentity: read.NewIdentity,
	})
	if err != nil || noChange.PlannedState != read.NewState || noChange.PlannedIdentity != read.NewIdentity {
		t.Errorf("plan returns %+v (%v), want the proposed state and the prior identity", noChange, err)
	}
	destroyed, err := server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{PriorState: read.NewState, PlannedState: null})
	if err != nil || destroyed.NewState != null {
		t.Errorf("destroy returns %+v (%v), want a null state", destroyed, err)
	}
}

func TestUpgrade_returnsStoredJSON(t *testing.T) {
	stored := &tfprotov6.RawState{JSON: []byte(`{"id":"a"}`)}
	state, err := (&echo{}).UpgradeResourceState(context.Background(), &tfprotov6.UpgradeResourceStateRequest{RawState: stored})
	if err != nil || !bytes.Equal(state.UpgradedState.JSON, stored.JSON) {
		t.Errorf("UpgradeResourceState returns %+v (%v), want %s", state, err, stored.JSON)
	}
	identity, err := (&echo{}).UpgradeResourceIdentity(context.Background(), &tfprotov6.UpgradeResourceIdentityRequest{RawIdentity: stored})
	if err != nil || !bytes.Equal(identity.UpgradedIdentity.IdentityData.JSON, stored.JSON) {
		t.Errorf("UpgradeResourceIdentity returns %+v (%v), want %s", identity, err, stored.JSON)
	}
}

func value(t *testing.T, objectType tftypes.Type, v tftypes.Value) *tfprotov6.DynamicValue {
	t.Helper()
	encoded, err := tfprotov6.NewDynamicValue(objectType, v)
	if err != nil {
		t.Fatal(err)
	}
	return &encoded
}

// unknownAttributes returns the names of the unknown attributes in alphabetical order.
func unknownAttributes(t *testing.T, object *tfprotov6.DynamicValue) []string {
	t.Helper()
	attributes, err := decode(object)
	if err != nil {
		t.Fatal(err)
	}
	maps.DeleteFunc(attributes, func(_ string, v tftypes.Value) bool { return v.IsKnown() })
	return slices.Sorted(maps.Keys(attributes))
}
