package lab

import (
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// Site is the environment that a gateway is configured for: what it should
// admit, whom it trusts, and where it forwards to. The lists may have any length.
type Site struct {
	Tenant    string  // the tenant's id
	Issuers   Issuers // the iss values that are trusted
	IssuerURL string  // http base URL of the issuer, for gateways that fetch keys
	// SecureURL is the https base URL of the issuer and Authority the certificate
	// to trust for it, for gateways that fetch keys over https only.
	SecureURL, Authority string
	JWKSPath             string   // path of the key set; empty: Entra's, below the tenant
	Keys                 []Key    // the published keys, for gateways that are given them
	Upstream             string   // host:port that accepted requests go to
	Audiences            []string // App ID URIs and app ids of the environment's registrations
	Contracts            []string // ids of the clients that may call
	Scope                string   // the scope that the environment requires

	Skew     time.Duration // tolerated clock difference; 0: as the program ships
	KeyCache time.Duration // how long fetched keys are kept; 0: five minutes
}

// Issuers are the iss values of one tenant. One of them may be empty where a
// gateway should trust the other only.
type Issuers struct{ V1, V2 string }

// Key is one published signing key.
type Key struct {
	KeyID    string // the kid
	FileName string // name of the PEM file as the gateway knows it; empty: key-N.pem
	PEM      string // the public key, SubjectPublicKeyInfo
}

// SiteError is a value that a gateway's configuration cannot hold, or one that
// the mode needs and the site lacks.
type SiteError struct {
	Field string // "audience", "scope", …
	Value string
	Text  string // what is wrong with it
}

// Error says which value is refused and why.
func (e *SiteError) Error() string {
	if e.Value == "" {
		return fmt.Sprintf("lab: site: %s: %s", e.Field, e.Text)
	}
	return fmt.Sprintf("lab: site: %s %q: %s", e.Field, e.Value, e.Text)
}

// quotes are the characters that some configuration language treats as quote
// or escape. No value of a site may hold one.
const quotes = "\"'`\\"

// word complains about a value that is not printable ASCII without blanks and
// quotes. Such a value reads the same in every configuration language once it
// is quoted.
func word(field, value string) error {
	if value == "" {
		return &SiteError{Field: field, Text: "is empty"}
	}
	for _, c := range []byte(value) {
		if c <= ' ' || c > '~' {
			return &SiteError{field, value, "holds a blank, a control character or one outside ASCII"}
		}
	}
	if strings.ContainsAny(value, quotes) {
		return &SiteError{field, value, "holds a quote or a backslash"}
	}
	return nil
}

func words(field string, values []string) error {
	var errs []error
	for _, v := range values {
		errs = append(errs, word(field, v))
	}
	return errors.Join(errs...)
}

// check complains about everything in a site that a recipe in a mode cannot use.
func (s Site) check(r Recipe, m Mode) error {
	errs := []error{
		words("issuer", s.issuers()),
		words("audience", s.Audiences),
		words("contract", s.Contracts),
		s.checkNeeds(m),
	}
	if len(s.issuers()) == 0 {
		errs = append(errs, &SiteError{Field: "issuer", Text: "none is given"})
	}
	if s.Scope != "" {
		errs = append(errs, word("scope", s.Scope))
	}
	if r.KeySet == StaticKeys {
		errs = append(errs, s.checkKeys())
	}
	if r.FixedSkew && s.Skew != 0 {
		errs = append(errs, &SiteError{"skew", s.Skew.String(), "this gateway's tolerance cannot be configured"})
	}
	if r.SecureKeys && s.Authority == "" {
		errs = append(errs, &SiteError{Field: "issuer authority", Text: "none is given and this gateway fetches keys over https only"})
	}
	return errors.Join(errs...)
}

// checkNeeds complains about what the mode reads and the site lacks.
func (s Site) checkNeeds(m Mode) error {
	missing := func(field string) error {
		return &SiteError{Field: field, Text: fmt.Sprintf("none is given and mode %s needs one", m)}
	}
	switch {
	case m == FixedAudience && len(s.Audiences) == 0:
		return missing("audience")
	case (m == FixedAudience || m == Broken) && len(s.Contracts) == 0:
		return missing("contract")
	case m == FixedScope && s.Scope == "":
		return missing("scope")
	}
	return nil
}

func (s Site) checkKeys() error {
	if len(s.Keys) == 0 {
		return &SiteError{Field: "key", Text: "none is given and this gateway fetches none"}
	}
	errs := make([]error, 0, len(s.Keys))
	seen := map[string]bool{}
	for _, k := range s.Keys {
		errs = append(errs, word("key id", k.KeyID), k.checkFile())
		if seen[k.KeyID] {
			errs = append(errs, &SiteError{"key id", k.KeyID, "is given twice"})
		}
		seen[k.KeyID] = true
	}
	return errors.Join(errs...)
}

// checkFile complains about a file name that leaves the gateway's folder or
// that would have to be quoted.
func (k Key) checkFile() error {
	if k.FileName == "" {
		return nil
	}
	odd := func(c rune) bool {
		return !strings.ContainsRune("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-/", c)
	}
	if !filepath.IsLocal(k.FileName) || strings.ContainsFunc(k.FileName, odd) {
		return &SiteError{"key file", k.FileName, "must be a relative path of letters, digits, dots, dashes and underscores"}
	}
	return nil
}

// issuers returns the trusted iss values, each once.
func (s Site) issuers() []string {
	list := slices.DeleteFunc([]string{s.Issuers.V1, s.Issuers.V2}, func(v string) bool { return v == "" })
	return slices.Compact(list)
}

// keySetURL is where the keys are fetched from.
func (s Site) keySetURL(secure bool) (*url.URL, error) {
	base, scheme := s.IssuerURL, "http"
	if secure {
		base, scheme = s.SecureURL, "https"
	}
	path := s.JWKSPath
	if path == "" {
		path = "/" + s.Tenant + "/discovery/v2.0/keys"
	}
	u, err := url.Parse(strings.TrimSuffix(base, "/") + path)
	if err != nil || u.Scheme != scheme || u.Host == "" {
		return nil, &SiteError{"issuer URL", base + path, "must be an absolute " + scheme + " URL"}
	}
	return u, word("issuer URL", u.String())
}
