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

// Ownership selects datasets of the token's account or datasets of other accounts in a list.
type Ownership string

// The values of the query parameter ownership in Apify's OpenAPI document.
const (
	OwnedByMe    Ownership = "ownedByMe"
	SharedWithMe Ownership = "sharedWithMe"
)

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
		for pages := c.DatasetPages(options); !pages.Done(); {
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
// are created and deleted. New datasets are added at the end of a list. After a deletion, all later
// datasets move up. Therefore each page begins in the last tenth of the page before. If its first
// dataset is new, more than that were deleted meanwhile, and the reading goes back. It is not safe
// for concurrent use.
type DatasetPages struct {
	client  *Client
	options ListDatasetsOptions

	offset  int             // of the next page
	overlap int             // number of datasets at its beginning that the page before contained
	seen    map[string]bool // by ID
	rereads int             // number of times that the list was incomplete
	done    bool
}

// maxRereads limits how often a list is read again because it has fewer datasets than its total.
const maxRereads = 3

// DatasetPages returns the pages of a list. It sends nothing.
func (c *Client) DatasetPages(options ListDatasetsOptions) *DatasetPages {
	return &DatasetPages{client: c, options: options, seen: map[string]bool{}}
}

// Done reports whether the list has been read to its end.
func (p *DatasetPages) Done() bool { return p.done }

// Next reads pages until one contains datasets that were not seen before, and returns those.
func (p *DatasetPages) Next(ctx context.Context) ([]Dataset, error) {
	for {
		total, items, err := p.client.datasetPage(ctx, p.options, p.offset)
		if err != nil {
			return nil, err
		}
		if p.overlap > 0 && (len(items) == 0 || !p.seen[items[0].ID]) {
			p.offset /= 2
			p.overlap = min(1, p.offset)
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
		switch {
		case end < total && len(items) > p.overlap:
			p.overlap = min(len(items)/10+1, len(items)-1)
			p.offset = end - p.overlap
		// With unnamed datasets, Apify leaves out empty datasets (apify/apify-docs#2217) and does
		// not say whether the total includes them.
		case p.options.Unnamed || min(end, len(p.seen)) >= total:
			p.done = true
		default:
			// Lists are eventually consistent: the total can be ahead of the items for seconds.
			if p.rereads++; p.rereads > maxRereads || !sleep(ctx, p.client.config.TotalDelay) {
				return nil, p.incomplete(ctx, total)
			}
			p.offset, p.overlap = 0, 0
		}
		if p.done || len(unseen) > 0 {
			return unseen, nil
		}
	}
}

// incomplete returns the error of a list that ends before its own total: a dataset that is missing
// from it must not be taken for deleted.
func (p *DatasetPages) incomplete(ctx context.Context, total int) error {
	return &Error{
		Operation: listDatasetsOperation,
		Method:    http.MethodGet,
		URL:       p.client.url(datasetsPath, nil),
		Attempts:  p.rereads,
		Status:    http.StatusOK,
		Err:       fmt.Errorf("%w: it has %d of %d datasets", ErrIncompleteList, len(p.seen), total),
		Stopped:   ctx.Err(),
	}
}

const listDatasetsOperation = "list datasets"

// datasetPage reads the page of a list that starts at an offset. The server decides how many
// datasets a page has.
func (c *Client) datasetPage(ctx context.Context, options ListDatasetsOptions, offset int) (total int, items []Dataset, err error) {
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
			if page.Items == nil || page.Total == nil {
				return errors.New(`the body has no "items" or no "total"`)
			}
			for i := range page.Items {
				if err := page.Items[i].validate(""); err != nil {
					return err
				}
			}
			return nil
		}),
	})
	if err != nil {
		return 0, nil, err
	}
	return *page.Total, page.Items, nil
}
