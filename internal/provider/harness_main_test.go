package provider

import (
	"flag"
	"os"
	"testing"
)

// fixedSeed is the seed of the property tests, so that every run draws the same values. The flag
// -rapid.seed=0 draws new ones.
const fixedSeed = "20191212"

func TestMain(m *testing.M) {
	// The flag comes after this, because Run parses the command line.
	if err := flag.Set("rapid.seed", fixedSeed); err != nil {
		panic(err)
	}
	code := m.Run()
	if providerDir != "" {
		_ = os.RemoveAll(providerDir)
	}
	os.Exit(code)
}
