package gateway

import (
	"slices"
	"strings"
)

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
		{
			// Entra puts the client into one claim, by version (entra-tokens 1.2).
			Check{"client-claim", "client", forbidden, "a v2 token has no appid, a v1 token no azp"},
			func(c *call) bool {
				_, other := c.clientClaim()
				return c.claims().has(other)
			},
		},
		{
			// entra-tokens 1.3: appidacr and azpacr are "0" for a public client.
			Check{"client-authentication", "client", forbidden, "azpacr (v2) or appidacr (v1) does not say that anybody can be this client"},
			func(c *call) bool {
				own, _ := c.clientClaim()
				how, _ := c.claims().soleText(own + "acr")
				return how == "0"
			},
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
			// Of every JWT the first letter is e, for {" (RFC 7519 7.1).
			Check{"opaque", "token-kind", unauthorized, "the token is none of Entra's opaque ones: refresh tokens and codes begin with 0. or 1."},
			func(c *call) bool {
				return c.token != nil && (strings.HasPrefix(c.token.compact, "0.") || strings.HasPrefix(c.token.compact, "1."))
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
// bound token, proof, wrapper of another token) or lack: every access token of Entra names its client.
func refusesKind(c *call) bool {
	claims := c.claims()
	if claims == nil {
		return false
	}
	foreign := []string{"nonce", "at_hash", "c_hash", "events", "cnf", "at", "htu", "actortoken"}
	return !claims.has("azp") && !claims.has("appid") || slices.ContainsFunc(foreign, claims.has)
}
