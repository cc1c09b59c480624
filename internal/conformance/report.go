// Package conformance has the facts about Apify's datasets API that the provider relies on and the
// emulator embodies, each with its source and a check. A run checks a server: the emulator, Apify's
// production API, or Apify's local platform. It sends plain HTTP requests and does not use the
// provider's client, so that a mistake in the client does not hide in both.
package conformance

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
)

// Report has the results of a run.
type Report struct {
	baseURL   string
	results   []result
	leftovers []string
	mask      func(string) string
}

// Run checks all facts. It deletes all datasets that it creates. It returns an error if it cannot
// check any fact, because the server is not Apify's API or does not accept the tokens.
func Run(ctx context.Context, config Config) (*Report, error) {
	s, err := newSession(ctx, config)
	if err != nil {
		return nil, err
	}
	defer s.client.CloseIdleConnections()
	if err := s.checkTokens(); err != nil {
		return nil, errors.New(s.mask(err.Error()))
	}
	report := &Report{baseURL: s.BaseURL, mask: s.mask}
	for _, f := range facts() {
		report.results = append(report.results, s.run(f))
	}
	report.leftovers = s.leftovers
	return report, nil
}

// run checks one fact.
func (s *session) run(f fact) result {
	c := &check{session: s}
	defer c.cleanUp()
	got := result{outcome: confirmed}
	if s.ctx.Err() != nil {
		got = result{outcome: undecided, reason: "the run was interrupted"}
	} else if stopped := c.try(func() { f.check(c) }); stopped != nil {
		got = stopped.result
	}
	got.fact = f
	return got
}

func (r result) write(b *strings.Builder) {
	fmt.Fprintf(b, "%-13s  %s: %s\n", r.outcome, r.name, r.text)
	evidence := ""
	if r.assumed {
		evidence = " (no evidence for the production API)"
	}
	fmt.Fprintf(b, "    source:   %s%s\n", r.source, evidence)
	switch r.outcome {
	case differs:
		fmt.Fprintf(b, "    expected: %s\n    got:      %s\n", r.expected, r.got)
	case undecided:
		fmt.Fprintf(b, "    reason:   %s\n", r.reason)
	case confirmed:
	}
}

// WriteTo writes the report as text, the differences last, without tokens, keys and signatures.
func (r *Report) WriteTo(w io.Writer) (int64, error) {
	var b strings.Builder
	fmt.Fprintf(&b, "Facts about the datasets API at %s\n\n", r.baseURL)
	counts := map[outcome]int{}
	for _, section := range []outcome{confirmed, undecided, differs} {
		for _, got := range r.results {
			if got.outcome == section {
				counts[section]++
				got.write(&b)
			}
		}
	}
	fmt.Fprintf(&b, "\n%d facts: %d confirmed, %d not decidable with these tokens, %d different\n",
		len(r.results), counts[confirmed], counts[undecided], counts[differs])
	for _, leftover := range r.leftovers {
		fmt.Fprintf(&b, "Could not delete %s\n", leftover)
	}
	n, err := io.WriteString(w, r.mask(b.String()))
	return int64(n), err
}
