package provider

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	tfjson "github.com/hashicorp/terraform-json"
	"github.com/hashicorp/terraform-plugin-testing/knownvalue"
	"github.com/hashicorp/terraform-plugin-testing/statecheck"
	"github.com/hashicorp/terraform-plugin-testing/tfjsonpath"
)

// testAddress is the address of the resource under test.
const testAddress = "apify_dataset.test"

// block returns a resource block.
func block(label string, attributes ...string) string {
	return fmt.Sprintf("resource \"apify_dataset\" %q {\n  %s\n}\n", label, strings.Join(attributes, "\n  "))
}

// named returns the attribute name.
func named(name string) string { return fmt.Sprintf("name = %q", name) }

const (
	restrictedAccess    = `general_access = "RESTRICTED"`
	noAdoption          = "adopt_existing = false"
	forceDestroy        = "force_destroy = true"
	createBeforeDestroy = "lifecycle {\n    create_before_destroy = true\n  }"
)

// schemaAttribute returns the attribute schema, with a description that makes schemas differ.
func schemaAttribute(description string) string {
	return fmt.Sprintf("schema = jsonencode({ actorSpecification = 1, fields = { description = %q } })", description)
}

// schemaJSON returns the schema of schemaAttribute as the provider sends it.
func schemaJSON(description string) string {
	return fmt.Sprintf(`{"schema":{"actorSpecification":1,"fields":{"description":%q}}}`, description)
}

// The requests that can change something, as recorded.
func posted(name string) string { return "POST /v2/datasets?name=" + name }
func renamed(id, name string) string {
	return fmt.Sprintf(`PUT /v2/datasets/%s {"name":%q}`, id, name)
}
func deleted(id string) string { return "DELETE /v2/datasets/" + id }

// push adds n items to a dataset without the provider.
func (s *testServer) push(t *testing.T, id string, n int) {
	t.Helper()
	for range n {
		s.mustCall(t, "POST", "/v2/datasets/"+id+"/items", map[string]any{"a": 1})
	}
}

// checkWrites returns a check that exactly these requests that can change something were sent since
// the last such check, in this order. {id} stands for the attribute of the resource under test.
func (s *testServer) checkWrites(want ...string) statecheck.StateCheck { return writesCheck{s, want} }

type writesCheck struct {
	server *testServer
	want   []string
}

// CheckState implements [statecheck.StateCheck].
func (c writesCheck) CheckState(_ context.Context, req statecheck.CheckStateRequest, resp *statecheck.CheckStateResponse) {
	got, want := c.server.writes(), slices.Clone(c.want)
	c.server.Recorder.Reset()
	i := slices.IndexFunc(req.State.Values.RootModule.Resources, func(r *tfjson.StateResource) bool { return r.Address == testAddress })
	for j := range want {
		if i >= 0 {
			want[j] = strings.ReplaceAll(want[j], "{id}", fmt.Sprint(req.State.Values.RootModule.Resources[i].AttributeValues["id"]))
		}
	}
	resp.Error = compareRequests(got, want)
}

func expectValue(attribute string, value knownvalue.Check) statecheck.StateCheck {
	return statecheck.ExpectKnownValue(testAddress, tfjsonpath.New(attribute), value)
}
