package emulator

import (
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/andybalholm/brotli"
)

// compress returns the text as a writer compresses it into a buffer.
func compress(t testing.TB, w io.WriteCloser, b *bytes.Buffer, text string) string {
	t.Helper()
	if _, err := io.WriteString(w, text); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func gzipped(t testing.TB, text string) string {
	t.Helper()
	var b bytes.Buffer
	return compress(t, gzip.NewWriter(&b), &b, text)
}

func TestPushItems_contentEncoding(t *testing.T) {
	t.Parallel()
	s := start(t, Options{})
	d := s.API.Seed(Dataset{})
	text := `[{"a": "` + strings.Repeat("text ", 1000) + `"}, {"b": 1}]`
	var br, deflated, raw bytes.Buffer
	rawWriter, err := flate.NewWriter(&raw, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	// HTTP ignores the space, which makes this another key of the map.
	const rawDeflate = "deflate "
	bodies := map[string]string{
		"":         text,
		"identity": text,
		"gzip":     gzipped(t, text),
		"GZip":     gzipped(t, text),
		"br":       compress(t, brotli.NewWriter(&br), &br, text),
		"deflate":  compress(t, zlib.NewWriter(&deflated), &deflated, text),
		rawDeflate: compress(t, rawWriter, &raw, text),
	}
	push := func(encoding, body string) result {
		return send(t, s, call{
			method: "POST", path: "/v2/datasets/" + d.ID + "/items", body: body,
			header: map[string]string{"Content-Encoding": encoding},
		})
	}
	for encoding, body := range bodies {
		got := push(encoding, body)
		equal(t, "status with "+encoding, got.status, http.StatusCreated)
		equal(t, "Location", got.header.Get("Location"), s.URL+"/v2/datasets/"+d.ID+"/items")
	}
	stored, _ := s.API.Dataset(d.ID)
	equal(t, "items", len(stored.Items), 2*len(bodies))

	for _, encoding := range []string{"gzip", "br", "deflate"} {
		for name, body := range map[string]string{
			"plain text":         text,
			"an incomplete body": bodies[encoding][:len(bodies[encoding])/2],
		} {
			equal(t, "status of "+name+" with "+encoding, push(encoding, body).status, http.StatusBadRequest)
		}
	}
	wantError(t, push("gzip, br", bodies["gzip"]), http.StatusUnsupportedMediaType, "unsupported-content-encoding")
	stored, _ = s.API.Dataset(d.ID)
	equal(t, "items after failed pushes", len(stored.Items), 2*len(bodies))
}
