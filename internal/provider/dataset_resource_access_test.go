package provider

import (
	"context"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/apify/terraform-provider-apify/internal/apify"
	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestAccDataset_generalAccess takes the access level through creation, drift and
// removal from the configuration.
func TestAccDataset_generalAccess(t *testing.T) {
	s := newTestServer(t)
	name := s.name(t)
	var id string
	outside := func(access apify.GeneralAccess) func() {
		return func() {
			if _, err := s.client(t).UpdateDataset(t.Context(), id, apify.DatasetUpdate{GeneralAccess: &access}); err != nil {
				t.Error(err)
			}
			s.Recorder.Reset()
		}
	}
	named := func(access string) string {
		return s.datasetConfig(fmt.Sprintf("name = %q\ngeneral_access = %q", name, access))
	}
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{
			{
				Config:           named("RESTRICTED"),
				ConfigPlanChecks: preApply(created, plancheck.ExpectKnownValue(testAddress, tfjsonpath.New("general_access"), knownvalue.StringExact("RESTRICTED"))),
				ConfigStateChecks: []statecheck.StateCheck{
					s.wrote("POST /v2/datasets?name="+name, `PUT /v2/datasets/{id} {"generalAccess":"RESTRICTED"}`),
					expectValue("general_access", knownvalue.StringExact("RESTRICTED")),
					capture("id", &id),
				},
			},
			{
				PreConfig:        outside(apify.AnyoneWithIDCanRead),
				Config:           named("RESTRICTED"),
				ConfigPlanChecks: preApply(inPlace),
				ConfigStateChecks: []statecheck.StateCheck{
					s.wrote(`PUT /v2/datasets/{id} {"generalAccess":"RESTRICTED"}`),
					expectValue("general_access", knownvalue.StringExact("RESTRICTED")),
				},
			},
			{
				// Not configured any more: it stays what it is.
				Config:           s.datasetConfig(`name = "` + name + `"`),
				ConfigPlanChecks: preApply(plancheck.ExpectEmptyPlan()),
				ConfigStateChecks: []statecheck.StateCheck{
					s.wrote(),
					expectValue("general_access", knownvalue.StringExact("RESTRICTED")),
				},
			},
			{
				// And it is whatever the server says.
				PreConfig:        outside(apify.AnyoneWithIDCanRead),
				Config:           s.datasetConfig(`name = "` + name + `"`),
				ConfigPlanChecks: preApply(plancheck.ExpectEmptyPlan()),
				ConfigStateChecks: []statecheck.StateCheck{
					s.wrote(),
					expectValue("general_access", knownvalue.StringExact("ANYONE_WITH_ID_CAN_READ")),
				},
			},
			{
				Config:           named("ANYONE_WITH_NAME_CAN_READ"),
				ConfigPlanChecks: preApply(inPlace),
				ConfigStateChecks: []statecheck.StateCheck{
					s.wrote(`PUT /v2/datasets/{id} {"generalAccess":"ANYONE_WITH_NAME_CAN_READ"}`),
				},
			},
			{
				// Without its name, nobody can read it by that.
				Config:            s.datasetConfig(""),
				ConfigPlanChecks:  preApply(inPlace, plancheck.ExpectUnknownValue(testAddress, tfjsonpath.New("general_access"))),
				ConfigStateChecks: []statecheck.StateCheck{s.wrote(`PUT /v2/datasets/{id} {"name":null}`)},
			},
		},
	})
}

// TestAccDataset_accessAsCreated configures the level that new datasets have: one
// request is enough.
func TestAccDataset_accessAsCreated(t *testing.T) {
	s := newTestServer(t)
	name := s.name(t)
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{{
			Config: s.datasetConfig("name = \"" + name + "\"\ngeneral_access = \"FOLLOW_USER_SETTING\""),
			ConfigStateChecks: []statecheck.StateCheck{
				s.wrote("POST /v2/datasets?name=" + name),
				expectValue("general_access", knownvalue.StringExact("FOLLOW_USER_SETTING")),
			},
		}},
	})
}

// TestAccDataset_localPlatform goes through a dataset's life on Apify's own local
// platform, which has no access levels and ignores them.
func TestAccDataset_localPlatform(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{LocalPlatform: true})
	c := s.newCLI(t)
	name := s.name(t)
	const restricted = "resource \"apify_dataset\" \"test\" {\n name = %q\n general_access = \"RESTRICTED\"\n}\n"
	c.write("main.tf", fmt.Sprintf(restricted, name))
	c.run("apply", "-auto-approve").expect(t, 1, "Apify dataset not changed as asked", `general_access is <null>, and not "RESTRICTED"`,
		"leave general_access out", "left for the next apply")
	if c.attributes(testAddress) != nil {
		t.Error("the dataset is in the state")
	}
	all := s.API.Datasets()
	if len(all) != 1 || all[0].Name != name {
		t.Fatalf("there are the datasets %v", all)
	}
	id := all[0].ID
	s.expectWrites(t, "POST /v2/datasets?name="+name, "PUT /v2/datasets/"+id+` {"generalAccess":"RESTRICTED"}`)

	s.Recorder.Reset()
	c.write("main.tf", fmt.Sprintf(plainResource, name))
	c.run("apply", "-auto-approve").expect(t, 0, "1 added")
	if got := c.attributes(testAddress); got["id"] != id || got["general_access"] != nil || got["items_public_url"] != nil {
		t.Errorf("the state has %v", got)
	}
	c.expectNoChanges()
	s.expectWrites(t, "POST /v2/datasets?name="+name)

	s.Recorder.Reset()
	c.write("main.tf", fmt.Sprintf(restricted, name))
	c.run("apply", "-auto-approve").expect(t, 1, "Apify dataset not changed as asked")
	c.write("main.tf", fmt.Sprintf(plainResource, name+"-2"))
	c.mustRun("apply", "-auto-approve")
	c.mustRun("destroy", "-auto-approve")
	s.expectWrites(t, "PUT /v2/datasets/"+id+` {"generalAccess":"RESTRICTED"}`,
		"PUT /v2/datasets/"+id+` {"name":"`+name+`-2"}`, "DELETE /v2/datasets/"+id)
}

// TestDataset_failureAfterPost has the second request of a creation fail in every
// way. No resource is left in the state, tainted or not; a named dataset is there
// for the next apply, and an unnamed one is removed.
func TestDataset_failureAfterPost(t *testing.T) {
	t.Parallel()
	const later = `{"error":{"type":"insufficient-permissions","message":"No."}}`
	for _, failure := range []struct {
		name  string
		fault emulator.Fault
		text  string
	}{
		{"forbidden", emulator.Fault{Status: http.StatusForbidden, Body: later}, "403 Forbidden, insufficient-permissions: No."},
		{"refused", emulator.Fault{Status: http.StatusBadRequest, Body: later}, "400 Bad Request"},
		{"not found", emulator.Fault{Status: http.StatusNotFound, Body: `{"error":{"type":"record-not-found","message":"Gone."}}`}, "record-not-found"},
		{"server error", emulator.Fault{Status: http.StatusInternalServerError}, "tried 3 times"},
		{"page", emulator.Fault{Status: http.StatusOK, Body: "<html>"}, "<html>"},
		{"reset", emulator.Fault{TakesEffect: true, Reset: true}, "no answer"},
		{"cut", emulator.Fault{TakesEffect: true, CutBody: true}, "broke off"},
		{"other dataset", emulator.Fault{TakesEffect: true, Mutate: mutateData("id", "AnotherDataset123")}, "AnotherDataset123"},
		{"not applied", emulator.Fault{Mutate: mutateData("generalAccess", "FOLLOW_USER_SETTING")}, "not changed as asked"},
		{"unreadable time", emulator.Fault{Mutate: mutateData("createdAt", "yesterday")}, "time that cannot be read"},
		{"timeout", emulator.Fault{Delay: time.Hour}, "own timeout"},
		{"interrupt", emulator.Fault{Delay: time.Hour}, "interrupted"},
	} {
		for _, kind := range []string{"unnamed", "named", "existing"} {
			for _, adopt := range []bool{true, false} {
				if kind == "existing" && !adopt {
					continue // refused before anything can fail
				}
				t.Run(fmt.Sprintf("%s, %s, adopt_existing = %t", failure.name, kind, adopt), func(t *testing.T) {
					t.Parallel()
					s := newEmulator(t, emulator.Options{})
					config := values{"general_access": "RESTRICTED", "adopt_existing": adopt}
					if failure.name == "timeout" {
						config["timeouts"] = values{"create": "3s"} // the first request must get through on a busy machine
					}
					name := ""
					if kind != "unnamed" {
						name = s.name(t)
						config["name"] = name
					}
					if kind == "existing" {
						s.API.Seed(emulator.Dataset{Name: name})
					}
					provider := values{"max_retries": 2}
					p, ds := s.newWalk(t, provider).plan(t.Context(), instance{}, config)
					if len(ds.errors()) > 0 {
						t.Fatal(ds)
					}
					w := s.newWalk(t, provider)
					fault := failure.fault
					fault.Method = http.MethodPut
					if failure.name == "interrupt" {
						fault.Before = func(*http.Request) { w.stop() }
					}
					s.Recorder.Inject(fault)
					s.Recorder.Reset()
					start := time.Now()
					after, ds := w.apply(t.Context(), p)
					if after.state != nil || after.private != nil {
						t.Error("there is a state")
					}
					if !ds.errors().has(failure.text) {
						t.Errorf("no error says %q:\n%s", failure.text, ds)
					}
					if took := time.Since(start); took > 20*time.Second {
						t.Errorf("it took %s", took)
					}

					var deleted bool
					for _, r := range s.sent() {
						deleted = deleted || strings.HasPrefix(r, "DELETE ")
					}
					all := s.API.Datasets()
					if kind == "unnamed" {
						if !deleted || len(all) > 0 {
							t.Errorf("there are the datasets %v, deleted: %t", all, deleted)
						}
						return
					}
					if deleted || len(all) != 1 {
						t.Fatalf("there are the datasets %v, deleted: %t", all, deleted)
					}
					s.Recorder.ClearFaults()
					if adopt {
						if !ds.warnings().has("left for the next apply", all[0].ID) {
							t.Errorf("no warning tells what is left:\n%s", ds)
						}
						again := s.mustApply(t, instance{}, config)
						if id := w.identityID(again); id != all[0].ID {
							t.Errorf("the next apply came to dataset %s, and not %s", id, all[0].ID)
						}
						return
					}
					if !ds.errors().has("Apify dataset already exists", "import {", "terraform import", all[0].ID) {
						t.Errorf("no error shows how to import:\n%s", ds)
					}
				})
			}
		}
	}
}

func mutateData(field string, value any) func(int, http.Header, map[string]any) int {
	return func(status int, _ http.Header, body map[string]any) int {
		if d, ok := body["data"].(map[string]any); ok {
			d[field] = value
		}
		return status
	}
}

// TestDataset_unnamedLeftOver cannot even remove what it made for nothing.
func TestDataset_unnamedLeftOver(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	w := s.newWalk(t, values{"max_retries": 0})
	p, _ := w.plan(t.Context(), instance{}, values{"general_access": "RESTRICTED"})
	s.Recorder.Inject(emulator.Fault{Method: http.MethodPut, Status: http.StatusInternalServerError},
		emulator.Fault{Method: http.MethodDelete, Status: http.StatusBadGateway})
	after, ds := w.apply(t.Context(), p)
	all := s.API.Datasets()
	if after.state != nil || len(all) != 1 {
		t.Fatalf("there is a state: %t; the datasets are %v", after.state != nil, all)
	}
	if !ds.errors().has("500 Internal Server Error") || !ds.errors().has("Unnamed Apify dataset left over", all[0].ID, "502 Bad Gateway") {
		t.Errorf("the errors are %s", ds)
	}
}

// TestDataset_namelessAnswer has a server leave out the name of what it found or
// made. It may be an old dataset, and is not deleted.
func TestDataset_namelessAnswer(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{ExistingStatus: http.StatusCreated})
	d := s.API.Seed(emulator.Dataset{Name: s.name(t)})
	w := s.newWalk(t, nil)
	p, _ := w.plan(t.Context(), instance{}, values{"name": d.Name})
	s.Recorder.Inject(emulator.Fault{Method: http.MethodPost, Mutate: func(status int, _ http.Header, body map[string]any) int {
		body["data"] = map[string]any{"id": d.ID}
		return status
	}})
	after, ds := w.apply(t.Context(), p)
	if after.state != nil || !ds.errors().has("not changed as asked", d.ID) {
		t.Errorf("there is a state: %t\n%s", after.state != nil, ds)
	}
	s.expectWrites(t, "POST /v2/datasets?name="+d.Name)
}

// TestAccDataset_interrupt sends Terraform the signal of Ctrl+C between the two
// requests of a creation.
func TestAccDataset_interrupt(t *testing.T) {
	for _, kind := range []string{"named", "unnamed"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			c := s.newCLI(t)
			attributes := `general_access = "RESTRICTED"`
			if kind == "named" {
				attributes += fmt.Sprintf("\nname = %q", s.name(t))
			}
			c.write("main.tf", "resource \"apify_dataset\" \"test\" {\n"+attributes+"\n}\n")
			cmd, out := c.command("apply", "-auto-approve")
			process := make(chan *os.Process, 1)
			signalled := make(chan time.Time, 1)
			s.Recorder.Inject(emulator.Fault{Method: http.MethodPut, Delay: time.Hour, Times: 1, Before: func(*http.Request) {
				signalled <- time.Now()
				if err := (<-process).Signal(os.Interrupt); err != nil {
					t.Error(err)
				}
			}})
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			process <- cmd.Process
			if err := cmd.Wait(); err == nil {
				t.Error("the apply succeeded")
			}
			if took := time.Since(<-signalled); took > 10*time.Second {
				t.Errorf("it took %s to stop", took)
			}
			result{output: flatten(out.String()), code: cmd.ProcessState.ExitCode()}.expect(t, 1, "Creating Apify dataset failed", "interrupted")
			if c.attributes(testAddress) != nil {
				t.Error("the dataset is in the state")
			}
			all := s.API.Datasets()
			if kind == "unnamed" {
				if len(all) > 0 {
					t.Errorf("the dataset was left over: %v", all)
				}
				return
			}
			if len(all) != 1 {
				t.Fatalf("there are the datasets %v", all)
			}
			c.mustRun("apply", "-auto-approve")
			if id := c.id(testAddress); id != all[0].ID {
				t.Errorf("the next apply came to dataset %s, and not %s", id, all[0].ID)
			}
		})
	}
}

// stop is StopProvider, which is what an interrupt comes to.
func (w *walk) stop() {
	if _, err := w.server.StopProvider(context.Background(), &tfprotov6.StopProviderRequest{}); err != nil {
		w.t.Error(err)
	}
}
