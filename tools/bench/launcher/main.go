//go:build unix

// Command launcher takes the place of a provider's executable, runs the real one, and reports the
// CPU time and memory of this one process. The provider is a child of Terraform, so the benchmark,
// which starts Terraform, could only measure the sum of the two.
//
// The real executable is the file "provider" next to the launcher. The report is a new file in the
// directory BENCH_USAGE_DIR.
package main

import (
	"encoding/json"
	"errors"
	"log"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"runtime"
	"syscall"
)

func main() {
	status, err := run()
	if err != nil {
		log.Fatal(err)
	}
	os.Exit(status)
}

// run returns the provider's exit status.
func run() (status int, err error) {
	self, err := os.Executable()
	if err != nil {
		return 0, err
	}
	report, err := os.CreateTemp(os.Getenv("BENCH_USAGE_DIR"), "")
	if err != nil {
		return 0, err
	}
	// An interrupt reaches the whole process group, and the launcher must run longer than the
	// provider.
	signal.Notify(make(chan os.Signal, 1), os.Interrupt)
	cmd := exec.Command(filepath.Join(filepath.Dir(self), "provider"), os.Args[1:]...) //nolint:gosec,noctx // the provider decides when it exits
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	if err := cmd.Run(); cmd.ProcessState == nil {
		return 0, err
	}
	usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	if !ok {
		return 0, errors.New("the operating system does not report the resource usage of a process")
	}
	rss := usage.Maxrss
	if runtime.GOOS != "darwin" {
		rss *= 1024 // see getrusage(2) for the units
	}
	process := map[string]int64{"cpu": usage.Utime.Nano() + usage.Stime.Nano(), "rss": rss}
	return cmd.ProcessState.ExitCode(), errors.Join(json.NewEncoder(report).Encode(process), report.Close())
}
