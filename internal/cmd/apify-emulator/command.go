package main

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// runCommand runs a command against the server at this URL and returns its exit status. If a signal
// ended the command, that is 128 plus the number of the signal, as in shells. Signals that arrive
// while the command runs are forwarded to it.
func runCommand(command []string, url, token string, signals <-chan os.Signal) (int, error) {
	//nolint:gosec // The user of the command line may run any command.
	cmd := exec.CommandContext(context.Background(), command[0], command[1:]...)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.Env = append(os.Environ(), "APIFY_API_BASE_URL="+url, "APIFY_TOKEN="+token)
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	done := make(chan error, 1)
	go func() { done <- cmd.Wait() }()
	interactive := isTerminal(os.Stdin)
	for {
		select {
		case received := <-signals:
			// A terminal sends an interrupt to the command as well, and Terraform exits at once on
			// a second interrupt.
			if received != os.Interrupt || !interactive {
				// An error means that the command has ended.
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
		return exitSignaledOffset + int(status.Signal()), nil
	}
	return state.ExitCode(), nil
}

// isTerminal reports whether a file is a terminal, which is a character device other than the null
// device.
func isTerminal(f *os.File) bool {
	info, err := f.Stat()
	if err != nil || info.Mode()&os.ModeCharDevice == 0 {
		return false
	}
	null, err := os.Stat(os.DevNull)
	return err != nil || !os.SameFile(info, null)
}
