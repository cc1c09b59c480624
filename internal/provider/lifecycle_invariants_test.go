package provider

import (
	"fmt"
	"net/http"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"pgregory.net/rapid"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// snapshot is the world before an apply.
type snapshot struct {
	datasets map[string]emulator.Dataset
	objects  map[*managedResource][]*object
	// managed contains the IDs in the states.
	managed map[string]bool
}

func (m *world) snapshot(w *walk) snapshot {
	s := snapshot{datasets: map[string]emulator.Dataset{}, objects: map[*managedResource][]*object{}, managed: map[string]bool{}}
	for _, d := range m.s.API.Datasets() {
		s.datasets[d.ID] = d
	}
	for _, r := range m.resources {
		s.objects[r] = slices.Clone(r.objects)
		for _, id := range r.ids(w) {
			s.managed[id] = true
			m.managed[id] = true
		}
	}
	return s
}

// checkDiagnostics checks that diagnostics contain no internals and no secrets.
func (m *world) checkDiagnostics(ds diagnostics) {
	for _, wrong := range checkTexts(ds, worldToken) {
		m.Error(wrong)
	}
}

// checkRead checks that a refresh removes a dataset from the state only if it does not exist.
func (m *world) checkRead(w *walk, r *managedResource, before, after instance) {
	if after.state != nil || m.falseNotFound {
		return
	}
	if id := w.values(before.state)["id"]; m.exists(id) {
		m.Errorf("%s: the refresh removed dataset %v, which exists", r.name, id)
	}
}

// checkFinalPlan reports whether the plan of the apply walk agrees with the plan, as Terraform
// does. It can differ only if the server changed or failed in between.
func (m *world) checkFinalPlan(w *walk, c *change, final planned, run run) bool {
	different := differences(w.values(c.plan.state), w.values(final.state))
	for _, d := range different {
		if run.between == nil && !m.faulty {
			m.Errorf("%s: inconsistent final plan: %s", c.resource.name, d)
		}
	}
	return len(different) == 0
}

// checkApplied checks the result of a creation or an update: a failed creation leaves no tainted
// resource, a failed update leaves the state unchanged, and an adoption is announced.
func (m *world) checkApplied(w *walk, c *change, create bool, after instance, ds diagnostics, before snapshot) {
	name := c.resource.name
	switch {
	case !c.succeeded && create:
		if after.state != nil {
			m.Errorf("%s: the failed creation left a tainted resource:\n%s", name, ds)
		}
	case !c.succeeded:
		if old, got := w.values(c.plan.prior.state), w.values(after.state); fmt.Sprint(got) != fmt.Sprint(old) {
			m.Errorf("%s: the failed update changed the state from %v to %v:\n%s", name, old, got, ds)
		}
	case create:
		_, existed := before.datasets[w.identityID(after)]
		if announced := ds.has(summaryAdopts) || ds.has(summaryWouldAdopt); announced != existed {
			m.Errorf("%s: the dataset existed: %t; the adoption was announced: %t\n%s", name, existed, announced, ds)
		}
		m.mu.Lock()
		defer m.mu.Unlock()
		m.adopted[w.identityID(after)] = existed
	}
}

// checkDestroy checks that the state has the object exactly if the destroy failed, and that a
// successful one deleted the dataset or warns that it did not.
func (m *world) checkDestroy(w *walk, c *change, after instance, ds diagnostics) {
	failed := len(ds.errors()) > 0
	if inState := after.state != nil; inState != failed {
		m.Errorf("%s: the destroy failed: %t; the object is in the state: %t\n%s", c.resource.name, failed, inState, ds)
	}
	id := w.values(c.plan.prior.state)["id"]
	m.mu.Lock()
	defer m.mu.Unlock()
	if !failed && m.exists(id) && !m.falseNotFound && !ds.has(summaryKept) && !m.adopted[fmt.Sprint(id)] {
		m.Errorf("%s: dataset %v still exists after the destroy", c.resource.name, id)
	}
}

// checkRun checks what an apply did to the server: it deletes only datasets that the plan destroys,
// with items only if force_destroy was applied, and no dataset that is in the state afterwards,
// unless only objects have it whose destruction failed. It changes only datasets that are managed
// or adopted.
func (m *world) checkRun(w *walk, run run, before snapshot, changes []*change) {
	destroyed, forced, leaving := map[string]bool{}, map[string]bool{}, map[*object]bool{}
	for _, c := range changes {
		if c.destroy {
			leaving[c.object] = true
			state := w.values(c.plan.prior.state)
			id, _ := state["id"].(string)
			destroyed[id] = true
			forced[id] = forced[id] || c.forced || state["force_destroy"] == true
		}
	}
	after := m.snapshot(w)
	kept := map[string]*managedResource{}
	for _, r := range m.resources {
		for _, o := range r.objects {
			if id, ok := w.values(o.state)["id"].(string); ok && !leaving[o] {
				kept[id] = r
			}
		}
	}
	for _, r := range m.s.Recorder.Requests() {
		if r.Method != http.MethodDelete {
			continue
		}
		id := path.Base(r.Path)
		old, existed := before.datasets[id]
		switch {
		case existed && !destroyed[id]:
			m.Errorf("the apply sent DELETE for dataset %s, which the plan does not destroy", id)
		case existed && len(old.Items) > 0 && !forced[id]:
			m.Errorf("the apply sent DELETE for dataset %s, which has %d items", id, len(old.Items))
		case kept[id] != nil && r.Status == http.StatusNoContent:
			m.Errorf("the apply deleted dataset %s, which is in the state", id)
		}
	}
	for id, old := range before.datasets {
		d, exists := after.datasets[id]
		if !exists && !destroyed[id] {
			m.Errorf("dataset %s does not exist after the apply, and the plan does not destroy it", id)
		}
		if exists && (d.Name != old.Name || d.GeneralAccess != old.GeneralAccess) && !before.managed[id] && !m.mayAdopt(old.Name) {
			m.Errorf("the apply changed dataset %s, which it does not manage, from %+v to %+v", id, old, d)
		}
	}
	for id, r := range kept {
		if _, exists := after.datasets[id]; !exists && run.refresh && run.between == nil && !m.faulty {
			m.Errorf("%s: dataset %s in the state does not exist", r.name, id)
		}
	}
	for _, r := range m.resources {
		id, _ := r.values(w)["id"].(string)
		_, existed := before.datasets[id]
		if existed && !before.managed[id] && r.config["adopt_existing"] == false && len(before.objects[r]) == 0 {
			m.Errorf("%s: the apply adopted dataset %s despite adopt_existing = false", r.name, id)
		}
	}
}

// checkNamesDataset checks that an error about a destruction contains the dataset's name and ID,
// because Terraform shows no address there.
func (m *world) checkNamesDataset(e runError) {
	if e.destroyed == nil {
		return
	}
	state := m.walk(nil).values(e.destroyed.state)
	id, name := fmt.Sprint(state["id"]), ""
	if state["name"] != nil {
		name = fmt.Sprint(state["name"])
	}
	for _, d := range e.errors {
		if !strings.Contains(d.Detail, id) || !strings.Contains(d.Detail, name) {
			m.Errorf("%s: an error about a destruction does not contain the name %q and the ID %s:\n%s", e.resource.name, name, id, e.errors)
		}
	}
}

// checkForeseen checks that an error of the apply was in the plan, as an error or as a warning,
// unless the world changed or failed in between.
func (m *world) checkForeseen(run run, plan runPlan, e runError, all []runError) {
	switch {
	case !run.refresh || run.between != nil || m.faulty || len(m.listFaults) > 0:
	case run.createBeforeDestroy && (e.errors.has(summaryExists) || e.errors.has(summaryOtherSchema) || e.errors.has(summaryHasItems)):
		// The plan cannot know the order of a replacement.
	case e.tainted && e.errors.has(summaryHasItems):
		// The plan of a tainted resource is a creation, which only a name connects with the
		// dataset.
	case e.errors.has(summaryDestroyedAndCreated) && slices.ContainsFunc(all, func(other runError) bool {
		return other.tainted && other.errors.has(summaryHasItems)
	}):
		// The dataset of a tainted resource was not deleted, so its name is not free.
	case (e.errors.has(summaryExists) || e.errors.has(summaryOtherSchema)) && slices.ContainsFunc(plan.changes, func(c *change) bool {
		name, _ := m.walk(nil).values(c.plan.prior.state)["name"].(string)
		configured, _ := e.resource.config["name"].(string)
		return c.tainted && strings.EqualFold(name, configured)
	}):
		// A tainted resource gives up the name in the same run, maybe after the creation.
	case m.counterLag > 0 && e.errors.has(summaryHasItems):
		// The plan reads only the counters.
	case plan.warnings.has(summaryNameNotChecked):
	case m.warnedAbout(plan, e):
	default:
		m.Errorf("%s: the plan was clean, and the apply failed:\n%s", e.resource.name, e.errors)
	}
}

// warnedAbout reports whether the plan has a warning about a name that another dataset has, or
// about a tainted resource, for the name or a dataset of a resource with an error.
func (m *world) warnedAbout(plan runPlan, e runError) bool {
	w := m.walk(nil)
	var subjects []string
	if name, ok := e.resource.config["name"].(string); ok {
		subjects = append(subjects, name)
	}
	objects := plan.refreshed[e.resource]
	if e.destroyed != nil {
		objects = append(slices.Clone(objects), e.destroyed)
	}
	for _, o := range objects {
		state := w.values(o.state)
		for _, attribute := range []string{"id", "name"} {
			if text, ok := state[attribute].(string); ok {
				subjects = append(subjects, text)
			}
		}
	}
	return slices.ContainsFunc(plan.warnings, func(d *tfprotov6.Diagnostic) bool {
		if !strings.HasPrefix(d.Summary, summaryNameInUse) && !strings.HasPrefix(d.Summary, summaryTainted) {
			return false
		}
		text := strings.ToLower(d.Summary + d.Detail)
		return slices.ContainsFunc(subjects, func(subject string) bool { return strings.Contains(text, strings.ToLower(subject)) })
	})
}

// mayAdopt reports whether a resource is configured to adopt a dataset of this name.
func (m *world) mayAdopt(name string) bool {
	return slices.ContainsFunc(m.resources, func(r *managedResource) bool {
		configured, _ := r.config["name"].(string)
		return name != "" && strings.EqualFold(configured, name) && r.config["adopt_existing"] != false
	})
}

// checkState compares the state of a resource with the server.
func (m *world) checkState(w *walk, r *managedResource) {
	state := r.values(w)
	id, _ := state["id"].(string)
	d, ok := m.s.API.Dataset(id)
	if !ok {
		m.Errorf("%s: dataset %s in the state does not exist", r.name, id)
		return
	}
	name, _ := state["name"].(string)
	if !strings.EqualFold(name, d.Name) || !m.localPlatform && state["general_access"] != d.GeneralAccess || state["user_id"] != d.UserID {
		m.Errorf("%s: the state is %v, and the dataset %+v", r.name, state, d)
	}
	if got := w.identityID(r.current().instance); got != id {
		m.Errorf("%s: the identity has the ID %q, and the state %q", r.name, got, id)
	}
}

// checkOtherAccount reads all resources, and deletes one, with the token of another account, to
// which the datasets are inaccessible. All stay in the state.
func (m *world) checkOtherAccount() {
	w := m.walk(values{"token": otherWorldToken})
	for _, r := range m.resources {
		if r.current() == nil {
			continue
		}
		if after, ds := w.read(m.Context(), r.current().instance); after.state == nil {
			m.Errorf("%s: a refresh with the token of another account removed the resource\n%s", r.name, ds)
		}
	}
	r := m.resource()
	if r.current() == nil {
		return
	}
	id := r.values(w)["id"]
	existed := m.exists(id)
	null := w.null(w.dataset())
	after, ds := w.apply(m.Context(), planned{prior: r.current().instance, config: null, state: null})
	if after.state == nil || len(ds.errors()) == 0 || m.exists(id) != existed {
		m.Errorf("%s: a destroy with the token of another account did not fail, or deleted the dataset\n%s", r.name, ds)
	}
}

// checkSettled compares configuration, state and server after runs without faults. There is an
// explanation for every dataset without a resource.
func (m *world) checkSettled() {
	w := m.walk(nil)
	managed := map[string]bool{}
	for _, r := range m.resources {
		state := r.values(w)
		if r.hasDeposed() {
			m.Errorf("%s: there is still a deposed object", r.name)
		}
		if inState := state != nil; inState != (r.config != nil) {
			m.Errorf("%s: it is configured: %t; it is in the state: %t", r.name, r.config != nil, inState)
			continue
		}
		if state == nil {
			continue
		}
		m.checkState(w, r)
		id, _ := state["id"].(string)
		if managed[id] {
			m.Errorf("%s: dataset %s has another resource too", r.name, id)
		}
		managed[id] = true
		d, _ := m.s.API.Dataset(id)
		if name, _ := r.config["name"].(string); !strings.EqualFold(name, d.Name) {
			m.Errorf("%s: the name is %q, want %q", r.name, d.Name, name)
		}
		if schema, ok := r.config["schema"].(string); ok && !sameSchema(jsontypes.NewNormalizedValue(schema), jsontypes.NewNormalizedValue(string(d.Schema))) {
			m.Errorf("%s: the schema is %s, want %s", r.name, d.Schema, schema)
		}
		if access := r.config["general_access"]; access != nil && access != d.GeneralAccess {
			m.Errorf("%s: the access level is %s, want %s", r.name, d.GeneralAccess, access)
		}
	}
	unnamed := 0
	for _, d := range m.s.API.Datasets() {
		switch {
		case managed[d.ID] || m.foreign[d.ID] || m.managed[d.ID]:
		case d.Name == "":
			unnamed++
		case !m.failedNames[strings.ToLower(d.Name)]:
			m.Errorf("nothing explains dataset %+v", d)
		}
	}
	if unnamed > m.failedUnnamed {
		m.Errorf("%d unnamed datasets have no resource, after %d failed creations", unnamed, m.failedUnnamed)
	}
}

// checkIdempotent plans again, at most 30 days later: the plan has no changes, and the URLs in the
// state are valid.
func (m *world) checkIdempotent() {
	m.advance(time.Duration(rapid.IntRange(0, 30*24).Draw(m.T, "hours")) * time.Hour)
	w := m.walk(nil)
	plan := m.planRun(run{refresh: true}, m.resources)
	for _, e := range plan.errors {
		m.Errorf("%s: the next plan fails:\n%s", e.resource.name, e.errors)
	}
	for _, c := range plan.changes {
		m.Errorf("%s: the next plan changes %v to %v", c.resource.name, w.values(c.plan.prior.state), w.values(c.plan.state))
	}
	for r, objects := range plan.refreshed {
		itemsURL := ""
		for _, o := range objects {
			itemsURL, _ = w.values(o.state)["items_public_url"].(string)
		}
		if itemsURL == "" {
			continue
		}
		if err := checkPublicURL(m.Context(), itemsURL); err != nil {
			m.Errorf("%s: the URL in the state is not valid: %v", r.name, err)
		}
	}
}
