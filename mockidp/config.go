package mockidp

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/entraproof/entraproof/mockidp/mint"
)

// Off is the address of a listener that is not wanted.
const Off = "off"

// loopback is the address of a listener of which nothing is said.
const loopback = "127.0.0.1:0"

// Config is what an issuer is made of. The zero Config is an issuer for any
// tenant without registrations, with Entra's issuer names, on loopback ports
// that the system chooses.
type Config struct {
	// Tenants are the tenants that exist. Empty: every GUID is one.
	Tenants []string
	// APIs and Clients are the registrations behind the token endpoints. They
	// exist in every tenant. Minting needs none.
	APIs    []API
	Clients []ClientRegistration

	// Issuers makes the iss values of a tenant; base is the issuer's own URL.
	// Nil: EntraIssuers, the real Entra's names.
	Issuers func(base, tenant string) mint.Issuers
	// PublicURL is the URL under which gateways reach the issuer, where that is
	// not the one that they name in Host.
	PublicURL string

	// KeyDir keeps the keys from one start to the next, in a folder of mode 0700
	// with files of mode 0600. Empty: fresh keys each time, in memory only.
	KeyDir string

	// Addr, TLSAddr and ManagementAddr are the listeners. Empty: a free port on
	// loopback; Off: none.
	Addr, TLSAddr, ManagementAddr string
	// ManagementToken is what the management listener asks for. Empty: a random
	// one, see Issuer.ManagementToken, and no listener beyond loopback.
	ManagementToken string
	// ManagementTLS serves the management listener with the same certificate.
	ManagementTLS bool
	// Hosts are further names and addresses for the TLS certificate.
	Hosts []string

	// Now is the clock of the tokens. Nil: time.Now.
	Now func() time.Time
	// Rand is where everything random in tokens comes from. Nil: crypto/rand.
	Rand io.Reader
	// Log receives one line a request, never with a secret or a token. Nil: none.
	Log *slog.Logger
}

// API is the registration of one API.
type API struct {
	AppID string
	// URIs are its App ID URIs; api:// and the app id always is one.
	URIs []string
	// Version of its access tokens. Empty: v1, as with Entra.
	Version mint.Version
	// AppKey gives it a signing key of its own (`?appid=`).
	AppKey bool
}

// ClientRegistration is the registration of one client.
type ClientRegistration struct {
	ID       string
	ObjectID string
	// Secret is the client secret; empty: a public client.
	Secret string
	// Roles are the app roles that it was granted, by the app id of the API.
	Roles map[string][]string
}

// EntraIssuers are the issuer names of Microsoft's public cloud.
func EntraIssuers(_, tenant string) mint.Issuers { return mint.EntraIssuers(tenant) }

// OwnIssuers are issuer names under the issuer's own URL, for gateways that
// follow iss to find the keys.
func OwnIssuers(base, tenant string) mint.Issuers {
	return mint.Issuers{V1: base + "/" + tenant + "/", V2: base + "/" + tenant + "/v2.0"}
}

// complete fills in the defaults.
func (c Config) complete() Config {
	for _, addr := range []*string{&c.Addr, &c.TLSAddr, &c.ManagementAddr} {
		if *addr == "" {
			*addr = loopback
		}
	}
	if c.Issuers == nil {
		c.Issuers = EntraIssuers
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	c.Tenants = slices.Clone(c.Tenants)
	for i := range c.Tenants {
		c.Tenants[i] = strings.ToLower(c.Tenants[i])
	}
	return c
}

// validate reports everything that is wrong with the configuration at once.
func (c Config) validate() error {
	var problems []error
	for _, t := range c.Tenants {
		if !mint.IsGUID(t) {
			problems = append(problems, fmt.Errorf("mockidp: tenant: expected a GUID, got %q", t))
		}
	}
	taken := map[string]bool{}
	for _, a := range c.APIs {
		problems = append(problems, a.validate(taken))
	}
	for _, client := range c.Clients {
		problems = append(problems, client.validate(taken))
	}
	if c.PublicURL == "" {
		return errors.Join(problems...)
	}
	if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		problems = append(problems, fmt.Errorf("mockidp: public URL: expected http:// or https:// and a host, got %q", c.PublicURL))
	}
	return errors.Join(problems...)
}

// validate checks a registration; taken are the names of those before it.
func (a API) validate(taken map[string]bool) error {
	var problems []error
	if !mint.IsGUID(a.AppID) {
		problems = append(problems, fmt.Errorf("mockidp: API: expected a GUID as app id, got %q", a.AppID))
	}
	if a.Version != "" && a.Version != mint.V1 && a.Version != mint.V2 {
		problems = append(problems, fmt.Errorf("mockidp: API %s: expected version v1 or v2, got %q", a.AppID, a.Version))
	}
	for _, name := range a.names() {
		if taken[name] {
			problems = append(problems, fmt.Errorf("mockidp: API %s: %q is registered twice", a.AppID, name))
		}
		taken[name] = true
	}
	return errors.Join(problems...)
}

// validate checks a registration; taken are the names of those before it.
func (c ClientRegistration) validate(taken map[string]bool) error {
	name := "client " + c.ID
	defer func() { taken[name] = true }()
	switch {
	case !mint.IsGUID(c.ID):
		return fmt.Errorf("mockidp: client: expected a GUID as id, got %q", c.ID)
	case taken[name]:
		return fmt.Errorf("mockidp: client %s is registered twice", c.ID)
	}
	return nil
}

// names are what a resource may be called by.
func (a API) names() []string {
	all := []string{a.AppID, "api://" + a.AppID}
	for _, uri := range a.URIs {
		if !slices.Contains(all, uri) {
			all = append(all, uri)
		}
	}
	return all
}

// requireLoopback refuses to listen where strangers can come while nobody has
// chosen a management token.
func requireLoopback(at net.Addr) error {
	if tcp, ok := at.(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		return nil
	}
	return fmt.Errorf("mockidp: expected a management token before listening beyond loopback, got none for %s", at)
}
