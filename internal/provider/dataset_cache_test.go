package provider

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/hashicorp/terraform-plugin-framework-timetypes/timetypes"
	"github.com/hashicorp/terraform-plugin-framework/types"

	"github.com/apify/terraform-provider-apify/internal/apify"
	"github.com/apify/terraform-provider-apify/internal/emulator"
)

func TestDatasetCache_fewReads(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	s.read(s.seed(singleReads + 1)...)
	all := s.state
	for n := 1; n <= singleReads; n++ {
		s.state = all[:n]
		s.reset()
		s.refreshAll(s.newStore())
		s.expectReads(n, 0)
	}
	s.state = all
	s.reset()
	s.refreshAll(s.newStore())
	s.expectReads(singleReads, 1)
}

func TestDatasetCache_fewNameLookups(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	store := s.newStore()
	for range singleReads {
		s.expectLookup(t.Context(), store, "free", false)
	}
	s.expectReads(singleReads, 0)
	s.expectLookup(t.Context(), store, "free", false)
	s.expectReads(singleReads, 1)
}

func TestDatasetCache_manyReads(t *testing.T) {
	checkGoroutines(t)
	for name, test := range map[string]struct {
		unnamed    bool
		restricted bool
		levels     int
		pageLimit  int
		max        int // number of requests
	}{
		"one page":          {levels: 1, max: 20},
		"signed items URLs": {levels: 1, restricted: true, max: 20},
		"unnamed":           {levels: 1, unnamed: true, max: 20},
		// A dataset is read singly until one with the same access has been read singly.
		"all levels": {levels: 4, restricted: true, max: 30},
		"five pages": {levels: 1, pageLimit: 200, max: 60},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStoreTest(t, test.restricted, test.pageLimit)
			for i := range 1000 {
				// A list with unnamed datasets has no empty ones.
				d := emulator.Dataset{GeneralAccess: generalAccessLevels[i%test.levels], Items: items(1)}
				if !test.unnamed {
					d.Name = fmt.Sprintf("many-%d", i)
				}
				s.read(s.api.Seed(d).ID)
			}
			s.reset()
			s.refreshAll(s.newStore())
			if s.sentInAll() > test.max {
				t.Errorf("the requests were %v, want at most %d", s.sent(), test.max)
			}
		})
	}
}

func TestDatasetCache_manyNameLookups(t *testing.T) {
	checkGoroutines(t)
	const n = 1000
	for name, exists := range map[string]bool{"free-%d": false, "SEEDED-%d": true} {
		s := newStoreTest(t, true, 0)
		s.seed(n)
		store := s.newStore()
		tenAtOnce(n, func(i int) { s.expectLookup(t.Context(), store, fmt.Sprintf(name, i), exists) })
		// The single lookups, the list, and the token's account.
		if s.sentInAll() > singleReads+2 {
			t.Errorf("%s: the requests were %v", name, s.sent())
		}
	}
}

// In a large account, a few reads must not fetch the whole list.
func TestDatasetCache_largeAccount(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 10)
	s.read(s.seed(250)[150:]...) // on the last pages
	all := s.state
	for n, maxPages := range map[int]int{10: 0, 19: 0, 20: 1, 30: 3, 100: 17} {
		s.state = all[:n]
		s.reset()
		s.refreshAll(s.newStore())
		if sent := s.sent(); sent[getDataset] > n || sent[getDatasets] > maxPages {
			t.Errorf("%d reads: the requests were %v, want at most %d pages", n, sent, maxPages)
		}
		s.reset()
		s.lookUpFreeNames(s.newStore(), n, time.Minute)
		if sent := s.sent(); sent[getDataset] > n || sent[getDatasets] > maxPages {
			t.Errorf("%d lookups: the requests were %v, want at most %d pages", n, sent, maxPages)
		}
	}
}

// A name is free only if the list was complete before the lookup.
func TestDatasetCache_nameLookupsDuringFetch(t *testing.T) {
	checkGoroutines(t)
	for range 10 {
		s := newStoreTest(t, true, 20)
		s.seed(200)
		store := s.newStore()
		tenAtOnce(200, func(i int) { s.expectLookup(t.Context(), store, fmt.Sprintf("seeded-%d", i), true) })
		s.server.Close()
	}
}

// A list that does not name each dataset cannot prove that a name is free.
func TestDatasetCache_namesMissingFromList(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	s.seed(30)
	s.server.Recorder.Inject(emulator.FaultNamed(emulator.FaultListWithoutNames))
	store := s.newStore()
	for i := range 30 {
		s.expectLookup(t.Context(), store, fmt.Sprintf("seeded-%d", i), true)
	}
	s.expectReads(30, 1)
}

func TestDatasetCache_datasetsOfOthers(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	s.seed(30)
	s.api.Seed(emulator.Dataset{
		UserID: secondUserID, Name: "shared",
		SharedWith: map[string]emulator.Permission{emulator.DefaultUsername: emulator.PermissionWrite},
	})
	s.ignoreOwnership()
	store := s.newStore()
	for i := range 30 {
		s.expectLookup(t.Context(), store, fmt.Sprintf("seeded-%d", i), true)
		s.expectLookup(t.Context(), store, "shared", false)
	}
	if s.sent()[getDatasets] != 1 {
		t.Errorf("the requests were %v, want a page", s.sent())
	}
}

// A list that lags behind the writes of an earlier run never reverts them.
func TestDatasetCache_earlierWrites(t *testing.T) {
	checkGoroutines(t)
	s := newStoreTest(t, true, 0)
	ids := s.seed(100)
	s.freezeLists()
	for i, id := range ids {
		switch i % 10 {
		case 0:
			s.api.Update(id, func(d *emulator.Dataset) { d.Name = fmt.Sprintf("renamed-%d", i) })
		case 1:
			s.api.Update(id, func(d *emulator.Dataset) { d.GeneralAccess = string(apify.AnyoneWithIDCanRead) })
		}
	}
	s.read(ids...)
	s.reset()
	s.refreshAll(s.newStore())
	if n := s.sent()[getDataset]; n < singleReads || n > singleReads+20 {
		t.Errorf("%d of 100 reads were single", n)
	}
}

// cacheCase is a difference between the state, the list and a single read of one dataset.
type cacheCase struct {
	name    string
	unnamed bool // whether the dataset is unnamed
	access  apify.GeneralAccess
	// state changes the model in state, list the items of the list, and server the dataset itself.
	state  func(*datasetModel)
	list   func(item map[string]any)
	server func(*emulator.Dataset)
	// single reports whether the dataset must be read singly.
	single bool
}

// omitFromList returns a case in which items of the list lack a field.
func omitFromList(field string, unnamed bool) cacheCase {
	return cacheCase{
		name:    fmt.Sprintf("list omits %s (unnamed: %t)", field, unnamed),
		unnamed: unnamed,
		list:    func(item map[string]any) { delete(item, field) },
		single:  true,
	}
}

// withState returns the case with a change of the state.
func (c cacheCase) withState(state func(*datasetModel)) cacheCase {
	c.name += ", missing in state"
	c.state = state
	return c
}

// changeList returns a case in which items of the list have another value.
func changeList(field string, value any) cacheCase {
	return cacheCase{
		name:   fmt.Sprintf("list has %s %v", field, value),
		list:   func(item map[string]any) { item[field] = value },
		single: true,
	}
}

// changeState returns a case in which the state has another value.
func changeState(name string, state func(*datasetModel)) cacheCase {
	return cacheCase{name: name, state: state, single: true}
}

// changeItemsURL returns a case in which the state has another items URL.
func changeItemsURL(name string, change func(itemsURL string) string) cacheCase {
	return changeState(name, func(m *datasetModel) { m.ItemsPublicURL = types.StringValue(change(m.ItemsPublicURL.ValueString())) })
}

func TestDatasetCache_differences(t *testing.T) {
	checkGoroutines(t)
	for _, c := range []cacheCase{
		{name: "none"},
		{name: "none, plain items URL", access: apify.AnyoneWithIDCanRead},
		{name: "none, unnamed", unnamed: true},
		{name: "list has the ID as name of an unnamed dataset", unnamed: true, list: func(item map[string]any) { item["name"] = item["id"] }},

		{name: "name in state differs in case", state: func(m *datasetModel) { m.Name = types.StringValue(strings.ToUpper(m.Name.ValueString())) }},
		{name: "name in list differs in case", list: func(item map[string]any) { item["name"] = strings.ToUpper(item["name"].(string)) }},
		{name: "name was changed", server: func(d *emulator.Dataset) { d.Name = "renamed" }, single: true},
		{name: "name was removed", server: func(d *emulator.Dataset) { d.Name = "" }, single: true},
		{name: "name was set", unnamed: true, server: func(d *emulator.Dataset) { d.Name = "named" }, single: true},
		{name: "list has a null name of an unnamed dataset", unnamed: true, list: func(item map[string]any) { item["name"] = nil }, single: true},
		changeList("name", nil),
		changeList("name", ""),
		omitFromList("name", false),
		omitFromList("name", true),

		{name: "access was changed", server: func(d *emulator.Dataset) { d.GeneralAccess = string(apify.AnyoneWithIDCanRead) }, single: true},
		changeState("access missing in state", func(m *datasetModel) { m.GeneralAccess = types.StringNull() }),
		changeList("generalAccess", "RESTRICTED"),
		omitFromList("generalAccess", false),
		omitFromList("generalAccess", false).withState(func(m *datasetModel) { m.GeneralAccess = types.StringNull() }),

		changeState("owner missing in state", func(m *datasetModel) { m.UserID = types.StringNull() }),
		changeList("userId", secondUserID),
		omitFromList("userId", false),
		omitFromList("userId", false).withState(func(m *datasetModel) { m.UserID = types.StringNull() }),

		changeState("creation time missing in state", func(m *datasetModel) { m.CreatedAt = timetypes.NewRFC3339Null() }),
		changeList("createdAt", "2019-12-12T07:34:14.202Z"),
		changeList("createdAt", "yesterday"),
		omitFromList("createdAt", false),
		omitFromList("createdAt", false).withState(func(m *datasetModel) { m.CreatedAt = timetypes.NewRFC3339Null() }),
		{
			name: "list has the creation time in another form",
			list: func(item map[string]any) {
				item["createdAt"] = strings.Replace(item["createdAt"].(string), "Z", "+00:00", 1)
			},
			single: true,
		},

		changeState("console URL missing in state", func(m *datasetModel) { m.ConsoleURL = types.StringNull() }),
		changeState("items URL missing in state", func(m *datasetModel) { m.ItemsPublicURL = types.StringNull() }),
		changeItemsURL("items URL of another host", func(u string) string { return strings.Replace(u, "127.0.0.1", "old.example", 1) }),
		changeItemsURL("items URL with another parameter", func(u string) string { return u + "&clean=1" }),
		changeItemsURL("items URL is not a URL", func(string) string { return "://" }),
	} {
		t.Run(c.name, func(t *testing.T) { c.run(newStoreTest(t, true, 0)) })
	}
}

// run reads as many datasets singly as are needed before the list, and then the dataset of the
// case.
func (c cacheCase) run(s *storeTest) {
	s.tb.Helper()
	for i := range singleReads + 1 {
		// A list with unnamed datasets has no empty ones.
		d := emulator.Dataset{GeneralAccess: string(c.access), Items: items(1)}
		if !c.unnamed {
			d.Name = fmt.Sprintf("dataset-%d", i)
		}
		s.read(s.api.Seed(d).ID)
	}
	prior := &s.state[singleReads]
	if c.state != nil {
		c.state(prior)
	}
	if c.server != nil {
		s.api.Update(prior.ID.ValueString(), c.server)
	}
	if c.list != nil {
		s.changeListItems(c.list)
	}
	s.reset()
	store := s.newStore()
	for _, m := range s.state {
		if err := s.checkRefresh(s.tb.Context(), store, m); err != nil {
			s.tb.Error(err)
		}
	}
	if c.single {
		s.expectReads(singleReads+1, 1)
	} else {
		s.expectReads(singleReads, 1)
	}
}

// A signature must be valid for signatureMargin, and every items URL has the form that the first
// reads of this run had.
func TestDatasetCache_signatures(t *testing.T) {
	checkGoroutines(t)
	for name, test := range map[string]struct {
		signature func(s *storeTest, m datasetModel, expires time.Time) string
		single    bool
	}{
		"valid":         {(*storeTest).sign, false},
		"never expires": {func(s *storeTest, m datasetModel, _ time.Time) string { return s.sign(m, time.Time{}) }, false},
		"expires soon": {func(s *storeTest, m datasetModel, expires time.Time) string {
			return s.sign(m, expires.Add(-time.Millisecond))
		}, true},
		"invalid": {func(*storeTest, datasetModel, time.Time) string { return "garbage" }, true},
		"none":    {func(*storeTest, datasetModel, time.Time) string { return "" }, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStoreTest(t, true, 0)
			cacheCase{
				state: func(m *datasetModel) {
					s.setSignature(m, test.signature(s, *m, s.now.Add(signatureMargin)))
				},
				single: test.single,
			}.run(s)
		})
	}
}
