package provider

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tftypes"
)

// walk is one walk of Terraform's graph from the point of view of the provider: a provider process
// of its own, configured once. It calls the provider in this process through the plugin protocol,
// which is fast enough for thousands of operations, and can do what no installed CLI does.
type walk struct {
	t        testing.TB
	server   tfprotov6.ProviderServer
	schema   *tfprotov6.GetProviderSchemaResponse
	identity *tfprotov6.GetResourceIdentitySchemasResponse
	// configure contains the diagnostics of ConfigureProvider.
	configure diagnostics
	// isApply is whether this is the walk of an apply, in which Terraform 1.9 and newer allow
	// deferrals.
	isApply bool
}

// instance is what Terraform stores of a resource instance. The zero value is no instance.
type instance struct {
	state    *tfprotov6.DynamicValue
	private  []byte
	identity *tfprotov6.ResourceIdentityData
}

// planned is a planned change of a resource instance.
type planned struct {
	prior    instance
	config   *tfprotov6.DynamicValue
	state    *tfprotov6.DynamicValue
	private  []byte
	identity *tfprotov6.ResourceIdentityData
	// deferred reports whether the provider deferred the change, and replace whether it requires to
	// replace the instance.
	deferred, replace bool
}

// values are the attributes of a configuration or a state: string, bool, int, float64, nil, []any,
// values, or unknown.
type values map[string]any

// unknown is a value that is known after apply.
type unknown struct{}

type diagnostics []*tfprotov6.Diagnostic

func (ds diagnostics) errors() (all diagnostics) {
	for _, d := range ds {
		if d.Severity == tfprotov6.DiagnosticSeverityError {
			all = append(all, d)
		}
	}
	return all
}

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

// has reports whether one of the diagnostics contains all of these texts.
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

// summaries returns the severities and summaries.
func (ds diagnostics) summaries() []string {
	all := []string{}
	for _, d := range ds {
		all = append(all, capitalize(strings.ToLower(d.Severity.String()))+": "+d.Summary)
	}
	return all
}

// expect fails the test unless the diagnostics have exactly these severities and summaries, such as
// "Error: Apify dataset managed twice".
func (ds diagnostics) expect(t testing.TB, want ...string) {
	t.Helper()
	if !slices.Equal(ds.summaries(), want) {
		t.Errorf("got %q, want %q:\n%s", ds.summaries(), want, ds)
	}
}

// expectText fails the test unless the details of the diagnostics contain these texts.
func (ds diagnostics) expectText(t testing.TB, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if !strings.Contains(ds.String(), text) {
			t.Errorf("the diagnostics do not contain %q:\n%s", text, ds)
		}
	}
}

// internals matches texts that no user must see.
var internals = regexp.MustCompile(`(?i:panic|nil pointer|runtime error|goroutine)|%!|<nil>|tftypes|basetypes|\bGo (struct|value)\b|\bapify\.[A-Z]|\x1b`)

// schemas returns the schemas, which are the same in every process.
var schemas = sync.OnceValues(func() (*tfprotov6.GetProviderSchemaResponse, *tfprotov6.GetResourceIdentitySchemasResponse) {
	server, ctx := newServer(newProvider("test")), context.Background()
	return must(server.GetProviderSchema(ctx, &tfprotov6.GetProviderSchemaRequest{})),
		must(server.GetResourceIdentitySchemas(ctx, &tfprotov6.GetResourceIdentitySchemasRequest{}))
})

// newWalk starts a provider and configures it for a server. The given attributes replace those of
// the configuration; nil leaves one out.
func (s *testServer) newWalk(t testing.TB, config values) *walk {
	t.Helper()
	return s.configured(&walk{t: t}, config)
}

// newApply starts a provider for the walk of an apply.
func (s *testServer) newApply(t testing.TB, config values) *walk {
	t.Helper()
	return s.configured(&walk{t: t, isApply: true}, config)
}

func (s *testServer) configured(w *walk, config values) *walk {
	w.t.Helper()
	w.server = must(s.provider())
	w.schema, w.identity = schemas()
	all := values{"token": s.Token, "base_url": s.URL}
	for name, v := range config {
		all[name] = v
	}
	resp := must(w.server.ConfigureProvider(w.t.Context(), &tfprotov6.ConfigureProviderRequest{
		TerraformVersion:   "1.2.3",
		Config:             w.object(w.schema.Provider, all),
		ClientCapabilities: &tfprotov6.ConfigureProviderClientCapabilities{DeferralAllowed: w.isApply},
	}))
	w.configure = resp.Diagnostics
	return w
}

func (w *walk) dataset() *tfprotov6.Schema { return w.schema.ResourceSchemas["apify_dataset"] }

// object encodes attributes by a schema. Missing attributes are null.
func (w *walk) object(schema *tfprotov6.Schema, attributes values) *tfprotov6.DynamicValue {
	return dynamic(encode(schema.ValueType(), attributes))
}

// null returns the null object of a schema.
func (w *walk) null(schema *tfprotov6.Schema) *tfprotov6.DynamicValue {
	return dynamic(encode(schema.ValueType(), nil))
}

func dynamic(v tftypes.Value) *tfprotov6.DynamicValue {
	encoded := must(tfprotov6.NewDynamicValue(v.Type(), v))
	return &encoded
}

// encode panics if a value does not have the type.
func encode(typ tftypes.Type, value any) tftypes.Value {
	switch v := value.(type) {
	case unknown:
		value = tftypes.UnknownValue
	case int:
		value = int64(v)
	case []any: // strings, null or unknown
		all := []tftypes.Value{}
		for _, element := range v {
			all = append(all, encode(tftypes.String, element))
		}
		value = all
	case values:
		all, types := map[string]tftypes.Value{}, typ.(tftypes.Object).AttributeTypes
		for name, attribute := range types {
			all[name] = encode(attribute, v[name])
		}
		for name := range v {
			if types[name] == nil {
				panic(fmt.Sprintf("the schema has no attribute %q", name))
			}
		}
		value = all
	}
	return tftypes.NewValue(typ, value)
}

// decode is the opposite of encode. Numbers are int64.
func decode(t testing.TB, v tftypes.Value) any {
	t.Helper()
	if !v.IsKnown() {
		return unknown{}
	}
	if v.IsNull() {
		return nil
	}
	var (
		s string
		b bool
		n big.Float
		m map[string]tftypes.Value
		l []tftypes.Value
	)
	switch {
	case v.As(&s) == nil:
		return s
	case v.As(&b) == nil:
		return b
	case v.As(&n) == nil:
		i, _ := n.Int64()
		return i
	case v.As(&m) == nil:
		all := values{}
		for name, attribute := range m {
			all[name] = decode(t, attribute)
		}
		return all
	}
	var all []any
	if err := v.As(&l); err != nil {
		t.Fatal(err)
	}
	for _, element := range l {
		all = append(all, decode(t, element))
	}
	return all
}

// raw decodes an object by its schema. A missing object is null.
func (w *walk) raw(schema *tfprotov6.Schema, v *tfprotov6.DynamicValue) tftypes.Value {
	if v == nil {
		return encode(schema.ValueType(), nil)
	}
	return must(v.Unmarshal(schema.ValueType()))
}

// values returns the attributes of a state of apify_dataset, or nil for none.
func (w *walk) values(v *tfprotov6.DynamicValue) values {
	w.t.Helper()
	all, _ := decode(w.t, w.raw(w.dataset(), v)).(values)
	return all
}

// validate is ValidateResourceConfig.
func (w *walk) validate(config values) diagnostics {
	w.t.Helper()
	resp := must(w.server.ValidateResourceConfig(w.t.Context(), &tfprotov6.ValidateResourceConfigRequest{
		TypeName: "apify_dataset",
		Config:   w.object(w.dataset(), config),
	}))
	return resp.Diagnostics
}

// propose returns the proposed new state, which Terraform computes from the configuration and, for
// computed attributes that are not configured, the prior state.
func (w *walk) propose(prior, config tftypes.Value) *tfprotov6.DynamicValue {
	w.t.Helper()
	var before, after map[string]tftypes.Value
	if err := errors.Join(config.As(&after), prior.As(&before)); err != nil {
		w.t.Fatal(err)
	}
	for _, a := range w.dataset().Block.Attributes {
		if a.Computed && after[a.Name].IsNull() && !prior.IsNull() {
			after[a.Name] = before[a.Name]
		}
	}
	return dynamic(tftypes.NewValue(w.dataset().ValueType(), after))
}

// plan is PlanResourceChange. Without a configuration it plans to destroy the instance.
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
	resp := must(w.server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{
		TypeName:           "apify_dataset",
		PriorState:         p.prior.state,
		ProposedNewState:   proposed,
		Config:             p.config,
		PriorPrivate:       prior.private,
		PriorIdentity:      prior.identity,
		ClientCapabilities: &tfprotov6.PlanResourceChangeClientCapabilities{DeferralAllowed: w.isApply},
	}))
	p.state, p.private, p.identity, p.deferred = resp.PlannedState, resp.PlannedPrivate, resp.PlannedIdentity, resp.Deferred != nil
	p.replace = len(resp.RequiresReplace) > 0
	return p, resp.Diagnostics
}

// mustPlan is plan, and fails the test unless the plan has no diagnostics.
func (w *walk) mustPlan(prior instance, config values) planned {
	w.t.Helper()
	p, ds := w.plan(w.t.Context(), prior, config)
	if len(ds) > 0 {
		w.t.Fatalf("the plan has diagnostics:\n%s", ds)
	}
	return p
}

// changes reports whether a plan changes the state.
func (w *walk) changes(p planned) bool {
	w.t.Helper()
	return !w.raw(w.dataset(), p.state).Equal(w.raw(w.dataset(), p.prior.state))
}

// expectNoChanges reads an instance again, and fails the test if a plan for its configuration then
// changes it.
func (s *testServer) expectNoChanges(t testing.TB, i instance, config values) {
	t.Helper()
	w := s.newWalk(t, nil)
	refreshed, ds := w.read(t.Context(), i)
	p, more := w.plan(t.Context(), refreshed, config)
	if len(ds) > 0 || len(more) > 0 || w.changes(p) {
		t.Errorf("the next plan changes %v to %v\n%s%s", w.values(i.state), w.values(p.state), ds, more)
	}
}

// differences returns the attributes whose known planned values differ from the given ones, which
// Terraform rejects.
func differences(plan, got values) []string {
	var all []string
	for name, v := range plan {
		if v != (unknown{}) && fmt.Sprint(v) != fmt.Sprint(got[name]) {
			all = append(all, fmt.Sprintf("%s was planned as %v and is %v", name, v, got[name]))
		}
	}
	return all
}

// apply is ApplyResourceChange. It checks the new state against the plan, as Terraform does.
func (w *walk) apply(ctx context.Context, p planned) (instance, diagnostics) {
	w.t.Helper()
	resp := must(w.server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{
		TypeName:        "apify_dataset",
		PriorState:      p.prior.state,
		PlannedState:    p.state,
		Config:          p.config,
		PlannedPrivate:  p.private,
		PlannedIdentity: p.identity,
	}))
	after := instance{state: resp.NewState, private: resp.Private, identity: resp.NewIdentity}
	ds := diagnostics(resp.Diagnostics)
	state := w.values(resp.NewState)
	if state == nil {
		return instance{}, ds
	}
	if len(ds.errors()) == 0 {
		for _, d := range differences(w.values(p.state), state) {
			w.t.Errorf("inconsistent result after apply: %s", d)
		}
		for name, v := range state {
			if v == (unknown{}) {
				w.t.Errorf("%s is still unknown after apply", name)
			}
		}
	}
	return after, ds
}

// read is ReadResource.
func (w *walk) read(ctx context.Context, current instance) (instance, diagnostics) {
	w.t.Helper()
	resp := must(w.server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{
		TypeName:        "apify_dataset",
		CurrentState:    current.state,
		Private:         current.private,
		CurrentIdentity: current.identity,
	}))
	ds := diagnostics(resp.Diagnostics)
	if len(ds.errors()) > 0 {
		return current, ds
	}
	if resp.NewIdentity == nil || resp.NewIdentity.IdentityData == nil {
		w.t.Error("there is no identity after reading")
	}
	if w.values(resp.NewState) == nil {
		return instance{}, ds
	}
	return instance{state: resp.NewState, private: resp.Private, identity: resp.NewIdentity}, ds
}

// mustRead is read, and fails the test unless the instance is there and has no diagnostics.
func (w *walk) mustRead(current instance) instance {
	w.t.Helper()
	after, ds := w.read(w.t.Context(), current)
	if len(ds) > 0 || after.state == nil {
		w.t.Fatalf("after reading there is a state: %t\n%s", after.state != nil, ds)
	}
	return after
}

// importID is ImportResourceState with an ID, without the refresh that Terraform adds.
func (w *walk) importID(ctx context.Context, id string) (instance, diagnostics) {
	w.t.Helper()
	resp := must(w.server.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{TypeName: "apify_dataset", ID: id}))
	if len(resp.ImportedResources) != 1 {
		return instance{}, resp.Diagnostics
	}
	r := resp.ImportedResources[0]
	return instance{state: r.State, private: r.Private, identity: r.Identity}, resp.Diagnostics
}

// mustImport is importID, and fails the test if it has diagnostics.
func (w *walk) mustImport(id string) instance {
	w.t.Helper()
	i, ds := w.importID(w.t.Context(), id)
	if len(ds) > 0 {
		w.t.Fatalf("the import has diagnostics:\n%s", ds)
	}
	return i
}

// idIn returns the ID in an identity.
func (w *walk) idIn(identity *tfprotov6.ResourceIdentityData) string {
	w.t.Helper()
	if identity == nil || identity.IdentityData == nil {
		return ""
	}
	id, _ := decode(w.t, must(identity.IdentityData.Unmarshal(w.identity.IdentitySchemas["apify_dataset"].ValueType()))).(values)["id"].(string)
	return id
}

// applyPlan plans again and applies, as Terraform does in the walk of an apply. It checks the plan
// against the one before. A nil configuration destroys the instance, which is not planned again.
func (w *walk) applyPlan(ctx context.Context, p planned, config values) (instance, diagnostics) {
	w.t.Helper()
	if config == nil {
		return w.apply(ctx, p)
	}
	prior := p.prior
	if w.values(prior.state) == nil {
		prior = instance{}
	}
	again, ds := w.plan(ctx, prior, config)
	if len(ds.errors()) > 0 {
		return p.prior, ds
	}
	for _, d := range differences(w.values(p.state), w.values(again.state)) {
		w.t.Errorf("inconsistent final plan: %s", d)
	}
	after, more := w.apply(ctx, again)
	return after, append(ds, more...)
}

// mustApply plans and applies in a walk each, expects no errors, and resets the recorder. s.applied
// are the requests of the apply that can change something.
func (s *testServer) mustApply(t testing.TB, prior instance, config values) instance {
	t.Helper()
	p, ds := s.newWalk(t, nil).plan(t.Context(), prior, config)
	if len(ds.errors()) > 0 {
		t.Fatal(ds)
	}
	s.Recorder.Reset()
	after, ds := s.newApply(t, nil).applyPlan(t.Context(), p, config)
	if len(ds.errors()) > 0 {
		t.Fatal(ds)
	}
	s.applied = s.writes()
	s.Recorder.Reset()
	return after
}

// id returns the ID of an instance's dataset.
func (w *walk) id(i instance) string {
	w.t.Helper()
	id, _ := w.values(i.state)["id"].(string)
	return id
}
