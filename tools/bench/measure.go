package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/pprof/profile"
)

// operation is a CLI command that is measured.
type operation string

const (
	opApply   operation = "apply"
	opPlan    operation = "plan" // after an apply, so without changes
	opDestroy operation = "destroy"
)

func (o operation) arguments() []string {
	common := []string{string(o), "-input=false", "-no-color"}
	if o == opPlan {
		return append(common, "-detailed-exitcode") // a plan with changes exits with a status other than 0
	}
	return append(common, "-auto-approve")
}

// sample contains the costs of one command.
type sample struct {
	wall time.Duration
	cpu  time.Duration // of the CLI and all of its children
	// The CLI starts several provider processes for one command. providerCPU is their sum, and
	// providerRSS the peak memory of the largest one in bytes.
	providerCPU time.Duration
	providerRSS int64
	processes   int
	profiles    []*profile.Profile // of the provider processes, if it is the profiled provider
	traffic     traffic
}

// series contains the samples of one operation on a number of one subject's resources.
type series struct {
	size      int
	subject   string
	operation operation
	samples   []sample
}

// bench runs the CLI.
type bench struct {
	cli      string
	dir      string // the temporary directory for everything that the benchmark writes
	config   string // the CLI's configuration file
	fullSize int    // the maximum number of resources for which apply and destroy are measured
	progress func(format string, arguments ...any)
}

// measure measures all operations on a number of each subject's resources. It alternates between
// the subjects, so that other load on the machine affects all of them.
func (b *bench) measure(ctx context.Context, subjects []subject, size, runs int) ([]*series, error) {
	subjects = slices.DeleteFunc(subjects, func(s subject) bool { return s.maxSize > 0 && size > s.maxSize })
	for i := range subjects {
		if err := b.prepare(ctx, &subjects[i], size); err != nil {
			return nil, fmt.Errorf("preparing %d %s: %w", size, subjects[i].name, err)
		}
	}
	var all []*series
	byOperation := map[operation][]*series{}
	for _, o := range b.schedule(size, runs) {
		if byOperation[o] == nil {
			for _, s := range subjects {
				byOperation[o] = append(byOperation[o], &series{size: size, subject: s.name, operation: o})
			}
			all = append(all, byOperation[o]...)
		}
		for i := range subjects {
			one, err := b.run(ctx, &subjects[i], size, o)
			if err != nil {
				return nil, fmt.Errorf("%s of %d %s: %w", o, size, subjects[i].name, err)
			}
			byOperation[o][i].samples = append(byOperation[o][i].samples, one)
		}
	}
	return all, nil
}

// roundsSize is the maximum number of resources for which each run has its own apply and destroy.
// Terraform copies its whole state after each change, so their time grows with the square of the
// number, to minutes for 5,000 terraform_data.
const roundsSize = 1000

// schedule returns the operations to measure, in order. The number of plans is always the number of
// runs.
func (b *bench) schedule(size, runs int) []operation {
	plans := slices.Repeat([]operation{opPlan}, runs)
	switch {
	case size > b.fullSize:
		return plans
	case size > roundsSize:
		return slices.Concat([]operation{opApply}, plans, []operation{opDestroy})
	}
	return slices.Repeat([]operation{opApply, opPlan, opDestroy}, runs)
}

func (b *bench) directory(s *subject, size int) string {
	return filepath.Join(b.dir, fmt.Sprintf("%d %s", size, s.name))
}

// prepare initializes a subject's working directory. If no apply is measured, prepare creates the
// resources and their state. It applies each block separately, which takes much less time than
// applying all of them together.
func (b *bench) prepare(ctx context.Context, s *subject, size int) error {
	dir := b.directory(s, size)
	if err := b.init(ctx, dir, s.config(size, 0, blockCount(size))); err != nil || size <= b.fullSize {
		return err
	}
	b.progress("%5d  %-8s %s", size, "prepare", s.name)
	var whole state
	for i := range blockCount(size) {
		part := fmt.Sprintf("%s part %d", dir, i)
		if err := b.init(ctx, part, s.config(size, i, i+1)); err != nil {
			return err
		}
		if err := runCommand(ctx, b.command(ctx, part, s.environment(), opApply.arguments()...)); err != nil {
			return err
		}
		if err := whole.add(filepath.Join(part, stateFile)); err != nil {
			return err
		}
	}
	return whole.write(filepath.Join(dir, stateFile))
}

// init creates and initializes a working directory.
func (b *bench) init(ctx context.Context, dir, config string) error {
	if err := os.Mkdir(dir, 0o750); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(config), 0o600); err != nil {
		return err
	}
	return runCommand(ctx, b.command(ctx, dir, nil, "init", "-input=false", "-no-color"))
}

// command returns a CLI command that does not see the user's own environment and configuration.
func (b *bench) command(ctx context.Context, dir string, environment []string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, b.cli, arguments...) //nolint:gosec // a command-line option of the benchmark
	cmd.Dir = dir
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + b.dir,
		"TMPDIR=" + b.dir,
		"TF_CLI_CONFIG_FILE=" + b.config,
		"TF_IN_AUTOMATION=1",
		"CHECKPOINT_DISABLE=1",
	}, environment...)
	// The CLI stops its providers after an interrupt, but not when it is killed.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// runCommand runs a command until it exits. Its error includes the end of the command's output,
// unless the benchmark was interrupted.
func runCommand(ctx context.Context, cmd *exec.Cmd) error {
	var output tail
	cmd.Stdout, cmd.Stderr = &output, &output
	err := cmd.Run()
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	return errors.Join(ctx.Err(), err)
}

// run measures one operation, and returns an error if it did not do what is to be measured.
func (b *bench) run(ctx context.Context, s *subject, size int, o operation) (sample, error) {
	usage, err := os.MkdirTemp(b.dir, "usage-")
	if err != nil {
		return sample{}, err
	}
	if s.emulator != nil {
		if err := s.emulator.reset(ctx); err != nil {
			return sample{}, err
		}
	}
	cmd := b.command(ctx, b.directory(s, size), append(s.environment(), "BENCH_USAGE_DIR="+usage), o.arguments()...)
	started := time.Now()
	err = runCommand(ctx, cmd)
	one := sample{wall: time.Since(started)}
	if err != nil {
		return one, err
	}
	b.progress("%5d  %-8s %-26s %s", size, o, s.name, seconds(one.wall))
	one.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if err := one.readUsage(usage); err != nil {
		return one, err
	}
	if s.emulator == nil {
		return one, nil
	}
	if one.traffic, err = s.emulator.traffic(ctx); err != nil {
		return one, err
	}
	return one, one.traffic.check(o, size)
}

// readUsage adds the reports of the launcher, and the CPU profiles of the profiled provider.
func (s *sample) readUsage(dir string) error {
	reports, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return err
	}
	for _, name := range reports {
		raw, err := os.ReadFile(name) //nolint:gosec // in the benchmark's temporary directory
		if err != nil {
			return err
		}
		var usage struct {
			CPU    time.Duration `json:"cpu_ns"`
			MaxRSS int64         `json:"max_rss_bytes"`
		}
		if err := json.Unmarshal(raw, &usage); err != nil {
			return fmt.Errorf("a provider process was killed before the launcher reported its resource usage: %w", err)
		}
		s.processes++
		s.providerCPU += usage.CPU
		s.providerRSS = max(s.providerRSS, usage.MaxRSS)
	}
	s.profiles, err = readProfiles(dir)
	return err
}

// The requests that create and delete datasets.
const (
	requestCreate = "POST /v2/datasets"
	requestDelete = "DELETE /v2/datasets/{datasetId}"
)

// count returns the numbers of write and read requests.
func (t traffic) count() (writes, reads int) {
	for request, n := range t.Requests {
		if strings.HasPrefix(request, "GET ") {
			reads += n
		} else {
			writes += n
		}
	}
	return writes, reads
}

// check returns an error if an operation did not create or delete the expected number of datasets.
func (t traffic) check(o operation, size int) error {
	want := map[string]int{}
	switch o {
	case opApply:
		want[requestCreate] = size
	case opDestroy:
		want[requestDelete] = size
	case opPlan: // neither
	}
	for _, request := range []string{requestCreate, requestDelete} {
		if got := t.Requests[request]; got != want[request] {
			return fmt.Errorf("the emulator received %d requests %s instead of %d", got, request, want[request])
		}
	}
	return nil
}

// tail keeps the end of what is written to it.
type tail struct{ kept []byte }

// maxTail is the number of bytes that a tail keeps.
const maxTail = 4 << 10

// Write implements [io.Writer].
func (t *tail) Write(p []byte) (int, error) {
	t.kept = append(t.kept, p...)
	if extra := len(t.kept) - maxTail; extra > 0 {
		t.kept = slices.Delete(t.kept, 0, extra)
	}
	return len(p), nil
}

// String implements [fmt.Stringer].
func (t tail) String() string { return string(t.kept) }
