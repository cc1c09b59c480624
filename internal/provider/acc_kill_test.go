//go:build unix

package provider

import (
	"fmt"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// killAt runs a command with the real provider in a process group of its own, and sends a signal to
// the group during a request: before the server carries it out, or after that and before its
// response.
func (c *cli) killAt(signal syscall.Signal, request string, effect bool, args ...string) result {
	c.t.Helper()
	group := make(chan int, 1)
	var once sync.Once
	kill := func(*http.Request) { once.Do(func() { _ = syscall.Kill(-<-group, signal) }) }
	fault := onRequest(request, emulator.Fault{Times: 1, TakesEffect: effect, Delay: time.Hour, Before: kill})
	if effect {
		fault.Before, fault.After = nil, kill
	}
	if signal == syscall.SIGINT {
		fault.Delay = 0
	}
	c.s.Recorder.Inject(fault)
	c.s.Recorder.Reset()
	cmd, out := c.command(args...)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := cmd.Start(); err != nil {
		c.t.Fatal(err)
	}
	group <- cmd.Process.Pid
	_ = cmd.Wait()
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); signal == syscall.SIGKILL && (!ok || !status.Signaled()) {
		c.t.Fatalf("%s was not killed:\n%s", strings.Join(args, " "), out)
	}
	return result{t: c.t, s: c.s, output: flatten(out.String()), code: cmd.ProcessState.ExitCode(), sent: c.s.sent(), writes: c.s.writes()}
}

// TestAccDataset_kill kills the CLI and the provider before and after the effect of each write. The
// next apply has the same dataset and no second one, and deletes nothing.
func TestAccDataset_kill(t *testing.T) {
	for _, request := range []string{postDatasets, putDataset, deleteDataset} {
		for _, effect := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s, after effect: %t", strings.Fields(request)[0], effect), func(t *testing.T) {
				t.Parallel()
				s := newEmulator(t, emulator.Options{})
				c := s.newBinaryCLI(t)
				// The general access needs a PUT after the POST.
				c.write("main.tf", block("test", named("orders"), restrictedAccess))
				args := []string{"apply", "-auto-approve"}
				if request == deleteDataset {
					c.apply("").ok()
					args[0] = "destroy"
				}
				c.killAt(syscall.SIGKILL, request, effect, args...)
				before := s.API.Datasets()
				if request == deleteDataset {
					c.destroy().ok()
					if all := s.API.Datasets(); len(all) > 0 {
						t.Errorf("the server has the datasets %v", all)
					}
					c.expectState()
					return
				}
				if created := request != postDatasets || effect; created != (len(before) == 1) {
					t.Fatalf("the killed apply left the datasets %v", before)
				}
				r := c.apply("").ok()
				after := s.API.Datasets()
				if len(after) != 1 || len(before) == 1 && after[0].ID != before[0].ID || after[0].GeneralAccess != "RESTRICTED" {
					t.Errorf("the server has the datasets %v", after)
				}
				for _, w := range r.writes {
					if strings.HasPrefix(w, http.MethodDelete) {
						t.Errorf("got the request %s", w)
					}
				}
				c.expectState(testAddress, after[0].ID)
				c.plan("").ok("No changes")
			})
		}
	}
}

// TestAccDataset_killUnnamed kills the creation of an unnamed dataset: one is left behind at most.
func TestAccDataset_killUnnamed(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newBinaryCLI(t)
	c.write("main.tf", block("test"))
	c.killAt(syscall.SIGKILL, postDatasets, true, "apply", "-auto-approve")
	c.apply("").ok().wrote("POST /v2/datasets")
	if all := s.API.Datasets(); len(all) != 2 {
		t.Errorf("the server has the datasets %v", all)
	}
}

// TestAccDataset_interrupt interrupts an apply during the POST: the dataset is in state, and the second
// apply has no changes, or it is adopted.
func TestAccDataset_interrupt(t *testing.T) {
	t.Parallel()
	if !atLeast("1.1", "1.6") {
		t.Skip("Terraform 1.0 runs in a child process that gets no signals from tests")
	}
	s := newEmulator(t, emulator.Options{})
	c := s.newBinaryCLI(t)
	c.write("main.tf", block("test", named("orders"), restrictedAccess))
	c.killAt(syscall.SIGINT, postDatasets, true, "apply", "-auto-approve").without("panic", "crashed")
	before := s.API.Datasets()
	if len(before) != 1 {
		t.Fatalf("the interrupted apply left the datasets %v", before)
	}
	c.apply("").ok()
	c.expectState(testAddress, before[0].ID)
	if d, _ := s.API.Dataset(before[0].ID); d.GeneralAccess != "RESTRICTED" {
		t.Errorf("the general access is %s", d.GeneralAccess)
	}
	c.plan("").ok("No changes")
}
