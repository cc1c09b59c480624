package provider

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// logVariables are the variables that the troubleshooting guide shows.
var logVariables = []string{"TF_LOG_PROVIDER=DEBUG", "TF_LOG_SDK=off"}

// TestAccProvider_logSize plans many datasets with a debug log. The log has a line for each
// request, and a fixed number of lines for each provider process.
func TestAccProvider_logSize(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	c.write("main.tf", `
resource "apify_dataset" "test" {
  count = 20
  name  = "logged-${count.index}"
}`)
	c.mustRun("apply", "-auto-approve")
	logs := filepath.Join(c.dir, "provider.log")
	c.env = append(append(c.env, logVariables...), "TF_LOG_PATH="+logs)
	s.Recorder.Reset()
	c.mustRun("plan")
	raw, err := os.ReadFile(logs) //nolint:gosec // a file of this test
	if err != nil {
		t.Fatal(err)
	}
	processes := strings.Count(string(raw), "plugin address") // a line of go-plugin at each start
	var own, all int
	for line := range strings.Lines(string(raw)) {
		all++
		if strings.Contains(line, "Apify API request") {
			own++
		}
	}
	requests := len(s.sent())
	const perProcess = 15 // lines of the CLI and go-plugin
	if own != requests || processes == 0 || all > requests+perProcess*processes {
		t.Errorf("the log has %d lines, %d of them about requests, for %d requests and %d processes:\n%s", all, own, requests, processes, raw)
	}
	if command := strings.Join(logVariables, " ") + " terraform plan"; !strings.Contains(readGuide(t, "troubleshooting"), command) {
		t.Errorf("the troubleshooting guide does not contain %q", command)
	}
}

// TestAccProvider_debugLog compares the lines of the debug log with the requests that the server
// received.
func TestAccProvider_debugLog(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	logs := filepath.Join(c.dir, "provider.log")
	c.env = append(append(c.env, logVariables...), "TF_LOG_PATH="+logs)
	c.write("main.tf", `
resource "apify_dataset" "logged" {
  name           = "logged"
  general_access = "RESTRICTED"
}`)
	s.Recorder.Inject(
		emulator.Fault{Method: http.MethodPost, Status: http.StatusBadGateway, Times: 1},
		emulator.Fault{Method: http.MethodPut, Reset: true, Times: 1},
	)
	c.mustRun("apply", "-auto-approve")
	c.mustRun("destroy", "-auto-approve")

	raw, err := os.ReadFile(logs) //nolint:gosec // a file of this test
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for line := range strings.Lines(string(raw)) {
		if strings.Contains(line, "Apify API request:") {
			lines = append(lines, line)
		}
	}
	var want []string
	attempt := 1
	for _, r := range s.Recorder.Requests() {
		want = append(want, fmt.Sprintf("attempt=%d method=%s path=%s status=%d", attempt, r.Method, r.Path, r.Status))
		attempt++
		if !r.Fault { // the next request is not a retry
			attempt = 1
		}
	}
	var got []string
	field := regexp.MustCompile(`\b(attempt|duration_ms|method|path|status)=("[^"]*"|\S+)`)
	for _, line := range lines {
		values := map[string]string{}
		for _, match := range field.FindAllStringSubmatch(line, -1) {
			values[match[1]] = strings.Trim(match[2], `"`)
		}
		if values["duration_ms"] == "" {
			t.Errorf("the line has no duration: %s", line)
		}
		got = append(got, fmt.Sprintf("attempt=%s method=%s path=%s status=%s", values["attempt"], values["method"], values["path"], values["status"]))
	}
	expectRequests(t, got, want)
}

// TestAccProvider_noLog reads the standard error of a provider process that Terraform starts
// without a log variable.
func TestAccProvider_noLog(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("needs a shell script")
	}
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	dir := t.TempDir()
	stderr := filepath.Join(dir, "stderr")
	script := fmt.Sprintf("#!/bin/sh\nexec %q \"$@\" 2>>%q\n", mustBuildProvider(t), stderr)
	if err := os.WriteFile(filepath.Join(dir, "terraform-provider-apify"), []byte(script), 0o700); err != nil { //nolint:gosec // must be executable
		t.Fatal(err)
	}
	c.overrideProviders(map[string]string{"apify/apify": dir})
	c.write("main.tf", `
provider "apify" { allowed_accounts = ["`+emulator.DefaultUsername+`"] } # which sends a request in Configure
resource "apify_dataset" "quiet" { name = "quiet" }`)
	c.mustRun("apply", "-auto-approve")
	c.mustRun("destroy", "-auto-approve")
	if n := s.Recorder.Counts()[postDatasets]; n != 1 {
		t.Errorf("got %d POST requests, want 1", n)
	}
	raw, err := os.ReadFile(stderr) //nolint:gosec // a file of this test
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(raw)) {
		// go-plugin logs when it starts and stops serving, at every log level.
		if !strings.Contains(line, `"plugin address"`) && !strings.Contains(line, `"grpc server"`) && !strings.Contains(line, `"configuring server automatic mTLS"`) {
			t.Errorf("the provider wrote %s", line)
		}
	}
}

// TestAccProvider_stderr runs a provider process with -debug, outside Terraform, and reads its
// standard error. Without a variable, it contains all logs: nobody else can ask for them.
func TestAccProvider_stderr(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		variables []string
		texts     []string
		absent    string
	}{
		"no variable":        {nil, []string{"Apify API request", "Calling provider defined Resource Create"}, ""},
		"the provider's log": {logVariables, []string{"Apify API request"}, "Calling provider defined Resource Create"},
		"no log":             {[]string{"TF_LOG_PROVIDER_APIFY=off", "TF_LOG_SDK=off"}, nil, "Apify API request"},
		"the SDK's log":      {[]string{"TF_LOG_SDK=TRACE"}, []string{"Calling provider defined Resource Create"}, ""},
		"all logs":           {[]string{"TF_LOG=TRACE"}, []string{"Apify API request", "Calling provider defined Resource Create"}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			c := s.newCLI(t)
			stderr, stop := c.serve(test.variables...)
			c.write("main.tf", `resource "apify_dataset" "quiet" { name = "quiet" }`)
			c.mustRun("apply", "-auto-approve")
			c.mustRun("destroy", "-auto-approve")
			if n := s.Recorder.Counts()[postDatasets]; n != 1 {
				t.Errorf("got %d POST requests, want 1", n)
			}
			stop()
			if test.absent != "" {
				expectAbsent(t, stderr.String(), "standard error", test.absent)
			}
			for _, text := range test.texts {
				if !strings.Contains(stderr.String(), text) {
					t.Errorf("standard error does not contain %q:\n%s", text, stderr)
				}
			}
			expectAbsent(t, stderr.String(), "standard error", s.Token)
		})
	}
}

// serve starts a provider process that the CLI uses instead of starting one. stderr must be read
// only after stop.
func (c *cli) serve(variables ...string) (stderr *bytes.Buffer, stop func()) {
	c.t.Helper()
	cmd := exec.CommandContext(c.t.Context(), mustBuildProvider(c.t), "-debug") //nolint:gosec // built by this test
	cmd.Env = append(slices.Clone(c.env), variables...)
	cmd.WaitDelay = 10 * time.Second
	stderr = &bytes.Buffer{}
	cmd.Stderr = stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		c.t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	stop = func() {
		// The process runs until it gets a signal, which makes Wait return an error.
		_ = cmd.Process.Signal(os.Interrupt)
		_ = cmd.Wait()
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		if variable, found := strings.CutPrefix(strings.TrimSpace(lines.Text()), "TF_REATTACH_PROVIDERS="); found {
			variable = strings.Trim(variable, "'")
			var addresses map[string]json.RawMessage
			if err := json.Unmarshal([]byte(variable), &addresses); err != nil {
				c.t.Fatalf("%v in %s", err, variable)
			}
			addresses["registry.opentofu.org/apify/apify"] = addresses[address]
			raw, err := json.Marshal(addresses)
			if err != nil {
				c.t.Fatal(err)
			}
			c.env = append(c.env, "TF_REATTACH_PROVIDERS="+string(raw))
			return stderr, stop
		}
	}
	stop()
	c.t.Fatalf("the provider did not print TF_REATTACH_PROVIDERS: %v\n%s", lines.Err(), stderr)
	return nil, nil
}
