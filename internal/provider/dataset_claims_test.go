package provider

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// claimant is a resource, or an object in state, in the plan of TestDatasetClaims_orders. Terraform
// calls the provider for its steps in this order: the refresh of the dataset id, the update or the
// destruction, and the creation, which claims the name before and the existing dataset after the
// lookup.
type claimant struct {
	id, owner, name string
	steps           string
	// replacedID is what the private data of the update half contains.
	replacedID string
}

// The steps of a claimant.
const (
	stepRefresh = 'r'
	stepUpdate  = 'u'
	stepDestroy = 'd'
	stepCreate  = 'c'
	stepAdopt   = 'a'
)

func updated(id, name string) claimant  { return claimant{id: id, owner: "me", name: name, steps: "ru"} }
func destroyed(id string) claimant      { return claimant{id: id, steps: "rd"} }
func created(name string) claimant      { return claimant{name: name, steps: "ca"} }
func tainted(id, name string) claimant  { return claimant{id: id, name: name, steps: "rca"} }
func replaced(id, name string) claimant { return claimant{id, "me", name, "ruca", id} }
func (c claimant) of(owner string) claimant {
	c.owner = owner
	return c
}

// notRefreshed is the claimant in a plan with -refresh=false.
func (c claimant) notRefreshed() claimant {
	c.steps = strings.TrimPrefix(c.steps, "r")
	return c
}

// TestDatasetClaims_orders plans situations in every order in which Terraform can plan them. The
// datasets A, B and C have the names "a", "b" and "c" before. errors is the largest number of
// errors; unless it is 0, there is an error in every order.
func TestDatasetClaims_orders(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		situation      string
		errors         int
		claimants      []claimant
		unknownAccount bool
	}{
		{"one of each kind", 0, []claimant{updated("A", "a"), replaced("B", "b"), tainted("C", "c"), created("new")}, false},
		{"a label changed without moved", 1, []claimant{destroyed("A"), created("a")}, false},
		{"a label changed without moved, in another case", 1, []claimant{destroyed("A"), created("A")}, false},
		{"a label of an unnamed dataset changed without moved", 0, []claimant{destroyed("U"), created("new")}, false},
		{"three blocks with one new name", 2, []claimant{created("new"), created("NEW"), created("new")}, false},
		{"two blocks with one existing name", 1, []claimant{created("a"), created("a")}, false},
		{"a new block with the name of a resource, not refreshed", 1, []claimant{updated("A", "a").notRefreshed(), created("a")}, false},
		{"two imports of one unnamed dataset", 1, []claimant{updated("U", ""), updated("U", "")}, false},
		{"a rename to the name of a resource", 1, []claimant{updated("A", "b"), updated("B", "b")}, false},
		{"a rename to the name of a new resource", 1, []claimant{updated("A", "new"), created("new")}, false},
		{"two renames to one name", 1, []claimant{updated("A", "new"), updated("B", "New")}, false},
		{"a rename to the name of a tainted resource", 1, []claimant{updated("A", "b"), tainted("B", "b")}, false},
		{"a rename to the name of a replaced resource", 1, []claimant{updated("A", "b"), replaced("B", "b")}, false},
		{"a rename to the old name of a replaced resource", 0, []claimant{updated("A", "b"), replaced("B", "new")}, false},
		{"a new resource on the name of a renamed one", 1, []claimant{updated("A", "new"), created("a")}, false},
		{"a new resource on the name of an unnamed one", 1, []claimant{updated("A", ""), created("a")}, false},
		{"a new resource on the old name of a replaced one", 1, []claimant{replaced("A", "new"), created("a")}, false},
		{"a new resource on the name of a tainted one", 1, []claimant{tainted("A", "a"), created("a")}, false},
		{"two names exchanged", 0, []claimant{updated("A", "b"), updated("B", "a")}, false},
		{"three names passed on in a circle", 0, []claimant{updated("A", "b"), updated("B", "c"), updated("C", "a")}, false},
		{"a count that lost its first element", 0, []claimant{updated("A", "b"), updated("B", "c"), destroyed("C")}, false},
		{"a count that got a first element", 1, []claimant{updated("A", "new"), updated("B", "a"), created("b")}, false},
		{"a rename to the name of a destroyed resource", 0, []claimant{updated("A", "b"), destroyed("B")}, false},
		{"a replaced resource with the same name", 0, []claimant{replaced("A", "a"), updated("B", "b")}, false},
		{"a replaced resource with a new name", 0, []claimant{replaced("A", "new"), updated("B", "b")}, false},
		{"a replaced resource with the name of another one", 1, []claimant{replaced("A", "b"), updated("B", "b")}, false},
		{"two replaced resources that exchange names", 2, []claimant{replaced("A", "b"), replaced("B", "a")}, false},
		{"a tainted resource", 0, []claimant{tainted("A", "a"), updated("B", "b")}, false},
		{"a tainted resource with a new name", 0, []claimant{tainted("A", "new"), updated("B", "b")}, false},
		{"a tainted resource with the name of another one", 1, []claimant{tainted("A", "b"), updated("B", "b")}, false},
		{"two objects of one dataset, both destroyed", 0, []claimant{destroyed("A"), destroyed("A")}, false},
		{"an object of one dataset destroyed, the other one not", 1, []claimant{destroyed("A"), updated("A", "a")}, false},
		{"a deposed object of the dataset of a replaced resource", 1, []claimant{destroyed("A"), replaced("A", "a")}, false},
		{"a deposed object of another dataset", 0, []claimant{destroyed("B"), updated("A", "a")}, false},
		{"the name of another owner's dataset", 0, []claimant{updated("A", "a"), updated("X", "a").of("other")}, false},
		{"a new resource with the name of another owner's dataset", 0, []claimant{created("x"), updated("X", "x").of("other")}, false},
		{"a dataset without an owner in state", 1, []claimant{created("new"), updated("X", "new").of("")}, false},

		{"unknown account: resources of two owners", 0, []claimant{updated("A", "a"), updated("X", "a").of("other")}, true},
		{"unknown account: a creation has the name of every owner", 1, []claimant{created("x"), updated("X", "x").of("other")}, true},
		{"unknown account: a new block with the name of a resource", 1, []claimant{created("a"), updated("A", "a")}, true},
		{"unknown account: two blocks with one name", 1, []claimant{created("new"), created("new")}, true},
		{"unknown account: a replaced resource", 0, []claimant{replaced("A", "a"), updated("B", "b").of("other")}, true},
		{"unknown account: a replaced resource, and its name of another owner", 1, []claimant{replaced("A", "a"), updated("X", "a").of("other")}, true},
		{"unknown account: a tainted resource", 0, []claimant{tainted("A", "a"), updated("B", "b")}, true},
		{"unknown account: a dataset without an owner in state", 1, []claimant{updated("A", "a"), created("a"), updated("X", "x").of("")}, true},
	} {
		t.Run(test.situation, func(t *testing.T) {
			t.Parallel()
			account := "me"
			if test.unknownAccount {
				account = ""
			}
			orders, most := 0, 0
			eachOrder(test.claimants, func(order []int) {
				orders++
				errors, adoptions := planClaimants(account, test.claimants, order)
				if errors > test.errors || errors == 0 && test.errors > 0 {
					t.Fatalf("got %d errors in the order %v, want %d", errors, order, test.errors)
				}
				most = max(most, errors)
				if errors == 0 && adoptions > 0 {
					t.Fatalf("got %d adoptions in the order %v", adoptions, order)
				}
			})
			if orders < 2 || most != test.errors {
				t.Errorf("got at most %d errors in %d orders", most, orders)
			}
		})
	}
}

// eachOrder calls f with every order of the steps of all claimants, as indices of claimants.
func eachOrder(claimants []claimant, f func(order []int)) {
	done := make([]int, len(claimants))
	var next func(order []int)
	next = func(order []int) {
		complete := true
		for i, c := range claimants {
			if done[i] < len(c.steps) {
				complete = false
				done[i]++
				next(append(order, i))
				done[i]--
			}
		}
		if complete {
			f(order)
		}
	}
	next(nil)
}

// planClaimants plans in an order, and returns the number of errors, and of creations that adopt a
// dataset which is not their own. An error ends the plan of its claimant.
func planClaimants(account string, claimants []claimant, order []int) (errors, adoptions int) {
	claims := newDatasetClaims(account)
	next := make([]int, len(claimants))
	failed := make([]bool, len(claimants))
	for _, i := range order {
		c := claimants[i]
		step := c.steps[next[i]]
		next[i]++
		if failed[i] {
			continue
		}
		var found conflict
		switch step {
		case stepRefresh:
			claims.refresh(c.id, 0)
		case stepUpdate:
			found = claims.planUpdate(c.id, c.owner, c.name)
		case stepDestroy:
			found = claims.planDestroy(c.id)
		case stepCreate:
			found = claims.planCreation(c.name, c.replacedID)
		case stepAdopt:
			existing := strings.ToUpper(c.name)
			if !slices.Contains([]string{"A", "B", "C"}, existing) {
				break
			}
			var own bool
			if own, found = claims.planAdoption(c.name, existing, c.replacedID); found == (conflict{}) && !own {
				adoptions++
			}
		default:
			panic(fmt.Sprintf("no step %q", step))
		}
		if found != (conflict{}) {
			errors++
			failed[i] = true
		}
	}
	return errors, adoptions
}

// TestDatasetClaims_conflict names the dataset or the name that two resources claim, and claims
// nothing for the second one.
func TestDatasetClaims_conflict(t *testing.T) {
	t.Parallel()
	c := newDatasetClaims("me")
	for _, step := range []struct {
		got  conflict
		want conflict
	}{
		{c.planUpdate("A", "me", "a"), conflict{}},
		{c.planUpdate("A", "me", "other"), conflict{id: "A"}},
		{c.planUpdate("B", "me", "A"), conflict{name: "a"}},
		{c.planDestroy("B"), conflict{}}, // the failed update has not claimed it
		{c.planCreation("Other", ""), conflict{}},
		{c.planCreation("a", "B"), conflict{name: "a"}},
		{c.planCreation("a", "A"), conflict{}},
	} {
		if step.got != step.want {
			t.Errorf("got %+v, want %+v", step.got, step.want)
		}
	}
}

// TestDatasetClaims_apply keeps what this run has written, and adopts nothing that it deletes.
func TestDatasetClaims_apply(t *testing.T) {
	t.Parallel()
	c := newDatasetClaims("me")
	for i, step := range []struct {
		got, want any
	}{
		{c.adopt("A"), adopted},
		{c.adopt("A"), adoptedTwice},
		{c.startDeletion("A"), false},
		{c.keeps("A"), true},
		{c.keeps("B"), false},
		{c.startDeletion("B"), true},
		{c.startDeletion("B"), true}, // two objects of one dataset
		{c.adopt("B"), beingDeleted},
	} {
		if step.got != step.want {
			t.Errorf("step %d: got %v, want %v", i, step.got, step.want)
		}
	}
	c.release("A")
	c.cancelDeletion("B")
	if !c.startDeletion("A") || c.adopt("B") != adopted || c.startDeletion("B") {
		t.Error("a released dataset can be deleted; one whose deletion failed can be adopted, and is kept then")
	}
	c.change("C")
	if c.startDeletion("C") || !c.keeps("C") {
		t.Error("a changed dataset is kept")
	}
}

// TestDatasetClaims_own replaces a resource without a refresh: its own dataset is no adoption.
func TestDatasetClaims_own(t *testing.T) {
	t.Parallel()
	c := newDatasetClaims("me")
	if c.planUpdate("A", "me", "a") != (conflict{}) || c.planCreation("a", "A") != (conflict{}) {
		t.Error("a replacement inherits its claims")
	}
	if own, found := c.planAdoption("a", "A", "A"); !own || found != (conflict{}) {
		t.Errorf("got own = %t and %+v", own, found)
	}
	if own, _ := c.planAdoption("b", "B", "A"); own {
		t.Error("another dataset is an adoption")
	}
}
