package gateway

import (
	"slices"
	"strings"
)

// softIssuers compare iss by something else than its text.
func softIssuers() []softening {
	return []softening{
		issuerBy("issuer-prefix", "an iss that begins with ours will do", strings.HasPrefix),
		issuerBy("issuer-part", "an iss that is a part of ours will do", func(iss, ours string) bool {
			return iss != "" && strings.Contains(ours, iss)
		}),
		issuerBy("issuer-case", "issuers are compared whatever their case", strings.EqualFold),
		issuerBy("issuer-slash", "a slash at the end of iss is cut off", func(iss, ours string) bool {
			return strings.TrimSuffix(iss, "/") == strings.TrimSuffix(ours, "/")
		}),
		issuerBy("issuer-scheme", "http will do for https in iss", func(iss, ours string) bool {
			return strings.Replace(iss, "http:", "https:", 1) == ours
		}),
		issuerLike("issuer-template", "the literal {tenantid} of the metadata is compared with iss", func(_ *call, iss string) bool {
			return strings.Contains(iss, "{tenantid}")
		}),
		issuerLike("issuer-of-microsoft", "any issuer at a host of Microsoft will do", func(_ *call, iss string) bool {
			return strings.HasPrefix(iss, "https://login.microsoftonline.com/") || strings.HasPrefix(iss, "https://sts.windows.net/")
		}),
		issuerLike("issuer-names-tenant", "any issuer that names the tenant will do, whatever its host or version", func(c *call, iss string) bool {
			return strings.Contains(iss, c.env.Tenant)
		}),
		{
			Softening{"issuer-list", "issuer", "one right issuer in a list is enough"},
			func(s *strict) {
				s.tolerates("issuer", func(c *call) bool { return slices.ContainsFunc(c.listed("iss"), c.env.Issuers.own) })
			},
		},
		{
			Softening{"issuer-empty", "issuer", "an iss that is empty or null is taken for no iss, and that for ours"},
			func(s *strict) {
				s.tolerates("issuer", func(c *call) bool {
					v, ok := c.claims().sole("iss")
					return ok && (v == nil || v == "")
				})
			},
		},
		{
			Softening{"version-unread", "issuer", "either issuer and either claim of the client will do, whatever ver says"},
			func(s *strict) {
				s.drop("issuer-version", "client-claim")
				s.tolerates("client", func(c *call) bool {
					azp, _ := c.claims().soleText("azp")
					appid, _ := c.claims().soleText("appid")
					return slices.Contains(c.env.Contracts, azp+appid)
				})
			},
		},
	}
}

// softTenantClaims mistake which tenant and which person is meant.
func softTenantClaims() []softening {
	return []softening{
		{
			Softening{"tenant-optional", "tenant", "tid is compared if it is there"},
			func(s *strict) { s.tolerates("tenant", func(c *call) bool { return !c.claims().has("tid") }) },
		},
		{
			Softening{"email-as-identity", "upstream-identity", "the upstream is told the address in the token as the caller's identity"},
			func(s *strict) {
				s.identity = func(claims object, name string) (string, bool) {
					if name == "sub" {
						name = "email"
					}
					return claims.lastText(name)
				}
			},
		},
	}
}

// issuerBy compares iss with each of the tenant's issuers.
func issuerBy(name, sentence string, alike func(iss, ours string) bool) softening {
	return issuerLike(name, sentence, func(c *call, iss string) bool {
		return slices.ContainsFunc(c.env.Issuers.all(), func(ours string) bool { return alike(iss, ours) })
	})
}

// issuerLike admits what it likes in iss, whichever tenant that names.
func issuerLike(name, sentence string, likes func(*call, string) bool) softening {
	return softening{Softening{name, "issuer", sentence}, func(s *strict) {
		for _, check := range []string{"issuer", "tenant-in-issuer"} {
			s.tolerates(check, func(c *call) bool {
				iss, ok := c.claims().soleText("iss")
				return ok && likes(c, iss)
			})
		}
	}}
}

// softOwners mistake whose key it is.
func softOwners() []softening {
	return []softening{
		foreignKey("keys-pooled", "the keys of all trusted issuers are one set", func(c *call) []publishedKey {
			id, _ := c.header().soleText("kid")
			if len(named(c.keys, id)) > 0 {
				return nil
			}
			return named(c.foreignKeys(), id)
		}),
		foreignKey("keys-by-kid", "keys are cached by kid alone, and the last issuer to publish one wins", func(c *call) []publishedKey {
			id, _ := c.header().soleText("kid")
			return named(c.foreignKeys(), id)
		}),
		{
			Softening{"key-issuer-ignored", "key", "the issuer member of a published key is not read"},
			func(s *strict) {
				s.tolerates("key-use", func(c *call) bool {
					return !slices.ContainsFunc(c.signers(), func(k publishedKey) bool { return !k.signs() })
				})
			},
		},
	}
}

// foreignKey lets a key of the other issuer verify.
func foreignKey(name, sentence string, keys func(*call) []publishedKey) softening {
	return softening{Softening{name, "key", sentence}, func(s *strict) {
		for _, check := range []string{"key-id", "thumbprint", "signature", "foreign-key"} {
			s.tolerates(check, func(c *call) bool { return c.token != nil && c.token.verifies(keys(c)) })
		}
	}}
}

// issuerRows are the rows that fail the softenings of this file.
func issuerRows() map[string][]string {
	return map[string][]string{
		"email-as-identity":   {"user-email-of-victim"},
		"issuer-case":         {"iss-case-changed"},
		"issuer-empty":        {"iss-null-or-empty"},
		"issuer-list":         {"iss-array"},
		"issuer-names-tenant": {"iss-sovereign-cloud", "iss-ciam-or-b2c-host", "iss-v1-token-on-v2-only-api", "iss-v2-token-on-v1-only-api"},
		"issuer-of-microsoft": {"iss-common-or-organizations", "iss-tenant-by-domain"},
		"issuer-part":         {"iss-substring"},
		"issuer-prefix":       {"iss-prefix-extended"},
		"issuer-scheme":       {"iss-http-scheme"},
		"issuer-slash":        {"iss-trailing-slash-toggled"},
		"issuer-template":     {"iss-template-literal"},
		"key-issuer-ignored":  {"key-issuer-property-consumer"},
		"keys-by-kid":         {"key-same-kid-in-two-issuers", "key-of-other-trusted-issuer"},
		"keys-pooled":         {"key-of-other-trusted-issuer"},
		"tenant-optional":     {"tid-missing"},
		"version-unread":      {"iss-version-claim-mismatch"},
	}
}
