package emulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"path"

	"github.com/santhosh-tekuri/jsonschema/v6"
)

// itemSchemaURL is the URL of the schema, which the library requires. By RFC 2606, no host has this
// name. The library resolves a URL without a host against the working directory, which the errors
// would then contain.
const itemSchemaURL = "https://fields.invalid/"

// validateItems validates items against the fields of a dataset's schema, which are a JSON schema
// of one item:
// https://docs.apify.com/storage/dataset-schema/validation.
// One invalid item makes the API reject all of them.
func validateItems(schema json.RawMessage, items []json.RawMessage) error {
	var parsed struct {
		Fields json.RawMessage `json:"fields"`
	}
	if len(schema) == 0 {
		return nil
	}
	if err := json.Unmarshal(schema, &parsed); err != nil {
		return errInvalid("dataset-schema-invalid", "The dataset's schema is invalid: %v", err)
	}
	if parsed.Fields == nil {
		return nil
	}
	compiled, err := compileFields(parsed.Fields)
	if err != nil {
		return errInvalid("dataset-schema-invalid", "The fields of the dataset's schema are invalid: %v", err)
	}
	var invalid []invalidItem
	for i, item := range items {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(item))
		if err != nil {
			return errInvalid("invalid-input", "Item %d is not valid JSON: %v", i, err)
		}
		var e *jsonschema.ValidationError
		if errors.As(compiled.Validate(value), &e) {
			invalid = append(invalid, invalidItem{i, newValidationErrors(e)})
		}
	}
	if len(invalid) == 0 {
		return nil
	}
	return &invalidItemsError{
		apiError: &apiError{http.StatusBadRequest, "schema-validation-error", "Schema validation failed"},
		items:    invalid,
	}
}

// invalidItemsError is the error of items that do not match the dataset's schema.
type invalidItemsError struct {
	*apiError
	items []invalidItem
}

func (e *invalidItemsError) Unwrap() error { return e.apiError }

// invalidItem is InvalidItem of Apify's OpenAPI document.
type invalidItem struct {
	Position int               `json:"itemPosition"`
	Errors   []validationError `json:"validationErrors"`
}

func compileFields(fields json.RawMessage) (*jsonschema.Schema, error) {
	content, err := jsonschema.UnmarshalJSON(bytes.NewReader(fields))
	if err != nil {
		return nil, err
	}
	compiler := jsonschema.NewCompiler()
	compiler.DefaultDraft(jsonschema.Draft7)
	compiler.UseLoader(jsonschema.SchemeURLLoader{}) // no references to other documents
	if err := compiler.AddResource(itemSchemaURL, content); err != nil {
		return nil, err
	}
	return compiler.Compile(itemSchemaURL)
}

// validationError is ValidationError of Apify's OpenAPI document, an error of the validator Ajv.
type validationError struct {
	InstancePath string `json:"instancePath"`
	SchemaPath   string `json:"schemaPath"`
	Keyword      string `json:"keyword"`
	Message      string `json:"message"`
}

func newValidationErrors(e *jsonschema.ValidationError) []validationError {
	var all []validationError
	for _, unit := range e.BasicOutput().Errors {
		if unit.Error == nil || unit.KeywordLocation == "" {
			continue
		}
		all = append(all, validationError{
			InstancePath: unit.InstanceLocation,
			SchemaPath:   "#" + unit.KeywordLocation,
			Keyword:      path.Base(unit.KeywordLocation),
			Message:      unit.Error.String(),
		})
	}
	return all
}
