package provider

import (
	"context"
	"iter"
	"slices"
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

// listDatasets returns the datasets that match a filter, oldest first. An error is its last value.
// Not every server applies every filter, so the provider applies them again.
func (p *providerData) listDatasets(ctx context.Context, f datasetFilter) iter.Seq2[*apify.Dataset, error] {
	options := apify.ListDatasetsOptions{Ownership: apify.Ownership(f.Ownership.ValueString())}
	all := p.client.ListDatasets(ctx, options)
	if f.Unnamed.ValueBool() {
		all = withUnnamed(all, p.client.ListDatasets(ctx, apify.ListDatasetsOptions{Ownership: options.Ownership, Unnamed: true}))
	}
	return func(yield func(*apify.Dataset, error) bool) {
		for d, err := range all {
			if (err != nil || f.matches(d, p.account.ID)) && !yield(d, err) {
				return
			}
		}
	}
}

// withUnnamed returns the datasets of two lists, oldest first. With unnamed datasets, the API
// leaves out every empty dataset, named ones too: https://github.com/apify/apify-docs/pull/2217
func withUnnamed(lists ...iter.Seq2[*apify.Dataset, error]) iter.Seq2[*apify.Dataset, error] {
	return func(yield func(*apify.Dataset, error) bool) {
		var all []*apify.Dataset
		seen := map[string]bool{}
		for _, list := range lists {
			for d, err := range list {
				if err != nil {
					yield(nil, err)
					return
				}
				if !seen[d.ID] {
					seen[d.ID] = true
					all = append(all, d)
				}
			}
		}
		// The API's times have one form, so that their order is that of their texts.
		slices.SortStableFunc(all, func(a, b *apify.Dataset) int {
			return strings.Compare(types.StringPointerValue(a.CreatedAt).ValueString(), types.StringPointerValue(b.CreatedAt).ValueString())
		})
		for _, d := range all {
			if !yield(d, nil) {
				return
			}
		}
	}
}

// matches reports whether a dataset passes the filter. Without the account's ID, it does not check
// the ownership.
func (f *datasetFilter) matches(d *apify.Dataset, accountID string) bool {
	name := types.StringPointerValue(d.Name).ValueString()
	if name == "" && !f.Unnamed.ValueBool() || !strings.HasPrefix(strings.ToLower(name), strings.ToLower(f.NamePrefix.ValueString())) {
		return false
	}
	ownership := apify.Ownership(f.Ownership.ValueString())
	if ownership == "" || d.UserID == nil || accountID == "" {
		return true
	}
	return (*d.UserID == accountID) == (ownership == apify.OwnedByMe)
}
