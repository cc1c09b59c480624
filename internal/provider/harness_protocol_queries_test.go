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
	diagnostics diagnostics
}

// list is ListResource for apify_dataset after ValidateListResourceConfig. It passes each result to
// a function as soon as it arrives, until the function returns false.
func (w *walk) list(ctx context.Context, config values, limit int64, includeResource bool, each func(listResult) bool) {
	w.t.Helper()
	server, ok := w.server.(tfprotov6.ListResourceServer)
	if !ok {
		w.t.Fatal("the server has no list resources")
	}
	schema := w.schema.ListResourceSchemas["apify_dataset"]
	raw := w.object(schema, config)
	validated := must(server.ValidateListResourceConfig(ctx, &tfprotov6.ValidateListResourceConfigRequest{TypeName: "apify_dataset", Config: raw}))
	if ds := diagnostics(validated.Diagnostics); len(ds.errors()) > 0 {
		each(listResult{diagnostics: ds})
		return
	}
	stream := must(server.ListResource(ctx, &tfprotov6.ListResourceRequest{
		TypeName:        "apify_dataset",
		Config:          raw,
		IncludeResource: includeResource,
		Limit:           limit,
	}))
	for result := range stream.Results {
		l := listResult{displayName: result.DisplayName, id: w.idIn(result.Identity), diagnostics: result.Diagnostics}
		if includeResource && result.Resource != nil {
			l.resource = w.values(result.Resource)
		}
		if !each(l) {
			return
		}
	}
}

// listAll returns all results of list at once.
func (w *walk) listAll(ctx context.Context, config values, limit int64, includeResource bool) ([]listResult, diagnostics) {
	w.t.Helper()
	var all []listResult
	var ds diagnostics
	w.list(ctx, config, limit, includeResource, func(l listResult) bool {
		ds = append(ds, l.diagnostics...)
		if l.id != "" {
			all = append(all, l)
		}
		return true
	})
	return all, ds
}
