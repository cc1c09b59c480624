package main

import (
	"strings"
	"testing"
	"time"
)

func TestGoals_allMet(t *testing.T) {
	for _, g := range exampleReport().goals() {
		if !g.met {
			t.Errorf("goal %q is not met: measured %s, limit %s", g.name, g.measured, g.limit)
		}
	}
}

// Each case makes one measurement a little worse, or that of a yardstick a little better.
func TestGoals_missed(t *testing.T) {
	for _, test := range []struct {
		goal      string
		operation operation
		size      int
		subject   string
		change    func(*sample)
	}{
		{"plan of 10: requests", opPlan, 10, nameDataset, func(s *sample) { s.traffic.Requests["GET /v2/datasets"]++ }},
		{"plan of 1,000: time, as a multiple of echo_dataset's", opPlan, 1000, nameEcho, func(s *sample) { s.wall -= time.Millisecond }},
		{"plan of 1,000: time, as a multiple of time_static's", opPlan, 1000, nameTimeStatic, func(s *sample) { s.wall -= 11 * time.Millisecond }},
		{"plan of 1,000: time, as a multiple of that without latency", opPlan, 1000, nameDatasetNoLatency, func(s *sample) { s.wall = 3400 * time.Millisecond }},
		{"plan of 1,000: requests", opPlan, 1000, nameDataset, func(s *sample) { s.traffic.Requests["GET /v2/datasets"]++ }},
		{"plan of 1,000: connections", opPlan, 1000, nameDataset, func(s *sample) { s.traffic.Connections++ }},
		{"plan of 1,000: peak memory of the provider", opPlan, 1000, nameDataset, func(s *sample) { s.providerRSS++ }},
		{"plan of 5,000: requests", opPlan, 5000, nameDataset, func(s *sample) { s.traffic.Requests["GET /v2/datasets"]++ }},
		{"plan of 5,000: peak memory of the provider", opPlan, 5000, nameDataset, func(s *sample) { s.providerRSS++ }},
		{"plan of 5,000: time, as a multiple of that of 1,000", opPlan, 5000, nameDataset, func(s *sample) { s.wall += time.Millisecond }},
		{"plan of 5,000: CPU time of the provider", opPlan, 5000, nameDataset, func(s *sample) { s.providerCPU *= 2 }},
		{"apply of 1,000: write requests", opApply, 1000, nameDataset, func(s *sample) { s.traffic.Requests["PUT /v2/datasets/{datasetId}"]++ }},
		{"apply of 1,000: read requests", opApply, 1000, nameDataset, func(s *sample) { s.traffic.Requests["GET /v2/datasets"]++ }},
		{"apply of 1,000: connections at the same time", opApply, 1000, nameDataset, func(s *sample) { s.traffic.MaxConnections++ }},
		{"apply of 1,000: time", opApply, 1000, nameTimeStatic, func(s *sample) { s.wall -= time.Millisecond }},
	} {
		t.Run(test.goal, func(t *testing.T) {
			r := exampleReport()
			s := r.find(test.operation, test.size, test.subject)
			for i := range s.samples {
				test.change(&s.samples[i])
			}
			for _, g := range r.goals() {
				if !g.met && strings.HasPrefix(g.name, test.goal) {
					return
				}
			}
			t.Errorf("the goal is met, want it to be missed: %+v", r.goals())
		})
	}
}

func TestGoals_otherSizes(t *testing.T) {
	r := &report{sizes: []int{7}, series: []*series{{size: 7, subject: nameDataset, operation: opPlan, samples: samples(1)}}}
	if goals := r.goals(); len(goals) > 0 {
		t.Errorf("goals are %+v, want none because no size that has goals was measured", goals)
	}
}
