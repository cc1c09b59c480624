package provider

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// address is the provider's address in the registry.
const address = "registry.terraform.io/apify/apify"

// gcPercent lets the heap grow to three times the live memory, instead of twice, before the garbage
// collector runs. A call allocates much and keeps nearly nothing, so a few more MiB save a fifth of
// the CPU time.
const gcPercent = 200

// Serve serves the provider over the plugin protocol until the CLI that started this process
// disconnects. With waitForDebugger, it prints the address at which a CLI can reach this process
// instead.
func Serve(version string, waitForDebugger bool) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	quiet := !waitForDebugger && quietLogs() // a CLI that connects to a debugged process can ask for logs
	var options []tf6server.ServeOpt
	if waitForDebugger {
		options = append(options, tf6server.WithManagedDebug())
	}
	return tf6server.Serve(address, func() tfprotov6.ProviderServer {
		server := newServer(newProvider(version))
		if quiet {
			return quietServer{server}
		}
		return server
	}, options...)
}

// newServer returns a provider server for a provider.
func newServer(p *apifyProvider) protocolServer {
	server := providerserver.NewProtocol6(p)()
	all, ok := server.(protocolServer)
	if !ok {
		panic(fmt.Sprintf("the framework's %T does not serve list resources", server))
	}
	return all
}

// protocolServer is the part of the protocol that this provider implements.
type protocolServer interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
}

// quietServer is a provider server for a process that logs nothing. The context of a call contains
// loggers only, which the framework copies and queries all the same. In addition, the framework
// keeps the context of every call until the process ends, about 10 KiB each. Therefore calls that
// are made once or more for each object get contexts without values.
type quietServer struct{ protocolServer }

// bare calls f with a context that has no values but is canceled with ctx, or after the call.
func bare[Request, Response any](ctx context.Context, req *Request, f func(context.Context, *Request) (*Response, error)) (*Response, error) {
	empty, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	return f(empty, req)
}

func (s quietServer) ValidateResourceConfig(ctx context.Context, req *tfprotov6.ValidateResourceConfigRequest) (*tfprotov6.ValidateResourceConfigResponse, error) {
	return bare(ctx, req, s.protocolServer.ValidateResourceConfig)
}

func (s quietServer) UpgradeResourceState(ctx context.Context, req *tfprotov6.UpgradeResourceStateRequest) (*tfprotov6.UpgradeResourceStateResponse, error) {
	return bare(ctx, req, s.protocolServer.UpgradeResourceState)
}

func (s quietServer) UpgradeResourceIdentity(ctx context.Context, req *tfprotov6.UpgradeResourceIdentityRequest) (*tfprotov6.UpgradeResourceIdentityResponse, error) {
	return bare(ctx, req, s.protocolServer.UpgradeResourceIdentity)
}

func (s quietServer) ReadResource(ctx context.Context, req *tfprotov6.ReadResourceRequest) (*tfprotov6.ReadResourceResponse, error) {
	return bare(ctx, req, s.protocolServer.ReadResource)
}

func (s quietServer) PlanResourceChange(ctx context.Context, req *tfprotov6.PlanResourceChangeRequest) (*tfprotov6.PlanResourceChangeResponse, error) {
	return bare(ctx, req, s.protocolServer.PlanResourceChange)
}

func (s quietServer) ApplyResourceChange(ctx context.Context, req *tfprotov6.ApplyResourceChangeRequest) (*tfprotov6.ApplyResourceChangeResponse, error) {
	return bare(ctx, req, s.protocolServer.ApplyResourceChange)
}

func (s quietServer) ImportResourceState(ctx context.Context, req *tfprotov6.ImportResourceStateRequest) (*tfprotov6.ImportResourceStateResponse, error) {
	return bare(ctx, req, s.protocolServer.ImportResourceState)
}

func (s quietServer) ValidateDataResourceConfig(ctx context.Context, req *tfprotov6.ValidateDataResourceConfigRequest) (*tfprotov6.ValidateDataResourceConfigResponse, error) {
	return bare(ctx, req, s.protocolServer.ValidateDataResourceConfig)
}

func (s quietServer) ReadDataSource(ctx context.Context, req *tfprotov6.ReadDataSourceRequest) (*tfprotov6.ReadDataSourceResponse, error) {
	return bare(ctx, req, s.protocolServer.ReadDataSource)
}
