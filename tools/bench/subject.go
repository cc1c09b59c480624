package main

import (
	"fmt"
	"strconv"
	"strings"
)

// subject is a kind of resource that is measured.
type subject struct {
	// name is the resource type, with a note if its API has a latency other than the usual one.
	name string
	// provider is nil for Terraform's built-in provider.
	provider *provider
	// resourceType and arguments are the label and the body of each resource block. In the
	// arguments, blockNumber stands for the number of the block.
	resourceType, arguments string
	// emulator is the API that the provider calls. It is nil for a provider without a network.
	emulator *emulator
	// maxSize is the largest number of resources that is measured. 0 means no limit.
	maxSize int
}

// The names of the subjects.
const (
	nameTerraformData    = "terraform_data"
	nameEcho             = "echo_dataset"
	nameTimeStatic       = "time_static"
	nameDataset          = "apify_dataset"
	nameDatasetNoLatency = "apify_dataset, no latency"
	nameDatasetProfiled  = "apify_dataset, profiled"
)

// maxSizeNoLatency keeps a run with many resources short: without latency a plan takes nearly as
// long as with it, and the comparison with 1,000 resources is enough.
const maxSizeNoLatency = 1000

// subjects returns everything that is measured, in the order of the columns of the results.
func subjects(p *providers, withLatency, withoutLatency *emulator) []subject {
	echo := datasets(nameEcho, p.echo, nil)
	echo.resourceType = nameEcho
	noLatency := datasets(nameDatasetNoLatency, p.apify, withoutLatency)
	noLatency.maxSize = maxSizeNoLatency
	return []subject{
		{name: nameTerraformData, resourceType: nameTerraformData, arguments: "input = \"bench-" + blockNumber + "-${count.index}\""},
		echo,
		{name: nameTimeStatic, resourceType: nameTimeStatic, provider: p.time},
		datasets(nameDataset, p.apify, withLatency),
		noLatency,
	}
}

// datasets returns a subject whose resources are datasets. Without force_destroy, each deletion
// would need one more request to find out whether the dataset contains items.
func datasets(name string, p *provider, e *emulator) subject {
	return subject{
		name:         name,
		provider:     p,
		resourceType: nameDataset,
		arguments:    "name          = \"bench-" + blockNumber + "-${count.index}\"\n  force_destroy = true",
		emulator:     e,
	}
}

// blockSize is the maximum number of resources in one block. Terraform copies the state of all of a
// block's resources for each one of them, so its own time grows with the square of this number:
// from 1 s for a block of 1,000 terraform_data to 10 s for one of 5,000, which would hide the
// difference between the providers.
const blockSize = 1000

// blockNumber stands for the number of the block in a subject's arguments.
const blockNumber = "BLOCK"

// config returns the configuration of the blocks from first up to, but not including, end, for a
// total number of resources.
func (s *subject) config(size, first, end int) string {
	var b strings.Builder
	if s.provider != nil {
		localName, _, _ := strings.Cut(s.resourceType, "_")
		fmt.Fprintf(&b, "terraform {\n  required_providers {\n    %s = {\n      source = %q\n    }\n  }\n}\n\n", localName, s.provider.source)
	}
	for i := first; i < end; i++ {
		fmt.Fprintf(&b, "resource %q \"bench_%d\" {\n  count = %d\n  %s\n}\n\n",
			s.resourceType, i, min(blockSize, size-i*blockSize), strings.ReplaceAll(s.arguments, blockNumber, strconv.Itoa(i)))
	}
	return b.String()
}

// blockCount returns the number of blocks that contain a number of resources.
func blockCount(size int) int { return (size + blockSize - 1) / blockSize }

// environment returns the variables that configure the provider.
func (s *subject) environment() []string {
	if s.emulator == nil {
		return nil
	}
	return []string{"APIFY_API_BASE_URL=" + s.emulator.url, "APIFY_TOKEN=" + emulatorToken}
}
