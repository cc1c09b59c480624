// Command apify-emulator serves the dataset endpoints of the Apify API from memory, for
// development, demonstrations and benchmarks without an Apify account.
package main

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"os"
	"os/exec"
	"os/signal"
	"strings"
	"sync"
	"syscall"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

const usage = `Usage: apify-emulator [OPTIONS] [-- COMMAND [ARGUMENT…]]

Serves the dataset endpoints of the Apify API from memory. Prints "listening on http://HOST:PORT" as
its first line. Runs until it is interrupted or, with a COMMAND, until the COMMAND ends. The COMMAND
gets the server's URL in APIFY_API_BASE_URL and the first token of the command line in APIFY_TOKEN.
Its exit status is the exit status of apify-emulator.

GET /_stats returns the number of requests and connections, and the maximum number of connections
that were open at the same time. POST /_reset resets these numbers.

The options for tokens can be repeated. USERNAME is the account of the token, by default ` + emulator.DefaultUsername + `.
Without any of these options, the API accepts the token ` + emulator.DefaultToken + `.

Options:
`

func main() {
	status, err := run()
	if err != nil {
		fmt.Fprintln(os.Stderr, "apify-emulator:", err)
	}
	os.Exit(status)
}

// run runs the emulator and returns its exit status.
func run() (status int, err error) {
	var users []emulator.User
	var apiToken string // the first token
	tokenFlag := func(option, help string, add func(user *emulator.User, token string)) {
		flag.Func(option, "`TOKEN[=USERNAME]` "+help, func(value string) error {
			token, username, named := strings.Cut(value, "=")
			if token == "" || named && username == "" {
				return errors.New("want TOKEN or TOKEN=USERNAME")
			}
			user := emulator.User{Username: cmp.Or(username, emulator.DefaultUsername)}
			if user.Username == emulator.DefaultUsername {
				user.ID = emulator.DefaultUserID
			}
			add(&user, token)
			users, apiToken = append(users, user), cmp.Or(apiToken, token)
			return nil
		})
	}
	tokenFlag("token", "with all permissions", func(u *emulator.User, token string) { u.Token = token })
	tokenFlag("read-only-token", "that can neither change anything nor read keys that sign URLs",
		func(u *emulator.User, token string) { u.ReadOnlyTokens = []string{token} })
	tokenFlag("run-token", "of an Actor run with limited permissions, which has access to its own datasets only",
		func(u *emulator.User, token string) { u.RunTokens = []string{token} })
	tokenFlag("scoped-token", "with all permissions for datasets and no others",
		func(u *emulator.User, token string) { u.ScopedTokens = []string{token} })
	addr := flag.String("addr", "127.0.0.1:0", "`HOST:PORT` to listen on; port 0 is any free port")
	latency := flag.Duration("latency", 0, "`DURATION` by which every request is delayed, such as 100ms")
	data := flag.String("data", "", "`FILE` to load the datasets from, and to save them to after each change")
	access := flag.String("general-access", "RESTRICTED",
		"`LEVEL` of datasets with FOLLOW_USER_SETTING in all accounts: RESTRICTED or ANYONE_WITH_ID_CAN_READ")
	flag.Usage = func() {
		_, _ = fmt.Fprint(flag.CommandLine.Output(), usage) // An error means that nobody reads it.
		flag.PrintDefaults()
	}
	flag.Parse()
	if *access != "RESTRICTED" && *access != "ANYONE_WITH_ID_CAN_READ" || *latency < 0 {
		return 2, errors.New("invalid -general-access or -latency; see -help")
	}
	if len(users) == 0 {
		apiToken = emulator.DefaultToken
		users = []emulator.User{{ID: emulator.DefaultUserID, Username: emulator.DefaultUsername, Token: apiToken}}
	}
	for i := range users {
		users[i].AnyoneWithIDCanRead = *access != "RESTRICTED"
	}

	// From here on, a signal ends the run only after the requests have ended and are saved.
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	api := emulator.NewAPI(emulator.Options{Users: users, IDSeed: rand.Text()})
	handler := http.Handler(api)
	if *data != "" {
		f := &file{path: *data, api: api}
		if err := f.load(); err != nil {
			return 1, fmt.Errorf("could not use %s: %w", *data, err)
		}
		handler = f
	}
	listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp", *addr)
	if err != nil {
		return 1, err
	}
	server := emulator.Serve(listener, handler)
	defer server.Close()
	server.Recorder.SetLatency(*latency)
	fmt.Println("listening on", server.URL)
	if flag.NArg() == 0 {
		<-signals
		return 0, nil
	}
	return runCommand(flag.Args(), append(os.Environ(), "APIFY_API_BASE_URL="+server.URL, "APIFY_TOKEN="+apiToken), signals)
}

// runCommand runs a command and returns its exit status. As in shells, that is 127 for a command
// that cannot be run, and 128 plus the number of the signal that ended the command.
func runCommand(command, env []string, signals <-chan os.Signal) (status int, err error) {
	cmd := exec.CommandContext(context.Background(), command[0], command[1:]...) //nolint:gosec // The user may run any command.
	cmd.Stdin, cmd.Stdout, cmd.Stderr, cmd.Env = os.Stdin, os.Stdout, os.Stderr, env
	if err := cmd.Start(); err != nil {
		return 127, err
	}
	go func() {
		for received := range signals {
			// A terminal sends interrupts to the command as well, and Terraform exits at once on a
			// second one.
			if received == syscall.SIGTERM {
				_ = cmd.Process.Signal(received) // An error means that the command has ended.
			}
		}
	}()
	if err := cmd.Wait(); err != nil && cmd.ProcessState == nil {
		return 127, err
	}
	if state, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && state.Signaled() {
		return 128 + int(state.Signal()), nil
	}
	return cmd.ProcessState.ExitCode(), nil
}

// file is an API whose datasets are saved on disk after each change.
type file struct {
	path string
	api  *emulator.API
	mu   sync.Mutex
}

// contents is the JSON of the file.
type contents struct {
	Datasets []emulator.Dataset `json:"datasets"`
}

// ServeHTTP implements [http.Handler].
func (f *file) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	f.api.ServeHTTP(w, r)
	if r.Method != http.MethodGet {
		if err := f.save(); err != nil {
			fmt.Fprintln(os.Stderr, "apify-emulator:", err)
		}
	}
}

// load adds the datasets of an earlier run to the API. It saves them again, to report a file that
// cannot be written.
func (f *file) load() error {
	data, err := os.ReadFile(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return f.save()
	}
	if err != nil {
		return err
	}
	var c contents
	if err := json.Unmarshal(data, &c); err != nil {
		return err
	}
	for _, d := range c.Datasets {
		if _, err := f.api.Add(d); err != nil {
			return err
		}
	}
	return f.save()
}

// save replaces the file with a rename, so that the file is complete at any time.
func (f *file) save() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	data, err := json.Marshal(contents{f.api.Datasets()})
	if err != nil {
		return err
	}
	if err := os.WriteFile(f.path+".tmp", data, 0o600); err != nil {
		return err
	}
	return os.Rename(f.path+".tmp", f.path)
}
