package gateway

import (
	"slices"
	"strings"
)

// azureCLI is a client that everybody in a tenant may use.
const azureCLI = "04b07795-8ddb-461a-bbee-02f9e1bf7b46"

// contracted reports whether one of the ids has a contract here.
func (c *call) contracted(ids ...string) bool {
	return slices.ContainsFunc(ids, func(id string) bool { return slices.Contains(c.env.Contracts, id) })
}

// clientIn believes whoever the excuse finds, whatever azp and appid say.
func clientIn(name, sentence string, excuse func(*call) bool) softening {
	return softening{Softening{name, "client", sentence}, func(s *strict) {
		for _, check := range []string{"client", "one-client", "client-claim"} {
			s.tolerates(check, excuse)
		}
	}}
}

// clientBy compares the client with each contract in another way.
func clientBy(name, sentence string, alike func(id, contract string) bool) softening {
	return softening{Softening{name, "client", sentence}, func(s *strict) {
		s.tolerates("client", func(c *call) bool {
			own, _ := c.clientClaim()
			id, ok := c.claims().soleText(own)
			return ok && slices.ContainsFunc(c.env.Contracts, func(contract string) bool { return alike(id, contract) })
		})
	}}
}

// claimTexts are the named claims that are strings.
func (c *call) claimTexts(names ...string) []string {
	var all []string
	for _, name := range names {
		if text, ok := c.claims().lastText(name); ok {
			all = append(all, text)
		}
	}
	return all
}

// softClientClaims read the client from the wrong claim, or not all of it.
func softClientClaims() []softening {
	reads := func(names ...string) func(*call) bool {
		return func(c *call) bool { return c.contracted(c.claimTexts(names...)...) }
	}
	first := func(names ...string) func(*call) bool {
		return func(c *call) bool {
			texts := c.claimTexts(names...)
			return len(texts) > 0 && c.contracted(texts[0])
		}
	}
	return []softening{
		clientIn("client-appid-first", "appid is read before azp, in whatever version", first("appid", "azp")),
		clientIn("client-azp-first", "azp is read before appid, in whatever version", first("azp", "appid")),
		clientIn("client-alias-claim", "cid, clientId, client-id and ClientID name the client as well", reads("cid", "clientId", "client-id", "ClientID")),
		clientIn("client-subject", "sub or oid will do as the client", reads("sub", "oid")),
		clientIn("client-object-id", "the object id of a service principal is looked up like a client id", func(c *call) bool {
			own, _ := c.clientClaim()
			id, ok := c.claims().soleText(own)
			object, _ := c.claims().soleText("oid")
			return ok && id == object
		}),
		clientIn("client-first-party", "Microsoft's own clients need no contract", func(c *call) bool {
			return slices.Contains(c.claimTexts("azp", "appid"), azureCLI)
		}),
		clientIn("client-managed", "managed identities of the tenant need no contract", func(c *call) bool {
			return c.claims().has("xms_mirid")
		}),
		clientBy("client-case", "client ids are compared without their case", strings.EqualFold),
		clientBy("client-prefix", "a client id that begins with a contracted one will do", strings.HasPrefix),
		{
			Softening{"client-blank", "client", "a client without content is taken for no client, and that for no limit"},
			func(s *strict) {
				s.tolerates("client", func(c *call) bool {
					own, _ := c.clientClaim()
					v, ok := c.claims().sole(own)
					return ok && (v == nil || v == "")
				})
			},
		},
		{
			Softening{"client-optional", "client", "the client is checked if it is named"},
			func(s *strict) {
				unnamed := func(c *call) bool { return !c.claims().has("azp") && !c.claims().has("appid") }
				s.tolerates("client", unnamed)
				s.tolerates("access-token", unnamed)
			},
		},
	}
}

// softClientPlaces read the client from beside the token.
func softClientPlaces() []softening {
	headers := []string{"X-Client-Id", "X-Consumer-Id", "X-Consumer-Username", "X-Consumer-Custom-Id", "X-Credential-Identifier"}
	return []softening{
		clientIn("client-x-headers", "the client is who a header such as X-Client-Id says", func(c *call) bool {
			return slices.ContainsFunc(headers, func(name string) bool { return c.contracted(c.request.Header.Get(name)) })
		}),
		clientIn("client-query", "the client is who the query says", func(c *call) bool {
			return c.contracted(c.request.URL.Query().Get("client_id"))
		}),
		clientIn("client-form", "the client is who the form body says", func(c *call) bool {
			return c.contracted(formOf(c.request).Get("client_id"))
		}),
		{
			Softening{"client-told-by-header", "client", "the token decides, and the upstream is told the client that the header names"},
			func(s *strict) { s.believesHeader = true },
		},
	}
}
