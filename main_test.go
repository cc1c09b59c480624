package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"strings"
	"testing"
)

// TestVersion runs a build of the provider with -version. The build has a revision only in a clone
// of the repository: an archive of its files has none, and Go does not find the one of a linked
// worktree.
func TestVersion(t *testing.T) {
	t.Parallel()
	binary := filepath.Join(t.TempDir(), "terraform-provider-apify")
	if runtime.GOOS == "windows" {
		binary += ".exe"
	}
	build := exec.CommandContext(t.Context(), "go", "build", "-buildvcs=auto", "-ldflags=-X main.version=1.2.3", "-o", binary, ".") //nolint:gosec // below t.TempDir
	if output, err := build.CombinedOutput(); err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	output, err := exec.CommandContext(t.Context(), binary, "-version").CombinedOutput() //nolint:gosec // built above
	if err != nil {
		t.Fatalf("%v: %s", err, output)
	}
	revision := "unknown"
	if info, err := os.Stat(".git"); err == nil && info.IsDir() {
		head, err := exec.CommandContext(t.Context(), "git", "rev-parse", "HEAD").Output()
		if err != nil {
			t.Fatal(err)
		}
		revision = strings.TrimSpace(string(head))
	}
	want := "terraform-provider-apify 1.2.3\nrevision " + revision
	if !strings.HasPrefix(string(output), want) || !strings.HasSuffix(string(output), runtime.GOOS+"/"+runtime.GOARCH+"\n") {
		t.Errorf("-version printed %q, want %q and the platform", output, want)
	}
}

func TestVersionText(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name     string
		settings []debug.BuildSetting
		want     string
	}{
		{"no repository", nil, "unknown"},
		{"revision", []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "false"}}, "abc"},
		{"uncommitted changes", []debug.BuildSetting{{Key: "vcs.revision", Value: "abc"}, {Key: "vcs.modified", Value: "true"}}, "abc, modified"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			info := &debug.BuildInfo{
				GoVersion: "go1.26.1",
				Settings:  append([]debug.BuildSetting{{Key: "GOOS", Value: "linux"}, {Key: "GOARCH", Value: "arm"}}, test.settings...),
			}
			want := "terraform-provider-apify 1.2.3\nrevision " + test.want + "\ngo1.26.1 linux/arm"
			if got := versionText("1.2.3", info); got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}
