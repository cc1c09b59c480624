// Command bench measures the cost of managing many datasets: it runs Terraform or OpenTofu with the
// release build of the provider against the emulator, and compares it with the provider echo, whose
// resource has the same attributes and sends no requests. The difference is the cost of this
// provider. It exits with status 1 if the provider misses a goal. Run it as the command of the
// emulator, which sets APIFY_API_BASE_URL and APIFY_TOKEN:
//
//	apify-emulator -- bench -cli terraform
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
	"strconv"
	"strings"
	"time"
)

var (
	cli     = flag.String("cli", "terraform", "path of Terraform or OpenTofu")
	bin     = flag.String("bin", "bin/bench", "directory with a directory for each provider")
	out     = flag.String("out", "tools/bench/results", "directory for the results")
	sizes   = flag.String("sizes", "10 100 1000", "numbers of datasets")
	runs    = flag.Int("runs", 3, "number of plans for each number of datasets, at least 1")
	latency = flag.Duration("latency", 100*time.Millisecond, "delay of each request")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures all sizes and writes the results. It returns an error if a goal is missed.
func run(ctx context.Context) (err error) {
	version, err := exec.CommandContext(ctx, *cli, "version").Output() //nolint:gosec // a command-line option
	if err != nil {
		return fmt.Errorf("%s version: %w", *cli, err)
	}
	r := &report{started: time.Now()}
	r.cli, _, _ = strings.Cut(string(version), "\n")
	proxy, err := startProxy(os.Getenv("APIFY_API_BASE_URL"))
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "apify-bench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	b := &bench{dir: dir, config: filepath.Join(dir, "cli.tfrc"), proxy: proxy}
	providers, err := filepath.Abs(*bin)
	if err != nil {
		return err
	}
	config := fmt.Sprintf("provider_installation {\n  dev_overrides {\n    \"apify/apify\" = %q\n    \"apify/echo\" = %q\n  }\n  direct {}\n}\n",
		filepath.Join(providers, "apify"), filepath.Join(providers, "echo"))
	if err := os.WriteFile(b.config, []byte(config), 0o600); err != nil {
		return err
	}
	for field := range strings.FieldsSeq(*sizes) {
		size, err := strconv.Atoi(field)
		if err != nil {
			return err
		}
		measured, err := b.measure(ctx, size)
		if err != nil {
			return err
		}
		r.results = append(r.results, measured...)
	}
	return r.write(*out)
}
