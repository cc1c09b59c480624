package provider

import (
	"context"
	"fmt"
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"pgregory.net/rapid"
)

// run is one terraform apply: a plan walk, and an apply walk if the plan has no errors.
type run struct {
	// refresh reads the resources before they are planned.
	refresh bool
	// replace is a resource to replace, as with -replace. createBeforeDestroy is the order of all
	// replacements.
	replace             *managedResource
	createBeforeDestroy bool
	// limit is the number of changes after which the process is killed. loseState loses the state
	// of the last change.
	limit     int
	loseState bool
	// between happens between plan and apply. stale reports whether it changes datasets that the
	// plan has read.
	between func()
	stale   bool
}

// object is an object of a resource in the state: the current one, or a deposed one that an
// incomplete replacement with create_before_destroy has left.
type object struct {
	instance
	deposed bool
}

// change is a planned change of a resource.
type change struct {
	resource *managedResource
	plan     planned
	destroy  bool
	// object is the object that a destruction removes. replaces is the object that a creation
	// replaces with create_before_destroy.
	object, replaces *object
	// forced reports whether the configuration of a replacement allows to delete items. tainted
	// reports whether it is the replacement of a tainted resource.
	forced, tainted bool
	// needs must succeed first.
	needs     []*change
	succeeded bool
}

// runError contains the errors of a resource in a run.
type runError struct {
	resource *managedResource
	// destroyed is the object whose destruction failed; nil for other changes. tainted reports
	// whether it is that of a tainted resource, which is replaced.
	destroyed *object
	tainted   bool
	errors    diagnostics
}

// completeRun is a run that carries out all changes.
func (m *world) completeRun() run {
	return run{refresh: true, limit: math.MaxInt}
}

// apply plans and applies, and returns the errors.
func (m *world) apply(run run) []runError {
	plan := m.planRun(run, rapid.Permutation(m.resources).Draw(m.T, "order"))
	if len(plan.errors) > 0 {
		for _, e := range plan.errors {
			m.Logf("%s: the plan failed\n%s", e.resource.name, e.errors)
			m.checkNamesDataset(e)
		}
		return plan.errors
	}
	if run.between != nil {
		run.between()
	}
	for _, r := range m.resources {
		r.objects = plan.refreshed[r]
		r.tainted = r.tainted && r.current() != nil
	}
	errors := m.applyRun(run, plan.changes)
	for _, e := range errors {
		m.checkNamesDataset(e)
		m.checkForeseen(run, plan, e, errors)
	}
	return errors
}

// runPlan is the result of a plan walk.
type runPlan struct {
	changes   []*change
	refreshed map[*managedResource][]*object
	errors    []runError
	warnings  diagnostics
}

// planRun is the plan walk.
func (m *world) planRun(run run, order []*managedResource) runPlan {
	w := m.walk(nil)
	m.s.Recorder.Reset()
	var mu sync.Mutex
	plan := runPlan{refreshed: map[*managedResource][]*object{}}
	byResource := map[*managedResource][]*change{}
	for _, stage := range dependencyStages(order) {
		forEach(m.parallelism, stage, func(r *managedResource) {
			objects, changes, errors, ds := m.planResource(w, r, run)
			m.checkDiagnostics(ds)
			mu.Lock()
			defer mu.Unlock()
			plan.errors = append(plan.errors, errors...)
			plan.warnings = append(plan.warnings, ds.warnings()...)
			plan.changes = append(plan.changes, changes...)
			plan.refreshed[r] = objects
			byResource[r] = changes
		})
	}
	for _, c := range plan.changes {
		if c.destroy {
			continue
		}
		for _, needed := range byResource[c.resource.dependsOn] {
			if !needed.destroy {
				c.needs = append(c.needs, needed)
			}
		}
	}
	if writes := m.s.writes(); len(writes) > 0 {
		m.Errorf("the plan sent %q", writes)
	}
	return plan
}

// dependencyStages returns the resources without dependencies, and then those that depend on the
// resources of the stages before.
func dependencyStages(all []*managedResource) [][]*managedResource {
	var stages [][]*managedResource
	for _, r := range all {
		depth := 0
		for d := r.dependsOn; d != nil; d = d.dependsOn {
			depth++
		}
		for len(stages) <= depth {
			stages = append(stages, nil)
		}
		stages[depth] = append(stages[depth], r)
	}
	return stages
}

// planResource refreshes and plans all objects of a resource, as Terraform does.
func (m *world) planResource(w *walk, r *managedResource, run run) (objects []*object, changes []*change, errors []runError, all diagnostics) {
	add := func(destroyed *object, ds diagnostics) {
		all = append(all, ds...)
		if failed := ds.errors(); len(failed) > 0 {
			errors = append(errors, runError{resource: r, destroyed: destroyed, errors: failed})
		}
	}
	var current *object
	for _, o := range r.objects {
		if run.refresh {
			after, ds := w.read(m.Context(), o.instance)
			m.checkRead(w, r, o.instance, after)
			if add(nil, ds); len(ds.errors()) > 0 {
				return nil, nil, errors, all
			}
			if after.state == nil {
				continue
			}
			o = &object{instance: after, deposed: o.deposed}
		}
		objects = append(objects, o)
		if !o.deposed {
			current = o
			continue
		}
		destruction, ds := m.planDestruction(w, r, o)
		add(o, ds)
		changes = append(changes, destruction)
	}
	switch {
	case r.config == nil && current == nil:
	case r.config == nil:
		destruction, ds := m.planDestruction(w, r, current)
		add(current, ds)
		changes = append(changes, destruction)
	case current != nil && r.tainted:
		replacement, ds := m.planReplacement(w, r, current, nil, run.createBeforeDestroy)
		add(nil, ds)
		changes = append(changes, replacement...)
	default:
		prior := instance{}
		if current != nil {
			prior = current.instance
		}
		p, ds := w.plan(m.Context(), prior, r.config)
		add(nil, ds)
		switch {
		case len(ds.errors()) > 0:
		case current != nil && (p.replace || run.replace == r):
			replacement, ds := m.planReplacement(w, r, current, p.private, run.createBeforeDestroy)
			add(nil, ds)
			changes = append(changes, replacement...)
		case w.changes(p):
			changes = append(changes, &change{resource: r, plan: p})
		}
	}
	return objects, changes, errors, all
}

func (m *world) planDestruction(w *walk, r *managedResource, o *object) (*change, diagnostics) {
	p, ds := w.plan(m.Context(), o.instance, nil)
	return &change{resource: r, plan: p, destroy: true, object: o}, ds
}

// planReplacement plans a replacement. Terraform has planned an update first, and passes its
// private data to the plan of the creation. It plans a tainted resource as a creation only.
func (m *world) planReplacement(w *walk, r *managedResource, current *object, private []byte, createBeforeDestroy bool) ([]*change, diagnostics) {
	w.upgrade(m.Context(), current.instance) // a tainted resource is read, but planned without its state
	p, ds := w.plan(m.Context(), instance{private: private}, r.config)
	if !r.tainted {
		ds = ds.errors() // Terraform drops the warnings
	}
	null := w.null(w.dataset())
	deletion := &change{resource: r, destroy: true, object: current, tainted: r.tainted}
	deletion.plan = planned{prior: current.instance, config: null, state: null, private: p.private}
	deletion.forced = !createBeforeDestroy && r.config["force_destroy"] == true
	creation := &change{resource: r, plan: p}
	if createBeforeDestroy {
		creation.replaces = current
		deletion.needs = []*change{creation}
		return []*change{creation, deletion}, ds
	}
	creation.needs = []*change{deletion}
	return []*change{deletion, creation}, ds
}

// applyRun is the apply walk. It returns the errors.
func (m *world) applyRun(run run, changes []*change) []runError {
	m.advance(10 * time.Second)
	ctx, cancel := context.WithCancel(m.Context())
	defer cancel()
	m.setInterrupt(cancel)
	w := m.walk(nil)
	m.s.Recorder.Reset()
	before := m.snapshot(w)
	m.adopted = map[string]bool{}
	for _, r := range m.resources {
		m.Logf("%s: configured as %v, datasets %v in the state", r.name, r.config, r.ids(w))
	}

	stages := changeStages(rapid.Permutation(changes).Draw(m.T, "changes"))
	done := 0
	var mu sync.Mutex
	var errors []runError
	for _, stage := range stages {
		stage = stage[:min(len(stage), run.limit-done)]
		done += len(stage)
		forEach(m.parallelism, stage, func(c *change) {
			for _, needed := range c.needs {
				if !needed.succeeded {
					return
				}
			}
			ds := m.applyChange(ctx, w, run, before, c)
			m.Logf("%s: dataset %v (destroy: %t), now %v\n%s", c.resource.name,
				w.values(c.plan.prior.state)["id"], c.destroy, c.resource.ids(w), ds)
			m.checkDiagnostics(ds)
			mu.Lock()
			defer mu.Unlock()
			if len(ds.errors()) > 0 {
				errors = append(errors, runError{c.resource, c.object, c.tainted, ds.errors()})
			}
		})
	}
	m.setInterrupt(nil)
	m.checkRun(w, run, before, changes)
	if last := stages[len(stages)-1]; run.loseState && len(last) > 0 {
		r := last[len(last)-1].resource
		r.objects = before.objects[r]
	}
	return errors
}

// changeStages returns the changes in the order of what they need.
func changeStages(changes []*change) [][]*change {
	stages := [][]*change{nil}
	var depth func(c *change) int
	depth = func(c *change) int {
		d := 0
		for _, needed := range c.needs {
			d = max(d, depth(needed)+1)
		}
		return d
	}
	for _, c := range changes {
		d := depth(c)
		for len(stages) <= d {
			stages = append(stages, nil)
		}
		stages[d] = append(stages[d], c)
	}
	return stages
}

func (m *world) setInterrupt(cancel context.CancelFunc) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.interrupt = cancel
}

// inconsistentFinalPlan is the summary of Terraform's error about a plan that differs during the
// apply.
const inconsistentFinalPlan = "Provider produced inconsistent final plan"

// applyChange carries out one change, as Terraform does.
func (m *world) applyChange(ctx context.Context, w *walk, run run, before snapshot, c *change) diagnostics {
	if c.destroy {
		plan, ds := c.plan, diagnostics(nil)
		if c.object.deposed { // Terraform plans a deposed object again
			plan, ds = w.plan(ctx, c.plan.prior, nil)
			if len(ds.errors()) > 0 {
				return ds
			}
		}
		after, more := w.apply(ctx, plan)
		ds = append(ds, more...)
		m.checkDestroy(w, c, after, ds)
		if c.succeeded = len(ds.errors()) == 0; c.succeeded {
			m.replaceObject(c.resource, c.object, nil)
		} else {
			c.object.instance = after
		}
		return ds
	}
	prior := c.plan.prior
	create := w.values(prior.state) == nil
	if create {
		prior = instance{}
	}
	// Terraform plans every creation and update again before it applies it.
	p, ds := w.plan(ctx, prior, c.resource.config)
	if len(ds.errors()) == 0 && !m.checkFinalPlan(w, c, p, run) {
		ds = append(ds, &tfprotov6.Diagnostic{Severity: tfprotov6.DiagnosticSeverityError, Summary: inconsistentFinalPlan})
	}
	if c.replaces != nil {
		c.replaces.deposed = true // Terraform restores the object only if the creation itself fails
	}
	if len(ds.errors()) == 0 {
		after, more := w.apply(ctx, p)
		ds = append(ds, more...)
		c.succeeded = len(more.errors()) == 0
		m.checkApplied(w, c, create, after, ds, before)
		switch {
		case c.succeeded && create:
			m.replaceObject(c.resource, nil, &object{instance: after})
		case c.succeeded:
			m.replaceObject(c.resource, c.resource.current(), &object{instance: after})
		case c.replaces != nil:
			c.replaces.deposed = false
		}
		if c.succeeded {
			c.resource.tainted = false
			if create || run.refresh && !run.stale {
				m.checkState(w, c.resource)
			}
		}
	}
	if create && !c.succeeded {
		m.mu.Lock()
		defer m.mu.Unlock()
		if name, ok := c.resource.config["name"].(string); ok {
			m.failedNames[strings.ToLower(name)] = true
		} else {
			m.failedUnnamed++
		}
	}
	return ds
}

// replaceObject replaces an object in the state. Nil stands for none.
func (m *world) replaceObject(r *managedResource, old, replacement *object) {
	m.mu.Lock()
	defer m.mu.Unlock()
	r.objects = slices.DeleteFunc(slices.Clone(r.objects), func(o *object) bool { return o == old })
	if replacement != nil {
		r.objects = append(r.objects, replacement)
	}
	if old != nil && !old.deposed && replacement == nil {
		r.tainted = false
	}
}

// settle applies without faults until there are no errors, as a user would who follows the advice
// of each error.
func (m *world) settle() {
	m.clearFaults()
	const runs = 20
	for range runs {
		errors := m.apply(m.completeRun())
		if len(errors) == 0 {
			return
		}
		var second []func()
		for _, e := range errors {
			second = append(second, m.resolve(e)...)
		}
		if len(second) > 0 {
			m.apply(m.completeRun())
			for _, change := range second {
				change()
			}
		}
	}
	m.Fatalf("there are still errors after %d runs without faults", runs)
}

// resolve follows the advice of an error. It returns the changes of the configuration that the
// advice allows only after one more run.
func (m *world) resolve(e runError) (second []func()) {
	r := e.resource
	w := m.walk(nil)
	rename := func() {
		if r.config != nil {
			m.renames++
			r.config["name"] = fmt.Sprintf("renamed-%d", m.renames)
		}
	}
	stateName := func() any {
		if o := r.current(); o != nil {
			return w.values(o.state)["name"]
		}
		return nil
	}
	// keep configures a resource for one more run.
	keep := func() {
		if r.config == nil {
			r.config = values{"name": stateName()}
			for _, other := range m.resources {
				if other != r && sameConfiguredName(other, r) {
					rename()
				}
			}
			second = append(second, func() { r.config = nil })
		}
	}
	for _, d := range e.errors {
		switch {
		case d.Summary == summaryTwice && r.hasDeposed():
			r.forget() // terraform state rm
			if r.config != nil {
				r.config["adopt_existing"] = true
			}
		case d.Summary == summaryTwice && r.config == nil:
			r.forget()
		case d.Summary == summaryTwice:
			if m.inStateTwice(w, r) {
				r.forget()
			}
			rename()
		case d.Summary == summaryNameConflict, d.Summary == summaryNameCycle:
			rename()
		case d.Summary == summaryNeedsOrder:
			// Both ways on: depends_on, or the rename in a run of its own.
			if !rapid.Bool().Draw(m.T, "depends_on") || !m.dependOn(r, stateName()) {
				r.config["name"] = stateName()
			}
		case d.Summary == summaryDestroyedAndCreated && e.destroyed != nil:
			// Apply twice: without the resource that creates, and then with it.
			second = append(second, m.withoutCreators(w.values(e.destroyed.state)["name"])...)
		case d.Summary == summaryDestroyedAndCreated:
			rename()
		case d.Summary == inconsistentFinalPlan, d.Summary == summaryDeletedInApply:
			// The next plan shows the facts.
		case d.Summary == summaryOtherSchema:
			if rapid.Bool().Draw(m.T, "another name") {
				rename()
			} else {
				delete(r.config, "schema")
			}
		case d.Summary == summaryExists && r.hasDeposed():
			r.forget()
			r.config["adopt_existing"] = true
		case d.Summary == summaryExists:
			r.config["adopt_existing"] = true
		case d.Summary == summaryUpdate && strings.Contains(d.Detail, "cannot be renamed"):
			rename()
		case d.Summary == summaryUpdate && strings.Contains(d.Detail, "name-not-unique"):
			// Another resource has given up the name by now. The next apply succeeds.
		case d.Summary == summaryHasItems && e.destroyed != nil && e.destroyed.deposed:
			m.s.API.Delete(fmt.Sprint(w.values(e.destroyed.state)["id"])) // in Apify Console
		case d.Summary == summaryHasItems:
			keep()
			r.config["force_destroy"] = true
			r.tainted = false // terraform untaint
		default:
			m.Fatalf("%s: a run without faults has an error without advice:\n%s", r.name, e.errors)
		}
	}
	return second
}

// dependOn adds depends_on to the resource that creates a dataset with a name. It reports whether
// there is one that can depend on the other resource.
func (m *world) dependOn(other *managedResource, name any) bool {
	for _, r := range m.creators(name) {
		for d := other; ; d = d.dependsOn {
			if d == r {
				break // a cycle
			}
			if d == nil {
				r.dependsOn = other
				return true
			}
		}
	}
	return false
}

// creators returns the resources that create a dataset with a name.
func (m *world) creators(name any) []*managedResource {
	var all []*managedResource
	for _, r := range m.resources {
		if configured, _ := r.config["name"].(string); name != nil && r.current() == nil && strings.EqualFold(configured, fmt.Sprint(name)) {
			all = append(all, r)
		}
	}
	return all
}

// sameConfiguredName reports whether two resources are configured with one name.
func sameConfiguredName(a, b *managedResource) bool {
	first, _ := a.config["name"].(string)
	second, _ := b.config["name"].(string)
	return first != "" && strings.EqualFold(first, second)
}

// withoutCreators removes the resources that create a dataset with a name from the configuration,
// and returns functions that add them again.
func (m *world) withoutCreators(name any) (again []func()) {
	for _, r := range m.creators(name) {
		config := r.config
		r.config = nil
		again = append(again, func() { r.config = config })
	}
	return again
}

// inStateTwice reports whether a dataset of a resource is in the state of another one too.
func (m *world) inStateTwice(w *walk, r *managedResource) bool {
	for _, other := range m.resources {
		for _, id := range other.ids(w) {
			if other != r && slices.Contains(r.ids(w), id) {
				return true
			}
		}
	}
	return false
}
