package emulator

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const documentPath = "testdata/openapi/datasets.json"

// openAPIDocument is Apify's OpenAPI document. Its schemas are JSON Schema, as OpenAPI 3.1 defines.
type openAPIDocument struct {
	root map[string]any

	mu       sync.Mutex // It guards the compiler.
	compiler *jsonschema.Compiler
}

var openAPI = sync.OnceValue(func() *openAPIDocument {
	data, err := os.ReadFile(documentPath)
	if err != nil {
		panic(err)
	}
	content, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err != nil {
		panic(err)
	}
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	if err := compiler.AddResource(documentPath, content); err != nil {
		panic(err)
	}
	return &openAPIDocument{root: content.(map[string]any), compiler: compiler}
})

// validate checks the response to a request, if the OpenAPI document has the operation.
func validate(t testing.TB, request *http.Request, got result) {
	t.Helper()
	route, _ := match(request.URL)
	if route == nil || openAPI().at("paths", route.pattern, strings.ToLower(request.Method)) == nil {
		return
	}
	if got.status == http.StatusNotImplemented {
		return // The emulator's own status.
	}
	if err := openAPI().check(request.Method, route.pattern, got); err != nil {
		t.Errorf("%s %s: %v\n\tthe response was %d: %s", request.Method, request.URL, err, got.status, got.body)
	}
}

// at returns the object at a JSON pointer, whose parts are not escaped, or nil if there is none.
func (d *openAPIDocument) at(pointer ...string) map[string]any {
	object := d.root
	for _, name := range pointer {
		object, _ = object[name].(map[string]any)
	}
	return object
}

// statuses returns the documented statuses by pattern and method.
func (d *openAPIDocument) statuses() map[string]map[string][]string {
	all := map[string]map[string][]string{}
	for pattern := range d.at("paths") {
		all[pattern] = map[string][]string{}
		for method := range d.at("paths", pattern) {
			responses := d.at("paths", pattern, method, "responses")
			all[pattern][strings.ToUpper(method)] = slices.Collect(maps.Keys(responses))
		}
	}
	return all
}

// check returns an error if a response to an operation does not conform to the document.
func (d *openAPIDocument) check(method, pattern string, got result) error {
	pointer := []string{"paths", pattern, strings.ToLower(method), "responses", strconv.Itoa(got.status)}
	response := d.at(pointer...)
	if response == nil {
		return errors.New("the status is not documented")
	}
	if ref, ok := response["$ref"].(string); ok {
		pointer = strings.Split(strings.TrimPrefix(ref, "#/"), "/")
		response = d.at(pointer...)
	}
	if len(got.body) == 0 && (method == http.MethodHead || response["content"] == nil) {
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(got.header.Get("Content-Type"))
	if err != nil {
		return err
	}
	pointer = append(pointer, "content", mediaType, "schema")
	if d.at(pointer...) == nil {
		return fmt.Errorf("the media type %s is not documented", mediaType)
	}
	var instance any = string(got.body)
	if mediaType == "application/json" {
		// On request, the API adds a byte order mark even to JSON.
		body := bytes.TrimPrefix(got.body, []byte(byteOrderMark))
		if instance, err = jsonschema.UnmarshalJSON(bytes.NewReader(body)); err != nil {
			return err
		}
	}
	schema, err := d.schema(pointer)
	if err != nil {
		return err
	}
	return schema.Validate(instance)
}

func (d *openAPIDocument) schema(pointer []string) (*jsonschema.Schema, error) {
	escape := strings.NewReplacer("~", "~0", "/", "~1")
	fragment := ""
	for _, name := range pointer {
		fragment += "/" + escape.Replace(name)
	}
	location := url.URL{Path: documentPath, Fragment: fragment}
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.compiler.Compile(location.String())
}
