package provider

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// Two resources and one dataset, or one name. Each test follows the advice of the error that it
// gets.

// adviceMoved is the moved block of the error "managed twice", as the CLI shows it.
const adviceMoved = "moved { from = apify_dataset.OLD to = apify_dataset.NEW }"

func moved(from, to string) string {
	return fmt.Sprintf("moved {\n  from = apify_dataset.%s\n  to   = apify_dataset.%s\n}\n", from, to)
}

// TestAccDataset_labelChanged changes the label of a resource, without and with items.
func TestAccDataset_labelChanged(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	c.apply(block("old", named(name))).ok()
	id := c.id("apify_dataset.old")
	r := c.apply(block("new", named(name))).fails("Apify dataset managed twice", `dataset "`+name+`" (ID `+id+`)`, adviceMoved).has(1, "Error:").wrote()
	s.push(t, id, 2)
	r.output += c.apply("").fails("Apify dataset managed twice", adviceMoved).wrote().output
	if i := strings.Index(r.output, "apply force_destroy"); i >= 0 && i < strings.Index(strings.ToLower(r.output), "moved block") {
		t.Errorf("the first advice loses data: %s", r.output)
	}
	// The next step: the moved block.
	c.apply(block("new", named(name)) + moved("old", "new")).ok("has moved to").wrote()
	c.expectState("apify_dataset.new", id)
	c.plan(block("new", named(name))).ok("No changes")
}

// TestAccDataset_twoBlocks has two blocks with one name. The next step is to remove one.
func TestAccDataset_twoBlocks(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	c.apply(block("test", named(name))+block("second", named(strings.ToUpper(name)))).
		fails("Apify dataset managed twice", "one of two blocks, or of two imports, is too many").has(1, "Error:").wrote()
	c.apply(block("test", named(name))).ok().wrote(posted(name))
	c.plan(block("test", named(name))+block("second", named(name))).fails("Apify dataset managed twice").has(1, "Error:").wrote()
}

// TestAccDataset_twoObjects imports one dataset twice, and destroys it with both resources. (The
// command destroy plans the configuration first, in which the dataset is managed twice.)
func TestAccDataset_twoObjects(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name := s.newCLI(t), s.name(t)
	id, _ := s.create(t, name)
	blocks := block("test", named(name)) + block("second", named(name))
	c.apply(importOf("test", id)+importOf("second", id)+blocks).
		fails("Apify dataset managed twice", "one of two blocks, or of two imports, is too many").wrote()
	c.expectState()
	// With -target, each apply knows one of them: both are in state then.
	c.apply("", "-target=apify_dataset.test").ok().wrote()
	c.apply("", "-target=apify_dataset.second").ok().wrote()
	c.expectState(testAddress, id, "apify_dataset.second", id)
	c.plan(blocks).fails("Apify dataset managed twice", "Objects in state").has(1, "Error:").wrote()
	c.apply("locals {}").ok("2 destroyed")
	c.expectState()
	if _, err := s.call(t.Context(), "GET", "/v2/datasets/"+id, nil); err == nil {
		t.Error("the dataset exists")
	}
}

// TestAccDataset_renameToManaged renames a dataset to the name of another resource, in another
// case.
func TestAccDataset_renameToManaged(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name, taken, free := s.newCLI(t), s.name(t), s.name(t), s.name(t)
	holder := block("holder", named(taken))
	c.apply(block("test", named(name)) + holder).ok()
	c.apply(block("test", named(strings.ToUpper(taken)))+holder).fails("Apify dataset managed twice").has(1, "Error:").wrote()
	// The next step: apply first the change that frees the name.
	c.apply(block("test", named(name)) + block("holder", named(free))).ok().wrote(renamed(c.id("apify_dataset.holder"), free))
	c.apply(block("test", named(taken)) + block("holder", named(free))).ok().wrote(renamed(c.id(testAddress), taken))
}

// TestAccDataset_renameToTaken renames a dataset to a name that a dataset outside this
// configuration has: the plan warns, the apply tries eleven times, and names the holder.
func TestAccDataset_renameToTaken(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name, taken, other := s.newCLI(t), s.name(t), s.name(t), s.name(t)
	c.apply(block("test", named(name))).ok()
	id := c.id(testAddress)
	holder, _ := s.create(t, taken)
	c.apply(block("test", named(taken))).fails("Warning: Apify dataset name in use: "+taken, "dataset "+holder+" has that name now",
		"Error: Apify dataset name taken", "choose another name").wrote(slices.Repeat([]string{renamed(id, taken)}, 11)...)
	c.expectState(testAddress, id)
	// The next step: another name.
	c.apply(block("test", named(other))).ok().wrote(renamed(id, other))
}

// TestAccDataset_swapNames exchanges two names, which needs a third one.
func TestAccDataset_swapNames(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, first, second, third := s.newCLI(t), s.name(t), s.name(t), s.name(t)
	two := func(a, b string) string { return block("a", named(a)) + block("b", named(b)) }
	c.apply(two(first, second)).ok()
	a, b := c.id("apify_dataset.a"), c.id("apify_dataset.b")
	c.apply(two(second, first)).fails("Apify dataset name taken", "To exchange two names, rename one dataset to a third name first").has(2, "Error:")
	// The next step: a third name.
	c.apply(two(third, second)).ok().wrote(renamed(a, third))
	c.apply(two(third, first)).ok().wrote(renamed(b, first))
	c.apply(two(second, first)).ok().wrote(renamed(a, second))
}

// TestAccDataset_countShifts removes the first of three names from a list: the other names move,
// and the last dataset is destroyed. A rename needs the delay between attempts until its name is
// free.
func TestAccDataset_countShifts(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c := s.newCLI(t)
	c.resendDelay = time.Second
	names := []string{s.name(t), s.name(t), s.name(t)}
	config := func(names ...string) string {
		return fmt.Sprintf("locals {\n  names = split(\" \", %q)\n}\nresource \"apify_dataset\" \"test\" {\n  count = length(local.names)\n  name  = local.names[count.index]\n}\n",
			strings.Join(names, " "))
	}
	c.apply(config(names...)).ok()
	ids := []string{c.id(testAddress + "[0]"), c.id(testAddress + "[1]"), c.id(testAddress + "[2]")}
	c.apply(config(names[1:]...)).ok("Apify dataset name in use: " + names[1])
	c.expectState(testAddress+"[0]", ids[0], testAddress+"[1]", ids[1])
	c.plan("").ok("No changes")
	s.push(t, ids[1], 1)
	c.plan(config(names[2])).fails("Apify dataset contains items", "(ID "+ids[1]+")", "Apify dataset name in use: "+names[2], "Add a moved block").wrote()
	// The next step: forget the dataset that is not needed, and move the other one.
	c.run("state", "rm", testAddress+"[0]").ok()
	c.apply(config(names[2]) + moved("test[1]", "test[0]")).ok().wrote()
	c.expectState(testAddress+"[0]", ids[1])
}

// TestAccDataset_newOnFreedName gives a name to a new resource that another resource gives up, by a
// rename or by its destruction. The next step is to apply that change first.
func TestAccDataset_newOnFreedName(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name, other := s.newCLI(t), s.name(t), s.name(t)
	c.apply(block("old", named(name))).ok()
	id := c.id("apify_dataset.old")
	for _, test := range []struct{ label, name, rest, first string }{
		{"new", name, block("old", named(other)), renamed(id, other)},
		{"newer", other, block("new", named(name)), deleted(id)},
	} {
		added := block(test.label, named(test.name))
		c.apply(added+test.rest).fails("Apify dataset managed twice", "Apply that change first, with the other block commented out").wrote()
		c.apply("# " + strings.ReplaceAll(added, "\n", "\n# ") + "\n" + test.rest).ok().wrote(test.first)
		c.apply(added + test.rest).ok().wrote(posted(test.name))
	}
}

// TestAccDataset_target plans and applies one of two resources.
func TestAccDataset_target(t *testing.T) {
	t.Parallel()
	s := newTestServer(t)
	c, name, other := s.newCLI(t), s.name(t), s.name(t)
	config := block("test", named(name)) + block("second", named(other))
	c.apply(config, "-target=apify_dataset.test").ok().wrote(posted(name))
	// A name that a resource outside the target has: adopted with a warning, and managed twice in the
	// next plan.
	c.apply(config+block("third", named(name)), "-target=apify_dataset.third").ok("Adopting existing Apify dataset: " + name).wrote(posted(name))
	c.plan("").fails("Apify dataset managed twice").wrote()
	// The next step behind the link: state rm.
	c.run("state", "rm", "apify_dataset.third").ok()
	c.apply(config).ok().wrote(posted(other))
}

// TestAccDataset_tokenWithoutAccount plans with a token that cannot read its account: names are
// claimed all the same, and a missing dataset stays in state.
func TestAccDataset_tokenWithoutAccount(t *testing.T) {
	t.Parallel()
	s := newEmulator(t, emulator.Options{})
	s.Recorder.Inject(onRequest(getUser, emulator.Fault{Status: 403, Body: `{"error":{"type":"insufficient-permissions","message":"No permission."}}`}))
	c := s.newCLI(t)
	c.plan(block("test", named("scoped"))+block("second", named("SCOPED"))).fails("Apify dataset managed twice").has(1, "Error:")
	c.apply(block("test", named("scoped"))).ok().wrote(posted("scoped"))
	s.API.Delete(c.id(testAddress))
	c.plan("").fails("No access to Apify dataset", "cannot read its own account", "terraform state rm").wrote()
	// The next step, because it was deleted for good.
	c.run("state", "rm", testAddress).ok()
	c.apply("").ok().wrote(posted("scoped"))
}
