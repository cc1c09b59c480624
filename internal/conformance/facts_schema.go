package conformance

import "net/http"

// itemSchema describes the items of the facts about schemas.
const itemSchema = `{
	"actorSpecification": 1,
	"fields": {
		"$schema": "http://json-schema.org/draft-07/schema#",
		"type": "object",
		"properties": {"name": {"type": "string"}, "price": {"type": ["number", "null"]}},
		"required": ["name"]
	},
	"views": {
		"prices": {
			"title": "Prices",
			"transformation": {"fields": ["price", "name"]},
			"display": {"component": "table", "properties": {"name": {"label": "Name", "format": "text"}}}
		},
		"newest": {
			"title": "Newest",
			"transformation": {"unwind": ["parts"], "flatten": ["size"], "omit": ["price", "size.h"], "limit": 1, "desc": true},
			"display": {"component": "table", "properties": {"name": {"label": "Name", "format": "text"}}}
		}
	}
}`

const (
	// schemaItems match itemSchema.
	schemaItems = `[{"name": "pen", "price": 1.5, "more": 1}, {"name": "ink", "price": null, "parts": [{"no": 1}, {"no": 2}], "size": {"w": 3, "h": 4}}]`
	// viewPrices and viewNewest are the items in the views of itemSchema.
	viewPrices = `[{"price":1.5,"name":"pen"},{"price":null,"name":"ink"}]`
	viewNewest = `[{"name":"ink","no":1,"size.w":3},{"name":"ink","no":2,"size.w":3}]`
)

// createWithSchema creates a named dataset with itemSchema.
func (c *check) createWithSchema() dataset {
	name := newName()
	d := c.newDataset(name, c.post(name, `{"schema": `+itemSchema+`}`))
	if c.get(d.path).prepared(http.StatusOK).object("data", "schema") == nil {
		c.undecidable("the server does not store the schema of a creation")
	}
	return d
}

func schemaFacts() []fact {
	return []fact{
		{
			name: "schema: items", text: "Items that match the schema can be pushed, also with properties that the schema lacks.", source: sourceValidity,
			check: func(c *check) { c.push(c.createWithSchema(), schemaItems).hasStatus(http.StatusCreated) },
		},
		{
			name: "schema: invalid items", source: sourcePush + " and " + sourceValidity,
			text: "If an item does not match the schema, the push fails with 400 schema-validation-error and stores no item. The error contains the index " +
				"and the errors of each invalid item.",
			check: func(c *check) {
				d := c.createWithSchema()
				got := c.push(d, `[{"name": "pen"}, {"name": "ink", "price": "high"}, {"price": 1}]`)
				got.fails(http.StatusBadRequest, "schema-validation-error")
				invalid := got.list("error", "data", "invalidItems")
				c.equal("number of invalid items", len(invalid), 2)
				for i, want := range []struct {
					position float64
					keyword  string
				}{{1, "type"}, {2, "required"}} {
					item, _ := invalid[i].(map[string]any)
					c.equal("itemPosition", item["itemPosition"], want.position)
					all, _ := item["validationErrors"].([]any)
					c.equal("number of errors of the item", len(all), 1)
					first, _ := all[0].(map[string]any)
					c.hasProperties(first, "instancePath", "schemaPath", "keyword", "message")
					c.equal("keyword", first["keyword"], want.keyword)
				}
				c.equal("items", c.get(d.path+"/items").hasStatus(http.StatusOK).items(), `[]`)
			},
		},
		{
			name: "schema: fields of a view", text: "A view returns the fields of its transformation, in their order.", source: sourceSchema,
			check: func(c *check) {
				d := c.createWithSchema()
				c.pushAndWait(d, schemaItems)
				c.equal("items", c.get(d.path+"/items?view=prices").hasStatus(http.StatusOK).compact(), viewPrices)
			},
		},
		{
			name: "schema: transformation of a view", text: "A view applies the unwind, flatten, omit, limit and desc of its transformation.", source: sourceSchema,
			check: func(c *check) {
				d := c.createWithSchema()
				c.pushAndWait(d, schemaItems)
				c.equal("items", c.get(d.path+"/items?view=newest").hasStatus(http.StatusOK).items(), viewNewest)
			},
		},
		{
			name: "schema: view and parameters", text: "A parameter of the query takes precedence over the same parameter of the view.", source: sourceNone, assumed: true,
			check: func(c *check) {
				d := c.createWithSchema()
				c.pushAndWait(d, schemaItems)
				c.equal("items", c.get(d.path+"/items?view=prices&fields=name").hasStatus(http.StatusOK).items(), `[{"name":"pen"},{"name":"ink"}]`)
				c.equal("items", c.get(d.path+"/items?view=newest&desc=0&fields=name").hasStatus(http.StatusOK).items(), `[{"name":"pen"}]`)
			},
		},
		{
			name: "schema: unknown view", text: "A view that the schema lacks is refused with 400 requested-dataset-view-does-not-exist.",
			source: "OpenAPI document, schema ErrorType", assumed: true,
			check: func(c *check) {
				c.get(c.createWithSchema().path+"/items?view=unknown").fails(http.StatusBadRequest, "requested-dataset-view-does-not-exist")
			},
		},
		{
			name: "schema: statistics", text: "The statistics of a dataset have the minimum, the maximum and the number of null and missing values of each field in its schema.",
			source: "OpenAPI document, GET /v2/datasets/{datasetId}/statistics; " + sourceValidity,
			check: func(c *check) {
				d := c.createWithSchema()
				c.pushAndWait(d, `[{"name": "pen", "price": 1.5, "more": 1}, {"name": "pencil", "price": 3}, {"name": "ink", "price": null}, {"name": "nib"}]`)
				c.eventually(listDelay, func() {
					fields := c.get(d.path+"/statistics").hasStatus(http.StatusOK).object("data", "fieldStatistics")
					c.equal("fields", propertyNames(fields), "name, price")
					price, _ := fields["price"].(map[string]any)
					for _, want := range []struct {
						name  string
						value float64
					}{{"min", 1.5}, {"max", 3}, {"nullCount", 1}, {"emptyCount", 1}} {
						c.equal(want.name+" of the price", price[want.name], want.value)
					}
					name, _ := fields["name"].(map[string]any)
					c.equal("min of the name", name["min"], 3.0)
					c.equal("max of the name", name["max"], 6.0)
				})
			},
		},
	}
}
