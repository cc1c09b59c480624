package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// binary is the command under test.
var binary string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "apify-emulator")
		if err != nil {
			panic(err)
		}
		defer func() { _ = os.RemoveAll(dir) }()
		binary = filepath.Join(dir, "apify-emulator")
		if output, err := command(context.Background(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
			panic(fmt.Sprintf("%v\n%s", err, output))
		}
		return m.Run()
	}())
}

func command(ctx context.Context, name string, arguments ...string) *exec.Cmd {
	return exec.CommandContext(ctx, name, arguments...) //nolint:gosec // The arguments are those of tests.
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path) //nolint:gosec // The path is that of a test.
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// result is the outcome of a run of the command.
type result struct {
	status         int
	stdout, stderr string
}

// runToEnd runs the command and waits for it.
func runToEnd(t *testing.T, arguments ...string) result {
	t.Helper()
	cmd := command(t.Context(), binary, arguments...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// The error repeats the exit status.
	_ = cmd.Run()
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// process is a running command.
type process struct {
	cmd    *exec.Cmd
	url    string
	stdout *bufio.Reader
	stderr bytes.Buffer
}

// start starts the command and waits until it listens.
func start(t *testing.T, arguments ...string) *process {
	t.Helper()
	p := &process{cmd: command(t.Context(), binary, arguments...)}
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdout = bufio.NewReader(stdout)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := p.stdout.ReadString('\n')
	if err != nil {
		t.Fatalf("%v\n%s", err, p.stderr.String())
	}
	url, listening := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "listening on ")
	if !listening || !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Fatalf("the first line is %q", line)
	}
	p.url = url
	return p
}

// stop sends a signal and returns the exit status.
func (p *process) stop(t *testing.T, signal os.Signal) int {
	t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	// The error repeats the exit status.
	_ = p.cmd.Wait()
	return p.cmd.ProcessState.ExitCode()
}

// send sends a request and returns the status and the body of the response.
func send(t *testing.T, method, url, token, body string) (int, []byte) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, url, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, data
}

// datasetID returns the ID of the dataset in a response.
func datasetID(t *testing.T, body []byte) string {
	t.Helper()
	var dataset struct{ Data struct{ ID string } }
	if err := json.Unmarshal(body, &dataset); err != nil || dataset.Data.ID == "" {
		t.Fatalf("the body has no dataset: %v: %s", err, body)
	}
	return dataset.Data.ID
}
