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

// report is what a whole run came to.
type report struct {
	cli, timeVersion string
	latency          time.Duration
	runs, fullSize   int
	began            time.Time
	took             time.Duration
	sizes            []int
	series           []*series
}

// write prints the results, and writes them with their plot into a directory.
func (r *report) write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // to be published
		return err
	}
	text := r.markdown()
	if _, err := os.Stdout.WriteString(text); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "results.md"), []byte(text), 0o644); err != nil { //nolint:gosec // to be published
		return err
	}
	return r.plot(filepath.Join(dir, "results.svg"))
}

func (r *report) markdown() string {
	var b strings.Builder
	fmt.Fprintf(&b, `# Benchmark results

Written by `+"`make bench`"+` on %s with %s on %s/%s with %d cores, in %s. The emulator answers after
%s. time_static is that of hashicorp/time %s. Times are medians, with the smallest and the largest in
parentheses: of %d runs, or of one for applies and destroys of more than %d resources. With more than
%d, only the plan was measured. CPU time is that of the CLI and the provider together; peak memory is
the resident set of the largest provider process. Resources are in blocks of at most %d: Terraform's own
time grows with the square of the number in a block.

![Time of plan, apply and destroy by number of resources](results.svg)

## Time

`, r.began.UTC().Format(time.DateOnly), r.cli, runtime.GOOS, runtime.GOARCH, runtime.NumCPU(),
		r.took.Round(time.Second), latencyText(r.latency), r.timeVersion, r.runs, roundsSize, r.fullSize, blockSize)
	r.writeTimes(&b)
	b.WriteString("\n## Cost\n\n")
	r.writeCosts(&b)
	if goals := r.goals(); len(goals) > 0 {
		b.WriteString("\n## Goals\n\n| goal | at most | measured | met |\n| --- | ---: | ---: | --- |\n")
		for _, g := range goals {
			met := "yes"
			if !g.met {
				met = "**no**"
			}
			fmt.Fprintf(&b, "| %s | %s | %s | %s |\n", g.what, g.limit, g.measured, met)
		}
	}
	return b.String()
}

// writeTimes writes the wall times, a column for each subject.
func (r *report) writeTimes(b *strings.Builder) {
	names := r.subjects()
	fmt.Fprintf(b, "| operation | resources | %s |\n", strings.Join(names, " | "))
	fmt.Fprintf(b, "| --- | ---: |%s\n", strings.Repeat(" ---: |", len(names)))
	for _, o := range r.operations() {
		for _, size := range r.sizes {
			if r.find(o, size, nameDataset) == nil {
				continue
			}
			fmt.Fprintf(b, "| %s | %d |", o.description(), size)
			for _, name := range names {
				text := "–"
				if s := r.find(o, size, name); s != nil {
					text = s.spread()
				}
				fmt.Fprintf(b, " %s |", text)
			}
			b.WriteString("\n")
		}
	}
}

// writeCosts writes all that is not wall time.
func (r *report) writeCosts(b *strings.Builder) {
	b.WriteString("| operation | resources | resource | CPU time | of it the provider | peak memory | requests (writing + reading) | connections (at once) | provider processes |\n")
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

func (o operation) description() string {
	if o == opPlan {
		return "plan without changes"
	}
	return string(o)
}

// operations are those that were measured.
func (r *report) operations() []operation {
	return slices.DeleteFunc([]operation{opPlan, opApply, opDestroy}, func(o operation) bool {
		return !slices.ContainsFunc(r.series, func(s *series) bool { return s.operation == o })
	})
}

// subjects are the names of those measured, in their order.
func (r *report) subjects() []string {
	var names []string
	for _, s := range r.series {
		if !slices.Contains(names, s.subject) {
			names = append(names, s.subject)
		}
	}
	return names
}

// find returns nil for what was not measured.
func (r *report) find(o operation, size int, subject string) *series {
	for _, s := range r.series {
		if s.operation == o && s.size == size && s.subject == subject {
			return s
		}
	}
	return nil
}

// median is the middle value of the samples, the lower one of two.
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

// spread is the median wall time with the smallest and the largest.
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

// number has three digits or so.
func number(f float64) string {
	switch {
	case f < 10:
		return fmt.Sprintf("%.2f", f)
	case f < 100:
		return fmt.Sprintf("%.1f", f)
	}
	return fmt.Sprintf("%.0f", f)
}
