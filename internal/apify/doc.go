// Package apify is a client for the dataset endpoints of the Apify API
// (https://docs.apify.com/api/v2): typed calls, one error type, and one place
// that retries. It knows nothing of Terraform.
package apify
