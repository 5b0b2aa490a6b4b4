// Package targets is the target file: the gateways under test, what each is
// meant to admit, and where tokens come from.
//
// A File is read strictly (Load, Parse): unknown keys, double names, secrets
// in clear and environments that nobody can open are refused with file, line
// and column before anything is sent. Everything else in the program works on
// the File and never on the text.
//
// The package may import internal/document, internal/value, mockidp/mint and
// internal/probe.
package targets

import (
	"slices"
	"time"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// File is a target: one tenant with its registrations, environments, clients
// and gateways.
type File struct {
	Name         string
	Path         string
	Tenant       Tenant
	Tokens       Tokens
	APIs         []*API
	Environments []*Environment
	Clients      []*Client
	Users        []User
	Accepted     Accepted
	Supports     []Declaration
	OptIn        bool
	Pace         Pace
}

// Tenant is the Entra tenant that the gateways trust.
type Tenant struct {
	ID string
	// Other is tenant B, a second tenant whose tokens must be refused; empty
	// where there is none. A mock has its own.
	Other string
	// Issuers are the iss values of the tenant's tokens.
	Issuers mint.Issuers
}

// Tokens is where tokens come from: exactly one of Mock, Entra and Embedded is
// set.
type Tokens struct {
	Mock  *Mock
	Entra *Entra
	// Embedded is a mock in this process: no address, no token. It is never
	// read from a file.
	Embedded bool
	// Former is a mock that the gateways trusted once: what it signs they must
	// refuse. Nil where there is none; beside Embedded it has no address.
	Former *Mock
}

// Mock is a running entraproof issuer.
type Mock struct {
	URL, Management string
	Token           string
}

// Entra is the real tenant.
type Entra struct{ Authority string }

// API is a registration in Entra.
type API struct {
	Name    string
	AppID   string
	URIs    []string
	Version mint.Version
	Scopes  []string
	Roles   []string
	// OwnKeys says that its tokens are signed with a key of its own, published
	// under ?appid=.
	OwnKeys bool
}

// Environment is what one gateway instance should admit.
type Environment struct {
	Name     string
	APIs     []*API
	Requires Requirement
	// Enforces are the declared checks; Declared tells an empty list from none.
	Enforces []string
	Declared bool
	Gateways []Gateway
	Home     Route
	Other    *Route
	// MadeUp says that the harness invented the environment because the file
	// names one only.
	MadeUp bool
	Pos    document.Position
}

// Requirement is what a caller must hold: users the scopes, daemons the roles.
type Requirement struct {
	Scopes, Roles []string
	// Any says that one of several is enough (criteria: or).
	Any bool
}

// Gateway is one address under test.
type Gateway struct {
	URL               string
	Replicas          []string
	Origin, PlainHTTP string
}

// Route is a protected route: harmless and idempotent.
type Route struct {
	Method, Path string
	// Scope is what the route needs where it differs from its environment.
	Scope string
}

// Client is an app registration that asks for tokens.
type Client struct {
	Name string
	ID   string
	// Secret or Certificate (PEM) is its credential; a mock needs neither.
	Secret, Certificate string
	// Contracts are the environments whose gateway permits the client; Granted
	// those whose scope and role it holds.
	Contracts, Granted []string
	// MadeUp says that the harness invented the client.
	MadeUp bool
	// Authentication is appidacr or azpacr: "0" public, "1" secret, "2"
	// certificate.
	Authentication string
	// DisplayName is its name in the tenant, which several can have.
	DisplayName string
	// ManagedIdentity is the resource id of the managed identity that it is.
	ManagedIdentity string
}

// User is a person of the real tenant, known by a refresh token.
type User struct {
	Name, RefreshToken string
	// Is says what the user is.
	Is []UserRole
}

// Accepted is how an accepted request is known.
type Accepted struct {
	// Echo says that the upstream is entraproof's echo.
	Echo bool
	// EchoURL is where the echo is asked directly, so that a request which was
	// forwarded and then refused is seen.
	EchoURL string
	// Header and Contains are the mark of another backend's answers.
	Header   map[string]string
	Contains string
}

// Marked reports whether the target names a mark of its backend's answers.
func (a Accepted) Marked() bool { return len(a.Header) > 0 || a.Contains != "" }

// Declaration is one line of supports.
type Declaration struct {
	Key, Value string
	Pos        document.Position
}

// Pace bounds what a run does to a gateway.
type Pace struct {
	Concurrency int
	// Rate is requests a second, zero without bound.
	Rate float64
	// Budget is how many requests a run may send, zero without bound.
	Budget int
}

// The checks that a target may declare; everything else a gateway must do
// cannot be declared away (design 5.8).
var declarable = [...]string{"audience", "client", "scope", "role", "issuer", "tenant"}

// Declarable are the checks that enforces may name.
func Declarable() []string { return slices.Clone(declarable[:]) }

// CanMint reports whether the source of tokens makes any token on demand.
func (t Tokens) CanMint() bool { return t.Entra == nil }

// mockTenantB is the second tenant of a mock where the target names none.
const mockTenantB = "b0b0b0b0-7e4a-4b00-8b00-000000000b0b"

// TenantB is the second tenant, whose tokens must be refused, or empty.
func (f *File) TenantB() string {
	if f.Tenant.Other == "" && f.Tokens.CanMint() {
		return mockTenantB
	}
	return f.Tenant.Other
}

// Environment is the environment of that name, or nil.
func (f *File) Environment(name string) *Environment {
	for _, e := range f.Environments {
		if e.Name == name {
			return e
		}
	}
	return nil
}

// Others are the environments of the tenant other than e.
func (f *File) Others(e *Environment) []*Environment {
	var all []*Environment
	for _, o := range f.Environments {
		if o != e {
			all = append(all, o)
		}
	}
	return all
}

// SecondAPI is a registration that no environment names, or nil.
func (f *File) SecondAPI() *API {
	for _, a := range f.APIs {
		if !slices.ContainsFunc(f.Environments, func(e *Environment) bool { return slices.Contains(e.APIs, a) }) {
			return a
		}
	}
	return nil
}

// Declared is the value that supports gives a key.
func (f *File) Declared(key string) (string, bool) {
	for _, d := range f.Supports {
		if d.Key == key {
			return d.Value, true
		}
	}
	return "", false
}

// Skew is the declared clock skew of the gateways, zero where none is.
func (f *File) Skew() time.Duration {
	text, _ := f.Declared("skew")
	d, _ := time.ParseDuration(text)
	return d
}

// Enforced reports whether the environment's gateway is meant to check what
// the guard names. Guards that cannot be declared are always enforced.
func (e *Environment) Enforced(guard string) bool {
	if !e.Declared || !slices.Contains(declarable[:], guard) {
		return true
	}
	return slices.Contains(e.Enforces, guard)
}

// Checks are what the environment's gateway is meant to check, all six where
// nothing is declared.
func (e *Environment) Checks() []string {
	if !e.Declared {
		return Declarable()
	}
	return slices.Clone(e.Enforces)
}

// Mintable reports whether genuine tokens for the environment can be had.
func (f *File) Mintable(e *Environment) bool {
	return f.Tokens.CanMint() || slices.ContainsFunc(f.Clients, func(c *Client) bool { return c.Grant(e) })
}

// Judged reports whether the environment has a gateway to judge.
func (e *Environment) Judged() bool { return len(e.Gateways) > 0 }

// Versions are the token versions of the environment's registrations.
func (e *Environment) Versions() []mint.Version {
	var all []mint.Version
	for _, a := range e.APIs {
		if !slices.Contains(all, a.Version) {
			all = append(all, a.Version)
		}
	}
	slices.Sort(all)
	return all
}

// API is the registration of the environment with that token version, or nil.
func (e *Environment) API(v mint.Version) *API {
	for _, a := range e.APIs {
		if a.Version == v {
			return a
		}
	}
	return nil
}

// Shares reports whether both environments use a registration in common.
func (e *Environment) Shares(o *Environment) bool {
	return slices.ContainsFunc(e.APIs, func(a *API) bool {
		return slices.ContainsFunc(o.APIs, func(b *API) bool { return a.AppID == b.AppID })
	})
}

// WithGateways is a copy of the file in which every environment that is judged
// has the one gateway that is given for it, and accepted requests are known by
// the echo.
func (f *File) WithGateways(gateway func(environment string) Gateway) *File {
	c := *f
	c.Accepted = Accepted{Echo: true}
	c.Environments = nil
	for _, e := range f.Environments {
		env := *e
		if env.Judged() {
			env.Gateways = []Gateway{gateway(e.Name)}
		}
		c.Environments = append(c.Environments, &env)
	}
	return &c
}
