package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
)

// stateFile is where Terraform keeps its state.
const stateFile = "terraform.tfstate"

// partSize is of how many resources a large state is put together. It takes far
// less time to apply many small states than a large one.
const partSize = 500

// state is a state file with the instances of one resource, in Terraform's
// format of version 4. What matters not is kept as it is.
type state struct {
	file, resource map[string]json.RawMessage
	instances      []map[string]json.RawMessage
}

// add adds the instances of the resource that another state file has, numbered
// from first on.
func (s *state) add(name string, first int) error {
	raw, err := os.ReadFile(name) //nolint:gosec // a file of our own
	if err != nil {
		return err
	}
	var part state
	if err := json.Unmarshal(raw, &part.file); err != nil {
		return err
	}
	var resources []map[string]json.RawMessage
	if err := json.Unmarshal(part.file["resources"], &resources); err != nil {
		return err
	}
	if len(resources) != 1 {
		return fmt.Errorf("%s has %d resources", name, len(resources))
	}
	part.resource = resources[0]
	if err := json.Unmarshal(part.resource["instances"], &part.instances); err != nil {
		return err
	}
	for _, instance := range part.instances {
		var index int
		if err := json.Unmarshal(instance["index_key"], &index); err != nil {
			return err
		}
		if instance["index_key"], err = json.Marshal(first + index); err != nil {
			return err
		}
	}
	if s.file == nil {
		s.file, s.resource = part.file, part.resource
	}
	s.instances = append(s.instances, part.instances...)
	return nil
}

// write writes the state to a file.
func (s *state) write(name string) error {
	instances, err := json.Marshal(s.instances)
	if err != nil {
		return err
	}
	s.resource["instances"] = instances
	resources, err := json.Marshal([]any{s.resource})
	if err != nil {
		return err
	}
	s.file["resources"] = resources
	raw, err := json.Marshal(s.file)
	return errors.Join(err, os.WriteFile(name, raw, 0o600))
}
