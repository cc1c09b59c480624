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
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestAccProviderDebugLogHasALinePerRequest compares the log with what the server
// received.
func TestAccProviderDebugLogHasALinePerRequest(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	logs := filepath.Join(c.dir, "provider.log")
	c.env = append(c.env, "TF_LOG_PROVIDER=DEBUG", "TF_LOG_PATH="+logs)
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
		if !r.Fault { // the next is another call
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
			t.Errorf("the line has no time: %s", line)
		}
		got = append(got, fmt.Sprintf("attempt=%s method=%s path=%s status=%s", values["attempt"], values["method"], values["path"], values["status"]))
	}
	if !slices.Equal(got, want) {
		t.Errorf("the lines say\n\t%s\nand the server received\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

// TestAccProviderWritesNothingUnasked runs a provider process whose standard error
// is this test's to read, not Terraform's.
func TestAccProviderWritesNothingUnasked(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		variables []string
		says      []string
	}{
		"nothing asked for":  {nil, nil},
		"the provider's log": {[]string{"TF_LOG_PROVIDER=DEBUG"}, []string{"Apify API request"}},
		"the SDK's log":      {[]string{"TF_LOG_SDK=TRACE"}, []string{"Calling provider defined Resource Create"}},
		"everything":         {[]string{"TF_LOG=TRACE"}, []string{"Apify API request", "Calling provider defined Resource Create"}},
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
				t.Errorf("%d datasets were created", n)
			}
			stop()
			for line := range strings.Lines(stderr.String()) {
				// go-plugin tells when it begins and ends to serve, whatever the level.
				own := strings.Contains(line, `"plugin address"`) || strings.Contains(line, `"grpc server"`)
				if test.says == nil && !own {
					t.Errorf("the provider wrote %s", line)
				}
			}
			for _, text := range test.says {
				if !strings.Contains(stderr.String(), text) {
					t.Errorf("the provider did not write %q, but:\n%s", text, stderr)
				}
			}
			scan(t, stderr.String(), "what the provider wrote", s.Token)
		})
	}
}

// serve starts a provider process that the CLI uses instead of its own. What it
// writes to standard error can be read once it has stopped.
func (c *cli) serve(variables ...string) (stderr *bytes.Buffer, stop func()) {
	c.t.Helper()
	name, err := binary()
	if err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.CommandContext(c.t.Context(), name, "-debug") //nolint:gosec // built by this test
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
		// It ends by a signal, as it never would by itself.
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
	c.t.Fatalf("the provider does not say how to reach it: %v\n%s", lines.Err(), stderr)
	return nil, nil
}
