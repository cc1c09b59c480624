package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// readDataSource is ReadDataSource after ValidateDataResourceConfig.
func (w *walk) readDataSource(ctx context.Context, typeName string, config values) (values, diagnostics) {
	w.t.Helper()
	schema := w.schema.DataSourceSchemas[typeName]
	raw := w.object(schema, config)
	validated := must(w.server.ValidateDataResourceConfig(ctx, &tfprotov6.ValidateDataResourceConfigRequest{TypeName: typeName, Config: raw}))
	if ds := diagnostics(validated.Diagnostics); len(ds.errors()) > 0 {
		return nil, ds
	}
	resp := must(w.server.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: typeName, Config: raw}))
	return w.decodeResult(schema, resp.State, resp.Diagnostics)
}

// openItemsURL is OpenEphemeralResource for apify_dataset_items_url after
// ValidateEphemeralResourceConfig.
func (w *walk) openItemsURL(ctx context.Context, config values) (values, diagnostics) {
	w.t.Helper()
	const typeName = "apify_dataset_items_url"
	schema := w.schema.EphemeralResourceSchemas[typeName]
	if ds := w.validateEphemeral(typeName, config); len(ds.errors()) > 0 {
		return nil, ds
	}
	resp := must(w.server.OpenEphemeralResource(ctx, &tfprotov6.OpenEphemeralResourceRequest{TypeName: typeName, Config: w.object(schema, config)}))
	return w.decodeResult(schema, resp.Result, resp.Diagnostics)
}

// validateEphemeral is ValidateEphemeralResourceConfig.
func (w *walk) validateEphemeral(typeName string, config values) diagnostics {
	w.t.Helper()
	resp := must(w.server.ValidateEphemeralResourceConfig(w.t.Context(), &tfprotov6.ValidateEphemeralResourceConfigRequest{
		TypeName: typeName, Config: w.object(w.schema.EphemeralResourceSchemas[typeName], config),
	}))
	return resp.Diagnostics
}

// decodeResult returns the attributes of an object, or nil if there are errors.
func (w *walk) decodeResult(schema *tfprotov6.Schema, object *tfprotov6.DynamicValue, ds diagnostics) (values, diagnostics) {
	w.t.Helper()
	if len(ds.errors()) > 0 {
		return nil, ds
	}
	result, _ := decode(w.t, w.raw(schema, object)).(values)
	return result, ds
}

// listResult is one result of a list resource.
type listResult struct {
	displayName string
	id          string
	resource    values
}

// list is ListResource for apify_dataset after ValidateListResourceConfig.
func (w *walk) list(ctx context.Context, config values, limit int64, includeResource bool) (all []listResult, ds diagnostics) {
	w.t.Helper()
	const typeName = "apify_dataset"
	server := w.server.(tfprotov6.ListResourceServer)
	raw := w.object(w.schema.ListResourceSchemas[typeName], config)
	validated := must(server.ValidateListResourceConfig(ctx, &tfprotov6.ValidateListResourceConfigRequest{TypeName: typeName, Config: raw}))
	if ds = validated.Diagnostics; len(ds.errors()) > 0 {
		return nil, ds
	}
	req := &tfprotov6.ListResourceRequest{TypeName: typeName, Config: raw, IncludeResource: includeResource, Limit: limit}
	for result := range must(server.ListResource(ctx, req)).Results {
		ds = append(ds, result.Diagnostics...)
		if id := w.idIn(result.Identity); id != "" {
			all = append(all, listResult{result.DisplayName, id, w.values(result.Resource)})
		}
	}
	return all, ds
}
