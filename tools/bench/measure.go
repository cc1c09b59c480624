package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/http/httputil"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"sync/atomic"
	"time"
)

// usageDir is the directory of the launcher's reports in a working directory.
const usageDir = "usage"

// sample contains the costs of one command of the CLI.
type sample struct {
	wall     time.Duration
	requests int64
	// The CLI starts several provider processes for one command. cpu is their sum, and rss the peak
	// resident set size of the largest one in bytes.
	cpu time.Duration
	rss int64
}

// result contains the samples of one operation on a number of datasets for both providers.
type result struct {
	operation   string
	size        int
	apify, echo []sample
}

// bench runs the CLI.
type bench struct {
	dir, config string // the temporary directory, and the CLI's configuration file in it
	proxy       *proxy
}

// measure measures the operations on a number of datasets. It alternates between the providers, so
// that other load on the machine affects both. The emulator is empty before and after it.
func (b *bench) measure(ctx context.Context, size int) ([]*result, error) {
	for _, provider := range []string{"echo", "apify"} {
		if err := b.configure(provider, size); err != nil {
			return nil, err
		}
	}
	var results []*result
	for _, one := range []struct {
		operation, option string
		runs              int
	}{
		{"apply", "-auto-approve", 1},
		{"plan", "-detailed-exitcode", *runs}, // a plan with changes exits with a status other than 0
		{"destroy", "-auto-approve", 1},
	} {
		r := &result{operation: one.operation, size: size}
		for range one.runs {
			if err := b.pair(ctx, r, one.option); err != nil {
				return nil, err
			}
		}
		results = append(results, r)
	}
	return results, nil
}

// pair runs an operation with each provider.
func (b *bench) pair(ctx context.Context, r *result, option string) error {
	// The order is random, so no provider always runs first.
	for provider, samples := range map[string]*[]sample{"echo": &r.echo, "apify": &r.apify} {
		s, err := b.sample(ctx, provider, r, option)
		if err != nil {
			return err
		}
		*samples = append(*samples, s)
		fmt.Fprintf(os.Stderr, "%5d  %-8s %-6s %s\n", r.size, r.operation, provider, seconds(s.wall))
	}
	return nil
}

// configure creates a working directory with a block of datasets. Without force_destroy, each
// deletion would count the items of the dataset first.
func (b *bench) configure(provider string, size int) error {
	dir := b.workDir(provider, size)
	if err := os.MkdirAll(filepath.Join(dir, usageDir), 0o750); err != nil {
		return err
	}
	config := fmt.Sprintf(`terraform {
  required_providers {
    %[1]s = { source = "apify/%[1]s" }
  }
}

resource "%[1]s_dataset" "bench" {
  count         = %[2]d
  name          = "bench-${count.index}"
  force_destroy = true
}
`, provider, size)
	return os.WriteFile(filepath.Join(dir, "main.tf"), []byte(config), 0o600)
}

func (b *bench) workDir(provider string, size int) string {
	return filepath.Join(b.dir, fmt.Sprint(provider, size))
}

// sample runs an operation once. The CLI does not see the user's own environment and configuration.
func (b *bench) sample(ctx context.Context, provider string, r *result, option string) (sample, error) {
	cmd := exec.CommandContext(ctx, *cli, r.operation, "-input=false", "-no-color", option) //nolint:gosec // a command-line option
	cmd.Dir = b.workDir(provider, r.size)
	usage := filepath.Join(cmd.Dir, usageDir)
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + b.dir, "TMPDIR=" + b.dir, "TF_CLI_CONFIG_FILE=" + b.config, "CHECKPOINT_DISABLE=1",
		"APIFY_API_BASE_URL=" + b.proxy.url, "APIFY_TOKEN=" + os.Getenv("APIFY_TOKEN"), "BENCH_USAGE_DIR=" + usage,
	}
	// The CLI stops its providers after an interrupt, but not when it is killed.
	cmd.Cancel = func() error { return cmd.Process.Signal(os.Interrupt) }
	before, started := b.proxy.requests.Load(), time.Now()
	if output, err := cmd.CombinedOutput(); err != nil {
		return sample{}, fmt.Errorf("%s: %w\n%s", cmd, err, output)
	}
	s := sample{wall: time.Since(started), requests: b.proxy.requests.Load() - before}
	reports, err := filepath.Glob(filepath.Join(usage, "*"))
	for _, name := range reports {
		raw, readErr := os.ReadFile(name) //nolint:gosec // in the temporary directory
		var process struct{ CPU, RSS int64 }
		err = errors.Join(err, readErr, json.Unmarshal(raw, &process), os.Remove(name))
		s.cpu += time.Duration(process.CPU)
		s.rss = max(s.rss, process.RSS)
	}
	return s, err
}

// proxy delays and counts the requests to the emulator.
type proxy struct {
	url      string
	requests atomic.Int64
}

func startProxy(emulator string) (*proxy, error) {
	target, err := url.Parse(emulator)
	if err != nil || target.Host == "" {
		return nil, fmt.Errorf("APIFY_API_BASE_URL %q is not the URL of an emulator: run make bench", emulator)
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // listening does not block
	if err != nil {
		return nil, err
	}
	p := &proxy{url: "http://" + listener.Addr().String()}
	forward := httputil.NewSingleHostReverseProxy(target)
	// The default transport would open a connection for most of the parallel requests.
	forward.Transport = &http.Transport{MaxIdleConnsPerHost: 64}
	handler := func(w http.ResponseWriter, r *http.Request) {
		p.requests.Add(1)
		time.Sleep(*latency)
		forward.ServeHTTP(w, r)
	}
	server := &http.Server{Handler: http.HandlerFunc(handler), ReadHeaderTimeout: time.Minute}
	go func() { _ = server.Serve(listener) }()
	return p, nil
}
