package provider

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"os"
	"path"
	"reflect"
	"slices"
	"sync"
	"testing"

	"github.com/hashicorp/terraform-plugin-framework/attr"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// The tests below need no change for a new attribute. They fail if the cache would serve it
// wrongly: one that lists omit must be in keepOmittedByLists, and one that lists have must not be.

func TestDatasetCache_everyAttribute(t *testing.T) {
	checkGoroutines(t)
	server := newFilledDatasets(t, singleReads+1)
	s := newStoreTestWithHandler(t, server)
	s.read(server.ids...)
	attributes := reflect.ValueOf(s.state[0])
	for _, field := range reflect.VisibleFields(attributes.Type()) {
		if field.Anonymous {
			continue // its fields follow
		}
		if v := attributes.FieldByIndex(field.Index).Interface().(attr.Value); v.IsNull() {
			t.Errorf("%s is null after a single read of a dataset with all fields", field.Name)
		}
	}
	s.reset()
	store := s.newStore()
	for _, want := range s.state {
		if got, err := store.refresh(t.Context(), want); err != nil || got != want {
			t.Errorf("got %v, %v, want %v", got, err, want)
		}
	}
	s.expectReads(singleReads, 1) // so the last dataset was served from the list
}

func TestDatasetCache_everyChangeInLists(t *testing.T) {
	checkGoroutines(t)
	for _, property := range slices.Sorted(maps.Keys(openAPISchema(t, "DatasetListItem"))) {
		if property == "id" {
			continue // another ID is another dataset
		}
		t.Run(property, func(t *testing.T) {
			server := newFilledDatasets(t, singleReads+1)
			s := newStoreTestWithHandler(t, server)
			s.read(server.ids...)
			// The first dataset is read singly, so the form of items URLs after the change is
			// known.
			for _, id := range []string{server.ids[0], server.ids[singleReads]} {
				server.change(id, property, fillDataset(t, id, 1000)[property])
			}
			store := s.newStore()
			for _, prior := range s.state {
				if err := s.checkRefresh(t.Context(), store, prior); err != nil {
					t.Error(err)
				}
			}
		})
	}
}

// filledDatasets is an API with datasets that have a value for every field of [apify.Dataset].
// Items of its lists have the properties that the schema DatasetListItem in Apify's OpenAPI
// document has.
type filledDatasets struct {
	ids         []string
	listedNames []string

	mu   sync.Mutex
	byID map[string]map[string]any
}

func newFilledDatasets(t *testing.T, n int) *filledDatasets {
	t.Helper()
	s := &filledDatasets{
		listedNames: slices.Collect(maps.Keys(openAPISchema(t, "DatasetListItem"))),
		byID:        map[string]map[string]any{},
	}
	for i := range n {
		id := fmt.Sprintf("Dataset%010d", i)
		s.ids = append(s.ids, id)
		s.byID[id] = fillDataset(t, id, 1)
	}
	return s
}

func (s *filledDatasets) change(id, property string, value any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.byID[id][property] = value
}

// ServeHTTP implements [http.Handler].
func (s *filledDatasets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	var data any
	if r.URL.Path == "/v2/datasets" {
		items := []map[string]any{}
		for _, id := range s.ids {
			item := maps.Clone(s.byID[id])
			maps.DeleteFunc(item, func(name string, _ any) bool { return !slices.Contains(s.listedNames, name) })
			stats := maps.Clone(item["stats"].(map[string]any))
			delete(stats, "storageBytes") // "Only returned by the single-dataset endpoint", by the schema
			item["stats"] = stats
			items = append(items, item)
		}
		data = map[string]any{"total": len(items), "items": items}
	} else {
		data = s.byID[path.Base(r.URL.Path)]
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(map[string]any{"data": data}) // an error means that the client is gone
}

// fillDataset returns the JSON object of a dataset whose fields all have values. They are numbered
// from first on, so that no two of them are the same.
func fillDataset(t *testing.T, id string, first int) map[string]any {
	t.Helper()
	formats := map[string]string{}
	for _, schema := range []string{"Dataset", "DatasetListItem"} {
		for name, property := range openAPISchema(t, schema) {
			formats[name] = property.Format
		}
	}
	var d apify.Dataset
	number := first
	var fill func(v reflect.Value, format string)
	fill = func(v reflect.Value, format string) {
		number++
		switch into := v.Addr().Interface().(type) {
		case *json.RawMessage:
			*into = fmt.Appendf(nil, `{"number": %d}`, number)
			return
		case *[]string:
			*into = []string{fmt.Sprintf("text-%d", number)}
			return
		}
		switch v.Kind() {
		case reflect.Pointer:
			v.Set(reflect.New(v.Type().Elem()))
			fill(v.Elem(), format)
		case reflect.Struct:
			for i := range v.NumField() {
				field := v.Type().Field(i)
				if name := field.Tag.Get("json"); name != "-" {
					fill(v.Field(i), formats[name])
				}
			}
		case reflect.Bool:
			v.SetBool(true)
		case reflect.Int64:
			v.SetInt(int64(number))
		case reflect.String:
			switch format {
			case "date-time":
				v.SetString(fmt.Sprintf("2019-12-12T07:34:%02d.%03dZ", number%60, number%1000))
			case "uri":
				v.SetString(fmt.Sprintf("https://host-%d.example/v2/datasets/%s/items", number, id))
			default:
				v.SetString(fmt.Sprintf("text-%d", number))
			}
		default:
			t.Fatalf("fillDataset has no value for a field of type %s", v.Type())
		}
	}
	fill(reflect.ValueOf(&d).Elem(), "")
	d.ID, d.Name = id, new(fmt.Sprintf("%s-%d", id, first))
	raw, err := json.Marshal(d)
	if err != nil {
		t.Fatal(err)
	}
	var object map[string]any
	if err := json.Unmarshal(raw, &object); err != nil {
		t.Fatal(err)
	}
	return object
}

type openAPIProperty struct {
	Format string `json:"format"`
}

// openAPISchema returns the properties of a schema in Apify's OpenAPI document.
func openAPISchema(t *testing.T, name string) map[string]openAPIProperty {
	t.Helper()
	raw, err := os.ReadFile("../emulator/testdata/openapi/datasets.json")
	if err != nil {
		t.Fatal(err)
	}
	var document struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]openAPIProperty `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(raw, &document); err != nil {
		t.Fatal(err)
	}
	properties := document.Components.Schemas[name].Properties
	if len(properties) == 0 {
		t.Fatalf("the OpenAPI document has no schema %s", name)
	}
	return properties
}
