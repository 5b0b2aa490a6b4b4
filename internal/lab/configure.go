package lab

import (
	"context"
	"crypto/rsa"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io/fs"
	"net"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"slices"

	"github.com/go-jose/go-jose/v4"

	"github.com/entraproof/entraproof/internal/targets"
)

// Configure writes the configuration of one gateway into dir, for somebody
// else to run: in the image that [Engine.Build] makes, or anywhere. Whoever it
// is may read the files. The program need not be here.
func Configure(o Options, dir string) error {
	p, err := newPage(o.Recipe, o.Mode, o.Site)
	if err != nil {
		return err
	}
	p.Descriptor, p.Contained = 0, true
	if p.Listen, err = parseEndpoint("listen", o.Listen); err != nil {
		return err
	}
	if err := o.Recipe.render(dir, p); err != nil {
		return err
	}
	return readable(dir)
}

// readable lets everybody read what a configuration is made of. There is no
// secret in it.
func readable(dir string) error {
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			return os.Chmod(path, 0o755) //nolint:gosec // the folder of a container that runs as another user
		}
		return os.Chmod(path, 0o644) //nolint:gosec // as above
	})
	if err != nil {
		return fmt.Errorf("lab: let the configuration be read: %w", err)
	}
	return nil
}

// SiteOf is an environment of a target file in the lab's words. Where issuer
// and upstream are is not known of it.
func SiteOf(f *targets.File, e *targets.Environment) Site {
	site := Site{Tenant: f.Tenant.ID, Issuers: Issuers(f.Tenant.Issuers)}
	if len(e.Requires.Scopes) > 0 {
		site.Scope = e.Requires.Scopes[0]
	}
	for _, a := range e.APIs {
		site.Audiences = append(site.Audiences, slices.Concat(a.URIs, []string{a.AppID})...)
	}
	for _, c := range f.Clients {
		if c.Contract(e) {
			site.Contracts = append(site.Contracts, c.ID)
		}
	}
	return site
}

// FetchAuthority asks an issuer at an https URL for its certificate, and returns
// the PEM of the one that the others of its chain go back to. Whoever answers
// is believed: it is for a mock on a machine of one's own.
func FetchAuthority(ctx context.Context, issuer string) (string, error) {
	u, err := url.Parse(issuer)
	if err != nil || u.Scheme != "https" || u.Host == "" {
		return "", &SiteError{"issuer", issuer, "is no https URL"}
	}
	address := u.Host
	if u.Port() == "" {
		address = net.JoinHostPort(u.Hostname(), "443")
	}
	dialer := tls.Dialer{Config: &tls.Config{InsecureSkipVerify: true, MinVersion: tls.VersionTLS12}} //nolint:gosec // what it shows is what is asked for
	conn, err := dialer.DialContext(ctx, "tcp", address)
	if err != nil {
		return "", fmt.Errorf("lab: ask the issuer for its certificate: %w", err)
	}
	defer conn.Close()
	secure, ok := conn.(*tls.Conn)
	if !ok {
		return "", fmt.Errorf("lab: ask the issuer for its certificate: expected a *tls.Conn, got %T", conn)
	}
	shown := secure.ConnectionState().PeerCertificates
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: shown[len(shown)-1].Raw})), nil
}

// FetchKeys asks the issuer of a site for its published keys.
func (s Site) FetchKeys(ctx context.Context, client *http.Client) ([]Key, error) {
	u, err := s.keySetURL(false)
	if err != nil {
		return nil, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("lab: ask the issuer for its keys: %w", err)
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("lab: ask the issuer for its keys: %w", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("lab: ask the issuer for its keys: %s: expected 200, got %d", u, resp.StatusCode)
	}
	var set jose.JSONWebKeySet
	if err := json.NewDecoder(resp.Body).Decode(&set); err != nil {
		return nil, fmt.Errorf("lab: read the issuer's keys: %w", err)
	}
	return keysOf(set)
}

// keysOf are the RSA keys of a set, each with its PEM.
func keysOf(set jose.JSONWebKeySet) ([]Key, error) {
	var keys []Key
	for _, k := range set.Keys {
		public, ok := k.Key.(*rsa.PublicKey)
		if !ok {
			continue
		}
		der, err := x509.MarshalPKIXPublicKey(public)
		if err != nil {
			return nil, fmt.Errorf("lab: key %s: %w", k.KeyID, err)
		}
		keys = append(keys, Key{KeyID: k.KeyID, PEM: string(pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}))})
	}
	return keys, nil
}
