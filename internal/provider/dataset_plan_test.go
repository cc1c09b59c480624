package provider

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// Summaries of errors and warnings.
const (
	errManagedTwice  = "Error: Apify dataset managed twice"
	errContainsItems = "Error: Apify dataset contains items"
	errAlreadyExists = "Error: Apify dataset already exists"
	errOtherSchema   = "Error: Existing Apify dataset has another schema"
	errSchemaChanged = "Error: Apify dataset schema changed"
	errNotInState    = "Error: Creation of Apify dataset incomplete"
	errNoAccess      = "Error: No access to Apify dataset"
	errRefused       = "Error: Apify refused the request"
	errUnreachable   = "Error: Apify is not reachable"
	errForeign       = "Error: Response is not from Apify"
	warnAdopting     = "Warning: " + warningAdopting
	warnNameInUse    = "Warning: " + warningNameInUse
	warnNotChecked   = "Warning: " + warningNotChecked
	warnItemsLost    = "Warning: " + warningItemsLost
	warnDeleted      = "Warning: " + warningDeleted
)

const (
	schemaA = `{"actorSpecification":1,"fields":{}}`
	schemaB = `{"actorSpecification":1,"views":{}}`
)

// plannedResource is a resource, or an object in state, in a plan. Without a configuration it is
// destroyed.
type plannedResource struct {
	prior  instance
	config values
	// tainted and replace are those of terraform taint and -replace.
	tainted, replace bool
}

// newPlanned returns the resource "A>B": the dataset A in state, and the name B in the
// configuration. Without A it is created, without B destroyed. "!" is tainted, "*" is -replace, "#"
// is a new schema.
func newPlanned(state map[string]instance, s string) plannedResource {
	prior, name, _ := strings.Cut(strings.TrimRight(s, "!*#"), ">")
	r := plannedResource{prior: state[prior], tainted: strings.HasSuffix(s, "!"), replace: strings.HasSuffix(s, "*")}
	if name != "" {
		r.config = values{"name": name}
	}
	if strings.HasSuffix(s, "#") {
		r.config["schema"] = schemaA
	}
	return r
}

// planResource plans as Terraform does, in which a replacement is planned twice, and drops the
// warnings of the second plan.
func (w *walk) planResource(r plannedResource) diagnostics {
	w.t.Helper()
	if r.tainted {
		_, ds := w.plan(w.t.Context(), instance{}, r.config)
		return ds
	}
	p, ds := w.plan(w.t.Context(), r.prior, r.config)
	if len(ds.errors()) == 0 && r.config != nil && r.prior.state != nil && (p.replace || r.replace) {
		_, more := w.plan(w.t.Context(), instance{private: p.private}, r.config)
		ds = append(ds, more.errors()...)
	}
	return ds
}

// TestDatasetPlan_orders refreshes and plans the situations that depend on other resources in every
// order. The diagnostics are the same in every order, whichever resource has them.
func TestDatasetPlan_orders(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		situation string
		resources string // see newPlanned
		want      []string
		// optional is an error or a warning that some orders have in addition.
		optional []string
	}{
		{"a label changed without moved", "a> >a", []string{errManagedTwice}, []string{warnAdopting + ": a"}},
		{"a label changed without moved, with items", "c> >c", []string{errManagedTwice}, []string{errContainsItems, warnAdopting + ": c"}},
		{"two blocks with one name", ">new >NEW", []string{errManagedTwice}, nil},
		{"two imports of one dataset", "a>a a>a", []string{errManagedTwice}, nil},
		{"a rename to the name of another resource", "a>b b>b", []string{errManagedTwice}, []string{warnNameInUse + ": b"}},
		{"a rename to a name that is in use", "a>foreign b>b", []string{warnNameInUse + ": foreign"}, nil},
		{"two names exchanged", "a>b b>a", []string{warnNameInUse + ": a", warnNameInUse + ": b"}, nil},
		{"a count that lost its first element", "a>b b>c c>", []string{errContainsItems, warnNameInUse + ": b", warnNameInUse + ": c"}, nil},
		{"a new resource on a name that is given up", "a>new >a", []string{errManagedTwice}, []string{warnAdopting + ": a"}},
		{"a replacement for its name and schema", "a>a* >new", nil, nil},
		{"a replacement for a new name and schema", "a>new# b>b", nil, nil},
		{"a tainted resource with items", "c>c! a>a", nil, nil},
		{"two destructions of one dataset", "a> a>", nil, nil},
		{"a deposed object of the resource's own dataset", "a> a>a", []string{errManagedTwice}, nil},
	} {
		t.Run(test.situation, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			state := map[string]instance{}
			for _, name := range []string{"a", "b", "c"} {
				state[name] = s.mustApply(t, instance{}, values{"name": name})
			}
			s.API.Push(s.newWalk(t, nil).id(state["c"]), items(2)...)
			s.API.Seed(emulator.Dataset{Name: "foreign"})
			var resources []plannedResource
			for r := range strings.FieldsSeq(test.resources) {
				resources = append(resources, newPlanned(state, r))
			}
			// Each resource is refreshed, if it is in state, and planned.
			eachOrder(slices.Repeat([]claimant{{steps: "rp"}}, len(resources)), func(order []int) {
				w, refreshed := s.newWalk(t, nil), map[int]plannedResource{}
				var ds diagnostics
				for _, i := range order {
					r, found := refreshed[i]
					if !found {
						if r = resources[i]; r.prior.state != nil {
							r.prior = w.mustRead(r.prior)
						}
						refreshed[i] = r
						continue
					}
					more := w.planResource(r)
					if ds = append(ds, more...); len(more.errors()) > 1 { // the loss of a claimed dataset is not advice
						t.Errorf("in the order %v, one resource has the errors\n%s", order, more)
					}
				}
				got := slices.DeleteFunc(ds.summaries(), func(s string) bool { return slices.Contains(test.optional, s) })
				slices.Sort(got)
				if !slices.Equal(got, test.want) {
					t.Errorf("in the order %v got %q, want %q:\n%s", order, got, test.want, ds)
				}
				for _, d := range ds.errors() {
					if advice := strings.SplitN(d.Detail, "\n", 3)[1]; !strings.Contains(advice, "moved") {
						t.Errorf("the first advice is %q", advice)
					}
				}
			})
			s.expectWrites(t)
		})
	}
}

// TestDatasetPlan_adoption plans the creation of a dataset whose name is taken, and applies it.
func TestDatasetPlan_adoption(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config values
		want   []string // of plan and apply
		texts  []string
	}{
		"adopted":              {values{}, []string{warnAdopting + ": Existing"}, []string{`"Existing" (ID `, ", created 20", "2 items) exists", "with its items."}},
		"allowed":              {values{"adopt_existing": true}, []string{warnAdopting + ": Existing"}, nil},
		"with another access":  {values{"general_access": "RESTRICTED"}, []string{warnAdopting + ": Existing"}, []string{"and sets general_access to RESTRICTED"}},
		"with its own access":  {values{"general_access": "ANYONE_WITH_ID_CAN_READ"}, []string{warnAdopting + ": Existing"}, []string{"with its items."}},
		"not allowed":          {values{"adopt_existing": false}, []string{errAlreadyExists}, []string{"  import {\n    to = apify_dataset.NAME\n    id = \"", "Nothing was changed.", "#replacements"}},
		"with its own schema":  {values{"schema": "{\"fields\": {}, \"actorSpecification\": 1.0}"}, []string{warnAdopting + ": Existing"}, nil},
		"with another schema":  {values{"schema": schemaB}, []string{errOtherSchema}, []string{"Nothing was changed.", "#replacements"}},
		"not, and with schema": {values{"schema": schemaB, "adopt_existing": false}, []string{errAlreadyExists}, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			d := s.API.Seed(emulator.Dataset{Name: "existing", Items: items(2), Schema: []byte(schemaA), GeneralAccess: "ANYONE_WITH_ID_CAN_READ"})
			test.config["name"] = "Existing"
			w := s.newWalk(t, nil)
			s.Recorder.Reset()
			p, ds := w.plan(t.Context(), instance{}, test.config)
			ds.expect(t, test.want...)
			ds.expectText(t, append(test.texts, d.ID)...)
			s.expectSent(t, getDataset)
			for _, attribute := range []string{"id", "user_id", "created_at", "console_url", "items_public_url"} {
				if v := w.values(p.state)[attribute]; v != (unknown{}) {
					t.Errorf("the plan has %s = %v", attribute, v)
				}
			}
			if name == "adopted" {
				_, again := w.apply(t.Context(), p)
				again.expect(t) // this process has given the warning
			}
			// Terraform applies no plan with errors; without one, Create makes the same checks.
			apply := s.newApply(t, nil)
			after, again := apply.applyPlan(t.Context(), p, test.config)
			if again.String() != ds.String() {
				t.Errorf("the apply has the diagnostics\n%s\nthe plan\n%s", again, ds)
			}
			if id := apply.id(after); len(ds.errors()) == 0 && id != d.ID || len(ds.errors()) > 0 && id != "" {
				t.Errorf("the state has dataset %q", id)
			}
			if d, _ := s.API.Dataset(d.ID); len(d.Items) != 2 || d.Name != "existing" {
				t.Errorf("the dataset is now %+v", d)
			}
		})
	}
}

// TestDatasetPlan_unknown plans creations with unknown values.
func TestDatasetPlan_unknown(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	s.API.Seed(emulator.Dataset{Name: "existing"})
	w := s.newWalk(t, nil)
	_, ds := w.plan(t.Context(), instance{}, values{"name": "existing", "adopt_existing": unknown{}, "schema": unknown{}})
	ds.expect(t, warnAdopting+": existing") // unknown counts as true
	s.Recorder.Reset()
	w.mustPlan(instance{}, values{"name": unknown{}})
	w.mustPlan(instance{}, values{})
	s.expectSent(t)
}

// TestDatasetPlan_lookupFails plans creations and renames while names cannot be looked up.
func TestDatasetPlan_lookupFails(t *testing.T) {
	t.Parallel()
	isLookup := func(r *http.Request) bool { return strings.Contains(r.URL.Path, "~") }
	for name, test := range map[string]struct {
		fault emulator.Fault
		want  []string
	}{
		"no response":         {onRequest(getDataset, emulator.Fault{Reset: true}), []string{warnNotChecked}},
		"500":                 {refusal(getDataset, 500, "internal-error"), []string{warnNotChecked}},
		"402":                 {refusal(getDataset, 402, "monthly-usage-limit-exceeded"), []string{warnNotChecked}},
		"the API's own 403":   {refusal(getDataset, 403, "insufficient-permissions"), nil},
		"403 of a proxy":      {page(getDataset, 403), []string{warnNotChecked}},
		"404 of a proxy":      {page(getDataset, 404), []string{warnNotChecked}},
		"200 with a page":     {page(getDataset, 200), []string{warnNotChecked}},
		"the API's own 404":   {refusal(getDataset, 404, "record-not-found"), nil},
		"404 without a token": {refusal(getDataset, 404, "record-or-token-not-found"), nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			a := s.mustApply(t, instance{}, values{"name": "a"})
			w := s.newWalk(t, values{"max_retries": 0})
			test.fault.Match = isLookup
			s.Recorder.Inject(test.fault)
			_, ds := w.plan(t.Context(), instance{}, values{"name": "new"})
			ds.expect(t, test.want...)
			_, ds = w.plan(t.Context(), a, values{"name": "renamed"})
			ds.expect(t, test.want...) // with the same summary, which Terraform folds
			if len(ds) > 0 {
				ds.expectText(t, `"renamed"`)
			}
		})
	}
}

// TestDatasetPlan_loss plans the changes that lose items. The count is that of the refresh, or one
// request, which may fail.
func TestDatasetPlan_loss(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]struct {
		config values
		text   string
	}{
		"destroy":      {nil, "moved"},
		"a new schema": {values{"name": "a", "schema": schemaB}, "schema"},
		"no name":      {values{}, "keep its name"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			config := values{"name": "a", "schema": schemaA}
			kept := s.mustApply(t, instance{}, config)
			id := s.newWalk(t, nil).id(kept)
			plan := func(prior instance, refresh bool) diagnostics {
				t.Helper()
				w := s.newWalk(t, values{"max_retries": 0})
				if refresh {
					prior = w.mustRead(prior)
				}
				s.Recorder.Reset()
				forced := values{"force_destroy": true} // in the configuration alone
				for attribute, v := range change.config {
					forced[attribute] = v
				}
				if change.config == nil {
					forced = nil
				}
				_, ds := w.plan(t.Context(), prior, forced)
				return ds
			}
			plan(kept, true).expect(t)
			s.expectSent(t)
			s.API.Push(id, items(1)...)
			ds := plan(kept, true)
			ds.expect(t, errContainsItems)
			ds.expectText(t, `"a" (ID `+id+`) contains 1 item,`, change.text, "contains-items")
			s.expectSent(t)

			forced := s.mustApply(t, kept, values{"name": "a", "schema": schemaA, "force_destroy": true})
			ds = plan(forced, true)
			ds.expect(t, warnItemsLost+": a")
			ds.expectText(t, "1 item", id)

			if name == "a new schema" { // is an update in a plan without a refresh
				plan(kept, false).expect(t)
				return
			}
			plan(kept, false).expect(t, errContainsItems)
			s.expectSent(t, getDataset)
			s.Recorder.Inject(refusal(getDataset, 500, "internal-error"))
			plan(kept, false).expect(t)
			s.expectSent(t, getDataset)
		})
	}
}

// TestDatasetPlan_schema changes the schema in the ways in which a plan can compare it, or not.
func TestDatasetPlan_schema(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		planned     any // the schema in the configuration of the plan
		applied     string
		refresh     bool
		wantReplace bool
		wantSchema  any
		wantInApply []string // nil without an apply
	}{
		"other":                                   {schemaB, schemaB, true, true, schemaB, nil},
		"the same in other words":                 {`{"fields": {}, "actorSpecification": 1}`, "", true, false, schemaA, nil},
		"not configured":                          {nil, "", true, false, schemaA, nil},
		"unknown, then the same":                  {unknown{}, `{"fields": {}, "actorSpecification": 1}`, true, false, unknown{}, []string{}},
		"unknown, then another one":               {unknown{}, schemaB, true, false, unknown{}, []string{errSchemaChanged}},
		"unknown without a refresh, then another": {unknown{}, schemaB, false, false, unknown{}, []string{errSchemaChanged}},
		"other, without a refresh":                {schemaB, schemaB, false, false, schemaB, []string{errSchemaChanged}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			prior := s.mustApply(t, instance{}, values{"name": "a", "schema": schemaA})
			w := s.newWalk(t, nil)
			if test.refresh {
				prior = w.mustRead(prior)
			}
			p := w.mustPlan(prior, values{"name": "a", "schema": test.planned})
			if p.replace != test.wantReplace || w.values(p.state)["schema"] != test.wantSchema {
				t.Errorf("got replace = %t and the schema %v", p.replace, w.values(p.state)["schema"])
			}
			if test.wantInApply == nil {
				return
			}
			s.Recorder.Reset()
			apply := s.newApply(t, nil)
			after, ds := apply.applyPlan(t.Context(), p, values{"name": "a", "schema": test.applied})
			ds.expect(t, test.wantInApply...)
			s.expectWrites(t)
			if got := apply.values(after.state)["schema"]; got != schemaA {
				t.Errorf("the state has the schema %v", got)
			}
		})
	}
}

// TestDatasetPlan_replacedAndRenamed changes schema and name together: a replacement renames
// nothing, deletes the dataset with its items, and adopts the dataset that has the new name.
func TestDatasetPlan_replacedAndRenamed(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  any
		force bool
		want  []string
	}{
		{nil, true, []string{warnItemsLost + ": a"}},
		{nil, false, []string{errContainsItems}},
		{"other", true, []string{warnItemsLost + ": a", warnAdopting + ": other"}},
	} {
		s := newEmulator(t, emulator.Options{})
		prior := s.mustApply(t, instance{}, values{"name": "a", "schema": schemaA, "force_destroy": test.force})
		s.API.Seed(emulator.Dataset{Name: "other", Schema: []byte(schemaB)})
		s.API.Push(s.newWalk(t, nil).id(prior), items(2)...)
		w := s.newWalk(t, nil)
		_, ds := w.plan(t.Context(), w.mustRead(prior), values{"name": test.name, "schema": schemaB, "force_destroy": test.force})
		ds.expect(t, test.want...)
		if test.force {
			ds.expectText(t, "The plan deletes dataset \"a\"")
		} else {
			ds.expectText(t, "A new schema replaces the dataset")
		}
	}
}

// TestDatasetPlan_schemaNotRead adopts a dataset whose schema cannot be read, because the response
// with the dataset lacks it, as lists do.
func TestDatasetPlan_schemaNotRead(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	s.API.Seed(emulator.Dataset{Name: "existing", Schema: []byte(schemaA)})
	noSchema := emulator.Fault{Mutate: changeObject(func(d map[string]any) { delete(d, "schema") })}
	byName := onRequest(getDataset, noSchema)
	byName.Match = func(r *http.Request) bool { return strings.Contains(r.URL.Path, "~") }
	s.Recorder.Inject(byName, onRequest(postDatasets, noSchema))
	config := values{"name": "existing", "schema": schemaA}
	w := s.newWalk(t, values{"max_retries": 0})
	_, ds := w.plan(t.Context(), instance{}, config)
	ds.expect(t, warnAdopting+": existing")
	_, ds = s.newWalk(t, nil).plan(t.Context(), instance{}, values{"name": "existing", "schema": schemaB})
	ds.expect(t, errOtherSchema)
	s.Recorder.Inject(refusal(getDataset, 500, "internal-error"))
	w = s.newWalk(t, values{"max_retries": 0})
	p, ds := w.plan(t.Context(), instance{}, config)
	ds.expect(t, warnNotChecked)
	after, ds := w.apply(t.Context(), p)
	if ds.expect(t, errUnreachable); after.state != nil {
		t.Error("the state has a dataset whose schema is unknown")
	}
}

// TestDatasetPlan_caseOnly changes the case of a name in the configuration, and on the server.
func TestDatasetPlan_caseOnly(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	a := s.mustApply(t, instance{}, values{"name": "Orders"})
	s.expectNoChanges(t, a, values{"name": "ORDERS"})
	s.API.Update(s.newWalk(t, nil).id(a), func(d *emulator.Dataset) { d.Name = "orders" })
	s.expectNoChanges(t, a, values{"name": "Orders"})
	// Together with another change, it is not sent.
	s.mustApply(t, a, values{"name": "ORDERS", "adopt_existing": false})
	expectRequests(t, s.applied, nil)
}

// TestDatasetPlan_renamedOutside plans, without a refresh, a rename that was made outside
// Terraform.
func TestDatasetPlan_renamedOutside(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	a := s.mustApply(t, instance{}, values{"name": "a"})
	w := s.newWalk(t, nil)
	s.API.Update(w.id(a), func(d *emulator.Dataset) { d.Name = "b" })
	_, ds := w.apply(t.Context(), w.mustPlan(a, values{"name": "b"}))
	ds.expect(t)
}

// TestDatasetPlan_otherOwner renames a dataset of another account. Names belong to an owner.
func TestDatasetPlan_otherOwner(t *testing.T) {
	t.Parallel()
	s := newTwoAccounts(t)
	s.API.Seed(emulator.Dataset{Name: "own"})
	s.API.Seed(emulator.Dataset{Name: "theirs", UserID: otherID, GeneralAccess: "ANYONE_WITH_NAME_CAN_READ"})
	shared := s.API.Seed(emulator.Dataset{Name: "shared", UserID: otherID, SharedWith: map[string]emulator.Permission{"owner": emulator.PermissionWrite}})
	w := s.newWalk(t, nil)
	prior, _ := w.importID(t.Context(), shared.ID)
	w.mustPlan(prior, values{"name": "own"})
	_, ds := s.newWalk(t, nil).plan(t.Context(), prior, values{"name": "theirs"})
	ds.expect(t, warnNameInUse+": theirs")
}

// TestDatasetPlan_accessWithoutName removes the name of a dataset that anyone with the name can
// read.
func TestDatasetPlan_accessWithoutName(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	config := values{"name": "a", "general_access": "ANYONE_WITH_NAME_CAN_READ"}
	a := s.mustApply(t, instance{}, config)
	w := s.newWalk(t, nil)
	for want, config := range map[any]values{
		unknown{}:    {},
		"RESTRICTED": {"general_access": "RESTRICTED"},
	} {
		p := w.mustPlan(a, config)
		if got := w.values(p.state); got["general_access"] != want || got["items_public_url"] != (unknown{}) {
			t.Errorf("got %v, want the access %v", got, want)
		}
		w = s.newWalk(t, nil)
	}
	// Any other level stays.
	b := s.mustApply(t, instance{}, values{"name": "b", "general_access": "RESTRICTED"})
	if got := w.values(w.mustPlan(b, values{}).state)["general_access"]; got != "RESTRICTED" {
		t.Errorf("got the access %v", got)
	}
}

// TestDatasetPlan_stable has known values of computed attributes in every plan after the creation.
func TestDatasetPlan_stable(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	a := s.mustApply(t, instance{}, values{"name": "a"})
	w := s.newWalk(t, nil)
	before := w.values(a.state)
	for _, config := range []values{{"name": "b"}, {"name": unknown{}}, {"name": "a", "general_access": "RESTRICTED"}, {"name": "a", "force_destroy": true}} {
		p, _ := s.newWalk(t, nil).plan(t.Context(), a, config)
		for _, attribute := range []string{"id", "user_id", "created_at", "console_url", "schema"} {
			if got := w.values(p.state)[attribute]; got != before[attribute] {
				t.Errorf("%v plans %s = %v, want %v", config, attribute, got, before[attribute])
			}
		}
	}
}

// TestDatasetPlan_apply plans in an apply in which nothing is left to chance: ModifyPlan reports
// nothing, and Create, Update and Delete make the checks.
func TestDatasetPlan_apply(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	full := s.mustApply(t, instance{}, values{"name": "full"})
	s.API.Push(s.newWalk(t, nil).id(full), items(1)...)
	existing := s.API.Seed(emulator.Dataset{Name: "existing", Items: items(1)})
	empty := s.API.Seed(emulator.Dataset{Name: "empty"})
	w := s.newApply(t, nil)
	destruction := w.mustPlan(full, nil)
	unnaming := w.mustPlan(full, values{})
	refused := w.mustPlan(instance{}, values{"name": "empty", "adopt_existing": false})
	unadopted := w.mustPlan(w.mustImport(empty.ID), nil)
	first := w.mustPlan(instance{}, values{"name": "new"})
	second := w.mustPlan(instance{}, values{"name": "new"})
	adoption := w.mustPlan(instance{}, values{"name": "existing"})
	for _, step := range []struct {
		plan planned
		want []string
	}{
		{destruction, []string{errContainsItems}},
		{unnaming, []string{errContainsItems}},
		{refused, []string{errAlreadyExists}},
		{unadopted, nil}, // what the run has not adopted, it can delete
		{first, nil},
		{second, []string{errManagedTwice}},
		{adoption, []string{warnAdopting + ": existing"}},
		{adoption, []string{errManagedTwice}},
	} {
		after, ds := w.apply(t.Context(), step.plan)
		ds.expect(t, step.want...)
		if ds.has("managed twice", existing.ID) {
			ds.expectText(t, "moved {")
		}
		if step.plan.prior.state == nil && len(ds.errors()) > 0 && after.state != nil {
			t.Error("the failed creation has a state")
		}
	}
}
