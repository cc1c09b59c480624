package main

import (
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	const (
		released = "# Changelog\n\n## [1.2.3] - 2026-11-30\n\n### Fixed\n\n## [1.2.2] - 2026-11-01\n"
		provider = "terraform {\n  required_providers {\n    apify = {\n      source  = \"apify/apify\"\n      version = \"~> 1.2.0\"\n    }\n  }\n}\n"
		page     = "The constraint `~> 1.2.0` allows patch releases only.\n"
	)
	repository := map[string]string{
		"CHANGELOG.md":            released,
		"GNUmakefile":             "VERSION ?= 1.2.0\n",
		"README.md":               provider,
		"examples/demo/main.tf":   strings.ReplaceAll(provider, "apify", "vault") + provider,
		"templates/index.md.tmpl": page,
	}
	for _, test := range []struct {
		name, tag string
		files     map[string]string
		want      string // in the error; empty for none
	}{
		{"the top version", "v1.2.3", nil, ""},
		{"an older version", "v1.2.2", nil, `the tag is "v1.2.2", but the version at the top of the changelog is 1.2.3`},
		{"no v", "1.2.3", nil, `the tag is "1.2.3"`},
		{"no tag", "", nil, `the tag is ""`},
		{"unreleased changes", "v1.2.3", map[string]string{"CHANGELOG.md": "## [Unreleased]\n\n" + released}, `the top section of the changelog is "## [Unreleased]"`},
		{"no date", "v1.2.3", map[string]string{"CHANGELOG.md": "## [1.2.3]\n"}, `the top section of the changelog is "## [1.2.3]"`},
		{"no section", "v1.2.3", map[string]string{"CHANGELOG.md": "# Changelog\n"}, `the top section of the changelog is ""`},
		{"an old constraint in the readme", "v1.2.3", map[string]string{"README.md": strings.Replace(provider, "~> 1.2.0", "~> 1.1.0", 1)},
			`README.md has the version constraint "~> 1.1.0", which does not allow 1.2.3 of the tag`},
		{"an old constraint in an example", "v1.2.3", map[string]string{"examples/demo/main.tf": strings.Replace(provider, "~> 1.2.0", "~> 1.1.0", 1)},
			`main.tf has the version constraint "~> 1.1.0", which does not allow 1.2.3 of the tag`},
		{"an old constraint in a page", "v1.2.3", map[string]string{"templates/index.md.tmpl": strings.Replace(page, "~> 1.2.0", "~> 1.1.0", 1)},
			`index.md.tmpl has the version constraint "~> 1.1.0"`},
		{"a constraint of another provider", "v1.2.3", map[string]string{"examples/demo/main.tf": strings.ReplaceAll(strings.Replace(provider, "1.2.0", "5.0", 1), "apify", "vault")}, ""},
		{"no constraint", "v1.2.3", map[string]string{"README.md": "", "examples/demo/main.tf": "", "templates/index.md.tmpl": ""}, "no file has a version constraint"},
		{"an old VERSION", "v1.2.3", map[string]string{"GNUmakefile": "VERSION ?= 1.1.9\n"}, `does not allow 1.1.9 of VERSION in GNUmakefile`},
		{"no VERSION", "v1.2.3", map[string]string{"GNUmakefile": ""}, "GNUmakefile has no VERSION"},
		{"no version in VERSION", "v1.2.3", map[string]string{"GNUmakefile": "VERSION ?= $(TAG)\n"}, "VERSION in GNUmakefile: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			files := maps.Clone(repository)
			maps.Copy(files, test.files)
			for name, content := range files {
				path := filepath.Join(dir, filepath.FromSlash(name))
				if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			err := check(test.tag, dir)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("got the error %v, want none", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got the error %v, want %q", err, test.want)
			}
		})
	}
}
