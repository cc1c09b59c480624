package provider

import (
	"context"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// lookupTimeout limits the lookup of a name in a plan, retries included. The apply does not need
// it.
const lookupTimeout = 30 * time.Second

// datasetNames records which names of the token's account this process has looked up: whether a
// dataset had the name, by lower-cased name.
type datasetNames struct{ found sync.Map }

func (n *datasetNames) set(name string, found bool) { n.found.Store(strings.ToLower(name), found) }

func (n *datasetNames) get(name string) (found, known bool) {
	value, known := n.found.Load(strings.ToLower(name))
	found, _ = value.(bool)
	return found, known
}

// existed reports whether the dataset that a POST returned existed before. By the API's
// description, 201 with a Location header means new, and 200 means existing. Two cases need the
// lookup of the name before the POST: a 200 after an attempt that may have created the dataset, and
// a 201 without Location, which Apify's local platform returns for both.
func (n *datasetNames) existed(name string, created *apify.CreatedDataset) bool {
	found, known := n.get(name)
	switch {
	case name == "":
		return false
	case created.Status == http.StatusOK:
		return !created.AfterLostAttempt || !known || found
	default:
		return !created.HasLocation && found
	}
}

// lookUpName returns the dataset of an owner that has a name, or nil. Many lookups are served from
// the API's list, in which a dataset can be missing for a few seconds. So a name that is missing
// there counts as free in the plan, and not for [datasetNames.existed].
func (p *providerData) lookUpName(ctx context.Context, ownerID, name string) (*apify.Dataset, error) {
	ctx, cancel := context.WithTimeout(ctx, lookupTimeout)
	defer cancel()
	isOwn := ownerID == p.account.ID
	if isOwn && ownerID != "" {
		if d, known := p.cache.findByName(ctx, name); known {
			if d != nil {
				p.names.set(name, true)
			}
			return d, nil
		}
	}
	if isOwn {
		ownerID = "" // the token's account
	}
	d, err := p.client.GetDataset(ctx, apify.DatasetNameRef(ownerID, name))
	if err != nil && !apify.IsNotFound(err) {
		return nil, err
	}
	if isOwn {
		p.names.set(name, d != nil)
	}
	return d, nil
}
