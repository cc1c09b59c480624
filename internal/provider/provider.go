// Package provider is the Terraform provider for Apify's dataset storage.
package provider

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/datasource"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/ephemeral"
	"github.com/hashicorp/terraform-plugin-framework/list"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/resource"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/tfsdk"
	"github.com/hashicorp/terraform-plugin-framework/types"
	"github.com/hashicorp/terraform-plugin-go/tftypes"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

var (
	_ provider.Provider                       = (*apifyProvider)(nil)
	_ provider.ProviderWithEphemeralResources = (*apifyProvider)(nil)
	_ provider.ProviderWithListResources      = (*apifyProvider)(nil)
)

// Environment variables that replace attributes of the provider. Apify's SDKs and platform use
// APIFY_API_BASE_URL, its CLI uses APIFY_CLIENT_BASE_URL.
const (
	tokenVariable         = "APIFY_TOKEN"
	apiBaseURLVariable    = "APIFY_API_BASE_URL"
	clientBaseURLVariable = "APIFY_CLIENT_BASE_URL"
)

const (
	maxMaxRetries          = 20
	consoleIntegrationsURL = "https://console.apify.com/settings/integrations"
	// accountTimeout limits the check of the token, retries included.
	accountTimeout = 30 * time.Second
)

// New returns a constructor of the provider with a version.
func New(version string) func() provider.Provider {
	return func() provider.Provider { return newProvider(version) }
}

func newProvider(version string) *apifyProvider {
	return &apifyProvider{version: version, now: time.Now, resendDelay: time.Second}
}

type apifyProvider struct {
	version string
	// now is the clock that signatures are compared with. retryDelay, totalDelay and transport are
	// those of the client, and resendDelay is that of [providerData.resend]. Tests set them.
	now                                 func() time.Time
	retryDelay, totalDelay, resendDelay time.Duration
	transport                           http.RoundTripper
}

// providerData is what Configure passes to resources and data sources: the API, and the memory of
// one provider process, which Terraform starts for each provider configuration and run.
type providerData struct {
	client *apify.Client
	// account is the account of the token. Its fields are empty if they are unknown.
	account     apify.User
	now         func() time.Time
	resendDelay time.Duration
	cache       *datasetCache
	claims      *datasetClaims
	names       *datasetNames
	warnings    *warnings
}

func (p *apifyProvider) Metadata(_ context.Context, _ provider.MetadataRequest, resp *provider.MetadataResponse) {
	resp.TypeName = "apify"
	resp.Version = p.version
}

func (p *apifyProvider) Resources(context.Context) []func() resource.Resource {
	return []func() resource.Resource{newDatasetResource}
}

func (p *apifyProvider) DataSources(context.Context) []func() datasource.DataSource {
	return []func() datasource.DataSource{newDatasetDataSource, newDatasetsDataSource, newUserDataSource}
}

func (p *apifyProvider) EphemeralResources(context.Context) []func() ephemeral.EphemeralResource {
	return []func() ephemeral.EphemeralResource{newDatasetItemsURLEphemeralResource}
}

func (p *apifyProvider) ListResources(context.Context) []func() list.ListResource {
	return []func() list.ListResource{newDatasetListResource}
}

func (p *apifyProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages the dataset storage of Apify, a web scraping and automation platform.",
		Attributes: map[string]schema.Attribute{
			"token": schema.StringAttribute{
				MarkdownDescription: "Apify API token. Create tokens in Apify Console under " +
					"[Settings > API & Integrations](" + consoleIntegrationsURL + "). The provider sends the token in the `Authorization` " +
					"header only. Required here or in the environment variable `" + tokenVariable + "`, which is the default.",
				Optional:  true,
				Sensitive: true,
			},
			"base_url": schema.StringAttribute{
				MarkdownDescription: "URL of the Apify API, with or without `/v2` at the end. An `http` URL of another machine " +
					"produces a warning, because it sends the token unencrypted. Defaults to the environment variable `" + apiBaseURLVariable +
					"`, then `" + clientBaseURLVariable + "`, then `" + apify.DefaultBaseURL + "`.",
				Optional:   true,
				Validators: []validator.String{baseURLRule},
			},
			"allowed_accounts": schema.ListAttribute{
				MarkdownDescription: "IDs or usernames of the accounts that the token is allowed to belong to. If the token belongs to another " +
					"account, or its account is unknown, the provider reports an error before it reads or writes anything else. Defaults " +
					"to any account.",
				ElementType: types.StringType,
				Optional:    true,
				Validators: []validator.List{
					listvalidator.SizeAtLeast(1),
					listvalidator.NoNullValues(),
					listvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1)),
				},
			},
			"max_retries": schema.NumberAttribute{
				MarkdownDescription: fmt.Sprintf("Maximum number of retries of a request after transient errors (HTTP 408, 429 and 5xx, network "+
					"errors, unreadable responses). The delay between two attempts doubles from 0.5 to 30 seconds, plus a random part of up to the "+
					"same length. In an outage, a request with the default fails after 1.5 to 3 minutes of delays plus nine attempts, each limited by "+
					"`request_timeout`, and at the latest after the `timeouts` of the resource. A refused connection is retried for 10 seconds "+
					"only, and the check of the token at the start of a run ends after 30 seconds. Must be between `0` and `%d`. Defaults to `%d`.",
					maxMaxRetries, apify.DefaultMaxRetries),
				Optional:   true,
				Validators: []validator.Number{wholeNumberRule{min: 0, max: maxMaxRetries}},
			},
			"request_timeout": schema.StringAttribute{
				MarkdownDescription: "Maximum time for one attempt of a request, as a " +
					"[Go duration](https://pkg.go.dev/time#ParseDuration) such as `45s` or `1m30s`. The `timeouts` of a resource limit all " +
					"attempts of an operation together, and `max_retries` limits their number. Defaults to `" + apify.DefaultRequestTimeout.String() + "`.",
				Optional:   true,
				Validators: []validator.String{durationRule},
			},
		},
	}
}

type providerModel struct {
	Token          types.String `tfsdk:"token"`
	BaseURL        types.String `tfsdk:"base_url"`
	Accounts       types.List   `tfsdk:"allowed_accounts"`
	MaxRetries     types.Number `tfsdk:"max_retries"`
	RequestTimeout types.String `tfsdk:"request_timeout"`
}

// Configure checks the token once, so that a wrong token, an outage or a login page is one error
// for the whole run, and not one for each resource.
func (p *apifyProvider) Configure(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) {
	var config providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return
	}
	if unknown := unknownAttributes(req.Config); len(unknown) > 0 {
		if req.ClientCapabilities.DeferralAllowed {
			resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
			return
		}
		for _, name := range unknown {
			resp.Diagnostics.AddAttributeError(path.Root(name), "Unknown Apify provider configuration",
				fmt.Sprintf("The value of %q is known only after apply, but the provider needs it to plan. Apply the resource that "+
					"the value comes from first, with -target, or use a variable or an environment variable.", name))
		}
		return
	}
	client := p.newClient(config, req.TerraformVersion, &resp.Diagnostics)
	if resp.Diagnostics.HasError() {
		return
	}
	account, accountErr := tokenAccount(ctx, client)
	if accountErr != nil {
		resp.Diagnostics.Append(accountErr)
		return
	}
	var allowed []string
	resp.Diagnostics.Append(config.Accounts.ElementsAs(ctx, &allowed, false)...)
	if len(allowed) > 0 && !slices.ContainsFunc(allowed, func(a string) bool { return isAccount(account, a) }) {
		resp.Diagnostics.Append(accountNotAllowed(account, allowed))
		return
	}
	data := &providerData{
		client: client, account: account, now: p.now, resendDelay: p.resendDelay,
		cache: newDatasetCache(client), claims: newDatasetClaims(account.ID), names: &datasetNames{}, warnings: newWarnings(),
	}
	resp.ResourceData, resp.DataSourceData, resp.EphemeralResourceData, resp.ListResourceData = data, data, data, data
}

// unknownAttributes returns the names of the attributes whose values are unknown.
func unknownAttributes(config tfsdk.Config) []string {
	var attributes map[string]tftypes.Value
	if config.Raw.As(&attributes) != nil { // never for the object of a schema
		return nil
	}
	var names []string
	for name, value := range attributes {
		if !value.IsFullyKnown() {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func (p *apifyProvider) newClient(config providerModel, terraformVersion string, diags *diag.Diagnostics) *apify.Client {
	retries := int64(apify.DefaultMaxRetries)
	if !config.MaxRetries.IsNull() {
		retries, _ = config.MaxRetries.ValueBigFloat().Int64() // a whole number by its validator
	}
	timeout, _ := time.ParseDuration(config.RequestTimeout.ValueString()) // valid by its validator; 0 is the default
	token := readToken(config.Token, diags)
	client, err := apify.NewClient(apify.Config{
		BaseURL:        readBaseURL(config.BaseURL, diags),
		Token:          token,
		UserAgent:      p.userAgent(terraformVersion),
		Platform:       "terraform",
		MaxRetries:     int(retries),
		RequestTimeout: timeout,
		RetryDelay:     p.retryDelay,
		TotalDelay:     p.totalDelay,
		Transport:      p.transport,
		Log:            requestLogger(token),
	})
	if err != nil && !diags.HasError() {
		diags.AddAttributeError(path.Root("base_url"), "Invalid Apify base URL", sentence(err.Error()))
	}
	return client
}

// tokenAccount returns the account of the token, with empty fields if the API does not return them
// to this token. Any other failure is an error.
func tokenAccount(ctx context.Context, client *apify.Client) (apify.User, diag.Diagnostic) {
	ctx, cancel := context.WithTimeout(ctx, accountTimeout)
	defer cancel()
	user, err := client.CurrentUser(ctx)
	var e *apify.Error
	switch {
	case err == nil:
		return *user, nil
	case errors.As(err, &e) && e.Status == http.StatusNotFound: // of other servers
		return apify.User{}, nil
	case e != nil && errors.Is(e.Stopped, context.DeadlineExceeded):
		e.Stopped = nil // by accountTimeout, which no timeouts attribute can raise
		return apify.User{}, apiError(err, "Nothing was changed.")
	case e == nil || isOutage(e) || e.Type == "" || e.Status == http.StatusUnauthorized:
		return apify.User{}, apiError(err, "Nothing was changed.")
	default: // a token with limited permissions
		return apify.User{}, nil
	}
}

// isAccount reports whether a text is the ID or the username of an account.
func isAccount(account apify.User, s string) bool {
	return s != "" && (s == account.ID || strings.EqualFold(s, account.Username))
}

// accountNotAllowed returns the error of a token of an account that is not in allowed_accounts.
func accountNotAllowed(account apify.User, allowed []string) diag.Diagnostic {
	owner := "belongs to account " + describeAccount(account)
	if account == (apify.User{}) {
		owner = "cannot read its own account"
	}
	return diag.NewAttributeErrorDiagnostic(path.Root("allowed_accounts"), "Apify account not allowed",
		fmt.Sprintf("The API token %s, and allowed_accounts contains only %q. Nothing was read or written. "+
			"Use a token of an allowed account, or change allowed_accounts.", owner, allowed))
}

// describeAccount returns the username and the ID of an account, as far as they are known.
func describeAccount(account apify.User) string {
	switch {
	case account.ID == "":
		return fmt.Sprintf("%q (unknown ID)", account.Username)
	case account.Username == "":
		return account.ID
	default:
		return fmt.Sprintf("%s (ID %s)", account.Username, account.ID)
	}
}

const howToSetToken = "Set the environment variable " + tokenVariable + ", or the provider's token attribute from a sensitive " +
	"variable. Create a token at " + consoleIntegrationsURL + "."

// readToken returns the token from the configuration or the environment, without the white space
// around it, such as the line break at the end of a file.
func readToken(configured types.String, diags *diag.Diagnostics) string {
	token, origin := os.Getenv(tokenVariable), "The environment variable "+tokenVariable
	if !configured.IsNull() {
		token, origin = configured.ValueString(), "The attribute token"
	}
	isSet := token != ""
	token = strings.TrimSpace(token)
	invalid := strings.IndexFunc(token, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsGraphic(r) || r == ' ' })
	switch {
	case token == "" && (isSet || !configured.IsNull()):
		diags.AddAttributeError(path.Root("token"), "Missing Apify API token", origin+" is empty. "+howToSetToken)
	case token == "":
		diags.AddAttributeError(path.Root("token"), "Missing Apify API token", "The provider has no API token. "+howToSetToken)
	case invalid >= 0:
		diags.AddAttributeError(path.Root("token"), "Invalid Apify API token",
			fmt.Sprintf("%s contains %s, which no token has. %s", origin, describeRune(token[invalid:]), howToSetToken))
	}
	return token
}

// readBaseURL returns the address of the API from the configuration or the environment.
func readBaseURL(configured types.String, diags *diag.Diagnostics) string {
	address, origin := apify.DefaultBaseURL, "The default"
	for _, variable := range []string{clientBaseURLVariable, apiBaseURLVariable} {
		if value := os.Getenv(variable); value != "" {
			address, origin = value, "The environment variable "+variable
		}
	}
	if !configured.IsNull() {
		address, origin = configured.ValueString(), "The attribute base_url"
	}
	base, err := apify.ParseBaseURL(address)
	if err != nil {
		diags.AddAttributeError(path.Root("base_url"), "Invalid Apify base URL",
			fmt.Sprintf("%s must be the URL of an Apify API, such as %s, but %s.", origin, apify.DefaultBaseURL, err))
		return ""
	}
	if base.Scheme == "http" && !isLoopback(base) {
		diags.AddAttributeWarning(path.Root("base_url"), "Apify API token sent unencrypted",
			fmt.Sprintf("%s is %s. The provider sends the API token to that host unencrypted, and anyone on the network path "+
				"can read it. Use https, unless you trust this network.", origin, base))
	}
	return base.String()
}

func isLoopback(u *url.URL) bool {
	if ip := net.ParseIP(u.Hostname()); ip != nil {
		return ip.IsLoopback()
	}
	host := strings.ToLower(strings.TrimSuffix(u.Hostname(), "."))
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// userAgent returns the User-Agent header in the form of Terraform's own providers, with the user's
// addition.
func (p *apifyProvider) userAgent(terraformVersion string) string {
	agent := fmt.Sprintf("Terraform/%s terraform-provider-apify/%s %s", terraformVersion, p.version, os.Getenv("TF_APPEND_USER_AGENT"))
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' { // invalid in a header
			return -1
		}
		return r
	}, agent))
}
