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

// saveDelay is how long changes are collected before they are written.
const saveDelay = 200 * time.Millisecond

// contents is what the file holds.
type contents struct {
	Datasets []emulator.Dataset `json:"datasets"`
}

// file keeps an API's datasets on disk.
type file struct {
	path string
	api  *emulator.API
	stop chan struct{}
	done chan struct{}
}

// open reads the datasets of an earlier run into the API, and from then on writes them whenever
// there were changes. A file that is damaged is an error and stays as it is. What goes wrong in
// writing is told on stderr.
func open(path string, api *emulator.API, changes <-chan struct{}, stderr io.Writer) (*file, error) {
	if err := load(path, api); err != nil {
		return nil, err
	}
	f := &file{path: path, api: api, stop: make(chan struct{}), done: make(chan struct{})}
	// A file that can't be written had better be known of now than in the end.
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
				report(stderr, exitFailure, err)
			}
		}
	}()
	return f, nil
}

// close writes the datasets a last time.
func (f *file) close() error {
	close(f.stop)
	<-f.done
	return f.save()
}

func load(path string, api *emulator.API) error {
	//nolint:gosec // Reading the file that the command line names is what this is for.
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	var c contents
	if err := json.Unmarshal(data, &c); err != nil {
		return fmt.Errorf("%s is damaged: %w", path, err)
	}
	for _, d := range c.Datasets {
		if _, err := api.Add(d); err != nil {
			return fmt.Errorf("%s can't be used: %w", path, err)
		}
	}
	return nil
}

// save replaces the file in one step, so that there is a whole one at any time.
func (f *file) save() (err error) {
	next, err := os.CreateTemp(filepath.Dir(f.path), filepath.Base(f.path)+".*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, os.Remove(next.Name()))
		}
	}()
	encoder := json.NewEncoder(next)
	// Items are kept as they were sent.
	encoder.SetEscapeHTML(false)
	if err = encoder.Encode(contents{f.api.Datasets()}); err == nil {
		err = next.Sync()
	}
	if err = errors.Join(err, next.Close()); err != nil {
		return err
	}
	return os.Rename(next.Name(), f.path)
}
