//go:build unix

package provider

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// killer ends a CLI and its provider as a power cut would, at the moment that
// another goroutine finds.
type killer struct {
	group chan int
	once  sync.Once
}

// kill kills the group, once.
func (k *killer) kill() {
	k.once.Do(func() { _ = syscall.Kill(-<-k.group, syscall.SIGKILL) })
}

// runKilled runs a command of the CLI in a process group of its own, which k kills.
func (c *cli) runKilled(k *killer, args ...string) {
	c.t.Helper()
	cmd, out := c.command(args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	k.group <- cmd.Process.Pid
	_ = cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); !ok || !status.Signaled() {
		c.t.Fatalf("%s was not killed:\n%s", strings.Join(args, " "), out)
	}
}

// stateStore is a server of Terraform's http backend, which keeps a state.
type stateStore struct {
	mu    sync.Mutex
	state []byte
	// lose has what is to be stored lost.
	lose func()
}

// ServeHTTP implements [http.Handler].
func (s *stateStore) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case r.Method == http.MethodGet && s.state == nil:
		w.WriteHeader(http.StatusNotFound)
	case r.Method == http.MethodGet:
		_, _ = w.Write(s.state)
	case s.lose != nil:
		s.lose()
	default:
		s.state, _ = io.ReadAll(r.Body)
	}
}

// useStateStore has the CLI keep its state in a store, which it writes to only
// when it is through: the local state file is written after each resource.
func (c *cli) useStateStore(store *stateStore) {
	c.t.Helper()
	server := httptest.NewServer(store)
	c.t.Cleanup(server.Close)
	c.write("backend.tf", "terraform {\n  backend \"http\" {\n    address = \""+server.URL+"\"\n  }\n}\n")
	provider, err := binary()
	if err != nil {
		c.t.Fatal(err)
	}
	// init, which the backend needs, does not know of development overrides.
	mirror := c.t.TempDir()
	for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
		dir := filepath.Join(mirror, host, "apify", "apify", "0.0.1", runtime.GOOS+"_"+runtime.GOARCH)
		if err := os.MkdirAll(dir, 0o700); err != nil {
			c.t.Fatal(err)
		}
		if err := os.Symlink(provider, filepath.Join(dir, "terraform-provider-apify_v0.0.1")); err != nil {
			c.t.Fatal(err)
		}
	}
	c.mustRun("init", "-plugin-dir="+mirror)
}

// TestAccDataset_kill kills Terraform and the provider at every moment of a
// creation. The next apply comes to the same dataset, and nothing is ever
// deleted.
func TestAccDataset_kill(t *testing.T) {
	for _, moment := range []struct {
		name string
		// fault has a request call its hook.
		fault func(kill func(*http.Request)) emulator.Fault
		// made is how many datasets the killed apply made.
		made int
	}{
		{"before the POST", func(kill func(*http.Request)) emulator.Fault {
			return emulator.Fault{Method: http.MethodPost, Before: kill, Delay: time.Hour}
		}, 0},
		{"after the POST, before its answer", func(kill func(*http.Request)) emulator.Fault {
			return emulator.Fault{Method: http.MethodPost, TakesEffect: true, After: kill, Delay: time.Hour}
		}, 1},
		{"before the PUT", func(kill func(*http.Request)) emulator.Fault {
			return emulator.Fault{Method: http.MethodPut, Before: kill, Delay: time.Hour}
		}, 1},
		{"after the PUT, before its answer", func(kill func(*http.Request)) emulator.Fault {
			return emulator.Fault{Method: http.MethodPut, TakesEffect: true, After: kill, Delay: time.Hour}
		}, 1},
		{"after all answers, before the state is saved", nil, 1},
	} {
		for _, kind := range []string{"named", "unnamed"} {
			t.Run(moment.name+", "+kind, func(t *testing.T) {
				t.Parallel()
				s := newEmulator(t, emulator.Options{})
				c := s.newCLI(t)
				attributes := "general_access = \"RESTRICTED\"\n"
				if kind == "named" {
					attributes += fmt.Sprintf("name = %q\n", s.name(t))
				}
				c.write("main.tf", "resource \"apify_dataset\" \"test\" {\n"+attributes+"}\n")

				k := &killer{group: make(chan int, 1)}
				var store stateStore
				if moment.fault == nil {
					store.lose = k.kill
					c.useStateStore(&store)
				} else {
					s.Recorder.Inject(moment.fault(func(*http.Request) { k.kill() }))
				}
				c.runKilled(k, "apply", "-auto-approve")
				s.Recorder.ClearFaults()
				store.mu.Lock()
				store.lose = nil
				store.mu.Unlock()
				if c.attributes(testAddress) != nil {
					t.Fatal("the killed apply left a state")
				}
				before := s.API.Datasets()
				if len(before) != moment.made {
					t.Fatalf("the killed apply left the datasets %v", before)
				}

				c.mustRun("apply", "-auto-approve")
				id := c.id(testAddress)
				after := s.API.Datasets()
				switch {
				case kind == "named" && len(after) != 1, len(after) > moment.made+1:
					t.Errorf("there are the datasets %v", after)
				case kind == "named" && moment.made == 1 && id != before[0].ID:
					t.Errorf("the second apply came to dataset %s, and not %s", id, before[0].ID)
				}
				if d, ok := s.API.Dataset(id); !ok || d.GeneralAccess != "RESTRICTED" {
					t.Errorf("dataset %s is there: %t, with general access %s", id, ok, d.GeneralAccess)
				}
				c.expectNoChanges()
				for _, r := range s.sent() {
					if strings.HasPrefix(r, http.MethodDelete) {
						t.Errorf("the requests were %q", s.sent())
					}
				}
			})
		}
	}
}

// killAt runs a command, and kills the CLI and the provider when a request of a
// method has had its effect, or else before it has.
func (c *cli) killAt(s *testServer, method string, effect bool, args ...string) {
	c.t.Helper()
	k := &killer{group: make(chan int, 1)}
	fault := emulator.Fault{Method: method, TakesEffect: effect, Delay: time.Hour}
	hook := func(*http.Request) { k.kill() }
	if effect {
		fault.After = hook
	} else {
		fault.Before = hook
	}
	s.Recorder.Inject(fault)
	c.runKilled(k, args...)
	s.Recorder.ClearFaults()
}

// TestAccDataset_killUpdate kills Terraform and the provider around a rename.
func TestAccDataset_killUpdate(t *testing.T) {
	for _, effect := range []bool{false, true} {
		t.Run(fmt.Sprintf("took effect: %t", effect), func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			c := s.newCLI(t)
			name := s.name(t)
			c.write("main.tf", fmt.Sprintf(plainResource, name))
			c.mustRun("apply", "-auto-approve")
			id := c.id(testAddress)

			c.write("main.tf", fmt.Sprintf(plainResource, name+"-2"))
			c.killAt(s, http.MethodPut, effect, "apply", "-auto-approve")

			c.mustRun("apply", "-auto-approve")
			if got := c.id(testAddress); got != id {
				t.Errorf("the state has dataset %s, and not %s", got, id)
			}
			if all := s.API.Datasets(); len(all) != 1 || all[0].ID != id || all[0].Name != name+"-2" {
				t.Errorf("there are the datasets %v", all)
			}
			c.expectNoChanges()
			if i := slices.IndexFunc(s.sent(), func(r string) bool { return strings.HasPrefix(r, http.MethodDelete) }); i >= 0 {
				t.Errorf("the requests were %q", s.sent())
			}
		})
	}
}

// TestAccDataset_killDelete kills Terraform and the provider around a deletion.
func TestAccDataset_killDelete(t *testing.T) {
	for _, effect := range []bool{false, true} {
		t.Run(fmt.Sprintf("took effect: %t", effect), func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			c := s.newCLI(t)
			c.write("main.tf", fmt.Sprintf(plainResource, s.name(t)))
			c.mustRun("apply", "-auto-approve")

			c.killAt(s, http.MethodDelete, effect, "destroy", "-auto-approve")
			if got, want := len(s.API.Datasets()), 1; effect == (got == want) {
				t.Fatalf("the killed destroy left %d datasets", got)
			}

			c.mustRun("destroy", "-auto-approve")
			if all := s.API.Datasets(); len(all) > 0 || c.attributes(testAddress) != nil {
				t.Errorf("there are the datasets %v", all)
			}
		})
	}
}
