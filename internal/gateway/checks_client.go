package gateway

import "slices"

// clientChecks judge which application asked for the token.
func clientChecks() []check {
	return []check{
		{
			Check{"client", "client", forbidden, "azp (v2) or appid (v1) is a client with a contract here"},
			func(c *call) bool {
				own, _ := c.clientClaim()
				id, ok := c.claims().soleText(own)
				return c.claims() != nil && (!ok || id == "" || !slices.Contains(c.contracts, id))
			},
		},
		{
			Check{"one-client", "client", forbidden, "no other claim names another client"},
			refusesOtherClient,
		},
	}
}

// refusesOtherClient judges tokens that name their client; one that does not is
// the business of the check before.
func refusesOtherClient(c *call) bool {
	own, other := c.clientClaim()
	id, ok := c.claims().soleText(own)
	if !ok {
		return false
	}
	for _, name := range []string{other, "client_id"} {
		for _, v := range c.claims().all(name) {
			if v != id {
				return true
			}
		}
	}
	return false
}

// kindChecks judge whether the token is an access token at all.
func kindChecks() []check {
	return []check{
		{
			// RFC 8725 3.11; Entra says JWT where RFC 9068 2.1 wants at+jwt.
			Check{"type", "token-kind", unauthorized, "typ is JWT or at+jwt"},
			func(c *call) bool {
				kind, _ := c.header().soleText("typ")
				return c.header() != nil && !slices.Contains([]string{"JWT", "at+jwt", "application/at+jwt"}, kind)
			},
		},
		{
			Check{"graph-nonce", "token-kind", unauthorized, "the header has no nonce: only Microsoft Graph's tokens do"},
			func(c *call) bool { return c.header().has("nonce") },
		},
		{
			Check{"access-token", "token-kind", unauthorized, "the claims are those of an access token that works by itself"},
			refusesKind,
		},
	}
}

// refusesKind knows the other kinds by what they have (ID token, logout token,
// bound token, proof) or lack: every access token of Entra names its client.
func refusesKind(c *call) bool {
	claims := c.claims()
	if claims == nil {
		return false
	}
	foreign := []string{"nonce", "at_hash", "c_hash", "events", "cnf", "at", "htu"}
	return !claims.has("azp") && !claims.has("appid") || slices.ContainsFunc(foreign, claims.has)
}
