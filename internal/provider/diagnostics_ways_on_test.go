package provider

import (
	"go/ast"
	"go/printer"
	"slices"
	"strings"
	"testing"
)

// waysOn lists the ways on that the diagnostics about datasets name: a part of the text, and the
// test that follows the way to its end.
var waysOn = []struct{ summary, text, test string }{
	{summaryExists, "add this block to the configuration", "TestAccDataset_adoptRefused"},
	{summaryExists, "terraform import apify_dataset.NAME", "TestAccDataset_adoptRefusedOptions"},
	{summaryExists, "choose another name, or set adopt_existing = true", "TestAccDataset_adoptRefusedOptions"},
	{summaryExists, "apply adopt_existing = true first, or remove create_before_destroy", "TestAccDataset_replacementNotAdopted"},
	{summaryExists, "run terraform state rm with the address of the resource, and apply", "TestAccDataset_replacementNotAdopted"},
	{summaryExists, destroyHint, "TestAccDataset_destroyWithTakenName"},
	{summaryWouldAdopt, "To create a separate dataset, choose another name", "TestAccDataset_adoptionDeclined"},
	{summaryWouldAdopt, "To make this an error, set adopt_existing = false", "TestAccDataset_adoptionDeclined"},

	{summaryTwice, "If the address of a resource has changed, add a block", "TestAccDataset_nameOfOtherResource"},
	{summaryTwice, "apply that change first, or add depends_on", "TestDataset_renameAndCreate"},
	{summaryTwice, "remove one of them from the configuration with a removed block", "TestAccDataset_managedTwiceRemoved"},
	{summaryTwice, "or run terraform state rm with its address after removing it", "TestAccDataset_importTwice"},
	{summaryTwice, "set adopt_existing = true, run terraform state rm with the address of the resource, and apply", "TestAccDataset_deposedSameDataset"},
	{summaryTwice, "Change the name of one resource, or remove it", "TestAccDataset_sameName"},
	{summaryTwice, destroyHint, "TestAccDataset_destroyPastConflict"},

	{summaryNameInUse, "Add depends_on with the address of the resource that has the name now", "TestAccDataset_renameChain"},
	{summaryNameInUse, countHint, "TestAccDataset_countShiftRefused"},
	{summaryNameConflict, "Change the name of one resource", "TestAccDataset_nameConflicts"},
	{summaryNameConflict, destroyHint, "TestAccDataset_destroyPastConflict"},
	{summaryNameCycle, "to a third name and apply", "TestAccDataset_nameConflicts"},
	{summaryNeedsOrder, "Add depends_on with the address of the renamed resource", "TestAccDataset_createNameWithoutOrder"},
	{summaryNeedsOrder, "or apply the rename first", "TestAccDataset_createNameWithoutOrder"},
	{summaryNeedsOrder, countHint, "TestAccDataset_countInsert"},
	{summaryDestroyedAndCreated, "keep the dataset with a block", "TestAccDataset_labelWithoutMoved"},
	{summaryDestroyedAndCreated, "apply twice: remove the resource that creates, apply, add it again, and apply", "TestAccDataset_labelWithoutMoved"},
	{summaryUpdate, "Choose another name, or rename the other dataset first", "TestAccDataset_renameOntoForeignName"},
	{summaryUpdate, "correct the error of the other resource and apply again", "TestAccDataset_chainAfterError"},
	{summaryUpdate, "run terraform plan or terraform apply without it", "TestAccDataset_updateDeleted"},

	{summaryHasItems, countHint, "TestAccDataset_countShiftRefused"},
	{summaryHasItems, "To delete the dataset with its items, set force_destroy = true, apply, and then destroy", "TestAccDataset_containsItemsOptions"},
	{summaryHasItems, "or run terraform state rm apify_dataset.NAME", "TestAccDataset_containsItemsOptions"},
	{summaryHasItems, "replace the resource with a removed block", "TestAccDataset_removed"},
	{summaryHasItems, "set force_destroy = true and apply: the replacement then deletes the items", "TestAccDataset_taintedItems"},
	{summaryHasItems, "run terraform untaint apify_dataset.NAME", "TestAccDataset_taintedItems"},
	{summaryHasItems, "delete its dataset in Apify Console and apply again", "TestAccDataset_deposedItems"},
	{summaryHasItems, "set force_destroy = true and plan again", "TestAccDataset_replaceItems"},
	{summaryHasItems, "plan without -replace", "TestAccDataset_replaceItems"},
	{summaryHasItems, "remove replace_triggered_by", "TestAccDataset_replaceTriggeredBy"},
	{summaryHasItems, "or configure the schema that the dataset has", "TestAccDataset_schema"},
	{summaryTainted, "run terraform untaint with the address of the resource", "TestAccDataset_taintedItems"},

	{summaryOtherSchema, "Configure the schema that the dataset has, remove schema from the configuration, or choose another name", "TestAccDataset_schemaAdopted"},
	{summaryOtherSchema, "remove create_before_destroy, or choose another name", "TestAccDataset_schemaCreateBeforeDestroy"},
	{summaryNotApplied, "Remove schema from the configuration and apply again", "TestDataset_schemaIgnored"},
	{summaryNotApplied, "Apply again, or remove %s from the configuration", "TestAccDataset_localPlatform"},
	{summaryLeft, "After schema is removed from the configuration, the next apply", "TestDataset_schemaIgnored"},
	{summaryDeletedInApply, "Plan again to adopt it", "TestAccDataset_adoptionReplacedDuringApply"},
	{summaryLostAccess, "Use a token of the owner's account", "TestAccDataset_sharedReadOnly"},
	{summaryLostAccess, "terraform state rm apify_dataset.NAME", "TestAccDataset_sharedReadOnly"},
	{summaryNameNotChecked, "or the token attribute of the provider", "TestAccDataset_wrongToken"},
	{summarySign, "Use a token of the owner", "TestDatasetItemsURL_withoutKey"},
	{summarySign, "or set the dataset's general_access to", "TestDatasetItemsURL_withoutKey"},
}

// withoutWayOn lists the diagnostics about datasets that name no way on of their own: the user
// corrects the value that the message quotes, or the message only informs.
var withoutWayOn = []string{
	summaryCreate, summaryRead, summaryDelete, summaryImport, summaryList, summaryAdopts, summaryKept, summaryNotDiscarded,
	summaryNeedsName, summaryItemsLost, summaryInvalidSchema, summaryInvalidOption, summaryInvalidID, summaryOtherAccount, summaryInvalidTime,
}

// TestDiagnostics_waysOn checks that every diagnostic about datasets is in one of the two lists,
// that the texts are those of the code, and that the tests exist and meet the diagnostic.
func TestDiagnostics_waysOn(t *testing.T) {
	t.Parallel()
	texts, constants, tests := codeTexts(t), datasetSummaries(t), testSources(t)
	listed := slices.Clone(withoutWayOn)
	for _, way := range waysOn {
		listed = append(listed, way.summary)
		if !slices.ContainsFunc(texts, func(text string) bool { return strings.Contains(text, way.text) }) {
			t.Errorf("%s: no diagnostic contains %q", way.summary, way.text)
		}
		body, ok := tests[way.test]
		if !ok {
			t.Errorf("%s: there is no test %s", way.summary, way.test)
		}
		if !strings.Contains(body, way.summary) && !strings.Contains(body, constants[way.summary]) && !strings.Contains(body, way.text) {
			t.Errorf("%s: %s does not contain the summary", way.summary, way.test)
		}
	}
	for summary, name := range constants {
		if !slices.Contains(listed, summary) {
			t.Errorf("%s is in no list", name)
		}
	}
}

// datasetSummaries returns the names of the constants with summaries of diagnostics about datasets,
// by summary.
func datasetSummaries(t *testing.T) map[string]string {
	t.Helper()
	constants := map[string]string{}
	set, files := parseFiles(t, false)
	for _, file := range files {
		if set.Position(file.Pos()).Filename != "dataset_diagnostics.go" {
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if spec, ok := n.(*ast.ValueSpec); ok && strings.HasPrefix(spec.Names[0].Name, "summary") {
				constants[joinLiterals(t, spec.Values[0])] = spec.Names[0].Name
			}
			return true
		})
	}
	return constants
}

// testSources returns the source of the functions in the tests of this package, by name.
func testSources(t *testing.T) map[string]string {
	t.Helper()
	sources := map[string]string{}
	set, files := parseFiles(t, true)
	for _, file := range files {
		for _, declaration := range file.Decls {
			if function, ok := declaration.(*ast.FuncDecl); ok {
				var source strings.Builder
				if err := printer.Fprint(&source, set, function); err != nil {
					t.Fatal(err)
				}
				sources[function.Name.Name] = source.String()
			}
		}
	}
	return sources
}
