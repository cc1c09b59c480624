package apify

import (
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// The types of the API's errors that the client tells apart, from ErrorType in
// Apify's OpenAPI document.
const (
	typeRecordNotFound        = "record-not-found"
	typeRecordOrTokenNotFound = "record-or-token-not-found"
)

// maxQuote is how many characters of a body that is not the API's are quoted.
const maxQuote = 200

// Error is why a call of the API failed. It quotes neither the token nor a
// signature, whatever the server answered.
type Error struct {
	// Op is what was tried, on which dataset, such as `reading dataset "abc"`.
	Op string
	// Method and URL are the request's; the URL is without its query.
	Method string
	URL    string
	// Attempts is how often the request was sent.
	Attempts int
	// Status is the last answer's HTTP status; 0 where none arrived.
	Status int
	// Type and Message are the API's own; empty where the body was not the API's.
	Type    string
	Message string
	// Body is the beginning of a body that is not the API's, made printable.
	Body string
	// Location is where a 3xx answer pointed to, without its query.
	Location string
	// Err is why no answer arrived, or why it could not be read.
	Err error
	// Stopped is what ended the attempts early: [context.Canceled] after an
	// interrupt, [context.DeadlineExceeded] after the operation's timeout.
	Stopped error

	token string
}

// Error tells the whole story in one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s: ", e.Op)
	if e.Method != "" {
		fmt.Fprintf(&b, "%s %s ", e.Method, e.URL)
	}
	switch {
	case e.Type != "" || e.Message != "":
		fmt.Fprintf(&b, "answered %s, %s: %s", e.status(), e.Type, e.Message)
	case e.Location != "":
		fmt.Fprintf(&b, "answered %s, a redirect to %s", e.status(), e.Location)
	case e.Status != 0 && e.Err != nil:
		fmt.Fprintf(&b, "answered %s, but %v", e.status(), e.Err)
	case e.Status != 0:
		fmt.Fprintf(&b, "answered %s without an error that the API would send", e.status())
	default:
		fmt.Fprintf(&b, "got no answer: %v", e.Err)
	}
	if e.Body != "" {
		fmt.Fprintf(&b, "; the answer begins %q", e.Body)
	}
	if e.Attempts > 1 {
		fmt.Fprintf(&b, " (tried %d times)", e.Attempts)
	}
	return b.String()
}

// Unwrap gives the cause, and what stopped the attempts.
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

// setBody takes a failed answer's body and headers apart.
func (e *Error) setBody(raw []byte, header http.Header) {
	var envelope struct {
		Error *struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if e.Status >= 300 && json.Unmarshal(raw, &envelope) == nil && envelope.Error != nil {
		e.Type = e.printable(envelope.Error.Type)
		e.Message = e.printable(envelope.Error.Message)
	}
	if e.Type == "" && e.Message == "" {
		e.Body = e.printable(string(raw))
	}
	if location, err := url.Parse(header.Get("Location")); err == nil && e.Status >= 300 && e.Status < 400 {
		e.Location = e.printable(location.Redacted())
		if before, _, found := strings.Cut(e.Location, "?"); found {
			e.Location = before
		}
	}
}

// secrets are what a quoted answer must not show: signatures and the keys that
// make them, in URLs and in JSON.
var secrets = regexp.MustCompile(`(?i)(signature=|"urlSigningSecretKey"\s*:\s*"|token=|bearer\s+)[^&"\s]*`)

// printable is text fit for a terminal: the beginning of s without secrets,
// control characters and bad UTF-8.
func (e *Error) printable(s string) string {
	if e.token != "" {
		s = strings.ReplaceAll(s, e.token, "(redacted)")
	}
	s = secrets.ReplaceAllString(s, "${1}(redacted)")
	var b strings.Builder
	n := 0
	for _, r := range strings.ToValidUTF8(s, "") {
		if unicode.IsSpace(r) {
			r = ' '
		}
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			continue
		}
		if n++; n > maxQuote {
			b.WriteRune('…')
			break
		}
		b.WriteRune(r)
	}
	return strings.TrimSpace(b.String())
}

// IsNotFound tells whether the API itself said that a record does not exist, or
// is not for this token: a 404 of a proxy or of another server is not that.
func IsNotFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound &&
		(e.Type == typeRecordNotFound || e.Type == typeRecordOrTokenNotFound)
}

// IsRefused tells whether the server understood a request and would not act on
// it: a status of class 4xx.
func IsRefused(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status >= 400 && e.Status < 500
}

// permanent tells of an error without an answer that another attempt would end
// the same: the address or a certificate is wrong.
func permanent(err error) bool {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		dns         *net.DNSError
	)
	return errors.As(err, &certificate) ||
		errors.As(err, &record) ||
		errors.Is(err, http.ErrSchemeMismatch) ||
		errors.As(err, &dns) && dns.IsNotFound
}
