package emulator

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"strconv"
	"strings"
)

const jsonContentType = "application/json; charset=utf-8"

// response is an HTTP response in memory. As an [http.ResponseWriter] it captures the response of
// any handler, so that a fault can change it.
type response struct {
	status int
	header http.Header
	body   bytes.Buffer
}

// newResponse returns a response without a body.
func newResponse(status int) *response {
	return &response{status: status, header: http.Header{}}
}

func jsonResponse(status int, value any) (*response, error) {
	body, err := encodeJSON(value)
	if err != nil {
		return nil, err
	}
	resp := newResponse(status)
	resp.header.Set("Content-Type", jsonContentType)
	resp.body.Write(body)
	return resp, nil
}

func dataResponse(status int, data any) (*response, error) {
	return jsonResponse(status, map[string]any{"data": data})
}

func errorResponse(err error) *response {
	var e *apiError
	if !errors.As(err, &e) {
		e = &apiError{http.StatusInternalServerError, "internal-server-error", err.Error()}
	}
	content := map[string]any{"type": e.errorType, "message": e.message}
	var items *invalidItemsError
	if errors.As(err, &items) {
		content["data"] = map[string]any{"invalidItems": items.items}
	}
	resp, _ := jsonResponse(e.status, map[string]any{"error": content}) // strings and numbers can always be encoded
	return resp
}

// capture returns the response of a handler to a request. Its body is not compressed, so that a
// fault can change it.
func capture(handler http.Handler, r *http.Request) *response {
	plain := r.WithContext(r.Context())
	plain.Header = r.Header.Clone()
	plain.Header.Del("Accept-Encoding")
	resp := newResponse(0)
	handler.ServeHTTP(resp, plain)
	if resp.status == 0 {
		resp.status = http.StatusOK
	}
	return resp
}

// Header implements [http.ResponseWriter].
func (resp *response) Header() http.Header { return resp.header }

// WriteHeader implements [http.ResponseWriter].
func (resp *response) WriteHeader(status int) {
	if resp.status == 0 {
		resp.status = status
	}
}

// Write implements [http.ResponseWriter].
func (resp *response) Write(data []byte) (int, error) {
	resp.WriteHeader(http.StatusOK)
	return resp.body.Write(data)
}

// bodyAllowed reports whether a response to a method can have a body, by RFC 9110, section 6.4.1.
func (resp *response) bodyAllowed(method string) bool {
	return method != http.MethodHead && resp.status != http.StatusNoContent && resp.status != http.StatusNotModified
}

// sendHeader sends the status and the header.
func (resp *response) sendHeader(w http.ResponseWriter, method string) {
	maps.Copy(w.Header(), resp.header)
	if resp.bodyAllowed(method) || method == http.MethodHead && resp.body.Len() > 0 {
		w.Header().Set("Content-Length", strconv.Itoa(resp.body.Len()))
	}
	w.WriteHeader(resp.status)
}

func (resp *response) send(w http.ResponseWriter, method string) {
	resp.sendHeader(w, method)
	if resp.bodyAllowed(method) {
		// An error means that the client closed the connection.
		_, _ = w.Write(resp.body.Bytes())
	}
}

// minCompressedBytes is the length from which bodies are compressed. A shorter body would not get
// shorter.
const minCompressedBytes = 1024

// compress compresses the body if the client accepts gzip.
func (resp *response) compress(r *http.Request) {
	resp.header.Set("Vary", "Accept-Encoding")
	if !resp.bodyAllowed(r.Method) || resp.body.Len() < minCompressedBytes || !acceptsGzip(r.Header) {
		return
	}
	var compressed bytes.Buffer
	// The level is valid, and writing to a buffer never fails.
	w, _ := gzip.NewWriterLevel(&compressed, gzip.BestSpeed)
	_, _ = resp.body.WriteTo(w)
	_ = w.Close()
	resp.body = compressed
	resp.header.Set("Content-Encoding", "gzip")
}

func acceptsGzip(header http.Header) bool {
	for encoding := range strings.SplitSeq(header.Get("Accept-Encoding"), ",") {
		name, weight, _ := strings.Cut(encoding, ";")
		if strings.TrimSpace(name) == "gzip" {
			return strings.TrimSpace(weight) != "q=0"
		}
	}
	return false
}

// encodeJSON is [json.Marshal] without the escapes for HTML.
func encodeJSON(value any) ([]byte, error) {
	var buffer bytes.Buffer
	encoder := json.NewEncoder(&buffer)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(value); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(buffer.Bytes(), []byte("\n")), nil
}
