package apify

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"unicode"
)

// Types of API errors that the client distinguishes, from ErrorType in Apify's OpenAPI document.
const (
	typeRecordNotFound        = "record-not-found"
	typeRecordOrTokenNotFound = "record-or-token-not-found"
)

// maxQuote limits how many characters of a body that is not the API's are quoted.
const maxQuote = 200

// ErrIncompleteBody is the cause of an [Error] whose response's body ended early.
var ErrIncompleteBody = errors.New("the body is incomplete")

// ErrIncompleteList is the cause of an [Error] whose list has fewer datasets than its own total.
var ErrIncompleteList = errors.New("the list is incomplete")

// Error is the error of a failed call. It quotes neither the token nor a signature, whatever the
// server sent.
type Error struct {
	// Operation names the operation and the dataset, such as `read dataset "abc"`.
	Operation string
	// Method and URL are those of the request; the URL has no query.
	Method string
	URL    string
	// Attempts is the number of attempts.
	Attempts int
	// Status is the HTTP status of the last response; 0 if the last attempt had none.
	Status int
	// Type and Message are those of the API's error; empty if the body was not the API's.
	Type    string
	Message string
	// Body is the beginning of a body that is not the API's, made printable.
	Body string
	// Location is the target of a 3xx response, without its query.
	Location string
	// Err is the reason why there was no response, or why the response could not be read.
	Err error
	// Stopped is the reason why there were no further attempts: [context.Canceled] after an
	// interrupt, [context.DeadlineExceeded] after the operation's timeout; else nil.
	Stopped error
	// MayHaveTakenEffect reports whether the server may have acted on one of the attempts.
	MayHaveTakenEffect bool
	// CreatedID is the ID of the dataset that the server created, if only the Location header of
	// the response could be read.
	CreatedID string

	// secrets are the token and all signing keys and signatures that the client has received.
	secrets []string
}

// Error returns the operation, the request, the result and the number of attempts in one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "could not %s: ", e.Operation)
	if e.Method != "" {
		fmt.Fprintf(&b, "%s %s ", e.Method, e.URL)
	}
	switch {
	case e.Status == 0:
		fmt.Fprintf(&b, "got no response: %s", e.cause())
	case e.Type != "" && e.Message != "":
		fmt.Fprintf(&b, "returned %s, %s: %s", e.status(), e.Type, strings.TrimSuffix(e.Message, "."))
	case e.Type != "" || e.Message != "":
		fmt.Fprintf(&b, "returned %s, %s", e.status(), e.Type+strings.TrimSuffix(e.Message, "."))
	case e.Location != "":
		fmt.Fprintf(&b, "returned %s, a redirect to %s", e.status(), e.Location)
	case e.Err != nil:
		fmt.Fprintf(&b, "returned %s, but %s", e.status(), e.cause())
	default:
		fmt.Fprintf(&b, "returned %s without an Apify error body", e.status())
	}
	if e.Body != "" {
		fmt.Fprintf(&b, "; the body starts with %q", e.Body)
	}
	switch {
	case e.Attempts == 1:
		b.WriteString(" (tried once)")
	case e.Attempts > 1:
		fmt.Fprintf(&b, " (tried %d times)", e.Attempts)
	}
	return b.String()
}

// cause returns the text of Err, which can quote the server.
func (e *Error) cause() string { return e.printable(fmt.Sprint(e.Err)) }

// Unwrap returns Err and Stopped.
func (e *Error) Unwrap() []error {
	var errs []error
	for _, err := range []error{e.Err, e.Stopped} {
		if err != nil {
			errs = append(errs, err)
		}
	}
	return errs
}

func (e *Error) status() string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", e.Status, http.StatusText(e.Status)))
}

// setBody sets the fields that come from a failed response's body and header.
func (e *Error) setBody(raw []byte, header http.Header) {
	var envelope struct {
		Error *struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if e.Status >= 300 && json.Unmarshal(raw, &envelope) == nil && envelope.Error != nil {
		e.Type = envelope.Error.Type
		if e.Type != typeRecordNotFound && e.Type != typeRecordOrTokenNotFound { // which a short token may be part of
			e.Type = e.printable(e.Type)
		}
		e.Message = e.printable(envelope.Error.Message)
	}
	if e.Type == "" && e.Message == "" {
		e.Body = e.printable(string(raw))
	}
	if location, err := url.Parse(header.Get("Location")); err == nil && e.Status >= 300 && e.Status < 400 {
		location.User, location.RawQuery, location.Fragment = nil, "", ""
		e.Location = e.printable(location.String())
	}
}

// maskedSecrets matches the parts of a body that must not be quoted, in any spelling: in URLs, also
// percent-encoded once or twice; in headers; in JSON, also within JSON strings; in forms, YAML and
// HTML, with entities. The replacement is that for a match. Only errors use the pattern, so it is
// not compiled when the provider starts.
var maskedSecrets = sync.OnceValues(func() (pattern *regexp.Regexp, replacement string) {
	const (
		// name matches the names of secrets: tokens, passwords, signatures and keys.
		name = `(?:token|password|passwd|passphrase|signature|(?:url_?)?signing_?(?:secret_?)?key|(?:secret|api|access)_?key|secret)`
		// entity matches the beginning of an HTML entity, which can be escaped itself.
		entity = `&(?:amp;)?`
		space  = `(?:\s|%20|%2520|\+)*`
		// afterScheme separates the scheme of an Authorization header from the credentials.
		afterScheme = `(?:\s+|%20|%2520|\+)`
		equals      = `(?:=|:|%3D|%3A|%253D|%253A|` + entity + `(?:equals|colon|#0*61|#0*58|#x0*3d|#x0*3a);)`
		// A value without quotes ends at the first of these.
		unquoted = `[^&"'\\\s<>,;}]+`
	)
	var values []string
	group, opening, closing := 1, "", ""
	quoted := func(start, content, end string) {
		values = append(values, "("+start+")"+content+"("+end+"|$)")
		opening, closing = fmt.Sprintf("%s${%d}", opening, group+1), fmt.Sprintf("%s${%d}", closing, group+2)
		group += 2
	}
	quoted(`"`, `(?:[^"\\]|\\.)*`, `"`)
	quoted(`'`, `(?:[^'\\]|\\.)*`, `'`)
	quotes := []string{
		`\\+"`, `\\+'`, `\\+u0022`, `\\+u0027`, "%22", "%27", "%2522", "%2527",
		entity + "(?:quot|#0*34|#x0*22);", entity + "(?:apos|#0*39|#x0*27);",
	}
	for _, quote := range quotes {
		quoted(quote, `.*?`, quote)
	}
	quoted(`\[`, `.*?`, `\]`)
	quoted(`\{`, `.*?`, `\}`)
	values = append(values, unquoted)
	pattern = regexp.MustCompile(`(?i)(` +
		name + `(?:"|'|` + strings.Join(quotes, "|") + `)?` + space + equals + space + `|` +
		`authorization` + space + equals + space + `basic` + afterScheme + `|` +
		`bearer` + afterScheme +
		`)(?:` + strings.Join(values, "|") + `)`)
	return pattern, "${1}" + opening + redacted + closing
})

// userInfo matches the user name and the password in a URL.
var userInfo = regexp.MustCompile(`://[^/\s:@"'<>]+:[^@/\s"'<>]*@`)

// maxScanned limits how many bytes of a body are searched for secrets.
const maxScanned = 64 << 10

// printable returns the beginning of s without secrets, control characters and invalid UTF-8.
func (e *Error) printable(s string) string {
	s = s[:min(len(s), maxScanned)]
	// Control characters are removed first: the pattern does not match a secret that contains one.
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	for _, secret := range e.secrets {
		s = strings.ReplaceAll(s, secret, redacted)
	}
	s = userInfo.ReplaceAllString(s, "://"+redacted+"@")
	secrets, masked := maskedSecrets()
	s = strings.TrimSpace(secrets.ReplaceAllString(s, masked))
	n := 0
	for i := range s {
		if n++; n > maxQuote {
			return s[:i] + "…"
		}
	}
	return s
}

// redacted replaces a secret.
const redacted = "(redacted)"

// IsNotFound reports whether the API itself responded that a record does not exist or is
// inaccessible to the token. A 404 of a proxy or of another server is not such a response.
func IsNotFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound &&
		(e.Type == typeRecordNotFound || e.Type == typeRecordOrTokenNotFound)
}

// IsProxyError reports whether a proxy refused to connect to the server.
func IsProxyError(err error) bool {
	var proxy *proxyError
	return errors.As(err, &proxy)
}

// IsForbidden reports whether the API itself responded that the token does not have permission.
func IsForbidden(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusForbidden && e.Type != ""
}

// proxyError is the error of a proxy that did not connect to the server.
type proxyError struct {
	proxy  string // its host
	status int
}

func (e *proxyError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the proxy %s returned %d %s", e.proxy, e.status, http.StatusText(e.status)))
}
