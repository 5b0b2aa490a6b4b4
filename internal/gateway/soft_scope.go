package gateway

import (
	"net/http"
	"path"
	"slices"
	"strings"
)

// softWords read scp and roles by another comparison than word by word.
func softWords() []softening {
	return []softening{
		wordsBy("scope-prefix", "a scope that begins with the required one will do", strings.HasPrefix),
		wordsBy("scope-suffix", "a scope that ends with the required one will do", strings.HasSuffix),
		wordsBy("scope-parent", "a scope implies those below it", func(word, required string) bool {
			return strings.HasPrefix(required, word+".")
		}),
		wordsBy("scope-case", "scopes are compared whatever their case", strings.EqualFold),
		wordsBy("scope-wildcard", "a star in scp stands for every scope", func(word, required string) bool {
			matches, err := path.Match(word, required)
			return err == nil && matches
		}),
		wordsBy("scope-default", "the .default that a client asks with is taken for what it gets", func(word, _ string) bool {
			return word == ".default" || strings.HasSuffix(word, "/.default")
		}),
		wordsBy("scope-any", "a user with any scope of the tenant is let in", func(word, _ string) bool {
			return strings.Contains(word, ".") && !strings.ContainsAny(word, "*/,;+\t\n")
		}),
		separatedBy("scope-punctuation", "commas and other signs separate scopes as blanks do", func(r rune) bool {
			return strings.ContainsRune(" ,;+", r)
		}),
		separatedBy("scope-white-space", "any white space separates scopes", func(r rune) bool {
			return strings.ContainsRune(" \t\r\n", r)
		}),
		{
			Softening{"scope-whole", "scope", "scp as a whole is compared with what is required"},
			func(s *strict) {
				s.demands("scope", func(c *call) bool {
					text, _ := c.claims().soleText("scp")
					return c.atHome() && !c.daemon() && text != strings.Join(c.env.Scopes, " ")
				})
			},
		},
		{
			Softening{"role-case", "role", "roles are compared whatever their case"},
			func(s *strict) {
				s.tolerates("role", func(c *call) bool {
					return c.rolesBy(func(held, required string) bool { return strings.EqualFold(held, required) })
				})
			},
		},
		{
			Softening{"role-any", "role", "a daemon with any role of the tenant is let in"},
			func(s *strict) {
				s.tolerates("role", func(c *call) bool { return c.rolesBy(func(string, string) bool { return true }) })
			},
		},
		{
			Softening{"role-string", "role", "roles may be one string"},
			func(s *strict) {
				s.tolerates("role", func(c *call) bool {
					text, ok := c.claims().soleText("roles")
					return ok && c.env.criteria([]string{text}, c.env.Roles)
				})
			},
		},
	}
}

// wordsBy finds each required scope among the words of scp by a comparison.
func wordsBy(name, sentence string, alike func(word, required string) bool) softening {
	return softening{Softening{name, "scope", sentence}, func(s *strict) {
		s.tolerates("scope", func(c *call) bool {
			return c.scopesBy(func(required string) bool {
				return slices.ContainsFunc(c.scopes(), func(word string) bool { return word != "" && alike(word, required) })
			})
		})
	}}
}

func separatedBy(name, sentence string, between func(rune) bool) softening {
	return softening{Softening{name, "scope", sentence}, func(s *strict) {
		s.tolerates("scope", func(c *call) bool {
			text, _ := c.claims().soleText("scp")
			return scopeFits(c, strings.FieldsFunc(text, between))
		})
	}}
}

// rolesBy reports whether every required role is found by another comparison.
func (c *call) rolesBy(alike func(held, required string) bool) bool {
	return len(c.env.Roles) > 0 && !slices.ContainsFunc(c.env.Roles, func(required string) bool {
		return !slices.ContainsFunc(c.roles(), func(held string) bool { return alike(held, required) })
	})
}

// softCriteria ask the wrong claim, or for too little.
func softCriteria() []softening {
	return []softening{
		{
			Softening{"scope-one-of-several", "scope", "of several required scopes one is enough"},
			func(s *strict) {
				s.tolerates("scope", func(c *call) bool {
					return slices.ContainsFunc(c.env.Scopes, func(required string) bool { return slices.Contains(c.scopes(), required) })
				})
			},
		},
		{
			Softening{"scope-all-of-several", "scope", "all scopes are asked for where one is enough"},
			func(s *strict) {
				s.demands("scope", func(c *call) bool {
					return c.atHome() && !c.daemon() && !c.scopesBy(func(required string) bool { return slices.Contains(c.scopes(), required) })
				})
			},
		},
		{
			Softening{"scope-optional", "scope", "the rule for scopes is applied only where scp is present, and there is none for roles"},
			func(s *strict) {
				s.tolerates("scope", func(c *call) bool { return !c.claims().has("scp") })
				s.tolerates("role", func(c *call) bool { return !c.claims().has("scp") })
			},
		},
		{
			Softening{"scope-empty", "scope", "an scp that is empty or null is taken for no rule at all"},
			func(s *strict) {
				s.tolerates("scope", func(c *call) bool {
					v, ok := c.claims().sole("scp")
					return ok && (v == nil || v == "")
				})
			},
		},
		{
			Softening{"scope-claim", "scope", "the scope is looked for in the claim scope"},
			func(s *strict) {
				s.tolerates("scope", func(c *call) bool {
					text, _ := c.claims().soleText("scope")
					return scopeFits(c, strings.Split(text, " "))
				})
			},
		},
		{
			Softening{"permissions-claim", "scope", "permissions are taken for scopes"},
			func(s *strict) {
				s.tolerates("scope", func(c *call) bool { return scopeFits(c, c.listed("permissions")) })
			},
		},
	}
}

// softCallers mistake one sort of caller for another.
func softCallers() []softening {
	return []softening{
		{
			Softening{"role-instead-of-scope", "scope", "the role of the user stands in for the scope of the client"},
			func(s *strict) { s.tolerates("scope", func(c *call) bool { return roleFits(c) }) },
		},
		{
			Softening{"scope-of-anyone", "role", "whoever has the scope is let in, user or daemon"},
			func(s *strict) {
				s.tolerates("daemon-without-scope", func(c *call) bool { return scopeFits(c, c.scopes()) })
				s.tolerates("role", func(c *call) bool { return scopeFits(c, c.scopes()) })
			},
		},
		{
			Softening{"users-unasked", "scope", "where no scope is required, every user is let in"},
			func(s *strict) { s.tolerates("scope", func(c *call) bool { return len(c.env.Scopes) == 0 }) },
		},
		{
			Softening{"daemons-unasked", "role", "where no role is required, every daemon is let in"},
			func(s *strict) { s.tolerates("role", func(c *call) bool { return len(c.env.Roles) == 0 }) },
		},
		{
			Softening{"context-unasked", "scope", "the authentication context is asked of the token endpoint, not of the token"},
			func(s *strict) { s.drop("authentication-context") },
		},
	}
}

// softMethods mistake what the method allows.
func softMethods() []softening {
	return []softening{
		{
			Softening{"write-as-read", "route", "the scope of a path opens every method"},
			func(s *strict) {
				s.tolerates("route-scope", func(c *call) bool {
					return c.path == routeOf(c.env.Route).path && scopeFits(c, c.scopes())
				})
			},
		},
		{
			Softening{"method-overridden", "route", "X-HTTP-Method-Override replaces the method after it was judged"},
			func(s *strict) {
				s.overrides = true
				s.tolerates("rewrite-headers", func(c *call) bool { return c.request.Header.Get(overrideField) != "" })
			},
		},
		{
			Softening{"head-unchecked", "scope", "HEAD is let through without a scope"},
			func(s *strict) {
				head := func(c *call) bool { return c.request.Method == http.MethodHead }
				s.tolerates("scope", head)
				s.tolerates("method", head)
			},
		},
	}
}

const overrideField = "X-Http-Method-Override"

// permissionRows are the rows that fail the softenings of this file.
func permissionRows() map[string][]string {
	return map[string][]string{
		"context-unasked":       {"cae-claims-challenge"},
		"daemons-unasked":       {"role-daemon-token-on-user-api"},
		"head-unchecked":        {"scope-head-on-protected-get"},
		"method-overridden":     {"scope-method-override-header"},
		"permissions-claim":     {"scope-both-claims-disagree"},
		"role-any":              {"role-app-only-other-env-role", "role-case-changed"},
		"role-case":             {"role-case-changed"},
		"role-instead-of-scope": {"role-user-role-instead-of-scope"},
		"role-string":           {"role-string-instead-of-array"},
		"scope-all-of-several":  {"scope-or-one-present"},
		"scope-any":             {"scope-missing-genuine", "scope-missing-genuine-v1", "scope-of-other-env", "scope-or-none-present"},
		"scope-case":            {"scope-case-changed"},
		"scope-claim":           {"scope-in-wrong-claim", "scope-both-claims-disagree"},
		"scope-default":         {"scope-default-literal"},
		"scope-empty":           {"scope-empty-string", "scope-null"},
		"scope-of-anyone":       {"role-app-only-with-scp-claim", "role-idtyp-forged-shape"},
		"scope-one-of-several":  {"scope-and-one-missing"},
		"scope-optional":        {"scope-absent-delegated", "role-app-only-under-optional-scope-rule"},
		"scope-parent":          {"scope-parent-of-required"},
		"scope-prefix":          {"scope-superstring", "scope-child-of-required"},
		"scope-punctuation":     {"scope-comma-separated"},
		"scope-suffix":          {"scope-embedded", "scope-full-uri-form"},
		"scope-white-space":     {"scope-tab-or-newline-separated"},
		"scope-whole":           {"scope-duplicate-values", "scope-and-all-present"},
		"scope-wildcard":        {"scope-wildcard"},
		"users-unasked":         {"role-user-token-on-daemon-api"},
		"write-as-read":         {"scope-read-on-write-route"},
	}
}
