package apify

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// operation is one of the client's calls, for tests that make all of them.
type operation struct {
	name    string
	request string // as in [emulator.Recorder.Counts]
	status  int    // of a successful response
	// call makes the call. The ID is that of the dataset that [seedExisting] adds.
	call func(ctx context.Context, c *Client, id string) error
	// tookEffect reports whether the server has acted on the call; nil for reads.
	tookEffect func(api *emulator.API, id string) bool
}

const existingName = "existing"

// seedExisting adds the dataset that the operations expect and returns its ID.
func seedExisting(api *emulator.API) string {
	item := json.RawMessage(`{"text": "an item"}`)
	return api.Seed(emulator.Dataset{Name: existingName, Items: []json.RawMessage{item}}).ID
}

// operations returns every call of the client that sends a request.
func operations() []operation {
	return []operation{
		{
			name: "create", request: createRequest, status: http.StatusCreated,
			call: func(ctx context.Context, c *Client, _ string) error {
				d, err := c.CreateDataset(ctx, "new", nil)
				if err == nil && d.Existed {
					return errors.New("the dataset existed before")
				}
				return err
			},
			tookEffect: func(api *emulator.API, _ string) bool { return countNamed(api, "new") == 1 },
		},
		{
			name: "create unnamed", request: createRequest, status: http.StatusCreated,
			call: func(ctx context.Context, c *Client, _ string) error {
				_, err := c.CreateDataset(ctx, "", nil)
				return err
			},
			tookEffect: func(api *emulator.API, _ string) bool { return countNamed(api, "") == 1 },
		},
		{
			name: "read", request: readRequest, status: http.StatusOK,
			call: func(ctx context.Context, c *Client, id string) error {
				_, err := c.GetDataset(ctx, DatasetIDRef(id))
				return err
			},
		},
		{
			name: "read by name", request: readRequest, status: http.StatusOK,
			call: func(ctx context.Context, c *Client, _ string) error {
				_, err := c.GetDataset(ctx, DatasetNameRef("", existingName))
				return err
			},
		},
		{
			name: "update", request: updateRequest, status: http.StatusOK,
			call: func(ctx context.Context, c *Client, id string) error {
				_, err := c.UpdateDataset(ctx, id, DatasetUpdate{Name: ptr("renamed")})
				return err
			},
			tookEffect: func(api *emulator.API, _ string) bool { return countNamed(api, "renamed") == 1 },
		},
		{
			name: "delete", request: deleteRequest, status: http.StatusNoContent,
			call: func(ctx context.Context, c *Client, id string) error { return c.DeleteDataset(ctx, id) },
			tookEffect: func(api *emulator.API, id string) bool {
				_, exists := api.Dataset(id)
				return !exists
			},
		},
		{
			name: "look for items", request: itemsRequest, status: http.StatusOK,
			call: func(ctx context.Context, c *Client, id string) error {
				_, err := c.DatasetHasItems(ctx, id)
				return err
			},
		},
		{
			name: "list", request: listRequest, status: http.StatusOK,
			call: func(ctx context.Context, c *Client, _ string) error {
				ids, err := listIDs(ctx, c, ListDatasetsOptions{})
				if err == nil && len(ids) != 1 {
					return fmt.Errorf("the list has %d datasets", len(ids))
				}
				return err
			},
		},
		{
			name: "read the user", request: userRequest, status: http.StatusOK,
			call: func(ctx context.Context, c *Client, _ string) error {
				_, err := c.CurrentUser(ctx)
				return err
			},
		},
	}
}

func countNamed(api *emulator.API, name string) int {
	n := 0
	for _, d := range api.Datasets() {
		if d.Name == name {
			n++
		}
	}
	return n
}

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
