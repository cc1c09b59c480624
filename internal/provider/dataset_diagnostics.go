package provider

import (
	"errors"
	"fmt"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// The texts of the diagnostics about datasets. At most 70 words, snippets and the link not counted:
// the first two sentences are enough to act on, and rare cases are behind the link.

// Kinds of warnings.
const (
	warningAdopting   = "Adopting existing Apify dataset"
	warningDeleted    = "Apify dataset deleted outside Terraform"
	warningNameInUse  = "Apify dataset name in use"
	warningItemsLost  = "Items of Apify dataset will be deleted"
	warningNotChecked = "Apify dataset name not checked"
)

// describe returns a dataset's name and ID. Terraform shows no address for the diagnostics of a
// destroy.
func describe(m datasetModel) string {
	if name := m.Name.ValueString(); name != "" {
		return fmt.Sprintf("dataset %q (ID %s)", name, m.ID.ValueString())
	}
	return "unnamed dataset " + m.ID.ValueString()
}

func nameOrID(m datasetModel) string {
	if name := m.Name.ValueString(); name != "" {
		return name
	}
	return m.ID.ValueString()
}

// describeExisting returns a sentence about an existing dataset with a name.
func describeExisting(d *apify.Dataset, name string) string {
	created := ""
	if d.CreatedAt != nil {
		created = ", created " + *d.CreatedAt
	}
	return fmt.Sprintf("Dataset %q (ID %s%s, %s) exists", name, d.ID, created, itemsText(d.Items()))
}

// adopting returns the warning about an adoption, of a plan or an apply.
func (p *providerData) adopting(d *apify.Dataset, plan datasetResourceModel) diag.Diagnostics {
	access := ""
	if a := plan.GeneralAccess.ValueString(); a != "" && (d.GeneralAccess == nil || string(*d.GeneralAccess) != a) {
		access = ", and sets general_access to " + a
	}
	name := plan.Name.ValueString()
	return p.warnings.give(warning{warningAdopting, d.ID, name, fmt.Sprintf("%s. This resource adopts it with its items%s. "+
		"If you did not expect this, choose another name, or set adopt_existing = false.", describeExisting(d, name), access)})
}

// alreadyExists returns the error of a creation that must not adopt the existing dataset.
func alreadyExists(d *apify.Dataset, name string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("name"), "Apify dataset already exists",
		fmt.Sprintf("%s, and adopt_existing is false. Nothing was changed. To manage it, import it, with your resource's address for NAME; "+
			"otherwise choose another name.\n\n%s\n\nReplacements, terraform destroy: %sreplacements", describeExisting(d, name), importBlock(d.ID), troubleshooting))
}

// importBlock returns a block that imports a dataset. Terraform does not send a resource's address
// to the provider.
func importBlock(id string) string {
	return fmt.Sprintf("  import {\n    to = apify_dataset.NAME\n    id = %q\n  }", id)
}

// otherSchema returns the error of a creation whose name a dataset with another schema has.
func otherSchema(d *apify.Dataset, name string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("schema"), "Existing Apify dataset has another schema",
		fmt.Sprintf("Dataset %q (ID %s) exists with another schema than the configured one, and Apify cannot change it. Nothing was changed. "+
			"Configure the schema that the dataset has, remove schema from the configuration, or choose another name.\nReplacements: %sreplacements",
			name, d.ID, troubleshooting))
}

// schemaNotApplied returns the error of a new dataset without the configured schema.
func schemaNotApplied(id string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("schema"), "Apify dataset change not applied",
		fmt.Sprintf("The server created dataset %s, but without the configured schema. The server may not support dataset schemas "+
			"(Apify's local platform does not). Remove schema from the configuration and apply again.", id))
}

// schemaChanged returns the error of an update that finds another schema.
func schemaChanged(m datasetModel) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("schema"), "Apify dataset schema changed",
		fmt.Sprintf("The configured schema of %s differs from the one that it has, and the plan did not compare them. Nothing was changed. "+
			"Plan again without -refresh=false: the plan then shows the replacement.\nPlans without refresh: %splans-without-refresh", describe(m), troubleshooting))
}

// creationIncomplete returns the errors of a creation that failed after the POST.
func creationIncomplete(failure diag.Diagnostic, id string, plan datasetResourceModel) diag.Diagnostics {
	next := fmt.Sprintf("Dataset %q (ID %s) remains on Apify. The next apply continues with it.", plan.Name.ValueString(), id)
	if !plan.AdoptExisting.ValueBool() {
		next = fmt.Sprintf("Dataset %q (ID %s) remains on Apify, and adopt_existing is false. Import it, with your resource's address for NAME:\n\n%s",
			plan.Name.ValueString(), id, importBlock(id))
	}
	incomplete := diag.NewErrorDiagnostic("Creation of Apify dataset incomplete", next)
	if failure == nil {
		return diag.Diagnostics{incomplete}
	}
	return diag.Diagnostics{failure, incomplete}
}

// afterFailedCreation returns the outcome of a failed POST.
func afterFailedCreation(name string, err error) string {
	var e *apify.Error
	switch {
	case errors.As(err, &e) && !e.MayHaveTakenEffect:
		return "Nothing was created."
	case name == "":
		return "If the request had an effect, it left an unnamed dataset, which Apify deletes after the data retention period."
	default:
		return "If the request had an effect, the next apply adopts the dataset, or reports its ID if adopt_existing is false."
	}
}

// notDiscarded returns the error of a new unnamed dataset that could not be deleted again.
func notDiscarded(id string, err error) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Unnamed Apify dataset not in state",
		fmt.Sprintf("Unnamed dataset %s was created, and could not be deleted again (%s). Delete it in Apify Console, or let Apify delete it "+
			"after the data retention period.", id, reason(err)))
}

// stillDeleted returns the error of a creation that got a dataset which the same run deletes.
func stillDeleted(d *apify.CreatedDataset, name string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Apify dataset still exists",
		fmt.Sprintf("Dataset %q (ID %s) has the name of this resource, and this run deletes it, but Apify still returns it. Nothing was created. "+
			"Apply again.", name, d.ID))
}

// nameNotChecked returns the warning of a plan that could not look a name up. The API's own 403 is
// silent: a token may be allowed to create and not to read.
func nameNotChecked(name string, err error) diag.Diagnostics {
	if apify.IsForbidden(err) {
		return nil
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic(warningNotChecked,
		fmt.Sprintf("Could not check whether a dataset named %q exists (%s). The apply checks again.", name, reason(err)))}
}

// nameInUse returns the warning of a planned rename to the name of another dataset.
func nameInUse(m datasetModel, name, holderID string) warning {
	return warning{warningNameInUse, m.ID.ValueString(), name,
		fmt.Sprintf("The plan renames %s to %q, and dataset %s has that name now. The apply succeeds only if this name becomes free in the same "+
			"run. Otherwise choose another name.", describe(m), name, holderID)}
}

// nameTaken returns the error of a rename to the name of another dataset.
func nameTaken(m datasetModel, name, holderID string) diag.Diagnostic {
	return diag.NewAttributeErrorDiagnostic(path.Root("name"), "Apify dataset name taken",
		fmt.Sprintf("%s cannot be renamed to %q: dataset %s has that name. State was not changed.\n"+
			"- Does this configuration free the name? Apply again, or apply that change alone first.\n"+
			"- To exchange two names, rename one dataset to a third name first.\n"+
			"- Otherwise choose another name.", capitalize(describe(m)), name, holderID))
}

// managedTwice returns the error of the second of two resources that claim a dataset or a name.
func managedTwice(c conflict, name string) diag.Diagnostic {
	subject := fmt.Sprintf("the dataset name %q", name)
	if c.id != "" {
		subject = describe(datasetModel{datasetSummary: datasetSummary{ID: types.StringValue(c.id), Name: types.StringValue(name)}})
	}
	return diag.NewErrorDiagnostic("Apify dataset managed twice", fmt.Sprintf(`Two resources claim %s. Nothing was changed.
- Was a resource renamed or moved? Add a block:

  moved {
    from = apify_dataset.OLD
    to   = apify_dataset.NEW
  }

- Does one of them give the name up? Apply that change first, with the other block commented out.
- Otherwise one of two blocks, or of two imports, is too many.
Objects in state, deposed objects: %smanaged-twice`, subject, troubleshooting))
}

// loss is a change that loses the items of a dataset.
type loss int

const (
	lossDestroy loss = iota
	lossSchema       // a new schema, which replaces the dataset
	lossName         // the removal of the name: Apify deletes unnamed datasets
)

// containsItems returns the error of a change that would lose items, and that force_destroy in
// state does not allow.
func containsItems(m datasetModel, items string, l loss) diag.Diagnostic {
	advice := "Nothing was deleted.\n" +
		"- Was the resource renamed or moved? Add a moved block.\n" +
		"- To keep the dataset without managing it, use a removed block or terraform state rm.\n" +
		"- To delete it with its items, apply force_destroy = true first."
	switch l {
	case lossSchema:
		advice = "A new schema replaces the dataset. Nothing was deleted.\n" +
			"- To keep the dataset, configure the schema that it has.\n" +
			"- To replace it and lose its items, apply force_destroy = true first."
	case lossName:
		advice = "Without a name, Apify deletes it after the data retention period. Nothing was changed.\n" +
			"- To keep the dataset, keep its name. A variable may be null by mistake.\n" +
			"- To remove the name, apply force_destroy = true first."
	}
	return diag.NewErrorDiagnostic("Apify dataset contains items",
		fmt.Sprintf("%s contains %s, and force_destroy is not true in state. %s\nTainted and deposed objects: %scontains-items",
			capitalize(describe(m)), items, advice, troubleshooting))
}

// itemsLost returns the warning of a planned change that loses items.
func itemsLost(m datasetModel, items string, l loss) warning {
	text := fmt.Sprintf("The plan deletes %s with its %s, because force_destroy = true is in state.", describe(m), items)
	if l == lossName {
		text = fmt.Sprintf("The plan removes the name of %s, which contains %s. Apify deletes unnamed datasets after the data retention period.", describe(m), items)
	}
	return warning{warningItemsLost, m.ID.ValueString(), nameOrID(m), text + " Deleted items cannot be recovered. To keep them, do not apply this plan."}
}

// kept returns the warning of a deletion of a dataset that this run has written.
func kept(m datasetModel) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Apify dataset not deleted: "+nameOrID(m),
		fmt.Sprintf("%s was not deleted, because another resource, or the replacement of this one, has adopted or changed it in this run.", capitalize(describe(m))))
}

// deletedOutside returns the warning of a refresh that removes a dataset from state.
func deletedOutside(m datasetModel) warning {
	return warning{warningDeleted, m.ID.ValueString(), nameOrID(m),
		fmt.Sprintf("%s no longer exists on Apify, and its items are lost. If the configuration still has it, the plan creates an empty dataset "+
			"with another ID.", capitalize(describe(m)))}
}

// updatedDeleted returns the error of an update of a dataset that does not exist.
func updatedDeleted(m datasetModel) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Apify dataset does not exist",
		fmt.Sprintf("%s no longer exists on Apify. Nothing was changed. Run terraform apply without -refresh=false: it removes the dataset from "+
			"state and creates an empty one.\nPlans without refresh: %splans-without-refresh", capitalize(describe(m)), troubleshooting))
}

// datasetError returns the diagnostic of a failed call for a dataset in state. After a 404, or a
// 403 for a dataset of another account, the token is probably that of another account.
func (p *providerData) datasetError(m datasetModel, err error, outcome string) diag.Diagnostic {
	var e *apify.Error
	isOther := p.account.ID != "" && m.UserID.ValueString() != "" && m.UserID.ValueString() != p.account.ID
	if !errors.As(err, &e) {
		return apiError(err, outcome)
	}
	if p.ownsDataset(m) || !apify.IsNotFound(err) && (!isOther || e.Type != typeInsufficientPermissions) {
		named := *e // the client knows only the ID
		named.Operation = strings.Replace(e.Operation, fmt.Sprintf("dataset %q", m.ID.ValueString()), describe(m), 1)
		return apiError(&named, outcome)
	}
	owner := "The owner of " + describe(m) + " is not in state"
	if id := m.UserID.ValueString(); id != "" {
		owner = capitalize(describe(m)) + " belongs to account " + id
	}
	token := "belongs to account " + describeAccount(p.account)
	advice := "Use a token of the dataset's account, or have the dataset shared with the token's account."
	if p.account.ID == "" {
		token = "cannot read its own account"
		advice = "Use a token of the dataset's account without limited permissions."
	}
	return diag.NewErrorDiagnostic("No access to Apify dataset",
		fmt.Sprintf("%s, and the API token %s. %s %s "+
			"If the dataset was deleted for good, run terraform state rm apify_dataset.NAME. (%s)\nAccounts and tokens: %saccounts-and-tokens",
			owner, token, outcome, advice, cause(e), troubleshooting))
}

// notApplied returns the error of a change that the server accepted but did not apply.
func notApplied(id, attribute string, planned, actual types.String) diag.Diagnostic {
	advice := "Apply again, or remove general_access from the configuration."
	if attribute == "name" {
		advice = "Apply again, or configure the name that the dataset has."
	}
	return diag.NewAttributeErrorDiagnostic(path.Root(attribute), "Apify dataset change not applied",
		fmt.Sprintf("The server accepted the change of dataset %s, but %s is %s instead of %s. The token may lack a permission, or the server does "+
			"not support %s (Apify's local platform has no general_access). %s", id, attribute, actual, planned, attribute, advice))
}

// invalidReference returns the error of a text that is not a reference to a dataset.
func invalidReference(s string, err error) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Invalid Apify dataset reference",
		fmt.Sprintf("%s does not refer to a dataset: %s. Use the dataset's ID, its URL in Apify Console, ~NAME for a dataset of the token's account, "+
			"or USERNAME~NAME for any account.", quoteRef(s), err))
}

// Next steps for a name in the place of an ID.
const (
	importByName = "To import by name, write ~ before it: terraform import apify_dataset.NAME '~NAME'."
	readByName   = "To read a dataset by its name, use the attribute name of data \"apify_dataset\"."
)

// referenceError returns the error of a reference whose dataset cannot be read.
func referenceError(ref apify.DatasetRef, err error, byName string) diag.Diagnostic {
	var e *apify.Error
	if !apify.IsNotFound(err) || !errors.As(err, &e) {
		return apiError(err, "")
	}
	if id := ref.ID(); id != "" && !apify.LooksLikeDatasetID(id) {
		return diag.NewErrorDiagnostic("Not an Apify dataset ID",
			fmt.Sprintf("%q is not a dataset ID (17 letters and digits). %s", id, strings.Replace(byName, "~NAME", "~"+id, 1)))
	}
	return diag.NewErrorDiagnostic("Apify dataset not found",
		fmt.Sprintf("Dataset %q does not exist, or the API token has no access to it (%s). Check the spelling, and the account of the token.", ref, cause(e)))
}

// quoteRef quotes a reference to a dataset. The query of a URL can contain a token or a signature.
func quoteRef(s string) string {
	if strings.Contains(s, "://") {
		s, _, _ = strings.Cut(s, "?")
	}
	return fmt.Sprintf("%q", s)
}

// importedFromOtherAccount returns the warning about an imported dataset of another account.
func importedFromOtherAccount(m datasetModel, account apify.User) diag.Diagnostic {
	return diag.NewWarningDiagnostic("Apify dataset of another account imported",
		fmt.Sprintf("%s belongs to account %s, and the API token belongs to account %s. Changes need the owner's permission.",
			capitalize(describe(m)), m.UserID.ValueString(), describeAccount(account)))
}

// noSigningKey returns the error of an items URL that needs a signature the token cannot make.
func noSigningKey(id string) diag.Diagnostic {
	return diag.NewErrorDiagnostic("Signing Apify dataset items URL failed",
		fmt.Sprintf("The API token cannot read the signing key of dataset %s, which requires permission to write the dataset. Use a token with "+
			"write permission, or leave this ephemeral resource out of plans with a read-only token, with a variable and count.\n"+
			"Read-only tokens: %sread-only-tokens", id, troubleshooting))
}
