package provider

import (
	"context"
	"os"
	"runtime/debug"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6/tf6server"
)

// address is where the registry has this provider.
const address = "registry.terraform.io/apify/apify"

// gcPercent lets the heap grow to three times what is in use, instead of twice,
// before garbage is collected. A call leaves much garbage and keeps nearly
// nothing, so a few more MiB save a fifth of the CPU time.
const gcPercent = 200

// Serve serves the provider of the given version to the Terraform or OpenTofu
// that has started this process, until that one is done with it. With
// waitForDebugger it prints how a CLI can reach this process instead.
func Serve(version string, waitForDebugger bool) error {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(gcPercent)
	}
	quiet := quietLogs()
	var options []tf6server.ServeOpt
	if waitForDebugger {
		options = append(options, tf6server.WithManagedDebug())
	}
	return tf6server.Serve(address, func() tfprotov6.ProviderServer {
		s := providerserver.NewProtocol6(New(version)())()
		if all, ok := s.(protocolServer); ok && quiet {
			return quietServer{all}
		}
		return s
	}, options...)
}

// protocolServer is all of the protocol that this provider has a part in.
type protocolServer interface {
	tfprotov6.ProviderServer
	tfprotov6.ListResourceServer
}

// quietServer is a provider server for a process that logs nothing. A call's
// context has nothing in it but loggers, which the framework would go on copying
// and asking; and the framework keeps the context of every call until Terraform
// is done, some 10 KiB each. So the calls that there are many of, one or more for
// each object, get contexts with nothing in them.
type quietServer struct{ protocolServer }

// bare does a call with a context that has no values, and is done when the
// caller's is, or else after the call.
func bare[Request, Response any](ctx context.Context, req *Request, call func(context.Context, *Request) (*Response, error)) (*Response, error) {
	empty, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer context.AfterFunc(ctx, cancel)()
	return call(empty, req)
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
