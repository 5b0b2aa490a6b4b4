package policy

import (
	"slices"
	"strings"
)

// The assets that the rules speak of.
const (
	jwtValidation       = "jwt-validation"
	openIDConnect       = "openidconnect-access-token-enforcement"
	introspection       = "oauth2-token-introspection"
	clientIDEnforcement = "client-id-enforcement"
)

// audiences are the values that a policy admits as aud; none if it does not check.
func (c *JWTValidation) audiences() []string {
	if !c.ValidateAudClaim {
		return nil
	}
	return fields(c.SupportedAudiences, ",")
}

// fields are the parts of a list in one text, without blanks around them.
func fields(text, separator string) []string {
	var all []string
	for part := range strings.SplitSeq(text, separator) {
		if part = strings.TrimSpace(part); part != "" {
			all = append(all, part)
		}
	}
	return all
}

// claims are the custom claims that are checked at all.
func (c *JWTValidation) claims() (mandatory, optional []CustomClaim) {
	if !c.ValidateCustomClaim {
		return nil, nil
	}
	return c.MandatoryCustomClaims, c.NonMandatoryCustomClaims
}

// demands are the values that mandatory custom claims ask of a claim, the
// literals of expressions over it included; bound says whether any rule is about
// it at all.
func (c *JWTValidation) demands(claim string) (values []string, bound bool) {
	mandatory, _ := c.claims()
	for _, rule := range mandatory {
		x, isExpression := expressionOf(rule.Value)
		switch {
		case !isExpression && rule.Key == claim:
			values, bound = append(values, rule.Value), true
		case isExpression && x.reads(claim):
			values, bound = append(values, x.compared(claim)...), true
		}
	}
	return values, bound
}

// tokenPolicies are the policies of an instance that look at a token.
func (in *Instance) tokenPolicies() []Applied {
	var all []Applied
	for _, a := range in.Policies {
		switch a.Asset {
		case jwtValidation, openIDConnect, introspection:
			all = append(all, a)
		}
	}
	return all
}

// admits is what an instance asks of a token, over all its policies.
type admits struct {
	// audiences, scopes and roles are what is demanded; tenants are those of iss
	// and tid.
	audiences, scopes, roles, tenants []string
	// anyScope says that one of the scopes is enough.
	anyScope bool
	// contract says that the client needs one.
	contract bool
}

func (in *Instance) admits() admits {
	var d admits
	for _, a := range in.Policies {
		switch c := a.Config.(type) {
		case *JWTValidation:
			d.jwt(c)
			d.contract = d.contract || !c.SkipClientIDValidation && in.Form != FlexYAML
		case *OpenIDConnect:
			d.scope(c.Scopes, c.ScopeValidationCriteria)
			d.contract = d.contract || !c.SkipClientIDValidation && in.Form != FlexYAML
		case *Introspection:
			d.scope(c.Scopes, c.ScopeValidationCriteria)
			d.contract = d.contract || !c.SkipClientIDValidation
		case *ClientIDEnforcement:
			d.contract = d.contract || in.Form != FlexYAML
		default:
			d.contract = d.contract || strings.HasPrefix(a.Asset, "rate-limiting-sla") // mulesoft-policies.md 3
		}
	}
	for _, list := range []*[]string{&d.audiences, &d.scopes, &d.roles, &d.tenants} {
		slices.Sort(*list)
		*list = slices.Compact(*list)
	}
	return d
}

func (d *admits) jwt(c *JWTValidation) {
	d.audiences = append(d.audiences, c.audiences()...)
	scopes, scoped := c.demands("scp")
	roles, roled := c.demands("roles")
	d.scopes, d.roles = append(d.scopes, scopes...), append(d.roles, roles...)
	d.anyScope = d.anyScope || scoped && roled
	for _, claim := range []string{"iss", "tid"} {
		values, _ := c.demands(claim)
		for _, v := range values {
			if tenant := tenantIn(v); tenant != "" {
				d.tenants = append(d.tenants, tenant)
			}
		}
	}
}

func (d *admits) scope(scopes string, criteria Criteria) {
	d.scopes = append(d.scopes, strings.Fields(scopes)...)
	d.anyScope = d.anyScope || !criteria.all()
}

// all reports whether every scope is needed: whatever is not AND, in either case,
// counts as any (mulesoft-policies.md 1.1).
func (c Criteria) all() bool { return strings.EqualFold(string(c), string(All)) }

// binds reports whether anything is demanded that can differ by environment.
func (d admits) binds() bool { return len(d.audiences)+len(d.scopes)+len(d.roles) > 0 }
