package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// runCommand runs a command against the server at this URL and returns its exit status, which for one
// that a signal killed is 128 and the signal's number, as in shells. The signals that arrive meanwhile
// are passed on to it.
func runCommand(command []string, url, token string, signals <-chan os.Signal) (int, error) {
	//nolint:gosec // Running what the command line says is what this is for.
	cmd := exec.CommandContext(context.Background(), command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "APIFY_API_BASE_URL="+url, "APIFY_TOKEN="+token)
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	interactive := onTerminal(os.Stdin)
	for {
		select {
		case received := <-signals:
			// A terminal sends an interrupt to all its processes by itself, and Terraform takes
			// a second one as the wish to give up at once.
			if received != os.Interrupt || !interactive {
				// It fails for a command that has ended by now.
				_ = cmd.Process.Signal(received)
			}
		case err := <-done:
			return exitStatus(cmd.ProcessState, err)
		}
	}
}

func exitStatus(state *os.ProcessState, err error) (int, error) {
	if failure := (*exec.ExitError)(nil); err != nil && !errors.As(err, &failure) {
		return 0, err
	}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return exitSignalledShift + int(status.Signal()), nil
	}
	return state.ExitCode(), nil
}

// onTerminal tells whether a file is a terminal.
func onTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
