//go:build unix

package main

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// The test's own binary plays the launcher and the provider, told apart by what
// it is called.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "terraform-provider-test_v1.0.0":
		main()
	case "provider":
		pretend()
	}
	os.Exit(m.Run())
}

const (
	burnt = 100 * time.Millisecond
	held  = 200 << 20
)

// pretend uses memory and time, and shows what it was started with.
func pretend() {
	memory := make([]byte, held)
	for began := time.Now(); time.Since(began) < 2*burnt; {
		for i := range memory {
			memory[i]++
		}
	}
	_, _ = os.Stdout.WriteString("handshake " + strings.Join(os.Args[1:], " ") + " " + os.Getenv("COOKIE"))
	os.Exit(3)
}

func TestLauncher(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	// The launcher resolves links to itself, so the copies have to be real.
	binary, err := os.ReadFile(self) //nolint:gosec // this test
	if err != nil {
		t.Fatal(err)
	}
	dir, usage := t.TempDir(), t.TempDir()
	launcher := filepath.Join(dir, "terraform-provider-test_v1.0.0")
	for _, name := range []string{launcher, filepath.Join(dir, "provider")} {
		if err := os.WriteFile(name, binary, 0o700); err != nil { //nolint:gosec // a program
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), launcher, "-debug=false") //nolint:gosec // the copy above
	cmd.Env = append(os.Environ(), "BENCH_USAGE_DIR="+usage, "COOKIE=secret")
	out, err := cmd.Output()
	if cmd.ProcessState.ExitCode() != 3 {
		t.Errorf("got status %d (%v), want the provider's, 3", cmd.ProcessState.ExitCode(), err)
	}
	if string(out) != "handshake -debug=false secret" {
		t.Errorf("got output %q", out)
	}

	reports, err := filepath.Glob(filepath.Join(usage, "*.json"))
	if err != nil || len(reports) != 1 {
		t.Fatalf("got reports %v, %v, want one", reports, err)
	}
	raw, err := os.ReadFile(reports[0])
	if err != nil {
		t.Fatal(err)
	}
	var report struct {
		CPU    time.Duration `json:"cpu_ns"`
		MaxRSS int64         `json:"max_rss_bytes"`
	}
	if err := json.Unmarshal(raw, &report); err != nil {
		t.Fatal(err)
	}
	if report.CPU < burnt/2 || report.CPU > cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime() {
		t.Errorf("got CPU time %v", report.CPU)
	}
	if report.MaxRSS < held || report.MaxRSS > 2*held {
		t.Errorf("got peak memory %d, want a little over %d", report.MaxRSS, held)
	}
}
