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

// clock is a time that a test sets.
type clock struct {
	mu sync.Mutex
	at time.Time
}

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) pass(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// newEmulatorAt starts an emulator that goes by a clock, as does the provider.
func newEmulatorAt(t *testing.T, options emulator.Options) (*testServer, *clock) {
	t.Helper()
	c := &clock{at: time.Now()}
	options.Now = c.now
	s := newEmulator(t, options)
	s.Now = c.now
	return s, c
}

const day = 24 * time.Hour

const urlOutput = `
	output "url" {
	  value     = apify_dataset.test.items_public_url
	  sensitive = true
	}
`

// TestAccDataset_itemsURL keeps a signed URL as long as it is good for a week
// more, and takes new ones only then and when the access changes.
func TestAccDataset_itemsURL(t *testing.T) {
	s, clock := newEmulatorAt(t, emulator.Options{})
	name := s.name(t)
	config := func(access string) string {
		return s.datasetConfig(fmt.Sprintf("name = %q\ngeneral_access = %q", name, access)) + urlOutput
	}
	var id, first, second string
	isFirst := knownvalue.StringFunc(func(v string) error { return equalTo(first)(v) })
	resource.ParallelTest(t, resource.TestCase{
		TerraformVersionChecks:   []tfversion.TerraformVersionCheck{tfversion.SkipBelow(tfversion.Version1_4_6)}, // sensitive values
		ProtoV6ProviderFactories: s.factories(),
		Steps: []resource.TestStep{
			{
				Config: config("RESTRICTED"),
				ConfigStateChecks: []statecheck.StateCheck{
					capture("id", &id),
					capture("items_public_url", &first),
					expectValue("items_public_url", knownvalue.StringFunc(func(v string) error { return s.opens(v) })),
					statecheck.ExpectSensitiveValue(testAddress, tfjsonpath.New("items_public_url")),
				},
			},
			{
				// It was good for 14 days, and still is for a minute more than 7.
				PreConfig:         func() { clock.pass(7*day - time.Minute); s.Recorder.Reset() },
				Config:            config("RESTRICTED"),
				ConfigPlanChecks:  preApply(plancheck.ExpectEmptyPlan()),
				ConfigStateChecks: []statecheck.StateCheck{s.wrote(), expectValue("items_public_url", isFirst)},
			},
			{
				// A minute later it is not. Only the output changes.
				PreConfig: func() { clock.pass(2 * time.Minute) },
				Config:    config("RESTRICTED"),
				ConfigPlanChecks: preApply(noAction, plancheck.ExpectNonEmptyPlan(),
					plancheck.ExpectKnownValue(testAddress, tfjsonpath.New("items_public_url"), knownvalue.StringFunc(func(v string) error {
						if v == first {
							return fmt.Errorf("the URL is the old one")
						}
						second = v
						return s.opens(v)
					}))),
				ConfigStateChecks: []statecheck.StateCheck{
					s.wrote(),
					expectValue("items_public_url", knownvalue.StringFunc(func(v string) error { return equalTo(second)(v) })),
				},
			},
			{
				Config: config("ANYONE_WITH_ID_CAN_READ"),
				ConfigPlanChecks: preApply(inPlace,
					plancheck.ExpectUnknownValue(testAddress, tfjsonpath.New("items_public_url"))),
				ConfigStateChecks: []statecheck.StateCheck{
					expectValue("items_public_url", knownvalue.StringFunc(func(v string) error {
						return equalTo(s.URL + "/v2/datasets/" + id + "/items")(v)
					})),
				},
			},
			{
				// Somebody else restricts it: the URL in the state works no more.
				PreConfig: func() {
					s.API.Update(id, func(d *emulator.Dataset) { d.GeneralAccess = "RESTRICTED" })
				},
				Config:           s.datasetConfig(`name = "`+name+`"`) + urlOutput,
				ConfigPlanChecks: preApply(noAction),
				ConfigStateChecks: []statecheck.StateCheck{
					expectValue("items_public_url", knownvalue.StringFunc(func(v string) error {
						if !strings.Contains(v, "signature=") {
							return fmt.Errorf("it is not signed")
						}
						return s.opens(v)
					})),
				},
			},
		},
	})
}

// opens is an error unless a URL shows the items to somebody without a token.
func (s *testServer) opens(itemsURL string) error {
	resp, err := http.Get(itemsURL) //nolint:gosec,noctx // the emulator's
	if err != nil {
		return err
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("the URL %s is answered with %s", itemsURL, resp.Status)
	}
	return nil
}

// TestAccDataset_itemsURLNotDecodable takes a signature that nobody understands
// as it comes, without ever planning a change of the resource.
func TestAccDataset_itemsURLNotDecodable(t *testing.T) {
	s := newEmulator(t, emulator.Options{})
	var mu sync.Mutex
	n := 0
	s.Recorder.Inject(emulator.Fault{Mutate: func(status int, _ http.Header, body map[string]any) int {
		mu.Lock()
		defer mu.Unlock()
		if d, ok := body["data"].(map[string]any); ok {
			n++
			d["itemsPublicUrl"] = fmt.Sprintf("%s/v2/datasets/%s/items?signature=v%d", s.URL, d["id"], n)
		}
		return status
	}})
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
				ConfigPlanChecks: preApply(inPlace),
				ConfigStateChecks: []statecheck.StateCheck{
					s.wrote("POST /v2/datasets?name=" + name),
					expectValue("items_public_url", knownvalue.StringFunc(func(v string) error {
						if v == first {
							return fmt.Errorf("the URL was not taken as it came")
						}
						return nil
					})),
				},
			},
		},
	})
}

// TestDataset_itemsURLKept says which URL is in the state after a refresh.
func TestDataset_itemsURLKept(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name string
		// change happens between the creation and the refresh.
		change func(s *testServer, c *clock, id string)
		kept   bool
	}{
		{"nothing happened", func(*testServer, *clock, string) {}, true},
		{"days passed", func(_ *testServer, c *clock, _ string) { c.pass(6 * day) }, true},
		{"more than a week passed", func(_ *testServer, c *clock, _ string) { c.pass(8 * day) }, false},
		{"more than its validity passed", func(_ *testServer, c *clock, _ string) { c.pass(15 * day) }, false},
		{"a new key", func(s *testServer, _ *clock, id string) {
			s.API.Update(id, func(d *emulator.Dataset) { d.URLSigningSecretKey = strings.Repeat("n", 32) })
		}, false},
		{"another host", func(s *testServer, _ *clock, _ string) { s.mutateURL(func(u *url.URL) { u.Host = "example.com" }) }, false},
		{"another path", func(s *testServer, _ *clock, _ string) { s.mutateURL(func(u *url.URL) { u.Path += "/all" }) }, false},
		{"another parameter", func(s *testServer, _ *clock, _ string) { s.mutateURL(func(u *url.URL) { u.RawQuery += "&clean=1" }) }, false},
		{"no signature", func(s *testServer, _ *clock, _ string) { s.mutateURL(func(u *url.URL) { u.RawQuery = "" }) }, false},
		{"an unknown form of signature", func(s *testServer, _ *clock, _ string) {
			s.mutateURL(func(u *url.URL) { u.RawQuery = "signature=MS4wLmE" })
		}, false},
		{"no URL", func(s *testServer, _ *clock, _ string) {
			s.Recorder.Inject(emulator.Fault{Method: http.MethodGet, Mutate: mutateData("itemsPublicUrl", nil)})
		}, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s, clock := newEmulatorAt(t, emulator.Options{})
			config := values{"general_access": "RESTRICTED"}
			before := s.mustApply(t, instance{}, config)
			w := s.newWalk(t, nil)
			state := w.values(before.state)
			was, id := state["items_public_url"].(string), state["id"].(string)
			clock.pass(time.Second) // or the fresh signature would be the same
			test.change(s, clock, id)

			after, ds := w.read(t.Context(), before)
			if len(ds) > 0 {
				t.Fatal(ds)
			}
			is := w.values(after.state)["items_public_url"]
			if kept := is == was; kept != test.kept {
				t.Errorf("the URL was %s, and is %v", was, is)
			}
			p, ds := w.plan(t.Context(), after, config)
			if len(ds) > 0 || w.changes(p) {
				t.Errorf("the plan changes %v: %s", w.values(p.state), ds)
			}
		})
	}
}

// mutateURL changes the items URL in what is read from now on.
func (s *testServer) mutateURL(change func(*url.URL)) {
	s.Recorder.Inject(emulator.Fault{Method: http.MethodGet, Mutate: func(status int, _ http.Header, body map[string]any) int {
		d := body["data"].(map[string]any)
		u, err := url.Parse(d["itemsPublicUrl"].(string))
		if err == nil {
			change(u)
			d["itemsPublicUrl"] = u.String()
		}
		return status
	}})
}

// TestAccDataset_itemsURLSecret shows the URL nowhere.
func TestAccDataset_itemsURLSecret(t *testing.T) {
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
		r.never(t, "signature", "/items")
		r.expect(t, 0, "(sensitive value)")
	}
	itemsURL, ok := c.attributes(testAddress)["items_public_url"].(string)
	if !ok || !strings.Contains(itemsURL, "signature=") {
		t.Fatalf("the state has the URL %s", itemsURL)
	}
	if err := s.opens(itemsURL); err != nil {
		t.Error(err)
	}
	c.mustRun("destroy", "-auto-approve")
}
