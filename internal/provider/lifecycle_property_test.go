package provider

import (
	"maps"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// events returns all events. Each draws what it needs.
func (m *world) events() map[string]func() {
	apply := func() { m.apply(m.anyRun()) }
	return map[string]func(){
		"configure": func() { m.configure(m.resource()) },
		"configure all": func() {
			for _, r := range m.resources {
				m.configure(r)
			}
		},
		"pass names on":            m.passNames,
		"change outside Terraform": m.changeOutside,
		"push items":               m.push,
		"inject a fault":           m.injectAnyFault,
		"clear all faults":         m.clearFaults,
		"apply":                    apply,
		"apply again":              apply, // makes it twice as likely
		"lose a state": func() {
			m.resource().forget()
		},
		"taint": func() {
			r := m.resource()
			r.tainted = r.current() != nil
		},
		"wait": func() {
			m.advance(time.Duration(rapid.IntRange(0, 20*24).Draw(m.T, "hours")) * time.Hour)
		},
		"use the token of another account": m.checkOtherAccount,
	}
}

// anyRun draws a run.
func (m *world) anyRun() run {
	r := m.completeRun()
	r.refresh = rapid.IntRange(0, 9).Draw(m.T, "refresh") > 0
	r.createBeforeDestroy = rapid.Bool().Draw(m.T, "create before destroy")
	switch rapid.IntRange(0, 5).Draw(m.T, "kind of run") {
	case 0:
		r.replace = m.resource()
	case 1:
		r.limit = rapid.IntRange(0, len(m.resources)).Draw(m.T, "limit")
		r.loseState = rapid.Bool().Draw(m.T, "lose state")
	case 2:
		r.between, r.stale = m.changeOutside, true
	case 3, 4:
		r.between = m.injectWriteFault
	}
	return r
}

// finish checks that runs without faults reach the configured state.
func (m *world) finish() {
	m.settle()
	m.checkSettled()
	m.checkIdempotent()
}

// TestDataset_lifecycleProperty runs random events on a few resources, one at a time.
func TestDataset_lifecycleProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := newWorld(rt, t, worldOptions{resources: 4, names: 4, nullOneIn: 4})
		actions := map[string]func(*rapid.T){}
		for name, event := range m.events() {
			actions[name] = func(*rapid.T) { event() }
		}
		m.Repeat(actions)
		m.finish()
	})
}

// manyBudget bounds the time of TestDataset_lifecyclePropertyMany. It skips the checks that do not
// fit.
const manyBudget = 30 * time.Second

// TestDataset_lifecyclePropertyMany runs random events on so many resources that the provider lists
// datasets instead of reading them one by one. It handles several of them at a time.
func TestDataset_lifecyclePropertyMany(t *testing.T) {
	t.Parallel()
	start := time.Now()
	sequences, lists := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		if time.Since(start) > manyBudget {
			return
		}
		sequences++
		m := newWorld(rt, t, worldOptions{
			resources:     40,
			names:         80,
			nullOneIn:     9,
			parallelism:   10,
			foreign:       rapid.IntRange(0, 20).Draw(rt, "foreign datasets"),
			pageLimit:     rapid.SampledFrom([]int{0, 3, 10}).Draw(rt, "page limit"),
			localPlatform: rapid.IntRange(0, 3).Draw(rt, "local platform") == 0,
		})
		faults := []string{"", emulator.FaultInternalServerError, emulator.FaultListLags, emulator.FaultListWithoutAccess}
		if name := rapid.SampledFrom(faults).Draw(rt, "fault of lists"); name != "" {
			m.listFaults = []emulator.Fault{onRequest(getDatasets, emulator.FaultNamed(name))}
		}
		for _, r := range m.resources {
			m.configure(r)
		}
		m.settle()
		events := m.events()
		names := slices.Sorted(maps.Keys(events))
		for range rapid.IntRange(4, 12).Draw(rt, "events") {
			events[rapid.SampledFrom(names).Draw(rt, "event")]()
		}
		m.finish()
		lists += m.s.Recorder.Counts()[getDatasets] // in the last plan
	})
	t.Logf("%d sequences in %s", sequences, time.Since(start).Round(time.Second))
	if lists == 0 {
		t.Error("the provider never listed datasets")
	}
}
