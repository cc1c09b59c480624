package provider

import (
	"archive/zip"
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/go-version"
)

// cli is a working directory in which the real Terraform or OpenTofu runs the
// real provider binary.
type cli struct {
	t    *testing.T
	dir  string
	path string
	env  []string
}

// result is what a command came to. The output is both streams, without colours
// and frames.
type result struct {
	output string
	code   int
}

// binary builds the provider once for all tests.
var binary = sync.OnceValues(func() (string, error) {
	dir, err := os.MkdirTemp("", "terraform-provider-apify-test-")
	if err != nil {
		return "", err
	}
	name := filepath.Join(dir, "terraform-provider-apify")
	if runtime.GOOS == "windows" {
		name += ".exe"
	}
	out, err := exec.Command("go", "build", "-o", name, "github.com/apify/terraform-provider-apify").CombinedOutput() //nolint:gosec // fixed words
	if err != nil {
		return "", fmt.Errorf("building the provider: %w\n%s", err, out)
	}
	return name, nil
})

// TestMain fixes what random tests draw, so that a run can be repeated; -args
// -rapid.seed=0 draws anew.
func TestMain(m *testing.M) {
	if err := flag.Set("rapid.seed", "20191212"); err != nil {
		panic(err)
	}
	code := m.Run()
	if name, err := binary(); err == nil && os.Getenv("TF_ACC") != "" {
		_ = os.RemoveAll(filepath.Dir(name))
	}
	os.Exit(code)
}

// cliPath is the CLI that the acceptance tests run: the one they are told, else
// the one on the PATH.
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
	t.Fatal("there is neither a terraform nor a tofu on the PATH")
	return ""
}

// newCLI makes an empty working directory. The token and the address are in the
// environment, as they usually are; nothing else of the user's is.
func (s *testServer) newCLI(t *testing.T) *cli {
	t.Helper()
	if os.Getenv("TF_ACC") == "" {
		t.Skip("acceptance tests need TF_ACC=1")
	}
	provider, err := binary()
	if err != nil {
		t.Fatal(err)
	}
	c := &cli{t: t, dir: t.TempDir(), path: cliPath(t)}
	config := filepath.Join(t.TempDir(), "cli.tfrc")
	overrides := fmt.Sprintf(`provider_installation {
  dev_overrides {
    "registry.terraform.io/apify/apify" = %q
    "registry.opentofu.org/apify/apify" = %q
  }
  direct {}
}
`, filepath.Dir(provider), filepath.Dir(provider))
	if err := os.WriteFile(config, []byte(overrides), 0o600); err != nil {
		t.Fatal(err)
	}
	c.env = []string{
		"PATH=" + os.Getenv("PATH"),
		"HOME=" + t.TempDir(),
		"TMPDIR=" + t.TempDir(),
		"SYSTEMROOT=" + os.Getenv("SYSTEMROOT"),
		"TF_CLI_CONFIG_FILE=" + config,
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

// write puts a file into the working directory.
func (c *cli) write(name, content string) {
	c.t.Helper()
	if err := os.WriteFile(filepath.Join(c.dir, name), []byte(content), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// remove takes a file out of the working directory.
func (c *cli) remove(name string) {
	c.t.Helper()
	if err := os.Remove(filepath.Join(c.dir, name)); err != nil && !errors.Is(err, os.ErrNotExist) {
		c.t.Fatal(err)
	}
}

// command is a command of the CLI that has not been started yet.
func (c *cli) command(args ...string) (*exec.Cmd, *bytes.Buffer) {
	c.t.Helper()
	if len(args) > 0 && args[0] != "show" && args[0] != "output" && args[0] != "state" {
		args = append([]string{args[0], "-no-color"}, args[1:]...)
	}
	cmd := exec.CommandContext(c.t.Context(), c.path, args...) //nolint:gosec // the CLI that the tests are for
	cmd.Dir, cmd.Env = c.dir, c.env
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	cmd.WaitDelay = 10 * time.Second
	return cmd, &out
}

// run runs a command of the CLI, such as "apply", "-auto-approve", to its end.
func (c *cli) run(args ...string) result {
	c.t.Helper()
	cmd, out := c.command(args...)
	err := cmd.Run()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		c.t.Fatal(err)
	}
	return result{output: flatten(out.String()), code: cmd.ProcessState.ExitCode()}
}

// mustRun is run for a command that has to succeed.
func (c *cli) mustRun(args ...string) result {
	c.t.Helper()
	r := c.run(args...)
	if r.code != 0 {
		c.t.Fatalf("%s exited with %d:\n%s", strings.Join(args, " "), r.code, r.output)
	}
	return r
}

// flatten undoes the frames and the line breaks that the CLI puts into
// diagnostics.
func flatten(s string) string {
	return strings.Join(strings.Fields(strings.NewReplacer("│", " ", "╷", " ", "╵", " ").Replace(s)), " ")
}

// expect fails the test unless the exit code is right and all texts are in the
// output.
func (r result) expect(t *testing.T, code int, texts ...string) {
	t.Helper()
	if r.code != code {
		t.Errorf("the exit code is %d, not %d:\n%s", r.code, code, r.output)
	}
	for _, text := range texts {
		if !strings.Contains(r.output, text) {
			t.Errorf("the output does not say %q:\n%s", text, r.output)
		}
	}
	for _, never := range []string{"panic", "crash"} {
		if strings.Contains(r.output, never) {
			t.Errorf("the output says %q:\n%s", never, r.output)
		}
	}
}

// expectNoChanges plans, and fails the test if that would change anything.
func (c *cli) expectNoChanges() {
	c.t.Helper()
	c.run("plan", "-detailed-exitcode").expect(c.t, 0, "No changes")
}

// attributes are those of a resource in the state, or nil if it is not there.
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

// stateResource is a resource as terraform show -json has it.
type stateResource struct {
	Address string         `json:"address"`
	Tainted bool           `json:"tainted"`
	Values  map[string]any `json:"values"`
}

// resources are all that the state has outside of modules.
func (c *cli) resources() []stateResource {
	c.t.Helper()
	cmd, out := c.command("show", "-json")
	if err := cmd.Run(); err != nil {
		c.t.Fatalf("%v\n%s", err, out)
	}
	var state struct {
		Values struct {
			RootModule struct {
				Resources []stateResource `json:"resources"`
			} `json:"root_module"`
		} `json:"values"`
	}
	text := out.String()
	if i := strings.Index(text, "{"); i >= 0 { // warnings may stand before
		text = text[i:]
	}
	if err := json.Unmarshal([]byte(text), &state); err != nil {
		c.t.Fatalf("%v\n%s", err, out)
	}
	return state.Values.RootModule.Resources
}

// files are all that the runs have left behind, by path: in the working directory,
// the home directory and the one for temporary files. Saved plans, which are zip
// archives, come member by member.
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

// skipBelow skips the test on a Terraform or an OpenTofu below these versions.
func (c *cli) skipBelow(terraform, tofu string) {
	c.t.Helper()
	cmd, out := c.command("version")
	if err := cmd.Run(); err != nil {
		c.t.Fatalf("%v\n%s", err, out)
	}
	product, rest, _ := strings.Cut(out.String(), " v")
	line, _, _ := strings.Cut(rest, "\n")
	is, err := version.NewVersion(strings.TrimSpace(line))
	if err != nil {
		c.t.Fatalf("no version in %q: %v", out, err)
	}
	want := map[string]string{"Terraform": terraform, "OpenTofu": tofu}[product]
	if is.Core().LessThan(version.Must(version.NewVersion(want))) {
		c.t.Skipf("%s %s does not have this: it came with %s", product, is, want)
	}
}

// id is that of a dataset in the state.
func (c *cli) id(address string) string {
	c.t.Helper()
	id, ok := c.attributes(address)["id"].(string)
	if !ok {
		c.t.Fatalf("%s is not in the state", address)
	}
	return id
}
