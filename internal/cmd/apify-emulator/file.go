package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/apify/terraform-provider-apify/internal/emulator"
)

// saveDelay is the time between a change and saving it, together with later changes.
const saveDelay = 200 * time.Millisecond

// contents is the JSON of the file.
type contents struct {
	Datasets []emulator.Dataset `json:"datasets"`
}

// file saves the datasets of an API on disk.
type file struct {
	path string
	api  *emulator.API
	stop chan struct{}
	done chan struct{}
}

// open loads the datasets of an earlier run into the API, and then saves the datasets after each
// change. If the file is invalid, open returns an error and does not change the file. Later errors
// are printed to stderr.
func open(path string, api *emulator.API, changes <-chan struct{}, stderr io.Writer) (*file, error) {
	if err := load(path, api); err != nil {
		return nil, err
	}
	f := &file{path: path, api: api, stop: make(chan struct{}), done: make(chan struct{})}
	// This reports a file that cannot be written before the first change.
	if err := f.save(); err != nil {
		return nil, err
	}
	go func() {
		defer close(f.done)
		for {
			select {
			case <-changes:
			case <-f.stop:
				return
			}
			select {
			case <-time.After(saveDelay):
			case <-f.stop:
				return
			}
			if err := f.save(); err != nil {
				reportError(stderr, exitFailure, err)
			}
		}
	}()
	return f, nil
}

// close saves the datasets for the last time.
func (f *file) close() error {
	close(f.stop)
	<-f.done
	return f.save()
}

func load(path string, api *emulator.API) error {
	//nolint:gosec // The user of the command line may read any file.
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var c contents
	if err := json.Unmarshal(data, &c); err != nil {
		return fmt.Errorf("could not load datasets from %s: %w", path, err)
	}
	for _, d := range c.Datasets {
		if _, err := api.Add(d); err != nil {
			return fmt.Errorf("could not load datasets from %s: %w", path, err)
		}
	}
	return nil
}

// save replaces the file with a rename, so that the file is complete at any time.
func (f *file) save() (err error) {
	temporary, err := os.CreateTemp(filepath.Dir(f.path), filepath.Base(f.path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(temporary.Name()))
		}
	}()
	encoder := json.NewEncoder(temporary)
	// Without this, the file would have escapes that the items do not have.
	encoder.SetEscapeHTML(false)
	if err = encoder.Encode(contents{f.api.Datasets()}); err == nil {
		err = temporary.Sync()
	}
	if err = errors.Join(err, temporary.Close()); err != nil {
		return err
	}
	return os.Rename(temporary.Name(), f.path)
}
