package provider

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// The accounts in the tests of datasetOwners. The token belongs to the first one.
const (
	ownAccount   = "OwnAccount"
	otherAccount = "OtherAccount"
)

// planStep is the plan of one resource.
type planStep struct {
	label string
	// see records the object in state, if there is one.
	see  func(o *datasetOwners)
	plan func(o *datasetOwners) error
}

// inState returns a step of a resource whose dataset, with an owner, an ID and a name, is in state.
func inState(label, owner, id, name string, plan func(o *datasetOwners) error) planStep {
	return planStep{label, func(o *datasetOwners) { o.see(id, owner, name, false) }, plan}
}

// keepStep returns the plan of a resource that does not change.
func keepStep(id, name string) planStep {
	return inState("keep "+id, ownAccount, id, name, func(o *datasetOwners) error { return o.planUnchanged(id) })
}

// updateStep returns the plan of a resource that changes and may be renamed.
func updateStep(id, name, newName string) planStep { return updateOf(ownAccount, id, name, newName) }

func updateOf(owner, id, name, newName string) planStep {
	return inState("update "+id, owner, id, name, func(o *datasetOwners) error { return o.planUpdate(id, owner, name, newName) })
}

func destroyStep(id, name string) planStep {
	return inState("destroy "+id, ownAccount, id, name, func(o *datasetOwners) error { return o.planDestroy(id) })
}

// createStep returns the plan of a creation. The existing dataset with the name has an ID, or there
// is none.
func createStep(name, existingID string, adopts bool) planStep {
	return planStep{"create " + name, func(*datasetOwners) {}, func(o *datasetOwners) error {
		if err := o.planCreation(name); err != nil || existingID == "" {
			return err
		}
		_, err := o.find(name, existingID, adopts)
		return err
	}}
}

// taintedStep returns the plan of the tainted resource "a" with the name "aa", which is a creation
// only.
func taintedStep(newName, existingID string) planStep {
	step := createStep(newName, existingID, true)
	step.label, step.see = "tainted a", func(o *datasetOwners) { o.see("a", ownAccount, "aa", false) }
	return step
}

// replaceStep returns the plan of a replacement: an update and then a creation, which finds its own
// dataset, none, or another one with the given ID.
func replaceStep(id, name, newName, existingID string) planStep {
	return inState("replace "+id, ownAccount, id, name, func(o *datasetOwners) error {
		if err := o.planUpdate(id, ownAccount, name, newName); err != nil {
			return err
		}
		o.planReplacement(id)
		return createStep(newName, existingID, true).plan(o)
	})
}

// kindOf returns a short name of an error of a plan; "" for nil.
func kindOf(err error) string {
	var (
		twice     *managedTwiceError
		renamed   *renamedForCreationError
		destroyed *destroyedForCreationError
		conflict  *nameConflictError
	)
	switch {
	case err == nil:
		return ""
	case errors.As(err, &twice):
		return "twice"
	case errors.As(err, &renamed):
		return "renamed"
	case errors.As(err, &destroyed):
		return "destroyed"
	case errors.As(err, &conflict) && conflict.cycle:
		return "cycle"
	case errors.As(err, &conflict):
		return "conflict"
	case errors.Is(err, errNamePlannedTwice):
		return "name twice"
	}
	return err.Error()
}

// permutations returns all orders of n numbers.
func permutations(n int) (all [][]int) {
	if n == 0 {
		return [][]int{{}}
	}
	for _, rest := range permutations(n - 1) {
		for i := range n {
			all = append(all, slices.Insert(slices.Clone(rest), i, n-1))
		}
	}
	return all
}

// TestDatasetOwners_plans plans resources in every order. Only the last plan can have an error,
// because each rule is about all resources of its case.
func TestDatasetOwners_plans(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name  string
		steps []planStep
		// want is the kind of error if a step is the last one, by the index of the step.
		want []string
		// account is the token's account; empty if it is unknown.
		account string
	}{
		{"two resources for one dataset", []planStep{keepStep("a", "aa"), keepStep("a", "aa")}, []string{"twice", "twice"}, ownAccount},
		{"kept and destroyed", []planStep{keepStep("a", "aa"), destroyStep("a", "aa")}, []string{"twice", "twice"}, ownAccount},
		{"destroyed twice", []planStep{destroyStep("a", "aa"), destroyStep("a", "aa")}, []string{"", ""}, ownAccount},
		{"two unnamed datasets", []planStep{keepStep("a", ""), updateStep("b", "", "")}, []string{"", ""}, ownAccount},

		{"two renames onto one name", []planStep{updateStep("a", "aa", "cc"), updateStep("b", "bb", "CC")}, []string{"conflict", "conflict"}, ownAccount},
		{"two renames, account unknown", []planStep{updateStep("a", "aa", "cc"), updateStep("b", "bb", "cc")}, []string{"conflict", "conflict"}, ""},
		{"an unnamed dataset gets a name too", []planStep{updateStep("a", "", "cc"), updateStep("b", "bb", "cc")}, []string{"conflict", "conflict"}, ownAccount},
		{"rename and creation", []planStep{updateStep("a", "aa", "cc"), createStep("CC", "", true)}, []string{"conflict", "conflict"}, ownAccount},
		{"an unnamed dataset gets a name, and creation", []planStep{updateStep("a", "", "cc"), createStep("CC", "", true)}, []string{"conflict", "conflict"}, ownAccount},
		{"rename and creation, account unknown", []planStep{updateStep("a", "aa", "cc"), createStep("cc", "", true)}, []string{"conflict", "conflict"}, ""},
		{"rename of another account's dataset and creation", []planStep{updateOf(otherAccount, "a", "aa", "cc"), createStep("cc", "", true)}, []string{"", ""}, ownAccount},
		{"renames of two accounts", []planStep{updateOf(otherAccount, "a", "aa", "cc"), updateStep("b", "bb", "cc")}, []string{"", ""}, ownAccount},
		{"exchange between two accounts", []planStep{updateOf(otherAccount, "a", "aa", "bb"), updateStep("b", "bb", "aa")}, []string{"", ""}, ownAccount},
		{"two creations", []planStep{createStep("aa", "", true), createStep("AA", "", false)}, []string{"name twice", "name twice"}, ownAccount},

		{"rename onto a kept name", []planStep{updateStep("a", "aa", "bb"), keepStep("b", "bb")}, []string{"conflict", "conflict"}, ownAccount},
		{"rename onto the name of an updated dataset", []planStep{updateStep("a", "aa", "BB"), updateStep("b", "bb", "bb")}, []string{"conflict", "conflict"}, ownAccount},
		{"rename onto a destroyed name", []planStep{updateStep("a", "aa", "bb"), destroyStep("b", "bb")}, []string{"", ""}, ownAccount},
		{"rename of case alone", []planStep{updateStep("a", "aa", "AA"), keepStep("b", "bb")}, []string{"", ""}, ownAccount},

		{"swap", []planStep{updateStep("a", "aa", "bb"), updateStep("b", "bb", "aa")}, []string{"cycle", "cycle"}, ownAccount},
		{"swap, ignoring case", []planStep{updateStep("a", "aa", "BB"), updateStep("b", "bb", "AA")}, []string{"cycle", "cycle"}, ownAccount},
		{"cycle of three", []planStep{updateStep("a", "aa", "bb"), updateStep("b", "bb", "cc"), updateStep("c", "cc", "aa")}, []string{"cycle", "cycle", "cycle"}, ownAccount},
		{"chain", []planStep{updateStep("a", "aa", "aa2"), updateStep("b", "bb", "aa"), updateStep("c", "cc", "bb")}, []string{"", "", ""}, ownAccount},
		{"chain from a name that is removed", []planStep{updateStep("a", "aa", ""), updateStep("b", "bb", "aa")}, []string{"", ""}, ownAccount},
		{"chain from a destroyed dataset", []planStep{destroyStep("a", "aa"), updateStep("b", "bb", "aa"), updateStep("c", "cc", "bb")}, []string{"", "", ""}, ownAccount},

		{"creation of a kept name", []planStep{createStep("AA", "a", true), keepStep("a", "aa")}, []string{"twice", "twice"}, ownAccount},
		{"creation of a kept name, refused", []planStep{createStep("aa", "a", false), updateStep("a", "aa", "aa")}, []string{"twice", "twice"}, ownAccount},
		{"creation of a name given up", []planStep{createStep("aa", "a", true), updateStep("a", "aa", "bb")}, []string{"", "renamed"}, ownAccount},
		{"creation of a removed name", []planStep{createStep("aa", "a", true), updateStep("a", "aa", "")}, []string{"", "renamed"}, ownAccount},
		{"creation of a destroyed name", []planStep{createStep("aa", "a", true), destroyStep("a", "aa")}, []string{"destroyed", "destroyed"}, ownAccount},
		{"creation of a new name during a rename", []planStep{createStep("cc", "", true), updateStep("a", "aa", "bb")}, []string{"", ""}, ownAccount},

		{"replacement", []planStep{replaceStep("a", "aa", "aa", ""), keepStep("b", "bb")}, []string{"", ""}, ownAccount},
		{"replacement and rename at once", []planStep{replaceStep("a", "aa", "cc", ""), keepStep("b", "bb")}, []string{"", ""}, ownAccount},
		{"replacement onto a kept name", []planStep{replaceStep("a", "aa", "bb", "b"), keepStep("b", "bb")}, []string{"conflict", "twice"}, ownAccount},
		{"replacement and a rename onto its name", []planStep{replaceStep("a", "aa", "aa", ""), updateStep("b", "bb", "aa")}, []string{"conflict", "conflict"}, ownAccount},
		{"replacement that gives up its name, and a rename onto it", []planStep{replaceStep("a", "aa", "cc", ""), updateStep("b", "bb", "aa")}, []string{"", ""}, ownAccount},
		{"replacement that gives up its name, and a creation of it", []planStep{replaceStep("a", "aa", "cc", ""), createStep("aa", "a", true)}, []string{"renamed", "destroyed"}, ownAccount},
		{"exchange with a replacement", []planStep{replaceStep("a", "aa", "bb", "b"), updateStep("b", "bb", "aa")}, []string{"cycle", "renamed"}, ownAccount},
		{"two replacements onto one name", []planStep{replaceStep("a", "aa", "cc", ""), replaceStep("b", "bb", "cc", "")}, []string{"conflict", "conflict"}, ownAccount},

		{"tainted", []planStep{taintedStep("aa", "a"), keepStep("b", "bb")}, []string{"", ""}, ownAccount},
		{"tainted, and a rename onto its name", []planStep{taintedStep("aa", "a"), updateStep("b", "bb", "aa")}, []string{"conflict", "conflict"}, ownAccount},
		{"tainted that gives up its name, and a creation of it", []planStep{taintedStep("cc", ""), createStep("aa", "a", true)}, []string{"", ""}, ownAccount},
		{"tainted onto a kept name", []planStep{taintedStep("bb", "b"), keepStep("b", "bb")}, []string{"twice", "twice"}, ownAccount},
	} {
		for _, seenFirst := range []bool{true, false} {
			for _, order := range permutations(len(test.steps)) {
				o := newDatasetOwners()
				if test.account != "" {
					o.setAccount(test.account)
				}
				if seenFirst {
					for _, step := range test.steps {
						step.see(o)
					}
				}
				for i, index := range order {
					step, want := test.steps[index], ""
					if i == len(order)-1 {
						want = test.want[index]
					}
					step.see(o)
					if err := step.plan(o); kindOf(err) != want {
						t.Errorf("%s, all in state known before: %t, order %v: %s has the error %v, want %q", test.name, seenFirst, order, step.label, err, want)
					}
				}
			}
		}
	}
}

// TestDatasetOwners_renameIntoCycle plans a rename that leads into a cycle of other datasets, after
// their errors.
func TestDatasetOwners_renameIntoCycle(t *testing.T) {
	t.Parallel()
	steps := []planStep{
		updateStep("d", "dd", "xx"), updateStep("x", "xx", "yy"),
		updateStep("y", "yy", "xx"), updateStep("e", "ee", "dd"),
	}
	for _, order := range permutations(len(steps)) {
		o := newDatasetOwners()
		for _, step := range steps {
			step.see(o)
		}
		conflicts := 0
		for _, index := range order {
			switch kindOf(steps[index].plan(o)) {
			case "":
			case "conflict", "cycle":
				conflicts++
			default:
				t.Errorf("order %v: unexpected error", order)
			}
		}
		if conflicts == 0 {
			t.Errorf("order %v: no error for two datasets with the name xx", order)
		}
	}
}

// TestDatasetOwners_nameConflict names the dataset of the other resource.
func TestDatasetOwners_nameConflict(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		steps []planStep
		want  string
	}{
		{[]planStep{keepStep("b", "bb"), updateStep("a", "aa", "bb")}, "b"},
		{[]planStep{updateStep("a", "aa", "bb"), keepStep("b", "bb")}, "a"},
		{[]planStep{updateStep("a", "aa", "bb"), updateStep("b", "bb", "aa")}, "a"},
		{[]planStep{updateStep("a", "aa", "cc"), createStep("cc", "", true)}, "a"},
		{[]planStep{createStep("cc", "", true), updateStep("a", "aa", "cc")}, ""},
	} {
		o := newDatasetOwners()
		var err error
		for _, step := range test.steps {
			step.see(o)
			err = step.plan(o)
		}
		var conflict *nameConflictError
		if !errors.As(err, &conflict) || conflict.otherID != test.want {
			t.Errorf("%s and then %s: got %+v, want the dataset %q", test.steps[0].label, test.steps[1].label, conflict, test.want)
		}
	}
}

// TestDatasetOwners_find finds datasets in every state that a walk distinguishes.
func TestDatasetOwners_find(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		before func(o *datasetOwners)
		want   foundState
		err    string
	}{
		{"not in state", func(*datasetOwners) {}, foundFree, ""},
		{"in state, not planned", func(o *datasetOwners) { o.see("a", ownAccount, "aa", false) }, foundMayBeTainted, ""},
		{"refreshed, not planned", func(o *datasetOwners) { _ = o.refresh("a") }, foundMayBeTainted, ""},
		{"renamed", func(o *datasetOwners) { _ = o.planUpdate("a", ownAccount, "aa", "bb") }, foundRenamed, ""},
		{"kept", func(o *datasetOwners) { _ = o.planUpdate("a", ownAccount, "aa", "aa") }, foundFree, "twice"},
		{"destroyed", func(o *datasetOwners) { _ = o.planDestroy("a") }, foundFree, "destroyed"},
		{"claimed", func(o *datasetOwners) { _, _ = o.claim("a") }, foundFree, "twice"},
		{"being deleted", func(o *datasetOwners) { o.startDeletion("a") }, foundMayBeTainted, ""},
		{"deleted", func(o *datasetOwners) { o.endDeletion("a", o.startDeletion("a"), true) }, foundMayBeTainted, ""},
		{"deletion failed", func(o *datasetOwners) { o.endDeletion("a", o.startDeletion("a"), false) }, foundFree, "destroyed"},
	} {
		o := newDatasetOwners()
		o.setAccount(ownAccount)
		test.before(o)
		if got, err := o.find("AA", "a", true); got != test.want || kindOf(err) != test.err {
			t.Errorf("%s: got %d, %v, want %d, %q", test.name, got, err, test.want, test.err)
		}
	}
}

// TestDatasetOwners_adoptedFromState returns the datasets that a creation was planned to adopt
// before the walk knew that they are in state.
func TestDatasetOwners_adoptedFromState(t *testing.T) {
	t.Parallel()
	see := func(o *datasetOwners) { o.see("a", ownAccount, "aa", false) }
	find := func(o *datasetOwners) { _, _ = o.find("aa", "a", true) }
	refuse := func(o *datasetOwners) { _, _ = o.find("aa", "a", false) }
	keep := func(o *datasetOwners) { _ = o.planUnchanged("a") }
	destroy := func(o *datasetOwners) { _ = o.planDestroy("a") }
	for _, test := range []struct {
		name  string
		steps []func(o *datasetOwners)
		want  []string
	}{
		{"found before it was seen", []func(*datasetOwners){find, see}, []string{"a"}},
		{"seen before it was found", []func(*datasetOwners){see, find}, nil},
		{"not in state", []func(*datasetOwners){find}, nil},
		{"not adopted", []func(*datasetOwners){refuse, see}, nil},
		{"kept", []func(*datasetOwners){find, see, keep}, nil},
		{"destroyed", []func(*datasetOwners){find, see, destroy}, nil},
	} {
		o := newDatasetOwners()
		o.setAccount(ownAccount)
		for _, step := range test.steps {
			step(o)
		}
		if got := o.adoptedFromState(); !slices.Equal(got, test.want) {
			t.Errorf("%s: got %q, want %q", test.name, got, test.want)
		}
	}

	o := newDatasetOwners()
	see(o)
	o.release("a")
	if state, err := o.find("aa", "a", true); state != foundFree || err != nil {
		t.Errorf("a creation that finds a released dataset gets %d, %v", state, err)
	}
}

// TestDatasetOwners_isNameTaken plans the renames of other datasets to the name of a dataset.
func TestDatasetOwners_isNameTaken(t *testing.T) {
	t.Parallel()
	o := newDatasetOwners()
	o.see("a", ownAccount, "aa", false)
	o.see("unnamed", ownAccount, "", false)
	for _, other := range []planStep{keepStep("b", "bb"), updateOf(otherAccount, "c", "cc", "aa")} {
		other.see(o)
		if err := other.plan(o); err != nil || o.isNameTaken("a") {
			t.Errorf("%s: the name is taken, %v", other.label, err)
		}
	}
	if err := updateStep("d", "dd", "AA").plan(o); err != nil || !o.isNameTaken("a") {
		t.Errorf("the name is not taken after a rename to it, %v", err)
	}
	for _, id := range []string{"b", "d", "unnamed", "unknown"} {
		if o.isNameTaken(id) {
			t.Errorf("the name of %s is taken", id)
		}
	}
}

// TestDatasetOwners_refresh refuses a second refresh of a dataset, whatever happens between.
func TestDatasetOwners_refresh(t *testing.T) {
	t.Parallel()
	o := newDatasetOwners()
	o.see("a", ownAccount, "aa", true)
	if err := o.refresh("a"); err != nil {
		t.Error(err)
	}
	o.see("a", ownAccount, "aa", true)
	if err := o.refresh("a"); kindOf(err) != "twice" {
		t.Errorf("the second refresh has the error %v", err)
	}
	if d, ok := o.get("a"); !ok || !d.forceDestroy || d.name != "aa" || d.ownerID != ownAccount || d.items != nil {
		t.Errorf("got %+v, %t", d, ok)
	}
	o.observe("a", ownAccount, "renamed", 3)
	if d, _ := o.get("a"); d.items == nil || *d.items != 3 || d.name != "renamed" || !d.forceDestroy {
		t.Errorf("got %+v", d)
	}
	if _, ok := o.get("b"); ok {
		t.Error("a dataset that is not in state is known")
	}
	if err := o.planUpdate("b", ownAccount, "bb", "aa"); err != nil {
		t.Errorf("the name in state is taken after the refresh: %v", err)
	}
}

// TestDatasetOwners_nameAfterRename looks at the state again after a chain of renames was applied.
func TestDatasetOwners_nameAfterRename(t *testing.T) {
	t.Parallel()
	o := newDatasetOwners()
	o.see("a", ownAccount, "aa", false)
	o.see("b", ownAccount, "bb", false)
	o.see("b", ownAccount, "aa", false)
	o.see("a", ownAccount, "aa2", false)
	for name, want := range map[string]string{"aa": "b", "aa2": "a", "bb": ""} {
		if got := o.holders[newDatasetName(ownAccount, name)]; got != want {
			t.Errorf("the dataset named %q is %q, want %q", name, got, want)
		}
	}
}

// TestDatasetOwners_claims creates and deletes datasets in one run.
func TestDatasetOwners_claims(t *testing.T) {
	t.Parallel()
	claim := func(o *datasetOwners) string {
		d, err := o.claim("a")
		if d != nil {
			return "wait"
		}
		return kindOf(err)
	}
	for _, test := range []struct {
		name   string
		before func(o *datasetOwners)
		want   string
	}{
		{"unknown", func(*datasetOwners) {}, ""},
		{"in state, not planned", func(o *datasetOwners) { o.see("a", ownAccount, "aa", false) }, ""},
		{"claimed", func(o *datasetOwners) { _, _ = o.claim("a") }, "twice"},
		{"kept", func(o *datasetOwners) { _ = o.planUnchanged("a") }, "twice"},
		{"renamed", func(o *datasetOwners) { _ = o.planUpdate("a", ownAccount, "aa", "bb") }, "twice"},
		{"destruction planned", func(o *datasetOwners) { _ = o.planDestroy("a") }, "twice"},
		{"being deleted", func(o *datasetOwners) { o.startDeletion("a") }, "wait"},
		{"deleted", func(o *datasetOwners) { o.endDeletion("a", o.startDeletion("a"), true) }, "wait"},
		{"deletion failed", func(o *datasetOwners) { o.endDeletion("a", o.startDeletion("a"), false) }, "twice"},
	} {
		o := newDatasetOwners()
		test.before(o)
		if got := claim(o); got != test.want {
			t.Errorf("%s: the claim has the result %q, want %q", test.name, got, test.want)
		}
	}
}

// TestDatasetOwners_deletions keeps a dataset that the run created or adopted.
func TestDatasetOwners_deletions(t *testing.T) {
	t.Parallel()
	create := func(adopts bool) func(o *datasetOwners) {
		return func(o *datasetOwners) { _ = createStep("aa", "a", adopts).plan(o) }
	}
	for _, test := range []struct {
		name   string
		before func(o *datasetOwners)
		want   bool
	}{
		{"in state", func(o *datasetOwners) { o.see("a", ownAccount, "aa", false) }, true},
		{"planned", func(o *datasetOwners) { _ = o.planDestroy("a") }, true},
		{"claimed", func(o *datasetOwners) { _, _ = o.claim("a") }, false},
		{"found by a creation that adopts", create(true), false},
		{"found by a creation that does not adopt", create(false), true},
	} {
		o := newDatasetOwners()
		test.before(o)
		if got := o.startDeletion("a") != nil; got != test.want {
			t.Errorf("%s: the dataset may be deleted: %t, want %t", test.name, got, test.want)
		}
	}
}

// TestDatasetOwners_deletionEnds wakes the creations that wait for a deletion. After a failed
// deletion, the resource still manages the dataset.
func TestDatasetOwners_deletionEnds(t *testing.T) {
	t.Parallel()
	for _, deleted := range []bool{true, false} {
		o := newDatasetOwners()
		o.see("a", ownAccount, "aa", false)
		started := o.startDeletion("a")
		waiting, err := o.claim("a")
		if waiting == nil || waiting != started || err != nil {
			t.Fatalf("the claim returns %v, %v", waiting, err)
		}
		select {
		case <-waiting.done:
			t.Error("the deletion has ended before its end")
		default:
		}
		o.endDeletion("a", started, deleted)
		<-waiting.done
		if waiting.deleted != deleted {
			t.Errorf("the deletion has the result %t, want %t", waiting.deleted, deleted)
		}
		if _, known := o.get("a"); known == deleted {
			t.Errorf("deleted: %t; the dataset is in state: %t", deleted, known)
		}
		if _, held := o.holders[newDatasetName(ownAccount, "aa")]; held == deleted {
			t.Errorf("deleted: %t; the name has a holder: %t", deleted, held)
		}
	}
}

// TestDatasetOwners_deletedTwice deletes one dataset for two objects, such as a resource and its
// deposed object, at the same time.
func TestDatasetOwners_deletedTwice(t *testing.T) {
	t.Parallel()
	for _, firstDeleted := range []bool{true, false} {
		o := newDatasetOwners()
		o.see("a", ownAccount, "aa", false)
		first, second := o.startDeletion("a"), o.startDeletion("a")
		o.endDeletion("a", first, firstDeleted)
		if d, err := o.claim("a"); d == nil || err != nil {
			t.Errorf("first deletion: %t; during the second one, a claim does not wait: %v", firstDeleted, err)
		}
		o.endDeletion("a", second, true)
		<-first.done
		<-second.done
		if got := o.deletion("a"); got == nil || !got.deleted {
			t.Errorf("first deletion: %t; after both, the deletion is %v", firstDeleted, got)
		}
	}
}

// TestDatasetOwners_announce counts the datasets of each kind of warning.
func TestDatasetOwners_announce(t *testing.T) {
	t.Parallel()
	o := newDatasetOwners()
	var got []string
	for _, a := range []struct{ kind, id string }{{"x", "a"}, {"x", "a"}, {"x", "b"}, {"y", "a"}, {"x", "a"}, {"x", "c"}} {
		first, earlier := o.announce(a.kind, a.id)
		got = append(got, fmt.Sprintf("%s %s %t %d", a.kind, a.id, first, earlier))
	}
	want := "x a true 0, x a false 1, x b true 1, y a true 0, x a false 2, x c true 2"
	if strings.Join(got, ", ") != want {
		t.Errorf("got %s\nwant %s", strings.Join(got, ", "), want)
	}
}
