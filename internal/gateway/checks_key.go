package gateway

import (
	"net/http"
	"slices"
)

// algorithmChecks judge alg.
func algorithmChecks() []check {
	return []check{
		{
			// RFC 8725 3.1: the algorithm is the verifier's choice, not the token's.
			Check{"algorithm", "algorithm", unauthorized, "alg is RS256"},
			func(c *call) bool { return c.header() != nil && c.token.algorithm() != "RS256" },
		},
	}
}

// signatureChecks judge the signature.
func signatureChecks() []check {
	return []check{
		{
			Check{"signature", "signature", unauthorized, "the signature verifies with a published key"},
			refusesSignature,
		},
	}
}

// refusesSignature judges signatures of RSA algorithms; whether the algorithm
// is the right one is a check of its own. No keys means no trust.
func refusesSignature(c *call) bool {
	if c.header() == nil || rsaHash(c.token.algorithm()) == 0 {
		return false
	}
	return !c.token.verifies(c.signers())
}

// keyChecks judge which key may sign.
func keyChecks() []check {
	return []check{
		{
			Check{"key-set", "key", http.StatusServiceUnavailable, "the key set could be had"},
			func(c *call) bool { return c.token != nil && c.keysErr != nil },
		},
		{
			// RFC 7515 4.1.4. Entra always sends a kid.
			Check{"key-id", "key", unauthorized, "kid is one string, and a key is published under it"},
			func(c *call) bool {
				id, ok := c.header().soleText("kid")
				return c.header() != nil && c.keysErr == nil && (!ok || len(named(c.keys, id)) == 0)
			},
		},
		{
			Check{"key-use", "key", unauthorized, "the published key is for RS256 signatures of this issuer"},
			refusesKeyUse,
		},
		{
			// RFC 8725 3.8: a key belongs to the issuer that publishes it.
			Check{"foreign-key", "key", unauthorized, "the key that signed is not another trusted issuer's"},
			refusesForeignKey,
		},
		{
			// RFC 8725 3.10: a token does not bring the key that proves it.
			Check{"key-header", "key", unauthorized, "the header holds no jwk, jku, x5u or x5c"},
			func(c *call) bool {
				return slices.ContainsFunc([]string{"jwk", "jku", "x5u", "x5c"}, c.header().has)
			},
		},
		{
			Check{"thumbprint", "key", unauthorized, "x5t, where there is one, belongs to the key under kid"},
			func(c *call) bool { return c.header().has("x5t") && !thumbprintFits(c) },
		},
	}
}

func refusesKeyUse(c *call) bool {
	id, _ := c.header().soleText("kid")
	keys := named(c.keys, id)
	unfit := func(k publishedKey) bool { return !k.signs() || !k.belongs(c.env.Issuers) }
	return slices.ContainsFunc(keys, unfit)
}

// refusesForeignKey looks at the other issuer's keys only where our own do not
// verify: that is what asks for them.
func refusesForeignKey(c *call) bool {
	return c.foreign != nil && c.header() != nil && !c.token.verifies(c.signers()) && c.token.verifies(c.foreignKeys())
}

// thumbprintFits compares x5t with the key's; Entra makes kid and x5t equal.
func thumbprintFits(c *call) bool {
	id, _ := c.header().soleText("kid")
	thumbprint, _ := c.header().soleText("x5t")
	keys := named(c.keys, id)
	return len(keys) == 0 || slices.ContainsFunc(keys, func(k publishedKey) bool {
		return thumbprint == k.thumbprint || k.thumbprint == "" && thumbprint == id
	})
}
