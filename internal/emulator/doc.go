// Package emulator serves the dataset endpoints of the Apify API from memory.
//
// It exists so that clients of the API can be tested, demonstrated and measured without an Apify
// account. [API] is the API itself, an [http.Handler] that tests can seed and change behind a
// client's back. [Recorder] is middleware that logs, counts, slows down and breaks the exchange of
// any handler, be it the API or a proxy to the real one. [Server] puts both behind a listener.
//
// The emulator knows nothing of the client under test: it has its own types for everything that
// goes over the wire, taken from Apify's OpenAPI document, so that a mistake in the one shows
// against the other.
package emulator
