package provider

import (
	"context"
	"fmt"
	"math/big"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// walk is one walk of Terraform's graph as the provider sees it: a provider
// process of its own, configured once. It speaks the plugin protocol to the
// provider in this process, which is quick enough for thousands of operations and
// shows what no CLI here can do.
type walk struct {
	t        testing.TB
	server   tfprotov6.ProviderServer
	schema   *tfprotov6.GetProviderSchemaResponse
	identity *tfprotov6.GetResourceIdentitySchemasResponse
	// configure are the diagnostics of configuring the provider.
	configure diagnostics
}

// instance is what Terraform keeps of a resource. The zero value is none.
type instance struct {
	state    *tfprotov6.DynamicValue
	private  []byte
	identity *tfprotov6.ResourceIdentityData
}

// planned is what a plan came to.
type planned struct {
	prior   instance
	config  *tfprotov6.DynamicValue
	state   *tfprotov6.DynamicValue
	private []byte
	id      *tfprotov6.ResourceIdentityData
	// deferred is whether the provider put the plan off.
	deferred bool
}

// values are a configuration's attributes: string, bool, int, nil, []string,
// values, or unknown.
type values map[string]any

// unknown is a value that is known after apply.
type unknown struct{}

type diagnostics []*tfprotov6.Diagnostic

func (ds diagnostics) with(severity tfprotov6.DiagnosticSeverity) diagnostics {
	var some diagnostics
	for _, d := range ds {
		if d.Severity == severity {
			some = append(some, d)
		}
	}
	return some
}

func (ds diagnostics) errors() diagnostics   { return ds.with(tfprotov6.DiagnosticSeverityError) }
func (ds diagnostics) warnings() diagnostics { return ds.with(tfprotov6.DiagnosticSeverityWarning) }

func (ds diagnostics) String() string {
	var b strings.Builder
	for _, d := range ds {
		fmt.Fprintf(&b, "%s: %s", d.Severity, d.Summary)
		if d.Attribute != nil {
			fmt.Fprintf(&b, " (%s)", d.Attribute)
		}
		fmt.Fprintf(&b, "\n%s\n", d.Detail)
	}
	return b.String()
}

// has tells whether some diagnostic has all of these texts.
func (ds diagnostics) has(texts ...string) bool {
	for _, d := range ds {
		all := true
		for _, text := range texts {
			all = all && (strings.Contains(d.Summary, text) || strings.Contains(d.Detail, text))
		}
		if all {
			return true
		}
	}
	return false
}

// newWalk starts a provider and configures it for a server. The configuration
// can be changed or, with nil, left out attribute by attribute.
func (s *testServer) newWalk(t testing.TB, config values) *walk {
	t.Helper()
	server, err := s.provider()
	if err != nil {
		t.Fatal(err)
	}
	w := &walk{t: t, server: server}
	if w.schema, err = server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{}); err != nil {
		t.Fatal(err)
	}
	if w.identity, err = server.GetResourceIdentitySchemas(t.Context(), &tfprotov6.GetResourceIdentitySchemasRequest{}); err != nil {
		t.Fatal(err)
	}
	all := values{"token": s.Token, "base_url": s.URL}
	for name, v := range config {
		all[name] = v
	}
	resp, err := server.ConfigureProvider(t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion: "1.2.3",
		Config:           w.object(w.schema.Provider, all),
	})
	if err != nil {
		t.Fatal(err)
	}
	w.configure = resp.Diagnostics
	return w
}

func (w *walk) dataset() *tfprotov6.Schema { return w.schema.ResourceSchemas["apify_dataset"] }

// object encodes attributes by a schema; those that are left out are null.
func (w *walk) object(schema *tfprotov6.Schema, attributes values) *tfprotov6.DynamicValue {
	w.t.Helper()
	typ := schema.ValueType()
	v, err := tfprotov6.NewDynamicValue(typ, encode(w.t, typ, attributes))
	if err != nil {
		w.t.Fatal(err)
	}
	return &v
}

func (w *walk) null(schema *tfprotov6.Schema) *tfprotov6.DynamicValue {
	w.t.Helper()
	v, err := tfprotov6.NewDynamicValue(schema.ValueType(), tftypes.NewValue(schema.ValueType(), nil))
	if err != nil {
		w.t.Fatal(err)
	}
	return &v
}

func encode(t testing.TB, typ tftypes.Type, value any) tftypes.Value {
	t.Helper()
	switch v := value.(type) {
	case nil:
		return tftypes.NewValue(typ, nil)
	case unknown:
		return tftypes.NewValue(typ, tftypes.UnknownValue)
	case string, bool:
		return tftypes.NewValue(typ, v)
	case int:
		return tftypes.NewValue(typ, big.NewFloat(float64(v)))
	case []string:
		element := tftypes.Type(tftypes.String)
		var all []tftypes.Value
		for _, s := range v {
			all = append(all, tftypes.NewValue(element, s))
		}
		return tftypes.NewValue(typ, all)
	case values:
		object, ok := typ.(tftypes.Object)
		if !ok {
			t.Fatalf("%s is no object", typ)
		}
		all := map[string]tftypes.Value{}
		for name, attribute := range object.AttributeTypes {
			all[name] = encode(t, attribute, v[name])
		}
		for name := range v {
			if object.AttributeTypes[name] == nil {
				t.Fatalf("there is no attribute %q", name)
			}
		}
		return tftypes.NewValue(typ, all)
	default:
		t.Fatalf("a %T cannot be encoded", value)
		panic("unreachable")
	}
}

// decode is encode's opposite. Numbers are int64.
func decode(t testing.TB, v tftypes.Value) any {
	t.Helper()
	if !v.IsKnown() {
		return unknown{}
	}
	if v.IsNull() {
		return nil
	}
	as := func(into any) {
		t.Helper()
		if err := v.As(into); err != nil {
			t.Fatal(err)
		}
	}
	switch {
	case v.Type().Is(tftypes.String):
		var s string
		as(&s)
		return s
	case v.Type().Is(tftypes.Bool):
		var b bool
		as(&b)
		return b
	case v.Type().Is(tftypes.Number):
		var n big.Float
		as(&n)
		i, _ := n.Int64()
		return i
	case v.Type().Is(tftypes.Object{}):
		var m map[string]tftypes.Value
		as(&m)
		all := values{}
		for name, attribute := range m {
			all[name] = decode(t, attribute)
		}
		return all
	default:
		var l []tftypes.Value
		as(&l)
		var all []any
		for _, element := range l {
			all = append(all, decode(t, element))
		}
		return all
	}
}

func (w *walk) raw(schema *tfprotov6.Schema, v *tfprotov6.DynamicValue) tftypes.Value {
	w.t.Helper()
	if v == nil {
		return tftypes.NewValue(schema.ValueType(), nil)
	}
	raw, err := v.Unmarshal(schema.ValueType())
	if err != nil {
		w.t.Fatal(err)
	}
	return raw
}

// values are a state's attributes; nil for none.
func (w *walk) values(v *tfprotov6.DynamicValue) values {
	w.t.Helper()
	all, _ := decode(w.t, w.raw(w.dataset(), v)).(values)
	return all
}

// validate is ValidateResourceConfig.
func (w *walk) validate(config values) diagnostics {
	w.t.Helper()
	resp, err := w.server.ValidateResourceConfig(w.t.Context(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: "apify_dataset",
		Config:   w.object(w.dataset(), config),
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return resp.Diagnostics
}

// propose is what Terraform proposes: the configuration, and for what is computed
// and not configured the prior value.
func (w *walk) propose(prior, config tftypes.Value) *tfprotov6.DynamicValue {
	w.t.Helper()
	var was, is map[string]tftypes.Value
	if err := config.As(&is); err != nil {
		w.t.Fatal(err)
	}
	if !prior.IsNull() {
		if err := prior.As(&was); err != nil {
			w.t.Fatal(err)
		}
	}
	for _, a := range w.dataset().Block.Attributes {
		if a.Computed && is[a.Name].IsNull() && was != nil {
			is[a.Name] = was[a.Name]
		}
	}
	typ := w.dataset().ValueType()
	v, err := tfprotov6.NewDynamicValue(typ, tftypes.NewValue(typ, is))
	if err != nil {
		w.t.Fatal(err)
	}
	return &v
}

// plan plans a resource with a configuration, or with nil its destruction.
func (w *walk) plan(ctx context.Context, prior instance, config values) (planned, diagnostics) {
	w.t.Helper()
	p := planned{prior: prior, config: w.null(w.dataset())}
	proposed := p.config
	if prior.state == nil {
		p.prior.state = p.config
	}
	if config != nil {
		p.config = w.object(w.dataset(), config)
		proposed = w.propose(w.raw(w.dataset(), p.prior.state), w.raw(w.dataset(), p.config))
	}
	resp, err := w.server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName:         "apify_dataset",
		PriorState:       p.prior.state,
		ProposedNewState: proposed,
		Config:           p.config,
		PriorPrivate:     prior.private,
		PriorIdentity:    prior.identity,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	p.state, p.private, p.id, p.deferred = resp.PlannedState, resp.PlannedPrivate, resp.PlannedIdentity, resp.Deferred != nil
	if len(resp.RequiresReplace) > 0 {
		w.t.Errorf("the plan requires a replacement, for %s", resp.RequiresReplace)
	}
	return p, resp.Diagnostics
}

// changes tells whether a plan would do something.
func (w *walk) changes(p planned) bool {
	w.t.Helper()
	return !w.raw(w.dataset(), p.state).Equal(w.raw(w.dataset(), p.prior.state))
}

// apply carries a plan out. As Terraform does, it checks that what was planned is
// what came out.
func (w *walk) apply(ctx context.Context, p planned) (instance, diagnostics) {
	w.t.Helper()
	resp, err := w.server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName:        "apify_dataset",
		PriorState:      p.prior.state,
		PlannedState:    p.state,
		Config:          p.config,
		PlannedPrivate:  p.private,
		PlannedIdentity: p.id,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	after := instance{state: resp.NewState, private: resp.Private, identity: resp.NewIdentity}
	ds := diagnostics(resp.Diagnostics)
	state := w.raw(w.dataset(), resp.NewState)
	if state.IsNull() {
		return instance{}, ds
	}
	if len(ds.errors()) == 0 {
		want, got := w.values(p.state), w.values(resp.NewState)
		for name, v := range want {
			if v != (unknown{}) && fmt.Sprint(v) != fmt.Sprint(got[name]) {
				w.t.Errorf("the provider produced an inconsistent result: %s was planned as %v, and is %v", name, v, got[name])
			}
		}
		for name, v := range got {
			if v == (unknown{}) {
				w.t.Errorf("%s is still unknown after apply", name)
			}
		}
	}
	return after, ds
}

// read refreshes a resource.
func (w *walk) read(ctx context.Context, current instance) (instance, diagnostics) {
	w.t.Helper()
	resp, err := w.server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{
		TypeName:        "apify_dataset",
		CurrentState:    current.state,
		Private:         current.private,
		CurrentIdentity: current.identity,
	})
	if err != nil {
		w.t.Fatal(err)
	}
	ds := diagnostics(resp.Diagnostics)
	if len(ds.errors()) > 0 {
		return current, ds
	}
	if resp.NewIdentity == nil || resp.NewIdentity.IdentityData == nil {
		w.t.Error("there is no identity after reading")
	}
	if w.raw(w.dataset(), resp.NewState).IsNull() {
		return instance{}, ds
	}
	return instance{state: resp.NewState, private: resp.Private, identity: resp.NewIdentity}, ds
}

// importID imports a resource, without the refresh that Terraform lets follow.
func (w *walk) importID(ctx context.Context, id string) (instance, diagnostics) {
	w.t.Helper()
	return w.imported(ctx, &tfprotov6.ImportResourceStateRequest{TypeName: "apify_dataset", ID: id})
}

// importIdentity imports a resource by its identity.
func (w *walk) importIdentity(ctx context.Context, id string) (instance, diagnostics) {
	w.t.Helper()
	typ := w.identity.IdentitySchemas["apify_dataset"].ValueType()
	v, err := tfprotov6.NewDynamicValue(typ, encode(w.t, typ, values{"id": id}))
	if err != nil {
		w.t.Fatal(err)
	}
	return w.imported(ctx, &tfprotov6.ImportResourceStateRequest{
		TypeName: "apify_dataset",
		Identity: &tfprotov6.ResourceIdentityData{IdentityData: &v},
	})
}

func (w *walk) imported(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (instance, diagnostics) {
	w.t.Helper()
	resp, err := w.server.ImportResourceState(ctx, req)
	if err != nil {
		w.t.Fatal(err)
	}
	ds := diagnostics(resp.Diagnostics)
	if len(ds.errors()) > 0 {
		return instance{}, ds
	}
	if len(resp.ImportedResources) != 1 {
		w.t.Fatalf("%d resources were imported", len(resp.ImportedResources))
	}
	r := resp.ImportedResources[0]
	return instance{state: r.State, private: r.Private, identity: r.Identity}, ds
}

// identityID is the id in a resource's identity.
func (w *walk) identityID(i instance) string {
	w.t.Helper()
	if i.identity == nil || i.identity.IdentityData == nil {
		return ""
	}
	v, err := i.identity.IdentityData.Unmarshal(w.identity.IdentitySchemas["apify_dataset"].ValueType())
	if err != nil {
		w.t.Fatal(err)
	}
	id, _ := decode(w.t, v).(values)["id"].(string)
	return id
}

// mustApply plans and applies in a walk each, and expects no errors.
func (s *testServer) mustApply(t testing.TB, prior instance, config values) instance {
	t.Helper()
	p, ds := s.newWalk(t, nil).plan(t.Context(), prior, config)
	if len(ds.errors()) > 0 {
		t.Fatal(ds)
	}
	after, ds := s.newWalk(t, nil).apply(t.Context(), p)
	if len(ds.errors()) > 0 {
		t.Fatal(ds)
	}
	return after
}
