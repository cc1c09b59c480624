package provider

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

const (
	soakDatasets = 500
	// soakFaultRate is the share of all requests that fail.
	soakFaultRate = 0.2
	// soakWithItems is the number of datasets that contain items when all are destroyed.
	soakWithItems = 7
)

// soakFaultNames are the faults of the server. Each is as frequent as any other.
var soakFaultNames = []string{
	emulator.FaultRetryAfterSecond,
	emulator.FaultInternalServerError,
	emulator.FaultBadGatewayAfterEffect,
	emulator.FaultUnavailableHTML,
	emulator.FaultReset,
	emulator.FaultResetAfterEffect,
	emulator.FaultHang,
	emulator.FaultHangAfterEffect,
	emulator.FaultBodyCut,
	emulator.FaultHTMLPage,
}

// soakFaults returns the faults for all requests. They call count.
func soakFaults(count func(name string)) []emulator.Fault {
	share := soakFaultRate / float64(len(soakFaultNames))
	var faults []emulator.Fault
	for i, name := range soakFaultNames {
		f := emulator.FaultNamed(name)
		// The faults before have hit some of the requests already.
		f.Probability = share / (1 - share*float64(i))
		f.Before = func(*http.Request) { count(name) }
		faults = append(faults, f)
	}
	return faults
}

// TestAccDataset_soak creates, changes and destroys many datasets while a share of all requests
// fails. After each command the state and the server have the same datasets.
func TestAccDataset_soak(t *testing.T) {
	if testing.Short() {
		t.Skip("this test takes minutes")
	}
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	c.write("main.tf", `
provider "apify" {
  max_retries     = 20
  request_timeout = "1s"
}

variable "datasets" {
  default = `+fmt.Sprint(soakDatasets)+`
}

variable "access" {
  default = null
}

variable "prefix" {
  default = "soak"
}

variable "force_destroy" {
  default = false
}

resource "apify_dataset" "many" {
  for_each       = toset([for n in range(var.datasets) : format("%03d", n)])
  name           = "${var.prefix}-${each.key}"
  general_access = var.access
  force_destroy  = var.force_destroy
}
`)

	var mu sync.Mutex
	faults := map[string]int{}
	s.Recorder.SetRand(1)
	s.Recorder.Inject(soakFaults(func(name string) {
		mu.Lock()
		defer mu.Unlock()
		faults[name]++
	})...)
	soakStart := time.Now()
	stage := func(name string, run func()) {
		start, before := time.Now(), len(s.Recorder.Requests())
		run()
		t.Logf("%s: %s, %d requests", name, time.Since(start).Round(100*time.Millisecond), len(s.Recorder.Requests())-before)
	}

	stage("create", func() { c.mustRun("apply", "-auto-approve") })
	created := s.expectSoaked(c, soakDatasets, "soak-", "FOLLOW_USER_SETTING")
	stage("plan without changes", c.expectNoChanges)

	changed := []string{"-auto-approve", "-var", "access=RESTRICTED", "-var", "prefix=Renamed"}
	stage("change", func() { c.mustRun(append([]string{"apply"}, changed...)...) })
	for id := range s.expectSoaked(c, soakDatasets, "Renamed-", "RESTRICTED") {
		if !created[id] {
			t.Errorf("dataset %s was not created by the first apply", id)
		}
	}

	for _, d := range s.API.Datasets() {
		if d.Name < fmt.Sprintf("Renamed-%03d", soakWithItems) {
			s.API.Push(d.ID, json.RawMessage(`{"a":1}`))
		}
	}
	// The plan refuses the destroy before it deletes anything.
	stage("destroy, which keeps datasets with items", func() {
		c.run(append([]string{"destroy"}, changed...)...).expect(t, 1, summaryHasItems)
	})
	s.expectSoaked(c, soakDatasets, "Renamed-", "RESTRICTED")
	changed = append(changed, "-var", fmt.Sprintf("datasets=%d", soakWithItems), "-var", "force_destroy=true")
	stage("apply force_destroy = true", func() { c.mustRun(append([]string{"apply"}, changed...)...) })
	stage("destroy the remaining datasets", func() { c.mustRun(append([]string{"destroy"}, changed...)...) })
	s.expectSoaked(c, 0, "", "")

	requests, failed := s.Recorder.Requests(), 0
	for _, r := range requests {
		if r.Fault {
			failed++
		}
	}
	t.Logf("%d datasets, %d requests, %d of them failed, in %s", soakDatasets, len(requests), failed, time.Since(soakStart).Round(time.Second))
	for _, name := range slices.Sorted(maps.Keys(faults)) {
		t.Logf("%6d × %s", faults[name], name)
	}
	if share := float64(failed) / float64(len(requests)); share < soakFaultRate/2 {
		t.Errorf("%.0f %% of the requests failed, want at least half of %.0f %%", share*100, soakFaultRate*100)
	}
}

// expectSoaked compares the datasets on the server with those in the state, and both with their
// expected number, names and access level. It returns their IDs.
func (s *testServer) expectSoaked(c *cli, n int, prefix, access string) map[string]bool {
	c.t.Helper()
	state := map[string]map[string]any{}
	for _, r := range c.resources() {
		if r.Tainted {
			c.t.Errorf("%s is tainted", r.Address)
		}
		state[fmt.Sprint(r.Values["id"])] = r.Values
	}
	ids := map[string]bool{}
	names := map[string]bool{}
	for _, d := range s.API.Datasets() {
		ids[d.ID] = true
		names[strings.ToLower(d.Name)] = true
		attributes := state[d.ID]
		if attributes["name"] != d.Name || !strings.HasPrefix(d.Name, prefix) {
			c.t.Errorf("dataset %s is named %q, and %v in the state", d.ID, d.Name, attributes["name"])
		}
		if attributes["general_access"] != d.GeneralAccess || d.GeneralAccess != access {
			c.t.Errorf("dataset %s has the access level %s, and %v in the state", d.ID, d.GeneralAccess, attributes["general_access"])
		}
	}
	if len(ids) != n || len(names) != n || len(state) != n {
		c.t.Errorf("the server has %d datasets with %d names, and the state %d, want %d", len(ids), len(names), len(state), n)
	}
	return ids
}
