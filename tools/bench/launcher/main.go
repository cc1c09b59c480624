//go:build unix

// Command launcher takes the place of a provider's executable, runs the real one, and reports the
// CPU time and memory that this one process used. The provider is a child of Terraform, so the
// benchmark, which starts Terraform, could only measure the sum of the two.
//
// The real executable is the file "provider" next to the launcher. The report is a new file in the
// directory BENCH_USAGE_DIR, which remains empty until the provider exits. The provider inherits
// the standard streams, so the launcher does not copy the data between it and Terraform.
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

	// An interrupt reaches the whole process group. The provider handles it, and the launcher must
	// run longer than the provider.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)

	cmd := exec.Command(filepath.Join(filepath.Dir(self), "provider"), os.Args[1:]...) //nolint:gosec,noctx // the provider decides when it exits
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		return 1, err
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 1, errors.New("the operating system does not report the resource usage of a process")
	}
	return cmd.ProcessState.ExitCode(), json.NewEncoder(report).Encode(map[string]int64{
		"cpu_ns":        time.Duration(usage.Utime.Nano() + usage.Stime.Nano()).Nanoseconds(),
		"max_rss_bytes": maxRSS(usage),
	})
}

// maxRSS returns the maximum resident set size of the process in bytes; see getrusage(2) for the
// units. On Linux it is at least that of the parent at the time of the fork, which does not matter
// because the launcher is smaller than any provider.
func maxRSS(usage *syscall.Rusage) int64 {
	if runtime.GOOS == "darwin" || runtime.GOOS == "ios" {
		return usage.Maxrss
	}
	return usage.Maxrss * 1024
}
