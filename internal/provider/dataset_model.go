package provider

import (
	"context"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// datasetSummary is what every view of a dataset has, the API's list included.
type datasetSummary struct {
	ID            types.String      `tfsdk:"id"`
	Name          types.String      `tfsdk:"name"`
	UserID        types.String      `tfsdk:"user_id"`
	CreatedAt     timetypes.RFC3339 `tfsdk:"created_at"`
	GeneralAccess types.String      `tfsdk:"general_access"`
}

// datasetModel is a single dataset without what changes by itself.
type datasetModel struct {
	datasetSummary
	ConsoleURL     types.String `tfsdk:"console_url"`
	ItemsPublicURL types.String `tfsdk:"items_public_url"`
}

// datasetDetails are what changes by itself, or matters to few.
type datasetDetails struct {
	Title          types.String      `tfsdk:"title"`
	Username       types.String      `tfsdk:"username"`
	ModifiedAt     timetypes.RFC3339 `tfsdk:"modified_at"`
	AccessedAt     timetypes.RFC3339 `tfsdk:"accessed_at"`
	ItemCount      types.Int64       `tfsdk:"item_count"`
	CleanItemCount types.Int64       `tfsdk:"clean_item_count"`
	ActID          types.String      `tfsdk:"act_id"`
	ActRunID       types.String      `tfsdk:"act_run_id"`
	Stats          *datasetStats     `tfsdk:"stats"`
}

type datasetStats struct {
	ReadCount     types.Int64 `tfsdk:"read_count"`
	WriteCount    types.Int64 `tfsdk:"write_count"`
	StorageBytes  types.Int64 `tfsdk:"storage_bytes"`
	InflatedBytes types.Int64 `tfsdk:"inflated_bytes"`
}

// The functions that follow are the one conversion from the API's object. What
// the server left out is null.

func newDatasetSummary(d *apify.Dataset) (datasetSummary, diag.Diagnostics) {
	createdAt, diags := newTime(d.CreatedAt)
	return datasetSummary{
		ID:            types.StringValue(d.ID),
		Name:          types.StringPointerValue(d.Name),
		UserID:        types.StringPointerValue(d.UserID),
		CreatedAt:     createdAt,
		GeneralAccess: types.StringPointerValue((*string)(d.GeneralAccess)),
	}, diags
}

func newDatasetModel(d *apify.Dataset) (datasetModel, diag.Diagnostics) {
	summary, diags := newDatasetSummary(d)
	return datasetModel{
		datasetSummary: summary,
		ConsoleURL:     types.StringPointerValue(d.ConsoleURL),
		ItemsPublicURL: types.StringPointerValue(d.ItemsPublicURL),
	}, diags
}

func newDatasetDetails(d *apify.Dataset) (datasetDetails, diag.Diagnostics) {
	modifiedAt, diags := newTime(d.ModifiedAt)
	accessedAt, more := newTime(d.AccessedAt)
	diags.Append(more...)
	details := datasetDetails{
		Title:          types.StringPointerValue(d.Title),
		Username:       types.StringPointerValue(d.Username),
		ModifiedAt:     modifiedAt,
		AccessedAt:     accessedAt,
		ItemCount:      types.Int64PointerValue(d.ItemCount),
		CleanItemCount: types.Int64PointerValue(d.CleanItemCount),
		ActID:          types.StringPointerValue(d.ActID),
		ActRunID:       types.StringPointerValue(d.ActRunID),
	}
	if s := d.Stats; s != nil {
		details.Stats = &datasetStats{
			ReadCount:     types.Int64PointerValue(s.ReadCount),
			WriteCount:    types.Int64PointerValue(s.WriteCount),
			StorageBytes:  types.Int64PointerValue(s.StorageBytes),
			InflatedBytes: types.Int64PointerValue(s.InflatedBytes),
		}
	}
	return details, diags
}

func newFields(d *apify.Dataset) types.List {
	if d.Fields == nil {
		return types.ListNull(types.StringType)
	}
	fields := make([]attr.Value, len(d.Fields))
	for i, f := range d.Fields {
		fields[i] = types.StringValue(f)
	}
	return types.ListValueMust(types.StringType, fields)
}

func newSchema(d *apify.Dataset) jsontypes.Normalized {
	if len(d.Schema) == 0 || string(d.Schema) == "null" {
		return jsontypes.NewNormalizedNull()
	}
	return jsontypes.NewNormalizedValue(string(d.Schema))
}

// newTime reads one of the API's times.
func newTime(s *string) (timetypes.RFC3339, diag.Diagnostics) {
	t, diags := timetypes.NewRFC3339PointerValue(s)
	if diags.HasError() { // whose text is for developers
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
