package emulator

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/andybalholm/brotli"
)

// maxBodyBytes is the maximum size of a request's body in Apify's OpenAPI document.
const maxBodyBytes = 9_437_184

// readJSON returns a request's JSON body, decompressed. The size of both the compressed and the
// decompressed body is limited. It returns nil for an empty body.
func readJSON(r *http.Request) ([]byte, error) {
	if r.ContentLength > maxBodyBytes {
		return nil, errTooLarge(r.ContentLength)
	}
	compressed, err := readLimited(r.Body)
	if err != nil || len(compressed) == 0 {
		return nil, err
	}
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/json" {
		return nil, errInvalid("invalid-content-type-header", "The Content-Type of the body must be application/json.")
	}
	decompressed, err := decompress(compressed, r.Header.Get("Content-Encoding"))
	if err != nil {
		return nil, err
	}
	body, err := readLimited(decompressed)
	if err != nil {
		return nil, err
	}
	if !json.Valid(body) {
		return nil, errInvalid("invalid-input", "The body is not valid JSON.")
	}
	return body, nil
}

func decompress(compressed []byte, encoding string) (io.Reader, error) {
	source := bufio.NewReader(bytes.NewReader(compressed))
	var decompressed io.Reader
	var err error
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		decompressed = source
	case "br":
		decompressed = brotli.NewReader(source)
	case "gzip":
		decompressed, err = gzip.NewReader(source)
	case "deflate":
		decompressed, err = inflate(source)
	default:
		return nil, errContentEncoding(encoding)
	}
	if err != nil {
		return nil, errUnreadable(err)
	}
	return decompressed, nil
}

// inflate reads deflate in the zlib format, as RFC 9110 requires, and in the raw format, which some
// clients send.
func inflate(source *bufio.Reader) (io.Reader, error) {
	header, err := source.Peek(2)
	if err != nil {
		return nil, err
	}
	// The header of the zlib format, by RFC 1950.
	const compressionMethod, checksum = 8, 31
	if header[0]&0x0f == compressionMethod && (int(header[0])<<8|int(header[1]))%checksum == 0 {
		return zlib.NewReader(source)
	}
	return flate.NewReader(source), nil
}

func readLimited(source io.Reader) ([]byte, error) {
	data, err := io.ReadAll(io.LimitReader(source, maxBodyBytes+1))
	if err != nil {
		return nil, errUnreadable(err)
	}
	if len(data) > maxBodyBytes {
		rest, err := io.Copy(io.Discard, source)
		if err != nil {
			return nil, errUnreadable(err)
		}
		return nil, errTooLarge(int64(len(data)) + rest)
	}
	return data, nil
}

func errUnreadable(err error) error {
	return errInvalid("invalid-request", "Could not read the body: %v.", err)
}
