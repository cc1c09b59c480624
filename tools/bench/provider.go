package main

import (
	"debug/buildinfo"
	"fmt"
	"os"
	"path"
	"path/filepath"
	"runtime"
	"strings"
)

// provider is a provider's executable.
type provider struct {
	source  string // the source address without the host
	version string // without a "v"
	binary  string
}

// typeName returns the last part of the source address.
func (p *provider) typeName() string { return path.Base(p.source) }

// providers are the providers that are measured.
type providers struct{ apify, profiled, echo, time *provider }

// newProviders returns the providers that the settings name.
func newProviders(s *settings) (*providers, error) {
	var built [3]*buildinfo.BuildInfo
	for i, binary := range []string{s.apify, s.echo, s.time} {
		var err error
		if built[i], err = buildinfo.ReadFile(binary); err != nil {
			return nil, err
		}
	}
	if err := checkSDK(built[0], built[1]); err != nil {
		return nil, err
	}
	return &providers{
		apify:    &provider{source: "apify/apify", version: "0.0.1", binary: s.apify},
		profiled: &provider{source: "apify/apify-profiled", version: "0.0.1", binary: s.profiled},
		echo:     &provider{source: "apify/echo", version: "0.0.1", binary: s.echo},
		// The version that `go install MODULE@VERSION` has built.
		time: &provider{source: "hashicorp/time", version: strings.TrimPrefix(built[2].Main.Version, "v"), binary: s.time},
	}, nil
}

// checkSDK returns an error if this provider and the echo provider were built with different
// versions of terraform-plugin-go, because the difference would become part of the comparison.
func checkSDK(apify, echo *buildinfo.BuildInfo) error {
	const sdk = "github.com/hashicorp/terraform-plugin-go"
	version := func(built *buildinfo.BuildInfo) string {
		for _, dependency := range built.Deps {
			if dependency.Path == sdk {
				return dependency.Version
			}
		}
		return "no version"
	}
	if want, got := version(apify), version(echo); got != want {
		return fmt.Errorf("the echo provider was built with %s of %s, but this provider with %s: "+
			"run `go -C tools/bench get %[2]s@%[3]s`", got, sdk, want)
	}
	return nil
}

// mirror creates a directory from which Terraform and OpenTofu install the providers, each one
// behind the launcher.
func (p *providers) mirror(dir, launcher string) error {
	for _, one := range []*provider{p.apify, p.profiled, p.echo, p.time} {
		// A source address without a host belongs to the registry of the CLI that reads it.
		for _, host := range []string{"registry.terraform.io", "registry.opentofu.org"} {
			target := filepath.Join(dir, host, one.source, one.version, runtime.GOOS+"_"+runtime.GOARCH)
			if err := os.MkdirAll(target, 0o750); err != nil {
				return err
			}
			name := fmt.Sprintf("terraform-provider-%s_v%s", one.typeName(), one.version)
			if err := copyExecutable(filepath.Join(target, name), launcher); err != nil {
				return err
			}
			if err := copyExecutable(filepath.Join(target, "provider"), one.binary); err != nil {
				return err
			}
		}
	}
	return nil
}

func copyExecutable(to, from string) error {
	data, err := os.ReadFile(from) //nolint:gosec // a command-line option of the benchmark
	if err != nil {
		return err
	}
	return os.WriteFile(to, data, 0o700) //nolint:gosec // it must be executable
}
