package provider

import (
	"context"
	"encoding/json"
	"reflect"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-jsontypes/jsontypes"
	"github.com/hashicorp/terraform-plugin-framework-timeouts/resource/timeouts"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// datasetSummary holds the attributes that every view of a dataset has, items of lists included.
type datasetSummary struct {
	ID            types.String `tfsdk:"id"`
	Name          types.String `tfsdk:"name"`
	UserID        types.String `tfsdk:"user_id"`
	CreatedAt     types.String `tfsdk:"created_at"`
	GeneralAccess types.String `tfsdk:"general_access"`
}

// datasetModel holds the attributes of a single dataset that do not change by themselves.
type datasetModel struct {
	datasetSummary
	Schema         jsontypes.Normalized `tfsdk:"schema"`
	ConsoleURL     types.String         `tfsdk:"console_url"`
	ItemsPublicURL types.String         `tfsdk:"items_public_url"`
}

// datasetDetails holds volatile or rarely used attributes, available in data sources only.
type datasetDetails struct {
	ModifiedAt     types.String `tfsdk:"modified_at"`
	AccessedAt     types.String `tfsdk:"accessed_at"`
	ItemCount      types.Int64  `tfsdk:"item_count"`
	CleanItemCount types.Int64  `tfsdk:"clean_item_count"`
	ActID          types.String `tfsdk:"act_id"`
	ActRunID       types.String `tfsdk:"act_run_id"`
}

// datasetStats holds the counters of a single dataset.
type datasetStats struct {
	ReadCount    types.Int64 `tfsdk:"read_count"`
	WriteCount   types.Int64 `tfsdk:"write_count"`
	StorageBytes types.Int64 `tfsdk:"storage_bytes"`
}

// datasetListStats holds the counters of an item of a list.
type datasetListStats struct {
	ReadCount     types.Int64 `tfsdk:"read_count"`
	WriteCount    types.Int64 `tfsdk:"write_count"`
	InflatedBytes types.Int64 `tfsdk:"inflated_bytes"`
}

// The functions below are the only conversion from the API's object. A field that the server left
// out becomes null.

func newDatasetSummary(d *apify.Dataset) datasetSummary {
	return datasetSummary{
		ID:            types.StringValue(d.ID),
		Name:          types.StringPointerValue(d.Name),
		UserID:        types.StringPointerValue(d.UserID),
		CreatedAt:     types.StringPointerValue(d.CreatedAt),
		GeneralAccess: types.StringPointerValue((*string)(d.GeneralAccess)),
	}
}

func newDatasetModel(d *apify.Dataset) datasetModel {
	return datasetModel{
		datasetSummary: newDatasetSummary(d),
		Schema:         newSchema(d),
		ConsoleURL:     types.StringPointerValue(d.ConsoleURL),
		ItemsPublicURL: types.StringPointerValue(d.ItemsPublicURL),
	}
}

func newDatasetDetails(d *apify.Dataset) datasetDetails {
	return datasetDetails{
		ModifiedAt:     types.StringPointerValue(d.ModifiedAt),
		AccessedAt:     types.StringPointerValue(d.AccessedAt),
		ItemCount:      types.Int64PointerValue(d.ItemCount),
		CleanItemCount: types.Int64PointerValue(d.CleanItemCount),
		ActID:          types.StringPointerValue(d.ActID),
		ActRunID:       types.StringPointerValue(d.ActRunID),
	}
}

func newDatasetStats(s *apify.DatasetStats) *datasetStats {
	if s == nil {
		return nil
	}
	return &datasetStats{
		ReadCount:    types.Int64PointerValue(s.ReadCount),
		WriteCount:   types.Int64PointerValue(s.WriteCount),
		StorageBytes: types.Int64PointerValue(s.StorageBytes),
	}
}

func newDatasetListStats(s *apify.DatasetStats) *datasetListStats {
	if s == nil {
		return nil
	}
	return &datasetListStats{
		ReadCount:     types.Int64PointerValue(s.ReadCount),
		WriteCount:    types.Int64PointerValue(s.WriteCount),
		InflatedBytes: types.Int64PointerValue(s.InflatedBytes),
	}
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

// fillUnknown sets the attributes that are unknown to the values of another model.
func (m *datasetModel) fillUnknown(other datasetModel) {
	m.ID = knownOr(m.ID, other.ID)
	m.UserID = knownOr(m.UserID, other.UserID)
	m.CreatedAt = knownOr(m.CreatedAt, other.CreatedAt)
	m.GeneralAccess = knownOr(m.GeneralAccess, other.GeneralAccess)
	m.Schema = knownOr(m.Schema, other.Schema)
	m.ConsoleURL = knownOr(m.ConsoleURL, other.ConsoleURL)
	m.ItemsPublicURL = knownOr(m.ItemsPublicURL, other.ItemsPublicURL)
}

// knownOr returns a value, or another one if the value is unknown.
func knownOr[T attr.Value](value, other T) T {
	if value.IsUnknown() {
		return other
	}
	return value
}

// keepOmittedByLists sets the attributes that the API leaves out of items of lists to their prior
// values. None of them changes unless another attribute does, except for the form of the items URL,
// which datasetCache checks.
func (m *datasetModel) keepOmittedByLists(prior datasetModel) {
	m.Schema = prior.Schema
	m.ConsoleURL = prior.ConsoleURL
	m.ItemsPublicURL = prior.ItemsPublicURL
}

// keepName keeps the prior spelling of a name that differs in case alone.
func (m *datasetModel) keepName(prior datasetModel) {
	if sameName(prior.Name, m.Name) {
		m.Name = prior.Name
	}
}

// keepSchema keeps the prior text of a schema that is the same JSON value.
func (m *datasetModel) keepSchema(prior datasetModel) {
	if sameSchema(prior.Schema, m.Schema) {
		m.Schema = prior.Schema
	}
}

// signatureMargin is the minimum time for which the signature of an items URL must still be valid
// for the URL to stay in state. Apify's signatures expire after 14 days.
const signatureMargin = 7 * 24 * time.Hour

// keepItemsURL keeps a prior items URL that differs from the latest one in its signature alone and
// is valid for long enough.
func (m *datasetModel) keepItemsURL(prior datasetModel, d *apify.Dataset, now time.Time) {
	if apify.CanReuseItemsURL(prior.ItemsPublicURL.ValueString(), m.ItemsPublicURL.ValueString(), d, now.Add(signatureMargin)) {
		m.ItemsPublicURL = prior.ItemsPublicURL
	}
}

// sameName reports whether two known names are the same name to the API, or both are null.
func sameName(a, b types.String) bool {
	return a.IsNull() == b.IsNull() && !a.IsUnknown() && !b.IsUnknown() && apify.EqualDatasetNames(a.ValueString(), b.ValueString())
}

// sameSchema reports whether two known dataset schemas are the same JSON value, or both are null.
// Apify stores a schema as a JavaScript value, so white space, the order of properties and the
// notation of numbers can differ.
func sameSchema(a, b jsontypes.Normalized) bool {
	if a.IsUnknown() || b.IsUnknown() || a.IsNull() || b.IsNull() {
		return a.IsNull() && b.IsNull()
	}
	return reflect.DeepEqual(decodeJSON(a.ValueString()), decodeJSON(b.ValueString()))
}

// decodeJSON returns a JSON value. A text that is not JSON is a string, which equals no value of a
// schema.
func decodeJSON(text string) any {
	var value any
	if json.Unmarshal([]byte(text), &value) != nil {
		return text
	}
	return value
}

// datasetResourceModel is the state of resource "apify_dataset".
type datasetResourceModel struct {
	datasetModel
	AdoptExisting types.Bool     `tfsdk:"adopt_existing"`
	ForceDestroy  types.Bool     `tfsdk:"force_destroy"`
	Timeouts      timeouts.Value `tfsdk:"timeouts"`
}

// Defaults of the attributes that exist in Terraform only. The schema has them, and import sets
// them.
const (
	defaultAdoptExisting = true
	defaultForceDestroy  = false
)

// newImportedModel returns the state of a dataset that has no configuration yet.
func newImportedModel(ctx context.Context, d *apify.Dataset) datasetResourceModel {
	attributes := timeoutsAttribute(ctx).GetType().(timeouts.Type).AttrTypes //nolint:forcetypeassert // its documented type
	return datasetResourceModel{
		datasetModel:  newDatasetModel(d),
		AdoptExisting: types.BoolValue(defaultAdoptExisting),
		ForceDestroy:  types.BoolValue(defaultForceDestroy),
		Timeouts:      timeouts.Value{Object: types.ObjectNull(attributes)},
	}
}

// datasetIdentityModel is the identity of resource "apify_dataset".
type datasetIdentityModel struct {
	ID types.String `tfsdk:"id"`
}
