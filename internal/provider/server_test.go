package provider

import (
	"context"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
	"weak"

	"github.com/hashicorp/terraform-plugin-framework/providerserver"
	"github.com/hashicorp/terraform-plugin-go/tfprotov6"
)

func newQuietServer(t *testing.T) quietServer {
	t.Helper()
	all, ok := providerserver.NewProtocol6(New("test")())().(protocolServer)
	if !ok {
		t.Fatal("the framework's server does not implement protocolServer, so Serve would not wrap it")
	}
	return quietServer{all}
}

// contextKey is the key of a value that identifies a context.
type contextKey struct{}

// TestServer_contextReleased checks that the server holds no context after a call, which would keep
// everything in it in memory.
func TestServer_contextReleased(t *testing.T) {
	server := newQuietServer(t)
	for name, call := range map[string]func(context.Context) error{
		"ValidateResourceConfig": func(ctx context.Context) error {
			_, err := server.ValidateResourceConfig(ctx, &tfprotov6.ValidateResourceConfigRequest{TypeName: "apify_dataset"})
			return err
		},
		"UpgradeResourceState": func(ctx context.Context) error {
			_, err := server.UpgradeResourceState(ctx, &tfprotov6.UpgradeResourceStateRequest{TypeName: "apify_dataset"})
			return err
		},
		"UpgradeResourceIdentity": func(ctx context.Context) error {
			_, err := server.UpgradeResourceIdentity(ctx, &tfprotov6.UpgradeResourceIdentityRequest{TypeName: "apify_dataset"})
			return err
		},
		"ReadResource": func(ctx context.Context) error {
			_, err := server.ReadResource(ctx, &tfprotov6.ReadResourceRequest{TypeName: "apify_none"})
			return err
		},
		"PlanResourceChange": func(ctx context.Context) error {
			_, err := server.PlanResourceChange(ctx, &tfprotov6.PlanResourceChangeRequest{TypeName: "apify_none"})
			return err
		},
		"ApplyResourceChange": func(ctx context.Context) error {
			_, err := server.ApplyResourceChange(ctx, &tfprotov6.ApplyResourceChangeRequest{TypeName: "apify_none"})
			return err
		},
		"ImportResourceState": func(ctx context.Context) error {
			_, err := server.ImportResourceState(ctx, &tfprotov6.ImportResourceStateRequest{TypeName: "apify_none"})
			return err
		},
		"ValidateDataResourceConfig": func(ctx context.Context) error {
			_, err := server.ValidateDataResourceConfig(ctx, &tfprotov6.ValidateDataResourceConfigRequest{TypeName: "apify_none"})
			return err
		},
		"ReadDataSource": func(ctx context.Context) error {
			_, err := server.ReadDataSource(ctx, &tfprotov6.ReadDataSourceRequest{TypeName: "apify_none"})
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			value := new([64]byte)
			held := weak.Make(value)
			if err := call(context.WithValue(t.Context(), contextKey{}, value)); err != nil {
				t.Fatal(err)
			}
			runtime.GC()
			if held.Value() != nil {
				t.Error("the server still holds the context of the call")
			}
			runtime.KeepAlive(server)
		})
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

// TestServer_contextCanceled cancels the context of a call.
func TestServer_contextCanceled(t *testing.T) {
	waiting := waitingServer{reading: make(chan struct{})}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() {
		_, err := quietServer{waiting}.ReadResource(ctx, nil)
		ended <- err
	}()
	<-waiting.reading
	cancel()
	select {
	case err := <-ended:
		if err == nil {
			t.Error("the call ended without an error")
		}
	case <-time.After(10 * time.Second):
		t.Error("the call continues after its context was canceled")
	}
}

// TestServer_quietLogs turns logs off unless an environment variable asks for them.
func TestServer_quietLogs(t *testing.T) {
	unset := func(t *testing.T) {
		t.Helper()
		for _, variable := range os.Environ() {
			if name, _, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "TF_LOG") {
				t.Setenv(name, "")
			}
		}
		t.Setenv("TF_LOG_SDK", "") // quietLogs sets it, and the test restores it
		t.Setenv("TF_LOG_PROVIDER_APIFY", "")
	}
	t.Run("no variable", func(t *testing.T) {
		unset(t)
		if !quietLogs() || os.Getenv("TF_LOG_SDK") != "off" || os.Getenv("TF_LOG_PROVIDER_APIFY") != "off" {
			t.Error("the logs are on")
		}
	})
	for _, name := range []string{"TF_LOG", "TF_LOG_CORE", "TF_LOG_PROVIDER", "TF_LOG_PROVIDER_APIFY", "TF_LOG_SDK", "TF_LOG_SDK_FRAMEWORK"} {
		t.Run(name, func(t *testing.T) {
			unset(t)
			t.Setenv(name, "DEBUG")
			if quietLogs() {
				t.Error("the logs are off")
			}
			for _, other := range []string{"TF_LOG_SDK", "TF_LOG_PROVIDER_APIFY"} {
				if other != name && os.Getenv(other) != "" {
					t.Errorf("%s is %q, want it unchanged", other, os.Getenv(other))
				}
			}
		})
	}
}

// TestAccProvider_logs checks which environment variables enable which logs.
func TestAccProvider_logs(t *testing.T) {
	t.Parallel()
	const (
		requestLine = "Apify API request"
		sdkLine     = "Calling provider defined Resource Create"
	)
	for name, test := range map[string]struct {
		variables []string
		shown     []string
		hidden    []string
	}{
		"all":      {[]string{"TF_LOG=TRACE"}, []string{requestLine, sdkLine}, nil},
		"provider": {[]string{"TF_LOG_PROVIDER=DEBUG"}, []string{requestLine}, nil},
		"sdk":      {[]string{"TF_LOG_PROVIDER=TRACE", "TF_LOG_SDK=TRACE"}, []string{requestLine, sdkLine}, nil},
		"not sdk":  {[]string{"TF_LOG_PROVIDER=TRACE", "TF_LOG_SDK=off"}, []string{requestLine}, []string{sdkLine}},
		"core":     {[]string{"TF_LOG_CORE=TRACE"}, nil, []string{requestLine, sdkLine}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newTestServer(t)
			c := s.newCLI(t)
			c.write("main.tf", `resource "apify_dataset" "logged" { name = "logged" }`)
			path := filepath.Join(t.TempDir(), "terraform.log")
			c.env = append(c.env, append(test.variables, "TF_LOG_PATH="+path)...)
			c.mustRun("apply", "-auto-approve")
			raw, err := os.ReadFile(path) //nolint:gosec // a file of this test
			if err != nil {
				t.Fatal(err)
			}
			for _, line := range test.shown {
				if !strings.Contains(string(raw), line) {
					t.Errorf("the log does not contain %q", line)
				}
			}
			for _, line := range test.hidden {
				if strings.Contains(string(raw), line) {
					t.Errorf("the log contains %q", line)
				}
			}
			expectAbsent(t, string(raw), "the log", s.Token)
		})
	}
}
