package conformance

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// publicURL returns the public URL of a dataset's items as a path of the server, and its signature,
// which is empty if the URL has none.
func (c *check) publicURL(d dataset) (path, signature string) {
	got := c.get(d.path).prepared(http.StatusOK)
	u, err := url.Parse(got.text("data", "itemsPublicUrl"))
	if err != nil || u.Path == "" {
		c.undecidable("the dataset has no itemsPublicUrl")
	}
	c.isTrue("an itemsPublicUrl with the path of the items", strings.HasSuffix(u.Path, d.path+"/items"), "the path %s", u.Path)
	path = d.path + "/items"
	if u.RawQuery != "" {
		path += "?" + u.RawQuery
	}
	return path, u.Query().Get("signature")
}

// restrictedWithItem creates a restricted dataset with one item, and returns its signed URL as a
// path of the server.
func (c *check) restrictedWithItem() (d dataset, path, signature string) {
	d = c.createWithAccess("RESTRICTED")
	c.pushAndWait(d, `[{"n": 1}]`)
	c.eventually(accessDelay, func() {
		path, signature = c.publicURL(d)
		c.isTrue("a signed itemsPublicUrl", signature != "", "an itemsPublicUrl without a signature")
	})
	return d, path, signature
}

// signature returns a signature as createStorageContentSignature of @apify/utilities does.
func (c *check) signature(d dataset, expires int64) string {
	key := c.get(d.path).text("data", "urlSigningSecretKey")
	if key == "" {
		c.undecidable("the dataset has no urlSigningSecretKey")
	}
	return sign(key, d.id, expires)
}

func (c *check) anonymous(path string) *response { return c.send(call{path: path, token: noToken}) }

func accessFacts() []fact {
	return []fact{
		{
			name: "access: signed URL", text: "The itemsPublicUrl of a restricted dataset has a signature, and returns the items without a token.", source: sourceAccess,
			check: func(c *check) {
				_, path, _ := c.restrictedWithItem()
				c.equal("items", c.anonymous(path).hasStatus(http.StatusOK).items(), `[{"n":1}]`)
			},
		},
		{
			name: "access: expiry", text: "The signature of an itemsPublicUrl is valid for 14 days.", source: sourceAccess,
			check: func(c *check) {
				_, _, signature := c.restrictedWithItem()
				version, expires := c.parts(signature)
				c.equal("version", version, "0")
				days := time.Until(time.UnixMilli(expires)).Hours() / 24
				c.isTrue("an expiry in 14 days", days > 13.9 && days < 14.1, "an expiry in %.1f days", days)
			},
		},
		{
			name: "access: new signature", text: "Each read of a restricted dataset returns a new signature.", source: sourceAccess,
			check: func(c *check) {
				d, _, first := c.restrictedWithItem()
				c.wait(5 * time.Millisecond)
				_, second := c.publicURL(d)
				c.isTrue("two signatures", first != second, "the same signature twice")
			},
		},
		{
			name: "access: own signature", text: "Signatures computed from urlSigningSecretKey are accepted until they expire.", source: sourceSigning,
			check: func(c *check) {
				d, _, _ := c.restrictedWithItem()
				for _, expires := range []int64{0, time.Now().Add(time.Hour).UnixMilli()} {
					c.anonymous(d.path + "/items?limit=1&signature=" + c.signature(d, expires)).hasStatus(http.StatusOK)
				}
				c.anonymous(d.path + "/items?signature=" + c.signature(d, time.Now().Add(-time.Hour).UnixMilli())).hasStatus(http.StatusForbidden)
			},
		},
		{
			name: "access: same signature", text: "The signature of an itemsPublicUrl is the one that its key and its expiry give.", source: sourceSigning,
			check: func(c *check) {
				d, _, signature := c.restrictedWithItem()
				_, expires := c.parts(signature)
				c.isTrue("the computed signature", signature == c.signature(d, expires), "another signature")
			},
		},
		{
			name: "access: wrong signature", text: "A signature by another key, or for another dataset, is refused with 403 insufficient-permissions.",
			source: sourceNone, assumed: true,
			check: func(c *check) {
				d, _, _ := c.restrictedWithItem()
				other, _, signature := c.restrictedWithItem()
				for _, wrong := range []string{signature, sign("key", d.id, 0), "abc"} {
					c.anonymous(d.path+"/items?signature="+wrong).fails(http.StatusForbidden, "insufficient-permissions")
				}
				c.anonymous(other.path + "/items?signature=" + signature).hasStatus(http.StatusOK)
			},
		},
		{
			name: "access: items only", text: "A signature gives access to the items, and not to the dataset.", source: sourceAccess, assumed: true,
			check: func(c *check) {
				d, _, signature := c.restrictedWithItem()
				c.anonymous(d.path+"?signature="+signature).fails(http.StatusForbidden, "insufficient-permissions")
			},
		},
		{
			name: "access: signature and token", text: "A signature is accepted in addition to a token of another account.", source: sourceNone, assumed: true,
			check: func(c *check) {
				other := c.otherToken()
				_, path, _ := c.restrictedWithItem()
				c.send(call{path: path, token: other}).hasStatus(http.StatusOK)
			},
		},
		{
			name: "access: restricted", text: "Without a token, a restricted dataset and its items are refused with 403 insufficient-permissions.",
			source: sourceNone, assumed: true,
			check: func(c *check) {
				d, _, _ := c.restrictedWithItem()
				c.eventually(accessDelay, func() { c.anonymous(d.path+"/items").fails(http.StatusForbidden, "insufficient-permissions") })
				c.anonymous(d.path).fails(http.StatusForbidden, "insufficient-permissions")
			},
		},
		{
			name: "access: anyone with the ID", text: "A dataset with ANYONE_WITH_ID_CAN_READ, and its items, can be read by ID without a token.", source: sourceAccess,
			check: func(c *check) {
				d := c.createWithAccess("ANYONE_WITH_ID_CAN_READ")
				c.eventually(accessDelay, func() {
					c.anonymous(d.path).hasStatus(http.StatusOK)
					c.anonymous(d.path + "/items").hasStatus(http.StatusOK)
				})
			},
		},
		{
			name: "access: plain URL", text: "The itemsPublicUrl of a dataset with ANYONE_WITH_ID_CAN_READ has no signature.", source: sourceAccess,
			check: func(c *check) {
				d := c.createWithAccess("ANYONE_WITH_ID_CAN_READ")
				c.eventually(accessDelay, func() {
					_, signature := c.publicURL(d)
					c.isTrue("no signature", signature == "", "a signature")
				})
			},
		},
		{
			name: "access: ID but not name", text: "Without a token, a dataset with ANYONE_WITH_ID_CAN_READ cannot be read by name.", source: sourceAccess, assumed: true,
			check: func(c *check) {
				_, username := c.account()
				d := c.createWithAccess("ANYONE_WITH_ID_CAN_READ")
				c.eventually(accessDelay, func() { c.anonymous(d.path).hasStatus(http.StatusOK) })
				c.anonymous(datasetsPath+"/"+username+"~"+d.name).fails(http.StatusForbidden, "insufficient-permissions")
			},
		},
		{
			name: "access: anyone with the name", text: "A dataset with ANYONE_WITH_NAME_CAN_READ can be read by ID and by username~name without a token.",
			source: sourceAccess,
			check: func(c *check) {
				_, username := c.account()
				d := c.createWithAccess("ANYONE_WITH_NAME_CAN_READ")
				c.eventually(accessDelay, func() {
					c.anonymous(d.path).hasStatus(http.StatusOK)
					c.anonymous(datasetsPath+"/"+username+"~"+d.name).hasStatus(http.StatusOK).has("id", d.id)
				})
			},
		},
		{
			name: "access: signing key", text: "Only a reader with write permission gets the urlSigningSecretKey.", source: sourceDataset,
			check: func(c *check) {
				d := c.createWithAccess("ANYONE_WITH_ID_CAN_READ")
				c.isTrue("a urlSigningSecretKey", c.get(d.path).text("data", "urlSigningSecretKey") != "", "no urlSigningSecretKey")
				c.eventually(accessDelay, func() { c.anonymous(d.path).hasStatus(http.StatusOK).has("urlSigningSecretKey", nil) })
			},
		},
		{
			name: "access: statistics", text: "The statistics of a dataset with ANYONE_WITH_ID_CAN_READ can be read without a token, those of a restricted one cannot.",
			source: sourceAccess, assumed: true,
			check: func(c *check) {
				d := c.createWithAccess("ANYONE_WITH_ID_CAN_READ")
				c.eventually(accessDelay, func() { c.anonymous(d.path + "/statistics").hasStatus(http.StatusOK) })
				c.put(d, `{"generalAccess": "RESTRICTED"}`).prepared(http.StatusOK)
				c.eventually(accessDelay, func() { c.anonymous(d.path+"/statistics").fails(http.StatusForbidden, "insufficient-permissions") })
			},
		},
		{
			name: "access: host of the URL", text: "The itemsPublicUrl has the host that the request was sent to.", source: sourceNone, assumed: true,
			check: func(c *check) {
				got := c.get(c.create().path).text("data", "itemsPublicUrl")
				if got == "" {
					c.undecidable("the dataset has no itemsPublicUrl")
				}
				c.isTrue("an itemsPublicUrl that begins with the base URL", strings.HasPrefix(got, c.BaseURL+datasetsPath), "the URL %s", got)
			},
		},
		{
			name: "access: unknown dataset", text: "Without a token, a read of a dataset that does not exist fails with 404 record-not-found.", source: sourceNone, assumed: true,
			check: func(c *check) { c.anonymous(datasetsPath+"/"+noDataset).fails(http.StatusNotFound, "record-not-found") },
		},
		{
			name: "access: account setting", text: "For new accounts, FOLLOW_USER_SETTING is the same as RESTRICTED.", source: sourceAccess,
			check: func(c *check) {
				d := c.create()
				if _, signature := c.publicURL(d); signature == "" {
					c.undecidable("the setting of this account is Anyone with ID can read")
				}
				c.anonymous(d.path).hasStatus(http.StatusForbidden)
			},
		},
		{
			name: "access: write", text: "Without a token, a dataset that anyone can read cannot be changed: 401 token-not-provided.", source: sourceErrors, assumed: true,
			check: func(c *check) {
				d := c.createWithAccess("ANYONE_WITH_ID_CAN_READ")
				c.eventually(accessDelay, func() { c.anonymous(d.path).hasStatus(http.StatusOK) })
				for _, method := range []string{http.MethodPut, http.MethodDelete} {
					c.send(call{method: method, path: d.path, body: `{}`, token: noToken}).fails(http.StatusUnauthorized, "token-not-provided")
				}
				c.send(call{method: http.MethodPost, path: d.path + "/items", body: `{}`, token: noToken}).fails(http.StatusUnauthorized, "token-not-provided")
			},
		},
	}
}

// parts returns the version and the expiry of a signature.
func (c *check) parts(signature string) (version string, expires int64) {
	decoded, err := base64.RawURLEncoding.DecodeString(signature)
	parts := strings.Split(string(decoded), ".")
	c.isTrue("a signature of the form VERSION.EXPIRES.HMAC in Base64", err == nil && len(parts) == 3, "another form")
	expires, err = strconv.ParseInt(parts[1], 10, 64)
	c.isTrue("an expiry in milliseconds", err == nil, "another form")
	return parts[0], expires
}

func tokenFacts() []fact {
	const message = "Insufficient permissions for the dataset. " +
		"Make sure you're passing a correct API token and that it has the required permissions."
	return []fact{
		{
			name: "tokens: none", text: "A list, a creation and a reference by ~name without a token fail with 401 token-not-provided.", source: sourceErrors,
			check: func(c *check) {
				c.anonymous(datasetsPath).fails(http.StatusUnauthorized, "token-not-provided")
				c.anonymous(datasetsPath+"/~"+newName()).fails(http.StatusUnauthorized, "token-not-provided")
				c.anonymous(mePath).fails(http.StatusUnauthorized, "token-not-provided")
				c.send(call{method: http.MethodPost, path: datasetsPath + "?name=" + newName(), token: noToken}).
					fails(http.StatusUnauthorized, "token-not-provided")
			},
		},
		{
			name: "tokens: unknown", text: "An unknown token fails with 401 user-or-token-not-found.", source: sourceErrors,
			check: func(c *check) {
				got := c.send(call{path: datasetsPath, token: "apify_api_unknown"})
				got.fails(http.StatusUnauthorized, "user-or-token-not-found")
				c.equal("message", got.text("error", "message"), "User was not found or authentication token is not valid.")
			},
		},
		{
			name: "tokens: in the query", text: "The API reads a token in the query, too.", source: "https://docs.apify.com/api/v2#authentication",
			check: func(c *check) {
				c.anonymous(datasetsPath+"?token=apify_api_unknown").fails(http.StatusUnauthorized, "user-or-token-not-found")
			},
		},
		{
			name: "tokens: header and query", text: "A token in the Authorization header takes precedence over one in the query.", source: sourceNone, assumed: true,
			check: func(c *check) { c.get(datasetsPath + "?limit=1&token=apify_api_unknown").hasStatus(http.StatusOK) },
		},
		{
			name: "tokens: case of the scheme", text: "The case of Bearer does not matter.", source: "RFC 9110, section 11.1", assumed: true,
			check: func(c *check) {
				header := map[string]string{"Authorization": "bearer " + c.Token}
				c.send(call{path: datasetsPath + "?limit=1", token: noToken, header: header}).hasStatus(http.StatusOK)
			},
		},
		{
			name: "tokens: unknown, before the dataset", text: "An unknown token fails with 401 even if the dataset does not exist, or anyone can read it.", source: sourceNone, assumed: true,
			check: func(c *check) {
				for _, path := range []string{datasetsPath + "/" + noDataset, c.createWithAccess("ANYONE_WITH_ID_CAN_READ").path} {
					c.send(call{path: path, token: "apify_api_unknown"}).fails(http.StatusUnauthorized, "user-or-token-not-found")
				}
			},
		},
		{
			name: "tokens: scheme", text: "An Authorization header that is not Bearer fails with 401 auth-method-not-supported.", source: sourceNone, assumed: true,
			check: func(c *check) {
				c.send(call{path: datasetsPath, token: noToken, header: map[string]string{"Authorization": "Basic abc"}}).
					fails(http.StatusUnauthorized, "auth-method-not-supported")
			},
		},
		{
			name: "tokens: another account, items", text: "The items of another account's restricted dataset fail with 403 insufficient-permissions.",
			source: sourceSuites,
			check: func(c *check) {
				other := c.otherToken()
				d := c.createWithAccess("RESTRICTED")
				c.eventually(accessDelay, func() {
					got := c.send(call{path: d.path + "/items", token: other})
					got.fails(http.StatusForbidden, "insufficient-permissions")
					c.equal("message", got.text("error", "message"), message)
				})
			},
		},
		{
			name: "tokens: another account", text: "A read, an update and a deletion of another account's restricted dataset fail with 403 insufficient-permissions.",
			source: sourceSuites + ", for the items only", assumed: true,
			check: func(c *check) {
				other := c.otherToken()
				_, username := c.account()
				d := c.createWithAccess("RESTRICTED")
				c.eventually(accessDelay, func() {
					c.send(call{path: d.path, token: other}).fails(http.StatusForbidden, "insufficient-permissions")
				})
				c.send(call{path: datasetsPath + "/" + username + "~" + d.name, token: other}).fails(http.StatusForbidden, "insufficient-permissions")
				for _, method := range []string{http.MethodPut, http.MethodDelete} {
					c.send(call{method: method, path: d.path, body: `{}`, token: other}).fails(http.StatusForbidden, "insufficient-permissions")
				}
				c.get(d.path).hasStatus(http.StatusOK)
			},
		},
		{
			name: "tokens: names of accounts", text: "Two accounts can have datasets with the same name.", source: sourceNames,
			check: func(c *check) {
				other := c.otherToken()
				d := c.create()
				c.send(call{method: http.MethodPost, path: datasetsPath + "?name=" + d.name, token: other}).hasStatus(http.StatusCreated)
			},
		},
		{
			name: "tokens: readable dataset of another account", text: "Another account can read a dataset with ANYONE_WITH_ID_CAN_READ, and cannot change it.",
			source: sourceAccess,
			check: func(c *check) {
				other := c.otherToken()
				d := c.createWithAccess("ANYONE_WITH_ID_CAN_READ")
				c.eventually(accessDelay, func() {
					c.send(call{path: d.path, token: other}).hasStatus(http.StatusOK).has("urlSigningSecretKey", nil)
				})
				c.send(call{method: http.MethodDelete, path: d.path, token: other}).fails(http.StatusForbidden, "insufficient-permissions")
			},
		},
		{
			name: "tokens: read-only", text: "A read-only token gets no signing key, and fails to change a dataset with 403 insufficient-permissions.", source: sourceTokens,
			check: func(c *check) {
				reader := c.readOnlyToken()
				d := c.create()
				c.send(call{path: d.path, token: reader}).hasStatus(http.StatusOK).has("urlSigningSecretKey", nil)
				c.send(call{method: http.MethodPut, path: d.path, body: `{}`, token: reader}).fails(http.StatusForbidden, "insufficient-permissions")
				c.send(call{method: http.MethodDelete, path: d.path, token: reader}).fails(http.StatusForbidden, "insufficient-permissions")
				c.send(call{method: http.MethodPost, path: d.path + "/items", body: `{}`, token: reader}).fails(http.StatusForbidden, "insufficient-permissions")
				c.send(call{method: http.MethodPost, path: datasetsPath + "?name=" + newName(), token: reader}).
					fails(http.StatusForbidden, "insufficient-permissions")
			},
		},
		{
			name: "tokens: run, existing name", text: "The creation of an existing name fails with 403 for the token of a run with limited permissions.",
			source: "apify/apify-client-js#905",
			check: func(c *check) {
				run := c.runToken()
				d := c.createWithAccess("RESTRICTED")
				c.send(call{method: http.MethodPost, path: datasetsPath + "?name=" + d.name, token: run}).fails(http.StatusForbidden, "insufficient-permissions")
				c.send(call{path: d.path, token: run}).fails(http.StatusForbidden, "insufficient-permissions")
			},
		},
		{
			name: "tokens: run, own dataset", text: "The token of a run with limited permissions can create a dataset, read it and change it.", source: sourceRuns,
			check: func(c *check) {
				run, name := c.runToken(), newName()
				d := c.newDataset(name, c.send(call{method: http.MethodPost, path: datasetsPath + "?name=" + name, token: run}))
				c.send(call{path: d.path, token: run}).hasStatus(http.StatusOK).has("name", name)
				c.send(call{method: http.MethodPut, path: d.path, body: `{"generalAccess": "RESTRICTED"}`, token: run}).hasStatus(http.StatusOK)
			},
		},
		{
			name: "tokens: run, origin", text: "A dataset that the token of a run creates has the IDs of the Actor and the run.", source: sourceDataset, assumed: true,
			check: func(c *check) {
				run, name := c.runToken(), newName()
				d := c.newDataset(name, c.send(call{method: http.MethodPost, path: datasetsPath + "?name=" + name, token: run}))
				c.hasProperties(d.object("data"), "actId", "actRunId")
				c.isTrue("an actId and an actRunId", d.text("data", "actId") != "" && d.text("data", "actRunId") != "", "null")
			},
		},
		{
			name: "tokens: run, list", text: "A list of the token of a run with limited permissions lacks datasets of other origin.", source: sourceRuns, assumed: true,
			check: func(c *check) {
				run, d := c.runToken(), c.create()
				c.eventually(listDelay, func() { c.listed(d, "") })
				for _, item := range c.send(call{path: datasetsPath + "?desc=1", token: run}).hasStatus(http.StatusOK).list("data", "items") {
					c.isTrue("a list without the dataset", idOf(item) != d.id, "the dataset in the list")
				}
			},
		},
		{
			name: "tokens: scoped", text: "A scoped token with all permissions for datasets can read and change them.", source: sourceTokens,
			check: func(c *check) {
				scoped := c.scopedToken()
				d := c.create()
				c.send(call{path: d.path, token: scoped}).hasStatus(http.StatusOK).has("id", d.id)
				c.send(call{method: http.MethodPut, path: d.path, body: `{"generalAccess": "RESTRICTED"}`, token: scoped}).hasStatus(http.StatusOK)
				c.send(call{path: datasetsPath + "?limit=1", token: scoped}).hasStatus(http.StatusOK)
			},
		},
	}
}

func userFacts() []fact {
	return []fact{
		{
			name: "users: own account", text: "The token's account has an ID, a username, an email address, a profile, a plan, a proxy password and a creation time.",
			source: sourceMe,
			check: func(c *check) {
				c.account()
				account := c.get(mePath).hasStatus(http.StatusOK)
				c.hasProperties(account.object("data"), "id", "username", "email", "profile", "plan", "proxy", "effectivePlatformFeatures", "createdAt", "isPaying")
				c.hasProperties(account.object("data", "proxy"), "password", "groups")
			},
		},
		{
			name: "users: token of a run", text: "For the token of a run with limited permissions, the account lacks the ID, the email address, the profile and the creation time.",
			source: sourceMe + " and " + sourceBodies,
			check: func(c *check) {
				account := c.send(call{path: mePath, token: c.runToken()}).hasStatus(http.StatusOK).object("data")
				c.hasProperties(account, "username", "plan", "proxy", "isPaying")
				c.lacksProperties(account, "id", "email", "profile", "createdAt")
			},
		},
		{
			name: "users: scoped token", text: "A scoped token cannot read its account: 403 insufficient-permissions.", source: sourceMe + "; apify/apify-cli#780",
			check: func(c *check) {
				c.send(call{path: mePath, token: c.scopedToken()}).fails(http.StatusForbidden, "insufficient-permissions")
			},
		},
		{
			name: "users: public profile", text: "The username and the profile of an account can be read by its ID or username, without a token.", source: sourceUser,
			check: func(c *check) {
				id, username := c.account()
				for _, ref := range []string{id, username} {
					got := c.anonymous("/v2/users/"+ref).hasStatus(http.StatusOK).has("username", username)
					c.hasProperties(got.object("data"), "profile")
					c.lacksProperties(got.object("data"), "email", "proxy", "plan")
				}
			},
		},
		{
			name: "users: case", text: "A reference to an account ignores the case of its username.", source: sourceNone, assumed: true,
			check: func(c *check) {
				_, username := c.account()
				c.anonymous("/v2/users/"+strings.ToUpper(username)).hasStatus(http.StatusOK).has("username", username)
			},
		},
		{
			name: "users: unknown", text: "An account that does not exist fails with 404 record-not-found.", source: sourceUser, assumed: true,
			check: func(c *check) { c.anonymous("/v2/users/"+newName()).fails(http.StatusNotFound, "record-not-found") },
		},
	}
}

func httpFacts() []fact {
	return []fact{
		{
			name: "HTTP: rate limit", text: "X-RateLimit-Limit is 60, and 400 for the push of items.", source: sourceLimits,
			check: func(c *check) {
				d := c.create()
				c.equal("X-RateLimit-Limit", c.get(d.path).header.Get("X-RateLimit-Limit"), "60")
				c.equal("X-RateLimit-Limit of a push", c.push(d, `{"n": 1}`).header.Get("X-RateLimit-Limit"), "400")
			},
		},
		{
			name: "HTTP: compression", text: "A long body is compressed with gzip if the client accepts it, and only then.", source: sourceSuites,
			check: func(c *check) {
				d := c.createWithItems(`[{"a": "` + strings.Repeat("text ", 1000) + `"}]`)
				header := map[string]string{"Accept-Encoding": "gzip"}
				c.equal("Content-Encoding", c.send(call{path: d.path + "/items", header: header}).header.Get("Content-Encoding"), "gzip")
				c.equal("Content-Encoding", c.get(d.path+"/items").header.Get("Content-Encoding"), "")
			},
		},
		{
			name: "HTTP: caches", text: "Responses must not be stored, and vary with Accept-Encoding.", source: sourceNone, assumed: true,
			check: func(c *check) {
				header := c.get(c.create().path).header
				c.isTrue("no-cache or no-store", strings.Contains(header.Get("Cache-Control"), "no-"), "the Cache-Control %q", header.Get("Cache-Control"))
				vary := strings.Join(header.Values("Vary"), ", ")
				c.isTrue("a Vary with Accept-Encoding", strings.Contains(strings.ToLower(vary), "accept-encoding"), "the Vary %q", vary)
			},
		},
		{
			name: "HTTP: Date", text: "Every response has a Date, also one with an error.", source: sourceSuites,
			check: func(c *check) {
				for _, path := range []string{datasetsPath + "?limit=1", datasetsPath + "/" + noDataset} {
					_, err := http.ParseTime(c.get(path).header.Get("Date"))
					c.isTrue("a Date", err == nil, "no Date")
				}
			},
		},
		{
			name: "HTTP: media type", text: "The media type of responses is application/json in UTF-8.", source: sourceSuites,
			check: func(c *check) {
				for _, path := range []string{datasetsPath + "?limit=1", datasetsPath + "/" + noDataset, c.create().path + "/items"} {
					contentType := strings.ToLower(strings.ReplaceAll(c.get(path).header.Get("Content-Type"), " ", ""))
					c.equal("Content-Type", contentType, "application/json;charset=utf-8")
				}
			},
		},
		{
			name: "HTTP: errors", text: "An error is an object with a type and a message.", source: "OpenAPI document, schema ErrorResponse",
			check: func(c *check) {
				got := c.get(datasetsPath + "/" + noDataset)
				c.hasProperties(got.object("error"), "type", "message")
			},
		},
		{
			name: "HTTP: unknown path", text: "A path that the API does not have fails with 404 page-not-found.", source: sourceErrors, assumed: true,
			check: func(c *check) {
				c.get("/v2/datasets/"+noDataset+"/no-such-path").fails(http.StatusNotFound, "page-not-found")
			},
		},
		{
			name: "HTTP: unclean path", text: "A path with an additional slash fails with 404 page-not-found.", source: sourceNone, assumed: true,
			check: func(c *check) {
				for _, path := range []string{datasetsPath + "/", "/v2//datasets"} {
					c.get(path).fails(http.StatusNotFound, "page-not-found")
				}
			},
		},
		{
			name: "HTTP: invalid query", text: "A query with an invalid escape is refused with status 400.", source: sourceNone, assumed: true,
			check: func(c *check) { c.get(datasetsPath + "?limit=%zz").hasStatus(http.StatusBadRequest) },
		},
		{
			name: "HTTP: OPTIONS", text: "OPTIONS returns status 204 and an Allow header with the methods of the path, without a token.", source: sourceNone, assumed: true,
			check: func(c *check) {
				got := c.send(call{method: http.MethodOptions, path: datasetsPath, token: noToken}).hasStatus(http.StatusNoContent)
				allow := got.header.Get("Allow")
				c.isTrue("an Allow with GET and POST", strings.Contains(allow, "GET") && strings.Contains(allow, "POST"), "the Allow %q", allow)
			},
		},
		{
			name: "HTTP: HEAD", text: "HEAD exists for the items, and fails with status 405 for a dataset and a list.", source: sourceNone, assumed: true,
			check: func(c *check) {
				for _, path := range []string{datasetsPath, c.create().path} {
					c.send(call{method: http.MethodHead, path: path}).hasStatus(http.StatusMethodNotAllowed)
				}
			},
		},
		{
			name: "HTTP: wrong method", text: "A method that a path does not have fails with 405 method-not-allowed and a message that lists the methods.", source: sourceErrors,
			check: func(c *check) {
				got := c.send(call{method: http.MethodPatch, path: datasetsPath})
				got.fails(http.StatusMethodNotAllowed, "method-not-allowed")
				message := got.text("error", "message")
				c.isTrue("a message with GET and POST", strings.Contains(message, "GET") && strings.Contains(message, "POST"), "the message %q", message)
			},
		},
		{
			name: "HTTP: content type of a body", text: "A body that is not JSON by its Content-Type is refused with status 400.", source: sourceNone, assumed: true,
			check: func(c *check) {
				d := c.create()
				header := map[string]string{"Content-Type": "text/plain"}
				c.send(call{method: http.MethodPut, path: d.path, body: fmt.Sprintf(`{"name": %q}`, newName()), header: header}).hasStatus(http.StatusBadRequest)
			},
		},
	}
}
