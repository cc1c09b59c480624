package provider

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/hashicorp/hcl/v2"
	"github.com/hashicorp/hcl/v2/hclsyntax"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// refusedError returns an error of the API itself.
func refusedError(method string, status int, errorType string) *apify.Error {
	return &apify.Error{
		Operation: `update dataset "WkzbQMuFYuamGv3YF"`, Method: method, URL: "https://api.apify.com/v2/datasets/WkzbQMuFYuamGv3YF", Attempts: 1,
		Status: status, Type: errorType, Message: "Monthly usage hard limit exceeded.",
	}
}

// outageError returns an error without a response.
func outageError() *apify.Error {
	return &apify.Error{Operation: `create dataset "orders"`, Method: http.MethodPost, URL: "https://api.apify.com/v2/datasets", Attempts: 5,
		Err: errors.New("dial tcp 127.0.0.1:443: connect: connection refused"), MayHaveTakenEffect: true}
}

// foreignError returns an error of a response that is not the API's.
func foreignError() *apify.Error {
	e := refusedError(http.MethodGet, 200, "")
	e.Message, e.ContentType, e.Length, e.Err = "", "text/html", 1204, errors.New("the body is not valid JSON: invalid character '<'")
	return e
}

// allDiagnostics returns the diagnostics of this package that have texts of their own.
func allDiagnostics() []diag.Diagnostic {
	const id = "WkzbQMuFYuamGv3YF"
	m := datasetModel{datasetSummary: datasetSummary{ID: types.StringValue(id), Name: types.StringValue("orders"), UserID: types.StringValue(ownerID)}}
	unnamed := datasetModel{datasetSummary: datasetSummary{ID: types.StringValue(id)}}
	createdAt, access, count := "2026-01-31T12:00:00.000Z", apify.FollowUserSetting, int64(12345)
	d := &apify.Dataset{ID: id, CreatedAt: &createdAt, GeneralAccess: &access, ItemCount: &count}
	plan := datasetResourceModel{datasetModel: m, AdoptExisting: types.BoolValue(true)}
	plan.GeneralAccess = types.StringValue("ANYONE_WITH_NAME_CAN_READ")
	strict := plan
	strict.AdoptExisting = types.BoolValue(false)
	account := apify.User{ID: otherID, Username: "other"}
	refused := refusedError(http.MethodPut, 403, "insufficient-permissions")
	notFound := refusedError(http.MethodGet, 404, "record-or-token-not-found")
	p := &providerData{account: account, warnings: newWarnings()}
	unknownAccountData := &providerData{warnings: newWarnings()}

	all := []diag.Diagnostic{
		alreadyExists(d, "orders"), otherSchema(d, "orders"), schemaNotApplied(id), schemaChanged(m), notDiscarded(id, outageError()),
		stillDeleted(&apify.CreatedDataset{Dataset: *d}, "orders"), nameTaken(m, "invoices", id), kept(m), updatedDeleted(m),
		managedTwice(conflict{id: id}, "orders"), managedTwice(conflict{name: "orders"}, "orders"),
		p.datasetError(m, notFound, notCounted), unknownAccountData.datasetError(unnamed, notFound, "State was not changed."), p.datasetError(m, refused, notCounted),
		p.datasetError(m, outageError(), notCounted), p.datasetError(unnamed, foreignError(), notCounted),
		notApplied(id, "general_access", plan.GeneralAccess, types.StringValue("FOLLOW_USER_SETTING")),
		invalidReference("https://console.apify.com/x?token=secret", errors.New("the URL is not that of a dataset in Apify Console or in the API")),
		referenceError(apify.DatasetIDRef("orders"), notFound, importByName), referenceError(apify.DatasetIDRef(id), notFound, readByName),
		importedFromOtherAccount(m, account), noSigningKey(id), accountNotAllowed(account, []string{"alice", "bob"}),
		accountNotAllowed(apify.User{}, []string{"alice", "bob"}),
		apiError(outageError(), afterFailedCreation("orders", outageError())), apiError(outageError(), afterFailedCreation("", outageError())),
		apiError(refused, afterFailedCreation("orders", refused)), apiError(foreignError(), "State was not changed."),
		apiError(refusedError(http.MethodGet, 401, "user-or-token-not-found"), ""),
		apiError(&apify.Error{Operation: "list datasets", Status: 200, Err: fmt.Errorf("%w: it has 3 of 5 datasets", apify.ErrIncompleteList)}, ""),
		apiError(&apify.Error{Operation: "list datasets", Stopped: context.Canceled}, "State was not changed."),
	}
	for _, l := range []loss{lossDestroy, lossSchema, lossName} {
		all = append(all, containsItems(m, "12345 items", l))
		all = append(all, p.warnings.give(itemsLost(m, "12345 items", l))...)
	}
	for _, ds := range []diag.Diagnostics{
		p.adopting(d, plan), nameNotChecked("orders", outageError()), p.warnings.give(nameInUse(m, "invoices", id)), p.warnings.give(deletedOutside(m)),
		creationIncomplete(nil, id, plan), creationIncomplete(apiError(refused, ""), id, strict),
	} {
		all = append(all, ds...)
	}
	for _, configured := range []types.String{types.StringNull(), types.StringValue(" "), types.StringValue("\ufeffx")} {
		var diags diag.Diagnostics
		readToken(configured, &diags)
		all = append(all, diags...)
	}
	for _, address := range []string{"http://proxy.example", "ftp://x"} {
		var diags diag.Diagnostics
		readBaseURL(types.StringValue(address), &diags)
		all = append(all, diags...)
	}
	return all
}

const (
	maxDiagnosticWords = 70
	maxDiagnosticLines = 12
)

// TestDiagnostics_form checks the length of all diagnostics, without snippets and the link at the
// end, and parses the snippets.
func TestDiagnostics_form(t *testing.T) {
	t.Setenv(tokenVariable, "")
	link := regexp.MustCompile(`\n[A-Z][a-z, -]+: ` + regexp.QuoteMeta(troubleshooting) + `([a-z-]+)$`)
	guide, err := os.ReadFile("../../templates/guides/troubleshooting.md.tmpl")
	if err != nil {
		t.Fatal(err)
	}
	anchors := map[string]bool{}
	for line := range strings.Lines(string(guide)) {
		if heading, ok := strings.CutPrefix(strings.TrimSpace(line), "#"); ok {
			anchors[strings.ReplaceAll(strings.ToLower(strings.Trim(heading, "# ")), " ", "-")] = true
		}
	}
	snippets, links := 0, map[string]bool{}
	for _, d := range allDiagnostics() {
		text := d.Detail()
		if match := link.FindStringSubmatch(text); match != nil {
			links[match[1]] = true
			text = strings.TrimSuffix(text, match[0])
		}
		if strings.Contains(text, troubleshooting) {
			t.Errorf("%s: the link is not a line at the end:\n%s", d.Summary(), text)
		}
		var prose, snippet []string
		for line := range strings.Lines(text) {
			if strings.HasPrefix(line, "  ") {
				snippet = append(snippet, line)
			} else {
				prose = append(prose, line)
			}
		}
		if words := len(strings.Fields(strings.Join(prose, ""))); words > maxDiagnosticWords || len(prose) > maxDiagnosticLines {
			t.Errorf("%s has %d words and %d lines:\n%s", d.Summary(), words, len(prose), text)
		}
		if wrong := internals.FindString(d.Summary() + text); wrong != "" || strings.Contains(text, "  .") || strings.Contains(text, "..") {
			t.Errorf("%s contains %q:\n%s", d.Summary(), wrong, text)
		}
		if len(snippet) > 0 {
			snippets++
			file, diags := hclsyntax.ParseConfig([]byte(strings.Join(snippet, "")), "snippet.tf", hcl.InitialPos)
			if diags.HasErrors() || len(file.Body.(*hclsyntax.Body).Blocks) != 1 {
				t.Errorf("%s: %s", d.Summary(), diags)
			}
		}
	}
	if snippets < 4 || len(links) < 6 {
		t.Errorf("found %d snippets and the links %v", snippets, links)
	}
	for anchor := range links {
		if !anchors[anchor] {
			t.Errorf("the guide has no heading for #%s", anchor)
		}
	}
}

// TestDiagnostics_advice chooses the advice by the API's type first, then by the status.
func TestDiagnostics_advice(t *testing.T) {
	t.Parallel()
	const message = "Apify refused to update dataset \"WkzbQMuFYuamGv3YF\": Monthly usage hard limit exceeded "
	for _, test := range []struct {
		method    string
		status    int
		errorType string
		want      string // ends the detail
	}{
		{http.MethodGet, 403, "insufficient-permissions", "Nothing. Use a token with permission to read datasets: " + consoleIntegrationsURL + "."},
		{http.MethodPut, 403, "insufficient-permissions", "Nothing. Use a token with permission to write datasets: " + consoleIntegrationsURL + "."},
		{http.MethodPut, 403, "platform-feature-disabled", message + "(403 Forbidden, platform-feature-disabled). Nothing."},
		{http.MethodPut, 403, "user-disabled", message + "(403 Forbidden, user-disabled). Nothing."},
		{http.MethodPut, 403, "limit-reached", message + "(403 Forbidden, limit-reached). Nothing."},
		{http.MethodPut, 402, "dataset-locked", message + "(402 Payment Required, dataset-locked). Nothing."},
		{http.MethodPut, 403, "insufficient-security-measures", message + "(403 Forbidden, insufficient-security-measures). Nothing."},
		{http.MethodPut, 402, "monthly-usage-limit-exceeded", "Nothing. See https://console.apify.com/billing."},
		{http.MethodPut, 409, "conflict", "Nothing. Apply again."},
		{http.MethodGet, 404, "record-not-found", "The dataset does not exist, or the API token has no access to it."},
		{http.MethodGet, 404, "page-not-found", "The server does not have this endpoint. Check base_url."},
		{http.MethodPut, 405, "method-not-allowed", "The server does not have this endpoint. Check base_url."},
		{http.MethodPut, 429, "rate-limit-exceeded", "(tried once). Nothing. Apply again later, or lower -parallelism."},
		{http.MethodPut, 503, "", "(tried once). Nothing. Try again later, and see https://status.apify.com."},
	} {
		e := refusedError(test.method, test.status, test.errorType)
		if got := apiError(e, "Nothing.").Detail(); !strings.HasSuffix(got, test.want) {
			t.Errorf("%d %s: got %q, want it to end with %q", test.status, test.errorType, got, test.want)
		}
	}
}

// TestDiagnostics_unnamed reports what a failed creation can have left, and names unnamed datasets
// by their IDs.
func TestDiagnostics_unnamed(t *testing.T) {
	t.Parallel()
	refused := refusedError(http.MethodPost, 403, "limit-reached")
	unnamed := datasetModel{datasetSummary: datasetSummary{ID: types.StringValue(someID)}}
	for want, got := range map[string]string{
		"Nothing was created.":               afterFailedCreation("orders", refused),
		"the next apply adopts":              afterFailedCreation("orders", outageError()),
		"data retention period.":             afterFailedCreation("", outageError()),
		"deleted: " + someID:                 kept(unnamed).Summary(),
		"Unnamed dataset " + someID + " was": kept(unnamed).Detail(),
	} {
		if !strings.Contains(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}

// TestDiagnostics_manyWarnings names ten datasets in the warnings of one kind, each once.
func TestDiagnostics_manyWarnings(t *testing.T) {
	t.Parallel()
	w := newWarnings()
	for _, kind := range []string{warningAdopting, warningNameInUse, warningDeleted, warningItemsLost} {
		for i := range maxNamedWarnings + 2 {
			about, want := warning{kind: kind, dataset: fmt.Sprint(i), name: "a"}, kind+": a"
			if i >= maxNamedWarnings {
				want = kind
			}
			first, again := w.give(about), w.give(about)
			if len(first) != 1 || first[0].Summary() != want || len(again) > 0 {
				t.Errorf("%d: got %v and %v, want %s", i, first, again, want)
			}
		}
	}
}
