package predict

import (
	"fmt"
	"slices"
	"strings"

	"github.com/entraproof/entraproof/internal/document"
	"github.com/entraproof/entraproof/internal/gateway"
	"github.com/entraproof/entraproof/internal/policy"
	"github.com/entraproof/entraproof/internal/targets"
	"github.com/entraproof/entraproof/mockidp/mint"
)

// Change is a change of one policy: some of its parameters, in the console's own
// words.
type Change struct {
	Environment string
	// Policy is its place in the environment's chain.
	Policy int
	// Key is the parameter that matters most, and At where it stands; At is the
	// policy where the document does not set it.
	Key string
	At  document.Position
	// Set are the parameters with their new values; of Add, those that matter.
	Set []Set
	// Add is a policy that is put behind the others; nil where one is changed.
	Add *policy.Applied
	// Everywhere has the policy applied to all requests instead of some.
	Everywhere bool
	// relaxes: it admits more, so that everything must be looked at anew.
	relaxes bool
	// grants: it asks for scope or role, which the export says nothing of.
	grants bool
}

// Set is one parameter and its new value.
type Set struct {
	// Label is the console's name of the parameter, Key the document's.
	Label, Key string
	// Value is as a document has it.
	Value string
	apply func(any)
}

// Size is how many parameters are changed.
func (c Change) Size() int { return len(c.Set) }

// String is the change as a document has it.
func (c Change) String() string {
	var all []string
	if c.Add != nil {
		all = append(all, "add "+c.Add.Asset+" behind it")
	}
	if c.Everywhere {
		all = append(all, "no rules, no pointcut")
	}
	for _, s := range c.Set {
		all = append(all, s.Key+": "+s.Value)
	}
	return strings.Join(all, ", ")
}

// Console is the change in the words of the console.
func (c Change) Console() string {
	var all []string
	if c.Add != nil {
		all = append(all, "add the policy JWT Validation behind it")
	}
	if c.Everywhere {
		all = append(all, "Apply configurations to all API methods & resources")
	}
	for _, s := range c.Set {
		all = append(all, s.Label+" = "+consoleValue(s.Value))
	}
	return strings.Join(all, ", ")
}

func consoleValue(v string) string {
	switch v {
	case "true":
		return "on"
	case "false":
		return "off"
	}
	return v
}

// to is the instance with the change.
func (c Change) to(instance *policy.Instance) *policy.Instance {
	changed := *instance
	changed.Policies = slices.Clone(instance.Policies)
	if c.Add != nil {
		changed.Policies = append(changed.Policies, *c.Add)
		return &changed
	}
	applied := &changed.Policies[c.Policy]
	applied.Config = copied(applied.Config)
	if c.Everywhere {
		applied.Rules = nil
	}
	for _, s := range c.Set {
		s.apply(applied.Config)
	}
	return &changed
}

func copied(config any) any {
	switch c := config.(type) {
	case *policy.JWTValidation:
		own := *c
		own.MandatoryCustomClaims = slices.Clone(c.MandatoryCustomClaims)
		return &own
	case *policy.OpenIDConnect:
		own := *c
		return &own
	}
	return config
}

// candidates are the changes that may close something, the smallest first.
func candidates(s Subject, f *targets.File, profile string) []Change {
	var all []Change
	for _, m := range s.Members {
		for i, a := range m.Instance.Policies {
			c := candidate{member: m, index: i, applied: a, env: f.Environment(m.Environment), file: f, profile: profile}
			if len(a.Rules) > 0 {
				everywhere := c.change(false, Set{Key: a.Asset})
				everywhere.Set, everywhere.Everywhere = nil, true
				all = append(all, everywhere)
			}
			switch config := a.Config.(type) {
			case *policy.JWTValidation:
				all = append(all, c.ofJWT(config)...)
			case *policy.OpenIDConnect:
				all = append(all, c.ofOIDC(config)...)
			}
		}
		if c, ok := withoutJWT(m, f, profile); ok {
			all = append(all, c.added())
		}
	}
	slices.SortStableFunc(all, func(a, b Change) int { return a.Size() - b.Size() })
	return all
}

// candidate is a policy for which changes are looked for.
type candidate struct {
	member  Member
	index   int
	applied policy.Applied
	env     *targets.Environment
	file    *targets.File
	profile string
}

// change is one whose first parameter matters most.
func (c candidate) change(relaxes bool, sets ...Set) Change {
	return Change{
		Environment: c.member.Environment, Policy: c.index, Key: sets[0].Key, At: c.applied.Where(sets[0].Key), Set: sets, relaxes: relaxes,
	}
}

func jwtSet(label, key, value string, apply func(*policy.JWTValidation)) Set {
	return Set{label, key, value, func(config any) { apply(config.(*policy.JWTValidation)) }} //nolint:forcetypeassert // the table's own
}

func oidcSet(label, key, value string, apply func(*policy.OpenIDConnect)) Set {
	return Set{label, key, value, func(config any) { apply(config.(*policy.OpenIDConnect)) }} //nolint:forcetypeassert // the table's own
}

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
		{Key: grantClaim, Value: c.grantRule()},
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

// quotedValue is a text as a YAML document needs it.
func quotedValue(text string) string {
	if strings.ContainsAny(text, "#[]{}:,'\" ") {
		return `"` + strings.ReplaceAll(text, `"`, `\"`) + `"`
	}
	return text
}
