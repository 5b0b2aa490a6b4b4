package gateway

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// Environment is what one gateway instance should admit.
type Environment struct {
	// Name is for people.
	Name string
	// Tenant is the id of the one trusted tenant.
	Tenant string
	// Issuers are the iss values of that tenant's tokens.
	Issuers Issuers
	// JWKSURL is where the tenant's keys are.
	JWKSURL string
	// FormerJWKSURL is where the keys of an issuer are that was trusted once; only
	// a mutant looks there. Empty where there was none.
	FormerJWKSURL string
	// DiscoveryURL is where strict learns the address of the key set each time; it
	// must name Issuers.V2. Empty: JWKSURL is asked.
	DiscoveryURL string
	// PlainJWKSURL is the same key set without TLS, for the mutant that takes it.
	PlainJWKSURL string
	// Introspection is what the OIDC policy asks in its documented model. It stands
	// also for the endpoint of the policy OAuth 2.0 Token Introspection.
	Introspection Introspection
	// URIs and AppIDs are the audiences of the environment's registrations: App
	// ID URIs (v1 tokens), and application ids (v2 tokens, v1 ones on request).
	URIs, AppIDs []string
	// Scopes are required of users, Roles of daemons; none of one while there are
	// some of the other means that this sort of caller is not admitted.
	Scopes, Roles []string
	// ScopeCriteria is "and" (also when empty) or "or", for scopes and roles alike.
	ScopeCriteria string
	// Contracts are the client ids with a contract at this API instance.
	Contracts []string
	// ClientSecrets are those of the client applications, by client id; only the
	// policy Client ID Enforcement compares them.
	ClientSecrets map[string]string
	// Route is the home route, "GET /orders/v1/ping"; without a method any goes.
	Route string
	// Routes are further routes, each with the scope (or role) that it needs in
	// place of those above.
	Routes map[string]string
	// Hosts are the names the gateway answers to; empty checks none.
	Hosts []string
	// ForeignJWKSURL is the key set of a second issuer that the gateway trusts,
	// for other APIs than this one; empty: there is none.
	ForeignJWKSURL string
	// AuthenticationContext is what acrs of a user's token must hold; empty
	// checks none.
	AuthenticationContext string
	// Skew is the tolerance of clocks.
	Skew time.Duration
	// Enforces limits what strict checks among audience, client, scope, role,
	// issuer and tenant; nil means all six.
	Enforces []string
}

// Introspection is what the platform injects into the OIDC policy beside its
// configuration (mulesoft-policies.md 1.1).
type Introspection struct {
	// URL is the provider's introspection endpoint; ShimURL is that of a shim of
	// one's own, for the set-ups that have one.
	URL, ShimURL string
	// ClientID and ClientSecret say who asks.
	ClientID, ClientSecret string
}

// Issuers are the two iss values of one tenant; one that is empty is not taken.
type Issuers struct{ V1, V2 string }

// all are the values that are taken.
func (i Issuers) all() []string {
	return slices.DeleteFunc([]string{i.V1, i.V2}, func(issuer string) bool { return issuer == "" })
}

// own reports whether iss is one of the values.
func (i Issuers) own(iss string) bool { return slices.Contains(i.all(), iss) }

// audiences are all values of aud that name a registration of the environment.
func (e *Environment) audiences() []string {
	return slices.Concat(e.URIs, e.AppIDs)
}

// criteria reports whether held fulfils what is required.
func (e *Environment) criteria(held, required []string) bool {
	has := func(name string) bool { return slices.Contains(held, name) }
	if strings.EqualFold(e.ScopeCriteria, "or") {
		return slices.ContainsFunc(required, has)
	}
	return !slices.ContainsFunc(required, func(name string) bool { return !has(name) })
}

// route is one method and path; an empty method is any.
type route struct{ method, path string }

func routeOf(text string) route {
	if method, path, ok := strings.Cut(text, " "); ok {
		return route{method, path}
	}
	return route{path: text}
}

// fits reports whether a request of that method is meant for the route.
func (r route) fits(method string) bool { return r.method == "" || r.method == method }

// extra returns the scope of the further route that fits, and whether there is one.
func (e *Environment) extra(method, path string) (string, bool) {
	for _, text := range slices.Sorted(maps.Keys(e.Routes)) {
		if r := routeOf(text); r.path == path && r.fits(method) {
			return e.Routes[text], true
		}
	}
	return "", false
}

// serves reports whether any route has that path.
func (e *Environment) serves(path string) bool {
	if routeOf(e.Route).path == path {
		return true
	}
	for text := range e.Routes {
		if routeOf(text).path == path {
			return true
		}
	}
	return false
}
