package main

import (
	"encoding/json"
	"errors"
	"os"
)

// stateFile is where Terraform keeps its state.
const stateFile = "terraform.tfstate"

// state is a state file with the resources of several, in Terraform's format of
// version 4. What matters not is kept as it is.
type state struct {
	file      map[string]json.RawMessage
	resources []json.RawMessage
}

// add adds the resources that another state file has.
func (s *state) add(name string) error {
	raw, err := os.ReadFile(name) //nolint:gosec // a file of our own
	if err != nil {
		return err
	}
	var part state
	if err := json.Unmarshal(raw, &part.file); err != nil {
		return err
	}
	if err := json.Unmarshal(part.file["resources"], &part.resources); err != nil {
		return err
	}
	if s.file == nil {
		s.file = part.file
	}
	s.resources = append(s.resources, part.resources...)
	return nil
}

// write writes the state to a file.
func (s *state) write(name string) error {
	resources, err := json.Marshal(s.resources)
	if err != nil {
		return err
	}
	s.file["resources"] = resources
	raw, err := json.Marshal(s.file)
	return errors.Join(err, os.WriteFile(name, raw, 0o600))
}
