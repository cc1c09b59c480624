// Command apify-emulator serves the dataset endpoints of the Apify API from memory, for
// development, demonstrations and benchmarks without an Apify account.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// The exit statuses of the emulator itself. The last two are those of shells: for a command that
// cannot be run, and for one that a signal ended.
const (
	exitOK             = 0
	exitFailure        = 1
	exitUsage          = 2
	exitCannotRun      = 127
	exitSignaledOffset = 128
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// run runs the emulator and returns its exit status.
func run(arguments []string, stdout, stderr io.Writer) int {
	s, err := parseFlags(arguments, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return reportError(stderr, exitUsage, fmt.Errorf("%w\nRun \"apify-emulator -help\" for its options", err))
	}
	// From here on, a signal ends the run only after the datasets are saved.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)

	changes := make(chan struct{}, 1)
	api := emulator.NewAPI(emulator.Options{Users: s.users, OnChange: func() {
		select {
		case changes <- struct{}{}:
		default: // An earlier change is not saved yet; it will be saved with this one.
		}
	}})
	var data *file
	if s.data != "" {
		if data, err = open(s.data, api, changes, stderr); err != nil {
			return reportError(stderr, exitFailure, err)
		}
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", s.addr)
	if err != nil {
		return reportError(stderr, exitFailure, err)
	}
	server := emulator.Serve(listener, api)
	server.Recorder.SetLatency(s.latency)
	status := serve(server.URL, s, signals, stdout, stderr)
	server.Close()
	if data != nil {
		if err := data.close(); err != nil {
			return reportError(stderr, max(status, exitFailure), err)
		}
	}
	return status
}

// serve waits for the command, or for a signal if there is no command, and returns the exit status.
func serve(url string, s settings, signals <-chan os.Signal, stdout, stderr io.Writer) int {
	if _, err := fmt.Fprintln(stdout, "listening on", url); err != nil {
		return reportError(stderr, exitFailure, err)
	}
	if len(s.command) == 0 {
		<-signals
		return exitOK
	}
	status, err := runCommand(s.command, url, s.token, signals)
	if err != nil {
		return reportError(stderr, exitCannotRun, err)
	}
	return status
}

// reportError prints an error and returns the exit status.
func reportError(stderr io.Writer, status int, err error) int {
	// If the error cannot be printed, the exit status still reports the failure.
	_, _ = fmt.Fprintf(stderr, "apify-emulator: %v\n", err)
	return status
}
