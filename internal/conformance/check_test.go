// Package conformance has the facts about Apify's API that the provider acts on, as tests that send
// plain HTTP requests. They do not use the provider's client, so that a mistake in the client does
// not hide in both.
package conformance

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// fact is one entry of the table.
type fact struct {
	name string
	// text is the fact in one sentence.
	text string
	// source is the publication that contains the fact.
	source string
	// assumed reports that the source is no evidence for Apify's production API.
	assumed bool
	check   func(*check)
}

// TestFacts checks the facts against the emulator, or with TF_ACC_LIVE=1 against Apify's API with
// the tokens in the environment. The output of -v is the report.
func TestFacts(t *testing.T) {
	s := newSession(t)
	counts := map[outcome]int{}
	for _, f := range facts {
		t.Run(f.name, func(t *testing.T) {
			c := &check{session: s}
			t.Cleanup(func() { c.cleanUp(t) })
			result, detail := confirmed, ""
			if stopped := try(func() { f.check(c) }); stopped != nil {
				result, detail = stopped.outcome, stopped.detail
			}
			counts[result]++
			report := fmt.Sprintf("%s: %s\n\tsource: %s%s%s", result, f.text, f.source, map[bool]string{assumed: " (assumed)"}[f.assumed], s.mask(detail))
			switch {
			case result == confirmed:
				t.Log(report)
			case result == undecidable && s.live:
				t.Skip(report)
			default:
				t.Error(report)
			}
		})
	}
	t.Logf("%s: %d facts, %d confirmed, %d differ, %d undecidable", s.baseURL, len(facts), counts[confirmed], counts[differs], counts[undecidable])
}

// session is the server under test, with its tokens.
type session struct {
	live    bool
	baseURL string
	// The tokens other than token can be empty. otherToken belongs to another account.
	token, otherToken, readOnlyToken, runToken, scopedToken string
	// userID and username are those of the account of token.
	userID, username string
	// runID and names make the names of datasets unique.
	runID string
	names int
	// wait lets time pass on the server.
	wait func(time.Duration)
}

func newSession(t *testing.T) *session {
	t.Helper()
	s := &session{live: os.Getenv("TF_ACC_LIVE") == "1"}
	if s.live {
		s.useAPI(t)
	} else {
		s.useEmulator(t)
	}
	account := (&check{session: s}).get("/v2/users/me")
	s.userID, s.username = account.text("data.id"), account.text("data.username")
	if account.status != http.StatusOK || s.username == "" {
		t.Fatalf("%s returned status %d instead of the account of the token", s.baseURL, account.status)
	}
	return s
}

func (s *session) useAPI(t *testing.T) {
	t.Helper()
	s.baseURL = strings.TrimRight(cmp.Or(os.Getenv("APIFY_API_BASE_URL"), "https://api.apify.com"), "/")
	if s.token = os.Getenv("APIFY_TOKEN"); s.token == "" {
		t.Fatal("TF_ACC_LIVE=1 requires APIFY_TOKEN")
	}
	s.otherToken, s.readOnlyToken = os.Getenv("APIFY_OTHER_ACCOUNT_TOKEN"), os.Getenv("APIFY_READ_ONLY_TOKEN")
	s.runToken, s.scopedToken = os.Getenv("APIFY_RUN_TOKEN"), os.Getenv("APIFY_SCOPED_TOKEN")
	s.runID = strconv.FormatInt(time.Now().UnixNano(), 36)
	s.wait = time.Sleep
}

// useEmulator starts an emulator whose clock moves only if a check waits. Its lists and counters
// lag.
func (s *session) useEmulator(t *testing.T) {
	t.Helper()
	s.token, s.otherToken, s.readOnlyToken, s.runToken, s.scopedToken = "full", "other", "reader", "run", "scoped"
	s.runID = "emulator"
	began := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	var waited atomic.Int64
	s.wait = func(d time.Duration) { waited.Add(int64(d)) }
	server, err := emulator.Start(emulator.Options{
		Users: []emulator.User{
			{
				Username: "Owner", Token: s.token, ReadOnlyTokens: []string{s.readOnlyToken},
				RunTokens: []string{s.runToken}, ScopedTokens: []string{s.scopedToken},
			},
			{Username: "other", Token: s.otherToken},
		},
		Now:     func() time.Time { return began.Add(time.Duration(waited.Load())) },
		ListLag: 10 * time.Second, CounterLag: 5 * time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	s.baseURL = server.URL
	t.Cleanup(func() {
		server.Close()
		if left := len(server.API.Datasets()); left > 0 {
			t.Errorf("the checks left %d datasets", left)
		}
	})
}

var signatures = regexp.MustCompile(`signature=[^\s&"]+`)

// mask removes tokens and signatures.
func (s *session) mask(text string) string {
	for _, token := range []string{s.token, s.otherToken, s.readOnlyToken, s.runToken, s.scopedToken} {
		if s.live && token != "" {
			text = strings.ReplaceAll(text, token, "***")
		}
	}
	return signatures.ReplaceAllString(text, "signature=***")
}

// outcome is the result of a check.
type outcome string

const (
	confirmed   outcome = "confirmed"
	differs     outcome = "differs"
	undecidable outcome = "undecidable"
)

// stop is the value of the panic that ends a check.
type stop struct {
	outcome outcome
	detail  string
}

// check is one run of the check of a fact.
type check struct {
	*session
	created []created
	// now is the Date of the last response.
	now time.Time
}

// created is a dataset that a check has created, and the token with which it did.
type created struct{ token, id string }

// try runs a step and returns the reason why it stopped, or nil.
func try(step func()) (stopped *stop) {
	defer func() {
		if value := recover(); value != nil {
			s, ok := value.(stop)
			if !ok {
				panic(value)
			}
			stopped = &s
		}
	}()
	step()
	return nil
}

// differ ends the check because of a difference.
func (c *check) differ(format string, args ...any) {
	panic(stop{differs, "\n\t" + fmt.Sprintf(format, args...)})
}

// require ends the check without a result unless a condition that is no part of the fact is true.
func (c *check) require(condition bool, format string, args ...any) {
	if !condition {
		panic(stop{undecidable, "\n\t" + fmt.Sprintf(format, args...)})
	}
}

func (c *check) needs(token, kind string) string {
	c.require(token != "", "there is no token %s", kind)
	return token
}

func (c *check) equal(what string, got, want any) {
	if got != want {
		c.differ("%s: got %v, want %v", what, got, want)
	}
}

func (c *check) isTrue(expected string, condition bool) {
	if !condition {
		c.differ("want %s", expected)
	}
}

// Apify's documentation allows a minute for a change of access, and clients have seen lists and
// counters lag for up to 16 seconds.
const (
	accessDelay = 75 * time.Second
	listDelay   = 30 * time.Second
)

// eventually repeats a step until it ends without a difference, or until the time is up. Then it
// ends the check with the last difference.
func (c *check) eventually(limit time.Duration, step func()) {
	for delay := 50 * time.Millisecond; ; delay = min(2*delay, 5*time.Second) {
		stopped := try(step)
		if stopped == nil {
			return
		}
		if limit -= delay; stopped.outcome != differs || limit < 0 {
			panic(*stopped)
		}
		c.wait(delay)
	}
}

// cleanUp deletes the datasets that the check has created.
func (c *check) cleanUp(t *testing.T) {
	for _, dataset := range slices.Backward(c.created) {
		deletion := call{method: "DELETE", path: "/v2/datasets/" + dataset.id, token: dataset.token}
		if stopped := try(func() { c.send(deletion).hasStatus(http.StatusNoContent, http.StatusNotFound) }); stopped != nil {
			t.Errorf("could not delete dataset %s: %s", dataset.id, c.mask(stopped.detail))
		}
	}
}

// call is a request.
type call struct {
	method string // GET by default
	path   string
	body   string
	token  string // that of the session by default, or noToken
	gzip   bool   // whether to accept gzip
}

const noToken = "-"

// client does not follow redirects, because they carry Authorization along, and does not hide
// compression.
var client = &http.Client{
	Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableCompression: true},
	Timeout:       30 * time.Second,
	CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
}

// response is the response to a call.
type response struct {
	check  *check
	what   string
	status int
	header http.Header
	body   []byte
	json   map[string]any // nil if the body is no JSON object
}

// send sends a call. It waits and sends the call again if the API refuses it because of its rate
// limit: https://docs.apify.com/api/v2#rate-limiting
func (c *check) send(sent call) *response {
	got := c.sendOnce(sent)
	for delay := time.Second; got.status == http.StatusTooManyRequests && delay < time.Minute; delay *= 2 {
		c.wait(delay)
		got = c.sendOnce(sent)
	}
	c.require(got.status != http.StatusTooManyRequests && got.status < 500, "%s returned status %d", got.what, got.status)
	return got
}

func (c *check) sendOnce(sent call) *response {
	method, token := cmp.Or(sent.method, "GET"), cmp.Or(sent.token, c.token)
	request, err := http.NewRequest(method, c.baseURL+sent.path, strings.NewReader(sent.body)) //nolint:noctx // The client has a timeout.
	c.require(err == nil, "could not create a request: %v", err)
	if token != noToken {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	if sent.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	if sent.gzip {
		request.Header.Set("Accept-Encoding", "gzip")
	}
	request.Header.Set("User-Agent", "terraform-provider-apify/conformance")
	reply, err := client.Do(request)
	c.require(err == nil, "no response to %s %s, which may have taken effect: %v", method, sent.path, err)
	defer func() { _ = reply.Body.Close() }()
	body, err := io.ReadAll(reply.Body)
	c.require(err == nil, "no complete response to %s %s: %v", method, sent.path, err)
	path, _, _ := strings.Cut(sent.path, "?")
	got := &response{check: c, what: method + " " + path, status: reply.StatusCode, header: reply.Header, body: body}
	_ = json.Unmarshal(body, &got.json)
	if date, err := http.ParseTime(reply.Header.Get("Date")); err == nil {
		c.now = date
	}
	if id := got.text("data.id"); method == "POST" && path == "/v2/datasets" && id != "" {
		c.created = append(c.created, created{token, id})
	}
	return got
}

// at returns the value of nested properties of the body, such as data.id, or nil.
func (r *response) at(path string) any {
	var value any = r.json
	for name := range strings.SplitSeq(path, ".") {
		object, _ := value.(map[string]any)
		value = object[name]
	}
	return value
}

func (r *response) text(path string) string {
	text, _ := r.at(path).(string)
	return text
}

func (r *response) object(path string) map[string]any {
	object, _ := r.at(path).(map[string]any)
	return object
}

// hasStatus ends the check unless the response has one of the statuses.
func (r *response) hasStatus(statuses ...int) *response {
	if !slices.Contains(statuses, r.status) {
		r.check.differ("%s: got status %d %s, want %v", r.what, r.status, r.text("error.type"), statuses)
	}
	return r
}

// fails ends the check unless the response has the status and the type of an error.
func (r *response) fails(status int, errorType string) {
	r.hasStatus(status)
	r.has("error.type", errorType)
}

// has ends the check unless a property has a value, which is nil if it is null or absent.
func (r *response) has(path string, want any) *response {
	r.check.equal(r.what+": "+path, r.at(path), want)
	return r
}

// hasItems ends the check unless the body consists of some items.
func (r *response) hasItems(want string) *response {
	var compact bytes.Buffer
	_ = json.Compact(&compact, r.body)
	r.check.equal(r.what, compact.String(), want)
	return r
}

// present ends the check unless an object has all of the properties, and absent if it has one.
func (c *check) present(object map[string]any, names ...string) {
	for _, name := range names {
		_, found := object[name]
		c.isTrue("the property "+name, found)
	}
}

func (c *check) absent(object map[string]any, names ...string) {
	for _, name := range names {
		_, found := object[name]
		c.isTrue("no property "+name, !found)
	}
}

func (c *check) get(path string) *response { return c.send(call{path: path}) }

func (c *check) anonymous(path string) *response { return c.send(call{path: path, token: noToken}) }

func (c *check) post(name, body string) *response {
	return c.send(call{method: "POST", path: "/v2/datasets?name=" + url.QueryEscape(name), body: body})
}

func (c *check) put(d dataset, format string, values ...any) *response {
	return c.send(call{method: "PUT", path: d.path, body: fmt.Sprintf(format, values...)})
}

func (c *check) rename(d dataset, name string) *response { return c.put(d, `{"name": %q}`, name) }

func (c *check) remove(d dataset) *response { return c.send(call{method: "DELETE", path: d.path}) }

// newName returns a name that no dataset has, with letters in both cases.
func (c *check) newName() string {
	c.names++
	return fmt.Sprintf("tf-facts-%s-Name%d", c.runID, c.names)
}

// dataset is a dataset that a check has created.
type dataset struct {
	*response
	id, name, path string
}

func (c *check) newDataset(name string, created *response) dataset {
	id := created.text("data.id")
	c.require(id != "", "%s returned status %d without an ID", created.what, created.status)
	return dataset{created, id, name, "/v2/datasets/" + id}
}

func (c *check) create() dataset {
	name := c.newName()
	return c.newDataset(name, c.post(name, ""))
}

func (c *check) createUnnamed() dataset {
	return c.newDataset("", c.send(call{method: "POST", path: "/v2/datasets"}))
}

// with pushes items and sets the level of general access, if they are not empty.
func (c *check) with(d dataset, items, level string) dataset {
	if items != "" {
		c.send(call{method: "POST", path: d.path + "/items", body: items}).hasStatus(http.StatusCreated)
	}
	if level != "" {
		c.put(d, `{"generalAccess": %q}`, level).hasStatus(http.StatusOK)
	}
	return d
}

// list returns the datasets in a list by ID, and their positions in it.
func (c *check) list(query string) (items map[string]map[string]any, position map[string]int, all *response) {
	all = c.get("/v2/datasets?" + query).hasStatus(http.StatusOK)
	items, position = map[string]map[string]any{}, map[string]int{}
	listed, _ := all.at("data.items").([]any)
	for i, item := range listed {
		object, _ := item.(map[string]any)
		id, _ := object["id"].(string)
		items[id], position[id] = object, i
	}
	return items, position, all
}

// listed waits until the list of the newest datasets contains a dataset, and returns it.
func (c *check) listed(d dataset, query string) (item map[string]any) {
	c.eventually(listDelay, func() {
		items, _, _ := c.list("desc=1&" + query)
		item = items[d.id]
		c.isTrue("the dataset in the list", item != nil)
	})
	return item
}

// unlisted ends the check if the list of the newest datasets contains a dataset.
func (c *check) unlisted(d dataset, query string) {
	items, _, _ := c.list("desc=1&" + query)
	c.isTrue("a list without the dataset", items[d.id] == nil)
}
