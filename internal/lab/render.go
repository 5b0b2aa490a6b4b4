package lab

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"text/template"
	"time"
)

// page is what a configuration template sees.
type page struct {
	Mode       Mode
	Issuers    []string
	Audiences  []string
	Contracts  []string
	Scope      string
	Keys       []Key
	KeySetURL  string
	Issuer     endpoint // where KeySetURL is
	Upstream   endpoint
	Listen     endpoint // port 0: a free one
	Descriptor int      // the inherited listening socket; 0: the program opens Listen itself
	Contained  bool     // in a container: nobody asks for the port, and the folder may be read-only

	Authority string            // file of the certificate to trust for KeySetURL; "": none
	authority string            // its text
	Parts     map[string]string // paths of what the program needs beside it

	SkewSeconds     int64 // 0: as the program ships
	KeyCacheSeconds int64
}

// authorityFile is where a gateway finds the certificate to trust for the keys.
const authorityFile = "issuer-ca.pem"

// defaultKeyCache is how long fetched keys are kept unless the site says so.
const defaultKeyCache = 5 * time.Minute

// ScopePattern is a regular expression for the scope as one of several words
// in a blank-separated list.
func (p page) ScopePattern() string {
	return `(^|[[:space:]])` + regexp.QuoteMeta(p.Scope) + `($|[[:space:]])`
}

// newPage checks a site and lays it out for the templates.
func newPage(r Recipe, m Mode, s Site) (page, error) {
	if err := s.check(r, m); err != nil {
		return page{}, err
	}
	p := page{
		Mode: m, Issuers: s.issuers(), Audiences: s.Audiences, Contracts: s.Contracts,
		Scope: s.Scope, Keys: named(s.Keys),
		SkewSeconds: seconds(s.Skew),
	}
	if r.inherits {
		p.Descriptor = inheritedListener
	}
	p.KeyCacheSeconds = seconds(max(cmp.Or(s.KeyCache, defaultKeyCache), r.MinKeyCache))
	var err error
	if p.Upstream, err = parseEndpoint("upstream", s.Upstream); err != nil {
		return page{}, err
	}
	if r.KeySet == StaticKeys {
		return p, nil
	}
	u, err := s.keySetURL(r.SecureKeys)
	if err != nil {
		return page{}, err
	}
	p.KeySetURL = u.String()
	if r.SecureKeys {
		p.Authority, p.authority = authorityFile, s.Authority
	}
	p.Issuer, err = urlEndpoint(u)
	return p, err
}

// seconds rounds up, so that a fraction of a second is not lost.
func seconds(d time.Duration) int64 {
	return int64((d + time.Second - 1) / time.Second)
}

// named returns the keys, each with a file name.
func named(keys []Key) []Key {
	list := make([]Key, len(keys))
	for i, k := range keys {
		if k.FileName == "" {
			k.FileName = "key-" + strconv.Itoa(i+1) + ".pem"
		}
		list[i] = k
	}
	return list
}

// render writes the recipe's folder into dir, templates filled in and other
// files as they are, and the key files beside them if the gateway is given its
// keys.
func (r Recipe) render(dir string, p page) error {
	names, err := fs.Glob(r.templates, "*.*")
	if err != nil {
		return fmt.Errorf("lab: %s: list the templates: %w", r.Name, err)
	}
	for _, name := range names {
		text, err := r.execute(name, p)
		if err != nil {
			return err
		}
		if err := write(dir, strings.TrimSuffix(name, ".tmpl"), text); err != nil {
			return err
		}
	}
	if p.authority != "" {
		if err := publish(dir, p.Authority, []byte(p.authority)); err != nil {
			return err
		}
	}
	if r.KeySet != StaticKeys {
		return nil
	}
	for _, k := range p.Keys {
		if err := write(dir, k.FileName, []byte(k.PEM)); err != nil {
			return err
		}
	}
	return nil
}

// execute fills in one template. What is none stays as it is.
func (r Recipe) execute(name string, p page) ([]byte, error) {
	if !strings.HasSuffix(name, ".tmpl") {
		text, err := fs.ReadFile(r.templates, name)
		if err != nil {
			return nil, fmt.Errorf("lab: %s: read the folder: %w", r.Name, err)
		}
		return text, nil
	}
	t, err := template.New(name).
		Option("missingkey=error").
		Funcs(template.FuncMap{"quote": r.quote}).
		ParseFS(r.templates, name)
	if err != nil {
		return nil, fmt.Errorf("lab: %s: read the template: %w", r.Name, err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("lab: %s: fill in the template: %w", r.Name, err)
	}
	return b.Bytes(), nil
}

func write(dir, name string, text []byte) error {
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return fmt.Errorf("lab: make the folder: %w", err)
	}
	if err := os.WriteFile(path, text, 0o600); err != nil {
		return fmt.Errorf("lab: write the configuration: %w", err)
	}
	return nil
}

// publish writes a file that every user may read who knows its name: a program
// that was started as root may have become another user when it needs it.
func publish(dir, name string, text []byte) error {
	if err := write(dir, name, text); err != nil {
		return err
	}
	//nolint:gosec // a certificate is no secret, and the folder cannot be listed
	if err := errors.Join(os.Chmod(dir, 0o711), os.Chmod(filepath.Join(dir, name), 0o644)); err != nil {
		return fmt.Errorf("lab: let others read %s: %w", name, err)
	}
	return nil
}
