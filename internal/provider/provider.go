// Package provider is what Terraform sees of Apify's dataset storage.
package provider

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework-validators/int64validator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// The environment variables that stand in for the provider's attributes. Apify's
// SDKs and platform know the first address, its command line the second.
const (
	tokenVariable         = "APIFY_TOKEN"
	apiBaseURLVariable    = "APIFY_API_BASE_URL"
	clientBaseURLVariable = "APIFY_CLIENT_BASE_URL"
)

// The provider's attributes.
const (
	attributeToken          = "token"
	attributeBaseURL        = "base_url"
	attributeMaxRetries     = "max_retries"
	attributeRequestTimeout = "request_timeout"
)

// The summaries of the diagnostics about the provider's configuration.
const (
	summaryInvalidBaseURL   = "Invalid Apify base URL"
	summaryMissingToken     = "Missing Apify API token"
	summaryInvalidToken     = "Invalid Apify API token"
	summaryUnknownAttribute = "Unknown Apify provider configuration"
	summaryTokenInTheClear  = "Apify API token sent without encryption"
)

const (
	appendUserAgentVariable = "TF_APPEND_USER_AGENT"
	maxMaxRetries           = 20
	consoleIntegrationsURL  = "https://console.apify.com/settings/integrations"
)

var (
	_ provider.Provider                       = (*apifyProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*apifyProvider)(nil)
	_ provider.ProviderWithListResources      = (*apifyProvider)(nil)
)

// New returns what makes a provider of the given version, for a provider server.
func New(version string) func() provider.Provider {
	return func() provider.Provider {
		return &apifyProvider{version: version, now: time.Now}
	}
}

type apifyProvider struct {
	version string
	// now is the clock that signatures are judged by, and retryDelay the client's
	// first back-off; tests set them.
	now        func() time.Time
	retryDelay time.Duration
}

type providerModel struct {
	Token          types.String `tfsdk:"token"`
	BaseURL        types.String `tfsdk:"base_url"`
	MaxRetries     types.Int64  `tfsdk:"max_retries"`
	RequestTimeout types.String `tfsdk:"request_timeout"`
}

// providerData is what a configured provider hands to all that it offers.
type providerData struct {
	client *apify.Client
	claims *claims
	now    func() time.Time
}

func (p *apifyProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "apify"
	resp.Version = p.version
}

func (p *apifyProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages the dataset storage of Apify, a web scraping and automation platform.",
		Attributes: map[string]schema.Attribute{
			attributeToken: schema.StringAttribute{
				MarkdownDescription: "The Apify API token, as made in Apify Console under " +
					"[Settings > API & Integrations](" + consoleIntegrationsURL + "). It is sent in the `Authorization` header " +
					"only. Defaults to the environment variable `" + tokenVariable + "`; one of the two is required.",
				Optional:  true,
				Sensitive: true,
			},
			attributeBaseURL: schema.StringAttribute{
				MarkdownDescription: "The address of the Apify API, with or without `/v2` at the end. Defaults to the " +
					"environment variable `" + apiBaseURLVariable + "`, else `" + clientBaseURLVariable + "`, else `" +
					apify.DefaultBaseURL + "`. An `http` address that is not this machine's own brings a warning, since the " +
					"token would travel unencrypted.",
				Optional:   true,
				Validators: []validator.String{baseURLValidator{}},
			},
			attributeMaxRetries: schema.Int64Attribute{
				MarkdownDescription: fmt.Sprintf("How often a request that failed in passing (status 429 or 5xx, network "+
					"errors, unreadable answers) is repeated, with exponential back-off from half a second; `0` to `%d`. "+
					"Defaults to `%d`.", maxMaxRetries, apify.DefaultMaxRetries),
				Optional:   true,
				Validators: []validator.Int64{int64validator.Between(0, maxMaxRetries)},
			},
			attributeRequestTimeout: schema.StringAttribute{
				MarkdownDescription: "How long one attempt of a request may take, as a " +
					"[Go duration](https://pkg.go.dev/time#ParseDuration) such as `45s` or `1m30s`. Defaults to `" +
					apify.DefaultRequestTimeout.String() + "`.",
				Optional:   true,
				Validators: []validator.String{durationValidator{}},
			},
		},
	}
}

func (p *apifyProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if unknown := config.unknown(); len(unknown) > 0 {
		if req.ClientCapabilities.DeferralAllowed {
			resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
			return
		}
		for _, name := range unknown {
			resp.Diagnostics.AddAttributeError(path.Root(name), summaryUnknownAttribute,
				fmt.Sprintf("The value of %q is known only after something else in this configuration has been applied, and "+
					"the provider needs it already now. Apply what the value comes from first, with -target, or take it "+
					"from a variable or from the environment.", name))
		}
		return
	}

	token := tokenFrom(config.Token, &resp.Diagnostics)
	base := baseURLFrom(config.BaseURL, &resp.Diagnostics)
	timeout := apify.DefaultRequestTimeout
	if !config.RequestTimeout.IsNull() {
		var err error
		if timeout, err = parseDuration(config.RequestTimeout.ValueString()); err != nil {
			resp.Diagnostics.AddAttributeError(path.Root(attributeRequestTimeout), summaryInvalidDuration, err.Error())
		}
	}
	if resp.Diagnostics.HasError() {
		return
	}
	retries := int64(apify.DefaultMaxRetries)
	if !config.MaxRetries.IsNull() {
		retries = config.MaxRetries.ValueInt64()
	}

	client, err := apify.NewClient(apify.Config{
		BaseURL:        base.String(),
		Token:          token,
		UserAgent:      p.userAgent(req.TerraformVersion),
		MaxRetries:     int(retries),
		RequestTimeout: timeout,
		RetryDelay:     p.retryDelay,
		Log:            requestLogger(token),
	})
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root(attributeBaseURL), summaryInvalidBaseURL, err.Error())
		return
	}
	data := &providerData{client: client, claims: newClaims(), now: p.now}
	resp.ResourceData = data
	resp.DataSourceData = data
	resp.EphemeralResourceData = data
	resp.ListResourceData = data
}

// unknown names the attributes whose values are not known yet.
func (m *providerModel) unknown() []string {
	var names []string
	for _, a := range []struct {
		name  string
		value attr.Value
	}{
		{attributeToken, m.Token},
		{attributeBaseURL, m.BaseURL},
		{attributeMaxRetries, m.MaxRetries},
		{attributeRequestTimeout, m.RequestTimeout},
	} {
		if a.value.IsUnknown() {
			names = append(names, a.name)
		}
	}
	return names
}

// tokenFrom takes the token from the configuration or the environment. White
// space around it is what reading it from a file leaves.
func tokenFrom(configured types.String, diags *diag.Diagnostics) string {
	token, origin := os.Getenv(tokenVariable), "The environment variable "+tokenVariable
	if !configured.IsNull() {
		token, origin = configured.ValueString(), "The attribute token"
	}
	token = strings.TrimSpace(token)
	switch {
	case token == "" && (!configured.IsNull() || os.Getenv(tokenVariable) != ""):
		diags.AddAttributeError(path.Root(attributeToken), summaryMissingToken, origin+" is empty. "+howToSetToken)
	case token == "":
		diags.AddAttributeError(path.Root(attributeToken), summaryMissingToken,
			"The provider needs an API token to act on behalf of an Apify account. "+howToSetToken)
	case strings.ContainsFunc(token, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsGraphic(r) || unicode.IsSpace(r) }):
		diags.AddAttributeError(path.Root(attributeToken), summaryInvalidToken,
			origin+" holds white space or characters that no token has. "+howToSetToken)
	}
	return token
}

const howToSetToken = "Set the environment variable " + tokenVariable + ", or the token attribute of the provider \"apify\" " +
	"block from a sensitive variable. Tokens are made in Apify Console under Settings > API & Integrations: " + consoleIntegrationsURL

// baseURLFrom takes the address of the API from the configuration or the
// environment.
func baseURLFrom(configured types.String, diags *diag.Diagnostics) *url.URL {
	address, origin := apify.DefaultBaseURL, "The default"
	if !configured.IsNull() {
		address, origin = configured.ValueString(), "The attribute base_url"
	} else {
		for _, variable := range []string{apiBaseURLVariable, clientBaseURLVariable} {
			if value := os.Getenv(variable); value != "" {
				address, origin = value, "The environment variable "+variable
				break
			}
		}
	}
	base, err := apify.ParseBaseURL(address)
	if err != nil {
		diags.AddAttributeError(path.Root(attributeBaseURL), summaryInvalidBaseURL,
			fmt.Sprintf("%s is not the address of an API, such as %s: %s.", origin, apify.DefaultBaseURL, err))
		return nil
	}
	if base.Scheme == "http" && !isLoopback(base.Hostname()) {
		diags.AddAttributeWarning(path.Root(attributeBaseURL), summaryTokenInTheClear,
			fmt.Sprintf("%s is %s: the API token travels to that host unencrypted, for everybody on the way to read. "+
				"Use https, unless this is a network that you trust.", origin, base))
	}
	return base
}

func isLoopback(host string) bool {
	if ip := net.ParseIP(host); ip != nil {
		return ip.IsLoopback()
	}
	host = strings.ToLower(strings.TrimSuffix(host, "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// userAgent follows what Terraform's own providers send, with what the user
// wants added to it.
func (p *apifyProvider) userAgent(terraformVersion string) string {
	agent := fmt.Sprintf("Terraform/%s terraform-provider-apify/%s", terraformVersion, p.version)
	if more := strings.TrimSpace(os.Getenv(appendUserAgentVariable)); more != "" {
		agent += " " + more
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' { // not allowed in a header
			return -1
		}
		return r
	}, agent)
}

func (p *apifyProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newDatasetResource}
}

func (p *apifyProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newDatasetDataSource, newDatasetsDataSource}
}

func (p *apifyProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{newDatasetItemsURLEphemeralResource}
}

func (p *apifyProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{newDatasetListResource}
}

// configured is the one Configure of all that the provider offers. It returns
// nil while the provider is not configured, as during validation.
func configured(data any, diags *diag.Diagnostics) *providerData {
	if data == nil {
		return nil
	}
	d, ok := data.(*providerData)
	if !ok {
		diags.AddError("Unexpected provider data",
			fmt.Sprintf("This is a mistake in the provider: its data is a %T. Please report it.", data))
	}
	return d
}
