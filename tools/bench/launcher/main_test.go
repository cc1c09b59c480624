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

// TestMain lets copies of the test executable act as the launcher and as the provider, depending on
// their file name.
func TestMain(m *testing.M) {
	switch filepath.Base(os.Args[0]) {
	case "terraform-provider-test_v1.0.0":
		main()
	case "provider":
		actAsProvider()
	}
	os.Exit(m.Run())
}

const (
	providerTime   = 200 * time.Millisecond
	providerMemory = 200 << 20
)

// actAsProvider uses CPU time and memory, and prints its arguments and a variable.
func actAsProvider() {
	memory := make([]byte, providerMemory)
	for started := time.Now(); time.Since(started) < providerTime; {
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
	// Links would not do, because the launcher looks for the provider next to the link's target.
	binary, err := os.ReadFile(self) //nolint:gosec // the executable of this test
	if err != nil {
		t.Fatal(err)
	}
	dir, usage := t.TempDir(), t.TempDir()
	launcher := filepath.Join(dir, "terraform-provider-test_v1.0.0")
	for _, name := range []string{launcher, filepath.Join(dir, "provider")} {
		if err := os.WriteFile(name, binary, 0o700); err != nil { //nolint:gosec // it must be executable
			t.Fatal(err)
		}
	}
	cmd := exec.CommandContext(t.Context(), launcher, "-debug=false") //nolint:gosec // the copy written above
	cmd.Env = append(os.Environ(), "BENCH_USAGE_DIR="+usage, "COOKIE=secret")
	out, err := cmd.Output()
	if cmd.ProcessState.ExitCode() != 3 {
		t.Errorf("exit status is %d (%v), want that of the provider, 3", cmd.ProcessState.ExitCode(), err)
	}
	if want := "handshake -debug=false secret"; string(out) != want {
		t.Errorf("output is %q, want %q", out, want)
	}

	reports, err := filepath.Glob(filepath.Join(usage, "*.json"))
	if err != nil || len(reports) != 1 {
		t.Fatalf("reports are %v (%v), want one", reports, err)
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
	// On a busy machine the provider gets only a part of its time.
	least, most := providerTime/4, cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime()
	if report.CPU < least || report.CPU > most {
		t.Errorf("CPU time is %v, want %v to %v", report.CPU, least, most)
	}
	if report.MaxRSS < providerMemory || report.MaxRSS > 2*providerMemory {
		t.Errorf("peak memory is %d bytes, want a little more than %d", report.MaxRSS, providerMemory)
	}
}
