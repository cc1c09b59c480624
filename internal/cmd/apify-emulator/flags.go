package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

const usage = `Usage: apify-emulator [OPTIONS] [-- COMMAND [ARGUMENT…]]

Serves the dataset endpoints of the Apify API from memory. Prints "listening on http://HOST:PORT" as
its first line. Runs until it is interrupted or, with a COMMAND, until the COMMAND ends. The COMMAND
gets the server's URL in APIFY_API_BASE_URL and the first token in APIFY_TOKEN. Its exit status is
the exit status of apify-emulator.

GET /_stats returns the number of requests and connections, and the maximum number of connections
that were open at the same time. POST /_reset resets these numbers.

Items are rendered as JSON, JSONL and CSV. For other formats, the response has the status 501.

Options:
  -addr HOST:PORT          Address to listen on. Port 0 is any free port. Defaults to 127.0.0.1:0.
  -token TOKEN[=USERNAME]  Token that the API accepts, and the user it belongs to. Can be repeated.
                           Defaults to ` + emulator.DefaultToken + `=` + emulator.DefaultUsername + `.
  -latency DURATION        Delay of every request, such as 100ms. Defaults to 0.
  -data FILE               File to load the datasets from and to save them to. Defaults to none.
`

// settings are the options and arguments of the command line.
type settings struct {
	addr    string
	users   userFlag
	latency time.Duration
	data    string
	command []string
}

func parseFlags(arguments []string, stdout io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("apify-emulator", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&s.addr, "addr", "127.0.0.1:0", "")
	flags.Var(&s.users, "token", "")
	flags.DurationVar(&s.latency, "latency", 0, "")
	flags.StringVar(&s.data, "data", "", "")

	// A command must follow "--", so that a misspelled option is not run as a command.
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
			// An error means that nobody reads the help.
			_, _ = io.WriteString(stdout, usage)
		}
		return s, err
	}
	if flags.NArg() > 0 {
		return s, fmt.Errorf("unexpected argument %q: a command must follow --", flags.Arg(0))
	}
	if s.latency < 0 {
		return s, errors.New("the latency must not be negative")
	}
	if len(s.users) == 0 {
		s.users = userFlag{{
			ID: emulator.DefaultUserID, Username: emulator.DefaultUsername, Token: emulator.DefaultToken,
		}}
	}
	return s, nil
}

// userFlag is the option -token. Each value adds a user.
type userFlag []emulator.User

// String implements [flag.Value].
func (u *userFlag) String() string { return "" }

// Set implements [flag.Value].
func (u *userFlag) Set(value string) error {
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
