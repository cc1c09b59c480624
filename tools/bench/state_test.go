package main

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

func TestState_combinesResources(t *testing.T) {
	dir := t.TempDir()
	var whole state
	for i := range 2 {
		part := filepath.Join(dir, "part")
		content := fmt.Sprintf(`{"version":4,"lineage":"%d","resources":[{"name":"bench_%[1]d","instances":[{"index_key":0}]}]}`, i)
		if err := os.WriteFile(part, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := whole.add(part); err != nil {
			t.Fatal(err)
		}
	}
	name := filepath.Join(dir, "whole")
	if err := whole.write(name); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(name) //nolint:gosec // in a temporary directory
	if err != nil {
		t.Fatal(err)
	}
	const want = `{"lineage":"0","resources":[{"name":"bench_0","instances":[{"index_key":0}]},` +
		`{"name":"bench_1","instances":[{"index_key":0}]}],"version":4}`
	if string(got) != want {
		t.Errorf("combined state is\n%s\nwant\n%s", got, want)
	}
}
