package provider

import (
	"strings"
	"sync"
)

// claims keep apart the resources of one walk of Terraform's graph. Names make
// it possible that two resources mean the same dataset, or that one deletes what
// another has just adopted. A provider never learns its resources' addresses: all
// it can tell is what it was asked about which dataset.
//
// A walk of a graph has a provider process of its own, in which a resource that
// has a state is planned once, and one that is to be created as well. A
// replacement is planned as a change first and then as a creation.
type claims struct {
	mu sync.Mutex
	// read are the datasets that some resource's state had when it was refreshed.
	read map[string]bool
	// held are the datasets that the state of a resource has which is planned, or is
	// being deleted.
	held map[string]bool
	// wanted are the datasets that planned creations find under their names, and
	// whether they would adopt them.
	wanted map[string]bool
	// names are those of planned creations, in lower case.
	names map[string]bool
	// made are the datasets that this walk created or adopted.
	made map[string]bool
	// writing is whether this walk has changed anything: it applies.
	writing bool
}

func newClaims() *claims {
	return &claims{
		read:   map[string]bool{},
		held:   map[string]bool{},
		wanted: map[string]bool{},
		names:  map[string]bool{},
		made:   map[string]bool{},
	}
}

// refresh notes that a resource's state has a dataset. It is false if another
// state has it too: a walk refreshes each state once.
func (c *claims) refresh(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	free := !c.read[id]
	c.read[id] = true
	return free
}

// hold notes a plan for a resource whose state has a dataset. It is false if
// another resource has it too, is to be created with its name, or has just been.
func (c *claims) hold(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	_, wanted := c.wanted[id]
	free := !c.held[id] && !wanted && !c.made[id]
	c.held[id] = true
	return free
}

// name notes a planned creation under a name. It is false if there is another.
func (c *claims) name(name string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	name = strings.ToLower(name)
	free := !c.names[name]
	c.names[name] = true
	return free
}

// want notes that a planned creation finds a dataset under its name, and whether
// it would adopt it. The dataset is free unless another resource has it, and
// unclaimed if not even a refreshed state had it: what was refreshed but not
// planned may be the resource itself, tainted, which is planned as a creation
// only.
func (c *claims) want(id string, adopt bool) (free, unclaimed bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	free = !c.held[id]
	c.wanted[id] = adopt
	return free, free && !c.read[id]
}

// make notes a dataset that this walk created or adopted. It is false if another
// resource has it, or is deleting it.
func (c *claims) make(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.held[id] || c.made[id] {
		return false
	}
	c.made[id] = true
	return true
}

// release notes that a resource's dataset is about to be deleted, so that no
// creation may adopt it any more. It is false if the dataset must stay, because
// this walk created or adopted it, or is about to adopt it.
func (c *claims) release(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.made[id] || c.wanted[id] {
		return false
	}
	c.held[id] = true
	return true
}

// deleted forgets a dataset.
func (c *claims) deleted(id string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, set := range []map[string]bool{c.read, c.held, c.wanted, c.made} {
		delete(set, id)
	}
}

// write notes that this walk changes things.
func (c *claims) write() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.writing = true
}

// applying tells whether this walk has changed things already.
func (c *claims) applying() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.writing
}
