package main

import (
	"os"
	"regexp"
	"slices"
	"testing"
)

// TestSchema_hasAttributesOfDataset proves that both resources of the benchmark have the same
// attributes. The page of the resource is generated from its schema.
func TestSchema_hasAttributesOfDataset(t *testing.T) {
	page, err := os.ReadFile("../../../docs/resources/dataset.md")
	if err != nil {
		t.Fatal(err)
	}
	section := regexp.MustCompile(`(?s)\n## Schema\n.*?\n## `).Find(page)
	var want, got []string
	for _, match := range regexp.MustCompile("(?m)^- `([a-z_]+)` \\(").FindAllSubmatch(section, -1) {
		want = append(want, string(match[1]))
	}
	for _, a := range schema.Block.Attributes {
		got = append(got, a.Name)
		if a.NestedType != nil {
			for _, nested := range a.NestedType.Attributes {
				got = append(got, nested.Name)
			}
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if !slices.Equal(got, want) {
		t.Errorf("attributes are\n%v\nwant those in docs/resources/dataset.md:\n%v", got, want)
	}
}
