// Package emulator serves the dataset endpoints of the Apify API from memory.
//
// Clients of the API can be tested, demonstrated and measured against it without an Apify account.
// [API] is the API itself, an [http.Handler] whose datasets a test can add and change without a
// request. [Recorder] is middleware that logs, counts, delays and breaks the requests to any
// handler, such as the API or a proxy to the real one. [Server] serves both on a TCP port. [Faults]
// is the catalogue of the faults that the test suites inject.
//
// The emulator does not import the client under test. It has its own types for everything that is
// sent over the network, taken from Apify's OpenAPI document, so that a mistake in one of the two
// makes a test of the other fail.
package emulator
