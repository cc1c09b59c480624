package conformance

import (
	"fmt"
	"net/http"
	"strings"
	"time"
)

func updateFacts() []fact {
	return []fact{
		{
			name: "update: rename", text: "An update of the name returns the dataset; the new name finds it and the old one does not.", source: sourceUpdate,
			check: func(c *check) {
				d, name := c.create(), newName()
				c.put(d, fmt.Sprintf(`{"name": %q}`, name)).hasStatus(http.StatusOK).has("id", d.id).has("name", name)
				c.get(datasetsPath+"/~"+name).hasStatus(http.StatusOK).has("id", d.id)
				c.get(datasetsPath+"/~"+d.name).fails(http.StatusNotFound, "record-not-found")
			},
		},
		{
			name: "update: by name", text: "An update can refer to the dataset by ~name.", source: sourceRuntime, assumed: true,
			check: func(c *check) {
				d, name := c.create(), newName()
				d.path = datasetsPath + "/~" + d.name
				c.put(d, fmt.Sprintf(`{"name": %q}`, name)).hasStatus(http.StatusOK).has("id", d.id).has("name", name)
			},
		},
		{
			name: "update: case of the name", text: "A dataset can get its own name in another case.", source: sourceNone, assumed: true,
			check: func(c *check) {
				d := c.create()
				c.put(d, fmt.Sprintf(`{"name": %q}`, strings.ToUpper(d.name))).hasStatus(http.StatusOK).has("name", strings.ToUpper(d.name))
			},
		},
		{
			name: "update: taken name", text: "A rename to the name of another dataset, ignoring case, is refused with 400 name-not-unique.",
			source: sourceErrors + "; never recorded for datasets", assumed: true,
			check: func(c *check) {
				d, other := c.create(), c.create()
				c.put(d, fmt.Sprintf(`{"name": %q}`, other.name)).fails(http.StatusBadRequest, "name-not-unique")
				c.put(d, fmt.Sprintf(`{"name": %q}`, strings.ToUpper(other.name))).fails(http.StatusBadRequest, "name-not-unique")
			},
		},
		{
			name: "update: all or nothing", text: "An update whose name is refused changes nothing else either.", source: sourceNone, assumed: true,
			check: func(c *check) {
				d, other := c.create(), c.create()
				c.put(d, fmt.Sprintf(`{"name": %q, "generalAccess": "RESTRICTED"}`, other.name)).hasStatus(http.StatusBadRequest)
				c.get(d.path).has("name", d.name).has("generalAccess", "FOLLOW_USER_SETTING")
			},
		},
		{
			name: "update: null name", text: "The name null makes a dataset unnamed.", source: sourceCLI + ", which sends it", assumed: true,
			check: func(c *check) {
				d := c.create()
				c.put(d, `{"name": null}`).hasStatus(http.StatusOK).has("name", nil)
				c.get(datasetsPath+"/~"+d.name).fails(http.StatusNotFound, "record-not-found")
			},
		},
		{
			name: "update: name of an unnamed dataset", text: "An unnamed dataset can get a name.", source: sourceUpdate,
			check: func(c *check) {
				d, name := c.createUnnamed(), newName()
				c.put(d, fmt.Sprintf(`{"name": %q}`, name)).hasStatus(http.StatusOK).has("name", name)
			},
		},
		{
			name: "update: invalid name", text: "An empty or invalid name is refused with status 400.", source: sourceNames, assumed: true,
			check: func(c *check) {
				d := c.create()
				for _, body := range []string{`{"name": ""}`, `{"name": "-"}`, `{"name": "a_b"}`, `{"name": 1}`} {
					c.put(d, body).hasStatus(http.StatusBadRequest)
				}
				c.get(d.path).has("name", d.name)
			},
		},
		{
			name: "update: general access", text: "An update of the general access returns the dataset with the new level.", source: sourceUpdate,
			check: func(c *check) {
				d := c.create()
				for _, level := range []string{"RESTRICTED", "ANYONE_WITH_ID_CAN_READ", "ANYONE_WITH_NAME_CAN_READ", "FOLLOW_USER_SETTING"} {
					body := fmt.Sprintf(`{"generalAccess": %q}`, level)
					c.put(d, body).hasStatus(http.StatusOK).has("generalAccess", level).has("name", d.name)
				}
			},
		},
		{
			name: "update: invalid general access", text: "A general access of null, or one that does not exist, is refused with status 400.",
			source: sourceBodies,
			check: func(c *check) {
				d := c.create()
				c.put(d, `{"generalAccess": null}`).hasStatus(http.StatusBadRequest)
				c.put(d, `{"generalAccess": "PUBLIC"}`).hasStatus(http.StatusBadRequest)
			},
		},
		{
			name: "update: error type", text: "The error of a value of the wrong type has the type invalid-input.", source: sourceErrors, assumed: true,
			check: func(c *check) {
				d := c.create()
				c.put(d, `{"generalAccess": "PUBLIC"}`).fails(http.StatusBadRequest, "invalid-input")
				c.put(d, `{"name": 1}`).fails(http.StatusBadRequest, "invalid-input")
			},
		},
		{
			name: "update: title", text: "An update can set a title, which lists contain.", source: sourceJS + ", which sends it", assumed: true,
			check: func(c *check) {
				d := c.create()
				c.put(d, `{"title": "Conformance"}`).hasStatus(http.StatusOK)
				c.eventually(listDelay, func() { c.equal("title in a list", c.listed(d, "")["title"], "Conformance") })
			},
		},
		{
			name: "update: empty body", text: "An update without properties, or with unknown ones only, succeeds and changes nothing but modifiedAt.",
			source: sourceNone, assumed: true,
			check: func(c *check) {
				d := c.create()
				for _, body := range []string{`{}`, `{"unknown": 1}`} {
					c.put(d, body).hasStatus(http.StatusOK).has("name", d.name).has("generalAccess", "FOLLOW_USER_SETTING")
				}
			},
		},
		{
			name: "update: modifiedAt", text: "An update changes modifiedAt, but not createdAt.", source: sourceNone, assumed: true,
			check: func(c *check) {
				d := c.create()
				c.wait(5 * time.Millisecond)
				got := c.put(d, fmt.Sprintf(`{"name": %q}`, newName())).hasStatus(http.StatusOK)
				c.isTrue("a later modifiedAt", got.text("data", "modifiedAt") > d.text("data", "modifiedAt"), "the same modifiedAt")
				got.has("createdAt", d.at("data", "createdAt"))
			},
		},
		{
			name: "update: null title", text: "The title null removes the title from lists.", source: sourceNone, assumed: true,
			check: func(c *check) {
				d := c.create()
				c.put(d, `{"title": "Conformance"}`).hasStatus(http.StatusOK)
				c.put(d, `{"title": null}`).hasStatus(http.StatusOK)
				c.eventually(listDelay, func() { c.equal("title in a list", c.listed(d, "")["title"], nil) })
			},
		},
		{
			name: "update: invalid title", text: "A title that is not a text is refused with status 400.", source: sourceNone, assumed: true,
			check: func(c *check) { c.put(c.create(), `{"title": 1}`).hasStatus(http.StatusBadRequest) },
		},
		{
			name: "update: no object", text: "A body that is not a JSON object is refused with status 400.", source: sourceUpdate,
			check: func(c *check) {
				d := c.create()
				for _, body := range []string{``, `null`, `[]`, `{"name"`} {
					c.put(d, body).hasStatus(http.StatusBadRequest)
				}
			},
		},
		{
			name: "update: unknown dataset", text: "The update of a dataset that does not exist fails with 404 record-not-found.", source: sourceUpdate,
			check: func(c *check) {
				c.put(dataset{path: datasetsPath + "/" + noDataset}, `{}`).fails(http.StatusNotFound, "record-not-found")
			},
		},
	}
}

func deleteFacts() []fact {
	return []fact{
		{
			name: "delete: status", text: "The deletion of a dataset, even of one with items, returns status 204 without a body.", source: sourceDelete,
			check: func(c *check) {
				d := c.createWithItems(`[{"a": 1}]`)
				got := c.remove(d.path).hasStatus(http.StatusNoContent)
				c.equal("length of the body", len(got.body), 0)
			},
		},
		{
			name: "delete: by name", text: "A deletion can refer to the dataset by ~name.", source: sourceRuntime, assumed: true,
			check: func(c *check) {
				d := c.create()
				c.remove(datasetsPath + "/~" + d.name).hasStatus(http.StatusNoContent)
				c.get(d.path).fails(http.StatusNotFound, "record-not-found")
			},
		},
		{
			name: "delete: consistency", text: "A read by ID or name fails with 404 record-not-found at once after the deletion.", source: sourceSuites,
			check: func(c *check) {
				d := c.create()
				c.remove(d.path).prepared(http.StatusNoContent)
				c.get(d.path).fails(http.StatusNotFound, "record-not-found")
				c.get(datasetsPath+"/~"+d.name).fails(http.StatusNotFound, "record-not-found")
				c.get(d.path+"/items").fails(http.StatusNotFound, "record-not-found")
			},
		},
		{
			name: "delete: again", text: "The deletion of a dataset that does not exist fails with 404 record-not-found.", source: sourceRuntime, assumed: true,
			check: func(c *check) {
				d := c.create()
				c.remove(d.path).prepared(http.StatusNoContent)
				c.remove(d.path).fails(http.StatusNotFound, "record-not-found")
			},
		},
	}
}
