package provider

import (
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types/basetypes"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// unknownAccount is the response to a token that cannot read its own account.
var unknownAccount = refusal(getUser, 403, "insufficient-permissions")

// TestDatasetRead_failures has refreshes that fail. Only a 404 for a dataset of the token's own
// account removes it from state.
func TestDatasetRead_failures(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		fault          emulator.Fault
		token          string
		unknownAccount bool
		unknownOwner   bool
		want           []string
		texts          []string
		removed        bool
	}{
		"404":                       {fault: refusal(getDataset, 404, "record-not-found"), want: []string{warnDeleted + ": a"}, texts: []string{"no longer exists", "its items are lost"}, removed: true},
		"404 of record or token":    {fault: refusal(getDataset, 404, "record-or-token-not-found"), want: []string{warnDeleted + ": a"}, removed: true},
		"404 of another type":       {fault: refusal(getDataset, 404, "page-not-found"), want: []string{errRefused}, texts: []string{"Check base_url"}},
		"404 of a proxy":            {fault: page(getDataset, 404), want: []string{errForeign}},
		"404 of another account":    {fault: refusal(getDataset, 404, "record-not-found"), token: otherToken, want: []string{errNoAccess}, texts: []string{"belongs to account " + ownerID + ", and the API token belongs to account other (ID " + otherID + ")."}},
		"404 of an unknown account": {fault: refusal(getDataset, 404, "record-not-found"), unknownAccount: true, want: []string{errNoAccess}, texts: []string{"belongs to account " + ownerID + ", and the API token cannot read its own account."}},
		"404 of unknown accounts":   {fault: refusal(getDataset, 404, "record-not-found"), unknownAccount: true, unknownOwner: true, want: []string{errNoAccess}, texts: []string{"is not in state, and the API token cannot read its own account."}},
		"403 of another account":    {fault: refusal(getDataset, 403, "insufficient-permissions"), token: otherToken, want: []string{errNoAccess}, texts: []string{ownerID, "other (ID", "(403 Forbidden, insufficient-permissions)"}},
		"403":                       {fault: refusal(getDataset, 403, "insufficient-permissions"), want: []string{errRefused}, texts: []string{"permission to read datasets"}},
		"403 of a limit, other":     {fault: refusal(getDataset, 403, "platform-feature-disabled"), token: otherToken, want: []string{errRefused}},
		"403 of a proxy":            {fault: page(getDataset, 403), token: otherToken, want: []string{errForeign}},
		"503":                       {fault: page(getDataset, 503), want: []string{errUnreachable}},
		"a page":                    {fault: page(getDataset, 200), want: []string{errForeign}},
		"another dataset":           {fault: onRequest(getDataset, emulator.Fault{Mutate: setField("id", "AnotherDataset000")}), want: []string{errForeign}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTwoAccounts(t)
			if test.unknownOwner {
				s.Recorder.Inject(onRequest(postDatasets, emulator.Fault{Mutate: changeObject(func(d map[string]any) { delete(d, "userId") })}))
			}
			a := s.mustApply(t, instance{}, values{"name": "a"})
			if test.unknownAccount {
				s.Recorder.Inject(unknownAccount)
			}
			config := values{"max_retries": 0}
			if test.token != "" {
				config["token"] = test.token
			}
			w := s.newWalk(t, config)
			s.Recorder.Inject(test.fault)
			after, ds := w.read(t.Context(), a)
			ds.expect(t, test.want...)
			ds.expectText(t, append(test.texts, "State was not changed.")[:len(test.texts)]...)
			if (after.state == nil) != test.removed {
				t.Errorf("the state has a dataset: %t", after.state != nil)
			}
			if !test.removed && !strings.Contains(ds.String(), "State was not changed.") {
				t.Errorf("the error does not say that state was not changed:\n%s", ds)
			}
		})
	}
}

// unusedFields makes all fields that no resource uses unreadable.
func unusedFields(o map[string]any) {
	for _, field := range []string{"title", "username", "modifiedAt", "accessedAt", "actId", "actRunId", "fields", "stats", "aNewField"} {
		o[field] = []any{1.5, map[string]any{"x": nil}}
	}
}

// TestDatasetRead_unusedFields reads, individually and from the list, responses with unreadable
// fields that the resource does not use.
func TestDatasetRead_unusedFields(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	a := s.mustApply(t, instance{}, values{"name": "a"})
	s.Recorder.Inject(
		onRequest(getDataset, emulator.Fault{Mutate: changeObject(unusedFields)}),
		onRequest(getDatasets, emulator.Fault{Mutate: changeItems(unusedFields)}),
	)
	w := s.newWalk(t, nil)
	for range singleReads + 1 {
		if after := w.mustRead(a); len(differences(w.values(a.state), w.values(after.state))) > 0 {
			t.Fatalf("got %v", w.values(after.state))
		}
	}
	if sent := s.sent(); len(sent) != 1+singleReads+1 || !slices.Contains(sent, getDatasets) {
		t.Errorf("the last read was individual: %q", sent)
	}
}

// TestDatasetRead_itemsURL keeps the URL in state while it is valid for 7 more days, and only the
// signature differs.
func TestDatasetRead_itemsURL(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)
	s := newEmulatorWithClock(t, &now)
	config := values{"name": "a"}
	a := s.mustApply(t, instance{}, config)
	w := s.newWalk(t, nil)
	itemsURL := func(i instance) string { return w.values(i.state)["items_public_url"].(string) }
	if !strings.Contains(itemsURL(a), "signature=") {
		t.Fatalf("the URL is %s", itemsURL(a))
	}
	now = now.Add(7 * day)
	s.expectNoChanges(t, a, config)
	if after := w.mustRead(a); itemsURL(after) != itemsURL(a) {
		t.Error("the URL changed with 7 days left")
	}
	now = now.Add(time.Second)
	b := w.mustRead(a)
	if itemsURL(b) == itemsURL(a) {
		t.Error("the URL is the same with less than 7 days left")
	}
	id := w.id(a)
	for name, change := range map[string]func(*emulator.Dataset){
		"the access": func(d *emulator.Dataset) { d.GeneralAccess = "ANYONE_WITH_ID_CAN_READ" },
		"the key": func(d *emulator.Dataset) {
			d.GeneralAccess, d.URLSigningSecretKey = "RESTRICTED", strings.Repeat("k", 32)
		},
	} {
		before := w.mustRead(b)
		s.API.Update(id, change)
		if after := w.mustRead(before); itemsURL(after) == itemsURL(before) {
			t.Errorf("the URL is the same after %s changed", name)
		}
	}
	s.expectNoChanges(t, w.mustRead(b), config)
}

// TestDatasetRead_changes shows the changes that were made outside Terraform.
func TestDatasetRead_changes(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	a := s.mustApply(t, instance{}, values{"name": "a", "schema": schemaA})
	w := s.newWalk(t, nil)
	s.API.Update(w.id(a), func(d *emulator.Dataset) {
		d.Name, d.GeneralAccess, d.Schema = "b", "RESTRICTED", []byte(`{"fields": {}, "actorSpecification": 1}`)
	})
	got := w.values(w.mustRead(a).state)
	if got["name"] != "b" || got["general_access"] != "RESTRICTED" || got["schema"] != schemaA {
		t.Errorf("got %v", got)
	}
	if id := w.idIn(w.mustRead(a).identity); id != w.id(a) {
		t.Errorf("the identity is %q", id)
	}
}

// TestDataset_timeouts limits each operation by its timeout in configuration or state, and by five
// minutes without one.
func TestDataset_timeouts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		types := timeoutsAttribute(t.Context()).GetType().(timeouts.Type).AttrTypes
		for value, want := range map[attr.Value]time.Duration{
			basetypes.NewStringNull():       defaultTimeout,
			basetypes.NewStringValue("90s"): 90 * time.Second,
		} {
			configured := timeouts.Value{Object: basetypes.NewObjectValueMust(types, map[string]attr.Value{
				"create": basetypes.NewStringNull(), "read": value, "update": basetypes.NewStringNull(), "delete": basetypes.NewStringNull(),
			})}
			var diags diag.Diagnostics
			ctx, cancel := withTimeout(t.Context(), configured, "read", &diags)
			if deadline, _ := ctx.Deadline(); time.Until(deadline) != want || diags.HasError() {
				t.Errorf("%s: got %s and %v", value, time.Until(deadline), diags)
			}
			cancel()
		}
	})
}
