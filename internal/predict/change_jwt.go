package predict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/mockidp/mint"
)

func (c candidate) ofJWT(config *policy.JWTValidation) []Change {
	return slices.Concat(c.audience(config), c.times(config), c.client(config), c.custom(config), c.keys(config))
}

// audience: the check on, aud mandatory, the values those of the environment.
func (c candidate) audience(config *policy.JWTValidation) []Change {
	check := jwtSet("Validate Audience Claim", "validateAudClaim", "true", func(p *policy.JWTValidation) { p.ValidateAudClaim = true })
	must := jwtSet("Audience Claim Mandatory", "mandatoryAudClaim", "true", func(p *policy.JWTValidation) { p.MandatoryAudClaim = true })
	listed := strings.Join(c.audiences(), ",")
	values := jwtSet("Audience Claim Values", "supportedAudiences", listed, func(p *policy.JWTValidation) { p.SupportedAudiences = listed })
	var needed []Set
	if !config.ValidateAudClaim {
		needed = append(needed, check)
	}
	other := !sameWords(config.SupportedAudiences, listed)
	var all []Change
	if len(needed) > 0 && config.SupportedAudiences != "" {
		all = append(all, c.change(false, check))
	}
	if !config.MandatoryAudClaim && config.SupportedAudiences != "" {
		all = append(all, c.change(false, append(slices.Clone(needed), must)...))
	}
	if other {
		all = append(all, c.change(config.ValidateAudClaim, append(slices.Clone(needed), values)...))
		if !config.MandatoryAudClaim {
			all = append(all, c.change(config.ValidateAudClaim, append(slices.Clone(needed), values, must)...))
		}
	}
	return all
}

// audiences are the values of aud in the genuine tokens of the environment.
func (c candidate) audiences() []string {
	var uris, ids []string
	for _, a := range c.env.APIs {
		if a.Version == mint.V1 {
			uris = append(uris, a.URIs...)
		} else {
			ids = append(ids, a.AppID)
		}
	}
	return append(uris, ids...)
}

func sameWords(a, b string) bool {
	split := func(text string) []string {
		words := strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' })
		slices.Sort(words)
		return slices.Compact(words)
	}
	return slices.Equal(split(a), split(b))
}

func (c candidate) times(config *policy.JWTValidation) []Change {
	var all []Change
	if !config.MandatoryExpClaim {
		all = append(all, c.change(false, jwtSet("Expiration Claim Mandatory", "mandatoryExpClaim", "true", func(p *policy.JWTValidation) { p.MandatoryExpClaim = true })))
	}
	if !config.MandatoryNbfClaim {
		all = append(all, c.change(false, jwtSet("Not Before Claim Mandatory", "mandatoryNbfClaim", "true", func(p *policy.JWTValidation) { p.MandatoryNbfClaim = true })))
	}
	return all
}

// client: the contract is looked for under the claim of the token's version.
func (c candidate) client(config *policy.JWTValidation) []Change {
	expression := gateway.ClientIDByVersion
	if versions := c.env.Versions(); len(versions) == 1 {
		expression = map[mint.Version]string{mint.V1: gateway.ClientIDFromAppID, mint.V2: "#[vars.claimSet.azp]"}[versions[0]]
	}
	check := jwtSet("Skip Client ID Validation", "skipClientIdValidation", "false", func(p *policy.JWTValidation) { p.SkipClientIDValidation = false })
	find := jwtSet("Client ID Expression", "clientIdExpression", quotedValue(expression), func(p *policy.JWTValidation) { p.ClientIDExpression = expression })
	switch {
	case c.profile == gateway.FlexLocal: // local mode knows no contracts
		return nil
	case !config.SkipClientIDValidation && config.ClientIDExpression == expression:
		return nil
	case !config.SkipClientIDValidation:
		return []Change{c.change(true, find)}
	case config.ClientIDExpression == expression:
		return []Change{c.change(false, check)}
	}
	return []Change{c.change(false, check), c.change(false, check, find)}
}

// custom: rules about the issuer and the tenant, and about scope and role.
func (c candidate) custom(config *policy.JWTValidation) []Change {
	rules := []policy.CustomClaim{
		{Key: "iss", Value: c.issuerRule()},
		{Key: "tid", Value: c.file.Tenant.ID},
	}
	if c.env.Enforced("scope") { // else nobody asks for scope and role, and their names are made up
		rules = append(rules, policy.CustomClaim{Key: grantClaim, Value: c.grantRule()})
	}
	var all []Change
	check := jwtSet("Validate Custom Claim", "validateCustomClaim", "true", func(p *policy.JWTValidation) { p.ValidateCustomClaim = true })
	if !config.ValidateCustomClaim && len(config.MandatoryCustomClaims)+len(config.NonMandatoryCustomClaims) > 0 {
		all = append(all, c.change(false, check))
	}
	add := func(rule policy.CustomClaim) {
		if slices.Contains(config.MandatoryCustomClaims, rule) {
			return
		}
		replaces := slices.ContainsFunc(config.MandatoryCustomClaims, func(old policy.CustomClaim) bool { return old.Key == rule.Key })
		sets := []Set{jwtSet("Mandatory custom claims", "mandatoryCustomClaims", ruleText(rule, replaces), func(p *policy.JWTValidation) {
			others := slices.DeleteFunc(slices.Clone(p.MandatoryCustomClaims), func(old policy.CustomClaim) bool { return old.Key == rule.Key })
			p.MandatoryCustomClaims = append(others, rule)
		})}
		if !config.ValidateCustomClaim {
			sets = append(sets, check)
		}
		one := c.change(replaces && config.ValidateCustomClaim, sets...)
		one.grants = rule.Key == grantClaim
		all = append(all, one)
	}
	for _, r := range rules {
		add(r)
	}
	return append(all, c.either(config)...)
}

// either takes the place of mandatory rules about scp and roles, each of which
// refuses whoever has the other (mulesoft-policies.md 6).
func (c candidate) either(config *policy.JWTValidation) []Change {
	one := func(r policy.CustomClaim) bool { return r.Key == "scp" || r.Key == "roles" }
	if !slices.ContainsFunc(config.MandatoryCustomClaims, one) {
		return nil
	}
	rule := policy.CustomClaim{Key: grantClaim, Value: c.grantRule()}
	out := c.change(true, jwtSet("Mandatory custom claims", "mandatoryCustomClaims", "instead of those for scp and roles "+ruleText(rule, false), func(p *policy.JWTValidation) {
		p.MandatoryCustomClaims = append(slices.DeleteFunc(slices.Clone(p.MandatoryCustomClaims), one), rule)
	}))
	out.grants = true
	return []Change{out}
}

// ruleText is a rule that is added to the list, or that takes the place of the one
// for its claim.
func ruleText(r policy.CustomClaim, replaces bool) string {
	verb := "add"
	if replaces {
		verb = "replace by"
	}
	return fmt.Sprintf("%s {key: %s, value: %s}", verb, r.Key, quotedValue(r.Value))
}

// issuerRule takes the issuers of the versions that the environment's
// registrations issue.
func (c candidate) issuerRule() string {
	var values []string
	for _, v := range c.env.Versions() {
		values = append(values, map[mint.Version]string{mint.V1: c.file.Tenant.Issuers.V1, mint.V2: c.file.Tenant.Issuers.V2}[v])
	}
	if len(values) == 1 {
		return values[0]
	}
	return "#[vars.claimSet.iss == '" + strings.Join(values, "' or vars.claimSet.iss == '") + "']"
}

// grantClaim is a claim that each token of Entra has.
const grantClaim = "ver"

// grantRule asks users for the scope and daemons for the role. It stands at
// grantClaim, for a claim that is absent fails its own rule (mulesoft-policies.md
// 2.4).
func (c candidate) grantRule() string {
	list := func(names []string, held string) string {
		var terms []string
		for _, name := range names {
			terms = append(terms, "("+held+") contains '"+name+"'")
		}
		if c.env.Requires.Any {
			return "(" + strings.Join(terms, " or ") + ")"
		}
		return "(" + strings.Join(terms, " and ") + ")"
	}
	scopes := list(c.env.Requires.Scopes, "vars.claimSet.scp splitBy ' '")
	roles := list(c.env.Requires.Roles, "vars.claimSet.roles default ('' splitBy ' ')")
	return "#[if ((vars.claimSet.scp default '') != '') " + scopes + " else " + roles + "]"
}

func (c candidate) keys(config *policy.JWTValidation) []Change {
	if config.SigningMethod == "rsa" && config.SigningKeyLength == 256 {
		return nil
	}
	return []Change{c.change(true,
		jwtSet("JWT Signing Method", "signingMethod", "rsa", func(p *policy.JWTValidation) { p.SigningMethod = "rsa" }),
		jwtSet("JWT Signing Key Length", "signingKeyLength", "256", func(p *policy.JWTValidation) { p.SigningKeyLength = 256 }))}
}
