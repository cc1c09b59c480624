package provider

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// Links from one file of the repository to another lead somewhere. The registry
// takes them with the extension .md too.
func TestDocumentationLinks(t *testing.T) {
	t.Parallel()
	root := filepath.Join("..", "..")
	var pages []string
	for _, pattern := range []string{"*.md", "docs/*.md", "docs/*/*.md", "examples/*.md"} {
		matches, err := filepath.Glob(filepath.Join(root, filepath.FromSlash(pattern)))
		if err != nil {
			t.Fatal(err)
		}
		pages = append(pages, matches...)
	}
	link := regexp.MustCompile(`\]\(([^)\s]+)\)`)
	checked := 0
	for _, page := range pages {
		text, err := os.ReadFile(page) //nolint:gosec // of this repository
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range link.FindAllStringSubmatch(string(text), -1) {
			target, _, _ := strings.Cut(m[1], "#")
			if target == "" || strings.Contains(target, "://") {
				continue
			}
			checked++
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), filepath.FromSlash(target))); err != nil {
				t.Errorf("%s links to %s, which is not there", page, m[1])
			}
		}
	}
	if checked == 0 {
		t.Error("there are no links")
	}
}

// The troubleshooting guide goes by the first lines of errors and warnings. It
// has all that there are.
func TestTroubleshootingGuide(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "templates", "guides", "troubleshooting.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	// What the CLI itself says is in a section at the end.
	ours, theirs, found := strings.Cut(string(page), "\n## Terraform's own messages\n")
	if !found || theirs == "" {
		t.Fatal("the guide has no section of Terraform's own messages")
	}
	var headings []string
	for _, m := range regexp.MustCompile(`(?m)^### (.+)$`).FindAllStringSubmatch(ours, -1) {
		headings = append(headings, m[1])
	}
	summaries := diagnosticSummaries(t)
	for _, s := range summaries {
		if !slices.Contains(headings, s) {
			t.Errorf("the guide has nothing about %q", s)
		}
	}
	for _, h := range headings {
		if !slices.Contains(summaries, h) {
			t.Errorf("the guide tells of %q, which the provider never says", h)
		}
	}
}

// diagnosticSummaries are the texts that this package's code makes summaries of:
// the constants named so, and what is written out in a call. What is added to a
// text, such as a name, is left out.
func diagnosticSummaries(t *testing.T) []string {
	t.Helper()
	// Where calls have the summary.
	position := map[string]int{
		"AddError": 0, "AddWarning": 0, "NewErrorDiagnostic": 0, "NewWarningDiagnostic": 0, "failure": 0,
		"AddAttributeError": 1, "AddAttributeWarning": 1, "NewAttributeErrorDiagnostic": 1, "NewAttributeWarningDiagnostic": 1,
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
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
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
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
