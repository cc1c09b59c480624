package main

import (
	"context"
	"encoding/json"
	"fmt"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
	"github.com/zclconf/go-cty/cty"
)

const (
	// formatVersion is the version of the format that Terraform 1.x prints.
	formatVersion = "1.0"
	// providerKey is the key by which tfplugindocs finds the provider's schemas. A CLI prints the
	// source address instead, which tfplugindocs finds only for the namespace hashicorp.
	providerKey = "apify"
)

// export returns the schemas of a provider.
func export(ctx context.Context, server tfprotov6.ProviderServer) (*tfjson.ProviderSchemas, error) {
	response, err := server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		return nil, err
	}
	identities, err := server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{})
	if err != nil {
		return nil, err
	}
	for _, d := range append(response.Diagnostics, identities.Diagnostics...) {
		return nil, fmt.Errorf("%s: %s", d.Summary, d.Detail)
	}

	var schemas tfjson.ProviderSchema
	if schemas.ConfigSchema, err = convert(response.Provider); err != nil {
		return nil, fmt.Errorf("provider: %w", err)
	}
	if schemas.ResourceSchemas, err = convertAll(response.ResourceSchemas, convert); err != nil {
		return nil, fmt.Errorf("resource %w", err)
	}
	if schemas.DataSourceSchemas, err = convertAll(response.DataSourceSchemas, convert); err != nil {
		return nil, fmt.Errorf("data source %w", err)
	}
	if schemas.EphemeralResourceSchemas, err = convertAll(response.EphemeralResourceSchemas, convert); err != nil {
		return nil, fmt.Errorf("ephemeral resource %w", err)
	}
	if schemas.ListResourceSchemas, err = convertAll(response.ListResourceSchemas, convert); err != nil {
		return nil, fmt.Errorf("list resource %w", err)
	}
	if schemas.ResourceIdentitySchemas, err = convertAll(identities.IdentitySchemas, convertIdentity); err != nil {
		return nil, fmt.Errorf("identity of resource %w", err)
	}
	return &tfjson.ProviderSchemas{
		FormatVersion: formatVersion,
		Schemas:       map[string]*tfjson.ProviderSchema{providerKey: &schemas},
	}, nil
}

func convertAll[From, To any](all map[string]From, convert func(From) (To, error)) (map[string]To, error) {
	converted := make(map[string]To, len(all))
	for name, from := range all {
		to, err := convert(from)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		converted[name] = to
	}
	return converted, nil
}

func convert(s *tfprotov6.Schema) (*tfjson.Schema, error) {
	if len(s.Block.BlockTypes) > 0 {
		return nil, fmt.Errorf("nested block %s: only nested attributes are supported", s.Block.BlockTypes[0].TypeName)
	}
	attributes, err := convertAttributes(s.Block.Attributes)
	if err != nil {
		return nil, err
	}
	return &tfjson.Schema{
		Version: uint64(s.Version), //nolint:gosec // Versions are not negative.
		Block: &tfjson.SchemaBlock{
			Attributes:      attributes,
			Description:     s.Block.Description,
			DescriptionKind: kind(s.Block.DescriptionKind),
			Deprecated:      s.Block.Deprecated,
		},
	}, nil
}

func convertAttributes(all []*tfprotov6.SchemaAttribute) (map[string]*tfjson.SchemaAttribute, error) {
	converted := make(map[string]*tfjson.SchemaAttribute, len(all))
	for _, a := range all {
		to := &tfjson.SchemaAttribute{
			Description:     a.Description,
			DescriptionKind: kind(a.DescriptionKind),
			Deprecated:      a.Deprecated,
			Required:        a.Required,
			Optional:        a.Optional,
			Computed:        a.Computed,
			Sensitive:       a.Sensitive,
			WriteOnly:       a.WriteOnly,
		}
		var err error
		if a.NestedType != nil {
			to.AttributeNestedType, err = convertNested(a.NestedType)
		} else {
			to.AttributeType, err = convertType(a.Type)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		converted[a.Name] = to
	}
	return converted, nil
}

func convertNested(o *tfprotov6.SchemaObject) (*tfjson.SchemaNestedAttributeType, error) {
	modes := map[tfprotov6.SchemaObjectNestingMode]tfjson.SchemaNestingMode{
		tfprotov6.SchemaObjectNestingModeSingle: tfjson.SchemaNestingModeSingle,
		tfprotov6.SchemaObjectNestingModeList:   tfjson.SchemaNestingModeList,
		tfprotov6.SchemaObjectNestingModeSet:    tfjson.SchemaNestingModeSet,
		tfprotov6.SchemaObjectNestingModeMap:    tfjson.SchemaNestingModeMap,
	}
	mode, ok := modes[o.Nesting]
	if !ok {
		return nil, fmt.Errorf("unknown nesting mode %s", o.Nesting)
	}
	attributes, err := convertAttributes(o.Attributes)
	return &tfjson.SchemaNestedAttributeType{Attributes: attributes, NestingMode: mode}, err
}

func convertIdentity(s *tfprotov6.ResourceIdentitySchema) (*tfjson.IdentitySchema, error) {
	attributes := make(map[string]*tfjson.IdentityAttribute, len(s.IdentityAttributes))
	for _, a := range s.IdentityAttributes {
		typ, err := convertType(a.Type)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", a.Name, err)
		}
		attributes[a.Name] = &tfjson.IdentityAttribute{
			IdentityType:      typ,
			Description:       a.Description,
			RequiredForImport: a.RequiredForImport,
			OptionalForImport: a.OptionalForImport,
		}
	}
	return &tfjson.IdentitySchema{
		Version:    uint64(s.Version), //nolint:gosec // Versions are not negative.
		Attributes: attributes,
	}, nil
}

// convertType converts a type through JSON, which is the same in both libraries.
func convertType(from tftypes.Type) (cty.Type, error) {
	var to cty.Type
	text, err := json.Marshal(from)
	if err != nil {
		return to, err
	}
	err = json.Unmarshal(text, &to)
	return to, err
}

func kind(k tfprotov6.StringKind) tfjson.SchemaDescriptionKind {
	if k == tfprotov6.StringKindMarkdown {
		return tfjson.SchemaDescriptionKindMarkdown
	}
	return tfjson.SchemaDescriptionKindPlain
}
