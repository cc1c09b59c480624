package provider

import (
	"encoding/json"
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

// These tests follow guides beyond the first apply, with the commands that the guides show.

// readGuide returns the text of a guide.
func readGuide(t *testing.T, name string) string {
	t.Helper()
	page, err := os.ReadFile(filepath.Join("..", "..", "templates", "guides", name+".md.tmpl")) //nolint:gosec // of this repository
	if err != nil {
		t.Fatal(err)
	}
	return string(page)
}

// codeBlocks returns the code blocks of a language in a guide that contain a text.
func codeBlocks(t *testing.T, guide, language, text string) []string {
	t.Helper()
	var blocks []string
	for _, m := range regexp.MustCompile("(?s)```"+language+"\n(.*?)```").FindAllStringSubmatch(readGuide(t, guide), -1) {
		if strings.Contains(m[1], text) {
			blocks = append(blocks, m[1])
		}
	}
	if len(blocks) == 0 {
		t.Fatalf("the guide %s has no block %s with %q", guide, language, text)
	}
	return blocks
}

// onServer replaces the address of Apify's API in a text with that of the server.
func (s *testServer) onServer(text string) string {
	return strings.ReplaceAll(text, "https://api.apify.com", s.URL)
}

// newGuide returns a working directory with the configuration of a guide.
func (s *testServer) newGuide(t *testing.T, guide string) *cli {
	t.Helper()
	return s.newExample(t, readExample(t, filepath.Join(examplesDir, "guides", guide)))
}

// TestAccExamples_gettingStarted renames the dataset and back, writes items with the commands of
// the guide, and deletes the dataset as the guide says.
func TestAccExamples_gettingStarted(t *testing.T) {
	t.Parallel()
	s := newExampleServer(t)
	c := s.newGuide(t, "getting-started")
	c.mustRun("apply", "-auto-approve")
	main := readExample(t, filepath.Join(examplesDir, "guides", "getting-started"))["main.tf"]
	const name = "my-first-products"
	id := c.id("apify_dataset.products")
	for _, step := range []struct{ name, config string }{
		{"my-renamed-products", strings.Replace(main, name, "my-renamed-products", 1)},
		{name, main},
	} {
		c.write("main.tf", step.config)
		c.mustRun("apply", "-auto-approve")
		if d, _ := s.API.Dataset(id); d.Name != step.name {
			t.Errorf("the dataset has the name %q, want %q", d.Name, step.name)
		}
	}
	c.expectID("apify_dataset.products", id)
	if !strings.Contains(readGuide(t, "getting-started"), "the next step uses `"+name+"`") {
		t.Error("the guide does not change the name back")
	}
	commands := codeBlocks(t, "getting-started", "shell", "curl")
	for _, command := range commands {
		if out, code := c.sh(s.onServer(command)); code != 0 {
			t.Errorf("%s: exit code %d: %s", command, code, out)
		}
	}
	if d, _ := s.API.Dataset(id); len(d.Items) != len(commands) {
		t.Errorf("%d commands wrote %d items", len(commands), len(d.Items))
	}
	c.expectNoChanges()
	c.run("destroy", "-auto-approve").expect(t, 1, "Apify dataset contains items")
	c.write("main.tf", strings.Replace(main, `"my-first-products"`, `"my-first-products"
  force_destroy = true`, 1))
	c.mustRun("apply", "-auto-approve")
	c.mustRun("destroy", "-auto-approve")
	if !strings.Contains(readExample(t, filepath.Join(examplesDir, "guides", "getting-started"))["actor/main.js"], "'my-first-products'") {
		t.Error("the Actor opens another dataset")
	}
}

// TestAccExamples_watchingDelivery checks the warnings and exit codes of the guide for an empty, a
// complete and a stale dataset.
func TestAccExamples_watchingDelivery(t *testing.T) {
	t.Parallel()
	const guide, warning = "watching-delivery", "Check block assertion failed"
	s := newExampleServer(t)
	c := s.newGuide(t, guide)
	quote := strings.TrimSuffix(flatten(codeBlocks(t, guide, "text", "Warning")[0]), ".")
	commands := codeBlocks(t, guide, "shell", "jq")[0]
	// expect plans, and expects the failed checks.
	expect := func(texts ...string) {
		t.Helper()
		r := c.run("plan", "-detailed-exitcode")
		r.expect(t, 0, append(texts, "No changes")...)
		if got := strings.Count(r.output, warning); got != len(texts) {
			t.Errorf("got %d failed checks, want %d:\n%s", got, len(texts), r.output)
		}
		if _, err := exec.LookPath("jq"); err != nil {
			t.Log("jq is not installed")
			return
		}
		if out, code := c.sh(commands); (code == 0) != (len(texts) == 0) || code > 1 {
			t.Errorf("the commands exited with %d: %s", code, out)
		}
	}

	message := strings.TrimPrefix(quote, "Warning: "+warning+" ")
	c.run("apply", "-auto-approve").expect(t, 0, warning, message)
	expect(message)
	id := c.id("apify_dataset.prices")
	s.API.Push(id, slices.Repeat([]json.RawMessage{json.RawMessage(`{"sku":"A1"}`)}, 1000)...)
	c.run("apply", "-auto-approve").expectNone(t, warning)
	expect()
	s.API.Update(id, func(d *emulator.Dataset) { d.ModifiedAt = time.Now().Add(-27 * time.Hour) })
	expect("No delivery to shop-prices within 26h")

	// The data source inside a check block causes changes in every plan.
	nested := `resource "apify_dataset" "prices" { name = "shop-prices" }
check "prices_are_complete" {
  data "apify_dataset" "prices" { id = apify_dataset.prices.id }
  assert {
    condition     = data.apify_dataset.prices.item_count >= 1000
    error_message = "Too few items."
  }
}
`
	c.write("main.tf", `terraform {
  required_providers {
    apify = { source = "apify/apify" }
  }
}
`+nested)
	c.mustRun("apply", "-auto-approve")
	c.run("plan", "-detailed-exitcode").expect(t, 2)
}

// TestAccExamples_ci runs the steps of the workflow with the tokens that the guide describes: the
// one of the jobs plan and drift can only read datasets, and cannot read its account.
func TestAccExamples_ci(t *testing.T) {
	t.Parallel()
	const workflow = ".github/workflows/terraform.yml"
	s := newExampleServer(t)
	limited := scopedToken
	limited.Match = func(r *http.Request) bool { return r.Header.Get("Authorization") == "Bearer "+readOnlyToken }
	s.Recorder.Inject(limited)
	c := s.newGuide(t, "ci")
	c.mirrorProviders()
	jobs, variables := map[string][]string{}, map[string][]string{}
	job := ""
	text := readExample(t, filepath.Join(examplesDir, "guides", "ci"))[filepath.FromSlash(workflow)]
	for line := range strings.Lines(text) {
		if m := regexp.MustCompile(`^  (\w+):\n`).FindStringSubmatch(line); m != nil {
			job = m[1]
		}
		if m := regexp.MustCompile(`^      - run: (.+)\n`).FindStringSubmatch(line); m != nil {
			jobs[job] = append(jobs[job], m[1])
		}
		if m := regexp.MustCompile(`^      (TF_VAR_\w+): "(.*)"`).FindStringSubmatch(line); m != nil {
			variables[job] = append(variables[job], m[1]+"="+m[2])
		}
	}
	summary := filepath.Join(t.TempDir(), "summary")
	// run runs the steps of a job, and returns the output and the exit code of the last one that
	// ran.
	run := func(job, token string) (output string, code int) {
		t.Helper()
		if len(jobs[job]) < 2 {
			t.Fatalf("the job %s has the steps %q", job, jobs[job])
		}
		for _, command := range jobs[job] {
			env := append([]string{tokenVariable + "=" + token, "GITHUB_STEP_SUMMARY=" + summary, "TF_INPUT=false"}, variables[job]...)
			output, code = c.sh(command, env...)
			if output = flatten(output); code != 0 {
				break
			}
		}
		return output, code
	}
	expect := func(job, token string, want int, texts ...string) {
		t.Helper()
		before := len(s.writes())
		output, code := run(job, token)
		result{output: output, code: code}.expect(t, want, texts...)
		if token == readOnlyToken && len(s.writes()) != before {
			t.Errorf("the job %s changed a dataset", job)
		}
	}

	expect("plan", readOnlyToken, 1, "Provider dependency changes detected")
	for _, command := range codeBlocks(t, "ci", "shell", "terraform init") {
		init, _, _ := strings.Cut(command, "\n")
		if out, code := c.sh(init); code != 0 {
			t.Fatalf("%s: %s", init, out)
		}
	}
	expect("plan", readOnlyToken, 0)
	published, err := os.ReadFile(summary) //nolint:gosec // of this test
	if err != nil {
		t.Fatal(err)
	}
	result{output: flatten(string(published))}.expect(t, 0, "apify_dataset.prices will be created")
	result{output: string(published)}.expectNone(t, "signature=", s.Token, readOnlyToken)
	expect("apply", s.Token, 0, "Apply complete!")
	expect("plan", readOnlyToken, 0)
	expect("drift", readOnlyToken, 0, "No changes")
	s.API.Update(c.id("apify_dataset.prices"), func(d *emulator.Dataset) { d.GeneralAccess = "ANYONE_WITH_ID_CAN_READ" })
	expect("drift", readOnlyToken, 2, "1 to change")
	expect("apply", s.Token, 0, "1 changed")
	expect("drift", readOnlyToken, 0, "No changes")
	s.API.Delete(c.id("apify_dataset.prices"))
	expect("drift", readOnlyToken, 1, summaryRead)
	expect("apply", s.Token, 0, "1 added")

	// allowed_accounts refuses the token of another account.
	main := readExample(t, filepath.Join(examplesDir, "guides", "ci"))["main.tf"]
	c.write("main.tf", strings.Replace(main, `["jane"]`, `["acme"]`, 1))
	expect("apply", s.Token, 1, summaryWrongAccount)
}

// TestAccExamples_migrating replaces the script of the guide, which would delete the dataset.
func TestAccExamples_migrating(t *testing.T) {
	t.Parallel()
	s := newExampleServer(t)
	c := s.newGuide(t, "migrating")
	main := readExample(t, filepath.Join(examplesDir, "guides", "migrating"))["main.tf"]
	script := s.onServer(codeBlocks(t, "migrating", "terraform", "local-exec")[0])
	const id = "WkzbQMuFYuamGv3YF"

	c.write("main.tf", script)
	c.mustRun("apply", "-auto-approve")
	c.write("main.tf", main)
	c.run("plan").expect(t, 0, summaryWouldAdopt, id, "about 2 items", "terraform_data.prices will", "1 to add, 0 to change, 0 to destroy")
	c.run("apply", "-auto-approve").expect(t, 0, "1 added")
	c.expectID("apify_dataset.prices", id)
	c.expectNoChanges()

	// The script works: without the removed block, it deletes the dataset.
	c.write("main.tf", script)
	c.mustRun("state", "rm", "apify_dataset.prices")
	c.mustRun("apply", "-auto-approve")
	c.mustRun("destroy", "-auto-approve")
	if _, ok := s.API.Dataset(id); ok {
		t.Error("the script did not delete the dataset")
	}
}

// TestAccExamples_sharingItems hands the URL of the guide to the secret store, and leaves it
// nowhere else.
func TestAccExamples_sharingItems(t *testing.T) {
	t.Parallel()
	s := newExampleServer(t)
	c := s.newGuide(t, "sharing-items")
	c.mustRun("apply", "-auto-approve")
	c.expectNoChanges()
	s.API.Push(c.id("apify_dataset.restricted"), json.RawMessage(`{"sku":"A1"}`))
	secret, writes := c.vault.secret("secret/restricted-data-url")
	if status, body, _ := mustGet(t, secret["url"]); status != http.StatusOK || !strings.Contains(body, "sku") {
		t.Errorf("the URL in the secret store has status %d: %s", status, body)
	}
	for _, command := range codeBlocks(t, "sharing-items", "shell", "output -raw") {
		stored, _ := c.sh(command)
		if status, _, _ := mustGet(t, stored); status != http.StatusOK {
			t.Errorf("the URL in state has status %d: %s", status, stored)
		}
	}
	for _, command := range codeBlocks(t, "sharing-items", "shell", "items_url_version") {
		if out, code := c.sh(strings.Replace(command, "apply", "apply -auto-approve", 1)); code != 0 {
			t.Fatalf("%s: %s", command, out)
		}
	}
	renewed, after := c.vault.secret("secret/restricted-data-url")
	if after != writes+1 || renewed["url"] == "" {
		t.Errorf("a new version caused %d writes of the secret, want 1", after-writes)
	}
	_, signature, _ := strings.Cut(secret["url"], "signature=")
	for name, content := range c.files() {
		if strings.Contains(content, signature) {
			t.Errorf("%s contains the URL", name)
		}
		if base := filepath.Base(name); filepath.Dir(name) == c.dir && base != "main.tf" && !strings.HasPrefix(base, "terraform.tfstate") {
			t.Errorf("the guide left the file %s", base)
		}
	}
}
