package provider

import (
	"fmt"
	"net/http"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

const secretToken = "apify_api_ThisMustNeverBeShown42"

// signatures matches the signatures of items URLs, which start with "0." in base64.
var signatures = regexp.MustCompile(`\bMC4[A-Za-z0-9_-]{20,}`)

// TestProvider_sensitiveAttributes lists the attributes that Terraform must not print.
func TestProvider_sensitiveAttributes(t *testing.T) {
	t.Parallel()
	w := newEmulator(t, emulator.Options{}).newWalk(t, nil)
	for schema, attribute := range map[*tfprotov6.Schema]string{
		w.schema.Provider: "token",
		w.dataset():       "items_public_url",
		w.schema.DataSourceSchemas["apify_dataset"]:                  "items_public_url",
		w.schema.EphemeralResourceSchemas["apify_dataset_items_url"]: "url",
	} {
		if !slices.ContainsFunc(schema.Block.Attributes, func(a *tfprotov6.SchemaAttribute) bool {
			return a.Name == attribute && a.Sensitive
		}) {
			t.Errorf("%s is not sensitive", attribute)
		}
	}
}

// TestAccProvider_secrets runs every kind of command with all logs, on a server that repeats
// secrets in its errors. Then it searches for the secrets in the output and in all files that the
// runs leave behind.
func TestAccProvider_secrets(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{Users: []emulator.User{
		{Username: "owner", Token: secretToken},
	}})
	imported := s.API.Seed(emulator.Dataset{Name: "imported"})
	me := account(map[string]any{"id": s.API.Datasets()[0].UserID, "username": "owner"})
	s.Recorder.Inject(me)
	c := s.newCLI(t)
	logs := filepath.Join(c.dir, "trace.log")
	c.env = append(c.env, "TF_LOG=TRACE", "TF_LOG_PATH="+logs)
	c.write("main.tf", `
provider "apify" {
  max_retries      = 0
  allowed_accounts = ["owner"]
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

data "apify_user" "me" {}

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
		t.Errorf("the server has %d datasets, want 3", len(keys))
	}
	run(0, "plan", "-detailed-exitcode")
	run(0, "state", "show", "apify_dataset.restricted")
	for name, f := range responsesWithSecrets(secretToken, imported.URLSigningSecretKey) {
		s.Recorder.Inject(onRequest(getDataset, f))
		before := output.Len()
		run(1, "plan")
		if !strings.Contains(output.String()[before:], summaryRead) {
			t.Errorf("%s: the plan does not contain %q", name, summaryRead)
		}
		s.Recorder.ClearFaults()
		s.Recorder.Inject(me)
	}
	run(0, "destroy", "-auto-approve")
	for name, f := range responsesWithSecrets(secretToken, imported.URLSigningSecretKey) {
		s.Recorder.ClearFaults()
		s.Recorder.Inject(onRequest(getUser, f))
		before := output.Len()
		run(1, "plan")
		if !strings.Contains(output.String()[before:], summaryReadAccount) {
			t.Errorf("%s: the plan does not contain %q", name, summaryReadAccount)
		}
	}

	// A signed URL is in the state, and therefore in a plan, and nowhere else.
	signed := 0
	files := c.files()
	files["the output"] = output.String()
	for name, content := range files {
		expectAbsent(t, content, name, secretToken, secretPassword, secretHost)
		for _, key := range keys {
			expectAbsent(t, content, name, key)
		}
		found := signatures.FindString(content)
		switch base := filepath.Base(name); base {
		case "terraform.tfstate", "terraform.tfstate.backup", "tfplan", "tfstate", "tfstate-prev":
			if found != "" {
				signed++
			}
		default:
			if found != "" {
				t.Errorf("%s contains the signature %s", name, found)
			}
		}
	}
	if signed == 0 {
		t.Error("no state contains a signed URL, so this test would not find one elsewhere")
	}
	if !strings.Contains(files[logs], "Apify API request") || !strings.Contains(files[logs], "Calling provider defined") {
		t.Error("the log does not contain the logs of the provider and its SDK")
	}
}

// responsesWithSecrets returns faults whose responses repeat secrets.
func responsesWithSecrets(token, key string) map[string]emulator.Fault {
	const signature = "MC4xODkzNDU2MDAwMDAwLnRqY0xlSXZGeG83NWZ3R1d1SjRJ"
	itemsURL := "https://api.apify.com/v2/datasets/x/items?format=csv&signature=" + signature
	return map[string]emulator.Fault{
		"an error's type":              {Status: http.StatusForbidden, Body: fmt.Sprintf(`{"error": {"type": "no-%s", "message": "M."}}`, token)},
		"an error's message":           {Status: http.StatusBadRequest, Body: fmt.Sprintf(`{"error": {"type": "t", "message": "The token %s may not open %s"}}`, token, itemsURL)},
		"an HTML page":                 {Status: http.StatusBadRequest, Body: "<p>Authorization: Bearer " + token + " for " + itemsURL + "</p>"},
		"an HTML page with status 200": {Status: http.StatusOK, Body: "Bearer " + token},
		"an incomplete dataset":        {Status: http.StatusOK, Body: fmt.Sprintf(`{"data": {"itemsPublicUrl": %q, "urlSigningSecretKey": %q, "name`, itemsURL, key)},
		"a password in an error":       {Status: http.StatusBadRequest, Body: `{"error": {"type": "t", "message": "proxy password=` + secretPassword + ` token: ` + token + `"}}`},
		"passwords in a page":          {Status: http.StatusBadGateway, Body: `<p>{&quot;password&quot;:&quot;` + secretPassword + `&quot;} 'password': '` + secretPassword + `' password%3D` + secretPassword + ` password%253D` + secretPassword + ` Bearer ` + token + `</p>`},
		"the key in a page":            {Status: http.StatusBadRequest, Body: "<p>urlSigningSecretKey=" + key + " urlSigningSecretKey: " + key + "</p>"},
		"a dataset in an error":        {Status: http.StatusBadRequest, Body: fmt.Sprintf(`{"data": {"urlSigningSecretKey" : %q}}`, key)},
		"a redirect": {Status: http.StatusFound, Header: http.Header{
			"Location": {"https://elsewhere.example/" + token + "?token=" + token + "&signature=" + signature},
		}},
	}
}

// TestProvider_secretsInErrors has responses that repeat secrets, and searches for them in all
// errors.
func TestProvider_secretsInErrors(t *testing.T) {
	t.Parallel()
	const key = "KeyThatSignsEverything0123456789"
	for name, f := range responsesWithSecrets(secretToken, key) {
		t.Run(name, func(t *testing.T) {
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
			_, more = w.readDataSource(t.Context(), "apify_datasets", values{})
			ds = append(ds, more...)
			_, more = w.openItemsURL(t.Context(), values{"dataset_id": "WkzbQMuFYuamGv3YF"})
			ds = append(ds, more...)
			if len(ds.warnings()) != 1 || len(ds.errors()) != 5 {
				t.Errorf("got %d warnings and %d errors, want 1 and 5:\n%s", len(ds.warnings()), len(ds.errors()), ds)
			}
			expectAbsent(t, ds.String(), "an error", secretToken, secretPassword, key)
			if found := signatures.FindString(ds.String()); found != "" {
				t.Errorf("an error contains the signature %s:\n%s", found, ds)
			}
			if !strings.Contains(ds.String(), "(redacted)") {
				t.Errorf("no secret was redacted:\n%s", ds)
			}
		})
	}
}

// TestProvider_accountIsPrivate has responses with the token's account that are not valid. No error
// quotes them.
func TestProvider_accountIsPrivate(t *testing.T) {
	t.Parallel()
	body := account(map[string]any{"id": ownerID}).Body
	for name, f := range map[string]emulator.Fault{
		"incomplete":     {Status: http.StatusOK, Body: body[:len(body)-1]},
		"403":            {Status: http.StatusForbidden, Body: body},
		"500":            {Status: http.StatusInternalServerError, Body: body},
		"not a user":     {Status: http.StatusOK, Body: `{"data": "` + secretPassword + `"}`},
		"an error in it": {Status: http.StatusForbidden, Body: strings.Replace(body, `{"data"`, `{"error": {}, "data"`, 1)},
	} {
		s := newTwoAccounts(t)
		gone := s.newWalk(t, nil).mustImport(s.API.Seed(emulator.Dataset{Name: "gone"}).ID)
		s.API.Delete(s.newWalk(t, nil).identityID(gone))
		s.Recorder.Inject(onRequest(getUser, f))
		w := s.newWalk(t, values{"max_retries": 0})
		_, ds := w.read(t.Context(), gone)
		_, more := w.readDataSource(t.Context(), "apify_user", nil)
		ds = append(append(ds, more...), s.newWalk(t, values{"max_retries": 0, "allowed_accounts": []string{"owner"}}).configure...)
		if len(ds.errors()) != 3 || !ds.has(summaryRead) || !ds.has(summaryReadAccount) {
			t.Errorf("%s: got the diagnostics\n%s", name, ds)
		}
		expectAbsent(t, ds.String(), name, secretPassword, secretHost, "monthlyBasePriceUsd")
	}
}

// TestProvider_secretsByValue reads a dataset, whose signing key and signature a later response
// repeats without their names.
func TestProvider_secretsByValue(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	d := s.API.Seed(emulator.Dataset{Name: "restricted", GeneralAccess: "RESTRICTED"})
	w := s.newWalk(t, values{"max_retries": 0})
	i := w.mustImport(d.ID)
	itemsURL, _ := w.values(i.state)["items_public_url"].(string)
	_, signature, _ := strings.Cut(itemsURL, "signature=")
	if signature == "" {
		t.Fatalf("the URL %q has no signature", itemsURL)
	}
	s.Recorder.Inject(onRequest(getDataset, emulator.Fault{
		Status: http.StatusForbidden, Body: `{"error": {"type": "t", "message": "A ` + d.URLSigningSecretKey + ` B ` + signature + ` C"}}`,
	}))
	_, ds := w.importID(t.Context(), d.ID)
	if !ds.errors().has("A (redacted) B (redacted) C") {
		t.Errorf("got the diagnostics\n%s", ds)
	}
	expectAbsent(t, ds.String(), "an error", d.URLSigningSecretKey, signature)
}
