package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
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
	return exec.CommandContext(ctx, name, arguments...) //nolint:gosec // The tests say what runs.
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path) //nolint:gosec // The tests say what is read.
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}

// result is what a run of the command came to.
type result struct {
	status         int
	stdout, stderr string
}

// runToEnd runs the command until it ends by itself.
func runToEnd(t *testing.T, arguments ...string) result {
	t.Helper()
	cmd := command(t.Context(), binary, arguments...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	// A status other than 0 is an error, too.
	_ = cmd.Run()
	return result{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

// running is a run of the command that has not ended.
type running struct {
	cmd    *exec.Cmd
	url    string
	stdout *bufio.Reader
	stderr bytes.Buffer
}

// begin runs the command until it listens.
func begin(t *testing.T, arguments ...string) *running {
	t.Helper()
	r := &running{cmd: command(t.Context(), binary, arguments...)}
	r.cmd.Stderr = &r.stderr
	stdout, err := r.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	r.stdout = bufio.NewReader(stdout)
	if err := r.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, err := r.stdout.ReadString('\n')
	if err != nil {
		t.Fatalf("%v\n%s", err, r.stderr.String())
	}
	url, listening := strings.CutPrefix(strings.TrimSuffix(line, "\n"), "listening on ")
	if !listening || !strings.HasPrefix(url, "http://127.0.0.1:") {
		t.Fatalf("the first line is %q", line)
	}
	r.url = url
	return r
}

// end sends a signal and returns the exit status.
func (r *running) end(t *testing.T, signal os.Signal) int {
	t.Helper()
	if err := r.cmd.Process.Signal(signal); err != nil {
		t.Fatal(err)
	}
	// A status other than 0 is an error, too.
	_ = r.cmd.Wait()
	return r.cmd.ProcessState.ExitCode()
}

// send sends a request and returns status and body.
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
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	return response.StatusCode, answer
}

// idOf is the ID in the description of a dataset.
func idOf(t *testing.T, answer []byte) string {
	t.Helper()
	var body struct{ Data struct{ ID string } }
	if err := json.Unmarshal(answer, &body); err != nil || body.Data.ID == "" {
		t.Fatalf("no dataset (%v): %s", err, answer)
	}
	return body.Data.ID
}

func TestServesUntilSignalled(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		r := begin(t)
		status, answer := send(t, http.MethodPost, r.url+"/v2/datasets?name=d", emulator.DefaultToken, "")
		if status != http.StatusCreated {
			t.Errorf("creating a dataset: %d %s", status, answer)
		}
		_, stats := send(t, http.MethodGet, r.url+"/_stats", "", "")
		if want := `{"connections":1,"maxConnections":1,"requests":{"POST /v2/datasets":1}}`; string(stats) != want {
			t.Errorf("statistics: %s, want %s", stats, want)
		}
		if status := r.end(t, signal); status != 0 {
			t.Errorf("exit status %d after %v: %s", status, signal, r.stderr.String())
		}
	}
}

func TestTokens(t *testing.T) {
	t.Parallel()
	r := begin(t, "-token", "one=alice", "-token", "two=bob", "-token", "three=alice", "-token", "four")
	for token, username := range map[string]string{"one": "alice", "two": "bob", "three": "alice", "four": emulator.DefaultUsername} {
		status, answer := send(t, http.MethodGet, r.url+"/v2/users/me", token, "")
		if status != http.StatusOK || !bytes.Contains(answer, []byte(`"username":"`+username+`"`)) {
			t.Errorf("user of token %s: %d %s, want %s", token, status, answer, username)
		}
	}
	if status, _ := send(t, http.MethodGet, r.url+"/v2/users/me", emulator.DefaultToken, ""); status != http.StatusUnauthorized {
		t.Errorf("the default token beside others: status %d", status)
	}
	_, created := send(t, http.MethodPost, r.url+"/v2/datasets?name=shared", "one", "")
	_, again := send(t, http.MethodPost, r.url+"/v2/datasets?name=shared", "three", "")
	_, others := send(t, http.MethodPost, r.url+"/v2/datasets?name=shared", "two", "")
	if idOf(t, created) != idOf(t, again) || idOf(t, created) == idOf(t, others) {
		t.Error("datasets do not belong to the users of the tokens")
	}
	r.end(t, os.Interrupt)
}

func TestLatency(t *testing.T) {
	t.Parallel()
	r := begin(t, "-latency", "100ms")
	begun := time.Now()
	send(t, http.MethodGet, r.url+"/v2/users/me", emulator.DefaultToken, "")
	if took := time.Since(begun); took < 100*time.Millisecond {
		t.Errorf("a request took %v", took)
	}
	r.end(t, os.Interrupt)
}

func TestCommand(t *testing.T) {
	t.Parallel()
	got := runToEnd(t, "-token", "one=alice", "-token", "two", "--", "sh", "-c",
		`echo "$APIFY_API_BASE_URL $APIFY_TOKEN $1"; echo problem >&2; exit 7`, "sh", "-data")
	lines := strings.Split(got.stdout, "\n")
	want := strings.TrimPrefix(lines[0], "listening on ") + " one -data"
	if got.status != 7 || len(lines) != 3 || lines[1] != want || got.stderr != "problem\n" {
		t.Errorf("got %+v, want status 7 and %q", got, want)
	}
	if got := runToEnd(t, "--", "true"); got.status != 0 {
		t.Errorf("status of true: %+v", got)
	}
	if got := runToEnd(t, "--", "sh", "-c", "kill -9 $$"); got.status != 128+9 {
		t.Errorf("status of a killed command: %+v", got)
	}
	if got := runToEnd(t, "--", "no-such-command"); got.status != 127 || !strings.Contains(got.stderr, "no-such-command") {
		t.Errorf("a command that does not exist: %+v", got)
	}
}

func TestSignalsReachTheCommand(t *testing.T) {
	t.Parallel()
	for signal, number := range map[os.Signal]string{os.Interrupt: "INT", syscall.SIGTERM: "TERM"} {
		r := begin(t, "--", "sh", "-c", `trap 'exit 9' `+number+`; echo ready; while :; do sleep 0.01; done`)
		if line, err := r.stdout.ReadString('\n'); err != nil || line != "ready\n" {
			t.Fatalf("%q, %v", line, err)
		}
		if status := r.end(t, signal); status != 9 {
			t.Errorf("exit status %d after %v", status, signal)
		}
	}
}

func TestDataIsKept(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "datasets.json")
	r := begin(t, "-token", "one=alice", "-data", path)
	_, created := send(t, http.MethodPost, r.url+"/v2/datasets?name=kept", "one", "")
	send(t, http.MethodPut, r.url+"/v2/datasets/~kept", "one", `{"generalAccess": "RESTRICTED"}`)
	send(t, http.MethodPost, r.url+"/v2/datasets/~kept/items", "one", `{"b": 1, "a": "<é>"}`)

	// It is written while the command runs, and once more when it ends.
	deadline := time.Now().Add(10 * time.Second)
	for !strings.Contains(read(t, path), `"b":1`) {
		if time.Now().After(deadline) {
			t.Fatalf("the change was not written: %s", read(t, path))
		}
		time.Sleep(10 * time.Millisecond)
	}
	send(t, http.MethodPost, r.url+"/v2/datasets?name=last", "one", "")
	if status := r.end(t, syscall.SIGTERM); status != 0 {
		t.Fatalf("exit status %d: %s", status, r.stderr.String())
	}

	r = begin(t, "-token", "one=alice", "-data", path)
	status, got := send(t, http.MethodGet, r.url+"/v2/datasets/~kept", "one", "")
	if status != http.StatusOK || idOf(t, got) != idOf(t, created) || !bytes.Contains(got, []byte(`"generalAccess":"RESTRICTED"`)) {
		t.Errorf("%d %s, want %s", status, got, created)
	}
	if _, items := send(t, http.MethodGet, r.url+"/v2/datasets/~kept/items", "one", ""); string(items) != `[{"b":1,"a":"<é>"}]` {
		t.Errorf("items: %s", items)
	}
	if status, got := send(t, http.MethodGet, r.url+"/v2/datasets/~last", "one", ""); status != http.StatusOK {
		t.Errorf("what was created last: %d %s", status, got)
	}
	r.end(t, os.Interrupt)

	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("files that are left: %v, %v", files, err)
	}
}

// TestBadData has files that can't be used stay as they are.
func TestBadData(t *testing.T) {
	t.Parallel()
	dataset := `{"id": "Dataset8901234567", "userId": "EmulatorUser00001", "name": "d", "items": []}`
	for name, content := range map[string]string{
		"empty":               ``,
		"cut":                 `{"datasets": [` + dataset,
		"of another kind":     `[]`,
		"with a twin":         `{"datasets": [` + dataset + `, ` + dataset + `]}`,
		"of an unknown user":  `{"datasets": [{"id": "Dataset8901234567", "userId": "Nobody78901234567"}]}`,
		"with an item of [1]": `{"datasets": [{"items": [[1]]}]}`,
	} {
		path := filepath.Join(t.TempDir(), "datasets.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got := runToEnd(t, "-data", path, "--", "true")
		if got.status != 1 || !strings.Contains(got.stderr, path) || got.stdout != "" {
			t.Errorf("a file %s: %+v", name, got)
		}
		if after := read(t, path); after != content {
			t.Errorf("a file %s was changed to %s", name, after)
		}
	}
	nowhere := filepath.Join(t.TempDir(), "nowhere", "datasets.json")
	if got := runToEnd(t, "-data", nowhere, "--", "true"); got.status != 1 || !strings.Contains(got.stderr, "nowhere") {
		t.Errorf("a directory that does not exist: %+v", got)
	}
}

func TestUsage(t *testing.T) {
	t.Parallel()
	for _, help := range []string{"-help", "-h", "--help"} {
		got := runToEnd(t, help)
		if got.status != 0 || got.stderr != "" {
			t.Errorf("%s: %+v", help, got)
		}
		for _, option := range []string{"-addr", "-token", "-latency", "-data", "COMMAND", "APIFY_API_BASE_URL", "APIFY_TOKEN", "/_stats", "/_reset"} {
			if !strings.Contains(got.stdout, option) {
				t.Errorf("%s does not tell of %s", help, option)
			}
		}
	}
	for name, arguments := range map[string][]string{
		"unknown option":    {"-nothing"},
		"command without":   {"true"},
		"nothing after --":  {"--"},
		"no duration":       {"-latency", "soon"},
		"negative duration": {"-latency", "-1s"},
		"empty token":       {"-token", ""},
		"token of nobody":   {"-token", "one="},
		"user without":      {"-token", "=alice"},
	} {
		got := runToEnd(t, arguments...)
		if got.status != 2 || got.stdout != "" || !strings.HasPrefix(got.stderr, "apify-emulator: ") || !strings.Contains(got.stderr, "-help") {
			t.Errorf("%s: %+v", name, got)
		}
	}
}

func TestAddressInUse(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	got := runToEnd(t, "-addr", listener.Addr().String())
	if got.status != 1 || !strings.Contains(got.stderr, listener.Addr().String()) {
		t.Errorf("got %+v", got)
	}
}
