package provider

import (
	"context"
	"maps"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestDataset_basic creates a dataset, reads it, and deletes it.
func TestDataset_basic(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	name := s.name(t)

	after := s.mustApply(t, instance{}, values{"name": name})
	s.expectWrites(t, "POST /v2/datasets?name="+name)

	w := s.newWalk(t, nil)
	state := w.values(after.state)
	if got := w.identityID(after); got != state["id"] || got == "" {
		t.Errorf("the identity has the ID %q, and the state %q", got, state["id"])
	}

	s.Recorder.Reset()
	s.expectNoChanges(t, after, values{"name": name})
	s.expectSent(t, getDataset)

	s.Recorder.Reset()
	s.mustApply(t, after, nil)
	s.expectWrites(t, "DELETE /v2/datasets/"+state["id"].(string))
}

// TestDataset_unknownValues plans with values that are known after apply, and again with the known
// values. The second plan must agree with the first.
func TestDataset_unknownValues(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		// prior is the configuration that was applied before, if any.
		prior, unknown, known values
		writes                []string
	}{
		{"new dataset, name", nil, values{"name": unknown{}}, values{"name": "{name}"}, []string{"POST /v2/datasets?name={name}"}},
		{"new dataset, no name", nil, values{"name": unknown{}}, values{}, []string{"POST /v2/datasets"}},
		{"new dataset, access", nil, values{"general_access": unknown{}}, values{"general_access": "RESTRICTED"},
			[]string{"POST /v2/datasets", `PUT /v2/datasets/{id} {"generalAccess":"RESTRICTED"}`}},
		{"new dataset, no access", nil, values{"general_access": unknown{}}, values{}, []string{"POST /v2/datasets"}},
		{"another name", values{"name": "{name}"}, values{"name": unknown{}}, values{"name": "{name}-2"}, []string{`PUT /v2/datasets/{id} {"name":"{name}-2"}`}},
		{"the same name", values{"name": "{name}"}, values{"name": unknown{}}, values{"name": "{NAME}"}, nil},
		{"no name", values{"name": "{name}"}, values{"name": unknown{}}, values{}, []string{`PUT /v2/datasets/{id} {"name":null}`}},
		{"no name, although access needs one", values{"name": "{name}", "general_access": "ANYONE_WITH_NAME_CAN_READ"}, values{"name": unknown{}}, values{},
			[]string{`PUT /v2/datasets/{id} {"name":null}`}},
		{"other access", values{}, values{"general_access": unknown{}}, values{"general_access": "RESTRICTED"}, []string{`PUT /v2/datasets/{id} {"generalAccess":"RESTRICTED"}`}},
		{"the same access", values{}, values{"general_access": unknown{}}, values{"general_access": "FOLLOW_USER_SETTING"}, nil},
		{"no access", values{}, values{"general_access": unknown{}}, values{}, nil},
		{"attributes that are not sent", values{}, values{"force_destroy": unknown{}, "adopt_existing": unknown{}, "timeouts": values{"read": unknown{}}},
			values{"force_destroy": true, "adopt_existing": false, "timeouts": values{"read": "1m"}}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			name := s.name(t)
			fill := func(config values) values {
				config = maps.Clone(config)
				if spelled, ok := config["name"].(string); ok {
					config["name"] = strings.NewReplacer("{name}", name, "{NAME}", strings.ToUpper(name)).Replace(spelled)
				}
				return config
			}
			var prior instance
			if test.prior != nil {
				prior = s.mustApply(t, prior, fill(test.prior))
			}
			s.Recorder.Reset()
			first := s.newWalk(t, nil).mustPlan(prior, fill(test.unknown))
			s.expectSent(t)
			w := s.newWalk(t, nil)
			second := w.mustPlan(prior, fill(test.known))
			planned := w.values(first.state)
			if timeouts, ok := planned["timeouts"].(values); ok && timeouts["read"] == (unknown{}) {
				delete(planned, "timeouts")
			}
			for _, d := range differences(planned, w.values(second.state)) {
				t.Errorf("the second plan differs from the first: %s", d)
			}
			after, ds := w.apply(t.Context(), second)
			if len(ds) > 0 {
				t.Fatal(ds)
			}
			var want []string
			for _, request := range test.writes {
				want = append(want, strings.NewReplacer("{name}", name, "{id}", w.identityID(after)).Replace(request))
			}
			s.expectWrites(t, want...)
			s.expectNoChanges(t, after, fill(test.known))
		})
	}
}

// TestDataset_changedBetweenPlanAndApply changes one attribute, while somebody else changes another
// one between plan and apply. The state has the foreign change after the next refresh.
func TestDataset_changedBetweenPlanAndApply(t *testing.T) {
	t.Parallel()
	for attribute, test := range map[string]struct {
		config values
		change func(*emulator.Dataset)
		want   string
	}{
		"general_access": {values{"name": "renamed"}, func(d *emulator.Dataset) { d.GeneralAccess = "RESTRICTED" }, "RESTRICTED"},
		"name":           {values{"name": "mine", "general_access": "ANYONE_WITH_ID_CAN_READ"}, func(d *emulator.Dataset) { d.Name = "theirs" }, "theirs"},
	} {
		t.Run(attribute, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			before := s.mustApply(t, instance{}, values{"name": "mine"})
			w := s.newWalk(t, nil)
			p := w.mustPlan(before, test.config)
			s.API.Update(w.identityID(before), test.change)
			after, ds := s.newWalk(t, nil).apply(t.Context(), p)
			if len(ds) > 0 {
				t.Fatal(ds)
			}
			w = s.newWalk(t, nil)
			refreshed := w.mustRead(after)
			applied, got := w.values(after.state)[attribute], w.values(refreshed.state)[attribute]
			if applied == test.want || got != test.want {
				t.Errorf("%s is %v after the apply and %v after the refresh, want %s after the refresh only", attribute, applied, got, test.want)
			}
		})
	}
}

// TestDataset_unnamedResponseLost creates an unnamed dataset, and the response to the POST is not
// usable.
func TestDataset_unnamedResponseLost(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	other := s.API.Seed(emulator.Dataset{Name: "other"})
	cut := emulator.FaultNamed(emulator.FaultBodyCut)
	wrong := emulator.Fault{Mutate: func(status int, header http.Header, body map[string]any) int {
		header.Set("Location", "/v2/datasets/"+other.ID)
		body["data"] = map[string]any{"id": other.ID, "name": other.Name}
		return status
	}}
	for _, test := range []struct {
		name  string
		fault emulator.Fault
		text  string
		sent  []string
		// left is the number of new datasets that the creation leaves.
		left int
	}{
		{"incomplete, with the ID in the Location header", cut, "deletes the dataset again", []string{postDatasets, deleteDataset}, 0},
		{"another dataset", wrong, "but the dataset is named", []string{postDatasets}, 1},
	} {
		s.Recorder.ClearFaults()
		s.Recorder.Reset()
		s.Recorder.Inject(onRequest(postDatasets, test.fault))
		w := s.newWalk(t, nil)
		after, ds := w.apply(t.Context(), w.mustPlan(instance{}, values{}))
		if after.state != nil || !ds.errors().has(summaryCreate) || !ds.errors().has(test.text) {
			t.Errorf("%s: after the creation there is a state: %t\n%s", test.name, after.state != nil, ds)
		}
		s.expectSent(t, test.sent...)
		if _, ok := s.API.Dataset(other.ID); !ok {
			t.Errorf("%s: the other dataset was deleted", test.name)
		}
		if left := len(s.API.Datasets()) - 1; left != test.left {
			t.Errorf("%s: the creation left %d datasets, want %d", test.name, left, test.left)
		}
	}
}

// TestDataset_unnamedInterrupted ends the creation of an unnamed dataset while the server works on
// the POST. The provider awaits the response and deletes the dataset by its ID.
func TestDataset_unnamedInterrupted(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		config values
		cancel bool
		text   string
	}{
		"interrupt": {values{}, true, "The operation was interrupted."},
		"timeout":   {values{"timeouts": values{"create": "200ms"}}, false, "Raise the limit in the resource's timeouts attribute."},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			s.Recorder.Inject(onRequest(postDatasets, emulator.Fault{TakesEffect: true, Delay: time.Second, Before: func(*http.Request) {
				if test.cancel {
					cancel()
				}
			}}))
			w := s.newWalk(t, nil)
			began := time.Now()
			after, ds := w.apply(ctx, w.mustPlan(instance{}, test.config))
			if after.state != nil || len(ds) != 1 || !ds.errors().has(summaryCreate, "deletes the dataset again", test.text) {
				t.Errorf("after the creation there is a state: %t\n%s", after.state != nil, ds)
			}
			if took := time.Since(began); took < time.Second || took > 10*time.Second {
				t.Errorf("the creation took %s", took)
			}
			s.expectSent(t, postDatasets, deleteDataset)
			if all := s.API.Datasets(); len(all) > 0 {
				t.Errorf("the server has the datasets %v", all)
			}
		})
	}
}

// TestAccDataset_unnamedInterrupted interrupts the CLI during the POST of an unnamed dataset.
func TestAccDataset_unnamedInterrupted(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	c.skipWithoutSignals()
	c.write("main.tf", `resource "apify_dataset" "test" {}`)
	posted := make(chan struct{})
	s.Recorder.Inject(onRequest(postDatasets, emulator.Fault{
		TakesEffect: true, Delay: 2 * time.Second, Before: func(*http.Request) { close(posted) },
	}))
	cmd, out := c.command("apply", "-auto-approve")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	<-posted
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	newResult(cmd, out).expect(t, 1, summaryCreate, "deletes the dataset again")
	if c.attributes(testAddress) != nil {
		t.Error("the dataset is in the state")
	}
	if all := s.API.Datasets(); len(all) > 0 {
		t.Errorf("the server has the datasets %v", all)
	}
	s.expectSent(t, postDatasets, deleteDataset)
}
