package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/helper/resource"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/plancheck"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// testAddress is the address of the resource under test.
const testAddress = "apify_dataset.test"

// Configurations with the resource under test only. They take the name of the dataset.
const (
	nameOnly            = `resource "apify_dataset" "test" { name = %q }`
	createBeforeDestroy = `
		resource "apify_dataset" "test" {
		  name = %q
		  lifecycle { create_before_destroy = true }
		}
	`
)

// datasetConfig returns a configuration with the resource under test only.
func (s *testServer) datasetConfig(attributes string) string {
	return s.config("resource \"apify_dataset\" \"test\" {\n" + attributes + "\n}\n")
}

// checkWrites returns a check that exactly these requests that can change something were sent since
// the last such check, in this order. {id} and {name} stand for the attributes of the resource
// under test.
func (s *testServer) checkWrites(want ...string) statecheck.StateCheck { return writesCheck{s, want} }

type writesCheck struct {
	server *testServer
	want   []string
}

// CheckState implements [statecheck.StateCheck].
func (c writesCheck) CheckState(_ context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	got, want := c.server.writes(), slices.Clone(c.want)
	c.server.Recorder.Reset()
	if r := stateOf(req.State, testAddress); r != nil {
		for i := range want {
			for _, attribute := range []string{"id", "name"} {
				want[i] = strings.ReplaceAll(want[i], "{"+attribute+"}", fmt.Sprint(r.AttributeValues[attribute]))
			}
		}
	}
	resp.Error = compareRequests(got, want)
}

func stateOf(state *tfjson.State, address string) *tfjson.StateResource {
	if state.Values == nil {
		return nil
	}
	for _, r := range state.Values.RootModule.Resources {
		if r.Address == address {
			return r
		}
	}
	return nil
}

func expectValue(attribute string, value knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(testAddress, tfjsonpath.New(attribute), value)
}

// expectKnown returns plan checks that attributes have known values.
func expectKnown(attributes ...string) []plancheck.PlanCheck {
	var checks []plancheck.PlanCheck
	for _, a := range attributes {
		checks = append(checks, plancheck.ExpectKnownValue(testAddress, tfjsonpath.New(a), knownvalue.NotNull()))
	}
	return checks
}

// capture returns a check that stores the value of an attribute.
func capture(attribute string, into *string) statecheck.StateCheck {
	return expectValue(attribute, knownvalue.StringFunc(func(value string) error {
		*into = value
		return nil
	}))
}

// equalTo checks a value against one that is known only when the check runs.
func equalTo(want *string) knownvalue.Check {
	return knownvalue.StringFunc(func(got string) error {
		if got != *want {
			return fmt.Errorf("got %q, want %q", got, *want)
		}
		return nil
	})
}

// differentFrom checks that a value differs from one that is known only when the check runs.
func differentFrom(old *string) knownvalue.Check {
	return knownvalue.StringFunc(func(got string) error {
		if got == *old {
			return fmt.Errorf("it is still %q", got)
		}
		return nil
	})
}

var (
	expectCreate = plancheck.ExpectResourceAction(testAddress, plancheck.ResourceActionCreate)
	expectUpdate = plancheck.ExpectResourceAction(testAddress, plancheck.ResourceActionUpdate)
	expectNoOp   = plancheck.ExpectResourceAction(testAddress, plancheck.ResourceActionNoop)
)

func preApply(checks ...plancheck.PlanCheck) resource.ConfigPlanChecks {
	return resource.ConfigPlanChecks{PreApply: checks}
}

// expectAbsent fails the test if a text contains one of the secrets.
func expectAbsent(t *testing.T, text, source string, secrets ...string) {
	t.Helper()
	for _, secret := range secrets {
		if i := strings.Index(text, secret); i >= 0 {
			t.Errorf("%s contains %q: …%s…", source, secret, text[max(0, i-80):min(len(text), i+80)])
		}
	}
}
