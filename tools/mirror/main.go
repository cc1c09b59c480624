// Command mirror writes a static mirror of the provider from the files of a release. Terraform and
// OpenTofu install from the mirror over HTTPS:
// https://developer.hashicorp.com/terraform/internals/provider-network-mirror-protocol
//
// The same directory is a filesystem mirror too.
package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"golang.org/x/mod/sumdb/dirhash"
)

const project = "terraform-provider-apify"

// registries are the hosts that Terraform and OpenTofu add to addresses of providers without one.
var registries = []string{"registry.terraform.io", "registry.opentofu.org"}

func main() {
	dist := flag.String("dist", "dist", "directory of the release files")
	out := flag.String("out", "mirror", "directory of the mirror; keeps the other versions that it contains")
	flag.Parse()
	if err := run(*dist, *out); err != nil {
		fmt.Fprintln(os.Stderr, "mirror:", err)
		os.Exit(1)
	}
}

// index is the file index.json, which lists the versions.
type index struct {
	Versions map[string]struct{} `json:"versions"`
}

// version is the file VERSION.json, which lists the zips by platform.
type version struct {
	Archives map[string]archive `json:"archives"`
}

type archive struct {
	URL    string   `json:"url"`
	Hashes []string `json:"hashes"`
}

// run adds the release in dist to the mirror in out. It adds nothing if a zip differs from its
// checksum.
func run(dist, out string) error {
	number, sums, err := readChecksums(dist)
	if err != nil {
		return err
	}
	release := version{Archives: map[string]archive{}}
	prefix := project + "_" + number + "_"
	zips, err := filepath.Glob(filepath.Join(dist, prefix+"*.zip"))
	if err != nil {
		return err
	}
	for _, zip := range zips {
		name := filepath.Base(zip)
		hashes, err := hashZip(zip, sums[name])
		if err != nil {
			return err
		}
		platform := strings.TrimSuffix(strings.TrimPrefix(name, prefix), ".zip")
		release.Archives[platform] = archive{URL: name, Hashes: hashes}
	}
	if len(zips) == 0 {
		return fmt.Errorf("%s contains no zip of version %s", dist, number)
	}
	for _, registry := range registries {
		if err := add(filepath.Join(out, registry, "apify", "apify"), number, release, zips); err != nil {
			return err
		}
	}
	return nil
}

// readChecksums returns the version of the release in dist, and the SHA-256 checksums of its files
// by name.
func readChecksums(dist string) (number string, sums map[string]string, err error) {
	files, err := filepath.Glob(filepath.Join(dist, project+"_*_SHA256SUMS"))
	if err != nil {
		return "", nil, err
	}
	if len(files) != 1 {
		return "", nil, fmt.Errorf("%s contains %d files %s_VERSION_SHA256SUMS instead of one", dist, len(files), project)
	}
	content, err := os.ReadFile(files[0])
	if err != nil {
		return "", nil, err
	}
	sums = map[string]string{}
	for line := range strings.Lines(string(content)) {
		if fields := strings.Fields(line); len(fields) == 2 {
			sums[fields[1]] = fields[0]
		}
	}
	number = strings.TrimSuffix(strings.TrimPrefix(filepath.Base(files[0]), project+"_"), "_SHA256SUMS")
	return number, sums, nil
}

// hashZip returns the hashes of a zip in the notations of the lock file: h1 of the files in the
// zip, and zh of the zip itself. It returns an error if the zip does not have the checksum sum.
func hashZip(zip, sum string) ([]string, error) {
	f, err := os.Open(zip) //nolint:gosec // The caller chooses the directory.
	if err != nil {
		return nil, err
	}
	defer f.Close() //nolint:errcheck // the file was only read
	digest := sha256.New()
	if _, err := io.Copy(digest, f); err != nil {
		return nil, err
	}
	actual := hex.EncodeToString(digest.Sum(nil))
	if actual != sum {
		return nil, fmt.Errorf("%s has the SHA-256 checksum %s, but the release lists %q", zip, actual, sum)
	}
	h1, err := dirhash.HashZip(zip, dirhash.Hash1)
	if err != nil {
		return nil, err
	}
	return []string{h1, "zh:" + actual}, nil
}

// add adds a version to the directory of the provider in the mirror. It writes the index last, so
// that the mirror never lists a version without its files.
func add(dir, number string, release version, zips []string) error {
	var all index
	content, err := os.ReadFile(filepath.Join(dir, "index.json")) //nolint:gosec // The caller chooses the directory.
	switch {
	case errors.Is(err, os.ErrNotExist):
	case err != nil:
		return err
	default:
		if err := json.Unmarshal(content, &all); err != nil {
			return fmt.Errorf("%s: %w", filepath.Join(dir, "index.json"), err)
		}
	}
	if all.Versions == nil {
		all.Versions = map[string]struct{}{}
	}
	all.Versions[number] = struct{}{}

	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // A web server publishes the directory.
		return err
	}
	for _, zip := range zips {
		if err := copyFile(filepath.Join(dir, filepath.Base(zip)), zip); err != nil {
			return err
		}
	}
	if err := writeJSON(filepath.Join(dir, number+".json"), release); err != nil {
		return err
	}
	return writeJSON(filepath.Join(dir, "index.json"), all)
}

func copyFile(to, from string) (err error) {
	source, err := os.Open(from) //nolint:gosec // The caller chooses the directory.
	if err != nil {
		return err
	}
	defer source.Close()         //nolint:errcheck // the file was only read
	target, err := os.Create(to) //nolint:gosec // The caller chooses the directory.
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, target.Close()) }()
	_, err = io.Copy(target, source)
	return err
}

func writeJSON(path string, value any) error {
	content, err := json.MarshalIndent(value, "", "  ")
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(content, '\n'), 0o644) //nolint:gosec // A web server publishes the file.
}
