package provider

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/go-version"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// Every file in examples/ is applied, and every command of the README and the guides is run. The
// tests find both themselves.

var repository = filepath.Join("..", "..")

// example contains the files of a configuration by their paths.
type example map[string]string

// readExample reads all files in a directory of the repository, without those of other providers,
// which tests cannot install.
func readExample(t *testing.T, dir string) example {
	t.Helper()
	files := example{}
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(filepath.Join(dir, name)) //nolint:gosec // of this repository
		files[name] = otherProviders.ReplaceAllString(string(content), "")
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// otherProviders matches everything about Vault, to which an example writes.
var otherProviders = regexp.MustCompile(`(?ms)^    vault = \{\n.*?^    \}\n|^provider "vault" \{\}\n|^resource "vault_.*?^\}\n`)

// without returns the files whose names do not end in one of the suffixes.
func (e example) without(suffixes ...string) example {
	rest := example{}
	for name, content := range e {
		if !slices.ContainsFunc(suffixes, func(s string) bool { return strings.HasSuffix(name, s) }) {
			rest[name] = content
		}
	}
	return rest
}

// newExampleServer starts an emulator with the accounts and datasets that the examples use: the
// token is that of jane, and acme shares a dataset with her.
func newExampleServer(t *testing.T) *testServer {
	t.Helper()
	s := newEmulator(t, emulator.Options{Users: []emulator.User{
		{Username: "jane", Token: emulator.DefaultToken, ReadOnlyTokens: []string{readOnlyToken}}, {ID: "AcmeUser000000001", Username: "acme"},
	}})
	s.API.Seed(emulator.Dataset{ID: "WkzbQMuFYuamGv3YF", Name: "product-prices", Items: slices.Repeat([]json.RawMessage{[]byte(`{"sku":"A1","price":9.5}`)}, 1000)})
	s.API.Seed(emulator.Dataset{ID: "NK9XYGU4NYlB7vKQb", Name: "product-ratings"})
	s.API.Seed(emulator.Dataset{
		Name: "competitor-prices", UserID: "AcmeUser000000001", SharedWith: map[string]emulator.Permission{"jane": emulator.PermissionRead},
	})
	return s
}

var requiredVersion = regexp.MustCompile(`required_version = "([^"]+)"`)

// newExample writes an example to a new working directory, whose CLI uses the provider in this
// process.
func (s *testServer) newExample(t *testing.T, e example) *cli {
	t.Helper()
	c := s.newCLI(t)
	c.writeExample(e)
	required, name := requiredProvider, providerFile
	if all := fmt.Sprint(e); strings.Contains(all, "required_providers") {
		required = ""
		if strings.Contains(all, `provider "apify"`) {
			name = "test_override.tf"
			c.remove(providerFile)
		}
	}
	c.write(name, required+s.config(""))
	return c
}

// newInstalledExample writes an example to a new working directory, and installs the built provider
// there with init.
func (s *testServer) newInstalledExample(t *testing.T, e example) *cli {
	t.Helper()
	c := s.newBinaryCLI(t)
	c.writeExample(e)
	if strings.Contains(fmt.Sprint(e), "required_providers") {
		c.remove(providerFile)
	}
	mirror := t.TempDir()
	for _, host := range registryHosts {
		dir := filepath.Join(mirror, host, "apify", "apify", "0.1.0", runtime.GOOS+"_"+runtime.GOARCH)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(providerBinary(t), filepath.Join(dir, "terraform-provider-apify_v0.1.0")); err != nil {
			t.Fatal(err)
		}
	}
	c.writeCLIConfig(fmt.Sprintf("  filesystem_mirror {\n    path = %q\n  }\n", mirror))
	c.run("init").ok("apify/apify v0.1.0")
	return c
}

// writeExample writes an example. It skips the test if the CLI is too old.
func (c *cli) writeExample(e example) {
	c.t.Helper()
	for name, content := range e {
		if m := requiredVersion.FindStringSubmatch(content); m != nil {
			if _, current := cliVersion(); !version.MustConstraints(version.NewConstraint(m[1])).Check(current) {
				c.t.Skipf("needs %s", m[1])
			}
		}
		c.write(name, content)
	}
}

// TestAccExamples_apply applies every configuration, and plans without changes. A directory with
// main.tf is one configuration; elsewhere each file is.
func TestAccExamples_apply(t *testing.T) {
	t.Parallel()
	configurations := map[string]example{}
	err := filepath.WalkDir(filepath.Join(repository, "examples"), func(path string, _ fs.DirEntry, err error) error {
		name, _ := filepath.Rel(filepath.Join(repository, "examples"), path)
		switch base := filepath.Base(path); {
		case err != nil:
		case base == "main.tf":
			configurations[filepath.Dir(name)] = readExample(t, filepath.Dir(path)).without(".hcl")
		case strings.HasSuffix(base, ".tf") && base != "versions.tf":
			if _, err := os.Stat(filepath.Join(filepath.Dir(path), "main.tf")); err != nil {
				configurations[name] = example{base: readExample(t, filepath.Dir(path))[base]}
			}
		}
		return err
	})
	if err != nil || len(configurations) < 10 {
		t.Fatalf("%v, %d configurations", err, len(configurations))
	}
	readme := codeBlocks(t, filepath.Join(repository, "README.md"), "terraform")
	configurations["README.md"] = example{"main.tf": readme[0]}
	for name, e := range configurations {
		t.Run(filepath.ToSlash(name), func(t *testing.T) {
			t.Parallel()
			s := newExampleServer(t)
			c := s.newExample(t, e)
			c.apply("").ok()
			c.plan("").ok("No changes")
		})
	}
}

// TestAccExamples_imports runs each command of an import.sh. The next plan has no changes.
func TestAccExamples_imports(t *testing.T) {
	t.Parallel()
	c := newExampleServer(t).newExample(t, example{"main.tf": block("prices", named("product-prices"))})
	ran := 0
	for line := range strings.Lines(readExample(t, filepath.Join(repository, "examples", "resources", "apify_dataset"))["import.sh"]) {
		if !strings.HasPrefix(line, "terraform import ") {
			continue
		}
		if ran++; ran > 1 {
			c.remove("terraform.tfstate")
		}
		if out, code := c.sh(line); code != 0 {
			t.Errorf("exit code %d:\n%s\n%s", code, line, out)
		}
		c.expectState("apify_dataset.prices", "WkzbQMuFYuamGv3YF")
	}
	if ran == 0 {
		t.Error("no command was run")
	}
	c.plan("").ok("No changes").wrote()
}

// TestAccExamples_queries runs every query.
func TestAccExamples_queries(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir(filepath.Join(repository, "examples"), func(path string, _ fs.DirEntry, err error) error {
		if name := filepath.Base(path); strings.HasSuffix(name, ".tfquery.hcl") {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				e := example{name: readExample(t, filepath.Dir(path))[name]}
				newExampleServer(t).newExample(t, e).run("query").ok("id=WkzbQMuFYuamGv3YF", "product-prices").wrote()
			})
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

// codeBlocks returns the code blocks of a page in one of the languages.
func codeBlocks(t *testing.T, page string, languages ...string) []string {
	t.Helper()
	text, err := os.ReadFile(page) //nolint:gosec // of this repository
	if err != nil {
		t.Fatal(err)
	}
	var blocks []string
	for _, m := range regexp.MustCompile("(?ms)^ *```(\\w+)\n(.*?)^ *```$").FindAllStringSubmatch(string(text), -1) {
		if slices.Contains(languages, m[1]) {
			blocks = append(blocks, m[2])
		}
	}
	return blocks
}

// TestAccExamples_commands runs the commands of each guide in their order, with the guide's
// example, or with a dataset to which the placeholders refer. If a destroy is refused because of
// items, the test allows it, as the guide says.
func TestAccExamples_commands(t *testing.T) {
	t.Parallel()
	pages, err := filepath.Glob(filepath.Join(repository, "templates", "guides", "*.md.tmpl"))
	if err != nil || len(pages) == 0 {
		t.Fatal("no guides", err)
	}
	for _, page := range pages {
		guide := strings.TrimSuffix(filepath.Base(page), ".md.tmpl")
		t.Run(guide, func(t *testing.T) {
			t.Parallel()
			blocks := codeBlocks(t, page, "shell", "sh")
			if len(blocks) == 0 {
				t.Skip("no commands")
			}
			s, e := newExampleServer(t), example{"main.tf": block("NAME", named("product-ratings"))}
			if _, err := os.Stat(filepath.Join(repository, "examples", "guides", guide, "main.tf")); err == nil {
				e = readExample(t, filepath.Join(repository, "examples", "guides", guide)).without(".hcl")
			}
			c := s.newInstalledExample(t, e)
			env := []string{"TF_CLI_ARGS_apply=-auto-approve", "TF_CLI_ARGS_destroy=-auto-approve", "TF_CLI_ARGS=-no-color"}
			ran := 0
			for _, commands := range blocks {
				if skip := cannotRun(commands); skip != "" {
					t.Logf("not run, %s: %s", skip, commands)
					continue
				}
				if ran == 0 || strings.Contains(commands, "untaint ") || strings.Contains(commands, "state rm ") {
					c.apply("").ok() // commands that follow need a state
				}
				if strings.Contains(commands, "archive") && !strings.Contains(fmt.Sprint(e), "archive") {
					c.write("archive.tf", block("archive", named("archive")))
					c.apply("").ok()
				}
				if strings.Contains(commands, "untaint ") {
					c.run("taint", "apify_dataset.NAME").ok()
				}
				ran++
				command := strings.NewReplacer("https://api.apify.com", s.URL, "DATASET_ID", "NK9XYGU4NYlB7vKQb", "CURRENT_ID", "NK9XYGU4NYlB7vKQb", "\n", " || exit\n", " \\\n", " ").
					Replace(strings.TrimSpace(commands))
				out, code := c.sh(command, env...)
				if code != 0 && strings.Contains(commands, "destroy") && strings.Contains(out, "Apify dataset contains items") {
					for name, content := range e {
						c.write(name, regexp.MustCompile(`(?m)^  name += .*$`).ReplaceAllString(content, "$0\n  "+forceDestroy))
					}
				} else if code != 0 {
					t.Errorf("exit code %d:\n%s\n%s", code, commands, out)
				}
			}
		})
	}
}

// cannotRun returns why a test cannot run commands, or "".
func cannotRun(commands string) string {
	_, noJQ := exec.LookPath("jq")
	_, noCurl := exec.LookPath("curl")
	switch {
	case strings.Contains(commands, "apify_api_..."):
		return "a token"
	case strings.Contains(commands, "terraform query") && !atLeast("1.14", ""):
		return "needs Terraform 1.14"
	case strings.Contains(commands, "jq ") && noJQ != nil, strings.Contains(commands, "curl ") && noCurl != nil:
		return "not installed"
	case strings.Contains(commands, "format=csv"):
		return "another format"
	default:
		return ""
	}
}

// TestAccExamples_readme runs the commands of the README in a copy of the repository, with an empty
// home directory, except those that need a token or run all tests.
func TestAccExamples_readme(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("builds the provider again")
	}
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("make is not installed")
	}
	c := newEmulator(t, emulator.Options{}).newWorkingDirectory(t)
	err := fs.WalkDir(os.DirFS(repository), ".", func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (slices.Contains([]string{".git", "bin", "dist", "docs"}, name) || strings.HasPrefix(entry.Name(), ".terraform")):
			return fs.SkipDir
		case !entry.Type().IsRegular():
			return nil
		}
		content, err := os.ReadFile(filepath.Join(repository, name)) //nolint:gosec // of this repository
		if err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(c.dir, filepath.Dir(name)), 0o700); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(c.dir, name), content, 0o600)
	})
	if err != nil {
		t.Fatal(err)
	}
	// With -trimpath, Go finds the packages of an earlier copy in its build cache.
	env := []string{"TF_CLI_ARGS_apply=-auto-approve", "TF_CLI_ARGS_destroy=-auto-approve", "GOFLAGS=-trimpath"}
	for _, variable := range []string{"GOCACHE", "GOMODCACHE", "GOPATH", "GOPROXY"} {
		value, err := exec.CommandContext(t.Context(), "go", "env", variable).Output() //nolint:gosec // constant arguments
		if err != nil {
			t.Fatal(err)
		}
		env = append(env, variable+"="+strings.TrimSpace(string(value)))
	}
	c.env = slices.DeleteFunc(c.env, func(v string) bool { return strings.HasPrefix(v, "TF_CLI_CONFIG_FILE=") })
	ran := 0
	for _, commands := range codeBlocks(t, filepath.Join(repository, "README.md"), "sh", "shell") {
		// The installation on Apify repeats the commands with the emulator, with a token.
		if strings.Contains(commands, "make test") || strings.Contains(commands, "apify_api_") || !strings.Contains(commands, "emulator") && !strings.Contains(commands, "demo") {
			continue
		}
		ran++
		out, code := c.sh("set -e\n"+commands, env...)
		if code != 0 {
			t.Errorf("exit code %d:\n%s\n%s", code, commands, out)
		}
		if lines := strings.Count(out, "\n"); strings.Contains(commands, "make demo") && lines > 120 {
			t.Errorf("the demo prints %d lines", lines)
		}
	}
	if ran == 0 {
		t.Error("no command was run")
	}
}

// TestAccExamples_workflows runs the steps of each workflow: jobs with the secret for reading get a
// read-only token, which cannot read its account either.
func TestAccExamples_workflows(t *testing.T) {
	t.Parallel()
	err := filepath.WalkDir(filepath.Join(repository, "examples"), func(path string, _ fs.DirEntry, err error) error {
		root, _, found := strings.Cut(filepath.ToSlash(path), "/.github/workflows/")
		if err != nil || !found {
			return err
		}
		t.Run(filepath.Base(root), func(t *testing.T) {
			t.Parallel()
			s, e := newExampleServer(t), readExample(t, filepath.FromSlash(root))
			noAccount := refusal(getUser, http.StatusForbidden, "insufficient-permissions")
			noAccount.Match = func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer "+readOnlyToken }
			s.Recorder.Inject(noAccount)
			c := s.newInstalledExample(t, e)
			env, ran := []string{}, 0
			for line := range strings.Lines(readExample(t, filepath.Dir(path))[filepath.Base(path)]) {
				if m := regexp.MustCompile(`^  (\w+):\n`).FindStringSubmatch(line); m != nil { // a job
					env = []string{"GITHUB_STEP_SUMMARY=" + filepath.Join(t.TempDir(), "summary")}
				}
				if strings.Contains(line, "secrets.APIFY_TOKEN_READ") {
					env = append(env, tokenVariable+"="+readOnlyToken)
				}
				if m := regexp.MustCompile(`^      (TF_VAR_\w+): "(.*?)"`).FindStringSubmatch(line); m != nil {
					env = append(env, m[1]+"="+m[2])
				}
				if _, command, ok := strings.Cut(line, "- run: "); ok {
					ran++
					if out, code := c.sh(command, env...); code != 0 {
						t.Errorf("exit code %d:\n%s\n%s", code, command, out)
					}
				}
			}
			if ran == 0 {
				t.Error("no step was run")
			}
		})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
