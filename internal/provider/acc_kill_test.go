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

// TestAccDataset_kill kills the CLI and the provider before or after the effect of each write. The
// next apply has the same dataset and no second one, and deletes nothing.
func TestAccDataset_kill(t *testing.T) {
	for _, effect := range []bool{false, true} {
		t.Run(fmt.Sprintf("after effect: %t", effect), func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			c := s.newBinaryCLI(t)
			// The general access needs a PUT after the POST.
			c.write("main.tf", block("test", named("orders"), restrictedAccess))
			c.killAt(syscall.SIGKILL, postDatasets, effect, "apply", "-auto-approve").wrote(posted("orders"))
			created := s.API.Datasets()
			if (len(created) == 1) != effect {
				t.Fatalf("the killed apply left the datasets %v", created)
			}
			killed := c.killAt(syscall.SIGKILL, putDataset, effect, "apply", "-auto-approve")
			id := s.API.Datasets()[0].ID
			access := "PUT /v2/datasets/" + id + ` {"generalAccess":"RESTRICTED"}`
			killed.wrote(posted("orders"), access)
			if r := c.apply("").ok(); effect {
				r.wrote(posted("orders"))
			} else {
				r.wrote(posted("orders"), access)
			}
			c.expectState(testAddress, id)
			if all := s.API.Datasets(); len(all) != 1 || effect && all[0].ID != created[0].ID || all[0].GeneralAccess != "RESTRICTED" {
				t.Errorf("the server has the datasets %v", all)
			}
			c.killAt(syscall.SIGKILL, deleteDataset, effect, "destroy", "-auto-approve").wrote(deleted(id))
			c.destroy().ok()
			c.expectState()
			if all := s.API.Datasets(); len(all) > 0 {
				t.Errorf("the server has the datasets %v", all)
			}
		})
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

// TestAccDataset_interrupt interrupts an apply during the POST: the dataset is in state, and the
// second apply has no changes, or it is adopted.
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
}
