package policy

import (
	"net"
	"net/url"
	"slices"
	"strings"
)

// keyRules are about the signature: the method, and where the keys come from.
func keyRules() []LintRule {
	return []LintRule{
		{
			ID: "signing-method-none", Severity: Critical,
			Why:   "every token is taken, signed or not: whoever can write JSON gets in",
			Fix:   "set JWT Signing Method to RSA, JWT Signing Key Length to 256, and JWT Key Origin to JWKS",
			Refs:  []string{"MP 2.2", "RFC 8725 3.2"},
			Rows:  []string{"alg-none", "alg-none-with-forged-claims", "sig-payload-aud-edited"},
			check: each(signingMethodNone),
		},
		{
			ID: "signing-method-not-of-entra", Severity: High,
			Why:   "Entra signs access tokens with RS256 alone, and alg must be exactly what is configured: every genuine token is refused",
			Fix:   "set JWT Signing Method to RSA and JWT Signing Key Length to 256",
			Refs:  []string{"MP 2.1", "MP 2.2"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			check: each(signingMethodNotOfEntra),
		},
		{
			ID: "text-key-placeholder", Severity: Critical,
			Why:   "the key is the one of the documentation, which everybody knows: whoever signs with it gets in",
			Fix:   "set JWT Signing Method to RSA and JWT Key Origin to JWKS; Entra signs with no shared secret",
			Refs:  []string{"MP 2.1", "RFC 8725 3.5"},
			Rows:  []string{"alg-hs256-common-secrets"},
			check: each(textKeyPlaceholder),
		},
		{
			ID: "text-key-of-entra", Severity: Medium,
			Why:   "Entra changes its keys, at once in an emergency: with a key in the configuration every token is refused from then on, and a withdrawn key is trusted until somebody notices",
			Fix:   "set JWT Key Origin to JWKS, and JWKS URL to the tenant's keys",
			Refs:  []string{"MP 2.1", "ET 5"},
			Rows:  []string{"jwks-new-key-just-published", "jwks-key-retired", "ctl-each-published-key"},
			check: each(textKeyOfEntra),
		},
		{
			ID: "jwks-not-used", Severity: High,
			Why:   "JWT Key Origin is text unless it is set: the key set that is given here is never fetched",
			Fix:   "set JWT Key Origin to JWKS",
			Refs:  []string{"MP 2.1"},
			Rows:  []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			check: each(jwksNotUsed),
		},
		{
			ID: "jwks-placeholder", Severity: High,
			Why:   "the address is the one of the documentation: there are no keys, and every request is answered with 503",
			Fix:   "set JWKS URL to the tenant's keys, https://login.microsoftonline.com/TENANT/discovery/v2.0/keys",
			Refs:  []string{"MP 2.1", "MP 2.2"},
			Rows:  []string{"ctl-v2-app-only", "jwks-down-cold"},
			check: each(jwksPlaceholder),
		},
		{
			ID: "jwks-over-http", Severity: High,
			Why:   "whoever is on the way to the key set puts his own keys in, and signs what he likes",
			Fix:   "write JWKS URL with https",
			Refs:  []string{"MP 2.1", "RFC 8725 3.10"},
			Rows:  []string{"jwks-plain-http", "kid-unknown-own-key"},
			check: each(jwksOverHTTP),
		},
		{
			ID: "jwks-common", Severity: Medium,
			Why:   "these are the keys for every tenant; nothing in the configuration but a rule for iss or tid says which one is trusted, and Entra may give tenants keys of their own",
			Fix:   "write the tenant's id into JWKS URL in the place of common",
			Refs:  []string{"MP 6", "MP 7", "ET 5"},
			Rows:  []string{"iss-other-tenant-same-audience", "iss-consumer-tenant"},
			check: each(jwksCommon),
		},
		{
			ID: "jwks-not-a-key-set", Severity: High,
			Why:   "this address of Entra serves something else than keys: none are found, and every request is answered with 503",
			Fix:   "set JWKS URL to the tenant's keys, https://login.microsoftonline.com/TENANT/discovery/v2.0/keys",
			Refs:  []string{"MP 2.2", "MP 6"},
			Rows:  []string{"ctl-v2-app-only", "jwks-malformed"},
			check: each(jwksNotAKeySet),
		},
		{
			ID: "jwks-of-another-issuer", Severity: Low,
			Why:   "the keys come from elsewhere than Entra; whose tokens they sign cannot be seen from here",
			Fix:   "set JWKS URL to the tenant's keys, unless a mirror of them is meant",
			Refs:  []string{"MP 2.1"},
			Rows:  []string{"ctl-v2-app-only", "kid-unknown-own-key"},
			check: each(jwksOfAnotherIssuer),
		},
		{
			ID: "jwks-kept-long", Severity: Medium,
			Why:   "keys are not known to be fetched again for an unknown kid: after a change of keys genuine tokens are refused, and a withdrawn key is trusted, for as long as the set is kept",
			Fix:   "set JWKS Caching Time To Live to 60; it is in minutes",
			Refs:  []string{"MP 2.2", "MP 8", "ET 5"},
			Rows:  []string{"jwks-new-key-just-published", "jwks-emergency-roll", "jwks-key-retired"},
			check: each(jwksKeptLong),
		},
		{
			ID: "timeout-in-seconds", Severity: Medium,
			Why:   "the field is in milliseconds: hardly an answer comes in this time, and without one the request is refused",
			Fix:   "write the time in milliseconds; the default is 10000",
			Refs:  []string{"MP 1.1", "MP 1.3", "MP 2.1", "MP 2.2"},
			Rows:  []string{"jwks-slow", "jwks-down-cold"},
			check: eachPolicy(timeoutInSeconds),
		},
	}
}

func signingMethodNone(p place, c *JWTValidation) []Finding {
	if c.SigningMethod != "none" {
		return nil
	}
	return p.expected("signingMethod", "rsa", "none")
}

func signingMethodNotOfEntra(p place, c *JWTValidation) []Finding {
	switch {
	case c.SigningMethod == "none":
		return nil
	case c.SigningMethod != "rsa":
		return p.expected("signingMethod", "rsa", c.SigningMethod)
	case c.SigningKeyLength != 256:
		return p.expected("signingKeyLength", 256, c.SigningKeyLength)
	}
	return nil
}

// textKeyPlaceholder leaves API Manager's exports alone, which never tell the key.
func textKeyPlaceholder(p place, c *JWTValidation) []Finding {
	if c.SigningMethod != "hmac" || c.JWTKeyOrigin != "text" || !strings.HasPrefix(c.TextKey, "your-") || !strings.HasSuffix(c.TextKey, "-bit-secret") {
		return nil
	}
	if p.in.Form == APIManager && !p.sets("textKey") {
		return nil
	}
	return []Finding{p.about("textKey", "expected a key that nobody knows, got the placeholder of the documentation")}
}

func textKeyOfEntra(p place, c *JWTValidation) []Finding {
	if c.JWTKeyOrigin != "text" || c.SigningMethod == "none" || c.SigningMethod == "hmac" || p.sets("jwksUrl") {
		return nil
	}
	return []Finding{p.about("jwtKeyOrigin", "expected jwks, got text")}
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

// placeholderHosts are those of the documentation.
func placeholder(address string) bool {
	u, err := url.Parse(address)
	return err == nil && u.Hostname() == "your-jwks-service.example"
}

func jwksPlaceholder(p place, c *JWTValidation) []Finding {
	if !slices.ContainsFunc(c.keySets(), placeholder) {
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
		if !overHTTP(address) || placeholder(address) {
			continue
		}
		f := p.about("jwksUrl", "expected https, got %s", address)
		f.Patch = p.patch("jwksUrl", strings.ReplaceAll(c.JWKSURL, address, "https"+address[len("http"):]))
		return []Finding{f}
	}
	return nil
}

func jwksCommon(p place, c *JWTValidation) []Finding {
	for _, address := range c.keySets() {
		_, tenant, ok := tenantOf(address)
		if !ok || !isEntra(address) || !slices.Contains(anyone(), strings.ToLower(tenant)) {
			continue
		}
		f := p.about("jwksUrl", "expected the keys of one tenant, got those of %s", tenant)
		if own := p.tenants(); len(own) == 1 && bareGUID(own[0]) {
			f.Patch = p.patch("jwksUrl", strings.Replace(c.JWKSURL, "/"+tenant+"/", "/"+own[0]+"/", 1))
		}
		return []Finding{f}
	}
	return nil
}

// isEntra reports whether an address is one of Entra's.
func isEntra(address string) bool {
	host, _, _ := tenantOf(address)
	return slices.Contains(entraHosts(), host)
}

func jwksNotAKeySet(p place, c *JWTValidation) []Finding {
	for _, address := range c.keySets() {
		u, err := url.Parse(address)
		if err != nil || !isEntra(address) || strings.HasSuffix(strings.TrimSuffix(u.Path, "/"), "/keys") {
			continue
		}
		return []Finding{p.about("jwksUrl", "expected an address that ends with /keys, got %s", address)}
	}
	return nil
}

func jwksOfAnotherIssuer(p place, c *JWTValidation) []Finding {
	for _, address := range c.keySets() {
		host, _, ok := tenantOf(address)
		if !ok || isEntra(address) || placeholder(address) || strings.HasPrefix(host, "login.microsoftonline.") || strings.HasPrefix(host, "login.partner.microsoftonline.") {
			continue
		}
		return []Finding{p.about("jwksUrl", "expected an address of Entra, got %s", address)}
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
	f.Patch = p.patch("jwksServiceTimeToLive", keptLong)
	return []Finding{f}
}

// shortest is the time, in milliseconds, below which seconds are taken to be
// meant.
const shortest = 100

func timeoutInSeconds(p place) []Finding {
	key, value := "authenticationTimeout", 0
	switch c := p.Config.(type) {
	case *JWTValidation:
		if c.JWTKeyOrigin != "jwks" {
			return nil
		}
		key, value = "jwksServiceConnectionTimeout", c.JWKSServiceConnectionTimeout
	case *OpenIDConnect:
		value = c.AuthenticationTimeout
	case *Introspection:
		value = c.AuthenticationTimeout
	default:
		return nil
	}
	if value >= shortest || value <= 0 {
		return nil
	}
	f := p.about(key, "expected milliseconds, got %d", value)
	f.Patch = p.patch(key, value*1000)
	return []Finding{f}
}
