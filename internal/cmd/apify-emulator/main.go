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
	"strings"
	"syscall"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

const usage = `Usage: apify-emulator [OPTIONS] [-- COMMAND [ARGUMENT…]]

Serves the dataset endpoints of the Apify API from memory. The first line it prints is
"listening on http://HOST:PORT". It runs until it is interrupted, or, with a COMMAND, until that
ends: the COMMAND finds the server in APIFY_API_BASE_URL and the first token in APIFY_TOKEN, and
its exit status becomes apify-emulator's.

GET /_stats tells how many requests and connections there were, and how many of these were open at
once at most; POST /_reset zeroes that.

Options:
  -addr HOST:PORT         where to listen; port 0 is any free one (default 127.0.0.1:0)
  -token TOKEN[=USERNAME] a token that the API accepts, and whose it is; may be repeated
                          (default ` + emulator.DefaultToken + `=` + emulator.DefaultUsername + `)
  -latency DURATION       delays every request, for example by 100ms
  -data FILE              keeps the datasets in FILE across runs
`

// Exit statuses of the emulator itself. The last is what shells use for a command they can't run.
const (
	exitOK             = 0
	exitFailure        = 1
	exitUsage          = 2
	exitCannotRun      = 127
	exitSignalledShift = 128
)

func main() {
	os.Exit(run(os.Args[1:], os.Stdout, os.Stderr))
}

// settings are what the command line tells.
type settings struct {
	addr    string
	users   userFlags
	latency time.Duration
	data    string
	command []string
}

// run is the whole command; it returns the exit status.
func run(arguments []string, stdout, stderr io.Writer) int {
	s, err := parse(arguments, stdout)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exitOK
	case err != nil:
		return report(stderr, exitUsage, fmt.Errorf("%w\nRun \"apify-emulator -help\" for how to use it", err))
	}
	// From here on, signals end the run in good order.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	defer signal.Stop(signals)

	changes := make(chan struct{}, 1)
	api := emulator.NewAPI(emulator.Options{Users: s.users, OnChange: func() {
		select {
		case changes <- struct{}{}:
		default: // There is a change to save already.
		}
	}})
	var saved *file
	if s.data != "" {
		if saved, err = open(s.data, api, changes, stderr); err != nil {
			return report(stderr, exitFailure, err)
		}
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", s.addr)
	if err != nil {
		return report(stderr, exitFailure, err)
	}
	server := emulator.Serve(listener, api)
	server.Recorder.SetLatency(s.latency)
	status := serve(server.URL, s, signals, stdout, stderr)
	server.Close()
	if saved != nil {
		if err := saved.close(); err != nil {
			return report(stderr, max(status, exitFailure), err)
		}
	}
	return status
}

// serve waits for the command, or else for a signal, and returns the exit status.
func serve(url string, s settings, signals <-chan os.Signal, stdout, stderr io.Writer) int {
	if _, err := fmt.Fprintln(stdout, "listening on", url); err != nil {
		return report(stderr, exitFailure, err)
	}
	if len(s.command) == 0 {
		<-signals
		return exitOK
	}
	status, err := runCommand(s.command, url, s.users[0].Token, signals)
	if err != nil {
		return report(stderr, exitCannotRun, err)
	}
	return status
}

func report(stderr io.Writer, status int, err error) int {
	// Where errors can't be told, the status has to do.
	_, _ = fmt.Fprintf(stderr, "apify-emulator: %v\n", err)
	return status
}

func parse(arguments []string, stdout io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("apify-emulator", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&s.addr, "addr", "127.0.0.1:0", "")
	flags.Var(&s.users, "token", "")
	flags.DurationVar(&s.latency, "latency", 0, "")
	flags.StringVar(&s.data, "data", "", "")

	// Only what follows "--" is a command, lest a mistyped option become one.
	for i, argument := range arguments {
		if argument == "--" {
			arguments, s.command = arguments[:i], arguments[i+1:]
			if len(s.command) == 0 {
				return s, errors.New("there is no command after --")
			}
			break
		}
	}
	if err := flags.Parse(arguments); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			// Whoever asks for help and can't read it does not need it.
			_, _ = io.WriteString(stdout, usage)
		}
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q: a command goes after --", flags.Arg(0))
	}
	if s.latency < 0 {
		return s, errors.New("the latency must not be negative")
	}
	if len(s.users) == 0 {
		s.users = userFlags{{
			ID: emulator.DefaultUserID, Username: emulator.DefaultUsername, Token: emulator.DefaultToken,
		}}
	}
	return s, nil
}

// userFlags are the users that tokens on the command line belong to.
type userFlags []emulator.User

// String implements [flag.Value].
func (u *userFlags) String() string { return "" }

// Set implements [flag.Value].
func (u *userFlags) Set(value string) error {
	token, username, named := strings.Cut(value, "=")
	if token == "" || named && username == "" {
		return errors.New("it must be TOKEN or TOKEN=USERNAME")
	}
	user := emulator.User{Username: username, Token: token}
	if !named {
		user.Username = emulator.DefaultUsername
	}
	if user.Username == emulator.DefaultUsername {
		user.ID = emulator.DefaultUserID
	}
	*u = append(*u, user)
	return nil
}
