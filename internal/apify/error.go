package apify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"sync"
	"unicode"
)

// ErrIncompleteBody is the cause of an [Error] whose response's body ended early.
var ErrIncompleteBody = errors.New("the body is incomplete")

// ErrIncompleteList is the cause of an [Error] whose list has fewer datasets than its own total.
var ErrIncompleteList = errors.New("the list is incomplete")

// Types of API errors that the client distinguishes, from ErrorType in Apify's OpenAPI document.
const (
	typeRecordNotFound        = "record-not-found"
	typeRecordOrTokenNotFound = "record-or-token-not-found"
)

// Error is the error of a failed call. It quotes neither the token nor a signature nor a signing
// key, whatever the server sent.
type Error struct {
	// Operation names the operation and the dataset, such as `create dataset "abc"`.
	Operation string
	// Method and URL are those of the request; the URL has no query.
	Method string
	URL    string
	// Attempts is the number of attempts; 0 if the request was not sent.
	Attempts int
	// Status is the HTTP status of the last response; 0 if the last attempt had none.
	Status int
	// Type and Message are those of the API's error; empty if the body was not the API's JSON.
	Type    string
	Message string
	// ContentType and Length describe a body that is not the API's error, as far as it was read.
	// Such a body is never quoted: it can be the page of a proxy, and contain anything.
	ContentType string
	Length      int64
	// Err is the reason why there was no response, or why the response could not be read.
	Err error
	// Stopped is the reason why there were no further attempts: [context.Canceled] after an
	// interrupt, [context.DeadlineExceeded] after the operation's timeout; else nil.
	Stopped error
	// MayHaveTakenEffect reports whether the server may have acted on one of the attempts.
	MayHaveTakenEffect bool
}

// Error returns the operation, the request, the result and the number of attempts in one line.
func (e *Error) Error() string {
	var b strings.Builder
	fmt.Fprintf(&b, "could not %s: %s %s ", e.Operation, e.Method, e.URL)
	switch {
	case e.Status == 0:
		fmt.Fprintf(&b, "got no response: %v", e.Err)
	case e.Type != "":
		fmt.Fprintf(&b, "returned %s, %s", e.StatusText(), e.Type)
		if e.Message != "" {
			fmt.Fprintf(&b, ": %s", strings.TrimSuffix(e.Message, "."))
		}
	default:
		contentType := e.ContentType
		if contentType == "" {
			contentType = "no content type"
		}
		fmt.Fprintf(&b, "returned %s with %s (%d bytes)", e.StatusText(), contentType, e.Length)
		if e.Err != nil {
			fmt.Fprintf(&b, ": %v", e.Err)
		}
	}
	switch {
	case e.Attempts == 1:
		b.WriteString(" (tried once)")
	case e.Attempts > 1:
		fmt.Fprintf(&b, " (tried %d times)", e.Attempts)
	}
	return b.String()
}

// Unwrap returns Err and Stopped.
func (e *Error) Unwrap() []error {
	return slices.DeleteFunc([]error{e.Err, e.Stopped}, func(err error) bool { return err == nil })
}

// StatusText returns the status with its name, such as "403 Forbidden", or "" without a response.
func (e *Error) StatusText() string {
	if e.Status == 0 {
		return ""
	}
	return statusText(e.Status)
}

func statusText(status int) string {
	return strings.TrimSpace(fmt.Sprintf("%d %s", status, http.StatusText(status)))
}

// IsNotFound reports whether the API itself responded that a record does not exist or is
// inaccessible to the token. A 404 of a proxy or of another server is not such a response.
func IsNotFound(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusNotFound &&
		(e.Type == typeRecordNotFound || e.Type == typeRecordOrTokenNotFound)
}

// IsForbidden reports whether the API itself responded with 403. A 403 of a proxy is not such a
// response.
func IsForbidden(err error) bool {
	var e *Error
	return errors.As(err, &e) && e.Status == http.StatusForbidden && e.Type != ""
}

// IsProxyError reports whether a proxy refused to connect to the server.
func IsProxyError(err error) bool {
	var proxy *proxyError
	return errors.As(err, &proxy)
}

// isUnreachable reports whether the API could not be connected to, or did not respond during a
// whole call. Neither a lost connection nor an interrupt proves that.
func isUnreachable(e *Error) bool {
	var timeout *timeoutError // of an attempt; a shorter timeout of the operation proves nothing
	return e.Attempts > 0 && e.Status == 0 && !errors.Is(e.Stopped, context.Canceled) &&
		(!e.MayHaveTakenEffect || errors.As(e.Err, &timeout))
}

// newError returns the error of an attempt.
func (c *Client) newError(r *request, a *attempt, err error) *Error {
	if err != nil {
		err = &cause{c.secrets.printable(err.Error()), err}
	}
	return &Error{
		Operation: r.operation, Method: r.method, URL: c.url(r.path, nil), Attempts: a.Number, Status: a.Status, Err: err,
	}
}

// cause is an error with a printable text without secrets: errors of net/http can quote the server.
type cause struct {
	text string
	err  error
}

func (e *cause) Error() string { return e.text }
func (e *cause) Unwrap() error { return e.err }

// apiType matches the types of the API's errors.
var apiType = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)*$`)

// describeBody sets the fields of an error that come from the response's body and header.
func (c *Client) describeBody(e *Error, r *request, raw []byte, header http.Header) {
	var envelope struct {
		Error struct {
			Type    string `json:"type"`
			Message string `json:"message"`
		} `json:"error"`
	}
	if e.Err == nil && json.Unmarshal(raw, &envelope) == nil && apiType.MatchString(envelope.Error.Type) {
		e.Type = envelope.Error.Type
		if e.Type != typeRecordNotFound && e.Type != typeRecordOrTokenNotFound { // which a short token may be part of
			e.Type = c.secrets.printable(e.Type)
		}
		if !r.private {
			e.Message = c.secrets.printable(envelope.Error.Message)
		}
		return
	}
	// It is masked first, because parsing changes its case.
	if mediaType, _, err := mime.ParseMediaType(c.secrets.printable(header.Get("Content-Type"))); err == nil {
		e.ContentType = mediaType
	}
	e.Length = int64(len(raw))
}

// secrets are the token, the signing keys and the signatures that a client has sent or received, as
// the keys of a map. Errors mask them by value.
type secrets struct{ sync.Map }

// add records a secret and its forms in URLs.
func (s *secrets) add(secret string) {
	for _, form := range []string{secret, url.QueryEscape(secret), url.PathEscape(secret)} {
		if form != "" {
			s.Store(form, nil)
		}
	}
}

// addDataset records the signing key and the signature of a dataset. Short texts are neither, and
// would mask parts of ordinary words.
func (s *secrets) addDataset(d *Dataset) {
	const minLength = 6
	if key := d.URLSigningSecretKey; key != nil && len(*key) >= minLength {
		s.add(*key)
	}
	if d.ItemsPublicURL != nil {
		if _, signature, _ := SplitSignature(*d.ItemsPublicURL); len(signature) >= minLength {
			s.add(signature)
		}
	}
}

// printable returns the beginning of a text without secrets, control characters and invalid UTF-8.
func (s *secrets) printable(text string) string {
	const maxCharacters, maxScanned = 300, 64 << 10
	// Control characters are removed first: a secret can contain one.
	text = strings.Map(func(r rune) rune {
		switch {
		case unicode.IsSpace(r):
			return ' '
		case !unicode.IsPrint(r):
			return -1
		}
		return r
	}, strings.ToValidUTF8(text[:min(len(text), maxScanned)], ""))
	var found []string
	s.Range(func(secret, _ any) bool {
		if secret, ok := secret.(string); ok && strings.Contains(text, secret) {
			found = append(found, secret)
		}
		return true
	})
	// A secret can be a part of a longer one.
	slices.SortFunc(found, func(a, b string) int { return len(b) - len(a) })
	for _, secret := range found {
		text = strings.ReplaceAll(text, secret, "(redacted)")
	}
	characters := []rune(strings.TrimSpace(text))
	if len(characters) > maxCharacters {
		return string(characters[:maxCharacters-1]) + "…"
	}
	return string(characters)
}
