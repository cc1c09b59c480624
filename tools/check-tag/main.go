// Command check-tag fails unless a tag is the version at the top of the changelog of a repository,
// with its date, and the version constraints in the pages and examples, and VERSION in GNUmakefile,
// fit this version:
//
//	check-tag TAG REPOSITORY
package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"

	"github.com/hashicorp/go-version"
)

var (
	section = regexp.MustCompile(`(?m)^## .*$`)
	release = regexp.MustCompile(`^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$`)
	// makeVersion is the version that `make install` installs. The examples must select it.
	makeVersion = regexp.MustCompile(`(?m)^VERSION \?= (.*)$`)
	// constraint is the version of a required provider apify/apify, or a constraint in the text of
	// a page.
	constraint = regexp.MustCompile("(?:\"apify/apify\"\\s+version\\s*=\\s*\"|`)(~> [^\"`]+)[\"`]")
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: check-tag TAG REPOSITORY")
		os.Exit(2)
	}
	if err := check(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, "check-tag:", err)
		os.Exit(1)
	}
}

// check returns an error unless the files in the directory of a repository fit the tag.
func check(tag, dir string) error {
	changelog, err := os.ReadFile(filepath.Join(dir, "CHANGELOG.md")) //nolint:gosec // of this repository
	if err != nil {
		return err
	}
	if err := checkChangelog(tag, string(changelog)); err != nil {
		return err
	}
	makefile, err := os.ReadFile(filepath.Join(dir, "GNUmakefile")) //nolint:gosec // of this repository
	if err != nil {
		return err
	}
	installed := makeVersion.FindSubmatch(makefile)
	if installed == nil {
		return errors.New("GNUmakefile has no VERSION")
	}
	return checkConstraints(dir, []namedVersion{{"the tag", tag}, {"VERSION in GNUmakefile", string(installed[1])}})
}

func checkChangelog(tag, changelog string) error {
	top := section.FindString(changelog)
	version := release.FindStringSubmatch(top)
	if version == nil {
		return fmt.Errorf("the top section of the changelog is %q instead of \"## [VERSION] - YYYY-MM-DD\"", top)
	}
	if tag != "v"+version[1] {
		return fmt.Errorf("the tag is %q, but the version at the top of the changelog is %s", tag, version[1])
	}
	return nil
}

// namedVersion is a version and its place, for errors.
type namedVersion struct{ name, version string }

// checkConstraints returns an error unless the constraints in README.md, examples/ and templates/
// allow all versions.
func checkConstraints(dir string, versions []namedVersion) error {
	parsed := make([]*version.Version, len(versions))
	for i, v := range versions {
		var err error
		if parsed[i], err = version.NewVersion(v.version); err != nil {
			return fmt.Errorf("%s: %w", v.name, err)
		}
	}
	found := 0
	read := func(path string, entry fs.DirEntry, err error) error {
		if err != nil || !entry.Type().IsRegular() {
			return err
		}
		content, err := os.ReadFile(path) //nolint:gosec // of this repository
		if err != nil {
			return err
		}
		for _, match := range constraint.FindAllSubmatch(content, -1) {
			allowed, err := version.NewConstraint(string(match[1]))
			if err != nil {
				return fmt.Errorf("%s: %w", path, err)
			}
			for i, v := range parsed {
				if !allowed.Check(v) {
					return fmt.Errorf("%s has the version constraint %q, which does not allow %s of %s", path, match[1], v, versions[i].name)
				}
			}
			found++
		}
		return nil
	}
	for _, name := range []string{"README.md", "examples", "templates"} {
		if err := filepath.WalkDir(filepath.Join(dir, name), read); err != nil {
			return err
		}
	}
	if found == 0 {
		return errors.New("no file has a version constraint")
	}
	return nil
}
