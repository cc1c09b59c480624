package provider

import (
	"context"
	"os"
	"strings"

	"github.com/hashicorp/terraform-plugin-log/tflog"

	"github.com/apify/terraform-provider-apify/internal/apify"
)

// quietLogs turns logging off in this process where the user asked for none, and
// tells whether it did. Otherwise every call of the provider's SDK would be
// written out as JSON, at every level, for Terraform to drop: a good part of a
// large plan's time. Whoever sets any TF_LOG variable gets the logs that it asks
// for. To be called before the provider is served.
func quietLogs() bool {
	for _, variable := range os.Environ() {
		if name, value, _ := strings.Cut(variable, "="); strings.HasPrefix(name, "TF_LOG") && value != "" {
			return false
		}
	}
	for _, name := range []string{"TF_LOG_SDK", "TF_LOG_PROVIDER"} {
		_ = os.Setenv(name, "off") // fails for impossible names only
	}
	return true
}

// requestLogger writes one debug line for every attempt of a request. Whatever a
// line holds, the token is not in it.
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
