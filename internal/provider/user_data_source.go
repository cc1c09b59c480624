package provider

import (
	"context"

	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/datasource/schema"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// userKind is everything that the provider offers for accounts.
var userKind = objectKind{
	newStore:    func(_ *apifyProvider, _ *apify.Client, account *tokenAccount) any { return account },
	dataSources: []func() datasource.DataSource{newUserDataSource},
}

var (
	_ datasource.DataSource              = (*userDataSource)(nil)
	_ datasource.DataSourceWithConfigure = (*userDataSource)(nil)
)

func newUserDataSource() datasource.DataSource { return &userDataSource{} }

type userDataSource struct{ account *tokenAccount }

// userModel is the state of data "apify_user".
type userModel struct {
	ID       types.String `tfsdk:"id"`
	Username types.String `tfsdk:"username"`
}

func (d *userDataSource) Metadata(_ context.Context, req datasource.MetadataRequest, resp *datasource.MetadataResponse) {
	resp.TypeName = req.ProviderTypeName + "_user"
}

func (d *userDataSource) Configure(_ context.Context, req datasource.ConfigureRequest, resp *datasource.ConfigureResponse) {
	d.account = storeOf[*tokenAccount](req.ProviderData, &resp.Diagnostics)
}

func (d *userDataSource) Schema(_ context.Context, _ datasource.SchemaRequest, resp *datasource.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Reads the account that the API token belongs to. Tokens with limited permissions cannot read their own account. " +
			"Apify does not return the ID to the token of an Actor run without full access.",
		Attributes: map[string]schema.Attribute{
			"id": schema.StringAttribute{
				MarkdownDescription: "ID of the account, or null if the API does not return it to this token.",
				Computed:            true,
			},
			"username": schema.StringAttribute{
				MarkdownDescription: "Username of the account, or null if the API does not return it to this token.",
				Computed:            true,
			},
		},
	}
}

func (d *userDataSource) Read(ctx context.Context, _ datasource.ReadRequest, resp *datasource.ReadResponse) {
	ctx, cancel := context.WithTimeout(ctx, defaultTimeout)
	defer cancel()
	user, err := d.account.get(ctx)
	if err != nil {
		resp.Diagnostics.Append(clientError(summaryReadAccount, err))
		return
	}
	resp.Diagnostics.Append(resp.State.Set(ctx, userModel{ID: stringOrNull(user.ID), Username: stringOrNull(user.Username)})...)
}

func stringOrNull(s string) types.String {
	if s == "" {
		return types.StringNull()
	}
	return types.StringValue(s)
}
