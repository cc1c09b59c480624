package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/types"
)

var (
	_ datasource.DataSource              = (*userDataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*userDataSource)(nil)
)

func newUserDataSource() datasource.DataSource { return &userDataSource{} }

type userDataSource struct{ *providerData }

// userModel is the state of data "apify_user".
type userModel struct {
	ID       types.String `tfsdk:"id"`
	Username types.String `tfsdk:"username"`
}

func (d *userDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_user"
}

func (d *userDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, _ *datasource.ConfigureResponse) {
	d.providerData, _ = req.ProviderData.(*providerData) // nil before the provider is configured
}

func (d *userDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads the account that the API token belongs to. Tokens with limited permissions, and tokens of Actor runs without " +
			"full access, cannot read their own account.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				MarkdownDescription: "ID of the account.",
				Computed:            true,
			},
			"username": schema.StringAttribute{
				MarkdownDescription: "Username of the account.",
				Computed:            true,
			},
		},
	}
}

// Read returns the account that Configure has read.
func (d *userDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	if d.account.ID == "" || d.account.Username == "" {
		resp.Diagnostics.Append(diag.NewErrorDiagnostic("Apify account unknown",
			"Apify does not return the ID and the username of its account to this API token. Use a token of the account without limited "+
				"permissions: "+consoleIntegrationsURL+"."))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, userModel{ID: types.StringValue(d.account.ID), Username: types.StringValue(d.account.Username)})...)
}
