// Command terraform-provider-apify serves the Apify provider to Terraform and
// OpenTofu.
package main

import (
	"flag"
	"fmt"
	"log"
	"runtime/debug"

	"github.com/apify/terraform-provider-apify/internal/provider"
)

// version is set when the provider is built for a release.
var version = "dev"

func main() {
	waitForDebugger := flag.Bool("debug", false, "wait for a debugger, and print the value of TF_REATTACH_PROVIDERS for Terraform")
	showVersion := flag.Bool("version", false, "print the version and the revision of the source code")
	flag.Parse()

	if *showVersion {
		info, _ := debug.ReadBuildInfo() // Builds with modules always have it.
		fmt.Println(versionText(version, info))
		return
	}
	if err := provider.Serve(version, *waitForDebugger); err != nil {
		log.Fatal(err)
	}
}
