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
)

// operation is a command whose cost is measured.
type operation string

const (
	opApply   operation = "apply"
	opPlan    operation = "plan" // after an apply: without changes
	opDestroy operation = "destroy"
)

func (o operation) arguments() []string {
	common := []string{string(o), "-input=false", "-no-color"}
	if o == opPlan {
		return append(common, "-detailed-exitcode") // which fails if there are changes
	}
	return append(common, "-auto-approve")
}

// sample is what one command cost.
type sample struct {
	wall time.Duration
	cpu  time.Duration // of the CLI and all that it started
	// The provider's own. A command starts its process several times.
	providerCPU time.Duration
	providerRSS int64 // bytes, of the largest of its processes
	processes   int
	traffic     traffic
}

// series are the samples of one operation on a number of one subject's resources.
type series struct {
	size      int
	subject   string
	operation operation
	samples   []sample
}

// bench runs a CLI.
type bench struct {
	cli      string
	dir      string // for everything that it writes
	config   string // the CLI's configuration file
	fullSize int    // up to how many resources apply and destroy are measured
	progress func(format string, arguments ...any)
}

// measure measures all operations on a number of each subject's resources. The
// subjects take turns, so that what else the machine does meanwhile hits all of
// them.
func (b *bench) measure(ctx context.Context, subjects []subject, size, runs int) ([]*series, error) {
	subjects = slices.DeleteFunc(subjects, func(s subject) bool { return s.maxSize > 0 && size > s.maxSize })
	for i := range subjects {
		if err := b.prepare(ctx, &subjects[i], size); err != nil {
			return nil, fmt.Errorf("preparing %d %s: %w", size, subjects[i].name, err)
		}
	}
	var all []*series
	results := map[operation][]*series{}
	for _, o := range b.schedule(size, runs) {
		if results[o] == nil {
			for _, s := range subjects {
				results[o] = append(results[o], &series{size: size, subject: s.name, operation: o})
			}
			all = append(all, results[o]...)
		}
		for i := range subjects {
			one, err := b.run(ctx, &subjects[i], size, o)
			if err != nil {
				return nil, fmt.Errorf("%s of %d %s: %w", o, size, subjects[i].name, err)
			}
			b.progress("%5d  %-8s %-26s %s", size, o, subjects[i].name, seconds(one.wall))
			results[o][i].samples = append(results[o][i].samples, one)
		}
	}
	return all, nil
}

// roundsSize is up to how many resources each run has an apply and a destroy of
// its own. Terraform copies its whole state after each change, so the time that
// they take grows with the square of the number: for 5,000 terraform_data, to
// minutes.
const roundsSize = 1000

// schedule is what is run with a number of resources. There are as many plans as
// runs in any case.
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

// prepare makes a subject's working directory, with a state in it where an apply
// is not among what is measured. It takes far less time to apply each block for
// itself than all of them.
func (b *bench) prepare(ctx context.Context, s *subject, size int) error {
	dir := b.directory(s, size)
	if err := b.init(ctx, dir, s.config(size, 0, blocks(size))); err != nil || size <= b.fullSize {
		return err
	}
	b.progress("%5d  %-8s %s", size, "prepare", s.name)
	var whole state
	for i := range blocks(size) {
		part := fmt.Sprintf("%s part %d", dir, i)
		if err := b.init(ctx, part, s.config(size, i, i+1)); err != nil {
			return err
		}
		if err := complete(ctx, b.command(ctx, part, s.environment(), opApply.arguments()...)); err != nil {
			return err
		}
		if err := whole.add(filepath.Join(part, stateFile)); err != nil {
			return err
		}
	}
	return whole.write(filepath.Join(dir, stateFile))
}

// init makes a working directory.
func (b *bench) init(ctx context.Context, dir, config string) error {
	if err := os.Mkdir(dir, 0o750); err != nil {
		return err
	}
	if err := os.WriteFile(filepath.Join(dir, "main.tf"), []byte(config), 0o600); err != nil {
		return err
	}
	return complete(ctx, b.command(ctx, dir, nil, "init", "-input=false", "-no-color"))
}

// command is a CLI command with nothing of the user's own in its environment.
func (b *bench) command(ctx context.Context, dir string, environment []string, arguments ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, b.cli, arguments...) //nolint:gosec // told on the command line
	cmd.Dir = dir
	cmd.Env = append([]string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + b.dir,
		"TMPDIR=" + b.dir,
		"TF_CLI_CONFIG_FILE=" + b.config,
		"TF_IN_AUTOMATION=1",
		"CHECKPOINT_DISABLE=1",
	}, environment...)
	// An interrupted CLI stops its providers.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	cmd.WaitDelay = 10 * time.Second
	return cmd
}

// complete runs a command to its end. An error quotes the end of its output,
// unless the benchmark was interrupted.
func complete(ctx context.Context, cmd *exec.Cmd) error {
	var output tail
	cmd.Stdout, cmd.Stderr = &output, &output
	err := cmd.Run()
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w\n%s", err, output)
	}
	return errors.Join(ctx.Err(), err)
}

// run runs an operation, and makes sure that it did what is measured.
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
	began := time.Now()
	err = complete(ctx, cmd)
	one := sample{wall: time.Since(began)}
	if err != nil {
		return one, err
	}
	one.cpu = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	if err := one.addUsage(usage); err != nil {
		return one, err
	}
	if s.emulator != nil {
		if one.traffic, err = s.emulator.traffic(ctx); err != nil {
			return one, err
		}
		return one, one.traffic.check(o, size)
	}
	return one, nil
}

// addUsage adds what the launcher reported of the provider's processes.
func (s *sample) addUsage(dir string) error {
	reports, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil {
		return err
	}
	for _, name := range reports {
		raw, err := os.ReadFile(name) //nolint:gosec // a file of our own
		if err != nil {
			return err
		}
		var usage struct {
			CPU    time.Duration `json:"cpu_ns"`
			MaxRSS int64         `json:"max_rss_bytes"`
		}
		if err := json.Unmarshal(raw, &usage); err != nil {
			return fmt.Errorf("a provider process did not end by itself, so what it used is not known: %w", err)
		}
		s.processes++
		s.providerCPU += usage.CPU
		s.providerRSS = max(s.providerRSS, usage.MaxRSS)
	}
	return nil
}

// Requests that change something.
const (
	requestCreate = "POST /v2/datasets"
	requestDelete = "DELETE /v2/datasets/{datasetId}"
)

// count is how many of the requests write, and how many read.
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

// check makes sure that the emulator saw what an operation is for.
func (t traffic) check(o operation, size int) error {
	want := map[string]int{}
	switch o {
	case opApply:
		want[requestCreate] = size
	case opDestroy:
		want[requestDelete] = size
	case opPlan: // writes nothing
	}
	for _, request := range []string{requestCreate, requestDelete} {
		if got := t.Requests[request]; got != want[request] {
			return fmt.Errorf("there were %d requests %s, and not %d", got, request, want[request])
		}
	}
	return nil
}

// tail keeps the end of what is written to it.
type tail struct{ kept []byte }

// maxTail is how much it keeps, in bytes.
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
