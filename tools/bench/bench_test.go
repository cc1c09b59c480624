package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// took are samples of these wall times.
func took(walls ...time.Duration) []sample {
	samples := make([]sample, len(walls))
	for i, wall := range walls {
		samples[i] = sample{wall: wall, cpu: wall / 2}
	}
	return samples
}

// example is a report in which all goals are met, if only just.
func example() *report {
	r := &report{cli: "Terraform v1.2.3", timeVersion: "0.14.2", latency: 100 * time.Millisecond, runs: 3, sizes: []int{10, 1000, 5000}}
	add := func(o operation, size int, subject string, t traffic, rss int64, walls ...time.Duration) {
		samples := took(walls...)
		for i := range samples {
			samples[i].traffic, samples[i].processes, samples[i].providerRSS = t, 3, rss
			samples[i].providerCPU = samples[i].wall / 4
		}
		r.series = append(r.series, &series{size: size, subject: subject, operation: o, samples: samples})
	}
	reads := func(n int) traffic {
		return traffic{Requests: map[string]int{"GET /v2/datasets/{datasetId}": n - 1, "GET /v2/datasets": 1}, Connections: 10, MaxConnections: 10}
	}
	const mib = 1 << 20
	add(opPlan, 10, nameDataset, reads(10), mib, time.Second)
	add(opPlan, 1000, nameTimeStatic, traffic{}, mib, 10*time.Second, 9*time.Second, 100*time.Second)
	add(opPlan, 1000, nameDataset, reads(40), 60*mib, 4500*time.Millisecond)
	add(opPlan, 1000, nameDatasetNoDelay, reads(40), mib, 4*time.Second)
	add(opPlan, 5000, nameTimeStatic, traffic{}, mib, 50*time.Second)
	add(opPlan, 5000, nameDataset, reads(60), 100*mib, 22500*time.Millisecond)
	add(opApply, 1000, nameTimeStatic, traffic{}, mib, 20*time.Second)
	add(opApply, 1000, nameDataset, traffic{Requests: map[string]int{"POST /v2/datasets": 1000, "GET /v2/datasets/{datasetId}": 40}, Connections: 20, MaxConnections: 10}, mib, 30*time.Second)
	add(opDestroy, 1000, nameDataset, traffic{Requests: map[string]int{"DELETE /v2/datasets/{datasetId}": 1000}, Connections: 20, MaxConnections: 10}, mib, time.Minute)
	return r
}

func TestReport(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "out")
	if err := example().write(dir); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(filepath.Join(dir, "results.md")) //nolint:gosec // just written
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range []string{
		"| plan without changes | 1000 | 4.50 s | 10.0 s (9.00–100) | 4.00 s |",
		"| apply | 1000 | apify_dataset | 15.0 s | 7.50 s | 1 MiB | 1000 + 40 | 20 (10) | 3 |",
		"| plan of 1,000: time, of time_static's | 0.45 | 0.45 | yes |",
	} {
		if !strings.Contains(string(text), line+"\n") {
			t.Errorf("no line %q in:\n%s", line, text)
		}
	}
	svg, err := os.ReadFile(filepath.Join(dir, "results.svg")) //nolint:gosec // just written
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{nameTimeStatic, nameDataset, nameDatasetNoDelay, "destroy", "seconds"} {
		if !strings.Contains(string(svg), ">"+name+"<") {
			t.Errorf("%q is not in the plot", name)
		}
	}
}

// Each goal is missed by spoiling what it is about, and by nothing else.
func TestGoals(t *testing.T) {
	for _, g := range example().goals() {
		if !g.met {
			t.Errorf("%s: %s is not within %s", g.what, g.measured, g.limit)
		}
	}
	for _, test := range []struct {
		goal      string
		operation operation
		size      int
		subject   string
		spoil     func(*sample)
	}{
		{"plan of 10: requests", opPlan, 10, nameDataset, func(s *sample) { s.traffic.Requests["GET /v2/datasets"]++ }},
		{"plan of 1,000: time, of time_static's", opPlan, 1000, nameTimeStatic, func(s *sample) { s.wall -= 11 * time.Millisecond }},
		{"plan of 1,000: time, of our own", opPlan, 1000, nameDatasetNoDelay, func(s *sample) { s.wall = 3400 * time.Millisecond }},
		{"plan of 1,000: requests", opPlan, 1000, nameDataset, func(s *sample) { s.traffic.Requests["GET /v2/datasets"]++ }},
		{"plan of 1,000: connections", opPlan, 1000, nameDataset, func(s *sample) { s.traffic.Connections++ }},
		{"plan of 1,000: provider's peak memory", opPlan, 1000, nameDataset, func(s *sample) { s.providerRSS++ }},
		{"plan of 5,000: requests", opPlan, 5000, nameDataset, func(s *sample) { s.traffic.Requests["GET /v2/datasets"]++ }},
		{"plan of 5,000: provider's peak memory", opPlan, 5000, nameDataset, func(s *sample) { s.providerRSS++ }},
		{"plan of 5,000: time", opPlan, 5000, nameDataset, func(s *sample) { s.wall += time.Millisecond }},
		{"plan of 5,000: provider's CPU time", opPlan, 5000, nameDataset, func(s *sample) { s.providerCPU *= 2 }},
		{"apply of 1,000: writing requests", opApply, 1000, nameDataset, func(s *sample) { s.traffic.Requests["PUT /v2/datasets/{datasetId}"]++ }},
		{"apply of 1,000: reading requests", opApply, 1000, nameDataset, func(s *sample) { s.traffic.Requests["GET /v2/datasets"]++ }},
		{"apply of 1,000: connections at once", opApply, 1000, nameDataset, func(s *sample) { s.traffic.MaxConnections++ }},
		{"apply of 1,000: time", opApply, 1000, nameTimeStatic, func(s *sample) { s.wall -= time.Millisecond }},
	} {
		t.Run(test.goal, func(t *testing.T) {
			r := example()
			s := r.find(test.operation, test.size, test.subject)
			for i := range s.samples {
				test.spoil(&s.samples[i])
			}
			missed := false
			for _, g := range r.goals() {
				if !g.met {
					missed = missed || strings.HasPrefix(g.what, test.goal)
				}
			}
			if !missed {
				t.Errorf("the goal is still met: %+v", r.goals())
			}
		})
	}
}

func TestGoals_none(t *testing.T) {
	r := &report{sizes: []int{7}, series: []*series{{size: 7, subject: nameDataset, operation: opPlan, samples: took(1)}}}
	if goals := r.goals(); len(goals) > 0 {
		t.Errorf("there are goals for what was not measured: %+v", goals)
	}
}

func TestMedian(t *testing.T) {
	for want, walls := range map[time.Duration][]time.Duration{
		5: {5},
		4: {6, 4},
		3: {9, 3, 1},
	} {
		if got := (&series{samples: took(walls...)}).wall(); got != want {
			t.Errorf("median of %v: got %v, want %v", walls, got, want)
		}
	}
}

func TestSchedule(t *testing.T) {
	for _, test := range []struct {
		size, fullSize int
		want           string
	}{
		{10, 1000, "apply plan destroy apply plan destroy"},
		{1000, 1000, "apply plan destroy apply plan destroy"},
		{1001, 1000, "plan plan"},
		{5000, 5000, "apply plan plan destroy"},
		{10, 5, "plan plan"},
	} {
		b := &bench{fullSize: test.fullSize}
		if got := strings.Trim(fmt.Sprint(b.schedule(test.size, 2)), "[]"); got != test.want {
			t.Errorf("%d of %d: got %s, want %s", test.size, test.fullSize, got, test.want)
		}
	}
}

func TestState(t *testing.T) {
	dir := t.TempDir()
	var whole state
	for i := range 2 {
		part := filepath.Join(dir, "part")
		content := fmt.Sprintf(`{"version":4,"lineage":"%d","resources":[{"name":"bench_%[1]d","instances":[{"index_key":0}]}]}`, i)
		if err := os.WriteFile(part, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := whole.add(part); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(dir, "whole")
	if err := whole.write(name); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(name) //nolint:gosec // just written
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"lineage":"0","resources":[{"name":"bench_0","instances":[{"index_key":0}]},` +
		`{"name":"bench_1","instances":[{"index_key":0}]}],"version":4}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestConfig(t *testing.T) {
	s := &subject{resource: "x", arguments: "name = \"" + blockNumber + "-${count.index}\""}
	const want = `resource "x" "bench_1" {
  count = 1000
  name = "1-${count.index}"
}

resource "x" "bench_2" {
  count = 500
  name = "2-${count.index}"
}

`
	if got := s.config(2500, 1, blocks(2500)); got != want {
		t.Errorf("got\n%s", got)
	}
}

func TestParseSizes(t *testing.T) {
	sizes, err := parseSizes(" 100 10  100 ")
	if err != nil || len(sizes) != 2 || sizes[0] != 10 || sizes[1] != 100 {
		t.Errorf("got %v, %v", sizes, err)
	}
	for _, s := range []string{"", "0", "-1", "ten", "1,000"} {
		if sizes, err := parseSizes(s); err == nil {
			t.Errorf("%q: got %v, want an error", s, sizes)
		}
	}
}

func TestTraffic_check(t *testing.T) {
	full := func(request string) traffic { return traffic{Requests: map[string]int{request: 5}} }
	for _, test := range []struct {
		traffic   traffic
		operation operation
		ok        bool
	}{
		{full(requestCreate), opApply, true},
		{full(requestDelete), opDestroy, true},
		{full("GET /v2/datasets"), opPlan, true},
		{traffic{}, opApply, false},
		{traffic{}, opDestroy, false},
		{full(requestCreate), opPlan, false},
		{full(requestCreate), opDestroy, false},
	} {
		if err := test.traffic.check(test.operation, 5); (err == nil) != test.ok {
			t.Errorf("%s with %v: got %v", test.operation, test.traffic.Requests, err)
		}
	}
}

func TestTail(t *testing.T) {
	var output tail
	for range 100 {
		if n, err := output.Write([]byte(strings.Repeat("x", 100))); n != 100 || err != nil {
			t.Fatalf("got %d, %v", n, err)
		}
	}
	_, _ = output.Write([]byte("end")) // never fails
	if s := output.String(); len(s) != maxTail || !strings.HasSuffix(s, "xend") {
		t.Errorf("got %d characters that end with %q", len(s), s[len(s)-4:])
	}
}
