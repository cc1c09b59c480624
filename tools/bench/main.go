// Command bench measures the cost of managing many datasets with the provider: it runs Terraform or
// OpenTofu with the release build of the provider against the emulator, which delays each response
// like a network. It compares the provider with three yardsticks:
//
//   - terraform_data, which is built into Terraform: the least that any resource costs
//   - echo_dataset of the command echo: the least that a resource in a plugin costs
//   - time_static of hashicorp/time: a released provider without a network
//
// The providers are installed from a filesystem mirror. Each one is started by the command
// launcher, which reports the resource usage of the provider's process.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// settings are the command-line options.
type settings struct {
	cli, emulator, launcher     string
	apify, profiled, echo, time string // the executables of the providers
	sizes                       string
	runs, fullSize              int
	latency                     time.Duration
	out                         string
}

func main() {
	var s settings
	flag.StringVar(&s.cli, "cli", "terraform", "path of Terraform or OpenTofu")
	flag.StringVar(&s.emulator, "emulator", "bin/apify-emulator", "path of the emulator")
	flag.StringVar(&s.launcher, "launcher", "bin/bench/launcher", "path of the launcher")
	flag.StringVar(&s.apify, "apify", "bin/bench/terraform-provider-apify", "path of this provider, built with the flags of a release")
	flag.StringVar(&s.profiled, "profiled", "bin/bench/profiled-provider", "path of this provider, built with a CPU profiler")
	flag.StringVar(&s.echo, "echo", "bin/bench/echo", "path of the echo provider")
	flag.StringVar(&s.time, "time", "bin/bench/terraform-provider-time", "path of the provider hashicorp/time, built by go install")
	flag.StringVar(&s.sizes, "sizes", "10 100 1000 5000", "numbers of resources")
	flag.IntVar(&s.runs, "runs", 3, fmt.Sprintf("number of runs of each plan, and of each apply and destroy of at most %d resources", roundsSize))
	flag.IntVar(&s.fullSize, "full-size", roundsSize, "maximum number of resources for which apply and destroy are measured in addition to plan")
	flag.DurationVar(&s.latency, "latency", 100*time.Millisecond, "delay of each response of the emulator")
	flag.StringVar(&s.out, "out", "tools/bench/results", "directory for the results")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, &s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1) //nolint:gocritic // the only deferred call has just been made
	}
}

func run(ctx context.Context, s *settings) (err error) {
	sizes, err := parseSizes(s.sizes)
	if err != nil {
		return err
	}
	if s.runs < 1 {
		return errors.New("the number of runs must be at least 1")
	}
	version, err := cliVersion(ctx, s.cli)
	if err != nil {
		return err
	}
	providers, err := newProviders(s)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "apify-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	b := &bench{cli: s.cli, dir: dir, config: filepath.Join(dir, "cli.tfrc"), fullSize: s.fullSize, progress: printProgress}
	mirror := filepath.Join(dir, "mirror")
	if err := providers.mirror(mirror, s.launcher); err != nil {
		return err
	}
	config := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", mirror)
	if err := os.WriteFile(b.config, []byte(config), 0o600); err != nil {
		return err
	}

	r := &report{
		cli: version, timeVersion: providers.time.version, latency: s.latency, runs: s.runs, fullSize: s.fullSize,
		started: time.Now(), sizes: sizes,
	}
	for _, size := range sizes {
		measured, err := s.measure(ctx, b, providers, size)
		if err != nil {
			return err
		}
		r.series = append(r.series, measured...)
	}
	if r.cpu, err = s.profile(ctx, b, providers, min(profileSize, slices.Max(sizes))); err != nil {
		return err
	}
	r.duration = time.Since(r.started)
	return r.write(s.out)
}

// measure measures a number of each subject's resources. The emulators are new, so they contain no
// other datasets.
func (s *settings) measure(ctx context.Context, b *bench, p *providers, size int) ([]*series, error) {
	withLatency, err := startEmulator(ctx, s.emulator, s.latency)
	if err != nil {
		return nil, err
	}
	defer withLatency.stop()
	withoutLatency, err := startEmulator(ctx, s.emulator, 0)
	if err != nil {
		return nil, err
	}
	defer withoutLatency.stop()
	return b.measure(ctx, subjects(p, withLatency, withoutLatency), size, s.runs)
}

// profile measures the CPU time of each part of the provider in plans of a number of datasets.
func (s *settings) profile(ctx context.Context, b *bench, p *providers, size int) (*cpuReport, error) {
	withLatency, err := startEmulator(ctx, s.emulator, s.latency)
	if err != nil {
		return nil, err
	}
	defer withLatency.stop()
	profiled := datasets(nameDatasetProfiled, p.profiled, withLatency)
	return b.profile(ctx, &profiled, size)
}

func printProgress(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
}

// parseSizes returns the numbers of resources in a list that is separated by spaces, in ascending
// order and without duplicates.
func parseSizes(s string) ([]int, error) {
	var sizes []int
	for field := range strings.FieldsSeq(s) {
		size, err := strconv.Atoi(field)
		if err != nil || size < 1 {
			return nil, fmt.Errorf("invalid number of resources: %q", field)
		}
		sizes = append(sizes, size)
	}
	if len(sizes) == 0 {
		return nil, errors.New("the list of numbers of resources is empty")
	}
	slices.Sort(sizes)
	return slices.Compact(sizes), nil
}

// cliVersion returns the first line of the output of `version`, such as "Terraform v1.11.4".
func cliVersion(ctx context.Context, cli string) (string, error) {
	cmd := exec.CommandContext(ctx, cli, "version")
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s version: %w", cli, err)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return line, nil
}
