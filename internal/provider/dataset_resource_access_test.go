package provider

import (
	"fmt"
	"net/http"
	"os"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestAccDataset_generalAccess creates a dataset with an access level, changes the level inside and
// outside Terraform, and removes it from the configuration.
func TestAccDataset_generalAccess(t *testing.T) {
	s := newTestServer(t)
	name := s.name(t)
	var id string
	outside := func(access string) func() {
		return func() { s.update(t, id, map[string]any{"generalAccess": access}) }
	}
	named := func(access string) string {
		return s.datasetConfig(fmt.Sprintf("name = %q\ngeneral_access = %q", name, access))
	}
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{
			{
				Config:           named("RESTRICTED"),
				ConfigPlanChecks: preApply(expectCreate, plancheck.ExpectKnownValue(testAddress, tfjsonpath.New("general_access"), knownvalue.StringExact("RESTRICTED"))),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites("POST /v2/datasets?name="+name, `PUT /v2/datasets/{id} {"generalAccess":"RESTRICTED"}`),
					expectValue("general_access", knownvalue.StringExact("RESTRICTED")),
					capture("id", &id),
				},
			},
			{
				PreConfig:        outside("ANYONE_WITH_ID_CAN_READ"),
				Config:           named("RESTRICTED"),
				ConfigPlanChecks: preApply(expectUpdate),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites(`PUT /v2/datasets/{id} {"generalAccess":"RESTRICTED"}`),
					expectValue("general_access", knownvalue.StringExact("RESTRICTED")),
				},
			},
			{
				// Removing the attribute from the configuration leaves the level unchanged.
				Config:           s.datasetConfig(`name = "` + name + `"`),
				ConfigPlanChecks: preApply(plancheck.ExpectEmptyPlan()),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites(),
					expectValue("general_access", knownvalue.StringExact("RESTRICTED")),
				},
			},
			{
				// A level that is not configured is never a diff.
				PreConfig:        outside("ANYONE_WITH_ID_CAN_READ"),
				Config:           s.datasetConfig(`name = "` + name + `"`),
				ConfigPlanChecks: preApply(plancheck.ExpectEmptyPlan()),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites(),
					expectValue("general_access", knownvalue.StringExact("ANYONE_WITH_ID_CAN_READ")),
				},
			},
			{
				Config:           named("ANYONE_WITH_NAME_CAN_READ"),
				ConfigPlanChecks: preApply(expectUpdate),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites(`PUT /v2/datasets/{id} {"generalAccess":"ANYONE_WITH_NAME_CAN_READ"}`),
				},
			},
			{
				// Without a name, the level cannot stay.
				Config:            s.datasetConfig(""),
				ConfigPlanChecks:  preApply(expectUpdate, plancheck.ExpectUnknownValue(testAddress, tfjsonpath.New("general_access"))),
				ConfigStateChecks: []statecheck.StateCheck{s.checkWrites(`PUT /v2/datasets/{id} {"name":null}`)},
			},
		},
	})
}

// TestAccDataset_defaultAccess configures the level that new datasets have. The POST is the only
// request that can change something.
func TestAccDataset_defaultAccess(t *testing.T) {
	s := newTestServer(t)
	name := s.name(t)
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{{
			Config: s.datasetConfig("name = \"" + name + "\"\ngeneral_access = \"FOLLOW_USER_SETTING\""),
			ConfigStateChecks: []statecheck.StateCheck{
				s.checkWrites("POST /v2/datasets?name=" + name),
				expectValue("general_access", knownvalue.StringExact("FOLLOW_USER_SETTING")),
			},
		}},
	})
}

// TestAccDataset_localPlatform uses Apify's own local platform, which ignores access levels.
func TestAccDataset_localPlatform(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{LocalPlatform: true})
	c := s.newCLI(t)
	name := s.name(t)
	const restricted = "resource \"apify_dataset\" \"test\" {\n name = %q\n general_access = \"RESTRICTED\"\n}\n"
	c.write("main.tf", fmt.Sprintf(restricted, name))
	c.run("apply", "-auto-approve").expect(t, 1, "Apify dataset change not applied", `general_access is null instead of "RESTRICTED"`,
		"remove general_access from the configuration", "left for the next apply")
	if c.attributes(testAddress) != nil {
		t.Error("the dataset is in the state")
	}
	all := s.API.Datasets()
	if len(all) != 1 || all[0].Name != name {
		t.Fatalf("the server has the datasets %v", all)
	}
	id := all[0].ID
	s.expectWrites(t, "POST /v2/datasets?name="+name, "PUT /v2/datasets/"+id+` {"generalAccess":"RESTRICTED"}`)

	s.Recorder.Reset()
	c.write("main.tf", fmt.Sprintf(nameOnly, name))
	c.run("apply", "-auto-approve").expect(t, 0, "1 added")
	if got := c.attributes(testAddress); got["id"] != id || got["general_access"] != nil || got["items_public_url"] != nil {
		t.Errorf("the state is %v", got)
	}
	c.expectNoChanges()
	s.expectWrites(t, "POST /v2/datasets?name="+name)

	s.Recorder.Reset()
	c.write("main.tf", fmt.Sprintf(restricted, name))
	c.run("apply", "-auto-approve").expect(t, 1, "Apify dataset change not applied")
	c.write("main.tf", fmt.Sprintf(nameOnly, name+"-2"))
	c.mustRun("apply", "-auto-approve")
	c.mustRun("destroy", "-auto-approve")
	s.expectWrites(t, "PUT /v2/datasets/"+id+` {"generalAccess":"RESTRICTED"}`,
		"PUT /v2/datasets/"+id+` {"name":"`+name+`-2"}`, "DELETE /v2/datasets/"+id)
}

// TestDataset_failureAfterPost has the PUT of a creation fail. The creation leaves no resource in
// the state, tainted or not. It leaves a named dataset for the next apply, and deletes an unnamed
// one.
func TestDataset_failureAfterPost(t *testing.T) {
	t.Parallel()
	const apiError = `{"error":{"type":"insufficient-permissions","message":"No."}}`
	for _, failure := range []struct {
		name  string
		fault emulator.Fault
		text  string
	}{
		{"forbidden", emulator.Fault{Status: http.StatusForbidden, Body: apiError}, "403 Forbidden, insufficient-permissions: No"},
		{"refused", emulator.Fault{Status: http.StatusBadRequest, Body: apiError}, "400 Bad Request"},
		{"not found", emulator.Fault{Status: http.StatusNotFound, Body: `{"error":{"type":"record-not-found","message":"Gone."}}`}, "record-not-found"},
		{"server error", emulator.Fault{Status: http.StatusInternalServerError}, "tried 3 times"},
		{"HTML page", emulator.Fault{Status: http.StatusOK, Body: "<html>"}, "<html>"},
		{"reset", emulator.Fault{TakesEffect: true, Reset: true}, "no response"},
		{"incomplete body", emulator.Fault{TakesEffect: true, CutBody: true}, "the body is incomplete"},
		{"another dataset", emulator.Fault{TakesEffect: true, Mutate: setField("id", "AnotherDataset123")}, "AnotherDataset123"},
		{"not applied", emulator.Fault{Mutate: setField("generalAccess", "FOLLOW_USER_SETTING")}, "change not applied"},
		{"invalid time", emulator.Fault{Mutate: setField("createdAt", "yesterday")}, "not in RFC 3339 form"},
		{"timeout", emulator.Fault{Delay: time.Hour}, "timed out before another attempt"},
		{"interrupt", emulator.Fault{Delay: time.Hour}, "interrupted"},
	} {
		for _, kind := range []string{"unnamed", "named", "existing"} {
			for _, adopt := range []bool{true, false} {
				if kind == "existing" && !adopt {
					continue // refused before the PUT
				}
				t.Run(fmt.Sprintf("%s, %s, adopt_existing = %t", failure.name, kind, adopt), func(t *testing.T) {
					t.Parallel()
					s := newEmulator(t, emulator.Options{})
					config := values{"general_access": "RESTRICTED", "adopt_existing": adopt}
					if failure.name == "timeout" {
						config["timeouts"] = values{"create": "3s"} // leaves time for the POST on a busy machine
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
						t.Error("the creation left a state")
					}
					if !ds.errors().has(failure.text) {
						t.Errorf("no error contains %q:\n%s", failure.text, ds)
					}
					if took := time.Since(start); took > 20*time.Second {
						t.Errorf("the creation took %s", took)
					}

					all, deleted := s.API.Datasets(), s.sentDelete()
					if kind == "unnamed" {
						if !deleted || len(all) > 0 {
							t.Errorf("the server has the datasets %v after a deletion: %t", all, deleted)
						}
						return
					}
					if deleted || len(all) != 1 {
						t.Fatalf("the server has the datasets %v after a deletion: %t", all, deleted)
					}
					s.Recorder.ClearFaults()
					if adopt {
						if !ds.warnings().has("left for the next apply", all[0].ID) {
							t.Errorf("no warning names the dataset that is left:\n%s", ds)
						}
						again := s.mustApply(t, instance{}, config)
						if id := w.identityID(again); id != all[0].ID {
							t.Errorf("the next apply has dataset %s, want %s", id, all[0].ID)
						}
						return
					}
					if !ds.errors().has("Apify dataset already exists", "import {", "terraform import", all[0].ID) {
						t.Errorf("no error has the import commands:\n%s", ds)
					}
				})
			}
		}
	}
}

// TestDataset_unnamedLeftOver has the PUT of a creation fail, and then the deletion of the new
// dataset.
func TestDataset_unnamedLeftOver(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	w := s.newWalk(t, values{"max_retries": 0})
	p := w.mustPlan(instance{}, values{"general_access": "RESTRICTED"})
	s.Recorder.Inject(emulator.Fault{Method: http.MethodPut, Status: http.StatusInternalServerError},
		emulator.Fault{Method: http.MethodDelete, Status: http.StatusBadGateway})
	after, ds := w.apply(t.Context(), p)
	all := s.API.Datasets()
	if after.state != nil || len(all) != 1 {
		t.Fatalf("after the creation there is a state: %t, and the server has the datasets %v", after.state != nil, all)
	}
	if !ds.errors().has("500 Internal Server Error") || !ds.errors().has("Unnamed Apify dataset not cleaned up", all[0].ID, "502 Bad Gateway") {
		t.Errorf("got the diagnostics\n%s", ds)
	}
}

// TestDataset_responseWithoutName has a server whose response to the POST has no name. The dataset
// is not deleted, because it can be an existing one.
func TestDataset_responseWithoutName(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{ExistingStatus: http.StatusCreated})
	d := s.API.Seed(emulator.Dataset{Name: s.name(t)})
	w := s.newWalk(t, nil)
	p, _ := w.plan(t.Context(), instance{}, values{"name": d.Name})
	s.Recorder.Inject(emulator.Fault{Method: http.MethodPost, Mutate: keepFields("id")})
	after, ds := w.apply(t.Context(), p)
	if after.state != nil || !ds.errors().has("change not applied", d.ID) {
		t.Errorf("after the creation there is a state: %t\n%s", after.state != nil, ds)
	}
	s.expectWrites(t, "POST /v2/datasets?name="+d.Name)
}

// TestAccDataset_interrupt sends Terraform the signal of Ctrl+C during the PUT of a creation.
func TestAccDataset_interrupt(t *testing.T) {
	for _, kind := range []string{"named", "unnamed"} {
		t.Run(kind, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			c := s.newCLI(t)
			c.skipWithoutSignals()
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
				t.Error("the interrupted apply succeeded")
			}
			if took := time.Since(<-signalled); took > 10*time.Second {
				t.Errorf("the apply took %s to stop", took)
			}
			newResult(cmd, out).expect(t, 1, "Creating Apify dataset failed", "interrupted")
			if c.attributes(testAddress) != nil {
				t.Error("the dataset is in the state")
			}
			all := s.API.Datasets()
			if kind == "unnamed" {
				if len(all) > 0 {
					t.Errorf("the server has the datasets %v", all)
				}
				return
			}
			if len(all) != 1 {
				t.Fatalf("the server has the datasets %v", all)
			}
			c.mustRun("apply", "-auto-approve")
			c.expectID(testAddress, all[0].ID)
		})
	}
}
