package apify

import (
	"cmp"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptrace"
	"regexp"
	"strings"
	"sync"
	"testing"
	"testing/iotest"
	"time"
	"unicode"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const (
	testToken   = "apify_api_TestToken0123456789"
	testID      = "WkzbQMuFYuamGv3YF"
	testKey     = "secret-key-for-testing"
	testRetries = 3
)

// newTestClient returns a client with a transport. A nil transport stands for the default one.
func newTestClient(tb testing.TB, transport http.RoundTripper, changes ...func(*Config)) *Client {
	tb.Helper()
	config := Config{
		BaseURL: "https://api.test", Token: testToken, MaxRetries: testRetries, RetryDelay: time.Millisecond,
		TotalDelay: time.Millisecond, Transport: transport,
	}
	for _, change := range changes {
		change(&config)
	}
	return must(NewClient(config))(tb)
}

// withoutRetries sends each request once.
func withoutRetries(c *Config) { c.MaxRetries = 0 }

// reply is the reply of a server to one request. The zero value is a connection that was lost after
// the request had been sent.
type reply struct {
	status int
	body   string
	header http.Header
	cut    bool          // whether the body ends early
	delay  time.Duration // before the reply
	// dial is the error of the connection, which prevents that the request is sent.
	dial error
	// err is the error after the connection; io.ErrUnexpectedEOF unless set.
	err error
}

// sent is a request that a server received.
type sent struct {
	*http.Request
	body string
}

// server is a transport to a server in memory that sends replies in their order. It repeats the
// last one.
type server struct {
	mu       sync.Mutex
	replies  []reply
	attempts int    // including those without a connection
	requests []sent // those that were received
}

func newServer(replies ...reply) *server { return &server{replies: replies} }

func (s *server) RoundTrip(r *http.Request) (*http.Response, error) {
	s.mu.Lock()
	p := s.replies[min(s.attempts, len(s.replies)-1)]
	s.attempts++
	s.mu.Unlock()
	if p.dial != nil {
		sleep(r.Context(), p.delay)
		return nil, p.dial
	}
	if trace := httptrace.ContextClientTrace(r.Context()); trace != nil && trace.GotConn != nil {
		trace.GotConn(httptrace.GotConnInfo{})
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	s.mu.Lock()
	s.requests = append(s.requests, sent{r, string(body)})
	s.mu.Unlock()
	if p.delay > 0 && !sleep(r.Context(), p.delay) {
		return nil, r.Context().Err()
	}
	if p.status == 0 {
		return nil, cmp.Or(p.err, io.ErrUnexpectedEOF)
	}
	var reader io.Reader = strings.NewReader(p.body)
	if p.cut {
		reader = io.MultiReader(reader, iotest.ErrReader(io.ErrUnexpectedEOF))
	}
	return &http.Response{StatusCode: p.status, Header: p.header.Clone(), Body: io.NopCloser(reader), Request: r}, nil
}

// datasetReply returns the reply with a dataset.
func datasetReply(status int, fields string) reply {
	return reply{status: status, body: `{"data": {"id": "` + testID + `"` + fields + `}}`}
}

// apiError returns the reply with an error of the API.
func apiError(status int, kind, message string) reply {
	return reply{status: status, body: `{"error": {"type": "` + kind + `", "message": "` + message + `"}}`}
}

// call is one of the client's calls, for tests that make all of them.
type call struct {
	name, request string // the request has the method, the URI and the body
	once          bool   // whether the call is not repeated after an attempt that may have taken effect
	success       reply
	do            func(context.Context, *Client) error
}

func calls() []call {
	const path = "/v2/datasets/" + testID
	return []call{
		{"create", "POST /v2/datasets?name=new ", false, datasetReply(201, `, "name": "new"`), func(ctx context.Context, c *Client) error {
			return errorOf(c.CreateDataset(ctx, "new", nil))
		}},
		{"create unnamed", "POST /v2/datasets ", true, datasetReply(201, ""), func(ctx context.Context, c *Client) error {
			return errorOf(c.CreateDataset(ctx, "", nil))
		}},
		{"read", "GET " + path + " ", false, datasetReply(200, ""), func(ctx context.Context, c *Client) error {
			return errorOf(c.GetDataset(ctx, testID))
		}},
		{"update", "PUT " + path + ` {"generalAccess":"RESTRICTED","name":"a"}`, false, datasetReply(200, ""), func(ctx context.Context, c *Client) error {
			return errorOf(c.UpdateDataset(ctx, testID, DatasetUpdate{Name: ptr("a"), GeneralAccess: ptr(Restricted)}))
		}},
		{"delete", "DELETE " + path + " ", false, reply{status: 204}, func(ctx context.Context, c *Client) error {
			return c.DeleteDataset(ctx, testID)
		}},
		{"items", "GET " + path + "/items?limit=1 ", false, reply{status: 200, body: "[]"}, func(ctx context.Context, c *Client) error {
			return errorOf(c.DatasetHasItems(ctx, testID))
		}},
		{"list", "GET /v2/datasets ", false, reply{status: 200, body: `{"data": {"total": 0, "items": []}}`}, func(ctx context.Context, c *Client) error {
			return errorOf(listIDs(ctx, c, ListDatasetsOptions{}))
		}},
		{"user", "GET /v2/users/me ", false, reply{status: 200, body: `{"data": {"id": "abc"}}`}, func(ctx context.Context, c *Client) error {
			return errorOf(c.CurrentUser(ctx))
		}},
	}
}

func errorOf[T any](_ T, err error) error { return err }

// listIDs returns the IDs in a list, up to its error.
func listIDs(ctx context.Context, c *Client, options ListDatasetsOptions) (ids []string, err error) {
	for d, err := range c.ListDatasets(ctx, options) {
		if err != nil {
			return ids, err
		}
		ids = append(ids, d.ID)
	}
	return ids, nil
}

// must returns a result, and fails the test if there is an error instead.
func must[T any](v T, err error) func(testing.TB) T {
	return func(tb testing.TB) T {
		tb.Helper()
		if err != nil {
			tb.Fatal(err)
		}
		return v
	}
}

// asError returns the *Error in an error. It fails the test if there is none, or if its text is not
// fit for users.
func asError(tb testing.TB, err error) *Error {
	tb.Helper()
	var e *Error
	if !errors.As(err, &e) {
		tb.Fatalf("got %v (%T), want an *Error", err, err)
	}
	text := err.Error()
	if len(text) > 1600 || strings.ContainsFunc(text, func(r rune) bool { return !unicode.IsPrint(r) }) {
		tb.Errorf("the error has %d bytes or is not printable: %q", len(text), text)
	}
	if found := regexp.MustCompile(testToken + "|" + testKey + "|Go struct|Go value|apify\\.|<nil>").FindString(text); found != "" {
		tb.Errorf("the error contains %s: %s", found, text)
	}
	return e
}

func ptr[T any](v T) *T { return &v }
