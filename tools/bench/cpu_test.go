package main

import (
	"bytes"
	"os"
	"path/filepath"
	"runtime/pprof"
	"testing"
	"time"

	"github.com/google/pprof/profile"
)

func TestOwnerOf(t *testing.T) {
	const (
		read      = "github.com/apify/terraform-provider-apify/internal/provider.(*datasetResource).Read"
		client    = "github.com/apify/terraform-provider-apify/internal/apify.(*Client).do"
		framework = "github.com/hashicorp/terraform-plugin-framework/internal/fwserver.(*Server).ReadResource"
		grpc      = "google.golang.org/grpc.(*Server).handleStream.func1"
	)
	for name, test := range map[string]struct {
		stack []string // innermost first
		want  owner
	}{
		"own code":                          {[]string{read, framework, grpc}, ownerProvider},
		"main package":                      {[]string{"main.main", "runtime.main"}, ownerProvider},
		"allocation in own code":            {[]string{"runtime.mallocgc", "runtime.newobject", read, framework}, ownerProvider},
		"framework called by own code":      {[]string{"github.com/hashicorp/terraform-plugin-framework/tfsdk.State.Set", read, framework}, ownerFramework},
		"allocation in framework":           {[]string{"runtime.mallocgc", "maps.Copy[go.shape.map[string]interface {}]", framework, grpc}, ownerFramework},
		"JSON in the framework":             {[]string{"encoding/json.Unmarshal", framework, grpc}, ownerFramework},
		"msgpack":                           {[]string{"github.com/vmihailenco/msgpack/v5.(*Encoder).EncodeString", framework}, ownerFramework},
		"TLS of the plugin connection":      {[]string{"crypto/tls.(*Conn).Write", "google.golang.org/grpc/internal/transport.(*bufWriter).Flush"}, ownerGRPC},
		"protobuf":                          {[]string{"runtime.memmove", "google.golang.org/protobuf/proto.Marshal", grpc}, ownerGRPC},
		"JSON in the client":                {[]string{"reflect.Value.Set", "encoding/json.Unmarshal", client, read, framework}, ownerHTTP},
		"HTTP in the client":                {[]string{"syscall.Write", "net.(*conn).Write", "net/http.(*Client).Do", client, read}, ownerHTTP},
		"HTTP through the retry library":    {[]string{"github.com/hashicorp/go-retryablehttp.(*Client).Do", client}, ownerHTTP},
		"goroutine of an HTTP connection":   {[]string{"internal/poll.(*FD).Read", "net.(*conn).Read", "net/http.(*persistConn).readLoop"}, ownerHTTP},
		"own code called by HTTP":           {[]string{client, "net/http.(*Transport).RoundTrip", client}, ownerProvider},
		"garbage collector":                 {[]string{"runtime.scanobject", "runtime.gcDrain", "runtime.gcBgMarkWorker"}, ownerRuntime},
		"scheduler":                         {[]string{"runtime.findRunnable", "runtime.schedule", "runtime.mcall"}, ownerRuntime},
		"standard library without a module": {[]string{"os/signal.loop"}, ownerRuntime},
		"module without a rule":             {[]string{"strings.Cut", "gopkg.in/yaml.Unmarshal", read}, ownerOther},
	} {
		if got := ownerOf(test.stack); got != test.want {
			t.Errorf("%s: owner is %q, want %q", name, got, test.want)
		}
	}
}

func TestIsBelowProvider(t *testing.T) {
	const (
		own       = "github.com/apify/terraform-provider-apify/internal/"
		framework = "github.com/hashicorp/terraform-plugin-framework/internal/fwserver.(*Server).ReadResource"
		sdk       = "github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server.(*server).ReadResource"
	)
	for name, test := range map[string]struct {
		stack []string // innermost first
		want  bool
	}{
		"own code":                     {[]string{own + "provider.(*datasetResource).Read", framework, sdk}, true},
		"framework called by own code": {[]string{"github.com/hashicorp/terraform-plugin-framework/tfsdk.State.Set", own + "provider.(*datasetResource).Read", framework, sdk}, true},
		"goroutine of own code":        {[]string{"encoding/json.Unmarshal", own + "apify.(*Client).list.func1"}, true},
		"framework":                    {[]string{"runtime.mallocgc", framework, sdk}, false},
		"framework below the server":   {[]string{framework, own + "provider.server.ReadResource", sdk}, false},
		"server":                       {[]string{own + "provider.server.ReadResource", sdk}, false},
		"main":                         {[]string{sdk, own + "provider.Serve", "main.main", "runtime.main"}, false},
		"unknown function":             {nil, false},
	} {
		if got := isBelowProvider(test.stack); got != test.want {
			t.Errorf("%s: isBelowProvider is %t, want %t", name, got, test.want)
		}
	}
}

func TestCPUReport_add(t *testing.T) {
	own := &profile.Function{ID: 1, Name: "github.com/apify/terraform-provider-apify/internal/apify.sign"}
	inlined := &profile.Function{ID: 2, Name: "strings.Cut"}
	mark := &profile.Function{ID: 3, Name: "runtime.gcBgMarkWorker"}
	p := &profile.Profile{
		SampleType: []*profile.ValueType{{Type: "samples", Unit: "count"}, {Type: "cpu", Unit: "nanoseconds"}},
		Sample: []*profile.Sample{
			{Value: []int64{2, 20e6}, Location: []*profile.Location{{Line: []profile.Line{{Function: inlined}, {Function: own}}}}},
			{Value: []int64{1, 10e6}, Location: []*profile.Location{{Line: []profile.Line{{Function: mark}}}}},
		},
	}
	r := &cpuReport{}
	for range 2 {
		if err := r.add(p); err != nil {
			t.Fatal(err)
		}
	}
	if r.samples != 6 || r.total() != 60*time.Millisecond || r.owned[ownerProvider] != 40*time.Millisecond || r.owned[ownerRuntime] != 20*time.Millisecond || r.inclusive != 40*time.Millisecond {
		t.Errorf("report is %+v, want 6 samples, 40ms of the provider (inclusive too) and 20ms of the runtime", r)
	}
	p.SampleType[1].Unit = "bytes"
	if err := r.add(p); err == nil {
		t.Error("add of a memory profile returns no error")
	}
}

func TestReadProfiles(t *testing.T) {
	dir := t.TempDir()
	var profile bytes.Buffer
	if err := pprof.StartCPUProfile(&profile); err != nil {
		t.Fatal(err)
	}
	for started := time.Now(); time.Since(started) < 200*time.Millisecond; {
		_ = bytes.Repeat([]byte("x"), 1000)
	}
	pprof.StopCPUProfile()
	write := func(name string, content []byte) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("1.json", []byte("{}"))
	write("1.pprof", profile.Bytes())
	profiles, err := readProfiles(dir)
	if err != nil || len(profiles) != 1 {
		t.Fatalf("readProfiles returns %d profiles (%v), want 1", len(profiles), err)
	}
	r := &cpuReport{}
	if err := r.add(profiles[0]); err != nil || r.owned[ownerProvider] == 0 {
		t.Errorf("report is %+v (%v), want CPU time of this test's module", r, err)
	}
	write("2.pprof", nil) // a killed process leaves an empty file
	if _, err := readProfiles(dir); err == nil {
		t.Error("readProfiles returns no error for an empty profile")
	}
}
