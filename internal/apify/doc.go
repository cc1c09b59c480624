// Package apify is a plain client for the dataset endpoints of the Apify API
// (https://docs.apify.com/api/v2): typed calls, one error type, one retry policy.
//
// It caches nothing and does not depend on Terraform. Every call sends at least one request, and
// what a call returns depends on the server's response alone. [Client] is safe for concurrent use.
//
// The whole retry policy is in retry.go.
package apify
