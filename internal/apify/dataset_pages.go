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

const listDatasetsOperation = "list datasets"

// ListDatasetsOptions selects the datasets of a list. Not every server knows every option.
type ListDatasetsOptions struct {
	// Unnamed includes unnamed datasets, which are left out otherwise.
	Unnamed bool
	// Ownership selects datasets by owner; empty means all datasets that the token can access.
	Ownership Ownership
}

// ListDatasets lists datasets, oldest first, and requests the next page only when the caller gets
// there. An error is the last value that it yields; without one the list is complete.
//
// Apify API docs: https://docs.apify.com/api/v2/datasets-get
func (c *Client) ListDatasets(ctx context.Context, options ListDatasetsOptions) iter.Seq2[*Dataset, error] {
	return func(yield func(*Dataset, error) bool) {
		pages := c.DatasetPages(options)
		for !pages.Done() {
			datasets, err := pages.Next(ctx)
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

// DatasetPages reads a list page by page, without a gap and without a dataset twice, while datasets
// are created and deleted. Each page overlaps the page before by one dataset: if another dataset is
// there, earlier datasets were deleted and the rest has moved up, so it goes back. Only a server
// with a single dataset in a page leaves no room for the overlap. It is not safe for concurrent
// use.
type DatasetPages struct {
	client  *Client
	options ListDatasetsOptions

	offset  int             // of the next page
	overlap bool            // whether the next page must start with a dataset that was seen
	reached int             // end of the furthest page
	size    int             // number of datasets of the largest page
	seen    map[string]bool // by ID
	done    bool
}

// DatasetPages returns the pages of a list. It sends nothing.
func (c *Client) DatasetPages(options ListDatasetsOptions) *DatasetPages {
	return &DatasetPages{client: c, options: options, seen: map[string]bool{}}
}

// Done reports whether the list has been read to its end.
func (p *DatasetPages) Done() bool { return p.done }

// Next reads pages until one contains datasets that were not seen before, and returns those. After
// an error it can be called again.
func (p *DatasetPages) Next(ctx context.Context) ([]Dataset, error) {
	// A step back of a tenth of a page leaves most of the next page new.
	retries := 0
	for back := p.size/10 + 1; ; {
		total, items, err := p.client.datasetPage(ctx, p.options, p.offset)
		if err != nil {
			return nil, err
		}
		if p.overlap && p.offset > 0 && (len(items) == 0 || !p.seen[items[0].ID]) {
			p.offset = max(0, p.offset-back)
			back *= 2
			continue
		}
		unseen := items[:0:0]
		for _, d := range items {
			if !p.seen[d.ID] {
				p.seen[d.ID] = true
				unseen = append(unseen, d)
			}
		}
		end := p.offset + len(items)
		// Without a total, the list ends at the first page with no new datasets.
		done := len(items) == 0 || total != nil && end >= *total || len(unseen) == 0 && end >= p.reached
		// With unnamed datasets, Apify leaves out empty datasets (apify/apify-docs#2217) and does
		// not say whether the total includes them.
		if done && total != nil && end < *total && !p.options.Unnamed {
			// Lists are eventually consistent: the total can be ahead of the items for seconds.
			if retries++; retries > maxTotalRetries || !sleep(ctx, p.client.config.TotalDelay) {
				return nil, p.client.incompleteListError(ctx, end, *total, retries)
			}
			for _, d := range unseen {
				delete(p.seen, d.ID)
			}
			continue
		}
		p.done = done
		p.reached, p.size = max(p.reached, end), max(p.size, len(items))
		p.offset, p.overlap = end, len(items) > 1
		if p.overlap {
			p.offset--
		}
		if p.done || len(unseen) > 0 {
			return unseen, nil
		}
	}
}

// maxTotalRetries limits how often the end of a list is read again because its total is ahead.
const maxTotalRetries = 3

// incompleteListError is the error of a list that ends before its own total: a dataset that is
// missing from it must not be taken for deleted.
func (c *Client) incompleteListError(ctx context.Context, end, total, attempts int) error {
	return &Error{
		Operation: listDatasetsOperation,
		Method:    http.MethodGet,
		URL:       c.url(datasetsPath, nil),
		Attempts:  attempts,
		Status:    http.StatusOK,
		Err:       fmt.Errorf("%w: it ends after %d of %d datasets", ErrIncompleteList, end, total),
		Stopped:   ctx.Err(),
	}
}

// datasetPage reads the page of a list that starts at an offset. The server decides how many
// datasets a page has. The total is nil if the server sends none.
func (c *Client) datasetPage(ctx context.Context, options ListDatasetsOptions, offset int) (total *int, items []Dataset, err error) {
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
	_, err = c.do(ctx, &request{
		operation: listDatasetsOperation,
		method:    http.MethodGet,
		path:      datasetsPath,
		query:     query,
		decode: decodeData(&page, func() error {
			if page.Items == nil {
				return errors.New(`the body has no "items"`)
			}
			for i := range page.Items {
				if err := page.Items[i].validate(""); err != nil {
					return err
				}
			}
			return nil
		}),
	})
	return page.Total, page.Items, err
}
