package main

import (
	"debug/buildinfo"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// subject is a kind of resource whose management is measured.
type subject struct {
	// name is the resource type, with the latency where that is not the usual one.
	name string
	// provider is nil for Terraform's built-in one.
	provider *provider
	// resource is the resource's type and what is in its blocks, beside count, with
	// blockNumber where a block's number is to be.
	resource, arguments string
	// emulator is what the provider talks to; nil for one that uses no network.
	emulator *emulator
	// maxSize leaves the subject out for larger numbers of resources; 0 never does.
	maxSize int
}

// The subjects' names.
const (
	nameTerraformData  = "terraform_data"
	nameTimeStatic     = "time_static"
	nameDataset        = "apify_dataset"
	nameDatasetNoDelay = "apify_dataset, no latency"
)

// maxSizeNoDelay spares a large run a subject that takes nearly as long as the
// one with latency, and is only there to be compared with it.
const maxSizeNoDelay = 1000

func subjects(apify, other *provider, delayed, undelayed *emulator) []subject {
	dataset := subject{
		name:     nameDataset,
		provider: apify,
		resource: "apify_dataset",
		// Otherwise each deletion would ask for items first.
		arguments: "name          = \"bench-" + blockNumber + "-${count.index}\"\n  force_destroy = true",
		emulator:  delayed,
	}
	atOnce := dataset
	atOnce.name, atOnce.emulator, atOnce.maxSize = nameDatasetNoDelay, undelayed, maxSizeNoDelay
	return []subject{
		{name: nameTerraformData, resource: "terraform_data", arguments: "input = \"bench-" + blockNumber + "-${count.index}\""},
		{name: nameTimeStatic, provider: other, resource: "time_static"},
		dataset,
		atOnce,
	}
}

// blockSize is how many resources a block has at most. Terraform gives each of a
// block's resources a copy of the state of all of them, so the time that it takes
// itself grows with the square of this number: from 1 s for a block of 1,000
// terraform_data to 10 s for one of 5,000. That would hide what is measured.
const blockSize = 1000

// blockNumber stands for a block's number in its arguments.
const blockNumber = "BLOCK"

// config is a configuration with some of the blocks of as many resources as size
// says: those from the first on, up to the one before end.
func (s *subject) config(size, first, end int) string {
	var b strings.Builder
	if s.provider != nil {
		fmt.Fprintf(&b, "terraform {\n  required_providers {\n    %s = {\n      source = %q\n    }\n  }\n}\n\n", s.provider.name(), s.provider.source)
	}
	for i := first; i < end; i++ {
		fmt.Fprintf(&b, "resource %q \"bench_%d\" {\n  count = %d\n  %s\n}\n\n",
			s.resource, i, min(blockSize, size-i*blockSize), strings.ReplaceAll(s.arguments, blockNumber, strconv.Itoa(i)))
	}
	return b.String()
}

// blocks is how many blocks a number of resources has.
func blocks(size int) int { return (size + blockSize - 1) / blockSize }

// environment is what the provider finds its server with.
func (s *subject) environment() []string {
	if s.emulator == nil {
		return nil
	}
	return []string{"APIFY_API_BASE_URL=" + s.emulator.url, "APIFY_TOKEN=" + emulatorToken}
}

// provider is a provider's binary.
type provider struct {
	source  string // its address without the host
	version string // without a v
	binary  string
}

func (p *provider) name() string { return filepath.Base(p.source) }

// moduleVersion is the version that a binary was built as by `go install
// MODULE@VERSION`, without the v.
func moduleVersion(binary string) (string, error) {
	info, err := buildinfo.ReadFile(binary)
	if err != nil {
		return "", err
	}
	return strings.TrimPrefix(info.Main.Version, "v"), nil
}

// mirror makes a directory that Terraform and OpenTofu install providers from,
// each behind the launcher.
func mirror(dir, launcher string, providers ...*provider) error {
	for _, p := range providers {
		// An address without a host is of the CLI's own registry.
		for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
			target := filepath.Join(dir, host, p.source, p.version, runtime.GOOS+"_"+runtime.GOARCH)
			if err := os.MkdirAll(target, 0o750); err != nil {
				return err
			}
			name := fmt.Sprintf("terraform-provider-%s_v%s", p.name(), p.version)
			if err := copyExecutable(filepath.Join(target, name), launcher); err != nil {
				return err
			}
			if err := copyExecutable(filepath.Join(target, "provider"), p.binary); err != nil {
				return err
			}
		}
	}
	return nil
}

func copyExecutable(to, from string) error {
	data, err := os.ReadFile(from) //nolint:gosec // told on the command line
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o700) //nolint:gosec // a program
}

// latencyText is a latency for people.
func latencyText(d time.Duration) string { return fmt.Sprintf("%d ms", d.Milliseconds()) }
