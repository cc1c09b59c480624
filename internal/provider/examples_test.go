package provider

import (
	"encoding/json"
	"io/fs"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/go-version"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// These tests run every file in examples/, which the documentation shows. They skip examples for
// newer CLIs than the installed one, but check the format, and therefore the syntax, of all.

// examplesDir is the path of examples/.
var examplesDir = filepath.Join("..", "..", "examples")

// exampleFeatures lists the release of Terraform and of OpenTofu that a configuration needs, by its
// text.
var exampleFeatures = []struct {
	name                string
	pattern             *regexp.Regexp
	terraform, openTofu string // empty if no release has the feature
}{
	{"list resources", regexp.MustCompile(`(?m)^list "`), ">= 1.14", ""},
	{"import by identity", regexp.MustCompile(`(?m)^\s+identity = \{`), ">= 1.12", ">= 1.12"},
	{"write-only arguments", regexp.MustCompile(`(?m)^\s+\w+_wo\s+=`), ">= 1.11", ">= 1.11"},
	{"ephemeral resources", regexp.MustCompile(`(?m)^ephemeral "`), ">= 1.10", ">= 1.11"},
	{"removed blocks", regexp.MustCompile(`(?m)^removed \{`), ">= 1.7", ">= 1.10"},
	{"mock providers", regexp.MustCompile(`(?m)^mock_provider "`), ">= 1.7", ">= 1.8"},
	{"test files", regexp.MustCompile(`(?m)^run "`), ">= 1.6", ">= 1.6"},
	{"import blocks", regexp.MustCompile(`(?m)^import \{`), ">= 1.5", ">= 1.6"},
	{"check blocks", regexp.MustCompile(`(?m)^check "`), ">= 1.5", ">= 1.6"},
	{"terraform_data", regexp.MustCompile(`(?m)^resource "terraform_data"`), ">= 1.4", ">= 1.6"},
}

var requiredVersion = regexp.MustCompile(`required_version = "([^"]+)"`)

// example contains the files of a configuration by their paths.
type example map[string]string

// readExample reads all files in a directory and its subdirectories.
func readExample(t *testing.T, dir string) example {
	t.Helper()
	files := example{}
	err := filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		content, err := os.ReadFile(path) //nolint:gosec // below examples/
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		files[name] = string(content)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// text returns the text of all files whose names have a suffix.
func (e example) text(suffix string) string {
	var b strings.Builder
	for name, content := range e {
		if strings.HasSuffix(name, suffix) {
			b.WriteString(content + "\n")
		}
	}
	return b.String()
}

// examplePaths returns the paths in examples/ that match a pattern.
func examplePaths(t *testing.T, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(filepath.Join(examplesDir, pattern))
	if err != nil {
		t.Fatal(err)
	}
	if len(paths) == 0 {
		t.Fatalf("no path in examples/ matches %s", pattern)
	}
	return paths
}

// exampleName returns a path relative to examples/, for the name of a test.
func exampleName(path string) string {
	name, _ := filepath.Rel(examplesDir, path) // both are relative to this package
	return filepath.ToSlash(name)
}

// newExampleServer starts an emulator with the accounts and datasets that the examples use: the
// token is that of jane, and acme shares a dataset with her.
func newExampleServer(t *testing.T) *testServer {
	t.Helper()
	s := newEmulator(t, emulator.Options{Users: []emulator.User{
		{Username: "jane", Token: emulator.DefaultToken, ReadOnlyTokens: []string{readOnlyToken}},
		{ID: "AcmeUser000000001", Username: "acme"},
	}})
	s.API.Seed(emulator.Dataset{ID: "WkzbQMuFYuamGv3YF", Name: "product-prices", Items: []json.RawMessage{
		json.RawMessage(`{"sku":"A1","price":9.5}`),
		json.RawMessage(`{"sku":"B2","price":12}`),
	}})
	s.API.Seed(emulator.Dataset{ID: "NK9XYGU4NYlB7vKQb", Name: "product-ratings"})
	s.API.Seed(emulator.Dataset{})
	s.API.Seed(emulator.Dataset{
		Name:       "competitor-prices",
		UserID:     "AcmeUser000000001",
		SharedWith: map[string]emulator.Permission{"jane": emulator.PermissionRead},
	})
	return s
}

// newExample writes an example to a new working directory. The provider requirement of newCLI stays
// only if the example has none.
func (s *testServer) newExample(t *testing.T, e example) *cli {
	t.Helper()
	c := s.newCLI(t)
	c.skipUnsupported(e)
	if strings.Contains(e.text(".tf"), "required_providers") {
		c.remove("provider.tf")
	}
	if strings.Contains(e.text(".tf"), "\nresource \"vault_") {
		c.vault = c.useVault()
	}
	for name, content := range e {
		if err := os.MkdirAll(filepath.Join(c.dir, filepath.Dir(name)), 0o700); err != nil {
			t.Fatal(err)
		}
		c.write(name, content)
	}
	if strings.Contains(e.text(".tf"), "\nmodule \"") {
		c.mustRun("get")
	}
	return c
}

// skipUnsupported skips the test if the CLI is too old for an example.
func (c *cli) skipUnsupported(e example) {
	c.t.Helper()
	product, current := c.version()
	skipUnless := func(constraint, feature string) {
		if !version.MustConstraints(version.NewConstraint(constraint)).Check(current) {
			c.t.Skipf("%s needs %s %s, and this is %s", feature, product, constraint, current)
		}
	}
	for _, feature := range exampleFeatures {
		if !feature.pattern.MatchString(e.text("")) {
			continue
		}
		constraint := feature.terraform
		if product == "OpenTofu" {
			constraint = feature.openTofu
		}
		if constraint == "" {
			c.t.Skipf("%s has no %s", product, feature.name)
		}
		skipUnless(constraint, feature.name)
	}
	for _, required := range requiredVersion.FindAllStringSubmatch(e.text(".tf"), -1) {
		skipUnless(required[1], "the configuration")
	}
}

// applyAndDestroy applies a configuration, and expects it to be valid and idempotent, and to leave
// no new dataset behind after it is destroyed.
func (c *cli) applyAndDestroy(s *testServer, e example) {
	c.t.Helper()
	existing := map[string]bool{}
	for _, d := range s.API.Datasets() {
		existing[d.ID] = true
	}
	c.mustRun("validate")
	c.mustRun("apply", "-auto-approve")
	c.expectNoChanges()

	for _, d := range s.API.Datasets() { // examples do not delete adopted datasets with items
		s.API.Update(d.ID, func(d *emulator.Dataset) { d.Items = nil })
	}
	if protection := "prevent_destroy = true"; strings.Contains(e.text(".tf"), protection) {
		c.run("destroy", "-auto-approve").expect(c.t, 1, "prevent_destroy")
		for name, content := range e {
			c.write(name, strings.ReplaceAll(content, protection, "prevent_destroy = false"))
		}
	}
	c.mustRun("destroy", "-auto-approve")
	for _, d := range s.API.Datasets() {
		if !existing[d.ID] {
			c.t.Errorf("dataset %s (%q) was not deleted", d.ID, d.Name)
		}
	}
}

// TestAccExamples_configurations applies the guides, the scenarios and more. Each directory is
// a configuration.
func TestAccExamples_configurations(t *testing.T) {
	t.Parallel()
	for _, path := range slices.Concat(examplePaths(t, "accounts"), examplePaths(t, "demo"), examplePaths(t, "guides/*"), examplePaths(t, "scenarios/*")) {
		t.Run(exampleName(path), func(t *testing.T) {
			t.Parallel()
			s, e := newExampleServer(t), readExample(t, path)
			for name := range e {
				if strings.HasSuffix(name, ".tfquery.hcl") || strings.HasSuffix(name, ".tftest.hcl") {
					delete(e, name) // other tests run these
				}
			}
			s.newExample(t, e).applyAndDestroy(s, e)
		})
	}
}

// TestAccExamples_pages applies the examples of the registry's pages. Each file is a configuration.
func TestAccExamples_pages(t *testing.T) {
	t.Parallel()
	for _, path := range slices.Concat(examplePaths(t, "provider/*.tf"), examplePaths(t, "*/apify_*/*.tf")) {
		if filepath.Base(path) == "versions.tf" {
			continue
		}
		t.Run(exampleName(path), func(t *testing.T) {
			t.Parallel()
			s, e := newExampleServer(t), example{"example.tf": readExample(t, filepath.Dir(path))[filepath.Base(path)]}
			s.newExample(t, e).applyAndDestroy(s, e)
		})
	}
}

// TestAccExamples_readme applies the example of the README.
func TestAccExamples_readme(t *testing.T) {
	t.Parallel()
	readme, err := os.ReadFile(filepath.Join("..", "..", "README.md"))
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```terraform\n(.*?)```").FindSubmatch(readme)
	if block == nil {
		t.Fatal("the README has no example")
	}
	s, e := newExampleServer(t), example{"main.tf": string(block[1])}
	s.newExample(t, e).applyAndDestroy(s, e)
}

// TestAccExamples_localPlatform applies an example without general_access on Apify's local
// platform.
func TestAccExamples_localPlatform(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{LocalPlatform: true})
	e := readExample(t, filepath.Join(examplesDir, "guides", "getting-started"))
	s.newExample(t, e).applyAndDestroy(s, e)
}

// TestAccExamples_quotes checks that the messages in guides are those of their configurations.
func TestAccExamples_quotes(t *testing.T) {
	t.Parallel()
	created := time.Date(2026, time.January, 31, 12, 0, 0, 0, time.UTC)
	two := []json.RawMessage{json.RawMessage(`{"n":1}`), json.RawMessage(`{"n":2}`)}
	for guide, test := range map[string]struct {
		seeds []emulator.Dataset
		apply bool
		run   []string // the command, which fails
	}{
		"idempotent-applies": {
			seeds: []emulator.Dataset{
				{ID: "WkzbQMuFYuamGv3YF", Name: "product-prices", CreatedAt: created, Items: two},
				{ID: "NK9XYGU4NYlB7vKQb", Name: "product-reviews", CreatedAt: created},
			},
			run: []string{"plan"},
		},
		"protecting-data": {
			seeds: []emulator.Dataset{{ID: "WkzbQMuFYuamGv3YF", Name: "orders", CreatedAt: created, Items: two}},
			apply: true,
			run:   []string{"destroy", "-auto-approve", "-target=apify_dataset.orders"},
		},
	} {
		t.Run(guide, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			for _, d := range test.seeds {
				s.API.Seed(d)
			}
			c := s.newExample(t, readExample(t, filepath.Join(examplesDir, "guides", guide)))
			if test.apply {
				c.mustRun("apply", "-auto-approve")
			}
			var quotes []string
			for _, m := range regexp.MustCompile("(?s)```text\n((?:Error|Warning): [^\n]*)\n\n(.*?)```").FindAllStringSubmatch(readGuide(t, guide), -1) {
				quotes = append(quotes, m[1], strings.TrimSuffix(flatten(m[2]), " ..."))
			}
			if len(quotes) == 0 {
				t.Fatal("the guide quotes no message")
			}
			c.run(test.run...).expect(t, 1, quotes...)
		})
	}
}

// TestExamples_complete checks that every resource and data source has examples under the names
// that the registry expects.
func TestExamples_complete(t *testing.T) {
	t.Parallel()
	server, err := newEmulator(t, emulator.Options{}).provider()
	if err != nil {
		t.Fatal(err)
	}
	schema, err := server.GetProviderSchema(t.Context(), &tfprotov6.GetProviderSchemaRequest{})
	if err != nil {
		t.Fatal(err)
	}
	for file, schemas := range map[string]map[string]*tfprotov6.Schema{
		"resources/*/resource.tf":                     schema.ResourceSchemas,
		"resources/*/import.sh":                       schema.ResourceSchemas,
		"resources/*/import-by-string-id.tf":          schema.ResourceSchemas,
		"resources/*/import-by-identity.tf":           schema.ResourceSchemas,
		"data-sources/*/data-source.tf":               schema.DataSourceSchemas,
		"ephemeral-resources/*/ephemeral-resource.tf": schema.EphemeralResourceSchemas,
		"list-resources/*/list-resource.tfquery.hcl":  schema.ListResourceSchemas,
	} {
		if len(schemas) == 0 {
			t.Errorf("the provider has no type for %s", file)
		}
		for name := range schemas {
			if _, err := os.Stat(filepath.Join(examplesDir, filepath.FromSlash(strings.Replace(file, "*", name, 1)))); err != nil {
				t.Error(err)
			}
		}
	}
}

// TestAccExamples_imports runs each command of an import.sh. The next plan has no changes.
func TestAccExamples_imports(t *testing.T) {
	t.Parallel()
	command := regexp.MustCompile(`(?m)^terraform import (\S+)\.(\S+) '?([^'\s]+)'?$`)
	for _, path := range examplePaths(t, "resources/*/import.sh") {
		script, err := os.ReadFile(path) //nolint:gosec // below examples/
		if err != nil {
			t.Fatal(err)
		}
		commands := command.FindAllStringSubmatch(string(script), -1)
		if len(commands) != strings.Count(string(script), "terraform import") {
			t.Errorf("the pattern does not match every command of %s", path)
		}
		for _, m := range commands {
			t.Run(m[3], func(t *testing.T) {
				t.Parallel()
				s := newExampleServer(t)
				c := s.newCLI(t)
				c.write("main.tf", `resource "`+m[1]+`" "`+m[2]+`" { name = "product-prices" }`)
				c.mustRun("import", m[1]+"."+m[2], m[3])
				c.expectNoChanges()
				s.expectWrites(t)
			})
		}
	}
}

// TestAccExamples_moduleTests runs the tests of modules: with a mocked provider, which needs
// neither a token nor a server, and for real. They must leave no dataset behind.
func TestAccExamples_moduleTests(t *testing.T) {
	t.Parallel()
	for _, path := range examplePaths(t, "scenarios/*/modules/*/tests/*.tftest.hcl") {
		t.Run(exampleName(path), func(t *testing.T) {
			t.Parallel()
			s, name := newExampleServer(t), filepath.Join("tests", filepath.Base(path))
			e := readExample(t, filepath.Dir(filepath.Dir(path)))
			maps.DeleteFunc(e, func(other, _ string) bool { return strings.HasSuffix(other, ".tftest.hcl") && other != name })
			c, before := s.newExample(t, e), len(s.API.Datasets())
			mocked := strings.Contains(e[name], "mock_provider")
			if mocked {
				c.env = slices.DeleteFunc(c.env, func(variable string) bool { return strings.HasPrefix(variable, "APIFY_") })
			}
			c.run("test", "-filter="+filepath.ToSlash(name)).expect(t, 0, "Success!", "3 passed")
			if wrote := len(s.writes()) > 0; wrote == mocked {
				t.Errorf("the tests wrote to the server: %v", wrote)
			}
			if after := len(s.API.Datasets()); after != before {
				t.Errorf("the tests left %d datasets behind", after-before)
			}
		})
	}
}

// TestExamples_moduleTests checks that the tests of modules run the same assertions with a mocked
// provider and for real.
func TestExamples_moduleTests(t *testing.T) {
	t.Parallel()
	for _, dir := range examplePaths(t, "scenarios/*/modules/*/tests") {
		e := readExample(t, dir)
		_, mocked, _ := strings.Cut(e["mocked.tftest.hcl"], "\nvariables {")
		_, unmocked, _ := strings.Cut(e["real.tftest.hcl"], "\nvariables {")
		if unmocked == "" || mocked != unmocked {
			t.Errorf("the runs of the files in %s differ", dir)
		}
	}
}

// TestExamples_snippets checks that each directory of snippets has a file versions.tf, which init
// needs.
func TestExamples_snippets(t *testing.T) {
	t.Parallel()
	for _, dir := range examplePaths(t, "*/apify_*") {
		if !strings.Contains(readExample(t, dir)["versions.tf"], `source  = "apify/apify"`) {
			t.Errorf("%s has no versions.tf with the provider", dir)
		}
	}
}

// TestExamples_versionConstraints checks that all examples and pages allow the same releases of the
// provider.
func TestExamples_versionConstraints(t *testing.T) {
	t.Parallel()
	constraint := regexp.MustCompile(`source\s+= "apify/apify"\n\s+version\s+= "([^"]*)"`)
	files := map[string][]string{}
	eachSourceFile(t, func(name, content string) {
		for _, m := range constraint.FindAllStringSubmatch(content, -1) {
			files[m[1]] = append(files[m[1]], name)
		}
	})
	if len(files) != 1 {
		t.Errorf("the files have different constraints: %v", files)
	}
}

// TestAccExamples_init runs init and validate in each directory of snippets, in which all files
// belong to one configuration.
func TestAccExamples_init(t *testing.T) {
	t.Parallel()
	for _, dir := range slices.Concat(examplePaths(t, "provider"), examplePaths(t, "*/apify_*")) {
		t.Run(exampleName(dir), func(t *testing.T) {
			t.Parallel()
			e := readExample(t, dir)
			maps.DeleteFunc(e, func(name, _ string) bool { return !strings.HasSuffix(name, ".tf") })
			c := newExampleServer(t).newExample(t, e)
			c.mirrorProviders()
			c.run("init").expect(t, 0, "apify/apify v0.1.0")
			c.mustRun("validate")
		})
	}
}

// TestAccExamples_queries runs the queries, which must list a dataset of the account.
func TestAccExamples_queries(t *testing.T) {
	t.Parallel()
	for _, path := range slices.Concat(examplePaths(t, "list-resources/*/*.tfquery.hcl"), examplePaths(t, "guides/*/*.tfquery.hcl")) {
		t.Run(exampleName(path), func(t *testing.T) {
			t.Parallel()
			name := filepath.Base(path)
			e := example{name: readExample(t, filepath.Dir(path))[name]}
			newExampleServer(t).newExample(t, e).run("query").expect(t, 0, "id=WkzbQMuFYuamGv3YF", "product-prices")
		})
	}
}

// TestAccExamples_removed applies the removed block of a guide to a dataset in the state.
func TestAccExamples_removed(t *testing.T) {
	t.Parallel()
	s, e := newExampleServer(t), readExample(t, filepath.Join(examplesDir, "guides", "protecting-data"))
	c := s.newExample(t, e)
	c.write("main.tf", `resource "apify_dataset" "archive" { name = "archive" }`)
	c.write("requirement.tf", `terraform {
  required_providers {
    apify = { source = "apify/apify" }
  }
}
`)
	c.mustRun("apply", "-auto-approve")
	c.remove("requirement.tf")
	c.write("main.tf", e["main.tf"])
	c.mustRun("apply", "-auto-approve")
	c.expectNoChanges()
	if !slices.ContainsFunc(s.API.Datasets(), func(d emulator.Dataset) bool { return d.Name == "archive" }) {
		t.Error("the dataset was deleted")
	}
	if c.attributes("apify_dataset.archive") != nil {
		t.Error("the dataset is still managed")
	}
}

// TestAccExamples_describingItems pushes items to the datasets of the guide, and reads a view.
func TestAccExamples_describingItems(t *testing.T) {
	t.Parallel()
	s, e := newExampleServer(t), readExample(t, filepath.Join(examplesDir, "guides", "describing-items"))
	c := s.newExample(t, e)
	c.skipBelow("1.10.0", "1.11.0")
	c.mustRun("apply", "-auto-approve")
	c.expectNoChanges()
	for _, command := range codeBlocks(t, "describing-items", "shell", "curl") {
		if out, _ := c.sh(s.onServer(command)); !strings.Contains(out, `"itemPosition":0`) {
			t.Errorf("%s\n%s", command, out)
		}
	}
	push := func(label, items string) (status int, body string) {
		req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL+"/v2/datasets/"+c.id("apify_dataset."+label)+"/items", strings.NewReader(items))
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("Authorization", "Bearer "+s.Token)
		req.Header.Set("Content-Type", "application/json")
		status, body, _, err = send(req)
		if err != nil {
			t.Fatal(err)
		}
		return status, body
	}
	for _, test := range []struct {
		label, items string
		status       int
	}{
		{"offers", `[{"sku": "A1", "price": 9.5, "url": null, "more": true}, {"sku": "B2", "price": 0}]`, http.StatusCreated},
		{"reviews", `{"productId": "A1", "stars": 6}`, http.StatusBadRequest},
		{"reviews", `{"productId": "A1", "stars": 5}`, http.StatusCreated},
	} {
		status, body := push(test.label, test.items)
		if status != test.status || status == http.StatusBadRequest && !strings.Contains(body, "schema-validation-error") {
			t.Errorf("%s: got status %d, want %d: %s", test.items, status, test.status, body)
		}
	}
	u := s.newWalk(t, nil)
	got, ds := u.openItemsURL(t.Context(), values{"dataset_id": c.id("apify_dataset.offers"), "format": "csv", "bom": false, "view": "prices"})
	if len(ds) > 0 {
		t.Fatal(ds)
	}
	if status, body, _ := mustGet(t, got["url"].(string)); status != http.StatusOK || body != "sku,price\nA1,9.5\nB2,0\n" {
		t.Errorf("the view has status %d: %q", status, body)
	}
}

// TestAccExamples_format formats all files, also those that the CLI is too old to run.
func TestAccExamples_format(t *testing.T) {
	t.Parallel()
	c := newEmulator(t, emulator.Options{}).newCLI(t)
	formatted := 0
	for name, content := range readExample(t, examplesDir) {
		if !strings.HasSuffix(name, ".tf") && !strings.HasSuffix(name, ".hcl") {
			continue
		}
		cmd, out := c.command("fmt", "-")
		cmd.Stdin = strings.NewReader(content)
		if err := cmd.Run(); err != nil {
			t.Errorf("%s: %v\n%s", name, err, out)
			continue
		}
		if out.String() != content {
			t.Errorf("%s is not formatted", name)
		}
		formatted++
	}
	if formatted == 0 {
		t.Error("no file was checked")
	}
}
