package apify

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"net/http"
	"net/url"
	"strconv"
)

const (
	listOp   = "listing datasets"
	listPath = "/v2/datasets"
)

// ListOptions filter a listing. Not every server knows every filter.
type ListOptions struct {
	// Unnamed includes unnamed datasets, which are left out otherwise.
	Unnamed bool
	// Ownership is empty for all datasets that the token may see.
	Ownership Ownership
}

// Datasets lists datasets, oldest first, and asks for a further page only when
// its reader gets there. An error is the last that it yields; without one the
// list is whole.
func (c *Client) Datasets(ctx context.Context, options ListOptions) iter.Seq2[*Dataset, error] {
	return func(yield func(*Dataset, error) bool) {
		pages := pager{client: c, options: options, maxRetries: c.config.MaxRetries}
		for !pages.done {
			datasets, err := pages.next(ctx)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range datasets {
				if !yield(&datasets[i], nil) {
					return
				}
			}
		}
	}
}

// pager reads a listing page by page, without a gap and without a dataset twice,
// while datasets come and go. It lets each page begin with the last dataset of
// the page before: when another one is there, datasets before it were deleted and
// the rest has moved up, so it goes back. Only where the server gives a single
// dataset a page there is no such overlap.
type pager struct {
	client     *Client
	options    ListOptions
	maxRetries int

	offset  int             // where the next page begins
	overlap bool            // whether it should begin with a dataset seen before
	reached int             // where the furthest page ended
	size    int             // how many datasets the largest page had
	seen    map[string]bool // by id
	done    bool
}

// next reads pages until one has datasets that were not seen before, and returns
// those. It sets done after the last. After an error it can be called again.
func (p *pager) next(ctx context.Context) ([]Dataset, error) {
	if p.seen == nil {
		p.seen = map[string]bool{}
	}
	// A step back of a tenth of a page keeps most of the next one new.
	for back := p.size/10 + 1; ; {
		total, items, err := p.client.listPage(ctx, p.options, p.offset, p.maxRetries)
		if err != nil {
			return nil, err
		}
		if p.overlap && p.offset > 0 && (len(items) == 0 || !p.seen[items[0].ID]) {
			p.offset = max(0, p.offset-back)
			back *= 2
			continue
		}
		fresh := items[:0:0]
		for _, d := range items {
			if !p.seen[d.ID] {
				p.seen[d.ID] = true
				fresh = append(fresh, d)
			}
		}
		end := p.offset + len(items)
		// The total counts what there is now. A server that tells none has told all
		// when it comes to nothing new.
		p.done = len(items) == 0 || total != nil && end >= *total || len(fresh) == 0 && end >= p.reached
		// Apify leaves unnamed datasets without items out of the list of all
		// (apify/apify-docs#1275), and does not say whether it counts them.
		if p.done && total != nil && end < *total && !p.options.Unnamed {
			return nil, p.client.shortList(end, *total)
		}
		p.reached, p.size = max(p.reached, end), max(p.size, len(items))
		p.offset, p.overlap = end, len(items) > 1
		if p.overlap {
			p.offset--
		}
		if p.done || len(fresh) > 0 {
			return fresh, nil
		}
	}
}

// shortList is the error of a listing that ends before its own total: what is
// missing must not pass for deleted.
func (c *Client) shortList(end, total int) error {
	return &Error{
		Op: listOp, Method: http.MethodGet, URL: c.url(listPath, nil), Attempts: 1, Status: http.StatusOK,
		Err: fmt.Errorf("the list ends after %d of the %d datasets that it should have", end, total),
	}
}

// listPage reads the page of a listing that begins at an offset. How many
// datasets are on it is the server's choice. The total is nil where the server
// tells none.
func (c *Client) listPage(ctx context.Context, options ListOptions, offset, maxRetries int) (total *int, items []Dataset, err error) {
	query := url.Values{}
	if offset > 0 {
		query.Set("offset", strconv.Itoa(offset))
	}
	if options.Unnamed {
		query.Set("unnamed", "1")
	}
	if options.Ownership != "" {
		query.Set("ownership", string(options.Ownership))
	}
	var page struct {
		Total *int      `json:"total"`
		Items []Dataset `json:"items"`
	}
	err = c.do(ctx, &call{
		op:         listOp,
		method:     http.MethodGet,
		path:       listPath,
		query:      query,
		maxRetries: &maxRetries,
		decode: data(&page, func() error {
			if page.Items == nil {
				return errors.New(`it has no "items"`)
			}
			for i := range page.Items {
				if err := page.Items[i].accept(""); err != nil {
					return err
				}
			}
			return nil
		}),
	})
	return page.Total, page.Items, err
}
