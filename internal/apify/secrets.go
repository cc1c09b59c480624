package apify

import (
	"html"
	"net/url"
	"sync"
)

// knownSecrets are the secrets that a client has sent or received. Errors mask them by value,
// whatever the form of the text around them.
type knownSecrets struct {
	mu     sync.Mutex
	values []string
	known  map[string]bool
}

// add records a secret, and the forms that it has in URLs and in HTML. Short texts would mask parts
// of ordinary words.
func (s *knownSecrets) add(secret string) {
	const minLength = 6
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil {
		s.known = map[string]bool{}
	}
	once := url.QueryEscape(secret)
	for _, form := range []string{secret, once, url.QueryEscape(once), html.EscapeString(secret)} {
		if len(form) >= minLength && !s.known[form] {
			s.known[form] = true
			s.values = append(s.values, form)
		}
	}
}

// addDataset records the signing key and the signature of a dataset.
func (s *knownSecrets) addDataset(d *Dataset) {
	if d.URLSigningSecretKey != nil {
		s.add(*d.URLSigningSecretKey)
	}
	if d.ItemsPublicURL != nil {
		if _, signature, err := SplitSignature(*d.ItemsPublicURL); err == nil && signature != "" {
			s.add(signature)
		}
	}
}

// all returns the secrets.
func (s *knownSecrets) all() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.values[:len(s.values):len(s.values)]
}
