package main

import (
	"cmp"
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
	cli, timeVersion string
	latency          time.Duration
	runs, fullSize   int
	started          time.Time
	duration         time.Duration
	sizes            []int
	series           []*series
	cpu              *cpuReport
}

// write prints the results, and writes them and their plot to files in a directory.
func (r *report) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // the results are public
		return err
	}
	text := r.markdown()
	if _, err := os.Stdout.WriteString(text); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "results.md"), []byte(text), 0o644); err != nil { //nolint:gosec // the results are public
		return err
	}
	return r.plot(filepath.Join(dir, "results.svg"))
}

func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Benchmark results

Written by `+"`make bench`"+` on %s with %s on %s/%s with %d cores, in %s. The
emulator delays each response by %s.

The yardsticks:

- `+"`terraform_data`"+` is built into Terraform: the least that any resource costs.
- `+"`echo_dataset`"+` has the attributes of `+"`apify_dataset`"+`, in a provider that returns what Terraform sends: the
  least that a resource in a plugin costs.
- `+"`time_static`"+` of hashicorp/time %s is a released resource without a network.

![Time of plan, apply and destroy by number of resources](results.svg)

## Time

Runs: %d; of apply and destroy with more than %d resources: 1. Times are medians, with the minimum and the maximum
in parentheses. With more than %d resources, only the plan is measured. Blocks have at most %d resources, because
Terraform's own time grows with the square of the number of resources in a block.

`, r.started.UTC().Format(time.DateOnly), r.cli, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(),
		r.duration.Round(time.Second), latencyText(r.latency), r.timeVersion, r.runs, roundsSize, r.fullSize, blockSize)
	r.writeTable(&b, r.subjects(), func(s *series) string { return s.spread() })

	b.WriteString("\n## Time as a multiple of the echo provider's\n\n")
	others := slices.DeleteFunc(r.subjects(), func(name string) bool { return name == nameEcho })
	r.writeTable(&b, others, func(s *series) string { return number(ratio(s, r.find(s.operation, s.size, nameEcho))) })

	b.WriteString("\n## Other costs\n\nCPU time is the sum of the CLI and the provider. " +
		"Peak memory is the resident set size of the largest provider process.\n\n")
	r.writeCosts(&b)
	if r.cpu != nil {
		r.cpu.write(&b)
	}
	if goals := r.goals(); len(goals) > 0 {
		b.WriteString("\n## Goals\n\n| goal | at most | measured | met |\n| --- | ---: | ---: | --- |\n")
		for _, g := range goals {
			met := "yes"
			if !g.met {
				met = "**no**"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", g.name, g.limit, g.measured, met)
		}
	}
	return b.String()
}

// writeTable writes a table with a row for each operation and size, and a column for each subject.
func (r *report) writeTable(b *strings.Builder, subjects []string, cell func(*series) string) {
	fmt.Fprintf(b, "| operation | resources | %s |\n", strings.Join(subjects, " | "))
	fmt.Fprintf(b, "| --- | ---: |%s\n", strings.Repeat(" ---: |", len(subjects)))
	for _, o := range r.operations() {
		for _, size := range r.sizes {
			if r.find(o, size, nameDataset) == nil {
				continue
			}
			fmt.Fprintf(b, "| %s | %d |", o.description(), size)
			for _, name := range subjects {
				text := "–"
				if s := r.find(o, size, name); s != nil {
					text = cell(s)
				}
				fmt.Fprintf(b, " %s |", text)
			}
			b.WriteString("\n")
		}
	}
}

// writeCosts writes all measurements other than wall times.
func (r *report) writeCosts(b *strings.Builder) {
	b.WriteString("| operation | resources | resource | CPU time | CPU time of the provider | peak memory | requests (write + read) | connections (at the same time) | provider processes |\n")
	b.WriteString("| --- | ---: | --- | ---: | ---: | ---: | ---: | ---: | ---: |\n")
	for _, o := range r.operations() {
		for _, size := range r.sizes {
			for _, name := range r.subjects() {
				s := r.find(o, size, name)
				if s == nil {
					continue
				}
				provider, memory, requests, connections := "–", "–", "–", "–"
				if s.processes() > 0 {
					provider, memory = seconds(s.providerCPU()), mebibytes(s.providerRSS())
				}
				if writes, reads := s.requests(); writes+reads > 0 {
					requests = fmt.Sprintf("%d + %d", writes, reads)
					connections = fmt.Sprintf("%d (%d)", s.connections(), s.maxConnections())
				}
				fmt.Fprintf(b, "| %s | %d | %s | %s | %s | %s | %s | %s | %d |\n",
					o.description(), size, name, seconds(s.cpu()), provider, memory, requests, connections, s.processes())
			}
		}
	}
}

// write writes the share of each owner, and what it is a share of.
func (r *cpuReport) write(b *strings.Builder) {
	fmt.Fprintf(b, `
## CPU time of the provider by code

From CPU profiles of all provider processes in %d more plans without changes of %d apify_dataset, with %d samples.
The profiles contain %.0f%% of the CPU time of these processes; the rest is their start and exit.

A sample counts for the module of the innermost function on its stack that belongs to a module. Functions of the
standard library, and the memory that they allocate, so count for the module that calls them. HTTP, TLS and JSON
functions have a row of their own if this provider calls them; the emulator uses plain HTTP, so there is no TLS
with the API. Stacks without a module are the Go runtime: the garbage collector's workers and the scheduler.

| code | share | CPU time per plan |
| --- | ---: | ---: |
`, r.plans, r.size, r.samples, percent(r.total(), r.processes))
	for o := range ownerCount {
		fmt.Fprintf(b, "| %s | %.1f%% | %s |\n", o, percent(r.owned[o], r.total()), seconds(r.owned[o]/time.Duration(r.plans)))
	}
	fmt.Fprintf(b, "| total | 100%% | %s |\n", seconds(r.total()/time.Duration(r.plans)))
	fmt.Fprintf(b, "\nThis provider's own code and everything that it calls, including the framework, has %.1f%% of the CPU time.\n",
		percent(r.inclusive, r.total()))
}

func percent(part, whole time.Duration) float64 { return 100 * float64(part) / float64(max(whole, 1)) }

func (o operation) description() string {
	if o == opPlan {
		return "plan without changes"
	}
	return string(o)
}

// operations returns the operations that were measured.
func (r *report) operations() []operation {
	return slices.DeleteFunc([]operation{opPlan, opApply, opDestroy}, func(o operation) bool {
		return !slices.ContainsFunc(r.series, func(s *series) bool { return s.operation == o })
	})
}

// subjects returns the names of the subjects that were measured, in the order of the measurements.
func (r *report) subjects() []string {
	var names []string
	for _, s := range r.series {
		if !slices.Contains(names, s.subject) {
			names = append(names, s.subject)
		}
	}
	return names
}

// find returns nil if there is no such measurement.
func (r *report) find(o operation, size int, subject string) *series {
	for _, s := range r.series {
		if s.operation == o && s.size == size && s.subject == subject {
			return s
		}
	}
	return nil
}

// median returns the median of a value of the samples: the lower one if there are two.
func median[T cmp.Ordered](samples []sample, value func(sample) T) T {
	values := make([]T, len(samples))
	for i, s := range samples {
		values[i] = value(s)
	}
	slices.Sort(values)
	return values[(len(values)-1)/2]
}

func (s *series) wall() time.Duration {
	return median(s.samples, func(s sample) time.Duration { return s.wall })
}

func (s *series) cpu() time.Duration {
	return median(s.samples, func(s sample) time.Duration { return s.cpu })
}

func (s *series) providerCPU() time.Duration {
	return median(s.samples, func(s sample) time.Duration { return s.providerCPU })
}

func (s *series) providerRSS() int64 {
	return median(s.samples, func(s sample) int64 { return s.providerRSS })
}

func (s *series) processes() int {
	return median(s.samples, func(s sample) int { return s.processes })
}

func (s *series) connections() int {
	return median(s.samples, func(s sample) int { return s.traffic.Connections })
}

func (s *series) maxConnections() int {
	return median(s.samples, func(s sample) int { return s.traffic.MaxConnections })
}

func (s *series) requests() (writes, reads int) {
	writes = median(s.samples, func(s sample) int { w, _ := s.traffic.count(); return w })
	reads = median(s.samples, func(s sample) int { _, r := s.traffic.count(); return r })
	return writes, reads
}

// spread returns the median, the minimum and the maximum of the wall time.
func (s *series) spread() string {
	if len(s.samples) == 1 {
		return seconds(s.wall())
	}
	least, most := s.samples[0].wall, s.samples[0].wall
	for _, one := range s.samples {
		least, most = min(least, one.wall), max(most, one.wall)
	}
	return fmt.Sprintf("%s (%s–%s)", seconds(s.wall()), number(least.Seconds()), number(most.Seconds()))
}

func seconds(d time.Duration) string { return number(d.Seconds()) + " s" }

func mebibytes(n int64) string { return fmt.Sprintf("%.0f MiB", float64(n)/(1<<20)) }

// number formats a number with about three digits.
func number(f float64) string {
	switch {
	case f < 10:
		return fmt.Sprintf("%.2f", f)
	case f < 100:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.0f", f)
}

// latencyText formats a latency in milliseconds.
func latencyText(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }
