package main

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"
)

// report contains the results of a whole run.
type report struct {
	cli     string
	started time.Time
	results []*result
}

// The goals for a plan of goalSize datasets without changes. The time is a multiple of the echo
// provider's, so that it means the same on every machine.
const (
	goalSize      = 1000
	goalMultiple  = 1.7
	goalRequests  = 25
	goalMebibytes = 60
)

// write prints the results, and writes them and their picture to files in a directory. It returns
// an error if a goal is missed.
func (r *report) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // the results are public
		return err
	}
	goals, missed := r.goals()
	text := r.markdown() + goals
	fmt.Print(text)
	if err := os.WriteFile(filepath.Join(dir, "results.md"), []byte(text), 0o644); err != nil { //nolint:gosec // the results are public
		return err
	}
	if err := r.plot(filepath.Join(dir, "results.svg")); err != nil {
		return err
	}
	if missed {
		return errors.New("the provider misses a goal")
	}
	return nil
}

func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Benchmark results

Written by `+"`make bench`"+` on %s with %s on %s/%s with %d cores, in %s. Each request takes %d ms longer
than the emulator needs. The provider echo has a resource with the attributes of `+"`apify_dataset`"+`, and returns
the values that Terraform sends: the least that such a resource costs.

![Time of a plan by number of datasets](results.svg)

Times of plans are medians of %d runs, and the other costs their maximums; apply and destroy have one run. CPU
time is the sum of all processes of the provider apify, and memory the peak resident set size of the largest one.

| operation | datasets | echo | apify | multiple | requests | CPU time | memory |
| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
`, r.started.UTC().Format(time.DateOnly), r.cli, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(),
		time.Since(r.started).Round(time.Second), latency.Milliseconds(), *runs)
	for _, operation := range []string{"plan", "apply", "destroy"} {
		for _, one := range r.results {
			if one.operation == operation {
				most := one.most()
				fmt.Fprintf(&b, "| %s | %d | %s | %s | %.2f | %d | %s | %.0f MiB |\n", operation, one.size, seconds(wall(one.echo)),
					seconds(wall(one.apify)), one.multiple(), most.requests, seconds(most.cpu), mebibytes(most.rss))
			}
		}
	}
	return b.String()
}

// goals returns a table of the goals, and reports whether one is missed. It returns nothing if the
// goals' number of datasets was not measured.
func (r *report) goals() (table string, missed bool) {
	i := slices.IndexFunc(r.results, func(one *result) bool { return one.operation == "plan" && one.size == goalSize })
	if i < 0 {
		return "", false
	}
	plan := r.results[i]
	table = fmt.Sprintf("\n| goal for a plan of %d datasets | at most | measured |\n| --- | ---: | ---: |\n", goalSize)
	for _, goal := range []struct {
		name, format    string
		limit, measured float64
	}{
		{"time, as a multiple of the echo provider's", "%.2f", goalMultiple, plan.multiple()},
		{"requests", "%.0f", goalRequests, float64(plan.most().requests)},
		{"memory in MiB", "%.0f", goalMebibytes, mebibytes(plan.most().rss)},
	} {
		note := ""
		if goal.measured > goal.limit {
			missed, note = true, " (missed)"
		}
		table += fmt.Sprintf("| %s | "+goal.format+" | "+goal.format+"%s |\n", goal.name, goal.limit, goal.measured, note)
	}
	return table, missed
}

// wall returns the median of the times: the lower one if there are two.
func wall(samples []sample) time.Duration {
	byTime := slices.SortedFunc(slices.Values(samples), func(a, b sample) int { return cmp.Compare(a.wall, b.wall) })
	return byTime[(len(byTime)-1)/2].wall
}

// most returns the largest of each cost of this provider.
func (r *result) most() (most sample) {
	for _, s := range r.apify {
		most.cpu, most.rss, most.requests = max(most.cpu, s.cpu), max(most.rss, s.rss), max(most.requests, s.requests)
	}
	return most
}

func (r *result) multiple() float64 { return wall(r.apify).Seconds() / wall(r.echo).Seconds() }

func mebibytes(n int64) float64 { return float64(n) / (1 << 20) }

func seconds(d time.Duration) string { return fmt.Sprintf("%.2f s", d.Seconds()) }
