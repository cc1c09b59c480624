package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// data reads a data source: validation first, as Terraform does it.
func (w *walk) data(ctx context.Context, typeName string, config values) (values, diagnostics) {
	w.t.Helper()
	schema := w.schema.DataSourceSchemas[typeName]
	raw := w.object(schema, config)
	validated, err := w.server.ValidateDataResourceConfig(ctx, &tfprotov6.ValidateDataResourceConfigRequest{TypeName: typeName, Config: raw})
	if err != nil {
		w.t.Fatal(err)
	}
	if ds := diagnostics(validated.Diagnostics); len(ds.errors()) > 0 {
		return nil, ds
	}
	resp, err := w.server.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: typeName, Config: raw})
	if err != nil {
		w.t.Fatal(err)
	}
	ds := diagnostics(resp.Diagnostics)
	if len(ds.errors()) > 0 {
		return nil, ds
	}
	state, _ := decode(w.t, w.raw(schema, resp.State)).(values)
	return state, ds
}

// listed is one result of a list resource.
type listed struct {
	name        string
	identity    values
	resource    values
	diagnostics diagnostics
}

// list lists resources and hands over each result as it comes, until each
// returns false.
func (w *walk) list(ctx context.Context, config values, limit int64, includeResource bool, each func(listed) bool) {
	w.t.Helper()
	server, ok := w.server.(tfprotov6.ListResourceServer)
	if !ok {
		w.t.Fatal("the server lists no resources")
	}
	schema := w.schema.ListResourceSchemas["apify_dataset"]
	raw := w.object(schema, config)
	validated, err := server.ValidateListResourceConfig(ctx, &tfprotov6.ValidateListResourceConfigRequest{TypeName: "apify_dataset", Config: raw})
	if err != nil {
		w.t.Fatal(err)
	}
	if ds := diagnostics(validated.Diagnostics); len(ds.errors()) > 0 {
		each(listed{diagnostics: ds})
		return
	}
	stream, err := server.ListResource(ctx, &tfprotov6.ListResourceRequest{
		TypeName:        "apify_dataset",
		Config:          raw,
		IncludeResource: includeResource,
		Limit:           limit,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	for result := range stream.Results {
		l := listed{name: result.DisplayName, diagnostics: result.Diagnostics}
		if result.Identity != nil && result.Identity.IdentityData != nil {
			v, err := result.Identity.IdentityData.Unmarshal(w.identity.IdentitySchemas["apify_dataset"].ValueType())
			if err != nil {
				w.t.Fatal(err)
			}
			l.identity, _ = decode(w.t, v).(values)
		}
		if includeResource && result.Resource != nil {
			l.resource = w.values(result.Resource)
		}
		if !each(l) {
			return
		}
	}
}

// listAll is list for all results at once.
func (w *walk) listAll(ctx context.Context, config values, limit int64, includeResource bool) ([]listed, diagnostics) {
	w.t.Helper()
	var all []listed
	var ds diagnostics
	w.list(ctx, config, limit, includeResource, func(l listed) bool {
		ds = append(ds, l.diagnostics...)
		if l.identity != nil {
			all = append(all, l)
		}
		return true
	})
	return all, ds
}

// open opens an ephemeral resource.
func (w *walk) open(ctx context.Context, config values) (values, diagnostics) {
	w.t.Helper()
	const typeName = "apify_dataset_items_url"
	schema := w.schema.EphemeralResourceSchemas[typeName]
	raw := w.object(schema, config)
	validated, err := w.server.ValidateEphemeralResourceConfig(ctx, &tfprotov6.ValidateEphemeralResourceConfigRequest{TypeName: typeName, Config: raw})
	if err != nil {
		w.t.Fatal(err)
	}
	if ds := diagnostics(validated.Diagnostics); len(ds.errors()) > 0 {
		return nil, ds
	}
	resp, err := w.server.OpenEphemeralResource(ctx, &tfprotov6.OpenEphemeralResourceRequest{TypeName: typeName, Config: raw})
	if err != nil {
		w.t.Fatal(err)
	}
	ds := diagnostics(resp.Diagnostics)
	if len(ds.errors()) > 0 {
		return nil, ds
	}
	result, _ := decode(w.t, w.raw(schema, resp.Result)).(values)
	return result, ds
}
