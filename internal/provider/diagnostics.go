package provider

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/hashicorp/terraform-plugin-framework/diag"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// troubleshooting is the address of the guide for rare cases; an anchor of a heading follows.
const troubleshooting = "https://registry.terraform.io/providers/apify/apify/latest/docs/guides/troubleshooting#"

// apiError returns the diagnostic of a failed call. The outcome says what was left unchanged; empty
// if the caller adds that.
func apiError(err error, outcome string) diag.Diagnostic {
	var e *apify.Error
	if !errors.As(err, &e) {
		return diag.NewErrorDiagnostic("Apify request failed", join(sentence(err.Error()), outcome))
	}
	operation := "Could not " + e.Operation
	switch {
	case errors.Is(e.Stopped, context.Canceled):
		return diag.NewErrorDiagnostic("Apify request interrupted", join(operation+": Terraform was interrupted.", outcome))
	case errors.Is(e.Err, apify.ErrIncompleteList):
		return diag.NewErrorDiagnostic("Apify list incomplete",
			join(fmt.Sprintf("%s: %s. Apify's lists lag a few seconds behind changes.", operation, e.Err), outcome, "Try again in a minute."))
	case isOutage(e):
		return diag.NewErrorDiagnostic("Apify is not reachable", join(operation+": "+describeOutage(e)+".", outcome, adviseOutage(e)))
	case e.Type == "":
		return diag.NewErrorDiagnostic("Response is not from Apify",
			join(operation+": "+describeForeign(e), outcome, "A proxy or a login page is probably in the way. Check HTTPS_PROXY and base_url."))
	case e.Status == http.StatusUnauthorized:
		return diag.NewErrorDiagnostic("Apify API token rejected",
			fmt.Sprintf("Apify rejected the API token (%s). Check the environment variable %s or the provider's token attribute: the token may be "+
				"mistyped, expired or deleted. Create one at %s.", cause(e), tokenVariable, consoleIntegrationsURL))
	default:
		message := strings.TrimSuffix(e.Message, ".")
		if message == "" {
			message = "no reason given"
		}
		return diag.NewErrorDiagnostic("Apify refused the request",
			join(fmt.Sprintf("Apify refused to %s: %s (%s).", e.Operation, message, cause(e)), outcome, adviseRefusal(e)))
	}
}

// isOutage reports whether a call failed because the API could not be reached or could not respond.
func isOutage(e *apify.Error) bool {
	return e.Status == 0 || e.Status >= 500 || e.Status == http.StatusTooManyRequests || e.Status == http.StatusRequestTimeout ||
		errors.Is(e.Err, apify.ErrIncompleteBody)
}

// cause returns the status and the type of a response, or the reason why there was none.
func cause(e *apify.Error) string {
	switch {
	case e.Status == 0:
		return fmt.Sprintf("no response: %s", e.Err)
	case e.Type == "" && e.Err != nil:
		return e.StatusText() + ", but " + e.Err.Error()
	case e.Type == "":
		return e.StatusText()
	default:
		return e.StatusText() + ", " + e.Type
	}
}

// reason is cause for any error.
func reason(err error) string {
	var e *apify.Error
	if errors.As(err, &e) {
		return cause(e)
	}
	return err.Error()
}

func describeOutage(e *apify.Error) string {
	server := e.URL
	if u, err := url.Parse(e.URL); err == nil {
		server = u.Scheme + "://" + u.Host
	}
	tried := fmt.Sprintf("tried %d times", e.Attempts)
	if e.Attempts == 1 {
		tried = "tried once"
	}
	if errors.Is(e.Stopped, context.DeadlineExceeded) {
		tried += " until the timeout"
	}
	if e.Status == 0 {
		return fmt.Sprintf("no response from %s (%s, %s)", server, e.Err, tried)
	}
	return fmt.Sprintf("%s returned %s (%s)", server, cause(e), tried)
}

// adviseOutage returns the advice for a call without a response, or with one of a server that is
// overloaded or broken.
func adviseOutage(e *apify.Error) string {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		dns         *net.DNSError
	)
	switch {
	case errors.Is(e.Stopped, context.DeadlineExceeded):
		return "If the resource has short timeouts, raise them, and apply that with -refresh=false. Otherwise see https://status.apify.com."
	case e.Status == http.StatusTooManyRequests:
		return "Apply again later, or lower -parallelism."
	case e.Status != 0:
		return "Try again later, and see https://status.apify.com."
	case errors.As(e.Err, &certificate):
		return "This machine does not trust the server's certificate. If a proxy or a private CA signs certificates, install its root " +
			"certificate, or set SSL_CERT_FILE."
	case errors.As(e.Err, &record), errors.Is(e.Err, http.ErrSchemeMismatch):
		return "The server does not support TLS on that port. Check base_url."
	case apify.IsProxyError(e.Err):
		return "Check HTTPS_PROXY, HTTP_PROXY and NO_PROXY."
	case errors.As(e.Err, &dns) && dns.IsNotFound:
		return "The host name does not exist. Check base_url and the network."
	default:
		return "Check the network, base_url and HTTPS_PROXY, and https://status.apify.com."
	}
}

// describeForeign describes a response that is not the API's. Its body is never quoted.
func describeForeign(e *apify.Error) string {
	request := e.Method + " " + e.URL + " returned " + e.StatusText()
	switch {
	case e.Err != nil && (e.Length == 0 || strings.Contains(e.ContentType, "json")):
		return request + ", but " + strings.TrimSuffix(e.Err.Error(), ".") + "."
	case e.ContentType == "":
		return fmt.Sprintf("%s with %d bytes instead of JSON.", request, e.Length)
	default:
		return fmt.Sprintf("%s with %s (%d bytes) instead of Apify's JSON.", request, e.ContentType, e.Length)
	}
}

// adviseRefusal returns the advice for an error of the API itself, by its type first, then by its
// status, or "" if the API's own words are enough.
func adviseRefusal(e *apify.Error) string {
	switch {
	case slices.Contains([]string{"platform-feature-disabled", "user-disabled", "limit-reached", "dataset-locked"}, e.Type):
		return ""
	case e.Type == typeInsufficientPermissions && e.Method == http.MethodGet:
		return "Use a token with permission to read datasets: " + consoleIntegrationsURL + "."
	case e.Type == typeInsufficientPermissions:
		return "Use a token with permission to write datasets: " + consoleIntegrationsURL + "."
	case apify.IsNotFound(e):
		return "The dataset does not exist, or the API token has no access to it."
	case e.Status == http.StatusNotFound, e.Status == http.StatusMethodNotAllowed:
		return "The server does not have this endpoint. Check base_url."
	case e.Status == http.StatusPaymentRequired:
		return "See https://console.apify.com/billing."
	case e.Status == http.StatusConflict:
		return "Apply again."
	default:
		return ""
	}
}

// typeInsufficientPermissions is the API's error for a token without permission.
const typeInsufficientPermissions = "insufficient-permissions"

// warnings limits the warnings that can come in hundreds.
type warnings struct {
	mu    sync.Mutex
	named map[string]int     // number of named warnings, by kind
	given map[[2]string]bool // by kind and dataset
}

func newWarnings() *warnings { return &warnings{named: map[string]int{}, given: map[[2]string]bool{}} }

// warning is a warning about a dataset.
type warning struct {
	kind    string // the summary
	dataset string // ID
	name    string
	detail  string
}

// maxNamedWarnings is the number of warnings of one kind whose summaries contain the dataset.
// Further ones share one summary, and Terraform folds them into one warning.
const maxNamedWarnings = 10

// give returns a warning, or nothing if this process has given one of this kind about the dataset.
func (w *warnings) give(warning warning) diag.Diagnostics {
	w.mu.Lock()
	defer w.mu.Unlock()
	key := [2]string{warning.kind, warning.dataset}
	if w.given[key] {
		return nil
	}
	w.given[key] = true
	summary := warning.kind
	if w.named[warning.kind] < maxNamedWarnings {
		w.named[warning.kind]++
		summary += ": " + warning.name
	}
	return diag.Diagnostics{diag.NewWarningDiagnostic(summary, warning.detail)}
}

// sentence returns a text with a capital letter at the beginning and a full stop at the end.
func sentence(s string) string { return capitalize(strings.TrimSuffix(s, ".")) + "." }

func capitalize(s string) string {
	first, size := utf8.DecodeRuneInString(s)
	return string(unicode.ToUpper(first)) + s[size:]
}

// join joins sentences that are not empty.
func join(sentences ...string) string {
	var all []string
	for _, s := range sentences {
		if s != "" {
			all = append(all, s)
		}
	}
	return strings.Join(all, " ")
}

// describeRune names the first character of a text, which may be invisible.
func describeRune(s string) string {
	r, _ := utf8.DecodeRuneInString(s)
	if r == '\ufeff' {
		return "a byte order mark (U+FEFF)"
	}
	return fmt.Sprintf("the character %s (%U)", strconv.QuoteRune(r), r)
}
