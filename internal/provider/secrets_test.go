package provider

import (
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

const secretToken = "apify_api_ThisMustBeSeenByNobody42"

// signatures match those of items URLs, which begin with "0." in base64.
var signatures = regexp.MustCompile(`\bMC4[A-Za-z0-9_-]{20,}`)

// TestAccSecretsAreNowhere does what the provider can do, with every log on, and
// with a server that repeats secrets in its errors. Then it looks for them in all
// that the runs leave behind.
func TestAccSecretsAreNowhere(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{Users: []emulator.User{
		{Username: "owner", Token: secretToken, Restricted: true},
	}})
	imported := s.API.Seed(emulator.Dataset{Name: "imported"})
	c := s.newCLI(t)
	logs := filepath.Join(c.dir, "trace.log")
	c.env = append(c.env, "TF_LOG=TRACE", "TF_LOG_PATH="+logs)
	c.write("main.tf", `
provider "apify" {
  max_retries = 0
}

resource "apify_dataset" "named" {
  name = "named"
}

resource "apify_dataset" "restricted" {
  general_access = "RESTRICTED"
}

resource "apify_dataset" "imported" {
  name = "imported"
}

data "apify_dataset" "one" {
  id = apify_dataset.named.id
}

data "apify_datasets" "all" {
  unnamed    = true
  depends_on = [apify_dataset.restricted]
}
`)
	var output strings.Builder
	run := func(code int, args ...string) {
		t.Helper()
		r := c.run(args...)
		r.expect(t, code)
		output.WriteString(r.output)
	}
	run(0, "import", "apify_dataset.imported", imported.ID)
	run(0, "plan", "-out=plan.bin")
	run(0, "show", "plan.bin")
	run(0, "apply", "plan.bin")
	keys := map[string]string{}
	for _, d := range s.API.Datasets() {
		keys[d.ID] = d.URLSigningSecretKey
	}
	if len(keys) != 3 {
		t.Errorf("there are %d datasets", len(keys))
	}
	run(0, "plan", "-detailed-exitcode")
	run(0, "state", "show", "apify_dataset.restricted")
	for what, f := range echoes(secretToken, imported.URLSigningSecretKey) {
		f.Method, f.Pattern, _ = strings.Cut(getDataset, " ")
		s.Recorder.Inject(f)
		before := output.Len()
		run(1, "plan")
		if !strings.Contains(output.String()[before:], summaryRead) {
			t.Errorf("%s did not fail the reading", what)
		}
		s.Recorder.ClearFaults()
	}
	run(0, "destroy", "-auto-approve")

	// A signed URL is in the state, and so in a plan, and nowhere else.
	signed := 0
	files := c.files()
	files["the output"] = output.String()
	for name, content := range files {
		scan(t, content, name, secretToken)
		for _, key := range keys {
			scan(t, content, name, key)
		}
		found := signatures.FindString(content)
		switch base := filepath.Base(name); base {
		case "terraform.tfstate", "terraform.tfstate.backup", "tfplan", "tfstate", "tfstate-prev":
			if found != "" {
				signed++
			}
		default:
			if found != "" {
				t.Errorf("%s holds the signature %s", name, found)
			}
		}
	}
	if signed == 0 {
		t.Error("no state holds a signed URL, so this test would not see one elsewhere")
	}
	if !strings.Contains(files[logs], "Apify API request") || !strings.Contains(files[logs], "Calling provider defined") {
		t.Error("the log is not that of the provider and its SDK")
	}
}

// echoes are answers that repeat secrets.
func echoes(token, key string) map[string]emulator.Fault {
	const signature = "MC4xODkzNDU2MDAwMDAwLnRqY0xlSXZGeG83NWZ3R1d1SjRJ"
	itemsURL := "https://api.apify.com/v2/datasets/x/items?format=csv&signature=" + signature
	return map[string]emulator.Fault{
		"an error of the API":         apiError(http.StatusForbidden, "no-"+token),
		"an error's message":          {Status: http.StatusBadRequest, Body: fmt.Sprintf(`{"error": {"type": "t", "message": "The token %s may not open %s"}}`, token, itemsURL)},
		"a page of HTML":              {Status: http.StatusBadRequest, Body: "<p>Authorization: Bearer " + token + " for " + itemsURL + "</p>"},
		"a page that is a success":    {Status: http.StatusOK, Body: "Bearer " + token},
		"a dataset that is cut short": {Status: http.StatusOK, Body: fmt.Sprintf(`{"data": {"itemsPublicUrl": %q, "urlSigningSecretKey": %q, "name`, itemsURL, key)},
		"a dataset in an error":       {Status: http.StatusBadRequest, Body: fmt.Sprintf(`{"data": {"urlSigningSecretKey" : %q}}`, key)},
		"a redirect": {Status: http.StatusFound, Header: http.Header{
			"Location": {"https://elsewhere.example/" + token + "?token=" + token + "&signature=" + signature},
		}},
	}
}

// TestErrorsHideWhatServersRepeat has every secret repeated in each answer.
func TestErrorsHideWhatServersRepeat(t *testing.T) {
	t.Parallel()
	const key = "KeyThatSignsEverything0123456789"
	for what, f := range echoes(secretToken, key) {
		t.Run(what, func(t *testing.T) {
			t.Parallel()
			s := newEmulator(t, emulator.Options{Users: []emulator.User{{Username: "owner", Token: secretToken}}})
			existing := s.mustApply(t, instance{}, values{"name": "existing"})
			s.Recorder.Inject(f)
			w := s.newWalk(t, values{"max_retries": 0})
			p, ds := w.plan(t.Context(), instance{}, values{"name": "new"})
			_, more := w.apply(t.Context(), p)
			ds = append(ds, more...)
			_, more = w.read(t.Context(), existing)
			ds = append(ds, more...)
			_, more = w.importID(t.Context(), "~existing")
			ds = append(ds, more...)
			_, more = w.data(t.Context(), "apify_datasets", values{})
			ds = append(ds, more...)
			_, more = w.open(t.Context(), values{"dataset_id": "WkzbQMuFYuamGv3YF"})
			ds = append(ds, more...)
			if len(ds.warnings()) != 1 || len(ds.errors()) != 5 {
				t.Errorf("not everything failed:\n%s", ds)
			}
			scan(t, ds.String(), "an error", secretToken, key)
			if found := signatures.FindString(ds.String()); found != "" {
				t.Errorf("an error holds the signature %s:\n%s", found, ds)
			}
			if !strings.Contains(ds.String(), "(redacted)") {
				t.Errorf("nothing was masked:\n%s", ds)
			}
		})
	}
}
