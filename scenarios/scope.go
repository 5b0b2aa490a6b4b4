package scenarios

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/internal/value"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// Setting is what the placeholders of one case stand for: a value.Scope. The
// members token, sibling, control and bad belong to whoever makes the token, run
// and case to whoever fires it.
type Setting struct {
	Target *targets.File
	// Home is the environment under test, Other the one whose values the row
	// borrows, or nil.
	Home, Other *targets.Environment
	Gateway     targets.Gateway
	// Kind is the kind of token used; it decides audience and issuer.
	Kind mint.Kind
	// Tenant, Next and Own are the keys that a row may name: the tenant's signing
	// key, another one that it publishes, and ours.
	Tenant, Next, Own KeyText
	// UserSub is the sub of the user at home, where one is known.
	UserSub string
	// CalloutURL is the address of the listener for call-outs, without a path.
	CalloutURL string
	Now        time.Time
}

// KeyText is the public side of a key in every form that a forger would try.
type KeyText struct{ KeyID, PEM, DER, CertificatePEM, JWK, FileName string }

// ownIssuer is the issuer that nobody configured.
const ownIssuer = "https://sts.self-signed.example/7e57ed00-0000-4000-8000-000000000001/v2.0"

// Lookup is the value of a placeholder, as design 12 lists them.
func (s Setting) Lookup(path []string) (value.Value, error) {
	unknown := &value.UnknownError{Path: strings.Join(path, ".")}
	if len(path) == 0 {
		return value.Value{}, unknown
	}
	switch path[0] {
	case "home":
		return s.environment(s.Home, path[1:], unknown)
	case "other":
		return s.environment(s.Other, path[1:], unknown)
	case "second":
		return s.second(path[1:], unknown)
	case "tenant":
		return identity{s.Target.Tenant.ID, s.Target.Tenant.Issuers.Of(s.Kind.Version), s.Tenant}.lookup(path[1:], unknown)
	case "next":
		return identity{key: s.Next}.lookup(path[1:], unknown)
	case "own":
		return identity{"7e57ed00-0000-4000-8000-000000000001", ownIssuer, s.Own}.lookup(path[1:], unknown)
	case "now":
		return value.Int(s.Now.Unix()), nil
	case "skew":
		return value.Int(int64(s.Target.Skew() / time.Second)), nil
	case "guids":
		return value.Supply(guids), nil
	case "zeros":
		return value.Supply(func(n int) value.Value { return value.String(strings.Repeat("\x00", n)) }), nil
	case "callout":
		return s.callout(path[1:], unknown)
	}
	return value.Value{}, unknown
}

// callout is a placeholder under callout: the listener's host, or the address
// below which a request is a call-out.
func (s Setting) callout(path []string, unknown error) (value.Value, error) {
	if s.CalloutURL == "" || len(path) == 0 {
		return value.Value{}, unknown
	}
	if path[0] == "url" {
		return value.String(s.CalloutURL + "/callout"), nil
	}
	return value.String(host(s.CalloutURL)), nil
}

// guids are n group ids, the same ones every time.
func guids(n int) value.Value {
	all := make([]string, n)
	for i := range all {
		all[i] = fmt.Sprintf("67209000-0000-4000-8000-%012x", i)
	}
	return value.Strings(all...)
}

// environment is a placeholder under home or other.
func (s Setting) environment(e *targets.Environment, path []string, unknown error) (value.Value, error) {
	if e == nil || len(path) == 0 {
		return value.Value{}, unknown
	}
	if v, ok := registration(e.API(s.Kind.Version), e, path); ok {
		return v, nil
	}
	text := ""
	switch path[0] {
	case "client", "clients":
		text = s.client(e, path)
	case "user":
		if e == s.Home {
			text = s.UserSub
		}
	case "shared-scope":
		text = s.sharedScope()
	case "other-scope": // the registration has none
		text = s.madeUpScope(e)
	default:
		text = s.address(e, path[0])
	}
	if text == "" {
		return value.Value{}, unknown
	}
	return value.String(text), nil
}

// address is a placeholder that the environment's gateway answers: at home the
// one under test, elsewhere the first.
func (s Setting) address(e *targets.Environment, member string) string {
	gateway := s.Gateway.URL
	if e != s.Home {
		if !e.Judged() {
			return ""
		}
		gateway = e.Gateways[0].URL
	}
	switch {
	case member == "host":
		return host(gateway)
	case member == "hostname":
		return hostname(gateway)
	case member == "route":
		return RoutePath(gateway, e.Home)
	case member == "other-route" && e.Other != nil:
		return RoutePath(gateway, *e.Other)
	}
	return ""
}

// registration is a placeholder that the registration or the requirement of an
// environment answers.
func registration(a *targets.API, e *targets.Environment, path []string) (value.Value, bool) {
	if a == nil {
		a = e.APIs[0]
	}
	text := ""
	switch path[0] {
	case "audience":
		text = Audience(a, "")
	case "app-id":
		text = a.AppID
	case "uri":
		text = first(a.URIs)
	case "scope":
		text = first(e.Requires.Scopes)
	case "scopes":
		if len(path) == 1 {
			return value.Strings(e.Requires.Scopes...), len(e.Requires.Scopes) > 0
		}
		text = nth(e.Requires.Scopes, path)
	case "other-scope":
		text = otherScope(a, e)
	case "role":
		text = first(e.Requires.Roles)
	}
	return value.String(text), text != ""
}

// second is a placeholder under second: the registration that no environment
// names.
func (s Setting) second(path []string, unknown error) (value.Value, error) {
	a := s.Target.SecondAPI()
	if a == nil || len(path) == 0 {
		return value.Value{}, unknown
	}
	e := &targets.Environment{APIs: []*targets.API{a}, Requires: targets.Requirement{Scopes: a.Scopes, Roles: a.Roles}}
	if v, ok := registration(a, e, path); ok {
		return v, nil
	}
	return value.Value{}, unknown
}

// client is the id of the contracted client, or of one by role or name.
func (s Setting) client(e *targets.Environment, path []string) string {
	role := targets.Contracted
	if path[0] == "clients" && len(path) > 1 {
		role = targets.Role(path[1])
	}
	other := s.Other
	if e == s.Other {
		other = s.Home
	}
	c := s.Target.Client(role, e, other)
	if c == nil {
		i := slices.IndexFunc(s.Target.Clients, func(c *targets.Client) bool { return c.Name == string(role) })
		if i < 0 {
			return ""
		}
		c = s.Target.Clients[i]
	}
	return c.ID
}

// sharedScope is a scope that both environments' registrations define. A mock
// gives any scope to any client, so there the name is ours to choose.
func (s Setting) sharedScope() string {
	if s.Other == nil {
		return ""
	}
	for _, a := range s.Home.APIs {
		for _, scope := range a.Scopes {
			if slices.ContainsFunc(s.Other.APIs, func(o *targets.API) bool { return slices.Contains(o.Scopes, scope) }) {
				return scope
			}
		}
	}
	if s.Target.Tokens.CanMint() {
		return "Shared.Access"
	}
	return ""
}

// madeUpScope is a scope that no registration has: a mock gives any.
func (s Setting) madeUpScope(e *targets.Environment) string {
	const name = "Other.Access"
	if !s.Target.Tokens.CanMint() || slices.Contains(e.Requires.Scopes, name) {
		return ""
	}
	return name
}

// otherScope is a scope of the registration that the environment does not ask
// for.
func otherScope(a *targets.API, e *targets.Environment) string {
	for _, scope := range a.Scopes {
		if !slices.Contains(e.Requires.Scopes, scope) {
			return scope
		}
	}
	return ""
}

// Audience is the aud of a registration's tokens (entra-tokens 2.2): the GUID
// for v2, else the form that was asked for, the App ID URI unless told
// otherwise.
func Audience(a *targets.API, form string) string {
	switch {
	case a.Version == mint.V2 || form == formAppID || len(a.URIs) == 0:
		return a.AppID
	case form == formSlash:
		return a.URIs[0] + "/"
	}
	return a.URIs[0]
}

// RoutePath is the path of a route on the wire: the gateway's base path, then
// the route's.
func RoutePath(gateway string, r targets.Route) string {
	u, err := url.Parse(gateway)
	if err != nil {
		return r.Path
	}
	return strings.TrimSuffix(u.EscapedPath(), "/") + r.Path
}

func host(gateway string) string {
	u, err := url.Parse(gateway)
	if err != nil {
		return ""
	}
	return u.Host
}

// hostname is the gateway's host without its port; an IPv6 address keeps its
// brackets (RFC 3986 3.2.2).
func hostname(gateway string) string {
	u, err := url.Parse(gateway)
	if err != nil {
		return ""
	}
	return strings.TrimSuffix(u.Host, ":"+u.Port())
}

func first(all []string) string {
	if len(all) == 0 {
		return ""
	}
	return all[0]
}

// nth is the entry that the last word of a path counts.
func nth(all []string, path []string) string {
	i, err := strconv.Atoi(path[len(path)-1])
	if err != nil || i < 0 || i >= len(all) {
		return ""
	}
	return all[i]
}

// identity is what tenant and own have in common.
type identity struct {
	id, issuer string
	key        KeyText
}

func (i identity) lookup(path []string, unknown error) (value.Value, error) {
	if len(path) > 1 && path[0] == "key" {
		path = path[1:]
	}
	text := ""
	if len(path) == 0 {
		return value.Value{}, unknown
	}
	switch path[0] {
	case "id":
		text = i.id
	case "issuer":
		text = i.issuer
	case "kid":
		text = i.key.KeyID
	case "key", "pem":
		text = i.key.PEM
	case "der":
		text = i.key.DER
	case "cert":
		text = i.key.CertificatePEM
	case "jwk":
		return i.jwk(path[1:], unknown)
	case "file":
		text = i.key.FileName
	}
	if text == "" {
		return value.Value{}, unknown
	}
	return value.String(text), nil
}

// jwk is the key as a JSON object, so that a row can embed it, or one member of
// it.
func (i identity) jwk(path []string, unknown error) (value.Value, error) {
	if i.key.JWK == "" {
		return value.Value{}, unknown
	}
	v, err := value.ParseJSON([]byte(i.key.JWK))
	if err != nil || len(path) == 0 {
		return v, err
	}
	if member, ok := v.Get(strings.Join(path, ".")); ok {
		return member, nil
	}
	return value.Value{}, unknown
}
