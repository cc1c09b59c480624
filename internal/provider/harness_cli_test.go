package provider

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-hclog"
	"github.com/hashicorp/go-plugin"
	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// cli is a working directory in which the real Terraform or OpenTofu runs.
type cli struct {
	t    *testing.T
	s    *testServer
	dir  string
	path string
	env  []string
	// resendDelay is that of the provider in this process. It is short by default; a test in which
	// the repeated request must succeed sets the real one.
	resendDelay time.Duration
}

// newCLI returns an empty working directory whose CLI uses the provider in this process, with the
// race detector if it is on. One command costs one process.
func (s *testServer) newCLI(t *testing.T) *cli {
	t.Helper()
	c := s.newWorkingDirectory(t)
	c.resendDelay = testRetryDelay
	c.configure(s.Token, s.URL)
	c.reattach()
	return c
}

// newBinaryCLI returns an empty working directory whose CLI starts the built provider, with the
// token and the base URL in the environment, as users do.
func (s *testServer) newBinaryCLI(t *testing.T) *cli {
	t.Helper()
	c := s.newWorkingDirectory(t)
	c.writeCLIConfig(fmt.Sprintf("  dev_overrides {\n    %[1]q = %[3]q\n    %[2]q = %[3]q\n  }\n  direct {}\n",
		registryHosts[0]+"/apify/apify", registryHosts[1]+"/apify/apify", filepath.Dir(providerBinary(t))))
	c.env = append(c.env, tokenVariable+"="+s.Token, apiBaseURLVariable+"="+s.URL)
	c.write(providerFile, requiredProvider)
	return c
}

// providerFile is the file with the requirement and the configuration of the provider.
const providerFile = "test_provider.tf"

const requiredProvider = `terraform {
  required_providers {
    apify = { source = "apify/apify" }
  }
}
`

// registryHosts are the registries of the two CLIs.
var registryHosts = []string{"registry.terraform.io", "registry.opentofu.org"}

func (s *testServer) newWorkingDirectory(t *testing.T) *cli {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests need TF_ACC=1")
	}
	c := &cli{t: t, s: s, dir: t.TempDir(), path: cliPath(t)}
	home := t.TempDir()
	c.env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + home, "TMPDIR=" + os.TempDir(), "SYSTEMROOT=" + os.Getenv("SYSTEMROOT"),
		"TF_CLI_CONFIG_FILE=" + filepath.Join(home, "cli.tfrc"), "TF_IN_AUTOMATION=1", "TF_INPUT=0", "CHECKPOINT_DISABLE=1",
	}
	c.writeCLIConfig("")
	return c
}

func (c *cli) writeCLIConfig(installation string) {
	c.t.Helper()
	_, name, _ := strings.Cut(c.env[slices.IndexFunc(c.env, func(v string) bool { return strings.HasPrefix(v, "TF_CLI_CONFIG_FILE=") })], "=")
	content := ""
	if installation != "" {
		content = "provider_installation {\n" + installation + "}\n"
	}
	if err := os.WriteFile(name, []byte(content), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// configure sets the token and the base URL of the provider in this process.
func (c *cli) configure(token, baseURL string) {
	c.t.Helper()
	c.write(providerFile, fmt.Sprintf("%sprovider \"apify\" {\n  token    = %q\n  base_url = %q\n}\n", requiredProvider, token, baseURL))
}

// reattach serves the provider from this process, and makes the CLI use it.
func (c *cli) reattach() {
	c.t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	configs, closed := make(chan *plugin.ReattachConfig), make(chan struct{})
	go func() {
		_ = tf6server.Serve(address, func() tfprotov6.ProviderServer {
			return newServer(&apifyProvider{
				version: "test", now: c.s.Now, retryDelay: testRetryDelay, totalDelay: testRetryDelay, resendDelay: c.resendDelay,
			})
		}, tf6server.WithDebug(ctx, configs, closed), tf6server.WithGoPluginLogger(hclog.NewNullLogger()), tf6server.WithLoggingSink(c.t))
	}()
	config := <-configs
	c.t.Cleanup(func() { cancel(); <-closed })
	value := map[string]any{
		"Protocol": config.Protocol, "ProtocolVersion": config.ProtocolVersion, "Pid": config.Pid, "Test": config.Test,
		"Addr": map[string]string{"Network": config.Addr.Network(), "String": config.Addr.String()},
	}
	raw, err := json.Marshal(map[string]any{registryHosts[0] + "/apify/apify": value, registryHosts[1] + "/apify/apify": value})
	if err != nil {
		c.t.Fatal(err)
	}
	c.env = append(c.env, "TF_REATTACH_PROVIDERS="+string(raw))
}

// providerDir is the directory of the built provider, or empty if no test needed it.
var providerDir string

var buildProvider = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "terraform-provider-apify-test-")
	if err != nil {
		return "", err
	}
	providerDir = dir
	name := filepath.Join(dir, "terraform-provider-apify")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	out, err := exec.Command("go", "build", "-o", name, "github.com/apify/terraform-provider-apify").CombinedOutput() //nolint:gosec // constant arguments
	if err != nil {
		return "", fmt.Errorf("building the provider: %w\n%s", err, out)
	}
	return name, nil
})

// providerBinary builds the provider once for all tests, and returns the path of its binary.
func providerBinary(t *testing.T) string {
	t.Helper()
	name, err := buildProvider()
	if err != nil {
		t.Fatal(err)
	}
	return name
}

// cliPath returns the path of the CLI under test: TF_ACC_TERRAFORM_PATH, or else the first CLI on
// the PATH.
func cliPath(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("TF_ACC_TERRAFORM_PATH"); path != "" {
		return path
	}
	for _, name := range []string{"terraform", "tofu"} {
		if path, err := exec.LookPath(name); err == nil {
			return path
		}
	}
	t.Fatal("neither terraform nor tofu is on the PATH")
	return ""
}

// cliVersion returns "Terraform" or "OpenTofu", and the version without pre-release suffixes.
var cliVersion = sync.OnceValues(func() (product string, release *version.Version) {
	path := os.Getenv("TF_ACC_TERRAFORM_PATH")
	if path == "" {
		path, _ = exec.LookPath("terraform")
	}
	if path == "" {
		path = "tofu"
	}
	out, _ := exec.Command(path, "version").Output() //nolint:gosec // the CLI under test
	match := regexp.MustCompile(`(Terraform|OpenTofu) v(\S+)`).FindStringSubmatch(string(out))
	if match == nil {
		panic(fmt.Sprintf("no version in %q", out))
	}
	return match[1], version.Must(version.NewVersion(match[2])).Core()
})

// features lists the releases of Terraform and of OpenTofu that a configuration needs, by its text.
var features = []struct {
	name                string
	pattern             *regexp.Regexp
	terraform, openTofu string // empty if no release has the feature
}{
	{"list resources", regexp.MustCompile(`(?m)^\s*list "`), "1.14", ""},
	{"import by identity", regexp.MustCompile(`(?m)^\s+identity\s+= \{`), "1.12", "1.12"},
	{"ephemeral resources", regexp.MustCompile(`(?m)^\s*ephemeral "`), "1.10", "1.11"},
	{"write-only arguments", regexp.MustCompile(`(?m)^\s+\w+_wo\s+=`), "1.11", "1.11"},
	{"removed blocks", regexp.MustCompile(`(?m)^\s*removed \{`), "1.7", "1.10"},
	{"import blocks", regexp.MustCompile(`(?m)^\s*import \{`), "1.5", "1.6"},
	{"check blocks", regexp.MustCompile(`(?m)^check "`), "1.5", "1.6"},
	{"terraform_data", regexp.MustCompile(`"?terraform_data[".]`), "1.4", "1.6"},
	{"replace_triggered_by", regexp.MustCompile(`replace_triggered_by`), "1.2", "1.6"},
	{"moved blocks", regexp.MustCompile(`(?m)^\s*moved \{`), "1.1", "1.6"},
}

// atLeast reports whether the CLI is at least this Terraform or this OpenTofu.
func atLeast(terraform, openTofu string) bool {
	product, release := cliVersion()
	want := map[string]string{"Terraform": terraform, "OpenTofu": openTofu}[product]
	return want != "" && release.GreaterThanOrEqual(version.Must(version.NewVersion(want)))
}

// write writes a file in the working directory. It skips the test if the CLI is too old for it.
func (c *cli) write(name, content string) {
	c.t.Helper()
	for _, f := range features {
		if f.pattern.MatchString(content) && !atLeast(f.terraform, f.openTofu) {
			c.t.Skipf("%s need Terraform %s or OpenTofu %s", f.name, f.terraform, f.openTofu)
		}
	}
	path := filepath.Join(c.dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// remove removes a file from the working directory.
func (c *cli) remove(name string) {
	c.t.Helper()
	if err := os.Remove(filepath.Join(c.dir, name)); err != nil {
		c.t.Fatal(err)
	}
}

// result is the result of a command.
type result struct {
	t *testing.T
	s *testServer
	// output is standard output and standard error together, without frames and line breaks.
	output string
	code   int
	// sent and writes are the requests of the command: all, and those that can change something.
	sent, writes []string
}

// command returns a command of the CLI that is not started, and the buffer for its output.
func (c *cli) command(args ...string) (*exec.Cmd, *bytes.Buffer) {
	c.t.Helper()
	if args[0] != "state" {
		args = append([]string{args[0], "-no-color"}, args[1:]...)
	}
	cmd := exec.CommandContext(c.t.Context(), c.path, args...) //nolint:gosec // the CLI under test
	cmd.Dir, cmd.Env = c.dir, c.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 10 * time.Second
	return cmd, &out
}

// run runs a command of the CLI, such as "state", "rm", "apify_dataset.test".
func (c *cli) run(args ...string) result {
	c.t.Helper()
	cmd, out := c.command(args...)
	return c.finish(cmd, out)
}

// finish runs a command.
func (c *cli) finish(cmd *exec.Cmd, out *bytes.Buffer) result {
	c.t.Helper()
	c.s.Recorder.Reset()
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	r := result{t: c.t, s: c.s, output: flatten(out.String()), code: cmd.ProcessState.ExitCode(), sent: c.s.sent(), writes: c.s.writes()}
	return r.without("panic:", "crashed", "bug in the provider", "unexpected new value", "inconsistent")
}

// apply applies a configuration; empty for the last one.
func (c *cli) apply(config string, flags ...string) result {
	c.t.Helper()
	c.use(config)
	return c.run(append([]string{"apply", "-auto-approve"}, flags...)...)
}

// plan plans a configuration; empty for the last one. The exit code is 2 if there are changes.
func (c *cli) plan(config string, flags ...string) result {
	c.t.Helper()
	c.use(config)
	return c.run(append([]string{"plan", "-detailed-exitcode"}, flags...)...)
}

func (c *cli) destroy(flags ...string) result {
	c.t.Helper()
	return c.run(append([]string{"destroy", "-auto-approve"}, flags...)...)
}

func (c *cli) use(config string) {
	c.t.Helper()
	if config != "" {
		c.write("main.tf", config)
	}
}

// flatten removes the frames and line breaks that the CLI puts into diagnostics.
func flatten(s string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(s)), " ")
}

// ok fails the test unless the command succeeded, without changes in a plan, and its output
// contains all texts.
func (r result) ok(texts ...string) result { r.t.Helper(); return r.expect(0, texts) }

// fails fails the test unless the command failed, and its output contains all texts.
func (r result) fails(texts ...string) result { r.t.Helper(); return r.expect(1, texts) }

// changes fails the test unless the plan has changes, and its output contains all texts.
func (r result) changes(texts ...string) result { r.t.Helper(); return r.expect(2, texts) }

func (r result) expect(code int, texts []string) result {
	r.t.Helper()
	if r.code != code {
		r.t.Fatalf("got exit code %d, want %d:\n%s", r.code, code, r.diagnostics())
	}
	for _, text := range texts {
		if !strings.Contains(r.output, text) {
			r.t.Errorf("the output does not contain %q:\n%s", text, r.diagnostics())
		}
	}
	return r
}

// diagnostics returns the output from the first diagnostic, or its end.
func (r result) diagnostics() string {
	i := regexp.MustCompile(`(Warning|Error): |Plan: `).FindStringIndex(r.output)
	if i == nil {
		return r.output[max(0, len(r.output)-2000):]
	}
	return r.output[i[0]:]
}

// without fails the test if the output contains one of the texts.
func (r result) without(texts ...string) result {
	r.t.Helper()
	for _, text := range texts {
		if strings.Contains(r.output, text) {
			r.t.Errorf("the output contains %q:\n%s", text, r.diagnostics())
		}
	}
	return r
}

// has fails the test unless the output contains a text n times.
func (r result) has(n int, text string) result {
	r.t.Helper()
	if got := strings.Count(r.output, text); got != n {
		r.t.Errorf("got %q %d times, want %d:\n%s", text, got, n, r.diagnostics())
	}
	return r
}

// wrote fails the test unless the command sent exactly these requests that can change something, in
// this order.
func (r result) wrote(want ...string) result {
	r.t.Helper()
	expectRequests(r.t, r.writes, want)
	return r
}

// wroteInAnyOrder is wrote for resources that Terraform handles in no certain order.
func (r result) wroteInAnyOrder(want ...string) {
	r.t.Helper()
	expectRequests(r.t, slices.Sorted(slices.Values(r.writes)), slices.Sorted(slices.Values(want)))
}

// stateInstance is an object in state.
type stateInstance struct {
	IndexKey   any            `json:"index_key"`
	Status     string         `json:"status"`
	Deposed    string         `json:"deposed"`
	Attributes map[string]any `json:"attributes"`
}

// state returns the managed resources in the local state file by address. The address of a deposed
// object ends in " (deposed)".
func (c *cli) state() map[string]stateInstance {
	c.t.Helper()
	all := map[string]stateInstance{}
	raw, err := os.ReadFile(filepath.Join(c.dir, "terraform.tfstate"))
	if errors.Is(err, os.ErrNotExist) {
		return all
	}
	var file struct {
		Resources []struct {
			Mode, Module, Type, Name string
			Instances                []stateInstance
		}
	}
	if err == nil {
		err = json.Unmarshal(raw, &file)
	}
	if err != nil {
		c.t.Fatal(err)
	}
	for _, r := range file.Resources {
		for _, i := range r.Instances {
			address := strings.TrimPrefix(r.Module+".", ".") + r.Type + "." + r.Name
			if i.IndexKey != nil {
				key, _ := json.Marshal(i.IndexKey)
				address += "[" + string(key) + "]"
			}
			if i.Deposed != "" {
				address += " (deposed)"
			}
			if r.Mode == "managed" {
				all[address] = i
			}
		}
	}
	return all
}

// id returns the ID of a dataset in state, which must not be tainted.
func (c *cli) id(address string) string {
	c.t.Helper()
	i, ok := c.state()[address]
	if !ok || i.Status != "" {
		c.t.Fatalf("the state has %q (%t, %q)", address, ok, i.Status)
	}
	return i.Attributes["id"].(string)
}

// expectState fails the test unless the state has exactly these datasets, none tainted or deposed:
// addresses and IDs in turn.
func (c *cli) expectState(addressesAndIDs ...string) {
	c.t.Helper()
	got, want := map[string]string{}, map[string]string{}
	for address, i := range c.state() {
		if strings.Contains(address, "apify_dataset.") {
			got[address] = fmt.Sprint(i.Attributes["id"], i.Status)
		}
	}
	for pair := range slices.Chunk(addressesAndIDs, 2) {
		want[pair[0]] = pair[1]
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		c.t.Errorf("the state has the datasets %v, want %v", got, want)
	}
}

// sh runs a shell command that uses the CLI under the name terraform, and returns its output as it
// is.
func (c *cli) sh(command string, env ...string) (output string, code int) {
	c.t.Helper()
	dir := c.t.TempDir()
	if err := os.Symlink(c.path, filepath.Join(dir, "terraform")); err != nil {
		c.t.Fatal(err)
	}
	cmd := exec.CommandContext(c.t.Context(), "sh", "-c", command) //nolint:gosec // of the documentation
	cmd.Dir = c.dir
	cmd.Env = slices.Concat(c.env, env, []string{"PATH=" + dir + string(os.PathListSeparator) + os.Getenv("PATH")})
	out, err := cmd.CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	return string(out), cmd.ProcessState.ExitCode()
}
