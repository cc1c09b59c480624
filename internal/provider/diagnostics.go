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
	if errors.Is(err, errInvalidTimestamp) {
		return invalidTimestamp()
	}
	paragraphs := []string{sentence(err.Error())}
	if advice := advise(err); advice != "" {
		paragraphs = append(paragraphs, advice)
	}
	return diag.NewErrorDiagnostic(summary, strings.Join(append(paragraphs, more...), "\n\n"))
}

// sentence returns a text with a capital letter at the beginning and a full stop at the end.
func sentence(s string) string {
	if s == "" {
		return s
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.HasSuffix(s, ".") {
		s += "."
	}
	return s
}

// advise returns what a user can do about an error of the client, or "".
func advise(err error) string {
	var e *apify.Error
	if !errors.As(err, &e) {
		return ""
	}
	advice := adviseStatus(e)
	switch {
	case errors.Is(e.Stopped, context.Canceled):
		advice = join("The operation was interrupted.", advice)
	case errors.Is(e.Stopped, context.DeadlineExceeded):
		advice = join("The operation's own timeout left no time for another attempt; it can be raised in the resource's "+
			"timeouts attribute.", advice)
	}
	return advice
}

func join(a, b string) string { return strings.TrimSpace(a + " " + b) }

func adviseStatus(e *apify.Error) string {
	const elsewhere = "Check that the provider's base_url (or " + apiBaseURLVariable + ", " + clientBaseURLVariable +
		") is the address of an Apify API, and that no proxy answers in its stead."
	switch status := e.Status; {
	case status == 0:
		return adviseNoResponse(e.Err)
	case status >= 300 && status < 400:
		return "Redirects are not followed, since the API token would go along. " + elsewhere
	case status == http.StatusUnauthorized:
		return "The server does not accept the API token. " + howToSetToken
	case status == http.StatusPaymentRequired:
		return "The account's plan or balance does not allow this: see Billing in Apify Console, https://console.apify.com/billing."
	case status == http.StatusForbidden:
		return "The API token may not do this. Give the token the permission in Apify Console (" + consoleIntegrationsURL +
			"), have the dataset's owner share it with write access, or use the owner's token."
	case apify.IsNotFound(e):
		return "There is no such dataset, or the API token's account may not see it."
	case status < 500 && errors.Is(e.Err, apify.ErrIncompleteBody):
		return adviseNoResponse(e.Err)
	case e.Type == "" && e.Message == "" && status < 500 && status != http.StatusTooManyRequests:
		return "The answer is not what the API would send. " + elsewhere
	case status == http.StatusNotFound, status == http.StatusMethodNotAllowed:
		return "The server does not know this call. " + elsewhere
	case status == http.StatusRequestEntityTooLarge:
		return "The request is larger than the server takes. Nothing was changed."
	case status == http.StatusConflict:
		return "The server sees a conflict with something that exists or is being changed. Nothing was changed; resolve it and apply again."
	case status == http.StatusTooManyRequests:
		return "The API's rate limit was exceeded for longer than the provider retries. Apply again later, lower -parallelism, or raise the provider's max_retries."
	case status < 500:
		return "The server refused the request, and nothing was changed. Correct what its message names."
	default:
		return "The server is in trouble: try again later, and see https://status.apify.com. Nothing is lost; applying again takes up where this stopped."
	}
}

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
		return "The server's certificate is not one that this machine trusts. Check " + where + "; where a proxy or an own " +
			"authority signs certificates, install its root certificate, or name its file in SSL_CERT_FILE."
	case errors.As(err, &record), errors.Is(err, http.ErrSchemeMismatch):
		return "The server does not speak TLS on that port. Check whether " + where + " should begin with http:// or name another port."
	case errors.As(err, &dns) && dns.IsNotFound:
		return "There is no host of that name. Check the spelling of " + where + "."
	case errors.As(err, &dial) && (dial.Op == "dial" || dial.Op == "proxyconnect"):
		return "No connection could be made. Check the network, " + where + ", and HTTPS_PROXY, HTTP_PROXY and NO_PROXY where a proxy is needed."
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return ""
	default:
		return "The network or the server failed. Try again; if it goes on, check " + where + " and the provider's request_timeout."
	}
}
