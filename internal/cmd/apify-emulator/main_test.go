package main

import (
	"bytes"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

func TestRun_untilSignal(t *testing.T) {
	t.Parallel()
	for _, signal := range []os.Signal{os.Interrupt, syscall.SIGTERM} {
		p := start(t)
		status, body := send(t, http.MethodPost, p.url+"/v2/datasets?name=d", emulator.DefaultToken, "")
		if status != http.StatusCreated {
			t.Errorf("creating a dataset: status %d: %s", status, body)
		}
		_, stats := send(t, http.MethodGet, p.url+"/_stats", "", "")
		if want := `{"connections":1,"maxConnections":1,"requests":{"POST /v2/datasets":1}}`; string(stats) != want {
			t.Errorf("statistics: got %s, want %s", stats, want)
		}
		if status := p.stop(t, signal); status != 0 {
			t.Errorf("exit status %d after %v: %s", status, signal, p.stderr.String())
		}
	}
}

func TestRun_tokens(t *testing.T) {
	t.Parallel()
	p := start(t, "-token", "one=alice", "-token", "two=bob", "-token", "three=alice", "-token", "four")
	for token, username := range map[string]string{"one": "alice", "two": "bob", "three": "alice", "four": emulator.DefaultUsername} {
		status, body := send(t, http.MethodGet, p.url+"/v2/users/me", token, "")
		if status != http.StatusOK || !bytes.Contains(body, []byte(`"username":"`+username+`"`)) {
			t.Errorf("user of the token %s: got status %d, %s, want %s", token, status, body, username)
		}
	}
	if status, _ := send(t, http.MethodGet, p.url+"/v2/users/me", emulator.DefaultToken, ""); status != http.StatusUnauthorized {
		t.Errorf("default token in addition to -token: got status %d, want 401", status)
	}
	_, created := send(t, http.MethodPost, p.url+"/v2/datasets?name=shared", "one", "")
	_, again := send(t, http.MethodPost, p.url+"/v2/datasets?name=shared", "three", "")
	_, others := send(t, http.MethodPost, p.url+"/v2/datasets?name=shared", "two", "")
	if datasetID(t, created) != datasetID(t, again) || datasetID(t, created) == datasetID(t, others) {
		t.Error("tokens of the same user see different datasets, or tokens of different users the same")
	}
	p.stop(t, os.Interrupt)
}

// TestRun_tokenKinds checks that each option adds a token with its permissions.
func TestRun_tokenKinds(t *testing.T) {
	t.Parallel()
	p := start(t, "-read-only-token", "reader", "-token", "full", "-run-token", "run", "-scoped-token", "scoped=emulator")
	_, created := send(t, http.MethodPost, p.url+"/v2/datasets?name=d", "full", "")
	id := datasetID(t, created)
	for token, want := range map[string]struct{ me, read, write int }{
		"full":   {200, 200, 200},
		"reader": {200, 200, 403},
		"run":    {200, 403, 403},
		"scoped": {403, 200, 200},
	} {
		me, account := send(t, http.MethodGet, p.url+"/v2/users/me", token, "")
		read, _ := send(t, http.MethodGet, p.url+"/v2/datasets/"+id, token, "")
		write, _ := send(t, http.MethodPut, p.url+"/v2/datasets/"+id, token, "{}")
		if me != want.me || read != want.read || write != want.write {
			t.Errorf("%s: got the statuses %d, %d and %d, want %+v", token, me, read, write, want)
		}
		if hasID := bytes.Contains(account, []byte(`{"data":{"id":"`)); hasID != (token == "full" || token == "reader") {
			t.Errorf("%s: the account has an ID: %t", token, hasID)
		}
	}
	p.stop(t, os.Interrupt)
}

func TestRun_generalAccess(t *testing.T) {
	t.Parallel()
	for level, want := range map[string]int{"": 403, "RESTRICTED": 403, "ANYONE_WITH_ID_CAN_READ": 200} {
		arguments := []string{"-token", "one=alice", "-token", "two=bob"}
		if level != "" {
			arguments = append(arguments, "-general-access", level)
		}
		p := start(t, arguments...)
		_, created := send(t, http.MethodPost, p.url+"/v2/datasets", "one", "")
		if status, _ := send(t, http.MethodGet, p.url+"/v2/datasets/"+datasetID(t, created), "two", ""); status != want {
			t.Errorf("%q: got status %d for another account's dataset, want %d", level, status, want)
		}
		p.stop(t, os.Interrupt)
	}
}

func TestRun_latency(t *testing.T) {
	t.Parallel()
	p := start(t, "-latency", "100ms")
	started := time.Now()
	send(t, http.MethodGet, p.url+"/v2/users/me", emulator.DefaultToken, "")
	if duration := time.Since(started); duration < 100*time.Millisecond {
		t.Errorf("a request with a latency of 100ms took %v", duration)
	}
	p.stop(t, os.Interrupt)
}

func TestRun_command(t *testing.T) {
	t.Parallel()
	got := runToEnd(t, "-scoped-token", "one=alice", "-token", "two", "--", "sh", "-c",
		`echo "$APIFY_API_BASE_URL $APIFY_TOKEN $1"; echo problem >&2; exit 7`, "sh", "-data")
	lines := strings.Split(got.stdout, "\n")
	want := strings.TrimPrefix(lines[0], "listening on ") + " one -data"
	if got.status != 7 || len(lines) != 3 || lines[1] != want || got.stderr != "problem\n" {
		t.Errorf("got %+v, want exit status 7 and %q", got, want)
	}
	if got := runToEnd(t, "--", "true"); got.status != 0 {
		t.Errorf("true: got %+v, want exit status 0", got)
	}
	if got := runToEnd(t, "--", "sh", "-c", "kill -9 $$"); got.status != 128+9 {
		t.Errorf("killed command: got %+v, want exit status 137", got)
	}
	if got := runToEnd(t, "--", "no-such-command"); got.status != 127 || !strings.Contains(got.stderr, "no-such-command") {
		t.Errorf("command that does not exist: got %+v, want exit status 127", got)
	}
}

func TestRun_forwardsSignals(t *testing.T) {
	t.Parallel()
	for signal, number := range map[os.Signal]string{os.Interrupt: "INT", syscall.SIGTERM: "TERM"} {
		p := start(t, "--", "sh", "-c", `trap 'exit 9' `+number+`; echo ready; while :; do sleep 0.01; done`)
		if line, err := p.stdout.ReadString('\n'); err != nil || line != "ready\n" {
			t.Fatalf("the command printed %q, want ready: %v", line, err)
		}
		if status := p.stop(t, signal); status != 9 {
			t.Errorf("exit status %d after %v", status, signal)
		}
	}
}

func TestRun_data(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "datasets.json")
	p := start(t, "-token", "one=alice", "-data", path)
	_, created := send(t, http.MethodPost, p.url+"/v2/datasets?name=saved", "one", "")
	send(t, http.MethodPut, p.url+"/v2/datasets/~saved", "one", `{"generalAccess": "RESTRICTED"}`)
	send(t, http.MethodPost, p.url+"/v2/datasets/~saved/items", "one", `{"b": 1, "a": "<é>"}`)

	// The file is saved while the command runs, and again when it ends.
	deadline := time.Now().Add(10 * time.Second)
	for !strings.Contains(read(t, path), `"b":1`) {
		if time.Now().After(deadline) {
			t.Fatalf("the change was not saved: %s", read(t, path))
		}
		time.Sleep(10 * time.Millisecond)
	}
	send(t, http.MethodPost, p.url+"/v2/datasets?name=last", "one", "")
	if status := p.stop(t, syscall.SIGTERM); status != 0 {
		t.Fatalf("exit status %d: %s", status, p.stderr.String())
	}

	p = start(t, "-token", "one=alice", "-data", path)
	status, got := send(t, http.MethodGet, p.url+"/v2/datasets/~saved", "one", "")
	if status != http.StatusOK || datasetID(t, got) != datasetID(t, created) || !bytes.Contains(got, []byte(`"generalAccess":"RESTRICTED"`)) {
		t.Errorf("dataset after a restart: got status %d, %s, want %s", status, got, created)
	}
	if _, items := send(t, http.MethodGet, p.url+"/v2/datasets/~saved/items", "one", ""); string(items) != `[{"b":1,"a":"<é>"}]` {
		t.Errorf("items after a restart: %s", items)
	}
	if status, got := send(t, http.MethodGet, p.url+"/v2/datasets/~last", "one", ""); status != http.StatusOK {
		t.Errorf("last dataset after a restart: status %d: %s", status, got)
	}
	p.stop(t, os.Interrupt)

	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("got the files %v, %v, want the data file only", files, err)
	}
}

// TestRun_invalidData checks that the command does not change a file that it cannot load.
func TestRun_invalidData(t *testing.T) {
	t.Parallel()
	dataset := `{"id": "Dataset8901234567", "userId": "EmulatorUser00001", "name": "d", "items": []}`
	for name, content := range map[string]string{
		"empty":                  ``,
		"incomplete":             `{"datasets": [` + dataset,
		"not an object":          `[]`,
		"duplicate ID":           `{"datasets": [` + dataset + `, ` + dataset + `]}`,
		"unknown user":           `{"datasets": [{"id": "Dataset8901234567", "userId": "Nobody78901234567"}]}`,
		"item that is no object": `{"datasets": [{"items": [[1]]}]}`,
	} {
		path := filepath.Join(t.TempDir(), "datasets.json")
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		got := runToEnd(t, "-data", path, "--", "true")
		if got.status != 1 || !strings.Contains(got.stderr, path) || got.stdout != "" {
			t.Errorf("%s: got %+v, want exit status 1 and the path", name, got)
		}
		if after := read(t, path); after != content {
			t.Errorf("%s: the file was changed to %s", name, after)
		}
	}
	noDirectory := filepath.Join(t.TempDir(), "missing", "datasets.json")
	if got := runToEnd(t, "-data", noDirectory, "--", "true"); got.status != 1 || !strings.Contains(got.stderr, "missing") {
		t.Errorf("directory that does not exist: got %+v, want exit status 1", got)
	}
}

func TestRun_usage(t *testing.T) {
	t.Parallel()
	for _, help := range []string{"-help", "-h", "--help"} {
		got := runToEnd(t, help)
		if got.status != 0 || got.stderr != "" {
			t.Errorf("%s: got %+v, want exit status 0", help, got)
		}
		for _, option := range []string{
			"-addr", "-token", "-read-only-token", "-run-token", "-scoped-token", "-general-access", "-latency", "-data", "COMMAND",
			emulator.DefaultUsername, emulator.DefaultToken, "APIFY_API_BASE_URL", "APIFY_TOKEN", "/_stats", "/_reset",
		} {
			if !strings.Contains(got.stdout, option) {
				t.Errorf("the output of %s does not contain %s", help, option)
			}
		}
	}
	for name, arguments := range map[string][]string{
		"unknown option":     {"-nothing"},
		"command without --": {"true"},
		"nothing after --":   {"--"},
		"invalid duration":   {"-latency", "soon"},
		"negative duration":  {"-latency", "-1s"},
		"empty token":        {"-token", ""},
		"empty username":     {"-token", "one="},
		"username only":      {"-scoped-token", "=alice"},
		"unknown access":     {"-general-access", "PUBLIC"},
	} {
		got := runToEnd(t, arguments...)
		if got.status != 2 || got.stdout != "" || !strings.HasPrefix(got.stderr, "apify-emulator: ") || !strings.Contains(got.stderr, "-help") {
			t.Errorf("%s: got %+v, want exit status 2 and a hint at -help", name, got)
		}
	}
}

func TestRun_addressInUse(t *testing.T) {
	t.Parallel()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = listener.Close() }()
	got := runToEnd(t, "-addr", listener.Addr().String())
	if got.status != 1 || !strings.Contains(got.stderr, listener.Addr().String()) {
		t.Errorf("got %+v, want exit status 1 and the address", got)
	}
}
