package provider

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

// wrongWording contains wording that is never right in this repository, and the wording to use
// instead. A word that is right in some contexts does not belong here.
var wrongWording = []struct{ pattern, instead string }{
	{`answer(s|ed|ing)?`, "response, status, body; return, respond"},
	{`afresh|anew`, "again, new"},
	{`in passing`, "transient"},
	{`br(oke|eak|eaks|oken) off`, "interrupted, incomplete"},
	{`tak(e|es|en|ing) over`, "adopt"},
	{`good (until|for)`, "valid until, valid for"},
	{`beside`, "besides, in addition to, next to"},
	{`tells? (whether|what|how|of|which|why|apart|from)`, "report whether, return, distinguish"},
	{`could not be found out`, "could not be determined; name who could not do what"},
	{`shall`, "must, can"},
	{`own authority`, "private CA"},
	{`(is|are) kept as (it|they) (is|are|was|were)`, "was not changed"},
	{`out of (this|the) token's reach`, "inaccessible to the token"},
	{`without regard to`, "ignoring"},
	{`three ways on`, "options"},
	{`nothing drifts`, "no changes"},
	{`lest|whoever|whosoever|thereof|be it`, "plain words"},
	{`for ever`, "permanently, forever"},
}

// TestWording keeps what people read in plain English: comments and texts of Go files, pages,
// examples and scripts. docs/ is generated from what it reads.
func TestWording(t *testing.T) {
	t.Parallel()
	var patterns []*regexp.Regexp
	for _, w := range wrongWording {
		patterns = append(patterns, regexp.MustCompile(`(?i)\b(`+w.pattern+`)\b`))
	}
	read := 0
	check := func(position, text string) {
		read++
		text = strings.Join(strings.Fields(text), " ") // wording can be wrapped
		for i, pattern := range patterns {
			if found := pattern.FindString(text); found != "" {
				t.Errorf("%s: %q: write %s\n\t%s", position, found, wrongWording[i].instead, text)
			}
		}
	}
	eachSourceFile(t, func(name string, content string) {
		if strings.HasSuffix(name, ".go") {
			eachGoText(t, name, content, check)
			return
		}
		for paragraph := range strings.SplitSeq(content, "\n\n") {
			check(name, paragraph)
		}
	})
	if read < 1000 {
		t.Errorf("only %d texts were read", read)
	}
}

// TestWording_commentWidth keeps comments of Go files within 100 columns.
func TestWording_commentWidth(t *testing.T) {
	t.Parallel()
	const tabWidth = 4
	eachSourceFile(t, func(name string, content string) {
		if !strings.HasSuffix(name, ".go") {
			return
		}
		for i, line := range strings.Split(content, "\n") {
			trimmed := strings.TrimLeft(line, "\t")
			width := utf8.RuneCountInString(trimmed) + tabWidth*(len(line)-len(trimmed))
			if strings.HasPrefix(trimmed, "// ") && width > 100 && !strings.Contains(line, "://") {
				t.Errorf("%s:%d: the comment is %d columns wide", name, i+1, width)
			}
		}
	})
}

// eachGoText calls check with every comment and every string of a Go file. Strings that are
// patterns or data rather than sentences have no spaces, so they cannot contain most of the
// wording.
func eachGoText(t *testing.T, name, content string, check func(position, text string)) {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, name, content, parser.ParseComments)
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range file.Comments {
		check(files.Position(group.Pos()).String(), group.Text())
	}
	ast.Inspect(file, func(node ast.Node) bool {
		if literal, ok := node.(*ast.BasicLit); ok && literal.Kind == token.STRING {
			check(files.Position(literal.Pos()).String(), literal.Value)
		}
		return true
	})
}

// eachSourceFile calls read with the files that people of this project write, by their paths from
// the root of the repository.
func eachSourceFile(t *testing.T, read func(name, content string)) {
	t.Helper()
	root := filepath.Join("..", "..")
	extensions := map[string]bool{".go": true, ".md": true, ".tmpl": true, ".tf": true, ".hcl": true, ".sh": true, ".yml": true}
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name, err := filepath.Rel(root, path)
		if err != nil {
			return err
		}
		switch {
		case entry.IsDir() && (name == ".git" || name == "docs" || name == "bin" || name == "dist" || entry.Name() == "testdata" || entry.Name() == ".terraform"):
			return filepath.SkipDir
		case entry.IsDir(), entry.Name() == "wording_test.go",
			!extensions[filepath.Ext(name)] && entry.Name() != "GNUmakefile" && !strings.HasPrefix(name, ".ci"):
			return nil
		}
		content, err := os.ReadFile(path) //nolint:gosec // a file of this repository
		if err != nil {
			return err
		}
		read(filepath.ToSlash(name), string(content))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
