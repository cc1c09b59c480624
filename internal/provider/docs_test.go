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

// TestDocs_links checks that links between files of the repository have a target. The registry
// accepts them with the extension .md too.
func TestDocs_links(t *testing.T) {
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
				t.Errorf("%s links to %s, which does not exist", page, m[1])
			}
		}
	}
	if checked == 0 {
		t.Error("no page has a link")
	}
}

// TestDocs_troubleshooting checks that the headings of the troubleshooting guide are the summaries
// of all errors and warnings.
func TestDocs_troubleshooting(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile(filepath.Join("..", "..", "templates", "guides", "troubleshooting.md.tmpl"))
	if err != nil {
		t.Fatal(err)
	}
	// The CLI's own messages are in a section at the end.
	provider, cli, found := strings.Cut(string(page), "\n## Terraform's own messages\n")
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
