// Command conformance checks the facts about Apify's datasets API on which the provider relies, and
// prints a report. It uses the server and the account of the environment variables that the
// provider reads too. Only TF_ACC_LIVE=1 allows it to create and delete datasets there.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/apify/terraform-provider-apify/internal/conformance"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx, os.Getenv, os.Stdout)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "conformance:", err)
		os.Exit(1)
	}
}

// run checks the facts and writes the report. A difference is not an error.
func run(ctx context.Context, getenv func(string) string, stdout io.Writer) error {
	if getenv("TF_ACC_LIVE") == "" {
		return errors.New("the run creates datasets in the account of APIFY_TOKEN and deletes them; set TF_ACC_LIVE=1 to allow that")
	}
	if getenv("APIFY_TOKEN") == "" {
		return errors.New("APIFY_TOKEN is not set")
	}
	report, err := conformance.Run(ctx, conformance.Config{
		BaseURL:       cmp.Or(getenv("APIFY_API_BASE_URL"), getenv("APIFY_CLIENT_BASE_URL"), "https://api.apify.com"),
		Token:         getenv("APIFY_TOKEN"),
		OtherToken:    getenv("APIFY_OTHER_ACCOUNT_TOKEN"),
		ReadOnlyToken: getenv("APIFY_READ_ONLY_TOKEN"),
		RunToken:      getenv("APIFY_RUN_TOKEN"),
		ScopedToken:   getenv("APIFY_SCOPED_TOKEN"),
	})
	if err != nil {
		return err
	}
	_, err = report.WriteTo(stdout)
	return err
}
