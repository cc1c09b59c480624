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

// traffic is what an emulator received.
type traffic struct {
	Requests       map[string]int `json:"requests"` // by "METHOD PATTERN"
	Connections    int            `json:"connections"`
	MaxConnections int            `json:"maxConnections"` // open at once
}

func startEmulator(ctx context.Context, path string, latency time.Duration) (*emulator, error) {
	cmd := exec.CommandContext(ctx, path, "-token", emulatorToken, "-latency", latency.String()) //nolint:gosec // told on the command line
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
	url, ok := strings.CutPrefix(strings.TrimSpace(line), "listening on ")
	if err != nil || !ok {
		e.stop()
		return nil, fmt.Errorf("%s printed %q instead of where it listens", path, line)
	}
	e.url = url
	return e, nil
}

func (e *emulator) stop() {
	// It keeps nothing, and its exit status is of no interest.
	_ = e.cmd.Process.Kill()
	_ = e.cmd.Wait()
}

// reset forgets the traffic so far.
func (e *emulator) reset(ctx context.Context) error {
	return e.call(ctx, http.MethodPost, "/_reset", nil)
}

// traffic is what has arrived since the last reset.
func (e *emulator) traffic(ctx context.Context) (traffic, error) {
	var t traffic
	err := e.call(ctx, http.MethodGet, "/_stats", &t)
	return t, err
}

func (e *emulator) call(ctx context.Context, method, path string, into any) error {
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
	if into == nil {
		return nil
	}
	return json.Unmarshal(body, into)
}
