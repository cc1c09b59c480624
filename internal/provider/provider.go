// Package provider is the Terraform provider for Apify's dataset storage.
package provider

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/resource"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

var (
	_ provider.Provider                       = (*apifyProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*apifyProvider)(nil)
	_ provider.ProviderWithListResources      = (*apifyProvider)(nil)
)

// objectKinds are the kinds of Apify objects that Terraform can use: storages and the account.
var objectKinds = []objectKind{
	datasetKind,
	userKind,
}

// objectKind is a kind of Apify object: everything that Terraform can use of it, and a store that
// combines the API with the memory of one provider process.
type objectKind struct {
	newStore           func(*apifyProvider, *apify.Client, *tokenAccount) any
	resources          []func() resource.Resource
	dataSources        []func() datasource.DataSource
	ephemeralResources []func() ephemeral.EphemeralResource
	listResources      []func() list.ListResource
	// seeState records a resource in state, as JSON; nil if the store does not need that.
	seeState func(store any, typeName string, state []byte)
}

// New returns a constructor of the provider with a version, for tools that need its schema.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return newProvider(version) }
}

func newProvider(version string) *apifyProvider {
	return &apifyProvider{version: version, now: time.Now, nameWaits: defaultNameWaits}
}

type apifyProvider struct {
	version string
	// now is the clock that signatures are compared with, retryDelay and totalDelay are delays of
	// the client, and nameWaits the times for which renames wait; tests set them.
	now                    func() time.Time
	retryDelay, totalDelay time.Duration
	nameWaits              nameWaits

	// stores are those of Configure; nil before.
	stores atomic.Pointer[stores]
}

func (p *apifyProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "apify"
	resp.Version = p.version
}

func (p *apifyProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	client := p.newClient(ctx, req, resp)
	if client == nil {
		return
	}
	account := &tokenAccount{client: client}
	if p.checkAccount(ctx, req, account, &resp.Diagnostics); resp.Diagnostics.HasError() {
		return
	}
	var configured stores
	for _, kind := range objectKinds {
		configured = append(configured, kind.newStore(p, client, account))
	}
	p.stores.Store(&configured)
	resp.ResourceData = configured
	resp.DataSourceData = configured
	resp.EphemeralResourceData = configured
	resp.ListResourceData = configured
}

// seeState passes a resource in state to the stores.
func (p *apifyProvider) seeState(typeName string, state []byte) {
	configured := p.stores.Load()
	if configured == nil {
		return
	}
	for i, kind := range objectKinds {
		if kind.seeState != nil {
			kind.seeState((*configured)[i], typeName, state)
		}
	}
}

// stores are the stores of a configured provider, one for each of the objectKinds.
type stores []any

// storeOf returns the store of type S from what Configure has passed on. It returns the zero value
// if the provider is not configured, as during validation.
func storeOf[S any](data any, diags *diag.Diagnostics) (store S) {
	if data == nil {
		return store
	}
	all, _ := data.(stores)
	for _, s := range all {
		if store, ok := s.(S); ok {
			return store
		}
	}
	diags.AddError("Unexpected provider data",
		fmt.Sprintf("This is a bug in the provider: it has no %T in its data, a %T. Please report it.", store, data))
	return store
}

func (p *apifyProvider) Resources(context.Context) (all []func() resource.Resource) {
	for _, kind := range objectKinds {
		all = append(all, kind.resources...)
	}
	return all
}

func (p *apifyProvider) DataSources(context.Context) (all []func() datasource.DataSource) {
	for _, kind := range objectKinds {
		all = append(all, kind.dataSources...)
	}
	return all
}

func (p *apifyProvider) EphemeralResources(context.Context) (all []func() ephemeral.EphemeralResource) {
	for _, kind := range objectKinds {
		all = append(all, kind.ephemeralResources...)
	}
	return all
}

func (p *apifyProvider) ListResources(context.Context) (all []func() list.ListResource) {
	for _, kind := range objectKinds {
		all = append(all, kind.listResources...)
	}
	return all
}
