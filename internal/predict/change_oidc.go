package predict

import (
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/internal/targets"
)

// ofOIDC: the scope of the environment, all of them, and the client check off,
// which finds no client in a token of Entra's.
func (c candidate) ofOIDC(config *policy.OpenIDConnect) []Change {
	var all []Change
	scopes := strings.Join(c.env.Requires.Scopes, " ")
	required := oidcSet("Scopes", "scopes", quotedValue(scopes), func(p *policy.OpenIDConnect) { p.Scopes = scopes })
	every := oidcSet("Scope Validation Criteria", "scopeValidationCriteria", "AND", func(p *policy.OpenIDConnect) { p.ScopeValidationCriteria = policy.All })
	skip := oidcSet("Skip Client Id Validation", "skipClientIdValidation", "true", func(p *policy.OpenIDConnect) { p.SkipClientIDValidation = true })
	different := !sameWords(config.Scopes, scopes)
	if different {
		all = append(all, c.change(config.Scopes != "", required))
	}
	if !strings.EqualFold(string(config.ScopeValidationCriteria), string(policy.All)) {
		all = append(all, c.change(false, every))
		if different {
			all = append(all, c.change(true, required, every))
		}
	}
	if !config.SkipClientIDValidation {
		all = append(all, c.change(true, skip), c.change(true, skip, required))
	}
	return all
}

// withoutJWT is an environment whose chain has no JWT Validation, beside which the
// OIDC policy checks neither audience nor issuer.
func withoutJWT(m Member, f *targets.File, profile string) (candidate, bool) {
	for _, a := range m.Instance.Policies {
		if _, is := a.Config.(*policy.JWTValidation); is {
			return candidate{}, false
		}
	}
	last := len(m.Instance.Policies) - 1
	if last < 0 {
		return candidate{}, false // nothing is there to be changed
	}
	return candidate{member: m, index: last, applied: m.Instance.Policies[last], env: f.Environment(m.Environment), file: f, profile: profile}, true
}

// added is a JWT Validation that checks all that it can.
func (c candidate) added() Change {
	config := policy.NewJWTValidation()
	sets := []Set{jwtSet("JWT Key Origin", "jwtKeyOrigin", "jwks", func(p *policy.JWTValidation) { p.JWTKeyOrigin = "jwks" })}
	keys := "https://login.microsoftonline.com/" + c.file.Tenant.ID + "/discovery/v2.0/keys"
	sets = append(sets, jwtSet("JWKS URL", "jwksUrl", keys, func(p *policy.JWTValidation) { p.JWKSURL = keys }))
	config.SkipClientIDValidation = true
	for _, some := range [][]Change{c.audience(&config), c.times(&config), c.client(&config), c.custom(&config)} {
		for _, one := range some {
			for _, s := range one.Set {
				if !slices.ContainsFunc(sets, func(had Set) bool { return had.Key == s.Key && had.Value == s.Value }) && c.emulated(s) {
					sets = append(sets, s)
				}
			}
		}
	}
	for _, s := range sets {
		s.apply(&config)
	}
	out := c.change(false, sets...)
	out.Add, out.Key, out.At = &policy.Applied{Asset: "jwt-validation", Config: &config}, c.applied.Asset, c.applied.At
	return out
}

// emulated leaves out what only an expression beyond the emulator says.
func (c candidate) emulated(s Set) bool { return !strings.Contains(s.Value, "splitBy") }
