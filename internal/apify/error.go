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
)

// The types of the API's errors that the client tells apart, from ErrorType in
// Apify's OpenAPI document.
const (
	typeRecordNotFound        = "record-not-found"
	typeRecordOrTokenNotFound = "record-or-token-not-found"
)

// maxQuote is how many characters of a body that is not the API's are quoted.
const maxQuote = 200

// ErrBrokenOff is in an [Error] whose answer began to arrive and did not end.
var ErrBrokenOff = errors.New("it broke off")

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
	// Ambiguous is whether some attempt may have taken effect on the server.
	Ambiguous bool

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
	case e.Status == 0:
		fmt.Fprintf(&b, "got no answer: %s", e.cause())
	case e.Type != "" && e.Message != "":
		fmt.Fprintf(&b, "answered %s, %s: %s", e.status(), e.Type, e.Message)
	case e.Type != "" || e.Message != "":
		fmt.Fprintf(&b, "answered %s, %s", e.status(), e.Type+e.Message)
	case e.Location != "":
		fmt.Fprintf(&b, "answered %s, a redirect to %s", e.status(), e.Location)
	case e.Err != nil:
		fmt.Fprintf(&b, "answered %s, but %s", e.status(), e.cause())
	default:
		fmt.Fprintf(&b, "answered %s without an error that the API would send", e.status())
	}
	if e.Body != "" {
		fmt.Fprintf(&b, "; the answer begins %q", e.Body)
	}
	switch {
	case e.Attempts == 1:
		b.WriteString(" (tried once)")
	case e.Attempts > 1:
		fmt.Fprintf(&b, " (tried %d times)", e.Attempts)
	}
	return b.String()
}

// cause is the text of Err, which may quote what the server sent.
func (e *Error) cause() string { return e.printable(fmt.Sprint(e.Err)) }

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
		e.Type = envelope.Error.Type
		if e.Type != typeRecordNotFound && e.Type != typeRecordOrTokenNotFound { // in which a short token may occur
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

// secrets are what a quoted answer must not show: tokens, signatures and the
// keys that make them, in URLs and headers and in JSON, also in JSON within JSON.
var secrets = regexp.MustCompile(`(?i)((?:signature|token)(?:=|%3D)|(?:signature|token|urlSigningSecretKey)\\*"\s*:\s*\\*"|bearer\s+)[^&"\\\s]+`)

// maxScanned bounds how many bytes of an answer are searched for secrets.
const maxScanned = 64 << 10

// printable is text fit for a terminal: the beginning of s without secrets,
// control characters and bad UTF-8.
func (e *Error) printable(s string) string {
	s = s[:min(len(s), maxScanned)]
	// Before the secrets, which could not be seen with control characters in them.
	s = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, ""))
	if e.token != "" {
		s = strings.ReplaceAll(s, e.token, redacted)
	}
	s = strings.TrimSpace(secrets.ReplaceAllString(s, "${1}"+redacted))
	n := 0
	for i := range s {
		if n++; n > maxQuote {
			return s[:i] + "…"
		}
	}
	return s
}

// redacted stands for a secret.
const redacted = "(redacted)"

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

// proxyError is what a proxy answered instead of connecting to the server.
type proxyError struct {
	proxy  string // its host
	status int
}

func (e *proxyError) Error() string {
	return strings.TrimSpace(fmt.Sprintf("the proxy %s answered %d %s", e.proxy, e.status, http.StatusText(e.status)))
}

// permanent tells of an error without an answer that another attempt would end
// the same: the address or a certificate is wrong, or a proxy refuses.
func permanent(err error) bool {
	var (
		certificate *tls.CertificateVerificationError
		record      tls.RecordHeaderError
		dns         *net.DNSError
		proxy       *proxyError
	)
	return errors.As(err, &certificate) ||
		errors.As(err, &proxy) && !passingStatus(proxy.status) ||
		errors.As(err, &record) ||
		errors.Is(err, http.ErrSchemeMismatch) ||
		errors.As(err, &dns) && dns.IsNotFound
}
