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
		if output, err := exec.CommandContext(context.Background(), "go", "build", "-o", binary, ".").CombinedOutput(); err != nil { //nolint:gosec // The path is that of the test.
			panic(fmt.Sprintf("%v\n%s", err, output))
		}
		return m.Run()
	}())
}

// process is a running command.
type process struct {
	t      *testing.T
	cmd    *exec.Cmd
	url    string
	stdout *bufio.Reader
	stderr bytes.Buffer
}

// start starts the command and reads its first line of output.
func start(t *testing.T, arguments ...string) *process {
	t.Helper()
	p := &process{t: t, cmd: exec.CommandContext(t.Context(), binary, arguments...)} //nolint:gosec // The arguments are those of tests.
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	p.stdout = bufio.NewReader(stdout)
	if err := p.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	line, _ := p.stdout.ReadString('\n')
	p.url = strings.TrimSuffix(strings.TrimPrefix(line, "listening on "), "\n")
	return p
}

// stop sends a signal and returns the exit status.
func (p *process) stop(signal os.Signal) int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	_, status := p.end()
	return status
}

// end waits for the end of the command and returns the rest of its output, and the exit status.
func (p *process) end() (output string, status int) {
	p.t.Helper()
	rest, err := io.ReadAll(p.stdout)
	if err != nil {
		p.t.Fatal(err)
	}
	// The error repeats the exit status.
	_ = p.cmd.Wait()
	return string(rest), p.cmd.ProcessState.ExitCode()
}

// send sends a request and returns the status and the body of the response.
func (p *process) send(method, path, token, body string) (int, string) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	if err != nil {
		p.t.Fatal(err)
	}
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		p.t.Fatal(err)
	}
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	if err != nil {
		p.t.Fatal(err)
	}
	return response.StatusCode, string(data)
}

// create creates a dataset and returns its ID.
func (p *process) create(name, token string) string {
	p.t.Helper()
	_, body := p.send("POST", "/v2/datasets?name="+name, token, "")
	var dataset struct{ Data struct{ ID string } }
	if err := json.Unmarshal([]byte(body), &dataset); err != nil || dataset.Data.ID == "" {
		p.t.Fatalf("the body has no dataset: %v: %s", err, body)
	}
	return dataset.Data.ID
}

func TestRun_untilSignal(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		p := start(t)
		p.create("d", emulator.DefaultToken)
		_, stats := p.send("GET", "/_stats", "", "")
		if want := `{"connections":1,"maxConnections":1,"requests":{"POST /v2/datasets":1}}`; stats != want {
			t.Errorf("statistics: got %s, want %s", stats, want)
		}
		if status := p.stop(signal); status != 0 {
			t.Errorf("exit status %d after %v: %s", status, signal, p.stderr.String())
		}
	}
}

// TestRun_tokens checks that each option adds a token with its permissions and its account.
func TestRun_tokens(t *testing.T) {
	t.Parallel()
	for level, others := range map[string]int{"RESTRICTED": 403, "ANYONE_WITH_ID_CAN_READ": 200} {
		p := start(t, "-general-access", level, "-read-only-token", "reader", "-token", "full", "-run-token", "run", "-scoped-token", "scoped=emulator",
			"-token", "other=bob")
		path := "/v2/datasets/" + p.create("d", "full")
		if id := p.create("d", "other"); path == "/v2/datasets/"+id {
			t.Error("tokens of two users see the same dataset")
		}
		for token, want := range map[string][3]int{
			"full":                {200, 200, 200},
			"reader":              {200, 200, 403},
			"run":                 {200, others, 403},
			"scoped":              {403, 200, 200},
			"other":               {200, others, 403},
			emulator.DefaultToken: {401, 401, 401},
		} {
			me, _ := p.send("GET", "/v2/users/me", token, "")
			read, _ := p.send("GET", path, token, "")
			write, _ := p.send("PUT", path, token, "{}")
			if got := [3]int{me, read, write}; got != want {
				t.Errorf("%s, %s: got the statuses %v of the account, a read and a write, want %v", level, token, got, want)
			}
		}
		p.stop(os.Interrupt)
	}
}

func TestRun_command(t *testing.T) {
	t.Parallel()
	p := start(t, "-scoped-token", "one=alice", "-token", "two", "--", "sh", "-c",
		`echo "$APIFY_API_BASE_URL $APIFY_TOKEN $1"; echo problem >&2; exit 7`, "sh", "-data")
	output, status := p.end()
	if status != 7 || output != p.url+" one -data\n" || p.stderr.String() != "problem\n" {
		t.Errorf("got exit status %d, %q and %q", status, output, p.stderr.String())
	}
	for command, want := range map[string]int{"true": 0, "kill -9 $$": 128 + 9} {
		if _, status := start(t, "--", "sh", "-c", command).end(); status != want {
			t.Errorf("%s: got exit status %d, want %d", command, status, want)
		}
	}
	p = start(t, "--", "no-such-command")
	if _, status := p.end(); status != 127 || !strings.Contains(p.stderr.String(), "no-such-command") {
		t.Errorf("command that does not exist: got exit status %d and %q", status, p.stderr.String())
	}
	p = start(t, "--", "sh", "-c", `trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done`)
	if line, err := p.stdout.ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatalf("the command printed %q, want ready: %v", line, err)
	}
	if status := p.stop(syscall.SIGTERM); status != 9 {
		t.Errorf("got exit status %d after SIGTERM, want that of the command", status)
	}
}

// TestRun_data kills the command, so that only the saves after each change count.
func TestRun_data(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "datasets.json")
	p := start(t, "-token", "one=alice", "-data", path)
	id := p.create("saved", "one")
	p.send("PUT", "/v2/datasets/~saved", "one", `{"generalAccess": "RESTRICTED"}`)
	p.send("POST", "/v2/datasets/~saved/items", "one", `{"b": 1, "a": "é"}`)
	p.stop(os.Kill)

	p = start(t, "-token", "one=alice", "-data", path)
	_, got := p.send("GET", "/v2/datasets/~saved", "one", "")
	if !strings.Contains(got, id) || !strings.Contains(got, `"generalAccess":"RESTRICTED"`) {
		t.Errorf("dataset after a restart: %s", got)
	}
	if _, items := p.send("GET", "/v2/datasets/~saved/items", "one", ""); items != `[{"b":1,"a":"é"}]` {
		t.Errorf("items after a restart: %s", items)
	}
	p.stop(os.Interrupt)
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("got the files %v, %v, want the data file only", files, err)
	}
}

// TestRun_invalidData checks that the command does not change a file that it cannot load.
func TestRun_invalidData(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"incomplete":   `{"datasets": [`,
		"unknown user": `{"datasets": [{"id": "Dataset8901234567", "userId": "Nobody78901234567"}]}`,
	} {
		path := filepath.Join(t.TempDir(), "datasets.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		p := start(t, "-data", path, "--", "true")
		if _, status := p.end(); status != 1 || !strings.Contains(p.stderr.String(), path) {
			t.Errorf("%s: got exit status %d and %q, want 1 and the path", name, status, p.stderr.String())
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != content { //nolint:gosec // The path is that of the test.
			t.Errorf("%s: the file was changed to %s, %v", name, after, err)
		}
	}
}

func TestRun_usage(t *testing.T) {
	t.Parallel()
	p := start(t, "-help")
	if _, status := p.end(); status != 0 || !strings.Contains(p.stderr.String(), emulator.DefaultToken) {
		t.Errorf("-help: got exit status %d and %q", status, p.stderr.String())
	}
	for _, arguments := range [][]string{
		{"-nothing"}, {"-latency", "-1s"}, {"-token", ""}, {"-token", "one="}, {"-scoped-token", "=alice"}, {"-general-access", "PUBLIC"},
	} {
		p := start(t, arguments...)
		if _, status := p.end(); status != 2 || p.stderr.Len() == 0 {
			t.Errorf("%v: got exit status %d and %q, want 2 and an error", arguments, status, p.stderr.String())
		}
	}
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	p = start(t, "-addr", listener.Addr().String())
	if _, status := p.end(); status != 1 || !strings.Contains(p.stderr.String(), listener.Addr().String()) {
		t.Errorf("address in use: got exit status %d and %q, want 1 and the address", status, p.stderr.String())
	}
}
