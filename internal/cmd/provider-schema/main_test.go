package main

import (
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

func TestExport(t *testing.T) {
	t.Parallel()
	p := export(t.Context()).Schemas[providerKey]
	for kind, n := range map[string]int{
		"resource": len(p.ResourceSchemas), "data source": len(p.DataSourceSchemas), "ephemeral resource": len(p.EphemeralResourceSchemas),
		"list resource": len(p.ListResourceSchemas), "resource identity": len(p.ResourceIdentitySchemas),
	} {
		if n == 0 {
			t.Errorf("the output has no %s", kind)
		}
	}
}

// TestConvert_refused checks that schemas which convert does not support, or which have no
// description, are not exported silently.
func TestConvert_refused(t *testing.T) {
	t.Parallel()
	for name, block := range map[string]*tfprotov6.SchemaBlock{
		"block":                          {Description: "x", BlockTypes: []*tfprotov6.SchemaNestedBlock{{TypeName: "timeouts"}}},
		"no description":                 {},
		"no description of an attribute": {Description: "x", Attributes: []*tfprotov6.SchemaAttribute{{Name: "a", Type: tftypes.String}}},
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: the schema was converted", name)
				}
			}()
			convert(&tfprotov6.Schema{Block: block})
		}()
	}
}
