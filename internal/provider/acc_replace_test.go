package provider

import (
	"fmt"
	"testing"
)

// Replacements, and objects in state that are kept, tainted or deposed.

const triggered = "lifecycle {\n    replace_triggered_by = [terraform_data.trigger]\n  }"

func trigger(input string) string {
	return fmt.Sprintf("resource \"terraform_data\" \"trigger\" {\n  input = %q\n}\n", input)
}

// TestAccDataset_replace replaces a dataset with -replace, taint and replace_triggered_by. The plan
// is Terraform's own, and the deletion decides about items: it comes first, so nothing is lost or
// tainted.
func TestAccDataset_replace(t *testing.T) {
	for _, test := range []struct{ name, trigger, flag string }{
		{"-replace", "a", "-replace=" + testAddress}, {"taint", "a", "-refresh=true"}, {"replace_triggered_by", "b", "-refresh=true"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newTestServer(t)
			c, name := s.newCLI(t), s.name(t)
			replace := func(attributes ...string) result {
				if test.name == "taint" {
					c.run("taint", testAddress).ok()
				}
				return c.apply(trigger(test.trigger)+block("test", append(attributes, named(name), triggered)...), test.flag)
			}
			c.apply(trigger("a") + block("test", named(name), triggered)).ok()
			id := c.id(testAddress)
			s.push(t, id, 1)
			replace().fails("Apify dataset contains items", `Dataset "`+name+`" (ID `+id+`)`).wrote()
			if test.name == "taint" {
				c.run("untaint", testAddress).ok() // the next step behind the link
			}
			c.expectState(testAddress, id)
			// The next step: force_destroy first.
			c.apply(block("test", named(name), forceDestroy), "-target="+testAddress).ok().wrote()
			replace(forceDestroy).ok("1 added").without("Warning:").wrote(deleted(id), posted(name))
			c.plan("").ok("No changes")
		})
	}
}

// TestAccDataset_createBeforeDestroy replaces a dataset with create_before_destroy and the same
// name and schema: the resource adopts its own dataset and keeps it, and says so once.
func TestAccDataset_createBeforeDestroy(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	config := block("test", named(name), schemaAttribute("one"), createBeforeDestroy)
	c.apply(config).ok()
	id := c.id(testAddress)
	s.push(t, id, 1)
	c.apply(config, "-replace="+testAddress).ok("Apify dataset not deleted: "+name, `Dataset "`+name+`" (ID `+id+`) was not deleted`).
		has(1, "Warning: Apify dataset not deleted").wrote(posted(name) + " " + schemaJSON("one"))
	c.expectState(testAddress, id)
	c.plan("").ok("No changes")
}

// TestAccDataset_createBeforeDestroyRefused replaces a dataset with create_before_destroy and the
// same name, if the new one cannot be the old one. Terraform leaves no deposed object, and each
// next step works.
func TestAccDataset_createBeforeDestroyRefused(t *testing.T) {
	one, two := schemaAttribute("one"), schemaAttribute("two")
	for _, test := range []struct {
		name, before, after, flag, error, advice string
		request                                  string
		next                                     func(c *cli, id, name, other string)
	}{
		{
			"new schema", one, two, "-refresh=true", "Existing Apify dataset has another schema", "or choose another name", " " + schemaJSON("two"),
			func(c *cli, id, name, other string) {
				c.apply(block("test", named(name), two)).ok().wrote(deleted(id), posted(name)+" "+schemaJSON("two"))
				id = c.id(testAddress)
				c.apply(block("test", named(other), one, createBeforeDestroy)).ok().wrote(posted(other)+" "+schemaJSON("one"), deleted(id))
			},
		},
		{
			"adopt_existing = false", noAdoption, noAdoption, "-replace=" + testAddress, "Apify dataset already exists", "Replacements, terraform destroy: https://", "",
			func(c *cli, id, name, _ string) {
				c.apply(block("test", named(name), noAdoption), "-replace="+testAddress).ok().wrote(deleted(id), posted(name))
				c.apply(block("test", named(name), createBeforeDestroy), "-replace="+testAddress).ok().wrote(posted(name))
			},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			s := newTestServer(t)
			c, name, other := s.newCLI(t), s.name(t), s.name(t)
			c.apply(block("test", named(name), test.before, createBeforeDestroy)).ok()
			id := c.id(testAddress)
			r := c.apply(block("test", named(name), test.after, createBeforeDestroy), test.flag).fails(test.error, test.advice)
			for _, w := range r.writes {
				if w != posted(name)+test.request {
					t.Errorf("got the request %s", w)
				}
			}
			if product, _ := cliVersion(); product == "OpenTofu" {
				// OpenTofu plans the creation again in the apply without telling the provider that it is one,
				// and does not restore an object after an error of that plan. The next step is behind the link.
				c.expectState(testAddress+" (deposed)", id)
				c.plan("").fails("Apify dataset managed twice", "deposed objects: https://").wrote()
				c.run("state", "rm", testAddress).ok()
				c.run("import", testAddress, id).ok()
			}
			c.expectState(testAddress, id)
			test.next(c, id, name, other)
			c.plan("").ok("No changes")
		})
	}
}

// TestAccDataset_deposed has a deposed object, which an interrupted replacement with
// create_before_destroy leaves: the next apply deletes it, unless the resource has its dataset.
func TestAccDataset_deposed(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name, other := s.newCLI(t), s.name(t), s.name(t)
	c.apply(block("test", named(name), schemaAttribute("one"), createBeforeDestroy)).ok()
	id := c.id(testAddress)
	s.push(t, id, 1)
	// The old dataset has items, so its deletion fails after the creation.
	c.apply(block("test", named(other), schemaAttribute("one"), createBeforeDestroy), "-replace="+testAddress).
		fails("Apify dataset contains items").wrote(posted(other) + " " + schemaJSON("one"))
	next := c.id(testAddress)
	c.expectState(testAddress, next, testAddress+" (deposed)", id)
	c.plan("").fails("Apify dataset contains items", "Tainted and deposed objects: https://").wrote()
	// The next step behind the link: state rm and an import.
	c.run("state", "rm", testAddress).ok()
	c.run("import", testAddress, next).ok()
	c.expectState(testAddress, next)
	c.destroy().ok().wrote(deleted(next))
}

// TestAccDataset_removed keeps a dataset with items on Apify, as the error of its destruction
// advises.
func TestAccDataset_removed(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	c.apply(block("test", named(name))).ok()
	id := c.id(testAddress)
	s.push(t, id, 1)
	c.apply("locals {}").fails("Apify dataset contains items", "To keep the dataset without managing it, use a removed block or terraform state rm").wrote()
	removed := "removed {\n  from = apify_dataset.test\n  lifecycle {\n    destroy = false\n  }\n}\n"
	// A new label beside the removed block, which Terraform does not plan, adopts the dataset.
	c.apply(removed + block("new", named(name))).ok().wrote(posted(name))
	c.expectState("apify_dataset.new", id)
	c.run("state", "rm", "apify_dataset.new").ok().wrote()
}
