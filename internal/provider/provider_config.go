package provider

import (
	"context"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"
	"unicode"

	"github.com/hashicorp/terraform-plugin-framework-validators/listvalidator"
	"github.com/hashicorp/terraform-plugin-framework-validators/stringvalidator"
	"github.com/hashicorp/terraform-plugin-framework/attr"
	"github.com/hashicorp/terraform-plugin-framework/diag"
	"github.com/hashicorp/terraform-plugin-framework/path"
	"github.com/hashicorp/terraform-plugin-framework/provider"
	"github.com/hashicorp/terraform-plugin-framework/provider/schema"
	"github.com/hashicorp/terraform-plugin-framework/schema/validator"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// Environment variables that replace attributes of the provider. Apify's SDKs and platform use
// APIFY_API_BASE_URL, its CLI uses APIFY_CLIENT_BASE_URL.
const (
	tokenVariable         = "APIFY_TOKEN"
	apiBaseURLVariable    = "APIFY_API_BASE_URL"
	clientBaseURLVariable = "APIFY_CLIENT_BASE_URL"
)

// Attributes of the provider.
const (
	attributeToken          = "token"
	attributeAccounts       = "allowed_accounts"
	attributeBaseURL        = "base_url"
	attributeMaxRetries     = "max_retries"
	attributeRequestTimeout = "request_timeout"
)

// Summaries of the diagnostics about the provider's configuration.
const (
	summaryInvalidBaseURL   = "Invalid Apify base URL"
	summaryReadAccount      = "Reading Apify account failed"
	summaryWrongAccount     = "Apify API token of an account that is not allowed"
	summaryMissingToken     = "Missing Apify API token"
	summaryInvalidToken     = "Invalid Apify API token"
	summaryUnknownAttribute = "Unknown Apify provider configuration"
	summaryTokenInTheClear  = "Apify API token sent unencrypted"
)

const (
	appendUserAgentVariable = "TF_APPEND_USER_AGENT"
	maxMaxRetries           = 20
	consoleIntegrationsURL  = "https://console.apify.com/settings/integrations"
)

type providerModel struct {
	Token          types.String `tfsdk:"token"`
	BaseURL        types.String `tfsdk:"base_url"`
	Accounts       types.List   `tfsdk:"allowed_accounts"`
	MaxRetries     types.Number `tfsdk:"max_retries"`
	RequestTimeout types.String `tfsdk:"request_timeout"`
}

func (p *apifyProvider) Schema(_ context.Context, _ provider.SchemaRequest, resp *provider.SchemaResponse) {
	resp.Schema = schema.Schema{
		MarkdownDescription: "Manages the dataset storage of Apify, a web scraping and automation platform.",
		Attributes: map[string]schema.Attribute{
			attributeToken: schema.StringAttribute{
				MarkdownDescription: "Apify API token. Create tokens in Apify Console under " +
					"[Settings > API & Integrations](" + consoleIntegrationsURL + "). The provider sends the token in the `Authorization` " +
					"header only. Required here or in the environment variable `" + tokenVariable + "`. Defaults to `" + tokenVariable + "`.",
				Optional:  true,
				Sensitive: true,
			},
			attributeBaseURL: schema.StringAttribute{
				MarkdownDescription: "URL of the Apify API, with or without `/v2` at the end. A non-loopback `http` URL produces a " +
					"warning, because it sends the token unencrypted. Defaults to the environment variable `" + apiBaseURLVariable +
					"`, then `" + clientBaseURLVariable + "`, then `" + apify.DefaultBaseURL + "`.",
				Optional:   true,
				Validators: []validator.String{baseURLValidator{}},
			},
			attributeAccounts: schema.ListAttribute{
				MarkdownDescription: "IDs or usernames of the accounts that the token is allowed to belong to. If the token belongs to another " +
					"account, or its account cannot be determined, the provider reports an error before it reads or writes anything. Defaults " +
					"to any account.",
				ElementType: types.StringType,
				Optional:    true,
				Validators: []validator.List{
					listvalidator.SizeAtLeast(1),
					listvalidator.NoNullValues(),
					listvalidator.ValueStringsAre(stringvalidator.LengthAtLeast(1)),
				},
			},
			attributeMaxRetries: schema.NumberAttribute{
				MarkdownDescription: fmt.Sprintf("Maximum number of retries for transient errors (HTTP 429 and 5xx, network errors, "+
					"malformed responses), with exponential backoff from 500 ms. Must be between `0` and `%d`. Defaults to `%d`.", maxMaxRetries, apify.DefaultMaxRetries),
				Optional:   true,
				Validators: []validator.Number{wholeNumberValidator{min: 0, max: maxMaxRetries}},
			},
			attributeRequestTimeout: schema.StringAttribute{
				MarkdownDescription: "Maximum time for one attempt of a request, as a " +
					"[Go duration](https://pkg.go.dev/time#ParseDuration) such as `45s` or `1m30s`. Defaults to `" +
					apify.DefaultRequestTimeout.String() + "`.",
				Optional:   true,
				Validators: []validator.String{durationValidator{}},
			},
		},
	}
}

// newClient returns the client for a configuration. It returns nil after an error, and if values of
// the configuration are unknown.
func (p *apifyProvider) newClient(ctx context.Context, req provider.ConfigureRequest, resp *provider.ConfigureResponse) *apify.Client {
	var config providerModel
	resp.Diagnostics.Append(req.Config.Get(ctx, &config)...)
	if resp.Diagnostics.HasError() {
		return nil
	}
	if unknown := config.unknown(); len(unknown) > 0 {
		if req.ClientCapabilities.DeferralAllowed {
			resp.Deferred = &provider.Deferred{Reason: provider.DeferredReasonProviderConfigUnknown}
			return nil
		}
		for _, name := range unknown {
			resp.Diagnostics.AddAttributeError(path.Root(name), summaryUnknownAttribute,
				fmt.Sprintf("The value of %q is known only after apply, but the provider needs it to plan. Apply the resource that "+
					"the value comes from first, with -target, or use a variable or an environment variable.", name))
		}
		return nil
	}

	token := readToken(config.Token, &resp.Diagnostics)
	base := readBaseURL(config.BaseURL, &resp.Diagnostics)
	timeout := apify.DefaultRequestTimeout
	if !config.RequestTimeout.IsNull() {
		var err error
		if timeout, err = parseDuration(config.RequestTimeout.ValueString()); err != nil {
			resp.Diagnostics.AddAttributeError(path.Root(attributeRequestTimeout), summaryInvalidDuration, attributeRequestTimeout+" "+err.Error()+".")
		}
	}
	if resp.Diagnostics.HasError() {
		return nil
	}
	retries := int64(apify.DefaultMaxRetries)
	if !config.MaxRetries.IsNull() {
		retries, _ = config.MaxRetries.ValueBigFloat().Int64() // a whole number by its validator
	}

	client, err := apify.NewClient(apify.Config{
		BaseURL:        base.String(),
		Token:          token,
		UserAgent:      p.userAgent(req.TerraformVersion),
		Platform:       "terraform",
		MaxRetries:     int(retries),
		RequestTimeout: timeout,
		RetryDelay:     p.retryDelay,
		TotalDelay:     p.totalDelay,
		Log:            requestLogger(token),
	})
	if err != nil {
		resp.Diagnostics.AddAttributeError(path.Root(attributeBaseURL), summaryInvalidBaseURL, err.Error())
		return nil
	}
	return client
}

// checkAccount validates that the token belongs to one of the allowed accounts. It sends a request
// only if they are configured.
func (p *apifyProvider) checkAccount(ctx context.Context, req provider.ConfigureRequest, account *tokenAccount, diags *diag.Diagnostics) {
	var config providerModel
	diags.Append(req.Config.Get(ctx, &config)...)
	if diags.HasError() || config.Accounts.IsNull() {
		return
	}
	var allowed []string
	diags.Append(config.Accounts.ElementsAs(ctx, &allowed, false)...)
	if diags.HasError() {
		return
	}
	const remedy = "Nothing was read or written. Use a token of an allowed account that can read its own account, or remove " + attributeAccounts + "."
	limit := fmt.Sprintf("%s allows only these accounts: %s", attributeAccounts, strings.Join(allowed, ", "))
	user, err := account.get(ctx)
	if err != nil {
		d := clientError(summaryReadAccount, err, fmt.Sprintf("%s. The provider could not determine the account of the token. %s", limit, remedy))
		diags.AddAttributeError(path.Root(attributeAccounts), d.Summary(), d.Detail())
		return
	}
	for _, a := range allowed {
		if user.ID != "" && a == user.ID || user.Username != "" && strings.EqualFold(a, user.Username) {
			return
		}
	}
	if user.ID == "" { // one of the allowed accounts can be given by its ID
		name := ""
		if user.Username != "" {
			name = fmt.Sprintf(", only its username %s. If that account is allowed, add the username to %s", user.Username, attributeAccounts)
		}
		diags.AddAttributeError(path.Root(attributeAccounts), summaryReadAccount,
			fmt.Sprintf("%s. The API does not return the ID of the account to this token%s. %s", limit, name, remedy))
		return
	}
	diags.AddAttributeError(path.Root(attributeAccounts), summaryWrongAccount,
		fmt.Sprintf("%s. The API token belongs to account %s. Nothing was read or written. Use a token of an allowed account, or add the account to %s.",
			limit, describeAccount(user), attributeAccounts))
}

// describeAccount returns the username and the ID of an account, as far as the API returns them.
func describeAccount(user *apify.User) string {
	switch {
	case user.ID == "":
		return user.Username
	case user.Username == "":
		return user.ID
	default:
		return fmt.Sprintf("%s (ID %s)", user.Username, user.ID)
	}
}

// unknown returns the names of the attributes whose values are unknown.
func (m *providerModel) unknown() []string {
	var names []string
	for _, a := range []struct {
		name  string
		value attr.Value
	}{
		{attributeToken, m.Token},
		{attributeBaseURL, m.BaseURL},
		{attributeAccounts, m.Accounts},
		{attributeMaxRetries, m.MaxRetries},
		{attributeRequestTimeout, m.RequestTimeout},
	} {
		if a.value.IsUnknown() {
			names = append(names, a.name)
		}
	}
	if slices.ContainsFunc(m.Accounts.Elements(), attr.Value.IsUnknown) {
		names = append(names, attributeAccounts)
	}
	return names
}

// readToken returns the token from the configuration or the environment. It removes white space
// around the token, such as the line break at the end of a file.
func readToken(configured types.String, diags *diag.Diagnostics) string {
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
			"The provider needs an API token for an Apify account. "+howToSetToken)
	case strings.ContainsFunc(token, func(r rune) bool { return r > unicode.MaxASCII || !unicode.IsGraphic(r) || unicode.IsSpace(r) }):
		diags.AddAttributeError(path.Root(attributeToken), summaryInvalidToken,
			origin+" contains white space or other characters that are invalid in a token. "+howToSetToken)
	}
	return token
}

const howToSetToken = "Set the environment variable " + tokenVariable + ", or the token attribute of the provider \"apify\" " +
	"block from a sensitive variable. Create tokens in Apify Console under Settings > API & Integrations: " + consoleIntegrationsURL

// readBaseURL returns the address of the API from the configuration or the environment.
func readBaseURL(configured types.String, diags *diag.Diagnostics) *url.URL {
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
			fmt.Sprintf("%s must be the URL of an Apify API, such as %s, but %s.", origin, apify.DefaultBaseURL, err))
		return nil
	}
	if base.Scheme == "http" && !isLoopback(base.Hostname()) {
		diags.AddAttributeWarning(path.Root(attributeBaseURL), summaryTokenInTheClear,
			fmt.Sprintf("%s is %s. The provider sends the API token to that host unencrypted, where anyone on the network path "+
				"can read it. Use https, unless you trust this network.", origin, base))
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

// userAgent returns the User-Agent header in the form of Terraform's own providers, with the user's
// addition.
func (p *apifyProvider) userAgent(terraformVersion string) string {
	agent := fmt.Sprintf("Terraform/%s terraform-provider-apify/%s", terraformVersion, p.version)
	if more := strings.TrimSpace(os.Getenv(appendUserAgentVariable)); more != "" {
		agent += " " + more
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' || r > '~' { // invalid in a header
			return -1
		}
		return r
	}, agent)
}
