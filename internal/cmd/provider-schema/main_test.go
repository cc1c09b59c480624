package main

import (
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

func TestExport_descriptions(t *testing.T) {
	t.Parallel()
	p := export(t.Context()).Schemas[providerKey]
	blocks := map[string]*tfjson.Schema{"provider": p.ConfigSchema}
	for kind, all := range map[string]map[string]*tfjson.Schema{
		"resource":           p.ResourceSchemas,
		"data source":        p.DataSourceSchemas,
		"ephemeral resource": p.EphemeralResourceSchemas,
		"list resource":      p.ListResourceSchemas,
	} {
		if len(all) == 0 {
			t.Errorf("the output has no %s", kind)
		}
		for name, s := range all {
			blocks[kind+" "+name] = s
		}
	}
	for address, s := range blocks {
		if s.Block.Description == "" {
			t.Errorf("%s has no description", address)
		}
		expectDescriptions(t, address, s.Block.Attributes)
	}
	for name, s := range p.ResourceIdentitySchemas {
		for attribute, a := range s.Attributes {
			if a.Description == "" {
				t.Errorf("identity of %s: %s has no description", name, attribute)
			}
		}
	}
	if len(p.ResourceIdentitySchemas) != len(p.ResourceSchemas) {
		t.Errorf("%d of %d resources have an identity", len(p.ResourceIdentitySchemas), len(p.ResourceSchemas))
	}
}

func expectDescriptions(t *testing.T, address string, attributes map[string]*tfjson.SchemaAttribute) {
	t.Helper()
	for name, a := range attributes {
		if a.Description == "" {
			t.Errorf("%s: %s has no description", address, name)
		}
		if a.AttributeNestedType != nil {
			expectDescriptions(t, address+": "+name, a.AttributeNestedType.Attributes)
		}
	}
}

// TestConvert_blocks checks that blocks, which convert does not support, are not omitted silently.
func TestConvert_blocks(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("a nested block was converted")
		}
	}()
	convert(&tfprotov6.Schema{Block: &tfprotov6.SchemaBlock{BlockTypes: []*tfprotov6.SchemaNestedBlock{{TypeName: "timeouts"}}}})
}
