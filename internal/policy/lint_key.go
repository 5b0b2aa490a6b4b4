package policy

import "strings"

// keyRules are about the signature: the method, the key, the time to get it.
func keyRules() []LintRule {
	return []LintRule{
		{
			ID: "signing-method-none", Severity: Critical,
			Why:    "every token is taken, signed or not: whoever can write JSON gets in",
			Fix:    "set JWT Signing Method to RSA, JWT Signing Key Length to 256, and JWT Key Origin to JWKS",
			Refs:   []string{"mulesoft-policies.md §2.2", "8725§3.2"},
			Rows:   []string{"alg-none", "alg-none-with-forged-claims", "sig-payload-aud-edited"},
			Effect: Opens, Proof: []string{"alg-none"},
			check: each(signingMethodNone),
		},
		{
			ID: "signing-method-not-of-entra", Severity: High,
			Why:    "Entra signs access tokens with RS256 alone, and alg must be exactly what is configured: every genuine token is refused",
			Fix:    "set JWT Signing Method to RSA and JWT Signing Key Length to 256",
			Refs:   []string{"mulesoft-policies.md §2.1", "mulesoft-policies.md §2.2"},
			Rows:   []string{"ctl-v2-app-only", "ctl-v1-app-only"},
			Effect: LocksOut, Proof: []string{"ctl-v2-app-only"},
			check: each(signingMethodNotOfEntra),
		},
		{
			ID: "text-key-placeholder", Severity: Critical,
			Why:    "the key is the one of the documentation, which everybody knows: whoever signs with it gets in",
			Fix:    "set JWT Signing Method to RSA and JWT Key Origin to JWKS; Entra signs with no shared secret",
			Refs:   []string{"mulesoft-policies.md §2.1", "8725§3.5"},
			Rows:   []string{"alg-hs256-common-secrets"},
			Effect: Opens, Proof: []string{"alg-hs256-common-secrets"},
			check: each(textKeyPlaceholder),
		},
		{
			ID: "text-key-of-entra", Severity: Medium,
			Why:    "Entra changes its keys, at once in an emergency: with a key in the configuration every token is refused from then on, and a withdrawn key is trusted until somebody notices",
			Fix:    "set JWT Key Origin to JWKS, and JWKS URL to the tenant's keys",
			Refs:   []string{"mulesoft-policies.md §2.1", "entra-tokens.md §5"},
			Rows:   []string{"jwks-new-key-just-published", "jwks-key-retired", "ctl-each-published-key"},
			Effect: Opens, Unshown: "predict refuses a document without its key, and a key that stands in one is the real tenant's, with which nobody signs here",
			check: each(textKeyOfEntra),
		},
		{
			ID: "jwks-of-a-look-alike", Severity: Critical,
			Why:    "the host looks like one of Microsoft's and is none that is known to serve keys: whoever has it signs what he likes, and the policy takes it",
			Fix:    "set JWKS URL to the tenant's keys, https://login.microsoftonline.com/TENANT/discovery/v2.0/keys",
			Refs:   []string{"mulesoft-policies.md §2.1", "8725§3.10"},
			Rows:   []string{"kid-unknown-own-key", "sig-bit-flipped"},
			Effect: Opens, Unshown: "whoever has the host would have to sign with a key of his own; the issuer here has its keys at every address",
			check: each(jwksOfALookAlike),
		},
		{
			ID: "timeout-in-seconds", Severity: Medium,
			Why:    "the field is in milliseconds: hardly an answer comes in this time, and without one the request is refused",
			Fix:    "write the time in milliseconds; the default is 10000",
			Refs:   []string{"mulesoft-policies.md §1.1", "mulesoft-policies.md §1.3", "mulesoft-policies.md §2.1", "mulesoft-policies.md §2.2"},
			Rows:   []string{"jwks-slow", "jwks-down-cold"},
			Effect: LocksOut, Unshown: "how long an answer takes is the network's affair",
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
	case c.SigningMethod == "hmac" || c.SigningMethod == "es":
		f := p.expected("signingMethod", "rsa", c.SigningMethod)
		if !p.sets("jwksUrl") {
			f[0].Patches = nil // its key is no RSA key
		}
		return f
	case c.SigningMethod == "rsa" && (c.SigningKeyLength == 384 || c.SigningKeyLength == 512):
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
	f.Patches = p.patch(key, value*1000)
	return []Finding{f}
}
