package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// samples returns a sample for each of the wall times.
func samples(walls ...time.Duration) []sample {
	all := make([]sample, len(walls))
	for i, wall := range walls {
		all[i] = sample{wall: wall, cpu: wall / 2}
	}
	return all
}

// exampleReport returns a report that just meets all goals.
func exampleReport() *report {
	r := &report{cli: "Terraform v1.2.3", timeVersion: "0.14.2", latency: 100 * time.Millisecond, runs: 3, sizes: []int{10, 1000, 5000}}
	add := func(o operation, size int, subject string, t traffic, rss int64, walls ...time.Duration) {
		s := &series{size: size, subject: subject, operation: o, samples: samples(walls...)}
		for i := range s.samples {
			one := &s.samples[i]
			one.traffic, one.processes, one.providerRSS, one.providerCPU = t, 3, rss, one.wall/4
		}
		r.series = append(r.series, s)
	}
	reads := func(n int) traffic {
		return traffic{Requests: map[string]int{"GET /v2/datasets/{datasetId}": n - 1, "GET /v2/datasets": 1}, Connections: 10, MaxConnections: 10}
	}
	const mib = 1 << 20
	add(opPlan, 10, nameEcho, traffic{}, mib, time.Second)
	add(opPlan, 10, nameDataset, reads(10), mib, time.Second)
	add(opPlan, 1000, nameEcho, traffic{}, mib, 2500*time.Millisecond)
	add(opPlan, 1000, nameTimeStatic, traffic{}, mib, 10*time.Second, 9*time.Second, 100*time.Second)
	add(opPlan, 1000, nameDataset, reads(25), 60*mib, 4500*time.Millisecond)
	add(opPlan, 1000, nameDatasetNoLatency, reads(25), mib, 4*time.Second)
	add(opPlan, 5000, nameEcho, traffic{}, mib, 10*time.Second)
	add(opPlan, 5000, nameTimeStatic, traffic{}, mib, 50*time.Second)
	add(opPlan, 5000, nameDataset, reads(60), 100*mib, 22500*time.Millisecond)
	add(opApply, 1000, nameEcho, traffic{}, mib, 10*time.Second)
	add(opApply, 1000, nameTimeStatic, traffic{}, mib, 20*time.Second)
	add(opApply, 1000, nameDataset, traffic{Requests: map[string]int{"POST /v2/datasets": 1000, "GET /v2/datasets/{datasetId}": 40}, Connections: 20, MaxConnections: 10}, mib, 30*time.Second)
	add(opDestroy, 1000, nameEcho, traffic{}, mib, 10*time.Second)
	add(opDestroy, 1000, nameDataset, traffic{Requests: map[string]int{"DELETE /v2/datasets/{datasetId}": 1000}, Connections: 20, MaxConnections: 10}, mib, time.Minute)

	r.cpu = &cpuReport{size: 1000, plans: 2, samples: 400, processes: 5 * time.Second}
	r.cpu.owned[ownerProvider] = time.Second
	r.cpu.owned[ownerFramework] = 3 * time.Second
	r.cpu.inclusive = 2 * time.Second
	return r
}

func TestReport_write(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	if err := exampleReport().write(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "results.md")) //nolint:gosec // in a temporary directory
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"| operation | resources | echo_dataset | apify_dataset | time_static | apify_dataset, no latency |",
		"| plan without changes | 1000 | 2.50 s | 4.50 s | 10.0 s (9.00–100) | 4.00 s |",
		"| operation | resources | apify_dataset | time_static | apify_dataset, no latency |",
		"| plan without changes | 1000 | 1.80 | 4.00 | 1.60 |",
		"| destroy | 1000 | 6.00 | – | – |",
		"| apply | 1000 | apify_dataset | 15.0 s | 7.50 s | 1 MiB | 1000 + 40 | 20 (10) | 3 |",
		"The profiles contain 80% of the CPU time of these processes; the rest is their start and exit.",
		"| this provider's own code | 25.0% | 0.50 s |",
		"| total | 100% | 2.00 s |",
		"This provider's own code and everything that it calls, including the framework, has 50.0% of the CPU time.",
		"| plan of 1,000: time, as a multiple of time_static's | 0.45 | 0.45 | yes |",
	} {
		if !strings.Contains(string(text), line+"\n") {
			t.Errorf("results.md does not contain the line %q:\n%s", line, text)
		}
	}
	svg, err := os.ReadFile(filepath.Join(dir, "results.svg")) //nolint:gosec // in a temporary directory
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{nameEcho, nameTimeStatic, nameDataset, nameDatasetNoLatency, "plan without changes", "apply", "destroy", "resources", "seconds"} {
		if !strings.Contains(string(svg), ">"+name+"<") {
			t.Errorf("results.svg does not contain the text %q", name)
		}
	}
}

func TestSeries_wallIsMedian(t *testing.T) {
	for want, walls := range map[time.Duration][]time.Duration{
		5: {5},
		4: {6, 4},
		3: {9, 3, 1},
	} {
		if got := (&series{samples: samples(walls...)}).wall(); got != want {
			t.Errorf("median of %v is %v, want %v", walls, got, want)
		}
	}
}
