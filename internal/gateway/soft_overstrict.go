package gateway

import (
	"slices"
	"strings"
	"time"
)

// overstrict refuse what is lawful: mistakes that lock genuine callers out, and
// that operators answer by switching a check off.
func overstrict() []softening {
	return slices.Concat(overstrictClients(), overstrictTokens(), overstrictTimes())
}

// refusing makes one check refuse genuine tokens, too.
func refusing(check string, of Softening, also func(*call) bool) softening {
	return softening{of, func(s *strict) {
		s.demands(check, func(c *call) bool { return c.claims() != nil && also(c) })
	}}
}

func overstrictClients() []softening {
	return []softening{
		refusing("client", Softening{"client-single", "client", "one client is configured, and no other one is served"}, func(c *call) bool {
			return len(c.env.Contracts) > 0 && !slices.Contains(c.claimTexts("azp", "appid"), c.env.Contracts[0])
		}),
		refusing("client", Softening{"client-id-claim-only", "client", "the client is read from client_id, which Entra never sends: 403 Invalid Client"}, func(c *call) bool {
			return !c.claims().has("client_id")
		}),
		refusing("client", Softening{"certificate-demanded", "client", "only clients that prove themselves by a certificate are served"}, func(c *call) bool {
			return !slices.Contains(c.claimTexts("azpacr", "appidacr"), "2")
		}),
		refusing("tenant", Softening{"guests-refused", "tenant", "a user whose idp is not iss is taken for a stranger"}, func(c *call) bool {
			issuer, _ := c.claims().lastText("iss")
			provider, ok := c.claims().lastText("idp")
			return ok && provider != issuer
		}),
		refusing("scope", Softening{"scope-alone", "scope", "scp is compared as a whole, so that a second scope locks the user out"}, func(c *call) bool {
			return c.atHome() && !c.daemon() && len(c.scopes()) > 1
		}),
		refusing("role", Softening{"role-first-element", "role", "of roles only the first one is read"}, func(c *call) bool {
			return c.atHome() && c.daemon() && len(c.roles()) > 0 && !slices.Contains(c.env.Roles, c.roles()[0])
		}),
	}
}

func overstrictTokens() []softening {
	return []softening{
		refusing("audience", Softening{"audience-uris-only", "audience", "only App ID URIs are listed, and v2 tokens always carry the GUID"}, func(c *call) bool {
			aud, ok := c.claims().soleText("aud")
			return ok && !slices.Contains(c.env.URIs, aud)
		}),
		refusing("audience", Softening{"audience-ids-only", "audience", "only GUIDs are listed, and v1 tokens usually carry the App ID URI"}, func(c *call) bool {
			aud, ok := c.claims().soleText("aud")
			return ok && !slices.Contains(c.env.AppIDs, aud)
		}),
		refusing("type", Softening{"typ-at-jwt-only", "token-kind", "typ must be at+jwt (RFC 9068), and Entra says JWT"}, func(c *call) bool {
			kind, _ := c.header().lastText("typ")
			return kind != "at+jwt"
		}),
		refusing("json", Softening{"unknown-claims-refused", "format", "claims are held against a closed list"}, func(c *call) bool {
			return slices.ContainsFunc(c.claims(), func(m member) bool { return strings.HasPrefix(m.name, "x-") })
		}),
		refusing("json", Softening{"overage-refused", "format", "claims must be flat, and the link to too many groups is an object"}, func(c *call) bool {
			return slices.ContainsFunc(c.claims(), func(m member) bool {
				_, nested := m.value.(object)
				return nested
			})
		}),
		refusing("token-size", Softening{"small-buffer", "cost", "a header field of more than 4 KiB is refused"}, func(c *call) bool {
			return len(c.presented.line) > 4<<10
		}),
		refusing("key-use", Softening{"key-alg-demanded", "key", "a published key without alg is not used, and Entra's have none (RFC 7517 4.4)"}, func(c *call) bool {
			return slices.ContainsFunc(c.signers(), func(k publishedKey) bool { return k.algorithm == "" })
		}),
	}
}

func overstrictTimes() []softening {
	const (
		behind  = 10 * time.Minute
		margin  = 2 * time.Minute
		longest = 2 * time.Hour
	)
	at := func(c *call, name string) (float64, bool) {
		v, _ := c.claims().sole(name)
		return numericDate(v)
	}
	return []softening{
		refusing("not-before", Softening{"clock-behind", "time", "the gateway's clock is ten minutes behind, more than the five by which Entra backdates nbf"}, func(c *call) bool {
			nbf, ok := at(c, "nbf")
			return ok && nbf > seconds(c.now.Add(-behind))
		}),
		refusing("expiry", Softening{"expiry-margin", "time", "a token with less than two minutes left is refused as expired"}, func(c *call) bool {
			exp, ok := at(c, "exp")
			return ok && exp < seconds(c.now.Add(margin))
		}),
		refusing("expiry", Softening{"lifetime-capped", "time", "a token that lives longer than two hours is refused"}, func(c *call) bool {
			exp, ok := at(c, "exp")
			return ok && exp > seconds(c.now.Add(longest))
		}),
	}
}
