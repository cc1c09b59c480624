package provider

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// The lifecycle property tests run random sequences of events: changes of the configuration,
// changes outside Terraform, faults of the server, and interrupted runs. The invariants are checked
// after every run. In the end, runs without faults must reach the configured state.
//
//	lifecycle_world_test.go       the configuration, its state, the server, and their changes
//	lifecycle_run_test.go         terraform apply, and a user who follows the advice of its errors
//	lifecycle_invariants_test.go  what every run must keep
//	lifecycle_property_test.go    the events and the tests

// world is a configuration with its state, a server, and the facts about the past that the
// invariants need.
type world struct {
	*rapid.T
	parent testing.TB
	s      *testServer
	// names are the names of datasets.
	names []string
	// nullOneIn is how rarely a resource is not configured, and a dataset is unnamed.
	nullOneIn int
	// parallelism is the number of resources that Terraform handles at a time.
	parallelism int
	// localPlatform reports whether the server has no general_access and cannot remove names.
	localPlatform bool
	// listFaults are faults of the server that never end.
	listFaults []emulator.Fault

	// clockMu guards clock, and mu the fields below that several operations use at a time. The
	// server reads the clock while it holds its own lock, so clockMu is a mutex of its own.
	clockMu, mu sync.Mutex
	// clock is the time that has passed in addition to the real time.
	clock time.Duration
	// interrupt interrupts the current run. It is nil between runs.
	interrupt context.CancelFunc

	resources []*managedResource
	// foreign contains the datasets that were created outside the configuration, and managed those
	// that have ever been in the state. Both can exist without a resource.
	foreign, managed map[string]bool
	// failedUnnamed counts the failed creations of unnamed datasets. failedNames contains the
	// names, in lower case, of the others. Each can have left a dataset.
	failedUnnamed int
	failedNames   map[string]bool
	// renames counts the names that the user has changed because they were taken.
	renames int
	// falseNotFound reports whether the server can return 404 for a dataset that exists.
	falseNotFound bool
	// faulty reports whether the server can fail.
	faulty bool
	// adopted contains the datasets that creations of the current run adopted.
	adopted map[string]bool
	// counterLag is how long the counters of the server lag behind.
	counterLag time.Duration
}

// managedResource is a resource in the configuration, the state, or both.
type managedResource struct {
	name    string
	config  values // nil if it is not configured
	objects []*object
	tainted bool
	// dependsOn is the resource in depends_on; nil for none.
	dependsOn *managedResource
}

// current returns the object that is not deposed, or nil.
func (r *managedResource) current() *object {
	for _, o := range r.objects {
		if !o.deposed {
			return o
		}
	}
	return nil
}

func (r *managedResource) hasDeposed() bool {
	return slices.ContainsFunc(r.objects, func(o *object) bool { return o.deposed })
}

// forget removes the resource from the state, as terraform state rm does.
func (r *managedResource) forget() { r.objects, r.tainted = nil, false }

// ids returns the IDs of the datasets of a resource.
func (r *managedResource) ids(w *walk) []string {
	var all []string
	for _, o := range r.objects {
		if id, ok := w.values(o.state)["id"].(string); ok {
			all = append(all, id)
		}
	}
	return all
}

// values returns the current state of a resource, or nil.
func (r *managedResource) values(w *walk) values {
	if o := r.current(); o != nil {
		return w.values(o.state)
	}
	return nil
}

// GoString makes rapid print the name of a resource that it has drawn.
func (r *managedResource) GoString() string { return r.name }

// rapidTB makes a testing.TB of a rapid.T, which lacks some of its methods.
type rapidTB struct {
	*rapid.T
	parentTB
}

type parentTB struct{ testing.TB }

func (t rapidTB) Helper()      { t.T.Helper() }
func (t rapidTB) Name() string { return t.T.Name() }

const (
	worldToken      = "token-of-the-owner"
	otherWorldToken = "token-of-another-account"
)

type worldOptions struct {
	resources, names, nullOneIn, parallelism int
	// foreign is the number of datasets that exist at first and have no resource.
	foreign       int
	pageLimit     int
	localPlatform bool
}

func newWorld(t *rapid.T, parent testing.TB, options worldOptions) *world {
	m := &world{
		T: t, parent: parent,
		nullOneIn:     options.nullOneIn,
		parallelism:   options.parallelism,
		localPlatform: options.localPlatform,
		foreign:       map[string]bool{},
		managed:       map[string]bool{},
		failedNames:   map[string]bool{},
	}
	m.counterLag = rapid.SampledFrom([]time.Duration{0, time.Hour}).Draw(t, "lag of counters")
	server, err := emulator.Start(emulator.Options{
		Users: []emulator.User{
			{ID: ownerID, Username: "owner", Token: worldToken, AnyoneWithIDCanRead: rapid.Bool().Draw(t, "anyone with the ID can read")},
			{ID: otherID, Username: "other", Token: otherWorldToken},
		},
		Now:            m.now,
		ExistingStatus: rapid.SampledFrom([]int{http.StatusOK, http.StatusCreated}).Draw(t, "status for an existing name"),
		CounterLag:     m.counterLag,
		PageLimit:      options.pageLimit,
		LocalPlatform:  options.localPlatform,
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Close)
	m.s = &testServer{Server: server, Token: worldToken, Now: m.now}
	for i := range options.resources {
		m.resources = append(m.resources, &managedResource{name: fmt.Sprintf("r%d", i)})
	}
	for i := range options.foreign {
		m.foreign[server.API.Seed(emulator.Dataset{Name: fmt.Sprintf("foreign-%d", i)}).ID] = true
	}
	for i := range options.names {
		m.names = append(m.names, fmt.Sprintf("name-%d", i), fmt.Sprintf("NAME-%d", i))
	}
	return m
}

func (m *world) tb() testing.TB { return rapidTB{m.T, parentTB{m.parent}} }

func (m *world) now() time.Time {
	m.clockMu.Lock()
	defer m.clockMu.Unlock()
	return time.Now().Add(m.clock)
}

func (m *world) advance(d time.Duration) {
	m.clockMu.Lock()
	defer m.clockMu.Unlock()
	m.clock += d
}

// walk starts a provider.
func (m *world) walk(config values) *walk {
	all := values{"max_retries": 1}
	maps.Copy(all, config)
	return m.s.newWalk(m.tb(), all)
}

func (m *world) exists(id any) bool {
	_, ok := m.s.API.Dataset(fmt.Sprint(id))
	return ok
}

// resource draws a resource.
func (m *world) resource() *managedResource {
	return rapid.SampledFrom(m.resources).Draw(m.T, "resource")
}

// datasetName draws a name, or nil for none.
func (m *world) datasetName() any {
	if !m.localPlatform && rapid.IntRange(0, m.nullOneIn).Draw(m.T, "unnamed") == 0 {
		return nil
	}
	return rapid.SampledFrom(m.names).Draw(m.T, "name")
}

const anyoneWithName = "ANYONE_WITH_NAME_CAN_READ"

var accessLevels = []string{"FOLLOW_USER_SETTING", "RESTRICTED", "ANYONE_WITH_ID_CAN_READ", anyoneWithName}

// access draws an access level for the configuration, or nil for none.
func (m *world) access(named bool) any {
	if m.localPlatform {
		return nil
	}
	level := rapid.SampledFrom(append([]string{""}, accessLevels...)).Draw(m.T, "general access")
	if level == "" || level == anyoneWithName && !named {
		return nil
	}
	return level
}

// configure changes the configuration of a resource.
func (m *world) configure(r *managedResource) {
	if rapid.IntRange(0, m.nullOneIn).Draw(m.T, "not configured") == 0 {
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
	if !m.localPlatform {
		r.config["schema"] = rapid.SampledFrom([]any{nil, nil, schemaText, schemaNotation, otherText}).Draw(m.T, "schema")
	}
}

// passNames gives the name of each of a few resources to the next one. The first one gets the name
// of the last one, which is a cycle, or a new name, which is a chain.
func (m *world) passNames() {
	var named []*managedResource
	for _, r := range m.resources {
		if r.config["name"] != nil {
			named = append(named, r)
		}
	}
	if len(named) < 2 {
		return
	}
	named = rapid.Permutation(named).Draw(m.T, "resources in a row")[:rapid.IntRange(2, min(4, len(named))).Draw(m.T, "length")]
	next := named[len(named)-1].config["name"]
	if rapid.Bool().Draw(m.T, "chain") {
		next = m.datasetName()
	}
	for _, r := range named {
		r.config["name"], next = next, r.config["name"]
		if r.config["name"] == nil && r.config["general_access"] == anyoneWithName {
			r.config["general_access"] = nil
		}
	}
}

// changeOutside changes the server without Terraform.
func (m *world) changeOutside() {
	// The provider treats a dataset as existing only if it is older than the tolerance for clock
	// skew.
	defer m.advance(10 * time.Second)
	all := m.s.API.Datasets()
	change := rapid.SampledFrom([]string{"create", "rename", "change access", "push", "delete"}).Draw(m.T, "change outside Terraform")
	name, _ := m.datasetName().(string)
	taken := slices.ContainsFunc(all, func(d emulator.Dataset) bool { return name != "" && strings.EqualFold(d.Name, name) })
	if change == "create" {
		if !taken {
			d := emulator.Dataset{Name: name, Items: []json.RawMessage{json.RawMessage(`{"created": "outside Terraform"}`)}}
			d.Schema = rapid.SampledFrom([]json.RawMessage{nil, nil, json.RawMessage(otherText)}).Draw(m.T, "schema")
			m.foreign[m.s.API.Seed(d).ID] = true
		}
		return
	}
	if len(all) == 0 {
		return
	}
	d := rapid.SampledFrom(all).Draw(m.T, "dataset")
	switch change {
	case "rename":
		if !taken {
			// A dataset that a failed creation has left needs an explanation under its new name
			// too.
			left := m.failedNames[strings.ToLower(d.Name)] || d.Name == "" && m.failedUnnamed > 0
			m.foreign[d.ID] = m.foreign[d.ID] || left
			m.s.API.Update(d.ID, func(d *emulator.Dataset) { d.Name = name })
		}
	case "change access":
		level := rapid.SampledFrom(accessLevels).Draw(m.T, "level")
		m.s.API.Update(d.ID, func(d *emulator.Dataset) { d.GeneralAccess = level })
	case "push":
		m.s.API.Push(d.ID, json.RawMessage(`{"pushed": "outside Terraform"}`))
	case "delete":
		m.s.API.Delete(d.ID)
	}
}

// push adds an item to the dataset of a resource, as an Actor would.
func (m *world) push() {
	if id := m.resource().values(m.walk(nil))["id"]; m.exists(id) {
		m.s.API.Push(fmt.Sprint(id), json.RawMessage(`{"pushed": "by an Actor"}`))
	}
}

// worldFaults are the faults of the server.
var worldFaults = []string{
	emulator.FaultRateLimited,
	emulator.FaultInternalServerError,
	emulator.FaultBadGatewayAfterEffect,
	emulator.FaultReset,
	emulator.FaultResetAfterEffect,
	emulator.FaultHang,
	emulator.FaultHangAfterEffect,
	emulator.FaultBodyCut,
	emulator.FaultHTMLPage,
	emulator.FaultEmptyBody,
	emulator.FaultWrongTypes,
	emulator.FaultUnauthorized,
	emulator.FaultForbidden,
	emulator.FaultNotFoundByProxy,
	emulator.FaultNotFoundByAPI,
	emulator.FaultConflict,
	emulator.FaultListWithoutAccess,
	emulator.FaultListWithoutNames,
	emulator.FaultListWithHalfTheItems,
	emulator.FaultListWithOtherTimeFormat,
	emulator.FaultListLags,
}

// interruptedDelay is the time that a request hangs after an interrupt.
const interruptedDelay = 50 * time.Millisecond

// injectFault makes the server fail for some of the later requests. A request that hangs interrupts
// the run.
func (m *world) injectFault(requests ...string) {
	name := rapid.SampledFrom(worldFaults).Draw(m.T, "fault")
	f := emulator.FaultNamed(name)
	if request := rapid.SampledFrom(requests).Draw(m.T, "request"); f.Pattern == "" { // Faults of a list have their own pattern.
		f = onRequest(request, f)
	}
	m.faulty = true
	f.Skip = rapid.SampledFrom([]int{0, 0, 1}).Draw(m.T, "skip")
	f.Times = rapid.SampledFrom([]int{1, 1, 2, 0}).Draw(m.T, "times") // 0 is always.
	switch name {
	case emulator.FaultHang:
		f.Before, f.Delay = m.interruptRun, interruptedDelay
	case emulator.FaultHangAfterEffect:
		f.After, f.Delay = m.interruptRun, interruptedDelay
	case emulator.FaultNotFoundByAPI:
		m.falseNotFound = true
	}
	m.s.Recorder.Inject(f)
}

func (m *world) injectAnyFault() {
	m.injectFault(postDatasets, putDataset, deleteDataset, getDataset, getItems, getDatasets, getUser)
}

func (m *world) injectWriteFault() {
	m.injectFault(postDatasets, putDataset, deleteDataset)
}

// clearFaults ends all faults, except for those that never end.
func (m *world) clearFaults() {
	m.s.Recorder.ClearFaults()
	m.s.Recorder.Inject(m.listFaults...)
	m.falseNotFound, m.faulty = false, false
}

// interruptRun interrupts the current run, as Terraform does on the first Ctrl-C.
func (m *world) interruptRun(*http.Request) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if m.interrupt != nil {
		m.interrupt()
	}
}
