package emulator

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/andybalholm/brotli"
)

// readJSON reads a request's body, which must be declared as JSON, may be compressed, and is
// limited in size both as sent and unpacked. An empty body is nil.
func readJSON(r *http.Request) ([]byte, error) {
	if r.ContentLength > maxBodyBytes {
		return nil, errTooLarge(r.ContentLength)
	}
	packed, err := readLimited(r.Body)
	if err != nil || len(packed) == 0 {
		return nil, err
	}
	mediaType, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || mediaType != "application/json" {
		return nil, errInvalid("invalid-content-type-header", "The Content-Type of the body must be application/json.")
	}
	unpacked, err := unpack(packed, r.Header.Get("Content-Encoding"))
	if err != nil {
		return nil, err
	}
	body, err := readLimited(unpacked)
	if err != nil {
		return nil, err
	}
	if !json.Valid(body) {
		return nil, errInvalid("invalid-input", "The body is not valid JSON.")
	}
	return body, nil
}

// unpack undoes a Content-Encoding.
func unpack(packed []byte, encoding string) (io.Reader, error) {
	source := bufio.NewReader(bytes.NewReader(packed))
	var unpacked io.Reader
	var err error
	switch strings.ToLower(strings.TrimSpace(encoding)) {
	case "", "identity":
		unpacked = source
	case "br":
		unpacked = brotli.NewReader(source)
	case "gzip":
		unpacked, err = gzip.NewReader(source)
	case "deflate":
		unpacked, err = inflate(source)
	default:
		return nil, errContentEncoding(encoding)
	}
	if err != nil {
		return nil, errUnreadable(err)
	}
	return unpacked, nil
}

// inflate reads deflate in the zlib format that HTTP means, and in the bare one that some clients
// send.
func inflate(source *bufio.Reader) (io.Reader, error) {
	header, err := source.Peek(2)
	if err != nil {
		return nil, err
	}
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
	var failure *apiError
	if errors.As(err, &failure) {
		return err
	}
	return errInvalid("invalid-request", "The body can't be read: %v.", err)
}
