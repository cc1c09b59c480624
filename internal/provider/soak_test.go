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
	// soakWithItems are how many of the datasets hold items when all are destroyed.
	soakWithItems = 7
)

// soakFaults fail a share of all requests, in each of these ways as often as in
// any other, and count themselves.
func soakFaults(count func(kind string)) []emulator.Fault {
	kinds := map[string]emulator.Fault{
		"429":                       rateLimited(always("1")),
		"500":                       apiError(500, "internal-server-error"),
		"502 after taking effect":   takingEffect(emulator.Fault{Status: 502}),
		"503 of HTML":               {Status: 503, Body: htmlPage},
		"reset":                     {Reset: true},
		"reset after taking effect": takingEffect(emulator.Fault{Reset: true}),
		"hang":                      {Delay: time.Minute},
		"hang after taking effect":  takingEffect(emulator.Fault{Delay: time.Minute}),
		"body cut short":            takingEffect(emulator.Fault{CutBody: true}),
		"200 of HTML":               {Status: 200, Body: htmlPage},
	}
	share := soakFaultRate / float64(len(kinds))
	var faults []emulator.Fault
	for i, kind := range slices.Sorted(maps.Keys(kinds)) {
		f := kinds[kind]
		// Of the requests that the faults before have left.
		f.Probability = share / (1 - share*float64(i))
		f.Before = func(*http.Request) { count(kind) }
		faults = append(faults, f)
	}
	return faults
}

// TestAccDataset_soak takes many datasets through their lives while the server fails all
// the time. In the end the server holds what the state says, neither more nor
// less.
func TestAccDataset_soak(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes")
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
	s.Recorder.Inject(soakFaults(func(kind string) {
		mu.Lock()
		defer mu.Unlock()
		faults[kind]++
	})...)
	began := time.Now()
	stage := func(what string, do func()) {
		start, before := time.Now(), len(s.Recorder.Requests())
		do()
		t.Logf("%s: %s, %d requests", what, time.Since(start).Round(100*time.Millisecond), len(s.Recorder.Requests())-before)
	}

	stage("create", func() { c.mustRun("apply", "-auto-approve") })
	created := s.expectSoaked(c, soakDatasets, "soak-", "FOLLOW_USER_SETTING")
	stage("plan without changes", c.expectNoChanges)

	changed := []string{"-auto-approve", "-var", "access=RESTRICTED", "-var", "prefix=Renamed"}
	stage("change", func() { c.mustRun(append([]string{"apply"}, changed...)...) })
	for id := range s.expectSoaked(c, soakDatasets, "Renamed-", "RESTRICTED") {
		if !created[id] {
			t.Errorf("dataset %s is another one than before", id)
		}
	}

	for _, d := range s.API.Datasets() {
		if d.Name < fmt.Sprintf("Renamed-%03d", soakWithItems) {
			s.API.Push(d.ID, json.RawMessage(`{"kept": true}`))
		}
	}
	stage("destroy what holds no items", func() {
		c.run(append([]string{"destroy"}, changed...)...).expect(t, 1, summaryHasItems)
	})
	s.expectSoaked(c, soakWithItems, "Renamed-", "RESTRICTED")
	changed = append(changed, "-var", fmt.Sprintf("datasets=%d", soakWithItems), "-var", "force_destroy=true")
	stage("allow the loss of items", func() { c.mustRun(append([]string{"apply"}, changed...)...) })
	stage("destroy the rest", func() { c.mustRun(append([]string{"destroy"}, changed...)...) })
	s.expectSoaked(c, 0, "", "")

	requests, failed := s.Recorder.Requests(), 0
	for _, r := range requests {
		if r.Fault {
			failed++
		}
	}
	t.Logf("%d datasets, %d requests, of which %d failed, in %s", soakDatasets, len(requests), failed, time.Since(began).Round(time.Second))
	for _, kind := range slices.Sorted(maps.Keys(faults)) {
		t.Logf("%6d × %s", faults[kind], kind)
	}
	if share := float64(failed) / float64(len(requests)); share < soakFaultRate/2 {
		t.Errorf("only %.0f %% of the requests failed", share*100)
	}
}

// expectSoaked compares the server with the state, and both with what should be
// there. It gives the datasets' ids.
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
			c.t.Errorf("dataset %s is named %q, in the state %v", d.ID, d.Name, attributes["name"])
		}
		if attributes["general_access"] != d.GeneralAccess || d.GeneralAccess != access {
			c.t.Errorf("dataset %s has the access %s, in the state %v", d.ID, d.GeneralAccess, attributes["general_access"])
		}
	}
	if len(ids) != n || len(names) != n || len(state) != n {
		c.t.Errorf("the server has %d datasets with %d names, and the state %d; it should be %d", len(ids), len(names), len(state), n)
	}
	return ids
}
