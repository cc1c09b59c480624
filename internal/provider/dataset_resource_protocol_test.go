package provider

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"testing"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestDataset_createSendsOnePost is the shortest way through the life of a dataset.
func TestDataset_createSendsOnePost(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	name := s.name(t)

	after := s.mustApply(t, instance{}, values{"name": name})
	s.expectWrites(t, "POST /v2/datasets?name="+name)

	w := s.newWalk(t, nil)
	state := w.values(after.state)
	if got := w.identityID(after); got != state["id"] || got == "" {
		t.Errorf("the identity is %q, the id %q", got, state["id"])
	}

	s.Recorder.Reset()
	refreshed, ds := w.read(t.Context(), after)
	p, more := w.plan(t.Context(), refreshed, values{"name": name})
	if len(ds) > 0 || len(more) > 0 || w.changes(p) {
		t.Errorf("the second plan changes %v\n%s%s", w.values(p.state), ds, more)
	}
	s.expectWrites(t)

	s.Recorder.Reset()
	s.mustApply(t, refreshed, nil)
	s.expectWrites(t, "DELETE /v2/datasets/"+state["id"].(string))
}

// TestDataset_unknownValues plans with values that are known after apply only,
// and again when they are known. What the first plan said must hold.
func TestDataset_unknownValues(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		// prior is the configuration that was applied before, if any.
		prior, unknown, known values
		writes                []string
	}{
		{"name of a new one", nil, values{"name": unknown{}}, values{"name": "{name}"}, []string{"POST /v2/datasets?name={name}"}},
		{"name of a new one, none", nil, values{"name": unknown{}}, values{}, []string{"POST /v2/datasets"}},
		{"access of a new one", nil, values{"general_access": unknown{}}, values{"general_access": "RESTRICTED"},
			[]string{"POST /v2/datasets", `PUT /v2/datasets/{id} {"generalAccess":"RESTRICTED"}`}},
		{"access of a new one, none", nil, values{"general_access": unknown{}}, values{}, []string{"POST /v2/datasets"}},
		{"another name", values{"name": "{name}"}, values{"name": unknown{}}, values{"name": "{name}-2"}, []string{`PUT /v2/datasets/{id} {"name":"{name}-2"}`}},
		{"the same name", values{"name": "{name}"}, values{"name": unknown{}}, values{"name": "{NAME}"}, nil},
		{"no name", values{"name": "{name}"}, values{"name": unknown{}}, values{}, []string{`PUT /v2/datasets/{id} {"name":null}`}},
		{"no name, which access needs", values{"name": "{name}", "general_access": "ANYONE_WITH_NAME_CAN_READ"}, values{"name": unknown{}}, values{},
			[]string{`PUT /v2/datasets/{id} {"name":null}`}},
		{"other access", values{}, values{"general_access": unknown{}}, values{"general_access": "RESTRICTED"}, []string{`PUT /v2/datasets/{id} {"generalAccess":"RESTRICTED"}`}},
		{"the same access", values{}, values{"general_access": unknown{}}, values{"general_access": "FOLLOW_USER_SETTING"}, nil},
		{"no access", values{}, values{"general_access": unknown{}}, values{}, nil},
		{"what is not sent", values{}, values{"force_destroy": unknown{}, "adopt_existing": unknown{}, "timeouts": values{"read": unknown{}}},
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
			first, ds := s.newWalk(t, nil).plan(t.Context(), prior, fill(test.unknown))
			if len(ds) > 0 || len(s.sent()) > 0 {
				t.Errorf("the first plan sent %q and said %s", s.sent(), ds)
			}
			w := s.newWalk(t, nil)
			second, ds := w.plan(t.Context(), prior, fill(test.known))
			if len(ds) > 0 {
				t.Errorf("the second plan said %s", ds)
			}
			final := w.values(second.state)
			for attribute, v := range w.values(first.state) {
				if nested, ok := v.(values); ok && attribute == "timeouts" && nested["read"] == (unknown{}) {
					continue
				}
				if v != (unknown{}) && fmt.Sprint(v) != fmt.Sprint(final[attribute]) {
					t.Errorf("%s was planned as %v, and then as %v", attribute, v, final[attribute])
				}
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
			again, ds := s.newWalk(t, nil).plan(t.Context(), after, fill(test.known))
			if len(ds) > 0 || w.changes(again) {
				t.Errorf("the next plan changes %v\n%s", w.values(again.state), ds)
			}
		})
	}
}

// TestUpdateLeavesToTheNextRefreshWhatOthersChanged changes one attribute while
// somebody else changes the other, between plan and apply.
func TestUpdateLeavesToTheNextRefreshWhatOthersChanged(t *testing.T) {
	t.Parallel()
	for what, test := range map[string]struct {
		config  values
		theirs  func(*emulator.Dataset)
		drifted string
	}{
		"access": {values{"name": "renamed"}, func(d *emulator.Dataset) { d.GeneralAccess = "RESTRICTED" }, "general_access"},
		"name":   {values{"name": "mine", "general_access": "ANYONE_WITH_ID_CAN_READ"}, func(d *emulator.Dataset) { d.Name = "theirs" }, "name"},
	} {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{})
			before := s.mustApply(t, instance{}, values{"name": "mine"})
			w := s.newWalk(t, nil)
			id := w.values(before.state)["id"].(string)
			p, ds := w.plan(t.Context(), before, test.config)
			if len(ds) > 0 {
				t.Fatal(ds)
			}
			s.API.Update(id, test.theirs)
			after, ds := s.newWalk(t, nil).apply(t.Context(), p)
			if len(ds) > 0 {
				t.Fatal(ds)
			}
			w = s.newWalk(t, nil)
			refreshed, ds := w.read(t.Context(), after)
			if len(ds) > 0 {
				t.Fatal(ds)
			}
			was, is := w.values(after.state)[test.drifted], w.values(refreshed.state)[test.drifted]
			d, _ := s.API.Dataset(id)
			want := map[string]string{"general_access": d.GeneralAccess, "name": d.Name}[test.drifted]
			if was == is || is != want {
				t.Errorf("%s was %v after the apply and is %v after the refresh, not %s", test.drifted, was, is, want)
			}
		})
	}
}

// TestUnnamedDatasetIsRemovedWhenItsAnswerIsLost cuts the answer to a POST short,
// which tells of the dataset in its Location header only.
func TestUnnamedDatasetIsRemovedWhenItsAnswerIsLost(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	other := s.API.Seed(emulator.Dataset{Name: "other"})
	for what, fault := range map[string]emulator.Fault{
		"cut": {Method: "POST", Times: 1, CutBody: true, TakesEffect: true},
		"another dataset": {Method: "POST", Times: 1, Mutate: func(status int, header http.Header, body map[string]any) int {
			header.Set("Location", "/v2/datasets/"+other.ID)
			body["data"] = map[string]any{"id": other.ID, "name": "other"}
			return status
		}},
	} {
		s.Recorder.Reset()
		s.Recorder.Inject(fault)
		w := s.newWalk(t, nil)
		p, ds := w.plan(t.Context(), instance{}, values{})
		after, more := w.apply(t.Context(), p)
		if len(ds) > 0 || after.state != nil || !more.errors().has(summaryCreate) {
			t.Errorf("%s: %v\n%s%s", what, after, ds, more)
		}
		var left []string
		for _, d := range s.API.Datasets() {
			if d.ID != other.ID {
				left = append(left, d.ID)
			}
		}
		switch what {
		case "cut":
			if len(left) > 0 || len(s.writes()) != 2 || !more.errors().has("is removed again") {
				t.Errorf("%s: %v is left over after %v\n%s", what, left, s.writes(), more)
			}
		default:
			if _, ok := s.API.Dataset(other.ID); !ok || len(s.writes()) != 1 {
				t.Errorf("%s: the requests were %v", what, s.writes())
			}
		}
	}
}
