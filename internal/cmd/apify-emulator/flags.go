package main

import (
	"cmp"
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
gets the server's URL in APIFY_API_BASE_URL and the first token of the command line in APIFY_TOKEN.
Its exit status is the exit status of apify-emulator.

GET /_stats returns the number of requests and connections, and the maximum number of connections
that were open at the same time. POST /_reset resets these numbers.

Items are rendered as JSON, JSONL and CSV. For other formats, the response has the status 501.

Options:
  -addr HOST:PORT    Address to listen on. Port 0 is any free port. Defaults to 127.0.0.1:0.
  -latency DURATION  Delay of every request, such as 100ms. Defaults to 0.
  -data FILE         File to load the datasets from and to save them to. Defaults to none.

  -general-access LEVEL
      Setting of all accounts for general resource access, which applies to datasets with
      FOLLOW_USER_SETTING: RESTRICTED or ANYONE_WITH_ID_CAN_READ. Defaults to RESTRICTED.

The following options add a token that the API accepts, and the user it belongs to, who is
` + emulator.DefaultUsername + ` by default. They can be repeated. Without any of them, the API accepts the token
` + emulator.DefaultToken + `.

  -token TOKEN[=USERNAME]
      Token with all permissions.
  -read-only-token TOKEN[=USERNAME]
      Token that can read everything except keys that sign URLs, and change nothing.
  -run-token TOKEN[=USERNAME]
      Token of an Actor run with limited permissions. It has access only to datasets that were
      created with such a token. GET /v2/users/me returns the account without its ID.
  -scoped-token TOKEN[=USERNAME]
      Token with all permissions for datasets and no other ones. GET /v2/users/me returns 403.
`

// settings are the options and arguments of the command line.
type settings struct {
	addr string
	// users has an entry for each token.
	users []emulator.User
	// token is the first token.
	token   string
	latency time.Duration
	data    string
	command []string
}

func parseFlags(arguments []string, stdout io.Writer) (settings, error) {
	var s settings
	flags := flag.NewFlagSet("apify-emulator", flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&s.addr, "addr", "127.0.0.1:0", "")
	flags.DurationVar(&s.latency, "latency", 0, "")
	flags.StringVar(&s.data, "data", "", "")
	anyoneWithIDCanRead := false
	flags.Func("general-access", "", func(level string) error {
		anyoneWithIDCanRead = level == "ANYONE_WITH_ID_CAN_READ"
		if !anyoneWithIDCanRead && level != "RESTRICTED" {
			return errors.New("it must be RESTRICTED or ANYONE_WITH_ID_CAN_READ")
		}
		return nil
	})
	for option, set := range map[string]func(*emulator.User, string){
		"token":           func(user *emulator.User, token string) { user.Token = token },
		"read-only-token": func(user *emulator.User, token string) { user.ReadOnlyTokens = []string{token} },
		"run-token":       func(user *emulator.User, token string) { user.RunTokens = []string{token} },
		"scoped-token":    func(user *emulator.User, token string) { user.ScopedTokens = []string{token} },
	} {
		flags.Func(option, "", func(value string) error { return s.addToken(value, set) })
	}

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
		s.token = emulator.DefaultToken
		s.users = []emulator.User{{
			ID: emulator.DefaultUserID, Username: emulator.DefaultUsername, Token: emulator.DefaultToken,
		}}
	}
	for i := range s.users {
		s.users[i].AnyoneWithIDCanRead = anyoneWithIDCanRead
	}
	return s, nil
}

// addToken adds the value TOKEN[=USERNAME] of an option. The function set adds the token to a user.
func (s *settings) addToken(value string, set func(user *emulator.User, token string)) error {
	token, username, named := strings.Cut(value, "=")
	if token == "" || named && username == "" {
		return errors.New("it must be TOKEN or TOKEN=USERNAME")
	}
	user := emulator.User{Username: username}
	if !named {
		user.Username = emulator.DefaultUsername
	}
	if user.Username == emulator.DefaultUsername {
		user.ID = emulator.DefaultUserID
	}
	set(&user, token)
	s.users = append(s.users, user)
	s.token = cmp.Or(s.token, token)
	return nil
}
