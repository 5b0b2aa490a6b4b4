package mockidp

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/url"
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
	// Directory is what exists: tenants, registrations, users. Minting needs none
	// of it.
	Directory Directory

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

	// Introspection answers POST /{tenant}/introspect by that profile. Empty: there
	// is no such endpoint, as Entra has none.
	Introspection Introspection
	// IntrospectionDelay is how long the profile slow takes. 0: 15 seconds, longer
	// than a policy waits unless told otherwise.
	IntrospectionDelay time.Duration

	// ManagedIdentity is where managed identities ask for tokens; the zero one is
	// nowhere.
	ManagedIdentity ManagedIdentity

	// Variations are what is not known of Entra, or has changed.
	Variations Variations

	// NewKey makes signing keys, one a call. Nil: fresh RSA keys of 2048 bits,
	// each of which takes as long as hundreds of requests.
	NewKey func() (*mint.Key, error)
	// StateKey makes the private key of a key that a key-set state publishes. Nil: a
	// fresh one, which the issuer keeps for as long as it lives.
	StateKey func(mint.KeySpec) (*mint.Key, error)
	// Now is the clock of the tokens. Nil: time.Now.
	Now func() time.Time
	// Rand is where everything random in tokens comes from. Nil: crypto/rand.
	Rand io.Reader
	// Log receives one line a request, never with a secret or a token. Nil: none.
	Log *slog.Logger
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
	if c.IntrospectionDelay == 0 {
		c.IntrospectionDelay = 15 * time.Second
	}
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Rand == nil {
		c.Rand = rand.Reader
	}
	if c.StateKey == nil {
		c.StateKey = func(s mint.KeySpec) (*mint.Key, error) { return s.Private(rand.Reader, c.Now()) }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	c.PublicURL = strings.TrimSuffix(c.PublicURL, "/")
	return c
}

// validate reports everything that is wrong with the configuration at once.
func (c Config) validate() error {
	problems := []error{c.Directory.Validate(), c.Introspection.validate(), c.ManagedIdentity.validate()}
	if c.PublicURL == "" {
		return errors.Join(problems...)
	}
	if u, err := url.Parse(c.PublicURL); err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		problems = append(problems, fmt.Errorf("mockidp: public URL: expected http:// or https:// and a host, got %q", c.PublicURL))
	}
	return errors.Join(problems...)
}

// requireLoopback refuses to listen where strangers can come while nobody has
// chosen a management token.
func requireLoopback(at net.Addr) error {
	if tcp, ok := at.(*net.TCPAddr); ok && tcp.IP.IsLoopback() {
		return nil
	}
	return fmt.Errorf("mockidp: expected a management token before listening beyond loopback, got none for %s", at)
}
