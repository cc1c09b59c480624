package provider

import (
	"context"
	"os"
	"runtime"
	"testing"
	"weak"

	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

// contextKey is the key of a value that identifies a context.
type contextKey struct{}

// TestServer_contextReleased checks that the server keeps no context after a call, and everything
// in it, in memory.
func TestServer_contextReleased(t *testing.T) {
	server := quietServer{newServer(newProvider("test"))}
	for name, call := range map[string]func(context.Context) error{
		"ValidateResourceConfig":     calls(server.ValidateResourceConfig, &tfprotov6.ValidateResourceConfigRequest{TypeName: "apify_dataset"}),
		"UpgradeResourceState":       calls(server.UpgradeResourceState, &tfprotov6.UpgradeResourceStateRequest{TypeName: "apify_dataset"}),
		"UpgradeResourceIdentity":    calls(server.UpgradeResourceIdentity, &tfprotov6.UpgradeResourceIdentityRequest{TypeName: "apify_dataset"}),
		"ReadResource":               calls(server.ReadResource, &tfprotov6.ReadResourceRequest{TypeName: "apify_none"}),
		"PlanResourceChange":         calls(server.PlanResourceChange, &tfprotov6.PlanResourceChangeRequest{TypeName: "apify_none"}),
		"ApplyResourceChange":        calls(server.ApplyResourceChange, &tfprotov6.ApplyResourceChangeRequest{TypeName: "apify_none"}),
		"ImportResourceState":        calls(server.ImportResourceState, &tfprotov6.ImportResourceStateRequest{TypeName: "apify_none"}),
		"ValidateDataResourceConfig": calls(server.ValidateDataResourceConfig, &tfprotov6.ValidateDataResourceConfigRequest{TypeName: "apify_none"}),
		"ReadDataSource":             calls(server.ReadDataSource, &tfprotov6.ReadDataSourceRequest{TypeName: "apify_none"}),
	} {
		t.Run(name, func(t *testing.T) {
			value := new([64]byte)
			kept := weak.Make(value)
			if err := call(context.WithValue(t.Context(), contextKey{}, value)); err != nil {
				t.Fatal(err)
			}
			runtime.GC()
			if kept.Value() != nil {
				t.Error("the server keeps the context of the call")
			}
			runtime.KeepAlive(server)
		})
	}
}

// calls returns a function that calls f with a request.
func calls[Request, Response any](f func(context.Context, Request) (Response, error), req Request) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := f(ctx, req)
		return err
	}
}

// waitingServer reads until its context is canceled.
type waitingServer struct {
	protocolServer
	reading chan struct{}
}

func (s waitingServer) ReadResource(ctx context.Context, _ *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	close(s.reading)
	<-ctx.Done()
	return nil, ctx.Err()
}

// TestServer_contextCanceled cancels the context of a call, as an interrupt does.
func TestServer_contextCanceled(t *testing.T) {
	t.Parallel()
	waiting := waitingServer{reading: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	go func() {
		<-waiting.reading
		cancel()
	}()
	if _, err := (quietServer{waiting}).ReadResource(ctx, nil); err == nil {
		t.Error("the call ended without an error")
	}
}

// TestServer_quietLogs turns logs off unless a variable asks for them.
func TestServer_quietLogs(t *testing.T) {
	for variable, want := range map[string]bool{"OTHER_LOG": true, "TF_LOG": false, "TF_LOG_PROVIDER": false, "TF_LOG_SDK_PROTO": false} {
		t.Run(variable, func(t *testing.T) {
			for _, name := range []string{"TF_LOG", "TF_LOG_PROVIDER", "TF_LOG_SDK", "TF_LOG_SDK_PROTO", "TF_LOG_PROVIDER_APIFY"} {
				t.Setenv(name, "")
			}
			t.Setenv(variable, "DEBUG")
			if got := quietLogs(); got != want {
				t.Errorf("got %t", got)
			}
			if off := os.Getenv("TF_LOG_PROVIDER_APIFY") == "off" && os.Getenv("TF_LOG_SDK") == "off"; off != want {
				t.Errorf("the logs are off: %t", off)
			}
		})
	}
}
