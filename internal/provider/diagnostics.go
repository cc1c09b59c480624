package provider

import (
	"context"
	"crypto/tls"
	"errors"
	"net"
	"net/http"
	"strings"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// clientError returns the diagnostic of an error of the client. Its paragraphs are the error, the
// advice for it, and more.
func clientError(summary string, err error, more ...string) diag.Diagnostic {
	return newClientError(summary, err, "", more)
}

// operationError is clientError for an operation that the resource's timeouts attribute limits.
func operationError(summary string, err error, more ...string) diag.Diagnostic {
	return newClientError(summary, err, "Raise the limit in the resource's timeouts attribute.", more)
}

func newClientError(summary string, err error, afterTimeout string, more []string) diag.Diagnostic {
	if errors.Is(err, errInvalidTimestamp) {
		return invalidTimestamp()
	}
	paragraphs := []string{sentence(err.Error())}
	if advice := advise(err, afterTimeout); advice != "" {
		paragraphs = append(paragraphs, advice)
	}
	return diag.NewErrorDiagnostic(summary, strings.Join(append(paragraphs, more...), "\n\n"))
}

// sentence returns a text with a capital letter at the beginning and a full stop at the end.
func sentence(s string) string {
	if s == "" {
		return s
	}
	s = capitalize(s)
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// advise returns what a user can do about an error of the client, or "". The text afterTimeout is
// part of it if the operation's timeout ended the call.
func advise(err error, afterTimeout string) string {
	var (
		e       *apify.Error
		account *accountError
	)
	isAccount := errors.As(err, &account)
	switch {
	case errors.Is(err, errNoAccountID):
		return "Tokens of Actor runs without full access do not get it. " + unlimitedToken
	case !errors.As(err, &e):
		return ""
	case isAccount && apify.IsForbidden(e):
		return "Tokens with limited permissions cannot read their own account. " + unlimitedToken
	}
	stopped := adviseStopped(e)
	// The lookup of the account has a limit of its own. Without an attempt, another limit ended it.
	if errors.Is(e.Stopped, context.DeadlineExceeded) && (!isAccount || e.Attempts == 0) {
		stopped = join(stopped, afterTimeout)
	}
	return join(stopped, adviseStatus(e))
}

const unlimitedToken = "Use a token of the account without limited permissions: " + consoleIntegrationsURL + "."

// adviseStopped returns the reason why there were no further attempts, or "".
func adviseStopped(e *apify.Error) string {
	switch {
	case errors.Is(e.Stopped, context.Canceled):
		return "The operation was interrupted."
	case errors.Is(e.Stopped, context.DeadlineExceeded):
		return "The operation timed out before another attempt could be made."
	default:
		return ""
	}
}

// capitalize returns a text that is not empty with a capital letter at the beginning.
func capitalize(s string) string { return strings.ToUpper(s[:1]) + s[1:] }

func join(a, b string) string { return strings.TrimSpace(a + " " + b) }

// adviseStatus returns the advice for an error with or without a response, most specific first.
func adviseStatus(e *apify.Error) string {
	const elsewhere = "check that the provider's base_url (or " + apiBaseURLVariable + ", " + clientBaseURLVariable +
		") is the URL of an Apify API, and that no proxy is intercepting requests."
	isAPIError := e.Type != "" // a gateway can have an "error" with a message too
	switch status := e.Status; {
	case status == 0:
		return adviseNoResponse(e.Err)
	case status == http.StatusProxyAuthRequired:
		return "A proxy requires authentication. Check " + proxyVariables + "."
	case status >= 300 && status < 400:
		return "Redirects are not followed because that would send the API token to another host. " + capitalize(elsewhere)
	case status < 500 && errors.Is(e.Err, apify.ErrIncompleteBody):
		return adviseNoResponse(e.Err)
	case errors.Is(e.Err, apify.ErrIncompleteList):
		return "Apify's lists lag behind changes for some seconds. Nothing was changed. Try again in a minute."
	case !isAPIError && status < 500 && status != http.StatusTooManyRequests:
		return "The response did not come from the Apify API. " + capitalize(elsewhere)
	case status == http.StatusUnauthorized:
		return "The API rejected the API token. " + howToSetToken
	case e.Type == "dataset-locked":
		return "Apify has locked the dataset for the reason in its message above. Nothing was changed. If the reason is the account's plan or balance, " +
			"see Billing in Apify Console: https://console.apify.com/billing."
	case status == http.StatusPaymentRequired:
		return "The account's plan or balance does not allow this operation. See Billing in Apify Console: https://console.apify.com/billing."
	case status == http.StatusForbidden:
		return "The API token does not have permission for this operation. Give the token the permission in Apify Console (" + consoleIntegrationsURL +
			"), ask the dataset's owner to share the dataset with write access, or use the owner's token."
	case apify.IsNotFound(e):
		return "The dataset does not exist, or is inaccessible to the API token."
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return "The server does not support this endpoint. " + capitalize(elsewhere)
	case status == http.StatusRequestEntityTooLarge:
		return "The request is larger than the server accepts. Nothing was changed."
	case status == http.StatusConflict:
		return "The request conflicts with an existing object or a concurrent change. Nothing was changed. Resolve the conflict and apply again."
	case status == http.StatusTooManyRequests:
		const limited = "The API's rate limit was exceeded for longer than the provider retries. Apply again later, lower -parallelism, or raise the provider's max_retries."
		if !isAPIError {
			return limited + " The response did not come from the Apify API: if the error persists, " + elsewhere
		}
		return limited
	case status < 500:
		return "The server refused the request, and nothing was changed. Fix the problem described in the message above."
	case !isAPIError:
		return "The server, or a proxy in front of it, returned an error. Try again later, and see https://status.apify.com. Nothing is lost. " +
			"Run terraform apply again to continue. If the error persists, " + elsewhere
	default:
		return "The Apify API returned a server error. Try again later, and see https://status.apify.com. Nothing is lost. Run terraform apply again to continue."
	}
}

const proxyVariables = "HTTPS_PROXY, HTTP_PROXY and NO_PROXY"

// adviseNoResponse returns the advice for an attempt without a response.
func adviseNoResponse(err error) string {
	const where = "the provider's base_url (or " + apiBaseURLVariable + ", " + clientBaseURLVariable + ")"
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		dns         *net.DNSError
		dial        *net.OpError
	)
	switch {
	case errors.As(err, &certificate):
		return "This machine does not trust the server's certificate. Check " + where + ". If a proxy or a private CA signs certificates, " +
			"install its root certificate, or set SSL_CERT_FILE to its file."
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "The server does not support TLS on that port. Check whether " + where + " must start with http:// or use another port."
	case errors.As(err, &dial) && dial.Op == "proxyconnect", apify.IsProxyError(err):
		return "The provider could not connect through the proxy. Check " + proxyVariables + "."
	case errors.As(err, &dns) && dns.IsNotFound:
		return "The host name does not exist. Check the spelling of " + where + "."
	case errors.As(err, &dial) && dial.Op == "dial":
		return "The provider could not connect. Check the network, " + where + ", and " + proxyVariables + " if you use a proxy."
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return ""
	default:
		return "The network or the server failed. Try again. If the error persists, check " + where + " and the provider's request_timeout."
	}
}
