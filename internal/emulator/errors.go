package emulator

import (
	"fmt"
	"net/http"
	"strings"
)

// apiError is a failed answer: {"error": {"type", "message"}} with its HTTP status. The types are
// members of ErrorType in Apify's OpenAPI document.
type apiError struct {
	status  int
	kind    string
	message string
}

func (e *apiError) Error() string {
	return fmt.Sprintf("%d %s: %s", e.status, e.kind, e.message)
}

func errTokenNotProvided() error {
	return &apiError{http.StatusUnauthorized, "token-not-provided",
		"Authentication token was not provided. Send it in the Authorization header as \"Bearer TOKEN\"."}
}

func errTokenUnknown() error {
	return &apiError{http.StatusUnauthorized, "user-or-token-not-found",
		"No user has this authentication token."}
}

func errForbidden(message string) error {
	return &apiError{http.StatusForbidden, "insufficient-permissions", message}
}

func errDatasetNotFound() error {
	return &apiError{http.StatusNotFound, "record-not-found", "Dataset was not found."}
}

func errRouteNotFound(path string) error {
	return &apiError{http.StatusNotFound, "page-not-found",
		fmt.Sprintf("There is no API endpoint at %q.", path)}
}

func errMethodNotAllowed(allowed []string) error {
	return &apiError{http.StatusMethodNotAllowed, "method-not-allowed",
		"This API end-point can only be accessed using the following HTTP methods: " + strings.Join(allowed, ",")}
}

func errNameTaken(name string) error {
	return &apiError{http.StatusBadRequest, "name-not-unique",
		fmt.Sprintf("You already have a dataset named %q.", name)}
}

func errInvalid(kind, format string, args ...any) error {
	return &apiError{http.StatusBadRequest, kind, fmt.Sprintf(format, args...)}
}

func errTooLarge(length int64) error {
	return &apiError{http.StatusRequestEntityTooLarge, "request-too-large",
		fmt.Sprintf("The payload is too large (limit: %d bytes, actual length: %d bytes).", maxBodyBytes, length)}
}

func errContentEncoding(encoding string) error {
	return &apiError{http.StatusUnsupportedMediaType, "unsupported-content-encoding",
		fmt.Sprintf("Content-Encoding %q is not supported.", encoding)}
}
