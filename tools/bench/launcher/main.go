//go:build unix

// Command launcher stands in for a provider's binary, runs the real one, and
// reports what that one process used: nobody else can tell a provider's share
// from Terraform's, which is its parent.
//
// The real binary is the file "provider" beside the launcher. The report goes
// into a new file in the directory BENCH_USAGE_DIR, which stays empty until the
// provider ends. What Terraform and the provider say to each other over the
// standard streams never passes through the launcher: the provider inherits them.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
	"time"
)

func main() {
	status, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "launcher:", err)
	}
	os.Exit(status)
}

// run returns the provider's exit status.
func run() (status int, err error) {
	self, err := os.Executable()
	if err != nil {
		return 1, err
	}
	report, err := os.CreateTemp(os.Getenv("BENCH_USAGE_DIR"), "*.json")
	if err != nil {
		return 1, err
	}
	defer func() { err = errors.Join(err, report.Close()) }()

	// Interrupts reach the whole process group. The provider knows what to do with
	// one, and the launcher has to outlive it.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)

	cmd := exec.Command(filepath.Join(filepath.Dir(self), "provider"), os.Args[1:]...) //nolint:gosec,noctx // the provider is what it is there to run, for as long as it lives
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		return 1, err
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 1, errors.New("the system does not tell what a process used")
	}
	return cmd.ProcessState.ExitCode(), json.NewEncoder(report).Encode(map[string]int64{
		"cpu_ns":        time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Nanoseconds(),
		"max_rss_bytes": maxRSS(usage),
	})
}

// maxRSS is the most memory that the process had resident, in bytes. Linux
// counts in it what the parent had resident when it started the process; the
// launcher is smaller than any provider.
func maxRSS(usage *syscall.Rusage) int64 {
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return usage.Maxrss
	}
	return usage.Maxrss * 1024
}
