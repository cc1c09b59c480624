// Command check-platforms type-checks a module, tests included, for platforms that this machine
// cannot run. It reads the dependencies from source, without the bodies of their functions. That
// takes seconds for each platform, and `go vet` takes more than a minute, because it compiles them.
//
//	check-platforms DIRECTORY GOOS_GOARCH...
package main

import (
	"context"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/tools/go/packages"
)

func main() {
	if len(os.Args) < 3 {
		fmt.Fprintln(os.Stderr, "usage: check-platforms DIRECTORY GOOS_GOARCH...")
		os.Exit(2)
	}
	failed := false
	for _, platform := range os.Args[2:] {
		fmt.Println("type-checking for", platform)
		errs, err := check(os.Args[1], platform)
		if err != nil {
			errs = append(errs, err)
		}
		for _, err := range errs {
			failed = true
			fmt.Fprintf(os.Stderr, "%s: %v\n", platform, err)
		}
	}
	if failed {
		os.Exit(1)
	}
}

// check returns the errors of all packages of the module in a directory, as the compiler for a
// platform would report them.
func check(dir, platform string) ([]error, error) {
	goos, goarch, ok := strings.Cut(platform, "_")
	if !ok {
		return nil, fmt.Errorf("%q is not GOOS_GOARCH", platform)
	}
	dependencies, err := dependencyDirs()
	if err != nil {
		return nil, err
	}
	loaded, err := packages.Load(&packages.Config{
		Mode: packages.NeedName | packages.NeedFiles | packages.NeedCompiledGoFiles | packages.NeedImports | packages.NeedDeps |
			packages.NeedTypes | packages.NeedTypesSizes | packages.NeedSyntax | packages.NeedTypesInfo | packages.NeedModule,
		Dir:   dir,
		Env:   append(os.Environ(), "CGO_ENABLED=0", "GOOS="+goos, "GOARCH="+goarch),
		Tests: true,
		ParseFile: func(files *token.FileSet, name string, source []byte) (*ast.File, error) {
			file, err := parser.ParseFile(files, name, source, parser.SkipObjectResolution)
			if file != nil && slices.ContainsFunc(dependencies, func(dir string) bool { return strings.HasPrefix(name, dir) }) {
				for _, declaration := range file.Decls {
					if f, ok := declaration.(*ast.FuncDecl); ok {
						f.Body = nil
					}
				}
			}
			return file, err
		},
	}, "./...")
	if err != nil {
		return nil, err
	}
	var errs []error
	for _, p := range loaded {
		for _, e := range p.Errors {
			errs = append(errs, e)
		}
	}
	return errs, nil
}

// dependencyDirs returns the directories of the standard library and of the downloaded modules,
// each with a separator at its end.
func dependencyDirs() ([]string, error) {
	out, err := exec.CommandContext(context.Background(), "go", "env", "GOROOT", "GOMODCACHE").Output()
	if err != nil {
		return nil, fmt.Errorf("go env: %w", err)
	}
	dirs := strings.Split(strings.TrimSpace(string(out)), "\n")
	for i, dir := range dirs {
		dirs[i] = strings.TrimSpace(dir) + string(filepath.Separator)
	}
	return dirs, nil
}
