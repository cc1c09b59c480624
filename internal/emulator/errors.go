package emulator

import (
	"fmt"
	"net/http"
	"strings"
)

// apiError is the error of a response: {"error": {"type", "message"}} with an HTTP status. The
// types are values of ErrorType in Apify's OpenAPI document.
type apiError struct {
	status    int
	errorType string
	message   string
}

func (e *apiError) Error() string {
	return fmt.Sprintf("%d %s: %s", e.status, e.errorType, e.message)
}

func errTokenNotProvided() error {
	return &apiError{http.StatusUnauthorized, "token-not-provided",
		"Authentication token was not provided. Send it in the Authorization header as \"Bearer TOKEN\"."}
}

func errTokenUnknown() error {
	return &apiError{http.StatusUnauthorized, "user-or-token-not-found",
		"User was not found or authentication token is not valid."}
}

func errAuthenticationScheme() error {
	return &apiError{http.StatusUnauthorized, "auth-method-not-supported",
		"The Authorization header must be \"Bearer TOKEN\"."}
}

// checkToken ends the messages of missing permissions.
const checkToken = " Make sure you're passing a correct API token and that it has the required permissions."

func errForbidden() error {
	return &apiError{http.StatusForbidden, "insufficient-permissions", "Insufficient permissions." + checkToken}
}

func errDatasetForbidden() error {
	return &apiError{http.StatusForbidden, "insufficient-permissions", "Insufficient permissions for the dataset." + checkToken}
}

func errDatasetNotFound() error {
	return &apiError{http.StatusNotFound, "record-not-found", "Dataset was not found."}
}

func errUserNotFound() error {
	return &apiError{http.StatusNotFound, "record-not-found", "User was not found."}
}

func errRouteNotFound(path string) error {
	return &apiError{http.StatusNotFound, "page-not-found", fmt.Sprintf("The API has no endpoint %q.", path)}
}

func errMethodNotAllowed(allowed []string) error {
	return &apiError{http.StatusMethodNotAllowed, "method-not-allowed",
		"This API end-point can only be accessed using the following HTTP methods: " + strings.Join(allowed, ",")}
}

func errNameTaken(name string) error {
	return &apiError{http.StatusBadRequest, "name-not-unique",
		fmt.Sprintf("The account already has a dataset named %q.", name)}
}

func errInvalid(errorType, format string, args ...any) error {
	return &apiError{http.StatusBadRequest, errorType, fmt.Sprintf(format, args...)}
}

func errTooLarge(length int64) error {
	return &apiError{http.StatusRequestEntityTooLarge, "request-too-large",
		fmt.Sprintf("The payload is too large (limit: %d bytes, actual length: %d bytes).", maxBodyBytes, length)}
}

func errContentEncoding(encoding string) error {
	return &apiError{http.StatusUnsupportedMediaType, "unsupported-content-encoding",
		fmt.Sprintf("Content-Encoding %q is not supported.", encoding)}
}

// errFormatNotRendered is the emulator's own error.
func errFormatNotRendered(format string) error {
	return &apiError{http.StatusNotImplemented, "not-implemented", fmt.Sprintf(
		"The emulator does not render items in the format %q; the Apify API does. The emulator renders %s.",
		format, strings.Join(renderedFormats, ", "))}
}
