package provider

import (
	"fmt"
	"strings"
	"testing"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// TestDatasetDataSource_validators has values that validate refuses, with texts that fit the
// data source.
func TestDatasetDataSource_validators(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	w := s.newWalk(t, nil)
	for name, test := range map[string]struct {
		config    values
		texts     []string
		forbidden string
	}{
		"a name as ID":        {values{"id": "~products"}, []string{summaryInvalidID, `got "~products"`, "use the attribute name"}, "Data source"},
		"an empty ID":         {values{"id": ""}, []string{summaryInvalidID, `got ""`, "a URL of the dataset in Apify Console"}, ""},
		"a URL of no dataset": {values{"id": "https://apify.com/store?token=hunter2"}, []string{summaryInvalidID, `got "https://apify.com/store"`}, "hunter2"},
		"an empty name":       {values{"name": ""}, []string{"Invalid Apify dataset name", "name must be 1 to 63", `got "" (0 characters)`}, "unnamed"},
		"an invalid name":     {values{"name": "a_b"}, []string{"Invalid Apify dataset name", `got "a_b"`}, "unnamed"},
		"an empty username":   {values{"name": "a", "username": ""}, []string{"Invalid Apify username", "For a dataset of the token's account, omit the attribute"}, "LengthAtLeast"},
	} {
		_, ds := w.readDataSource(t.Context(), "apify_dataset", test.config)
		if len(ds) != 1 || !ds.errors().has(test.texts...) || test.forbidden != "" && ds.has(test.forbidden) {
			t.Errorf("%s: got the diagnostics\n%s", name, ds)
		}
	}
	// In the resource, the same mistake has another cause.
	if ds := w.validate(values{"name": ""}); !ds.errors().has("Invalid Apify dataset name", "For an unnamed dataset, omit the attribute") {
		t.Errorf("an empty name of a resource has the diagnostics\n%s", ds)
	}
	if _, ds := w.openItemsURL(t.Context(), values{"dataset_id": "https://console.apify.com/storage/datasets/WkzbQMuFYuamGv3YF?token=hunter2"}); !ds.errors().has(
		summaryInvalidID, "dataset_id must be a dataset ID, which consists of letters and digits, got", `Data source "apify_dataset" finds a dataset by its name`,
	) || ds.has("hunter2") {
		t.Errorf("a URL in dataset_id has the diagnostics\n%s", ds)
	}
	s.expectSent(t)
}

// TestDataset_nameLooksLikeID warns of an ID in the place of a name.
func TestDataset_nameLooksLikeID(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	w := s.newWalk(t, nil)
	for name, warned := range map[string]bool{
		"WkzbQMuFYuamGv3YF": true, "wkzbqmufyuamgv3yf": false, "WKZBQMUFYUAMGV3YF": false, "WkzbQMuFYuamGvxYF": false, "WkzbQMuFYuamGv3Y": false,
		"WkzbQMuFYuamGv3YF0": false, "Wkzb-MuFYuamGv3YF": false,
	} {
		ds := w.validate(values{"name": name})
		if len(ds.errors()) > 0 || ds.warnings().has("Apify dataset name looks like an ID", fmt.Sprintf("name is %q", name), "import the dataset by this ID") != warned ||
			!warned && len(ds) > 0 {
			t.Errorf("%s: want a warning: %t, got the diagnostics\n%s", name, warned, ds)
		}
	}
}

// TestAccProvider_wholeNumbers has numbers that the framework's integers reject with the advice to
// report a bug.
func TestAccProvider_wholeNumbers(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	c := s.newCLI(t)
	for _, value := range []string{"1.5", "1e30", "-1", "21", "0.1"} {
		c.write("main.tf", "provider \"apify\" {\n max_retries = "+value+"\n}\ndata \"apify_datasets\" \"all\" {}\n")
		expectInvalidNumber(t, c, "max_retries must be a whole number between 0 and 20", value)
	}
	for _, value := range []string{"0", "20", `"3"`, "1e1", "2.0"} {
		c.write("main.tf", "provider \"apify\" {\n max_retries = "+value+"\n}\ndata \"apify_datasets\" \"all\" {}\n")
		c.mustRun("plan")
	}
	c.skipBelow("1.10", "1.11")
	for attribute, least := range map[string]int{"limit": 1, "offset": 0} {
		for _, value := range []string{"1.5", "1e30", "-1"} {
			c.write("main.tf", "ephemeral \"apify_dataset_items_url\" \"x\" {\n dataset_id = \"WkzbQMuFYuamGv3YF\"\n "+attribute+" = "+value+"\n}\n")
			expectInvalidNumber(t, c, fmt.Sprintf("%s must be a whole number of at least %d", attribute, least), value)
		}
	}
}

func expectInvalidNumber(t *testing.T, c *cli, text, value string) {
	t.Helper()
	r := c.run("validate")
	got := strings.Replace(value, "e30", "e+30", 1)
	r.expect(t, 1, "Invalid whole number", text+", got "+got+".")
	r.expectErrors(t, 1)
	r.expectNone(t, "report", "provider developer", "Value Conversion")
}
