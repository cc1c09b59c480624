package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// datasetModel is what every view of a dataset has in common.
type datasetModel struct {
	ID             types.String      `tfsdk:"id"`
	Name           types.String      `tfsdk:"name"`
	UserID         types.String      `tfsdk:"user_id"`
	CreatedAt      timetypes.RFC3339 `tfsdk:"created_at"`
	GeneralAccess  types.String      `tfsdk:"general_access"`
	ConsoleURL     types.String      `tfsdk:"console_url"`
	ItemsPublicURL types.String      `tfsdk:"items_public_url"`
}

// newDatasetModel is the one conversion from the API's object. What the server
// left out is null.
func newDatasetModel(d *apify.Dataset) (datasetModel, diag.Diagnostics) {
	createdAt, diags := newTime(d.CreatedAt)
	return datasetModel{
		ID:             types.StringValue(d.ID),
		Name:           types.StringPointerValue(d.Name),
		UserID:         types.StringPointerValue(d.UserID),
		CreatedAt:      createdAt,
		GeneralAccess:  types.StringPointerValue((*string)(d.GeneralAccess)),
		ConsoleURL:     types.StringPointerValue(d.ConsoleURL),
		ItemsPublicURL: types.StringPointerValue(d.ItemsPublicURL),
	}, diags
}

// newTime reads one of the API's times. The error is for a person: the type's
// own one speaks of the provider.
func newTime(s *string) (timetypes.RFC3339, diag.Diagnostics) {
	t, diags := timetypes.NewRFC3339PointerValue(s)
	if diags.HasError() {
		return timetypes.NewRFC3339Null(), diag.Diagnostics{diag.NewErrorDiagnostic("Apify answered with a time that cannot be read",
			"The API gives times such as 2026-01-31T12:00:00.000Z. This one is not of that form; the server at base_url, or "+
				"something on the way to it, does not answer as Apify does.")}
	}
	return t, nil
}

// known is the API's object as far as the model has it.
func (m *datasetModel) known() *apify.Dataset {
	return &apify.Dataset{
		ID:             m.ID.ValueString(),
		Name:           m.Name.ValueStringPointer(),
		UserID:         m.UserID.ValueStringPointer(),
		CreatedAt:      m.CreatedAt.ValueStringPointer(),
		GeneralAccess:  (*apify.GeneralAccess)(m.GeneralAccess.ValueStringPointer()),
		ConsoleURL:     m.ConsoleURL.ValueStringPointer(),
		ItemsPublicURL: m.ItemsPublicURL.ValueStringPointer(),
	}
}

// signatureMargin is how long the signature of an items URL must still be good
// for the URL to stay in state. Apify's are good for 14 days.
const signatureMargin = 7 * 24 * time.Hour

// keep takes from an earlier model what stands for the same: the spelling of a
// name in upper and lower case, and an items URL that differs from the fresh one
// in nothing but the signature and keeps working.
func (m *datasetModel) keep(earlier datasetModel, d *apify.Dataset, now time.Time) {
	if sameName(earlier.Name, m.Name) {
		m.Name = earlier.Name
	}
	if apify.KeepsWorking(earlier.ItemsPublicURL.ValueString(), m.ItemsPublicURL.ValueString(), d, now.Add(signatureMargin)) {
		m.ItemsPublicURL = earlier.ItemsPublicURL
	}
}

// sameName tells whether two known names are the same to the API. No name is the
// same as no name.
func sameName(a, b types.String) bool {
	return a.IsNull() == b.IsNull() && !a.IsUnknown() && !b.IsUnknown() && apify.EqualNames(a.ValueString(), b.ValueString())
}

// datasetResourceModel is the state of resource "apify_dataset".
type datasetResourceModel struct {
	datasetModel
	AdoptExisting types.Bool     `tfsdk:"adopt_existing"`
	ForceDestroy  types.Bool     `tfsdk:"force_destroy"`
	Timeouts      timeouts.Value `tfsdk:"timeouts"`
}

// The defaults of the attributes that the API knows nothing of. They are in the
// schema, and set by import as well.
const (
	defaultAdoptExisting = true
	defaultForceDestroy  = false
)

// newImportedModel is the state of a dataset that comes under management without
// a configuration.
func newImportedModel(ctx context.Context, d *apify.Dataset) (datasetResourceModel, diag.Diagnostics) {
	m, diags := newDatasetModel(d)
	attributes := timeoutsAttribute(ctx).GetType().(timeouts.Type).AttrTypes //nolint:forcetypeassert // made by the same package
	return datasetResourceModel{
		datasetModel:  m,
		AdoptExisting: types.BoolValue(defaultAdoptExisting),
		ForceDestroy:  types.BoolValue(defaultForceDestroy),
		Timeouts:      timeouts.Value{Object: types.ObjectNull(attributes)},
	}, diags
}

// datasetIdentityModel is the identity of resource "apify_dataset".
type datasetIdentityModel struct {
	ID types.String `tfsdk:"id"`
}
