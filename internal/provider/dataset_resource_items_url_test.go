package provider

import (
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
	"github.com/hashicorp/terraform-plugin-testing/tfversion"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

const urlOutput = `
	output "url" {
	  value     = apify_dataset.test.items_public_url
	  sensitive = true
	}
`

// TestAccDataset_itemsURL keeps a signed URL while it is valid for at least 7 more days, and
// replaces it later or if the access changes.
func TestAccDataset_itemsURL(t *testing.T) {
	s, clock := newEmulatorWithClock(t, time.Now())
	name := s.name(t)
	config := func(access string) string {
		return s.datasetConfig(fmt.Sprintf("name = %q\ngeneral_access = %q", name, access)) + urlOutput
	}
	var id, first, second string
	opens := knownvalue.StringFunc(func(v string) error { return checkPublicURL(t.Context(), v) })
	resource.ParallelTest(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_4_6)}, // sensitive values
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{
			{
				Config: config("RESTRICTED"),
				ConfigStateChecks: []statecheck.StateCheck{
					capture("id", &id),
					capture("items_public_url", &first),
					expectValue("items_public_url", opens),
					statecheck.ExpectSensitiveValue(testAddress, tfjsonpath.New("items_public_url")),
				},
			},
			{
				// Signatures are valid for 14 days. This one is valid for 7 days and a minute.
				PreConfig:         func() { clock.advance(7*day - time.Minute); s.Recorder.Reset() },
				Config:            config("RESTRICTED"),
				ConfigPlanChecks:  preApply(plancheck.ExpectEmptyPlan()),
				ConfigStateChecks: []statecheck.StateCheck{s.checkWrites(), expectValue("items_public_url", equalTo(&first))},
			},
			{
				// This one is valid for less than 7 days. Only the output changes.
				PreConfig: func() { clock.advance(2 * time.Minute) },
				Config:    config("RESTRICTED"),
				ConfigPlanChecks: preApply(expectNoOp, plancheck.ExpectNonEmptyPlan(),
					plancheck.ExpectKnownValue(testAddress, tfjsonpath.New("items_public_url"), knownvalue.StringFunc(func(v string) error {
						if v == first {
							return fmt.Errorf("it is still %q", v)
						}
						second = v
						return checkPublicURL(t.Context(), v)
					}))),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites(),
					expectValue("items_public_url", equalTo(&second)),
				},
			},
			{
				Config: config("ANYONE_WITH_ID_CAN_READ"),
				ConfigPlanChecks: preApply(expectUpdate,
					plancheck.ExpectUnknownValue(testAddress, tfjsonpath.New("items_public_url"))),
				ConfigStateChecks: []statecheck.StateCheck{
					expectValue("items_public_url", knownvalue.StringFunc(func(v string) error {
						if want := s.URL + "/v2/datasets/" + id + "/items"; v != want {
							return fmt.Errorf("got %q, want %q", v, want)
						}
						return nil
					})),
				},
			},
			{
				// After somebody else has restricted access, the URL in the state is no longer
				// valid.
				PreConfig: func() {
					s.API.Update(id, func(d *emulator.Dataset) { d.GeneralAccess = "RESTRICTED" })
				},
				Config:           s.datasetConfig(`name = "`+name+`"`) + urlOutput,
				ConfigPlanChecks: preApply(expectNoOp),
				ConfigStateChecks: []statecheck.StateCheck{
					expectValue("items_public_url", knownvalue.StringFunc(func(v string) error {
						if !strings.Contains(v, "signature=") {
							return fmt.Errorf("%q is not signed", v)
						}
						return checkPublicURL(t.Context(), v)
					})),
				},
			},
		},
	})
}

// TestAccDataset_itemsURLNotDecodable has signatures that cannot be decoded. Each refresh stores
// the new URL, and the plan never has a change because of it.
func TestAccDataset_itemsURLNotDecodable(t *testing.T) {
	s := newEmulator(t, emulator.Options{})
	var mu sync.Mutex
	n := 0
	s.Recorder.Inject(emulator.Fault{Mutate: changeObject(func(d map[string]any) {
		mu.Lock()
		defer mu.Unlock()
		n++
		d["itemsPublicUrl"] = fmt.Sprintf("%s/v2/datasets/%s/items?signature=v%d", s.URL, d["id"], n)
	})})
	name := s.name(t)
	var first string
	resource.ParallelTest(t, resource.TestCase{
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{
			{
				Config:            s.datasetConfig(`name = "` + name + `"`),
				ConfigStateChecks: []statecheck.StateCheck{capture("items_public_url", &first)},
			},
			{
				Config:           s.datasetConfig("name = \"" + name + "\"\nforce_destroy = true"),
				ConfigPlanChecks: preApply(expectUpdate),
				ConfigStateChecks: []statecheck.StateCheck{
					s.checkWrites("POST /v2/datasets?name=" + name),
					expectValue("items_public_url", differentFrom(&first)),
				},
			},
		},
	})
}

// TestDataset_itemsURLRefresh lists when a refresh keeps the URL in the state.
func TestDataset_itemsURLRefresh(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		// change happens between the creation and the refresh.
		change func(s *testServer, c *clock, id string)
		kept   bool
	}{
		{"no change", func(*testServer, *clock, string) {}, true},
		{"6 days later", func(_ *testServer, c *clock, _ string) { c.advance(6 * day) }, true},
		{"8 days later", func(_ *testServer, c *clock, _ string) { c.advance(8 * day) }, false},
		{"15 days later", func(_ *testServer, c *clock, _ string) { c.advance(15 * day) }, false},
		{"a new key", func(s *testServer, _ *clock, id string) {
			s.API.Update(id, func(d *emulator.Dataset) { d.URLSigningSecretKey = strings.Repeat("n", 32) })
		}, false},
		{"another host", func(s *testServer, _ *clock, _ string) { s.changeItemsURL(func(u *url.URL) { u.Host = "example.com" }) }, false},
		{"another path", func(s *testServer, _ *clock, _ string) { s.changeItemsURL(func(u *url.URL) { u.Path += "/all" }) }, false},
		{"another parameter", func(s *testServer, _ *clock, _ string) {
			s.changeItemsURL(func(u *url.URL) { u.RawQuery += "&clean=1" })
		}, false},
		{"no signature", func(s *testServer, _ *clock, _ string) { s.changeItemsURL(func(u *url.URL) { u.RawQuery = "" }) }, false},
		{"a signature of another version", func(s *testServer, _ *clock, _ string) {
			s.changeItemsURL(func(u *url.URL) { u.RawQuery = "signature=MS4wLmE" })
		}, false},
		{"no URL", func(s *testServer, _ *clock, _ string) {
			s.Recorder.Inject(emulator.Fault{Method: http.MethodGet, Mutate: setField("itemsPublicUrl", nil)})
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, clock := newEmulatorWithClock(t, time.Now())
			config := values{"general_access": "RESTRICTED"}
			before := s.mustApply(t, instance{}, config)
			w := s.newWalk(t, nil)
			state := w.values(before.state)
			old, id := state["items_public_url"].(string), state["id"].(string)
			clock.advance(time.Second) // so that the new signature differs
			test.change(s, clock, id)

			after := w.mustRead(before)
			got := w.values(after.state)["items_public_url"]
			if kept := got == old; kept != test.kept {
				t.Errorf("the URL was %s and is %v, want it kept: %t", old, got, test.kept)
			}
			if p := w.mustPlan(after, config); w.changes(p) {
				t.Errorf("the plan changes %v", w.values(p.state))
			}
		})
	}
}

// changeItemsURL changes the items URL in all later responses to reads.
func (s *testServer) changeItemsURL(change func(*url.URL)) {
	s.Recorder.Inject(emulator.Fault{Method: http.MethodGet, Mutate: changeObject(func(d map[string]any) {
		u, err := url.Parse(d["itemsPublicUrl"].(string))
		if err == nil {
			change(u)
			d["itemsPublicUrl"] = u.String()
		}
	})})
}

// TestAccDataset_itemsURLSensitive prints no URL.
func TestAccDataset_itemsURLSensitive(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	const config = `
		resource "apify_dataset" "test" {
		  name           = %q
		  general_access = %q
		}
		output "url" {
		  value = apify_dataset.test.items_public_url
		  %s
		}
	`
	name := s.name(t)
	c.write("main.tf", fmt.Sprintf(config, name, "RESTRICTED", ""))
	c.run("plan").expect(t, 1, "Output refers to sensitive values")
	c.write("main.tf", fmt.Sprintf(config, name, "RESTRICTED", "sensitive = true"))
	for _, r := range []result{
		c.mustRun("apply", "-auto-approve"),
		c.mustRun("show", "-no-color"),
	} {
		r.expectNone(t, "signature", "/items")
		r.expect(t, 0, "(sensitive value)")
	}
	itemsURL, ok := c.attributes(testAddress)["items_public_url"].(string)
	if !ok || !strings.Contains(itemsURL, "signature=") {
		t.Fatalf("the state has the URL %s", itemsURL)
	}
	if err := checkPublicURL(t.Context(), itemsURL); err != nil {
		t.Error(err)
	}
	c.mustRun("destroy", "-auto-approve")
}
