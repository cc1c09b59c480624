package provider

import (
	"strings"

	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// datasetFilter holds the arguments that data "apify_datasets" and list "apify_dataset" share.
type datasetFilter struct {
	Unnamed    types.Bool   `tfsdk:"unnamed"`
	Ownership  types.String `tfsdk:"ownership"`
	NamePrefix types.String `tfsdk:"name_prefix"`
}

// Descriptions and validators of the filter, for both schemas.
const (
	unnamedDescription = "Whether to include unnamed datasets, such as those that Actor runs create, in addition to all named datasets. " +
		"Unnamed datasets without items are in no list of the API. Defaults to `false`."

	ownershipDescription = "Owner of the datasets. Valid values: `ownedByMe` (the token's account) and `sharedWithMe` (other accounts). " +
		"Defaults to all datasets that the token can access."

	namePrefixDescription = "Prefix of the names of the datasets to include, ignoring case. Defaults to all names."
)

func ownershipValidators() []validator.String {
	return []validator.String{stringvalidator.OneOf(string(apify.OwnedByMe), string(apify.SharedWithMe))}
}

// options returns the part of the filter that the API applies.
func (f *datasetFilter) options() apify.ListDatasetsOptions {
	return apify.ListDatasetsOptions{
		Unnamed:   f.Unnamed.ValueBool(),
		Ownership: apify.Ownership(f.Ownership.ValueString()),
	}
}

// matches reports whether a dataset passes the filter. Without the account's ID, it does not check
// the ownership.
func (f *datasetFilter) matches(d *apify.Dataset, accountID string) bool {
	name := ""
	if d.Name != nil {
		name = *d.Name
	}
	prefix := strings.ToLower(f.NamePrefix.ValueString())
	if name == "" && !f.Unnamed.ValueBool() || !strings.HasPrefix(strings.ToLower(name), prefix) {
		return false
	}
	ownership := apify.Ownership(f.Ownership.ValueString())
	if ownership == "" || d.UserID == nil || accountID == "" {
		return true
	}
	return (*d.UserID == accountID) == (ownership == apify.OwnedByMe)
}
