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

	"github.com/santhosh-tekuri/jsonschema/v6"
)

const documentPath = "testdata/openapi/datasets.json"

// openAPIDocument is Apify's OpenAPI document. Its schemas are JSON Schema, as of OpenAPI 3.1 they all
// are.
type openAPIDocument struct {
	root map[string]any

	mu       sync.Mutex // guards the compiler
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

// at returns the object at a JSON pointer, of which the parts are not escaped, and nil if there is none.
func (d *openAPIDocument) at(pointer ...string) map[string]any {
	object := d.root
	for _, name := range pointer {
		object, _ = object[name].(map[string]any)
	}
	return object
}

// operations are the statuses that the document has by pattern and method.
func (d *openAPIDocument) operations() map[string]map[string][]string {
	all := map[string]map[string][]string{}
	for pattern := range d.at("paths") {
		all[pattern] = map[string][]string{}
		for method := range d.at("paths", pattern) {
			statuses := d.at("paths", pattern, method, "responses")
			all[pattern][strings.ToUpper(method)] = slices.Collect(maps.Keys(statuses))
		}
	}
	return all
}

// violation tells what in an answer to an operation is not as the document says, or nil.
func (d *openAPIDocument) violation(method, pattern string, status int, header http.Header, body []byte) error {
	pointer := []string{"paths", pattern, strings.ToLower(method), "responses", strconv.Itoa(status)}
	response := d.at(pointer...)
	if response == nil {
		return errors.New("the status is not documented")
	}
	if ref, ok := response["$ref"].(string); ok {
		pointer = strings.Split(strings.TrimPrefix(ref, "#/"), "/")
		response = d.at(pointer...)
	}
	if len(body) == 0 && (method == http.MethodHead || response["content"] == nil) {
		return nil
	}
	mediaType, _, err := mime.ParseMediaType(header.Get("Content-Type"))
	if err != nil {
		return err
	}
	pointer = append(pointer, "content", mediaType, "schema")
	if d.at(pointer...) == nil {
		return fmt.Errorf("the media type %s is not documented", mediaType)
	}
	var instance any = string(body)
	if mediaType == "application/json" {
		// The API gives even JSON a byte order mark if it is asked to.
		body = bytes.TrimPrefix(body, []byte(byteOrderMark))
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
