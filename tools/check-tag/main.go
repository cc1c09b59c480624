// Command check-tag fails unless a tag is the version at the top of a changelog, with its date:
//
//	check-tag TAG CHANGELOG
package main

import (
	"fmt"
	"os"
	"regexp"
)

var (
	section = regexp.MustCompile(`(?m)^## .*$`)
	release = regexp.MustCompile(`^## \[(\d+\.\d+\.\d+)\] - \d{4}-\d{2}-\d{2}$`)
)

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: check-tag TAG CHANGELOG")
		os.Exit(2)
	}
	changelog, err := os.ReadFile(os.Args[2])
	if err == nil {
		err = check(os.Args[1], string(changelog))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "check-tag:", err)
		os.Exit(1)
	}
}

func check(tag, changelog string) error {
	top := section.FindString(changelog)
	version := release.FindStringSubmatch(top)
	if version == nil {
		return fmt.Errorf("the top section of the changelog is %q instead of \"## [VERSION] - YYYY-MM-DD\"", top)
	}
	if tag != "v"+version[1] {
		return fmt.Errorf("the tag is %q, but the version at the top of the changelog is %s", tag, version[1])
	}
	return nil
}
