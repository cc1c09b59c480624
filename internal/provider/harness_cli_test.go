package provider

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
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

	"github.com/hashicorp/go-version"
)

// cli is a working directory in which the real Terraform or OpenTofu runs the real provider binary.
type cli struct {
	t    *testing.T
	dir  string
	path string
	env  []string
	// config is the path of the CLI's configuration file.
	config string
}

// result is the result of a command. The output is standard output and standard error together,
// without colors, frames and line breaks.
type result struct {
	output string
	code   int
}

// providerDir is the directory of the built provider, or empty if no test needed it.
var providerDir string

// providerBinary builds the provider once for all tests, and returns the path of its binary.
var providerBinary = sync.OnceValues(func() (string, error) {
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

// mustBuildProvider returns the path of the provider binary.
func mustBuildProvider(t *testing.T) string {
	t.Helper()
	name, err := providerBinary()
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

// newCLI returns an empty working directory. The token and the base URL are in the environment, as
// is usual. Nothing else of the user's environment is.
func (s *testServer) newCLI(t *testing.T) *cli {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests need TF_ACC=1")
	}
	c := &cli{t: t, dir: t.TempDir(), path: cliPath(t)}
	c.config = filepath.Join(t.TempDir(), "cli.tfrc")
	c.overrideProviders(map[string]string{"apify/apify": filepath.Dir(mustBuildProvider(t))})
	c.env = []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + t.TempDir(),
		"TMPDIR=" + t.TempDir(),
		"SYSTEMROOT=" + os.Getenv("SYSTEMROOT"),
		"TF_CLI_CONFIG_FILE=" + c.config,
		"TF_IN_AUTOMATION=1",
		"CHECKPOINT_DISABLE=1",
		tokenVariable + "=" + s.Token,
		apiBaseURLVariable + "=" + s.URL,
	}
	c.write("provider.tf", `terraform {
  required_providers {
    apify = { source = "apify/apify" }
  }
}
`)
	return c
}

// registryHosts are the registries of the two CLIs.
var registryHosts = []string{"registry.terraform.io", "registry.opentofu.org"}

// overrideProviders configures the CLI to use providers from directories, by their addresses
// without a host, and without init.
func (c *cli) overrideProviders(dirs map[string]string) {
	c.t.Helper()
	var b strings.Builder
	for address, dir := range dirs {
		for _, host := range registryHosts {
			fmt.Fprintf(&b, "    %q = %q\n", host+"/"+address, dir)
		}
	}
	c.writeConfig("  dev_overrides {\n" + b.String() + "  }\n  direct {}\n")
}

// mirrorProviders configures the CLI to install the providers with init, from a directory that has
// them as a registry would.
func (c *cli) mirrorProviders() {
	c.t.Helper()
	mirror := c.t.TempDir()
	for _, host := range registryHosts {
		dir := filepath.Join(mirror, host, "apify/apify/0.1.0", runtime.GOOS+"_"+runtime.GOARCH)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			c.t.Fatal(err)
		}
		if err := os.Symlink(mustBuildProvider(c.t), filepath.Join(dir, "terraform-provider-apify_v0.1.0")); err != nil {
			c.t.Fatal(err)
		}
	}
	c.writeConfig(fmt.Sprintf("  filesystem_mirror {\n    path = %q\n  }\n", mirror))
}

// writeConfig writes the configuration file of the CLI.
func (c *cli) writeConfig(installation string) {
	c.t.Helper()
	if err := os.WriteFile(c.config, []byte("provider_installation {\n"+installation+"}\n"), 0o600); err != nil {
		c.t.Fatal(err)
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

// write writes a file in the working directory.
func (c *cli) write(name, content string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(content), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// remove removes a file from the working directory.
func (c *cli) remove(name string) {
	c.t.Helper()
	if err := os.Remove(filepath.Join(c.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		c.t.Fatal(err)
	}
}

// command returns a command of the CLI that is not started, and the buffer for its output.
func (c *cli) command(args ...string) (*exec.Cmd, *bytes.Buffer) {
	c.t.Helper()
	if len(args) > 0 && args[0] != "show" && args[0] != "output" && args[0] != "state" {
		args = append([]string{args[0], "-no-color"}, args[1:]...)
	}
	cmd := exec.CommandContext(c.t.Context(), c.path, args...) //nolint:gosec // the CLI under test
	cmd.Dir, cmd.Env = c.dir, c.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 10 * time.Second
	return cmd, &out
}

// run runs a command of the CLI, such as "apply", "-auto-approve".
func (c *cli) run(args ...string) result {
	c.t.Helper()
	cmd, out := c.command(args...)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	return newResult(cmd, out)
}

// newResult returns the result of a command that has ended.
func newResult(cmd *exec.Cmd, out *bytes.Buffer) result {
	return result{output: flatten(out.String()), code: cmd.ProcessState.ExitCode()}
}

// mustRun runs a command of the CLI that must succeed.
func (c *cli) mustRun(args ...string) result {
	c.t.Helper()
	r := c.run(args...)
	if r.code != 0 {
		c.t.Fatalf("%s exited with %d:\n%s", strings.Join(args, " "), r.code, r.output)
	}
	return r
}

// mustApply applies a configuration, formatted as by fmt.Sprintf, and returns the ID of the dataset
// under test.
func (c *cli) mustApply(config string, args ...any) string {
	c.t.Helper()
	c.write("main.tf", fmt.Sprintf(config, args...))
	c.mustRun("apply", "-auto-approve")
	return c.id("apify_dataset.test")
}

// rawOutput runs a command of the CLI that must succeed, and returns its output as it is.
func (c *cli) rawOutput(args ...string) string {
	c.t.Helper()
	cmd, out := c.command(args...)
	if err := cmd.Run(); err != nil {
		c.t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out.String()
}

// flatten removes the frames and line breaks that the CLI puts into diagnostics.
func flatten(s string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(s)), " ")
}

// expect fails the test unless the exit code is right and the output contains all texts.
func (r result) expect(t *testing.T, code int, texts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("got exit code %d, want %d:\n%s", r.code, code, r.output)
	}
	for _, text := range texts {
		if !strings.Contains(r.output, text) {
			t.Errorf("the output does not contain %q:\n%s", text, r.output)
		}
	}
	r.expectNone(t, "panic", "crash")
}

// expectNone fails the test if the output contains one of the texts.
func (r result) expectNone(t *testing.T, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if strings.Contains(r.output, text) {
			t.Errorf("the output contains %q:\n%s", text, r.output)
		}
	}
}

// expectErrors fails the test unless the output has this number of errors.
func (r result) expectErrors(t *testing.T, want int) {
	t.Helper()
	if got := strings.Count(r.output, "Error: "); got != want {
		t.Errorf("got %d errors, want %d:\n%s", got, want, r.output)
	}
}

// expectNoChanges plans, and fails the test if the plan has changes.
func (c *cli) expectNoChanges() {
	c.t.Helper()
	c.run("plan", "-detailed-exitcode").expect(c.t, 0, "No changes")
}

// attributes returns the attributes of a resource in the state, or nil if it is not there. A
// tainted resource fails the test.
func (c *cli) attributes(address string) map[string]any {
	c.t.Helper()
	for _, r := range c.resources() {
		if r.Address == address {
			if r.Tainted {
				c.t.Errorf("%s is tainted", address)
			}
			return r.Values
		}
	}
	return nil
}

// id returns the ID of a dataset in the state.
func (c *cli) id(address string) string {
	c.t.Helper()
	id, ok := c.attributes(address)["id"].(string)
	if !ok {
		c.t.Fatalf("%s is not in the state", address)
	}
	return id
}

// expectID fails the test unless the state has this dataset.
func (c *cli) expectID(address, want string) {
	c.t.Helper()
	if got := c.id(address); got != want {
		c.t.Errorf("%s has dataset %s, want %s", address, got, want)
	}
}

// stateResource is a resource in the output of terraform show -json.
type stateResource struct {
	Address string         `json:"address"`
	Tainted bool           `json:"tainted"`
	Values  map[string]any `json:"values"`
}

// resources returns all resources in the state, except those in modules.
func (c *cli) resources() []stateResource {
	c.t.Helper()
	var state struct {
		Values struct {
			RootModule struct {
				Resources []stateResource `json:"resources"`
			} `json:"root_module"`
		} `json:"values"`
	}
	out := c.rawOutput("show", "-json")
	text := out
	if i := strings.Index(text, "{"); i >= 0 { // The CLI prints warnings first.
		text = text[i:]
	}
	if err := json.Unmarshal([]byte(text), &state); err != nil {
		c.t.Fatalf("%v\n%s", err, out)
	}
	return state.Values.RootModule.Resources
}

// files returns the contents of all files that the runs have left behind, by path: in the working
// directory, the home directory and the directory for temporary files. A saved plan, which is a zip
// archive, is returned as one entry for each of its members.
func (c *cli) files() map[string]string {
	c.t.Helper()
	all := map[string]string{}
	dirs := []string{c.dir}
	for _, variable := range c.env {
		if name, dir, _ := strings.Cut(variable, "="); name == "HOME" || name == "TMPDIR" {
			dirs = append(dirs, dir)
		}
	}
	for _, dir := range dirs {
		err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
			if err != nil || !entry.Type().IsRegular() {
				return err
			}
			raw, err := os.ReadFile(name) //nolint:gosec // a file of this test
			if err != nil {
				return err
			}
			archive, err := zip.NewReader(bytes.NewReader(raw), int64(len(raw)))
			if errors.Is(err, zip.ErrFormat) {
				all[name] = string(raw)
				return nil
			}
			if err != nil {
				return err
			}
			for _, f := range archive.File {
				content, err := fs.ReadFile(archive, f.Name)
				if err != nil {
					return err
				}
				all[name+"/"+f.Name] = string(content)
			}
			return nil
		})
		if err != nil {
			c.t.Fatal(err)
		}
	}
	return all
}

// version returns "Terraform" or "OpenTofu", and the version of the CLI without pre-release
// suffixes.
func (c *cli) version() (product string, release *version.Version) {
	c.t.Helper()
	out := c.rawOutput("version")
	match := regexp.MustCompile(`(Terraform|OpenTofu) v(\S+)`).FindStringSubmatch(out)
	if match == nil {
		c.t.Fatalf("no version in %q", out)
	}
	return match[1], version.Must(version.NewVersion(match[2])).Core()
}

// skipBelow skips the test on a Terraform or an OpenTofu below these versions.
func (c *cli) skipBelow(terraform, tofu string) {
	c.t.Helper()
	if !c.atLeast(terraform, tofu) {
		product, release := c.version()
		c.t.Skipf("needs Terraform %s or OpenTofu %s, and this is %s %s", terraform, tofu, product, release)
	}
}

// atLeast reports whether the CLI is at least the given version of Terraform or of OpenTofu.
func (c *cli) atLeast(terraform, tofu string) bool {
	product, release := c.version()
	want := map[string]string{"Terraform": terraform, "OpenTofu": tofu}[product]
	return release.GreaterThanOrEqual(version.Must(version.NewVersion(want)))
}

// skipWithoutSignals skips the test on Terraform 1.0, which runs itself in a child process. A
// terminal sends its signals to both processes, and a test only to the first one.
func (c *cli) skipWithoutSignals() {
	c.t.Helper()
	c.skipBelow("1.1.0", "1.6.0")
}
