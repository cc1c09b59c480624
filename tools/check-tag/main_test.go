package main

import (
	"strings"
	"testing"
)

func TestCheck(t *testing.T) {
	t.Parallel()
	const released = "# Changelog\n\n## [1.2.3] - 2026-11-30\n\n### Fixed\n\n## [1.2.2] - 2026-11-01\n"
	for _, test := range []struct{ name, tag, changelog, want string }{
		{"the top version", "v1.2.3", released, ""},
		{"an older version", "v1.2.2", released, `the tag is "v1.2.2", but the version at the top of the changelog is 1.2.3`},
		{"no v", "1.2.3", released, `the tag is "1.2.3"`},
		{"no tag", "", released, `the tag is ""`},
		{"unreleased changes", "v1.2.3", "## [Unreleased]\n\n" + released, `the top section of the changelog is "## [Unreleased]"`},
		{"no date", "v1.2.3", "## [1.2.3]\n", `the top section of the changelog is "## [1.2.3]"`},
		{"no section", "v1.2.3", "# Changelog\n", `the top section of the changelog is ""`},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			err := check(test.tag, test.changelog)
			switch {
			case test.want == "" && err != nil:
				t.Errorf("got the error %v, want none", err)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
				t.Errorf("got the error %v, want %q", err, test.want)
			}
		})
	}
}
