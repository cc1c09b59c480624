// Command provider-schema prints the provider's schemas as JSON, in the format of "terraform
// providers schema -json". tfplugindocs generates the pages in docs/ from its output. A CLI would
// print only the kinds of resources that its version supports.
package main

import (
	"context"
	"encoding/json"
	"os"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"

	"github.com/apify/terraform-provider-apify/internal/provider"
)

// providerKey is the key by which tfplugindocs finds the provider's schemas. A CLI prints the
// source address instead, which tfplugindocs finds only for the namespace hashicorp.
const providerKey = "apify"

func main() {
	must(os.Stdout.Write(must(json.MarshalIndent(export(context.Background()), "", "  "))))
}

// must panics on errors, which only a change of the provider can cause.
func must[T any](value T, err error) T {
	if err != nil {
		panic(err)
	}
	return value
}

// export returns the schemas of the provider.
func export(ctx context.Context) *tfjson.ProviderSchemas {
	server := must(providerserver.NewProtocol6WithError(provider.New("dev")())())
	response := must(server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{}))
	identities := must(server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{}))
	for _, d := range append(response.Diagnostics, identities.Diagnostics...) {
		panic(d.Summary + ": " + d.Detail)
	}
	return &tfjson.ProviderSchemas{
		FormatVersion: "1.0", // of Terraform 1.x
		Schemas: map[string]*tfjson.ProviderSchema{providerKey: {
			ConfigSchema:             convert(response.Provider),
			ResourceSchemas:          convertAll(response.ResourceSchemas, convert),
			DataSourceSchemas:        convertAll(response.DataSourceSchemas, convert),
			EphemeralResourceSchemas: convertAll(response.EphemeralResourceSchemas, convert),
			ListResourceSchemas:      convertAll(response.ListResourceSchemas, convert),
			ResourceIdentitySchemas:  convertAll(identities.IdentitySchemas, convertIdentity),
		}},
	}
}

func convertAll[From, To any](all map[string]From, convert func(From) To) map[string]To {
	converted := make(map[string]To, len(all))
	for name, from := range all {
		converted[name] = convert(from)
	}
	return converted
}

func convert(s *tfprotov6.Schema) *tfjson.Schema {
	if len(s.Block.BlockTypes) > 0 {
		panic("nested block " + s.Block.BlockTypes[0].TypeName + ": only nested attributes are supported")
	}
	return &tfjson.Schema{
		Version: uint64(s.Version), //nolint:gosec // Versions are not negative.
		Block: &tfjson.SchemaBlock{
			Attributes:      convertAttributes(s.Block.Attributes),
			Description:     described("a schema", s.Block.Description),
			DescriptionKind: kind(s.Block.DescriptionKind),
			Deprecated:      s.Block.Deprecated,
		},
	}
}

func convertAttributes(all []*tfprotov6.SchemaAttribute) map[string]*tfjson.SchemaAttribute {
	converted := make(map[string]*tfjson.SchemaAttribute, len(all))
	for _, a := range all {
		to := &tfjson.SchemaAttribute{
			Description:     described(a.Name, a.Description),
			DescriptionKind: kind(a.DescriptionKind),
			Deprecated:      a.Deprecated,
			Required:        a.Required,
			Optional:        a.Optional,
			Computed:        a.Computed,
			Sensitive:       a.Sensitive,
			WriteOnly:       a.WriteOnly,
		}
		if a.NestedType == nil {
			to.AttributeType = convertType(a.Type)
		} else {
			modes := map[tfprotov6.SchemaObjectNestingMode]tfjson.SchemaNestingMode{
				tfprotov6.SchemaObjectNestingModeSingle: tfjson.SchemaNestingModeSingle,
				tfprotov6.SchemaObjectNestingModeList:   tfjson.SchemaNestingModeList,
				tfprotov6.SchemaObjectNestingModeSet:    tfjson.SchemaNestingModeSet,
				tfprotov6.SchemaObjectNestingModeMap:    tfjson.SchemaNestingModeMap,
			}
			to.AttributeNestedType = &tfjson.SchemaNestedAttributeType{
				Attributes: convertAttributes(a.NestedType.Attributes), NestingMode: modes[a.NestedType.Nesting],
			}
		}
		converted[a.Name] = to
	}
	return converted
}

func convertIdentity(s *tfprotov6.ResourceIdentitySchema) *tfjson.IdentitySchema {
	attributes := make(map[string]*tfjson.IdentityAttribute, len(s.IdentityAttributes))
	for _, a := range s.IdentityAttributes {
		attributes[a.Name] = &tfjson.IdentityAttribute{
			IdentityType:      convertType(a.Type),
			Description:       described(a.Name, a.Description),
			RequiredForImport: a.RequiredForImport,
			OptionalForImport: a.OptionalForImport,
		}
	}
	return &tfjson.IdentitySchema{Version: uint64(s.Version), Attributes: attributes} //nolint:gosec // Versions are not negative.
}

// described returns a description, and panics if it is missing.
func described(name, description string) string {
	if description == "" {
		panic(name + " has no description")
	}
	return description
}

// convertType converts a type through JSON, which is the same in both libraries.
func convertType(from tftypes.Type) (to cty.Type) {
	must(0, json.Unmarshal(must(json.Marshal(from)), &to))
	return to
}

func kind(k tfprotov6.StringKind) tfjson.SchemaDescriptionKind {
	if k == tfprotov6.StringKindMarkdown {
		return tfjson.SchemaDescriptionKindMarkdown
	}
	return tfjson.SchemaDescriptionKindPlain
}
