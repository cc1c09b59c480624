package emulator

import (
	"net/url"
	"time"
)

// itemsURL returns the URL of a dataset's items.
func itemsURL(r *record, e *exchange) *url.URL {
	u := e.baseURL()
	u.Path = patternDatasets + "/" + r.ID + "/items"
	return u
}

// itemsPublicURL returns a URL at which everyone can read the items. If that requires a signature,
// each call returns a new one.
func (a *API) itemsPublicURL(r *record, e *exchange, now time.Time) string {
	u := itemsURL(r, e)
	if a.effectiveAccess(r) == restricted {
		u.RawQuery = url.Values{
			"signature": {sign(r.URLSigningSecretKey, r.ID, now.Add(a.options.SignatureTTL))},
		}.Encode()
	}
	return u.String()
}
