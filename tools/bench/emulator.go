package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"
)

// emulatorToken is the token that the benchmark's emulators accept.
const emulatorToken = "benchmark"

// emulator is a running apify-emulator.
type emulator struct {
	url string
	cmd *exec.Cmd
}

// traffic counts the requests and connections that an emulator has received.
type traffic struct {
	Requests       map[string]int `json:"requests"` // by "METHOD PATTERN"
	Connections    int            `json:"connections"`
	MaxConnections int            `json:"maxConnections"` // open at the same time
}

func startEmulator(ctx context.Context, path string, latency time.Duration) (*emulator, error) {
	cmd := exec.CommandContext(ctx, path, "-token", emulatorToken, "-latency", latency.String()) //nolint:gosec // a command-line option of the benchmark
	cmd.Stderr = os.Stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	e := &emulator{cmd: cmd}
	line, err := bufio.NewReader(stdout).ReadString('\n')
	_, address, ok := strings.Cut(strings.TrimSpace(line), "http://")
	if err != nil || !ok {
		e.stop()
		return nil, fmt.Errorf("the first line of output of %s has no URL to connect to: %q", path, line)
	}
	e.url = "http://" + address
	return e, nil
}

func (e *emulator) stop() {
	// The emulator keeps its datasets in memory only, so it needs no orderly shutdown, and the exit
	// status of a killed process is always an error.
	_ = e.cmd.Process.Kill()
	_ = e.cmd.Wait()
}

// reset sets all counters of the traffic to zero.
func (e *emulator) reset(ctx context.Context) error {
	return e.call(ctx, http.MethodPost, "/_reset", nil)
}

// traffic returns the traffic since the last reset.
func (e *emulator) traffic(ctx context.Context) (traffic, error) {
	var t traffic
	err := e.call(ctx, http.MethodGet, "/_stats", &t)
	return t, err
}

func (e *emulator) call(ctx context.Context, method, path string, result any) error {
	req, err := http.NewRequestWithContext(ctx, method, e.url+path, http.NoBody)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	body, err := io.ReadAll(resp.Body)
	if err != nil {
		return err
	}
	if resp.StatusCode < 200 || resp.StatusCode > 299 {
		return fmt.Errorf("%s %s: %s", method, path, resp.Status)
	}
	if result == nil {
		return nil
	}
	return json.Unmarshal(body, result)
}
