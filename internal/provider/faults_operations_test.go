package provider

import (
	"context"
	"fmt"
	"net/http"
	"path"
	"reflect"
	"slices"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// operation is an operation of the provider with one request that a fault hits.
type operation struct {
	name string
	// request is the request that the fault hits, and before are the requests that precede it.
	request string
	before  []string
	// noBody reports whether a successful response has no body.
	noBody bool
	// summary is the summary of the diagnostic if the request fails, and action the text for the
	// failed request in its detail.
	summary string
	action  func(*faultCase) string
	arrange func(*faultCase)
	run     func(context.Context, *faultCase)
	// outcomes is the table of the expected outcomes.
	outcomes string
	// checkError checks more than the table if the operation fails. It can be nil.
	checkError func(*faultCase)
}

// Reading more datasets than readsBeforeList one by one makes the provider list them instead. The
// test reads listedReads of them after that.
const (
	readsBeforeList = 19
	listedReads     = 3
)

// arrangePlan plans a change in a walk of its own.
func arrangePlan(existing bool, config func(*faultCase) values) func(*faultCase) {
	return func(c *faultCase) {
		if existing {
			arrangeDataset(c)
		}
		c.config = config(c)
		c.plan = c.s.newWalk(c.t, nil).mustPlan(c.prior, c.config)
	}
}

// arrangeDataset creates a dataset with the provider.
func arrangeDataset(c *faultCase) {
	c.prior = c.s.mustApply(c.t, instance{}, values{"name": c.name})
	c.id = c.s.API.Datasets()[0].ID
}

func noConfig(*faultCase) values     { return nil }
func nameConfig(c *faultCase) values { return values{"name": c.name} }

func applyPlan(ctx context.Context, c *faultCase) { c.result, c.ds = c.w.apply(ctx, c.plan) }
func readPrior(ctx context.Context, c *faultCase) { c.result, c.ds = c.w.read(ctx, c.prior) }

func readingDataset(c *faultCase) string { return fmt.Sprintf("read dataset %q", c.id) }
func readingName(c *faultCase) string    { return fmt.Sprintf(`read dataset "~%s"`, c.name) }
func listingDatasets(*faultCase) string  { return "list datasets" }

// updatingNew names the dataset that the operation has just created.
func updatingNew(c *faultCase) string {
	for _, r := range c.s.Recorder.Requests() {
		if r.Method == http.MethodPut {
			return fmt.Sprintf("update dataset %q", path.Base(r.Path))
		}
	}
	return "no dataset was updated"
}

// operations returns all operations under test.
func operations() []*operation {
	return []*operation{
		{
			name: "create named", request: postDatasets,
			summary:  summaryCreate,
			action:   func(c *faultCase) string { return fmt.Sprintf("create dataset %q", c.name) },
			arrange:  arrangePlan(false, nameConfig),
			run:      applyPlan,
			outcomes: createNamedOutcomes,
		},
		{
			name: "create unnamed", request: postDatasets,
			summary:  summaryCreate,
			action:   func(*faultCase) string { return "create an unnamed dataset" },
			arrange:  arrangePlan(false, func(*faultCase) values { return values{} }),
			run:      applyPlan,
			outcomes: createUnnamedOutcomes,
		},
		{
			name: "create named with access", request: putDataset, before: []string{postDatasets},
			summary: summaryCreate, action: updatingNew,
			arrange: arrangePlan(false, func(c *faultCase) values {
				return values{"name": c.name, "general_access": "RESTRICTED"}
			}),
			run:      applyPlan,
			outcomes: createNamedWithAccessOutcomes,
			checkError: func(c *faultCase) {
				if id := c.s.API.Datasets()[0].ID; !c.ds.warnings().has("left for the next apply", id) {
					c.t.Errorf("no warning names dataset %s, which exists:\n%s", id, c.ds)
				}
			},
		},
		{
			name: "create unnamed with access", request: putDataset, before: []string{postDatasets},
			summary: summaryCreate, action: updatingNew,
			arrange:  arrangePlan(false, func(*faultCase) values { return values{"general_access": "RESTRICTED"} }),
			run:      applyPlan,
			outcomes: createUnnamedWithAccessOutcomes,
		},
		{
			name: "plan a creation", request: getDataset,
			summary: "Apify dataset name not checked", action: readingName,
			arrange: func(c *faultCase) { c.s.API.Seed(emulator.Dataset{Name: c.name}) },
			run: func(ctx context.Context, c *faultCase) {
				_, c.ds = c.w.plan(ctx, instance{}, nameConfig(c))
				c.found = "nothing"
				if c.ds.warnings().has("will be adopted") {
					c.found = "adoption"
				}
			},
			outcomes: planOutcomes,
		},
		{
			name: "read", request: getDataset,
			summary: summaryRead, action: readingDataset,
			arrange:  arrangeDataset,
			run:      readPrior,
			outcomes: readOutcomes,
		},
		{
			name: "read a deleted dataset", request: getUser, before: []string{getDataset},
			summary: summaryRead,
			action:  func(*faultCase) string { return "read the token's account" },
			arrange: func(c *faultCase) {
				arrangeDataset(c)
				c.s.API.Delete(c.id)
			},
			run:      readPrior,
			outcomes: readDeletedOutcomes,
		},
		{
			name: "read many", request: getDatasets, before: slices.Repeat([]string{getDataset}, readsBeforeList),
			arrange: func(c *faultCase) {
				w := c.s.newWalk(c.t, nil)
				for range readsBeforeList + listedReads {
					d := c.s.API.Seed(emulator.Dataset{Name: c.s.name(c.t), GeneralAccess: "RESTRICTED"})
					c.many = append(c.many, w.mustImport(d.ID))
				}
			},
			run: func(ctx context.Context, c *faultCase) {
				c.found = "datasets"
				for i, d := range c.s.API.Datasets() {
					after, ds := c.w.read(ctx, c.many[i])
					c.ds = append(c.ds, ds...)
					state := c.w.values(after.state)
					if state["id"] != d.ID || state["name"] != d.Name || state["general_access"] != d.GeneralAccess {
						c.found = fmt.Sprintf("%v for dataset %+v", state, d)
					}
				}
			},
			outcomes: readManyOutcomes,
		},
		{
			name: "update", request: putDataset, before: []string{getDataset},
			summary:  summaryUpdate,
			action:   func(c *faultCase) string { return fmt.Sprintf("update dataset %q", c.id) },
			arrange:  arrangePlan(true, func(c *faultCase) values { return values{"name": c.name + renamedSuffix} }),
			run:      applyPlan,
			outcomes: updateOutcomes,
		},
		{
			name: "delete", request: deleteDataset, before: []string{getDataset, getItems}, noBody: true,
			summary:  summaryDelete,
			action:   func(c *faultCase) string { return fmt.Sprintf("delete dataset %q", c.id) },
			arrange:  arrangePlan(true, noConfig),
			run:      applyPlan,
			outcomes: deleteOutcomes,
		},
		{
			name: "delete, reading the counters", request: getDataset,
			summary: summaryDelete, action: readingDataset,
			arrange:  arrangePlan(true, noConfig),
			run:      applyPlan,
			outcomes: deleteReadOutcomes,
		},
		{
			name: "delete, reading an item", request: getItems, before: []string{getDataset},
			summary:  summaryDelete,
			action:   func(c *faultCase) string { return fmt.Sprintf("check dataset %q for items", c.id) },
			arrange:  arrangePlan(true, noConfig),
			run:      applyPlan,
			outcomes: deleteReadItemsOutcomes,
		},
		{
			name: "import by ID", request: getDataset,
			summary: summaryImport, action: readingDataset,
			arrange:  arrangeDataset,
			run:      func(ctx context.Context, c *faultCase) { c.result, c.ds = c.w.importID(ctx, c.id) },
			outcomes: importOutcomes,
		},
		{
			name: "import by name", request: getDataset,
			summary: summaryImport, action: readingName,
			arrange:  arrangeDataset,
			run:      func(ctx context.Context, c *faultCase) { c.result, c.ds = c.w.importID(ctx, "~"+c.name) },
			outcomes: importOutcomes,
		},
		{
			name: "data source apify_dataset", request: getDataset,
			summary: summaryRead, action: readingDataset,
			arrange: arrangeDataset,
			run: func(ctx context.Context, c *faultCase) {
				var d values
				d, c.ds = c.w.readDataSource(ctx, "apify_dataset", values{"id": c.id})
				c.expectQueried(d["name"])
			},
			outcomes: queryOutcomes,
		},
		{
			name: "data source apify_datasets", request: getDatasets,
			summary: summaryList, action: listingDatasets,
			arrange: arrangeDataset,
			run: func(ctx context.Context, c *faultCase) {
				var all []values
				all, c.ds = c.w.datasets(ctx, values{})
				var names []any
				for _, d := range all {
					names = append(names, d["name"])
				}
				c.expectQueried(names...)
			},
			outcomes: queryOutcomes,
		},
		{
			name: "list resource", request: getDatasets,
			summary: summaryList, action: listingDatasets,
			arrange: arrangeDataset,
			run: func(ctx context.Context, c *faultCase) {
				var all []listResult
				all, c.ds = c.w.listAll(ctx, values{}, 100, false)
				var names []any
				for _, d := range all {
					names = append(names, d.displayName)
				}
				c.expectQueried(names...)
			},
			outcomes: listResourceOutcomes,
		},
		{
			name: "ephemeral resource apify_dataset_items_url", request: getDataset,
			summary: summarySign, action: readingDataset,
			arrange: arrangeDataset,
			run: func(ctx context.Context, c *faultCase) {
				var result values
				result, c.ds = c.w.openItemsURL(ctx, values{"dataset_id": c.id})
				c.found = "nothing"
				if result["url"] != nil {
					c.found = "dataset"
				}
			},
			outcomes: queryOutcomes,
		},
	}
}

// expectQueried notes whether a query found nothing, or exactly the dataset under test.
func (c *faultCase) expectQueried(names ...any) {
	switch {
	case reflect.DeepEqual(names, []any{c.name}):
		c.found = "dataset"
	case len(names) == 0, reflect.DeepEqual(names, []any{nil}):
		c.found = "nothing"
	default:
		c.found = fmt.Sprintf("%v", names)
	}
}
