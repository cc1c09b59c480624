package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/pprof/profile"
)

// profileSize is the maximum number of datasets in the profiled plans.
const profileSize = 1000

// profiledPlans is the number of profiled plans. A profile has 100 samples for each second of CPU
// time, and a plan of 1,000 takes one or two seconds, so one plan alone would not be enough.
const profiledPlans = 10

// owner is a part of the provider's process.
type owner int

const (
	ownerProvider owner = iota
	ownerFramework
	ownerGRPC
	ownerHTTP
	ownerRuntime
	ownerOther
	ownerCount
)

// String returns the description of the owner in the results.
func (o owner) String() string {
	return [ownerCount]string{
		ownerProvider:  "this provider's own code",
		ownerFramework: "terraform-plugin-framework, -go, -log and their encodings",
		ownerGRPC:      "gRPC, protobuf and go-plugin",
		ownerHTTP:      "HTTP, TLS and JSON",
		ownerRuntime:   "Go runtime: garbage collector and scheduler",
		ownerOther:     "other modules",
	}[o]
}

// modules are the owners of import paths that start with these prefixes.
var modules = []struct {
	prefix string
	owner  owner
}{
	{"github.com/apify/terraform-provider-apify", ownerProvider},
	{"main.", ownerProvider},

	{"github.com/hashicorp/terraform-plugin-", ownerFramework},
	{"github.com/hashicorp/go-hclog", ownerFramework},
	{"github.com/hashicorp/go-uuid", ownerFramework},
	{"github.com/vmihailenco/", ownerFramework},

	{"google.golang.org/grpc", ownerGRPC},
	{"google.golang.org/genproto", ownerGRPC},
	{"google.golang.org/protobuf", ownerGRPC},
	{"github.com/golang/protobuf", ownerGRPC},
	{"github.com/hashicorp/go-plugin", ownerGRPC},
	{"github.com/hashicorp/yamux", ownerGRPC},
	{"golang.org/x/net", ownerGRPC},

	{"net/http", ownerHTTP},
	{"crypto/", ownerHTTP},
	{"encoding/json", ownerHTTP},
	{"github.com/hashicorp/go-retryablehttp", ownerHTTP},
	{"github.com/hashicorp/go-cleanhttp", ownerHTTP},
}

// cpuReport contains the CPU time of the provider in plans without changes, by owner.
type cpuReport struct {
	size    int // datasets
	plans   int
	samples int
	owned   [ownerCount]time.Duration
	// inclusive is the CPU time of this provider's own code and of everything that it calls.
	inclusive time.Duration
	// processes is the CPU time of the same processes, measured by the operating system. The
	// profiles lack the start and the end of each process.
	processes time.Duration
}

// total returns the CPU time in the profiles.
func (r *cpuReport) total() time.Duration {
	var total time.Duration
	for _, d := range r.owned {
		total += d
	}
	return total
}

// profile measures plans of a number of datasets with the profiled provider. They do not count for
// any other result, because profiling takes time too.
func (b *bench) profile(ctx context.Context, s *subject, size int) (*cpuReport, error) {
	if err := b.init(ctx, b.directory(s, size), s.config(size, 0, blockCount(size))); err != nil {
		return nil, fmt.Errorf("preparing %d %s: %w", size, s.name, err)
	}
	if _, err := b.run(ctx, s, size, opApply); err != nil {
		return nil, fmt.Errorf("apply of %d %s: %w", size, s.name, err)
	}
	r := &cpuReport{size: size, plans: profiledPlans}
	for range r.plans {
		plan, err := b.run(ctx, s, size, opPlan)
		if err != nil {
			return nil, fmt.Errorf("plan of %d %s: %w", size, s.name, err)
		}
		if len(plan.profiles) != plan.processes {
			return nil, fmt.Errorf("%d provider processes wrote %d CPU profiles", plan.processes, len(plan.profiles))
		}
		r.processes += plan.providerCPU
		for _, p := range plan.profiles {
			if err := r.add(p); err != nil {
				return nil, err
			}
		}
	}
	return r, nil
}

// add adds a CPU profile in the format of [runtime/pprof].
func (r *cpuReport) add(p *profile.Profile) error {
	if len(p.SampleType) != 2 || p.SampleType[0].Type != "samples" || p.SampleType[1].Unit != "nanoseconds" {
		return errors.New("a profile of the provider is not a CPU profile")
	}
	for _, s := range p.Sample {
		stack, cpu := functions(s), time.Duration(s.Value[1])
		r.samples += int(s.Value[0])
		r.owned[ownerOf(stack)] += cpu
		if isBelowProvider(stack) {
			r.inclusive += cpu
		}
	}
	return nil
}

// functions returns the names of the functions on a sample's stack, innermost first.
func functions(s *profile.Sample) []string {
	var names []string
	for _, location := range s.Location {
		for _, line := range location.Line { // more than one if functions were inlined
			names = append(names, line.Function.Name)
		}
	}
	return names
}

// ownerOf returns the owner of the innermost function on a stack that belongs to a module. So the
// standard library and the runtime, memory allocation for example, count for the module that calls
// them. There are two exceptions. HTTP, TLS and JSON functions have an owner of their own if this
// provider calls them or if nothing but the standard library is on the stack; called by gRPC or the
// framework, they count for these. And stacks of the runtime alone, such as those of the garbage
// collector's workers, count for the runtime.
func ownerOf(stack []string) owner {
	found := ownerRuntime
	for _, function := range stack {
		switch o := functionOwner(function); {
		case o == ownerRuntime:
		case o == ownerHTTP:
			found = ownerHTTP
		case o == ownerProvider && found == ownerHTTP:
			return ownerHTTP
		default:
			return o
		}
	}
	return found
}

// isBelowProvider reports whether a function of this provider is on the stack, and was either
// called by the framework or started as a goroutine. The server's wrapper around the framework does
// not count, because it is on the stack of every RPC.
func isBelowProvider(stack []string) bool {
	own := false
	for i, function := range stack {
		if functionOwner(function) == ownerProvider {
			own = true
			if i == len(stack)-1 {
				return true
			}
		}
		if own && strings.HasPrefix(function, "github.com/hashicorp/terraform-plugin-framework/") {
			return true
		}
	}
	return false
}

// functionOwner returns the owner of a function, and ownerRuntime for all of the standard library
// except HTTP, TLS and JSON.
func functionOwner(function string) owner {
	for _, m := range modules {
		if strings.HasPrefix(function, m.prefix) {
			return m.owner
		}
	}
	// The first element of a module's path contains a dot, unlike that of the standard library.
	first, _, isPath := strings.Cut(function, "/")
	if isPath && strings.Contains(first, ".") {
		return ownerOther
	}
	return ownerRuntime
}

// readProfiles returns the CPU profiles that provider processes have written to a directory.
func readProfiles(dir string) ([]*profile.Profile, error) {
	names, err := filepath.Glob(filepath.Join(dir, "*.pprof"))
	if err != nil {
		return nil, err
	}
	var profiles []*profile.Profile
	for _, name := range names {
		raw, err := os.ReadFile(name) //nolint:gosec // in the benchmark's temporary directory
		if err != nil {
			return nil, err
		}
		p, err := profile.ParseData(raw)
		if err != nil {
			return nil, fmt.Errorf("a provider process was killed before it wrote its CPU profile: %w", err)
		}
		profiles = append(profiles, p)
	}
	return profiles, nil
}
