package provider

import (
	"context"
	"fmt"
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

// change is a planned change of a resource.
type change struct {
	// forced reports whether the configuration of a replacement allows to delete items.
	forced   bool
	resource *managedResource
	plan     planned
	destroy  bool
	// needs must succeed first.
	needs     *change
	succeeded bool
}

// runError contains the errors of a resource in a run.
type runError struct {
	resource *managedResource
	errors   diagnostics
}

// completeRun is a run that carries out all changes.
func (m *world) completeRun() run {
	return run{refresh: true, limit: len(m.resources) * 2}
}

// apply plans and applies, and returns the errors.
func (m *world) apply(run run) []runError {
	order := rapid.Permutation(m.resources).Draw(m.T, "order")
	changes, refreshed, errors := m.planRun(run, order)
	if len(errors) > 0 {
		for _, e := range errors {
			m.Logf("%s: the plan failed\n%s", e.resource.name, e.errors)
		}
		return errors
	}
	if run.between != nil {
		run.between()
	}
	for r, state := range refreshed {
		r.state = state
		r.tainted = r.tainted && state.state != nil
	}
	return m.applyRun(run, changes)
}

// planRun is the plan walk. It returns the changes, the refreshed states and the errors.
func (m *world) planRun(run run, order []*managedResource) ([]*change, map[*managedResource]instance, []runError) {
	w := m.walk(nil)
	m.s.Recorder.Reset()
	var mu sync.Mutex
	var changes []*change
	var errors []runError
	refreshed := map[*managedResource]instance{}
	forEach(m.parallelism, order, func(r *managedResource) {
		state, ds := r.state, diagnostics(nil)
		if run.refresh && state.state != nil {
			state, ds = w.read(m.Context(), r.state)
			m.checkRead(w, r, state)
		}
		var planned []*change
		if len(ds.errors()) == 0 {
			var more diagnostics
			planned, more = m.planResource(w, r, state, run)
			ds = append(ds, more...)
		}
		m.checkDiagnostics(ds)
		mu.Lock()
		defer mu.Unlock()
		if len(ds.errors()) > 0 {
			errors = append(errors, runError{r, ds.errors()})
		}
		changes = append(changes, planned...)
		refreshed[r] = state
	})
	if writes := m.s.writes(); len(writes) > 0 {
		m.Errorf("the plan sent %q", writes)
	}
	return changes, refreshed, errors
}

// planResource plans one resource, as Terraform does.
func (m *world) planResource(w *walk, r *managedResource, state instance, run run) ([]*change, diagnostics) {
	ctx := m.Context()
	exists := state.state != nil
	switch {
	case r.config == nil && !exists:
		return nil, nil
	case r.config == nil:
		p, ds := w.plan(ctx, state, nil)
		return []*change{{resource: r, plan: p, destroy: true}}, ds
	case exists && (r.tainted || run.replace == r):
		return m.planReplacement(w, r, state, run.createBeforeDestroy)
	}
	p, ds := w.plan(ctx, state, r.config)
	if !w.changes(p) {
		return nil, ds
	}
	return []*change{{resource: r, plan: p}}, ds
}

// planReplacement plans a replacement. Terraform plans an update first, and then a creation with
// the private data of the update. It plans a tainted resource as a creation only.
func (m *world) planReplacement(w *walk, r *managedResource, state instance, createBeforeDestroy bool) ([]*change, diagnostics) {
	var ds diagnostics
	var private []byte
	if !r.tainted {
		p, updateDiagnostics := w.plan(m.Context(), state, r.config)
		ds, private = updateDiagnostics, p.private
		if len(ds.errors()) > 0 {
			return nil, ds
		}
	}
	w.upgrade(m.Context(), state) // a tainted resource is read, but planned without its state
	p, more := w.plan(m.Context(), instance{private: private}, r.config)
	ds = append(ds, more...)
	null := w.null(w.dataset())
	deletion := &change{resource: r, destroy: true, plan: planned{prior: state, config: null, state: null, private: p.private}}
	deletion.forced = !createBeforeDestroy && r.config["force_destroy"] == true
	creation := &change{resource: r, plan: p}
	if createBeforeDestroy {
		deletion.needs = creation
		return []*change{creation, deletion}, ds
	}
	creation.needs = deletion
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
		m.Logf("%s: configured as %v, dataset %v in the state", r.name, r.config, w.values(r.state.state)["id"])
	}

	if run.limit < len(changes) {
		changes = changes[:run.limit]
	}
	var mu sync.Mutex
	var errors []runError
	for _, stage := range stages(changes) {
		forEach(m.parallelism, stage, func(c *change) {
			if c.needs != nil && !c.needs.succeeded {
				return
			}
			ds := m.applyChange(ctx, w, run, before, c)
			m.Logf("%s: from dataset %v to %v (destroy: %t)\n%s", c.resource.name,
				w.values(c.plan.prior.state)["id"], w.values(c.resource.state.state)["id"], c.destroy, ds)
			m.checkDiagnostics(ds)
			mu.Lock()
			defer mu.Unlock()
			if len(ds.errors()) > 0 {
				errors = append(errors, runError{c.resource, ds.errors()})
			}
		})
	}
	m.setInterrupt(nil)
	m.checkRun(w, before, changes)
	if run.loseState && len(changes) > 0 {
		last := changes[len(changes)-1].resource
		last.state = before.states[last]
	}
	return errors
}

func (m *world) setInterrupt(cancel context.CancelFunc) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.interrupt = cancel
}

// inconsistentFinalPlan is the summary of Terraform's error about a plan that differs during the
// apply.
const inconsistentFinalPlan = "Provider produced inconsistent final plan"

// stages returns the changes that need no others, and then the rest.
func stages(changes []*change) [][]*change {
	var first, second []*change
	for _, c := range changes {
		if c.needs == nil {
			first = append(first, c)
		} else {
			second = append(second, c)
		}
	}
	return [][]*change{first, second}
}

// applyChange carries out one change, as Terraform does.
func (m *world) applyChange(ctx context.Context, w *walk, run run, before snapshot, c *change) diagnostics {
	if c.destroy {
		plan, ds := c.plan, diagnostics(nil)
		if c.needs != nil { // a deposed object, which Terraform plans again
			plan, ds = w.plan(ctx, c.plan.prior, nil)
			if len(ds.errors()) > 0 {
				return ds
			}
		}
		after, more := w.apply(ctx, plan)
		ds = append(ds, more...)
		m.checkDestroy(w, c, after, ds)
		c.succeeded = len(ds.errors()) == 0
		// With create before destroy, the state has the new object already.
		if c.succeeded && c.needs == nil {
			c.resource.state, c.resource.tainted = instance{}, false
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
	if len(ds.errors()) == 0 {
		after, more := w.apply(ctx, p)
		ds = append(ds, more...)
		c.succeeded = len(more.errors()) == 0
		m.checkApplied(w, c, create, after, ds, before)
		if c.succeeded {
			c.resource.state, c.resource.tainted = after, false
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

// settle applies without faults until there are no errors, as a user would who follows the advice
// of each error.
func (m *world) settle() {
	m.clearFaults()
	const runs = 20
	for range runs {
		var leaving []*managedResource
		errors := m.apply(m.completeRun())
		for _, e := range errors {
			if m.resolve(e) {
				leaving = append(leaving, e.resource)
			}
		}
		if len(errors) == 0 {
			return
		}
		if len(leaving) > 0 {
			m.apply(m.completeRun())
			for _, r := range leaving {
				r.config = nil
			}
		}
	}
	m.Fatalf("there are still errors after %d runs without faults", runs)
}

// resolve follows the advice of an error. It reports whether the resource is in the configuration
// for one run only.
func (m *world) resolve(e runError) (leaving bool) {
	r := e.resource
	rename := func() {
		m.renames++
		r.config["name"] = fmt.Sprintf("renamed-%d", m.renames)
	}
	for _, d := range e.errors {
		switch {
		case d.Summary == summaryTwice && r.config == nil:
			r.state = instance{} // terraform state rm
		case d.Summary == summaryTwice:
			if m.inStateTwice(r) {
				r.state = instance{}
			}
			rename()
		case d.Summary == summaryNameConflict, d.Summary == summaryNameCycle:
			rename()
		case d.Summary == summaryNeedsOrder: // keep the name, so that the creation gets another one
			r.config["name"] = m.walk(nil).values(r.state.state)["name"]
		case d.Summary == summaryTakesTurns && r.config != nil:
			rename()
		case d.Summary == summaryTakesTurns: // destroy later
			leaving = true
			r.config = values{"name": m.walk(nil).values(r.state.state)["name"]}
		case d.Summary == inconsistentFinalPlan, d.Summary == summaryDeletedInApply:
			// The next plan shows the facts.
		case d.Summary == summaryExists:
			r.config["adopt_existing"] = true
		case d.Summary == summaryUpdate && strings.Contains(d.Detail, "cannot be renamed"):
			rename()
		case d.Summary == summaryUpdate && strings.Contains(d.Detail, "name-not-unique"):
			// Another resource has given up the name by now. The next apply succeeds.
		case d.Summary == summaryHasItems:
			leaving = r.config == nil
			if leaving {
				r.config = values{"name": m.walk(nil).values(r.state.state)["name"]}
			}
			r.config["force_destroy"] = true
			r.tainted = false // terraform untaint
		default:
			m.Fatalf("%s: a run without faults has an error without advice:\n%s", r.name, e.errors)
		}
	}
	return leaving
}

// inStateTwice reports whether the dataset of a resource is in the state of another one too.
func (m *world) inStateTwice(r *managedResource) bool {
	w := m.walk(nil)
	id := w.values(r.state.state)["id"]
	for _, other := range m.resources {
		if id != nil && other != r && w.values(other.state.state)["id"] == id {
			return true
		}
	}
	return false
}
