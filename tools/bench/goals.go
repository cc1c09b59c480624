package main

import (
	"fmt"
	"time"
)

// goal is something that the provider should keep to, and whether it does.
type goal struct {
	what, limit, measured string
	met                   bool
}

// goals are those for which there are measurements. Goals in time are ratios of
// medians from one run, so that they mean the same on any machine.
func (r *report) goals() []goal {
	var goals []goal
	atMost := func(what string, measured, limit float64) {
		goals = append(goals, goal{what, number(limit), number(measured), measured <= limit})
	}
	count := func(what string, measured, limit int) {
		goals = append(goals, goal{what, fmt.Sprint(limit), fmt.Sprint(measured), measured <= limit})
	}
	memory := func(what string, measured, limit int64) {
		goals = append(goals, goal{what, mebibytes(limit), mebibytes(measured), measured <= limit})
	}
	const mib = 1 << 20

	if plan := r.find(opPlan, 10, nameDataset); plan != nil {
		_, reads := plan.requests()
		count("plan of 10: requests, one for each dataset", reads, 10)
	}
	small, large := r.find(opPlan, 1000, nameDataset), r.find(opPlan, 5000, nameDataset)
	smallTime, largeTime := r.find(opPlan, 1000, nameTimeStatic), r.find(opPlan, 5000, nameTimeStatic)
	if small != nil {
		atMost("plan of 1,000: time, of time_static's", ratio(small, smallTime), 0.45)
		atMost("plan of 1,000: time, of our own without latency", ratio(small, r.find(opPlan, 1000, nameDatasetNoDelay)), 1.3)
		_, reads := small.requests()
		count("plan of 1,000: requests", reads, 40)
		count("plan of 1,000: connections", small.connections(), 10)
		memory("plan of 1,000: provider's peak memory", small.providerRSS(), 60*mib)
	}
	if large != nil {
		_, reads := large.requests()
		count("plan of 5,000: requests", reads, 60)
		memory("plan of 5,000: provider's peak memory", large.providerRSS(), 100*mib)
	}
	if small != nil && large != nil {
		atMost("plan of 5,000: time, of that of 1,000, beside time_static's growth", ratio(large, small), ratio(largeTime, smallTime))
		// In proportion, save for a tenth of noise.
		atMost("plan of 5,000: provider's CPU time, of that of 1,000",
			float64(large.providerCPU())/float64(small.providerCPU()), 5.5)
	}
	if apply := r.find(opApply, 1000, nameDataset); apply != nil {
		writes, reads := apply.requests()
		count("apply of 1,000: writing requests", writes, 1000)
		count("apply of 1,000: reading requests", reads, 40)
		// Its plan and its changes each have a provider process, one after the other.
		count("apply of 1,000: connections at once", apply.maxConnections(), 10)
		limit := r.find(opApply, 1000, nameTimeStatic).wall() + 100*r.latency
		goals = append(goals, goal{
			"apply of 1,000: time, beside time_static's and 100 answers one after another",
			seconds(limit), seconds(apply.wall()), apply.wall() <= limit,
		})
	}
	return goals
}

func ratio(a, b *series) float64 { return float64(a.wall()) / float64(max(b.wall(), time.Nanosecond)) }
