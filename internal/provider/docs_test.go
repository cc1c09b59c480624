package provider

import (
	"errors"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// registryDocs is the address of docs/ in the registry.
const registryDocs = "https://registry.terraform.io/providers/apify/apify/latest/docs"

// TestDocs_links checks that links have a target. Links of the pages in docs/ are absolute, because
// the registry resolves relative links to pages that do not exist. Links of the other pages to
// files of the repository are relative.
func TestDocs_links(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	checked := 0
	eachPage(t, root, func(page, text string) {
		published := strings.HasPrefix(page, "docs/") || strings.HasPrefix(page, "templates/")
		for _, m := range link.FindAllStringSubmatch(text, -1) {
			target, anchor, _ := strings.Cut(m[1], "#")
			path, inRegistry := strings.CutPrefix(target, registryDocs)
			var file string
			switch {
			case target == "":
				file = page
			case inRegistry:
				file = strings.TrimSuffix("docs"+path, "/") + ".md"
				if path == "" || path == "/" {
					file = "docs/index.md"
				}
			case strings.Contains(target, "://"):
				continue
			case published:
				t.Errorf("%s has the relative link %s", page, m[1])
				continue
			default:
				file = filepath.ToSlash(filepath.Join(filepath.Dir(page), filepath.FromSlash(target)))
			}
			checked++
			content, err := os.ReadFile(filepath.Join(root, filepath.FromSlash(file))) //nolint:gosec // of this repository
			if errors.Is(err, fs.ErrNotExist) {
				t.Errorf("%s links to %s, which does not exist", page, m[1])
			} else if anchor != "" && !slices.Contains(anchors(string(content)), anchor) {
				t.Errorf("%s links to %s, which has no such heading", page, m[1])
			}
		}
	})
	if checked == 0 {
		t.Error("no page has a link")
	}
}

// eachPage calls read with the pages of the repository by their paths from its root.
func eachPage(t *testing.T, root string, read func(page, text string)) {
	t.Helper()
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "templates/*.tmpl", "templates/*/*.tmpl", "examples/*.md"} {
		matches, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		if len(matches) == 0 {
			t.Errorf("no page matches %s", pattern)
		}
		for _, match := range matches {
			text, err := os.ReadFile(match) //nolint:gosec // of this repository
			if err != nil {
				t.Fatal(err)
			}
			page, err := filepath.Rel(root, match)
			if err != nil {
				t.Fatal(err)
			}
			read(filepath.ToSlash(page), string(text))
		}
	}
}

// anchors returns the anchors of the headings of a page, as the registry and GitHub form them.
func anchors(page string) []string {
	var all []string
	for _, m := range regexp.MustCompile(`(?m)^#+ (.+)$`).FindAllStringSubmatch(page, -1) {
		words := regexp.MustCompile(`[^\w\- ]`).ReplaceAllString(strings.ToLower(m[1]), "")
		all = append(all, strings.ReplaceAll(words, " ", "-"))
	}
	for _, m := range regexp.MustCompile(`<a id="([^"]+)">`).FindAllStringSubmatch(page, -1) {
		all = append(all, m[1])
	}
	return all
}

// sectionHeadings returns the headings of level 3 in a section of the troubleshooting guide.
func sectionHeadings(t *testing.T, section string) []string {
	t.Helper()
	_, text, found := strings.Cut(readGuide(t, "troubleshooting"), "\n## "+section+"\n")
	if !found {
		t.Fatalf("the guide has no section %q", section)
	}
	text, _, _ = strings.Cut(text, "\n## ")
	var headings []string
	for _, m := range regexp.MustCompile(`(?m)^### (.+)$`).FindAllStringSubmatch(text, -1) {
		headings = append(headings, m[1])
	}
	return headings
}

// TestAccDocs_messagesAboutArguments provokes the messages of Terraform and the framework that the
// troubleshooting guide lists.
func TestAccDocs_messagesAboutArguments(t *testing.T) {
	t.Parallel()
	// The configurations by the message that they provoke. Those with an ephemeral resource are
	// separate, because older CLIs cannot parse them.
	common := map[string]string{
		"Unsupported argument":                          `resource "apify_dataset" "x" { title = "Prices" }`,
		"Unsupported block type":                        "resource \"apify_dataset\" \"x\" {\n  timeouts {\n    create = \"10m\"\n  }\n}",
		"Incorrect attribute value type":                `resource "apify_dataset" "x" { schema = { actorSpecification = 1 } }`,
		"Invalid Configuration for Read-Only Attribute": `resource "apify_dataset" "x" { id = "WkzbQMuFYuamGv3YF" }`,
		"Invalid Attribute Value Match":                 `resource "apify_dataset" "x" { general_access = "PUBLIC" }`,
		"Invalid Attribute Combination":                 "data \"apify_dataset\" \"x\" {\n  id       = \"WkzbQMuFYuamGv3YF\"\n  username = \"acme\"\n}",
		"Missing Attribute Configuration":               `data "apify_dataset" "x" {}`,
		"Invalid JSON String Value":                     `resource "apify_dataset" "x" { schema = "actorSpecification = 1" }`,
		"Output refers to sensitive values":             "resource \"apify_dataset\" \"x\" {}\noutput \"url\" { value = apify_dataset.x.items_public_url }",
		"Instance cannot be destroyed":                  "resource \"apify_dataset\" \"x\" {\n  lifecycle {\n    prevent_destroy = true\n  }\n}",
	}
	const url = "ephemeral \"apify_dataset_items_url\" \"x\" {\n  dataset_id = \"WkzbQMuFYuamGv3YF\"\n}\n"
	ephemeral := map[string]string{
		"Missing required argument":      `ephemeral "apify_dataset_items_url" "x" {}`,
		"Invalid Attribute Value":        strings.Replace(url, "\n}", "\n  fields = []\n}", 1),
		"Invalid Attribute Value Length": strings.Replace(url, "\n}", "\n  view = \"\"\n}", 1),
		"Invalid use of ephemeral value": url + `resource "terraform_data" "x" { input = ephemeral.apify_dataset_items_url.x.url }`,
		"Ephemeral value not allowed":    url + `output "url" { value = ephemeral.apify_dataset_items_url.x.url }`,
	}
	// The messages that OpenTofu words in another way.
	openTofu := map[string]string{
		"Instance cannot be destroyed":   "Resource instance cannot be destroyed",
		"Invalid use of ephemeral value": "Ephemeral value used in non-ephemeral context",
		"Ephemeral value not allowed":    "Output does not allow ephemeral value",
	}
	headings := sectionHeadings(t, "Messages about arguments")
	for _, heading := range headings {
		if common[heading] == "" && ephemeral[heading] == "" && !slices.Contains(slices.Collect(maps.Values(openTofu)), heading) {
			t.Errorf("no configuration provokes %q", heading)
		}
	}
	for _, configs := range []map[string]string{common, ephemeral} {
		for message, config := range configs {
			t.Run(message, func(t *testing.T) {
				t.Parallel()
				c := newExampleServer(t).newCLI(t)
				if product, _ := c.version(); product == "OpenTofu" && openTofu[message] != "" {
					message = openTofu[message]
				}
				if !slices.Contains(headings, message) {
					t.Errorf("the guide has no heading %q", message)
				}
				c.skipUnsupported(example{"main.tf": config})
				c.write("main.tf", config)
				if strings.Contains(config, "prevent_destroy") {
					c.mustRun("apply", "-auto-approve")
					c.run("destroy", "-auto-approve").expect(t, 1, "Error: "+message)
					return
				}
				r := c.run("plan")
				r.expect(t, 1)
				if !regexp.MustCompile("Error: " + message + " (with|on) ").MatchString(r.output) {
					t.Errorf("the output does not contain %q:\n%s", message, r.output)
				}
			})
		}
	}
}

// TestDocs_troubleshooting checks that the headings of the troubleshooting guide are the summaries
// of all errors and warnings.
func TestDocs_troubleshooting(t *testing.T) {
	t.Parallel()
	// The CLI's own messages are in a section at the end.
	provider, cli, found := strings.Cut(readGuide(t, "troubleshooting"), "\n## Terraform's own messages\n")
	if !found || cli == "" {
		t.Fatal("the guide has no section for Terraform's own messages")
	}
	var headings []string
	for _, m := range regexp.MustCompile(`(?m)^### (.+)$`).FindAllStringSubmatch(provider, -1) {
		headings = append(headings, m[1])
	}
	summaries := diagnosticSummaries(t)
	for _, s := range summaries {
		if !slices.Contains(headings, s) {
			t.Errorf("the guide has no heading %q", s)
		}
	}
	for _, h := range headings {
		if !slices.Contains(summaries, h) {
			t.Errorf("the guide has the heading %q, which is not a summary", h)
		}
	}
}

// TestDocs_troubleshootingQuotes checks that the sentences that the troubleshooting guide quotes
// are those of messages. Each "..." stands for a value.
func TestDocs_troubleshootingQuotes(t *testing.T) {
	t.Parallel()
	quotes := regexp.MustCompile(`(?m)^> (.+)$`).FindAllStringSubmatch(readGuide(t, "troubleshooting"), -1)
	if len(quotes) < 10 {
		t.Errorf("the guide quotes %d sentences", len(quotes))
	}
	texts := codeTexts(t)
	for _, quote := range quotes {
		pattern := regexp.MustCompile(strings.ReplaceAll(regexp.QuoteMeta(quote[1]), `\.\.\.`, `%[a-z]`))
		if !slices.ContainsFunc(texts, pattern.MatchString) {
			t.Errorf("no message contains %q", quote[1])
		}
	}
}

// codeTexts returns the texts in the code of this package.
func codeTexts(t *testing.T) (texts []string) {
	t.Helper()
	_, files := parseFiles(t, false)
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			expression, ok := n.(ast.Expr)
			if text := joinLiterals(t, expression); ok && text != "" {
				texts = append(texts, text)
				return false
			}
			return true
		})
	}
	return texts
}

// joinLiterals returns the text of a string literal, or of a sum of literals, without the operands
// that are none.
func joinLiterals(t *testing.T, expression ast.Expr) string {
	t.Helper()
	switch e := expression.(type) {
	case *ast.BinaryExpr:
		return joinLiterals(t, e.X) + joinLiterals(t, e.Y)
	case *ast.BasicLit:
		if e.Kind != token.STRING {
			return ""
		}
		text, err := strconv.Unquote(e.Value)
		if err != nil {
			t.Fatal(err)
		}
		return text
	}
	return ""
}

// parseFiles returns the files of this package: those with its tests, or the others.
func parseFiles(t *testing.T, tests bool) (set *token.FileSet, files []*ast.File) {
	t.Helper()
	set = token.NewFileSet()
	names, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range names {
		if strings.HasSuffix(name, "_test.go") != tests {
			continue
		}
		file, err := parser.ParseFile(set, name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	return set, files
}

// diagnosticSummaries returns the summaries of diagnostics in the code of this package: the
// constants whose names start with summary, and the literals in calls. It omits text that the code
// appends, such as a name.
func diagnosticSummaries(t *testing.T) []string {
	t.Helper()
	// The positions of the summary in the arguments of functions.
	position := map[string]int{
		"AddError": 0, "AddWarning": 0, "NewErrorDiagnostic": 0, "NewWarningDiagnostic": 0, "failure": 0,
		"AddAttributeError": 1, "AddAttributeWarning": 1, "NewAttributeErrorDiagnostic": 1, "NewAttributeWarningDiagnostic": 1,
	}
	var all []string
	add := func(expression ast.Expr) {
		if sum, ok := expression.(*ast.BinaryExpr); ok {
			expression = sum.X
		}
		if literal, ok := expression.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			s, err := strconv.Unquote(literal.Value)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, strings.TrimRight(s, ": "))
		}
	}
	_, files := parseFiles(t, false)
	for _, file := range files {
		ast.Inspect(file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.ValueSpec:
				for i, name := range n.Names {
					if strings.HasPrefix(name.Name, "summary") {
						add(n.Values[i])
					}
				}
			case *ast.CallExpr:
				called := ""
				switch f := n.Fun.(type) {
				case *ast.Ident:
					called = f.Name
				case *ast.SelectorExpr:
					called = f.Sel.Name
				}
				if i, ok := position[called]; ok && i < len(n.Args) {
					add(n.Args[i])
				}
			}
			return true
		})
	}
	slices.Sort(all)
	return slices.Compact(all)
}
