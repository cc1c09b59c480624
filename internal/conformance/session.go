package conformance

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"
)

const (
	requestTimeout = 30 * time.Second
	// cleanupTimeout limits the deletion of a check's datasets.
	cleanupTimeout = time.Minute
	// maxAttempts limits how often a request is sent that the API refuses because of its rate
	// limit.
	maxAttempts = 6
	// namePrefix begins the names of all datasets that a run creates.
	namePrefix = "tf-Conformance-"
)

// Config is the server that a run checks, and the tokens for it.
type Config struct {
	// BaseURL is the address of the API, with or without /v2.
	BaseURL string
	// Token is a token with all permissions. A run creates and deletes datasets in its account.
	Token string
	// The other tokens decide facts that Token cannot decide. Each of them can be empty. OtherToken
	// belongs to another account. The rest belongs to the account of Token: ReadOnlyToken may only
	// read datasets, RunToken is the token of an Actor run with limited permissions, and
	// ScopedToken has all permissions for datasets and no others.
	OtherToken, ReadOnlyToken, RunToken, ScopedToken string

	// maxDelay limits the time for which a check waits for a change. Defaults to accessDelay.
	maxDelay time.Duration
}

// session holds the server, the tokens and the results that the checks of a run share.
type session struct {
	Config
	ctx    context.Context
	client *http.Client
	// userID and username are those of the token's account. They are empty if the token cannot read
	// them.
	userID, username string
	// secrets are texts that the report must not contain.
	secrets []string
	// leftovers describe the datasets that could not be deleted.
	leftovers []string
}

func newSession(ctx context.Context, config Config) (*session, error) {
	base, err := url.Parse(config.BaseURL)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, fmt.Errorf("the base URL %q is not an http or https URL", config.BaseURL)
	}
	config.BaseURL = strings.TrimSuffix(strings.TrimRight(config.BaseURL, "/"), "/v2")
	if config.maxDelay == 0 {
		config.maxDelay = accessDelay
	}
	s := &session{
		Config: config,
		ctx:    ctx,
		client: &http.Client{
			// A check of the compression must see the header, and other checks need none.
			Transport:     &http.Transport{Proxy: http.ProxyFromEnvironment, DisableCompression: true},
			Timeout:       requestTimeout,
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}
	if password, ok := base.User.Password(); ok {
		s.keepSecret(password)
	}
	for _, token := range []string{config.Token, config.OtherToken, config.ReadOnlyToken, config.RunToken, config.ScopedToken} {
		s.keepSecret(token)
	}
	return s, nil
}

// checkTokens returns an error unless the server is Apify's API and accepts all tokens.
func (s *session) checkTokens() error {
	if s.Token == "" {
		return errors.New("there is no token")
	}
	for i, t := range []struct {
		name, token  string
		otherAccount bool
	}{
		{"token", s.Token, false},
		{"token of another account", s.OtherToken, true},
		{"read-only token", s.ReadOnlyToken, false},
		{"token of a run", s.RunToken, false},
		{"scoped token", s.ScopedToken, false},
	} {
		if t.token == "" {
			continue
		}
		got, err := s.roundTrip(call{path: mePath, token: t.token})
		if err != nil {
			return fmt.Errorf("could not reach %s: %w", s.BaseURL, err)
		}
		account, errorType := got.object("data"), got.text("error", "type")
		switch {
		case got.status == http.StatusUnauthorized && errorType != "":
			return fmt.Errorf("%s does not accept the %s: status 401, %s", s.BaseURL, t.name, errorType)
		case got.status == http.StatusOK && account["username"] != nil:
			username := got.text("data", "username")
			switch {
			case i == 0:
				s.userID, s.username = got.text("data", "id"), username
			case s.username != "" && (username != s.username) != t.otherAccount:
				return fmt.Errorf("the %s belongs to the wrong account", t.name)
			}
		case got.status == http.StatusForbidden && errorType != "":
			// A scoped token cannot read its account.
		default:
			return fmt.Errorf("%s is not Apify's API: GET %s returned status %d without an account or an error", s.BaseURL, mePath, got.status)
		}
	}
	return nil
}

const (
	datasetsPath = "/v2/datasets"
	mePath       = "/v2/users/me"
)

// call is a request. An empty method is GET.
type call struct {
	method, path, body string
	// token defaults to the token of the run. Use noToken for a request without one.
	token  string
	header map[string]string
}

const noToken = "-"

// response is the response to a call.
type response struct {
	check  *check
	call   call
	status int
	header http.Header
	body   []byte
	// json is the body if it is a JSON object.
	json map[string]any
}

// roundTrip sends a call. It waits and sends the call again if the API refuses it because of its
// rate limit: https://docs.apify.com/api/v2#rate-limiting
func (s *session) roundTrip(c call) (*response, error) {
	for delay := 500 * time.Millisecond; ; delay *= 2 {
		got, err := s.attempt(c)
		if err != nil || got.status != http.StatusTooManyRequests || delay >= (1<<maxAttempts)*500*time.Millisecond {
			return got, err
		}
		select {
		case <-time.After(delay):
		case <-s.ctx.Done():
			return nil, s.ctx.Err()
		}
	}
}

func (s *session) attempt(c call) (*response, error) {
	request, err := http.NewRequestWithContext(s.ctx, c.method, s.BaseURL+c.path, strings.NewReader(c.body))
	if err != nil {
		return nil, err
	}
	switch c.token {
	case noToken:
	case "":
		request.Header.Set("Authorization", "Bearer "+s.Token)
	default:
		request.Header.Set("Authorization", "Bearer "+c.token)
	}
	if c.body != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	request.Header.Set("User-Agent", "terraform-provider-apify/conformance")
	for name, value := range c.header {
		request.Header.Set(name, value)
	}
	reply, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer func() { _ = reply.Body.Close() }()
	body, err := io.ReadAll(reply.Body)
	if err != nil {
		return nil, err
	}
	got := &response{call: c, status: reply.StatusCode, header: reply.Header, body: body}
	if json.Unmarshal(body, &got.json) != nil {
		got.json = nil
	}
	for _, match := range secretProperties.FindAllSubmatch(body, -1) {
		s.keepSecret(string(match[1]))
	}
	return got, nil
}

// secretProperties finds the values of properties that the report must not contain.
var secretProperties = regexp.MustCompile(`"(?:urlSigningSecretKey|password|email)":\s*"([^"]+)"`)

func (s *session) keepSecret(secret string) {
	if secret != "" && !slices.Contains(s.secrets, secret) {
		s.secrets = append(s.secrets, secret)
	}
}

var signatures = regexp.MustCompile(`(?i)signature=[^\s&"]+`)

// mask replaces tokens, keys and signatures.
func (s *session) mask(text string) string {
	for _, secret := range s.secrets {
		text = strings.ReplaceAll(text, secret, "***")
	}
	return signatures.ReplaceAllString(text, "signature=***")
}

// send sends a call, and notes the dataset that it creates. It ends the check if there is no
// response, or only that of a server that does not work.
func (c *check) send(sent call) *response {
	got, err := c.roundTrip(sent)
	if path, query, _ := strings.Cut(sent.path, "?"); sent.method == http.MethodPost && path == datasetsPath {
		// An invalid query has no name that the API would accept.
		values, _ := url.ParseQuery(query)
		name := values.Get("name")
		switch {
		case err == nil && got.text("data", "id") != "":
			c.created = append(c.created, created{sent.token, got.text("data", "id")})
		case strings.HasPrefix(name, namePrefix) && (err != nil || got.status/100 != 4):
			c.created = append(c.created, created{sent.token, "~" + url.PathEscape(name)})
		}
	}
	if err != nil {
		c.undecidable("no response: %v", err)
	}
	got.check = c
	if got.status == http.StatusTooManyRequests || got.status >= http.StatusInternalServerError {
		c.undecidable("%s returned status %d", got, got.status)
	}
	return got
}

// created is a dataset that a check has created, or may have created, with a token.
type created struct{ token, ref string }

// cleanUp deletes the datasets of a check, also after the run was interrupted.
func (c *check) cleanUp() {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(c.ctx), cleanupTimeout)
	defer cancel()
	s := *c.session
	s.ctx = ctx
	for _, dataset := range slices.Backward(c.created) {
		got, err := s.roundTrip(call{method: http.MethodDelete, path: datasetsPath + "/" + dataset.ref, token: dataset.token})
		switch {
		case err != nil:
			c.leftovers = append(c.leftovers, fmt.Sprintf("dataset %s: %v", dataset.ref, err))
		case got.status != http.StatusNoContent && got.status != http.StatusNotFound:
			c.leftovers = append(c.leftovers, fmt.Sprintf("dataset %s: status %d", dataset.ref, got.status))
		}
	}
}

// String returns the method and the path, without the query, which can contain a signature.
func (r *response) String() string {
	path, _, _ := strings.Cut(r.call.path, "?")
	return cmp.Or(r.call.method, http.MethodGet) + " " + path
}

// newName returns a name that no dataset has.
func newName() string {
	return namePrefix + strings.ToLower(rand.Text())
}
