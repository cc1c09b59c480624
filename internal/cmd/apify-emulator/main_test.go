package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestMain runs the command itself in processes that start starts.
func TestMain(m *testing.M) {
	if os.Getenv("APIFY_EMULATOR_TEST") != "" {
		main()
	}
	os.Exit(m.Run())
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
	p := &process{t: t, cmd: exec.CommandContext(t.Context(), os.Args[0], arguments...)} //nolint:gosec // The arguments are those of tests.
	p.cmd.Env = append(os.Environ(), "APIFY_EMULATOR_TEST=1")
	p.cmd.Stderr = &p.stderr
	stdout, err := p.cmd.StdoutPipe()
	p.must(err)
	p.stdout = bufio.NewReader(stdout)
	p.must(p.cmd.Start())
	line, _ := p.stdout.ReadString('\n')
	p.url = strings.TrimSuffix(strings.TrimPrefix(line, "listening on "), "\n")
	return p
}

// must fails the test if there is an error.
func (p *process) must(err error) {
	p.t.Helper()
	if err != nil {
		p.t.Fatal(err)
	}
}

// end sends a signal unless it is nil, and waits for the end of the command. It returns the rest of
// the output and the exit status.
func (p *process) end(signal os.Signal) (output string, status int) {
	p.t.Helper()
	if signal != nil {
		p.must(p.cmd.Process.Signal(signal))
	}
	rest, err := io.ReadAll(p.stdout)
	p.must(err)
	_ = p.cmd.Wait() // The error repeats the exit status.
	return string(rest), p.cmd.ProcessState.ExitCode()
}

// send sends a request and returns the status and the body of the response.
func (p *process) send(method, path, token, body string) (int, string) {
	p.t.Helper()
	request, err := http.NewRequestWithContext(p.t.Context(), method, p.url+path, strings.NewReader(body))
	p.must(err)
	request.Header.Set("Authorization", "Bearer "+token)
	response, err := http.DefaultClient.Do(request)
	p.must(err)
	defer func() { _ = response.Body.Close() }()
	data, err := io.ReadAll(response.Body)
	p.must(err)
	return response.StatusCode, string(data)
}

var idForm = regexp.MustCompile("[a-zA-Z0-9]{17}")

// TestRun_tokens checks that each option adds a token with its permissions and its account.
func TestRun_tokens(t *testing.T) {
	t.Parallel()
	for level, others := range map[string]int{"RESTRICTED": 403, "ANYONE_WITH_ID_CAN_READ": 200} {
		p := start(t, "-general-access", level, "-read-only-token", "reader", "-token", "full", "-run-token", "run", "-scoped-token", "scoped=emulator",
			"-token", "other=bob")
		_, created := p.send("POST", "/v2/datasets", "full", "")
		path := "/v2/datasets/" + idForm.FindString(created)
		for token, want := range map[string]string{
			"full":                "200 200 200",
			"reader":              "200 200 403",
			"run":                 fmt.Sprintf("200 %d 403", others),
			"scoped":              "403 200 200",
			"other":               fmt.Sprintf("200 %d 403", others),
			emulator.DefaultToken: "401 401 401",
		} {
			me, _ := p.send("GET", "/v2/users/me", token, "")
			read, _ := p.send("GET", path, token, "")
			write, _ := p.send("PUT", path, token, "{}")
			if got := fmt.Sprint(me, read, write); got != want {
				t.Errorf("%s, %s: got the statuses %s of the account, a read and a write, want %s", level, token, got, want)
			}
		}
		if _, status := p.end(os.Interrupt); status != 0 {
			t.Errorf("exit status %d after an interrupt: %s", status, p.stderr.String())
		}
	}
}

func TestRun_command(t *testing.T) {
	t.Parallel()
	p := start(t, "-scoped-token", "one=alice", "-token", "two", "--", "sh", "-c",
		`echo "$APIFY_API_BASE_URL $APIFY_TOKEN $1"; echo problem >&2; exit 7`, "sh", "-data")
	output, status := p.end(nil)
	if status != 7 || output != p.url+" one -data\n" || p.stderr.String() != "problem\n" {
		t.Errorf("got exit status %d, %q and %q", status, output, p.stderr.String())
	}
	for command, want := range map[string]int{"true": 0, "kill -9 $$": 128 + 9} {
		if _, status := start(t, "--", "sh", "-c", command).end(nil); status != want {
			t.Errorf("%s: got exit status %d, want %d", command, status, want)
		}
	}
	p = start(t, "--", "sh", "-c", `trap 'exit 9' TERM; echo ready; while :; do sleep 0.01; done`)
	if line, err := p.stdout.ReadString('\n'); err != nil || line != "ready\n" {
		t.Fatalf("the command printed %q, want ready: %v", line, err)
	}
	if _, status := p.end(syscall.SIGTERM); status != 9 {
		t.Errorf("got exit status %d after SIGTERM, want that of the command", status)
	}
}

// TestRun_data kills the command, so that only the saves after each change count.
func TestRun_data(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "datasets.json")
	p := start(t, "-token", "one=alice", "-data", path)
	_, created := p.send("POST", "/v2/datasets?name=saved", "one", "")
	p.send("PUT", "/v2/datasets/~saved", "one", `{"generalAccess": "RESTRICTED"}`)
	p.send("POST", "/v2/datasets/~saved/items", "one", `{"b": 1, "a": "é"}`)
	p.end(os.Kill)

	p = start(t, "-token", "one=alice", "-data", path)
	_, got := p.send("GET", "/v2/datasets/~saved", "one", "")
	_, items := p.send("GET", "/v2/datasets/~saved/items", "one", "")
	if !strings.Contains(got, idForm.FindString(created)) || !strings.Contains(got, `"generalAccess":"RESTRICTED"`) || items != `[{"b":1,"a":"é"}]` {
		t.Errorf("after a restart: %s with %s", got, items)
	}
	if _, status := p.end(syscall.SIGTERM); status != 0 {
		t.Errorf("exit status %d after SIGTERM: %s", status, p.stderr.String())
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("got the files %v, %v, want the data file only", files, err)
	}
}

// TestRun_invalidData checks that the command does not change a file that it cannot load.
func TestRun_invalidData(t *testing.T) {
	t.Parallel()
	for _, content := range []string{`{"datasets": [`, `{"datasets": [{"id": "Dataset8901234567", "userId": "Nobody78901234567"}]}`} {
		path := filepath.Join(t.TempDir(), "datasets.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		p := start(t, "-data", path, "--", "true")
		if _, status := p.end(nil); status != 1 || !strings.Contains(p.stderr.String(), path) {
			t.Errorf("%s: got exit status %d and %q, want 1 and the path", content, status, p.stderr.String())
		}
		if after, err := os.ReadFile(path); err != nil || string(after) != content { //nolint:gosec // The path is that of the test.
			t.Errorf("%s: the file was changed to %s, %v", content, after, err)
		}
	}
}

func TestRun_usage(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	inUse := listener.Addr().String()
	for _, test := range []struct {
		option, value string
		status        int
		text          string
	}{
		{"-help", "", 0, emulator.DefaultToken},
		{"-addr", inUse, 1, inUse},
		{"--", "no-such-command", 127, "no-such-command"},
		{"-nothing", "", 2, "-nothing"},
		{"-latency", "-1s", 2, "-latency"},
		{"-token", "", 2, "want TOKEN"},
		{"-general-access", "PUBLIC", 2, "-general-access"},
	} {
		p := start(t, test.option, test.value)
		if _, status := p.end(nil); status != test.status || !strings.Contains(p.stderr.String(), test.text) {
			t.Errorf("%+v: got exit status %d and %q", test, status, p.stderr.String())
		}
	}
}
