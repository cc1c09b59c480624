package provider

import (
	"context"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// quietLogs disables logging in this process unless a TF_LOG variable is set, and reports whether
// it did. Otherwise terraform-plugin-log would format every trace line of the SDK as JSON, and
// Terraform would discard it: half of the CPU time of a large plan. It must be called before the
// provider is served.
func quietLogs() bool {
	for _, variable := range os.Environ() {
		if name, value, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "TF_LOG") && value != "" {
			return false
		}
	}
	for _, name := range []string{"TF_LOG_SDK", "TF_LOG_PROVIDER_APIFY"} {
		_ = os.Setenv(name, "off") // fails for invalid names only
	}
	return true
}

// requestLogger returns a function that logs one debug line for each attempt of a request. It masks
// the token in every line.
func requestLogger(token string) func(context.Context, apify.Attempt) {
	return func(ctx context.Context, a apify.Attempt) {
		fields := map[string]any{
			"method":      a.Method,
			"path":        a.Path,
			"status":      a.Status,
			"duration_ms": a.Duration.Milliseconds(),
			"attempt":     a.Number,
		}
		if a.Err != nil {
			fields["error"] = a.Err.Error()
		}
		if a.RetryIn > 0 {
			fields["retry_in_ms"] = a.RetryIn.Milliseconds()
		}
		tflog.Debug(tflog.MaskLogStrings(ctx, token), "Apify API request", fields)
	}
}
