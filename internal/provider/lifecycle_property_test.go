package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// The life of a configuration under everything that can happen to it: its own
// changes, other people's, a failing server, and runs that end halfway. What must
// never happen is checked after every run, and in the end an undisturbed run has
// to put everything right.

// world is a configuration, its state, the account, and what has happened so far.
type world struct {
	*rapid.T
	outer testing.TB
	s     *testServer
	// names are those that datasets get, in the configuration and elsewhere.
	names []string
	// oneIn is how rarely a resource is not configured, and a dataset unnamed.
	oneIn int
	// parallelism is how many resources are handled at a time.
	parallelism int
	// localPlatform is for a server that has no general_access and removes no names.
	localPlatform bool

	// listing is what is always wrong with the listing.
	listing []emulator.Fault

	mu    sync.Mutex
	clock time.Duration
	// interrupt ends the apply under way, if there is one.
	interrupt context.CancelFunc

	resources []*resourceModel
	// strangers are the datasets that were made by others, and known those that
	// some state has had: both may be there without a resource.
	strangers, known map[string]bool
	// failedUnnamed are how many creations without a name have failed, and
	// failedNames the names of the others: they may have left a dataset.
	failedUnnamed int
	failedNames   map[string]bool
	// renamed are how many names were changed because they were taken.
	renamed int
	// lies is whether the server may say that a dataset is not there which is.
	lies bool
}

// resourceModel is a resource of the configuration and what Terraform's state has
// of it.
type resourceModel struct {
	name    string
	config  values // nil if it is not configured
	state   instance
	tainted bool
}

// GoString is how rapid shows a resource that it has drawn.
func (r *resourceModel) GoString() string { return r.name }

// rapidTB is a rapid.T where a testing.TB is wanted.
type rapidTB struct {
	*rapid.T
	rest
}

type rest struct{ testing.TB }

func (t rapidTB) Helper()      { t.T.Helper() }
func (t rapidTB) Name() string { return t.T.Name() }

const (
	worldToken        = "token-of-the-owner"
	foreignWorldToken = "token-of-somebody-else"
	worldOwnerID      = "OwnerOfDatasets01"
)

type worldOptions struct {
	resources, names, oneIn, parallelism int
	// strangers are datasets that are there before, and stay out of it.
	strangers     int
	pageLimit     int
	localPlatform bool
}

func newWorld(t *rapid.T, outer testing.TB, options worldOptions) *world {
	m := &world{
		T: t, outer: outer,
		oneIn:         options.oneIn,
		parallelism:   options.parallelism,
		localPlatform: options.localPlatform,
		strangers:     map[string]bool{},
		known:         map[string]bool{},
		failedNames:   map[string]bool{},
	}
	server, err := emulator.Start(emulator.Options{
		Users: []emulator.User{
			{ID: worldOwnerID, Username: "owner", Token: worldToken, Restricted: rapid.Bool().Draw(t, "restricted account")},
			{Username: "somebody", Token: foreignWorldToken},
		},
		Now:            m.now,
		ExistingStatus: rapid.SampledFrom([]int{http.StatusOK, http.StatusCreated}).Draw(t, "status of an existing name"),
		CounterLag:     rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(t, "lag of counters"),
		PageLimit:      options.pageLimit,
		LocalPlatform:  options.localPlatform,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	m.s = &testServer{Server: server, Token: worldToken, Now: m.now}
	for i := range options.resources {
		m.resources = append(m.resources, &resourceModel{name: fmt.Sprintf("r%d", i)})
	}
	for i := range options.strangers {
		m.strangers[server.API.Seed(emulator.Dataset{Name: fmt.Sprintf("stranger-%d", i)}).ID] = true
	}
	for i := range options.names {
		m.names = append(m.names, fmt.Sprintf("name-%d", i), fmt.Sprintf("NAME-%d", i))
	}
	return m
}

func (m *world) tb() testing.TB { return rapidTB{m.T, rest{m.outer}} }

func (m *world) now() time.Time {
	m.mu.Lock()
	defer m.mu.Unlock()
	return time.Now().Add(m.clock)
}

func (m *world) pass(d time.Duration) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.clock += d
}

func (m *world) walk(config values) *walk {
	all := values{"max_retries": 1}
	maps.Copy(all, config)
	return m.s.newWalk(m.tb(), all)
}

func (m *world) resource() *resourceModel {
	return rapid.SampledFrom(m.resources).Draw(m.T, "resource")
}

func (m *world) datasetName() any {
	if !m.localPlatform && rapid.IntRange(0, m.oneIn).Draw(m.T, "unnamed") == 0 {
		return nil
	}
	return rapid.SampledFrom(m.names).Draw(m.T, "name")
}

func (m *world) access(named bool) any {
	if m.localPlatform {
		return nil
	}
	level := rapid.SampledFrom(append([]string{""}, generalAccessLevels...)).Draw(m.T, "general access")
	if level == "" || level == "ANYONE_WITH_NAME_CAN_READ" && !named {
		return nil
	}
	return level
}

// configure changes the configuration of a resource.
func (m *world) configure(r *resourceModel) {
	if rapid.IntRange(0, m.oneIn).Draw(m.T, "not configured") == 0 {
		r.config = nil
		return
	}
	name := m.datasetName()
	r.config = values{
		"name":           name,
		"general_access": m.access(name != nil),
		"adopt_existing": rapid.SampledFrom([]any{nil, true, false}).Draw(m.T, "adopt_existing"),
		"force_destroy":  rapid.SampledFrom([]any{nil, true, false}).Draw(m.T, "force_destroy"),
	}
}

// elsewhere changes something on the server without the provider.
func (m *world) elsewhere() {
	defer m.pass(10 * time.Second) // what is older than the clocks' tolerance is old
	all := m.s.API.Datasets()
	what := rapid.SampledFrom([]string{"create", "rename", "change access", "push", "delete"}).Draw(m.T, "change elsewhere")
	name, _ := m.datasetName().(string)
	taken := slices.ContainsFunc(all, func(d emulator.Dataset) bool { return name != "" && strings.EqualFold(d.Name, name) })
	if what == "create" {
		if !taken {
			d := emulator.Dataset{Name: name, Items: []json.RawMessage{json.RawMessage(`{"made": "elsewhere"}`)}}
			m.strangers[m.s.API.Seed(d).ID] = true
		}
		return
	}
	if len(all) == 0 {
		return
	}
	d := rapid.SampledFrom(all).Draw(m.T, "dataset")
	switch what {
	case "rename":
		if !taken {
			// What a failed creation left is nobody's under its new name too.
			left := m.failedNames[strings.ToLower(d.Name)] || d.Name == "" && m.failedUnnamed > 0
			m.strangers[d.ID] = m.strangers[d.ID] || left
			m.s.API.Update(d.ID, func(d *emulator.Dataset) { d.Name = name })
		}
	case "change access":
		level := rapid.SampledFrom(generalAccessLevels).Draw(m.T, "level")
		m.s.API.Update(d.ID, func(d *emulator.Dataset) { d.GeneralAccess = level })
	case "push":
		m.s.API.Push(d.ID, json.RawMessage(`{"pushed": "elsewhere"}`))
	case "delete":
		m.s.API.Delete(d.ID)
	}
}

// push adds an item to the dataset of a resource, as an Actor would.
func (m *world) push() {
	if id := m.walk(nil).values(m.resource().state.state)["id"]; m.exists(id) {
		m.s.API.Push(fmt.Sprint(id), json.RawMessage(`{"pushed": "by an Actor"}`))
	}
}

// disturb has the server fail for some of the requests to come.
func (m *world) disturb() {
	m.disturbSome(postDatasets, putDataset, deleteDataset, getDataset, getItems, getDatasets, getUser)
}

// disturbWrites has it fail for some that write.
func (m *world) disturbWrites() {
	m.disturbSome(postDatasets, putDataset, deleteDataset)
}

func (m *world) disturbSome(requests ...string) {
	kinds := map[string]emulator.Fault{
		"429":                        apiError(429, "rate-limit-exceeded"),
		"500":                        apiError(500, "internal-server-error"),
		"502 after taking effect":    takingEffect(emulator.Fault{Status: 502}),
		"reset":                      {Reset: true},
		"reset after taking effect":  takingEffect(emulator.Fault{Reset: true}),
		"body cut short":             takingEffect(emulator.Fault{CutBody: true}),
		"200 of HTML":                {Status: 200, Body: htmlPage},
		"empty body":                 {Status: 200},
		"wrong types":                {Status: 200, Body: `{"data": {"id": 17, "items": {}}}`},
		"401":                        apiError(401, "user-or-token-not-found"),
		"403":                        apiError(403, "insufficient-permissions"),
		"404 of a proxy":             {Status: 404, Body: "default backend - 404"},
		"404 of the API":             apiError(404, "record-not-found"),
		"409":                        apiError(409, "conflict"),
		"listing without access":     {Mutate: changeListing(withoutAccess)},
		"listing that lags":          {Mutate: changeListing(withoutTheNewest)},
		"interrupt":                  {Before: func(*http.Request) { m.stop() }, Delay: patience},
		"interrupt after the effect": takingEffect(emulator.Fault{After: func(*http.Request) { m.stop() }, Delay: patience}),
	}
	name := rapid.SampledFrom(slices.Sorted(maps.Keys(kinds))).Draw(m.T, "fault")
	f := kinds[name]
	request := rapid.SampledFrom(requests).Draw(m.T, "request")
	if f.Mutate != nil {
		request = getDatasets
	}
	f.Method, f.Pattern, _ = strings.Cut(request, " ")
	f.Skip = rapid.SampledFrom([]int{0, 0, 1}).Draw(m.T, "skip")
	f.Times = rapid.SampledFrom([]int{1, 1, 2, 0}).Draw(m.T, "times") // 0 is always
	m.lies = m.lies || name == "404 of the API"
	m.s.Recorder.Inject(f)
}

// changeListing changes a listing, and no other answer.
func changeListing(change func(listing map[string]any, items []any)) func(int, http.Header, map[string]any) int {
	return func(status int, _ http.Header, body map[string]any) int {
		listing, _ := body["data"].(map[string]any)
		if items, ok := listing["items"].([]any); ok {
			change(listing, items)
		}
		return status
	}
}

func withoutAccess(_ map[string]any, items []any) {
	for _, item := range items {
		if d, ok := item.(map[string]any); ok {
			delete(d, "generalAccess")
		}
	}
}

// withoutTheNewest is the listing before the last ten datasets were created.
func withoutTheNewest(listing map[string]any, items []any) {
	number := func(name string) int {
		n, _ := strconv.Atoi(fmt.Sprint(listing[name]))
		return n
	}
	total := max(0, number("total")-10)
	listing["items"] = items[:min(len(items), max(0, total-number("offset")))]
	listing["total"] = total
}

// patience is how long the server gives a client that is interrupted to go away.
const patience = 50 * time.Millisecond

// stop interrupts the apply under way, as Terraform does on the first Ctrl-C.
func (m *world) stop() {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.interrupt != nil {
		m.interrupt()
	}
}

// calm ends all disturbances but those of the listing, which are this server's way.
func (m *world) calm() {
	m.s.Recorder.ClearFaults()
	m.s.Recorder.Inject(m.listing...)
	m.lies = false
}

// run is one terraform apply.
type run struct {
	// replace is to be replaced, and replaceFirst creates before it destroys.
	replace      *resourceModel
	replaceFirst bool
	// refresh reads the resources before planning.
	refresh bool
	// steps are how many changes are carried out before the process is killed, and
	// unsaved loses the state of the last.
	steps   int
	unsaved bool
	// meanwhile happens between plan and apply, and outdated is whether it outdates
	// what was read.
	meanwhile func()
	outdated  bool
}

// step is a change of one resource.
type step struct {
	r       *resourceModel
	p       planned
	destroy bool
	// needs has to have succeeded before.
	needs *step
	ok    bool
}

// complaint is an error of a run.
type complaint struct {
	r  *resourceModel
	ds diagnostics
}

// apply plans and applies, and gives the errors.
func (m *world) apply(run run) []complaint {
	order := rapid.Permutation(m.resources).Draw(m.T, "order")
	steps, refreshed, complaints := m.plan(run, order)
	if len(complaints) > 0 {
		for _, c := range complaints {
			m.Logf("%s: planning failed\n%s", c.r.name, c.ds)
		}
		return complaints
	}
	if run.meanwhile != nil {
		run.meanwhile()
	}
	for r, state := range refreshed {
		r.state = state
		r.tainted = r.tainted && state.state != nil
	}
	return m.carryOut(run, steps)
}

// plan is the walk that plans.
func (m *world) plan(run run, order []*resourceModel) ([]*step, map[*resourceModel]instance, []complaint) {
	w := m.walk(nil)
	m.s.Recorder.Reset()
	var mu sync.Mutex
	var steps []*step
	var complaints []complaint
	refreshed := map[*resourceModel]instance{}
	forEach(m.parallelism, order, func(r *resourceModel) {
		state, ds := r.state, diagnostics(nil)
		if run.refresh && state.state != nil {
			state, ds = w.read(m.Context(), r.state)
			if state.state == nil && !m.lies {
				if id := w.values(r.state.state)["id"]; m.exists(id) {
					m.Errorf("%s: dataset %v is there, and was called gone", r.name, id)
				}
			}
		}
		var more []*step
		if len(ds.errors()) == 0 {
			var others diagnostics
			more, others = m.planResource(w, r, state, run)
			ds = append(ds, others...)
		}
		m.checkWords(ds)
		mu.Lock()
		defer mu.Unlock()
		if len(ds.errors()) > 0 {
			complaints = append(complaints, complaint{r, ds.errors()})
		}
		steps = append(steps, more...)
		refreshed[r] = state
	})
	if writes := m.s.writes(); len(writes) > 0 {
		m.Errorf("planning wrote: %q", writes)
	}
	return steps, refreshed, complaints
}

// planResource plans one resource as Terraform does.
func (m *world) planResource(w *walk, r *resourceModel, state instance, run run) ([]*step, diagnostics) {
	ctx := m.Context()
	there := state.state != nil
	if r.config == nil {
		if !there {
			return nil, nil
		}
		p, ds := w.plan(ctx, state, nil)
		return []*step{{r: r, p: p, destroy: true}}, ds
	}
	replace := there && (r.tainted || run.replace == r)
	if !replace {
		p, ds := w.plan(ctx, state, r.config)
		if !w.changes(p) {
			return nil, ds
		}
		return []*step{{r: r, p: p}}, ds
	}
	var ds diagnostics
	private := []byte(nil)
	if !r.tainted { // a tainted one is planned as a creation at once
		p, more := w.plan(ctx, state, r.config)
		ds, private = more, p.private
		if len(ds.errors()) > 0 {
			return nil, ds
		}
	}
	p, more := w.plan(ctx, instance{private: private}, r.config)
	ds = append(ds, more...)
	removal := &step{r: r, destroy: true, p: planned{
		prior: state, config: w.null(w.dataset()), state: w.null(w.dataset()), private: state.private,
	}}
	creation := &step{r: r, p: p}
	if run.replaceFirst {
		removal.needs = creation
		return []*step{creation, removal}, ds
	}
	creation.needs = removal
	return []*step{removal, creation}, ds
}

// carryOut is the walk that applies.
func (m *world) carryOut(run run, steps []*step) []complaint {
	m.pass(10 * time.Second)
	ctx, cancel := context.WithCancel(m.Context())
	defer cancel()
	m.mu.Lock()
	m.interrupt = cancel
	m.mu.Unlock()
	w := m.walk(nil)
	m.s.Recorder.Reset()
	before := m.snapshot(w)
	for _, r := range m.resources {
		m.Logf("%s: configured as %v, dataset %v in the state", r.name, r.config, w.values(r.state.state)["id"])
	}

	// What is killed stays undone; what was unsaved is as it was before.
	if run.steps < len(steps) {
		steps = steps[:run.steps]
	}
	var mu sync.Mutex
	var complaints []complaint
	for _, group := range stages(steps) {
		forEach(m.parallelism, group, func(s *step) {
			if s.needs != nil && !s.needs.ok {
				return
			}
			ds := m.carryOutStep(ctx, w, run, before, s)
			m.Logf("%s: from dataset %v to %v (destroy: %t)\n%s", s.r.name,
				w.values(s.p.prior.state)["id"], w.values(s.r.state.state)["id"], s.destroy, ds)
			m.checkWords(ds)
			mu.Lock()
			defer mu.Unlock()
			if len(ds.errors()) > 0 {
				complaints = append(complaints, complaint{s.r, ds.errors()})
			}
		})
	}
	m.mu.Lock()
	m.interrupt = nil
	m.mu.Unlock()
	m.checkRun(w, before, steps)
	if run.unsaved && len(steps) > 0 {
		last := steps[len(steps)-1].r
		last.state = before.states[last]
	}
	return complaints
}

// stages puts off the steps that need others.
func stages(steps []*step) [][]*step {
	var first, second []*step
	for _, s := range steps {
		if s.needs == nil {
			first = append(first, s)
		} else {
			second = append(second, s)
		}
	}
	return [][]*step{first, second}
}

func (m *world) carryOutStep(ctx context.Context, w *walk, run run, before snapshot, s *step) diagnostics {
	if s.destroy {
		after, ds := w.apply(ctx, s.p)
		id := w.values(s.p.prior.state)["id"]
		if gone := after.state == nil; gone == (len(ds.errors()) > 0) {
			m.Errorf("%s: whether the state is gone: %t\n%s", s.r.name, gone, ds)
		}
		if len(ds.errors()) > 0 {
			return ds
		}
		if m.exists(id) && !m.lies && !ds.has(summaryKept) {
			m.Errorf("%s: dataset %v is there after its deletion", s.r.name, id)
		}
		s.ok = true
		// The state of a resource that was created first is its replacement's.
		if s.needs == nil {
			s.r.state, s.r.tainted = instance{}, false
		}
		return ds
	}
	prior := s.p.prior
	creating := w.values(prior.state) == nil
	if creating {
		prior = instance{}
	}
	p, ds := w.plan(ctx, prior, s.r.config)
	if len(ds.errors()) == 0 {
		m.checkSamePlan(w, s, p)
		var more diagnostics
		var after instance
		after, more = w.apply(ctx, p)
		ds = append(ds, more...)
		if failed := len(more.errors()) > 0; failed && creating && after.state != nil {
			m.Errorf("%s: a failed creation left a tainted resource:\n%s", s.r.name, more)
		} else if failed && !creating && fmt.Sprint(w.values(after.state)) != fmt.Sprint(w.values(s.p.prior.state)) {
			m.Errorf("%s: a failed update changed the state:\n%s", s.r.name, more)
		} else if !failed {
			s.ok = true
			s.r.state, s.r.tainted = after, false
			_, existed := before.datasets[w.identityID(after)]
			if told := more.has(summaryAdopts); creating && told != existed {
				m.Errorf("%s: whether the adoption was told of: %t\n%s", s.r.name, told, more)
			}
			if creating || run.refresh && !run.outdated {
				m.checkState(w, s.r)
			}
		}
	}
	if creating && !s.ok {
		m.mu.Lock()
		defer m.mu.Unlock()
		if name, ok := s.r.config["name"].(string); ok {
			m.failedNames[strings.ToLower(name)] = true
		} else {
			m.failedUnnamed++
		}
	}
	return ds
}

// checkSamePlan compares the plan with the one that is made while applying: what
// was known then must still be so.
func (m *world) checkSamePlan(w *walk, s *step, p planned) {
	was, is := w.values(s.p.state), w.values(p.state)
	for name, v := range was {
		if v != (unknown{}) && fmt.Sprint(v) != fmt.Sprint(is[name]) {
			m.Errorf("%s: inconsistent final plan: %s was %v and is %v", s.r.name, name, v, is[name])
		}
	}
}

// snapshot is what there is before an apply.
type snapshot struct {
	datasets map[string]emulator.Dataset
	states   map[*resourceModel]instance
	// managed are the ids in the states.
	managed map[string]bool
}

func (m *world) snapshot(w *walk) snapshot {
	s := snapshot{datasets: map[string]emulator.Dataset{}, states: map[*resourceModel]instance{}, managed: map[string]bool{}}
	for _, d := range m.s.API.Datasets() {
		s.datasets[d.ID] = d
	}
	for _, r := range m.resources {
		s.states[r] = r.state
		if id, ok := w.values(r.state.state)["id"].(string); ok {
			s.managed[id] = true
			m.known[id] = true
		}
	}
	return s
}

// checkRun looks at what an apply did to the server.
func (m *world) checkRun(w *walk, before snapshot, steps []*step) {
	destroyed, forced := map[string]bool{}, map[string]bool{}
	for _, s := range steps {
		if s.destroy {
			state := w.values(s.p.prior.state)
			id, _ := state["id"].(string)
			destroyed[id] = true
			forced[id] = forced[id] || state["force_destroy"] == true
		}
	}
	after := m.snapshot(w)
	for _, r := range m.s.Recorder.Requests() {
		id := path.Base(r.Path)
		old, existed := before.datasets[id]
		switch {
		case r.Method != http.MethodDelete:
		case existed && !destroyed[id]:
			m.Errorf("dataset %s was to be deleted, which no resource gave up", id)
		case existed && len(old.Items) > 0 && !forced[id]:
			m.Errorf("dataset %s was to be deleted with its %d items", id, len(old.Items))
		case after.managed[id] && r.Status == http.StatusNoContent:
			m.Errorf("dataset %s was deleted, and is in the state", id)
		}
	}
	for id, old := range before.datasets {
		now, there := after.datasets[id]
		if !there && !destroyed[id] {
			m.Errorf("dataset %s is gone", id)
		}
		if there && (now.Name != old.Name || now.GeneralAccess != old.GeneralAccess) && !before.managed[id] && !m.mayAdopt(old.Name) {
			m.Errorf("dataset %s was changed from %+v to %+v, and is nobody's", id, old, now)
		}
	}
	for _, r := range m.resources {
		id, _ := w.values(r.state.state)["id"].(string)
		_, existed := before.datasets[id]
		if existed && !before.managed[id] && r.config["adopt_existing"] == false && before.states[r].state == nil {
			m.Errorf("%s: dataset %s was taken over in spite of adopt_existing = false", r.name, id)
		}
	}
}

// mayAdopt tells whether the configuration lets a dataset of this name be taken
// over.
func (m *world) mayAdopt(name string) bool {
	return slices.ContainsFunc(m.resources, func(r *resourceModel) bool {
		configured, _ := r.config["name"].(string)
		return name != "" && strings.EqualFold(configured, name) && r.config["adopt_existing"] != false
	})
}

// checkState compares the state of a resource with the server.
func (m *world) checkState(w *walk, r *resourceModel) {
	state := w.values(r.state.state)
	id, _ := state["id"].(string)
	d, ok := m.s.API.Dataset(id)
	if !ok {
		m.Errorf("%s: dataset %s is in the state only", r.name, id)
		return
	}
	name, _ := state["name"].(string)
	if !strings.EqualFold(name, d.Name) || !m.localPlatform && state["general_access"] != d.GeneralAccess || state["user_id"] != d.UserID {
		m.Errorf("%s: the state %v is not the dataset %+v", r.name, state, d)
	}
	if w.identityID(r.state) != id {
		m.Errorf("%s: the identity is %q, and the id %q", r.name, w.identityID(r.state), id)
	}
}

func (m *world) checkWords(ds diagnostics) {
	if text := internals.FindString(ds.String()); text != "" {
		m.Errorf("the diagnostics speak of %q:\n%s", text, ds)
	}
	if strings.Contains(ds.String(), worldToken) {
		m.Errorf("the diagnostics have the token:\n%s", ds)
	}
}

func (m *world) exists(id any) bool {
	_, ok := m.s.API.Dataset(fmt.Sprint(id))
	return ok
}

// withForeignToken reads everything, and tries to delete something, with the
// token of an account that does not own it.
func (m *world) withForeignToken() {
	w := m.walk(values{"token": foreignWorldToken})
	for _, r := range m.resources {
		if r.state.state == nil {
			continue
		}
		if after, ds := w.read(m.Context(), r.state); after.state == nil {
			m.Errorf("%s: what another account cannot see was called gone\n%s", r.name, ds)
		}
	}
	r := m.resource()
	if r.state.state == nil {
		return
	}
	id := w.values(r.state.state)["id"]
	existed := m.exists(id)
	null := w.null(w.dataset())
	after, ds := w.apply(m.Context(), planned{prior: r.state, config: null, state: null})
	if after.state == nil || len(ds.errors()) == 0 || m.exists(id) != existed {
		m.Errorf("%s: deleted by another account\n%s", r.name, ds)
	}
}

// settle applies without disturbances until nothing is in the way, as a person
// would do who reads the errors.
func (m *world) settle() {
	m.calm()
	const rounds = 20
	for range rounds {
		var leaving []*resourceModel
		complaints := m.apply(run{refresh: true, steps: len(m.resources) * 2})
		for _, c := range complaints {
			if m.resolve(c) {
				leaving = append(leaving, c.r)
			}
		}
		if len(complaints) == 0 {
			return
		}
		if len(leaving) > 0 {
			m.apply(run{refresh: true, steps: len(m.resources) * 2})
			for _, r := range leaving {
				r.config = nil
			}
		}
	}
	m.Fatalf("there still are errors after %d runs without disturbances", rounds)
}

// resolve follows the advice of an error. It tells whether the resource is in the
// configuration for one run only, to be removed after it.
func (m *world) resolve(c complaint) (leaving bool) {
	r := c.r
	rename := func() {
		m.renamed++
		r.config["name"] = fmt.Sprintf("renamed-%d", m.renamed)
	}
	for _, d := range c.ds {
		switch {
		case d.Summary == summaryTwice && r.config == nil:
			r.state = instance{} // terraform state rm
		case d.Summary == summaryTwice:
			if m.heldTwice(r) {
				r.state = instance{}
			}
			rename()
		case d.Summary == summaryExists:
			r.config["adopt_existing"] = true
		case d.Summary == summaryUpdate && strings.Contains(d.Detail, "cannot be renamed"):
			rename()
		case d.Summary == summaryUpdate && strings.Contains(d.Detail, "name-not-unique"):
			// Another resource has given the name up meanwhile: apply again.
		case d.Summary == summaryHasItems:
			leaving = r.config == nil
			if leaving {
				r.config = values{"name": m.walk(nil).values(r.state.state)["name"]}
			}
			r.config["force_destroy"] = true
			r.tainted = false // terraform untaint
		default:
			m.Fatalf("%s: an error in a run without disturbances:\n%s", r.name, c.ds)
		}
	}
	return leaving
}

// heldTwice tells whether another state has the resource's dataset.
func (m *world) heldTwice(r *resourceModel) bool {
	w := m.walk(nil)
	id := w.values(r.state.state)["id"]
	return id != nil && slices.ContainsFunc(m.resources, func(other *resourceModel) bool {
		return other != r && w.values(other.state.state)["id"] == id
	})
}

// checkSettled compares configuration, state and server after an undisturbed run.
func (m *world) checkSettled() {
	w := m.walk(nil)
	managed := map[string]bool{}
	for _, r := range m.resources {
		state := w.values(r.state.state)
		if there := state != nil; there != (r.config != nil) {
			m.Errorf("%s: whether it is in the state: %t", r.name, there)
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
			m.Errorf("%s: the name is %q, and %q in the configuration", r.name, d.Name, name)
		}
		if access := r.config["general_access"]; access != nil && access != d.GeneralAccess {
			m.Errorf("%s: the access is %s, and %s in the configuration", r.name, d.GeneralAccess, access)
		}
	}
	unnamed := 0
	for _, d := range m.s.API.Datasets() {
		switch {
		case managed[d.ID] || m.strangers[d.ID] || m.known[d.ID]:
		case d.Name == "":
			unnamed++
		case !m.failedNames[strings.ToLower(d.Name)]:
			m.Errorf("nothing explains dataset %+v", d)
		}
	}
	if unnamed > m.failedUnnamed {
		m.Errorf("%d unnamed datasets are left over of %d failed creations", unnamed, m.failedUnnamed)
	}
}

// checkIdle plans again, some time later: there is nothing to do, and the URLs in
// the state work.
func (m *world) checkIdle() {
	m.pass(time.Duration(rapid.IntRange(0, 30*24).Draw(m.T, "hours")) * time.Hour)
	w := m.walk(nil)
	steps, refreshed, complaints := m.plan(run{refresh: true}, m.resources)
	for _, c := range complaints {
		m.Errorf("%s: the next plan fails:\n%s", c.r.name, c.ds)
	}
	for _, s := range steps {
		m.Errorf("%s: the next plan makes %v of %v", s.r.name, w.values(s.p.state), w.values(s.p.prior.state))
	}
	for r, state := range refreshed {
		address, _ := w.values(state.state)["items_public_url"].(string)
		if address == "" {
			continue
		}
		req, err := http.NewRequestWithContext(m.Context(), http.MethodGet, address, http.NoBody)
		if err != nil {
			m.Fatal(err)
		}
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			m.Fatal(err)
		}
		if err := resp.Body.Close(); err != nil {
			m.Fatal(err)
		}
		if resp.StatusCode != http.StatusOK {
			m.Errorf("%s: the items URL of the state answers %s", r.name, resp.Status)
		}
	}
}

// events are all that can happen.
func (m *world) events() map[string]func() {
	apply := func() { m.apply(m.anyRun()) }
	return map[string]func(){
		"configure": func() { m.configure(m.resource()) },
		"configure all": func() {
			for _, r := range m.resources {
				m.configure(r)
			}
		},
		"elsewhere":   m.elsewhere,
		"items come":  m.push,
		"disturb":     m.disturb,
		"calm":        m.calm,
		"apply":       apply,
		"apply again": apply, // twice as likely
		"lose a state": func() {
			r := m.resource()
			r.state, r.tainted = instance{}, false
		},
		"taint": func() {
			r := m.resource()
			r.tainted = r.state.state != nil
		},
		"time": func() {
			m.pass(time.Duration(rapid.IntRange(0, 20*24).Draw(m.T, "hours")) * time.Hour)
		},
		"foreign token": m.withForeignToken,
	}
}

func (m *world) anyRun() run {
	r := run{
		refresh:      rapid.IntRange(0, 9).Draw(m.T, "refresh") > 0,
		replaceFirst: rapid.Bool().Draw(m.T, "create before destroy"),
		steps:        len(m.resources) * 2,
	}
	switch rapid.IntRange(0, 5).Draw(m.T, "kind of run") {
	case 0:
		r.replace = m.resource()
	case 1:
		r.steps = rapid.IntRange(0, len(m.resources)).Draw(m.T, "steps")
		r.unsaved = rapid.Bool().Draw(m.T, "unsaved")
	case 2:
		r.meanwhile, r.outdated = m.elsewhere, true
	case 3, 4:
		r.meanwhile = m.disturbWrites
	}
	return r
}

// end brings a sequence of events to what it has to come to.
func (m *world) end() {
	m.settle()
	m.checkSettled()
	m.checkIdle()
}

func TestDataset_lifecycleProperty(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		m := newWorld(rt, t, worldOptions{resources: 4, names: 4, oneIn: 4})
		actions := map[string]func(*rapid.T){}
		for name, event := range m.events() {
			actions[name] = func(*rapid.T) { event() }
		}
		m.Repeat(actions)
		m.end()
	})
}

// bulkBudget bounds the time of TestDataset_lifecyclePropertyMany: what does not fit in
// is not tried.
const bulkBudget = 30 * time.Second

// TestDataset_lifecyclePropertyMany has so many resources that reading them turns to the
// listing, and handles them at the same time.
func TestDataset_lifecyclePropertyMany(t *testing.T) {
	t.Parallel()
	began := time.Now()
	tried, listings := 0, 0
	rapid.Check(t, func(rt *rapid.T) {
		if time.Since(began) > bulkBudget {
			return
		}
		tried++
		m := newWorld(rt, t, worldOptions{
			resources:     40,
			names:         80,
			oneIn:         9,
			parallelism:   10,
			strangers:     rapid.IntRange(0, 20).Draw(rt, "strangers"),
			pageLimit:     rapid.SampledFrom([]int{0, 3, 10}).Draw(rt, "page limit"),
			localPlatform: rapid.IntRange(0, 3).Draw(rt, "local platform") == 0,
		})
		flaws := map[string]emulator.Fault{
			"fails":          {Status: http.StatusInternalServerError},
			"lags":           {Mutate: changeListing(withoutTheNewest)},
			"without access": {Mutate: changeListing(withoutAccess)},
		}
		if f, flawed := flaws[rapid.SampledFrom([]string{"", "fails", "lags", "without access"}).Draw(rt, "listing")]; flawed {
			f.Method, f.Pattern, _ = strings.Cut(getDatasets, " ")
			m.listing = []emulator.Fault{f}
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
		m.end()
		listings += m.s.Recorder.Counts()[getDatasets] // of the last plan
	})
	t.Logf("%d sequences in %s", tried, time.Since(began).Round(time.Second))
	if listings == 0 {
		t.Error("nothing was read from the listing")
	}
}
