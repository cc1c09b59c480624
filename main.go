// Command terraform-provider-apify serves the Apify provider to Terraform and
// OpenTofu.
package main

import (
	"flag"
	"log"

	"github.com/apify/terraform-provider-apify/internal/provider"
)

// version is set when the provider is built for a release.
var version = "dev"

func main() {
	var debug bool
	flag.BoolVar(&debug, "debug", false, "wait for a debugger: print how Terraform can reach this process, instead of being started by it")
	flag.Parse()

	if err := provider.Serve(version, debug); err != nil {
		log.Fatal(err)
	}
}
