package policy

import (
	"net"
	"net/url"
	"slices"
	"strings"
)

// jwksRules are about the addresses that keys come from.
func jwksRules() []LintRule {
	return []LintRule{
		{
			ID: "jwks-not-used", Severity: High,
			Why:    "JWT Key Origin is text unless it is set: the key set that is given here is never fetched",
			Fix:    "set JWT Key Origin to JWKS",
			Refs:   []string{"mulesoft-policies.md §2.1"},
			Rows:   []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			Effect: LocksOut, Unshown: "the key that counts in place of the key set is not in the document; predict refuses it",
			check: each(jwksNotUsed),
		},
		{
			ID: "jwks-placeholder", Severity: High,
			Why:    "the address is the one of the documentation: there are no keys, and every request is answered with 503",
			Fix:    "set JWKS URL to the tenant's keys, https://login.microsoftonline.com/TENANT/discovery/v2.0/keys",
			Refs:   []string{"mulesoft-policies.md §2.1", "mulesoft-policies.md §2.2"},
			Rows:   []string{"ctl-v2-app-only", "jwks-down-cold"},
			Effect: LocksOut, Proof: []string{"ctl-v2-app-only"},
			check: each(jwksPlaceholder),
		},
		{
			ID: "jwks-over-http", Severity: High,
			Why:    "whoever is on the way to the key set puts his own keys in, and signs what he likes",
			Fix:    "write JWKS URL with https",
			Refs:   []string{"mulesoft-policies.md §2.1", "8725§3.10"},
			Rows:   []string{"jwks-plain-http", "kid-unknown-own-key"},
			Effect: Opens, Unshown: "somebody on the network between the gateway and the address would have to change the answer; no token does",
			check: each(jwksOverHTTP),
		},
	}
}

// jwksTrustRules are about what is at the address, whose keys they are, and how
// long they are kept.
func jwksTrustRules() []LintRule {
	return []LintRule{
		{
			ID: "jwks-common", Severity: Medium,
			Why:    "these are the keys for every tenant; nothing in the configuration but a rule for iss or tid says which one is trusted, and Entra may give tenants keys of their own",
			Fix:    "write the tenant's id into JWKS URL in the place of common",
			Refs:   []string{"mulesoft-policies.md §6", "mulesoft-policies.md §7", "entra-tokens.md §5"},
			Rows:   []string{"iss-other-tenant-same-audience", "iss-consumer-tenant"},
			Effect: Neither, Unshown: "the tenants of Entra share their keys, so that the address alone lets nobody in; issuer-not-checked is about what does",
			check: each(jwksCommon),
		},
		{
			ID: "jwks-not-a-key-set", Severity: High,
			Why:    "this address of Entra serves something else than keys: none are found, and every request is answered with 503",
			Fix:    "set JWKS URL to the tenant's keys, https://login.microsoftonline.com/TENANT/discovery/v2.0/keys",
			Refs:   []string{"mulesoft-policies.md §2.2", "mulesoft-policies.md §6"},
			Rows:   []string{"ctl-v2-app-only", "jwks-malformed"},
			Effect: LocksOut, Proof: []string{"ctl-v2-app-only"},
			check: each(jwksNotAKeySet),
		},
		{
			ID: "jwks-of-another-issuer", Severity: Low,
			Why:    "the keys come from elsewhere than Entra; whose tokens they sign cannot be seen from here",
			Fix:    "set JWKS URL to the tenant's keys, unless a mirror of them is meant",
			Refs:   []string{"mulesoft-policies.md §2.1"},
			Rows:   []string{"ctl-v2-app-only", "kid-unknown-own-key"},
			Effect: Neither, Unshown: "whose keys the address has cannot be seen in a document; the issuer here answers at every one",
			check: each(jwksOfAnotherIssuer),
		},
		{
			ID: "jwks-kept-long", Severity: Medium,
			Why:    "keys are not known to be fetched again for an unknown kid: after a change of keys genuine tokens are refused, and a withdrawn key is trusted, for as long as the set is kept",
			Fix:    "set JWKS Caching Time To Live to 60; it is in minutes",
			Refs:   []string{"mulesoft-policies.md §2.2", "mulesoft-policies.md §8", "entra-tokens.md §5"},
			Rows:   []string{"jwks-new-key-just-published", "jwks-emergency-roll", "jwks-key-retired"},
			Effect: Opens, Unshown: "the rows wait for seconds, and keys are kept for an hour at the least, which is as long as a token lives",
			check: each(jwksKeptLong),
		},
	}
}

func jwksNotUsed(p place, c *JWTValidation) []Finding {
	if !p.sets("jwksUrl") || c.JWTKeyOrigin != "text" {
		return nil
	}
	return p.expected("jwtKeyOrigin", "jwks", "text")
}

// keySets are the addresses that keys are fetched from.
func (c *JWTValidation) keySets() []string {
	if c.JWTKeyOrigin != "jwks" {
		return nil
	}
	return parts(c.JWKSURL)
}

// IsPlaceholder reports an address of the documentation.
func IsPlaceholder(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Hostname() == "your-jwks-service.example"
}

func jwksPlaceholder(p place, c *JWTValidation) []Finding {
	if !slices.ContainsFunc(c.keySets(), IsPlaceholder) {
		return nil
	}
	return []Finding{p.about("jwksUrl", "expected the address of the tenant's keys, got the placeholder of the documentation")}
}

// overHTTP reports an address whose answer anybody on the way can change; on
// this machine there is nobody.
func overHTTP(address string) bool {
	u, err := url.Parse(address)
	if err != nil || !strings.EqualFold(u.Scheme, "http") {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}

func jwksOverHTTP(p place, c *JWTValidation) []Finding {
	for _, address := range c.keySets() {
		if !overHTTP(address) || IsPlaceholder(address) {
			continue
		}
		f := p.about("jwksUrl", "expected https, got %s", address)
		f.Patches = p.patch("jwksUrl", strings.ReplaceAll(c.JWKSURL, address, "https"+address[len("http"):]))
		return []Finding{f}
	}
	return nil
}

func jwksCommon(p place, c *JWTValidation) []Finding {
	for _, address := range c.keySets() {
		_, tenant, ok := tenantOf(address)
		if !ok || !IsEntra(address) || !slices.Contains(anyone(), strings.ToLower(tenant)) {
			continue
		}
		f := p.about("jwksUrl", "expected the keys of one tenant, got those of %s", tenant)
		if own := p.tenants(); len(own) == 1 && bareGUID(own[0]) {
			f.Patches = p.patch("jwksUrl", strings.Replace(c.JWKSURL, "/"+tenant+"/", "/"+own[0]+"/", 1))
		}
		return []Finding{f}
	}
	return nil
}

// IsEntra reports whether an address is one of Entra's.
func IsEntra(address string) bool {
	host, _, _ := tenantOf(address)
	return slices.Contains(entraHosts(), host)
}

func jwksNotAKeySet(p place, c *JWTValidation) []Finding {
	for _, address := range c.keySets() {
		u, err := url.Parse(address)
		if err != nil || !IsEntra(address) || strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), "/keys") {
			continue
		}
		return []Finding{p.about("jwksUrl", "expected an address that ends with /keys, got %s", address)}
	}
	return nil
}

func jwksOfAnotherIssuer(p place, c *JWTValidation) []Finding {
	for _, address := range c.keySets() {
		host, _, ok := tenantOf(address)
		if _, entra := CloudOf(address); !ok || entra || IsPlaceholder(address) || forCustomers(host) || lookAlike(address) || slices.Contains(formerHosts(), host) {
			continue
		}
		return []Finding{p.about("jwksUrl", "expected an address of Entra, got %s", address)}
	}
	return nil
}

func jwksOfALookAlike(p place, c *JWTValidation) []Finding {
	for _, address := range c.keySets() {
		if lookAlike(address) {
			return []Finding{p.about("jwksUrl", "expected a host of Entra, got %s", address)}
		}
	}
	return nil
}

// keptLong is the longest time, in minutes, that passes: Entra's documentation
// has keys refreshed hourly (entra-tokens.md 5), which is the policy's default.
const keptLong = 60

func jwksKeptLong(p place, c *JWTValidation) []Finding {
	if c.JWTKeyOrigin != "jwks" || c.JWKSServiceTimeToLive <= keptLong {
		return nil
	}
	f := p.about("jwksServiceTimeToLive", "expected at most %d minutes, got %d", keptLong, c.JWKSServiceTimeToLive)
	f.Patches = p.patch("jwksServiceTimeToLive", keptLong)
	return []Finding{f}
}
