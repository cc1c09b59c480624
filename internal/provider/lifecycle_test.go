package provider

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestLifecycle_random runs random events on a few resources, with fixed seeds: changes of the
// configuration, applies with lost responses, and changes outside Terraform. After every apply, it
// checks what users rely on.
func TestLifecycle_random(t *testing.T) {
	t.Parallel()
	const lifecycles, events = 60, 12
	for seed := range uint64(lifecycles) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			t.Parallel()
			m := newWorld(t, seed)
			for range events {
				m.event()
			}
			m.finish()
		})
	}
}

// world is a configuration, its state, and the account.
type world struct {
	*testServer
	t *testing.T
	dice
	resources []*managed
	// lostPosts is the number of POST requests without a name whose responses were lost in this
	// apply. Each leaves an unnamed dataset.
	lostPosts int
}

// managed is a resource: its configuration, nil if there is none, and its objects in state.
type managed struct {
	config  values
	tainted bool
	objects []*object
}

// object is the current object of a resource, or a deposed one, which an incomplete replacement
// with create_before_destroy has left.
type object struct {
	instance
	deposed bool
}

func (r *managed) current() *object {
	for _, o := range r.objects {
		if !o.deposed {
			return o
		}
	}
	return nil
}

func (r *managed) remove(o *object) {
	r.objects = slices.DeleteFunc(r.objects, func(other *object) bool { return other == o })
}

func newWorld(t *testing.T, seed uint64) *world {
	m := &world{testServer: newEmulator(t, emulator.Options{}), t: t, dice: newDice(seed)}
	for range 4 {
		m.resources = append(m.resources, &managed{})
	}
	for _, r := range m.resources {
		m.configure(r)
	}
	return m
}

func (m *world) resource() *managed { return m.resources[m.IntN(len(m.resources))] }

// event is one event: half of them are applies.
func (m *world) event() {
	switch m.IntN(12) {
	case 0, 1, 2:
		m.configure(m.resource())
	case 3:
		a, b := m.resource(), m.resource() // names pass on
		if a.config != nil && b.config != nil {
			a.config["name"], b.config["name"] = b.config["name"], a.config["name"]
		}
	case 4:
		m.outside()
	case 5:
		if r := m.resource(); m.oneIn(2) {
			r.objects, r.tainted = nil, false // state is lost
		} else {
			r.tainted = r.current() != nil
		}
	default:
		m.apply()
	}
}

// configure changes a configuration.
func (m *world) configure(r *managed) {
	r.config = nil
	if m.oneIn(6) {
		return
	}
	r.config = values{"force_destroy": m.oneIn(2), "adopt_existing": !m.oneIn(5)}
	if !m.oneIn(5) {
		r.config["name"] = []string{"n0", "n1", "n2", "N2", "n3", "n4"}[m.IntN(6)]
	}
	if m.oneIn(2) {
		r.config["general_access"] = generalAccessLevels[m.IntN(3)] // the last one needs a name
	}
	if m.oneIn(4) {
		r.config["schema"] = []string{schemaA, schemaB}[m.IntN(2)]
	}
}

// outside changes a dataset outside Terraform.
func (m *world) outside() {
	all := m.API.Datasets()
	if len(all) == 0 {
		return
	}
	id := all[m.IntN(len(all))].ID
	switch m.IntN(6) {
	case 0:
		m.API.Delete(id)
	case 1:
		m.API.Update(id, func(d *emulator.Dataset) { d.GeneralAccess = "RESTRICTED" })
	default:
		m.API.Push(id, items(1)...)
	}
}

// change is a planned change of a resource: an update or a creation, or the destruction of an
// object.
type change struct {
	resource *managed
	plan     planned
	config   values
	// destroys is the object that is destroyed. A replacement is a destruction and a creation, and
	// second is the one that happens only if the other one succeeds.
	destroys *object
	second   *change
	// replaces is the object that a creation replaces with create_before_destroy.
	replaces *object
}

// apply plans and, unless there are errors, applies. It returns all diagnostics.
func (m *world) apply() diagnostics {
	refresh, createBeforeDestroy, between, isApply := !m.oneIn(6), m.oneIn(3), m.oneIn(4), m.oneIn(2)
	replace := m.resource()
	if !m.oneIn(3) {
		replace = nil
	}
	changes, refreshed, ds := m.plan(refresh, createBeforeDestroy, replace)
	m.check(ds)
	if len(ds.errors()) > 0 {
		return ds
	}
	for r, objects := range refreshed {
		r.objects = objects
		r.tainted = r.tainted && r.current() != nil
	}
	if between {
		m.outside()
	}
	config := values{}
	m.lostPosts = 0
	lostResponses := m.loseResponses(config)
	before, force := m.API.Datasets(), m.forced()
	w := m.newWalk(m.t, config)
	w.isApply = isApply
	m.Shuffle(len(changes), func(i, j int) { changes[i], changes[j] = changes[j], changes[i] })
	for _, c := range changes {
		for ; c != nil; c = c.second {
			more, ok := m.applyChange(w, c)
			m.check(more)
			if ds = append(ds, more...); !ok {
				break
			}
		}
	}
	m.Recorder.ClearFaults()
	m.checkItems(before, force)
	m.checkState(w, before, lostResponses)
	if len(ds.errors()) == 0 && refresh && !between {
		m.checkNoChanges()
	}
	return ds
}

// loseResponses makes the next writes lose their responses, although they take effect. Without
// retries, they are lost for good. It reports whether any is.
func (m *world) loseResponses(config values) bool {
	if m.oneIn(2) {
		return false
	}
	final := m.oneIn(2)
	if final {
		config["max_retries"] = 0
	}
	m.Recorder.Inject(emulator.Fault{
		Match: func(r *http.Request) bool { return r.Method != http.MethodGet },
		Skip:  m.IntN(3), Times: 1 + m.IntN(2), TakesEffect: true, Reset: true,
		After: func(r *http.Request) {
			if r.Method == http.MethodPost && r.URL.RawQuery == "" {
				m.lostPosts++
			}
		},
	})
	return final
}

// plan refreshes and plans all resources in a random order.
func (m *world) plan(refresh, createBeforeDestroy bool, replace *managed) (changes []*change, refreshed map[*managed][]*object, ds diagnostics) {
	w := m.newWalk(m.t, nil)
	refreshed = map[*managed][]*object{}
	m.Recorder.Reset()
	plan := func(prior instance, config values) planned {
		p, more := w.plan(m.t.Context(), prior, config)
		ds = append(ds, more...)
		return p
	}
	for _, i := range m.Perm(len(m.resources)) {
		r := m.resources[i]
		var current *object
		for _, o := range r.objects {
			if refresh {
				after, more := w.read(m.t.Context(), o.instance)
				if ds = append(ds, more...); after.state == nil {
					continue
				}
				o = &object{after, o.deposed}
			}
			refreshed[r] = append(refreshed[r], o)
			if o.deposed {
				changes = append(changes, &change{resource: r, plan: plan(o.instance, nil), destroys: o})
			} else {
				current = o
			}
		}
		if len(refreshed[r]) == 0 {
			refreshed[r] = nil
		}
		switch {
		case current == nil && r.config == nil:
		case r.config == nil:
			changes = append(changes, &change{resource: r, plan: plan(current.instance, nil), destroys: current})
		case current == nil:
			changes = append(changes, &change{resource: r, plan: plan(instance{}, r.config), config: r.config})
		default:
			var private []byte
			if !r.tainted {
				p := plan(current.instance, r.config)
				if !p.replace && replace != r {
					if w.changes(p) {
						changes = append(changes, &change{resource: r, plan: p, config: r.config})
					}
					break
				}
				private = p.private
			}
			creation := &change{resource: r, plan: plan(instance{private: private}, r.config), config: r.config}
			null := w.null(w.dataset())
			deletion := &change{resource: r, destroys: current, plan: planned{prior: current.instance, config: null, state: null}}
			if createBeforeDestroy {
				creation.replaces, creation.second = current, deletion
				changes = append(changes, creation)
			} else {
				deletion.second = creation
				changes = append(changes, deletion)
			}
		}
	}
	if writes := m.writes(); len(writes) > 0 {
		m.t.Errorf("the plan sent %q", writes)
	}
	return changes, refreshed, ds
}

// applyChange carries out a change as Terraform does, and reports whether it succeeded.
func (m *world) applyChange(w *walk, c *change) (ds diagnostics, ok bool) {
	r := c.resource
	if c.destroys != nil {
		if c.destroys.deposed { // Terraform plans it again
			var p planned
			if p, ds = w.plan(m.t.Context(), c.plan.prior, nil); len(ds.errors()) > 0 {
				return ds, false
			}
			c.plan = p
		}
		after, more := w.apply(m.t.Context(), c.plan)
		ds = append(ds, more...)
		if len(ds.errors()) > 0 {
			if after.state == nil {
				m.t.Errorf("a failed destruction has no state:\n%s", ds)
			}
			return ds, false
		}
		if r.remove(c.destroys); !c.destroys.deposed {
			r.tainted = false
		}
		return ds, true
	}
	prior := c.plan.prior
	isUpdate := w.values(prior.state) != nil
	if !isUpdate {
		prior = instance{}
	}
	if c.replaces != nil {
		c.replaces.deposed = true
	}
	p, ds := w.plan(m.t.Context(), prior, c.config)
	if len(ds.errors()) > 0 {
		return ds, false // a deposed object stays deposed
	}
	if wrong := differences(w.values(c.plan.state), w.values(p.state)); len(wrong) > 0 {
		m.t.Errorf("inconsistent final plan: %q", wrong)
	}
	after, more := w.apply(m.t.Context(), p)
	ds = append(ds, more...)
	if len(more.errors()) > 0 {
		if c.replaces != nil {
			c.replaces.deposed = false // Terraform restores it
		}
		if !isUpdate && after.state != nil {
			m.t.Errorf("a failed creation leaves a tainted resource:\n%s", ds)
		}
		return ds, false
	}
	if isUpdate {
		r.remove(r.current())
	}
	r.objects = append(r.objects, &object{instance: after})
	if c.replaces == nil {
		r.tainted = false
	}
	return ds, true
}

// forced returns the IDs of the datasets that have force_destroy in state.
func (m *world) forced() map[string]bool {
	w := m.newWalk(m.t, nil)
	all := map[string]bool{}
	for _, r := range m.resources {
		for _, o := range r.objects {
			if state := w.values(o.state); state["force_destroy"] == true {
				all[state["id"].(string)] = true
			}
		}
	}
	return all
}

// check fails the test if diagnostics contain internals or the token.
func (m *world) check(ds diagnostics) {
	if internals.MatchString(ds.String()) || strings.Contains(ds.String(), m.Token) {
		m.t.Errorf("internals or the token in\n%s", ds)
	}
}

// checkItems checks that an apply has deleted no items, and removed the name of no dataset with
// items, without force_destroy in state.
func (m *world) checkItems(before []emulator.Dataset, force map[string]bool) {
	for _, d := range before {
		after, exists := m.API.Dataset(d.ID)
		switch {
		case force[d.ID] || len(d.Items) == 0:
		case !exists:
			m.t.Errorf("dataset %s (%s) was deleted with %d items", d.ID, d.Name, len(d.Items))
		case len(after.Items) != len(d.Items) || d.Name != "" && after.Name == "":
			m.t.Errorf("dataset %s has the name %q and %d items, had %q and %d", d.ID, after.Name, len(after.Items), d.Name, len(d.Items))
		}
	}
}

// checkState compares the state with the account after an apply.
func (m *world) checkState(w *walk, before []emulator.Dataset, lostResponses bool) {
	managedIDs := map[string]int{}
	for _, r := range m.resources {
		for _, o := range r.objects {
			state := w.values(o.state)
			id := state["id"].(string)
			if !o.deposed {
				managedIDs[id]++
			}
			d, exists := m.API.Dataset(id)
			if !exists || lostResponses {
				continue // deleted outside, or the next refresh shows it
			}
			if name, _ := state["name"].(string); !strings.EqualFold(name, d.Name) {
				m.t.Errorf("state has the name %q of %s, and the server %q", name, id, d.Name)
			}
		}
	}
	for id, n := range managedIDs {
		if n > 1 {
			m.t.Errorf("%d resources have dataset %s", n, id)
		}
	}
	left := 0
	for _, d := range m.API.Datasets() {
		isNew := !slices.ContainsFunc(before, func(b emulator.Dataset) bool { return b.ID == d.ID })
		if isNew && d.Name == "" && managedIDs[d.ID] == 0 {
			left++
		}
	}
	if left != m.lostPosts {
		m.t.Errorf("%d unnamed datasets are left, and %d responses were lost", left, m.lostPosts)
	}
}

// checkNoChanges plans again after an apply without errors.
func (m *world) checkNoChanges() {
	changes, _, ds := m.plan(true, false, nil)
	if len(changes) > 0 || len(ds.errors()) > 0 {
		m.t.Errorf("after an apply, %d changes are planned:\n%s", len(changes), ds)
	}
}

// finish configures what certainly has no conflict, removes resources with deposed objects from
// state, and applies: nothing changes afterwards.
func (m *world) finish() {
	for i, r := range m.resources {
		r.tainted = false
		r.config = values{"name": fmt.Sprintf("final-%d", i), "force_destroy": true}
		if len(r.objects) > 1 || r.current() == nil {
			r.objects = nil
		}
	}
	changes, refreshed, ds := m.plan(true, false, nil)
	if len(ds.errors()) > 0 {
		m.t.Fatalf("the last plan has errors:\n%s", ds)
	}
	for r, objects := range refreshed {
		r.objects = objects
	}
	w := m.newWalk(m.t, nil)
	for _, c := range changes {
		if more, ok := m.applyChange(w, c); !ok {
			m.t.Errorf("the last apply has errors:\n%s", more)
		}
	}
	m.checkNoChanges()
}
