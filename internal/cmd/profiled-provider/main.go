// Command profiled-provider serves the provider and writes a CPU profile of its process. It exists
// for the benchmark, which reports how much of the provider's CPU time is spent in which code. It
// belongs to this module rather than to tools/bench so that it is built with the same versions of
// the dependencies as a release.
package main

import (
	"errors"
	"log"
	"os"
	"runtime/pprof"

	"github.com/apify/terraform-provider-apify/internal/provider"
)

func main() {
	if err := run(); err != nil {
		log.Fatal(err)
	}
}

// run writes the profile to a new file in the directory BENCH_USAGE_DIR when Terraform disconnects.
func run() (err error) {
	file, err := os.CreateTemp(os.Getenv("BENCH_USAGE_DIR"), "*.pprof")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, file.Close()) }()
	if err := pprof.StartCPUProfile(file); err != nil {
		return err
	}
	defer pprof.StopCPUProfile()
	return provider.Serve("dev", false)
}
