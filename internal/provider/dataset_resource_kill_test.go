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
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// killer kills a CLI and its provider, as a power cut would, at a moment that another goroutine
// chooses.
type killer struct {
	group chan int
	once  sync.Once
}

// kill kills the process group, once.
func (k *killer) kill() {
	k.once.Do(func() { _ = syscall.Kill(-<-k.group, syscall.SIGKILL) })
}

// runKilled runs a command of the CLI in a process group of its own, and expects k to kill it.
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

// stateStore is a server for Terraform's http backend.
type stateStore struct {
	mu    sync.Mutex
	state []byte
	// lose is called instead of storing a new state, if it is set.
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

// useStateStore makes the CLI keep its state in a store. The CLI writes to it once, after the
// apply, whereas it writes a local state file after each resource.
func (c *cli) useStateStore(store *stateStore) {
	c.t.Helper()
	server := httptest.NewServer(store)
	c.t.Cleanup(server.Close)
	c.write("backend.tf", "terraform {\n  backend \"http\" {\n    address = \""+server.URL+"\"\n  }\n}\n")
	provider := mustBuildProvider(c.t)
	// The backend needs init, which ignores development overrides.
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

// TestAccDataset_kill kills Terraform and the provider at every moment of a creation. The next
// apply has the same dataset, if it is named. Nothing is deleted.
func TestAccDataset_kill(t *testing.T) {
	for _, moment := range []struct {
		name string
		// fault returns a fault that calls kill. If it is nil, the state store does.
		fault func(kill func(*http.Request)) emulator.Fault
		// created is the number of datasets that the killed apply created.
		created int
	}{
		{"before the POST", func(kill func(*http.Request)) emulator.Fault {
			return emulator.Fault{Method: http.MethodPost, Before: kill, Delay: time.Hour}
		}, 0},
		{"after the POST, before its response", func(kill func(*http.Request)) emulator.Fault {
			return emulator.Fault{Method: http.MethodPost, TakesEffect: true, After: kill, Delay: time.Hour}
		}, 1},
		{"before the PUT", func(kill func(*http.Request)) emulator.Fault {
			return emulator.Fault{Method: http.MethodPut, Before: kill, Delay: time.Hour}
		}, 1},
		{"after the PUT, before its response", func(kill func(*http.Request)) emulator.Fault {
			return emulator.Fault{Method: http.MethodPut, TakesEffect: true, After: kill, Delay: time.Hour}
		}, 1},
		{"after all responses, before the state is saved", nil, 1},
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
				if len(before) != moment.created {
					t.Fatalf("the killed apply left the datasets %v, want %d", before, moment.created)
				}

				c.mustRun("apply", "-auto-approve")
				id := c.id(testAddress)
				after := s.API.Datasets()
				switch {
				case kind == "named" && len(after) != 1, len(after) > moment.created+1:
					t.Errorf("the server has the datasets %v", after)
				case kind == "named" && moment.created == 1 && id != before[0].ID:
					t.Errorf("the second apply has dataset %s, want %s", id, before[0].ID)
				}
				if d, ok := s.API.Dataset(id); !ok || d.GeneralAccess != "RESTRICTED" {
					t.Errorf("dataset %s exists: %t, with general access %q", id, ok, d.GeneralAccess)
				}
				c.expectNoChanges()
				if s.sentDelete() {
					t.Errorf("got the requests %q, want no deletion", s.sent())
				}
			})
		}
	}
}

// killAt runs a command, and kills the CLI and the provider during a request, after or before the
// server has carried it out.
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
		t.Run(fmt.Sprintf("after effect: %t", effect), func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			c := s.newCLI(t)
			name := s.name(t)
			id := c.mustApply(nameOnly, name)

			c.write("main.tf", fmt.Sprintf(nameOnly, name+"-2"))
			c.killAt(s, http.MethodPut, effect, "apply", "-auto-approve")

			c.mustRun("apply", "-auto-approve")
			c.expectID(testAddress, id)
			if all := s.API.Datasets(); len(all) != 1 || all[0].ID != id || all[0].Name != name+"-2" {
				t.Errorf("the server has the datasets %v", all)
			}
			c.expectNoChanges()
			if s.sentDelete() {
				t.Errorf("got the requests %q, want no deletion", s.sent())
			}
		})
	}
}

// TestAccDataset_killDelete kills Terraform and the provider around a deletion.
func TestAccDataset_killDelete(t *testing.T) {
	for _, effect := range []bool{false, true} {
		t.Run(fmt.Sprintf("after effect: %t", effect), func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			c := s.newCLI(t)
			c.mustApply(nameOnly, s.name(t))

			c.killAt(s, http.MethodDelete, effect, "destroy", "-auto-approve")
			if got, want := len(s.API.Datasets()), 1; effect == (got == want) {
				t.Fatalf("the killed destroy left %d datasets", got)
			}

			c.mustRun("destroy", "-auto-approve")
			if all := s.API.Datasets(); len(all) > 0 || c.attributes(testAddress) != nil {
				t.Errorf("after the second destroy the server has the datasets %v", all)
			}
		})
	}
}
