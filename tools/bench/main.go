// Command bench measures what it costs to manage many datasets with the provider:
// real Terraform or OpenTofu, and the provider's release build, against the
// emulator with a network's latency. Beside it, it measures as many resources of
// Terraform's own terraform_data, which is the least that any resource costs, and
// of time_static, whose provider is built the same way and uses no network.
//
// The providers come from a filesystem mirror, as installed ones would, behind a
// launcher that tells what each of their processes used.
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

// settings are what the command line tells.
type settings struct {
	cli, emulator, launcher string
	apify, time             string // the providers' binaries
	sizes                   string
	runs, fullSize          int
	latency                 time.Duration
	out                     string
}

func main() {
	var s settings
	flag.StringVar(&s.cli, "cli", "terraform", "the Terraform or OpenTofu to run")
	flag.StringVar(&s.emulator, "emulator", "bin/apify-emulator", "the emulator")
	flag.StringVar(&s.launcher, "launcher", "bin/bench/launcher", "the launcher that is put before the providers")
	flag.StringVar(&s.apify, "apify", "bin/bench/terraform-provider-apify", "this provider, built as for a release")
	flag.StringVar(&s.time, "time", "bin/bench/terraform-provider-time", "the provider hashicorp/time, installed by go install")
	flag.StringVar(&s.sizes, "sizes", "10 100 1000 5000", "numbers of resources, ascending")
	flag.IntVar(&s.runs, "runs", 3, "how often each plan is run, and each apply and destroy of up to 1000 resources")
	flag.IntVar(&s.fullSize, "full-size", roundsSize, "up to how many resources apply and destroy are measured; with more, there is only the plan")
	flag.DurationVar(&s.latency, "latency", 100*time.Millisecond, "how long the emulator takes to answer")
	flag.StringVar(&s.out, "out", "benchmark", "the directory for the results")
	flag.Parse()

	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, &s); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1) //nolint:gocritic // nothing is left to be deferred
	}
}

func run(ctx context.Context, s *settings) (err error) {
	sizes, err := parseSizes(s.sizes)
	if err != nil {
		return err
	}
	if s.runs < 1 {
		return errors.New("there must be at least one run")
	}
	version, err := cliVersion(ctx, s.cli)
	if err != nil {
		return err
	}
	timeVersion, err := moduleVersion(s.time)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "apify-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()

	apify := &provider{source: "apify/apify", version: "0.0.1", binary: s.apify}
	other := &provider{source: "hashicorp/time", version: timeVersion, binary: s.time}
	b := &bench{cli: s.cli, dir: dir, config: filepath.Join(dir, "cli.tfrc"), fullSize: s.fullSize, progress: printProgress}
	providers := filepath.Join(dir, "mirror")
	if err := mirror(providers, s.launcher, apify, other); err != nil {
		return err
	}
	config := fmt.Sprintf("provider_installation {\n  filesystem_mirror {\n    path = %q\n  }\n}\n", providers)
	if err := os.WriteFile(b.config, []byte(config), 0o600); err != nil {
		return err
	}

	began := time.Now()
	var all []*series
	for _, size := range sizes {
		measured, err := s.measure(ctx, b, apify, other, size)
		if err != nil {
			return err
		}
		all = append(all, measured...)
	}
	r := &report{
		cli: version, timeVersion: timeVersion, latency: s.latency, runs: s.runs, fullSize: s.fullSize,
		began: began, took: time.Since(began), sizes: sizes, series: all,
	}
	return r.write(s.out)
}

// measure measures a number of each subject's resources, with emulators that
// have no others.
func (s *settings) measure(ctx context.Context, b *bench, apify, other *provider, size int) ([]*series, error) {
	delayed, err := startEmulator(ctx, s.emulator, s.latency)
	if err != nil {
		return nil, err
	}
	defer delayed.stop()
	undelayed, err := startEmulator(ctx, s.emulator, 0)
	if err != nil {
		return nil, err
	}
	defer undelayed.stop()
	return b.measure(ctx, subjects(apify, other, delayed, undelayed), size, s.runs)
}

func printProgress(format string, arguments ...any) {
	fmt.Fprintf(os.Stderr, format+"\n", arguments...)
}

// parseSizes reads numbers of resources.
func parseSizes(s string) ([]int, error) {
	var sizes []int
	for field := range strings.FieldsSeq(s) {
		size, err := strconv.Atoi(field)
		if err != nil || size < 1 {
			return nil, fmt.Errorf("%q is not a number of resources", field)
		}
		sizes = append(sizes, size)
	}
	if len(sizes) == 0 {
		return nil, errors.New("there is no size")
	}
	slices.Sort(sizes)
	return slices.Compact(sizes), nil
}

// cliVersion is how the CLI calls itself, such as "Terraform v1.11.4".
func cliVersion(ctx context.Context, cli string) (string, error) {
	cmd := exec.CommandContext(ctx, cli, "version")
	out, err := cmd.Output()
	if err != nil {
		return "", fmt.Errorf("%s version: %w", cli, err)
	}
	line, _, _ := strings.Cut(string(out), "\n")
	return line, nil
}
