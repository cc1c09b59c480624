package main

import (
	"encoding/json"
	"errors"
	"os"
)

// stateFile is the name of Terraform's state file in a working directory.
const stateFile = "terraform.tfstate"

// state is a state file in version 4 of Terraform's format, combined from several others. All
// fields but the resources are copied unchanged from the first file.
type state struct {
	fields    map[string]json.RawMessage
	resources []json.RawMessage
}

// add adds the resources of another state file.
func (s *state) add(name string) error {
	raw, err := os.ReadFile(name) //nolint:gosec // in the benchmark's temporary directory
	if err != nil {
		return err
	}
	var part state
	if err := json.Unmarshal(raw, &part.fields); err != nil {
		return err
	}
	if err := json.Unmarshal(part.fields["resources"], &part.resources); err != nil {
		return err
	}
	if s.fields == nil {
		s.fields = part.fields
	}
	s.resources = append(s.resources, part.resources...)
	return nil
}

// write writes the combined state to a file.
func (s *state) write(name string) error {
	resources, err := json.Marshal(s.resources)
	if err != nil {
		return err
	}
	s.fields["resources"] = resources
	raw, err := json.Marshal(s.fields)
	return errors.Join(err, os.WriteFile(name, raw, 0o600))
}
